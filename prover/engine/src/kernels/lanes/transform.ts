// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Code over vectors of a field on two lanes: the transform of integer/transform.ts, and quotients.
 *
 * A vector of n elements is n / 4 quads of neighbours, tight or just loaded; n is at least 8. Roots are elements of one lane
 * each, the scale is a vector.
 *
 * @module
 */
import { invert } from "../../field.js";
import { FIELD_BYTES, LIMB_BITS, LIMBS } from "../integer/limbs.js";
import type { Transform } from "../integer/transform.js";
import {
  advance,
  type Callable,
  type Code,
  i32,
  type Local,
  loopWhile,
  type ModuleWriter,
  type Operand,
  type Steps,
  v128,
} from "../wasm/writer.js";
import type { LaneField } from "./field.js";
import {
  addPair,
  type Constants,
  gatherPair,
  keepPair,
  LANE_RADIX_BITS,
  type LaneSteps,
  loadLaneBits,
  onLanes,
  PAIRS,
  type Pair,
  pairAt,
  QUAD,
  QUAD_BYTES,
  quadBytes,
  retighten,
  storeLaneBits,
  storePair,
  subPair,
} from "./pairs.js";

const ELEMENT_BYTES = 32;
const [FIRST, SECOND] = PAIRS;

export interface LaneTransform extends Transform {
  /** values = values scale, place by place. */
  scale(values: Operand, n: Operand, scale: Operand): Code;
}

/** What the functions have in common. */
interface Context {
  readonly field: LaneField;
  readonly p: bigint;
  /** Addresses of quads: roots, and what was multiplied by them. */
  readonly factor: number;
  readonly product: number;
  /** Code on lanes, for a place within a loop. */
  lanes(steps: Steps, body: (steps: LaneSteps) => void): Code;
}

const plus = (pointer: Operand, bytes: number): Code => i32.add(pointer, bytes);
const bytesOf = (count: Operand): Code => i32.mul(count, FIELD_BYTES);

/** Adds functions over vectors of a field on lanes. */
export function defineLaneTransform(
  module: ModuleWriter,
  field: LaneField,
  p: bigint,
  constants: Constants,
): LaneTransform {
  const context: Context = {
    ...{ field, p },
    ...module.rooms(QUAD_BYTES, "factor", "product"),
    lanes: (steps, body) => steps.block((inner) => body(onLanes(inner, constants))),
  };
  const formats = defineFormats(module, context);
  const quotients = defineQuotients(module, context);
  const scale = module.define("scale", { values: i32, n: i32, scale: i32 }, (params, steps) => {
    const { values, n, scale } = params;
    return forEachQuad(steps, values, n, () => [
      field.mul(values, scale, values),
      advance(scale, QUAD_BYTES),
    ]);
  });
  return { ...formats, quotients, scale, toCoset: defineToCoset(module, context, scale) };
}

/** Code for each quad of a vector. */
function forEachQuad(steps: Steps, vector: Local, n: Local, body: () => Code): Code {
  const end = steps.variable(i32);
  return [
    end.set(i32.add(vector, bytesOf(n))),
    loopWhile(i32.ltU(vector, end), [body(), advance(vector, QUAD_BYTES)]),
  ];
}

function defineFormats(module: ModuleWriter, { p, lanes }: Context): Pick<Transform, "load" | "store"> {
  /** The plain elements of a quad's pairs. */
  const plain = (pointer: Local, index: number) =>
    [plus(pointer, 2 * index * ELEMENT_BYTES), plus(pointer, (2 * index + 1) * ELEMENT_BYTES)] as const;
  const load = module.define("load", { vector: i32, n: i32, source: i32 }, ({ vector, n, source }, steps) =>
    forEachQuad(steps, vector, n, () => [
      lanes(steps, (s) => {
        for (const [index, pair] of PAIRS.entries())
          storePair(s, loadLaneBits(s, ...plain(source, index)), vector, pair);
      }),
      advance(source, QUAD * ELEMENT_BYTES),
    ]),
  );
  const store = module.define("store", { vector: i32, n: i32, target: i32 }, ({ vector, n, target }, steps) =>
    forEachQuad(steps, vector, n, () => [
      lanes(steps, (s) => {
        for (const [index, pair] of PAIRS.entries())
          storeLaneBits(s, p, keepPair(s, pairAt(vector, pair)), ...plain(target, index));
      }),
      advance(target, QUAD * ELEMENT_BYTES),
    ]),
  );
  return { load, store };
}

