// SPDX-License-Identifier: MIT
/**
 * Groth16 verification on BN254, off chain: keys and proofs in snarkjs's JSON shape, checked more strictly than
 * snarkjs does, verified by one pairing product with a single final exponentiation.
 *
 * What is refused here and not by snarkjs 0.7.6: a dropped or extra public signal, a coordinate that is not
 * reduced, a missing part (there a crash), the point at infinity, a G2 point outside the subgroup, and a key whose
 * gamma equals its delta (a key without a contribution: anybody can forge proofs for it).
 *
 * A proof is malleable: (-A, -B, C) verifies when (A, B, C) does, and there are infinitely many others. Never use
 * the bytes of a proof as its identity; use the public signals.
 *
 * @module
 */
import { pippenger } from "@noble/curves/abstract/curve.js";
import { bn254 } from "@noble/curves/bn254.js";
import { isDevelopmentKey } from "./development-key.js";
import { KeelError } from "./errors.js";

/** Order r of the groups: public signals are canonical decimals below it. */
export const SCALAR_FIELD = bn254.fields.Fr.ORDER;
/** Order q of the base field: coordinates are canonical decimals below it. */
export const BASE_FIELD = bn254.fields.Fp.ORDER;

/** Projective G1 point as snarkjs writes it: decimal `[x, y, "1"]`. */
export type G1Json = readonly [string, string, string];
/** Element c0 + c1*u of the quadratic extension field: decimal `[c0, c1]`. */
export type Fp2Json = readonly [string, string];
/** Projective G2 point as snarkjs writes it: `[x, y, ["1", "0"]]`. */
export type G2Json = readonly [Fp2Json, Fp2Json, Fp2Json];

/** A proof in snarkjs's JSON shape. */
export interface Groth16Proof {
  readonly pi_a: G1Json;
  readonly pi_b: G2Json;
  readonly pi_c: G1Json;
  readonly protocol: "groth16";
  readonly curve: "bn128";
}

/** A verification key in snarkjs's JSON shape (its redundant `vk_alphabeta_12` is accepted and dropped). */
export interface VerificationKey {
  readonly protocol: "groth16";
  readonly curve: "bn128";
  /** Number of public signals; `IC` has one point more. */
  readonly nPublic: number;
  readonly vk_alpha_1: G1Json;
  readonly vk_beta_2: G2Json;
  readonly vk_gamma_2: G2Json;
  readonly vk_delta_2: G2Json;
  readonly IC: readonly G1Json[];
  /** Present on development keys, whose secret is known to everybody. */
  readonly insecure?: true;
}

/**
 * A proof as the `uint256[8]` that Solidity verifiers and the pairing precompile read: A.x, A.y, B.x1, B.x0, B.y1,
 * B.y0, C.x, C.y (the imaginary part of a G2 coordinate comes first).
 */
export type ProofWords = readonly [bigint, bigint, bigint, bigint, bigint, bigint, bigint, bigint];

type G1 = typeof bn254.G1.Point.BASE;
type G2 = typeof bn254.G2.Point.BASE;
type Lines = ReturnType<typeof bn254.utils.calcPairingPrecomputes>;

interface KeyPoints {
  readonly inputs: readonly G1[];
  readonly alpha: G1;
  /** The Miller loop over alpha and beta, and line functions of the fixed G2 points: computed once a key. */
  readonly alphaBeta: ReturnType<typeof bn254.millerLoopBatch>;
  readonly beta: Lines;
  readonly gamma: Lines;
  readonly delta: Lines;
}

interface ProofPoints {
  readonly a: G1;
  readonly b: G2;
  readonly c: G1;
}

/** Which object a value belongs to: decides kind and code of the errors. */
type Subject = "key" | "proof";

const { Fp, Fp2, Fp12 } = bn254.fields;
const lines = bn254.utils.calcPairingPrecomputes;
const G1_B = 3n;
/** 3 / (9 + u), the constant of the twist (EIP-197). */
const G2_B = Fp2.div(Fp2.fromBigTuple([3n, 0n]), Fp2.fromBigTuple([9n, 1n]));

// Parsing a key costs three subgroup checks and three line precomputations; one key verifies many proofs. Only
// deep-frozen results of our own are remembered, so a later change cannot slip past the checks.
const parsedKeys = new WeakMap<VerificationKey, KeyPoints>();
// The same for proofs: one subgroup check each.
const parsedProofs = new WeakMap<Groth16Proof, ProofPoints>();

