// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * A proving key cut into one slice a worker, each worker keeping its own for good: per proof only scalars travel.
 *
 * Bases go round the workers one by one, because neighbouring wires tend to hold values of one kind (the bits of a
 * number, say) and contiguous ranges would make uneven work. Rows stay together, cut where the terms balance.
 *
 * @module
 */
import { parseVerificationKey, type VerificationKey } from "@keel/verifier/groth16";
import { isZero } from "./bytes.js";
import { G1_BYTES, G2_BYTES, parseZkey, TERM_BYTES, type Zkey } from "./zkey.js";

/** The bases of one query that a worker holds, with the wire whose value multiplies each. */
export interface QuerySlice {
  readonly wires: Uint32Array;
  readonly points: Uint8Array;
}

/** The queries that only the witness multiplies, each for a point of the proof of its own. */
export type Query = "a" | "b";

/** What one worker keeps of a key. */
export interface KeySlice {
  readonly domain: number;
  /** Of the whole circuit. */
  readonly circuitWires: number;
  /** The constraints whose A·w, B·w and C·w this worker computes. */
  readonly firstRow: number;
  readonly rows: number;
  /** Their terms, as in the file. */
  readonly terms: Uint8Array;
  readonly queries: Readonly<Record<Query, QuerySlice>>;
  readonly c: QuerySlice;
  /** A contiguous part of the H query, starting at `firstH`. */
  readonly firstH: number;
  readonly h: Uint8Array;
}

/** A key without its bases, and the slices that have them. */
export interface CutKey {
  readonly verificationKey: VerificationKey;
  readonly wires: number;
  /** Boundaries of the workers' parts of H. */
  readonly cuts: readonly number[];
  readonly slices: KeySlice[];
}

/** Parses a key and cuts it. @throws as {@link parseZkey} and {@link parseVerificationKey} */
export function cutZkey(bytes: Uint8Array, workers: number): CutKey {
  const zkey = parseZkey(bytes);
  const { wires, domain } = zkey;
  const slices = sliceKey(zkey, workers);
  return {
    verificationKey: parseVerificationKey(zkey.verificationKey),
    wires,
    cuts: [...slices.map(({ firstH }) => firstH), domain],
    slices,
  };
}

/** Cuts a key for a number of workers; the slices hold copies, so the file's memory can go. */
export function sliceKey(zkey: Zkey, workers: number): KeySlice[] {
  const cuts = balancedCuts(zkey, workers);
  const terms = partitionTerms(zkey, cuts);
  const queries = {
    a: dealPoints(zkey.a, G1_BYTES, 0, workers),
    b: dealPoints(zkey.b, G2_BYTES, 0, workers),
  };
  const c = dealPoints(zkey.c, G1_BYTES, zkey.publicSignals + 1, workers);
  return Array.from({ length: workers }, (_, worker) => {
    const firstH = Math.floor((zkey.domain * worker) / workers);
    const endH = Math.floor((zkey.domain * (worker + 1)) / workers);
    return {
      domain: zkey.domain,
      circuitWires: zkey.wires,
      firstRow: cuts[worker]!,
      rows: cuts[worker + 1]! - cuts[worker]!,
      terms: terms[worker]!,
      queries: { a: queries.a[worker]!, b: queries.b[worker]! },
      c: c[worker]!,
      firstH,
      // A copy: slice() of a Buffer, which Node's files come as, would be a view of the whole file.
      h: new Uint8Array(zkey.h.subarray(firstH * G1_BYTES, endH * G1_BYTES)),
    };
  });
}

/** The memory of a slice, all its own, so that it can be moved to a worker. */
export function sliceBuffers({ terms, h, queries, c }: KeySlice): ArrayBuffer[] {
  const parts = [...Object.values(queries), c].flatMap(({ wires, points }) => [wires, points]);
  return [terms, h, ...parts].map(({ buffer }) => buffer as ArrayBuffer);
}

/** Row boundaries, workers + 1 of them, with about equally many terms in between. */
function balancedCuts(zkey: Zkey, workers: number): number[] {
  const weights = new Uint32Array(zkey.domain);
  const view = termView(zkey.terms);
  for (let at = 4; at < view.byteLength; at += TERM_BYTES) weights[view.getUint32(at, true)]! += 1;
  const total = view.byteLength / TERM_BYTES;
  const cuts = [0];
  let sum = 0;
  for (let row = 0; row < zkey.domain && cuts.length < workers; row++) {
    sum += weights[row]!;
    if (sum >= (total * cuts.length) / workers) cuts.push(row + 1);
  }
  while (cuts.length <= workers) cuts.push(zkey.domain);
  return cuts;
}

function partitionTerms(zkey: Zkey, cuts: readonly number[]): Uint8Array[] {
  const view = termView(zkey.terms);
  const workerOf = new Uint8Array(zkey.domain);
  for (let worker = 0; worker + 1 < cuts.length; worker++)
    workerOf.fill(worker, cuts[worker], cuts[worker + 1]);
  const sizes = new Array<number>(cuts.length - 1).fill(0);
  for (let at = 4; at < view.byteLength; at += TERM_BYTES)
    sizes[workerOf[view.getUint32(at, true)]!]! += TERM_BYTES;
  const parts = sizes.map((size) => new Uint8Array(size));
  const ends = sizes.map(() => 0);
  // Files list terms by row, so runs of one worker's terms are long and copied at once.
  for (let at = 0; at < view.byteLength; ) {
    const worker = workerOf[view.getUint32(at + 4, true)]!;
    let end = at + TERM_BYTES;
    while (end < view.byteLength && workerOf[view.getUint32(end + 4, true)] === worker) end += TERM_BYTES;
    parts[worker]!.set(zkey.terms.subarray(at, end), ends[worker]);
    ends[worker]! += end - at;
    at = end;
  }
  return parts;
}

/** Deals the finite points of a query out in turn; points at infinity add nothing to any sum. */
function dealPoints(points: Uint8Array, size: number, firstWire: number, workers: number): QuerySlice[] {
  const finite: number[] = [];
  for (let i = 0; i * size < points.length; i++) if (!isZero(points, i * size, size)) finite.push(i);
  return Array.from({ length: workers }, (_, worker) => {
    const mine = finite.filter((_, i) => i % workers === worker);
    const bytes = new Uint8Array(mine.length * size);
    for (const [i, index] of mine.entries())
      bytes.set(points.subarray(index * size, (index + 1) * size), i * size);
    return { wires: Uint32Array.from(mine, (index) => index + firstWire), points: bytes };
  });
}

function termView(terms: Uint8Array): DataView {
  return new DataView(terms.buffer, terms.byteOffset, terms.length);
}
