// SPDX-License-Identifier: MIT
/**
 * The liquidity statement: that the quantities behind a portfolio commitment can be unwound within a limit of days, by a public
 * table of what a day takes of each instrument. circuits/SPEC.md section 14 says it in English.
 *
 * It is true or false of the commitment by itself, so it names no subject, time or registry: the portfolio-health proof
 * that publishes the same commitment does.
 *
 * @module
 */

import { inputError } from "../core/errors.js";
import { KIND, tag } from "../core/field.js";
import {
  type LiquidityLimitTerms,
  type LiquidityPart,
  type LiquidityTable,
  type LiquidityTerms,
  liquidityLimitPlaces,
  liquidityTable,
  withLiquidity,
} from "../files/liquidity.js";
import type { Liquidity, Market } from "../files/market.js";
import type { Policy } from "../files/policy.js";
import { liquiditySeries } from "../files/series.js";

/** Elements of the liquidity vector; its order never changes. */
export const LIQUIDITY_LENGTH = 6;

/** Everything that a liquidity proof is about. */
export interface LiquidityStatement {
  /** Of the portfolio-health proof beside it. */
  readonly portfolioCommitment: bigint;
  readonly liquidityRoot: bigint;
  /** Unix seconds. */
  readonly liquidityTime: number;
  /** Participation in bps, and the limit. */
  readonly terms: Pick<LiquidityPart, "participation"> & LiquidityLimitTerms;
}

/** The liquidity vector, 6 field elements. */
export function liquidityVector(statement: LiquidityStatement): bigint[] {
  const { portfolioCommitment, liquidityRoot, liquidityTime, terms } = statement;
  return [
    tag(KIND.unwind, LIQUIDITY_LENGTH),
    portfolioCommitment,
    liquidityRoot,
    ...[liquidityTime, terms.participation].map(BigInt),
    ...liquidityLimitPlaces(terms),
  ];
}

/** What the limit on the days to unwind of a policy is judged by. */
export interface LiquidityBasis {
  readonly terms: LiquidityTerms;
  readonly market: Market & { readonly liquidity: Liquidity };
}

/**
 * The depths of a policy that limits the days to unwind, which fit its circuit; undefined without such a limit.
 *
 * @throws KeelError `liquidity.missing` without depths, `policy.series` for depths of another series, `policy.participation`, or as
 * `withLiquidity`
 */
export function liquidityBasis({ liquidity: terms }: Policy, market: Market): LiquidityBasis | undefined {
  if (terms === undefined) return undefined;
  const { liquidity } = market;
  if (liquidity === undefined) {
    const expected = "a liquidity table, by which the policy limits the days to unwind";
    throw inputError("liquidity.missing", "liquidity", expected, "none");
  }
  const share = (value: bigint): string => `${value} bps`;
  if (liquidity.participation !== terms.participation) {
    const [expected, received] = [share(terms.participation), share(liquidity.participation)];
    throw inputError("policy.participation", "liquidity.participation", expected, received);
  }
  const received = liquiditySeries(liquidity);
  if (received !== terms.series) {
    const expected = `depths of the policy's series ${terms.series}`;
    throw inputError("policy.series", "liquidity", expected, received);
  }
  return { terms, market: withLiquidity(market, liquidity) };
}

/** The depths in the circuit's places, with their root. */
export function depthTable({ terms, market }: LiquidityBasis): LiquidityTable {
  return liquidityTable(market, terms.circuit.shape);
}
