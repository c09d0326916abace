// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Worker thread of the dev-key maker: multiplies the two generators by many scalars.
 *
 * Fixed-base windows: for every window j and digit d the affine point d * 2^(window * j) * G is in a table, so one
 * multiplication is a mixed addition for each non-zero digit and no doubling. Secret-dependent timing is of no
 * concern: the secrets of a dev key are derived from a public seed.
 *
 * @module
 */
import { parentPort } from "node:worker_threads";
import {
  allocate,
  type Bn254Module,
  bytesAt,
  createBn254Module,
  heapTop,
  setHeapTop,
} from "./bn254-module.js";

/** One batch: `scalars` holds reduced 32-byte little-endian numbers. */
export interface MultiplyTask {
  readonly id: number;
  readonly group: "g1" | "g2";
  readonly scalars: Uint8Array;
}

/** The batch's affine points, Montgomery form, little-endian; infinity is all zero. */
export interface MultiplyResult {
  readonly id: number;
  readonly points: Uint8Array;
}

interface Shape {
  readonly prefix: "g1m" | "g2m";
  readonly coordinateBytes: number;
  /** Window width in bits: the table costs 2^bits additions a window, so the larger group gets the smaller one. */
  readonly bits: number;
}

const SHAPES: Record<MultiplyTask["group"], Shape> = {
  g1: { prefix: "g1m", coordinateBytes: 32, bits: 10 },
  g2: { prefix: "g2m", coordinateBytes: 64, bits: 8 },
};
const SCALAR_BITS = 254;
const SCALAR_BYTES = 32;

/** Pointer to each window's table in the module's memory; entry d - 1 is the point of digit d. */
type Tables = readonly number[];

function buildTables(module: Bn254Module, { prefix, coordinateBytes, bits }: Shape): Tables {
  const { call } = module;
  const add = call[`${prefix}_add`]!;
  const double = call[`${prefix}_double`]!;
  const toAffine = call[`${prefix}_batchToAffine`]!;
  const jacobian = 3 * coordinateBytes;
  const base = allocate(module, jacobian);
  call[`${prefix}_copy`]!(prefix === "g1m" ? module.g1 : module.g2, base);
  const scratch = allocate(module, ((1 << bits) - 1) * jacobian);
  const tables: number[] = [];
  for (let low = 0; low < SCALAR_BITS; low += bits) {
    const entries = (1 << Math.min(bits, SCALAR_BITS - low)) - 1;
    call[`${prefix}_copy`]!(base, scratch);
    for (let d = 1; d < entries; d++) add(scratch + (d - 1) * jacobian, base, scratch + d * jacobian);
    const table = allocate(module, entries * 2 * coordinateBytes);
    toAffine(scratch, entries, table);
    tables.push(table);
    for (let i = 0; i < bits; i++) double(base, base);
  }
  return tables;
}

function multiply(module: Bn254Module, tables: Tables, shape: Shape, scalars: Uint8Array): Uint8Array {
  const { prefix, coordinateBytes, bits } = shape;
  const { call } = module;
  const addMixed = call[`${prefix}_addMixed`]!;
  const zero = call[`${prefix}_zero`]!;
  const count = scalars.length / SCALAR_BYTES;
  const mark = heapTop(module);
  const sums = allocate(module, count * 3 * coordinateBytes);
  const affine = allocate(module, count * 2 * coordinateBytes);
  for (let i = 0; i < count; i++) {
    const sum = sums + i * 3 * coordinateBytes;
    zero(sum);
    for (let window = 0; window < tables.length; window++) {
      const digit = digitAt(scalars, i * SCALAR_BYTES, window * bits, bits);
      if (digit !== 0) addMixed(sum, tables[window]! + (digit - 1) * 2 * coordinateBytes, sum);
    }
  }
  call[`${prefix}_batchToAffine`]!(sums, count, affine);
  const points = bytesAt(module, affine, count * 2 * coordinateBytes).slice();
  setHeapTop(module, mark);
  return points;
}

// At most 10 bits starting anywhere touch three bytes at most.
function digitAt(bytes: Uint8Array, start: number, bit: number, bits: number): number {
  const at = start + (bit >> 3);
  const end = start + SCALAR_BYTES;
  const word =
    bytes[at]! | (at + 1 < end ? bytes[at + 1]! << 8 : 0) | (at + 2 < end ? bytes[at + 2]! << 16 : 0);
  return (word >> (bit & 7)) & ((1 << bits) - 1);
}

const port = parentPort;
if (port !== null) {
  const ready = createBn254Module();
  const tables = new Map<MultiplyTask["group"], Tables>();
  port.on("message", async (task: MultiplyTask) => {
    const module = await ready;
    const shape = SHAPES[task.group];
    if (!tables.has(task.group)) tables.set(task.group, buildTables(module, shape));
    const points = multiply(module, tables.get(task.group)!, shape, task.scalars);
    const result: MultiplyResult = { id: task.id, points };
    port.postMessage(result, [points.buffer as ArrayBuffer]);
  });
}
