// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Code over vectors of a field on two lanes: the transform of transform-code.ts, and quotients.
 *
 * A vector of n elements is n / 2 pairs of neighbours, tight or just loaded; n is at least 4.
 *
 * @module
 */
import {
  addPair,
  type Constants,
  createLaneSteps,
  keepPair,
  LANE_RADIX_BITS,
  type LaneSteps,
  loadLaneBits,
  PAIR_BYTES,
  type Pair,
  pairAt,
  pairBytes,
  retighten,
  storeLaneBits,
  storePair,
  subPair,
} from "./lane-code.js";
import { FIELD_BYTES, LIMB_BITS, LIMBS } from "./limb-code.js";
import {
  type Code,
  type FunctionScope,
  i32,
  type Local,
  loopWhile,
  type ModuleWriter,
  v128,
} from "./wasm-writer.js";

const ELEMENT_BYTES = 32;

/**
 * Adds functions over the field that {@link defineLaneField} has added under `prefix`:
 * - `load(vector, n, source)` and `store(vector, n, target)`: from and to canonical 32-byte little-endian elements, in
 *   whatever form these are;
 * - `toCoset(values, n, inverseRoots, scale, roots)`: as in transform-code.ts; roots are elements of one lane each, the
 *   scale is a vector;
 * - `quotients(a, n, b, c)`: a becomes a b - c, out of the Montgomery form of field-code.ts.
 */
