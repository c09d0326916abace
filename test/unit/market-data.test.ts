// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Does a market that is fetched say what the venue and the feeds said, in dollars and of when they said it, and is everything
 * refused that is stale, of another unit or of another thing? Do depth and returns follow from their data, each number at
 * hand?
 *
 * @module
 */
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { parseMarket, parseReturns } from "@keel/verifier";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { valueOption } from "../../prover/dist/risk/pricing.js";
import type { Deployed } from "../support/aave.js";
import { startTestChain, type TestChain, write } from "../support/chain.js";
import { type Ended, errorOf, inFolder, keelHere } from "../support/cli.js";
import { generator } from "../support/generator.js";
import { type Compiled, deployCompiled, standIns } from "../support/solidity.js";

const AS_OF = 1_767_225_600;

type Files = Readonly<Record<string, unknown>>;

interface Run extends Ended {
  /** What was written, by name. */
  readonly written: Readonly<Record<string, string>>;
}

/** Runs a command in a folder with files; `@name` in its arguments is a file's path. */
async function ran(files: Files, args: readonly string[]): Promise<Run> {
  return await inFolder(async (folder) => {
    for (const [name, content] of Object.entries(files)) {
      const text = typeof content === "string" ? content : JSON.stringify(content);
      await writeFile(join(folder, name), text);
    }
    const command = args.map((arg) => arg.replace(/@([\w.-]+)/, (_, name) => join(folder, name)));
    const ended = await keelHere([...command, "--json"]);
    const names = (await readdir(folder)).filter((name) => !Object.hasOwn(files, name));
    const texts = await Promise.all(
      names.map(async (name) => [name, await readFile(join(folder, name), "utf8")]),
    );
    return { ...ended, written: Object.fromEntries(texts) as Record<string, string> };
  });
}

