// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Does tail-risk accept exactly the exposures that the integer model calls healthy, by just this returns table, and leave no
 * wire free?
 *
 * @module
 */

import { assess, expectedShortfall } from "@keel/prover";
import {
  bps,
  commitStatement,
  FIELD_ORDER,
  KIND,
  statementInputs,
  taggedHash,
  tailVector,
  toField,
} from "@keel/verifier";
import { beforeAll, describe, expect, it } from "vitest";
import { type Book, type BookParts, book, SALTS, seededRandom, witnessOf } from "../support/book.js";
import { type Circuit, type Input, knownCircuit } from "../support/circuit.js";
import { atValues, isSound, tailAgreement, WIDE } from "../support/tail.js";
import { freeWires } from "../support/wires.js";

const ID = "tail-risk/spot-64";
const SEED = 20_261_121;
const PARTS: BookParts = { positions: { USDC: "20000", ETH: "10", "BTC-PERP": "-0.2" } };

let circuit: Circuit;

beforeAll(async () => {
  circuit = await knownCircuit(ID);
});

const tailOf = (parts: Book) => witnessOf(parts).tail!;
const accepts = async (parts: Book): Promise<boolean> => await circuit.accepts(tailOf(parts).input);

/** Inputs with parts replaced, and the public ones computed anew from what the parts then claim. */
function forged(parts: Book, change: Input): Input {
  const { input, statement } = tailOf(parts);
  const claimed: Input = { ...input, ...change };
  const of = (name: string): bigint => claimed[name] as bigint;
  const exposures = taggedHash(KIND.exposures, [
    ...[of("underlyingsId"), toField(of("equity") + (of("assets") << 96n)), of("grossAndCollateral")],
    ...(claimed.delta as readonly bigint[]),
    ...[...(claimed.rest as readonly bigint[]), of("exposuresSalt")],
  ]);
  const vector = tailVector({ ...statement, exposuresCommitment: exposures });
  return { ...claimed, ...statementInputs(commitStatement(vector), vector) };
}