/**
 * Checks a verification key and returns a canonical, frozen copy; a development key of the built-in seed gets back a mark that it
 * lost.
 *
 * @throws KeelError kind `environment`, code `key.*`, path of the offending field.
 */
export function parseVerificationKey(json: unknown): VerificationKey {
  const fields = record(json, "key", "verificationKey");
  refuseUnknown(fields, KEY_FIELDS, "key");
  requireHeader(fields, "key");
  const nPublic = fields.nPublic;
  if (typeof nPublic !== "number" || !Number.isSafeInteger(nPublic) || nPublic < 0) {
    throw fault("key", "shape", "nPublic", "a whole number of public signals", describe(nPublic));
  }
  if (fields.insecure !== undefined && fields.insecure !== true) {
    throw fault("key", "shape", "insecure", "true or absent", describe(fields.insecure));
  }
  const ic = tuple(fields.IC, nPublic + 1, "key", "IC");
  const alpha = parseG1(fields.vk_alpha_1, "key", "vk_alpha_1");
  const beta = parseG2(fields.vk_beta_2, "key", "vk_beta_2");
  const gamma = parseG2(fields.vk_gamma_2, "key", "vk_gamma_2");
  const delta = parseG2(fields.vk_delta_2, "key", "vk_delta_2");
  const inputs = ic.map((point, index) => parseG1(point, "key", `IC[${index}]`));
  if (gamma.equals(delta) || gamma.equals(delta.negate())) {
    throw fault(
      "key",
      "gammaDelta",
      "vk_delta_2",
      "delta different from gamma and its negative",
      "the same point",
    );
  }
  const checked: VerificationKey = {
    protocol: "groth16",
    curve: "bn128",
    nPublic,
    vk_alpha_1: g1Json(alpha),
    vk_beta_2: g2Json(beta),
    vk_gamma_2: g2Json(gamma),
    vk_delta_2: g2Json(delta),
    IC: Object.freeze(inputs.map(g1Json)),
    ...(fields.insecure === true ? { insecure: true as const } : {}),
  };
  const key = Object.freeze(isDevelopmentKey(checked) ? { ...checked, insecure: true as const } : checked);
  const ofBeta = lines(beta);
  parsedKeys.set(key, {
    inputs,
    alpha,
    alphaBeta: bn254.millerLoopBatch([[ofBeta, ...affine(alpha)]]),
    beta: ofBeta,
    gamma: lines(gamma),
    delta: lines(delta),
  });
  return key;
}

/**
 * Checks a proof and returns a canonical, frozen copy.
 *
 * @throws KeelError kind `proof`, code `proof.*`, path of the offending field.
 */
export function parseProof(json: unknown): Groth16Proof {
  const points = proofPoints(json);
  const proof = proofJson(points);
  parsedProofs.set(proof, points);
  return proof;
}

/**
 * Checks public signals: exactly `count` canonical decimals (or bigints) in [0, r).
 *
 * @throws KeelError kind `proof`, code `proof.signals` or `proof.signal`.
 */
export function parsePublicSignals(signals: unknown, count: number): bigint[] {
  if (!Array.isArray(signals) || signals.length !== count) {
    const received = Array.isArray(signals) ? `${signals.length} signals` : describe(signals);
    throw fault("proof", "signals", "publicSignals", `exactly ${count} signals`, received);
  }
  return Array.from(signals, (signal: unknown, index) => {
    const value = typeof signal === "bigint" ? signal : canonicalDecimal(signal);
    if (value === undefined || value < 0n || value >= SCALAR_FIELD) {
      throw fault(
        "proof",
        "signal",
        `publicSignals[${index}]`,
        "a canonical decimal in [0, r)",
        describe(signal),
      );
    }
    return value;
  });
}

/**
 * Whether a proof holds for these public signals under this key.
 *
 * Returns false only for well-formed input whose pairing product is not one; anything malformed throws.
 *
 * @param key a result of {@link parseVerificationKey} (fast), or the JSON itself (parsed again at each call)
 * @throws KeelError as {@link parseVerificationKey}, {@link parseProof} and {@link parsePublicSignals} do.
 *
 * @example
 * const key = parseVerificationKey(JSON.parse(await readFile("verification_key.json", "utf8")));
 * const ok = verifyGroth16(key, ["33"], proof);
 */
