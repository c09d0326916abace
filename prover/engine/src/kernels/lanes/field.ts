// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Code of a prime field with 254-bit modulus p on two lanes of doubles: every instruction does two elements at once, one
 * a lane, and takes half as long for each as integer/limbs.ts. Needs products and sums that are rounded once together
 * (relaxed SIMD), see lanes/fused.ts.
 *
 * An element is five limbs of 51 bits, doubles without a fraction: a tight one has limbs of at most 2^50 and is
 * itself below 0.51 p in magnitude, in Montgomery form with R = 2^255. A pair of elements is five vectors of 128 bits, 80 bytes.
 * Functions take quads, two pairs, and do them by turns: a reduction is one long chain of instructions, of which a
 * processor can run two side by side.
 *
 * A product of limbs is made of two such operations: a b + 3 * 2^102 is rounded to a multiple of 2^51, which is the
 * product's upper half, and a b minus that half is its lower half, exactly; adding 3 * 2^51 makes its bits count by
 * ones. Bits are then summed as integers, by columns, and what the constants leave in them is subtracted once.
 * Source: Emmart, Zheng and Weems, Faster modular exponentiation using double precision floating point arithmetic on
 * the GPU, ARITH 2018.
 *
 * @module
 */
import { invert } from "@noble/curves/abstract/modular.js";
import { createSteps, type Steps } from "../integer/limbs.js";
import { type Code, type FunctionScope, f64x2, i32, i64x2, type ModuleWriter, v128 } from "../wasm/writer.js";

export const LANE_LIMBS = 5;
const LIMBS = LANE_LIMBS;
const COLUMNS = 2 * LIMBS;
/** Bits of a limb. */
export const LANE_BITS = 51;
const LIMB = LANE_BITS;
const BITS = BigInt(LIMB);
const HALF = 1n << (BITS - 1n);
const MASK = (1n << BITS) - 1n;
/** log2 of the Montgomery radix of the lanes. */
export const LANE_RADIX_BITS = BITS * BigInt(LIMBS);
export const PAIR_BYTES = 16 * LIMBS;
export const QUAD_BYTES = 2 * PAIR_BYTES;
/** The pairs of a quad, by their offsets. */
export const PAIRS = [0, PAIR_BYTES] as const;

/** A double near it counts by 2^51: rounds what is added, up to 2^102 in magnitude. */
const HIGH = 3 * 2 ** 102;
/** A double near it counts by ones: its bits, less its own, are the integer that was added, up to 2^51 in magnitude. */
const ONES = 3 * 2 ** 51;
/** Its bits, united with those of an integer below 2^52, are their sum. */
const NATURAL = 2 ** 52;
/** Keeps columns positive, so that their bits can be shifted. */
const OFFSET = 1n << 62n;

/** A pair of elements: code of its limbs. */
export type Pair = readonly Code[];

/** A number's limbs, all but the last in [-2^50, 2^50). */
export function toLaneLimbs(value: bigint): bigint[] {
  let rest = value;
  return Array.from({ length: LIMBS }, (_, i) => {
    if (i === LIMBS - 1) return rest;
    const limb = BigInt.asIntN(LIMB, rest);
    rest = (rest - limb) >> BITS;
    return limb;
  });
}

/** The number modulo p that is nearest to 0. */
export function nearest(value: bigint, p: bigint): bigint {
  const rest = ((value % p) + p) % p;
  return 2n * rest > p ? rest - p : rest;
}

/** A quad's bytes, with the same element four times. */
export function quadBytes(value: bigint, p: bigint): Uint8Array {
  const pair = toLaneLimbs(nearest(value, p)).flatMap((limb) => [Number(limb), Number(limb)]);
  return new Uint8Array(Float64Array.from([...pair, ...pair]).buffer);
}

/** Code in the making, on vectors. */
export interface LaneSteps extends Steps {
  /** A vector with the same double in both lanes. */
  double(value: number | bigint): Code;
  readonly bits: Constants;
}

/** A vector with the same 64 bits in both lanes. */
export type Constants = (value: bigint) => Code;

/** Constants of a module, each stored once. */
export function createConstants(writer: ModuleWriter): Constants {
  const places = new Map<bigint, number>();
  return (value) => {
    const bits = BigInt.asUintN(64, value);
    const place = places.get(bits) ?? writer.data(new Uint8Array(BigUint64Array.of(bits, bits).buffer));
    places.set(bits, place);
    return v128.load(i32.const(place));
  };
}

export function createLaneSteps(scope: FunctionScope, constants: Constants): LaneSteps {
  return {
    ...createSteps(scope, "v128"),
    double: (value) => constants(bitsOf(Number(value))),
    bits: constants,
  };
}

