// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Binance: spot balances and USD-margined futures, over its REST API with a read-only key.
 *
 * Fields and signing as in the venue's public API documentation: GET /api/v3/account (balances free and locked), GET
 * /fapi/v3/account (assets and positions); the query is signed with HMAC-SHA256. Cash of the futures account is wallet
 * balance plus unrealised profit. Position amounts carry their sign, the two legs of hedge mode too.
 *
 * @module
 */

import { createHmac } from "node:crypto";
import { formatDecimal, type Json, parseDecimal, parseJson } from "@keel/verifier";
import { z } from "zod";
import type { Row } from "../reading.js";
import { type Venue, type VenueReading, venueFailed } from "./venue.js";

export interface BinanceOptions {
  readonly apiKey: string;
  readonly apiSecret: string;
  /** Where the API is; the venue's own when absent. */
  readonly spotUrl?: string;
  readonly futuresUrl?: string;
  /** Whether the account trades futures. */
  readonly futures: boolean;
  readonly timeoutMs?: number;
}

const SPOT = "https://api.binance.com";
const FUTURES = "https://fapi.binance.com";
const TIMEOUT_MS = 10_000;
const MAX_BYTES = 16 * 2 ** 20;
const ATTEMPTS = 3;

const amount = z.string().max(60);
const spotSchema = z.object({
  uid: z.int(),
  accountType: z.literal("SPOT"),
  balances: z.array(z.object({ asset: z.string(), free: amount, locked: amount })),
});
const futuresSchema = z.object({
  assets: z.array(z.object({ asset: z.string(), walletBalance: amount, unrealizedProfit: amount })),
  positions: z.array(z.object({ symbol: z.string(), positionAmt: amount })),
});

interface Answer {
  readonly data: Json;
  readonly time: number;
}

/** Binance as a venue. */
export function binance(options: BinanceOptions): Venue {
  const { spotUrl = SPOT, futuresUrl = FUTURES, futures } = options;
  const spot = () => get(`${spotUrl}/api/v3/account`, options);
  return { name: "binance", read: async () => await readTogether(spot, futures, futuresUrl, options) };
}

/** Spot, futures and spot again: a transfer between them shows as a change of the first. */
async function readTogether(
  spot: () => Promise<Answer>,
  futures: boolean,
  futuresUrl: string,
  options: BinanceOptions,
): Promise<VenueReading> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const before = await spot();
    const { uid, balances } = parse(spotSchema, before.data, "spot");
    const rows = spotRows(balances);
    const reading = { owner: String(uid), time: before.time };
    if (!futures) return { ...reading, rows };
    const other = await get(`${futuresUrl}/fapi/v3/account`, options);
    const after = parse(spotSchema, (await spot()).data, "spot");
    if (after.uid !== uid || JSON.stringify(after.balances) !== JSON.stringify(balances)) continue;
    const time = Math.min(before.time, other.time);
    return { ...reading, time, rows: [...rows, ...futuresRows(parse(futuresSchema, other.data, "futures"))] };
  }
  throw venueFailed("venue.moving", "balances that stay while they are read", "transfers");
}

function spotRows(balances: z.output<typeof spotSchema>["balances"]): Row[] {
  return balances.map(({ asset, free, locked }) => ({ holding: asset, amount: sum(free, locked) }));
}

function futuresRows({ assets, positions }: z.output<typeof futuresSchema>): Row[] {
  return [
    ...assets.map(({ asset, walletBalance, unrealizedProfit }) => ({
      holding: asset,
      amount: sum(walletBalance, unrealizedProfit),
    })),
    ...positions.map(({ symbol, positionAmt }) => ({
      holding: `${symbol} perpetual`,
      amount: sum(positionAmt, "0"),
      isContract: true as const,
    })),
  ];
}

const PLACES = 18;

/** The sum of two amounts; zeros in front or at the end, and "-0.000", are the venue's way to write them. */
function sum(one: string, other: string): string {
  const [a, b] = [one, other].map((text) => {
    const result = parseDecimal(text.replace(/^-(?=0*(\.0*)?$)/, ""), {
      places: PLACES,
      bits: 160,
      signed: true,
      excess: "refuse",
    });
    if (result.ok) return result.value;
    throw venueFailed("venue.amount", result.expected, result.received);
  });
  return formatDecimal(a! + b!, PLACES);
}

function parse<T>(schema: z.ZodType<T>, data: Json, part: string): T {
  const result = schema.safeParse(data);
  if (result.success) return result.data;
  const path = `venue.${part}.${result.error.issues[0]!.path.join(".")}`;
  throw venueFailed("venue.answer", "an answer as documented", "another", path);
}

async function get(
  url: string,
  { apiKey, apiSecret, timeoutMs = TIMEOUT_MS }: BinanceOptions,
): Promise<Answer> {
  const query = `recvWindow=5000&timestamp=${Date.now()}`;
  const signature = createHmac("sha256", apiSecret).update(query).digest("hex");
  const response = await fetch(`${url}?${query}&signature=${signature}`, {
    headers: { "X-MBX-APIKEY": apiKey },
    redirect: "error",
    signal: AbortSignal.timeout(timeoutMs),
  }).catch((error: Error) => {
    throw venueFailed("venue.failed", "an answer", error.name === "TimeoutError" ? "none in time" : "none");
  });
  if (!response.ok) throw venueFailed("venue.failed", "status 200", `status ${response.status}`);
  const text = await bodyOf(response);
  const time = Math.floor(Date.parse(response.headers.get("date") ?? "") / 1000);
  if (!Number.isSafeInteger(time)) throw venueFailed("venue.stale", "an answer with its time", "none");
  return { data: parseVenueJson(text), time };
}

async function bodyOf(response: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  try {
    for await (const chunk of response.body ?? []) {
      length += chunk.length;
      if (length > MAX_BYTES) break;
      chunks.push(chunk);
    }
  } catch {
    throw venueFailed("venue.failed", "a whole answer", "a part");
  }
  if (length > MAX_BYTES) throw venueFailed("venue.answer", `at most ${MAX_BYTES} bytes`, "more");
  return Buffer.concat(chunks).toString("utf8");
}

/** Amounts are text in these answers; a float anywhere would have lost digits already. */
function parseVenueJson(text: string): Json {
  try {
    return parseJson(text, "venue");
  } catch {
    throw venueFailed("venue.answer", "JSON with whole numbers and text", "other text");
  }
}
