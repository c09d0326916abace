// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Hashes of artifacts, in Node and in browsers.
 *
 * @module
 */
import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex } from "@noble/hashes/utils.js";

/** Hex SHA-256. */
export async function sha256Hex(bytes: Uint8Array): Promise<string> {
  // Pages without a secure origin have no `subtle`.
  const { subtle } = globalThis.crypto as { subtle?: SubtleCrypto };
  const digest = await subtle?.digest("SHA-256", bytes as Uint8Array<ArrayBuffer>);
  return bytesToHex(digest === undefined ? sha256(bytes) : new Uint8Array(digest));
}
