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

import { RADIX_BITS } from "../sizes.js";
import {
  type Code,
  i32,
  i64,
  type ModuleWriter,
  type Operand,
  range,
  ret,
  type Steps,
  when,
} from "../wasm/writer.js";
import { invertLimbs } from "./inverse.js";
import {
  COLUMNS,
  columnwise,
  copyElement,
  LIMB_BITS,
  LIMBS,
  type Limb,
  type Limbs,
  liftNegative,
  loadBits,
  loadLimbs,
  MASK,
  multiplyLimbs,
  reduceColumns,
  storeBits,
  storeLimbs,
  toLimbs,
} from "./limbs.js";
import { defineProducts, type Products } from "./products.js";

export { elementBytes, RADIX_BITS } from "../sizes.js";

/**
 * A field's functions, all on pointers and safe when pointers are equal. Inputs of products are below 8p; stored elements are
 * below 2p, and those that products with sums get are.
 */
export interface Field extends Products {
  add(a: Operand, b: Operand, r: Operand): Code;
  /** a - b + 2p. */
  sub(a: Operand, b: Operand, r: Operand): Code;
  /** 2p - a. */
  negate(a: Operand, r: Operand): Code;
  /** From below 4p to canonical. */
  reduce(a: Operand): Code;
  /** Of canonical elements. */
  isZero(a: Operand): Code;
  equal(a: Operand, b: Operand): Code;
  copy(a: Operand, r: Operand): Code;
  /** Of elements below 4p: 0 for 0 and for p. */
  invert(a: Operand, r: Operand): Code;
}

/** Functions with results in [0, 2p). */
export interface Sums {
  difference(a: Operand, b: Operand, r: Operand): Code;
  /** sum + a b, in the sum's place. */
  mulAdd(a: Operand, b: Operand, sum: Operand): Code;
  /** u + v root and u - v root. */
  butterfly(u: Operand, v: Operand, root: Operand): Code;
  /** u + v and (u - v) root. */
  inverseButterfly(u: Operand, v: Operand, root: Operand): Code;
}

/** Between 32-byte plain numbers and canonical elements, without leaving or entering Montgomery form. */
export interface ByteConversions {
  fromBytes(bytes: Operand, r: Operand): Code;
  toBytes(a: Operand, bytes: Operand): Code;
}

export type PrimeField = Field & Sums & ByteConversions;

/** Adds the functions of a prime field. */
export function defineField(module: ModuleWriter, p: bigint): PrimeField {
  const products = defineProducts(module, p, {
    coordinates: 1,
    multiply(steps, [a], [b]) {
      const product = multiplyLimbs(steps, a!, b!);
      return reduceColumns(steps, columnwise(steps).add(product, toLimbs(16n * p * p, COLUMNS)), p);
    },
    square: (steps, [a]) => multiplyModulo(steps, a!, a!, p),
  });
  const sums = defineLooseSums(module, p);
  const sumsInRange = defineSums(module, p);
  const canonical = defineCanonical(module, p);
  const copy = module.define("copy", { a: i32, r: i32 }, ({ a, r }, steps) => copyElement(steps, a, r));
  // With x R for x, R^2 / (x R) is the inverse in Montgomery form.
  const scale = (1n << (2n * RADIX_BITS)) % p;
  const invert = module.define("invert", { a: i32, r: i32 }, ({ a, r }, steps) => {
    steps.run(copy(a, r), canonical.reduce(r));
    storeLimbs(steps, invertLimbs(steps, loadLimbs(steps, r), p, scale), r);
  });
  return {
    ...products,
    ...sums,
    ...sumsInRange,
    ...canonical,
    copy,
    invert,
    ...defineByteConversions(module),
  };
}

function multiplyModulo(steps: Steps, a: Limbs, b: Limbs, p: bigint): Limb[] {
  return reduceColumns(steps, multiplyLimbs(steps, a, b), p);
}

function defineLooseSums(module: ModuleWriter, p: bigint): Pick<Field, "add" | "sub" | "negate"> {
  const twoP = toLimbs(2n * p);
  return {
    add: module.define("add", { a: i32, b: i32, r: i32 }, ({ a, b, r }, steps) => {
      storeLimbs(steps, columnwise(steps).add(loadLimbs(steps, a), loadLimbs(steps, b)), r);
    }),
    sub: module.define("sub", { a: i32, b: i32, r: i32 }, ({ a, b, r }, steps) => {
      const { add, sub } = columnwise(steps);
      storeLimbs(steps, sub(add(loadLimbs(steps, a), twoP), loadLimbs(steps, b)), r);
    }),
    negate: module.define("negate", { a: i32, r: i32 }, ({ a, r }, steps) => {
      storeLimbs(steps, columnwise(steps).sub(twoP, loadLimbs(steps, a)), r);
    }),
  };
}

