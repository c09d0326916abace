// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Development keys: a snarkjs-compatible Groth16 .zkey computed straight from the constraint system with known
 * secrets, in seconds, where a powers-of-tau file and snarkjs's set-up take many minutes.
 *
 * INSECURE BY DESIGN. The secrets (tau, alpha, beta, gamma, delta) follow from a public seed, so anybody can forge
 * proofs for such a key. It is marked in the .zkey (an extra section that snarkjs skips), in the verification key
 * (`insecure: true`) and in the manifest. The same seed and circuit give the same bytes on any machine.
 *
 * Knowing the secrets turns every point of the key into one multiplication of a generator by a known scalar:
 *   A_s = u_s(tau)                B_s = v_s(tau)            with u, v, w the interpolations of the columns of A, B, C
 *   K_s = beta u_s + alpha v_s + w_s, over gamma for public signals (IC), over delta for private ones (C)
 *   H_i = L_{2i+1}(tau) / delta   with L the Lagrange basis of the domain of twice the size: snarkjs's odd coset,
 *                                 on which the prover evaluates A*B - C, which vanishes on the even half.
 *
 * @module
 */

import { KeelError } from "@keel/verifier/errors";
import { BASE_FIELD, type G1Json, type G2Json, type VerificationKey } from "@keel/verifier/groth16";
import { blake2b } from "@noble/hashes/blake2.js";
import { shake256 } from "@noble/hashes/sha3.js";
import { multiplyGenerators } from "./generators.js";
import { FIELD, publicCount, type R1cs, type SparseMatrix } from "./r1cs.js";
import { writeSections } from "./sections.js";
import { DEV_KEY_VERSION } from "./versions.js";

/** Type of the extra .zkey section that marks a key as insecure ("KE" in ASCII); its content is readable text. */
export const INSECURE_SECTION = 0x4b45;

/** The secrets of a set-up; whoever knows them can forge. */
export interface ToxicWaste {
  readonly tau: bigint;
  readonly alpha: bigint;
  readonly beta: bigint;
  readonly gamma: bigint;
  readonly delta: bigint;
}

/** How to make a development key. */
export interface DevKeyOptions {
  readonly seed: string;
  /** Worker threads; 2 when absent. The bytes do not depend on it. */
  readonly threads?: number;
  /** Share done, from 0 to 1. */
  readonly onProgress?: (fraction: number) => void;
  readonly signal?: AbortSignal;
}

/** A development key: anybody can forge its proofs. */
export interface DevKey {
  readonly zkey: Uint8Array;
  readonly verificationKey: VerificationKey;
}

/**
 * Makes the dev key of a constraint system.
 *
 * @throws KeelError kind `cancelled` when the signal aborts; kind `environment`, code `worker.died`, when a worker
 *   thread ends early.
 */
export async function makeDevKey(r1cs: R1cs, options: DevKeyOptions): Promise<DevKey> {
  const domain = domainSize(r1cs);
  const waste = deriveToxicWaste(options.seed, domain);
  const scalars = keyScalars(r1cs, waste, domain);
  const points = await multiplyGenerators(scalars, {
    threads: options.threads ?? 2,
    ...(options.onProgress === undefined ? {} : { onProgress: options.onProgress }),
    ...(options.signal === undefined ? {} : { signal: options.signal }),
  });
  const layout = splitPoints(points, r1cs, domain);
  return { zkey: writeZkey(r1cs, domain, layout, options.seed), verificationKey: exportKey(r1cs, layout) };
}

/** Size of the proving domain: a power of two with room for each constraint and each public signal's own row. */
export function domainSize(r1cs: R1cs): number {
  const rows = r1cs.constraints + publicCount(r1cs) + 1;
  return 2 ** Math.max(1, Math.ceil(Math.log2(rows)));
}

