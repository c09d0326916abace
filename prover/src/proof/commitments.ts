// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Hiding commitments that a proof publishes about secret data: to the signed accounts, and to the book's sums, so that
 * later statements (tail risk, disclosure) can speak of the same portfolio. Each has a salt of its own: who is shown what
 * one of them commits to learns nothing of the other.
 *
 * @module
 */

import { type DisclosedSums, type Field, KIND, taggedHash, toField } from "@keel/verifier";

/** Commits to the messages that the sources signed, in the order of the accounts. */
export function portfolioCommitment(messages: readonly Field[], salt: Field): Field {
  return taggedHash(KIND.portfolio, [...messages, salt]);
}

/** What statements beside portfolio-health may speak of, padded to the circuit's places. */
export interface Exposures extends DisclosedSums {
  readonly underlyingsId: Field;
}

/** Bits of a value in a word of two. */
const VALUE_BITS = 96n;

/** Commits to a book's sums: circuits/src/lib/exposures.circom. */
export function exposuresCommitment(exposures: Exposures, salt: Field): Field {
  const { underlyingsId, equity, assets, deltas } = exposures;
  const rest = restOf(exposures);
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
 * Digest of what a tier commits to beside the sums that every tier has: equity by account, and in tiers with options gamma, vega,
 * theta and the P&L in every scenario. Absent where that is nothing.
 */
export function restOf({
  accountEquity,
  bookSums,
}: Pick<Exposures, "accountEquity" | "bookSums">): Field | undefined {
  if (accountEquity.length === 0) return undefined;
  return taggedHash(KIND.rest, [...accountEquity, ...bookSums].map(toField));
}
