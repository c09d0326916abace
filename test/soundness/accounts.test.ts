// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Do several accounts add up as the definitions say, and can a disabled place hide anything? On a small tier of the same
 * template: 5 instruments, 2 accounts.
 *
 * @module
 */

import { buildWitness, measure, parseSnapshot, signSnapshot } from "@keel/prover";
import { type CircuitShape, toField } from "@keel/verifier";
import { beforeAll, describe, expect, it } from "vitest";
import {
  AS_OF,
  type Book,
  book,
  DOMAIN,
  enrolmentOf,
  OTHER_SOURCE,
  SALT,
  SALTS,
  SOURCE,
  SUBJECT,
  witnessOf,
} from "../support/book.js";
import { type Circuit, compiled } from "../support/circuit.js";

const SHAPE: CircuitShape = {
  instruments: 5,
  accounts: 2,
  underlyings: 4,
  scenarios: 2,
  sources: 2,
  options: 0,
  accountHealth: 0,
};

let circuit: Circuit;

beforeAll(async () => {
  circuit = await compiled({
    id: "test/two-accounts",
    source: `pragma circom 2.1.6;
include "portfolio-health.circom";
component main {public [c, x, y]} = PortfolioHealth(5, 2, 4, 2, 2, 0, 0);
`,
  });
});

/** A book with one or two accounts: the first at Venue One, the second at Venue Two. */
function accounts(
  limits: Record<string, unknown>,
  ...positions: readonly Readonly<Record<string, string>>[]
): Book {
  const { market, policy: known } = book({ limits });
  const policy = {
    ...known,
    circuit: { id: "test/two-accounts", shape: SHAPE, limits: known.circuit.limits },
  };
  const names = ["Venue One", "Venue Two"];
  let snapshot = parseSnapshot(
    JSON.stringify({
      keel: "snapshot/1",
      subject: SUBJECT,
      asOf: AS_OF,
      accounts: positions.map((held, s) => ({ id: `account-${s}`, source: names[s], positions: held })),
    }),
  );
  [SOURCE, OTHER_SOURCE].slice(0, positions.length).forEach((key) => {
    snapshot = signSnapshot(snapshot, market, policy, key).snapshot;
  });
  return { market, policy, snapshot };
}

describe("two accounts", () => {
  it("are summed without netting: a debt in one is not paid by coins in the other [S1]", async () => {
    const held = accounts({ minCollateralRatio: "1.5" }, { ETH: "10", USDC: "1" }, { ETH: "-6" });
    const { assets, liabilities } = measure(held.snapshot, held.market, held.policy);
    expect([assets, liabilities]).toEqual([30_001n * 10n ** 16n, 18_000n * 10n ** 16n]);
    expect(await circuit.accepts(witnessOf(held).input)).toBe(true);
    const more = accounts({ minCollateralRatio: "1.5" }, { ETH: "10", USDC: "1" }, { ETH: "-6.667" });
    expect(await circuit.accepts(witnessOf(more).input)).toBe(false);
  });

  it("count gross for leverage and net for delta [S2]", async () => {
    const hedged = { maxLeverage: "2", netDelta: ["0", "0"] };
    const at = (perp: string) => accounts(hedged, { USDC: "30000", "ETH-PERP": "10" }, { "ETH-PERP": perp });
    expect(await circuit.accepts(witnessOf(at("-10")).input)).toBe(true);
    expect(await circuit.accepts(witnessOf(at("-10.00000001")).input)).toBe(false);
    expect(await circuit.accepts(witnessOf(at("-9.99999999")).input)).toBe(false);
  });

  it("are each bounded by maxVenue at a venue of its own, to the unit [L8]", async () => {
    const at = (usd: string) => accounts({ maxVenue: "0.75" }, { USDC: usd }, { USDC: "100" });
    expect(await circuit.accepts(witnessOf(at("300")).input)).toBe(true);
    expect(await circuit.accepts(witnessOf(at("300.00000001")).input)).toBe(false);
    const loss = accounts({ maxVenue: "1.5" }, { USDC: "300" }, { USDC: "-100" });
    expect(await circuit.accepts(witnessOf(loss).input)).toBe(true);
  });

  it("may be one, with the other place empty and nobody the wiser", async () => {
    const one = witnessOf(accounts({ maxLeverage: "2" }, { ETH: "1" }));
    const two = witnessOf(accounts({ maxLeverage: "2" }, { ETH: "1" }, {}));
    expect(await circuit.accepts(one.input)).toBe(true);
    expect(await circuit.accepts(two.input)).toBe(true);
    const size = ({ input }: typeof one) => Object.values(input).flat(3).length;
    expect(size(one)).toBe(size(two));
  });

  it("9 nothing hides in an empty place [A4]", async () => {
    const { input } = witnessOf(accounts({ maxLeverage: "2" }, { ETH: "1" }));
    const quantity = input.quantity as bigint[][];
    for (const hidden of [1n, -1n]) {
      const row = quantity[1]!.with(2, toField(hidden));
      expect(await circuit.accepts({ ...input, quantity: [quantity[0]!, row] })).toBe(false);
    }
  });

  it("18 are the declared ones, all of them, in their order [A2]", async () => {
    const { input } = witnessOf(accounts({ maxLeverage: "9" }, { ETH: "1" }, { USDC: "-500" }));
    const [first, second] = input.accountId as bigint[];
    const empty = { quantity: [(input.quantity as bigint[][])[0]!, new Array(5).fill(0n)] };
    // The losing account left out, its place made empty or given to another.
    expect(await circuit.accepts({ ...input, ...empty, accountId: [first!, 0n] })).toBe(false);
    expect(await circuit.accepts({ ...input, ...empty })).toBe(false);
    expect(await circuit.accepts({ ...input, accountId: [second!, first!] })).toBe(false);
    expect(await circuit.accepts({ ...input, accountId: [first!, first!] })).toBe(false);
  });

  it("18 are declared with their sources' keys: another key's enrolment is another", async () => {
    const { input } = witnessOf(accounts({ maxLeverage: "9" }, { ETH: "1" }, { USDC: "5" }));
    const keys = (input.sourceKey as readonly (readonly bigint[])[]).toReversed();
    expect(await circuit.accepts({ ...input, sourceKey: keys })).toBe(false);
  });

  it("18 are asked for by name when the snapshot does not have them", () => {
    const held = accounts({}, { ETH: "1" });
    const [declared] = enrolmentOf(held).accounts;
    const build = (ids: string[]) => {
      const enrolment = { accounts: ids.map((id) => ({ ...declared!, id })), salt: SALT };
      return buildWitness({ ...SALTS, ...held, domain: DOMAIN, enrolment });
    };
    expect(() => build(["account-0", "account-1"])).toThrow(/enrolment.missing/);
    expect(() => build(["account-1"])).toThrow(/enrolment.undeclared/);
  });

  it("need each its own signature", async () => {
    const { input } = witnessOf(accounts({ maxLeverage: "2" }, { ETH: "1" }, { USDC: "5" }));
    const swap = (name: string) => (input[name] as bigint[]).toReversed();
    const mixed = { ...input, signatureR8: swap("signatureR8"), signatureS: swap("signatureS") };
    expect(await circuit.accepts(mixed)).toBe(false);
    expect(await circuit.accepts({ ...mixed, sourceKey: swap("sourceKey") })).toBe(false);
  });
});
