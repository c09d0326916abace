// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * What the console's build writes into the page, for its modules in Node: a test puts the circuits here that its page has.
 *
 * @module
 */

import type { CircuitFiles } from "virtual:keel-circuits";

export const CIRCUIT_FILES: CircuitFiles[] = [];

/** A circuit of which the page has the key; its files are never fetched. */
export function pageKey(id: string, verificationKey: CircuitFiles["verificationKey"]): CircuitFiles {
  const file = { path: `circuits/${id}`, sha256: "", bytes: 0 };
  return { id, wasm: file, zkey: file, verificationKey };
}