/** The secrets that follow from a seed: distinct, non-zero, tau outside the domain of twice the size. */
export function deriveToxicWaste(seed: string, domain: number): ToxicWaste {
  const derive = (name: string, attempt: number): bigint => {
    const label = new TextEncoder().encode(`keel/dev-key/${DEV_KEY_VERSION}/${name}/${attempt}/${seed}`);
    // 512 bits make the remainder uniform for all purposes.
    return shake256(label, { dkLen: 64 }).reduce((sum, byte) => (sum << 8n) | BigInt(byte), 0n) % FIELD;
  };
  for (let attempt = 0; ; attempt++) {
    const [tau, alpha, beta, gamma, delta] = ["tau", "alpha", "beta", "gamma", "delta"].map((name) =>
      derive(name, attempt),
    ) as [bigint, bigint, bigint, bigint, bigint];
    const all = [0n, tau, alpha, beta, gamma, delta];
    const distinct = new Set(all).size === all.length && gamma + delta !== FIELD;
    if (distinct && power(tau, BigInt(2 * domain)) !== 1n) return { tau, alpha, beta, gamma, delta };
  }
}

/** Scalars of both generators, in the order in which {@link splitPoints} takes the points apart. */
interface KeyScalars {
  readonly g1: readonly bigint[];
  readonly g2: readonly bigint[];
}

function keyScalars(r1cs: R1cs, waste: ToxicWaste, domain: number): KeyScalars {
  const { tau, alpha, beta, gamma, delta } = waste;
  const publics = publicCount(r1cs);
  const lagrange = lagrangeAt(tau, domain, 1);
  const u = columnsAt(r1cs, r1cs.a, lagrange);
  const v = columnsAt(r1cs, r1cs.b, lagrange);
  const w = columnsAt(r1cs, r1cs.c, lagrange);
  // snarkjs gives each public signal a row of its own in A, which keeps the public columns independent.
  for (let s = 0; s <= publics; s++) u[s] = (u[s]! + lagrange[r1cs.constraints + s]!) % FIELD;
  const [gammaInverse, deltaInverse] = [invert(gamma), invert(delta)];
  const k = u.map((us, s) => {
    const sum = beta * us + alpha * v[s]! + w[s]!;
    return mod(mod(sum) * (s <= publics ? gammaInverse : deltaInverse));
  });
  const odd = lagrangeAt(tau, 2 * domain, 2).map((value) => mod(value * deltaInverse));
  return { g1: [alpha, beta, delta, ...k, ...u, ...v, ...odd], g2: [beta, gamma, delta, ...v] };
}

/** Value at tau of each wire's column polynomial. */
function columnsAt(r1cs: R1cs, matrix: SparseMatrix, lagrange: readonly bigint[]): bigint[] {
  const columns = new Array<bigint>(r1cs.wires).fill(0n);
  for (let row = 0; row < r1cs.constraints; row++) {
    const basis = lagrange[row]!;
    for (let t = matrix.rows[row]!; t < matrix.rows[row + 1]!; t++) {
      const wire = matrix.wires[t]!;
      columns[wire] = columns[wire]! + r1cs.coefficients[matrix.coefficients[t]!]! * basis;
    }
  }
  return columns.map(mod);
}

/**
 * Values at tau of the Lagrange polynomials of the domain with `size` points; with step 2 only the odd ones.
 * L_i(tau) = w^i (tau^size - 1) / (size (tau - w^i)).
 */
function lagrangeAt(tau: bigint, size: number, step: 1 | 2): bigint[] {
  const root = rootOfUnity(size);
  const factor = mod((power(tau, BigInt(size)) - 1n) * invert(BigInt(size)));
  const count = size / step;
  const stride = step === 1 ? root : mod(root * root);
  const points = new Array<bigint>(count);
  let point = step === 1 ? 1n : root;
  for (let i = 0; i < count; i++) {
    points[i] = point;
    point = (point * stride) % FIELD;
  }
  const inverses = invertAll(points.map((p) => mod(tau - p)));
  return points.map((p, i) => (((p * factor) % FIELD) * inverses[i]!) % FIELD);
}