function defineQuotients(module: ModuleWriter, { field, p }: Context): Transform["quotients"] {
  // In the Montgomery form of integer/field.ts x is x 2^261, and columns are divided by 2^255.
  const shift = LIMB_BITS * BigInt(LIMBS) - LANE_RADIX_BITS;
  const factor = (exponent: bigint): number => module.data(quadBytes(invert(1n << exponent, p), p));
  const [ofProduct, ofC] = [factor(2n * shift), factor(shift)];
  return module.define("quotients", { a: i32, n: i32, b: i32, c: i32 }, ({ a, n, b, c }, steps) =>
    forEachQuad(steps, a, n, () => [
      field.mul(a, b, a),
      field.columns(a, ofProduct),
      field.subColumns(c, ofC),
      field.reduce(a),
      advance(b, QUAD_BYTES),
      advance(c, QUAD_BYTES),
    ]),
  );
}

/** Sum and difference of two pairs, tight again. */
const butterfly = (s: LaneSteps, p: bigint, u: Pair, v: Pair): [sum: Pair, difference: Pair] => [
  retighten(s, p, addPair(s, u, v)),
  retighten(s, p, subPair(s, u, v)),
];

/** Distance 1, both ways: the root is 1. The first elements of a quad's pairs meet the second ones. */
function defineNeighbours(module: ModuleWriter, { p, lanes }: Context) {
  return module.define("neighbours", { vector: i32, n: i32 }, ({ vector, n }, steps) =>
    forEachQuad(steps, vector, n, () =>
      lanes(steps, (s) => {
        const [left, right] = [pairAt(vector, FIRST), pairAt(vector, SECOND)];
        const merge = (of: typeof v128.firsts, a: Pair, b: Pair): Pair =>
          a.map((limb, i) => s.keep(of(limb, b[i]!)));
        const [firsts, seconds] = [merge(v128.firsts, left, right), merge(v128.seconds, left, right)];
        const [sum, difference] = butterfly(s, p, firsts, seconds);
        storePair(s, merge(v128.firsts, sum, difference), vector, FIRST);
        storePair(s, merge(v128.seconds, sum, difference), vector, SECOND);
      }),
    ),
  );
}

const HALVES = { vector: i32, n: i32, roots: i32 };
type Halves = Callable<typeof HALVES>;

/** The roots at distance 2 as a quad: one and the one in the middle, twice. */
function storeMiddleRoots(s: LaneSteps, n: Local, roots: Local, target: number): void {
  const middle = i32.add(roots, bytesOf(i32.shrU(n, 2)));
  for (const pair of PAIRS) storePair(s, gatherPair(roots, middle), target, pair);
}

/** Two quads at a time, with the place of what the roots are for. */
const quadsFrom = (vector: Local): readonly (readonly [quad: Operand, place: number])[] => [
  [vector, FIRST],
  [plus(vector, QUAD_BYTES), SECOND],
];

/** Distance 2: the pairs of a quad meet. */
function defineInverseHalves(module: ModuleWriter, { field, p, factor, product, lanes }: Context): Halves {
  return module.define("inverseHalves", HALVES, ({ vector, n, roots }, steps) =>
    forEachQuad(steps, vector, n, () => [
      lanes(steps, (s) => {
        for (const [quad, place] of quadsFrom(vector)) {
          const [u, v] = [keepPair(s, pairAt(quad, FIRST)), keepPair(s, pairAt(quad, SECOND))];
          storePair(s, retighten(s, p, addPair(s, u, v)), quad, FIRST);
          storePair(s, subPair(s, u, v), product, place);
        }
        storeMiddleRoots(s, n, roots, factor);
      }),
      field.mul(product, factor, product),
      lanes(steps, (s) => {
        for (const [quad, place] of quadsFrom(vector)) storePair(s, pairAt(product, place), quad, SECOND);
      }),
      advance(vector, QUAD_BYTES),
    ]),
  );
}

