// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * From the sums of the queries to a proof: adds the workers' parts, blinds, and verifies before anything leaves.
 *
 * @module
 */
import { bn254 } from "@noble/curves/bn254.js";
import { KeelError } from "../../../verifier/src/errors.js";
import {
  type G1Json,
  type G2Json,
  type Groth16Proof,
  SCALAR_FIELD,
  type VerificationKey,
  verifyGroth16,
} from "../../../verifier/src/groth16.js";
import { ELEMENT_BYTES, isZero, readElement } from "./bytes.js";

type G1 = typeof bn254.G1.Point.BASE;
type G2 = typeof bn254.G2.Point.BASE;

/** The key's own points, besides those of the verification key. */
export interface KeyPoints {
  readonly verificationKey: VerificationKey;
  readonly beta1: G1Json;
  readonly delta1: G1Json;
}

/** Each worker's sums, affine and plain; `c` is of C and H together. */
export interface QuerySums {
  readonly a: readonly Uint8Array[];
  readonly b1: readonly Uint8Array[];
  readonly b2: readonly Uint8Array[];
  readonly c: readonly Uint8Array[];
}

/**
 * Assembles and verifies a proof:
 * A = alpha + a + r delta, B = beta + b + s delta, C = c + s A + r (beta + b).
 * Fresh r and s from the platform's secure source make two proofs of one witness unlinkable.
 *
 * @throws KeelError kind `proof`, code `proof.unsound`, when the proof does not verify: the witness does not satisfy
 *   the circuit, or belongs to another, or the arithmetic failed. No proof is returned then.
 */
export function assembleProof(
  key: KeyPoints,
  sums: QuerySums,
  publicSignals: readonly string[],
): Groth16Proof {
  const { verificationKey } = key;
  const [r, s] = [randomScalar(), randomScalar()];
  const a = g1(verificationKey.vk_alpha_1).add(sumG1(sums.a)).add(g1(key.delta1).multiply(r));
  const b = g2(verificationKey.vk_beta_2).add(sumG2(sums.b2)).add(g2(verificationKey.vk_delta_2).multiply(s));
  const b1 = g1(key.beta1).add(sumG1(sums.b1));
  const c = sumG1(sums.c)
    .add(a.multiply(s))
    .add(b1.is0() ? b1 : b1.multiply(r));
  const proof: Groth16Proof = {
    pi_a: g1Json(a),
    pi_b: g2Json(b),
    pi_c: g1Json(c),
    protocol: "groth16",
    curve: "bn128",
  };
  if (!verifyGroth16(verificationKey, publicSignals, proof)) {
    const expected = "a witness that satisfies the key's circuit";
    throw new KeelError({
      kind: "proof",
      code: "proof.unsound",
      expected,
      received: "a proof that does not verify",
    });
  }
  return proof;
}

/** Uniform in [1, r): 512 random bits leave no measurable bias. */
function randomScalar(): bigint {
  const bytes = globalThis.crypto.getRandomValues(new Uint8Array(64));
  const value = bytes.reduce((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
  bytes.fill(0);
  return 1n + (value % (SCALAR_FIELD - 1n));
}

function sumG1(parts: readonly Uint8Array[]): G1 {
  return parts.reduce((sum, part) => {
    if (isZero(part, 0, part.length)) return sum;
    const [x, y] = [readElement(part, 0), readElement(part, ELEMENT_BYTES)];
    return sum.add(bn254.G1.Point.fromAffine({ x, y }));
  }, bn254.G1.Point.ZERO);
}

function sumG2(parts: readonly Uint8Array[]): G2 {
  const { Fp2 } = bn254.fields;
  return parts.reduce((sum, part) => {
    if (isZero(part, 0, part.length)) return sum;
    const at = (index: number): bigint => readElement(part, index * ELEMENT_BYTES);
    const [x, y] = [Fp2.fromBigTuple([at(0), at(1)]), Fp2.fromBigTuple([at(2), at(3)])];
    return sum.add(bn254.G2.Point.fromAffine({ x, y }));
  }, bn254.G2.Point.ZERO);
}

function g1([x, y]: G1Json): G1 {
  return bn254.G1.Point.fromAffine({ x: BigInt(x), y: BigInt(y) });
}

function g2([x, y]: G2Json): G2 {
  const { Fp2 } = bn254.fields;
  const element = (pair: readonly [string, string]) => Fp2.fromBigTuple([BigInt(pair[0]), BigInt(pair[1])]);
  return bn254.G2.Point.fromAffine({ x: element(x), y: element(y) });
}

function g1Json(point: G1): G1Json {
  const { x, y } = point.toAffine();
  return [x.toString(), y.toString(), "1"];
}

function g2Json(point: G2): G2Json {
  const { x, y } = point.toAffine();
  return [
    [x.c0.toString(), x.c1.toString()],
    [y.c0.toString(), y.c1.toString()],
    ["1", "0"],
  ];
}
