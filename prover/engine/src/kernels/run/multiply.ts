// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Sums of many points, each times a scalar (Pippenger's buckets with signed digits), with every addition affine and
 * in batches that share an inversion.
 *
 * 1. Each scalar becomes one signed digit a window; a point goes into the bucket of its digit's magnitude, negated for
 *    a negative digit. Small scalars, of which witnesses are full, have few digits and cost little.
 * 2. Each bucket is summed pairwise, in rounds over all points of several windows.
 * 3. Each window's buckets, weighted by their number, are summed by running sums: first within segments, all segments
 *    of all windows side by side, then over the segments.
 * 4. The windows are joined by doublings.
 *
 * @module
 */

import { BATCH, ENTRY_BYTES, MADE_BYTES } from "../sizes.js";
import { type Arithmetic, allocate, bytesAt, type Group, scoped } from "./arithmetic.js";
import { readPoint } from "./points.js";

const SCALAR_BYTES = 32;
const SCALAR_BITS = 254;
/** Room for sums in the making, which should stay in cache. */
const SUMS_BYTES = 1 << 20;

/**
 * The sum of points times scalars, as plain affine coordinates; infinity is all zero.
 *
 * @param points address of points in the module's form
 * @param scalars address of as many plain 32-byte little-endian numbers below r
 */
export function multiplyPoints(
  arithmetic: Arithmetic,
  group: Group,
  points: number,
  scalars: number,
  count: number,
): Uint8Array {
  return scoped(arithmetic, () => {
    const windows = planWindows(count);
    const adder = createAdder(arithmetic, group);
    const buckets = sumBuckets(arithmetic, group, adder, { points, scalars, count }, windows);
    const sums = sumWindows(arithmetic, group, adder, buckets, windows);
    // Which bucket a base is in says a digit of its scalar.
    buckets.fill(0);
    return readSum(arithmetic, group, joinWindows(arithmetic, group, adder, sums, windows));
  });
}

/** Coordinates of a point that may be infinity (0) or negated (odd). */
function readSum(arithmetic: Arithmetic, group: Group, sum: number): Uint8Array {
  const place = allocate(arithmetic, group.bytes);
  bytesAt(arithmetic, place, group.bytes).fill(0);
  if (sum !== 0) arithmetic[group.name].copy(sum, place);
  return readPoint(arithmetic, group, place);
}

/** How scalars become signed digits. */
interface Windows {
  /** Of a digit: its magnitude is at most `half`. */
  readonly bits: number;
  readonly half: number;
  readonly count: number;
}

/** About log2(n) - 4 bits balance additions into buckets against the summing of buckets. */
function planWindows(points: number): Windows {
  const bits = Math.min(Math.max(Math.round(Math.log2(points + 1)) - 4, 4), 13);
  // One bit more than the scalars have, for the last carry.
  return { bits, half: 1 << (bits - 1), count: Math.ceil((SCALAR_BITS + 1) / bits) };
}

/** Collects additions and runs them in batches; see integer/curve.ts for signs and places of results. */
interface Adder {
  /** As a curve's `addPairs` wants them. */
  readonly table: number;
  readonly work: number;
  add(p: number, q: number, result: number): void;
  /** Runs what is left; results count only after it. */
  flush(): void;
}

function createAdder(arithmetic: Arithmetic, group: Group): Adder {
  const table = allocate(arithmetic, BATCH * ENTRY_BYTES);
  const work = allocate(arithmetic, (BATCH + 2) * group.bytes);
  const { addPairs } = arithmetic[group.name];
  const { memory } = arithmetic;
  let entries = new Int32Array(memory.buffer, table, (BATCH * ENTRY_BYTES) / 4);
  let used = 0;
  const flush = (): void => {
    if (used > 0) addPairs(table, used / 3, work);
    used = 0;
  };
  return {
    table,
    work,
    add(p, q, result) {
      // The memory has grown: the view went stale.
      if (entries.length === 0) entries = new Int32Array(memory.buffer, table, (BATCH * ENTRY_BYTES) / 4);
      entries[used] = p;
      entries[used + 1] = q;
      entries[used + 2] = result;
      used += 3;
      if (used === entries.length) flush();
    },
    flush,
  };
}

/** Points and scalars, by addresses. */
interface Terms {
  readonly points: number;
  readonly scalars: number;
  readonly count: number;
}

