// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Books whose tail-risk limits lie at their own values, and the circuit held against the model on random ones.
 *
 * @module
 */

import { assess, type LimitResult } from "@keel/prover";
import { formatDecimal, tailCircuitOf } from "@keel/verifier";
import { expect } from "vitest";
import { type Book, type BookParts, book, randomReturns, seededRandom, witnessOf } from "./book.js";
import type { Circuit } from "./circuit.js";

/** Limits that hold for every book here. */
export const WIDE = { maxVolatility: "100", maxExpectedShortfall: { "0.9": "5", "0.95": "5", "0.99": "5" } };

/** What the model finds of the tail-risk limits: volatility, then the levels. */
function tailResults({ snapshot, market, policy }: Book): LimitResult[] {
  const isTail = ({ name }: LimitResult): boolean =>
    name === "maxVolatility" || name === "maxExpectedShortfall";
  return assess(snapshot, market, policy).limits.filter(isTail);
}

/** Whether the model says that every tail-risk limit holds. */
export function isSound(parts: Book): boolean {
  return tailResults(parts).every(({ ok }) => ok);
}

/** The same book, with each tail-risk limit at its own value plus so many bps. */
export function atValues(parts: BookParts, plus: readonly bigint[]): Book {
  const results = tailResults(book({ ...parts, limits: WIDE }));
  const text = (j: number): string => {
    const value = results[j]!.value! + plus[j]!;
    return formatDecimal(value < 0n ? 0n : value, 4);
  };
  const shortfalls = results
    .slice(1)
    .map(({ confidence }, j) => [formatDecimal(confidence!, 4), text(j + 1)]);
  const limits = { maxVolatility: text(0), maxExpectedShortfall: Object.fromEntries(shortfalls) };
  return book({ ...parts, limits });
}

/** Random books and histories, whose limits lie at their values or beside: the circuit accepts just what the model does. */
export async function tailAgreement(
  circuit: Circuit,
  id: string,
  tier: string,
  seed: number,
  rounds: number,
) {
  const random = seededRandom(seed);
  const counts = { sound: 0, broken: 0 };
  const { days } = tailCircuitOf(id).shape;
  const amount = (most: number): string =>
    `${random(2) === 0 ? "-" : ""}${1 + random(most)}.${1 + random(99)}`;
  for (let round = 0; round < rounds; round++) {
    const parts: BookParts = {
      circuit: tier,
      tailCircuit: id,
      positions: { USDC: `${100_000 + random(10 ** 7)}`, ETH: amount(50), "BTC-PERP": amount(3) },
      daily: randomReturns(random, 3, days),
    };
    const near = atValues(
      parts,
      [0, 1, 2, 3].map(() => BigInt(random(8) === 0 ? -1 : random(3))),
    );
    const sound = isSound(near);
    counts[sound ? "sound" : "broken"]++;
    expect(await circuit.accepts(witnessOf(near).tail!.input), `round ${round}, seed ${seed}`).toBe(sound);
  }
  return counts;
}
