// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Are the examples' markets one market, of the day that they state: the same prices everywhere, derivatives near their coins,
 * options worth what their volatilities say?
 *
 * @module
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { valueOption } from "@keel/prover";
import { type Instrument, type Market, parseMarket } from "@keel/verifier";
import { describe, expect, it } from "vitest";
import { AS_OF } from "../../dist/examples/quotes.js";
import { STRATEGIES } from "../../dist/examples/strategies.js";
import { EXAMPLES } from "../support/cli.js";

const markets = STRATEGIES.map(
  ({ folder }): Market => parseMarket(readFileSync(join(EXAMPLES, folder, "market.json"), "utf8")),
);
const instruments = markets.flatMap((market) => market.instruments);
const spotPrices = new Map(
  instruments
    .filter(({ kind, id, underlying }) => kind === "spot" && id === underlying)
    .map((row) => [row.id, row]),
);
const YEAR = 365 * 86_400;
const DAY_OF_EXPIRY: Readonly<Record<string, number>> = {
  "30JAN26": Date.UTC(2026, 0, 30, 8) / 1000,
  "27FEB26": Date.UTC(2026, 1, 27, 8) / 1000,
  "27MAR26": Date.UTC(2026, 2, 27, 8) / 1000,
  "26JUN26": Date.UTC(2026, 5, 26, 8) / 1000,
};

/** How far a price is above its coin's. */
function premium({ price, underlying }: Instrument): number {
  return Number(price) / Number(spotPrices.get(underlying)!.price) - 1;
}

describe("the examples' market", () => {
  it("is of 1 January 2026, 00:00 UTC", () => {
    expect(AS_OF).toBe(Date.UTC(2026, 0, 1) / 1000);
    expect(new Set(markets.map(({ asOf }) => asOf))).toEqual(new Set([AS_OF]));
  });

  it("has one price for each instrument", () => {
    const prices = new Map<string, bigint>();
    for (const { id, price } of instruments) {
      expect(prices.get(id) ?? price, id).toBe(price);
      prices.set(id, price);
    }
    expect(prices.size).toBeGreaterThan(110);
  });

  it("has perpetuals within 0.1% of their coins, and futures at 2% to 8% a year above", () => {
    for (const row of instruments.filter(({ kind }) => kind === "perp")) {
      expect(Math.abs(premium(row)), row.id).toBeLessThan(0.001);
    }
    for (const row of instruments.filter(({ kind }) => kind === "future")) {
      const expiry = DAY_OF_EXPIRY[row.id.split("-")[1]!]!;
      const basis = (premium(row) * YEAR) / (expiry - AS_OF);
      expect(basis, row.id).toBeGreaterThan(0.02);
      expect(basis, row.id).toBeLessThan(0.08);
    }
  });

  it("has options at their model's price, and more volatility in ether than in bitcoin", () => {
    const volatilities: Record<string, number[]> = { BTC: [], ETH: [] };
    for (const { id, contract, price, underlying } of instruments.filter(({ kind }) => kind === "option")) {
      const { type, strike, expiry, impliedVolatility } = contract!;
      expect(expiry).toBe(DAY_OF_EXPIRY[id.split("-")[1]!]);
      const forward = Number(spotPrices.get(underlying)!.price);
      const volatility = Number(impliedVolatility) / 1e8;
      const terms = { type, forward, strike: Number(strike), years: (expiry - AS_OF) / YEAR, volatility };
      expect(valueOption(terms).price / Number(price), id).toBeCloseTo(1, 3);
      volatilities[underlying]!.push(volatility);
    }
    expect(Math.min(...volatilities.ETH!)).toBeGreaterThan(Math.max(...volatilities.BTC!));
  });
});
