// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Code over vectors of a field on two lanes: the transform of integer/transform.ts, and quotients.
 *
 * A vector of n elements is n / 4 quads of neighbours, tight or just loaded; n is at least 8.
 *
 * @module
 */
import { invert } from "@noble/curves/abstract/modular.js";
import { FIELD_BYTES, LIMB_BITS, LIMBS } from "../integer/limbs.js";
import {
  type Code,
  type FunctionScope,
  i32,
  type Local,
  loopWhile,
  type ModuleWriter,
  v128,
} from "../wasm/writer.js";
import {
  addPair,
  type Constants,
  createLaneSteps,
  keepPair,
  LANE_LIMBS,
  LANE_RADIX_BITS,
  type LaneSteps,
  loadLaneBits,
  PAIRS,
  type Pair,
  pairAt,
  QUAD_BYTES,
  quadBytes,
  retighten,
  storeLaneBits,
  storePair,
  subPair,
} from "./field.js";

const ELEMENT_BYTES = 32;

/**
 * Adds functions over the field that {@link defineLaneField} has added under `prefix`:
 * - `load(vector, n, source)` and `store(vector, n, target)`: from and to canonical 32-byte little-endian elements, in
 *   whatever form these are;
 * - `toCoset(values, n, inverseRoots, scale, roots)`: as in integer/transform.ts; roots are elements of one lane each, the
 *   scale is a vector;
 * - `quotients(a, n, b, c)`: a becomes a b - c, out of the Montgomery form of integer/field.ts.
 */
