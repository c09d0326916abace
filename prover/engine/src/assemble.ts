// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * From the sums of the queries to a proof: adds the workers' parts, blinds, and verifies before anything leaves. README.md says
 * why the blinding hides the witness.
 *
 * @module
 */
import { KeelError } from "@keel/verifier/errors";
import type { G1Json, G2Json, Groth16Proof, VerificationKey } from "@keel/verifier/groth16";
import { concatenate, ELEMENT_BYTES, isZero, readElement, writeElement } from "./bytes.js";
import { BASE_FIELD, invert, SCALAR_FIELD } from "./field.js";
import { type Arithmetic, G1, G2, type Group, scoped } from "./kernels/run/arithmetic.js";
import { multiplyPoints } from "./kernels/run/multiply.js";
import { createPairing, type Pairing } from "./kernels/run/pairing.js";
import { loadPoints } from "./kernels/run/points.js";
import { loadBytes } from "./kernels/run/scalars.js";

/** Each worker's sums, affine and plain; `c` is of C and H together. */
export interface QuerySums {
  readonly a: readonly Uint8Array[];
  readonly b: readonly Uint8Array[];
  readonly c: readonly Uint8Array[];
}

/** Makes proofs of one key. */
export interface Assembler {
  /**
   * A proof that has been verified.
   *
   * @throws KeelError kind `proof`, code `proof.unsound`, when it does not verify: the witness does not satisfy the circuit, or
   *   belongs to another, or the arithmetic failed.
   */
  assemble(sums: QuerySums, publicSignals: readonly string[]): Groth16Proof;
}

/** What the parts of a proof are multiplied by; see {@link blindingFactors}. */
export interface BlindingFactors {
  readonly a: bigint;
  readonly b: bigint;
  readonly delta: bigint;
  readonly aInC: bigint;
}

/**
 * From a proof (A, B, C) without blinding to one that hides it: (a A, b B + delta [delta], C + aInC A), with
 * a = 1 / r1, b = r1, delta = r1 r2, aInC = r2, for r1 in [1, order) and r2 in [0, order).
 */
export function blindingFactors(r1: bigint, r2: bigint, order: bigint): BlindingFactors {
  return { a: invert(r1, order), b: r1, delta: (r1 * r2) % order, aInC: r2 };
}

/** A key's own points in memory, all plain. */
interface KeyBytes {
  readonly alpha: Uint8Array;
  readonly beta: Uint8Array;
  readonly delta: Uint8Array;
  readonly inputs: readonly Uint8Array[];
}

/** Prepares what all proofs of a checked key share, in an instance's memory for good. */
export function createAssembler(arithmetic: Arithmetic, key: VerificationKey): Assembler {
  const bytes: KeyBytes = {
    alpha: g1Bytes(key.vk_alpha_1),
    beta: g2Bytes(key.vk_beta_2),
    delta: g2Bytes(key.vk_delta_2),
    inputs: key.IC.map(g1Bytes),
  };
  const verifies = createVerifier(arithmetic, key, bytes);
  return {
    assemble(sums, publicSignals) {
      const proof = scoped(arithmetic, () => blind(arithmetic, bytes, sums));
      if (scoped(arithmetic, () => verifies(proof, publicSignals))) return proofJson(proof);
      const expected = "a witness that satisfies the key's circuit";
      const received = "a proof that does not verify";
      throw new KeelError({ kind: "proof", code: "proof.unsound", expected, received });
    },
  };
}

/** A proof's points, affine and plain. */
interface ProofBytes {
  readonly a: Uint8Array;
  readonly b: Uint8Array;
  readonly c: Uint8Array;
}

function blind(arithmetic: Arithmetic, key: KeyBytes, sums: QuerySums): ProofBytes {
  const factors = blindingFactors(
    1n + randomBelow(SCALAR_FIELD - 1n),
    randomBelow(SCALAR_FIELD),
    SCALAR_FIELD,
  );
  const all = (points: readonly Uint8Array[], factor: bigint): [Uint8Array, bigint][] =>
    points.map((point) => [point, factor]);
  const a = [key.alpha, ...sums.a];
  return {
    a: combine(arithmetic, G1, all(a, factors.a)),
    b: combine(arithmetic, G2, [...all([key.beta, ...sums.b], factors.b), [key.delta, factors.delta]]),
    c: combine(arithmetic, G1, [...all(sums.c, 1n), ...all(a, factors.aInC)]),
  };
}

type Verifies = (proof: ProofBytes, publicSignals: readonly string[]) => boolean;

