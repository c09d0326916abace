// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * The engine's WebAssembly for BN254: `fp_`, `fp2_`, `fr_` fields, `g1_`, `g2_` curves. Where there are two lanes, they have
 * fields of their own, `fp_lanes_` and `fr_lanes_`, and the curves are theirs.
 *
 * @module
 */
import { BASE_FIELD, SCALAR_FIELD } from "@keel/verifier/groth16";
import { concatenate } from "../bytes.js";
import { defineBuckets, defineGather } from "./buckets.js";
import { defineCurve, defineExtension } from "./integer/curve.js";
import { defineField, elementBytes, RADIX_BITS } from "./integer/field.js";
import { FIELD_BYTES, toLimbs } from "./integer/limbs.js";
import { defineTransform } from "./integer/transform.js";
import { defineLaneConversions } from "./lanes/conversions.js";
import { defineLaneCurve, defineLaneProducts, type LaneCurveField } from "./lanes/curve.js";
import { createConstants, defineLaneField } from "./lanes/field.js";
import { defineLaneTransform } from "./lanes/transform.js";
import { createModuleWriter } from "./wasm/writer.js";

/** The module's code. */
export interface Bn254Code {
  readonly code: Uint8Array<ArrayBuffer>;
  /** First free byte of the memory. */
  readonly heap: number;
  /** Whether curves are those of lanes/curve.ts, and transforms those of lanes/transform.ts. */
  readonly lanes: boolean;
}

/** Writes the module: in a new process it takes about a tenth of a second. */
export function writeBn254(lanes: boolean): Bn254Code {
  const writer = createModuleWriter();
  const p = BASE_FIELD;
  const montgomery = (value: bigint): bigint => (value << RADIX_BITS) % p;
  const constant = (...values: bigint[]): number =>
    writer.data(concatenate(values.map((value) => elementBytes(montgomery(value)))));
  const zeroWords = [1n, 2n, 3n].map((multiple) => Number(toLimbs(multiple * p)[0]!));
  defineField(writer, "fp", p);
  defineExtension(writer, "fp2", "fp", p);
  defineField(writer, "fr", SCALAR_FIELD);
  // The twist's constant 3 / (9 + u) = 3 (9 - u) / 82.
  const inverse82 = power(82n, p - 2n, p);
  const groups = [
    { curve: "g1", prefix: "fp", b: [3n] },
    { curve: "g2", prefix: "fp2", b: [(27n * inverse82) % p, ((-3n * inverse82) % p) + p] },
  ];
  for (const { curve, prefix, b } of groups) {
    const [bytes, base] = [b.length * FIELD_BYTES, "fp"];
    const one = constant(...b.map((_, i) => (i === 0 ? 1n : 0n)));
    const scalarCurve = lanes ? `${curve}_special` : curve;
    defineBuckets(writer, curve, 2 * bytes);
    defineCurve(writer, scalarCurve, { prefix, base, p, bytes, zeroWords, one, b: constant(...b) });
  }
  defineTransform(writer, "fr");
  defineGather(writer, "gather");
  if (lanes) {
    const constants = createConstants(writer);
    for (const [field, modulus] of [
      ["fp", p],
      ["fr", SCALAR_FIELD],
    ] as const) {
      defineLaneField(writer, `${field}_lanes`, modulus, constants);
      defineLaneConversions(writer, `${field}_lanes`, field, modulus);
    }
    defineLaneTransform(writer, "fr_lanes", SCALAR_FIELD, constants);
    for (const { curve, prefix, b } of groups) {
      const field: LaneCurveField = {
        base: "fp_lanes",
        prefix: `${curve}_lanes`,
        coordinates: b.length as 1 | 2,
        scalarBase: "fp",
        scalarField: prefix,
        scalarCurve: `${curve}_special`,
        b,
        p,
      };
      defineLaneProducts(writer, field);
      defineLaneCurve(writer, curve, field, constants);
    }
  }
  return { ...writer.finish(), lanes };
}

function power(base: bigint, exponent: bigint, modulus: bigint): bigint {
  let [result, square] = [1n, base];
  for (let rest = exponent; rest > 0n; rest >>= 1n) {
    if (rest & 1n) result = (result * square) % modulus;
    square = (square * square) % modulus;
  }
  return result;
}
