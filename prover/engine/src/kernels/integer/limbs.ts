// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Code of products and Montgomery reductions on 9 limbs of 29 bits: the arithmetic that everything else is made of.
 *
 * A processor starts one 64-bit multiplication a cycle, and there is nothing else that these functions wait for. So
 * products are made by Karatsuba's method, three blocks of three limbs: 36 multiplications instead of 81. Sums and
 * differences may wrap: a column is right modulo 2^64, and its true value fits 63 bits.
 *
 * @module
 */

import { FIELD_BYTES, LIMB_BITS, LIMBS, toLimbs } from "../sizes.js";
import { i64, type Local, type Operand, type Operand64, range, type Steps } from "../wasm/writer.js";

export { FIELD_BYTES, LIMB_BITS, LIMBS, toLimbs } from "../sizes.js";

/** Limbs of a product. */
export const COLUMNS = 2 * LIMBS - 1;
/** Limbs of a block in Karatsuba's method. */
const BLOCK = 3;
const LIMB = Number(LIMB_BITS);
export const MASK = (1n << LIMB_BITS) - 1n;

/** One limb of a number, or one column of a product. */
export type Limb = Operand64;
export type Limbs = readonly Limb[];

/** Reads an element. */
export function loadLimbs({ keep }: Steps, pointer: Operand): Limb[] {
  return range(LIMBS).map((i) => keep(i64.load32(pointer, 4 * i)));
}

/** Reads 256 bits, plain and little-endian, times 2^shift; shift is below 29. */
export function loadBits(steps: Steps, pointer: Operand, shift: number): Limb[] {
  // Whole words, as they were written: a processor waits for stores that a load only overlaps.
  const words = [0, 8, 16, 24].map((offset) => steps.keep(i64.load(pointer, offset)));
  return regroup(steps, words, { from: 64, to: LIMB, count: LIMBS, shift });
}

/** Writes limbs without carries to move as 256 bits, plain and little-endian. */
export function storeBits(steps: Steps, limbs: Limbs, pointer: Operand): void {
  const words = regroup(steps, limbs, { from: LIMB, to: 64, count: 4 });
  for (const [i, word] of words.entries()) steps.run(i64.store(pointer, word, 8 * i));
}

/** A number's digits of `from` bits as `count` digits of `to` bits, times 2^shift. */
export function regroup(
  { keep }: Steps,
  digits: Limbs,
  { from, to, count, shift = 0 }: { from: number; to: number; count: number; shift?: number },
): Limb[] {
  return range(count).map((i) => {
    const parts = digits.flatMap((digit, j) => shifted(digit, from * j + shift - to * i, from, to));
    return keep(to === 64 ? unite(parts) : i64.and(unite(parts), (1n << BigInt(to)) - 1n));
  });
}

/** A number of so many bits times 2^distance, or nothing when none of them would be in the room of the result. */
function shifted(value: Limb, distance: number, bits: number, room: number): Limb[] {
  if (distance <= -bits || distance >= room) return [];
  if (distance === 0) return [value];
  const by = BigInt(Math.abs(distance));
  return [distance < 0 ? i64.shrU(value, by) : i64.shl(value, by)];
}

const unite = (parts: Limbs): Limb => parts.reduce((all, next) => i64.or(all, next));

/** Operations on lists, place by place. */
export function columnwise({ keep }: Steps): Record<"add" | "sub", (a: Limbs, b: Limbs) => Limb[]> {
  return {
    add: (a, b) => a.map((value, i) => keep(i64.add(value, b[i]!))),
    sub: (a, b) => a.map((value, i) => keep(i64.sub(value, b[i]!))),
  };
}

/** The 17 columns of the product of two elements, carries not moved. */
export function multiplyLimbs(steps: Steps, a: Limbs, b: Limbs): Limb[] {
  return sumProducts(steps, [[a, b]]);
}

/**
 * The 17 columns of a sum of at most two products of two elements each, carries not moved: 18 products of limbs a column,
 * and 9 more that the reduction adds, are below 27 * 2^58 < 2^63.
 */
export function sumProducts(steps: Steps, products: readonly (readonly [Limbs, Limbs])[]): Limb[] {
  const columns = new Array<Limb>(COLUMNS);
  const put = (block: number, values: Limbs, operation: (x: Limb, y: Limb) => Limb = i64.add): void => {
    for (const [i, value] of values.entries()) {
      const column = columns[BLOCK * block + i];
      columns[BLOCK * block + i] = column === undefined ? value : steps.keep(operation(column, value));
    }
  };
  const own = (i: number): Limb[] => multiplyBlocks(steps, products, i);
  const [p0, p1, p2] = [own(0), own(1), own(2)];
  put(0, p0);
  put(1, multiplyBlocks(steps, products, 0, 1));
  put(1, p0, i64.sub);
  put(1, p1, i64.sub);
  put(2, multiplyBlocks(steps, products, 0, 2));
  put(2, p1);
  put(2, p0, i64.sub);
  put(2, p2, i64.sub);
  put(3, multiplyBlocks(steps, products, 1, 2));
  put(3, p1, i64.sub);
  put(3, p2, i64.sub);
  put(4, p2);
  return columns;
}

