// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Code of affine additions on lanes, in batches that share one inversion, four entries at a time. What is no chord goes, one
 * by one, through the curve on integers.
 *
 * @module
 */
import { ENTRY_BYTES, touchPoints } from "../integer/additions.js";
import type { Curve } from "../integer/curve-shape.js";
import { FIELD_BYTES } from "../integer/limbs.js";
import {
  advance,
  type Callable,
  type Code,
  drop,
  f64x2,
  i32,
  i64,
  type Local,
  loopWhile,
  type ModuleWriter,
  type Operand,
  range,
  type Steps,
  v128,
  when,
} from "../wasm/writer.js";
import { bitsOf, type Constants, PAIRS, QUAD, QUAD_BYTES } from "./pairs.js";
import {
  convertAll,
  copyQuad,
  elementAt,
  gatherLimb,
  type LaneCurveField,
  type Layout,
  limbAt,
  plus,
  scatter,
  sign,
  unsigned,
  X,
  Y,
} from "./points.js";

/** What the functions of a curve have in common. */
export interface LaneCurve extends Layout {
  readonly field: LaneCurveField;
  readonly constants: Constants;
  isInfinity: Callable<{ p: typeof i32 }>;
}

/** The products of each element's denominators, of two of them, and of all, in the form of integer/limbs.ts. */
type Totals = Readonly<
  Record<"first" | "second" | "third" | "fourth" | "firstHalf" | "secondHalf" | "all", number>
>;

/** A chord that nobody needs. */
interface Dummy {
  /** Makes an entry of it. */
  write(at: Operand, offset: number): Code;
}

/** Points in the form of integer/limbs.ts, for what goes through the curve on integers. */
export type PlainPoints = Readonly<Record<"p" | "q" | "r", number>>;

/** Functions that `addPairs` calls. */
interface Helpers {
  prepare(table: Operand, count: Operand, work: Operand): Code;
  addSpecial(table: Operand, end: Operand): Code;
}

const TABLE = { table: i32, count: i32, work: i32 };
const PLACES = { at: i32, room: i32, end: i32 };
const POINTERS = { p0: i32, p1: i32, q0: i32, q1: i32 };
type Pointers = Readonly<Record<keyof typeof POINTERS, Local>>;

/** Adds `addPairs`, and what it calls; one is the address of a quad of ones. */
export function defineAdditions(
  module: ModuleWriter,
  curve: LaneCurve,
  one: number,
): { readonly addPairs: Curve["addPairs"]; readonly plain: PlainPoints } {
  const elements = ["first", "second", "third", "fourth"] as const;
  const totals = module.rooms(curve.coordinateBytes, ...elements, "firstHalf", "secondHalf", "all");
  const prepare = definePrepare(module, curve, totals, one);
  const dummy = createDummy(module, curve);
  const addPairs = defineAddPairs(module, curve, totals, dummy, {
    prepare,
    addSpecial: (table, end) => addSpecial(table, end),
  });
  const plain = module.rooms(curve.pointBytes, "p", "q", "r");
  const addSpecial = defineAddSpecial(module, curve, plain, dummy);
  return { addPairs, plain };
}

/** Pointers of the two entries of a pair, signs and all. */
const readPointers = ({ p0, p1, q0, q1 }: Pointers, at: Operand, index: number): Code => {
  const first = 2 * ENTRY_BYTES * index;
  return [
    p0.set(i32.load(at, first)),
    p1.set(i32.load(at, first + ENTRY_BYTES)),
    q0.set(i32.load(at, first + 4)),
    q1.set(i32.load(at, first + ENTRY_BYTES + 4)),
  ];
};

/**
 * Room of four entries: the product of all denominators before them, and their own, element by element. Tells whether one of
 * them may be no chord: a denominator is zero, or so is a limb of x, which is chance or infinity.
 */
