// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Is a market refused whose prices, volatilities or greeks contradict its contracts: percent for a fraction, coin for dollars, spot
 * for forward, a contract that has expired?
 *
 * @module
 */
import { buildMarket, checkContracts, formatMarket, valueOption } from "@keel/prover";
import { type Market, marketTable, parseMarket, referencePrice } from "@keel/verifier";
import { describe, expect, it } from "vitest";
import { AS_OF } from "../support/book.js";
import { policyOf } from "../support/policies.js";
import { faultsOf } from "../support/venues.js";

/** 27 March 2026, 08:00 UTC. */
const EXPIRY = 1774598400;
const YEARS = (EXPIRY - AS_OF) / (365 * 86_400);
const SPOT = { id: "ETH", kind: "spot", underlying: "ETH", price: "3000" };
const FUTURE = { id: "ETH-27MAR26", kind: "future", underlying: "ETH", price: "3100" };
const INVERSE = { id: "ETH-PERPETUAL", kind: "perp", underlying: "ETH", price: "1", face: "1" };

const fair = (type: "call" | "put", strike: number, forward: number, volatility: number) =>
  valueOption({ type, forward, strike, years: YEARS, volatility });
const option = (type: "call" | "put", strike: number, price: number | string, change: object = {}) => ({
  id: `ETH-27MAR26-${strike}-${type === "call" ? "C" : "P"}`,
  kind: "option",
  underlying: "ETH",
  price: typeof price === "string" ? price : price.toFixed(8),
  contract: { type, strike: `${strike}`, expiry: EXPIRY, impliedVolatility: "0.65", ...change },
});
const market = (instruments: readonly object[], asOf = AS_OF): Market =>
  parseMarket(JSON.stringify({ keel: "market/1", asOf, underlyings: ["ETH"], instruments }));

const POLICY = policyOf([{ name: "crash", shocks: { ETH: "-0.3" }, volatility: "0.2" }]);
const build = (instruments: readonly object[]): Market => buildMarket(market(instruments), POLICY);
const modelFault = (i: number) => [`market.model market.instruments[${i}].price`];

describe("72 a price that its contract contradicts", () => {
  const at = (type: "call" | "put", strike: number) => fair(type, strike, 3000, 0.65).price;

  it.each([
    ["call", 3000],
    ["put", 2400],
    ["call", 4200],
    ["put", 5000],
    ["call", 1500],
  ] as const)(
    "a %s of %d at its model value stands; percent, coin, a missing digit do not",
    (type, strike) => {
      const value = at(type, strike);
      const wrong = (price: number, change: object = {}) =>
        faultsOf(() => build([SPOT, option(type, strike, price, change)]));
      expect(wrong(value)).toEqual([]);
      expect(wrong(value * 1.04)).toEqual([]);
      expect(wrong(value, { impliedVolatility: "65" })).toEqual(modelFault(1));
      expect(wrong(value / 3000)).toEqual(modelFault(1));
      expect(wrong(value / 10)).toEqual(modelFault(1));
      expect(wrong(value * 10)).toEqual(modelFault(1));
      expect(faultsOf(() => checkContracts(market([SPOT, option(type, strike, value / 3000)])))).toEqual(
        modelFault(1),
      );
    },
  );

  it("below what exercise brings; a worthless one may be next to nothing; nothing is no price", () => {
    expect(() => build([SPOT, option("put", 5000, "1")])).toThrow("below what exercise brings");
    expect(faultsOf(() => build([SPOT, option("put", 300, "0.00000001")]))).toEqual([]);
    expect(() => market([SPOT, option("put", 300, "0")])).toThrow("of a worthless option 0.00000001");
  });

  it.each([
    ["percent", { impliedVolatility: "65" }, 1, "is it in percent?"],
    ["coin", {}, 1 / 3000, "is it in coin?"],
    ["another forward", {}, 1.3, "of one time and this expiry?"],
  ])("says what it may be: %s", (_, change, times, words) => {
    expect(() => build([SPOT, option("call", 3000, at("call", 3000) * times, change)])).toThrow(words);
  });

  it("a dollar row is no reference: with a face never, without one the model says so", () => {
    const put = option("put", 2600, fair("put", 2600, 3000, 0.65).price);
    expect(faultsOf(() => build([INVERSE, put]))).toEqual([
      "market.option market.instruments.ETH-27MAR26-2600-P",
    ]);
    const { face: _, ...bare } = INVERSE;
    expect(() => build([bare, put])).toThrow("dollar row");
    expect(faultsOf(() => build([INVERSE, SPOT, put]))).toEqual([]);
  });

  it("tells every row at once", () => {
    const rows = [
      SPOT,
      option("call", 3000, "1"),
      option("put", 2400, "1"),
      option("call", 4200, at("call", 4200)),
    ];
    expect(faultsOf(() => build(rows))).toEqual([...modelFault(1), ...modelFault(2)]);
  });
});