/** The five columns of the sum of products of the factors' blocks `i`, or of the sums of their blocks `i` and `j`. */
function multiplyBlocks(
  steps: Steps,
  products: readonly (readonly [Limbs, Limbs])[],
  i: number,
  j?: number,
): Limb[] {
  const add = (x: Limb, y: Limb): Local => steps.keep(i64.add(x, y));
  const sub = (x: Limb, y: Limb): Local => steps.keep(i64.sub(x, y));
  const block = (limbs: Limbs, k: number): Limb[] => limbs.slice(BLOCK * k, BLOCK * (k + 1));
  const pick = (limbs: Limbs): Limb[] =>
    j === undefined ? block(limbs, i) : columnwise(steps).add(block(limbs, i), block(limbs, j));
  const factors = products.map(([a, b]) => [pick(a), pick(b)] as const);
  const sum = (of: (limbs: Limbs) => Limb): Limb =>
    factors.map(([a, b]) => steps.keep(i64.mul(of(a), of(b)))).reduce(add);
  const own = (k: number): Limb => sum((limbs) => limbs[k]!);
  const [p0, p1, p2] = [own(0), own(1), own(2)];
  const cross = (k: number, l: number): Limb => sum((limbs) => add(limbs[k]!, limbs[l]!));
  return [
    p0,
    sub(sub(cross(0, 1), p0), p1),
    sub(sub(add(cross(0, 2), p1), p0), p2),
    sub(sub(cross(1, 2), p1), p2),
    p2,
  ];
}

/**
 * Divides columns by 2^261 modulo p, exactly; 9 limbs, carries not moved. Of columns whose total is in [0, 128 p^2) the
 * result is below 2p.
 */
export function reduceColumns({ keep }: Steps, columns: Limbs, p: bigint): Limb[] {
  const pLimbs = toLimbs(p);
  const inverse = negatedInverse(p);
  const t = [...columns];
  const addTo = (column: number, value: Limb): void => {
    t[column] = keep(t[column] === undefined ? value : i64.add(t[column], value));
  };
  for (let i = 0; i < LIMBS; i++) {
    const m = keep(i64.and(i64.mul(i64.and(t[i]!, MASK), inverse), MASK));
    for (let j = 0; j < LIMBS; j++) addTo(i + j, i64.mul(m, pLimbs[j]!));
    // The lowest limb has become a multiple of 2^29 and leaves as a carry.
    addTo(i + 1, i64.shrS(t[i]!, LIMB_BITS));
  }
  return [...t.slice(LIMBS), 0n];
}

/** Moves carries, also negative ones; the last limb takes what is left, and shows the sign. */
export function moveCarries({ keep }: Steps, limbs: Limbs): Limb[] {
  let carry: Limb | undefined;
  return limbs.map((limb, i) => {
    const total = carry === undefined ? limb : keep(i64.add(limb, carry));
    if (i === LIMBS - 1) return total;
    carry = keep(i64.shrS(total, LIMB_BITS));
    return keep(i64.and(total, MASK));
  });
}

/** Adds a number when the limbs' value is negative. */
export function liftNegative(steps: Steps, limbs: Limbs, value: bigint): Limb[] {
  const moved = moveCarries(steps, limbs);
  const negative = steps.keep(i64.shrS(moved.at(-1)!, 63n));
  return toLimbs(value).map((limb, i) => steps.keep(i64.add(moved[i]!, i64.and(limb, negative))));
}

/** Moves carries and writes an element. */
export function storeLimbs(steps: Steps, limbs: Limbs, target: Operand): void {
  for (const [i, limb] of moveCarries(steps, limbs).entries()) steps.run(i64.store32(target, limb, 4 * i));
}

/** Copies an element. */
export function copyElement(steps: Steps, source: Operand, target: Operand): void {
  for (let byte = 0; byte < FIELD_BYTES; byte += 8)
    steps.run(i64.store(target, i64.load(source, byte), byte));
}

/** -1/p modulo 2^29, by Newton's iteration. */
export function negatedInverse(p: bigint): bigint {
  let inverse = 1n;
  for (let i = 0; i < 5; i++) inverse = (inverse * (2n - p * inverse)) & MASK;
  return -inverse & MASK;
}
