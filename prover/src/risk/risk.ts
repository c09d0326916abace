// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * The risk model: the definitions of circuits/SPEC.md section 5 in exact integers. This is what the circuit proves, said
 * once more in code that can be read in one sitting; property tests hold the two against each other.
 *
 * No floats, no rounding: ratios are compared by cross-multiplication, and divided only to be shown (then against the
 * prover, so that a shown ratio and its verdict never contradict each other).
 *
 * @module
 */

import {
  type Bps,
  ceilDiv,
  checkFit,
  dollarDelta,
  dollarGamma,
  floorDiv,
  type Instrument,
  inputError,
  isFunded,
  type Limits,
  type Market,
  type Policy,
  type Usd16,
  type Usd16Bps,
  unitPnl,
  usd16,
  usd16Bps,
} from "@keel/verifier";
import { type HighWaterMark, isNewMark } from "../book/drawdown.js";
import { type Held, quantities, type Snapshot } from "../book/snapshot.js";
import type { LimitResult } from "./limit-result.js";
import { judgeTail, measureTail, type TailMetrics } from "./tail.js";

/** Assets and gross exposure together have to be below 2^96 in USD 1e16, 7.92e12 USD. */
export const VALUE_BITS = 96;

const BPS = 10_000n;
const USD16_PER_USD8 = 10n ** 8n;

/** Limit, sum, and the factor that makes the sum a share of equity in bps: gamma's is the delta change for a move of 1%. */
const GREEK_LIMITS = [
  ["maxGamma", "gamma", 100n],
  ["maxVega", "vega", BPS],
  ["maxTheta", "theta", BPS],
] as const;

/** What one account is worth: A, L, E and C over it alone. */
export interface AccountSums {
  readonly assets: Usd16;
  readonly liabilities: Usd16;
  readonly equity: Usd16;
  readonly collateral: Usd16Bps;
}

/** The sums of section 5. */
export interface Metrics {
  /** A: what is held, at market. */
  readonly assets: Usd16;
  /** L: what is owed, at market. */
  readonly liabilities: Usd16;
  /** E = A - L. */
  readonly equity: Usd16;
  /** C: assets weighed by their collateral factors. */
  readonly collateral: Usd16Bps;
  /** G: sum of the absolute dollar deltas, account by account. */
  readonly grossExposure: Usd16;
  /** Sum of the dollar deltas. */
  readonly netDelta: Usd16;
  /** D[u]: net dollar delta by underlying, in the market's order. */
  readonly underlyingDelta: ReadonlyMap<string, Usd16>;
  /** The same of each account by itself, by its id. */
  readonly accounts: ReadonlyMap<string, AccountSums>;
  /** V: equity by venue, which is all accounts whose source has the same key; by the source's name in the policy. */
  readonly venueEquity: ReadonlyMap<string, Usd16>;
  /** P&L of every stress scenario: exposures held still, or full revaluation where the tier has risk arrays. */
  readonly scenarioPnl: ReadonlyMap<string, Usd16Bps>;
  /** Sums of dollar gamma, vega and theta; tiers with options only. */
  readonly greeks?: { readonly gamma: Usd16; readonly vega: Usd16; readonly theta: Usd16 };
  /** Units of the fund, 1e8. */
  readonly units: bigint;
  /** Under policies with tail-risk limits. */
  readonly tail?: TailMetrics;
}

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
 * @throws KeelError kind "input": the files do not go together, or `portfolio.size` for a book beyond {@link VALUE_BITS}
 */
export function assess(snapshot: Snapshot, market: Market, policy: Policy, mark?: HighWaterMark): Assessment {
  checkFit(policy, market);
  const metrics = measure(snapshot, market, policy);
  const limits = judge(metrics, policy.limits, mark);
  return { healthy: limits.every((limit) => limit.ok), metrics, limits };
}

/**
 * The sums of section 5.
 *
 * @throws KeelError `portfolio.size`
 */
