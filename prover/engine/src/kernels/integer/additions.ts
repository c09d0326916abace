// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Code of affine additions in batches that share one inversion: 5 multiplications and a square an addition, where a mixed
 * Jacobian addition takes 11.
 *
 * @module
 */

import { ENTRY_BYTES } from "../sizes.js";
import {
  advance,
  type Code,
  drop,
  i32,
  type Local,
  loopWhile,
  type ModuleWriter,
  type Operand,
  range,
  ret,
  type Steps,
  when,
} from "../wasm/writer.js";
import type { Curve, CurveField, Points } from "./curve-shape.js";
import { toLimbs } from "./limbs.js";

export { ENTRY_BYTES } from "../sizes.js";

// Bit of an entry's pointer p that marks what is no chord; points lie at multiples of 8.
const SPECIAL = 2;
const CACHE_LINE = 64;

/**
 * Reads a byte of each cache line of the points of a table's entries, all at once: waiting for one after the other takes
 * longer.
 */
export function touchPoints(table: Local, end: Local, at: Local, point: Local, bytes: number): Code {
  const lines = range(Math.ceil(bytes / CACHE_LINE)).map((i) => i * CACHE_LINE);
  const touch = (pointer: Code): Code => [
    point.set(pointer),
    [...lines, bytes - 1].map((offset) => drop(i32.load8(point, offset))),
  ];
  return [
    at.set(table),
    loopWhile(i32.ltU(at, end), [touch(i32.load(at)), touch(i32.load(at, 4)), advance(at, ENTRY_BYTES)]),
  ];
}

/** An entry's points in variables, signs taken off: pointers to them and to the y coordinates that are meant. */
type Entry = Readonly<Record<"p" | "q" | "py" | "qy", Local>>;

const entryOf = (steps: Steps): Entry => steps.variables({ p: i32, q: i32, py: i32, qy: i32 });

/** What is added, and what of it stands where. */
interface Context extends CurveField, Points {
  readonly inverse: number;
  readonly slope: number;
  readonly x3: number;
  readonly product: number;
  /** Reads entry `at`, whose pointer p may carry the mark. */
  readEntry(at: Local, entry: Entry): Code;
  readP(entry: Entry): Code;
  readQ(at: Local, entry: Entry): Code;
  /** Stores slope^2 - p.x - q.x and slope (p.x - x3) - p.y at `result`. */
  finish(entry: Entry, result: Code): Code;
  congruent(a: Operand, b: Operand): Code;
}

/** Adds `addPairs`, and what it calls for the few entries that are no chords. */
export function defineAdditions(module: ModuleWriter, curve: CurveField, points: Points): Curve["addPairs"] {
  const context = createContext(module, curve, points);
  const addPairs = defineAddPairs(module, context, {
    inspect: (at, denominator) => inspect(at, denominator),
    addSpecial: (at) => addSpecial(at),
  });
  const inspect = defineInspect(module, context);
  const addSpecial = defineAddSpecial(module, context);
  return addPairs;
}

function createContext(module: ModuleWriter, curve: CurveField, points: Points): Context {
  const { field, bytes } = curve;
  const { y } = points;
  const values = module.rooms(bytes, "inverse", "slope", "x3", "product");
  const { slope, x3 } = values;
  const { negatedP, negatedQ } = module.rooms(bytes, "negatedP", "negatedQ");
  /** Takes the sign off a pointer and finds the y coordinate that it means. */
  const readSigned = (pointer: Local, yOf: Local, negated: number): Code => [
    yOf.set(y(i32.and(pointer, -2))),
    when(i32.and(pointer, 1), [
      field.negate(yOf, negated),
      yOf.set(negated),
      pointer.set(i32.sub(pointer, 1)),
    ]),
  ];
  const readP = ({ p, py }: Entry): Code => readSigned(p, py, negatedP);
  const readQ = (at: Local, { q, qy }: Entry): Code => [q.set(i32.load(at, 4)), readSigned(q, qy, negatedQ)];
  return {
    ...curve,
    ...points,
    ...values,
    readP,
    readQ,
    readEntry: (at, entry) => [entry.p.set(i32.and(i32.load(at), ~SPECIAL)), readP(entry), readQ(at, entry)],
    finish: ({ p, py, q }, result) => [
      field.squareSub(slope, p, q, x3),
      field.subMulSub(p, x3, slope, py, y(result)),
      field.copy(x3, result),
    ],
    congruent: (a, b) => [field.sub(a, b, x3), field.reduce(x3), field.isZero(x3)],
  };
}

