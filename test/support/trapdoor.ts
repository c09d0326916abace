// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * A Groth16 key whose secret the test knows, and proofs that follow from the secret alone: A and B are any points, and C is what
 * the verification's equation (Groth 2016, section 3) leaves for it. They verify as every proof does, and take no circuit, so
 * that rules which lie outside the circuits can be tried on hundreds of true statements.
 *
 * @module
 */

import { type Groth16Proof, parseProof, type VerificationKey } from "@keel/verifier";
import { bn254 } from "@noble/curves/bn254.js";
import { generator } from "./generator.js";

const { Fr } = bn254.fields;

/** A key with its secret. */
export interface Trapdoor {
  readonly verificationKey: VerificationKey;
  /** A proof of any statement's three public inputs. */
  prove(inputs: readonly [c: bigint, x: bigint, y: bigint]): Groth16Proof;
}

/** A key of 3 public inputs; the same for the same seed. */
export function trapdoor(seed: bigint): Trapdoor {
  const below = generator(seed);
  const secret = (): bigint => below(Fr.ORDER - 1n) + 1n;
  const [alpha, beta, gamma, delta, a, b] = [secret(), secret(), secret(), secret(), secret(), secret()];
  const ic = [secret(), secret(), secret(), secret()];
  const verificationKey: VerificationKey = {
    protocol: "groth16",
    curve: "bn128",
    nPublic: 3,
    vk_alpha_1: g1(alpha),
    vk_beta_2: g2(beta),
    vk_gamma_2: g2(gamma),
    vk_delta_2: g2(delta),
    IC: ic.map(g1),
    insecure: true,
  };
  const [pi_a, pi_b] = [g1(a), g2(b)];
  return {
    verificationKey,
    prove: (inputs) => {
      const sum = [1n, ...inputs].reduce((total, value, i) => Fr.add(total, Fr.mul(ic[i]!, value)), 0n);
      const rest = Fr.sub(Fr.sub(Fr.mul(a, b), Fr.mul(alpha, beta)), Fr.mul(gamma, sum));
      return parseProof({ pi_a, pi_b, pi_c: g1(Fr.div(rest, delta)), protocol: "groth16", curve: "bn128" });
    },
  };
}

function g1(scalar: bigint): readonly [string, string, string] {
  const { x, y } = bn254.G1.Point.BASE.multiply(scalar).toAffine();
  return [`${x}`, `${y}`, "1"];
}

function g2(scalar: bigint): VerificationKey["vk_beta_2"] {
  const { x, y } = bn254.G2.Point.BASE.multiply(scalar).toAffine();
  const pair = ({ c0, c1 }: typeof x): readonly [string, string] => [`${c0}`, `${c1}`];
  return [pair(x), pair(y), ["1", "0"]];
}
