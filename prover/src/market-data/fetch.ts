// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * A market from public data: prices with their sources and times, none of which may be stale, and options with the contract
 * that their venue says.
 *
 * - A coin's price is a venue's index or feeds' product, a perpetual's and a future's the venue's mark.
 * - Deribit's options are quoted in their coin, so the price is mark times index; those settled in USDC or USDT are quoted in
 *   that already. mark_iv is percent: its hundredth is the volatility. underlying_price is the forward of the option's own
 *   expiry. Names such as BTC-26JUN26-110000-C say the rest; options expire at 08:00 UTC.
 * - Deribit's greeks are held against those that Black (1976) gives for the same forward, volatility and time: a venue that
 *   changed a unit is told and not believed.
 *
 * @module
 */

import { allFaults, asKeelError, formatDecimal, inputError, KeelError } from "@keel/verifier";
import { type OptionValue, valueOption } from "../risk/pricing.js";
import type { FeedAnswer } from "./feeds.js";
import { ONE, positive, product, rounded, scaled } from "./numbers.js";
import { type Quote, quotesOf, type SavedResponse } from "./responses.js";
import type { MarketSources, SourceRow } from "./sources.js";

/** Where a price comes from, and of when it is. */
export interface Origin {
  readonly id: string;
  readonly from: string;
  /** Unix seconds; absent for a price that is set. */
  readonly time?: number;
  /** The time is the operator's word. */
  readonly timeIsTold?: true;
}

/** A market made of saved responses. */
export interface FetchedMarket {
  /** The text of a market/1 file. */
  readonly text: string;
  readonly origins: readonly Origin[];
}

/** What a market is made from. */
export interface FetchRequest {
  readonly sources: MarketSources;
  readonly responses: readonly SavedResponse[];
  /** Unix seconds. */
  readonly asOf: number;
  /** A feed's answer; a market with feeds needs it. */
  readonly feed?: (address: `0x${string}`, path: string) => Promise<FeedAnswer>;
}

const PRICE_PLACES = 8;
const HOUR_OF_EXPIRY = 8;
const MONTHS = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"];
const OPTION = /^([A-Z0-9]+(?:_[A-Z0-9]+)?)-([0-9]{1,2})([A-Z]{3})([0-9]{2})-([0-9]+(?:d[0-9]+)?)-([CP])$/;
const YEAR_SECONDS = 365 * 86_400;
/** What a quote may be ahead of the market's time: clocks differ. */
const AHEAD = 5;

/**
 * Puts a market together.
 *
 * @throws KeelError `data.*`, `feed.*`, `market.model`, all that is wrong at once
 */
export async function fetchMarket(request: FetchRequest): Promise<FetchedMarket> {
  const faults: KeelError[] = [];
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
  const quotes = new Map<string, Quote>();
  for (const response of request.responses) {
    await attempt(() => {
      for (const quote of quotesOf(response)) keepQuote(quotes, quote);
    });
  }
  // Unreadable responses are one fault, not one for each of their instruments.
  if (faults.length > 0) throw allFaults(faults);
  const rows: (FetchedRow | undefined)[] = [];
  for (const [i, row] of request.sources.instruments.entries()) {
    rows.push(await attempt(() => rowOf(row, `sources.instruments[${i}]`, quotes, request)));
  }
  if (faults.length > 0) throw allFaults(faults);
  const found = rows.flatMap((row) => row ?? []);
  const { underlyings } = request.sources;
  return {
    text: marketText(
      request.asOf,
      underlyings,
      found.map(({ row }) => row),
    ),
    origins: found.map(({ origin }) => origin),
  };
}

interface FetchedRow {
  readonly row: object;
  readonly origin: Origin;
}

/** Two answers for one instrument are no source: which would count? */
function keepQuote(quotes: Map<string, Quote>, quote: Quote): void {
  const key = `${quote.venue} ${quote.name}`;
  const before = quotes.get(key);
  // OKX has marks and indices in answers of their own.
  if (before !== undefined && (before.mark !== undefined) === (quote.mark !== undefined)) {
    throw inputError("data.twice", quote.path, "each instrument once", `${quote.name} again`);
  }
  quotes.set(
    key,
    before === undefined ? quote : { ...before, ...quote, time: Math.min(before.time, quote.time) },
  );
}

