// SPDX-License-Identifier: MIT
/**
 * Circuits by the hash that stands on chain.
 *
 * @module
 */

import { BESIDE_CIRCUITS, CIRCUITS, marketRootCircuit } from "../files/circuits.js";
import { circuitHash } from "../files/policy.js";

/** Circuits whose hash is on chain, by hash. */
const NAMES: ReadonlyMap<string, string> = new Map(
  [
    ...CIRCUITS.flatMap(({ id, shape }) => [id, marketRootCircuit(shape.instruments)]),
    ...BESIDE_CIRCUITS.map(({ id }) => id),
  ].map((id) => [circuitHash(id), id]),
);

/** A circuit's name, or its hash when it is none of Keel's. */
export function circuitName(hash: string): string {
  return NAMES.get(hash) ?? hash;
}
