// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Code of the products of a prime field and of its quadratic extension, with the sums before and after them: these
 * cost little where limbs are in registers already, and much as functions of their own.
 *
 * @module
 */
import {
  type Callable,
  type Code,
  i32,
  type Locals,
  type ModuleWriter,
  type Operand,
  type Parameters,
  range,
  type Steps,
} from "../wasm/writer.js";
import {
  columnwise,
  copyElement,
  FIELD_BYTES,
  type Limb,
  type Limbs,
  liftNegative,
  loadLimbs,
  storeLimbs,
} from "./limbs.js";

/** A field as coordinates over a prime field, each as limbs. */
export interface Tower {
  readonly coordinates: number;
  /**
   * One coordinate of a product, of values given with limbs below 2^29 in magnitude, which may be negative; each product
   * of two coordinates' bounds is at most 16 p^2. It is below 2p, carries not moved.
   */
  multiply(steps: Steps, a: readonly Limbs[], b: readonly Limbs[], coordinate: number): Limb[];
  square(steps: Steps, a: readonly Limbs[], coordinate: number): Limb[];
}

/** Products; operands and results are pointers. */
export interface Products {
  mul(a: Operand, b: Operand, r: Operand): Code;
  square(a: Operand, r: Operand): Code;
  /** (a - b) c. */
  subMul(a: Operand, b: Operand, c: Operand, r: Operand): Code;
  /** a^2 - b - c, in [0, 2p) in each coordinate. */
  squareSub(a: Operand, b: Operand, c: Operand, r: Operand): Code;
  /** (a - b) c - d, in [0, 2p) in each coordinate. */
  subMulSub(a: Operand, b: Operand, c: Operand, d: Operand, r: Operand): Code;
}

type WithResult = Parameters & { readonly r: typeof i32 };

/** Adds the products of a field. */
export function defineProducts(module: ModuleWriter, p: bigint, tower: Tower): Products {
  const { multiply, square, coordinates } = tower;
  const at = (pointer: Operand, i: number): Code => i32.add(pointer, i * FIELD_BYTES);
  const load = (steps: Steps, pointer: Operand): Limbs[] =>
    range(coordinates).map((i) => loadLimbs(steps, at(pointer, i)));
  const loadDifference = (steps: Steps, a: Operand, b: Operand): Limbs[] => {
    const [first, second] = [load(steps, a), load(steps, b)];
    return first.map((limbs, i) => columnwise(steps).sub(limbs, second[i]!));
  };
  const lift = (steps: Steps, limbs: Limbs): Limb[] => liftNegative(steps, limbs, 2n * p);

  // One coordinate after the other, operands loaded anew for each: registers do not suffice for two at a time. The result
  // may take an operand's place, so all but the last coordinate wait in memory of their own.
  const define = <P extends WithResult>(
    name: string,
    params: P,
    coordinate: (operands: Locals<P>, steps: Steps, i: number) => Limb[],
  ): Callable<P> => {
    const waiting = module.room((coordinates - 1) * FIELD_BYTES);
    return module.define(name, params, (operands, steps) => {
      const { r } = operands;
      for (let i = 0; i < coordinates; i++) {
        const last = i === coordinates - 1;
        storeLimbs(steps, coordinate(operands, steps, i), last ? at(r, i) : at(waiting, i));
      }
      for (let i = 0; i < coordinates - 1; i++) copyElement(steps, at(waiting, i), at(r, i));
    });
  };
  return {
    mul: define("mul", { a: i32, b: i32, r: i32 }, ({ a, b }, steps, i) =>
      multiply(steps, load(steps, a), load(steps, b), i),
    ),
    square: define("square", { a: i32, r: i32 }, ({ a }, steps, i) => square(steps, load(steps, a), i)),
    subMul: define("subMul", { a: i32, b: i32, c: i32, r: i32 }, ({ a, b, c }, steps, i) =>
      multiply(steps, loadDifference(steps, a, b), load(steps, c), i),
    ),
    squareSub: define("squareSub", { a: i32, b: i32, c: i32, r: i32 }, ({ a, b, c }, steps, i) => {
      const { sub } = columnwise(steps);
      const squared = square(steps, load(steps, a), i);
      const rest = sub(sub(squared, loadLimbs(steps, at(b, i))), loadLimbs(steps, at(c, i)));
      return lift(steps, lift(steps, rest));
    }),
    subMulSub: define("subMulSub", { a: i32, b: i32, c: i32, d: i32, r: i32 }, ({ a, b, c, d }, steps, i) => {
      const product = multiply(steps, loadDifference(steps, a, b), load(steps, c), i);
      return lift(steps, columnwise(steps).sub(product, loadLimbs(steps, at(d, i))));
    }),
  };
}
