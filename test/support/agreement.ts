// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Holds a circuit against the integer model on random books.
 *
 * @module
 */

import { assess } from "@keel/prover";
import type { Circuit as Tier } from "@keel/verifier";
import { expect } from "vitest";
import { seededRandom, witnessOf } from "./book.js";
import type { Circuit } from "./circuit.js";
import { casesAtLimits, randomBook } from "./random-book.js";

/** How many random books were healthy and how many broke a limit; fails where circuit and model differ. */
export async function agreement(
  circuit: Circuit,
  tier: Tier,
  seed: number,
  books: number,
): Promise<{ healthy: number; broken: number }> {
  console.info(`${tier.id}: ${books} random books, seed ${seed}`);
  const random = seededRandom(seed);
  const counts = { healthy: 0, broken: 0 };
  for (let n = 0; n < books; n++) {
    const parts = randomBook(random, tier);
    const { healthy, limits } = assess(parts.snapshot, parts.market, parts.policy);
    const accepted = await circuit.accepts(witnessOf(parts).input);
    const broken = limits.filter((limit) => !limit.ok).map((limit) => limit.name);
    expect(accepted, `seed ${seed}, book ${n}, broken by the model: ${broken}`).toBe(healthy);
    counts[healthy ? "healthy" : "broken"] += 1;
  }
  return counts;
}

/**
 * Holds each limit alone against the model, a unit to both sides of what random books measure; gives the limits that were
 * met and missed.
 */
export async function agreementAtLimits(
  circuit: Circuit,
  tier: Tier,
  seed: number,
  books: number,
): Promise<ReadonlySet<string>> {
  console.info(`${tier.id}: each limit of ${books} random books, seed ${seed}`);
  const random = seededRandom(seed);
  const seen = new Set<string>();
  for (let n = 0; n < books; n++) {
    for (const { label, parts, state } of casesAtLimits(random, tier)) {
      const { healthy } = assess(parts.snapshot, parts.market, parts.policy, state);
      const accepted = await circuit.accepts(witnessOf(parts, state).input);
      expect(accepted, `seed ${seed}, book ${n}, ${label}`).toBe(healthy);
      seen.add(`${label.split(" ")[0]} ${healthy ? "met" : "missed"}`);
    }
  }
  return new Set([...tier.limits].filter((name) => seen.has(`${name} met`) && seen.has(`${name} missed`)));
}
