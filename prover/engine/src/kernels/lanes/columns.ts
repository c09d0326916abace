// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Code of sums of products on lanes, by columns in memory, and of their reduction.
 *
 * A product of limbs is made of two operations: a b + 3 * 2^102 is rounded to a multiple of 2^51, which is the
 * product's upper half, and a b minus that half is its lower half, exactly; adding 3 * 2^51 makes its bits count by
 * ones. Bits are then summed as integers, by columns, and what the constants leave in them is subtracted once.
 * Source: Emmart, Zheng and Weems, Faster modular exponentiation using double precision floating point arithmetic on
 * the GPU, ARITH 2018.
 *
 * @module
 */
import { invert } from "../../field.js";
import {
  type Code,
  f64x2,
  i64x2,
  type Local,
  type ModuleWriter,
  type Operand,
  range,
  type Vector,
  v128,
} from "../wasm/writer.js";
import {
  bitsOf,
  CARRY_BIAS,
  HIGH,
  LANE_BITS,
  LANE_LIMBS,
  type LaneSteps,
  MASK,
  NATURAL,
  nearest,
  nearestMultipleScale,
  OFFSET,
  ONES,
  PAIRS,
  type Pair,
  pairAt,
  storePair,
  toLaneLimbs,
} from "./pairs.js";

const COLUMNS = 2 * LANE_LIMBS;
const BITS = BigInt(LANE_BITS);
const HALF = 1n << (BITS - 1n);
const DIGIT_BIAS = OFFSET + HALF;
/** What `tighten` takes off columns, and what makes a double of the last. */
const TIGHT_BIAS = Array.from(
  { length: LANE_LIMBS },
  (_, j) => bitsOf(ONES) * (j < LANE_LIMBS - 1 ? -1n : 1n),
);

/** Ten columns in memory, which hold a sum of products of a pair until it is reduced. */
export interface Columns {
  /** The pair's offset in a quad. */
  readonly pair: number;
  at(k: number): Code;
  set(k: number, value: Vector): Code;
}

/** Columns for each pair of a quad. */
export function createColumns(module: ModuleWriter): Columns[] {
  const place = module.room(PAIRS.length * 16 * COLUMNS);
  return PAIRS.map((pair, index) => ({
    pair,
    at: (k) => v128.load(place, 16 * (COLUMNS * index + k)),
    set: (k, value) => v128.store(place, value, 16 * (COLUMNS * index + k)),
  }));
}

interface LimbProduct {
  readonly high: Local;
  readonly low: Local;
}
type MultiplyLimbs = (a: Vector, b: Vector) => LimbProduct;

