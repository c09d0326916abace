// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * A signer's part of a signature, and the test of the whole: RFC 9591, sections 4.3 to 5.3.
 *
 * The library's functions give the same, and tests hold the two together. But its signer keeps the group's commitment R to
 * itself, so that whoever adds the shares up computes it again, and computes its own commitments again, which it is found by
 * here. Most of a signature's time is R: here each signer computes it once and says it, and the coordinator only verifies.
 *
 * @module
 */

import type { FrostPublic, FrostSecret, NonceCommitments, Nonces } from "@noble/curves/abstract/frost.js";
import { sha512 } from "@noble/hashes/sha2.js";
import { concatBytes, utf8ToBytes } from "@noble/hashes/utils.js";
import { GroupPoint } from "./point.js";
import { challenge, hashToScalar, SUITE } from "./suite.js";

const { Fn } = GroupPoint;

/** What a signer gives. */
export interface Part {
  /** The group's commitment, as this signer computed it from the list. */
  readonly R: Uint8Array<ArrayBuffer>;
  readonly share: bigint;
}

/** A signer of the list, with its points. */
interface Signer {
  readonly id: bigint;
  readonly commitments: NonceCommitments;
  readonly hiding: GroupPoint;
  readonly binding: GroupPoint;
}

/**
 * A signer's part. It uses the nonces up: the caller has taken them away from wherever they could be found again.
 *
 * @param list the commitments of all who sign, these nonces' among them
 * @throws Error for a commitment that is no point of the group
 */
export function signPart(
  { identifier, signingShare }: FrostSecret,
  { commitments }: FrostPublic,
  nonces: Nonces,
  list: readonly NonceCommitments[],
  message: Uint8Array,
): Part {
  const own = idOf(identifier);
  const key = GroupPoint.inGroup(commitments[0]!);
  const { signers, factors, R } = commitmentOf(key, list, message);
  const c = challenge(R, key, message);
  const binding = Fn.mul(Fn.fromBytes(nonces.binding), factors[signers.findIndex(({ id }) => id === own)]!);
  const lambda = interpolation(
    own,
    signers.map(({ id }) => id),
  );
  const secret = Fn.mul(Fn.mul(lambda, Fn.fromBytes(signingShare)), c);
  return { R: R.toBytes(), share: Fn.add(Fn.add(Fn.fromBytes(nonces.hiding), binding), secret) };
}

/** The group's commitment, as every signer of the list has to say it. */
export function groupCommitment(
  { commitments }: FrostPublic,
  list: readonly NonceCommitments[],
  message: Uint8Array,
): Uint8Array<ArrayBuffer> {
  return commitmentOf(GroupPoint.inGroup(commitments[0]!), list, message).R.toBytes();
}

/** The sum of shares. */
export function sumOfShares(shares: readonly bigint[]): bigint {
  return shares.reduce((sum, share) => Fn.add(sum, share), 0n);
}

/**
 * Whether S B = R + c A, without the cofactor: the circuit's equation, which no R outside of the subgroup solves.
 *
 * @throws Error when R is no point of the curve
 */
export function isSignature(
  { commitments }: FrostPublic,
  message: Uint8Array,
  R: Uint8Array,
  S: bigint,
): boolean {
  const key = GroupPoint.inGroup(commitments[0]!);
  const point = GroupPoint.fromBytes(R);
  const right = point.add(key.multiplyUnsafe(challenge(point, key, message)));
  return GroupPoint.BASE.multiplyUnsafe(S).equals(right);
}

function signerOf(commitments: NonceCommitments): Signer {
  return {
    id: idOf(commitments.identifier),
    commitments,
    hiding: GroupPoint.inGroup(commitments.hiding),
    binding: GroupPoint.inGroup(commitments.binding),
  };
}

function idOf(identifier: string): bigint {
  return Fn.fromBytes(bytesOf(identifier));
}

function bytesOf(hex: string): Uint8Array {
  return Uint8Array.from(Buffer.from(hex, "hex"));
}

/** Section 4.4: what ties every commitment to this message and to this list. */
function bindingFactors(key: GroupPoint, signers: readonly Signer[], message: Uint8Array): bigint[] {
  const encoded = signers.flatMap(({ commitments: { identifier, hiding, binding } }) => [
    bytesOf(identifier),
    hiding,
    binding,
  ]);
  const prefix = [key.toBytes(), hashOf("msg", message), hashOf("com", ...encoded)];
  return signers.map(({ commitments: { identifier } }) =>
    hashToScalar(`${SUITE}rho`, ...prefix, bytesOf(identifier)),
  );
}

/** Section 4.5: the sum of hiding[i] + factor[i] binding[i]. */
function commitmentOf(key: GroupPoint, list: readonly NonceCommitments[], message: Uint8Array) {
  const signers = list.map(signerOf).sort((a, b) => (a.id < b.id ? -1 : 1));
  const factors = bindingFactors(key, signers, message);
  const hiding = signers.reduce((sum, signer) => sum.add(signer.hiding), GroupPoint.ZERO);
  const bindings = signers.map(({ binding }) => binding);
  return { signers, factors, R: hiding.add(GroupPoint.sumOfProducts(bindings, factors)) };
}

/** Section 4.2: the weight of one of some shares in the secret. */
function interpolation(own: bigint, ids: readonly bigint[]): bigint {
  const others = ids.filter((id) => id !== own);
  const product = (values: readonly bigint[]): bigint => values.reduce((a, b) => Fn.mul(a, b), 1n);
  return Fn.div(product(others), product(others.map((id) => Fn.sub(id, own))));
}

function hashOf(label: string, ...parts: readonly Uint8Array[]): Uint8Array {
  return sha512(concatBytes(utf8ToBytes(`${SUITE}${label}`), ...parts));
}
