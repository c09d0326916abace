// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Are returns tables and tail-risk limits read strictly, and refused by name?
 *
 * @module
 */

import {
  annualCovariance,
  parsePolicy,
  parseReturns,
  returnsTable,
  tailCircuitOf,
  withReturns,
} from "@keel/verifier";
import { describe, expect, it } from "vitest";
import { book, randomReturns, returnsText, SOURCE, seededRandom } from "../support/book.js";
import { codeOf } from "../support/refusal.js";

const UNDERLYINGS = ["USD", "ETH", "BTC"];
const TEXT = returnsText(UNDERLYINGS, 1_767_225_600, randomReturns(seededRandom(5), 3));

/** The table with one part replaced. */
function changed(part: string, value: unknown): string {
  return JSON.stringify({ ...JSON.parse(TEXT), [part]: value });
}

describe("returns/1", () => {
  it.each([
    [
      "input.length",
      "daily",
      [
        ["0", "0.1"],
        ["0", "0.1", "0"],
      ],
      "returns.length",
    ],
    [
      "below a total loss",
      "daily",
      [
        ["0", "-1.0001", "0"],
        ["0", "0", "0"],
      ],
      "returns.range",
    ],
    [
      "beyond what 15 bits hold",
      "daily",
      [
        ["0", "2.2768", "0"],
        ["0", "0", "0"],
      ],
      "returns.range",
    ],
    [
      "five places",
      "daily",
      [
        ["0", "0.00001", "0"],
        ["0", "0", "0"],
      ],
      "input.decimal",
    ],
    ["one day", "daily", [["0", "0", "0"]], "input.range"],
    ["a missing row", "covariance", [["0"], ["0", "1"]], "returns.length"],
    [
      "a square matrix",
      "covariance",
      [
        ["0", "0", "0"],
        ["0", "1", "0"],
        ["0", "0", "1"],
      ],
      "returns.length",
    ],
    ["a negative variance", "covariance", [["0"], ["0", "-1"], ["0", "0", "1"]], "returns.covariance"],
    ["a correlation above one", "covariance", [["0"], ["0", "1"], ["0", "1.1", "1"]], "returns.covariance"],
    ["a name twice", "underlyings", ["USD", "ETH", "ETH"], "input.duplicate"],
    ["another key", "mean", "0", "input.unknown-key"],
  ])("30, 31 refuses %s", (_, part, value, expected) => {
    expect(codeOf(() => parseReturns(changed(part, value)))).toBe(expected);
  });

  it("takes the ends of the ranges", () => {
    const ends = [
      ["0", "-1", "2.2767"],
      ["0", "0", "0"],
    ];
    expect(parseReturns(changed("daily", ends)).daily[0]).toEqual([0n, -10_000n, 22_767n]);
  });

  it("32 fits only its own list of underlyings and a circuit of its days", () => {
    const { market } = book();
    const returns = parseReturns(TEXT);
    expect(withReturns(market, returns).returns).toBe(returns);
    const other = parseReturns(changed("underlyings", ["USD", "BTC", "ETH"]));
    expect(codeOf(() => withReturns(market, other))).toBe("returns.underlyings");
    expect(codeOf(() => returnsTable(returns, tailCircuitOf("tail-risk/250").shape))).toBe("returns.days");
    const small = { ...tailCircuitOf("tail-risk/64").shape, underlyings: 2 };
    expect(codeOf(() => returnsTable(returns, small))).toBe("circuit.size");
  });

  it("has another root for another number, day, time or list", () => {
    const { shape } = tailCircuitOf("tail-risk/64");
    const rootOf = (text: string): bigint => returnsTable(parseReturns(text), shape).root;
    const { daily, covariance } = JSON.parse(TEXT);
    const roots = [
      TEXT,
      changed("asOf", 1_767_225_601),
      changed("underlyings", ["USD", "BTC", "ETH"]),
      changed("daily", daily.toReversed()),
      changed("covariance", [["0"], ["0", "9"], ["0", "0", "9"]]),
      changed("covariance", covariance.with(1, ["0", "9"])),
    ].map(rootOf);
    expect(new Set(roots).size).toBe(roots.length);
  });

  it("has the covariances of its days: 365 times the sample's", () => {
    // By hand: returns of 1% and 3%, mean 2%, sample variance 0.0002; the other moves against it, twice as far.
    const covariance = annualCovariance([
      [100n, -200n],
      [300n, -600n],
    ]);
    expect(covariance).toEqual([[73_000_000_000n], [-146_000_000_000n, 292_000_000_000n]]);
  });
});

describe("a policy's tail-risk limits", () => {
  const policy = (limits: object, tail?: object, circuit = "portfolio-health/spot-16"): string =>
    JSON.stringify({
      ...{
        keel: "policy/2",
        name: "tail",
        circuit,
        limits,
        tail,
        market: { series: `0x01${"0".repeat(62)}` },
      },
      sources: [{ name: "One", key: SOURCE.publicKey.map(String) }],
      ...{ maxAge: 1, validity: 1, maxMarketSkew: 1, minInterval: 1 },
    });
  const TAIL = {
    circuit: "tail-risk/spot-64",
    maxReturnsSkew: 86_400,
    series: `0x03${"0".repeat(62)}`,
  };

  it.each([
    ["a limit without a circuit", { maxVolatility: "1" }, undefined, "policy.limit"],
    ["a circuit without a limit", {}, TAIL, "policy.tail"],
    [
      "a circuit for another tier",
      { maxVolatility: "1" },
      { ...TAIL, circuit: "tail-risk/64" },
      "policy.tail",
    ],
    ["an unknown circuit", { maxVolatility: "1" }, { ...TAIL, circuit: "tail-risk/65" }, "circuit.unknown"],
    ["a volatility that no proof reaches", { maxVolatility: "104.8576" }, TAIL, "policy.limit"],
    ["a confidence of one", { maxExpectedShortfall: { "1": "1" } }, TAIL, "policy.confidence"],
    ["a confidence of zero", { maxExpectedShortfall: { "0": "1" } }, TAIL, "policy.confidence"],
    ["a confidence that is no decimal", { maxExpectedShortfall: { high: "1" } }, TAIL, "policy.confidence"],
    ["one confidence twice", { maxExpectedShortfall: { "0.9": "1", "0.90": "1" } }, TAIL, "input.duplicate"],
    ["no level", { maxExpectedShortfall: {} }, TAIL, "policy.confidence"],
    [
      "more levels than there is room for",
      { maxExpectedShortfall: { "0.9": "1", "0.95": "1", "0.97": "1", "0.99": "1" } },
      TAIL,
      "circuit.size",
    ],
  ])("refuses %s", (_, limits, tail, expected) => {
    expect(codeOf(() => parsePolicy(policy(limits, tail)))).toBe(expected);
  });

  it("are sorted by confidence", () => {
    const limits = { maxExpectedShortfall: { "0.99": "0.2", "0.9": "0.1" }, maxVolatility: "104.8575" };
    expect(parsePolicy(policy(limits, TAIL)).limits.maxExpectedShortfall).toEqual([
      { confidence: 9_000n, limit: 1_000n },
      { confidence: 9_900n, limit: 2_000n },
    ]);
  });
});
