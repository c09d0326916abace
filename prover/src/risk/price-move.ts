// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * The nearest price move that brings a book to a limit.
 *
 * One underlying's price changes by a share x, and with it everything that follows it: tokens, perpetuals, futures. Quantities
 * and all other prices stand still. What perpetuals and futures gain or lose is dollars in their account that count fully
 * as collateral. Each limit is then a few inequalities that are linear in x, so it is enough to know the book as it is
 * (x = 0) and with the underlying worthless (x = -1). Options are not linear: an underlying of options that are held has
 * no move.
 *
 * @module
 */

import { isFunded, usd8, usd16, usd16Bps } from "@keel/verifier";
import type { LimitResult } from "./limit-result.js";
import { boundOf, endsOf, MEASURES, type MeasuredBook } from "./limits.js";
import { type AccountSums, byVenue, type Metrics, measureHeld } from "./measure.js";

/** A relative price move in whole bps, rounded towards zero; negative is a fall. */
export interface PriceMove {
  readonly underlying: string;
  readonly bps: bigint;
}

const BPS = 10_000n;
/** To eleven times the price; what is further away is no risk that anybody thinks of. */
const HIGHEST_RISE = 10n * BPS;

/** For a limit: the smallest move that meets it. Absent when it is broken, or when no single underlying's move does. */
export function priceMoves(book: MeasuredBook): (limit: LimitResult) => PriceMove | undefined {
  const { held } = book;
  const isMoved = (underlying: string): boolean => {
    const kinds = book.market.instruments.flatMap((row, i) =>
      row.underlying === underlying && held.some((account) => account[i] !== 0n) ? [row.kind] : [],
    );
    return kinds.some((kind) => kind !== "cash") && !kinds.includes("option");
  };
  const worthless = book.market.underlyings
    .filter(isMoved)
    .map((underlying) => ({ underlying, after: withoutValue(book, underlying) }));
  return (limit) => {
    if (!limit.ok) return undefined;
    const now = slacks(limit, book.metrics, book);
    return worthless
      .flatMap(({ underlying, after }) => {
        const gone = slacks(limit, after, book);
        return now.flatMap((slack, i) => moveTo(underlying, slack, slack - gone[i]!));
      })
      .reduce<PriceMove | undefined>(
        (nearest, move) => (nearest !== undefined && size(nearest) <= size(move) ? nearest : move),
        undefined,
      );
  };
}

/** @param slack at least 0; the limit is met where slack + slope x = 0 */
function moveTo(underlying: string, slack: bigint, slope: bigint): PriceMove[] {
  if (slope === 0n) return [];
  const bps = (slack * BPS) / (slope < 0n ? -slope : slope);
  if (slope > 0n) return bps < BPS ? [{ underlying, bps: -bps }] : [];
  return bps <= HIGHEST_RISE ? [{ underlying, bps }] : [];
}

/** The sums when an underlying is worth nothing and its perpetuals and futures are settled. */
function withoutValue({ snapshot, market, policy, held }: MeasuredBook, underlying: string): Metrics {
  const instruments = market.instruments.map((row) =>
    row.underlying === underlying && row.kind !== "cash" ? { ...row, price: usd8(0n) } : row,
  );
  const after = measureHeld(held, snapshot, { ...market, instruments }, policy);
  const settled = snapshot.accounts.map((_, s) =>
    market.instruments.reduce(
      (sum, row, i) =>
        row.underlying === underlying && !isFunded(row.kind) ? sum - held[s]![i]! * row.price : sum,
      0n,
    ),
  );
  const total = settled.reduce((sum, value) => sum + value, 0n);
  const accounts = new Map(
    [...after.accounts].map(([id, sums], s) => [id, withCash(sums, settled[s]!)] as const),
  );
  return {
    ...after,
    ...withCash(after, total),
    accounts,
    venueEquity: byVenue(snapshot, accounts),
  };
}

/** The sums with dollars added that count fully as collateral, or taken away. */
function withCash({ assets, liabilities, equity, collateral }: AccountSums, dollars: bigint): AccountSums {
  return {
    assets: usd16(assets + dollars),
    liabilities,
    equity: usd16(equity + dollars),
    collateral: usd16Bps(collateral + dollars * BPS),
  };
}

/** What is left to a limit, as numbers that are at least 0 exactly when it holds; linear in the sums. */
function slacks(limit: LimitResult, sums: Metrics, { mark, metrics }: MeasuredBook): bigint[] {
  const { fractions, judge } = MEASURES[limit.name];
  // What is not linear in a price has no move.
  if (judge !== undefined) return [];
  const bound = boundOf(limit);
  return fractions(sums, mark ?? metrics).flatMap((fraction) =>
    endsOf(limit.name, fraction, bound).map(({ slack }) => slack),
  );
}

function size({ bps }: PriceMove): bigint {
  return bps < 0n ? -bps : bps;
}
