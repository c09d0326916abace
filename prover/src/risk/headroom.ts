// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * How far a book is from each limit, in dollars, and what uses the limit up.
 *
 * Each limit's room follows from its row in limits.ts, which says it in a table. Absent where no amount meets the limit (a limit
 * of zero, a band's end on the other side of zero, an addition that does not exist) and, for shares of equity, where there is
 * no equity.
 *
 * @module
 */

import { floorDiv, formatDecimal, LIMITS, type LimitName, type Market, type Policy } from "@keel/verifier";
import type { HighWaterMark } from "../book/drawdown.js";
import { type Held, quantities, type Snapshot } from "../book/snapshot.js";
import type { Assessment } from "./judge.js";
import {
  type Addition,
  boundOf,
  type End,
  endsOf,
  type Fraction,
  type JudgedBook,
  MEASURES,
  type Use,
} from "./limits.js";
import { type PriceMove, priceMoves } from "./price-move.js";

/** A name and its part of a sum, USD 1e16. */
export interface Part {
  readonly name: string;
  readonly value: bigint;
}

/** The way to one limit. */
export interface Room {
  readonly name: LimitName;
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

function roomOf(book: JudgedBook): Room {
  const { limit, metrics, mark } = book;
  const { name, worst, confidence } = limit;
  const { fractions, use } = MEASURES[name];
  const fraction = fractions(metrics, mark ?? metrics).find(
    (each) => each.of === worst && each.confidence === confidence,
  )!;
  const nearest = endsOf(name, fraction, boundOf(limit)).reduce((least, end) =>
    end.slack < least.slack ? end : least,
  );
  const changes =
    LIMITS[name].kind === "min" || metrics.equity > 0n ? changesTo(name, fraction, nearest) : {};
  return { name, ...changes, ...consumersOf(book, use(book, nearest.direction)) };
}

/** What is left, in USD 1e-16 that can be added or lost. */
function changesTo(name: LimitName, { lost }: Fraction, { slack, bound }: End): Pick<Room, "add" | "lose"> {
  const { adds, scale = bound } = MEASURES[name];
  const perLoss = lost ?? bound;
  return {
    ...(adds === undefined || scale <= 0n ? {} : { add: { of: adds, value: floorDiv(slack, scale) } }),
    ...(perLoss <= 0n ? {} : { lose: floorDiv(slack, perLoss) }),
  };
}

/** Sums a part over the accounts that count by instrument and by account; only what adds to the total is named. */
function consumersOf(
  { snapshot, market, held }: JudgedBook,
  { part, counts = () => true, scenarios = [], shown = (value) => value }: Use,
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
  const each = (sums: ReadonlyMap<string, bigint>): Part[] =>
    top([...sums]).map(({ name, value }) => ({ name, value: shown(value) }));
  return { instruments: each(byInstrument), accounts: each(byAccount), scenarios: top(scenarios) };
}

function top(entries: readonly (readonly [string, bigint])[]): Part[] {
  return entries
    .filter(([, value]) => value > 0n)
    .sort(([, a], [, b]) => compare(b, a))
    .slice(0, TOP)
    .map(([name, value]) => ({ name, value }));
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
