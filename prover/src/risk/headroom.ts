// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * How far a book is from each limit, in dollars, and what uses the limit up.
 *
 * A room is the largest amount X for which the limit still holds after the change it names, everything else standing still:
 * exact, in USD 1e-16, rounded down. It is negative exactly when the limit is broken, and then what has to be taken back.
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
 * | minEquity          | nothing                                                 | E - l, or E - 1e-16 without a floor        |
 *
 * Volatility V and expected shortfall S are rounded up to USD 1e-16 first, so their rooms may say less by that much.
 *
 * Absent where no amount meets the limit (a limit of zero, a band's end on the other side of zero, an addition that does
 * not exist) and, for shares of equity, where there is no equity.
 *
 * @module
 */

import {
  ceilDiv,
  dollarDelta,
  dollarGamma,
  floorDiv,
  formatDecimal,
  type Instrument,
  isFunded,
  type Limits,
  type Market,
  type Policy,
  tailBasis,
  unitPnl,
} from "@keel/verifier";
import type { HighWaterMark } from "../book/drawdown.js";
import { type Account, type Held, quantities, type Snapshot } from "../book/snapshot.js";
import type { LimitResult } from "./limit-result.js";
import { type MeasuredBook, type PriceMove, priceMoves } from "./price-move.js";
import type { Assessment } from "./risk.js";
import { dayLossUsd, shortfallUsd, volatility } from "./tail.js";

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

/** A name and its part of a sum, USD 1e16. */
export interface Part {
  readonly name: string;
  readonly value: bigint;
}

/** The way to one limit. */
export interface Room {
  readonly name: keyof Limits;
  /** USD 1e16. */
  readonly add?: { readonly of: Addition; readonly value: bigint };
  /** USD 1e16. */
  readonly lose?: bigint;
  /** The smallest move of one underlying's price that meets the limit; see {@link priceMoves}. */
  readonly move?: PriceMove;
  /** What uses the limit up, at most {@link TOP} of each, the largest first. */
  readonly instruments: readonly Part[];
  readonly accounts: readonly Part[];
  readonly scenarios: readonly Part[];
}

/** How many consumers are named. */
export const TOP = 3;

const BPS = 10_000n;
const GREEK_SCALE = { maxGamma: 100n, maxVega: BPS, maxTheta: BPS } as const;
const GREEK_OF = { maxGamma: "gamma", maxVega: "vega", maxTheta: "theta" } as const;

/** A book with its sums, and the judged limit. */
interface Case extends MeasuredBook {
  readonly limit: LimitResult;
}

/** What was judged: a book, a draft, or the files alone. */
export interface HeadroomBook {
  readonly snapshot: Snapshot;
  readonly market: Market;
  readonly policy: Policy;
  /** The quantities, where they are there already. */
  readonly held?: Held;
  /** The high-water mark so far; today's when absent. */
  readonly state?: HighWaterMark;
}

/** The rooms of an assessment, limit by limit in its order. */
export function headroom(
  { metrics, limits }: Assessment,
  { snapshot, market, policy, held, state }: HeadroomBook,
  mark: HighWaterMark | undefined = state,
): Room[] {
  const rows = held ?? quantities(snapshot, market, policy.circuit.shape);
  const book = { snapshot, market, policy, held: rows, metrics, mark };
  const moveTo = priceMoves(book);
  return limits.map((limit) => {
    const move = moveTo(limit);
    return { ...roomOf({ ...book, limit }), ...(move === undefined ? {} : { move }) };
  });
}