async function rowOf(
  row: SourceRow,
  path: string,
  quotes: ReadonlyMap<string, Quote>,
  request: FetchRequest,
): Promise<FetchedRow> {
  const { from } = row;
  if ("fixed" in from) {
    if (row.kind === "option") throw inputError("data.option", `${path}.from`, "a venue", "a fixed price");
    const price = positive(from.fixed, `${path}.from.fixed`);
    return { row: marketRow(row, price, path), origin: { id: row.id, from: `fixed at ${from.fixed}` } };
  }
  if ("feeds" in from) return await fromFeeds(row, from.feeds, path, request);
  const quote = quotes.get(`${from.venue} ${from.name}`);
  if (quote === undefined) {
    throw inputError("data.missing", `${path}.from`, `${from.name} in a response of ${from.venue}`, "none");
  }
  checkAge(quote.time, row, request, quote.path);
  const origin: Origin = {
    ...{ id: row.id, from: `${from.venue} ${from.name}`, time: quote.time },
    ...(quote.timeIsTold ? { timeIsTold: true } : {}),
  };
  if (row.kind === "option") return { row: optionRow(row, quote, path, request.asOf), origin };
  const price = row.kind === "spot" || row.kind === "cash" ? quote.index : quote.mark;
  const field = row.kind === "spot" || row.kind === "cash" ? "index" : "mark";
  return { row: marketRow(row, positive(price, `${quote.path} (${field} price)`), path), origin };
}

async function fromFeeds(
  row: SourceRow,
  feeds: readonly `0x${string}`[],
  path: string,
  { feed, ...request }: FetchRequest,
): Promise<FetchedRow> {
  if (feed === undefined)
    throw inputError("data.missing", `${path}.from`, "a node for the feeds (--rpc)", "none");
  if (row.kind === "option") throw inputError("data.option", `${path}.from`, "a venue", "a feed");
  const answers = await Promise.all(feeds.map((address, i) => feed(address, `${path}.from.feeds[${i}]`)));
  for (const { time, address } of answers) checkAge(time, row, request, `feed ${address}`);
  const price = answers.reduce((total, answer) => product(total, answer.price), ONE);
  const from = answers.map(({ address, description }) => `${description} (${address})`).join(" x ");
  const time = Math.min(...answers.map((answer) => answer.time));
  return { row: marketRow(row, price, path), origin: { id: row.id, from, time } };
}

function checkAge(
  time: number,
  row: SourceRow,
  { sources, asOf }: Pick<FetchRequest, "sources" | "asOf">,
  path: string,
): void {
  const maxAge = row.maxAge ?? sources.maxAge;
  if (time > asOf + AHEAD) {
    throw inputError("data.future", path, `a price of ${asOf} or before (for ${row.id})`, `one of ${time}`);
  }
  if (asOf - time > maxAge) {
    throw inputError(
      "data.stale",
      path,
      `a price at most ${maxAge} s old at ${asOf} (for ${row.id})`,
      `one of ${time}`,
    );
  }
}

function marketRow(
  { id, kind, underlying, collateralFactor, multiplier, face }: SourceRow,
  one: bigint,
  path: string,
) {
  const price = rounded(one * BigInt(multiplier ?? 1), PRICE_PLACES);
  if (price === 0n) throw inputError("data.number", path, `a price of at least 1e-${PRICE_PLACES}`, "less");
  return {
    ...{ id, kind, underlying, price: formatDecimal(price, PRICE_PLACES) },
    ...(collateralFactor === undefined ? {} : { collateralFactor }),
    ...(multiplier === undefined ? {} : { multiplier }),
    ...(face === undefined ? {} : { face }),
  };
}

/** A row of one of Deribit's options. */
function optionRow(row: SourceRow, quote: Quote, path: string, asOf: number) {
  if (quote.venue !== "deribit") {
    throw inputError("data.option", `${path}.from`, "an option of deribit", `one of ${quote.venue}`);
  }
  const { base, expiry, strike, type, isLinear } = optionName(quote.name, quote.path);
  if (base !== row.underlying) {
    throw inputError("data.option", `${path}.underlying`, base, row.underlying);
  }
  if (expiry <= asOf) throw inputError("data.expired", quote.path, `an expiry after ${asOf}`, `${expiry}`);
  const { fields } = quote;
  const at = (field: string): string => `${quote.path}.${field}`;
  const forward = positive(fields.underlying_price, at("underlying_price"));
  const volatility = positive(fields.mark_iv, at("mark_iv")) / 100n;
  const mark = scaled(quote.mark, at("mark_price"));
  if (mark < 0n) throw inputError("data.number", at("mark_price"), "zero or more", "less");
  const price = isLinear ? mark : product(mark, positive(quote.index, at("index_price")));
  checkGreeks(quote, { type, forward, strike, volatility, years: (expiry - asOf) / YEAR_SECONDS });
  const usd = (value: bigint): string => formatDecimal(rounded(value, PRICE_PLACES), PRICE_PLACES);
  // What is worthless still needs a price above zero.
  const worth = price < ONE / 10n ** BigInt(PRICE_PLACES) ? "0.00000001" : usd(price);
  const contract = {
    type,
    strike: usd(strike),
    expiry,
    impliedVolatility: usd(volatility),
    forward: usd(forward),
  };
  const { id, kind, underlying, collateralFactor } = row;
  return {
    ...{ id, kind, underlying, price: worth },
    ...(collateralFactor === undefined ? {} : { collateralFactor }),
    contract,
  };
}

