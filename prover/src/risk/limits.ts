// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * How each limit is measured, a row each: the fraction that it bounds, what brings a book nearer to it, and which positions use
 * it up. Verdicts (judge.ts), rooms (headroom.ts) and price moves (price-move.ts) follow from the rows.
 *
 * With a fraction n / d and a limit l, what is left is l d - n to a maximum, n - l d to a minimum, and the less of both in a
 * band. A room is the largest amount X for which the limit still holds after the change it names, everything else standing
 * still: exact, in USD 1e-16, rounded down. It is negative exactly when the limit is broken, and then what has to be taken
 * back.
 *
 * | limit              | `add`: X more of                                        | `lose`: X less equity, by a loss of assets |
 * | ------------------ | ------------------------------------------------------- | ------------------------------------------ |
 * | minCollateralRatio | debt whose proceeds leave: (A 1e4 - l L) / l            | (A 1e4 - l L) / 1e4                        |
 * | minHealthFactor    | debt whose proceeds leave: (C - l L) / l                | (C - l L) / 1e4, lost at a factor of 1     |
 * | minAccountHealthFactor | the same in the worst account: (C[s] - l L[s]) / l  | (C[s] - l L[s]) / 1e4, lost there          |
 * | maxLeverage        | gross exposure: (l E - G 1e4) / 1e4                     | (l E - G 1e4) / l                          |
 * | netDelta           | delta towards the nearer end h: the same with its delta | the same with the nearer end               |
 * | maxUnderlyingDelta | delta in the worst underlying, in its own direction     | (l E - |D| 1e4) / l                        |
 * | maxVenue           | equity moved to the largest venue: (l E - V 1e4) / 1e4  | (l E - V 1e4) / l, lost at other venues    |
 * | maxGamma           | dollar gamma: (l E - |g| 100) / 100                     | (l E - |g| 100) / l                        |
 * | maxVega, maxTheta  | vega a vol point, theta a day: (l E - |v| 1e4) / 1e4    | (l E - |v| 1e4) / l                        |
 * | maxStressLoss      | loss in the worst scenario: (l E + PnL) / 1e4           | (l E + PnL) / l                            |
 * | maxDrawdown        | nothing                                                 | E - least E by the mark (genesis: by today) |
 * | maxVolatility      | volatility in USD a year: (l E - V 1e4) / 1e4           | (l E - V 1e4) / l                          |
 * | maxExpectedShortfall | loss of the worst days: (l E - S 1e4) / 1e4           | (l E - S 1e4) / l                          |
 * | maxDaysToUnwind    | nothing: what is left is units of an instrument         | nothing                                    |
 * | minEquity          | nothing                                                 | E - l, or E - 1e-16 without a floor        |
 *
 * Volatility V and expected shortfall S are rounded up to USD 1e-16 first, so their rooms may say less by that much.
 *
 * @module
 */

import {
  type Bps,
  dollarDelta,
  dollarGamma,
  floorDiv,
  type Instrument,
  isFunded,
  LIMITS,
  type LimitName,
  type Market,
  type Policy,
  tailBasis,
  unitPnl,
} from "@keel/verifier";
import type { HighWaterMark } from "../book/drawdown.js";
import type { Account, Held, Snapshot } from "../book/snapshot.js";
import type { LimitResult } from "./limit-result.js";
import type { Metrics } from "./measure.js";
import {
  dayLossUsd,
  judgeShortfall,
  judgeVolatility,
  shortfallUsd,
  type TailMetrics,
  volatility,
} from "./tail.js";
import { unwindFraction } from "./unwind.js";

const BPS = 10_000n;

/** What can be added until a limit is met. */
export type Addition =
  | "debt"
  | "grossExposure"
  | "delta"
  | "venueEquity"
  | "gamma"
  | "vega"
  | "theta"
  | "scenarioLoss"
  | "volatility"
  | "expectedShortfall";

