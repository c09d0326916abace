// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Does `keel market build` fill in greeks and risk arrays that are what their definitions say, and that a table accepts?
 *
 * @module
 */
import { buildMarket, formatMarket, valueOption } from "@keel/prover";
import { type Market, marketTable, type Policy, parseMarket, scenarioTable } from "@keel/verifier";
import { describe, expect, it } from "vitest";
import { AS_OF } from "../support/book.js";
import { policyOf } from "../support/policies.js";

const EXPIRY = AS_OF + 73 * 86_400; // a fifth of a year
const contract = (type: string, strike: string, change: object = {}) => ({
  type,
  strike,
  expiry: EXPIRY,
  impliedVolatility: "0.6",
  ...change,
});
const SPOT = { id: "ETH", kind: "spot", underlying: "ETH", price: "3000" };
const CALL = {
  id: "C",
  kind: "option",
  underlying: "ETH",
  price: "200",
  contract: contract("call", "3300"),
};
const PUT = { ...CALL, id: "P", price: "500", contract: contract("put", "3300") };
const GIVEN = {
  id: "G",
  kind: "option",
  underlying: "ETH",
  price: "10",
  delta: "0.1",
  gamma: "0",
  vega: "0",
  theta: "0",
};
const SCENARIOS = [
  { name: "still", shocks: {} },
  { name: "calm", shocks: {}, volatility: "-0.9" },
  { name: "crash", shocks: { ETH: "-0.4" }, volatility: "0.3" },
  { name: "rally", shocks: { ETH: "0.25" }, volatility: "-0.05" },
  { name: "nothing left", shocks: { ETH: "-1" } },
];

const market = (instruments: readonly object[], more: object = {}): Market =>
  parseMarket(JSON.stringify({ keel: "market/1", asOf: AS_OF, underlyings: ["ETH"], instruments, ...more }));

const policy = (scenarios: readonly object[] = SCENARIOS, circuit?: string): Policy =>
  policyOf(scenarios, circuit);

const optionsOf = (built: Market) => built.instruments.slice(1).map(({ sensitivities }) => sensitivities!);
const usd = (value: bigint): number => Number(value) / 1e8;

