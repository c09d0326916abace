// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Code on elements in two lanes of doubles: every instruction does two elements at once, one a lane.
 *
 * An element is five limbs of 51 bits, doubles without a fraction: a tight one has limbs of at most 2^50 and is
 * itself below 0.51 p in magnitude, in Montgomery form with R = 2^255. A pair of elements is five vectors of 128 bits, 80
 * bytes; a quad is two pairs.
 *
 * @module
 */

import { LANE_LIMBS, PAIR_BYTES } from "../sizes.js";
import {
  type Code,
  f64x2,
  i64x2,
  type Local,
  type ModuleWriter,
  type Operand,
  range,
  type Steps,
  type Vector,
  v128,
} from "../wasm/writer.js";

export { LANE_LIMBS, PAIR_BYTES, QUAD } from "../sizes.js";

/** Bits of a limb. */
export const LANE_BITS = 51;
const BITS = BigInt(LANE_BITS);
export const MASK = (1n << BITS) - 1n;
/** log2 of the Montgomery radix of the lanes. */
export const LANE_RADIX_BITS = BITS * BigInt(LANE_LIMBS);
export const QUAD_BYTES = 2 * PAIR_BYTES;
/** The pairs of a quad, by their offsets. */
export const PAIRS = [0, PAIR_BYTES] as const;

/** A double near it counts by 2^51: rounds what is added, up to 2^102 in magnitude. */
export const HIGH = 3 * 2 ** 102;
/** A double near it counts by ones: its bits, less its own, are the integer that was added, up to 2^51 in magnitude. */
export const ONES = 3 * 2 ** 51;
/** Its bits, united with those of an integer below 2^52, are their sum. */
export const NATURAL = 2 ** 52;
/** Keeps columns positive, so that their bits can be shifted. */
export const OFFSET = 1n << 62n;
/** What the offset of one column carries into the next. */
export const CARRY_BIAS = OFFSET >> BITS;

/** A pair of elements: its limbs. */
export type Pair = readonly Vector[];

/** A number's limbs, all but the last in [-2^50, 2^50). */
export function toLaneLimbs(value: bigint): bigint[] {
  let rest = value;
  return range(LANE_LIMBS).map((i) => {
    if (i === LANE_LIMBS - 1) return rest;
    const limb = BigInt.asIntN(LANE_BITS, rest);
    rest = (rest - limb) >> BITS;
    return limb;
  });
}

/** The number modulo p that is nearest to 0. */
export function nearest(value: bigint, p: bigint): bigint {
  const rest = ((value % p) + p) % p;
  return 2n * rest > p ? rest - p : rest;
}

/** The bits of a double. */
export function bitsOf(value: number): bigint {
  return new BigUint64Array(Float64Array.of(value).buffer)[0]!;
}

/** Bits of the factor that makes the nearest multiple of p of a last limb. */
export const nearestMultipleScale = (p: bigint): bigint =>
  bitsOf(2 ** (LANE_BITS * (LANE_LIMBS - 1)) / Number(p));

/** A quad's bytes, with the same element four times. */
export function quadBytes(value: bigint, p: bigint): Uint8Array {
  const pair = toLaneLimbs(nearest(value, p)).flatMap((limb) => [Number(limb), Number(limb)]);
  return new Uint8Array(Float64Array.from([...pair, ...pair]).buffer);
}

/** A function's body in the making, on vectors. */
export interface LaneSteps extends Steps {
  keep(value: Vector): Local;
  /** A vector with the same double in both lanes. */
  double(value: number | bigint): Code;
  readonly bits: Constants;
}

/** A vector with the same 64 bits in both lanes. */
export type Constants = (value: bigint) => Code;

/** Constants of a module, each stored once. */
export function createConstants(module: ModuleWriter): Constants {
  const places = new Map<bigint, number>();
  return (value) => {
    const bits = BigInt.asUintN(64, value);
    const known = places.get(bits);
    const place = known ?? module.data(new Uint8Array(BigUint64Array.of(bits, bits).buffer));
    places.set(bits, place);
    return v128.load(place);
  };
}

/** Steps for vectors, with a module's constants. */
export function onLanes(steps: Steps, constants: Constants): LaneSteps {
  return {
    ...steps,
    keep: (value) => steps.keep(value, v128),
    double: (value) => constants(bitsOf(Number(value))),
    bits: constants,
  };
}

/** The pair at a pointer, read anew wherever it is used: a load costs nothing, a register does. */
export const pairAt = (pointer: Operand, offset: number): Pair =>
  range(LANE_LIMBS).map((i) => v128.load(pointer, offset + 16 * i));

