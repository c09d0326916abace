// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Do the field's functions on two lanes compute what BigInt computes, and stay within the bounds that they count on?
 *
 * @module
 */
import { bn254 } from "@noble/curves/bn254.js";
import { beforeAll, describe, expect, it } from "vitest";
import type { Bn254Lanes } from "../../prover/engine/dist/kernels/bn254.js";
import { elementBytes, RADIX_BITS } from "../../prover/engine/dist/kernels/integer/field.js";
import { FIELD_BYTES } from "../../prover/engine/dist/kernels/integer/limbs.js";
import type { LaneField } from "../../prover/engine/dist/kernels/lanes/field.js";
import { hasFusedLanes } from "../../prover/engine/dist/kernels/lanes/fused.js";
import {
  LANE_LIMBS,
  LANE_RADIX_BITS,
  nearest,
  PAIRS,
  QUAD_BYTES,
  toLaneLimbs,
} from "../../prover/engine/dist/kernels/lanes/pairs.js";
import {
  type Arithmetic,
  allocate,
  bytesAt,
  compileSet,
  createArithmetic,
  type Functions,
} from "../../prover/engine/dist/kernels/run/arithmetic.js";
import { allowRelaxedSimd } from "../../prover/engine/dist/node-features.js";
import { generator } from "../support/generator.js";

const SEED = 20261121n;
const TIGHT = 2 ** 50;

allowRelaxedSimd();
const hasLanes = await hasFusedLanes();
const lanesOnly = hasLanes ? describe : describe.skip;
const where = hasLanes ? "" : ": products and sums are not rounded once together here";

