// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Does `keel check --after` say whether a book would still be healthy, and move exactly what the trades say?
 *
 * @module
 */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { type Ended, errorOf, inFolder, keelHere, strategyArgs } from "../support/cli.js";

const BOOK = strategyArgs("eth-hedged-vault");

async function judged(trades: readonly object[] | string, ...more: string[]): Promise<Ended> {
  return await inFolder(async (folder) => {
    const file = join(folder, "trades.json");
    const text = typeof trades === "string" ? trades : JSON.stringify({ keel: "trades/1", trades });
    await writeFile(file, text);
    return await keelHere(["check", ...BOOK, "--after", file, ...more]);
  });
}

const buy = (change: object = {}) => ({ account: "main", instrument: "ETH", quantity: "10", ...change });

describe("check --after", () => {
  it("a hedged purchase keeps the book healthy, and both books are in the answer", async () => {
    const trades = [buy({ cash: "USDC" }), { account: "main", instrument: "ETH-PERP", quantity: "-10" }];
    const { code, stdout } = await judged(trades, "--json");
    expect(code).toBe(0);
    const json = JSON.parse(stdout);
    expect(Object.keys(json)).toEqual(["healthy", "metrics", "limits", "before"]);
    // Bought on credit at the market's price: as much debt more as assets, less than 1e-8 USDC of rounding.
    expect(Number(json.metrics.assets) - Number(json.before.metrics.assets)).toBeCloseTo(29_675.2, 6);
    expect(Number(json.metrics.equity) - Number(json.before.metrics.equity)).toBeCloseTo(0, 6);
    expect(Number(json.metrics.equity)).toBeLessThanOrEqual(Number(json.before.metrics.equity));
  });

  it("an unhedged one would break the policy: exit code 2, before and after beside each other", async () => {
    const { code, stdout } = await judged([buy({ quantity: "300", price: "2970", cash: "USDC" })]);
    expect(code).toBe(2);
    expect(stdout).toMatch(/Before: Healthy/);
    expect(stdout).toMatch(/After: {2}NOT healthy: breaks netDelta, maxUnderlyingDelta/);
    expect(stdout).toMatch(/netDelta +4\.1 % +16\.\d+ %/);
    expect(stdout).toContain("The policy does not say what its sources' words rest on.");
  });

  it("a deposit and a withdrawal move cash alone", async () => {
    const change = async (quantity: string): Promise<number> => {
      const { stdout } = await judged([{ account: "main", instrument: "USDT", quantity }], "--json");
      const { metrics, before } = JSON.parse(stdout);
      return Number(metrics.equity) - Number(before.metrics.equity);
    };
    expect(await change("1000")).toBeCloseTo(998.7, 6);
    expect(await change("-1000")).toBeCloseTo(-998.7, 6);
  });

  it.each([
    ["an unknown account", [buy({ account: "reserve", cash: "USDC" })], "trades.account"],
    ["an unknown instrument", [buy({ instrument: "SOL", cash: "USDC" })], "trades.instrument"],
    ["coins that nobody pays for", [buy()], "trades.cash"],
    ["payment in coins", [buy({ cash: "wstETH" })], "trades.cash"],
    ["cash that pays for itself", [buy({ instrument: "USDC", cash: "USDC" })], "trades.cash"],
    ["a perpetual with a price", [buy({ instrument: "ETH-PERP", price: "3000" })], "trades.price"],
    ["a perpetual that is paid for", [buy({ instrument: "ETH-PERP", cash: "USDC" })], "trades.cash"],
    ["a position beyond 64 bits", [buy({ instrument: "USDC", quantity: "-184467440737" })], "trades.size"],
    ["nine decimals", [buy({ quantity: "1.000000001" })], "input.decimal"],
    ["a number", [buy({ quantity: 1 })], "input.decimal"],
    ["no trade", [], "input.range"],
    ["an unknown key", [buy({ venue: "x" })], "input.unknown-key"],
    ["another file", '{ "keel": "snapshot/1" }', "file.format"],
  ])("refuses %s", async (_, trades, code) => {
    const ended = await judged(trades, "--json");
    expect([errorOf(ended).code, ended.code]).toEqual([code, 1]);
  });
});