export function verifyGroth16(
  key: VerificationKey,
  publicSignals: readonly (string | bigint)[],
  proof: Groth16Proof,
): boolean {
  const points = parsedKeys.get(key) ?? keyPoints(parseVerificationKey(key));
  const signals = parsePublicSignals(publicSignals, points.inputs.length - 1);
  const { a, b, c } = proofPoints(proof);
  const input = combineInputs(points.inputs, signals);
  const loops: [Lines, bigint, bigint][] = [
    [lines(b), ...affine(a.negate())],
    [points.delta, ...affine(c)],
  ];
  // The neutral element contributes a factor of one and has no affine coordinates.
  if (!input.is0()) loops.push([points.gamma, ...affine(input)]);
  const product = Fp12.finalExponentiate(Fp12.mul(bn254.millerLoopBatch(loops), points.alphaBeta));
  return Fp12.eql(product, Fp12.ONE);
}

/** A proof, and what it is of. */
export interface ProvenSignals {
  readonly publicSignals: readonly (string | bigint)[];
  readonly proof: Groth16Proof;
}

/**
 * Whether all of several proofs hold under one key, in less than half the time of {@link verifyGroth16} for each: one product of
 * pairings, in which each proof's own stands to a random power of 128 bits (Bellare, Garay and Rabin, Fast Batch
 * Verification, 1998). All of the points are in groups of the prime order r, so that a false proof among them goes unnoticed once
 * in 2^128 times.
 *
 * @returns false when any of them does not hold: which one, each by itself tells
 * @throws KeelError as {@link verifyGroth16} does
 */
export function verifyGroth16All(key: VerificationKey, proven: readonly ProvenSignals[]): boolean {
  const keyed = parsedKeys.get(key) ?? keyPoints(parseVerificationKey(key));
  const items = proven.map(({ publicSignals, proof }) => ({
    ...proofPoints(proof),
    signals: [1n, ...parsePublicSignals(publicSignals, keyed.inputs.length - 1)],
    power: randomPower(),
  }));
  const total = items.reduce((sum, { power }) => sum + power, 0n) % SCALAR_FIELD;
  const scalars = keyed.inputs.map(
    (_, i) => items.reduce((sum, { signals, power }) => sum + signals[i]! * power, 0n) % SCALAR_FIELD,
  );
  const sum = (points: readonly G1[], factors: readonly bigint[]): G1 =>
    points.length === 0 ? bn254.G1.Point.ZERO : pippenger(bn254.G1.Point, [...points], [...factors]);
  const powers = items.map(({ power }) => power);
  const pairs: [Lines, G1][] = [
    ...items.map(({ a, b, power }): [Lines, G1] => [lines(b), a.multiplyUnsafe(power).negate()]),
    [keyed.beta, keyed.alpha.multiplyUnsafe(total)],
    [keyed.gamma, sum(keyed.inputs, scalars)],
    [
      keyed.delta,
      sum(
        items.map(({ c }) => c),
        powers,
      ),
    ],
  ];
  // The neutral element contributes a factor of one and has no affine coordinates.
  const loops = pairs
    .filter(([, point]) => !point.is0())
    .map(([of, point]): [Lines, bigint, bigint] => [of, ...affine(point)]);
  return Fp12.eql(Fp12.finalExponentiate(bn254.millerLoopBatch(loops)), Fp12.ONE);
}

/** Secret until the proofs are known, from 1 to 2^128. */
function randomPower(): bigint {
  const bytes = globalThis.crypto.getRandomValues(new Uint8Array(16));
  return bytes.reduce((value, byte) => (value << 8n) | BigInt(byte), 0n) + 1n;
}

/**
 * The proof's eight words in calldata order; see {@link ProofWords}. Whether its second point is of order r is left to whoever reads
 * them: the pairing's precompile refuses another (EIP-197), as {@link decodeProof} does.
 */
export function encodeProof(proof: Groth16Proof): ProofWords {
  const { a, b, c } = parsedProofs.get(proof) ?? curvePoints(proof, parseTwist);
  const [ax, ay] = affine(a);
  const [cx, cy] = affine(c);
  const { x, y } = b.toAffine();
  return [ax, ay, x.c1, x.c0, y.c1, y.c0, cx, cy];
}