describe("market fetch", () => {
  const expiry = Date.UTC(2026, 5, 26, 8) / 1000;
  const years = (expiry - AS_OF) / (365 * 86_400);
  const model = (forward: number, strike: number, volatility: number, type: "call" | "put" = "call") =>
    valueOption({ type, forward, strike, volatility, years });

  /** An answer of Deribit's, with greeks that follow from it. */
  function ticker(name: string, changes: object = {}, spot = 87_438.2, forward = 89_905, volatility = 0.45) {
    const { price, delta, gamma, vega, theta } = model(forward, 110_000, volatility);
    const result = {
      ...{ instrument_name: name, state: "open", timestamp: (AS_OF - 20) * 1000 + 123 },
      ...{ mark_price: Number((price / forward).toFixed(4)), mark_iv: volatility * 100 },
      ...{ index_price: spot, underlying_price: forward, underlying_index: "BTC-26JUN26", interest_rate: 0 },
      greeks: { delta, gamma, vega: vega / 100, theta: theta / 365, rho: 1 },
      ...changes,
    };
    return { jsonrpc: "2.0", id: 1, testnet: false, usIn: 1, usOut: 2, usDiff: 1, result };
  }

  const NAME = "BTC-26JUN26-110000-C";
  const row = (id: string, kind: string, underlying: string, from: object, more: object = {}) => ({
    ...{ id, kind, underlying, from },
    ...more,
  });
  const sources = (...instruments: object[]) => ({
    ...{ keel: "market-sources/1", underlyings: ["USD", "BTC", "SHIB"], maxAge: 120, instruments },
  });
  const call = row(NAME, "option", "BTC", { venue: "deribit", name: NAME });
  const coin = row("USDC", "cash", "USD", { fixed: "1" }, { collateralFactor: "0.9" });

  const fetched = async (from: object, files: Files, ...options: string[]) => {
    const args = [
      "market",
      "fetch",
      "--sources",
      "@sources.json",
      "--as-of",
      `${AS_OF}`,
      "--out",
      "@market.json",
    ];
    return await ran({ "sources.json": from, ...files }, [...args, ...options]);
  };

  it("takes Deribit's option in dollars, its volatility as a fraction and its own forward", async () => {
    const run = await fetched(
      sources(coin, call),
      { "t.json": ticker(NAME) },
      "--response",
      "deribit=@t.json",
      "--origins",
      "@origins.json",
    );
    expect(run.code, run.stderr).toBe(0);
    const mark = Number((model(89_905, 110_000, 0.45).price / 89_905).toFixed(4));
    const [usdc, option] = JSON.parse(run.written["market.json"]!).instruments;
    expect(usdc).toEqual({
      id: "USDC",
      kind: "cash",
      underlying: "USD",
      price: "1",
      collateralFactor: "0.9",
    });
    expect(Number(option.price)).toBeCloseTo(mark * 87_438.2, 6);
    expect(option.contract).toEqual({
      ...{ type: "call", strike: "110000", expiry, impliedVolatility: "0.45", forward: "89905" },
    });
    expect(parseMarket(run.written["market.json"]!).asOf).toBe(AS_OF);
    const { instruments } = JSON.parse(run.written["origins.json"]!);
    expect(instruments).toEqual([
      { id: "USDC", from: "fixed at 1" },
      { id: NAME, from: `deribit ${NAME}`, time: AS_OF - 20 },
    ]);
    expect(JSON.parse(run.stdout).origins).toEqual(instruments);
  });

  it("takes an option that is settled in USDC at its mark, and a strike with a point", async () => {
    const linear = "BTC_USDC-26JUN26-110000-C";
    const shown = ticker(linear, { mark_price: 4108.5 });
    const from = sources(row("C", "option", "BTC", { venue: "deribit", name: linear }));
    const run = await fetched(from, { "t.json": shown }, "--response", "deribit=@t.json");
    expect(JSON.parse(run.written["market.json"]!).instruments[0].price).toBe("4108.5");
    const small = "SHIB_USDC-26JUN26-0d5-P";
    const { delta, gamma, vega, theta } = valueOption({
      type: "put",
      forward: 0.6,
      strike: 0.5,
      volatility: 0.9,
      years,
    });
    const changes = {
      ...{ mark_price: 0.1, mark_iv: 90, underlying_price: 0.6, index_price: 0.6 },
      greeks: { delta, gamma, vega: vega / 100, theta: theta / 365 },
    };
    const put = sources(row("P", "option", "SHIB", { venue: "deribit", name: small }));
    const other = await fetched(put, { "t.json": ticker(small, changes) }, "--response", "deribit=@t.json");
    expect(other.code, other.stderr).toBe(0);
    expect(JSON.parse(other.written["market.json"]!).instruments[0].contract).toMatchObject({
      type: "put",
      strike: "0.5",
    });
  });

  it("gives what is worthless the smallest price", async () => {
    const run = await fetched(
      sources(call),
      { "t.json": ticker(NAME, { mark_price: 0 }) },
      "--response",
      "deribit=@t.json",
    );
    expect(JSON.parse(run.written["market.json"]!).instruments[0].price).toBe("0.00000001");
  });

  it("takes marks for contracts and indices for coins, by the multiplier, of five venues", async () => {
    const time = (AS_OF - 10) * 1000;
    const files = {
      "b.json": [{ symbol: "BTCUSDT", markPrice: "87455.12345678", indexPrice: "87440.1", time }],
      "o.json": {
        code: "0",
        data: [{ instId: "BTC-USDT-SWAP", instType: "SWAP", markPx: "87456", ts: `${time}` }],
        msg: "",
      },
      "y.json": {
        retCode: 0,
        time,
        result: {
          category: "linear",
          list: [{ symbol: "BTCPERP", markPrice: "87457", indexPrice: "87439" }],
        },
      },
      "h.json":
        '[{"universe":[{"name":"BTC","szDecimals":5},{"name":"kSHIB","szDecimals":0}]},[{"markPx":"87458.0","oraclePx":"87441.0"},{"markPx":"0.006905","oraclePx":"0.0069041"}]]',
      "d.json": ticker("BTC-PERPETUAL", { mark_price: 87_459.5 }),
    };
    const from = sources(
      row("BTC", "spot", "BTC", { venue: "binance", name: "BTCUSDT" }),
      row("A", "perp", "BTC", { venue: "binance", name: "BTCUSDT" }),
      row("B", "perp", "BTC", { venue: "okx", name: "BTC-USDT-SWAP" }),
      row("C", "perp", "BTC", { venue: "bybit", name: "BTCPERP" }),
      row("D", "perp", "SHIB", { venue: "hyperliquid", name: "kSHIB" }),
      row("E", "perp", "BTC", { venue: "deribit", name: "BTC-PERPETUAL" }),
      row("F", "spot", "SHIB", { fixed: "0.0000069041" }, { multiplier: 1000 }),
    );
    const responses = Object.entries({
      binance: "b",
      okx: "o",
      bybit: "y",
      hyperliquid: "h",
      deribit: "d",
    }).flatMap(([venue, file]) => ["--response", `${venue}=@${file}.json`]);
    const run = await fetched(from, files, ...responses, "--at", `hyperliquid=${AS_OF - 5}`);
    expect(run.code, run.stderr).toBe(0);
    const prices = JSON.parse(run.written["market.json"]!).instruments.map(
      ({ price }: { price: string }) => price,
    );
    expect(prices).toEqual([
      "87440.1",
      "87455.12345678",
      "87456",
      "87457",
      "0.006905",
      "87459.5",
      "0.0069041",
    ]);
    expect(JSON.parse(run.stdout).origins[4]).toMatchObject({ time: AS_OF - 5, timeIsTold: true });
  });

  const changed = (changes: object) => ({ "t.json": ticker(NAME, changes) });
  const greeks = { ...ticker(NAME).result.greeks };

  it.each<[string, string, Files]>([
    ["a stale quote", "data.stale", changed({ timestamp: (AS_OF - 121) * 1000 })],
    ["a quote of after the market", "data.future", changed({ timestamp: (AS_OF + 60) * 1000 })],
    ["a time in seconds", "data.time", changed({ timestamp: AS_OF })],
    ["a book that is closed", "data.state", changed({ state: "closed" })],
    ["the test net", "data.testnet", { "t.json": { ...ticker(NAME), testnet: true } }],
    [
      "a failure of the venue",
      "data.failed",
      { "t.json": { jsonrpc: "2.0", error: { code: 1, message: "no" } } },
    ],
    ["a volatility that is a fraction already", "market.model", changed({ mark_iv: 0.45 })],
    ["the spot price as the forward", "market.model", changed({ underlying_price: 60_000 })],
    ["greeks of a put", "market.model", changed({ greeks: { ...greeks, delta: greeks.delta - 1 } })],
    ["no greeks", "data.shape", changed({ greeks: undefined })],
    ["no forward", "data.number", changed({ underlying_price: undefined })],
    ["a price that is no number", "data.number", changed({ mark_price: "free" })],
    ["a negative price", "data.number", changed({ mark_price: -0.1 })],
    ["truncated JSON", "input.json", { "t.json": JSON.stringify(ticker(NAME)).slice(0, -9) }],
    ["another instrument", "data.missing", { "t.json": ticker("BTC-26JUN26-120000-C") }],
    ["two quotes of one instrument", "data.twice", { "t.json": [ticker(NAME), ticker(NAME)] }],
  ])("refuses %s, and writes nothing", async (_, code, files) => {
    const run = await fetched(sources(call), files, "--response", "deribit=@t.json");
    expect([run.code, errorOf(run).code, run.written], run.stdout).toEqual([1, code, {}]);
  });

  it.each<[string, string, object]>([
    [
      "an option that has expired",
      "data.expired",
      row("X", "option", "BTC", { venue: "deribit", name: "BTC-26DEC25-110000-C" }),
    ],
    [
      "an option of another coin",
      "data.option",
      row("X", "option", "SHIB", { venue: "deribit", name: NAME }),
    ],
    ["an option at a fixed price", "data.option", row("X", "option", "BTC", { fixed: "5" })],
    [
      "a name that is no option's",
      "data.option",
      row("X", "option", "BTC", { venue: "deribit", name: "BTC-PERPETUAL" }),
    ],
    [
      "a day that no calendar has",
      "data.option",
      row("X", "option", "BTC", { venue: "deribit", name: "BTC-31JUN26-110000-C" }),
    ],
    ["feeds without a node", "data.missing", row("X", "spot", "BTC", { feeds: [`0x${"1".repeat(40)}`] })],
    ["a price that rounds to nothing", "data.number", row("X", "spot", "BTC", { fixed: "0.000000001" })],
  ])("refuses %s", async (_, code, instrument) => {
    const names = ["BTC-26DEC25-110000-C", NAME, "BTC-PERPETUAL", "BTC-31JUN26-110000-C"];
    const files = { "t.json": names.map((name) => ticker(name)) };
    const run = await fetched(sources(instrument), files, "--response", "deribit=@t.json");
    expect([run.code, errorOf(run).code], run.stdout).toEqual([1, code]);
  });

  it("tells everything that is wrong at once", async () => {
    const from = sources(
      call,
      row("X", "spot", "BTC", { venue: "okx", name: "BTC-USD" }),
      row("Y", "spot", "BTC", { fixed: "0" }),
    );
    const run = await fetched(from, changed({ mark_iv: 0.45 }), "--response", "deribit=@t.json");
    const { message } = errorOf(run);
    for (const code of ["market.model", "data.missing", "data.number"]) expect(message).toContain(code);
    const none = await fetched(from, {}, "--response", "deribit=@a.json", "--response", "okx=@b.json");
    expect(errorOf(none).message.match(/file\.missing/g)).toHaveLength(2);
  });
});