/** Both halves of a product, as bits: with those of `HIGH` and of `ONES` in them. */
function createLimbProduct({ keep, double }: LaneSteps, negative: boolean): MultiplyLimbs {
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

/** How many products of limbs have their lower half in a column. */
const lows = (k: number): number =>
  k < 0 || k > 2 * LANE_LIMBS - 2 ? 0 : Math.min(k + 1, 2 * LANE_LIMBS - 1 - k);

/** How a product gets into columns. */
export interface PutProduct {
  /** Of the reduction to come, when the columns hold nothing else yet. */
  readonly plan?: Reduction;
  readonly negative?: boolean;
}

/** Puts a product into columns, or adds it to what they hold, or subtracts it. */
export function putProduct(
  steps: LaneSteps,
  columns: Columns,
  x: Pair,
  y: Pair,
  { plan, negative = false }: PutProduct,
): void {
  const { keep, bits } = steps;
  const multiply = createLimbProduct(steps, negative);
  let next: Vector | undefined;
  for (let k = 0; k < COLUMNS; k++) {
    const constant = (plan === undefined ? 0n : plan.bias[k]!) - constantsOf(lows(k), lows(k - 1));
    let sum: Vector = plan === undefined ? keep(i64x2.add(columns.at(k), bits(constant))) : bits(constant);
    if (next !== undefined) sum = keep(i64x2.add(sum, next));
    next = undefined;
    for (let i = Math.max(0, k - LANE_LIMBS + 1); i < LANE_LIMBS && i <= k; i++) {
      const { high, low } = multiply(x[i]!, y[k - i]!);
      sum = keep(i64x2.add(sum, low));
      next = next === undefined ? high : keep(i64x2.add(next, high));
    }
    steps.run(columns.set(k, sum));
  }
}

/** Puts a square into columns: products of different limbs count twice. */
export function putSquare(steps: LaneSteps, columns: Columns, x: Pair, plan: Reduction): void {
  const { keep, bits } = steps;
  const multiply = createLimbProduct(steps, false);
  const add = (sum: Vector | undefined, value: Vector): Vector =>
    sum === undefined ? value : keep(i64x2.add(sum, value));
  let next: Vector | undefined;
  let nextDiagonal: Vector | undefined;
  for (let k = 0; k < COLUMNS; k++) {
    let sum: Vector = bits(plan.bias[k]! - constantsOf(lows(k), lows(k - 1)));
    if (nextDiagonal !== undefined) sum = add(sum, nextDiagonal);
    nextDiagonal = undefined;
    let twice = next;
    next = undefined;
    for (let i = Math.max(0, k - LANE_LIMBS + 1); 2 * i < k; i++) {
      const { high, low } = multiply(x[i]!, x[k - i]!);
      twice = add(twice, low);
      next = add(next, high);
    }
    if (k % 2 === 0 && k < COLUMNS - 1) {
      const { high, low } = multiply(x[k / 2]!, x[k / 2]!);
      sum = add(sum, low);
      nextDiagonal = high;
    }
    if (twice !== undefined) sum = add(sum, keep(i64x2.add(twice, twice)));
    steps.run(columns.set(k, sum));
  }
}

/** Constants of a reduction, and what columns must hold more than their sums before it. */
export interface Reduction {
  readonly modulus: bigint;
  readonly bias: readonly bigint[];
  readonly p: readonly bigint[];
  /** -1/p modulo 2^51. */
  readonly negatedInverse: bigint;
  /** 2^-51 and 2^-102 modulo p. */
  readonly inversePowers: readonly (readonly bigint[])[];
}

/**
 * Of a sum T a reduction makes T / R and less than 0.85 p in magnitude: digits are at most 2^50, the last two before
 * Montgomery's meet 2^-51 and 2^-102 modulo p, which are 0.68 p together in the larger case, and Montgomery's multiple is p / 2.
 */
export function planReduction(p: bigint): Reduction {
  const lows = new Array<number>(COLUMNS + 1).fill(0);
  const highs = new Array<number>(COLUMNS + 1).fill(0);
  // Two digits' products from columns 2 and 4 on, one digit's from column 4 on.
  for (const first of [2, 2, 4, 4, 4]) {
    for (let j = 0; j < LANE_LIMBS; j++) {
      lows[first + j]! += 1;
      highs[first + j + 1]! += 1;
    }
  }
  const bias = range(COLUMNS).map((k) => {
    const carried = k === 0 ? 0n : CARRY_BIAS;
    const digits = k < COLUMNS - 1 ? DIGIT_BIAS : 0n;
    return (
      digits -
      carried -
      constantsOf(lows[k]!, highs[k]!) +
      (k < LANE_LIMBS ? 0n : TIGHT_BIAS[k - LANE_LIMBS]!)
    );
  });
  return {
    modulus: p,
    bias,
    p: toLaneLimbs(p),
    negatedInverse: nearest(-invert(p, 1n << BITS), 1n << BITS),
    inversePowers: [BITS, 2n * BITS].map((bits) => toLaneLimbs(nearest(invert(1n << bits, p), p))),
  };
}

/**
 * Divides what columns hold by R, and subtracts a quad, if one is given. Pairs by turns: a reduction is one long chain of
 * instructions, of which a processor can run two side by side.
 */
export function reduceColumns(
  steps: LaneSteps,
  plan: Reduction,
  sets: readonly Columns[],
  subtrahend: Operand | undefined,
  target: Operand,
): void {
  const multiply = createLimbProduct(steps, false);
  for (const columns of sets) takeDigits(steps, plan, multiply, columns, 0);
  for (const columns of sets) takeDigits(steps, plan, multiply, columns, 2);
  for (const columns of sets) takeLastDigit(steps, plan, multiply, columns);
  for (const columns of sets) {
    const sums = [5, 6, 7, 8, 9].map((k) => steps.keep(columns.at(k)));
    const minus = subtrahend === undefined ? undefined : pairAt(subtrahend, columns.pair);
    storePair(steps, tighten(steps, plan.modulus, sums, minus), target, columns.pair);
  }
}

const carryOf = (sum: Vector): Code => i64x2.shrU(sum, LANE_BITS);

/** A column's lowest 51 bits, which must be biased by `DIGIT_BIAS`, as a double in [-2^50, 2^50). */
function digit({ keep, bits, double }: LaneSteps, column: Vector): Local {
  const natural = v128.or(v128.and(column, bits(MASK)), double(NATURAL));
  return keep(f64x2.sub(natural, double(BigInt(NATURAL) + HALF)));
}

/** Two digits at a time: 2^-51 and 2^-102 modulo p take them away, and the second need not wait for the first. */
function takeDigits(
  steps: LaneSteps,
  { inversePowers }: Reduction,
  multiply: MultiplyLimbs,
  columns: Columns,
  first: number,
): void {
  const { keep, double } = steps;
  const add = (a: Vector, b: Vector): Local => keep(i64x2.add(a, b));
  const low = keep(columns.at(first));
  const high = add(columns.at(first + 1), carryOf(low));
  const [lower, upper] = [digit(steps, low), digit(steps, high)];
  let next: Vector = carryOf(high);
  for (let j = 0; j <= LANE_LIMBS; j++) {
    const k = first + 2 + j;
    let sum = add(columns.at(k), next);
    if (j < LANE_LIMBS) {
      const a = multiply(lower, keep(double(inversePowers[1]![j]!)));
      const b = multiply(upper, keep(double(inversePowers[0]![j]!)));
      sum = add(add(sum, a.low), b.low);
      next = add(a.high, b.high);
    }
    steps.run(columns.set(k, sum));
  }
}

/** The last digit by a multiple of p, as Montgomery does. */
function takeLastDigit(
  steps: LaneSteps,
  { p, negatedInverse }: Reduction,
  multiply: MultiplyLimbs,
  columns: Columns,
): void {
  const { keep, double } = steps;
  const add = (a: Vector, b: Vector): Local => keep(i64x2.add(a, b));
  const d = digit(steps, keep(columns.at(4)));
  const inverse = keep(double(negatedInverse));
  const high = keep(f64x2.mulAdd(d, inverse, double(HIGH)));
  const q = keep(f64x2.mulAdd(d, inverse, f64x2.sub(double(HIGH), high)));
  let next: Vector = [];
  for (let j = 0; j < LANE_LIMBS; j++) {
    const product = multiply(q, keep(double(p[j]!)));
    let sum = add(columns.at(4 + j), product.low);
    if (j > 0) sum = add(sum, next);
    next = j === 0 ? add(product.high, carryOf(sum)) : product.high;
    if (j > 0) steps.run(columns.set(4 + j, sum));
  }
  steps.run(columns.set(9, add(columns.at(9), next)));
}

/**
 * Limbs of a tight element from five columns that are biased by `TIGHT_BIAS` and as digits are, minus a pair's limbs.
 * Together they must be below 2.4 p in magnitude: twice a limb of p is an integer that `ONES` can take, three times not.
 */
function tighten(steps: LaneSteps, p: bigint, columns: Pair, subtrahend: Pair | undefined): Pair {
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
    if (j === LANE_LIMBS - 1) {
      const value = f64x2.sub(i64x2.add(last, carry), double(ONES));
      return keep(f64x2.subMul(multiple, limb, value));
    }
    let total = keep(i64x2.add(sum, f64x2.subMul(multiple, limb, double(ONES))));
    if (j > 0) total = keep(i64x2.add(total, carry));
    carry = carryOf(total);
    return digit(steps, total);
  });
}
