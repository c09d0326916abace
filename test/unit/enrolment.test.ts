// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Does an enrolment say each account once, with the source that speaks for it, and nothing of the circuit's tier?
 *
 * @module
 */

import {
  accountField,
  declaredAccounts,
  type Enrolment,
  enrolmentCommitment,
  formatEnrolment,
  newEnrolment,
  parseEnrolment,
} from "@keel/prover";
import { absorb, FIELD_ORDER, type KeelError, KIND, tag, toField } from "@keel/verifier";
import { describe, expect, it } from "vitest";
import { book, OTHER_SOURCE, SALT, SOURCE } from "../support/book.js";

const POSITIONS = [{ USDC: "100" }, { USDC: "50" }];
const { snapshot, policy } = book({ circuit: "portfolio-health/fund-64", accounts: POSITIONS, limits: {} });
const enrolment = newEnrolment(snapshot, policy, SALT);
const tree = (change: object = {}) => ({ ...JSON.parse(formatEnrolment(enrolment)), ...change });

function refusal(work: () => unknown): Pick<KeelError, "code" | "path"> {
  try {
    work();
  } catch (error) {
    return error as KeelError;
  }
  return expect.unreachable();
}

describe("an enrolment", () => {
  it("is of a snapshot's accounts, in their order, each with its source's key in the policy", () => {
    expect(enrolment.accounts).toEqual([
      { id: "main", source: "Venue One", key: SOURCE.publicKey },
      { id: "sub-1", source: "Venue Two", key: OTHER_SOURCE.publicKey },
    ]);
    const unknown = { accounts: snapshot.accounts.map((account) => ({ ...account, source: "Nobody" })) };
    expect(refusal(() => newEnrolment(unknown, policy, SALT))).toMatchObject({
      code: "source.unknown",
      path: "snapshot.accounts[0].source",
    });
  });

  it("survives being written", () => {
    expect(parseEnrolment(formatEnrolment(enrolment))).toEqual(enrolment);
  });

  it.each<[string, object, string, string]>([
    ["an account twice", { accounts: [0, 1, 0] }, "input.duplicate", "enrolment.accounts[2]"],
    ["no account", { accounts: [] }, "input.range", "enrolment.accounts"],
    ["a salt outside the field", { salt: FIELD_ORDER.toString() }, "input.field", "enrolment.salt"],
    ["another key", { accounts: [0], other: 1 }, "input.unknown-key", "enrolment"],
  ])("52 is refused with %s", (_, change, code, path) => {
    const { accounts } = tree();
    const rows = "accounts" in change ? (change.accounts as number[]).map((s) => accounts[s]) : accounts;
    const text = JSON.stringify({ ...tree(change), accounts: rows });
    expect(refusal(() => parseEnrolment(text))).toMatchObject({ code, path });
  });

  it.each([
    ["off the curve", ["1", "1"]],
    ["the identity", ["0", "1"]],
    ["of low order", ["0", (FIELD_ORDER - 1n).toString()]],
  ])("13 is refused with a key %s", (_, key) => {
    const accounts = [{ id: "a", source: "S", key }];
    expect(refusal(() => parseEnrolment(JSON.stringify(tree({ accounts }))))).toMatchObject({
      code: "source.key",
      path: "enrolment.accounts[0].key",
    });
  });

  it("of version 1, which names no sources, is told how it is converted", () => {
    const old = JSON.stringify({ keel: "enrolment/1", accounts: ["main"], salt: "5" });
    expect(() => parseEnrolment(old)).toThrow(/keel migrate --enrolment .*file\.version/);
  });
});

describe("the commitment", () => {
  const [first, second] = enrolment.accounts.map(({ id, key: [x] }) => [accountField(id), x] as const);

  it("is a chain of steps, each with its position, the account and its source's x coordinate", () => {
    const one = absorb([tag(KIND.enrolment, 1), SALT, ...first!]);
    expect(enrolmentCommitment(enrolment)).toBe(absorb([tag(KIND.enrolment, 2), one, ...second!]));
  });

  it("53 is another for another account, order, source, number of accounts or salt", () => {
    const [a, b] = enrolment.accounts;
    const others: Enrolment[] = [
      { ...enrolment, accounts: [b!, a!] },
      { ...enrolment, accounts: [a!] },
      { ...enrolment, accounts: [a!, { ...b!, id: "sub-2" }] },
      { ...enrolment, accounts: [a!, { ...b!, key: a!.key }] },
      { ...enrolment, salt: toField(SALT + 1n) },
    ];
    const all = [enrolment, ...others].map(enrolmentCommitment);
    expect(new Set(all).size).toBe(all.length);
  });

  it("is the same whatever the source is called", () => {
    const accounts = enrolment.accounts.map((account) => ({ ...account, source: "Anybody" }));
    expect(enrolmentCommitment({ ...enrolment, accounts })).toBe(enrolmentCommitment(enrolment));
  });
});

describe("a snapshot under an enrolment", () => {
  const [main, sub] = snapshot.accounts;

  it("gives its accounts in the declared order", () => {
    const turned = { ...snapshot, accounts: [sub!, main!] };
    expect(declaredAccounts(turned, enrolment, policy)).toEqual([main, sub]);
  });

  it.each<[string, () => unknown, string]>([
    ["without a declared account", () => [main!], "enrolment.missing"],
    ["with another account", () => [main!, sub!, { ...main!, id: "new" }], "enrolment.undeclared"],
    [
      "53 with an account from another source",
      () => [main!, { ...sub!, source: "Venue One" }],
      "enrolment.source",
    ],
  ])("is refused %s", (_, accounts, code) => {
    const given = { ...snapshot, accounts: accounts() as typeof snapshot.accounts };
    expect(refusal(() => declaredAccounts(given, enrolment, policy))).toMatchObject({ code });
  });

  it("52 is refused under an enrolment that no file could say", () => {
    const accounts = [...enrolment.accounts, enrolment.accounts[0]!];
    expect(refusal(() => declaredAccounts(snapshot, { ...enrolment, accounts }, policy))).toMatchObject({
      code: "input.duplicate",
      path: "enrolment.accounts[2]",
    });
  });
});