describe("market fetch from feeds", () => {
  let chain: TestChain;
  let compiled: ReadonlyMap<string, Compiled>;
  beforeAll(async () => {
    chain = await startTestChain();
    compiled = await standIns();
  });
  afterAll(async () => await chain?.stop());

  const feed = async (decimals: number, answer: bigint, updatedAt: number): Promise<Deployed> =>
    await deployCompiled(chain, compiled.get("FeedStandIn")!, [decimals, answer, updatedAt]);

  async function fetched(feeds: readonly Deployed[], asOf: number, chainId = 31337): Promise<Run> {
    const from = { feeds: feeds.map(({ address }) => address) };
    const sources = {
      ...{ keel: "market-sources/1", underlyings: ["ETH"], maxAge: 3600, chainId },
      instruments: [{ id: "wstETH", kind: "spot", underlying: "ETH", from, collateralFactor: "0.8" }],
    };
    const args = [
      "market",
      "fetch",
      "--sources",
      "@sources.json",
      "--as-of",
      `${asOf}`,
      "--out",
      "@market.json",
    ];
    return await ran({ "sources.json": sources }, [...args, "--rpc", chain.rpcUrl]);
  }

  it("multiplies feeds exactly, and refuses answers that are old, zero, ahead or of a round before", async () => {
    const asOf = Number((await chain.client.getBlock()).timestamp);
    const rate = await feed(18, 1_212_345_678_901_234_567n, asOf - 1000);
    const dollars = await feed(8, 296_752_000_000n, asOf - 10);
    const run = await fetched([rate, dollars], asOf);
    expect(run.code, run.stderr).toBe(0);
    // 1.212345678901234567 x 2967.52 = 3597.660049093...
    expect(JSON.parse(run.written["market.json"]!).instruments[0].price).toBe("3597.66004905");
    expect(JSON.parse(run.stdout).origins[0]).toMatchObject({ time: asOf - 1000 });
    expect(errorOf(await fetched([rate, dollars], asOf + 2_601)).code).toBe("data.stale");
    expect(errorOf(await fetched([rate, dollars], asOf, 1)).code).toBe("chain.id");
    const set = async (...args: unknown[]) =>
      await write(chain, chain.wallets[0]!, dollars.address, dollars.abi, "set", args);
    const bad: unknown[][] = [
      [0n, asOf, 2n, 2n],
      [-5n, asOf, 2n, 2n],
      [296_752_000_000n, 0, 2n, 2n],
      [296_752_000_000n, asOf + 100_000, 2n, 2n],
      [296_752_000_000n, asOf, 3n, 2n],
    ];
    for (const values of bad) {
      await set(...values);
      expect(errorOf(await fetched([dollars], asOf)).code).toBe("feed.answer");
    }
    expect(errorOf(await fetched([{ ...dollars, address: chain.signers[3]!.address }], asOf)).code).toBe(
      "chain.contract",
    );
  });
});