/** The pair at a pointer, read anew wherever it is used: a load costs nothing, a register does. */
export const pairAt = (pointer: Code, offset: number): Pair =>
  Array.from({ length: LIMBS }, (_, i) => v128.load(pointer, offset + 16 * i));

export function storePair({ code }: LaneSteps, limbs: Pair, target: Code, offset: number): void {
  for (const [i, limb] of limbs.entries()) code.push(...v128.store(target, limb, offset + 16 * i));
}

/** A pair of numbers of 256 bits, plain and little-endian: limbs in [0, 2^51), or up to 2^52 the last. */
export function loadLaneBits({ keep, bits, double }: LaneSteps, first: Code, second: Code): Pair {
  const words = [0, 8, 16, 24].map((offset) => keep(v128.gather(first, second, offset)));
  return Array.from({ length: LIMBS }, (_, i) => {
    const parts = words.flatMap((word, j) => {
      const distance = 64 * j - LIMB * i;
      if (distance <= -64 || distance >= LIMB) return [];
      return [distance < 0 ? i64x2.shrU(word, -distance) : i64x2.shl(word, distance)];
    });
    const united = parts.reduce((all, next) => v128.or(all, next));
    const natural = v128.or(i === LIMBS - 1 ? united : v128.and(united, bits(MASK)), double(NATURAL));
    return keep(f64x2.sub(natural, double(NATURAL)));
  });
}

/** Writes tight elements, made canonical, as 256 bits, plain and little-endian. */
export function storeLaneBits(steps: LaneSteps, p: bigint, limbs: Pair, first: Code, second: Code): void {
  const { code, keep, bits, double } = steps;
  const integers = limbs.map((limb) =>
    keep(i64x2.sub(f64x2.add(limb, double(ONES)), bits(bitsOf(ONES) - OFFSET))),
  );
  const digits = (sums: readonly Code[]): Code[] => {
    let carry: Code | undefined;
    return sums.map((sum, j) => {
      const total = carry === undefined ? sum : keep(i64x2.add(sum, i64x2.sub(carry, bits(CARRY_BIAS))));
      carry = i64x2.shrU(total, LIMB);
      return j < LIMBS - 1 ? keep(v128.and(total, bits(MASK))) : keep(i64x2.sub(total, bits(OFFSET)));
    });
  };
  const negative = keep(i64x2.gtS(bits(0n), digits(integers).at(-1)!));
  const lifted = integers.map((limb, j) =>
    keep(i64x2.add(limb, v128.and(negative, bits(toLaneLimbs(p)[j]!)))),
  );
  const natural = digits(lifted);
  for (let word = 0; word < 4; word++) {
    const parts = natural.flatMap((limb, j) => {
      const distance = LIMB * j - 64 * word;
      if (distance <= -LIMB || distance >= 64) return [];
      return [distance < 0 ? i64x2.shrU(limb, -distance) : i64x2.shl(limb, distance)];
    });
    const united = keep(parts.reduce((all, next) => v128.or(all, next)));
    code.push(...v128.storeLane(first, united, 0, 8 * word), ...v128.storeLane(second, united, 1, 8 * word));
  }
}

/** Tight elements from limbs up to 2^52 and values up to 2.4 p in magnitude. */
export function retighten({ keep, bits, double }: LaneSteps, p: bigint, limbs: Pair): Pair {
  const scaled = f64x2.mulAdd(limbs.at(-1)!, bits(nearestMultipleScale(p)), double(ONES));
  const multiple = keep(f64x2.sub(scaled, double(ONES)));
  let carry: Code | undefined;
  return limbs.map((limb, j) => {
    const reduced = f64x2.subMul(multiple, double(toLaneLimbs(p)[j]!), limb);
    const total = keep(carry === undefined ? reduced : f64x2.mulAdd(carry, double(1 / 2 ** LIMB), reduced));
    if (j === LIMBS - 1) return total;
    carry = keep(f64x2.sub(f64x2.add(total, double(HIGH)), double(HIGH)));
    return keep(f64x2.sub(total, carry));
  });
}

/** Brings variables into a pair's limbs: for those that are used more than once. */
export const keepPair = ({ keep }: LaneSteps, limbs: Pair): Pair => limbs.map(keep);

export const addPair = ({ keep }: LaneSteps, a: Pair, b: Pair): Pair =>
  a.map((limb, i) => keep(f64x2.add(limb, b[i]!)));
export const subPair = ({ keep }: LaneSteps, a: Pair, b: Pair): Pair =>
  a.map((limb, i) => keep(f64x2.sub(limb, b[i]!)));

