// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * How much of each instrument can be sold or bought in a day, from order books and pools: what a limit on the days to unwind
 * is judged by (liquidity/1).
 *
 *     depth a day = participation x refills x min(bids, asks within the band around the middle), rounded down
 *
 * The band is the loss that an orderly exit accepts, refills how often a day a book is taken to fill again, participation the
 * share of that which one fund may be. All three are the policy maker's choice and stand in the file. The smaller side counts,
 * since nothing is known here of who is long. A pair of Uniswap v2 with reserve R of a coin takes R x (1 / sqrt(1 - band) - 1)
 * until its price is lower by the band and gives R x (1 - 1 / sqrt(1 + band)) until it is higher; the latter is the smaller.
 * Several books of one instrument add up.
 *
 * @module
 */

import {
  address,
  allFaults,
  asKeelError,
  checkUnique,
  FORMATS,
  formatDecimal,
  identifier,
  inputError,
  type Json,
  type KeelError,
  type Market,
  parseFile,
  UNLIMITED_DEPTH,
} from "@keel/verifier";
import { type Address, type PublicClient, parseAbi } from "viem";
import { z } from "zod";
import { type ChainView, read } from "../book/importers/chain/read.js";
import { feedView } from "./feeds.js";
import { ONE, parseResponse, positive, product, scaled, secondsOf } from "./numbers.js";
import { isRecord, listOf, recordOf, type SavedResponse, textOf } from "./responses.js";

/** Depth that needs no limit: cash. */
export const UNLIMITED = UNLIMITED_DEPTH;
const DEPTH_PLACES = 8;
const AHEAD = 5;
const SHARE = /^(?:0\.[0-9]{1,8}|1)$/;

const share = z.string().regex(SHARE);
/** A policy names it in basis points. */
const participation = z.string().regex(/^(?:0\.(?=[0-9]*[1-9])[0-9]{1,4}|1)$/);
const origin = z.union([
  z.literal("unlimited"),
  /** What nobody can sell: a policy with a limit on days refuses a position of it. */
  z.literal("none"),
  z.strictObject({
    book: z.string().min(1).max(20),
    name: z.string().min(1).max(80),
    /** Units of the instrument in one of the book's: "0.01" for contracts of that size. */
    unit: z.string().max(40).default("1"),
  }),
  z.strictObject({ pair: address, token: address, unit: z.string().max(40).default("1") }),
]);

const depthSchema = z.strictObject({
  keel: z.literal("depth-sources/1"),
  participation,
  band: share,
  refills: z.int().min(1).max(1_440),
  maxAge: z.int().min(1).max(86_400),
  chainId: z.int().min(1).optional(),
  instruments: z.array(
    z.strictObject({ id: identifier, from: z.union([origin, z.array(origin).min(1).max(32)]) }),
  ),
});
FORMATS.add(depthSchema, {
  id: "depth-sources/1",
  folder: "prover",
  title: "Where the depth of each instrument comes from",
});

/** A depth-sources/1 file, parsed. */
export type DepthSources = z.output<typeof depthSchema>;
type Origin = z.output<typeof origin>;

/**
 * Reads a depth-sources/1 file.
 *
 * @throws KeelError kind "input"
 */
export function parseDepthSources(text: string): DepthSources {
  const sources = parseFile(depthSchema, text, "sources");
  checkUnique(
    sources.instruments.map(({ id }) => id),
    "sources.instruments",
  );
  return sources;
}

/** One side's price and amount, 1e36. */
type Level = readonly [price: bigint, amount: bigint];

/** An order book as a venue answered it. */
export interface Book {
  /** The venue and what it calls the instrument: "binance ETHUSDT". */
  readonly key: string;
  /** Best first. */
  readonly bids: readonly Level[];
  readonly asks: readonly Level[];
  /** Unix seconds. */
  readonly time: number;
  readonly path: string;
}

/**
 * A saved order book: Deribit's public/get_order_book, Binance's depth, OKX's market/books, Bybit's v5/market/orderbook,
 * Hyperliquid's l2Book, or any object with `bids` and `asks` of prices and amounts.
 *
 * @throws KeelError `data.*` for another shape, a book that is crossed, empty on a side or out of order
 */
