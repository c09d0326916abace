// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Where points of a curve on lanes lie, and code that moves them.
 *
 * A point is x, y, tight elements of one lane each (see pairs.ts), coordinate of the base field by coordinate; a quad of
 * elements has a quad for each of its coordinates.
 *
 * @module
 */
import { concatenate } from "../../bytes.js";
import type { IntegerCurve } from "../integer/curve-shape.js";
import type { Field, PrimeField } from "../integer/field.js";
import { FIELD_BYTES } from "../integer/limbs.js";
import { type Code, i32, type ModuleWriter, type Operand, range, v128 } from "../wasm/writer.js";
import type { Conversions } from "./conversions.js";
import type { LaneField } from "./field.js";
import { LANE_LIMBS, LANE_RADIX_BITS, PAIRS, QUAD_BYTES, quadBytes } from "./pairs.js";
import type { LaneProducts } from "./products.js";

/** A field under a curve on lanes. */
export interface LaneCurveField extends LaneProducts {
  readonly base: LaneField & Conversions;
  readonly coordinates: 1 | 2;
  /** The same on integers. */
  readonly integer: {
    readonly base: PrimeField;
    readonly field: Field;
    readonly curve: IntegerCurve;
  };
  /** The curve's constant, by coordinates, not in Montgomery form. */
  readonly b: readonly bigint[];
  readonly p: bigint;
}

/** A pointer so many bytes further on; nothing is added for none. */
export const plus = (pointer: Operand, bytes: number): Operand =>
  bytes === 0 ? pointer : i32.add(pointer, bytes);

/** A pointer without its sign, and its sign alone. */
export const unsigned = (pointer: Operand): Code => i32.and(pointer, -2);
export const sign = (pointer: Operand): Code => i32.and(pointer, 1);

/** Sizes and places of points. */
export interface Layout {
  readonly coordinates: 1 | 2;
  readonly coordinateBytes: number;
  readonly pointBytes: number;
  /** Of a quad of elements. */
  readonly elementsBytes: number;
  /** Limbs of an element. */
  readonly limbs: number;
}

export function layoutOf(coordinates: 1 | 2): Layout {
  const coordinateBytes = coordinates * FIELD_BYTES;
  return {
    coordinates,
    coordinateBytes,
    pointBytes: 2 * coordinateBytes,
    elementsBytes: coordinates * QUAD_BYTES,
    limbs: coordinates * LANE_LIMBS,
  };
}

/** Where limb i of all coordinates of the base field lies in a pair of a quad. */
export const limbAt = (i: number, pair: number): number =>
  QUAD_BYTES * Math.floor(i / LANE_LIMBS) + pair + 16 * (i % LANE_LIMBS);

/** Where one of a quad's elements begins. */
export const elementAt = (quad: Operand, element: number): Operand =>
  plus(quad, PAIRS[element >> 1]! + 8 * (element & 1));

/** Which of a point's coordinates. */
type Axis = 0 | 1;
export const X: Axis = 0;
export const Y: Axis = 1;

/** Limb i of a coordinate of two points. */
export const gatherLimb = (
  { coordinateBytes }: Layout,
  a: Operand,
  b: Operand,
  axis: Axis,
  i: number,
): Code => v128.gather(a, b, axis * coordinateBytes + 8 * i);

/** Writes a pair of coordinates to two points. */
export function scatter(
  { limbs, coordinateBytes }: Layout,
  source: Operand,
  pair: number,
  targets: readonly [first: Operand, second: Operand],
  axis: Axis,
): Code {
  return range(limbs).map((i) =>
    ([0, 1] as const).map((lane) => {
      const limb = v128.load(source, limbAt(i, pair));
      return v128.storeLane(targets[lane], limb, lane, axis * coordinateBytes + 8 * i);
    }),
  );
}

/** Copies a quad of elements. */
export const copyQuad = ({ elementsBytes }: Layout, source: Operand, target: Operand): Code =>
  range(elementsBytes / 16).map((i) => v128.store(target, v128.load(source, 16 * i), 16 * i));

/** Reserves a quad with the same element four times, given by its coordinates. */
export const dataQuad = (module: ModuleWriter, values: readonly bigint[], p: bigint): number =>
  module.data(concatenate(values.map((value) => quadBytes(value << LANE_RADIX_BITS, p))));

type Convert = Conversions["toLimbs"];

/** Converts each of so many coordinates of the base field. */
export const convertAll = (
  convert: Convert,
  count: number,
  from: Operand,
  to: Operand,
  fromStep = FIELD_BYTES,
  toStep = FIELD_BYTES,
): Code => range(count).map((i) => convert(plus(from, i * fromStep), plus(to, i * toStep)));