/**
 * The proof of eight words in calldata order (bigints or canonical decimals).
 *
 * @throws KeelError kind `proof` when a word is not a reduced coordinate or a point is not valid.
 */
export function decodeProof(words: readonly (string | bigint)[]): Groth16Proof {
  const text = tuple(words, 8, "proof", "proof").map((word) =>
    typeof word === "bigint" ? word.toString() : word,
  );
  const [ax, ay, bx1, bx0, by1, by0, cx, cy] = text;
  return parseProof({
    pi_a: [ax, ay, "1"],
    pi_b: [
      [bx0, bx1],
      [by0, by1],
      ["1", "0"],
    ],
    pi_c: [cx, cy, "1"],
    protocol: "groth16",
    curve: "bn128",
  });
}

/** The eight words as one string: `0x` and 512 lower-case hexadecimal digits. */
export function proofToHex(proof: Groth16Proof): `0x${string}` {
  return `0x${encodeProof(proof)
    .map((word) => word.toString(16).padStart(64, "0"))
    .join("")}`;
}

/**
 * The proof in a string made by {@link proofToHex}.
 *
 * @throws KeelError kind `proof`, code `proof.shape` for another format, else as {@link decodeProof}.
 */
export function proofFromHex(hex: unknown): Groth16Proof {
  if (typeof hex !== "string" || !/^0x[0-9a-f]{512}$/.test(hex)) {
    throw fault("proof", "shape", "proof", "0x and 512 lower-case hexadecimal digits", describe(hex));
  }
  return decodeProof(Array.from({ length: 8 }, (_, i) => BigInt(`0x${hex.slice(2 + 64 * i, 66 + 64 * i)}`)));
}

const KEY_FIELDS = [
  "protocol",
  "curve",
  "nPublic",
  "vk_alpha_1",
  "vk_beta_2",
  "vk_gamma_2",
  "vk_delta_2",
  "vk_alphabeta_12",
  "IC",
  "insecure",
];
const PROOF_FIELDS = ["protocol", "curve", "pi_a", "pi_b", "pi_c"];

function keyPoints(key: VerificationKey): KeyPoints {
  return parsedKeys.get(key)!;
}

function proofPoints(json: unknown): ProofPoints {
  return parsedProofs.get(json as Groth16Proof) ?? curvePoints(json, parseG2);
}

function curvePoints(json: unknown, parseB: typeof parseG2): ProofPoints {
  const fields = record(json, "proof", "proof");
  refuseUnknown(fields, PROOF_FIELDS, "proof");
  requireHeader(fields, "proof");
  return {
    a: parseG1(fields.pi_a, "proof", "pi_a"),
    b: parseB(fields.pi_b, "proof", "pi_b"),
    c: parseG1(fields.pi_c, "proof", "pi_c"),
  };
}

function proofJson({ a, b, c }: ProofPoints): Groth16Proof {
  return Object.freeze({
    pi_a: g1Json(a),
    pi_b: g2Json(b),
    pi_c: g1Json(c),
    protocol: "groth16",
    curve: "bn128",
  });
}

// Everything here is public, so variable-time multiplication leaks nothing.
function combineInputs(inputs: readonly G1[], signals: readonly bigint[]): G1 {
  return signals.reduce((sum, signal, i) => sum.add(inputs[i + 1]!.multiplyUnsafe(signal)), inputs[0]!);
}

function affine(point: G1): [bigint, bigint] {
  const { x, y } = point.toAffine();
  return [x, y];
}

function g1Json(point: G1): G1Json {
  const [x, y] = affine(point);
  return Object.freeze([x.toString(), y.toString(), "1"] as const);
}

function g2Json(point: G2): G2Json {
  const { x, y } = point.toAffine();
  const pair = (value: typeof x): Fp2Json =>
    Object.freeze([value.c0.toString(), value.c1.toString()] as const);
  return Object.freeze([pair(x), pair(y), Object.freeze(["1", "0"] as const)] as const);
}

