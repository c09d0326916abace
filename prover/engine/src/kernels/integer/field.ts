// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Code of a prime field with 254-bit modulus p: 9 limbs of 29 bits, Montgomery form with R = 2^261.
 *
 * An element is 9 little-endian 32-bit words, each below 2^29. Its value may be anything below 8p ("loose") as input
 * of a multiplication, since 8p * 8p / R + p < 2p: products need no final subtraction. Nine products of 29-bit limbs,
 * twice, and their carries fit 64 bits, so carries move once a row instead of once a product.
 *
 * @module
 */

import { type Code, i32, i64, type Local, type ModuleWriter, ret, when } from "../wasm/writer.js";
import { invertLimbs } from "./inverse.js";
import {
  COLUMNS,
  columnwise,
  constants,
  copyElement,
  createDefiner,
  createSteps,
  FIELD_BYTES,
  LIMB_BITS,
  LIMBS,
  liftNegative,
  loadBits,
  loadLimbs,
  MASK,
  multiplyLimbs,
  reduceColumns,
  type Steps,
  storeBits,
  storeLimbs,
  toLimbs,
} from "./limbs.js";
import { defineProducts } from "./products.js";

/** log2 of the Montgomery radix. */
export const RADIX_BITS = LIMB_BITS * BigInt(LIMBS);

/** An element's bytes. */
export function elementBytes(value: bigint): Uint8Array {
  const words = new Uint32Array(FIELD_BYTES / 4);
  for (const [i, limb] of toLimbs(value).entries()) words[i] = Number(limb);
  return new Uint8Array(words.buffer);
}

/**
 * Adds a field's functions, all on pointers and safe when pointers are equal. Inputs of products are below 8p; stored
 * elements are below 2p, and those that `defineProducts` gets are.
 * - `add(a, b, r)`; `sub(a, b, r)` = a - b + 2p; `negate(a, r)` = 2p - a; see `defineProducts` for the products;
 * - in [0, 2p): `difference(a, b, r)`, `mulAdd(a, b, sum)`, and two at once, `butterfly(u, v, root)`: u + v root, u - v root; its inverse
 *   `inverseButterfly(u, v, root)`: u + v, (u - v) root;
 * - `reduce(a)` from below 4p to canonical; `isZero(a)` and `equal(a, b)` of canonical elements; `copy(a, r)`;
 *   `invert(a, r)` of elements below 4p;
 * - `fromBytes(bytes, r)` and `toBytes(a, bytes)` between 32-byte plain limbs and canonical elements without leaving
 *   or entering Montgomery form.
 */
