// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Does the liquidity circuit accept exactly the books that the integer model calls unwindable in time, by just this table and this
 * commitment, and leave no wire free? A manager's ways to hide a position are attack 81.
 *
 * @module
 */

import { FIELD_ORDER, liquidityVector, statementInputs, toField, UNLIMITED_DEPTH } from "@keel/verifier";
import { beforeAll, describe, expect, it } from "vitest";
import { type BookParts, book, witnessOf } from "../support/book.js";
import { type Circuit, type Input, knownCircuit, libraryCircuit } from "../support/circuit.js";
import {
  atDays,
  isUnwindable,
  PATIENT,
  UNIVERSE,
  type UnwindParts,
  unwindAgreement,
  unwindInput,
} from "../support/liquidity.js";
import { freeWires } from "../support/wires.js";

const ID = "liquidity/16x1";
const SEED = 20_261_130;
const END = 1n << 64n;
const PARTS: BookParts = {
  positions: { USDC: "20000", ETH: "10", "BTC-PERP": "-0.2" },
  depths: [UNLIMITED_DEPTH, 3n * 10n ** 8n, 10n ** 8n, 0n, 10n ** 7n],
};

let circuit: Circuit;
/** Three instruments in two accounts. */
let small: Circuit;

beforeAll(async () => {
  circuit = await knownCircuit(ID);
  small = await libraryCircuit("liquidity.circom", "Liquidity(3, 2)", "{public [c, x, y]}");
});

const unwindOf = (parts: Parameters<typeof witnessOf>[0]) => witnessOf(parts).liquidity!;

describe(ID, () => {
  it("has 4,653 constraints, so a domain of 2^13", () => {
    expect(circuit.r1cs.constraints).toBe(4_653);
  });

  it("12 is exact: at the book's own days the limit holds, 1e-4 days below it fails [L17]", async () => {
    expect(await circuit.accepts(unwindOf(atDays(PARTS, 0n)).input)).toBe(true);
    const beyond = atDays(PARTS, -1n);
    expect(isUnwindable(beyond)).toBe(false);
    expect(await circuit.refusal(unwindOf(beyond).input)).toContain("MaxDaysToUnwind");
  });

  it(`agrees with the model on 60 random books, seed ${SEED}`, { timeout: 120_000 }, async () => {
    const counts = await unwindAgreement(circuit, ID, "portfolio-health/spot-16", SEED, 60);
    expect(Math.min(counts.sound, counts.broken)).toBeGreaterThan(10);
  });

  it("opens the commitment that the health proof made, and no other [Q1]", async () => {
    const parts = book({ ...PARTS, limits: PATIENT });
    const { input, statement } = unwindOf(parts);
    expect(statement.portfolioCommitment).toBe(witnessOf(parts).statement.portfolioCommitment);
    for (const name of ["subject", "asOf", "universe", "portfolioSalt"] as const) {
      const change = { [name]: toField((input[name] as bigint) + 1n) };
      expect(await circuit.accepts({ ...input, ...change }), name).toBe(false);
    }
    expect(await circuit.accepts({ ...input, accountId: [7n] })).toBe(false);
  });

  it("21, 22 refuses another number in any place of the vector, and another table [Q2, Q3]", async () => {
    const parts = book({ ...PARTS, limits: PATIENT });
    const { input, statement } = unwindOf(parts);
    const vector = liquidityVector(statement);
    for (let place = 0; place < vector.length; place++) {
      const { x, y } = statementInputs(input.c as bigint, vector.with(place, toField(vector[place]! + 1n)));
      expect(await circuit.accepts({ ...input, x, y }), `place ${place}`).toBe(false);
    }
    const depth = input.depth as readonly bigint[];
    for (const change of [
      { depth: depth.with(1, depth[1]! + 1n) },
      { depth: depth.toReversed() },
      { time: (input.time as bigint) + 1n },
      { participation: (input.participation as bigint) + 1n },
      { maxDaysToUnwind: (input.maxDaysToUnwind as bigint) + 1n },
    ]) {
      expect(await circuit.accepts({ ...input, ...change }), Object.keys(change)[0]).toBe(false);
    }
  });

  it("1 leaves no wire free", { timeout: 120_000 }, async () => {
    const { input } = unwindOf(atDays(PARTS, 1n));
    const wires = (await circuit.witness(input))!;
    // The hint of an IsZero whose input is 0, that of cash: nothing depends on it.
    expect(freeWires(circuit, wires)).toEqual(["main.unwinding.isUnlimited[0].isz.inv"]);
  });
});

