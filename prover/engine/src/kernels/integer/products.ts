// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Code of the products of a prime field and of its quadratic extension, with the sums before and after them: these
 * cost little where limbs are in registers already, and much as functions of their own.
 *
 * @module
 */

import { type Code, i32, type ModuleWriter } from "../wasm/writer.js";
import {
  columnwise,
  copyElement,
  createDefiner,
  FIELD_BYTES,
  liftNegative,
  loadLimbs,
  type Steps,
  storeLimbs,
} from "./limbs.js";

/** A field as coordinates over a prime field, each as limbs. */
export interface Tower {
  readonly coordinates: number;
  /**
   * One coordinate of a product, of values given with limbs below 2^29 in magnitude, which may be negative; each product
   * of two coordinates' bounds is at most 16 p^2. It is below 2p, carries not moved.
   */
  multiply(steps: Steps, a: Code[][], b: Code[][], coordinate: number): Code[];
  square(steps: Steps, a: Code[][], coordinate: number): Code[];
}

/**
 * Adds `mul(a, b, r)`, `square(a, r)`, `subMul(a, b, c, r)` = (a - b) c, and two with results in [0, 2p) in each
 * coordinate: `squareSub(a, b, c, r)` = a^2 - b - c, `subMulSub(a, b, c, d, r)` = (a - b) c - d.
 */
export function defineProducts(writer: ModuleWriter, prefix: string, p: bigint, tower: Tower): void {
  const { multiply, square, coordinates } = tower;
  const at = (pointer: Code, i: number): Code => i32.add(pointer, i32.const(i * FIELD_BYTES));
  const load = (steps: Steps, pointer: Code): Code[][] =>
    Array.from({ length: coordinates }, (_, i) => loadLimbs(steps, at(pointer, i)));
  const sub = (steps: Steps, a: Code[][], b: Code[][]): Code[][] =>
    a.map((limbs, i) => columnwise(steps).sub(limbs, b[i]!));
  const lift = (steps: Steps, limbs: Code[]): Code[] => liftNegative(steps, limbs, 2n * p);

  // One coordinate after the other, operands loaded anew for each: registers do not suffice for two at a time. The result
  // may take an operand's place, so all but the last coordinate wait in memory of their own.
  const define = (
    op: string,
    params: number,
    body: (steps: Steps, operands: readonly Code[], coordinate: number) => Code[],
  ): void => {
    const waiting = i32.const(writer.data(new Uint8Array((coordinates - 1) * FIELD_BYTES)));
    createDefiner(writer, prefix)(op, params, (steps, pointers) => {
      const result = pointers.at(-1)!;
      for (let i = 0; i < coordinates; i++) {
        const last = i === coordinates - 1;
        storeLimbs(steps, body(steps, pointers, i), last ? at(result, i) : at(waiting, i));
      }
      for (let i = 0; i < coordinates - 1; i++) copyElement(steps, at(waiting, i), at(result, i));
    });
  };
  define("mul", 3, (steps, [a, b], i) => multiply(steps, load(steps, a!), load(steps, b!), i));
  define("square", 2, (steps, [a], i) => square(steps, load(steps, a!), i));
  define("subMul", 4, (steps, [a, b, c], i) =>
    multiply(steps, sub(steps, load(steps, a!), load(steps, b!)), load(steps, c!), i),
  );
  define("squareSub", 4, (steps, [a, b, c], i) => {
    const { sub } = columnwise(steps);
    const squared = square(steps, load(steps, a!), i);
    const rest = sub(sub(squared, loadLimbs(steps, at(b!, i))), loadLimbs(steps, at(c!, i)));
    return lift(steps, lift(steps, rest));
  });
  define("subMulSub", 5, (steps, [a, b, c, d], i) => {
    const product = multiply(steps, sub(steps, load(steps, a!), load(steps, b!)), load(steps, c!), i);
    return lift(steps, columnwise(steps).sub(product, loadLimbs(steps, at(d!, i))));
  });
}