function defineHalves(module: ModuleWriter, { field, p, factor, product, lanes }: Context): Halves {
  return module.define("halves", HALVES, ({ vector, n, roots }, steps) =>
    forEachQuad(steps, vector, n, () => [
      lanes(steps, (s) => {
        for (const [quad, place] of quadsFrom(vector)) storePair(s, pairAt(quad, SECOND), product, place);
        storeMiddleRoots(s, n, roots, factor);
      }),
      field.mul(product, factor, product),
      lanes(steps, (s) => {
        for (const [quad, place] of quadsFrom(vector)) {
          const [u, v] = [keepPair(s, pairAt(quad, FIRST)), keepPair(s, pairAt(product, place))];
          const [sum, difference] = butterfly(s, p, u, v);
          storePair(s, sum, quad, FIRST);
          storePair(s, difference, quad, SECOND);
        }
      }),
      advance(vector, QUAD_BYTES),
    ]),
  );
}

/** What a layer does with the quads at u and v, for which `factor` holds the roots. */
type Meet = (steps: Steps, u: Local, v: Local) => Code;

/** One layer of butterflies at distance `length` of at least 4. */
function defineLayer(module: ModuleWriter, name: string, { factor, lanes }: Context, meet: Meet) {
  const params = { values: i32, n: i32, length: i32, roots: i32 };
  return module.define(name, params, ({ values, n, length, roots }, steps) => {
    const { u, v, blockEnd, end } = steps.variables({ u: i32, v: i32, blockEnd: i32, end: i32 });
    const { root, distance, stride } = steps.variables({ root: i32, distance: i32, stride: i32 });
    const readRoots = (pair: number): Code => [
      lanes(steps, (s) => storePair(s, gatherPair(root, i32.add(root, stride)), factor, pair)),
      advance(root, i32.shl(stride, 1)),
    ];
    const block: Code = [
      root.set(roots),
      v.set(i32.add(u, distance)),
      blockEnd.set(v),
      loopWhile(i32.ltU(u, blockEnd), [
        PAIRS.map(readRoots),
        meet(steps, u, v),
        advance(u, QUAD_BYTES),
        advance(v, QUAD_BYTES),
      ]),
      u.set(v),
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

function defineInverseLayer(module: ModuleWriter, context: Context) {
  const { field, p, factor, lanes } = context;
  return defineLayer(module, "inverseLayer", context, (steps, u, v) => [
    lanes(steps, (s) => {
      for (const pair of PAIRS) {
        const [a, b] = [keepPair(s, pairAt(u, pair)), keepPair(s, pairAt(v, pair))];
        storePair(s, subPair(s, a, b), v, pair);
        storePair(s, retighten(s, p, addPair(s, a, b)), u, pair);
      }
    }),
    field.mul(v, factor, v),
  ]);
}

function defineForwardLayer(module: ModuleWriter, context: Context) {
  const { field, p, factor, product, lanes } = context;
  return defineLayer(module, "layer", context, (steps, u, v) => [
    field.mul(v, factor, product),
    lanes(steps, (s) => {
      for (const pair of PAIRS) {
        const [a, b] = [keepPair(s, pairAt(u, pair)), keepPair(s, pairAt(product, pair))];
        const [sum, difference] = butterfly(s, p, a, b);
        storePair(s, sum, u, pair);
        storePair(s, difference, v, pair);
      }
    }),
  ]);
}

function defineToCoset(
  module: ModuleWriter,
  context: Context,
  scaleBy: LaneTransform["scale"],
): Transform["toCoset"] {
  const neighbours = defineNeighbours(module, context);
  const inverseHalves = defineInverseHalves(module, context);
  const halves = defineHalves(module, context);
  const inverseLayer = defineInverseLayer(module, context);
  const layer = defineForwardLayer(module, context);
  const params = { values: i32, n: i32, inverseRoots: i32, scale: i32, roots: i32 };
  return module.define("toCoset", params, ({ values, n, inverseRoots, scale, roots }, steps) => {
    const length = steps.variable(i32);
    return [
      length.set(i32.shrU(n, 1)),
      loopWhile(i32.ne(length, 2), [
        inverseLayer(values, n, length, inverseRoots),
        length.set(i32.shrU(length, 1)),
      ]),
      inverseHalves(values, n, inverseRoots),
      neighbours(values, n),
      scaleBy(values, n, scale),
      neighbours(values, n),
      halves(values, n, roots),
      length.set(4),
      loopWhile(i32.ltU(length, n), [layer(values, n, length, roots), length.set(i32.shl(length, 1))]),
    ];
  });
}