export function measure(snapshot: Snapshot, market: Market, policy: Policy): Metrics {
  return measureHeld(quantities(snapshot, market, policy.circuit.shape), snapshot, market, policy);
}

/** {@link measure}, where the quantities are already in the market's order. */
export function measureHeld(held: Held, snapshot: Snapshot, market: Market, policy: Policy): Metrics {
  const accounts = new Map(
    snapshot.accounts.map(({ id }, s) => [id, accountSums(held[s]!, market)] as const),
  );
  const total = (name: keyof AccountSums): bigint => sum([...accounts.values()].map((sums) => sums[name]));
  const { grossExposure, underlyingDelta } = exposureSums(held, market);
  checkBookSize(total("assets") + grossExposure);
  const tail = measureTail(underlyingDelta, market, policy);
  return {
    assets: usd16(total("assets")),
    liabilities: usd16(total("liabilities")),
    equity: usd16(total("equity")),
    collateral: usd16Bps(total("collateral")),
    grossExposure,
    netDelta: usd16(sum(underlyingDelta.values())),
    underlyingDelta,
    accounts,
    venueEquity: byVenue(snapshot, accounts),
    ...(policy.circuit.shape.options === 1
      ? sensitivities(held, market, policy)
      : { scenarioPnl: linearPnl(underlyingDelta, policy) }),
    units: snapshot.units,
    ...(tail === undefined ? {} : { tail }),
  };
}

function accountSums(held: readonly bigint[], market: Market): AccountSums {
  let [assets, liabilities, collateral] = [0n, 0n, 0n];
  for (const [i, instrument] of market.instruments.entries()) {
    if (!isFunded(instrument.kind)) continue;
    const value = held[i]! * instrument.price;
    if (value > 0n) {
      assets += value;
      collateral += value * instrument.collateralFactor;
    } else {
      liabilities -= value;
    }
  }
  return {
    assets: usd16(assets),
    liabilities: usd16(liabilities),
    equity: usd16(assets - liabilities),
    collateral: usd16Bps(collateral),
  };
}

function exposureSums(
  held: readonly (readonly bigint[])[],
  market: Market,
): Pick<Metrics, "grossExposure" | "underlyingDelta"> {
  let grossExposure = 0n;
  const underlyingDelta = new Map(market.underlyings.map((name) => [name, usd16(0n)]));
  for (const [i, instrument] of market.instruments.entries()) {
    const delta = dollarDelta(market, instrument);
    for (const account of held) {
      const exposure = account[i]! * delta;
      grossExposure += exposure < 0n ? -exposure : exposure;
      const before = underlyingDelta.get(instrument.underlying)!;
      underlyingDelta.set(instrument.underlying, usd16(before + exposure));
    }
  }
  return { grossExposure: usd16(grossExposure), underlyingDelta };
}

/** Equity of accounts, summed by the source that signs for them: a policy has each source's key once. */
export function byVenue(
  { accounts }: Snapshot,
  sums: ReadonlyMap<string, Pick<AccountSums, "equity">>,
): Map<string, Usd16> {
  const venues = new Map<string, Usd16>();
  for (const { id, source } of accounts) {
    venues.set(source, usd16((venues.get(source) ?? 0n) + sums.get(id)!.equity));
  }
  return venues;
}

/** Linear P&L: sum over the underlyings of dollar delta times shock. */
function linearPnl(
  underlyingDelta: ReadonlyMap<string, Usd16>,
  { scenarios }: Policy,
): Map<string, Usd16Bps> {
  return new Map(
    scenarios.map(({ name, shocks }) => [
      name,
      usd16Bps(sum([...shocks].map(([underlying, shock]) => shock * underlyingDelta.get(underlying)!))),
    ]),
  );
}

