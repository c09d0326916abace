// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Cost of the arithmetic under all sums, for both sets of kernels: a product of field elements, and additions of points that
 * are in cache.
 *
 * @module
 */
import { bn254 } from "@noble/curves/bn254.js";
import { writeElement } from "#engine/bytes.js";
import { BATCH } from "#engine/kernels/buckets.js";
import { ENTRY_BYTES } from "#engine/kernels/integer/additions.js";
import { FIELD_BYTES } from "#engine/kernels/integer/limbs.js";
import { hasFusedLanes } from "#engine/kernels/lanes/fused.js";
import {
  type Arithmetic,
  allocate,
  compileSet,
  createArithmetic,
  G1,
  G2,
  type Group,
} from "#engine/kernels/run/arithmetic.js";
import { loadPoints } from "#engine/kernels/run/points.js";
import { loadElements } from "#engine/kernels/run/scalars.js";
import { allowRelaxedSimd } from "#engine/node-features.js";
import { median } from "./median.js";

/** What is measured, with medians in ns for each set of kernels: 29-bit limbs, and two lanes where they can be had. */
export interface KernelCost {
  readonly name: string;
  readonly ns: readonly number[];
}

const RUNS = 300;
const ELEMENTS = 512;
const POINTS = 64;

/** Measures every set of kernels that there is. */
export async function measureKernels(): Promise<KernelCost[]> {
  allowRelaxedSimd();
  const sets = (await hasFusedLanes()) ? [false, true] : [false];
  const costs: number[][] = [];
  for (const lanes of sets) {
    const arithmetic = await createArithmetic(await compileSet(lanes));
    costs.push([productCost(arithmetic), additionCost(arithmetic, G1), additionCost(arithmetic, G2)]);
  }
  const names = ["a product of two elements", "an addition in G1", "an addition in G2"];
  return names.map((name, i) => ({ name, ns: costs.map((set) => set[i]!) }));
}

/** Of one of so many operations that an action does. */
function medianCost(operations: number, prepare: () => void, action: () => void): number {
  const times = Array.from({ length: RUNS }, () => {
    prepare();
    const started = performance.now();
    action();
    return performance.now() - started;
  });
  // The first half of the runs is for the compiler.
  return (median(times.slice(RUNS / 2)) * 1e6) / operations;
}

function productCost(arithmetic: Arithmetic): number {
  const { fr, lanes } = arithmetic;
  const values = new Uint8Array(32 * ELEMENTS);
  for (let i = 0; i < ELEMENTS; i++) writeElement(values, 32 * i, bn254.fields.Fr.inv(BigInt(i + 2)));
  const load = (): number => loadElements(arithmetic, values, lanes?.fr ?? fr);
  const [a, b] = [load(), load()];
  const target = allocate(arithmetic, ELEMENTS * FIELD_BYTES);
  return medianCost(
    ELEMENTS,
    () => {},
    () => (lanes ? lanes.fr.scale(a, ELEMENTS, b) : fr.products(a, ELEMENTS, b, target)),
  );
}

function additionCost(arithmetic: Arithmetic, group: Group): number {
  const points = loadPoints(arithmetic, group, multiples(group));
  const [table, work] = [
    allocate(arithmetic, BATCH * ENTRY_BYTES),
    allocate(arithmetic, (BATCH + 2) * group.bytes),
  ];
  const results = allocate(arithmetic, BATCH * group.bytes);
  const { addPairs } = arithmetic[group.name];
  // No point meets itself, and every other one is negated.
  const fill = (): void => {
    const entries = new Int32Array(arithmetic.memory.buffer, table, (BATCH * ENTRY_BYTES) / 4);
    for (let i = 0; i < BATCH; i++) {
      const other = (i + 1 + ((i >> 6) % (POINTS - 1))) % POINTS;
      entries.set(
        [
          points + (i % POINTS) * group.bytes + (i & 1),
          points + other * group.bytes,
          results + i * group.bytes,
        ],
        3 * i,
      );
    }
  };
  return medianCost(BATCH, fill, () => addPairs(table, BATCH, work));
}

/** Multiples of the generator in snarkjs's form. */
function multiples(group: Group): Uint8Array {
  const { ORDER } = bn254.fields.Fp;
  const coordinates = Array.from({ length: POINTS }, (_, i) => {
    if (group === G1) {
      const { x, y } = bn254.G1.Point.BASE.multiply(BigInt(i + 2)).toAffine();
      return [x, y];
    }
    const { x, y } = bn254.G2.Point.BASE.multiply(BigInt(i + 2)).toAffine();
    return [x.c0, x.c1, y.c0, y.c1];
  }).flat();
  const bytes = new Uint8Array(32 * coordinates.length);
  for (const [i, value] of coordinates.entries()) writeElement(bytes, 32 * i, (value << 256n) % ORDER);
  return bytes;
}
