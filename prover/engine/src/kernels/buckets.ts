// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Code that sums points by bucket, as Pippenger's method needs it: which points meet, and where their sum goes. The
 * additions are those of a curve's `addPairs`, a batch at a time.
 *
 * A point waits in its bucket's slot until the next one comes; their sum is one of the next round's points. Everything is
 * decided without branches that nobody can predict.
 *
 * @module
 */
import type { Curve } from "./integer/curve-shape.js";
import { BATCH, ENTRY_BYTES, MADE_BYTES } from "./sizes.js";
import {
  advance,
  type Code,
  i32,
  i64,
  type Local,
  loopWhile,
  type ModuleWriter,
  type Operand,
  operand,
  range,
  type Steps,
  select,
  when,
} from "./wasm/writer.js";

export { BATCH } from "./sizes.js";

const SCALAR_BYTES = 32;

/** Sums of a curve's points by bucket. */
export interface Buckets {
  /** Sums go to `sums` and their list to `made`; `table` and `work` are as `addPairs` wants them for `BATCH` entries. */
  start(table: Operand, work: Operand, sums: Operand, made: Operand): Code;
  /**
   * Takes each scalar's digit of `bits` bits at bit `position`, of which `mask` holds, and with it a byte of `carries`; digits
   * above 2^(bits - 1) become negative and carry; each point, negated for a negative digit, goes into the slot of its digit's
   * magnitude, from 1 on.
   */
  meet(
    scalars: Operand,
    count: Operand,
    carries: Operand,
    position: Operand,
    mask: Operand,
    bits: Operand,
    points: Operand,
    slots: Operand,
  ): Code;
  /** Copies sums out of `sums`, each to its slot's place in `kept`, which the slot then names. */
  keep(slots: Operand, count: Operand, kept: Operand): Code;
  /** Runs what is left of the additions and, when there were any, the next round; tells whether there were. */
  next(): Code;
}

// Words of the state: table, work, first sum, first of the list; then what moves: entry, sum, end of the list.
const STATE = { table: 0, work: 4, sums: 8, list: 12, entry: 16, sum: 20, end: 24 } as const;
const STATE_BYTES = 28;

/** Code that lets a point meet another, between code that takes the state out of memory and puts it back. */
interface Meeting {
  readonly begin: Code;
  meet(slot: Local, point: Operand): Code;
  readonly finish: Code;
}

/** What the functions have in common. */
interface Context {
  /** Address of the state. */
  readonly state: number;
  readonly pointBytes: number;
  readonly addPairs: Curve["addPairs"];
}

/**
 * Adds the functions that sum a curve's points by bucket.
 *
 * @param addPairs the curve's, which may be defined after this
 */
export function defineBuckets(
  module: ModuleWriter,
  pointBytes: number,
  addPairs: Curve["addPairs"],
): Buckets {
  const state = module.room(STATE_BYTES);
  const context = { state, pointBytes, addPairs };
  return {
    start: module.define(
      "start",
      { table: i32, work: i32, sums: i32, made: i32 },
      ({ table, work, sums, made }) =>
        [table, work, sums, made, table, sums, made].map((value, i) => i32.store(state, value, 4 * i)),
    ),
    meet: defineMeet(module, context),
    keep: defineKeep(module, context),
    next: defineNext(module, context),
  };
}

function createMeeting(steps: Steps, { state, pointBytes, addPairs }: Context): Meeting {
  const moving = steps.variables({ entry: i32, sum: i32, end: i32 });
  const { entry, sum, end } = moving;
  const { waiting, met, full } = steps.variables({ waiting: i32, met: i32, full: i32 });
  const names = ["entry", "sum", "end"] as const;
  const step = (local: Local, bytes: number): Code => advance(local, i32.and(met, bytes));
  return {
    begin: [
      names.map((name) => moving[name].set(i32.load(state, STATE[name]))),
      full.set(i32.add(i32.load(state, STATE.table), BATCH * ENTRY_BYTES)),
    ],
    meet: (slot, point) => [
      waiting.set(i32.load(slot)),
      // Written in any case, and kept when somebody waits: all bits of `met`.
      met.set(i32.sub(0, i32.ne(waiting, 0))),
      i32.store(entry, waiting),
      i32.store(entry, point, 4),
      i32.store(entry, sum, 8),
      i32.store(end, slot),
      i32.store(end, sum, 4),
      i32.store(slot, select<Operand>(0, point, waiting)),
      step(entry, ENTRY_BYTES),
      step(end, MADE_BYTES),
      step(sum, pointBytes),
      when(i32.eq(entry, full), [
        addPairs(i32.load(state, STATE.table), BATCH, i32.load(state, STATE.work)),
        entry.set(i32.load(state, STATE.table)),
      ]),
    ],
    finish: names.map((name) => i32.store(state, moving[name], STATE[name])),
  };
}

