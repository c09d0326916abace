// SPDX-License-Identifier: MIT
/**
 * The commitment to a book's sums that every attestation publishes, and what opens it: circuits/SPEC.md section 5. Statements beside
 * portfolio-health speak of it, and a manager may open it to one reader.
 *
 * @module
 */

import { KIND, taggedHash, toField } from "../core/field.js";
import type { Field } from "../core/units.js";
import type { DisclosedSums } from "./disclosure.js";

/** What the exposures commitment is to, padded to the circuit's places. */
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
