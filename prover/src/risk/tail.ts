// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Tail risk in exact integers: circuits/SPEC.md section 11, said once more in code. Volatility by a covariance matrix, and
 * expected shortfall over a history of daily returns, of exposures held still.
 *
 * @module
 */

import {
  type Bps,
  ceilDiv,
  type Market,
  type Policy,
  shortfallLevels,
  type TailBasis,
  tailBasis,
  type Usd16,
  usd16,
} from "@keel/verifier";
import type { LimitResult } from "./limit-result.js";

/** Exposures meet the history rounded down to multiples of 2^40 in USD 1e16, 0.00011 USD. */
const ROUNDED_BITS = 40n;
const BPS = 10_000n;
/** Covariances have the scale 1e12, limits 1e4. */
const VARIANCE_SCALE = 10_000n;

type Verdict = Omit<LimitResult, "name">;

/** The exposures' tail risk under one policy. */
export interface TailMetrics {
  /** D' Cov D, in (USD 1e16)^2 times 1e12; annual. */
  readonly variance: bigint;
  /** What each day of the history would cost, oldest first: USD 1e16 times 2^40 times bps, rounded up. */
  readonly losses: readonly bigint[];
  /** One for each level that the policy limits. */
  readonly shortfalls: readonly Shortfall[];
}

/** The mean loss of the worst days: `sum` over `weight` days, in the unit of the losses. */
export interface Shortfall {
  readonly confidence: Bps;
  /** The value at risk, the unit of the losses. */
  readonly threshold: bigint;
  /** threshold * weight + 1e4 * excess over it: the mean times {@link weight}. */
  readonly sum: bigint;
  /** Days beyond the confidence level, times 1e4: (1e4 - confidence) * days. */
  readonly weight: bigint;
}

/**
 * Measures what the policy's tail-risk limits speak of; undefined when it has none.
 *
 * @param underlyingDelta D[u], in the market's order
 * @throws KeelError `returns.missing`, or as `returnsTable`
 */
export function measureTail(
  underlyingDelta: ReadonlyMap<string, Usd16>,
  market: Market,
  policy: Policy,
): TailMetrics | undefined {
  const basis = tailBasis(policy, market);
  if (basis === undefined) return undefined;
  const deltas = [...underlyingDelta.values()];
  const losses = dailyLosses(deltas, basis);
  return {
    variance: varianceOf(deltas, basis),
    losses,
    shortfalls: shortfallLevels(policy.limits).map(({ confidence }) => expectedShortfall(losses, confidence)),
  };
}

function varianceOf(deltas: readonly bigint[], { returns }: TailBasis): bigint {
  let variance = 0n;
  for (const [u, row] of returns.covariance.entries()) {
    for (const [v, covariance] of row.entries()) {
      variance += (u === v ? 1n : 2n) * deltas[u]! * deltas[v]! * covariance;
    }
  }
  return variance;
}

/** -sum of D[u] r[u] on rounded exposures, and what the rounding can have hidden: at most all of 2^40 in each place. */
function dailyLosses(deltas: readonly bigint[], { returns, tail }: TailBasis): bigint[] {
  const rounded = deltas.map((delta) => delta >> ROUNDED_BITS);
  const hidden = BigInt(tail.circuit.shape.underlyings) * BPS;
  return returns.daily.map((day) => day.reduce((loss, change, u) => loss - rounded[u]! * change, hidden));
}

/**
 * Expected shortfall of equally likely losses, as the least of z + E[max(loss - z, 0)] / (1 - confidence) over z, which the
 * value at risk attains.
 * Source: Rockafellar and Uryasev, Optimization of conditional value-at-risk, Journal of Risk 2 (2000).
 *
 * @param losses at least one
 */
export function expectedShortfall(losses: readonly bigint[], confidence: Bps): Shortfall {
  const weight = (BPS - confidence) * BigInt(losses.length);
  const worstFirst = [...losses].sort((a, b) => (a > b ? -1 : a < b ? 1 : 0));
  const threshold = worstFirst[Number(ceilDiv(weight, BPS)) - 1]!;
  const excess = losses.reduce((sum, loss) => (loss > threshold ? sum + loss - threshold : sum), 0n);
  return { confidence, threshold, sum: threshold * weight + excess * BPS, weight };
}

/** Judges volatility; fails without equity. */
export function judgeVolatility({ variance }: TailMetrics, equity: bigint, limit: bigint): Verdict {
  const named = { unit: "bps", limit } as const;
  if (equity <= 0n) return { ...named, ok: false };
  const value = ceilSqrt(ceilDiv(variance, VARIANCE_SCALE * equity * equity));
  const ok = variance <= VARIANCE_SCALE * (limit * equity) ** 2n;
  return { ...named, value, headroom: limit - value, ok };
}

/** Judges expected shortfall at a level that was measured; fails without equity. */
export function judgeShortfall(tail: TailMetrics, equity: bigint, limit: bigint, confidence?: Bps): Verdict {
  const { sum, weight, ...level } = tail.shortfalls.find((shortfall) => shortfall.confidence === confidence)!;
  const named = { unit: "bps", confidence: level.confidence, limit } as const;
  if (equity <= 0n) return { ...named, ok: false };
  const loss = sum << ROUNDED_BITS;
  const value = ceilDiv(loss, equity * weight);
  return { ...named, value, headroom: limit - value, ok: loss <= limit * equity * weight };
}

/** Annual volatility of the book in USD 1e16, rounded up. */
export function volatility({ variance }: TailMetrics): Usd16 {
  return usd16(ceilSqrt(ceilDiv(variance, 10n ** 12n)));
}

/** Expected shortfall in USD 1e16, rounded up. */
export function shortfallUsd({ sum, weight }: Shortfall): Usd16 {
  return usd16(ceilDiv(sum << ROUNDED_BITS, weight * BPS));
}

/** A day's loss in USD 1e16, rounded up. */
export function dayLossUsd(loss: bigint): Usd16 {
  return usd16(ceilDiv(loss << ROUNDED_BITS, BPS));
}

/**
 * The circuit's thresholds and marks: for every level the value at risk, ascending, and which days lie beyond it. Places
 * of levels that are not used repeat the last one.
 */
export function tailHints({ losses, shortfalls }: TailMetrics, levels: number) {
  const used = shortfalls.map(({ threshold }) => threshold);
  const last = used.at(-1) ?? 0n;
  const threshold = Array.from({ length: levels }, (_, j) => used[j] ?? last);
  const beyond = losses.map((loss) => threshold.map((level) => BigInt(loss >= level)));
  return { threshold, beyond };
}

/** The least integer whose square is at least `value`; 0 for what is below zero. */
export function ceilSqrt(value: bigint): bigint {
  if (value <= 0n) return 0n;
  let root = 1n << BigInt(Math.ceil(value.toString(2).length / 2));
  for (let next = (root + value / root) / 2n; next < root; next = (root + value / root) / 2n) root = next;
  return root * root < value ? root + 1n : root;
}
