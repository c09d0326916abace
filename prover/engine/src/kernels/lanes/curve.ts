// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Code of a curve on two lanes: what integer/curve.ts offers, with four additions at a time. Infinity is all zero. What is
 * rare goes through the curve on integers.
 *
 * @module
 */
import type { Curve } from "../integer/curve-shape.js";
import { elementBytes } from "../integer/field.js";
import { FIELD_BYTES } from "../integer/limbs.js";
import {
  advance,
  type Code,
  i32,
  i64,
  type Local,
  loopWhile,
  type ModuleWriter,
  range,
  ret,
  v128,
  when,
} from "../wasm/writer.js";
import { defineAdditions, type LaneCurve, type PlainPoints } from "./additions.js";
import {
  type Constants,
  LANE_LIMBS,
  LANE_RADIX_BITS,
  loadLaneBits,
  onLanes,
  PAIRS,
  QUAD,
  QUAD_BYTES,
  quadBytes,
  storePair,
} from "./pairs.js";
import {
  convertAll,
  dataQuad,
  elementAt,
  gatherLimb,
  type LaneCurveField,
  layoutOf,
  limbAt,
  plus,
  sign,
  unsigned,
  X,
  Y,
} from "./points.js";

/** Bytes of a plain element. */
const BITS_BYTES = 32;

/** Adds the functions of a curve on lanes. */
export function defineLaneCurve(module: ModuleWriter, field: LaneCurveField, constants: Constants): Curve {
  const layout = layoutOf(field.coordinates);
  const { pointBytes } = layout;
  const one = dataQuad(
    module,
    range(field.coordinates).map((i) => (i === 0 ? 1n : 0n)),
    field.p,
  );
  const isInfinity = module.defineTest("isInfinity", { p: i32 }, ({ p }) => {
    const words = range(pointBytes / 8).map((i) => i64.load(p, 8 * i));
    // Zero may have a sign.
    return i64.eqz(
      i64.shl(
        words.reduce((all, next) => i64.or(all, next)),
        1n,
      ),
    );
  });
  const curve: LaneCurve = { ...layout, field, constants, isInfinity };
  const { addPairs, plain } = defineAdditions(module, curve, one);
  const doubleMany = defineDoubling(module, curve, plain);
  const copy = defineCopy(module, curve);
  const areOnCurve = defineAreOnCurve(module, curve, plain);
  const load = defineLoad(module, curve);
  const read = defineRead(module, curve, plain);
  return { isInfinity, addPairs, doubleMany, copy, areOnCurve, load, read };
}

function defineDoubling(module: ModuleWriter, curve: LaneCurve, plain: PlainPoints): Curve["doubleMany"] {
  const { base, integer } = curve.field;
  const count = 2 * curve.coordinates;
  return module.define("doubleMany", { p: i32, k: i32, r: i32 }, ({ p, k, r }) => [
    convertAll(base.toLimbs, count, p, plain.p),
    integer.curve.doubleMany(plain.p, k, plain.p),
    convertAll(base.fromLimbs, count, plain.p, r),
  ]);
}

function defineCopy(module: ModuleWriter, { pointBytes, coordinateBytes }: LaneCurve): Curve["copy"] {
  return module.define("copy", { p: i32, r: i32 }, ({ p, r }, steps) => {
    const bit = steps.variable(i64);
    return [
      bit.set(i64.shl(i64.ofUnsigned(sign(p)), 63n)),
      p.set(unsigned(p)),
      range(pointBytes / 8).map((i) => {
        const word = i64.load(p, 8 * i);
        return i64.store(r, 8 * i < coordinateBytes ? word : i64.xor(word, bit), 8 * i);
      }),
    ];
  });
}