export function defineLaneTransform(
  writer: ModuleWriter,
  prefix: string,
  p: bigint,
  constants: Constants,
): void {
  const f = (op: string, ...args: Code[]): Code => writer.call(`${prefix}_${op}`, ...args);
  const quad = (): Code => i32.const(writer.data(new Uint8Array(QUAD_BYTES)));
  const [factor, product] = [quad(), quad()];
  const plus = (pointer: Code, bytes: number): Code => i32.add(pointer, i32.const(bytes));
  const step = (local: Local, bytes: number): Code => local.set(plus(local.get, bytes));
  const steps = (scope: FunctionScope, body: (steps: LaneSteps) => void): Code => {
    const made = createLaneSteps(scope, constants);
    body(made);
    return made.code;
  };
  /** A function over the quads of a vector, its first parameter; its second is n. */
  const overQuads = (
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
          ...step(vector, QUAD_BYTES),
        ]),
      ];
    });

  /** The plain elements of a quad's pairs. */
  const plain = (pointer: Code, index: number): [Code, Code] => [
    plus(pointer, 2 * index * ELEMENT_BYTES),
    plus(pointer, (2 * index + 1) * ELEMENT_BYTES),
  ];
  overQuads("load", 3, (scope, [vector, , source]) => [
    ...steps(scope, (s) => {
      for (const [index, pair] of PAIRS.entries())
        storePair(s, loadLaneBits(s, ...plain(source!.get, index)), vector!.get, pair);
    }),
    ...step(source!, 4 * ELEMENT_BYTES),
  ]);
  overQuads("store", 3, (scope, [vector, , target]) => [
    ...steps(scope, (s) => {
      for (const [index, pair] of PAIRS.entries())
        storeLaneBits(s, p, keepPair(s, pairAt(vector!.get, pair)), ...plain(target!.get, index));
    }),
    ...step(target!, 4 * ELEMENT_BYTES),
  ]);

  // In that form x is x 2^261, and columns are divided by 2^255.
  const shift = LIMB_BITS * BigInt(LIMBS) - LANE_RADIX_BITS;
  const [ofProduct, ofC] = [2n * shift, shift].map((exponent) =>
    i32.const(writer.data(quadBytes(invert(1n << exponent, p), p))),
  ) as [Code, Code];
  overQuads("quotients", 4, (_, [a, , b, c]) => [
    ...f("mul", a!.get, b!.get, a!.get),
    ...f("columns", a!.get, ofProduct),
    ...f("subColumns", c!.get, ofC),
    ...f("reduce", a!.get),
    ...step(b!, QUAD_BYTES),
    ...step(c!, QUAD_BYTES),
  ]);
  overQuads("scale", 3, (_, [values, , scale]) => [
    ...f("mul", values!.get, scale!.get, values!.get),
    ...step(scale!, QUAD_BYTES),
  ]);

  /** Sum and difference of two pairs, tight again. */
  const butterfly = (s: LaneSteps, u: Pair, v: Pair): [sum: Pair, difference: Pair] => [
    retighten(s, p, addPair(s, u, v)),
    retighten(s, p, subPair(s, u, v)),
  ];
  const [FIRST, SECOND] = PAIRS;

  // Distance 1, both ways: the root is 1. The first elements of a quad's pairs meet the second ones.
  overQuads("neighbours", 2, (scope, [vector]) =>
    steps(scope, (s) => {
      const [left, right] = [pairAt(vector!.get, FIRST), pairAt(vector!.get, SECOND)];
      const merge = (of: typeof v128.firsts, a: Pair, b: Pair): Pair =>
        a.map((limb, i) => s.keep(of(limb, b[i]!)));
      const [sum, difference] = butterfly(
        s,
        merge(v128.firsts, left, right),
        merge(v128.seconds, left, right),
      );
      storePair(s, merge(v128.firsts, sum, difference), vector!.get, FIRST);
      storePair(s, merge(v128.seconds, sum, difference), vector!.get, SECOND);
    }),
  );

  // Distance 2: the pairs of a quad meet, and the roots are 1 and the one in the middle. Two quads at a time.
  const next = (vector: Local): Code => plus(vector.get, QUAD_BYTES);
  const middleRoots = (s: LaneSteps, n: Local, roots: Local): void => {
    const middle = i32.add(roots.get, i32.mul(i32.shrU(n.get, i32.const(2)), i32.const(FIELD_BYTES)));
    for (const pair of PAIRS) storePair(s, gatherPair(roots.get, middle), factor, pair);
  };
  overQuads("inverseHalves", 3, (scope, [vector, n, roots]) => [
    ...steps(scope, (s) => {
      for (const [index, at] of [vector!.get, next(vector!)].entries()) {
        const [u, v] = PAIRS.map((pair) => keepPair(s, pairAt(at, pair))) as [Pair, Pair];
        storePair(s, retighten(s, p, addPair(s, u, v)), at, FIRST);
        storePair(s, subPair(s, u, v), product, PAIRS[index]!);
      }
      middleRoots(s, n!, roots!);
    }),
    ...f("mul", product, factor, product),
    ...steps(scope, (s) => {
      for (const [index, at] of [vector!.get, next(vector!)].entries())
        storePair(s, pairAt(product, PAIRS[index]!), at, SECOND);
    }),
    ...step(vector!, QUAD_BYTES),
  ]);
  overQuads("halves", 3, (scope, [vector, n, roots]) => [
    ...steps(scope, (s) => {
      for (const [index, at] of [vector!.get, next(vector!)].entries())
        storePair(s, pairAt(at, SECOND), product, PAIRS[index]!);
      middleRoots(s, n!, roots!);
    }),
    ...f("mul", product, factor, product),
    ...steps(scope, (s) => {
      for (const [index, at] of [vector!.get, next(vector!)].entries()) {
        const [u, v] = [keepPair(s, pairAt(at, FIRST)), keepPair(s, pairAt(product, PAIRS[index]!))];
        const [sum, difference] = butterfly(s, u, v);
        storePair(s, sum, at, FIRST);
        storePair(s, difference, at, SECOND);
      }
    }),
    ...step(vector!, QUAD_BYTES),
  ]);

  // One layer of butterflies at distance `length` of at least 4, for both directions.
  const layer = (name: string, body: (scope: FunctionScope, u: Code, v: Code) => Code): void =>
    writer.define(`${prefix}_${name}`, 4, "none", (scope) => {
      const [values, n, length, roots] = scope.params as [Local, Local, Local, Local];
      const [u, v, blockEnd, end] = [0, 1, 2, 3].map(() => scope.i32()) as [Local, Local, Local, Local];
      const [root, distance, stride] = [0, 1, 2].map(() => scope.i32()) as [Local, Local, Local];
      const nextRoot: Code = root.set(i32.add(root.get, i32.shl(stride.get, i32.const(1))));
      const block: Code = [
        ...root.set(roots.get),
        ...v.set(i32.add(u.get, distance.get)),
        ...blockEnd.set(v.get),
        ...loopWhile(i32.ltU(u.get, blockEnd.get), [
          ...PAIRS.flatMap((pair) => [
            ...steps(scope, (s) =>
              storePair(s, gatherPair(root.get, i32.add(root.get, stride.get)), factor, pair),
            ),
            ...nextRoot,
          ]),
          ...body(scope, u.get, v.get),
          ...step(u, QUAD_BYTES),
          ...step(v, QUAD_BYTES),
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
  layer("inverseLayer", (scope, u, v) => [
    ...steps(scope, (s) => {
      for (const pair of PAIRS) {
        const [a, b] = [keepPair(s, pairAt(u, pair)), keepPair(s, pairAt(v, pair))];
        storePair(s, subPair(s, a, b), v, pair);
        storePair(s, retighten(s, p, addPair(s, a, b)), u, pair);
      }
    }),
    ...f("mul", v, factor, v),
  ]);
  layer("layer", (scope, u, v) => [
    ...f("mul", v, factor, product),
    ...steps(scope, (s) => {
      for (const pair of PAIRS) {
        const [a, b] = [keepPair(s, pairAt(u, pair)), keepPair(s, pairAt(product, pair))];
        const [sum, difference] = butterfly(s, a, b);
        storePair(s, sum, u, pair);
        storePair(s, difference, v, pair);
      }
    }),
  ]);

  writer.define(`${prefix}_toCoset`, 5, "none", (scope) => {
    const [values, n, inverseRoots, scale, roots] = scope.params as [Local, Local, Local, Local, Local];
    const length = scope.i32();
    return [
      ...length.set(i32.shrU(n.get, i32.const(1))),
      ...loopWhile(i32.ne(length.get, i32.const(2)), [
        ...f("inverseLayer", values.get, n.get, length.get, inverseRoots.get),
        ...length.set(i32.shrU(length.get, i32.const(1))),
      ]),
      ...f("inverseHalves", values.get, n.get, inverseRoots.get),
      ...f("neighbours", values.get, n.get),
      ...f("scale", values.get, n.get, scale.get),
      ...f("neighbours", values.get, n.get),
      ...f("halves", values.get, n.get, roots.get),
      ...length.set(i32.const(4)),
      ...loopWhile(i32.ltU(length.get, n.get), [
        ...f("layer", values.get, n.get, length.get, roots.get),
        ...length.set(i32.shl(length.get, i32.const(1))),
      ]),
    ];
  });
}

/** Two elements of one lane each as a pair. */
const gatherPair = (first: Code, second: Code): Pair =>
  Array.from({ length: LANE_LIMBS }, (_, i) => v128.gather(first, second, 8 * i));
