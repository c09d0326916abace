// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * 56 Does a policy know its market? A table with kinder columns is of another series, and a series is refused where a market
 * of it does not fit the policy.
 *
 * @module
 */

import {
  feedSeries,
  type Market,
  marketContentHash,
  marketSeries,
  marketTable,
  parseMarket,
  parsePolicy,
  policyTerms,
  returnsContentHash,
  returnsSeries,
  SERIES,
  seriesKind,
  tailBasis,
  universeId,
  withReturns,
} from "@keel/verifier";
import { encodeAbiParameters, keccak256, parseAbiParameters, toHex } from "viem";
import { describe, expect, it } from "vitest";
import { AS_OF, book, INSTRUMENTS, type MarketRow, SOURCE } from "../support/book.js";
import { refusalOf } from "../support/refusal.js";

const market = (instruments: readonly object[] = INSTRUMENTS, more: object = {}): Market =>
  parseMarket(
    JSON.stringify({
      keel: "market/1",
      asOf: AS_OF,
      underlyings: ["USD", "ETH", "BTC"],
      instruments,
      ...more,
    }),
  );

const changed = (i: number, part: object): readonly object[] =>
  INSTRUMENTS.map((row, at) => (at === i ? { ...row, ...part } : row));

const CALL: MarketRow & { readonly contract: object } = {
  id: "ETH-CALL",
  kind: "option",
  underlying: "ETH",
  price: "120",
  collateralFactor: "0",
  contract: { type: "call", strike: "3200", expiry: AS_OF + 86_400, impliedVolatility: "0.65" },
};

const contract = (part: object) => [...INSTRUMENTS, { ...CALL, contract: { ...CALL.contract, ...part } }];

const LOW_31 = (1n << 248n) - 1n;

describe("56 a market series", () => {
  it("is 0x01 and the low 31 bytes of keccak256 of the fixed columns' text", () => {
    const text = JSON.stringify([
      "keel/market-series/1",
      ["USD", "ETH", "BTC"],
      [
        ["USDC", "cash", "USD", "9000", null],
        ["ETH", "spot", "ETH", "8000", null],
        ["ETH-PERP", "perp", "ETH", "0", null],
        ["BTC", "spot", "BTC", "7500", null],
        ["BTC-PERP", "perp", "BTC", "0", null],
      ],
    ]);
    const series = BigInt(marketSeries(market()));
    expect(series >> 248n).toBe(1n);
    expect(series & LOW_31).toBe(BigInt(keccak256(toHex(text))) & LOW_31);
  });

  it("changes with every fixed column and with the order", () => {
    const all = [
      market(),
      market(changed(1, { collateralFactor: "1" })),
      market(changed(1, { kind: "cash" })),
      market(changed(1, { underlying: "BTC" })),
      market(changed(2, { kind: "future" })),
      market(changed(4, { id: "OTHER" })),
      market([INSTRUMENTS[1]!, INSTRUMENTS[0]!, ...INSTRUMENTS.slice(2)]),
      market(INSTRUMENTS.slice(0, 4)),
      market(INSTRUMENTS, { underlyings: ["ETH", "USD", "BTC"] }),
      market(contract({})),
      market(contract({ type: "put" })),
      market(contract({ strike: "3200.5" })),
      market(contract({ expiry: AS_OF + 86_401 })),
      market(changed(1, { multiplier: 1000 })),
      market(changed(1, { multiplier: 100 })),
      market(changed(4, { price: "1", face: "10" })),
      market(changed(4, { price: "1", face: "100" })),
    ];
    expect(new Set(all.map(marketSeries)).size).toBe(all.length);
  });

  it("of other units is another universe too: what a source signed for one table says nothing in another", () => {
    const all = [
      market(),
      market(changed(1, { multiplier: 1000 })),
      market(changed(4, { price: "1", face: "10" })),
      market(changed(4, { price: "1", face: "100" })),
      market(contract({})),
      market(contract({ type: "put" })),
      market(contract({ strike: "3200.5" })),
      market(contract({ expiry: AS_OF + 86_401 })),
    ];
    expect(new Set(all.map(universeId)).size).toBe(all.length);
    const moved = [market(changed(1, { price: "3001" })), market(changed(1, { collateralFactor: "1" }))];
    expect(new Set([market(), ...moved].map(universeId)).size).toBe(1);
  });

  it("stays while prices, volatilities and time move, and the content hash does not", () => {
    const prices = [
      market(),
      market(changed(1, { price: "3001" })),
      market(INSTRUMENTS, { asOf: AS_OF + 1 }),
    ];
    expect(new Set(prices.map(marketSeries)).size).toBe(1);
    expect(new Set(prices.map(marketContentHash)).size).toBe(prices.length);
    const options = [market(contract({})), market(contract({ impliedVolatility: "0.66" }))];
    expect(new Set(options.map(marketSeries)).size).toBe(1);
    expect(new Set(options.map(marketContentHash)).size).toBe(2);
  });

  it("of feeds names the contract and the universe, and is never one that publishers sign", () => {
    const contractAddress = "0x00000000000000000000000000000000000000f1";
    const universe = keccak256("0x01");
    const encoded = encodeAbiParameters(parseAbiParameters("string, address, bytes32"), [
      "keel/feed-series/1",
      contractAddress,
      universe,
    ]);
    const series = feedSeries(contractAddress, universe);
    expect(seriesKind(series)).toBe(SERIES.feeds);
    expect(BigInt(series) & LOW_31).toBe(BigInt(keccak256(encoded)) & LOW_31);
  });
});

