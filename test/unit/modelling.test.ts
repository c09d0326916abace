// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Are the figures of docs/modelling.md those that Keel computes?
 *
 * @module
 */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { buildMarket, measure, parseSnapshot, type Snapshot } from "@keel/prover";
import { type Market, parseMarket } from "@keel/verifier";
import { describe, expect, it } from "vitest";
import { AS_OF, SUBJECT } from "../support/book.js";
import { PACKAGE } from "../support/cli.js";
import { policyOf } from "../support/policies.js";

const text = (await readFile(join(PACKAGE, "docs", "modelling.md"), "utf8")).replace(/\s+/g, " ");
const USD16 = 1e16;

const market = (underlyings: readonly string[], instruments: readonly object[], more: object = {}): Market =>
  parseMarket(JSON.stringify({ keel: "market/1", asOf: AS_OF, underlyings, instruments, ...more }));
const book = (...accounts: Readonly<Record<string, string>>[]): Snapshot =>
  parseSnapshot(
    JSON.stringify({
      keel: "snapshot/1",
      subject: SUBJECT,
      asOf: AS_OF,
      accounts: accounts.map((positions, i) => ({ id: `a${i}`, source: "Venue One", positions })),
    }),
  );
const linear = (shocks: object) => policyOf([{ name: "stress", shocks }], "portfolio-health/fund-64");
/** 1234567.5 as the page writes it. */
const shown = (value: number, places = 2): string =>
  value.toLocaleString("en-US", { minimumFractionDigits: places, maximumFractionDigits: places });
const says = (words: string) => expect(text).toContain(words);

const BTC = { id: "BTC", kind: "spot", underlying: "BTC", price: "87438.2" };
const PERP = { id: "BTC-PERP", kind: "perp", underlying: "BTC", price: "87455" };
const ETH = { id: "ETH", kind: "spot", underlying: "ETH", price: "2967.52" };
const USDC = { id: "USDC", kind: "cash", underlying: "USD", price: "1" };

describe("the page on modelling", () => {
  it("inverse contracts", () => {
    const row = { id: "BTC-PERPETUAL", kind: "perp", underlying: "BTC", price: "1", face: "10" };
    const table = market(["BTC"], [row, PERP]);
    const { netDelta, scenarioPnl } = measure(
      book({ "BTC-PERPETUAL": "-250000" }),
      table,
      linear({ BTC: "-0.3" }),
    );
    says(`a delta of ${shown(Number(netDelta) / USD16)} USD`);
    says(`it gains ${shown(Number(scenarioPnl.get("stress")!) / USD16 / 1e4)} USD`);
    expect(250_000 * (1 / (0.7 * 87_455) - 1 / 87_455) * 0.7 * 87_455).toBeCloseTo(75_000, 6);
    says(`-${(Math.ceil((250_000 / 87_455) * 1e8) / 1e8).toFixed(8)} of a row`);
  });

  it("multipliers", () => {
    const table = market(
      ["SHIB"],
      [{ id: "kSHIB", kind: "spot", underlying: "SHIB", price: "0.006904", multiplier: 1000 }],
    );
    const { equity } = measure(book({ kSHIB: "500000" }), table, linear({}));
    says(`${shown(Number(equity) / USD16)} USD at 0.006904`);
  });

  it("both legs of a hedge", () => {
    const table = market(["BTC"], [PERP]);
    const apart = measure(book({ "BTC-PERP": "2.5" }, { "BTC-PERP": "-1" }), table, linear({}));
    const netted = measure(book({ "BTC-PERP": "1.5" }), table, linear({}));
    says(
      `a net delta of ${shown(Number(apart.netDelta) / USD16)} USD and a gross exposure of ${shown(Number(apart.grossExposure) / USD16)} USD`,
    );
    says(`in one account it would be ${shown(Number(netted.grossExposure) / USD16)} USD`);
  });

  it("forwards", () => {
    const future = { id: "BTC-26JUN26", kind: "future", underlying: "BTC", price: "89905" };
    const contract = { type: "call", strike: "110000", expiry: 1782460800, impliedVolatility: "0.45" };
    const call = (price: string) => ({ id: "C", kind: "option", underlying: "BTC", price, contract });
    const delta = (rows: readonly object[]) =>
      (
        Number(buildMarket(market(["BTC"], rows), policyOf([])).instruments.at(-1)!.sensitivities!.delta) /
        1e8
      ).toFixed(8);
    says(
      `delta ${delta([BTC, future, call("4840.65")])} by the forward, ${delta([BTC, call("4107.68")])} by the spot price`,
    );
  });

  it("liquidity positions", () => {
    const shocks = { ETH: "-0.2" };
    const tokens = measure(
      book({ ETH: "16.84908610", USDC: "50000" }),
      market(["USD", "ETH"], [USDC, ETH]),
      linear(shocks),
    );
    says(`a delta of ${shown(Number(tokens.netDelta) / USD16)} USD`);
    says(`these rows lose ${shown(-Number(tokens.scenarioPnl.get("stress")!) / USD16 / 1e4)} USD`);
    says(`loses ${shown(100_000 * (1 - Math.sqrt(0.8)))} USD`);
    const [, row] = /(\{ "id": "LP-ETH-USDC".*?\] \})/.exec(text)!;
    const options = policyOf([{ name: "stress", shocks }]);
    const lp = measure(
      book({ "LP-ETH-USDC": "1000" }),
      market(["USD", "ETH"], [USDC, ETH, JSON.parse(row!)]),
      options,
    );
    says(
      `have a delta of ${shown(Number(lp.netDelta) / USD16)} USD and lose ${shown(-Number(lp.scenarioPnl.get("stress")!) / USD16 / 1e4)} USD`,
    );
  });

  it("claims at a discount", () => {
    const pt = { id: "PT-ETH", kind: "spot", underlying: "ETH", price: (2967.52 * 0.97).toFixed(4) };
    const { netDelta } = measure(book({ "PT-ETH": "100" }), market(["ETH"], [pt]), linear({}));
    says(`are ${shown(Number(netDelta) / USD16)} USD of delta`);
    says(`${shown(100 * 2967.52)} USD`);
  });

  it("accrued interest", () => says(`the quantity -${224_000 + 1250.5}`));
});