describe(ID, () => {
  it("has 24,748 constraints, so a domain of 2^15", () => {
    expect(circuit.r1cs.constraints).toBe(24_748);
  });

  it("12 is exact: each limit alone at its value holds, one basis point below it fails [L15, L16]", async () => {
    expect(await accepts(atValues(PARTS, [0n, 0n, 0n, 0n]))).toBe(true);
    for (let limit = 0; limit < 4; limit++) {
      const beyond = atValues(
        PARTS,
        [0, 1, 2, 3].map((j) => (j === limit ? -1n : 0n)),
      );
      expect(isSound(beyond)).toBe(false);
      expect(await accepts(beyond), `limit ${limit}`).toBe(false);
    }
  });

  it(`agrees with the model on 60 random books and histories, seed ${SEED}`, {
    timeout: 120_000,
  }, async () => {
    const counts = await tailAgreement(circuit, ID, "portfolio-health/spot-16", SEED, 60);
    expect(Math.min(counts.sound, counts.broken)).toBeGreaterThan(10);
  });

  it("holds absent limits whatever the book is", async () => {
    expect(await accepts(book({ ...PARTS, limits: { maxVolatility: "100" } }))).toBe(true);
    expect(await accepts(book({ ...PARTS, limits: { maxExpectedShortfall: { "0.99": "5" } } }))).toBe(true);
  });

  it("takes any threshold, and none helps: what it shows is never below the expected shortfall [L16]", async () => {
    const parts = atValues(PARTS, [0n, 0n, 0n, 0n]);
    const wide = book({ ...PARTS, limits: WIDE });
    const { snapshot, market, policy } = parts;
    const { losses, shortfalls } = assess(snapshot, market, policy).metrics.tail!;
    for (const shift of [-(1n << 34n), -1n, 1n, 1n << 34n]) {
      const threshold = shortfalls.map((shortfall) => shortfall.threshold + shift);
      const beyond = losses.map((loss) => threshold.map((level) => BigInt(loss >= level)));
      const change = { threshold: threshold.map(toField), beyond };
      expect(await circuit.accepts({ ...tailOf(wide).input, ...change })).toBe(true);
      if (shift < -1n || shift > 1n) {
        expect(await circuit.accepts({ ...tailOf(parts).input, ...change })).toBe(false);
      }
    }
  });

  it("refuses thresholds out of order or out of range, and days on the wrong side of one [T4]", async () => {
    const parts = book({ ...PARTS, limits: WIDE });
    const { input } = tailOf(parts);
    const { losses, shortfalls } = assess(parts.snapshot, parts.market, parts.policy).metrics.tail!;
    const threshold = input.threshold as readonly bigint[];
    const beyond = input.beyond as readonly (readonly bigint[])[];
    const refuses = async (change: Input): Promise<void> => {
      expect(await circuit.accepts({ ...input, ...change })).toBe(false);
    };
    await refuses({ threshold: threshold.toReversed() });
    await refuses({ threshold: [toField(-(1n << 76n) - 1n), ...threshold.slice(1)] });
    await refuses({ threshold: [1n << 76n, 1n << 76n, 1n << 76n] });
    for (let level = 0; level < 3; level++) {
      for (let day = 0; day < beyond.length; day += 7) {
        // A loss at the threshold lies on either side of it, with an excess of zero.
        if (losses[day] === shortfalls[level]!.threshold) continue;
        const row = beyond[day]!.with(level, 1n - beyond[day]![level]!);
        await refuses({ beyond: beyond.with(day, row) });
      }
    }
    await refuses({ beyond: beyond.with(0, [2n, 0n, 0n]) });
  });

  it("2, 5 refuses equity and exposures outside their ranges, though the commitment opens to them [T3]", async () => {
    const parts = book({ ...PARTS, limits: WIDE });
    const { input } = tailOf(parts);
    const delta = input.delta as readonly bigint[];
    expect(await circuit.accepts(forged(parts, {}))).toBe(true);
    for (const value of [1n << 96n, toField(-1n), FIELD_ORDER - (1n << 95n)]) {
      expect(await circuit.refusal(forged(parts, { equity: value })), `equity ${value}`).toContain("InRange");
      expect(await circuit.refusal(forged(parts, { assets: value })), `assets ${value}`).toContain("InRange");
    }
    for (const value of [1n << 96n, toField(-(1n << 96n) - 1n)]) {
      expect(await circuit.accepts(forged(parts, { delta: delta.with(1, value) }))).toBe(false);
    }
  });

  it("61 refuses another opening of the word that equity and assets share", async () => {
    const parts = book({ ...PARTS, limits: { maxVolatility: "0.0001" } });
    expect(isSound(parts)).toBe(false);
    const { input } = tailOf(parts);
    const [equity, assets] = [input.equity as bigint, input.assets as bigint];
    // More equity, and fewer assets by as much: the word is the same, and the limit would hold.
    for (const more of [1n, 1n << 20n, assets]) {
      const change = { equity: equity + (more << 96n), assets: assets - more };
      const other = forged(parts, change);
      expect([other.c, other.x, other.y]).toEqual([input.c, input.x, input.y]);
      expect((await circuit.refusal(other))?.slice(0, 3)).toEqual([
        "Num2Bits",
        "InRange",
        "ExposuresOpening",
      ]);
    }
  });

  it("61 opens the commitment that the health proof made, and no other [T1]", async () => {
    const parts = book({ ...PARTS, limits: WIDE });
    const { input, statement } = tailOf(parts);
    expect(statement.exposuresCommitment).toBe(witnessOf(parts).statement.exposuresCommitment);
    for (const [name, by] of [
      ["equity", 1n],
      ["assets", 1n],
      ["grossAndCollateral", 1n],
      ["exposuresSalt", SALTS.portfolioSalt],
    ] as const) {
      expect(await circuit.accepts({ ...input, [name]: toField((input[name] as bigint) + by) }), name).toBe(
        false,
      );
    }
  });

  it("7 refuses returns that carry into their neighbours in a word [T2]", async () => {
    const parts = book({ ...PARTS, limits: WIDE });
    const { input } = tailOf(parts);
    const daily = input.dailyReturn as readonly (readonly bigint[])[];
    const row = daily[0]!.with(0, toField(daily[0]![0]! + (1n << 15n))).with(1, toField(daily[0]![1]! - 1n));
    expect(await circuit.accepts({ ...input, dailyReturn: daily.with(0, row) })).toBe(false);
    const below = daily.with(0, daily[0]!.with(1, toField(-10_001n)));
    expect(await circuit.accepts({ ...input, dailyReturn: below })).toBe(false);
  });

  it("21, 22 refuses another number in any place of the vector, another table and another commitment [T5]", async () => {
    const parts = book({ ...PARTS, limits: WIDE });
    const { input, statement } = tailOf(parts);
    const vector = tailVector(statement);
    for (let place = 0; place < vector.length; place++) {
      const { x, y } = statementInputs(input.c as bigint, vector.with(place, toField(vector[place]! + 1n)));
      expect(await circuit.accepts({ ...input, x, y }), `place ${place}`).toBe(false);
    }
    const covariance = input.covariance as readonly bigint[];
    expect(await circuit.accepts({ ...input, covariance: covariance.toReversed() })).toBe(false);
    expect(await circuit.accepts({ ...input, time: (input.time as bigint) + 1n })).toBe(false);
  });

  it("1 leaves no wire free", { timeout: 120_000 }, async () => {
    const { input } = tailOf(atValues(PARTS, [1n, 1n, 1n, 1n]));
    const wires = (await circuit.witness(input))!;
    expect(freeWires(circuit, wires)).toEqual([]);
  });
});

describe("expected shortfall", () => {
  it(`is the mean of the worst days, a part of a day counting in part, seed ${SEED}`, () => {
    const random = seededRandom(SEED);
    for (let round = 0; round < 200; round++) {
      const losses = Array.from({ length: 2 + random(300) }, () => BigInt(random(2_000) - 1_000));
      const confidence = bps(BigInt(1 + random(9_999)));
      const { sum, weight } = expectedShortfall(losses, confidence);
      // Ten thousandths of a day, dealt out from the worst day on.
      let left = (10_000n - confidence) * BigInt(losses.length);
      let total = 0n;
      for (const loss of losses.toSorted((a, b) => Number(b - a))) {
        const part = left < 10_000n ? left : 10_000n;
        total += part * loss;
        left -= part;
      }
      expect(sum, `round ${round}`).toBe(total);
      expect(weight).toBe((10_000n - confidence) * BigInt(losses.length));
    }
  });
});