describe("56 a policy", () => {
  const file = (series: string, more: object = {}) =>
    parsePolicy(
      JSON.stringify({
        keel: "policy/2",
        name: "pinned",
        circuit: "portfolio-health/spot-16",
        limits: { minEquity: "1" },
        sources: [{ name: "Venue One", key: SOURCE.publicKey.map(String) }],
        maxAge: 3600,
        validity: 86_400,
        maxMarketSkew: 300,
        minInterval: 3600,
        market: { series },
        ...more,
      }),
    );
  it("refuses a market of another series, wherever the two meet", () => {
    const policy = file(marketSeries(market()));
    expect(refusalOf(() => policyTerms(policy, market()))).toBe("none");
    const kinder = market(changed(1, { kind: "cash", collateralFactor: "1" }));
    expect(refusalOf(() => policyTerms(policy, kinder))).toBe("policy.series market");
    expect(refusalOf(() => marketTable(kinder, policy))).toBe("policy.series market");
  });

  it("has another id for another series", () => {
    const other = feedSeries("0x00000000000000000000000000000000000000f1", keccak256("0x01"));
    expect(policyTerms(file(other), market())).not.toEqual(
      policyTerms(file(marketSeries(market())), market()),
    );
  });

  it("names a series of markets for its market, and of returns for its returns", () => {
    const { market: known } = book({ limits: { maxVolatility: "0.5" } });
    const returns = known.returns!;
    expect(refusalOf(() => file(returnsSeries(returns)))).toBe("policy.series policy.market.series");
    const tail = { circuit: "tail-risk/spot-64", maxReturnsSkew: 3600, series: marketSeries(known) };
    const limits = { maxVolatility: "0.5" };
    expect(refusalOf(() => file(marketSeries(known), { limits, tail }))).toBe(
      "policy.series policy.tail.series",
    );
  });

  it("refuses returns of another series", () => {
    const { market: known, policy } = book({ limits: { maxVolatility: "0.5" } });
    const returns = known.returns!;
    expect(seriesKind(returnsSeries(returns))).toBe(SERIES.returns);
    const longer = { ...returns, daily: [...returns.daily, returns.daily[0]!] };
    expect(returnsSeries(longer)).not.toBe(returnsSeries(returns));
    const other = { ...policy, tail: { ...policy.tail!, series: returnsSeries(longer) } };
    expect(refusalOf(() => tailBasis(other, known))).toBe("policy.series returns");
    const moved = { ...returns, asOf: returns.asOf + 1 };
    expect(returnsSeries(moved)).toBe(returnsSeries(returns));
    expect(returnsContentHash(moved)).not.toBe(returnsContentHash(returns));
    expect(refusalOf(() => tailBasis(policy, withReturns(known, moved)))).toBe("none");
  });

  it.each([
    ["maxAge", { maxAge: 604_801 }, "policy.ceiling policy.maxAge"],
    ["validity", { validity: 7_948_801 }, "policy.ceiling policy.validity"],
    ["maxMarketSkew", { maxMarketSkew: 86_401 }, "policy.ceiling policy.maxMarketSkew"],
    ["minInterval", { minInterval: 86_401 }, "policy.interval policy.minInterval"],
    ["minInterval of nothing", { minInterval: 0 }, "input.range policy.minInterval"],
  ])("67 bounds %s, to the second", (_, more, code) => {
    const series = marketSeries(market());
    expect(refusalOf(() => file(series, more))).toBe(code);
    const [name, value] = Object.entries(more)[0]!;
    expect(refusalOf(() => file(series, { [name]: value === 0 ? 1 : value - 1 }))).toBe("none");
  });
});
