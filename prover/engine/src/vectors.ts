// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * What the workers of a proof pass on: its witness, and values of A, B and C. Where memory can be shared, all of them write to the
 * same and nothing is copied; elsewhere messages carry copies there and back.
 *
 * @module
 */
import { transfer } from "comlink/dist/esm/comlink.mjs";
import { ELEMENT_BYTES } from "./bytes.js";
import type { RowValues } from "./kernel.js";

/** Memory of one proof at a time. */
export interface ProofMemory {
  readonly witness: Uint8Array;
  /** Of all rows, then of the odd coset. */
  readonly values: RowValues;
}

/** Memory for proofs of a circuit. */
export function createProofMemory(wires: number, domain: number, shared: boolean): ProofMemory {
  const vector = (elements: number): Uint8Array => {
    const length = elements * ELEMENT_BYTES;
    return new Uint8Array(shared ? new SharedArrayBuffer(length) : new ArrayBuffer(length));
  };
  return { witness: vector(wires), values: { a: vector(domain), b: vector(domain), c: vector(domain) } };
}

/** Overwrites what a proof left. */
export function wipe({ witness, values }: ProofMemory): void {
  for (const bytes of [witness, ...Object.values(values)]) bytes.fill(0);
}

/** So many elements of each. */
export function partOf({ a, b, c }: RowValues, first: number, end: number): RowValues {
  const part = (values: Uint8Array): Uint8Array =>
    values.subarray(first * ELEMENT_BYTES, end * ELEMENT_BYTES);
  return { a: part(a), b: part(b), c: part(c) };
}

export function isShared({ buffer }: Uint8Array): boolean {
  return !(buffer instanceof ArrayBuffer);
}

/** The memory of vectors that a message moves; shared memory stays where it is. */
export function movable(vectors: readonly Uint8Array[]): ArrayBuffer[] {
  return vectors.filter((vector) => !isShared(vector)).map(({ buffer }) => buffer as ArrayBuffer);
}

/** A vector as a message takes it to a worker: itself or a copy. */
export function outgoing(vector: Uint8Array): Uint8Array {
  if (isShared(vector)) return vector;
  const copy = vector.slice();
  return transfer(copy, movable([copy]));
}

/** The same for values of A, B and C. */
export function outgoingRows({ a, b, c }: RowValues): RowValues {
  const rows = { a: outgoing(a), b: outgoing(b), c: outgoing(c) };
  return transfer(rows, movable(Object.values(rows)));
}

/** Takes what a worker made of a vector. */
export function incoming(vector: Uint8Array, answer: Uint8Array): void {
  if (isShared(vector)) return;
  vector.set(answer);
  answer.fill(0);
}