function roomOf(given: Case): Room {
  const { limit, metrics } = given;
  const { name } = limit;
  const { equity, liabilities, assets, collateral, grossExposure } = metrics;
  const bound = typeof limit.limit === "bigint" ? limit.limit : 0n;
  switch (name) {
    case "minCollateralRatio":
      return { name, ...roomOfDebt(assets * BPS, liabilities, bound), ...debts(given) };
    case "minHealthFactor":
      return { name, ...roomOfDebt(collateral, liabilities, bound), ...debts(given) };
    case "minAccountHealthFactor": {
      const account = metrics.accounts.get(limit.worst!)!;
      const consumers = debts(given, ({ id }) => id === limit.worst);
      return { name, ...roomOfDebt(account.collateral, account.liabilities, bound), ...consumers };
    }
    case "maxLeverage": {
      const consumers = consumersOf(given, (row, q) => abs(q * dollarDelta(given.market, row)));
      return { name, ...share("grossExposure", grossExposure, BPS, equity, bound), ...consumers };
    }
    case "netDelta":
      return roomOfBand(given);
    case "maxUnderlyingDelta": {
      const delta = metrics.underlyingDelta.get(limit.worst!)!;
      const consumers = consumersOf(given, (row, q) =>
        row.underlying === limit.worst ? along(delta, q * dollarDelta(given.market, row)) : 0n,
      );
      return { name, ...share("delta", abs(delta), BPS, equity, bound), ...consumers };
    }
    case "maxVenue": {
      const isThere = ({ source }: Account): boolean => source === limit.worst;
      const venue = metrics.venueEquity.get(limit.worst!)!;
      const consumers = consumersOf(given, equityOf, isThere);
      return { name, ...share("venueEquity", venue, BPS, equity, bound), ...consumers };
    }
    case "maxGamma":
    case "maxVega":
    case "maxTheta": {
      const of = GREEK_OF[name];
      const total = metrics.greeks?.[of] ?? 0n;
      const consumers = consumersOf(given, (row, q) => along(total, q * greekOf(given.market, row, of)));
      return { name, ...share(of, abs(total), GREEK_SCALE[name], equity, bound), ...consumers };
    }
    case "maxStressLoss":
      return roomOfStress(given, bound);
    case "maxDrawdown":
      return { name, ...roomOfDrawdown(given, bound), ...debts(given) };
    case "maxVolatility": {
      const consumers = consumersOf(given, (row, q) => q * varianceShare(given, row));
      const used = volatility(metrics.tail!);
      return { name, ...share("volatility", used, BPS, equity, bound), ...inDollars(consumers, used) };
    }
    case "maxExpectedShortfall":
      return roomOfShortfall(given, bound);
    case "minEquity":
      return { name, lose: equity - (bound === 0n ? 1n : bound), ...debts(given) };
  }
}

/** `weighed` (USD 1e16 bps) against limit times debt. */
function roomOfDebt(weighed: bigint, debt: bigint, limit: bigint): Pick<Room, "add" | "lose"> {
  const slack = weighed - limit * debt;
  const lose = floorDiv(slack, BPS);
  return limit === 0n ? { lose } : { lose, add: { of: "debt", value: floorDiv(slack, limit) } };
}

/** sum * scale <= limit * equity. */
function share(
  of: Addition,
  sum: bigint,
  scale: bigint,
  equity: bigint,
  limit: bigint,
): Pick<Room, "add" | "lose"> {
  if (equity <= 0n) return {};
  const slack = limit * equity - sum * scale;
  const add = { of, value: floorDiv(slack, scale) };
  return limit === 0n ? { add } : { add, lose: floorDiv(slack, limit) };
}

/** The nearer end of the band: the upper end, or the lower one with both signs turned. */
function roomOfBand(given: Case): Room {
  const { metrics, market, limit } = given;
  const [low, high] = limit.limit as readonly [bigint, bigint];
  const { equity, netDelta } = metrics;
  const toHigh = high * equity - netDelta * BPS;
  const toLow = netDelta * BPS - low * equity;
  const direction = toHigh <= toLow ? 1n : -1n;
  const consumers = consumersOf(given, (row, q) => direction * q * dollarDelta(market, row));
  if (equity <= 0n) return { name: limit.name, ...consumers };
  const slack = direction > 0n ? toHigh : toLow;
  const add = { of: "delta", value: floorDiv(slack, BPS) } as const;
  // Less equity narrows the band where its end is away from zero, and not where it lies on the other side.
  const end = direction > 0n ? high : -low;
  return {
    name: limit.name,
    add,
    ...(end > 0n ? { lose: floorDiv(slack, end) } : {}),
    ...consumers,
  };
}

