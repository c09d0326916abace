// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Code between the two forms of a field's elements: those of pairs.ts and those of integer/limbs.ts.
 *
 * @module
 */
import { elementBytes, type Field } from "../integer/field.js";
import { LIMB_BITS, LIMBS, loadLimbs, regroup, storeLimbs } from "../integer/limbs.js";
import { type Code, f64, i32, i64, type ModuleWriter, type Operand, range } from "../wasm/writer.js";
import type { LaneField } from "./field.js";
import { LANE_BITS, LANE_LIMBS, LANE_RADIX_BITS, QUAD_BYTES, quadBytes } from "./pairs.js";

/** Between an element of one lane and one of limbs: results on lanes are tight, others canonical. */
export interface Conversions {
  toLimbs(a: Operand, r: Operand): Code;
  fromLimbs(a: Operand, r: Operand): Code;
  /** The same for an element within a pair. */
  toLimbsInPair(a: Operand, r: Operand): Code;
  fromLimbsInPair(a: Operand, r: Operand): Code;
}

/** Bytes from limb to limb: one after the other, or in a pair, between those of the other lane. */
const ALONE = 8;
const IN_PAIR = 16;

/** Adds conversions between a field on lanes and the same on integers. */
export function defineConversions(
  module: ModuleWriter,
  lanes: LaneField,
  limbs: Field,
  p: bigint,
): Conversions {
  // On integers, products are divided by 2^261, and x is x 2^261; on lanes both are 2^255.
  const radix = LIMB_BITS * BigInt(LIMBS);
  const toFactor = module.data(elementBytes((1n << (2n * radix - LANE_RADIX_BITS)) % p));
  const fromFactor = module.data(quadBytes(1n << (2n * LANE_RADIX_BITS - radix), p));
  const room = module.room(QUAD_BYTES);
  const mask = (1n << BigInt(LANE_BITS)) - 1n;
  const defineTo = (name: string, stride: number) =>
    module.define(name, { a: i32, r: i32 }, ({ a, r }, steps) => {
      let carry: Code | bigint = 0n;
      const digits = range(LANE_LIMBS).map((i) => {
        const limb = i64.ofDouble(f64.load(a, stride * i));
        // Plus p, so that it is positive.
        const ofP = (p >> BigInt(LANE_BITS * i)) & mask;
        const total = steps.keep(i64.add(i64.add(limb, ofP), carry));
        carry = i64.shrS(total, BigInt(LANE_BITS));
        return steps.keep(i64.and(total, mask));
      });
      storeLimbs(steps, regroup(steps, digits, { from: LANE_BITS, to: Number(LIMB_BITS), count: LIMBS }), r);
      return [limbs.mul(r, toFactor, r), limbs.reduce(r)];
    });
  const defineFrom = (name: string, stride: number) =>
    module.define(name, { a: i32, r: i32 }, ({ a, r }, steps) => {
      const grouping = { from: Number(LIMB_BITS), to: LANE_BITS, count: LANE_LIMBS };
      for (const [i, digit] of regroup(steps, loadLimbs(steps, a), grouping).entries())
        steps.run(i64.store(room, f64.bitsOf(digit), 16 * i));
      return [
        lanes.mul(room, fromFactor, room),
        range(LANE_LIMBS).map((i) => i64.store(r, i64.load(room, 16 * i), stride * i)),
      ];
    });
  return {
    toLimbs: defineTo("toLimbs", ALONE),
    fromLimbs: defineFrom("fromLimbs", ALONE),
    toLimbsInPair: defineTo("toLimbsInPair", IN_PAIR),
    fromLimbsInPair: defineFrom("fromLimbsInPair", IN_PAIR),
  };
}
