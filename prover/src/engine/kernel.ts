// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * The arithmetic of one worker: everything heavy in a proof, over the worker's own slice of the key. Pool, protocol
 * and API know only this interface, so that faster kernels can take its place.
 *
 * Vectors are 32-byte little-endian elements of the scalar field: plain (witnesses) or in Montgomery form (the
 * values of A, B, C). Points leave the kernel affine and plain, infinity all zero.
 *
 * @module
 */
import { KeelError } from "../../../verifier/src/errors.js";
import {
  allocate,
  type Bn254Module,
  bytesAt,
  createBn254Module,
  heapTop,
  setHeapTop,
} from "./bn254-module.js";
import { ELEMENT_BYTES, writeElement } from "./bytes.js";
import { type Arithmetic, createArithmetic, G1, G2, type Group } from "./kernels/arithmetic.js";
import { multiplyPoints } from "./kernels/multiply.js";
import { areOnCurve, loadPoints } from "./kernels/points.js";
import type { KeySlice, Query, QuerySlice } from "./slices.js";
import { G1_BYTES, G2_BYTES, TERM_BYTES } from "./zkey.js";

/** Values of the rows of one slice, Montgomery form. */
export interface RowValues {
  readonly a: Uint8Array;
  readonly b: Uint8Array;
  /** The products a * b: in a satisfied system these are C·w. */
  readonly c: Uint8Array;
}

/** One worker's arithmetic with a key slice loaded. */
export interface Kernel {
  /** A·w and B·w of the slice's rows for a whole plain witness. */
  rows(witness: Uint8Array): RowValues;
  /** From a polynomial's values on the domain to its values on the odd coset (both Montgomery form). */
  extend(values: Uint8Array): Uint8Array;
  /** Sum of the slice's bases of a query, each times its wire's value. */
  multiply(query: Query, witness: Uint8Array): Uint8Array;
  /** Sum of the slice's H bases times a * b - c, given the slice's part of each on the odd coset. */
  multiplyQuotient(values: RowValues): Uint8Array;
}

/** How much of wasmcurves' own scratch memory, above what was allocated, is wiped after each call. */
const WIPED_SCRATCH_BYTES = 1 << 20;

/** A query in memory. */
interface LoadedQuery {
  readonly group: Group;
  readonly wires: Uint32Array;
  readonly points: number;
}

/** The terms of one matrix by row, in the module's memory. */
interface LoadedMatrix {
  readonly starts: Uint32Array;
  readonly wires: Uint32Array;
  /** Pointer to the coefficients, in the order of `wires`. */
  readonly coefficients: number;
}

/**
 * Loads a key slice into a fresh module.
 *
 * @throws KeelError kind `environment`, code `zkey.curve`, when a base is not on its curve.
 */
export async function createKernel(slice: KeySlice): Promise<Kernel> {
  const [module, arithmetic] = await Promise.all([createBn254Module(), createArithmetic()]);
  const load = (query: Query): LoadedQuery => loadQuery(arithmetic, query, slice.queries[query]);
  const queries = { a: load("a"), b1: load("b1"), b2: load("b2"), c: load("c") };
  const h: LoadedQuery = loadQuery(arithmetic, "h", { wires: new Uint32Array(0), points: slice.h });
  const [a, b] = [loadMatrix(module, slice, 0), loadMatrix(module, slice, 1)];
  const shift = loadShift(module, slice.domain);
  // Whatever a call allocates may hold secrets: it is wiped, with some of the module's scratch above, and freed.
  const scoped = <T>(action: () => T): T => {
    const top = heapTop(module);
    try {
      return action();
    } finally {
      const end = Math.min(heapTop(module) + WIPED_SCRATCH_BYTES, module.memory.buffer.byteLength);
      bytesAt(module, top, end - top).fill(0);
      setHeapTop(module, top);
    }
  };
  return {
    rows: (witness) => scoped(() => evaluateRows(module, slice.rows, a, b, witness)),
    extend: (values) => scoped(() => extend(module, shift, values)),
    multiply: (query, witness) => {
      const { group, wires, points } = queries[query];
      return multiplyAndWipe(arithmetic, group, points, gather(witness, wires));
    },
    multiplyQuotient: (values) =>
      multiplyAndWipe(
        arithmetic,
        G1,
        h.points,
        scoped(() => quotient(module, values)),
      ),
  };
}

function loadBytes(module: Bn254Module, bytes: Uint8Array): number {
  const pointer = allocate(module, bytes.length);
  bytesAt(module, pointer, bytes.length).set(bytes);
  return pointer;
}

function loadQuery(arithmetic: Arithmetic, name: Query | "h", slice: QuerySlice): LoadedQuery {
  const group = name === "b2" ? G2 : G1;
  const points = loadPoints(arithmetic, slice.points);
  const pointBytes = name === "b2" ? G2_BYTES : G1_BYTES;
  if (!areOnCurve(arithmetic, group, points, slice.points.length / pointBytes)) {
    const details = { kind: "environment", code: "zkey.curve", path: `zkey.${name.toUpperCase()}` } as const;
    throw new KeelError({ ...details, expected: "points on the curve", received: "a point off it" });
  }
  return { group, wires: slice.wires, points };
}