function definePrepare(
  module: ModuleWriter,
  curve: LaneCurve,
  totals: Totals,
  one: number,
): Helpers["prepare"] {
  const { field, elementsBytes, coordinates, constants } = curve;
  const { base, integer } = field;
  const { first, second, third, fourth, firstHalf, secondHalf, all } = totals;
  return module.defineTest("prepare", TABLE, ({ table, count, work }, steps) => {
    const { at, room, end } = steps.variables(PLACES);
    const { p0, p1, q0, q1 } = steps.variables(POINTERS);
    const { suspicious, a, b } = steps.variables({ suspicious: v128, a: v128, b: v128 });
    const note = (): Code => suspicious.set(v128.or(suspicious, f64x2.eq(f64x2.mul(a, b), constants(0n))));
    const read = (pair: number): Code =>
      range(curve.limbs).map((i) => [
        a.set(gatherLimb(curve, p0, p1, X, i)),
        b.set(gatherLimb(curve, q0, q1, X, i)),
        v128.store(room, f64x2.sub(b, a), elementsBytes + limbAt(i, pair)),
        i === 0 ? note() : [],
      ]);
    return [
      at.set(table),
      end.set(i32.add(table, i32.mul(count, ENTRY_BYTES))),
      room.set(work),
      copyQuad(curve, one, room),
      loopWhile(i32.ltU(at, end), [
        PAIRS.map((pair) => [
          p0.set(unsigned(i32.load(at))),
          q0.set(unsigned(i32.load(at, 4))),
          p1.set(unsigned(i32.load(at, ENTRY_BYTES))),
          q1.set(unsigned(i32.load(at, ENTRY_BYTES + 4))),
          read(pair),
          advance(at, 2 * ENTRY_BYTES),
        ]),
        field.mul(plus(room, elementsBytes), room, plus(room, 2 * elementsBytes)),
        advance(room, 2 * elementsBytes),
      ]),
      [first, second, third, fourth].map((total, i) =>
        convertAll(base.toLimbsInPair, coordinates, elementAt(room, i), total, QUAD_BYTES),
      ),
      integer.field.mul(first, second, firstHalf),
      integer.field.mul(third, fourth, secondHalf),
      integer.field.mul(firstHalf, secondHalf, all),
      integer.field.reduce(all),
      i32.or(v128.any(suspicious), integer.field.isZero(all)),
    ];
  });
}

function createDummy(module: ModuleWriter, { pointBytes }: LaneCurve): Dummy {
  const { p, q, r } = module.rooms(pointBytes, "p", "q", "r");
  return {
    write: (at, offset) => [
      i64.store(p, bitsOf(1)),
      i64.store(q, bitsOf(2)),
      [p, q, r].map((point, i) => i32.store(at, point, offset + 4 * i)),
    ],
  };
}

/** Quads of elements that four additions need. */
const QUADS = ["product", "inverse", "numerator", "slope", "px", "py", "sumX", "step", "x3", "y3"] as const;
type Quads = Readonly<Record<(typeof QUADS)[number], number>>;

function defineAddPairs(
  module: ModuleWriter,
  curve: LaneCurve,
  totals: Totals,
  dummy: Dummy,
  { prepare, addSpecial }: Helpers,
): Curve["addPairs"] {
  const { elementsBytes } = curve;
  return module.define("addPairs", TABLE, ({ table, count, work }, steps) => {
    const { at, room, end } = steps.variables(PLACES);
    const pointers = steps.variables(POINTERS);
    const readPair = createPairReader(curve, steps, pointers);
    const quads = module.rooms(elementsBytes, ...QUADS);
    const signs = module.data(signTable());
    const prepared = prepare(table, count, work);
    return [
      end.set(i32.add(table, i32.mul(count, ENTRY_BYTES))),
      loopWhile(i32.and(count, QUAD - 1), [
        dummy.write(end, 0),
        advance(count, 1),
        advance(end, ENTRY_BYTES),
      ]),
      touchPoints(table, end, at, pointers.p0, curve.pointBytes),
      when(prepared, [addSpecial(table, end), drop(prepared)]),
      invertTotals(curve, totals, quads.product),
      at.set(end),
      room.set(i32.add(work, i32.mul(i32.divU(count, QUAD), 2 * elementsBytes))),
      loopWhile(i32.ne(at, table), [
        advance(at, -QUAD * ENTRY_BYTES),
        advance(room, -2 * elementsBytes),
        curve.field.mul(room, quads.product, quads.inverse),
        curve.field.mul(plus(room, elementsBytes), quads.product, quads.product),
        PAIRS.map((pair, index) => [readPointers(pointers, at, index), readPair(quads, signs, pair)]),
        addChords(curve, quads),
        PAIRS.map((pair, index) => {
          const result = (entry: number): Code => i32.load(at, ENTRY_BYTES * entry + 8);
          const results = [result(2 * index), result(2 * index + 1)] as const;
          return [scatter(curve, quads.x3, pair, results, X), scatter(curve, quads.y3, pair, results, Y)];
        }),
      ]),
    ];
  });
}

