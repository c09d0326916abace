// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Hiding commitments that a proof publishes about secret data: to the signed accounts, and to the book's sums, so that
 * later statements (tail risk, disclosure) can speak of the same portfolio. Each has a salt of its own: who is shown what
 * one of them commits to learns nothing of the other.
 *
 * @module
 */

import { type CircuitShape, type Field, KIND, taggedHash, toField } from "@keel/verifier";

/** Commits to the messages that the sources signed, in the order of the accounts. */
export function portfolioCommitment(messages: readonly Field[], salt: Field): Field {
  return taggedHash(KIND.portfolio, [...messages, salt]);
}

/** What statements beside portfolio-health may speak of: the sums of circuits/SPEC.md section 5, amounts in USD 1e16. */
export interface Exposures {
  readonly underlyingsId: Field;
  /** E, below 2^96. */
  readonly equity: bigint;
  /** A, below 2^96. */
  readonly assets: bigint;
  /** G, below 2^96. */
  readonly grossExposure: bigint;
  /** C, USD 1e16 times bps. */
  readonly collateral: bigint;
  /** D[u], signed, padded to the circuit's underlyings. */
  readonly deltas: readonly bigint[];
  /** What the tier commits to beside these: {@link restOf}; absent where it has nothing more. */
  readonly rest?: Field;
}

/** Bits of a value in a word of two. */
const VALUE_BITS = 96n;

/** Commits to a book's sums: circuits/src/lib/exposures.circom. */
export function exposuresCommitment(exposures: Exposures, salt: Field): Field {
  const { underlyingsId, equity, assets, deltas, rest } = exposures;
  return taggedHash(KIND.exposures, [
    underlyingsId,
    toField(equity + (assets << VALUE_BITS)),
    grossAndCollateral(exposures),
    ...deltas.map(toField),
    ...(rest === undefined ? [] : [rest]),
    salt,
  ]);
}

/** The second word of {@link exposuresCommitment}: G + 2^96 C. */
export function grossAndCollateral({ grossExposure, collateral }: Exposures): Field {
  return toField(grossExposure + (collateral << VALUE_BITS));
}

/**
 * Digest of what a tier commits to beside the sums that every tier has, and absent where that is nothing: equity by account,
 * and in tiers with options gamma, vega, theta and the P&L in every scenario.
 *
 * @param accountEquity E[s], USD 1e16, signed, padded to the circuit's accounts
 * @param bookSums USD 1e16, signed, padded to the circuit's scenarios; empty in linear tiers
 */
export function restOf(
  { accounts, options }: Pick<CircuitShape, "accounts" | "options">,
  accountEquity: readonly bigint[],
  bookSums: readonly bigint[],
): Field | undefined {
  if (accounts === 1 && options === 0) return undefined;
  return taggedHash(KIND.rest, [...accountEquity, ...bookSums].map(toField));
}
