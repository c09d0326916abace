// SPDX-License-Identifier: MIT
/**
 * Source keys: BabyJubJub public keys (ERC-2494) that sign account data, and the list of them that a policy approves.
 *
 * @module
 */

import { babyjubjub } from "@noble/curves/misc.js";
import { inputError } from "../core/errors.js";
import { KIND, taggedHash } from "../core/field.js";
import type { Field } from "../core/units.js";

/**
 * What a source's word can rest on, the weakest first: its own books; a venue read with a key that can only read; a chain, which
 * others can read as well; pages that an attestor signed; the readings of several parties.
 */
export const EVIDENCE = ["ledger", "operator-read", "chain-read", "notarised", "quorum"] as const;

/** A tier of {@link EVIDENCE}. */
export type Evidence = (typeof EVIDENCE)[number];

/** What a member of a quorum can rest on. */
export type MemberEvidence = Exclude<Evidence, "quorum">;

/** The weakest of some tiers; nothing of none. */
export function weakestEvidence<Tier extends Evidence>(tiers: readonly Tier[]): Tier | undefined {
  return [...tiers].sort((a, b) => EVIDENCE.indexOf(a) - EVIDENCE.indexOf(b))[0];
}

/** What an account rests on: a tier, and of a quorum the weakest one of the members who signed. */
export interface GivenEvidence {
  readonly evidence: Evidence;
  readonly weakest?: MemberEvidence | undefined;
}

/**
 * Whether evidence is of a tier or a stronger one. A quorum is for every other tier as weak as its weakest member: several
 * parties with books of their own have read no chain.
 */
export function meetsEvidence({ evidence, weakest }: GivenEvidence, wanted: Evidence): boolean {
  const given = evidence === "quorum" && wanted !== "quorum" ? weakest : evidence;
  return given !== undefined && EVIDENCE.indexOf(given) >= EVIDENCE.indexOf(wanted);
}

/** Affine coordinates of a public key. */
export type SourceKey = readonly [bigint, bigint];

/** Order of the prime-order subgroup; signatures' S lies below it. */
export const SUBGROUP_ORDER: bigint = babyjubjub.Point.Fn.ORDER;

/** Generator of the prime-order subgroup. */
export const BASE_POINT: SourceKey = [babyjubjub.Point.BASE.toAffine().x, babyjubjub.Point.BASE.toAffine().y];

/** Keys that were found good, as text: the same few sign for many books. */
const goodKeys = new Set<string>();
const MOST_GOOD_KEYS = 1_000;

/**
 * Refuses a point that is not a public key: off the curve, the identity, or outside the prime-order subgroup.
 *
 * @throws KeelError `source.key`
 */
export function checkSourceKey([x, y]: SourceKey, path: string): void {
  const name = `${x},${y}`;
  if (goodKeys.has(name)) return;
  checkKeyPoint([x, y], path);
  if (goodKeys.size >= MOST_GOOD_KEYS) goodKeys.clear();
  goodKeys.add(name);
}

function checkKeyPoint([x, y]: SourceKey, path: string): void {
  const expected = "a point of BabyJubJub's prime-order subgroup, not the identity";
  const refused = (received: string) => inputError("source.key", path, expected, received);
  if (!isOnCurve([x, y])) throw refused("a point off the curve");
  const point = babyjubjub.Point.fromAffine({ x, y });
  if (point.is0()) throw refused("the identity");
  if (point.isSmallOrder()) throw refused("a point of low order");
  if (!point.isTorsionFree()) throw refused("a point outside the subgroup");
}

/** Whether a x^2 + y^2 = 1 + d x^2 y^2. */
export function isOnCurve([x, y]: SourceKey): boolean {
  const { a, d, p } = babyjubjub.Point.CURVE();
  if (x < 0n || x >= p || y < 0n || y >= p) return false;
  const x2 = (x * x) % p;
  const y2 = (y * y) % p;
  return (a * x2 + y2 - 1n - ((d * x2) % p) * y2) % p === 0n;
}

/**
 * The approved list as the circuit reads it: x coordinates in the policy's order, then zeros. The x coordinate is enough:
 * who can sign for (x, y) can sign for (x, -y) and for no other key (circuits/src/lib/approved-source.circom).
 */
export function sourceTable(
  keys: readonly SourceKey[],
  room: number,
): { readonly list: readonly bigint[]; readonly root: Field } {
  const list = [...keys.map(([x]) => x), ...new Array<bigint>(room - keys.length).fill(0n)];
  return { list, root: taggedHash(KIND.sources, list) };
}