describe("market depth", () => {
  const market = {
    ...{ keel: "market/1", asOf: AS_OF, underlyings: ["USD", "ETH"] },
    instruments: [
      { id: "USDC", kind: "cash", underlying: "USD", price: "1" },
      { id: "ETH", kind: "spot", underlying: "ETH", price: "3000" },
      { id: "LOCKED", kind: "spot", underlying: "ETH", price: "2900" },
    ],
  };
  const sources = (changes: object = {}, ...from: unknown[]) => ({
    ...{ keel: "depth-sources/1", participation: "0.1", band: "0.01", refills: 24, maxAge: 60 },
    instruments: [
      { id: "USDC", from: "unlimited" },
      { id: "ETH", from: from.length === 0 ? { book: "binance", name: "ETHUSDT" } : from[0] },
      { id: "LOCKED", from: "none" },
    ],
    ...changes,
  });
  // Middle 3000: the band is 2970 to 3030.
  const book = {
    bids: [
      ["2999.5", "1.5"],
      ["2970", "2.25"],
      ["2969.99", "100"],
    ],
    asks: [
      ["3000.5", "1"],
      ["3030", "3.123456789"],
      ["3030.01", "100"],
    ],
  };
  const measured = async (from: object, files: Files, ...options: string[]) => {
    const args = [
      "market",
      "depth",
      "--sources",
      "@sources.json",
      "--market",
      "@market.json",
      "--as-of",
      `${AS_OF}`,
    ];
    return await ran({ "sources.json": from, "market.json": market, ...files }, [
      ...args,
      "--out",
      "@depth.json",
      ...options,
    ]);
  };
  const told = ["--response", "binance:ETHUSDT=@b.json", "--at", `binance=${AS_OF - 10}`];

  it("is the smaller side within the band, a share of it, as often as the book fills again", async () => {
    const run = await measured(sources(), { "b.json": book }, ...told);
    expect(run.code, run.stderr).toBe(0);
    expect(JSON.parse(run.written["depth.json"]!)).toEqual({
      ...{ keel: "liquidity/1", asOf: AS_OF, participation: "0.1", band: "0.01", refills: 24 },
      instruments: [
        { id: "USDC", depth: "unlimited" },
        // 3.75 sold, 4.12 bought: 3.75 x 0.1 x 24.
        { id: "ETH", depth: "9" },
        { id: "LOCKED", depth: "0" },
      ],
    });
  });

  it("reads the books of six venues, in the units of the instrument", async () => {
    const level = (price: string, size: string) => ({ px: price, sz: size, n: 1 });
    const [bids, asks] = [[["2999", "30"]], [["3001", "30"]]];
    const files = {
      "d.json": {
        jsonrpc: "2.0",
        result: {
          instrument_name: "ETH-PERPETUAL",
          timestamp: AS_OF * 1000,
          bids: [[2999, 30]],
          asks: [[3001, 30]],
        },
      },
      "o.json": { code: "0", data: [{ bids, asks, ts: `${AS_OF * 1000}` }] },
      "y.json": { retCode: 0, result: { s: "ETHUSDT", b: bids, a: asks, ts: AS_OF * 1000 } },
      "h.json": { coin: "ETH", time: AS_OF * 1000, levels: [[level("2999", "30")], [level("3001", "30")]] },
      "f.json": { E: AS_OF * 1000, bids, asks },
    };
    const places = [
      "deribit ETH-PERPETUAL",
      "okx ETH-USDT-SWAP",
      "bybit ETHUSDT",
      "hyperliquid ETH",
      "binance ETHUSDT",
    ];
    const from = places.map((place) => {
      const [name, of] = place.split(" ");
      return { book: name, name: of, ...(name === "okx" ? { unit: "0.1" } : {}) };
    });
    const responses = [
      "deribit=@d.json",
      "okx:ETH-USDT-SWAP=@o.json",
      "bybit=@y.json",
      "hyperliquid=@h.json",
      "binance:ETHUSDT=@f.json",
    ];
    const run = await measured(
      sources({}, from),
      files,
      ...responses.flatMap((file) => ["--response", file]),
    );
    expect(run.code, run.stderr).toBe(0);
    // Four of 30 and one of 30 contracts of a tenth.
    expect(JSON.parse(run.written["depth.json"]!).instruments[1].depth).toBe("295.2");
  });

  it.each<[string, string, object, object, string[]?]>([
    ["a crossed book", "data.book", sources(), { bids: [["3001", "1"]], asks: [["3000", "1"]] }],
    ["an empty side", "data.book", sources(), { bids: [], asks: [["3000", "1"]] }],
    [
      "a book out of order",
      "data.book",
      sources(),
      {
        bids: [
          ["2990", "1"],
          ["2995", "1"],
        ],
        asks: [["3000", "1"]],
      },
    ],
    ["an amount below zero", "data.number", sources(), { bids: [["2990", "-1"]], asks: [["3000", "1"]] }],
    ["a book of another instrument", "data.shape", sources(), { ...book, symbol: "BTCUSDT" }],
    [
      "a stale book",
      "data.stale",
      sources(),
      book,
      ["--response", "binance:ETHUSDT=@b.json", "--at", `binance=${AS_OF - 61}`],
    ],
    ["a book without a time", "data.time", sources(), book, ["--response", "binance:ETHUSDT=@b.json"]],
    [
      "a book without a name",
      "data.shape",
      sources(),
      book,
      ["--response", "binance=@b.json", "--at", `binance=${AS_OF}`],
    ],
    ["a book twice", "usage", sources(), book, [...told, ...told.slice(0, 2)]],
    [
      "no place for an instrument",
      "data.missing",
      sources({ instruments: [{ id: "USDC", from: "unlimited" }] }),
      book,
    ],
    [
      "an instrument that the market has not",
      "data.instrument",
      sources({ instruments: [...sources().instruments, { id: "BTC", from: "none" }] }),
      book,
    ],
    ["a participation above one", "input.invalid", sources({ participation: "1.5" }), book],
    [
      "a pair without a node",
      "data.missing",
      sources({}, { pair: `0x${"1".repeat(40)}`, token: `0x${"2".repeat(40)}` }),
      book,
    ],
  ])("refuses %s, and writes nothing", async (_, code, from, shown, options = told) => {
    const files = { "b.json": shown };
    const run = await measured(from, files, ...options);
    expect([run.code, run.written, errorOf(run).code], run.stdout).toEqual([1, {}, code]);
  });
});