function roomOfStress(given: Case, limit: bigint): Room {
  const { market, policy, metrics, limit: result } = given;
  const { name } = result;
  const k = policy.scenarios.findIndex((scenario) => scenario.name === result.worst);
  const losses = [...metrics.scenarioPnl].map(([scenario, pnl]) => [scenario, floorDiv(-pnl, BPS)] as const);
  const lossOf = (row: Instrument, q: bigint): bigint => -q * scenarioPnl(market, policy, row, k);
  const consumers = { ...consumersOf(given, lossOf), scenarios: top(losses) };
  const { equity } = metrics;
  if (equity <= 0n) return { name, ...consumers };
  const slack = limit * equity + metrics.scenarioPnl.get(result.worst!)!;
  return {
    name,
    add: { of: "scenarioLoss", value: floorDiv(slack, BPS) },
    ...(limit === 0n ? {} : { lose: floorDiv(slack, limit) }),
    ...consumers,
  };
}

/** Linear P&L keeps fractions of a price's 1e-8 in linear tiers; per unit they are cut only to name consumers. */
function scenarioPnl(market: Market, policy: Policy, row: Instrument, k: number): bigint {
  return unitPnl(market, policy, row)[k] ?? 0n;
}

/** What the worst days cost, instrument by instrument: their mean loss beyond the confidence level. */
function roomOfShortfall(given: Case, limit: bigint): Room {
  const { metrics, market, policy, limit: result } = given;
  const tail = metrics.tail!;
  const shortfall = tail.shortfalls.find(({ confidence }) => confidence === result.confidence)!;
  const { daily } = tailBasis(policy, market)!.returns;
  const worst = [...tail.losses.entries()].filter(([, loss]) => loss >= shortfall.threshold);
  const lossOf = (row: Instrument, q: bigint): bigint => {
    const u = market.underlyings.indexOf(row.underlying);
    const changes = worst.reduce((sum, [h]) => sum + daily[h]![u]!, 0n);
    return floorDiv(-q * dollarDelta(market, row) * changes, BPS * BigInt(worst.length));
  };
  const days = worst.map(([h, loss]) => [`day ${h + 1}`, dayLossUsd(loss)] as const);
  return {
    name: result.name,
    ...share("expectedShortfall", shortfallUsd(shortfall), BPS, metrics.equity, limit),
    ...consumersOf(given, lossOf),
    scenarios: top(days),
  };
}

/** Part of the variance of one unit: its delta times its underlying's row of the covariances times all exposures. */
function varianceShare({ metrics, market, policy }: Case, row: Instrument): bigint {
  const { covariance } = tailBasis(policy, market)!.returns;
  const u = market.underlyings.indexOf(row.underlying);
  const deltas = [...metrics.underlyingDelta.values()];
  const along = deltas.reduce(
    (sum, delta, v) => sum + delta * (covariance[u]?.[v] ?? covariance[v]![u]!),
    0n,
  );
  return dollarDelta(market, row) * along;
}

/** Parts of the variance, (USD 1e16)^2 times 1e12, as parts of the volatility in USD 1e16. */
function inDollars(parts: Pick<Room, "instruments" | "accounts" | "scenarios">, total: bigint) {
  const each = (list: readonly Part[]): Part[] =>
    list.map(({ name, value }) => ({ name, value: total === 0n ? 0n : value / (total * 10n ** 12n) }));
  return { instruments: each(parts.instruments), accounts: each(parts.accounts), scenarios: [] };
}