export function bookOf({ venue, subject, text, at }: SavedResponse): Book {
  const answer = recordOf(parseResponse(text, venue), venue);
  const body = bodyOf(answer, venue);
  const said = body.instrument_name ?? body.symbol ?? body.s ?? body.coin;
  const name = said === undefined ? subject : textOf(said, `${venue}.name`);
  if (name === undefined) {
    throw inputError(
      "data.shape",
      venue,
      `what the book is of (--response ${venue}:NAME=FILE)`,
      "no name in it",
    );
  }
  if (subject !== undefined && subject !== name) {
    throw inputError("data.shape", `${venue}:${subject}`, `a book of ${subject}`, `one of ${name}`);
  }
  const path = `${venue}:${name}`;
  const moment = body.timestamp ?? body.time ?? body.E ?? body.ts ?? answer.time;
  const time = moment === undefined ? at : secondsOf(moment, `${path}.time`);
  if (time === undefined) {
    throw inputError("data.time", path, `the time it was saved (--at ${path}=SECONDS)`, "a book without one");
  }
  const sides = Array.isArray(body.levels) ? body.levels : [body.bids ?? body.b, body.asks ?? body.a];
  const bids = levels(sides[0], `${path}.bids`, -1n);
  const asks = levels(sides[1], `${path}.asks`, 1n);
  if (bids[0]![0] >= asks[0]![0]) {
    throw inputError("data.book", path, "bids below the asks", "a crossed book");
  }
  return { key: `${venue} ${name}`, bids, asks, time, path };
}

/** Where an answer has its book. */
function bodyOf(answer: { [key: string]: Json }, venue: string): { [key: string]: Json } {
  if (isRecord(answer.result)) return answer.result;
  if (isRecord(answer.pricebook)) return answer.pricebook;
  return Array.isArray(answer.data) ? recordOf(answer.data[0], `${venue}.data[0]`) : answer;
}

function levels(side: Json | undefined, path: string, direction: bigint): Level[] {
  const found = listOf(side, path).map((level, i): Level => {
    const at = `${path}[${i}]`;
    const [price, amount] = Array.isArray(level)
      ? level
      : [
          recordOf(level, at).px ?? recordOf(level, at).price,
          recordOf(level, at).sz ?? recordOf(level, at).size,
        ];
    return [positive(price, `${at} (price)`), positive(amount, `${at} (amount)`)];
  });
  if (found.length === 0) throw inputError("data.book", path, "at least one order", "none");
  found.forEach(([price], i) => {
    if (i === 0 || (price - found[i - 1]![0]) * direction > 0n) return;
    throw inputError("data.book", `${path}[${i}]`, "the best price first, each once", "another order");
  });
  return found;
}

/** What can be sold and bought within a band around a book's middle: the smaller of the two, 1e36. */
export function depthOf({ bids, asks }: Pick<Book, "bids" | "asks">, band: bigint): bigint {
  const middle = (bids[0]![0] + asks[0]![0]) / 2n;
  const [low, high] = [product(middle, ONE - band), product(middle, ONE + band)];
  const total = (side: readonly Level[]): bigint => side.reduce((sum, [, amount]) => sum + amount, 0n);
  const sold = total(bids.filter(([price]) => price >= low));
  const bought = total(asks.filter(([price]) => price <= high));
  return sold < bought ? sold : bought;
}

/** What depths are made from. */
export interface DepthRequest {
  readonly sources: DepthSources;
  readonly market: Market;
  readonly books: readonly SavedResponse[];
  /** Unix seconds. */
  readonly asOf: number;
  /** A node, for pairs. */
  readonly client?: PublicClient;
  readonly block?: bigint;
}

/**
 * Depth of every instrument of a market, in its order, as the text of a liquidity/1 file.
 *
 * @throws KeelError `data.*`, all that is wrong at once
 */
export async function marketDepth(request: DepthRequest): Promise<string> {
  const { sources, market, asOf, client, block } = request;
  const faults: KeelError[] = [];
  const books = new Map<string, Book>();
  const attempt = async <T>(work: () => T | Promise<T>): Promise<T | undefined> => {
    try {
      return await work();
    } catch (error) {
      const known = asKeelError(error);
      if (known.kind !== "input") throw error;
      faults.push(known);
      return undefined;
    }
  };
  for (const saved of request.books) {
    await attempt(() => {
      const book = bookOf(saved);
      if (books.has(book.key)) throw inputError("data.twice", book.path, "each book once", "one again");
      books.set(book.key, book);
    });
  }
  const view = client === undefined ? undefined : await feedView(client, sources.chainId, block);
  const places = new Map(sources.instruments.map(({ id, from }) => [id, [from].flat()]));
  for (const { id } of sources.instruments) {
    if (market.instruments.some((row) => row.id === id)) continue;
    faults.push(
      inputError("data.instrument", `sources.instruments.${id}`, "an instrument of the market", "none"),
    );
  }
  const rows: object[] = [];
  for (const { id, kind } of market.instruments) {
    const path = `sources.instruments.${id}`;
    const depth = await attempt(async () => {
      const from = places.get(id);
      if (from === undefined) throw inputError("data.missing", path, "where its depth comes from", "nothing");
      if (from.includes("unlimited") && kind !== "cash")
        throw inputError("data.depth", path, "a depth: no limit is for cash", "unlimited");
      return await totalDepth(from, path, { sources, books, asOf, ...(view === undefined ? {} : { view }) });
    });
    if (depth !== undefined) rows.push({ id, depth: depthText(depth) });
  }
  if (faults.length > 0) throw allFaults(faults);
  const { participation, band, refills } = sources;
  const lines = rows.map((row) => `    ${JSON.stringify(row)}`).join(",\n");
  const head = { keel: "liquidity/1", asOf, participation, band, refills };
  return `${JSON.stringify(head, null, 2).slice(0, -2)},\n  "instruments": [\n${lines}\n  ]\n}\n`;
}

