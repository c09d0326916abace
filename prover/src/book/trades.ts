// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Trades that are only thought of (trades/1), and the book as it would be after them.
 *
 * A trade changes a quantity in an account. What is funded (cash, spot, options) is paid for in the same account: the
 * instrument that `cash` names moves by minus quantity times price, rounded down, against the prover. `price` counts units
 * of that cash; without one the market's prices decide, so that nothing is won or lost. Perpetuals and futures move no
 * cash. A cash instrument without `cash` is a deposit or withdrawal.
 *
 * @module
 */

import {
  decimal,
  FORMATS,
  floorDiv,
  type Instrument,
  identifier,
  inputError,
  isFunded,
  type Market,
  parseFile,
  type Quantity,
  quantity,
} from "@keel/verifier";
import { z } from "zod";
import type { Snapshot } from "./snapshot.js";

/** One trade; quantity signed, 1e8 per unit. */
export interface Trade {
  readonly account: string;
  readonly instrument: string;
  readonly quantity: bigint;
  /** Units of `cash` per unit, 1e8. */
  readonly price?: bigint;
  readonly cash?: string;
}

const ONE = 10n ** 8n;
const QUANTITY_BITS = 64n;

const tradesSchema = z.strictObject({
  keel: z.literal("trades/1"),
  trades: z
    .array(
      z.strictObject({
        account: identifier,
        instrument: identifier,
        quantity: decimal({ places: 8, bits: 64, signed: true, excess: "refuse" }),
        price: decimal({ places: 8, bits: 64, signed: false, excess: "refuse" }).optional(),
        cash: identifier.optional(),
      }),
    )
    .min(1)
    .max(4096),
});
FORMATS.add(tradesSchema, { id: "trades/1", folder: "prover", title: "Trades to judge a book after" });

/**
 * Reads a trades/1 file.
 *
 * @throws KeelError kind "input"
 */
export function parseTrades(text: string): Trade[] {
  return parseFile(tradesSchema, text, "trades").trades.map(({ price, cash, ...trade }) => ({
    ...trade,
    ...(price === undefined ? {} : { price }),
    ...(cash === undefined ? {} : { cash }),
  }));
}

/**
 * The snapshot after the trades, one after the other; the accounts they touch are no longer signed.
 *
 * @throws KeelError `trades.account`, `trades.instrument`, `trades.cash`, `trades.price`, `trades.size`
 */
export function afterTrades(snapshot: Snapshot, market: Market, trades: readonly Trade[]): Snapshot {
  const books = new Map(
    snapshot.accounts.map(({ id, positions }) => [id, new Map<string, Quantity>(positions)]),
  );
  for (const [t, trade] of trades.entries()) {
    const path = `trades[${t}]`;
    const book = books.get(trade.account);
    if (book === undefined) {
      throw inputError("trades.account", `${path}.account`, "an account of the snapshot", "another");
    }
    const row = rowOf(market, trade.instrument, `${path}.instrument`);
    move(book, row.id, trade.quantity, path);
    const payment = paymentOf(trade, row, market, path);
    if (payment !== undefined) move(book, payment.cash, payment.quantity, path);
  }
  const touched = new Set(trades.map(({ account }) => account));
  const accounts = snapshot.accounts.map((account) => {
    if (!touched.has(account.id)) return account;
    const { signature: _, ...unsigned } = account;
    return { ...unsigned, positions: books.get(account.id)! };
  });
  return { ...snapshot, accounts };
}

/** What moves in cash. */
function paymentOf(
  trade: Trade,
  row: Instrument,
  market: Market,
  path: string,
): { readonly cash: string; readonly quantity: bigint } | undefined {
  const { cash, price } = trade;
  if (!isFunded(row.kind)) {
    const given = cash !== undefined ? "cash" : price !== undefined ? "price" : undefined;
    if (given === undefined) return undefined;
    throw inputError(`trades.${given}`, `${path}.${given}`, `none for a ${row.kind}`, given);
  }
  if (cash === undefined) {
    if (row.kind === "cash" && price === undefined) return undefined;
    throw inputError("trades.cash", `${path}.cash`, "the cash instrument that pays", "nothing");
  }
  const paid = rowOf(market, cash, `${path}.cash`);
  if (paid.kind !== "cash" || paid.id === row.id) {
    throw inputError("trades.cash", `${path}.cash`, "another instrument, of kind cash", `a ${paid.kind}`);
  }
  const quantity =
    price === undefined
      ? floorDiv(-trade.quantity * row.price, paid.price)
      : floorDiv(-trade.quantity * price, ONE);
  return { cash, quantity };
}

function rowOf(market: Market, id: string, path: string): Instrument {
  const row = market.instruments.find((candidate) => candidate.id === id);
  if (row !== undefined) return row;
  throw inputError("trades.instrument", path, "an instrument of the market", "another");
}

function move(book: Map<string, Quantity>, id: string, by: bigint, path: string): void {
  const after = (book.get(id) ?? 0n) + by;
  if ((after < 0n ? -after : after) >> QUANTITY_BITS !== 0n) {
    throw inputError("trades.size", path, "a position below 2^64 in units of 1e-8", "more");
  }
  book.set(id, quantity(after));
}