function roomOfDrawdown({ metrics, mark }: Case, limit: bigint): Pick<Room, "lose"> {
  const { equity, units } = metrics;
  if (equity <= 0n) return {};
  const highest = mark ?? { equity, units };
  return { lose: equity - ceilDiv((BPS - limit) * highest.equity * units, BPS * highest.units) };
}

/** Who owes. */
function debts(
  given: Case,
  counts?: (account: Account) => boolean,
): Pick<Room, "instruments" | "accounts" | "scenarios"> {
  return consumersOf(given, (row, q) => (q < 0n ? -equityOf(row, q) : 0n), counts);
}

function equityOf(row: Instrument, quantity: bigint): bigint {
  return isFunded(row.kind) ? quantity * row.price : 0n;
}

function greekOf(market: Market, row: Instrument, greek: "gamma" | "vega" | "theta"): bigint {
  if (greek === "gamma") return dollarGamma(market, row);
  return row.sensitivities?.[greek] ?? 0n;
}

/** Sums a part over the accounts that count by instrument and by account; only what adds to the total is named. */
function consumersOf(
  { snapshot, market, held }: Case,
  part: (row: Instrument, quantity: bigint) => bigint,
  counts: (account: Account) => boolean = () => true,
): Pick<Room, "instruments" | "accounts" | "scenarios"> {
  const byInstrument = new Map<string, bigint>();
  const byAccount = new Map<string, bigint>();
  for (const [s, account] of snapshot.accounts.entries()) {
    if (!counts(account)) continue;
    const { id } = account;
    for (const [i, row] of market.instruments.entries()) {
      const quantity = held[s]![i]!;
      if (quantity === 0n) continue;
      const value = part(row, quantity);
      byInstrument.set(row.id, (byInstrument.get(row.id) ?? 0n) + value);
      byAccount.set(id, (byAccount.get(id) ?? 0n) + value);
    }
  }
  return { instruments: top([...byInstrument]), accounts: top([...byAccount]), scenarios: [] };
}

function top(entries: readonly (readonly [string, bigint])[]): Part[] {
  return entries
    .filter(([, value]) => value > 0n)
    .sort(([, a], [, b]) => compare(b, a))
    .slice(0, TOP)
    .map(([name, value]) => ({ name, value }));
}

/** The part's size where it points the way the total does; negative against it. */
function along(total: bigint, value: bigint): bigint {
  return total < 0n ? -value : value;
}

function abs(value: bigint): bigint {
  return value < 0n ? -value : value;
}

function compare(a: bigint, b: bigint): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** A room as `keel check --json` shows it, in USD; added to the limit's own fields. */
export interface RoomReport {
  readonly room: {
    readonly add?: { readonly of: Addition; readonly usd: string };
    readonly lose?: string;
    /** A ratio: -0.1234 is a fall of 12.34 %. */
    readonly move?: { readonly underlying: string; readonly change: string };
  };
  readonly consumers: {
    readonly instruments: readonly { readonly name: string; readonly usd: string }[];
    readonly accounts: readonly { readonly name: string; readonly usd: string }[];
    readonly scenarios: readonly { readonly name: string; readonly usd: string }[];
  };
}

/** Formats a room. Exact: no digit is dropped. */
export function reportRoom({ add, lose, move, instruments, accounts, scenarios }: Room): RoomReport {
  const usd = (value: bigint): string => formatDecimal(value, 16);
  const parts = (list: readonly Part[]) => list.map(({ name, value }) => ({ name, usd: usd(value) }));
  return {
    room: {
      ...(add === undefined ? {} : { add: { of: add.of, usd: usd(add.value) } }),
      ...(lose === undefined ? {} : { lose: usd(lose) }),
      ...(move === undefined
        ? {}
        : { move: { underlying: move.underlying, change: formatDecimal(move.bps, 4) } }),
    },
    consumers: {
      instruments: parts(instruments),
      accounts: parts(accounts),
      scenarios: parts(scenarios),
    },
  };
}