/** Greeks and P&L of a tier with options: sum over the book of quantity times the instrument's own. */
function sensitivities(
  held: readonly (readonly bigint[])[],
  market: Market,
  policy: Policy,
): Required<Pick<Metrics, "greeks" | "scenarioPnl">> {
  const net = market.instruments.map((_, i) => sum(held.map((account) => account[i]!)));
  const total = (unit: (instrument: Instrument) => bigint): Usd16 =>
    usd16(sum(market.instruments.map((instrument, i) => net[i]! * unit(instrument))));
  const pnl = market.instruments.map((instrument) => unitPnl(market, policy, instrument));
  return {
    greeks: {
      gamma: total((instrument) => dollarGamma(market, instrument)),
      vega: total(({ sensitivities: greeks }) => greeks?.vega ?? 0n),
      theta: total(({ sensitivities: greeks }) => greeks?.theta ?? 0n),
    },
    scenarioPnl: new Map(
      policy.scenarios.map(({ name }, k) => [
        name,
        usd16Bps(sum(net.map((quantity, i) => quantity * pnl[i]![k]!)) * BPS),
      ]),
    ),
  };
}

/** Judges the sums by the limits that are set. minEquity is always judged: equity has to be above zero. */
export function judge(metrics: Metrics, limits: Limits, mark?: HighWaterMark): LimitResult[] {
  const { assets, liabilities, equity, collateral, grossExposure, netDelta } = metrics;
  const results: LimitResult[] = [];
  if (limits.minCollateralRatio !== undefined) {
    results.push(atLeastOfDebt("minCollateralRatio", assets * BPS, liabilities, limits.minCollateralRatio));
  }
  if (limits.minHealthFactor !== undefined) {
    results.push(atLeastOfDebt("minHealthFactor", collateral, liabilities, limits.minHealthFactor));
  }
  if (limits.minAccountHealthFactor !== undefined) {
    results.push(worstHealthFactor(metrics.accounts, limits.minAccountHealthFactor));
  }
  if (limits.maxLeverage !== undefined) {
    results.push(atMostOfEquity("maxLeverage", grossExposure * BPS, equity, limits.maxLeverage));
  }
  if (limits.netDelta !== undefined) {
    results.push(withinBand("netDelta", netDelta * BPS, equity, limits.netDelta));
  }
  if (limits.maxUnderlyingDelta !== undefined) {
    const [worst, delta] = largest([...metrics.underlyingDelta].map(([name, d]) => [name, d < 0n ? -d : d]));
    results.push({
      ...atMostOfEquity("maxUnderlyingDelta", delta * BPS, equity, limits.maxUnderlyingDelta),
      worst,
    });
  }
  if (limits.maxVenue !== undefined) {
    const [worst, venue] = largest([...metrics.venueEquity]);
    results.push({ ...atMostOfEquity("maxVenue", venue * BPS, equity, limits.maxVenue), worst });
  }
  for (const [name, sumName, scale] of GREEK_LIMITS) {
    const limit = limits[name];
    if (limit === undefined) continue;
    const greek = metrics.greeks?.[sumName] ?? 0n;
    results.push(atMostOfEquity(name, (greek < 0n ? -greek : greek) * scale, equity, limit));
  }
  if (limits.maxStressLoss !== undefined) {
    const [worst, loss] = largest([...metrics.scenarioPnl].map(([name, pnl]) => [name, -pnl]));
    results.push({ ...atMostOfEquity("maxStressLoss", loss, equity, limits.maxStressLoss), worst });
  }
  if (limits.maxDrawdown !== undefined) {
    results.push(drawdown({ equity, units: metrics.units }, mark, limits.maxDrawdown));
  }
  if (metrics.tail !== undefined) results.push(...judgeTail(metrics.tail, equity, limits));
  const floor = (limits.minEquity ?? 0n) * USD16_PER_USD8;
  results.push({
    name: "minEquity",
    unit: "usd16",
    value: equity,
    limit: floor,
    headroom: equity - (floor === 0n ? 1n : floor),
    ok: equity > 0n && equity >= floor,
  });
  return results;
}