describe("a manager's ways to hide a position", () => {
  const accepts = async (parts: UnwindParts): Promise<boolean> => await small.accepts(unwindInput(parts));
  /** Ten a day of each, and a day. */
  const days = { depth: [10n, 10n, 10n], limit: 10_000n };

  it("81 counts every account, and no position nets another's [Q1]", async () => {
    expect(
      await accepts({
        ...days,
        quantities: [
          [5n, 0n, 0n],
          [5n, 0n, 0n],
        ],
      }),
    ).toBe(true);
    expect(
      await accepts({
        ...days,
        quantities: [
          [5n, 0n, 0n],
          [6n, 0n, 0n],
        ],
      }),
    ).toBe(false);
    // Long in one account and short in another: both have to go.
    expect(
      await accepts({
        ...days,
        quantities: [
          [9n, 0n, 0n],
          [-9n, 0n, 0n],
        ],
      }),
    ).toBe(false);
    expect(
      await accepts({
        ...days,
        quantities: [
          [0n, 0n, 0n],
          [0n, -11n, 0n],
        ],
      }),
    ).toBe(false);
  });

  it("81 takes no position in a row without instrument, whose depth is 0", async () => {
    const depth = [10n, 10n, 0n];
    expect(
      await accepts({
        depth,
        limit: 1n << 31n,
        quantities: [
          [1n, 1n, 0n],
          [1n, 0n, 0n],
        ],
      }),
    ).toBe(true);
    for (const hidden of [1n, -1n]) {
      expect(
        await accepts({
          depth,
          limit: 1n << 31n,
          quantities: [
            [0n, 0n, hidden],
            [0n, 0n, 0n],
          ],
        }),
      ).toBe(false);
    }
  });

  it("81 needs as many places as the commitment has: without an account it opens another", async () => {
    const row = (first: bigint): bigint[] => [first, ...new Array<bigint>(15).fill(0n)];
    const depth = row(10n);
    const whole = unwindInput({ depth, quantities: [row(1n), row(100n)] });
    const alone: Input = {
      ...whole,
      accountId: (whole.accountId as bigint[]).slice(0, 1),
      quantity: (whole.quantity as bigint[][]).slice(0, 1),
    };
    expect(await circuit.accepts(unwindInput({ depth, quantities: [row(1n)] }))).toBe(true);
    expect(await circuit.accepts(alone)).toBe(false);
  });

  it("3, 6 holds quantities to their range, and a sum of the largest still counts", async () => {
    const wide = { depth: [UNLIMITED_DEPTH - 1n, 10n, 10n], limit: (1n << 32n) - 1n };
    expect(
      await accepts({
        ...wide,
        quantities: [
          [END - 1n, 0n, 0n],
          [-END, 0n, 0n],
        ],
      }),
    ).toBe(true);
    expect(
      await accepts({
        ...wide,
        limit: 19_999n,
        quantities: [
          [END - 1n, 0n, 0n],
          [-END, 0n, 0n],
        ],
      }),
    ).toBe(false);
    const { quantity, ...rest } = unwindInput({
      ...days,
      quantities: [
        [1n, 0n, 0n],
        [0n, 0n, 0n],
      ],
    });
    for (const value of [END, FIELD_ORDER - END - 1n, (FIELD_ORDER + 1n) / 2n]) {
      const changed = [
        [value, 0n, 0n],
        [0n, 0n, 0n],
      ];
      expect((await small.refusal({ ...rest, quantity: changed }))?.slice(0, 2)).toEqual([
        "Num2Bits",
        "SignedQuantity",
      ]);
    }
    expect(quantity).toBeDefined();
  });

  it("81 takes the largest depth alone for what needs no limit, whatever is held of it", async () => {
    const quantities = [
      [END - 1n, 0n, 0n],
      [END - 1n, 0n, 0n],
    ];
    expect(await accepts({ depth: [UNLIMITED_DEPTH, 0n, 0n], limit: 0n, quantities })).toBe(true);
    expect(await accepts({ depth: [UNLIMITED_DEPTH - 1n, 0n, 0n], limit: 0n, quantities })).toBe(false);
    expect(await accepts({ depth: [UNLIMITED_DEPTH - 1n, 0n, 0n], limit: 1n, quantities })).toBe(false);
    // Only that instrument: the next one's limit stands.
    const beside = [
      [END - 1n, 11n, 0n],
      [0n, 0n, 0n],
    ];
    expect(await accepts({ depth: [UNLIMITED_DEPTH, 10n, 10n], limit: 10_000n, quantities: beside })).toBe(
      false,
    );
  });

  it("2, 5 is not fooled by a product at the edge of its width", async () => {
    const most = (1n << 32n) - 1n;
    const quantities = [
      [END - 1n, 0n, 0n],
      [END - 1n, 0n, 0n],
    ];
    // limit * depth = 2^33 - 2 and 2^33: less and more than 10^4 times 2^65 - 2 by far.
    expect(await accepts({ depth: [2n, 0n, 0n], limit: most, quantities })).toBe(false);
    const enough = (20_000n * (END - 1n) + most - 1n) / most;
    expect(await accepts({ depth: [enough, 0n, 0n], limit: most, quantities })).toBe(true);
    expect(await accepts({ depth: [enough - 1n, 0n, 0n], limit: most, quantities })).toBe(false);
  });

  it("81 holds the table to the universe that the sources signed", async () => {
    const input = unwindInput({
      ...days,
      quantities: [
        [10n, 0n, 0n],
        [0n, 0n, 0n],
      ],
    });
    expect(await small.accepts(input)).toBe(true);
    expect(await small.accepts({ ...input, universe: UNIVERSE + 1n })).toBe(false);
  });
});
