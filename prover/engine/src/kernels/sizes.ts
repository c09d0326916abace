// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Sizes and forms that both the kernels' code and what calls it know: a worker with stored modules loads only these.
 *
 * @module
 */

/** Limbs of an element on integers, and their bits. */
export const LIMBS = 9;
export const LIMB_BITS = 29n;
/** Bytes of an element: 9 words, and one more that keeps elements aligned to 8 bytes. On lanes it is five doubles. */
export const FIELD_BYTES = 40;
/** log2 of the Montgomery radix. */
export const RADIX_BITS = LIMB_BITS * BigInt(LIMBS);
/** Limbs of an element on lanes. */
export const LANE_LIMBS = 5;
export const PAIR_BYTES = 16 * LANE_LIMBS;
/** Elements in a quad. */
export const QUAD = 4;
/** Pairs that share one inversion: it costs some hundred multiplications, and their working memory should stay in cache. */
export const BATCH = 512;
/** Bytes of an entry of `addPairs`: two points and their sum's place. */
export const ENTRY_BYTES = 12;
/** Bytes of a sum on the list that `start` is given: its bucket's slot, and its address. */
export const MADE_BYTES = 8;

/** The limbs of a number; the last one takes all that is left. */
export function toLimbs(value: bigint, count = LIMBS): bigint[] {
  const last = count - 1;
  return Array.from({ length: count }, (_, i) => {
    const rest = value >> (LIMB_BITS * BigInt(i));
    return i === last ? rest : rest & ((1n << LIMB_BITS) - 1n);
  });
}

/** An element's bytes. */
export function elementBytes(value: bigint): Uint8Array {
  const words = new Uint32Array(FIELD_BYTES / 4);
  for (const [i, limb] of toLimbs(value).entries()) words[i] = Number(limb);
  return new Uint8Array(words.buffer);
}
