// SPDX-License-Identifier: MIT
/**
 * 32-byte words, as contracts encode and hash them.
 *
 * @module
 */

/** 32-byte big-endian words, two's complement when negative: the ABI encoding of static integers. */
export function abiWords(values: readonly bigint[]): Uint8Array {
  const bytes = new Uint8Array(values.length * 32);
  values.forEach((value, i) => {
    let rest = BigInt.asUintN(256, value);
    for (let at = i * 32 + 31; at >= i * 32; at--) {
      bytes[at] = Number(rest & 0xffn);
      rest >>= 8n;
    }
  });
  return bytes;
}

/** A 32-byte word in hexadecimal. */
export function hex(word: bigint): `0x${string}` {
  return `0x${word.toString(16).padStart(64, "0")}`;
}