/** A book with the sums it has now. */
export interface MeasuredBook {
  readonly snapshot: Snapshot;
  readonly market: Market;
  readonly policy: Policy;
  readonly held: Held;
  readonly metrics: Metrics;
  /** The high-water mark so far; today's when absent. */
  readonly mark: HighWaterMark | undefined;
}

/** A book with its sums, and one limit judged. */
export interface JudgedBook extends MeasuredBook {
  readonly limit: LimitResult;
}

/** What a limit bounds: USD 1e16 times bps, over USD 1e16; of days to unwind, units 1e8 times 1e-4 days over units a day. */
export interface Fraction {
  /** Which of several: an underlying, a venue, an account, a scenario, an instrument. */
  readonly of?: string;
  /** Which of the levels of an expected shortfall. */
  readonly confidence?: Bps;
  readonly numerator: bigint;
  readonly denominator: bigint;
  /** What is less left after a loss of 1e-16 USD; the limit itself when absent, as of equity. */
  readonly lost?: bigint;
}

/** What uses a limit up. */
export interface Use {
  /** The part of a position, USD 1e16. */
  readonly part: (row: Instrument, quantity: bigint) => bigint;
  /** Accounts whose positions count; all when absent. */
  readonly counts?: (account: Account) => boolean;
  /** Scenarios or days with their losses, USD 1e16. */
  readonly scenarios?: readonly (readonly [string, bigint])[];
  /** What a part is as it is shown, when it is measured in another unit. */
  readonly shown?: (part: bigint) => bigint;
}

/** How one limit is measured. */
export interface Measure {
  /** Every fraction that the limit bounds. */
  readonly fractions: (metrics: Metrics, mark: HighWaterMark) => readonly Fraction[];
  /** A numerator counts by its size, whatever its sign. */
  readonly isSize?: true;
  readonly adds?: Addition;
  /** The numerator of 1e-16 USD more of what is added; the limit when absent, since debt is in the denominator. */
  readonly scale?: bigint;
  /** @param direction 1 towards the upper end, -1 towards the lower one, whichever is nearer */
  readonly use: (book: JudgedBook, direction: bigint) => Use;
  /** The verdict, where it is finer than the fraction; what it comes from is not linear in a price. */
  readonly judge?: (
    tail: TailMetrics,
    equity: bigint,
    limit: bigint,
    confidence?: Bps,
  ) => Omit<LimitResult, "name">;
}