// 5 generates the multiplicative group's 2-part; snarkjs derives its roots from the same element.
function rootOfUnity(size: number): bigint {
  return power(5n, (FIELD - 1n) / BigInt(size));
}

/** Byte ranges of the key's points, ready to be written. */
interface KeyPoints {
  readonly alpha1: Uint8Array;
  readonly beta1: Uint8Array;
  readonly delta1: Uint8Array;
  readonly beta2: Uint8Array;
  readonly gamma2: Uint8Array;
  readonly delta2: Uint8Array;
  readonly ic: Uint8Array;
  readonly a: Uint8Array;
  readonly b1: Uint8Array;
  readonly b2: Uint8Array;
  readonly c: Uint8Array;
  readonly h: Uint8Array;
}

const G1_BYTES = 64;
const G2_BYTES = 128;

function splitPoints(points: { g1: Uint8Array; g2: Uint8Array }, r1cs: R1cs, domain: number): KeyPoints {
  const g1 = takeFrom(points.g1, G1_BYTES);
  const g2 = takeFrom(points.g2, G2_BYTES);
  const publics = publicCount(r1cs);
  return {
    alpha1: g1(1),
    beta1: g1(1),
    delta1: g1(1),
    ic: g1(publics + 1),
    c: g1(r1cs.wires - publics - 1),
    a: g1(r1cs.wires),
    b1: g1(r1cs.wires),
    h: g1(domain),
    beta2: g2(1),
    gamma2: g2(1),
    delta2: g2(1),
    b2: g2(r1cs.wires),
  };
}

function takeFrom(bytes: Uint8Array, size: number): (count: number) => Uint8Array {
  let position = 0;
  return (count) => {
    const start = position;
    position += count * size;
    return bytes.subarray(start, position);
  };
}

function writeZkey(r1cs: R1cs, domain: number, points: KeyPoints, seed: string): Uint8Array {
  const header = concatenate([
    uint32(32),
    fieldBytes(BASE_FIELD),
    uint32(32),
    fieldBytes(FIELD),
    uint32(r1cs.wires),
    uint32(publicCount(r1cs)),
    uint32(domain),
    points.alpha1,
    points.beta1,
    points.beta2,
    points.gamma2,
    points.delta1,
    points.delta2,
  ]);
  const marker = new TextEncoder().encode(
    `INSECURE development key: its secrets follow from the seed ${JSON.stringify(seed)}; anybody can forge proofs`,
  );
  const sections: [number, Uint8Array][] = [
    [1, uint32(1)],
    [2, header],
    [3, points.ic],
    [4, coefficientSection(r1cs)],
    [5, points.a],
    [6, points.b1],
    [7, points.b2],
    [8, points.c],
    [9, points.h],
  ];
  // snarkjs hashes the key before its first contribution here, to compare with a ceremony. There is none, so this
  // is a hash of the key itself, with zero contributions after it.
  const hash = blake2b.create({ dkLen: 64 });
  for (const [, content] of sections) hash.update(content);
  sections.push([10, concatenate([hash.digest(), uint32(0)])], [INSECURE_SECTION, marker]);
  return writeSections("zkey", sections);
}

// snarkjs stores coefficients times R^2, so that one Montgomery multiplication by a plain witness value gives a
// Montgomery result.
function coefficientSection(r1cs: R1cs): Uint8Array {
  const publics = publicCount(r1cs);
  const terms = r1cs.a.wires.length + r1cs.b.wires.length + publics + 1;
  const R2 = 2n ** 512n % FIELD;
  const encoded = r1cs.coefficients.map((value) => fieldBytes(mod(value * R2)));
  const one = fieldBytes(R2);
  const bytes = new Uint8Array(4 + terms * 44);
  const view = new DataView(bytes.buffer);
  let position = 4;
  const write = (matrix: number, row: number, wire: number, coefficient: Uint8Array): void => {
    view.setUint32(position, matrix, true);
    view.setUint32(position + 4, row, true);
    view.setUint32(position + 8, wire, true);
    bytes.set(coefficient, position + 12);
    position += 44;
  };
  view.setUint32(0, terms, true);
  for (let row = 0; row < r1cs.constraints; row++) {
    for (const [index, matrix] of [r1cs.a, r1cs.b].entries()) {
      for (let t = matrix.rows[row]!; t < matrix.rows[row + 1]!; t++) {
        write(index, row, matrix.wires[t]!, encoded[matrix.coefficients[t]!]!);
      }
    }
  }
  for (let s = 0; s <= publics; s++) write(0, r1cs.constraints + s, s, one);
  return bytes;
}