describe("market build", () => {
  it("gives greeks in the units of the table: vega a vol point, theta a day", () => {
    const [call] = optionsOf(buildMarket(market([SPOT, CALL, PUT]), policy()));
    const value = valueOption({ type: "call", forward: 3000, strike: 3300, years: 0.2, volatility: 0.6 });
    expect(usd(call!.delta)).toBeCloseTo(value.delta, 7);
    expect(usd(call!.gamma)).toBeCloseTo(value.gamma, 7);
    const shifted = (change: object) =>
      valueOption({ type: "call", forward: 3000, strike: 3300, years: 0.2, volatility: 0.6, ...change })
        .price - value.price;
    expect(usd(call!.vega)).toBeCloseTo(shifted({ volatility: 0.61 }), 1);
    expect(usd(call!.theta)).toBeCloseTo(shifted({ years: 0.2 - 1 / 365 }), 1);
    expect(call!.theta).toBeLessThan(0n);
  });

  it("revalues fully: price move and volatility at once, at least minus the price, volatility not below zero", () => {
    const [call, put] = optionsOf(buildMarket(market([SPOT, CALL, PUT]), policy()));
    const price = (type: "call" | "put", forward: number, volatility: number) =>
      valueOption({ type, forward, strike: 3300, years: 0.2, volatility }).price;
    const change = (type: "call" | "put", forward: number, volatility: number) =>
      price(type, forward, volatility) - price(type, 3000, 0.6);
    expect(call!.pnl[0]).toBe(0n);
    expect(usd(call!.pnl[1]!)).toBeCloseTo(Math.max(-200, change("call", 3000, 0)), 7);
    expect(usd(call!.pnl[2]!)).toBeCloseTo(change("call", 1800, 0.9), 7);
    expect(usd(call!.pnl[3]!)).toBeCloseTo(change("call", 3750, 0.55), 7);
    expect(call!.pnl[4]).toBe(-200n * 10n ** 8n);
    expect(usd(put!.pnl[4]!)).toBeCloseTo(3300 - price("put", 3000, 0.6), 7);
    // Put-call parity holds in every scenario where the price is not the bound: call less put moves as the forward does.
    expect(usd(call!.pnl[2]! - put!.pnl[2]!)).toBeCloseTo(-1200, 6);
    expect(usd(call!.pnl[3]! - put!.pnl[3]!)).toBeCloseTo(750, 6);
  });

  it("rounds to the nearest 1e-8", () => {
    const [, put] = optionsOf(buildMarket(market([SPOT, CALL, PUT]), policy()));
    const { delta } = valueOption({ type: "put", forward: 3000, strike: 3300, years: 0.2, volatility: 0.6 });
    expect(Math.abs(usd(put!.delta) - delta)).toBeLessThanOrEqual(5.0001e-9);
  });

  it("makes a table that stands, says which scenarios it is for, and survives being written", () => {
    const built = buildMarket(market([SPOT, CALL, PUT]), policy());
    expect(built.scenarioRoot).toBe(scenarioTable(policy(), built).root);
    const { root } = marketTable(built, policy());
    const read = parseMarket(formatMarket(built));
    expect(read).toEqual(built);
    expect(marketTable(read, policy()).root).toBe(root);
    expect(buildMarket(read, policy())).toEqual(built);
    expect(() => marketTable(built, policy(SCENARIOS.slice(1)))).toThrow("market.option");
  });

  it("prices the same to the last digit: a golden row", () => {
    const [call] = optionsOf(buildMarket(market([SPOT, CALL, PUT]), policy()));
    expect({ ...call, pnl: call!.pnl.map(String) }).toMatchInlineSnapshot(`
      {
        "delta": 41253221n,
        "gamma": 48363n,
        "pnl": [
          "0",
          "-20000000000",
          "-17908507814",
          "40826340798",
          "-20000000000",
        ],
        "theta": -214652312n,
        "vega": 522320625n,
      }
    `);
  });

  it("without scenarios there are greeks and no P&L", () => {
    expect(optionsOf(buildMarket(market([SPOT, CALL]), policy([])))[0]!.pnl).toEqual([]);
  });

  it("keeps what a publisher gave for these scenarios, and refuses what was given for others", () => {
    const given = { ...GIVEN, pnl: ["0", "0", "-1", "1", "-10"] };
    const root = scenarioTable(policy(), market([SPOT])).root.toString();
    const built = buildMarket(market([SPOT, given, CALL], { scenarioRoot: root }), policy());
    expect(optionsOf(built)[0]!.delta).toBe(10_000_000n);
    expect(() => buildMarket(market([SPOT, given], { scenarioRoot: "1" }), policy())).toThrow(
      "P&L for others",
    );
    expect(() => buildMarket(market([SPOT, given]), policy())).toThrow("P&L for others");
    expect(() => buildMarket(market([SPOT, GIVEN]), policy())).toThrow("one for each scenario");
  });

  it.each([
    [
      "an option that has expired",
      [SPOT, { ...CALL, contract: contract("call", "1", { expiry: AS_OF }) }],
      "expiry",
    ],
    [
      "no volatility",
      [SPOT, { ...CALL, contract: contract("call", "1", { impliedVolatility: "0" }) }],
      "above zero",
    ],
    ["a strike of zero", [SPOT, { ...CALL, contract: contract("call", "0") }], "above zero"],
    ["an underlying without price", [CALL], "as reference"],
  ])("refuses %s", (_, instruments, message) => {
    expect(() => buildMarket(market(instruments), policy())).toThrow(message);
  });

  it("refuses a circuit without options", () => {
    const linear = policy(
      SCENARIOS.map(({ name, shocks }) => ({ name, shocks })),
      "portfolio-health/fund-64",
    );
    expect(() => buildMarket(market([SPOT]), linear)).toThrow("a circuit with options");
  });
});
