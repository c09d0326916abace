// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Hashes of artifacts, in Node and in browsers.
 *
 * @module
 */
/** Hex SHA-256. */
export async function sha256Hex(bytes: Uint8Array): Promise<string> {
  // Pages without a secure origin have no `subtle`.
  const { subtle } = globalThis.crypto as { subtle?: SubtleCrypto };
  const digest =
    (await subtle?.digest("SHA-256", bytes as Uint8Array<ArrayBuffer>)) ??
    (await import("@noble/hashes/sha2.js")).sha256(bytes);
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