function exportKey(r1cs: R1cs, points: KeyPoints): VerificationKey {
  return {
    protocol: "groth16",
    curve: "bn128",
    nPublic: publicCount(r1cs),
    vk_alpha_1: g1Json(points.alpha1),
    vk_beta_2: g2Json(points.beta2),
    vk_gamma_2: g2Json(points.gamma2),
    vk_delta_2: g2Json(points.delta2),
    IC: Array.from({ length: publicCount(r1cs) + 1 }, (_, i) => g1Json(points.ic.subarray(i * G1_BYTES))),
    insecure: true,
  };
}

const MONTGOMERY_INVERSE = power(2n ** 256n % BASE_FIELD, BASE_FIELD - 2n, BASE_FIELD);

function coordinate(bytes: Uint8Array, offset: number): string {
  let value = 0n;
  for (let i = 31; i >= 0; i--) value = (value << 8n) | BigInt(bytes[offset + i]!);
  return ((value * MONTGOMERY_INVERSE) % BASE_FIELD).toString();
}

function g1Json(bytes: Uint8Array): G1Json {
  return [coordinate(bytes, 0), coordinate(bytes, 32), "1"];
}

function g2Json(bytes: Uint8Array): G2Json {
  return [
    [coordinate(bytes, 0), coordinate(bytes, 32)],
    [coordinate(bytes, 64), coordinate(bytes, 96)],
    ["1", "0"],
  ];
}

function fieldBytes(value: bigint): Uint8Array {
  const bytes = new Uint8Array(32);
  const view = new DataView(bytes.buffer);
  for (let i = 0; i < 4; i++) view.setBigUint64(8 * i, (value >> BigInt(64 * i)) & 0xffffffffffffffffn, true);
  return bytes;
}

function uint32(value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, value, true);
  return bytes;
}

function concatenate(parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let position = 0;
  for (const part of parts) {
    bytes.set(part, position);
    position += part.length;
  }
  return bytes;
}

function mod(value: bigint): bigint {
  const rest = value % FIELD;
  return rest < 0n ? rest + FIELD : rest;
}

function power(base: bigint, exponent: bigint, modulus = FIELD): bigint {
  let result = 1n;
  let square = base % modulus;
  for (let rest = exponent; rest > 0n; rest >>= 1n) {
    if (rest & 1n) result = (result * square) % modulus;
    square = (square * square) % modulus;
  }
  return result;
}

function invert(value: bigint): bigint {
  return power(value, FIELD - 2n);
}

/** Inverses of non-zero values by Montgomery's trick: one inversion for all of them. */
function invertAll(values: readonly bigint[]): bigint[] {
  const prefix = new Array<bigint>(values.length);
  let product = 1n;
  for (const [i, value] of values.entries()) {
    prefix[i] = product;
    product = (product * value) % FIELD;
  }
  if (product === 0n) {
    throw new KeelError({ kind: "environment", code: "devkey.domain", expected: "tau outside the domain" });
  }
  let inverse = invert(product);
  const result = new Array<bigint>(values.length);
  for (let i = values.length - 1; i >= 0; i--) {
    result[i] = (inverse * prefix[i]!) % FIELD;
    inverse = (inverse * values[i]!) % FIELD;
  }
  return result;
}
