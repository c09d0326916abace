// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Code of the products of a prime field and of its quadratic extension, with the sums before and after them: these
 * cost little where limbs are in registers already, and much as functions of their own.
 *
 * @module
 */
import { FIELD_BYTES } from "./field-code.js";
import { columnwise, createDefiner, liftNegative, loadLimbs, type Steps, storeLimbs } from "./limb-code.js";
import { type Code, i32, type ModuleWriter } from "./wasm-writer.js";

/** A field as coordinates over a prime field, each as limbs. */
export interface Tower {
  readonly coordinates: number;
  /**
   * Of values given with limbs below 2^29 in magnitude, which may be negative; each product of two coordinates' bounds
   * is at most 16 p^2. Results are below 2p, carries not moved.
   */
  multiply(steps: Steps, a: Code[][], b: Code[][]): Code[][];
  square(steps: Steps, a: Code[][]): Code[][];
}

/**
 * Adds `mul(a, b, r)`, `square(a, r)`, `subMul(a, b, c, r)` = (a - b) c, and two with results in [0, 2p) in each
 * coordinate: `squareSub(a, b, c, r)` = a^2 - b - c, `subMulSub(a, b, c, d, r)` = (a - b) c - d.
 */
export function defineProducts(writer: ModuleWriter, prefix: string, p: bigint, tower: Tower): void {
  const { multiply, square } = tower;
  const define = createDefiner(writer, prefix);
  const each = <T>(action: (coordinate: number) => T): T[] =>
    Array.from({ length: tower.coordinates }, (_, i) => action(i));
  const at = (pointer: Code, i: number): Code => i32.add(pointer, i32.const(i * FIELD_BYTES));
  const load = (steps: Steps, pointer: Code): Code[][] => each((i) => loadLimbs(steps, at(pointer, i)));
  const sub = (steps: Steps, a: Code[][], b: Code[][]): Code[][] =>
    each((i) => columnwise(steps).sub(a[i]!, b[i]!));
  const lift = (steps: Steps, a: Code[][]): Code[][] => a.map((limbs) => liftNegative(steps, limbs, 2n * p));
  const store = (steps: Steps, a: Code[][], pointer: Code): void => {
    for (const [i, limbs] of a.entries()) storeLimbs(steps, limbs, at(pointer, i));
  };

  define("mul", 3, (steps, [a, b, r]) => {
    store(steps, multiply(steps, load(steps, a!), load(steps, b!)), r!);
  });
  define("square", 2, (steps, [a, r]) => {
    store(steps, square(steps, load(steps, a!)), r!);
  });
  define("subMul", 4, (steps, [a, b, c, r]) => {
    const difference = sub(steps, load(steps, a!), load(steps, b!));
    store(steps, multiply(steps, difference, load(steps, c!)), r!);
  });
  define("squareSub", 4, (steps, [a, b, c, r]) => {
    const squared = square(steps, load(steps, a!));
    const rest = sub(steps, sub(steps, squared, load(steps, b!)), load(steps, c!));
    store(steps, lift(steps, lift(steps, rest)), r!);
  });
  define("subMulSub", 5, (steps, [a, b, c, d, r]) => {
    const difference = sub(steps, load(steps, a!), load(steps, b!));
    const product = multiply(steps, difference, load(steps, c!));
    store(steps, lift(steps, sub(steps, product, load(steps, d!))), r!);
  });
}
