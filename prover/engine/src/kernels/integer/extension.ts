// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Code of the quadratic extension with u^2 = -1 of a prime field: an element is a pair, c0 + c1 u.
 *
 * @module
 */
import { type Code, i32, i64, type ModuleWriter, type Operand } from "../wasm/writer.js";
import type { Field } from "./field.js";
import {
  COLUMNS,
  columnwise,
  FIELD_BYTES,
  type Limbs,
  multiplyLimbs,
  reduceColumns,
  sumProducts,
  toLimbs,
} from "./limbs.js";
import { defineProducts, type Products } from "./products.js";

const c1 = (pointer: Operand): Code => i32.add(pointer, FIELD_BYTES);

/** Adds the extension of a field, with the same bounds on each coordinate. */
export function defineExtension(module: ModuleWriter, base: Field, p: bigint): Field {
  const { t0, t1 } = module.rooms(FIELD_BYTES, "t0", "t1");
  const { define, defineTest } = module;
  return {
    ...definePairProducts(module, p),
    // 1 / a = conjugate(a) / (a0^2 + a1^2)
    invert: define("invert", { a: i32, r: i32 }, ({ a, r }) => [
      base.square(a, t0),
      base.square(c1(a), t1),
      base.add(t0, t1, t0),
      base.invert(t0, t0),
      base.mul(a, t0, r),
      base.negate(c1(a), t1),
      base.mul(t1, t0, c1(r)),
    ]),
    add: define("add", { a: i32, b: i32, r: i32 }, ({ a, b, r }) => [
      base.add(a, b, r),
      base.add(c1(a), c1(b), c1(r)),
    ]),
    sub: define("sub", { a: i32, b: i32, r: i32 }, ({ a, b, r }) => [
      base.sub(a, b, r),
      base.sub(c1(a), c1(b), c1(r)),
    ]),
    copy: define("copy", { a: i32, r: i32 }, ({ a, r }) => [base.copy(a, r), base.copy(c1(a), c1(r))]),
    reduce: define("reduce", { a: i32 }, ({ a }) => [base.reduce(a), base.reduce(c1(a))]),
    isZero: defineTest("isZero", { a: i32 }, ({ a }) => i32.and(base.isZero(a), base.isZero(c1(a)))),
    equal: defineTest("equal", { a: i32, b: i32 }, ({ a, b }) =>
      i32.and(base.equal(a, b), base.equal(c1(a), c1(b))),
    ),
    negate: define("negate", { a: i32, r: i32 }, ({ a, r }) => [
      base.negate(a, r),
      base.negate(c1(a), c1(r)),
    ]),
  };
}

function definePairProducts(module: ModuleWriter, p: bigint): Products {
  // A multiple of p^2 that keeps differences of products positive.
  const lift = toLimbs(32n * p * p, COLUMNS);
  return defineProducts(module, p, {
    coordinates: 2,
    // a0 b0 - a1 b1 and a0 b1 + a1 b0: each alone, since the processor has no registers for three products at a time.
    multiply(steps, [a0, a1], [b0, b1], coordinate) {
      const negative = (limbs: Limbs): Limbs => limbs.map((limb) => steps.keep(i64.sub(0n, limb)));
      const [a, b] = coordinate === 0 ? [negative(a1!), b1!] : [a1!, b0!];
      const columns = sumProducts(steps, [
        [a0!, coordinate === 0 ? b0! : b1!],
        [a, b],
      ]);
      return reduceColumns(steps, columnwise(steps).add(columns, lift), p);
    },
    // (a0 + a1)(a0 - a1) and 2 a0 a1
    square(steps, [a0, a1], coordinate) {
      const { add, sub } = columnwise(steps);
      const [a, b] = coordinate === 0 ? [add(a0!, a1!), sub(a0!, a1!)] : [add(a0!, a0!), a1!];
      return reduceColumns(steps, add(multiplyLimbs(steps, a, b), lift), p);
    },
  });
}