/** The product of all elements is inverted, then that of two, then each one's, into a quad. */
function invertTotals(
  { field: { base, integer }, coordinates }: LaneCurve,
  { first, second, third, fourth, firstHalf, secondHalf, all }: Totals,
  product: number,
): Code {
  const { field } = integer;
  /** By what the inverse of a half is multiplied for each element: the other one of the half. */
  const others = [
    { half: secondHalf, other: second },
    { half: secondHalf, other: first },
    { half: firstHalf, other: fourth },
    { half: firstHalf, other: third },
  ];
  return [
    field.invert(all, all),
    field.mul(firstHalf, all, firstHalf),
    field.mul(secondHalf, all, secondHalf),
    others.map(({ half, other }, i) => [
      field.mul(half, other, all),
      convertAll(base.fromLimbsInPair, coordinates, all, elementAt(product, i), FIELD_BYTES, QUAD_BYTES),
    ]),
  ];
}

/** x and y of the sums of four pairs of points whose denominators are inverted. */
function addChords({ field, coordinates }: LaneCurve, quads: Quads): Code {
  const { numerator, inverse, slope, sumX, px, py, step, x3, y3 } = quads;
  return [
    field.mul(numerator, inverse, slope),
    field.squareMinus(slope, sumX, x3),
    range(coordinates).map((i) => {
      const coordinate = (quad: number): Operand => plus(quad, i * QUAD_BYTES);
      return field.base.sub(coordinate(px), coordinate(x3), coordinate(step));
    }),
    field.mulMinus(step, slope, py, y3),
  ];
}

/** Code that reads the points of a pair of entries, of whose pointers it takes the signs off. */
function createPairReader(curve: LaneCurve, steps: Steps, { p0, p1, q0, q1 }: Pointers) {
  const { a, b, signA, signB } = steps.variables({ a: v128, b: v128, signA: v128, signB: v128 });
  return ({ px, py, sumX, numerator }: Quads, signs: number, pair: number): Code => {
    /** The sign bits of two entries' points. */
    const signsOf = (first: Local, second: Local): Code =>
      v128.load(i32.add(signs, i32.add(i32.shl(sign(first), 4), i32.shl(sign(second), 5))));
    return [
      signA.set(signsOf(p0, p1)),
      signB.set(signsOf(q0, q1)),
      [p0, p1, q0, q1].map((pointer) => pointer.set(unsigned(pointer))),
      range(curve.limbs).map((i) => {
        const to = limbAt(i, pair);
        return [
          a.set(gatherLimb(curve, p0, p1, X, i)),
          v128.store(px, a, to),
          v128.store(sumX, f64x2.add(a, gatherLimb(curve, q0, q1, X, i)), to),
          a.set(v128.xor(gatherLimb(curve, p0, p1, Y, i), signA)),
          b.set(v128.xor(gatherLimb(curve, q0, q1, Y, i), signB)),
          v128.store(py, a, to),
          v128.store(numerator, f64x2.sub(b, a), to),
        ];
      }),
    ];
  };
}

/** Sign bits of two lanes, by whether the first (1) and the second (2) is negated. */
function signTable(): Uint8Array {
  const words = range(4).flatMap((index) => [index & 1, index >> 1].map((bit) => BigInt(bit) << 63n));
  return new Uint8Array(BigUint64Array.from(words).buffer);
}

/** Adds what is no chord among the entries, one by one, and puts the dummy in its place. */
function defineAddSpecial(
  module: ModuleWriter,
  curve: LaneCurve,
  plain: PlainPoints,
  dummy: Dummy,
): Helpers["addSpecial"] {
  const { coordinates, coordinateBytes, isInfinity, field } = curve;
  const { base, integer } = field;
  const count = 2 * coordinates;
  return module.define("addSpecial", { table: i32, end: i32 }, ({ table, end }, steps) => {
    const { at, p, q } = steps.variables({ at: i32, p: i32, q: i32 });
    const entry = module.room(ENTRY_BYTES);
    const room = module.room(4 * coordinateBytes);
    const isSpecial = [isInfinity(p), isInfinity(q), integer.field.equal(plain.p, plain.q)];
    return [
      at.set(table),
      loopWhile(i32.ltU(at, end), [
        p.set(unsigned(i32.load(at))),
        q.set(unsigned(i32.load(at, 4))),
        convertAll(base.toLimbs, count, p, plain.p),
        convertAll(base.toLimbs, count, q, plain.q),
        when(
          isSpecial.reduce((any, next) => i32.or(any, next)),
          [
            i32.store(entry, i32.or(plain.p, sign(i32.load(at)))),
            i32.store(entry, i32.or(plain.q, sign(i32.load(at, 4))), 4),
            i32.store(entry, plain.r, 8),
            integer.curve.addPairs(entry, 1, room),
            convertAll(base.fromLimbs, count, plain.r, i32.load(at, 8)),
            dummy.write(at, 0),
          ],
        ),
        advance(at, ENTRY_BYTES),
      ]),
    ];
  });
}