export function defineLaneTransform(
  writer: ModuleWriter,
  prefix: string,
  p: bigint,
  constants: Constants,
): void {
  const f = (op: string, ...args: Code[]): Code => writer.call(`${prefix}_${op}`, ...args);
  const [factor, product] = [0, 1].map(() => i32.const(writer.data(new Uint8Array(PAIR_BYTES)))) as [
    Code,
    Code,
  ];
  const second = (pointer: Code): Code => i32.add(pointer, i32.const(ELEMENT_BYTES));
  const step = (local: Local, bytes: number): Code => local.set(i32.add(local.get, i32.const(bytes)));
  const steps = (scope: FunctionScope, body: (steps: LaneSteps) => void): Code => {
    const made = createLaneSteps(scope, constants);
    body(made);
    return made.code;
  };
  /** A function over the n / 2 pairs of a vector, its first parameter; its second is n. */
  const overPairs = (
    op: string,
    params: number,
    body: (scope: FunctionScope, pointers: readonly Local[]) => Code,
  ): void =>
    writer.define(`${prefix}_${op}`, params, "none", (scope) => {
      const [vector, n] = scope.params as [Local, Local];
      const end = scope.i32();
      return [
        ...end.set(i32.add(vector.get, i32.mul(n.get, i32.const(FIELD_BYTES)))),
        ...loopWhile(i32.ltU(vector.get, end.get), [
          ...body(scope, scope.params),
          ...step(vector, PAIR_BYTES),
        ]),
      ];
    });

  overPairs("load", 3, (scope, [vector, , source]) => [
    ...steps(scope, (s) => storePair(s, loadLaneBits(s, source!.get, second(source!.get)), vector!.get)),
    ...step(source!, 2 * ELEMENT_BYTES),
  ]);
  overPairs("store", 3, (scope, [vector, , target]) => [
    ...steps(scope, (s) =>
      storeLaneBits(s, p, keepPair(s, pairAt(vector!.get)), target!.get, second(target!.get)),
    ),
    ...step(target!, 2 * ELEMENT_BYTES),
  ]);

  // In that form x is x 2^261, and columns are divided by 2^255.
  const shift = LIMB_BITS * BigInt(LIMBS) - LANE_RADIX_BITS;
  const power = (exponent: bigint): Code => {
    const half = (p + 1n) / 2n;
    let value = 1n;
    for (let i = 0n; i < exponent; i++) value = (value * half) % p;
    return i32.const(writer.data(pairBytes(value, p)));
  };
  const [ofProduct, ofC] = [power(2n * shift), power(shift)];
  overPairs("quotients", 4, (_, [a, , b, c]) => [
    ...f("mul", a!.get, b!.get, a!.get),
    ...f("columns", a!.get, ofProduct),
    ...f("subColumns", c!.get, ofC),
    ...f("reduce", a!.get),
    ...step(b!, PAIR_BYTES),
    ...step(c!, PAIR_BYTES),
  ]);
  overPairs("scale", 3, (_, [values, , scale]) => [
    ...f("mul", values!.get, scale!.get, values!.get),
    ...step(scale!, PAIR_BYTES),
  ]);

  // Neighbours, both ways: the root is 1. Two pairs at a time: the first elements of both, and the second.
  overPairs("neighbours", 2, (scope, [vector]) => [
    ...steps(scope, (s) => {
      const [left, right] = [pairAt(vector!.get), pairAt(i32.add(vector!.get, i32.const(PAIR_BYTES)))];
      const merge = (of: typeof v128.firsts, a: Pair, b: Pair): Pair =>
        a.map((limb, i) => s.keep(of(limb, b[i]!)));
      const [u, v] = [merge(v128.firsts, left, right), merge(v128.seconds, left, right)];
      const [sum, difference] = [retighten(s, p, addPair(s, u, v)), retighten(s, p, subPair(s, u, v))];
      storePair(s, merge(v128.firsts, sum, difference), vector!.get);
      storePair(s, merge(v128.seconds, sum, difference), i32.add(vector!.get, i32.const(PAIR_BYTES)));
    }),
    ...step(vector!, PAIR_BYTES),
  ]);

  // One layer of butterflies at distance `length` of at least 2, for both directions.
  const layer = (
    name: string,
    butterfly: (scope: FunctionScope, u: Code, v: Code, root: Code, next: Code) => Code,
  ): void =>
    writer.define(`${prefix}_${name}`, 4, "none", (scope) => {
      const [values, n, length, roots] = scope.params as [Local, Local, Local, Local];
      const [u, v, blockEnd, end] = [0, 1, 2, 3].map(() => scope.i32()) as [Local, Local, Local, Local];
      const [root, distance, stride] = [0, 1, 2].map(() => scope.i32()) as [Local, Local, Local];
      const block: Code = [
        ...root.set(roots.get),
        ...v.set(i32.add(u.get, distance.get)),
        ...blockEnd.set(v.get),
        ...loopWhile(i32.ltU(u.get, blockEnd.get), [
          ...butterfly(scope, u.get, v.get, root.get, i32.add(root.get, stride.get)),
          ...step(u, PAIR_BYTES),
          ...step(v, PAIR_BYTES),
          ...root.set(i32.add(root.get, i32.shl(stride.get, i32.const(1)))),
        ]),
        ...u.set(v.get),
      ];
      return [
        ...u.set(values.get),
        ...end.set(i32.add(values.get, i32.mul(n.get, i32.const(FIELD_BYTES)))),
        ...distance.set(i32.mul(length.get, i32.const(FIELD_BYTES))),
        ...stride.set(i32.mul(i32.divU(i32.shrU(n.get, i32.const(1)), length.get), i32.const(FIELD_BYTES))),
        ...loopWhile(i32.ltU(u.get, end.get), block),
      ];
    });
  const roots = (s: LaneSteps, root: Code, next: Code): void =>
    storePair(
      s,
      Array.from({ length: PAIR_BYTES / 16 }, (_, i) => v128.gather(root, next, 8 * i)),
      factor,
    );
  layer("inverseLayer", (scope, u, v, root, next) => [
    ...steps(scope, (s) => {
      const [a, b] = [keepPair(s, pairAt(u)), keepPair(s, pairAt(v))];
      storePair(s, subPair(s, a, b), v);
      storePair(s, retighten(s, p, addPair(s, a, b)), u);
      roots(s, root, next);
    }),
    ...f("mul", v, factor, v),
  ]);
  layer("layer", (scope, u, v, root, next) => [
    ...steps(scope, (s) => roots(s, root, next)),
    ...f("mul", v, factor, product),
    ...steps(scope, (s) => {
      const [a, b] = [keepPair(s, pairAt(u)), keepPair(s, pairAt(product))];
      storePair(s, retighten(s, p, addPair(s, a, b)), u);
      storePair(s, retighten(s, p, subPair(s, a, b)), v);
    }),
  ]);

  writer.define(`${prefix}_toCoset`, 5, "none", (scope) => {
    const [values, n, inverseRoots, scale, roots] = scope.params as [Local, Local, Local, Local, Local];
    const length = scope.i32();
    return [
      ...length.set(i32.shrU(n.get, i32.const(1))),
      ...loopWhile(i32.ne(length.get, i32.const(1)), [
        ...f("inverseLayer", values.get, n.get, length.get, inverseRoots.get),
        ...length.set(i32.shrU(length.get, i32.const(1))),
      ]),
      ...f("neighbours", values.get, n.get),
      ...f("scale", values.get, n.get, scale.get),
      ...f("neighbours", values.get, n.get),
      ...length.set(i32.const(2)),
      ...loopWhile(i32.ltU(length.get, n.get), [
        ...f("layer", values.get, n.get, length.get, roots.get),
        ...length.set(i32.shl(length.get, i32.const(1))),
      ]),
    ];
  });
}