function optionName(name: string, path: string) {
  const match = OPTION.exec(name);
  const month = MONTHS.indexOf(match?.[3] ?? "");
  if (match === null || month < 0) {
    throw inputError("data.option", path, "an option's name, such as BTC-26JUN26-110000-C", "another name");
  }
  const [, pair, day, , year, strike, side] = match as unknown as [
    string,
    string,
    string,
    string,
    string,
    string,
    string,
  ];
  const expiry = Date.UTC(2000 + Number(year), month, Number(day), HOUR_OF_EXPIRY) / 1000;
  if (new Date(expiry * 1000).getUTCDate() !== Number(day)) {
    throw inputError("data.option", path, "a day of the calendar", "another");
  }
  const [base, quoted] = pair.split("_") as [string, string | undefined];
  return {
    ...{ base, expiry, type: side === "C" ? ("call" as const) : ("put" as const) },
    strike: positive(strike.replace("d", "."), path),
    isLinear: quoted !== undefined,
  };
}

interface Terms {
  readonly type: "call" | "put";
  readonly forward: bigint;
  readonly strike: bigint;
  readonly volatility: bigint;
  readonly years: number;
}

/** Deribit's greeks: delta and gamma by the forward, vega by the point, theta by the day. How far each may be off. */
const GREEKS = [
  { name: "delta", of: (value: OptionValue) => value.delta, slack: () => 0.02 },
  {
    name: "gamma",
    of: (value: OptionValue) => value.gamma,
    slack: (value: OptionValue) => 0.2 * value.gamma + 2e-5,
  },
  {
    name: "vega",
    of: (value: OptionValue) => value.vega / 100,
    slack: (value: OptionValue) => 0.002 * value.vega + 0.1,
  },
  {
    name: "theta",
    of: (value: OptionValue) => value.theta / 365,
    slack: (value: OptionValue) => 0.3 * Math.abs(value.theta / 365) + 1,
  },
] as const;
/** Closer to expiry the venue's averages make its greeks other ones. */
const LAST_HOUR = 1 / (365 * 24);

function checkGreeks(quote: Quote, { type, forward, strike, volatility, years }: Terms): void {
  const { greeks } = quote.fields;
  const path = `${quote.path}.greeks`;
  if (greeks === undefined || typeof greeks !== "object" || greeks === null || Array.isArray(greeks)) {
    throw inputError("data.shape", path, "the option's greeks, to compare", "none");
  }
  if (years < LAST_HOUR) return;
  const number = (value: bigint): number => Number(rounded(value, PRICE_PLACES)) / 10 ** PRICE_PLACES;
  const terms = {
    type,
    forward: number(forward),
    strike: number(strike),
    volatility: number(volatility),
    years,
  };
  const model = valueOption(terms);
  const off = GREEKS.filter(({ name, of, slack }) => {
    const said = number(scaled(greeks[name], `${path}.${name}`));
    return Math.abs(said - of(model)) > slack(model);
  });
  if (off.length === 0) return;
  const names = off.map(({ name }) => name).join(", ");
  const expected = `greeks that follow from underlying_price, mark_iv and the time left`;
  throw new KeelError({ kind: "input", code: "market.model", path, expected, received: `another ${names}` });
}

function marketText(asOf: number, underlyings: readonly string[], rows: readonly object[]): string {
  const lines = rows.map((row) => `    ${JSON.stringify(row)}`).join(",\n");
  const head = `{\n  "keel": "market/1",\n  "asOf": ${asOf},\n  "underlyings": ${JSON.stringify(underlyings)},`;
  return `${head}\n  "instruments": [\n${lines}\n  ]\n}\n`;
}
