// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * EdDSA with Poseidon on BabyJubJub, the scheme that circomlib's EdDSAPoseidonVerifier checks in the circuit:
 * S * B8 = R8 + Poseidon(R8, A, message) * 8 * A, with B8 the generator of the prime-order subgroup (ERC-2494).
 *
 * The curve is @noble/curves', Poseidon is `@keel/verifier`'s. How a secret becomes a scalar and a nonce is ours (SHA-512
 * with labels, in the manner of RFC 8032: the nonce is a hash of secret and message, so none is ever used twice); no
 * verifier can tell, and signatures of circomlibjs and of other libraries verify here just so.
 *
 * @module
 */

import {
  abiWords,
  checkSourceKey,
  type Field,
  isOnCurve,
  poseidon,
  type SourceKey,
  SUBGROUP_ORDER,
} from "@keel/verifier";
import { babyjubjub } from "@noble/curves/misc.js";
import { sha512 } from "@noble/hashes/sha2.js";
import { concatBytes, utf8ToBytes } from "@noble/hashes/utils.js";

/** A signature: R8 on the curve, S below the subgroup order. */
export interface EddsaSignature {
  readonly R8: SourceKey;
  readonly S: bigint;
}

const { Point } = babyjubjub;
const COFACTOR = 8n;
/** Verifications after which the generator's table of multiples has made up for its making. */
const TABLE_FROM = 20;
let verified = 0;
const plainGenerator = Point.fromAffine(Point.BASE.toAffine());

/** The generator: with its table of multiples where many signatures are verified, as for many funds. */
function generator() {
  verified += 1;
  return verified > TABLE_FROM ? Point.BASE : plainGenerator;
}

/** The public key of 32 secret bytes. */
export function publicKeyOf(secret: Uint8Array): SourceKey {
  return toKey(Point.BASE.multiply(secretScalar(secret)));
}

/** Signs a field element. Deterministic. */
export function signField(message: Field, secret: Uint8Array): EddsaSignature {
  return fieldSigner(secret)(message);
}

/**
 * {@link signField} for many messages: the secret's scalar and public key are computed once, here, so that no other key can
 * ever stand in a challenge (two challenges for one nonce would give the secret away).
 */
export function fieldSigner(secret: Uint8Array): (message: Field) => EddsaSignature {
  const kept = Uint8Array.from(secret);
  const a = secretScalar(kept);
  const key = toKey(Point.BASE.multiply(a));
  return (message) => {
    const nonce = hashToScalar("keel/eddsa/nonce/1", kept, abiWords([message]));
    const R8 = toKey(Point.BASE.multiply(nonce));
    const h = challenge(R8, key, message);
    return { R8, S: (nonce + h * COFACTOR * a) % SUBGROUP_ORDER };
  };
}

/**
 * Whether a signature verifies. S out of range and points off the curve are refused first.
 *
 * @throws KeelError `source.key` when `key` is not a public key (the identity verifies everything)
 */
export function verifyField(message: Field, { R8, S }: EddsaSignature, key: SourceKey): boolean {
  checkSourceKey(key, "key");
  if (S < 0n || S >= SUBGROUP_ORDER || !isOnCurve(R8)) return false;
  const h = challenge(R8, key, message);
  const left = generator().multiplyUnsafe(S);
  const right = toPoint(R8).add(
    toPoint(key)
      .multiplyUnsafe(COFACTOR)
      .multiplyUnsafe(h % SUBGROUP_ORDER),
  );
  return left.equals(right);
}

function challenge(R8: SourceKey, key: SourceKey, message: Field): bigint {
  return poseidon([...R8, ...key, message]);
}

function secretScalar(secret: Uint8Array): bigint {
  return hashToScalar("keel/eddsa/scalar/1", secret);
}

/** 512 bits reduced by a 251-bit order: the bias is below 2^-256. */
function hashToScalar(label: string, ...parts: readonly Uint8Array[]): bigint {
  const digest = sha512(concatBytes(utf8ToBytes(label), ...parts));
  const scalar = digest.reduce((value, byte) => (value << 8n) | BigInt(byte), 0n) % SUBGROUP_ORDER;
  digest.fill(0);
  return scalar;
}

function toPoint([x, y]: SourceKey) {
  return Point.fromAffine({ x, y });
}

function toKey(point: { toAffine(): { readonly x: bigint; readonly y: bigint } }): SourceKey {
  const { x, y } = point.toAffine();
  return [x, y];
}
