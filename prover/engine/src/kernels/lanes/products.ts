// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Code of the products that a curve on lanes needs, over a prime field or its quadratic extension with u^2 = -1.
 *
 * @module
 */
import { type Code, i32, type ModuleWriter, type Operand } from "../wasm/writer.js";
import type { LaneField } from "./field.js";
import { QUAD_BYTES } from "./pairs.js";

/**
 * On quads of elements, whose coordinates are quads one after the other. The first factor and s may be the sum or difference
 * of two tight elements, but for squares; results are tight.
 */
export interface LaneProducts {
  mul(a: Operand, b: Operand, r: Operand): Code;
  /** a b - s. */
  mulMinus(a: Operand, b: Operand, s: Operand, r: Operand): Code;
  /** a^2 - s. */
  squareMinus(a: Operand, s: Operand, r: Operand): Code;
}

const c1 = (pointer: Operand): Code => i32.add(pointer, QUAD_BYTES);

/** The columns' sum, minus s where there is one. */
const reduceMinus = (base: LaneField, s: Operand | undefined, r: Operand): Code =>
  s === undefined ? base.reduce(r) : base.reduceMinus(s, r);

type Multiply = (a: Operand, b: Operand, s: Operand | undefined, r: Operand) => Code;
type SquareMinus = LaneProducts["squareMinus"];

/** Adds the products of a field of so many coordinates. */
export function defineLaneProducts(module: ModuleWriter, base: LaneField, coordinates: 1 | 2): LaneProducts {
  const { first, sum } = module.rooms(QUAD_BYTES, "first", "sum");
  const multiplyOne: Multiply = (a, b, s, r) => [base.columns(a, b), reduceMinus(base, s, r)];
  const multiplyTwo: Multiply = (a, b, s, r) => [
    base.columns(a, b),
    base.subColumns(c1(a), c1(b)),
    reduceMinus(base, s, first),
    base.columns(a, c1(b)),
    base.addColumns(c1(a), b),
    reduceMinus(base, s === undefined ? undefined : c1(s), c1(r)),
    base.copy(first, r),
  ];
  const squareOne: SquareMinus = (a, s, r) => [base.square(a), base.reduceMinus(s, r)];
  const squareTwo: SquareMinus = (a, s, r) => [
    base.square(a),
    base.subColumns(c1(a), c1(a)),
    base.reduceMinus(s, first),
    base.add(a, a, sum),
    base.columns(sum, c1(a)),
    base.reduceMinus(c1(s), c1(r)),
    base.copy(first, r),
  ];
  const multiply = coordinates === 1 ? multiplyOne : multiplyTwo;
  const square = coordinates === 1 ? squareOne : squareTwo;
  return {
    mul: module.define("mul", { a: i32, b: i32, r: i32 }, ({ a, b, r }) => multiply(a, b, undefined, r)),
    mulMinus: module.define("mulMinus", { a: i32, b: i32, s: i32, r: i32 }, ({ a, b, s, r }) =>
      multiply(a, b, s, r),
    ),
    squareMinus: module.define("squareMinus", { a: i32, s: i32, r: i32 }, ({ a, s, r }) => square(a, s, r)),
  };
}