function defineAreOnCurve(module: ModuleWriter, curve: LaneCurve, plain: PlainPoints): Curve["areOnCurve"] {
  const { field, coordinates, elementsBytes, pointBytes, isInfinity } = curve;
  return module.defineTest("areOnCurve", { points: i32, count: i32 }, ({ points, count }, steps) => {
    const { p, p1, p2, p3, end } = steps.variables({ p: i32, p1: i32, p2: i32, p3: i32, end: i32 });
    const { x, y, right } = module.rooms(elementsBytes, "x", "y", "right");
    const zero = dataQuad(module, new Array<bigint>(coordinates).fill(0n), field.p);
    const negatedB = dataQuad(
      module,
      field.b.map((value) => -value),
      field.p,
    );
    // The last one again when their number is no multiple of four.
    const next = (point: Local, before: Local): Code => [
      point.set(plus(before, pointBytes)),
      when(i32.eq(point, end), point.set(before)),
    ];
    const gather = (pair: number, first: Local, second: Local): Code =>
      range(curve.limbs).map((i) => [
        v128.store(x, gatherLimb(curve, first, second, X, i), limbAt(i, pair)),
        v128.store(y, gatherLimb(curve, first, second, Y, i), limbAt(i, pair)),
      ]);
    const fails = (point: Local): Code => [
      convertAll(field.base.toLimbs, 2 * coordinates, point, plain.p),
      when(i32.eqz(i32.or(isInfinity(point), field.integer.curve.isOnCurve(plain.p))), ret(0)),
    ];
    const anyBit = range(elementsBytes / 16)
      .map((i) => v128.load(right, 16 * i))
      .reduce((all, vector) => v128.or(all, vector));
    return [
      p.set(points),
      end.set(i32.add(points, i32.mul(count, pointBytes))),
      loopWhile(i32.ltU(p, end), [
        [next(p1, p), next(p2, p1), next(p3, p2)],
        [gather(PAIRS[0], p, p1), gather(PAIRS[1], p2, p3)],
        field.squareMinus(x, zero, right),
        field.mulMinus(right, x, negatedB, right),
        field.squareMinus(y, right, right),
        // A tight element is zero only when its limbs are; infinity is on no curve.
        when(v128.any(anyBit), [p, p1, p2, p3].map(fails)),
        advance(p, QUAD * pointBytes),
      ]),
      i32.const(1),
    ];
  });
}

function defineLoad(module: ModuleWriter, { field, pointBytes, constants }: LaneCurve): Curve["load"] {
  // snarkjs's form is x 2^256: with 2^254 for a factor it becomes x 2^255.
  const fromSnarkjs = module.data(quadBytes(1n << (2n * LANE_RADIX_BITS - 256n), field.p));
  return module.define("load", { source: i32, count: i32, target: i32 }, (params, steps) => {
    const { source, count, target } = params;
    const end = steps.variable(i32);
    const room = module.room(QUAD_BYTES);
    // Four coordinates at a time; beyond the last ones there is room.
    const read = steps.block((inner) => {
      const lanes = onLanes(inner, constants);
      for (const [index, pair] of PAIRS.entries()) {
        const at = (lane: number) => plus(source, BITS_BYTES * (2 * index + lane));
        storePair(lanes, loadLaneBits(lanes, at(0), at(1)), room, pair);
      }
    });
    return [
      end.set(i32.add(target, i32.mul(count, pointBytes))),
      loopWhile(i32.ltU(target, end), [
        read,
        field.base.mul(room, fromSnarkjs, room),
        range(QUAD).map((element) =>
          range(LANE_LIMBS).map((i) =>
            i64.store(target, i64.load(elementAt(room, element), 16 * i), FIELD_BYTES * element + 8 * i),
          ),
        ),
        advance(source, QUAD * BITS_BYTES),
        advance(target, QUAD * FIELD_BYTES),
      ]),
    ];
  });
}

function defineRead(module: ModuleWriter, curve: LaneCurve, plain: PlainPoints): Curve["read"] {
  const { base, integer } = curve.field;
  const plainOne = module.data(elementBytes(1n));
  return module.define("read", { p: i32, target: i32 }, ({ p, target }) =>
    range(2 * curve.coordinates).map((i) => [
      base.toLimbs(plus(p, i * FIELD_BYTES), plain.p),
      integer.base.mul(plain.p, plainOne, plain.p),
      integer.base.reduce(plain.p),
      integer.base.toBytes(plain.p, plus(target, BITS_BYTES * i)),
    ]),
  );
}
