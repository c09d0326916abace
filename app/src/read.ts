// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Addresses and hashes as people paste them.
 *
 * @module
 */

import { CHECKSUM, hasChecksum, MISTYPED } from "@keel/verifier";
import { inputError } from "@keel/verifier/errors";

/**
 * An address; one in upper and lower case has its checksum (EIP-55) in them.
 *
 * @throws KeelError `input.address`, `input.checksum`
 */
export function readAddress(text: string, path: string): `0x${string}` {
  const given = text.trim();
  const plain = given.toLowerCase();
  if (!/^0x[0-9a-f]{40}$/.test(plain)) {
    const received = plain === "" ? "nothing" : "other text";
    throw inputError("input.address", path, "0x and 40 hexadecimal digits", received);
  }
  if (!hasChecksum(given)) throw inputError("input.checksum", path, CHECKSUM, MISTYPED);
  return plain as `0x${string}`;
}

/** Several addresses, apart by spaces, commas or lines; each once. @throws KeelError as {@link readAddress} */
export function readAddresses(text: string, path: string): readonly `0x${string}`[] {
  const parts = text.split(/[\s,;]+/).filter((part) => part !== "");
  const found = (parts.length === 0 ? [""] : parts).map((part) => readAddress(part, path));
  return [...new Set(found)];
}
