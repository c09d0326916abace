// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * The enrolment (enrolment/2): the ordered list of accounts that a subject declares, each with the source that speaks for it,
 * and the salt that hides it. The commitment is public and fixed in the registry; every proof covers exactly this list. The
 * file is secret.
 *
 * @module
 */

import {
  absorb,
  checkSourceKey,
  checkUnique,
  FIELD_ORDER,
  type Field,
  FORMATS,
  fieldElement,
  firm,
  identifier,
  inputError,
  KIND,
  type Policy,
  parseFile,
  type SourceKey,
  tag,
} from "@keel/verifier";
import { z } from "zod";
import { type Account, accountField, type Snapshot } from "./snapshot.js";

/** An account, and who signs for it. */
export interface DeclaredAccount {
  readonly id: string;
  /** What the source was called in the policy of the time; the key is what counts. */
  readonly source: string;
  readonly key: SourceKey;
}

/** A subject's declared accounts. */
export interface Enrolment {
  /** Each once. */
  readonly accounts: readonly DeclaredAccount[];
  /** Secret; uniform in the field. */
  readonly salt: Field;
}

const coordinate = fieldElement(FIELD_ORDER);

const enrolmentSchema = z.strictObject({
  keel: z.literal("enrolment/2"),
  accounts: z
    .array(z.strictObject({ id: identifier, source: firm, key: z.tuple([coordinate, coordinate]) }))
    .min(1),
  salt: fieldElement(FIELD_ORDER),
});
FORMATS.add(enrolmentSchema, {
  id: "enrolment/2",
  folder: "prover",
  title: "Declared accounts with their sources. Secret",
});

/**
 * Reads an enrolment/2 file.
 *
 * @throws KeelError kind "input": `input.duplicate` for an account declared twice, `source.key` for a key that is none,
 * `file.version` for an enrolment/1 file, which names no sources
 */
export function parseEnrolment(text: string): Enrolment {
  const { accounts, salt } = parseFile(enrolmentSchema, text, "enrolment", {
    command: "`keel migrate --enrolment FILE --snapshot FILE --policy FILE --out FILE` converts it",
  });
  checkIds(accounts);
  accounts.forEach(({ key }, s) => {
    checkSourceKey(key, `enrolment.accounts[${s}].key`);
  });
  return { accounts, salt: salt as Field };
}

/** Writes an enrolment/2 file; its content is secret. */
export function formatEnrolment({ accounts, salt }: Enrolment): string {
  const rows = accounts.map(({ id, source, key }) => ({ id, source, key: key.map(String) }));
  return `${JSON.stringify({ keel: "enrolment/2", accounts: rows, salt: salt.toString() }, null, 2)}\n`;
}

/**
 * Declares a snapshot's accounts, each with the key that the policy has for its source.
 *
 * @throws KeelError `source.unknown` for an account of a source that the policy does not name
 */
export function newEnrolment(
  { accounts }: Pick<Snapshot, "accounts">,
  { sources }: Pick<Policy, "sources">,
  salt: Field,
): Enrolment {
  const declared = accounts.map(({ id, source }, s) => {
    const key = sources.find(({ name }) => name === source)?.key;
    if (key !== undefined) return { id, source, key };
    throw inputError(
      "source.unknown",
      `snapshot.accounts[${s}].source`,
      "one of policy.sources",
      "another name",
    );
  });
  return { accounts: declared, salt };
}

/** Hiding commitment to the declared accounts, the same for every circuit that has room for them. */
export function enrolmentCommitment({ accounts, salt }: Enrolment): Field {
  return accounts.reduce(
    (list, { id, key: [keyX] }, s) => absorb([tag(KIND.enrolment, s + 1), list, accountField(id), keyX]),
    salt,
  );
}

/**
 * A snapshot's accounts in the declared order.
 *
 * @throws KeelError `input.duplicate` for an account declared twice; `enrolment.missing` when a declared account has no data,
 * `enrolment.undeclared` when one with data was not declared, `enrolment.source` when it was with another source's key
 */
export function declaredAccounts(
  snapshot: Snapshot,
  enrolment: Enrolment,
  { sources }: Pick<Policy, "sources">,
): Account[] {
  checkIds(enrolment.accounts);
  for (const [s, { id, source }] of snapshot.accounts.entries()) {
    const declared = enrolment.accounts.find((account) => account.id === id);
    const path = `snapshot.accounts[${s}]`;
    if (declared === undefined) {
      throw inputError("enrolment.undeclared", `${path}.id`, "a declared account", "another");
    }
    const key = sources.find(({ name }) => name === source)?.key;
    // A source that the policy does not know is told apart by the signature's check.
    if (key === undefined || key[0] === declared.key[0]) continue;
    const expected = "the source that the account was enrolled with, by its key";
    throw inputError("enrolment.source", `${path}.source`, expected, "another source");
  }
  return enrolment.accounts.map(({ id }, s) => {
    const account = snapshot.accounts.find((candidate) => candidate.id === id);
    if (account !== undefined) return account;
    throw inputError("enrolment.missing", `enrolment.accounts[${s}]`, "an account of the snapshot", "none");
  });
}

function checkIds(accounts: readonly DeclaredAccount[]): void {
  checkUnique(
    accounts.map(({ id }) => id),
    "enrolment.accounts",
  );
}