function defineMeet(module: ModuleWriter, context: Context): Buckets["meet"] {
  const { pointBytes } = context;
  const vectors = { scalars: i32, count: i32, carries: i32 };
  const digits = { position: i32, mask: i32, bits: i32 };
  return module.define("meet", { ...vectors, ...digits, points: i32, slots: i32 }, (params, steps) => {
    const { scalars, count, carries, position, mask, bits, points, slots } = params;
    const types = { digit: i32, carry: i32, slot: i32, end: i32, half: i32 };
    const { digit, carry, slot, end, half } = steps.variables(types);
    const { begin, meet, finish } = createMeeting(steps, context);
    return [
      begin,
      end.set(i32.add(points, i32.mul(count, pointBytes))),
      half.set(i32.shl(1, i32.sub(bits, 1))),
      // The first byte that holds a bit of the digit; four bytes hold all of them.
      advance(scalars, i32.shrU(position, 3)),
      position.set(i32.and(position, 7)),
      loopWhile(i32.ltU(points, end), [
        digit.set(i32.and(i32.shrU(i32.load(scalars), position), mask)),
        digit.set(i32.add(digit, i32.load8(carries))),
        carry.set(i32.shrU(i32.sub(half, digit), 31)),
        i32.store8(carries, carry),
        // The digit, or 2^bits minus the digit.
        digit.set(
          i32.add(i32.shl(carry, bits), i32.sub(i32.xor(digit, i32.sub(0, carry)), i32.sub(0, carry))),
        ),
        when(digit, [
          slot.set(i32.add(slots, i32.shl(i32.sub(digit, 1), 2))),
          meet(slot, i32.add(points, carry)),
        ]),
        advance(scalars, SCALAR_BYTES),
        advance(carries, 1),
        advance(points, pointBytes),
      ]),
      finish,
    ];
  });
}

function defineKeep(module: ModuleWriter, { state, pointBytes }: Context): Buckets["keep"] {
  return module.define("keep", { slots: i32, count: i32, kept: i32 }, ({ slots, count, kept }, steps) => {
    const { end, sum } = steps.variables({ end: i32, sum: i32 });
    const copy = range(pointBytes / 8).map((i) => i64.store(kept, i64.load(sum, 8 * i), 8 * i));
    return [
      end.set(i32.add(slots, i32.shl(count, 2))),
      loopWhile(i32.ltU(slots, end), [
        sum.set(i32.load(slots)),
        when(i32.geU(sum, i32.load(state, STATE.sums)), [copy, i32.store(slots, kept)]),
        advance(slots, 4),
        advance(kept, pointBytes),
      ]),
    ];
  });
}

function defineNext(module: ModuleWriter, context: Context): Buckets["next"] {
  const { state, addPairs } = context;
  return module.defineTest("next", {}, (_, steps) => {
    const types = { at: i32, last: i32, slot: i32, point: i32, left: i32 };
    const { at, last, slot, point, left } = steps.variables(types);
    const { begin, meet, finish } = createMeeting(steps, context);
    const table = i32.load(state, STATE.table);
    return [
      left.set(i32.divU(i32.sub(i32.load(state, STATE.entry), table), ENTRY_BYTES)),
      when(left, [addPairs(table, left, i32.load(state, STATE.work)), i32.store(state, table, STATE.entry)]),
      at.set(i32.load(state, STATE.list)),
      last.set(i32.load(state, STATE.end)),
      i32.store(state, at, STATE.end),
      begin,
      left.set(i32.sub(last, at)),
      loopWhile(i32.ltU(at, last), [
        // The list is written from its beginning while it is read, never ahead.
        slot.set(i32.load(at)),
        point.set(i32.load(at, 4)),
        meet(slot, point),
        advance(at, MADE_BYTES),
      ]),
      finish,
      operand(left),
    ];
  });
}
