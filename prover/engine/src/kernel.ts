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
import { concatenate, ELEMENT_BYTES } from "./bytes.js";
import { type Arithmetic, allocate, G1, G2, type Group, scoped } from "./kernels/run/arithmetic.js";
import { multiplyPoints } from "./kernels/run/multiply.js";
import { areOnCurve, loadPoints } from "./kernels/run/points.js";
import { loadRows } from "./kernels/run/program.js";
import { loadBytes, loadCoset, loadWords, toOddCoset, writeQuotients } from "./kernels/run/scalars.js";
import { planRows } from "./rows.js";
import type { KeySlice, Query, QuerySlice } from "./slices.js";
import { G1_BYTES, G2_BYTES } from "./zkey.js";

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
  /**
   * Sum of the slice's C bases, each times its wire's value, and of its H bases times a * b - c, given the slice's part
   * of each on the odd coset. Both go into one point of the proof, and one sum costs less than two.
   */
  multiplyC(witness: Uint8Array, values: RowValues): Uint8Array;
}

/** A query in memory. */
interface LoadedQuery {
  readonly group: Group;
  /** Addresses of its wires and of its bases, and how many wires there are; C's bases are followed by H's. */
  readonly wires: number;
  readonly points: number;
  readonly count: number;
}

/**
 * Loads a key slice into an instance's memory for good.
 *
 * @throws KeelError kind `environment`, code `zkey.curve`, when a base is not on its curve.
 */
export function createKernel(arithmetic: Arithmetic, slice: KeySlice): Kernel {
  const load = (query: Query): LoadedQuery => loadQuery(arithmetic, query, slice.queries[query]);
  const queries = { a: load("a"), b: load("b") };
  const points = concatenate([slice.c.points, slice.h]);
  const c = loadQuery(arithmetic, "c", { wires: slice.c.wires, points });
  const rows = loadRows(arithmetic, planRows(slice));
  const coset = loadCoset(arithmetic, slice.domain);
  return {
    rows: (witness) => rows.evaluate(witness),
    extend: (values) => toOddCoset(arithmetic, coset, values),
    multiply: (query, witness) => multiplyWires(arithmetic, queries[query], witness, 0, () => {}),
    multiplyC: (witness, { a, b, c: product }) =>
      multiplyWires(arithmetic, c, witness, slice.h.length / G1_BYTES, (target) =>
        writeQuotients(arithmetic, a, b, product, target),
      ),
  };
}

function loadQuery(arithmetic: Arithmetic, name: Query | "c", slice: QuerySlice): LoadedQuery {
  const group = name === "b" ? G2 : G1;
  const points = loadPoints(arithmetic, group, slice.points);
  const pointBytes = name === "b" ? G2_BYTES : G1_BYTES;
  if (!areOnCurve(arithmetic, group, points, slice.points.length / pointBytes)) {
    const details = { kind: "environment", code: "zkey.curve", path: `zkey.${name.toUpperCase()}` } as const;
    throw new KeelError({ ...details, expected: "points on the curve", received: "a point off it" });
  }
  const { wires } = slice;
  return { group, wires: loadWords(arithmetic, wires), points, count: wires.length };
}

/** Sum of a query's bases, each times its wire's value, and of so many more with scalars that `writeMore` knows. */
function multiplyWires(
  arithmetic: Arithmetic,
  { group, wires, points, count }: LoadedQuery,
  witness: Uint8Array,
  more: number,
  writeMore: (target: number) => void,
): Uint8Array {
  return scoped(arithmetic, () => {
    const scalars = allocate(arithmetic, (count + more) * ELEMENT_BYTES);
    scoped(arithmetic, () => arithmetic.gather(loadBytes(arithmetic, witness), wires, count, scalars));
    writeMore(scalars + count * ELEMENT_BYTES);
    return multiplyPoints(arithmetic, group, points, scalars, count + more);
  });
}
