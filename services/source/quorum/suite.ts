// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * FROST (RFC 9591) on BabyJubJub with the challenge of Keel's signatures, so that what k of n members sign together is one
 * ordinary signature of the group's key: no verifier, and no circuit, can tell.
 *
 * The protocol is @noble/curves'. The suite: circomlib checks S B8 = R8 + 8 h A with h = Poseidon(R8, A, m), so the challenge
 * is 8 h mod l; messages are 32 bytes big-endian, scalars 32 bytes little-endian, hashes to scalars SHA-512 of label and
 * input, reduced (the bias is below 2^-256). Points travel as both coordinates, big-endian.
 *
 * @module
 */

import { type Field, poseidon, type SourceKey, SUBGROUP_ORDER } from "@keel/verifier";
import { createFROST, type FrostPublic } from "@noble/curves/abstract/frost.js";
import { sha512 } from "@noble/hashes/sha2.js";
import { concatBytes, utf8ToBytes } from "@noble/hashes/utils.js";

import { GroupPoint, toInteger } from "./point.js";

const COFACTOR = 8n;

/** The suite's name, with which every hash of it begins. */
export const SUITE = "KEEL-FROST-BABYJUBJUB-POSEIDON-v1";

/** The protocol over this suite. */
export const FROST = createFROST({
  name: SUITE,
  Point: GroupPoint,
  hash: sha512,
  hashToScalar: (message, options) => hashToScalar(options?.DST ?? "", message),
  challenge,
});

/** A hash as a scalar. */
export function hashToScalar(label: string | Uint8Array, ...parts: readonly Uint8Array[]): bigint {
  const start = typeof label === "string" ? utf8ToBytes(label) : label;
  return toInteger(sha512(concatBytes(start, ...parts))) % SUBGROUP_ORDER;
}

/** 8 h mod l, with h as the circuit computes it. */
export function challenge(R: GroupPoint, key: GroupPoint, message: Uint8Array): bigint {
  return (COFACTOR * poseidon([...coordinates(R), ...coordinates(key), toInteger(message)])) % SUBGROUP_ORDER;
}

/** The bytes of a message. */
export function messageBytes(message: Field): Uint8Array {
  return Uint8Array.from(message.toString(16).padStart(64, "0").match(/../g)!, (byte) =>
    Number.parseInt(byte, 16),
  );
}

/** The group's public key. */
export function groupKey({ commitments }: FrostPublic): SourceKey {
  return coordinates(GroupPoint.fromBytes(commitments[0]!));
}

/** Makes what is computed again and again for a group fast: its keys are known to lie in the group. */
export function rememberGroup({ commitments, verifyingShares }: FrostPublic): void {
  for (const bytes of [commitments[0]!, ...Object.values(verifyingShares)]) GroupPoint.remember(bytes);
}

function coordinates(point: GroupPoint): SourceKey {
  const { x, y } = point.toAffine();
  return [x, y];
}
