// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * An assessment as the command line prints it: decimal strings in USD and ratios, `keel check --json`.
 *
 * @module
 */

import { formatDecimal, type LimitName, UNLIMITED_DEPTH } from "@keel/verifier";
import type { Assessment } from "./judge.js";
import type { LimitResult } from "./limit-result.js";
import type { Metrics } from "./measure.js";
import { shortfallUsd, type TailMetrics, volatility } from "./tail.js";
import { daysToUnwind, type UnwindPosition } from "./unwind.js";

/** One limit; ratios as decimals (1.5 is 150%), minEquity in USD, days in days; null where the ratio does not exist. */
export interface LimitReport {
  readonly name: LimitName;
  readonly value: string | null;
  readonly limit: string | readonly [string, string];
  readonly ok: boolean;
  readonly headroom: string | null;
  /** The level of an expected shortfall, which has an entry each. */
  readonly confidence?: string;
  readonly worst?: string;
}

/** The sums, USD. */
export interface MetricsReport {
  readonly assets: string;
  readonly liabilities: string;
  readonly equity: string;
  readonly grossExposure: string;
  readonly collateral: string;
  readonly netDelta: string;
  readonly underlyingDelta: Readonly<Record<string, string>>;
  /** By account id. */
  readonly accountEquity: Readonly<Record<string, string>>;
  /** By the source's name in the policy. */
  readonly venueEquity: Readonly<Record<string, string>>;
  readonly scenarioPnl: Readonly<Record<string, string>>;
  /** Tiers with options only. */
  readonly gamma?: string;
  readonly vega?: string;
  readonly theta?: string;
  /** Annual; under policies with tail-risk limits, rounded up. */
  readonly volatility?: string;
  /** Of a day, by confidence level; rounded up. */
  readonly expectedShortfall?: Readonly<Record<string, string>>;
}

/** One instrument's way out; only where a policy limits the days to unwind. */
export interface UnwindReport {
  readonly instrument: string;
  /** Units held or owed in all accounts together. */
  readonly units: string;
  /** Units a day; null for what needs no limit. */
  readonly perDay: string | null;
  /** Rounded up; null where nobody takes it. */
  readonly days: string | null;
}

/** What `keel check --json` prints. */
export interface Report {
  readonly healthy: boolean;
  readonly metrics: MetricsReport;
  readonly limits: readonly LimitReport[];
  /** The slowest first. */
  readonly unwind?: readonly UnwindReport[];
}

const USD16_PLACES = 16;
const BPS_PLACES = 4;
const UNITS_PLACES = 8;

/** Formats an assessment. Exact: no digit is dropped. */
export function report({ healthy, metrics, limits }: Assessment): Report {
  return {
    ...{ healthy, metrics: reportMetrics(metrics), limits: limits.map(reportLimit) },
    ...(metrics.unwind === undefined ? {} : { unwind: reportUnwind(metrics.unwind) }),
  };
}

function reportUnwind(positions: readonly UnwindPosition[]): UnwindReport[] {
  const units = (value: bigint): string => formatDecimal(value, UNITS_PLACES);
  return positions
    .map((position) => ({ position, days: daysToUnwind(position) }))
    .sort((a, b) => compareDays(b.days, a.days))
    .map(({ position: { instrument, size, depth }, days }) => ({
      instrument,
      units: units(size),
      perDay: depth === UNLIMITED_DEPTH ? null : units(depth),
      days: days === undefined ? null : formatDecimal(days, BPS_PLACES),
    }));
}

/** What nobody takes is longer than anything. */
function compareDays(a: bigint | undefined, b: bigint | undefined): number {
  if (a === b) return 0;
  if (a === undefined || b === undefined) return a === undefined ? 1 : -1;
  return a < b ? -1 : 1;
}

function reportMetrics(metrics: Metrics): MetricsReport {
  const usd = (value: bigint): string => formatDecimal(value, USD16_PLACES);
  const usdBps = (value: bigint): string => formatDecimal(value, USD16_PLACES + BPS_PLACES);
  const each = (map: ReadonlyMap<string, bigint>, format: (value: bigint) => string) =>
    Object.fromEntries([...map].map(([name, value]) => [name, format(value)]));
  return {
    assets: usd(metrics.assets),
    liabilities: usd(metrics.liabilities),
    equity: usd(metrics.equity),
    grossExposure: usd(metrics.grossExposure),
    collateral: usdBps(metrics.collateral),
    netDelta: usd(metrics.netDelta),
    underlyingDelta: each(metrics.underlyingDelta, usd),
    accountEquity: Object.fromEntries([...metrics.accounts].map(([id, { equity }]) => [id, usd(equity)])),
    venueEquity: each(metrics.venueEquity, usd),
    scenarioPnl: each(metrics.scenarioPnl, usdBps),
    ...(metrics.greeks === undefined
      ? {}
      : {
          gamma: usd(metrics.greeks.gamma),
          vega: usd(metrics.greeks.vega),
          theta: usd(metrics.greeks.theta),
        }),
    ...(metrics.tail === undefined ? {} : reportTail(metrics.tail)),
  };
}

function reportTail(tail: TailMetrics): Pick<MetricsReport, "volatility" | "expectedShortfall"> {
  const usd = (value: bigint): string => formatDecimal(value, USD16_PLACES);
  const shortfalls = tail.shortfalls.map((shortfall) => [
    formatDecimal(shortfall.confidence, BPS_PLACES),
    usd(shortfallUsd(shortfall)),
  ]);
  return { volatility: usd(volatility(tail)), expectedShortfall: Object.fromEntries(shortfalls) };
}

function reportLimit(result: LimitResult): LimitReport {
  const { name, unit, value, limit, headroom, ok, confidence, worst } = result;
  const places = unit === "usd16" ? USD16_PLACES : BPS_PLACES;
  const show = (number: bigint): string => formatDecimal(number, places);
  const showOr = (number: bigint | undefined): string | null => (number === undefined ? null : show(number));
  return {
    name,
    value: showOr(value),
    limit: typeof limit === "bigint" ? show(limit) : [show(limit[0]), show(limit[1])],
    ok,
    headroom: showOr(headroom),
    ...(confidence === undefined ? {} : { confidence: formatDecimal(confidence, BPS_PLACES) }),
    ...(worst === undefined ? {} : { worst }),
  };
}