describe("returns build", () => {
  const market = {
    ...{ keel: "market/1", asOf: AS_OF, underlyings: ["USD", "ETH", "BTC"] },
    instruments: [
      { id: "USDC", kind: "cash", underlying: "USD", price: "1" },
      { id: "ETH", kind: "spot", underlying: "ETH", price: "3000" },
      { id: "BTC", kind: "spot", underlying: "BTC", price: "87000" },
    ],
  };
  const date = (daysAgo: number): string =>
    new Date((AS_OF - daysAgo * 86_400) * 1000).toISOString().slice(0, 10);
  const SEED = 20_260_131n;
  const below = generator(SEED);
  const random = (): number => Number(below(1_000_000n)) / 1e6;

  /** A walk of prices, oldest first, ending the day before the table. */
  function walk(days: number): string[] {
    const prices = { ETH: 3000, BTC: 87_000 };
    return Array.from({ length: days }, (_, i) => {
      const common = random() - 0.5;
      prices.ETH *= 1 + 0.06 * common + 0.03 * (random() - 0.5);
      prices.BTC *= 1 + 0.04 * common + 0.02 * (random() - 0.5);
      return `${date(days - i)},${prices.BTC.toFixed(2)},1,${prices.ETH.toFixed(4)}`;
    });
  }

  const built = async (rows: readonly string[], ...options: string[]) => {
    const csv = ["date,BTC,USD,ETH", ...rows].join("\n");
    const args = [
      "returns",
      "build",
      "--prices",
      "@prices.csv",
      "--market",
      "@market.json",
      "--as-of",
      `${AS_OF}`,
    ];
    const rest = options.includes("--shrinkage") ? options : ["--shrinkage", "ledoit-wolf-2004", ...options];
    const days = rest.includes("--days") ? [] : ["--days", `${rows.length - 1}`];
    return await ran({ "prices.csv": csv, "market.json": market }, [
      ...args,
      ...days,
      "--out",
      "@returns.json",
      ...rest,
    ]);
  };

  it("gives daily returns by hand", async () => {
    const rows = [`${date(3)},100,1,2000`, `${date(2)},110,1,1900`, `${date(1)},99,1,1900.19`];
    const run = await built(rows, "--shrinkage", "none");
    expect(run.code, run.stderr).toBe(0);
    const table = JSON.parse(run.written["returns.json"]!);
    // USD, ETH, BTC as in the market; 0.19 / 1900 is 0.0001.
    expect(table.daily).toEqual([
      ["0", "-0.05", "0.1"],
      ["0", "0.0001", "-0.1"],
    ]);
    // Of two returns a, b the variance is (a - b)^2 / 2, times 365.
    const eth = ((-0.05 - 0.0001) ** 2 / 2) * 365;
    expect(Number(table.covariance[1][1])).toBeCloseTo(eth, 9);
    expect(table.covariance[0]).toEqual(["0"]);
    expect(Number(table.covariance[2][1])).toBeCloseTo(((-0.05 - 0.0001) * 0.2 * 365) / 2, 9);
    expect(parseReturns(run.written["returns.json"]!).daily).toHaveLength(2);
  });

  /** Ledoit and Wolf's estimator as their paper has it, in doubles: its share. */
  function shareOf(returns: readonly (readonly number[])[]): number {
    const n = returns.length;
    const p = returns[0]!.length;
    const mean = Array.from({ length: p }, (_, u) => returns.reduce((sum, row) => sum + row[u]!, 0) / n);
    const x = returns.map((row) => row.map((value, u) => value - mean[u]!));
    const cells = Array.from({ length: p * p }, (_, i) => [Math.floor(i / p), i % p] as const);
    const S = cells.map(([u, v]) => x.reduce((sum, row) => sum + row[u]! * row[v]!, 0) / n);
    const m = cells.reduce((sum, [u, v], i) => sum + (u === v ? S[i]! : 0), 0) / p;
    const d = cells.reduce((sum, [u, v], i) => sum + (S[i]! - (u === v ? m : 0)) ** 2, 0) / p;
    const b =
      x.reduce(
        (sum, row) => sum + cells.reduce((s, [u, v], i) => s + (row[u]! * row[v]! - S[i]!) ** 2, 0) / p,
        0,
      ) /
      n ** 2;
    return Math.min(b, d) / d;
  }

  it("shrinks as Ledoit and Wolf do, and leaves what never moves at zero", async () => {
    const rows = walk(61);
    const run = await built(rows);
    expect(run.code, `${run.stderr} seed ${SEED}`).toBe(0);
    const prices = rows.map((row) => row.split(",")).map(([, btc, , eth]) => [Number(eth), Number(btc)]);
    const returns = prices.slice(1).map((row, i) => row.map((price, u) => price / prices[i]![u]! - 1));
    const share = shareOf(returns);
    expect(share).toBeGreaterThan(0.001);
    expect(JSON.parse(run.stdout).shrunk).toBe(`${Math.floor(share * 10_000) / 10_000}`);
    const table = JSON.parse(run.written["returns.json"]!).covariance.map((row: string[]) => row.map(Number));
    const plain = await built(rows, "--shrinkage", "none");
    const raw = JSON.parse(plain.written["returns.json"]!).covariance.map((row: string[]) => row.map(Number));
    const average = (raw[1][1] + raw[2][2]) / 2;
    expect(table[0]).toEqual([0]);
    expect([table[1][0], table[2][0]]).toEqual([0, 0]);
    for (const u of [1, 2]) expect(table[u][u]).toBeCloseTo(share * average + (1 - share) * raw[u][u], 9);
    expect(table[2][1]).toBeCloseTo((1 - share) * raw[2][1], 9);
    const diagonal = await built(rows, "--shrinkage", "diagonal:0.25");
    const halved = JSON.parse(diagonal.written["returns.json"]!).covariance.map((row: string[]) =>
      row.map(Number),
    );
    expect([halved[1][1], halved[2][1]]).toEqual([raw[1][1], expect.closeTo(0.75 * raw[2][1], 9)]);
  });

  it("tells of days without a row, and counts over them only when it is told to", async () => {
    const rows = walk(10).filter((_, i) => i !== 4 && i !== 5);
    const run = await built(rows);
    expect([run.code, errorOf(run).code]).toEqual([1, "history.gaps"]);
    expect(errorOf(run).message).toContain(`${date(6)} to ${date(5)}`);
    const spanned = await built(rows, "--span-gaps");
    expect(JSON.parse(spanned.stdout).notes).toEqual([`no row for ${date(6)} to ${date(5)}`]);
  });

  it("tells of a jump that looks like a split", async () => {
    const rows = walk(40).map((row, i) =>
      i < 39 ? row : row.replace(/[^,]+$/, (eth) => `${Number(eth) * 2}`),
    );
    expect(JSON.parse((await built(rows)).stdout).notes).toEqual([
      expect.stringContaining("ETH changed by "),
    ]);
  });

  it("takes the newest days, unix seconds, a byte order mark and CRLF", async () => {
    const rows = walk(20);
    const run = await built(rows, "--days", "5");
    expect(JSON.parse(run.stdout)).toMatchObject({ days: 5, from: date(6), to: date(1) });
    const other = rows.map((row, i) => row.replace(/^[^,]+/, `${AS_OF - (20 - i) * 86_400}`));
    const csv = `\ufeff${["date,BTC,USD,ETH", ...other].join("\r\n")}\r\n`;
    const args = [
      "returns",
      "build",
      "--prices",
      "@p.csv",
      "--market",
      "@m.json",
      "--as-of",
      `${AS_OF}`,
      "--days",
      "5",
    ];
    const same = await ran({ "p.csv": csv, "m.json": market }, [
      ...args,
      "--shrinkage",
      "ledoit-wolf-2004",
      "--out",
      "@r.json",
    ]);
    expect(same.written["r.json"]).toBe(run.written["returns.json"]);
  });

  const good = [`${date(3)},100,1,2000`, `${date(2)},101,1,2001`, `${date(1)},102,1,2002`];
  it.each<[string, string, readonly string[], string[]?]>([
    ["too few days", "history.days", good, ["--days", "3"]],
    ["a price of zero", "history.number", [good[0]!, `${date(2)},0,1,2001`, good[2]!]],
    ["a price that is none", "history.number", [good[0]!, `${date(2)},n/a,1,2001`, good[2]!]],
    ["a price with a thousands sign", "history.row", [good[0]!, `${date(2)},1,101.5,1,2001`, good[2]!]],
    ["an empty cell", "history.number", [good[0]!, `${date(2)},,1,2001`, good[2]!]],
    ["days in the other order", "history.order", [...good].reverse()],
    ["a day twice", "history.order", [good[0]!, good[0]!, good[1]!, good[2]!]],
    ["a day of no calendar", "history.date", [good[0]!, good[1]!, "2026-02-30,1,1,1"]],
    ["a history that ended long ago", "history.stale", walk(10).slice(0, 6)],
    ["a history of days to come", "history.future", [...good, `${date(0)},1,1,1`, `${date(-1)},1,1,1`]],
    ["a shrinkage without a name", "history.shrinkage", good, ["--shrinkage", "0.2"]],
  ])("refuses %s, and writes nothing", async (_, code, rows, options = []) => {
    const run = await built(rows, ...options);
    expect([run.code, run.written], run.stdout).toEqual([1, {}]);
    expect(errorOf(run).code.replace("data.number", "history.number")).toBe(code);
  });

  it("tells every bad line at once", async () => {
    const run = await built([good[0]!, `${date(2)},x,1,2001`, "yesterday,1,1,1"]);
    expect(errorOf(run).message).toMatch(/history line 3, BTC.*\n.*history line 4, date/);
  });
});