/** The fall of equity per unit from the high-water mark, today's included, is at most limit; fails without equity. */
function drawdown(today: HighWaterMark, before: HighWaterMark | undefined, limit: Bps): LimitResult {
  const name = "maxDrawdown";
  if (today.equity <= 0n) return { name, unit: "bps", limit, ok: false };
  const mark = before === undefined || isNewMark(today, before) ? today : before;
  const now = today.equity * mark.units;
  const then = mark.equity * today.units;
  const value = ceilDiv((then - now) * BPS, then);
  return { name, unit: "bps", value, limit, headroom: limit - value, ok: now * BPS >= (BPS - limit) * then };
}

/** numerator / debt >= limit; holds when nothing is owed. `numerator` is in USD 1e16 times bps. */
function atLeastOfDebt(name: keyof Limits, numerator: bigint, debt: bigint, limit: Bps): LimitResult {
  const ok = numerator >= limit * debt;
  if (debt === 0n) return { name, unit: "bps", limit, ok };
  const value = floorDiv(numerator, debt);
  return { name, unit: "bps", value, limit, headroom: value - limit, ok };
}

/** The health factor of the account where it is lowest; where nobody owes, the account with the least collateral is named. */
function worstHealthFactor(accounts: ReadonlyMap<string, AccountSums>, limit: Bps): LimitResult {
  const [worst, { collateral, liabilities }] = [...accounts].reduce((lowest, entry) => {
    const [{ collateral, liabilities }, other] = [lowest[1], entry[1]];
    const difference = other.collateral * liabilities - collateral * other.liabilities;
    return difference < 0n || (difference === 0n && isWorse(other, lowest[1])) ? entry : lowest;
  });
  return { ...atLeastOfDebt("minAccountHealthFactor", collateral, liabilities, limit), worst };
}

/** Of two accounts whose ratios do not tell: one that owes before one that does not, else the one with less collateral. */
function isWorse(one: AccountSums, other: AccountSums): boolean {
  const owes = ({ liabilities }: AccountSums): boolean => liabilities > 0n;
  return owes(one) === owes(other) ? one.collateral < other.collateral : owes(one);
}

/** numerator / equity <= limit; fails without equity. `numerator` is in USD 1e16 times bps. */
function atMostOfEquity(name: keyof Limits, numerator: bigint, equity: bigint, limit: Bps): LimitResult {
  if (equity <= 0n) return { name, unit: "bps", limit, ok: false };
  const value = ceilDiv(numerator, equity);
  return { name, unit: "bps", value, limit, headroom: limit - value, ok: numerator <= limit * equity };
}

/** low <= numerator / equity <= high; fails without equity. The value shown is the end of the rounding nearer a limit. */
function withinBand(
  name: keyof Limits,
  numerator: bigint,
  equity: bigint,
  [low, high]: readonly [Bps, Bps],
): LimitResult {
  if (equity <= 0n) return { name, unit: "bps", limit: [low, high], ok: false };
  const overLow = floorDiv(numerator, equity) - low;
  const underHigh = high - ceilDiv(numerator, equity);
  const nearer =
    overLow < underHigh
      ? { value: low + overLow, headroom: overLow }
      : { value: high - underHigh, headroom: underHigh };
  const ok = low * equity <= numerator && numerator <= high * equity;
  return { name, unit: "bps", ...nearer, limit: [low, high], ok };
}

/** The largest |D[u]|, the bound that the circuit is given. */
export function underlyingDeltaBound(metrics: Metrics): bigint {
  return [...metrics.underlyingDelta.values()].reduce(
    (most, d) => (d > most ? d : -d > most ? -d : most),
    0n,
  );
}

function largest(entries: readonly (readonly [string, bigint])[]): readonly [string, bigint] {
  return entries.reduce((most, entry) => (entry[1] > most[1] ? entry : most));
}

function sum(values: Iterable<bigint>): bigint {
  let total = 0n;
  for (const value of values) total += value;
  return total;
}

function checkBookSize(value: bigint): void {
  if (value >> BigInt(VALUE_BITS) === 0n) return;
  const expected = `assets and gross exposure together below 2^${VALUE_BITS} in USD 1e16 (7.92e12 USD)`;
  throw inputError("portfolio.size", "snapshot", expected, "more");
}