/** Every limit, in the order of verdicts. */
export const MEASURES: Readonly<Record<LimitName, Measure>> = {
  minCollateralRatio: {
    fractions: ({ assets, liabilities }) => [overDebt(assets * BPS, liabilities)],
    adds: "debt",
    use: () => debts(),
  },
  minHealthFactor: {
    fractions: ({ collateral, liabilities }) => [overDebt(collateral, liabilities)],
    adds: "debt",
    use: () => debts(),
  },
  minAccountHealthFactor: {
    fractions: ({ accounts }) =>
      [...accounts].map(([of, { collateral, liabilities }]) => ({
        of,
        ...overDebt(collateral, liabilities),
      })),
    adds: "debt",
    use: ({ limit }) => debts(({ id }) => id === limit.worst),
  },
  maxLeverage: {
    fractions: ({ grossExposure, equity }) => [overEquity(grossExposure * BPS, equity)],
    adds: "grossExposure",
    scale: BPS,
    use: ({ market }) => ({ part: (row, q) => abs(q * dollarDelta(market, row)) }),
  },
  netDelta: {
    fractions: ({ netDelta, equity }) => [overEquity(netDelta * BPS, equity)],
    adds: "delta",
    scale: BPS,
    use: ({ market }, direction) => ({ part: (row, q) => direction * q * dollarDelta(market, row) }),
  },
  maxUnderlyingDelta: {
    fractions: ({ underlyingDelta, equity }) => each(underlyingDelta, (delta) => delta * BPS, equity),
    isSize: true,
    adds: "delta",
    scale: BPS,
    use: ({ market, limit }, direction) => ({
      part: (row, q) => (row.underlying === limit.worst ? direction * q * dollarDelta(market, row) : 0n),
    }),
  },
  maxVenue: {
    fractions: ({ venueEquity, equity }) => each(venueEquity, (value) => value * BPS, equity),
    adds: "venueEquity",
    scale: BPS,
    use: ({ limit }) => ({ part: equityOf, counts: ({ source }) => source === limit.worst }),
  },
  maxGamma: greek("gamma", 100n, dollarGamma),
  maxVega: greek("vega", BPS, (_, row) => row.sensitivities?.vega ?? 0n),
  maxTheta: greek("theta", BPS, (_, row) => row.sensitivities?.theta ?? 0n),
  maxStressLoss: {
    fractions: ({ scenarioPnl, equity }) => each(scenarioPnl, (pnl) => -pnl, equity),
    adds: "scenarioLoss",
    scale: BPS,
    use: stressUse,
  },
  maxDrawdown: {
    fractions: ({ equity, units }, mark) => {
      const then = mark.equity * units;
      const numerator = (then - equity * mark.units) * BPS;
      return [{ numerator, denominator: then, lost: BPS * mark.units }];
    },
    use: () => debts(),
  },
  maxVolatility: {
    fractions: ({ tail, equity }) => [overEquity(volatility(tail!) * BPS, equity)],
    adds: "volatility",
    scale: BPS,
    use: volatilityUse,
    judge: judgeVolatility,
  },
  maxExpectedShortfall: {
    fractions: ({ tail, equity }) =>
      tail!.shortfalls.map((shortfall) => ({
        confidence: shortfall.confidence,
        ...overEquity(shortfallUsd(shortfall) * BPS, equity),
      })),
    adds: "expectedShortfall",
    scale: BPS,
    use: shortfallUse,
    judge: judgeShortfall,
  },
  maxDaysToUnwind: {
    // A book without a position has nothing to unwind.
    fractions: ({ unwind = [] }) => [
      { numerator: 0n, denominator: 1n, lost: 0n },
      ...unwind.map((position) => ({ ...unwindFraction(position), lost: 0n })),
    ],
    use: ({ limit }) => ({
      part: (row, q) => (row.id === limit.worst ? abs(q) * row.price : 0n),
    }),
  },
  minEquity: {
    fractions: ({ equity }) => [{ numerator: equity, denominator: 1n, lost: 1n }],
    use: () => debts(),
  },
};

/** A limit that is set, as the fraction meets it. */
export type Bound = LimitResult["limit"];

/** Equity has to be above zero even where no floor is set. */
export function boundOf({ name, limit }: Pick<LimitResult, "name" | "limit">): Bound {
  return LIMITS[name].unit === "usd8" && limit === 0n ? 1n : limit;
}

/** What is left to one end of a limit. */
export interface End {
  /** At least 0 exactly where the fraction is on the right side of this end; linear in the sums. */
  readonly slack: bigint;
  /** The limit as equity is multiplied by it here. */
  readonly bound: bigint;
  /** 1 for an end above, -1 for one below. */
  readonly direction: bigint;
}

/** The ends of a limit, the upper one first. */
export function endsOf(name: LimitName, { numerator, denominator }: Fraction, limit: Bound): End[] {
  const [low, high] = typeof limit === "bigint" ? [limit, limit] : limit;
  const { kind } = LIMITS[name];
  if (kind === "min") return [{ slack: numerator - low * denominator, bound: low, direction: 1n }];
  const above = { slack: high * denominator - numerator, bound: high, direction: 1n };
  // A size may be as far below zero as above it.
  const least = kind === "band" ? low : -high;
  const below = { slack: numerator - least * denominator, bound: -least, direction: -1n };
  return kind === "band" || MEASURES[name].isSize ? [above, below] : [above];
}

