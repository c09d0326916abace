// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Code over vectors of a field: the number-theoretic transform that takes a polynomial's values on a domain to its values on a coset. Vectors hold elements below 2p.
 *
 * @module
 */
import {
  advance,
  type Code,
  i32,
  type Local,
  loopWhile,
  type ModuleWriter,
  type Operand,
  type Steps,
} from "../wasm/writer.js";
import { elementBytes, type PrimeField } from "./field.js";
import { FIELD_BYTES } from "./limbs.js";

const ELEMENT_BYTES = 32;

/** What both sets of kernels do with vectors. */
export interface Transform {
  /** From and to canonical 32-byte little-endian elements, in whatever form these are; `store` reduces in place. */
  load(vector: Operand, n: Operand, source: Operand): Code;
  store(vector: Operand, n: Operand, target: Operand): Code;
  /** a becomes a b - c, out of Montgomery form. */
  quotients(a: Operand, n: Operand, b: Operand, c: Operand): Code;
  /**
   * In place, values on the n-th roots of unity to values on their coset. Inverse transform from natural to bit-reversed
   * order, coefficients times `scale` (shift^i / n, in bit-reversed order), transform back to natural order: nothing is
   * ever permuted. `roots` holds w^0 to w^(n/2 - 1), `inverseRoots` their inverses.
   */
  toCoset(values: Operand, n: Operand, inverseRoots: Operand, scale: Operand, roots: Operand): Code;
}

/** What only the kernels on integers do. */
export interface Elementwise {
  /** target = a b, place by place. */
  products(a: Operand, n: Operand, b: Operand, target: Operand): Code;
}

const bytesOf = (count: Operand): Code => i32.mul(count, FIELD_BYTES);

/** Adds functions over vectors of a field. */
export function defineTransform(module: ModuleWriter, field: PrimeField): Transform & Elementwise {
  return { ...defineElementwise(module, field), toCoset: defineToCoset(module, field) };
}

/** Code for each element of a vector, while other pointers move on by so many bytes. */
function forEach(
  steps: Steps,
  vector: Local,
  n: Local,
  others: readonly (readonly [pointer: Local, bytes: number])[],
  body: Code,
): Code {
  const end = steps.variable(i32);
  return [
    end.set(i32.add(vector, bytesOf(n))),
    loopWhile(i32.ltU(vector, end), [
      body,
      advance(vector, FIELD_BYTES),
      others.map(([pointer, bytes]) => advance(pointer, bytes)),
    ]),
  ];
}

function defineElementwise(
  module: ModuleWriter,
  field: PrimeField,
): Omit<Transform, "toCoset"> & Elementwise {
  const { define } = module;
  const plainOne = module.data(elementBytes(1n));
  return {
    load: define("load", { vector: i32, n: i32, source: i32 }, ({ vector, n, source }, steps) =>
      forEach(steps, vector, n, [[source, ELEMENT_BYTES]], field.fromBytes(source, vector)),
    ),
    store: define("store", { vector: i32, n: i32, target: i32 }, ({ vector, n, target }, steps) =>
      forEach(
        steps,
        vector,
        n,
        [[target, ELEMENT_BYTES]],
        [field.reduce(vector), field.toBytes(vector, target)],
      ),
    ),
    products: define("products", { a: i32, n: i32, b: i32, target: i32 }, ({ a, n, b, target }, steps) => {
      const others = [b, target].map((pointer) => [pointer, FIELD_BYTES] as const);
      return forEach(steps, a, n, others, field.mul(a, b, target));
    }),
    quotients: define("quotients", { a: i32, n: i32, b: i32, c: i32 }, ({ a, n, b, c }, steps) => {
      const others = [b, c].map((pointer) => [pointer, FIELD_BYTES] as const);
      const body = [field.mul(a, b, a), field.difference(a, c, a), field.mul(a, plainOne, a)];
      return forEach(steps, a, n, others, body);
    }),
  };
}

type Butterfly = PrimeField["butterfly"];

/** One layer of butterflies at distance `length`. */
function defineLayer(module: ModuleWriter, name: string, butterfly: Butterfly) {
  const params = { values: i32, n: i32, length: i32, roots: i32 };
  return module.define(name, params, ({ values, n, length, roots }, steps) => {
    const { u, blockEnd, end } = steps.variables({ u: i32, blockEnd: i32, end: i32 });
    const { root, distance, stride } = steps.variables({ root: i32, distance: i32, stride: i32 });
    const block: Code = [
      root.set(roots),
      blockEnd.set(i32.add(u, distance)),
      loopWhile(i32.ltU(u, blockEnd), [
        butterfly(u, i32.add(u, distance), root),
        advance(u, FIELD_BYTES),
        advance(root, stride),
      ]),
      advance(u, distance),
    ];
    return [
      u.set(values),
      end.set(i32.add(values, bytesOf(n))),
      distance.set(bytesOf(length)),
      stride.set(bytesOf(i32.divU(i32.shrU(n, 1), length))),
      loopWhile(i32.ltU(u, end), block),
    ];
  });
}

function defineToCoset(module: ModuleWriter, field: PrimeField): Transform["toCoset"] {
  const inverseLayer = defineLayer(module, "inverseLayer", field.inverseButterfly);
  const layer = defineLayer(module, "layer", field.butterfly);
  const params = { values: i32, n: i32, inverseRoots: i32, scale: i32, roots: i32 };
  return module.define("toCoset", params, ({ values, n, inverseRoots, scale, roots }, steps) => {
    const { length, offset, end } = steps.variables({ length: i32, offset: i32, end: i32 });
    const value = i32.add(values, offset);
    return [
      length.set(n),
      loopWhile(i32.ne(length.tee(i32.shrU(length, 1)), 0), inverseLayer(values, n, length, inverseRoots)),
      end.set(bytesOf(n)),
      loopWhile(i32.ltU(offset, end), [
        field.mul(value, i32.add(scale, offset), value),
        advance(offset, FIELD_BYTES),
      ]),
      length.set(1),
      loopWhile(i32.ltU(length, n), [layer(values, n, length, roots), length.set(i32.shl(length, 1))]),
    ];
  });
}