/** Sorts the terms of one matrix by row (they are already, in snarkjs's files) by counting. */
function loadMatrix(module: Bn254Module, slice: KeySlice, matrix: number): LoadedMatrix {
  const view = new DataView(slice.terms.buffer, slice.terms.byteOffset, slice.terms.length);
  const starts = new Uint32Array(slice.rows + 1);
  for (let at = 0; at < view.byteLength; at += TERM_BYTES) {
    if (view.getUint32(at, true) === matrix) starts[view.getUint32(at + 4, true) - slice.firstRow + 1]! += 1;
  }
  for (let row = 0; row < slice.rows; row++) starts[row + 1]! += starts[row]!;
  const next = starts.slice();
  const wires = new Uint32Array(starts[slice.rows]!);
  const coefficients = allocate(module, wires.length * ELEMENT_BYTES);
  const heap = bytesAt(module, 0, module.memory.buffer.byteLength);
  for (let at = 0; at < view.byteLength; at += TERM_BYTES) {
    if (view.getUint32(at, true) !== matrix) continue;
    const row = view.getUint32(at + 4, true) - slice.firstRow;
    const place = next[row]!;
    next[row]! += 1;
    wires[place] = view.getUint32(at + 8, true);
    heap.set(slice.terms.subarray(at + 12, at + TERM_BYTES), coefficients + place * ELEMENT_BYTES);
  }
  return { starts, wires, coefficients };
}

function evaluateRows(
  module: Bn254Module,
  rows: number,
  a: LoadedMatrix,
  b: LoadedMatrix,
  witness: Uint8Array,
): RowValues {
  const values = loadBytes(module, witness);
  const [pa, pb] = [a, b].map((matrix) => evaluateMatrix(module, rows, matrix, values)) as [number, number];
  const pc = allocate(module, rows * ELEMENT_BYTES);
  const multiply = module.call.frm_mul!;
  for (let at = 0; at < rows * ELEMENT_BYTES; at += ELEMENT_BYTES) multiply(pa + at, pb + at, pc + at);
  const copy = (pointer: number): Uint8Array => bytesAt(module, pointer, rows * ELEMENT_BYTES).slice();
  return { a: copy(pa), b: copy(pb), c: copy(pc) };
}

function evaluateMatrix(module: Bn254Module, rows: number, matrix: LoadedMatrix, values: number): number {
  const { frm_mul: multiply, frm_add: add } = module.call;
  const sums = allocate(module, rows * ELEMENT_BYTES);
  const product = allocate(module, ELEMENT_BYTES);
  bytesAt(module, sums, rows * ELEMENT_BYTES).fill(0);
  for (let row = 0; row < rows; row++) {
    const sum = sums + row * ELEMENT_BYTES;
    for (let t = matrix.starts[row]!; t < matrix.starts[row + 1]!; t++) {
      // Coefficients carry R^2: one reduction by R leaves the product in Montgomery form.
      multiply!(matrix.coefficients + t * ELEMENT_BYTES, values + matrix.wires[t]! * ELEMENT_BYTES, product);
      add!(sum, product, sum);
    }
  }
  return sums;
}

/** The generator of the odd coset: a root of unity of twice the domain's order, in Montgomery form. */
function loadShift(module: Bn254Module, domain: number): number {
  // 5 generates the 2-part of the multiplicative group, as in snarkjs.
  const r = 21888242871839275222246405745257275088548364400416034343698204186575808495617n;
  let [root, square] = [1n, 5n];
  for (let rest = (r - 1n) / BigInt(2 * domain); rest > 0n; rest >>= 1n) {
    if (rest & 1n) root = (root * square) % r;
    square = (square * square) % r;
  }
  const pointer = allocate(module, 2 * ELEMENT_BYTES);
  const bytes = bytesAt(module, pointer, 2 * ELEMENT_BYTES);
  writeElement(bytes, 0, (root * 2n ** 256n) % r);
  writeElement(bytes, ELEMENT_BYTES, 2n ** 256n % r);
  return pointer;
}

function extend(module: Bn254Module, shift: number, values: Uint8Array): Uint8Array {
  const count = values.length / ELEMENT_BYTES;
  const pointer = loadBytes(module, values);
  module.call.frm_ifft!(pointer, count);
  module.call.frm_batchApplyKey!(pointer, count, shift + ELEMENT_BYTES, shift, pointer);
  module.call.frm_fft!(pointer, count);
  return bytesAt(module, pointer, values.length).slice();
}

/** a * b - c, plain. */
function quotient(module: Bn254Module, { a, b, c }: RowValues): Uint8Array {
  const count = a.length / ELEMENT_BYTES;
  const [pa, pb, pc] = [a, b, c].map((values) => loadBytes(module, values)) as [number, number, number];
  module.call.qap_joinABC!(pa, pb, pc, count, pa);
  module.call.frm_batchFromMontgomery!(pa, count, pa);
  return bytesAt(module, pa, a.length).slice();
}

function gather(witness: Uint8Array, wires: Uint32Array): Uint8Array {
  const scalars = new Uint8Array(wires.length * ELEMENT_BYTES);
  for (let i = 0; i < wires.length; i++) {
    const at = wires[i]! * ELEMENT_BYTES;
    scalars.set(witness.subarray(at, at + ELEMENT_BYTES), i * ELEMENT_BYTES);
  }
  return scalars;
}

function multiplyAndWipe(
  arithmetic: Arithmetic,
  group: Group,
  points: number,
  scalars: Uint8Array,
): Uint8Array {
  const sum = multiplyPoints(arithmetic, group, points, scalars);
  scalars.fill(0);
  return sum;
}
