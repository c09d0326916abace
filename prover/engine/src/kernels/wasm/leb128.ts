// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * LEB128, the numbers of WebAssembly: seven bits a byte, the lowest first. Nothing here throws: bytes that are missing read
 * as zeros.
 *
 * @module
 */

/** A number below 2^32 in as few bytes as it needs. */
export function unsigned(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  do {
    const low = rest & 0x7f;
    rest >>>= 7;
    bytes.push(rest === 0 ? low : low | 0x80);
  } while (rest !== 0);
  return bytes;
}

/** A signed number in as few bytes as it needs. */
export function signed(value: bigint): number[] {
  const bytes: number[] = [];
  let rest = value;
  for (;;) {
    const low = Number(rest & 0x7fn);
    rest >>= 7n;
    const last = (rest === 0n && (low & 0x40) === 0) || (rest === -1n && (low & 0x40) !== 0);
    bytes.push(last ? low : low | 0x80);
    if (last) return bytes;
  }
}

/** Reads one number after the other. */
export interface NumberReader {
  /** Of the next byte. */
  at: number;
  unsigned(): number;
  /** A signed number of 32 bits. */
  signed(): number;
}

/** There are modules with millions of numbers: nothing is allocated for one. */
export function createNumberReader(bytes: Uint8Array, start: number): NumberReader {
  let bits = 0;
  return {
    at: start,
    unsigned() {
      let [value, scale] = [0, 1];
      bits = 0;
      for (;;) {
        const byte = bytes[this.at++] ?? 0;
        value += (byte & 0x7f) * scale;
        scale *= 128;
        bits += 7;
        if (byte < 0x80) return value;
      }
    },
    signed() {
      const value = this.unsigned();
      return bits < 32 ? (value << (32 - bits)) >> (32 - bits) : value | 0;
    },
  };
}

/** Where a number ends. */
export function skipNumber(bytes: Uint8Array, start: number): number {
  let at = start;
  while ((bytes[at]! & 0x80) !== 0) at += 1;
  return at + 1;
}

/** A number, and where it ends. */
export function readUnsigned(bytes: Uint8Array, start: number): [value: number, end: number] {
  const reader = createNumberReader(bytes, start);
  return [reader.unsigned(), reader.at];
}

/** A signed number of 32 bits, and where it ends. */
export function readSigned(bytes: Uint8Array, start: number): [value: number, end: number] {
  const reader = createNumberReader(bytes, start);
  return [reader.signed(), reader.at];
}
