// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Addresses and hashes as people paste them.
 *
 * @module
 */

import { inputError } from "@keel/verifier/errors";

/** @throws KeelError `input.address` */
export function readAddress(text: string, path: string): `0x${string}` {
  const plain = text.trim().toLowerCase();
  if (/^0x[0-9a-f]{40}$/.test(plain)) return plain as `0x${string}`;
  const received = plain === "" ? "nothing" : "other text";
  throw inputError("input.address", path, "0x and 40 hexadecimal digits", received);
}
