// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Little-endian 32-byte numbers, the only number format of .zkey files, kernels and witnesses.
 *
 * @module
 */

/** Bytes of a field element. */
export const ELEMENT_BYTES = 32;

/** The number at an offset. */
export function readElement(bytes: Uint8Array, offset: number): bigint {
  const view = new DataView(bytes.buffer, bytes.byteOffset + offset, ELEMENT_BYTES);
  let value = view.getBigUint64(24, true);
  for (const at of [16, 8, 0]) value = (value << 64n) | view.getBigUint64(at, true);
  return value;
}

/** Writes a number below 2^256 at an offset. */
export function writeElement(bytes: Uint8Array, offset: number, value: bigint): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset + offset, ELEMENT_BYTES);
  for (let word = 0; word < 4; word++) {
    view.setBigUint64(8 * word, BigInt.asUintN(64, value >> BigInt(64 * word)), true);
  }
}

/** Writes a vector's elements at the given places, one after the other. */
export function gatherElements(vector: Uint8Array, places: Uint32Array, target: Uint8Array): void {
  const words = (bytes: Uint8Array): Uint32Array =>
    new Uint32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4);
  const [from, to] = [words(vector), words(target)];
  for (let i = 0, at = 0; i < places.length; i++) {
    let source = 8 * places[i]!;
    for (const end = at + 8; at < end; at++, source++) to[at] = from[source]!;
  }
}

/** The pieces one after the other. */
export function concatenate(parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let position = 0;
  for (const part of parts) {
    bytes.set(part, position);
    position += part.length;
  }
  return bytes;
}

/** Whether all bytes are zero. */
export function isZero(bytes: Uint8Array, offset: number, length: number): boolean {
  for (let i = offset; i < offset + length; i++) if (bytes[i] !== 0) return false;
  return true;
}
