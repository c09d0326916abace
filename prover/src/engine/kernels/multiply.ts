// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Sums of many points, each times a scalar (Pippenger's buckets with signed digits), with every addition affine and
 * in batches that share an inversion.
 *
 * 1. Each scalar becomes one signed digit a window; a point goes into the bucket of its digit's magnitude, negated for
 *    a negative digit. Small scalars, of which witnesses are full, have few digits and cost little.
 * 2. Each bucket is summed pairwise, in rounds over all buckets of several windows.
 * 3. Each window's buckets, weighted by their number, are summed by running sums: first within segments, all segments
 *    of all windows side by side, then over the segments.
 * 4. The windows are joined by doublings.
 *
 * @module
 */
import { type Arithmetic, allocate, bytesAt, type Group, scoped } from "./arithmetic.js";
import { ENTRY_BYTES } from "./curve-code.js";
import { readPoint } from "./points.js";

const SCALAR_BYTES = 32;
const SCALAR_BITS = 254;
/** Pairs that share one inversion: it costs 350 multiplications, and their working memory should stay in cache. */
const BATCH = 1024;
/** Room for sums in the making; decides how many windows are summed side by side. */
const SUMS_BYTES = 8 << 20;

/**
 * The sum of points times scalars, as plain affine coordinates; infinity is all zero.
 *
 * @param points address of points in the module's form
 * @param scalars plain 32-byte little-endian numbers below r, as many as there are points
 */
export function multiplyPoints(
  arithmetic: Arithmetic,
  group: Group,
  points: number,
  scalars: Uint8Array,
): Uint8Array {
  return scoped(arithmetic, () => {
    const digits = toDigits(scalars, windowBits(scalars.length / SCALAR_BYTES));
    const adder = createAdder(arithmetic, group);
    const buckets = sumBuckets(arithmetic, group, adder, points, digits);
    const sums = sumWindows(arithmetic, group, adder, buckets, digits);
    digits.values.fill(0);
    return readSum(arithmetic, group, joinWindows(arithmetic, group, adder, sums, digits));
  });
}

/** Coordinates of a point that may be infinity (0) or negated (odd). */
function readSum(arithmetic: Arithmetic, group: Group, sum: number): Uint8Array {
  const place = allocate(arithmetic, group.bytes);
  bytesAt(arithmetic, place, group.bytes).fill(0);
  if (sum !== 0) arithmetic.call[`${group.prefix}_copy`]!(sum, place);
  return readPoint(arithmetic, group, place);
}

/**
 * Scalars as signed digits: `values[window * count + i]` is twice a magnitude of at most 2^(bits - 1), and one more for
 * a negative digit.
 */
interface Digits {
  readonly bits: number;
  readonly windows: number;
  readonly count: number;
  readonly values: Uint16Array;
}

/** About log2(n) - 4 balances additions into buckets against the summing of buckets. */
function windowBits(count: number): number {
  return Math.min(Math.max(Math.round(Math.log2(count + 1)) - 4, 4), 13);
}

function toDigits(scalars: Uint8Array, bits: number): Digits {
  const count = scalars.length / SCALAR_BYTES;
  // One bit more than the scalars have, for the last carry.
  const windows = Math.ceil((SCALAR_BITS + 1) / bits);
  const values = new Uint16Array(windows * count);
  const words = new Int32Array(SCALAR_BYTES / 4 + 1);
  const view = new DataView(scalars.buffer, scalars.byteOffset, scalars.length);
  const [mask, half, full] = [(1 << bits) - 1, 1 << (bits - 1), 1 << bits];
  for (let i = 0; i < count; i++) {
    let used = 0;
    for (let word = 0; word < SCALAR_BYTES / 4; word++) {
      const value = view.getUint32(i * SCALAR_BYTES + 4 * word, true);
      words[word] = value;
      if (value !== 0) used = word + 1;
    }
    let carry = 0;
    for (let window = 0; window * bits < 32 * used || carry !== 0; window++) {
      const [word, shift] = [(window * bits) >> 5, (window * bits) & 31];
      const raw = shift === 0 ? words[word]! : (words[word]! >>> shift) | (words[word + 1]! << (32 - shift));
      const digit = (raw & mask) + carry;
      // Without branches, which nobody can predict.
      carry = (half - digit) >>> 31;
      const magnitude = carry * full + (digit ^ -carry) + carry;
      values[window * count + i] = 2 * magnitude + carry;
    }
  }
  words.fill(0);
  return { bits, windows, count, values };
}