function defineSums(module: ModuleWriter, p: bigint): Sums {
  const twoP = toLimbs(2n * p);
  /** Stores a value above -2p. */
  const store = (steps: Steps, limbs: Limbs, r: Operand): void =>
    storeLimbs(steps, liftNegative(steps, limbs, 2n * p), r);
  const product = (steps: Steps, a: Operand, b: Operand): Limb[] =>
    multiplyModulo(steps, loadLimbs(steps, a), loadLimbs(steps, b), p);
  return {
    difference: module.define("difference", { a: i32, b: i32, r: i32 }, ({ a, b, r }, steps) => {
      store(steps, columnwise(steps).sub(loadLimbs(steps, a), loadLimbs(steps, b)), r);
    }),
    butterfly: module.define("butterfly", { u: i32, v: i32, root: i32 }, ({ u, v, root }, steps) => {
      const { add, sub } = columnwise(steps);
      const second = product(steps, v, root);
      const first = loadLimbs(steps, u);
      store(steps, sub(add(first, second), twoP), u);
      store(steps, sub(first, second), v);
    }),
    mulAdd: module.define("mulAdd", { a: i32, b: i32, sum: i32 }, ({ a, b, sum }, steps) => {
      const { add, sub } = columnwise(steps);
      store(steps, sub(add(product(steps, a, b), loadLimbs(steps, sum)), twoP), sum);
    }),
    inverseButterfly: module.define(
      "inverseButterfly",
      { u: i32, v: i32, root: i32 },
      ({ u, v, root }, steps) => {
        const { add, sub } = columnwise(steps);
        const [first, second] = [loadLimbs(steps, u), loadLimbs(steps, v)];
        store(steps, sub(add(first, second), twoP), u);
        const difference = add(sub(first, second), twoP);
        storeLimbs(steps, multiplyModulo(steps, difference, loadLimbs(steps, root), p), v);
      },
    ),
  };
}

const limbAt = (pointer: Operand, i: number): Code => i64.load32(pointer, 4 * i);

function defineCanonical(module: ModuleWriter, p: bigint): Pick<Field, "reduce" | "isZero" | "equal"> {
  return {
    reduce: module.define("reduce", { a: i32 }, ({ a }, steps) => {
      const t = range(LIMBS).map(() => steps.variable(i64));
      const { sum, overflow } = steps.variables({ sum: i64, overflow: i64 });
      const subtractOnce = (multiple: bigint): void => {
        for (const [i, limb] of toLimbs(multiple).entries()) {
          const difference = i64.sub(limbAt(a, i), limb);
          const total = i === 0 ? difference : i64.add(difference, overflow);
          if (i === LIMBS - 1) steps.run(t[i]!.set(total));
          else
            steps.run(sum.set(total), overflow.set(i64.shrS(sum, LIMB_BITS)), t[i]!.set(i64.and(sum, MASK)));
        }
        const keep = t.map((limb, i) => i64.store32(a, limb, 4 * i));
        steps.run(when(i32.eqz(i64.ltS(t[LIMBS - 1]!, 0n)), keep));
      };
      subtractOnce(2n * p);
      subtractOnce(p);
    }),
    isZero: module.defineTest("isZero", { a: i32 }, ({ a }) => {
      const limbs = range(LIMBS).map((i) => limbAt(a, i));
      return i64.eqz(limbs.reduce((all, next) => i64.or(all, next)));
    }),
    equal: module.defineTest("equal", { a: i32, b: i32 }, ({ a, b }) => {
      const differences = range(LIMBS).map((i) => i64.xor(limbAt(a, i), limbAt(b, i)));
      // Different elements nearly always differ in the lowest limb.
      return [
        when(i32.eqz(i64.eqz(differences[0]!)), ret(0)),
        i64.eqz(differences.reduce((all, next) => i64.or(all, next))),
      ];
    }),
  };
}

function defineByteConversions(module: ModuleWriter): ByteConversions {
  return {
    fromBytes: module.define("fromBytes", { bytes: i32, r: i32 }, ({ bytes, r }, steps) => {
      storeLimbs(steps, loadBits(steps, bytes, 0), r);
    }),
    toBytes: module.define("toBytes", { a: i32, bytes: i32 }, ({ a, bytes }, steps) => {
      storeBits(steps, loadLimbs(steps, a), bytes);
    }),
  };
}
