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
import { ENTRY_BYTES } from "./integer/curve.js";
import {
  type Code,
  i32,
  i64,
  type Local,
  loopWhile,
  type ModuleWriter,
  select,
  when,
} from "./wasm/writer.js";

/** Pairs that share one inversion: it costs some hundred multiplications, and their working memory should stay in cache. */
export const BATCH = 512;
/** Bytes of a sum on the list that `start` is given: its bucket's slot, and its address. */
export const MADE_BYTES = 8;
const SCALAR_BYTES = 32;

/**
 * Adds, for the curve under `prefix` with points of so many bytes:
 * - `start(table, work, sums, made)`: sums go to `sums` and their list to `made`; `table` and `work` are as `addPairs` wants
 *   them for `BATCH` entries;
 * - `meet(scalars, count, carries, position, mask, bits, points, slots)`: takes each scalar's digit of `bits` bits at bit
 *   `position`, of which `mask` holds, and with it a byte of `carries`; digits above 2^(bits - 1) become negative and carry;
 *   each point, negated for a negative digit, goes into the slot of its digit's magnitude, from 1 on;
 * - `keep(slots, count, kept)`: copies sums out of `sums`, each to its slot's place in `kept`, which the slot then names;
 * - `next()`: runs what is left of the additions and, when there were any, the next round; tells whether there were.
 */
