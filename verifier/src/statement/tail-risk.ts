// SPDX-License-Identifier: MIT
/**
 * The tail-risk statement: that the exposures behind a commitment respect limits on volatility and expected shortfall by a
 * public returns table. circuits/SPEC.md section 11 says it in English.
 *
 * It is true or false of the commitment by itself, so it names no subject, time or registry: the portfolio-health proof
 * that publishes the same commitment does.
 *
 * @module
 */

import { inputError } from "../core/errors.js";
import { KIND, tag } from "../core/field.js";
import { SHORTFALL_LEVELS } from "../files/limits.js";
import type { Market, Returns } from "../files/market.js";
import type { Policy, TailTerms } from "../files/policy.js";
import { checkPlaces, type ReturnsTable, returnsTable } from "../files/returns.js";
import { returnsSeries } from "../files/series.js";
import { type TailLimitTerms, tailLimitPlaces } from "../files/terms.js";

/** Elements of the tail-risk vector; its order never changes. */
export const TAIL_LENGTH = 5 + 2 * SHORTFALL_LEVELS;

/** Everything that a tail-risk proof is about. */
export interface TailStatement {
  /** Of the portfolio-health proof beside it. */
  readonly exposuresCommitment: bigint;
  readonly returnsRoot: bigint;
  /** Unix seconds. */
  readonly returnsTime: number;
  readonly terms: TailLimitTerms;
}

/** The tail-risk vector, 11 field elements. */
export function tailVector({
  exposuresCommitment,
  returnsRoot,
  returnsTime,
  terms,
}: TailStatement): bigint[] {
  return [
    tag(KIND.tail, TAIL_LENGTH),
    exposuresCommitment,
    returnsRoot,
    BigInt(returnsTime),
    ...tailLimitPlaces(terms),
  ];
}

/** What the tail-risk limits of a policy are judged by. */
export interface TailBasis {
  readonly tail: TailTerms;
  readonly returns: Returns;
}

/**
 * The returns of a policy with tail-risk limits, which fit its circuit; undefined without such limits.
 *
 * @throws KeelError `returns.missing`, `policy.series` for returns of another series, or as `checkPlaces`
 */
export function tailBasis({ tail }: Policy, { returns }: Market): TailBasis | undefined {
  if (tail === undefined) return undefined;
  if (returns === undefined) {
    throw inputError(
      "returns.missing",
      "returns",
      "a returns table, by which the policy limits tail risk",
      "none",
    );
  }
  checkPlaces(returns, tail.circuit.shape);
  const received = returnsSeries(returns);
  if (received !== tail.series) {
    throw inputError("policy.series", "returns", `returns of the policy's series ${tail.series}`, received);
  }
  return { tail, returns };
}

/** The returns in the circuit's places, with their root; for a long history the hashing takes a while. */
export function tailTable({ tail, returns }: TailBasis): ReturnsTable {
  return returnsTable(returns, tail.circuit.shape);
}
