// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Which wires of a witness can be changed alone without breaking a constraint? Only the constraints in which a wire has a
 * part are looked at again, so a change costs microseconds.
 *
 * It does not find wires that are free only together with others; `uniqueness.ts` does.
 *
 * @module
 */

import { firstUnsatisfiedWith, publicCount } from "@keel/circuits";
import { FIELD_ORDER, toField } from "@keel/verifier";
import { seededRandom } from "./book.js";
import type { Circuit } from "./circuit.js";

export interface WireOptions {
  readonly seed?: number;
  /** How many wires are tried, taken at random; all when absent. */
  readonly sample?: number;
  /** Public signals are given: they are not changed. */
  readonly given?: boolean;
}

/** Names of the wires that keep every constraint when changed by +1, to 0, to r - 1 or to a random value. */
export function freeWires(circuit: Circuit, witness: readonly bigint[], options: WireOptions = {}): string[] {
  const { seed = 20261121, sample = witness.length, given = false } = options;
  const random = seededRandom(seed);
  const wires = [...witness];
  const free: string[] = [];
  for (const wire of chosen(wires.length, given ? 1 + publicCount(circuit.r1cs) : 0, sample, random)) {
    const value = wires[wire]!;
    const noise = toField(BigInt(random(2 ** 32)) ** 8n);
    const survives = [toField(value + 1n), 0n, FIELD_ORDER - 1n, noise].some((other) => {
      wires[wire] = other;
      return other !== value && firstUnsatisfiedWith(circuit.r1cs, wires, wire) === undefined;
    });
    wires[wire] = value;
    if (survives) free.push(circuit.names.get(wire)?.[0] ?? `wire ${wire}`);
  }
  return free;
}

/** Wires from `first`, in order: all, or a sample without repetition. */
function chosen(count: number, first: number, sample: number, random: (below: number) => number): number[] {
  const all = Array.from({ length: count - first }, (_, i) => first + i);
  if (sample >= all.length) return all;
  for (let i = 0; i < sample; i++) {
    const other = i + random(all.length - i);
    [all[i], all[other]] = [all[other]!, all[i]!];
  }
  return all.slice(0, sample).sort((a, b) => a - b);
}

/**
 * Wires of a portfolio-health witness that may take any value, with the reason. circomlib's IsZero sets out = 1 - in * inv
 * and demands in * out = 0: when in is 0, out is 1 whatever the hint inv is, and nothing else depends on inv. In these, in is
 * the difference of the two sides of a signature's equation, which is 0 for every accepted signature.
 */
export function signatureHints(accounts: number): string[] {
  return Array.from({ length: accounts }, (_, s) =>
    ["X", "Y"].map((axis) => `main.held.account[${s}].signature.eqCheck${axis}.isz.inv`),
  ).flat();
}

/** Likewise the hints that two accounts have the same source's key, of those that do. */
export function venueHints(keys: readonly bigint[]): string[] {
  return keys.flatMap((key, s) =>
    keys
      .slice(0, s)
      .flatMap((other, t) => (key === other ? [`main.limits.byVenue.same[${s}][${t}].isz.inv`] : [])),
  );
}