lanesOnly.each([
  { field: "fp", noble: bn254.fields.Fp },
  { field: "fr", noble: bn254.fields.Fr },
] as const)(`$field on two lanes (seed ${SEED})${where}`, ({ field, noble }) => {
  const p = noble.ORDER;
  const random = generator(SEED);
  const inverseRadix = noble.inv(noble.create(1n << LANE_RADIX_BITS));
  const modulo = (value: bigint): bigint => ((value % p) + p) % p;
  let arithmetic: Arithmetic;
  let places: number[];
  beforeAll(async () => {
    arithmetic = await createArithmetic(await compileSet(true));
    places = Array.from({ length: 6 }, () => allocate(arithmetic, QUAD_BYTES));
  });
  /** Limbs of one of a quad's four elements. */
  const addressOf = (place: number, element: number): number =>
    places[place]! + PAIRS[element >> 1]! + 8 * (element & 1);
  const putLimbs = (place: number, element: number, limbs: readonly number[]): void => {
    const memory = new Float64Array(arithmetic.memory.buffer);
    for (const [i, limb] of limbs.entries()) memory[addressOf(place, element) / 8 + 2 * i] = limb;
  };
  const put = (place: number, ...values: bigint[]): void => {
    for (const [element, value] of values.entries()) putLimbs(place, element, toLaneLimbs(value).map(Number));
  };
  const limbsOf = (place: number, element: number): number[] => {
    const memory = new Float64Array(arithmetic.memory.buffer);
    return Array.from({ length: LANE_LIMBS }, (_, i) => memory[addressOf(place, element) / 8 + 2 * i]!);
  };
  const numberOf = (limbs: readonly number[]): bigint =>
    limbs.reduceRight((value, limb) => (value << 51n) + BigInt(limb), 0n);
  const onLanes = (): Functions<Bn254Lanes>[typeof field] => arithmetic.lanes![field];
  const call = (name: keyof LaneField, ...operands: number[]): void => {
    const f: (...pointers: number[]) => number = onLanes()[name];
    f(...operands.map((place) => places[place]!));
  };
  const expectTight = (place: number, expected: readonly bigint[]): void => {
    for (const [element, value] of expected.entries()) {
      const limbs = limbsOf(place, element);
      expect(modulo(numberOf(limbs))).toBe(modulo(value));
      expect(limbs.slice(0, -1).every((limb) => Math.abs(limb) <= TIGHT)).toBe(true);
      const magnitude = numberOf(limbs) < 0n ? -numberOf(limbs) : numberOf(limbs);
      expect(magnitude * 100n < p * 51n).toBe(true);
    }
  };
  // Limbs at their bounds, as far as the value's bound lets them.
  const low = (limb: number): bigint => numberOf([limb, limb, limb, limb, 0]);
  const half = p / 2n;
  const edges = [0n, 1n, -1n, half, -half, half - 1n, low(TIGHT - 1), low(-TIGHT), 1n << 252n, -(1n << 252n)];
  const tops = [low(TIGHT - 1), low(-TIGHT)].flatMap((value) => [
    value + ((half >> 204n) << 204n),
    value - half,
  ]);
  const values = [...edges, ...tops.map((value) => nearest(value, p))];
  const pairs = values.flatMap((a) => values.map((b): [bigint, bigint] => [a, b]));
  const tight = (): bigint => nearest(random(p), p);
  const operands = [...pairs, ...Array.from({ length: 1000 }, (): [bigint, bigint] => [tight(), tight()])];
  const times = (a: bigint, b: bigint): bigint => a * b * inverseRadix;

  it("multiplies, adds up and subtracts products, to tight elements", () => {
    for (const i of operands.keys()) {
      // Four products side by side, of operands at other distances each.
      const elements = [0, 1, 2, 3].map((element) => {
        const at = (distance: number): [bigint, bigint] =>
          operands[(i + distance * element) % operands.length]!;
        return [...at(1), ...at(7)] as [bigint, bigint, bigint, bigint];
      });
      const expectEach = (of: (a: bigint, b: bigint, c: bigint, d: bigint) => bigint): void =>
        expectTight(
          4,
          elements.map((values) => of(...values)),
        );
      for (const place of [0, 1, 2, 3]) put(place, ...elements.map((values) => values[place]!));
      call("mul", 0, 1, 4);
      expectEach((a, b) => times(a, b));
      call("columns", 0, 1);
      call("subColumns", 2, 3);
      call("reduce", 4);
      expectEach((a, b, c, d) => times(a, b) - times(c, d));
      call("columns", 0, 1);
      call("addColumns", 2, 3);
      call("reduceMinus", 0, 4);
      expectEach((a, b, c, d) => times(a, b) + times(c, d) - a);
      call("square", 0);
      call("add", 2, 3, 5);
      call("reduceMinus", 5, 4);
      expectEach((a, _, c, d) => times(a, a) - c - d);
      call("sub", 2, 3, 5);
      call("mul", 5, 1, 4);
      expectEach((_, b, c, d) => times(c - d, b));
      call("copy", 0, 4);
      call("mul", 4, 1, 4);
      expectEach((a, b) => times(a, b));
    }
  });

  it("multiplies differences, whose limbs have one bit more", () => {
    const largest = 2 ** 51;
    const top = Number(p >> 204n);
    const differences = [
      [largest - 1, largest - 1, largest - 1, largest - 1, top],
      [1 - largest, 1 - largest, 1 - largest, 1 - largest, -top],
      [largest - 1, 1 - largest, largest - 1, 1 - largest, top],
      [0, 0, 0, 0, -top],
    ];
    for (const [i, first] of differences.entries()) {
      for (const other of [...values, tight(), tight()]) {
        const second = differences[(i + 1) % differences.length]!;
        for (const element of [0, 1, 2, 3]) putLimbs(0, element, element % 2 === 0 ? first : second);
        put(1, other, -other, other, -other);
        call("columns", 0, 1);
        call("addColumns", 0, 1);
        call("reduceMinus", 0, 2);
        const [a, b] = [numberOf(first), numberOf(second)];
        const expected = [2n * times(a, other) - a, -2n * times(b, other) - b];
        expectTight(2, [...expected, ...expected]);
      }
    }
  });

  it("goes to the other form and back", () => {
    const radix = (1n << RADIX_BITS) % p;
    for (const value of [...values, tight(), tight(), tight()]) {
      put(0, 1n, 2n, nearest(value << LANE_RADIX_BITS, p), 5n);
      const one = allocate(arithmetic, 2 * FIELD_BYTES);
      const { fromLimbs, toLimbs, toLimbsInPair, fromLimbsInPair } = onLanes();
      toLimbsInPair(addressOf(0, 2), one);
      expect(bytesAt(arithmetic, one, 36)).toEqual(elementBytes(modulo(value * radix)).subarray(0, 36));
      fromLimbs(one, one + FIELD_BYTES);
      const limbs = new Float64Array(arithmetic.memory.buffer, one + FIELD_BYTES, LANE_LIMBS);
      expect(modulo(numberOf([...limbs]))).toBe(modulo(value << LANE_RADIX_BITS));
      toLimbs(one + FIELD_BYTES, one);
      expect(bytesAt(arithmetic, one, 36)).toEqual(elementBytes(modulo(value * radix)).subarray(0, 36));
      fromLimbsInPair(one, addressOf(0, 3));
      expect(limbsOf(0, 3)).toEqual([...limbs]);
      expect([0, 1].map((element) => numberOf(limbsOf(0, element)))).toEqual([1n, 2n]);
      arithmetic.top = one;
    }
  });
});