export function defineField(writer: ModuleWriter, prefix: string, p: bigint): void {
  const name = (op: string): string => `${prefix}_${op}`;
  const limb = (pointer: Local, i: number): Code => i64.load32(pointer.get, 4 * i);
  const store = (pointer: Local, i: number, value: Code): Code => i64.store32(pointer.get, value, 4 * i);
  const define = createDefiner(writer, prefix);
  const twoP = constants(2n * p);
  const multiply = (steps: Steps, a: Code[], b: Code[]): Code[] =>
    reduceColumns(steps, multiplyLimbs(steps, a, b), p);
  defineProducts(writer, prefix, p, {
    coordinates: 1,
    multiply(steps, [a], [b]) {
      const product = multiplyLimbs(steps, a!, b!);
      return reduceColumns(steps, columnwise(steps).add(product, constants(16n * p * p, COLUMNS)), p);
    },
    square: (steps, [a]) => multiply(steps, a!, a!),
  });
  define("add", 3, (steps, [a, b, r]) => {
    storeLimbs(steps, columnwise(steps).add(loadLimbs(steps, a!), loadLimbs(steps, b!)), r!);
  });
  define("sub", 3, (steps, [a, b, r]) => {
    const { add, sub } = columnwise(steps);
    storeLimbs(steps, sub(add(loadLimbs(steps, a!), twoP), loadLimbs(steps, b!)), r!);
  });
  define("negate", 2, (steps, [a, r]) => {
    storeLimbs(steps, columnwise(steps).sub(twoP, loadLimbs(steps, a!)), r!);
  });
  define("difference", 3, (steps, [a, b, r]) => {
    const difference = columnwise(steps).sub(loadLimbs(steps, a!), loadLimbs(steps, b!));
    storeLimbs(steps, liftNegative(steps, difference, 2n * p), r!);
  });
  define("butterfly", 3, (steps, [u, v, root]) => {
    const { add, sub } = columnwise(steps);
    const product = multiply(steps, loadLimbs(steps, v!), loadLimbs(steps, root!));
    const first = loadLimbs(steps, u!);
    storeLimbs(steps, liftNegative(steps, sub(add(first, product), twoP), 2n * p), u!);
    storeLimbs(steps, liftNegative(steps, sub(first, product), 2n * p), v!);
  });
  define("mulAdd", 3, (steps, [a, b, sum]) => {
    const { add, sub } = columnwise(steps);
    const product = multiply(steps, loadLimbs(steps, a!), loadLimbs(steps, b!));
    const total = sub(add(product, loadLimbs(steps, sum!)), twoP);
    storeLimbs(steps, liftNegative(steps, total, 2n * p), sum!);
  });
  define("inverseButterfly", 3, (steps, [u, v, root]) => {
    const { add, sub } = columnwise(steps);
    const [first, second] = [loadLimbs(steps, u!), loadLimbs(steps, v!)];
    storeLimbs(steps, liftNegative(steps, sub(add(first, second), twoP), 2n * p), u!);
    const difference = add(sub(first, second), twoP);
    storeLimbs(steps, multiply(steps, difference, loadLimbs(steps, root!)), v!);
  });

  writer.define(name("reduce"), 1, "none", (scope) => {
    const [a] = scope.params as [Local];
    const t = Array.from({ length: LIMBS }, () => scope.i64());
    const [sum, overflow] = [scope.i64(), scope.i64()];
    const subtractOnce = (multiple: bigint): Code => {
      const limbs = toLimbs(multiple);
      const code = t.flatMap((local, i) => {
        const difference = i64.sub(limb(a, i), i64.const(limbs[i]!));
        const total = i === 0 ? difference : i64.add(difference, overflow.get);
        return i === LIMBS - 1
          ? local.set(total)
          : [
              ...sum.set(total),
              ...overflow.set(i64.shrS(sum.get, i64.const(LIMB_BITS))),
              ...local.set(i64.and(sum.get, i64.const(MASK))),
            ];
      });
      const keep = t.flatMap((local, i) => store(a, i, local.get));
      return [...code, ...when(i32.eqz(i64.ltS(t[LIMBS - 1]!.get, i64.const(0n))), keep)];
    };
    return [...subtractOnce(2n * p), ...subtractOnce(p)];
  });

  writer.define(name("isZero"), 1, "i32", (scope) => {
    const [a] = scope.params as [Local];
    const limbs = Array.from({ length: LIMBS }, (_, i) => limb(a, i));
    return i64.eqz(limbs.reduce((all, next) => i64.or(all, next)));
  });
  writer.define(name("equal"), 2, "i32", (scope) => {
    const [a, b] = scope.params as [Local, Local];
    const differences = Array.from({ length: LIMBS }, (_, i) => i64.xor(limb(a, i), limb(b, i)));
    // Different elements nearly always differ in the lowest limb.
    return [
      ...when(i32.eqz(i64.eqz(differences[0]!)), ret(i32.const(0))),
      ...i64.eqz(differences.reduce((all, next) => i64.or(all, next))),
    ];
  });
  define("copy", 2, (steps, [a, r]) => copyElement(steps, a!, r!));
  defineInverse(writer, prefix, p);
  defineConversions(writer, prefix);
}

/** Of any loose form: 0 for 0 and for p. */
function defineInverse(writer: ModuleWriter, prefix: string, p: bigint): void {
  // With x R for x, R^2 / (x R) is the inverse in Montgomery form.
  const scale = (1n << (2n * RADIX_BITS)) % p;
  writer.define(`${prefix}_invert`, 2, "none", (scope) => {
    const steps = createSteps(scope);
    const [a, r] = scope.params.map(({ get }) => get) as [Code, Code];
    steps.code.push(...writer.call(`${prefix}_copy`, a, r), ...writer.call(`${prefix}_reduce`, r));
    storeLimbs(steps, invertLimbs(scope, steps, loadLimbs(steps, r), p, scale), r);
    return steps.code;
  });
}

/** Between 256 bits as four 64-bit words and nine 29-bit limbs. */
function defineConversions(writer: ModuleWriter, prefix: string): void {
  const define = createDefiner(writer, prefix);
  define("fromBytes", 2, (steps, [source, r]) => {
    storeLimbs(steps, loadBits(steps, source!, 0), r!);
  });
  define("toBytes", 2, (steps, [a, target]) => {
    storeBits(steps, loadLimbs(steps, a!), target!);
  });
}