/** Address of each bucket's sum (odd for a negated point, 0 for an empty bucket): `[window * half + magnitude - 1]`. */
function sumBuckets(
  arithmetic: Arithmetic,
  group: Group,
  { table, work }: Adder,
  { points, scalars, count }: Terms,
  { bits, half, count: windows }: Windows,
): Int32Array {
  const { bytes, name } = group;
  const cleared = (size: number): number => {
    const place = allocate(arithmetic, size);
    bytesAt(arithmetic, place, size).fill(0);
    return place;
  };
  const slots = cleared(windows * half * 4);
  const carries = cleared(count);
  const kept = allocate(arithmetic, windows * half * bytes);
  const room = Math.floor(SUMS_BYTES / bytes);
  const made = allocate(arithmetic, (room + 1) * MADE_BYTES);
  const sums = allocate(arithmetic, room * bytes);
  const { start, meet, next, keep } = arithmetic[name];
  // Points of one window or of several, as many as there is room for, meet and are summed before the next.
  let [first, used] = [0, 0];
  const finish = (window: number): void => {
    while (next() !== 0);
    keep(slots + first * half * 4, (window + 1 - first) * half, kept + first * half * bytes);
    start(table, work, sums, made);
    [first, used] = [window, 0];
  };
  start(table, work, sums, made);
  for (let window = 0; window < windows; window++) {
    const position = window * bits;
    const mask = (1 << Math.max(0, Math.min(bits, SCALAR_BITS - position))) - 1;
    if (used === 0) first = window;
    for (let from = 0; from < count; ) {
      const length = Math.min(count - from, room - used);
      const own = [scalars + SCALAR_BYTES * from, length, carries + from] as const;
      meet(...own, position, mask, bits, points + bytes * from, slots + window * half * 4);
      from += length;
      used += length;
      if (used === room) finish(window);
    }
  }
  finish(windows - 1);
  return new Int32Array(arithmetic.memory.buffer, slots, windows * half).slice();
}

/** Points in the making; 0 for infinity, odd for a negated point, and nothing added to infinity. */
interface Sums {
  at(index: number): number;
  /** Adds a point that stays as it is until the next flush. */
  add(index: number, point: number): void;
  /** Adds a point that changes later. */
  addCopy(index: number, point: number): void;
  double(index: number, times: number): void;
}

function createSums(arithmetic: Arithmetic, group: Group, adder: Adder, count: number): Sums {
  const room = allocate(arithmetic, count * group.bytes);
  const pointers = new Int32Array(count);
  const { copy, doubleMany } = arithmetic[group.name];
  const add = (index: number, point: number, first: (place: number) => number): void => {
    if (point === 0) return;
    const [sum, place] = [pointers[index]!, room + index * group.bytes];
    pointers[index] = sum === 0 ? first(place) : place;
    if (sum !== 0) adder.add(sum, point, place);
  };
  return {
    at: (index) => pointers[index]!,
    add: (index, point) => add(index, point, () => point),
    addCopy: (index, point) =>
      add(index, point, (place) => {
        copy(point, place);
        return place;
      }),
    double(index, times) {
      const place = room + index * group.bytes;
      if (pointers[index] === 0) return;
      copy(pointers[index]!, place);
      doubleMany(place, times, place);
      pointers[index] = place;
    },
  };
}

/** Each window's sum: of bucket m's sum times m, over all m. */
function sumWindows(
  arithmetic: Arithmetic,
  group: Group,
  adder: Adder,
  buckets: Int32Array,
  { bits, half, count: windows }: Windows,
): Sums {
  const segmentBits = (bits - 1) >> 1;
  const segment = 1 << segmentBits;
  const segments = half / segment;
  const sums = (count: number): Sums => createSums(arithmetic, group, adder, count);
  // Within segment k, of buckets m = k * segment + l: plain = sum of B, weighted = sum of l B.
  const all = windows * segments;
  const [plain, weighted] = [sums(all), sums(all)];
  for (let l = segment; l > 0; l--) {
    for (let i = 0; i < all; i++) plain.add(i, buckets[i * segment + l - 1]!);
    adder.flush();
    for (let i = 0; i < all; i++) weighted.addCopy(i, plain.at(i));
    adder.flush();
  }
  // Over the segments: sum of weighted, and segment * (sum of k * plain).
  const [running, steps, total] = [sums(windows), sums(windows), sums(windows)];
  for (let k = segments - 1; k >= 0; k--) {
    for (let window = 0; window < windows; window++) {
      total.add(window, weighted.at(window * segments + k));
      if (k > 0) running.add(window, plain.at(window * segments + k));
    }
    adder.flush();
    for (let window = 0; k > 0 && window < windows; window++) steps.addCopy(window, running.at(window));
    adder.flush();
  }
  for (let window = 0; window < windows; window++) {
    steps.double(window, segmentBits);
    total.add(window, steps.at(window));
  }
  adder.flush();
  return total;
}

/** Address of the windows' sums together; 0 for infinity. */
function joinWindows(
  arithmetic: Arithmetic,
  group: Group,
  adder: Adder,
  sums: Sums,
  { bits, count }: Windows,
): number {
  const result = createSums(arithmetic, group, adder, 1);
  for (let window = count - 1; window >= 0; window--) {
    result.double(0, bits);
    result.add(0, sums.at(window));
    adder.flush();
  }
  return result.at(0);
}