function depthText(depth: bigint): string {
  return depth === UNLIMITED ? "unlimited" : formatDecimal(depth, DEPTH_PLACES);
}

interface DepthContext {
  readonly sources: DepthSources;
  readonly books: ReadonlyMap<string, Book>;
  readonly asOf: number;
  readonly view?: ChainView;
}

/** Units a day, 1e8. */
async function totalDepth(from: readonly Origin[], path: string, context: DepthContext): Promise<bigint> {
  if (from.includes("unlimited")) {
    if (from.length === 1) return UNLIMITED;
    throw inputError("data.depth", path, "unlimited, or books", "both");
  }
  const { participation, refills } = context.sources;
  let total = 0n;
  for (const one of from) total += await depthFrom(one, path, context);
  const units = product(total, scaled(participation, "sources.participation")) * BigInt(refills);
  const depth = (units * 10n ** BigInt(DEPTH_PLACES)) / ONE;
  if (depth < UNLIMITED) return depth;
  throw inputError("data.depth", path, "less than 2^64 units of 1e-8", "more");
}

/** Units at one moment, 1e36. */
async function depthFrom(
  from: Origin,
  path: string,
  { sources, books, asOf, view }: DepthContext,
): Promise<bigint> {
  if (from === "none" || from === "unlimited") return 0n;
  const band = scaled(sources.band, "sources.band");
  const unit = positive(from.unit, `${path}.unit`);
  if ("pair" in from) {
    if (view === undefined) throw inputError("data.missing", path, "a node for the pair (--rpc)", "none");
    checkTime(Number(view.time), asOf, sources.maxAge, `pair ${from.pair}`);
    return product(await pairDepth(view, from.pair, from.token, band, path), unit);
  }
  const book = books.get(`${from.book} ${from.name}`);
  if (book === undefined)
    throw inputError("data.missing", path, `a book of ${from.name} by ${from.book}`, "none");
  checkTime(book.time, asOf, sources.maxAge, book.path);
  return product(depthOf(book, band), unit);
}

function checkTime(time: number, asOf: number, maxAge: number, path: string): void {
  if (time > asOf + AHEAD)
    throw inputError("data.future", path, `a book of ${asOf} or before`, `one of ${time}`);
  if (asOf - time <= maxAge) return;
  throw inputError("data.stale", path, `a book at most ${maxAge} s old at ${asOf}`, `one of ${time}`);
}

const pairAbi = parseAbi([
  "function token0() view returns (address)",
  "function token1() view returns (address)",
  "function getReserves() view returns (uint112 reserve0, uint112 reserve1, uint32 time)",
  "function decimals() view returns (uint8)",
]);

/** What of a coin a pair gives until its price is higher by the band, 1e36. */
async function pairDepth(
  view: ChainView,
  pair: Address,
  token: Address,
  band: bigint,
  path: string,
): Promise<bigint> {
  const at = <name extends "token0" | "token1" | "getReserves">(functionName: name) =>
    read(view, path, "a pair of Uniswap v2", { address: pair, abi: pairAbi, functionName });
  const [token0, token1, reserves, decimals] = await Promise.all([
    at("token0"),
    at("token1"),
    at("getReserves"),
    read(view, path, "a coin with decimals", { address: token, abi: pairAbi, functionName: "decimals" }),
  ]);
  const side = [token0, token1].findIndex((coin) => (coin as string).toLowerCase() === token);
  if (side < 0) throw inputError("data.depth", path, `a pair with ${token}`, "another pair");
  const reserve = (reserves as readonly bigint[])[side]!;
  // Up by one: what is kept is rounded against the depth.
  const kept = (ONE * ONE) / squareRoot((ONE + band) * ONE) + 1n;
  return (reserve * (ONE - kept)) / 10n ** BigInt(decimals);
}

/** Largest whole number whose square is at most n, by Newton's method. */
export function squareRoot(n: bigint): bigint {
  if (n < 2n) return n;
  let x = 1n << BigInt(Math.ceil(n.toString(2).length / 2));
  for (;;) {
    const next = (x + n / x) / 2n;
    if (next >= x) return x;
    x = next;
  }
}