/**
 * Adds a field's functions on pointers to quads. They meet in columns of the module's memory, ten for each pair, which
 * hold a sum of products until it is reduced. Operands may be sums or differences of two tight elements in one factor, and
 * tight in the other.
 * - `columns(a, b)`: a b; `square(a)`: a^2 of a tight a; `addColumns(a, b)`, `subColumns(a, b)`: and that, up to two
 *   products in all;
 * - `reduce(r)`: what the columns hold, divided by R; `reduceMinus(s, r)`: minus s, tight or a sum or difference of two
 *   tight elements. Results are tight;
 * - `mul(a, b, r)`; `add(a, b, r)` and `sub(a, b, r)`, not tight; `copy(a, r)`.
 */
export function defineLaneField(writer: ModuleWriter, prefix: string, p: bigint, constants: Constants): void {
  const define = (
    op: string,
    params: number,
    body: (steps: LaneSteps, pointers: readonly Code[]) => void,
  ): void =>
    writer.define(`${prefix}_${op}`, params, "none", (scope) => {
      const steps = createLaneSteps(scope, constants);
      body(
        steps,
        scope.params.map(({ get }) => get),
      );
      return steps.code;
    });
  const reduction = planReduction(p);
  const scratch = i32.const(writer.data(new Uint8Array(PAIRS.length * 16 * COLUMNS)));
  const columnSets = PAIRS.map((pair, index) => ({
    pair,
    get: (k: number): Code => v128.load(scratch, 16 * (COLUMNS * index + k)),
    set({ code }: LaneSteps, k: number, value: Code): void {
      code.push(...v128.store(scratch, value, 16 * (COLUMNS * index + k)));
    },
  }));
  type Columns = (typeof columnSets)[number];
  const defineForPairs = (
    op: string,
    params: number,
    body: (steps: LaneSteps, columns: Columns, operands: readonly Pair[]) => void,
  ): void =>
    define(op, params, (steps, pointers) => {
      // Kept in variables, and a column stored as soon as it is whole: V8 orders what lies between two stores as it
      // likes, and it likes many values at a time.
      for (const columns of columnSets) {
        const operands = pointers.map((pointer) => keepPair(steps, pairAt(pointer, columns.pair)));
        body(steps, columns, operands);
      }
    });

  const defineColumns = (op: string, fresh: boolean, negative: boolean): void =>
    defineForPairs(op, 2, (steps, columns, [x, y]) => {
      const { keep, bits } = steps;
      const multiply = createLimbProduct(steps, negative);
      let next: Code | undefined;
      for (let k = 0; k < COLUMNS; k++) {
        const constant = (fresh ? reduction.bias[k]! : 0n) - constantsOf(lows(k), lows(k - 1));
        let sum = fresh ? bits(constant) : keep(i64x2.add(columns.get(k), bits(constant)));
        if (next !== undefined) sum = keep(i64x2.add(sum, next));
        next = undefined;
        for (let i = Math.max(0, k - LIMBS + 1); i < LIMBS && i <= k; i++) {
          const { high, low } = multiply(x![i]!, y![k - i]!);
          sum = keep(i64x2.add(sum, low));
          next = next === undefined ? high : keep(i64x2.add(next, high));
        }
        columns.set(steps, k, sum);
      }
    });
  /** How many products of limbs have their lower half in a column. */
  const lows = (k: number): number => (k < 0 || k > 2 * LIMBS - 2 ? 0 : Math.min(k + 1, 2 * LIMBS - 1 - k));
  defineColumns("columns", true, false);
  defineColumns("addColumns", false, false);
  defineColumns("subColumns", false, true);

  defineForPairs("square", 1, (steps, columns, [x]) => {
    const { keep, bits } = steps;
    const multiply = createLimbProduct(steps, false);
    const add = (sum: Code | undefined, value: Code): Code =>
      sum === undefined ? value : keep(i64x2.add(sum, value));
    let [next, nextDiagonal]: (Code | undefined)[] = [];
    for (let k = 0; k < COLUMNS; k++) {
      let sum = bits(reduction.bias[k]! - constantsOf(lows(k), lows(k - 1)));
      if (nextDiagonal !== undefined) sum = add(sum, nextDiagonal);
      nextDiagonal = undefined;
      let twice = next;
      next = undefined;
      for (let i = Math.max(0, k - LIMBS + 1); 2 * i < k; i++) {
        const { high, low } = multiply(x![i]!, x![k - i]!);
        twice = add(twice, low);
        next = add(next, high);
      }
      if (k % 2 === 0 && k < COLUMNS - 1) {
        const { high, low } = multiply(x![k / 2]!, x![k / 2]!);
        sum = add(sum, low);
        nextDiagonal = high;
      }
      if (twice !== undefined) sum = add(sum, keep(i64x2.add(twice, twice)));
      columns.set(steps, k, sum);
    }
  });

  const reduce = (steps: LaneSteps, subtrahend: Code | undefined, target: Code): void => {
    const { keep, double } = steps;
    const multiply = createLimbProduct(steps, false);
    const add = (a: Code, b: Code): Code => keep(i64x2.add(a, b));
    const carry = (sum: Code): Code => i64x2.shrU(sum, LIMB);
    // Two digits at a time: 2^-51 and 2^-102 modulo p take them away, and the second need not wait for the first.
    const takeDigits = (columns: Columns, first: number): void => {
      const low = keep(columns.get(first));
      const high = add(columns.get(first + 1), carry(low));
      const digits = [digit(steps, low), digit(steps, high)];
      let next = carry(high);
      for (let j = 0; j <= LIMBS; j++) {
        const k = first + 2 + j;
        let sum = add(columns.get(k), next);
        if (j < LIMBS) {
          const products = digits.map((d, i) =>
            multiply(d, keep(double(reduction.inversePowers[1 - i]![j]!))),
          ) as [LimbProduct, LimbProduct];
          for (const { low: half } of products) sum = add(sum, half);
          next = add(products[0].high, products[1].high);
        }
        columns.set(steps, k, sum);
      }
    };
    // The last digit by a multiple of p, as Montgomery does.
    const takeLastDigit = (columns: Columns): void => {
      const d = digit(steps, keep(columns.get(4)));
      const inverse = keep(double(reduction.negatedInverse));
      const high = keep(f64x2.mulAdd(d, inverse, double(HIGH)));
      const q = keep(f64x2.mulAdd(d, inverse, f64x2.sub(double(HIGH), high)));
      let next: Code | undefined;
      for (let j = 0; j < LIMBS; j++) {
        const product = multiply(q, keep(double(reduction.p[j]!)));
        let sum = add(columns.get(4 + j), product.low);
        if (next !== undefined) sum = add(sum, next);
        next = j === 0 ? add(product.high, carry(sum)) : product.high;
        if (j > 0) columns.set(steps, 4 + j, sum);
      }
      columns.set(steps, 9, add(columns.get(9), next!));
    };
    const finish = (columns: Columns): void => {
      const sums = [5, 6, 7, 8, 9].map((k) => keep(columns.get(k)));
      const minus = subtrahend === undefined ? undefined : pairAt(subtrahend, columns.pair);
      storePair(steps, tighten(steps, p, sums, minus), target, columns.pair);
    };
    for (const columns of columnSets) takeDigits(columns, 0);
    for (const columns of columnSets) takeDigits(columns, 2);
    for (const columns of columnSets) takeLastDigit(columns);
    for (const columns of columnSets) finish(columns);
  };
  define("reduce", 1, (steps, [target]) => reduce(steps, undefined, target!));
  define("reduceMinus", 2, (steps, [subtrahend, target]) => reduce(steps, subtrahend, target!));

  define("mul", 3, (steps, [a, b, r]) => {
    steps.code.push(...writer.call(`${prefix}_columns`, a!, b!), ...writer.call(`${prefix}_reduce`, r!));
  });
  const defineLimbwise = (op: string, operation: (a: Code, b: Code) => Code): void =>
    define(op, 3, ({ code }, [a, b, r]) => {
      for (let at = 0; at < QUAD_BYTES; at += 16)
        code.push(...v128.store(r!, operation(v128.load(a!, at), v128.load(b!, at)), at));
    });
  defineLimbwise("add", f64x2.add);
  defineLimbwise("sub", f64x2.sub);
  define("copy", 2, ({ code }, [a, r]) => {
    for (let at = 0; at < QUAD_BYTES; at += 16) code.push(...v128.store(r!, v128.load(a!, at), at));
  });
}