/** Checks e(A, B) = e(alpha, beta) e(inputs, gamma) e(C, delta). */
function createVerifier(arithmetic: Arithmetic, key: VerificationKey, bytes: KeyBytes): Verifies {
  const pairing = createPairing(arithmetic);
  const [alpha, beta] = [pairing.loadPoint(bytes.alpha), prepared(pairing, bytes.beta)];
  const [gamma, delta] = [prepared(pairing, g2Bytes(key.vk_gamma_2)), prepared(pairing, bytes.delta)];
  return ({ a, b, c }, publicSignals) => {
    const terms = bytes.inputs.map((point, i): [Uint8Array, bigint] => [
      point,
      i === 0 ? 1n : BigInt(publicSignals[i - 1]!),
    ]);
    const inputs = combine(arithmetic, G1, terms);
    if ([a, b, c].some(isInfinity)) return false;
    const lines = pairing.prepare(pairing.loadPoint(b));
    if (lines === undefined) return false;
    const pairs = [
      { point: pairing.loadPoint(negated(a)), lines },
      { point: alpha, lines: beta },
      { point: pairing.loadPoint(c), lines: delta },
    ];
    // The neutral element contributes a factor of one.
    return pairing.isOne(
      isInfinity(inputs) ? pairs : [...pairs, { point: pairing.loadPoint(inputs), lines: gamma }],
    );
  };
}

function prepared(pairing: Pairing, point: Uint8Array): number {
  const lines = pairing.prepare(pairing.loadPoint(point));
  if (lines === undefined)
    throw new KeelError({ kind: "environment", code: "key.subgroup", path: "verificationKey" });
  return lines;
}

/** The sum of plain points, each times a number below r. */
function combine(arithmetic: Arithmetic, group: Group, terms: readonly [Uint8Array, bigint][]): Uint8Array {
  const points = loadPoints(arithmetic, group, concatenate(terms.map(([point]) => snarkjsForm(point))));
  const scalars = new Uint8Array(terms.length * ELEMENT_BYTES);
  for (const [i, [, factor]] of terms.entries()) writeElement(scalars, i * ELEMENT_BYTES, factor);
  const sum = multiplyPoints(arithmetic, group, points, loadBytes(arithmetic, scalars), terms.length);
  scalars.fill(0);
  return sum;
}

/** Uniform in [0, bound): 512 random bits leave no measurable bias. */
function randomBelow(bound: bigint): bigint {
  const bytes = globalThis.crypto.getRandomValues(new Uint8Array(64));
  const value = (readElement(bytes, 0) << 256n) | readElement(bytes, ELEMENT_BYTES);
  bytes.fill(0);
  return value % bound;
}

/** Plain coordinates times 2^256. */
function snarkjsForm(point: Uint8Array): Uint8Array {
  return coordinateBytes(coordinates(point).map((value) => (value << 256n) % BASE_FIELD));
}

function negated(point: Uint8Array): Uint8Array {
  const [x, y] = coordinates(point) as [bigint, bigint];
  return coordinateBytes([x, BASE_FIELD - y]);
}

function isInfinity(point: Uint8Array): boolean {
  return isZero(point, 0, point.length);
}

function coordinates(point: Uint8Array): bigint[] {
  return Array.from({ length: point.length / ELEMENT_BYTES }, (_, i) =>
    readElement(point, i * ELEMENT_BYTES),
  );
}

function coordinateBytes(values: readonly bigint[]): Uint8Array {
  const bytes = new Uint8Array(values.length * ELEMENT_BYTES);
  for (const [i, value] of values.entries()) writeElement(bytes, i * ELEMENT_BYTES, value);
  return bytes;
}

function g1Bytes([x, y]: G1Json): Uint8Array {
  return coordinateBytes([x, y].map(BigInt));
}

function g2Bytes([x, y]: G2Json): Uint8Array {
  return coordinateBytes([...x, ...y].map(BigInt));
}

function proofJson({ a, b, c }: ProofBytes): Groth16Proof {
  const g1 = (point: Uint8Array): G1Json => {
    const [x, y] = coordinates(point).map(String) as [string, string];
    return [x, y, "1"];
  };
  const [x0, x1, y0, y1] = coordinates(b).map(String) as [string, string, string, string];
  return {
    pi_a: g1(a),
    pi_b: [
      [x0, x1],
      [y0, y1],
      ["1", "0"],
    ],
    pi_c: g1(c),
    protocol: "groth16",
    curve: "bn128",
  };
}
