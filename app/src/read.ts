// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Addresses and hashes as people paste them.
 *
 * @module
 */

import { inputError } from "@keel/verifier/errors";

/** @throws KeelError `input.address` */
export function readAddress(text: string, path: string): `0x${string}` {
  return readHex(text, path, 40, "input.address");
}

/** @throws KeelError `input.hash` */
export function readHash(text: string, path: string): `0x${string}` {
  return readHex(text, path, 64, "input.hash");
}

function readHex(text: string, path: string, digits: number, code: string): `0x${string}` {
  const plain = text.trim().toLowerCase();
  if (new RegExp(`^0x[0-9a-f]{${digits}}$`).test(plain)) return plain as `0x${string}`;
  throw inputError(
    code,
    path,
    `0x and ${digits} hexadecimal digits`,
    plain === "" ? "nothing" : "other text",
  );
}