describe("72 the forward of the option's own expiry", () => {
  const value = fair("call", 3000, 3100, 0.65);
  const call = option("call", 3000, value.price);
  const delta = (rows: readonly object[]) =>
    Number(build(rows).instruments[rows.length - 1]!.sensitivities!.delta) / 1e8;

  it.each(["ETH-27MAR26", "ETH-USD-260327", "ETHUSDT_260327", "ETH-20260327", "eth-27mar26"])(
    "is that of the future %s",
    (id) => expect(delta([SPOT, { ...FUTURE, id }, call])).toBeCloseTo(value.delta, 7),
  );

  it.each(["ETH-26JUN26", "ETH-27MAR27", "ETH-PERP", "ETH-260328"])("is not that of %s", (id) => {
    expect(faultsOf(() => build([SPOT, { ...FUTURE, id }, call]))).toEqual(modelFault(2));
  });

  it("is what the contract says before all others", () => {
    const own = option("call", 3000, value.price, { forward: "3100" });
    expect(delta([SPOT, own])).toBeCloseTo(value.delta, 7);
    expect(delta([SPOT, { ...FUTURE, price: "9" }, own])).toBeCloseTo(value.delta, 7);
    const built = build([SPOT, own]);
    expect(parseMarket(formatMarket(built))).toEqual(built);
  });

  it("spot for forward is refused", () => {
    expect(faultsOf(() => build([SPOT, call]))).toEqual(modelFault(1));
  });
});

describe("59 contracts that have expired, greeks of another time", () => {
  const { price } = fair("put", 2600, 3000, 0.65);
  const built = build([SPOT, option("put", 2600, price)]);
  const moved = (change: object, spot = "3000"): Market => {
    const file = JSON.parse(formatMarket(built));
    file.instruments[0].price = spot;
    Object.assign(file.instruments[1], change);
    return parseMarket(JSON.stringify(file));
  };

  it.each([EXPIRY, EXPIRY + 600])("an option is refused at %d", (asOf) => {
    const later = { ...built, asOf };
    expect(faultsOf(() => checkContracts(later))).toEqual([
      "market.expired market.instruments[1].contract.expiry",
    ]);
    expect(faultsOf(() => buildMarket(later, POLICY))).toEqual([
      "market.expired market.instruments[1].contract.expiry",
    ]);
  });

  it.each([
    ["delta", { delta: "-0.35" }],
    ["a delta without its sign", { delta: "0.26" }],
    ["gamma", { gamma: "0.0045" }],
    ["vega of a whole", { vega: "450" }],
    ["theta of a year", { theta: "-700" }],
    ["P&L", { pnl: ["0"] }],
  ])("%s that the contract contradicts is refused", (name, change) => {
    const where = name === "P&L" ? "pnl[0]" : Object.keys(change)[0];
    expect(faultsOf(() => checkContracts(moved(change), POLICY))).toEqual([
      `market.model market.instruments[1].${where}`,
    ]);
  });

  it("greeks stay when the price has moved away are refused, all of them", () => {
    const later = moved({ price: fair("put", 2600, 2450, 0.65).price.toFixed(8) }, "2450");
    const faults = faultsOf(() => checkContracts(later, POLICY));
    expect(faults).toContain("market.model market.instruments[1].delta");
    expect(faults.length).toBeGreaterThan(2);
    expect(faultsOf(() => checkContracts(buildMarket(later, POLICY), POLICY))).toEqual([]);
  });

  it("a market as it was built stands, and so does one without contracts", () => {
    expect(faultsOf(() => checkContracts(built, POLICY))).toEqual([]);
    expect(faultsOf(() => checkContracts(market([SPOT, INVERSE])))).toEqual([]);
  });
});

describe("a row with a face", () => {
  it("is no reference price, keeps face and multiplier when written, and has a root of its own: its unit is another", () => {
    const many = { ...SPOT, id: "kETH", price: "3000000", multiplier: 1000 };
    const rows = [SPOT, INVERSE, many];
    const parsed = market(rows);
    expect(referencePrice(parsed, parsed.instruments[1]!)).toBe(parsed.instruments[0]!.price);
    expect(parseMarket(formatMarket(parsed))).toEqual(parsed);
    const { face: _, ...bare } = INVERSE;
    expect(marketTable(parsed, POLICY).root).not.toBe(
      marketTable(market([SPOT, bare, { ...many, multiplier: undefined }]), POLICY).root,
    );
  });

  it.each([
    ["another price", { ...INVERSE, price: "2" }],
    ["no dollars", { ...INVERSE, face: "0" }],
    ["a coin", { ...INVERSE, kind: "spot" }],
  ])("is refused with %s", (_, row) => {
    expect(faultsOf(() => market([SPOT, row]))[0]).toMatch(/^market\.face /);
  });

  it.each([1, 0, 1.5, "1000"])("a multiplier is a whole number above one, not %s", (multiplier) => {
    expect(faultsOf(() => market([{ ...SPOT, multiplier }])).length).toBe(1);
  });
});

describe("P&L that was given", () => {
  it("is refused with the scenarios' root that it needs, and stands with it", () => {
    const given = {
      ...SPOT,
      id: "LP",
      kind: "option",
      price: "100",
      delta: "0.0168",
      gamma: "0",
      vega: "0",
      theta: "0",
      pnl: ["-10"],
    };
    const [, root] = /scenarioRoot "([0-9]+)"/.exec(textOf(() => build([SPOT, given])))!;
    const file = {
      keel: "market/1",
      asOf: AS_OF,
      underlyings: ["ETH"],
      instruments: [SPOT, given],
      scenarioRoot: root,
    };
    expect(buildMarket(parseMarket(JSON.stringify(file)), POLICY).scenarioRoot).toBe(BigInt(root!));
  });
});

function textOf(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    return (error as Error).message;
  }
  return "";
}
