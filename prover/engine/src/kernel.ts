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
import { KeelError } from "@keel/verifier/errors";
import { ELEMENT_BYTES, gatherElements } from "./bytes.js";
import { type Arithmetic, allocate, bytesAt, G1, G2, type Group, scoped } from "./kernels/run/arithmetic.js";
import { multiplyPoints } from "./kernels/run/multiply.js";
import { areOnCurve, createPointLoader } from "./kernels/run/points.js";
import { type LoadedRows, loadRows } from "./kernels/run/program.js";
import { type Coset, loadCoset, toOddCoset, writeQuotients } from "./kernels/run/scalars.js";
import { planRows } from "./rows.js";
import type { KeySlice, Query, SlicedBases } from "./slices.js";

/** Values of the rows of one slice, Montgomery form. */
export interface RowValues {
  readonly a: Uint8Array;
  readonly b: Uint8Array;
  /** The products a * b: in a satisfied system these are C·w. */
  readonly c: Uint8Array;
}

/** One worker's arithmetic with a key slice loaded. */
export interface Kernel {
  /** Writes A·w and B·w of the slice's rows for a whole plain witness, and returns the target. */
  rows(witness: Uint8Array, target?: RowValues): RowValues;
  /** From a polynomial's values on the domain to its values on the odd coset (both Montgomery form), in their place. */
  extend(values: Uint8Array): void;
  /** Sum of the slice's bases of a query, each times its wire's value. */
  multiply(query: Query, witness: Uint8Array): Uint8Array;
  /**
   * Sum of the slice's C bases, each times its wire's value, and of its H bases times a * b - c, given the slice's part
   * of each on the odd coset. Both go into one point of the proof, and one sum costs less than two.
   */
  multiplyC(witness: Uint8Array, values: RowValues): Uint8Array;
}

/** A query in memory. */
interface LoadedQuery {
  readonly group: Group;
  readonly wires: Uint32Array;
  /** Address of its bases; C's are followed by H's. */
  readonly points: number;
}

/**
 * Loads a key slice into an instance's memory for good. Nothing of the slice is kept.
 *
 * @throws KeelError kind `environment`, code `zkey.curve`, when a base is not on its curve; `zkey.format`.
 */
export function createKernel(arithmetic: Arithmetic, slice: KeySlice): Kernel {
  const { domain, h } = slice;
  const ofH = h.most;
  const a = loadQuery(arithmetic, "a", [slice.queries.a]);
  const b = loadQuery(arithmetic, "b", [slice.queries.b]);
  const c = loadQuery(arithmetic, "c", [slice.queries.c, h]);
  const rows = loadRows(arithmetic, planRows(slice));
  const coset = loadCoset(arithmetic, domain);
  return kernelOf(arithmetic, { a, b, c, ofH, rows, coset, ofRows: slice.rows });
}

/** What a kernel is made of. */
interface Loaded {
  readonly a: LoadedQuery;
  readonly b: LoadedQuery;
  readonly c: LoadedQuery;
  /** Bases of H behind those of C. */
  readonly ofH: number;
  readonly rows: LoadedRows;
  /** How many there are. */
  readonly ofRows: number;
  readonly coset: Coset;
}

function kernelOf(arithmetic: Arithmetic, { rows, ofRows, coset, ofH, ...queries }: Loaded): Kernel {
  const vector = (): Uint8Array => new Uint8Array(ofRows * ELEMENT_BYTES);
  return {
    rows(witness, target = { a: vector(), b: vector(), c: vector() }) {
      rows.evaluate(witness, target);
      return target;
    },
    extend: (values) => toOddCoset(arithmetic, coset, values),
    multiply: (query, witness) => multiplyWires(arithmetic, queries[query], witness, 0, () => {}),
    multiplyC: (witness, { a, b, c: product }) =>
      multiplyWires(arithmetic, queries.c, witness, ofH, (target) =>
        writeQuotients(arithmetic, a, b, product, target),
      ),
  };
}

function loadQuery(arithmetic: Arithmetic, name: Query | "c", parts: readonly SlicedBases[]): LoadedQuery {
  const group = name === "b" ? G2 : G1;
  const most = parts.reduce((sum, part) => sum + part.most, 0);
  const loader = createPointLoader(arithmetic, group, most);
  const wires = new Uint32Array(most);
  let count = 0;
  for (const part of parts)
    part.each((own, points) => {
      wires.set(own, count);
      count += own.length;
      loader.add(points);
    });
  const points = loader.finish();
  if (!areOnCurve(arithmetic, group, points.address, points.count)) {
    const details = { kind: "environment", code: "zkey.curve", path: `zkey.${name.toUpperCase()}` } as const;
    throw new KeelError({ ...details, expected: "points on the curve", received: "a point off it" });
  }
  return { group, wires: wires.slice(0, count), points: points.address };
}

/** Sum of a query's bases, each times its wire's value, and of so many more with scalars that `writeMore` knows. */
function multiplyWires(
  arithmetic: Arithmetic,
  { group, wires, points }: LoadedQuery,
  witness: Uint8Array,
  more: number,
  writeMore: (target: number) => void,
): Uint8Array {
  return scoped(arithmetic, () => {
    const count = wires.length;
    const scalars = allocate(arithmetic, (count + more) * ELEMENT_BYTES);
    gatherElements(witness, wires, bytesAt(arithmetic, scalars, count * ELEMENT_BYTES));
    writeMore(scalars + count * ELEMENT_BYTES);
    return multiplyPoints(arithmetic, group, points, scalars, count + more);
  });
}