interface LimbProduct {
  readonly high: Code;
  readonly low: Code;
}

/** Both halves of a product, as bits: with those of `HIGH` and of `ONES` in them. */
function createLimbProduct(
  { keep, double }: LaneSteps,
  negative: boolean,
): (a: Code, b: Code) => LimbProduct {
  const multiplyAdd = negative ? f64x2.subMul : f64x2.mulAdd;
  const [rounding, exact] = [keep(double(HIGH)), keep(double(HIGH + ONES))];
  return (a, b) => {
    const high = keep(multiplyAdd(a, b, rounding));
    return { high, low: keep(multiplyAdd(a, b, f64x2.sub(exact, high))) };
  };
}

/** What the bits of so many lower and upper halves hold too much. */
function constantsOf(lows: number, highs: number): bigint {
  return BigInt(lows) * bitsOf(ONES) + BigInt(highs) * bitsOf(HIGH);
}

/** A column's lowest 51 bits, which must be biased by `DIGIT_BIAS`, as a double in [-2^50, 2^50). */
function digit({ keep, bits, double }: LaneSteps, column: Code): Code {
  const natural = v128.or(v128.and(column, bits(MASK)), double(NATURAL));
  return keep(f64x2.sub(natural, double(BigInt(NATURAL) + HALF)));
}
const DIGIT_BIAS = OFFSET + HALF;
/** What the bias of one column carries into the next. */
const CARRY_BIAS = OFFSET >> BITS;

