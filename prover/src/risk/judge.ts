// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Judging a book by a policy's limits: ratios are compared by cross-multiplication, and divided only to be shown (then against
 * the prover, so that a shown ratio and its verdict never contradict each other).
 *
 * @module
 */

import {
  type Bps,
  bps,
  ceilDiv,
  checkFit,
  floorDiv,
  LIMITS,
  type LimitName,
  type Limits,
  limitNumbers,
  limitsWhere,
  type Market,
  type Policy,
  usd8,
} from "@keel/verifier";
import { type HighWaterMark, isNewMark } from "../book/drawdown.js";
import type { Snapshot } from "../book/snapshot.js";
import type { LimitResult } from "./limit-result.js";
import { type Bound, boundOf, endsOf, type Fraction, MEASURES } from "./limits.js";
import { type Metrics, measure } from "./measure.js";
import type { TailMetrics } from "./tail.js";

const USD16_PER_USD8 = 10n ** 8n;

/** A portfolio judged by a policy. */
export interface Assessment {
  readonly healthy: boolean;
  readonly metrics: Metrics;
  readonly limits: readonly LimitResult[];
}

/**
 * Judges a snapshot at a market by a policy.
 *
 * @param market with returns when the policy limits tail risk
 * @param mark the high-water mark so far; today is the first when absent
 * @throws KeelError kind "input": the files do not go together, or `portfolio.size` for a book beyond `VALUE_BITS`
 */
export function assess(snapshot: Snapshot, market: Market, policy: Policy, mark?: HighWaterMark): Assessment {
  checkFit(policy, market);
  const metrics = measure(snapshot, market, policy);
  const limits = judge(metrics, policy.limits, mark);
  return { healthy: limits.every((limit) => limit.ok), metrics, limits };
}

/** Judges the sums by the limits that are set. minEquity is always judged: equity has to be above zero. */
export function judge(metrics: Metrics, limits: Limits, mark?: HighWaterMark): LimitResult[] {
  const { tail, equity } = metrics;
  const highest = mark === undefined || isNewMark(metrics, mark) ? metrics : mark;
  return (Object.keys(MEASURES) as LimitName[]).flatMap((name) => {
    if (LIMITS[name].unit === "days" && metrics.unwind === undefined) return [];
    if (MEASURES[name].judge === undefined) {
      return boundsOf(name, limits).map(({ limit }) => verdict(name, limit, metrics, highest));
    }
    return tail === undefined ? [] : tailVerdicts(name, tail, equity, limits);
  });
}

/** Judges tail risk by the limits that are set; fails without equity. */
export function judgeTail(tail: TailMetrics, equity: bigint, limits: Limits): LimitResult[] {
  return limitsWhere(() => true).flatMap((name) => tailVerdicts(name, tail, equity, limits));
}

function tailVerdicts(name: LimitName, tail: TailMetrics, equity: bigint, limits: Limits): LimitResult[] {
  const { judge } = MEASURES[name];
  if (judge === undefined) return [];
  return boundsOf(name, limits).map(({ limit, confidence }) => ({
    name,
    ...judge(tail, equity, limit as bigint, confidence),
  }));
}

/** What a policy sets of a limit: one bound, or one for each level. Equity has a floor always. */
function boundsOf(name: LimitName, limits: Limits): { readonly limit: Bound; readonly confidence?: Bps }[] {
  const { kind, unit } = LIMITS[name];
  const value = limits[name] ?? (unit === "usd8" ? usd8(0n) : undefined);
  if (value === undefined) return [];
  return limitNumbers(value).map(([first, last]) => {
    if (kind === "levels") return { limit: last!, confidence: bps(first!) };
    if (kind === "band") return { limit: [first!, last!] };
    return { limit: unit === "usd8" ? first! * USD16_PER_USD8 : first! };
  });
}

/**
 * Of the fractions the worst; a ratio to equity fails without equity, one to debt holds when nothing is owed, and days to unwind
 * fail where nobody takes what is held.
 */
function verdict(name: LimitName, limit: Bound, metrics: Metrics, mark: HighWaterMark): LimitResult {
  const { kind, unit } = LIMITS[name];
  const fraction = worstOf(name, MEASURES[name].fractions(metrics, mark));
  const bound = boundOf({ name, limit });
  const holds = endsOf(name, fraction, bound).every(({ slack }) => slack >= 0n);
  const ofEquity = kind !== "min" && unit !== "days";
  const exists = ofEquity ? metrics.equity > 0n : fraction.denominator !== 0n;
  return {
    ...{ name, unit: unit === "usd8" ? "usd16" : unit, limit, ok: holds && (exists || !ofEquity) },
    ...(exists ? shown(name, fraction, bound) : {}),
    ...(fraction.of === undefined ? {} : { worst: fraction.of }),
  };
}

/** A fraction rounded against the prover, and its distance to the limit; in a band to the end that is nearer then. */
function shown(name: LimitName, fraction: Fraction, limit: Bound): Pick<LimitResult, "value" | "headroom"> {
  const { numerator, denominator } = fraction;
  const [down, up] = [floorDiv(numerator, denominator), ceilDiv(sizeIn(name, fraction), denominator)];
  if (typeof limit === "bigint") {
    if (LIMITS[name].kind === "min") return { value: down, headroom: down - limit };
    return { value: up, headroom: limit - up };
  }
  const [overLow, underHigh] = [down - limit[0], limit[1] - up];
  return overLow < underHigh ? { value: down, headroom: overLow } : { value: up, headroom: underHigh };
}

function worstOf(name: LimitName, fractions: readonly Fraction[]): Fraction {
  const isWorse = LIMITS[name].kind === "min" ? isLower : isLarger;
  return fractions.reduce((worst, other) => (isWorse(name, other, worst) ? other : worst));
}

/** Over one denominator, equity, the larger numerator; else the larger ratio, of which one over nothing is the largest. */
function isLarger(name: LimitName, one: Fraction, other: Fraction): boolean {
  const [first, second] = [sizeIn(name, one), sizeIn(name, other)];
  if (one.denominator === other.denominator) return first > second;
  return first * other.denominator > second * one.denominator;
}

function sizeIn(name: LimitName, { numerator }: Fraction): bigint {
  return MEASURES[name].isSize && numerator < 0n ? -numerator : numerator;
}

/** The lower ratio; where ratios do not tell, one with a debt before one without, else the one with the smaller numerator. */
function isLower(_: LimitName, one: Fraction, other: Fraction): boolean {
  const difference = one.numerator * other.denominator - other.numerator * one.denominator;
  if (difference !== 0n) return difference < 0n;
  const owes = ({ denominator }: Fraction): boolean => denominator > 0n;
  return owes(one) === owes(other) ? one.numerator < other.numerator : owes(one);
}
