// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * The engine's WebAssembly for BN254: `fp_`, `fp2_`, `fr_` fields, `g1_`, `g2_` curves. Where there are two lanes, they have
 * fields of their own, `fp_lanes_` and `fr_lanes_`, and the curves are theirs.
 *
 * @module
 */

import { concatenate } from "../bytes.js";
import { invert, BASE_FIELD as P, SCALAR_FIELD } from "../field.js";
import { type Buckets, defineBuckets } from "./buckets.js";
import { defineCurve } from "./integer/curve.js";
import type { Curve, IntegerCurve } from "./integer/curve-shape.js";
import { defineExtension } from "./integer/extension.js";
import { defineField, elementBytes, type Field, type PrimeField, RADIX_BITS } from "./integer/field.js";
import { FIELD_BYTES } from "./integer/limbs.js";
import { defineProgram, type Program } from "./integer/program.js";
import { defineTransform, type Elementwise, type Transform } from "./integer/transform.js";
import { type Conversions, defineConversions } from "./lanes/conversions.js";
import { defineLaneCurve } from "./lanes/curve.js";
import { defineLaneField, type LaneField } from "./lanes/field.js";
import { type Constants, createConstants } from "./lanes/pairs.js";
import { defineLaneProducts } from "./lanes/products.js";
import { defineLaneTransform, type LaneTransform } from "./lanes/transform.js";
import { createModule, type ModuleWriter } from "./wasm/writer.js";

/** The module's code. */
export interface Bn254Code {
  readonly code: Uint8Array<ArrayBuffer>;
  /** First free byte of the memory. */
  readonly heap: number;
  /** Whether curves and transforms are those of lanes/. */
  readonly lanes: boolean;
}

/** What the module exports, by the names that stand before those of functions. */
export interface Bn254 {
  readonly fp: PrimeField;
  readonly fp2: Field;
  readonly fr: PrimeField & Transform & Elementwise;
  readonly program: Program;
  readonly g1: Curve & Buckets;
  readonly g2: Curve & Buckets;
}

/** What it exports besides when it is on lanes, as `fp_lanes` and `fr_lanes`. */
export interface Bn254Lanes {
  readonly fp: LaneField & Conversions;
  readonly fr: LaneField & Conversions & LaneTransform;
}

/** A curve's field, its constant by coordinates, and its functions on integers. */
interface Group {
  readonly module: ModuleWriter;
  readonly field: Field;
  readonly b: readonly bigint[];
  readonly curve: IntegerCurve;
}

/** Writes the module: in a new process it takes about a tenth of a second. */
export function writeBn254(lanes: boolean): Bn254Code {
  const module = createModule();
  const fp = defineField(module.under("fp"), P);
  const fp2 = defineExtension(module.under("fp2"), fp, P);
  const fr = defineField(module.under("fr"), SCALAR_FIELD);
  // The twist's constant 3 / (9 + u) = 3 (9 - u) / 82.
  const inverse82 = invert(82n, P);
  const ofTwist = [(27n * inverse82) % P, ((-3n * inverse82) % P) + P];
  const group = (name: "g1" | "g2", field: Field, b: readonly bigint[]): Group => {
    const under = module.under(name);
    const one = dataElement(module, [1n, 0n].slice(0, b.length));
    // Curves on lanes are defined last; functions' bodies are written after that.
    defineBuckets(under, 2 * b.length * FIELD_BYTES, (...operands) => curves[name].addPairs(...operands));
    const place = { bytes: b.length * FIELD_BYTES, one, b: dataElement(module, b) };
    const curve = defineCurve(lanes ? under.under("special") : under, { field, base: fp, p: P, ...place });
    return { module: under, field, b, curve };
  };
  const groups = { g1: group("g1", fp, [3n]), g2: group("g2", fp2, ofTwist) };
  defineTransform(module.under("fr"), fr);
  defineProgram(module.under("program"), fr, SCALAR_FIELD);
  const curves: Readonly<Record<"g1" | "g2", Curve>> = lanes
    ? defineOnLanes(module, fp, fr, groups)
    : { g1: groups.g1.curve, g2: groups.g2.curve };
  return { ...module.finish(), lanes };
}

/** Reserves memory for an element of the base field or its extension, in Montgomery form. */
function dataElement(module: ModuleWriter, coordinates: readonly bigint[]): number {
  const bytes = coordinates.map((value) => elementBytes((value << RADIX_BITS) % P));
  return module.data(concatenate(bytes));
}

function defineOnLanes(
  module: ModuleWriter,
  fp: PrimeField,
  fr: PrimeField,
  groups: Readonly<Record<"g1" | "g2", Group>>,
): Record<"g1" | "g2", Curve> {
  const constants = createConstants(module);
  const base = defineFieldOnLanes(module.under("fp_lanes"), fp, P, constants);
  const scalars = module.under("fr_lanes");
  const scalarField = defineFieldOnLanes(scalars, fr, SCALAR_FIELD, constants);
  defineLaneTransform(scalars, scalarField, SCALAR_FIELD, constants);
  const curveOnLanes = ({ module: under, field, b, curve }: Group): Curve => {
    const coordinates = b.length === 1 ? 1 : 2;
    const products = defineLaneProducts(under.under("lanes"), base, coordinates);
    const integer = { base: fp, field, curve };
    return defineLaneCurve(under, { ...products, base, coordinates, integer, b, p: P }, constants);
  };
  return { g1: curveOnLanes(groups.g1), g2: curveOnLanes(groups.g2) };
}

function defineFieldOnLanes(
  module: ModuleWriter,
  field: PrimeField,
  p: bigint,
  constants: Constants,
): LaneField & Conversions {
  const lanes = defineLaneField(module, p, constants);
  return { ...lanes, ...defineConversions(module, lanes, field, p) };
}