/**
 * Constants of a reduction, and what columns must hold more than their sums before it.
 *
 * Of a sum T it makes T / R and less than 0.85 p in magnitude: digits are at most 2^50, the last two before Montgomery's
 * meet 2^-51 and 2^-102 modulo p, which are 0.68 p together in the larger case, and Montgomery's multiple is p / 2.
 */
function planReduction(p: bigint) {
  const lows = new Array<number>(COLUMNS + 1).fill(0);
  const highs = new Array<number>(COLUMNS + 1).fill(0);
  // Two digits' products from columns 2 and 4 on, one digit's from column 4 on.
  for (const first of [2, 2, 4, 4, 4]) {
    for (let j = 0; j < LIMBS; j++) {
      lows[first + j]! += 1;
      highs[first + j + 1]! += 1;
    }
  }
  const bias = Array.from({ length: COLUMNS }, (_, k) => {
    const carried = k === 0 ? 0n : CARRY_BIAS;
    const digits = k < COLUMNS - 1 ? DIGIT_BIAS : 0n;
    return digits - carried - constantsOf(lows[k]!, highs[k]!) + (k < LIMBS ? 0n : TIGHT_BIAS[k - LIMBS]!);
  });
  return {
    bias,
    p: toLaneLimbs(p),
    negatedInverse: nearest(-invert(p, 1n << BITS), 1n << BITS),
    /** 2^-51 and 2^-102 modulo p. */
    inversePowers: [BITS, 2n * BITS].map((bits) => toLaneLimbs(nearest(invert(1n << bits, p), p))),
  };
}

/**
 * Limbs of a tight element from five columns that are biased by `TIGHT_BIAS` and as digits are, minus a pair's limbs.
 * Together they must be below 2.4 p in magnitude: twice a limb of p is an integer that `ONES` can take, three times not.
 */
function tighten(steps: LaneSteps, p: bigint, columns: readonly Code[], subtrahend: Pair | undefined): Pair {
  const { keep, bits, double } = steps;
  const sums =
    subtrahend === undefined
      ? columns
      : columns.map((column, j) => {
          const negative = i64x2.sub(bits(bitsOf(ONES)), f64x2.add(subtrahend[j]!, double(ONES)));
          return keep(i64x2.add(column, negative));
        });
  // The last column alone says which multiple of p is nearest; what it lacks of carries is 2^-45 of p.
  const last = sums.at(-1)!;
  const top = f64x2.sub(last, double(BigInt(ONES) - CARRY_BIAS));
  const scaled = f64x2.mulAdd(top, bits(nearestMultipleScale(p)), double(ONES));
  const multiple = keep(f64x2.sub(scaled, double(ONES)));
  let carry: Code = [];
  return sums.map((sum, j) => {
    const limb = double(toLaneLimbs(p)[j]!);
    if (j === LIMBS - 1) {
      const value = f64x2.sub(i64x2.add(last, carry), double(ONES));
      return keep(f64x2.subMul(multiple, limb, value));
    }
    let total = keep(i64x2.add(sum, f64x2.subMul(multiple, limb, double(ONES))));
    if (j > 0) total = keep(i64x2.add(total, carry));
    carry = i64x2.shrU(total, LIMB);
    return digit(steps, total);
  });
}
/** Bits of the factor that makes the nearest multiple of p of a last limb. */
const nearestMultipleScale = (p: bigint): bigint => bitsOf(2 ** (LIMB * (LIMBS - 1)) / Number(p));
/** What `tighten` takes off columns, and what makes a double of the last. */
const TIGHT_BIAS = Array.from({ length: LIMBS }, (_, j) => bitsOf(ONES) * (j < LIMBS - 1 ? -1n : 1n));

/** The bits of a double. */
export function bitsOf(value: number): bigint {
  return new BigUint64Array(Float64Array.of(value).buffer)[0]!;
}
