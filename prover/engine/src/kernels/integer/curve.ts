// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Code of a curve y^2 = x^3 + b over a prime field or its quadratic extension.
 *
 * A point is x, y, each below 2p, in Montgomery form; infinity is all zero (group orders are odd, so that no finite
 * point has y = 0).
 *
 * @module
 */
import {
  advance,
  type Code,
  i32,
  loopWhile,
  type ModuleWriter,
  type Operand,
  ret,
  when,
} from "../wasm/writer.js";
import { defineAdditions } from "./additions.js";
import type { Curve, CurveField, IntegerCurve, Points } from "./curve-shape.js";
import { elementBytes, RADIX_BITS } from "./field.js";
import { FIELD_BYTES } from "./limbs.js";

const COORDINATE_BYTES = 32;

/** Adds the functions of a curve. */
export function defineCurve(module: ModuleWriter, curve: CurveField): IntegerCurve {
  const { field, bytes } = curve;
  const y = (point: Operand): Code => i32.add(point, bytes);
  const isInfinity = module.defineTest("isInfinity", { p: i32 }, ({ p }) =>
    i32.and(field.isZero(p), field.isZero(y(p))),
  );
  const copyPoint = (from: Operand, to: Operand): Code => [field.copy(from, to), field.copy(y(from), y(to))];
  const points: Points = { y, copyPoint, isInfinity };
  const membership = defineMembership(module, curve, points);
  const formats = defineFormats(module, curve);
  const addPairs = defineAdditions(module, curve, points);
  const copy = module.define("copy", { p: i32, r: i32 }, ({ p, r }) => {
    const even = i32.and(p, -2);
    const negated = i32.and(p, i32.eqz(isInfinity(even)));
    return [copyPoint(even, r), when(negated, field.negate(y(r), y(r)))];
  });
  const doubleMany = defineDoubling(module, curve, points);
  return { isInfinity, ...membership, ...formats, addPairs, copy, doubleMany };
}

function defineMembership(
  module: ModuleWriter,
  { field, b, bytes }: CurveField,
  { y, isInfinity }: Points,
): Pick<IntegerCurve, "isOnCurve" | "areOnCurve"> {
  const isOnCurve = module.defineTest("isOnCurve", { p: i32 }, ({ p }) => {
    const { left, right } = module.rooms(bytes, "left", "right");
    return [
      field.square(p, right),
      field.mul(right, p, right),
      field.add(right, b, right),
      field.reduce(right),
      field.square(y(p), left),
      field.reduce(left),
      field.equal(left, right),
    ];
  });
  const areOnCurve = module.defineTest("areOnCurve", { points: i32, count: i32 }, ({ points, count }) => [
    loopWhile(count, [
      when(i32.eqz(i32.or(isOnCurve(points), isInfinity(points))), ret(0)),
      advance(points, 2 * bytes),
      count.set(i32.sub(count, 1)),
    ]),
    i32.const(1),
  ]);
  return { isOnCurve, areOnCurve };
}

function defineFormats(
  module: ModuleWriter,
  { base, bytes, p: modulus }: CurveField,
): Pick<Curve, "load" | "read"> {
  // A product is divided by 2^261.
  const fromSnarkjs = module.data(elementBytes((1n << (2n * RADIX_BITS - 256n)) % modulus));
  const plainOne = module.data(elementBytes(1n));
  const load = module.define("load", { source: i32, count: i32, target: i32 }, (params, steps) => {
    const { source, count, target } = params;
    const end = steps.variable(i32);
    return [
      end.set(i32.add(target, i32.mul(count, 2 * bytes))),
      loopWhile(i32.ltU(target, end), [
        base.fromBytes(source, target),
        base.mul(target, fromSnarkjs, target),
        base.reduce(target),
        advance(source, COORDINATE_BYTES),
        advance(target, FIELD_BYTES),
      ]),
    ];
  });
  const read = module.define("read", { p: i32, target: i32 }, ({ p, target }, steps) => {
    const end = steps.variable(i32);
    const element = module.room(FIELD_BYTES);
    return [
      end.set(i32.add(p, 2 * bytes)),
      loopWhile(i32.ltU(p, end), [
        base.mul(p, plainOne, element),
        base.reduce(element),
        base.toBytes(element, target),
        advance(p, FIELD_BYTES),
        advance(target, COORDINATE_BYTES),
      ]),
    ];
  });
  return { load, read };
}

function defineDoubling(
  module: ModuleWriter,
  { field, bytes, one }: CurveField,
  { y, copyPoint, isInfinity }: Points,
): Curve["doubleMany"] {
  type Operation = "mul" | "add" | "sub";
  const exact =
    (operation: Operation) =>
    (a: Operand, b: Operand, to: Operand): Code => [field[operation](a, b, to), field.reduce(to)];
  const [mul, add, sub] = [exact("mul"), exact("add"), exact("sub")];
  return module.define("doubleMany", { p: i32, k: i32, r: i32 }, ({ p, k, r }) => {
    const { X, Y, Z, A, B, C, D, E } = module.rooms(bytes, "X", "Y", "Z", "A", "B", "C", "D", "E");
    // Jacobian doubling for a = 0 (dbl-2009-l of the Explicit-Formulas Database).
    const step: Code = [
      mul(X, X, A),
      mul(Y, Y, B),
      mul(B, B, C),
      add(X, B, D),
      mul(D, D, D),
      sub(D, A, D),
      sub(D, C, D),
      add(D, D, D),
      add(A, A, E),
      add(E, A, E),
      mul(Y, Z, Z),
      add(Z, Z, Z),
      mul(E, E, X),
      sub(X, D, X),
      sub(X, D, X),
      sub(D, X, Y),
      mul(E, Y, Y),
      add(C, C, C),
      add(C, C, C),
      add(C, C, C),
      sub(Y, C, Y),
      k.set(i32.sub(k, 1)),
    ];
    return [
      when(isInfinity(p), [copyPoint(p, r), ret()]),
      field.copy(p, X),
      field.copy(y(p), Y),
      field.copy(one, Z),
      loopWhile(k, step),
      field.invert(Z, Z),
      mul(Z, Z, A),
      mul(X, A, r),
      mul(A, Z, A),
      mul(Y, A, y(r)),
    ];
  });
}
