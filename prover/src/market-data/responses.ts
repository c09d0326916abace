// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Public market data as venues answer it, saved in files: what a quote says, and of when it is. Field names as in the
 * venues' API documentation.
 *
 * | name | response | mark | index | time |
 * |---|---|---|---|---|
 * | deribit | public/ticker | mark_price | index_price | timestamp |
 * | binance | GET /fapi/v1/premiumIndex or /dapi/v1/premiumIndex | markPrice | indexPrice | time |
 * | okx | GET /api/v5/public/mark-price, /market/index-tickers | markPx | idxPx | ts |
 * | bybit | GET /v5/market/tickers | markPrice | indexPrice | the answer's time |
 * | hyperliquid | metaAndAssetCtxs | markPx | oraclePx | none: told beside the file |
 *
 * A file holds one answer, or a list of answers.
 *
 * @module
 */

import { inputError, type Json, printable } from "@keel/verifier";
import { parseResponse, secondsOf } from "./numbers.js";

/** Venues whose quotes are understood. */
export const QUOTE_VENUES = ["deribit", "binance", "okx", "bybit", "hyperliquid"] as const;
/** One of them. */
export type QuoteVenue = (typeof QUOTE_VENUES)[number];

/** A file as it was saved. */
export interface SavedResponse {
  readonly venue: string;
  /** What it is about, where the response does not say so. */
  readonly subject?: string;
  readonly text: string;
  /** When it was saved, unix seconds, where the response does not say so. */
  readonly at?: number;
}

/** What a venue says of one instrument; numbers as text. */
export interface Quote {
  readonly venue: QuoteVenue;
  readonly name: string;
  readonly mark?: Json;
  readonly index?: Json;
  /** Unix seconds. */
  readonly time: number;
  /** The time is the operator's word, not the venue's. */
  readonly timeIsTold: boolean;
  /** Everything else that the venue said. */
  readonly fields: Record;
  /** Where, for errors. */
  readonly path: string;
}

/** A JSON object. */
export type Record = Readonly<{ [key: string]: Json }>;

