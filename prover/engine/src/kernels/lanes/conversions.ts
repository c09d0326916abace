// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Code between the two forms of a field's elements: those of lanes/field.ts and those of integer/limbs.ts.
 *
 * @module
 */
import { elementBytes } from "../integer/field.js";
import { createSteps, LIMB_BITS, LIMBS, loadLimbs, regroup, storeLimbs } from "../integer/limbs.js";
import { type Code, doubleBits, i32, i64, loadDouble, type ModuleWriter } from "../wasm/writer.js";
import { LANE_BITS, LANE_LIMBS, LANE_RADIX_BITS, QUAD_BYTES, quadBytes } from "./field.js";

/** Where an element of a lane lies: limbs one after the other, or in a pair, between those of the other lane. */
const STRIDES = { "": 8, InPair: 16 } as const;

/**
 * Adds `toLimbs(a, r)` and `fromLimbs(a, r)` between an element of one lane and one of integer/limbs.ts, and the same for an
 * element within a pair, `toLimbsInPair` and `fromLimbsInPair`. The former's results are canonical, the latter's tight.
 */
export function defineLaneConversions(writer: ModuleWriter, lanes: string, limbs: string, p: bigint): void {
  // In integer/limbs.ts's form, products are divided by 2^261, and x is x 2^261; in the lanes both are 2^255.
  const radix = LIMB_BITS * BigInt(LIMBS);
  const toFactor = i32.const(writer.data(elementBytes((1n << (2n * radix - LANE_RADIX_BITS)) % p)));
  const fromFactor = i32.const(writer.data(quadBytes(1n << (2n * LANE_RADIX_BITS - radix), p)));
  const room = i32.const(writer.data(new Uint8Array(QUAD_BYTES)));
  const mask = (1n << BigInt(LANE_BITS)) - 1n;
  for (const [name, stride] of Object.entries(STRIDES)) {
    writer.define(`${lanes}_toLimbs${name}`, 2, "none", (scope) => {
      const steps = createSteps(scope);
      const [a, r] = scope.params.map(({ get }) => get) as [Code, Code];
      let carry: Code = i64.const(0n);
      const digits = Array.from({ length: LANE_LIMBS }, (_, i) => {
        const limb = i64.ofDouble(loadDouble(a, stride * i));
        // Plus p, so that it is positive.
        const ofP = i64.const((p >> BigInt(LANE_BITS * i)) & mask);
        const total = steps.keep(i64.add(i64.add(limb, ofP), carry));
        carry = i64.shrS(total, i64.const(BigInt(LANE_BITS)));
        return steps.keep(i64.and(total, i64.const(mask)));
      });
      const { code } = steps;
      storeLimbs(steps, regroup(steps, digits, { from: LANE_BITS, to: Number(LIMB_BITS), count: LIMBS }), r);
      code.push(...writer.call(`${limbs}_mul`, r, toFactor, r), ...writer.call(`${limbs}_reduce`, r));
      return code;
    });
    writer.define(`${lanes}_fromLimbs${name}`, 2, "none", (scope) => {
      const steps = createSteps(scope);
      const [a, r] = scope.params.map(({ get }) => get) as [Code, Code];
      const { code } = steps;
      const grouping = { from: Number(LIMB_BITS), to: LANE_BITS, count: LANE_LIMBS };
      for (const [i, digit] of regroup(steps, loadLimbs(steps, a), grouping).entries())
        code.push(...i64.store(room, doubleBits(digit), 16 * i));
      code.push(...writer.call(`${lanes}_mul`, room, fromFactor, room));
      for (let i = 0; i < LANE_LIMBS; i++) code.push(...i64.store(r, i64.load(room, 16 * i), stride * i));
      return code;
    });
  }
}