function overDebt(numerator: bigint, debt: bigint): Fraction {
  return { numerator, denominator: debt, lost: BPS };
}

function overEquity(numerator: bigint, equity: bigint): Fraction {
  return { numerator, denominator: equity };
}

function each(
  sums: ReadonlyMap<string, bigint>,
  numerator: (sum: bigint) => bigint,
  equity: bigint,
): Fraction[] {
  return [...sums].map(([of, sum]) => ({ of, ...overEquity(numerator(sum), equity) }));
}

/** Gamma's scale makes it the delta change for a move of 1%. */
function greek(
  name: "gamma" | "vega" | "theta",
  scale: bigint,
  ofUnit: (market: Market, row: Instrument) => bigint,
): Measure {
  return {
    fractions: ({ greeks, equity }) => [overEquity((greeks?.[name] ?? 0n) * scale, equity)],
    isSize: true,
    adds: name,
    scale,
    use: ({ market }, direction) => ({ part: (row, q) => direction * q * ofUnit(market, row) }),
  };
}

/** Who owes. */
function debts(counts: (account: Account) => boolean = () => true): Use {
  return { part: (row, q) => (q < 0n ? -equityOf(row, q) : 0n), counts };
}

function equityOf(row: Instrument, quantity: bigint): bigint {
  return isFunded(row.kind) ? quantity * row.price : 0n;
}

/** Linear P&L keeps fractions of a price's 1e-8 in linear tiers; per unit they are cut only to name consumers. */
function stressUse({ metrics, market, policy, limit }: JudgedBook): Use {
  const k = policy.scenarios.findIndex((scenario) => scenario.name === limit.worst);
  return {
    part: (row, q) => -q * (unitPnl(market, policy, row)[k] ?? 0n),
    scenarios: [...metrics.scenarioPnl].map(([name, pnl]) => [name, floorDiv(-pnl, BPS)] as const),
  };
}

/** Parts of the variance, (USD 1e16)^2 times 1e12, as parts of the volatility. */
function volatilityUse(book: JudgedBook): Use {
  const total = volatility(book.metrics.tail!);
  return {
    part: (row, q) => q * varianceShare(book, row),
    shown: (part) => (total === 0n ? 0n : part / (total * 10n ** 12n)),
  };
}

/** Part of the variance of one unit: its delta times its underlying's row of the covariances times all exposures. */
function varianceShare({ metrics, market, policy }: JudgedBook, row: Instrument): bigint {
  const { covariance } = tailBasis(policy, market)!.returns;
  const u = market.underlyings.indexOf(row.underlying);
  const deltas = [...metrics.underlyingDelta.values()];
  const along = deltas.reduce(
    (sum, delta, v) => sum + delta * (covariance[u]?.[v] ?? covariance[v]![u]!),
    0n,
  );
  return dollarDelta(market, row) * along;
}

/** What the worst days cost, instrument by instrument: their mean loss beyond the confidence level. */
function shortfallUse({ metrics, market, policy, limit }: JudgedBook): Use {
  const tail = metrics.tail!;
  const { threshold } = tail.shortfalls.find(({ confidence }) => confidence === limit.confidence)!;
  const { daily } = tailBasis(policy, market)!.returns;
  const worst = [...tail.losses.entries()].filter(([, loss]) => loss >= threshold);
  return {
    part: (row, q) => {
      const u = market.underlyings.indexOf(row.underlying);
      const changes = worst.reduce((sum, [h]) => sum + daily[h]![u]!, 0n);
      return floorDiv(-q * dollarDelta(market, row) * changes, BPS * BigInt(worst.length));
    },
    scenarios: worst.map(([h, loss]) => [`day ${h + 1}`, dayLossUsd(loss)] as const),
  };
}

function abs(value: bigint): bigint {
  return value < 0n ? -value : value;
}