/** Whether JSON is an object. */
export function isRecord(value: Json | undefined): value is { [key: string]: Json } {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The object that a response has here. @throws KeelError `data.shape` */
export function recordOf(value: Json | undefined, path: string): { [key: string]: Json } {
  if (isRecord(value)) return value;
  throw inputError("data.shape", path, "an object", value === undefined ? "nothing" : "other data");
}

/** The list that a response has here. @throws KeelError `data.shape` */
export function listOf(value: Json | undefined, path: string): Json[] {
  if (Array.isArray(value)) return value;
  throw inputError("data.shape", path, "a list", value === undefined ? "nothing" : "other data");
}

/** The text, of 1 to 80 characters, that a response has here. @throws KeelError `data.shape` */
export function textOf(value: Json | undefined, path: string): string {
  if (typeof value === "string" && value.length > 0 && value.length <= 80) return value;
  throw inputError("data.shape", path, "text", value === undefined ? "nothing" : "other data");
}

/**
 * The quotes of a saved response.
 *
 * @throws KeelError `data.*` for a response of another shape, of a test venue, or without a time
 */
export function quotesOf(response: SavedResponse): Quote[] {
  const { venue, text } = response;
  const data = parseResponse(text, venue);
  const answers = Array.isArray(data) && venue !== "hyperliquid" && !isPremiumList(data) ? data : [data];
  return answers.flatMap((answer, i) => readers[venueOf(venue)](answer, response, `${venue}[${i}]`));
}

function isPremiumList(data: readonly Json[]): boolean {
  return data.length > 0 && isRecord(data[0]) && "markPrice" in data[0];
}

function venueOf(name: string): QuoteVenue {
  const venue = QUOTE_VENUES.find((known) => known === name);
  if (venue !== undefined) return venue;
  throw inputError("data.venue", "--response", QUOTE_VENUES.join(" or "), printable(name));
}

type Reader = (answer: Json, response: SavedResponse, path: string) => Quote[];

const readers: { readonly [venue in QuoteVenue]: Reader } = {
  deribit: (answer, _, path) => {
    const envelope = recordOf(answer, path);
    if (envelope.error !== undefined) throw failedResponse(path);
    if (envelope.testnet === true) {
      throw inputError(
        "data.testnet",
        `${path}.testnet`,
        "an answer of the real venue",
        "one of its test net",
      );
    }
    const fields = recordOf(envelope.result, `${path}.result`);
    const name = textOf(fields.instrument_name, `${path}.result.instrument_name`);
    if (fields.state !== "open") {
      throw inputError("data.state", `${path}.result.state`, "an open book", printable(String(fields.state)));
    }
    const time = secondsOf(fields.timestamp, `${path}.result.timestamp`);
    return [quote("deribit", name, fields.mark_price, fields.index_price, time, fields, `${path}.result`)];
  },
  binance: (answer, _, path) =>
    (Array.isArray(answer) ? answer : [answer]).map((row, i) => {
      const at = Array.isArray(answer) ? `${path}[${i}]` : path;
      const fields = recordOf(row, at);
      if (fields.code !== undefined) throw failedResponse(at);
      const name = textOf(fields.symbol, `${at}.symbol`);
      const time = secondsOf(fields.time, `${at}.time`);
      return quote("binance", name, fields.markPrice, fields.indexPrice, time, fields, at);
    }),
  okx: (answer, _, path) => {
    const envelope = recordOf(answer, path);
    if (envelope.code !== "0") throw failedResponse(path);
    return listOf(envelope.data, `${path}.data`).map((row, i) => {
      const at = `${path}.data[${i}]`;
      const fields = recordOf(row, at);
      const name = textOf(fields.instId, `${at}.instId`);
      return quote("okx", name, fields.markPx, fields.idxPx, secondsOf(fields.ts, `${at}.ts`), fields, at);
    });
  },
  bybit: (answer, _, path) => {
    const envelope = recordOf(answer, path);
    if (envelope.retCode !== "0") throw failedResponse(path);
    const time = secondsOf(envelope.time, `${path}.time`);
    const result = recordOf(envelope.result, `${path}.result`);
    return listOf(result.list, `${path}.result.list`).map((row, i) => {
      const at = `${path}.result.list[${i}]`;
      const fields = recordOf(row, at);
      const name = textOf(fields.symbol, `${at}.symbol`);
      return quote("bybit", name, fields.markPrice, fields.indexPrice, time, fields, at);
    });
  },
  hyperliquid: (answer, { at: told }, path) => {
    const [meta, contexts] = listOf(answer, path);
    const universe = listOf(recordOf(meta, `${path}[0]`).universe, `${path}[0].universe`);
    const rows = listOf(contexts, `${path}[1]`);
    if (rows.length !== universe.length) {
      throw inputError(
        "data.shape",
        `${path}[1]`,
        `${universe.length} rows, as in the universe`,
        `${rows.length}`,
      );
    }
    if (told === undefined) {
      throw inputError(
        "data.time",
        path,
        "the time it was saved (--at hyperliquid=SECONDS)",
        "a response without one",
      );
    }
    return universe.map((coin, i) => {
      const at = `${path}[1][${i}]`;
      const fields = recordOf(rows[i], at);
      const name = textOf(recordOf(coin, `${path}[0].universe[${i}]`).name, `${path}[0].universe[${i}].name`);
      return {
        ...quote("hyperliquid", name, fields.markPx, fields.oraclePx, told, fields, at),
        timeIsTold: true,
      };
    });
  },
};

function quote(
  venue: QuoteVenue,
  name: string,
  mark: Json | undefined,
  index: Json | undefined,
  time: number,
  fields: Record,
  path: string,
): Quote {
  return {
    ...{ venue, name, time, fields, path, timeIsTold: false },
    ...(mark === undefined ? {} : { mark }),
    ...(index === undefined ? {} : { index }),
  };
}

function failedResponse(path: string) {
  return inputError("data.failed", path, "an answer that succeeded", "a failure of the venue");
}
