// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Code of a prime field with 254-bit modulus p on two lanes of doubles, which takes half as long for an element as integer/
 * does. Needs products and sums that are rounded once together (relaxed SIMD), see fused.ts. Functions take quads.
 *
 * @module
 */
import {
  type Callable,
  type Code,
  f64x2,
  i32,
  type Locals,
  type ModuleWriter,
  type Operand,
  type Parameters,
  range,
  type Vector,
  v128,
} from "../wasm/writer.js";
import {
  createColumns,
  type PutProduct,
  planReduction,
  putProduct,
  putSquare,
  reduceColumns,
} from "./columns.js";
import { type Constants, keepPair, type LaneSteps, onLanes, type Pair, pairAt, QUAD_BYTES } from "./pairs.js";

/**
 * A field's functions on pointers to quads. They meet in columns of the module's memory, which hold a sum of products until it
 * is reduced. Operands may be sums or differences of two tight elements in one factor, and tight in the other.
 */
export interface LaneField {
  /** The columns hold a b. */
  columns(a: Operand, b: Operand): Code;
  /** They hold that more, or less: up to two products in all. */
  addColumns(a: Operand, b: Operand): Code;
  subColumns(a: Operand, b: Operand): Code;
  /** They hold a^2 of a tight a. */
  square(a: Operand): Code;
  /** r is what they hold, divided by R; tight. */
  reduce(r: Operand): Code;
  /** And minus s, tight or a sum or difference of two tight elements. */
  reduceMinus(s: Operand, r: Operand): Code;
  mul(a: Operand, b: Operand, r: Operand): Code;
  /** Not tight. */
  add(a: Operand, b: Operand, r: Operand): Code;
  sub(a: Operand, b: Operand, r: Operand): Code;
  copy(a: Operand, r: Operand): Code;
}

/** Adds the functions of a prime field on lanes. */
export function defineLaneField(module: ModuleWriter, p: bigint, constants: Constants): LaneField {
  const plan = planReduction(p);
  const sets = createColumns(module);
  const define = <P extends Parameters>(
    name: string,
    params: P,
    body: (params: Locals<P>, steps: LaneSteps) => void,
  ): Callable<P> => module.define(name, params, (locals, steps) => body(locals, onLanes(steps, constants)));
  // Kept in variables, and a column stored as soon as it is whole: V8 orders what lies between two stores as it
  // likes, and it likes many values at a time.
  const load = (steps: LaneSteps, pointer: Operand, pair: number): Pair =>
    keepPair(steps, pairAt(pointer, pair));
  const product = (name: string, how: PutProduct) =>
    define(name, { a: i32, b: i32 }, ({ a, b }, steps) => {
      for (const columns of sets) {
        const [x, y] = [load(steps, a, columns.pair), load(steps, b, columns.pair)];
        putProduct(steps, columns, x, y, how);
      }
    });
  const columns = product("columns", { plan });
  const addColumns = product("addColumns", {});
  const subColumns = product("subColumns", { negative: true });
  const square = define("square", { a: i32 }, ({ a }, steps) => {
    for (const columns of sets) putSquare(steps, columns, load(steps, a, columns.pair), plan);
  });
  const reduce = define("reduce", { r: i32 }, ({ r }, steps) =>
    reduceColumns(steps, plan, sets, undefined, r),
  );
  const reduceMinus = define("reduceMinus", { s: i32, r: i32 }, ({ s, r }, steps) =>
    reduceColumns(steps, plan, sets, s, r),
  );
  const mul = module.define("mul", { a: i32, b: i32, r: i32 }, ({ a, b, r }) => [columns(a, b), reduce(r)]);
  return { columns, addColumns, subColumns, square, reduce, reduceMinus, mul, ...defineSums(module) };
}

/** By vectors: sums are not reduced. */
function defineSums(module: ModuleWriter): Pick<LaneField, "add" | "sub" | "copy"> {
  const places = range(QUAD_BYTES / 16).map((i) => 16 * i);
  const define = (name: string, operation: (a: Vector, b: Vector) => Code) =>
    module.define(name, { a: i32, b: i32, r: i32 }, ({ a, b, r }) =>
      places.map((at) => v128.store(r, operation(v128.load(a, at), v128.load(b, at)), at)),
    );
  return {
    add: define("add", f64x2.add),
    sub: define("sub", f64x2.sub),
    copy: module.define("copy", { a: i32, r: i32 }, ({ a, r }) =>
      places.map((at) => v128.store(r, v128.load(a, at), at)),
    ),
  };
}
