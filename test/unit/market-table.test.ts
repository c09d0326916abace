// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Is a market with options read only over the scenarios that its P&L was computed for, and is the refusal the right one?
 *
 * @module
 */

import { KeelError, type Market, marketTable, type Policy } from "@keel/verifier";
import { expect, it } from "vitest";
import { book, INSTRUMENTS, SCENARIOS } from "../support/book.js";

const OPTION = {
  ...{ id: "ETH-CALL", kind: "option", underlying: "ETH", price: "150" },
  ...{ delta: "0.5", gamma: "0.001", vega: "2", theta: "-1", pnl: ["-140", "900"] },
};
const { market, policy } = book({
  circuit: "portfolio-health/options-64",
  limits: { maxStressLoss: "0.5" },
  instruments: [...INSTRUMENTS, OPTION],
});
const place = INSTRUMENTS.length;

function refusalOf(changed: Market, by: Policy = policy) {
  try {
    marketTable(changed, by);
  } catch (error) {
    if (!(error instanceof KeelError)) throw error;
    const { kind, code, path } = error;
    return { kind, code, path };
  }
  return expect.unreachable("the table was read");
}

/** The market with some of its option's numbers replaced. */
function withOption(change: Readonly<Record<string, unknown>>): Market {
  const instruments = market.instruments.map((row) =>
    row.kind === "option" ? { ...row, sensitivities: { ...row.sensitivities!, ...change } } : row,
  );
  return { ...market, instruments } as Market;
}

it("takes P&L of the policy's own scenarios, as they stand there", () => {
  const row = marketTable(market, policy).options!.sensitivity[place]!;
  expect(row.slice(4, 6)).toEqual([-140n * 10n ** 8n, 900n * 10n ** 8n]);
});

it("refuses P&L of other scenarios of the same number, by the root of the scenarios", () => {
  const [first, ...others] = policy.scenarios;
  const other = { ...policy, scenarios: [{ ...first!, shocks: new Map([["ETH", -3_001n]]) }, ...others] };
  const wrong = { kind: "input", code: "market.option", path: "market.scenarioRoot" };
  expect(refusalOf(market, other as Policy)).toEqual(wrong);
  const { scenarioRoot: _, ...unrooted } = market;
  expect(refusalOf(unrooted as Market)).toEqual(wrong);
});

it("refuses another number of them, by the option's place", () => {
  const wrong = { kind: "input", code: "market.option", path: `market.instruments[${place}].pnl` };
  const pnl = SCENARIOS.map(() => 1n);
  expect(refusalOf(withOption({ pnl: pnl.slice(1) }))).toEqual(wrong);
  expect(refusalOf(withOption({ pnl: [...pnl, 1n] }))).toEqual(wrong);
});

it("takes sensitivities below 2^64 in USD 1e-8 only, on both sides", () => {
  const most = 2n ** 64n - 1n;
  expect(() => marketTable(withOption({ vega: most, theta: -most }), policy)).not.toThrow();
  for (const vega of [most + 1n, -most - 1n]) {
    const wrong = { kind: "input", code: "market.option", path: `market.instruments[${place}]` };
    expect(refusalOf(withOption({ vega }))).toEqual(wrong);
  }
});