export function defineBuckets(writer: ModuleWriter, prefix: string, pointBytes: number): void {
  const name = (op: string): string => `${prefix}_${op}`;
  // table, work, first sum, first of the list; then what moves: entry, sum, end of the list.
  const state = i32.const(writer.data(new Uint8Array(7 * 4)));
  const TABLE = 0;
  const WORK = 4;
  const SUMS = 8;
  const LIST = 12;
  const MOVING = [16, 20, 24] as const;

  writer.define(name("start"), 4, "none", ({ params: [table, work, sums, made] }) => [
    ...[table!, work!, sums!, made!, table!, sums!, made!].flatMap((value, i) =>
      i32.store(state, value.get, 4 * i),
    ),
  ]);

  /** Code that lets a point meet another, within code that takes the state out of memory and puts it back. */
  const meeting = (locals: readonly Local[]) => {
    const [entry, sum, end, waiting, met, full] = locals as [Local, Local, Local, Local, Local, Local];
    const moving = [entry, sum, end];
    const step = (local: Local, bytes: number): Code =>
      local.set(i32.add(local.get, i32.and(met.get, i32.const(bytes))));
    return {
      begin: [
        ...moving.flatMap((local, i) => local.set(i32.load(state, MOVING[i]!))),
        ...full.set(i32.add(i32.load(state, TABLE), i32.const(BATCH * ENTRY_BYTES))),
      ],
      meet: (slot: Local, point: Code): Code => [
        ...waiting.set(i32.load(slot.get)),
        // Written in any case, and kept when somebody waits: all bits of `met`.
        ...met.set(i32.sub(i32.const(0), i32.ne(waiting.get, i32.const(0)))),
        ...i32.store(entry.get, waiting.get),
        ...i32.store(entry.get, point, 4),
        ...i32.store(entry.get, sum.get, 8),
        ...i32.store(end.get, slot.get),
        ...i32.store(end.get, sum.get, 4),
        ...i32.store(slot.get, select(i32.const(0), point, waiting.get)),
        ...step(entry, ENTRY_BYTES),
        ...step(end, MADE_BYTES),
        ...step(sum, pointBytes),
        ...when(i32.eq(entry.get, full.get), [
          ...writer.call(name("addPairs"), i32.load(state, TABLE), i32.const(BATCH), i32.load(state, WORK)),
          ...entry.set(i32.load(state, TABLE)),
        ]),
      ],
      finish: moving.flatMap((local, i) => i32.store(state, local.get, MOVING[i]!)),
    };
  };

  writer.define(name("meet"), 8, "none", (scope) => {
    const [scalars, count, carries, position, mask, bits, points, slots] = scope.params as LocalsOfEight;
    const [digit, carry, slot, end, half] = [0, 1, 2, 3, 4].map(() => scope.i32()) as LocalsOfFive;
    const { begin, meet, finish } = meeting([0, 1, 2, 3, 4, 5].map(() => scope.i32()));
    const next = (local: Local, bytes: number): Code => local.set(i32.add(local.get, i32.const(bytes)));
    return [
      ...begin,
      ...end.set(i32.add(points.get, i32.mul(count.get, i32.const(pointBytes)))),
      ...half.set(i32.shl(i32.const(1), i32.sub(bits.get, i32.const(1)))),
      // The first byte that holds a bit of the digit; four bytes hold all of them.
      ...scalars.set(i32.add(scalars.get, i32.shrU(position.get, i32.const(3)))),
      ...position.set(i32.and(position.get, i32.const(7))),
      ...loopWhile(i32.ltU(points.get, end.get), [
        ...digit.set(i32.and(i32.shrU(i32.load(scalars.get), position.get), mask.get)),
        ...digit.set(i32.add(digit.get, i32.load8(carries.get))),
        ...carry.set(i32.shrU(i32.sub(half.get, digit.get), i32.const(31))),
        ...i32.store8(carries.get, carry.get),
        // The digit, or 2^bits minus the digit.
        ...digit.set(
          i32.add(
            i32.shl(carry.get, bits.get),
            i32.sub(i32.xor(digit.get, i32.sub(i32.const(0), carry.get)), i32.sub(i32.const(0), carry.get)),
          ),
        ),
        ...when(digit.get, [
          ...slot.set(i32.add(slots.get, i32.shl(i32.sub(digit.get, i32.const(1)), i32.const(2)))),
          ...meet(slot, i32.add(points.get, carry.get)),
        ]),
        ...next(scalars, SCALAR_BYTES),
        ...next(carries, 1),
        ...next(points, pointBytes),
      ]),
      ...finish,
    ];
  });

  writer.define(name("keep"), 3, "none", (scope) => {
    const [slots, count, kept] = scope.params as [Local, Local, Local];
    const [end, sum] = [scope.i32(), scope.i32()];
    const copy = Array.from({ length: pointBytes / 8 }, (_, i) =>
      i64.store(kept.get, i64.load(sum.get, 8 * i), 8 * i),
    ).flat();
    return [
      ...end.set(i32.add(slots.get, i32.shl(count.get, i32.const(2)))),
      ...loopWhile(i32.ltU(slots.get, end.get), [
        ...sum.set(i32.load(slots.get)),
        ...when(i32.geU(sum.get, i32.load(state, SUMS)), [...copy, ...i32.store(slots.get, kept.get)]),
        ...slots.set(i32.add(slots.get, i32.const(4))),
        ...kept.set(i32.add(kept.get, i32.const(pointBytes))),
      ]),
    ];
  });

  writer.define(name("next"), 0, "i32", (scope) => {
    const [at, last, slot, point, left] = [0, 1, 2, 3, 4].map(() => scope.i32()) as LocalsOfFive;
    const { begin, meet, finish } = meeting([0, 1, 2, 3, 4, 5].map(() => scope.i32()));
    const table = i32.load(state, TABLE);
    return [
      ...left.set(i32.divU(i32.sub(i32.load(state, MOVING[0]), table), i32.const(ENTRY_BYTES))),
      ...when(left.get, [
        ...writer.call(name("addPairs"), table, left.get, i32.load(state, WORK)),
        ...i32.store(state, table, MOVING[0]),
      ]),
      ...at.set(i32.load(state, LIST)),
      ...last.set(i32.load(state, MOVING[2])),
      ...i32.store(state, at.get, MOVING[2]),
      ...begin,
      ...left.set(i32.sub(last.get, at.get)),
      ...loopWhile(i32.ltU(at.get, last.get), [
        // The list is written from its beginning while it is read, never ahead.
        ...slot.set(i32.load(at.get)),
        ...point.set(i32.load(at.get, 4)),
        ...meet(slot, point.get),
        ...at.set(i32.add(at.get, i32.const(MADE_BYTES))),
      ]),
      ...finish,
      ...left.get,
    ];
  });
}

type LocalsOfFive = [Local, Local, Local, Local, Local];
type LocalsOfEight = [Local, Local, Local, Local, Local, Local, Local, Local];

/**
 * Adds `gather(source, indices, count, target)`: 32 bytes from each place of an array, one after the other.
 */
export function defineGather(writer: ModuleWriter, name: string): void {
  writer.define(name, 4, "none", (scope) => {
    const [source, indices, count, target] = scope.params as [Local, Local, Local, Local];
    const [from, end] = [scope.i32(), scope.i32()];
    return [
      ...end.set(i32.add(target.get, i32.mul(count.get, i32.const(SCALAR_BYTES)))),
      ...loopWhile(i32.ltU(target.get, end.get), [
        ...from.set(i32.add(source.get, i32.mul(i32.load(indices.get), i32.const(SCALAR_BYTES)))),
        ...[0, 8, 16, 24].flatMap((byte) => i64.store(target.get, i64.load(from.get, byte), byte)),
        ...indices.set(i32.add(indices.get, i32.const(4))),
        ...target.set(i32.add(target.get, i32.const(SCALAR_BYTES))),
      ]),
    ];
  });
}