/** Collects additions and runs them in batches; see curve-code.ts for signs and places of results. */
interface Adder {
  add(p: number, q: number, result: number): void;
  /** Runs what is left; results count only after it. */
  flush(): void;
}

function createAdder(arithmetic: Arithmetic, group: Group): Adder {
  const table = allocate(arithmetic, BATCH * ENTRY_BYTES);
  const work = allocate(arithmetic, (BATCH + 1) * group.bytes);
  const addPairs = arithmetic.call[`${group.prefix}_addPairs`]!;
  const { memory } = arithmetic;
  let entries = new Int32Array(memory.buffer, table, (BATCH * ENTRY_BYTES) / 4);
  let used = 0;
  const flush = (): void => {
    if (used > 0) addPairs(table, used / 3, work);
    used = 0;
  };
  return {
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

/** Address of each bucket's sum (odd for a negated point, 0 for an empty bucket): `[window * half + magnitude - 1]`. */
function sumBuckets(
  arithmetic: Arithmetic,
  group: Group,
  adder: Adder,
  points: number,
  digits: Digits,
): Int32Array {
  const half = 1 << (digits.bits - 1);
  const buckets = new Int32Array(digits.windows * half);
  const kept = allocate(arithmetic, buckets.length * group.bytes);
  const side = Math.max(1, Math.min(digits.windows, Math.floor(SUMS_BYTES / (digits.count * group.bytes))));
  const sums = allocate(arithmetic, side * digits.count * group.bytes);
  for (let first = 0; first < digits.windows; first += side) {
    const windows = Math.min(side, digits.windows - first);
    const lists = sortIntoBuckets(points, group.bytes, digits, first, windows);
    sumLists(lists, adder, sums, group.bytes);
    const heap = bytesAt(arithmetic, 0, arithmetic.memory.buffer.byteLength);
    for (let bucket = 0; bucket < windows * half; bucket++) {
      if (lists.lengths[bucket] === 0) continue;
      let sum = lists.members[lists.starts[bucket]!]!;
      if (sum >= sums) {
        // The room for sums serves the next windows too.
        const place = kept + (first * half + bucket) * group.bytes;
        heap.copyWithin(place, sum, sum + group.bytes);
        sum = place;
      }
      buckets[first * half + bucket] = sum;
    }
  }
  return buckets;
}

/** Points to be summed, by bucket. */
interface Lists {
  readonly members: Int32Array;
  readonly starts: Int32Array;
  readonly lengths: Int32Array;
}

function sortIntoBuckets(
  points: number,
  pointBytes: number,
  digits: Digits,
  first: number,
  windows: number,
): Lists {
  const { count, values } = digits;
  const half = 1 << (digits.bits - 1);
  const lengths = new Int32Array(windows * half);
  const starts = new Int32Array(windows * half);
  for (let window = 0; window < windows; window++) {
    const base = window * half - 1;
    for (let i = 0, at = (first + window) * count; i < count; i++, at++) {
      const digit = values[at]!;
      if (digit > 1) lengths[base + (digit >> 1)]! += 1;
    }
  }
  let total = 0;
  for (let bucket = 0; bucket < lengths.length; bucket++) {
    starts[bucket] = total;
    total += lengths[bucket]!;
  }
  const members = new Int32Array(total);
  const next = starts.slice();
  for (let window = 0; window < windows; window++) {
    const base = window * half - 1;
    for (let i = 0, at = (first + window) * count; i < count; i++, at++) {
      const digit = values[at]!;
      if (digit < 2) continue;
      const bucket = base + (digit >> 1);
      const place = next[bucket]!;
      members[place] = points + i * pointBytes + (digit & 1);
      next[bucket] = place + 1;
    }
  }
  return { members, starts, lengths };
}

/** Sums each list into its first member, pair by pair, in rounds over all lists. */
function sumLists({ members, starts, lengths }: Lists, adder: Adder, sums: number, pointBytes: number): void {
  let free = sums;
  for (let busy = true; busy; adder.flush()) {
    busy = false;
    for (let bucket = 0; bucket < lengths.length; bucket++) {
      const length = lengths[bucket]!;
      if (length < 2) continue;
      busy = true;
      const start = starts[bucket]!;
      const pairs = length >> 1;
      for (let k = 0; k < pairs; k++) {
        adder.add(members[start + 2 * k]!, members[start + 2 * k + 1]!, free);
        members[start + k] = free;
        free += pointBytes;
      }
      if (length & 1) members[start + pairs] = members[start + length - 1]!;
      lengths[bucket] = pairs + (length & 1);
    }
  }
}

/** Points in the making, one a lane; 0 for infinity, odd for a negated point, and nothing added to infinity. */
interface Sums {
  at(lane: number): number;
  /** Adds a point that stays as it is until the next flush. */
  add(lane: number, point: number): void;
  /** Adds a point that changes later. */
  addCopy(lane: number, point: number): void;
  double(lane: number, times: number): void;
}

function createSums(arithmetic: Arithmetic, group: Group, adder: Adder, lanes: number): Sums {
  const room = allocate(arithmetic, lanes * group.bytes);
  const pointers = new Int32Array(lanes);
  const [copy, double] = ["copy", "doubleMany"].map((op) => arithmetic.call[`${group.prefix}_${op}`]!);
  const add = (lane: number, point: number, first: (place: number) => number): void => {
    if (point === 0) return;
    const [sum, place] = [pointers[lane]!, room + lane * group.bytes];
    pointers[lane] = sum === 0 ? first(place) : place;
    if (sum !== 0) adder.add(sum, point, place);
  };
  return {
    at: (lane) => pointers[lane]!,
    add: (lane, point) => add(lane, point, () => point),
    addCopy: (lane, point) =>
      add(lane, point, (place) => {
        copy!(point, place);
        return place;
      }),
    double(lane, times) {
      const place = room + lane * group.bytes;
      if (pointers[lane] === 0) return;
      copy!(pointers[lane]!, place);
      double!(place, times, place);
      pointers[lane] = place;
    },
  };
}

/** Each window's sum: of bucket m's sum times m, over all m. */
function sumWindows(
  arithmetic: Arithmetic,
  group: Group,
  adder: Adder,
  buckets: Int32Array,
  digits: Digits,
): Sums {
  const { windows, bits } = digits;
  const half = 1 << (bits - 1);
  const segmentBits = (bits - 1) >> 1;
  const segment = 1 << segmentBits;
  const segments = half / segment;
  const sums = (lanes: number): Sums => createSums(arithmetic, group, adder, lanes);
  // Within segment k, of buckets m = k * segment + l: plain = sum of B, weighted = sum of l B.
  const lanes = windows * segments;
  const [plain, weighted] = [sums(lanes), sums(lanes)];
  for (let l = segment; l > 0; l--) {
    for (let lane = 0; lane < lanes; lane++) plain.add(lane, buckets[lane * segment + l - 1]!);
    adder.flush();
    for (let lane = 0; lane < lanes; lane++) weighted.addCopy(lane, plain.at(lane));
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
  windows: Sums,
  digits: Digits,
): number {
  const result = createSums(arithmetic, group, adder, 1);
  for (let window = digits.windows - 1; window >= 0; window--) {
    result.double(0, digits.bits);
    result.add(0, windows.at(window));
    adder.flush();
  }
  return result.at(0);
}