function parseG1(json: unknown, subject: Subject, path: string): G1 {
  const [x, y, z] = tuple(json, 3, subject, path).map((c, i) => coordinate(c, subject, `${path}[${i}]`));
  requireFinite(z === 1n, subject, path);
  if (Fp.sqr(y!) !== Fp.add(Fp.mul(Fp.sqr(x!), x!), G1_B)) {
    throw fault(subject, "curve", path, "a point on the curve", "a point off the curve");
  }
  return bn254.G1.Point.fromAffine({ x: x!, y: y! });
}

function parseG2(json: unknown, subject: Subject, path: string): G2 {
  const point = parseTwist(json, subject, path);
  if (!point.isTorsionFree()) {
    throw fault(subject, "subgroup", path, "a point of order r", "a point outside the subgroup");
  }
  return point;
}

/** A point on the twist, of any order. */
function parseTwist(json: unknown, subject: Subject, path: string): G2 {
  const [x, y, z] = tuple(json, 3, subject, path).map((pair, i) => {
    const parts = tuple(pair, 2, subject, `${path}[${i}]`);
    return Fp2.fromBigTuple([
      coordinate(parts[0], subject, `${path}[${i}][0]`),
      coordinate(parts[1], subject, `${path}[${i}][1]`),
    ]);
  });
  requireFinite(Fp2.eql(z!, Fp2.ONE), subject, path);
  if (!Fp2.eql(Fp2.sqr(y!), Fp2.add(Fp2.mul(Fp2.sqr(x!), x!), G2_B))) {
    throw fault(subject, "curve", path, "a point on the twist", "a point off the twist");
  }
  return bn254.G2.Point.fromAffine({ x: x!, y: y! });
}

// With z = 1 the pair (0, 0), which some encodings use for infinity, fails the curve equation.
function requireFinite(finite: boolean, subject: Subject, path: string): void {
  if (!finite) throw fault(subject, "infinity", path, "a finite point with z = 1", "another z");
}

function coordinate(json: unknown, subject: Subject, path: string): bigint {
  const value = canonicalDecimal(json);
  if (value === undefined || value >= BASE_FIELD) {
    throw fault(subject, "coordinate", path, "a canonical decimal in [0, q)", describe(json));
  }
  return value;
}

// 78 digits hold any 256-bit number; longer strings are refused before BigInt has to read them.
function canonicalDecimal(json: unknown): bigint | undefined {
  return typeof json === "string" && /^(0|[1-9][0-9]{0,77})$/.test(json) ? BigInt(json) : undefined;
}

function requireHeader(fields: Record<string, unknown>, subject: Subject): void {
  if (fields.protocol !== "groth16") {
    throw fault(subject, "protocol", "protocol", "groth16", describe(fields.protocol));
  }
  if (fields.curve !== "bn128") throw fault(subject, "protocol", "curve", "bn128", describe(fields.curve));
}

function record(json: unknown, subject: Subject, path: string): Record<string, unknown> {
  if (typeof json !== "object" || json === null || Array.isArray(json)) {
    throw fault(subject, "shape", path, "an object", describe(json));
  }
  return json as Record<string, unknown>;
}

function refuseUnknown(fields: Record<string, unknown>, known: readonly string[], subject: Subject): void {
  const unknown = Object.keys(fields).find((name) => !known.includes(name));
  if (unknown !== undefined) {
    throw fault(subject, "shape", unknown.slice(0, 40), "no such field", "an unknown field");
  }
}

function tuple(json: unknown, length: number, subject: Subject, path: string): unknown[] {
  if (!Array.isArray(json) || json.length !== length) {
    const received = Array.isArray(json) ? `an array of ${json.length}` : describe(json);
    throw fault(subject, "shape", path, `an array of ${length}`, received);
  }
  return Array.from(json);
}

function fault(subject: Subject, code: string, path: string, expected: string, received: string): KeelError {
  const kind = subject === "proof" ? "proof" : "environment";
  return new KeelError({ kind, code: `${subject}.${code}`, path, expected, received });
}

/** A short, harmless picture of a value: proofs and keys are public, but may be huge or not text at all. */
function describe(value: unknown): string {
  if (value === undefined) return "nothing";
  if (value === null) return "null";
  if (typeof value === "string")
    return JSON.stringify(value.length > 80 ? `${value.slice(0, 77)}...` : value);
  if (typeof value === "number" || typeof value === "boolean") return String(value);
  return Array.isArray(value) ? "an array" : `a value of type ${typeof value}`;
}