export function storePair(steps: LaneSteps, limbs: Pair, target: Operand, offset: number): void {
  for (const [i, limb] of limbs.entries()) steps.run(v128.store(target, limb, offset + 16 * i));
}

/** Two elements of one lane each as a pair. */
export const gatherPair = (first: Operand, second: Operand): Pair =>
  range(LANE_LIMBS).map((i) => v128.gather(first, second, 8 * i));

/** Brings a pair's limbs into variables: for those that are used more than once. */
export const keepPair = ({ keep }: LaneSteps, limbs: Pair): Pair => limbs.map((limb) => keep(limb));

export const addPair = ({ keep }: LaneSteps, a: Pair, b: Pair): Pair =>
  a.map((limb, i) => keep(f64x2.add(limb, b[i]!)));
export const subPair = ({ keep }: LaneSteps, a: Pair, b: Pair): Pair =>
  a.map((limb, i) => keep(f64x2.sub(limb, b[i]!)));

/** Digits of `from` bits, as far as they reach into digit i of `to` bits. */
function regroup(digits: readonly Vector[], i: number, from: number, to: number): Vector {
  const parts = digits.flatMap((digit, j) => {
    const distance = from * j - to * i;
    if (distance <= -from || distance >= to) return [];
    return [distance < 0 ? i64x2.shrU(digit, -distance) : i64x2.shl(digit, distance)];
  });
  return parts.reduce((all, next) => v128.or(all, next));
}

/** A pair of numbers of 256 bits, plain and little-endian: limbs in [0, 2^51), or up to 2^52 the last. */
export function loadLaneBits({ keep, bits, double }: LaneSteps, first: Operand, second: Operand): Pair {
  const words = [0, 8, 16, 24].map((offset) => keep(v128.gather(first, second, offset)));
  return range(LANE_LIMBS).map((i) => {
    const united = regroup(words, i, 64, LANE_BITS);
    const natural = v128.or(i === LANE_LIMBS - 1 ? united : v128.and(united, bits(MASK)), double(NATURAL));
    return keep(f64x2.sub(natural, double(NATURAL)));
  });
}

/** Writes tight elements, made canonical, as 256 bits, plain and little-endian. */
export function storeLaneBits(
  steps: LaneSteps,
  p: bigint,
  limbs: Pair,
  first: Operand,
  second: Operand,
): void {
  const { keep, bits, double } = steps;
  const integers = limbs.map((limb) =>
    keep(i64x2.sub(f64x2.add(limb, double(ONES)), bits(bitsOf(ONES) - OFFSET))),
  );
  const negative = keep(i64x2.gtS(bits(0n), toDigits(steps, integers).at(-1)!));
  const lifted = integers.map((limb, j) =>
    keep(i64x2.add(limb, v128.and(negative, bits(toLaneLimbs(p)[j]!)))),
  );
  const natural = toDigits(steps, lifted);
  for (let word = 0; word < 4; word++) {
    const united = keep(regroup(natural, word, LANE_BITS, 64));
    steps.run(v128.storeLane(first, united, 0, 8 * word), v128.storeLane(second, united, 1, 8 * word));
  }
}

/** Moves the carries of sums that are biased by `OFFSET`; the last digit shows the sign. */
function toDigits({ keep, bits }: LaneSteps, sums: Pair): Local[] {
  let carry: Code | undefined;
  return sums.map((sum, j) => {
    const total = carry === undefined ? sum : keep(i64x2.add(sum, i64x2.sub(carry, bits(CARRY_BIAS))));
    carry = i64x2.shrU(total, LANE_BITS);
    return j < LANE_LIMBS - 1 ? keep(v128.and(total, bits(MASK))) : keep(i64x2.sub(total, bits(OFFSET)));
  });
}

/** Tight elements from limbs up to 2^52 and values up to 2.4 p in magnitude. */
export function retighten({ keep, bits, double }: LaneSteps, p: bigint, limbs: Pair): Pair {
  const scaled = f64x2.mulAdd(limbs.at(-1)!, bits(nearestMultipleScale(p)), double(ONES));
  const multiple = keep(f64x2.sub(scaled, double(ONES)));
  let carry: Local | undefined;
  return limbs.map((limb, j) => {
    const reduced = f64x2.subMul(multiple, double(toLaneLimbs(p)[j]!), limb);
    const total = keep(
      carry === undefined ? reduced : f64x2.mulAdd(carry, double(1 / 2 ** LANE_BITS), reduced),
    );
    if (j === LANE_LIMBS - 1) return total;
    carry = keep(f64x2.sub(f64x2.add(total, double(HIGH)), double(HIGH)));
    return keep(f64x2.sub(total, carry));
  });
}