/** The functions for entries that are no chords. */
interface Special {
  inspect(at: Operand, denominator: Operand): Code;
  addSpecial(at: Operand): Code;
}

function defineAddPairs(module: ModuleWriter, context: Context, special: Special): Curve["addPairs"] {
  const { field, bytes, one, p: modulus, y } = context;
  // First words of p, 2p and 3p, one of which a difference of equal coordinates shows.
  const zeroWords = [1n, 2n, 3n].map((multiple) => Number(toLimbs(multiple * modulus)[0]!));
  return module.define("addPairs", { table: i32, count: i32, work: i32 }, ({ table, count, work }, steps) => {
    const entry = entryOf(steps);
    const { p, q } = entry;
    const { at, room, end } = steps.variables({ at: i32, room: i32, end: i32 });
    // Room of an entry: the product of all denominators before it, and its own.
    const denominator = y(room);
    const nextPrefix = i32.add(room, 2 * bytes);
    const move = (step: 1 | -1): Code => [advance(at, step * ENTRY_BYTES), advance(room, step * 2 * bytes)];
    // Infinity shows as a zero word and equal x as a word of a multiple of p; both may be chance, which is rare.
    const suspicious = [
      ...zeroWords.map((word) => i32.eq(i32.load(denominator), word)),
      i32.eqz(i32.load(p)),
      i32.eqz(i32.load(q)),
    ].reduce((any, next) => i32.or(any, next));
    const forward: Code = [
      p.set(i32.and(i32.load(at), -2)),
      q.set(i32.and(i32.load(at, 4), -2)),
      field.sub(q, p, denominator),
      when(suspicious, special.inspect(at, denominator)),
      field.mul(room, denominator, nextPrefix),
      move(1),
    ];
    const { product, inverse, slope } = context;
    const backward: Code = [
      move(-1),
      field.mul(product, room, inverse),
      field.mul(product, denominator, product),
      p.set(i32.load(at)),
      when(i32.and(p, SPECIAL), special.addSpecial(at), [
        context.readP(entry),
        context.readQ(at, entry),
        field.subMul(entry.qy, entry.py, inverse, slope),
        context.finish(entry, i32.load(at, 8)),
      ]),
    ];
    return [
      end.set(i32.add(table, i32.mul(count, ENTRY_BYTES))),
      room.set(work),
      field.copy(one, room),
      touchPoints(table, end, at, p, 2 * bytes),
      at.set(table),
      loopWhile(i32.ltU(at, end), forward),
      field.invert(room, product),
      loopWhile(i32.ne(at, table), backward),
    ];
  });
}

/** Marks an entry that is no chord, and makes its denominator 2y for a tangent, one where nothing is divided. */
function defineInspect(module: ModuleWriter, context: Context): Special["inspect"] {
  const { field, one, isInfinity, congruent } = context;
  return module.define("inspect", { at: i32, denominator: i32 }, ({ at, denominator }, steps) => {
    const entry = entryOf(steps);
    const { p, q, py, qy } = entry;
    const mark = i32.store(at, i32.or(i32.load(at), SPECIAL));
    return [
      context.readEntry(at, entry),
      when(i32.or(isInfinity(p), isInfinity(q)), [mark, field.copy(one, denominator), ret()]),
      when(congruent(p, q), [
        mark,
        when(congruent(py, qy), field.add(py, py, denominator), field.copy(one, denominator)),
      ]),
    ];
  });
}

/** Infinity plus something, a point plus itself, a point plus its negative; the denominator's inverse is ready. */
function defineAddSpecial(module: ModuleWriter, context: Context): Special["addSpecial"] {
  const { field, bytes, y, isInfinity, congruent, copyPoint, slope, x3, inverse } = context;
  return module.define("addSpecial", { at: i32 }, ({ at }, steps) => {
    const entry = entryOf(steps);
    const { p, q, py, qy } = entry;
    const result = i32.load(at, 8);
    const store = (point: Local, yOf: Local): Code => [field.copy(yOf, y(result)), field.copy(point, result)];
    const zero = module.room(2 * bytes);
    return [
      context.readEntry(at, entry),
      when(isInfinity(p), [when(isInfinity(q), copyPoint(zero, result), store(q, qy)), ret()]),
      when(isInfinity(q), [store(p, py), ret()]),
      when(
        congruent(py, qy),
        [
          field.square(p, slope),
          field.add(slope, slope, x3),
          field.add(slope, x3, slope),
          field.mul(slope, inverse, slope),
          context.finish(entry, result),
        ],
        copyPoint(zero, result),
      ),
    ];
  });
}
