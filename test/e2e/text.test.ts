// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Do the texts for people say what the numbers are?
 *
 * @module
 */

import { formatDecimal } from "@keel/verifier";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { bps } from "../../verifier/dist/core/units.js";
import { basisLines, DOES_NOT_SAY, doesNotSay, limitLines } from "../../verifier/dist/text/policy-text.js";
import { dollars, lapsesText, percent, span, table, utc } from "../../verifier/dist/text/tables.js";

const SEED = 20260101;

describe("lapses", () => {
  it.each([
    ["none before the first attestation", { count: 0, lapses: 0, healthy: false }, "0 lapses"],
    ["those that are over while healthy", { count: 3, lapses: 1, healthy: true }, "1 lapse"],
    ["the one that is open after expiry", { count: 3, lapses: 0, healthy: false }, "0 lapses, and one now"],
  ])("are %s", (_, record, text) => expect(lapsesText(record)).toBe(text));
});

describe("amounts and ratios", () => {
  it.each([
    ["0", "0.00"],
    ["-0.5", "-0.50"],
    ["999.999", "999.99"],
    ["1000", "1,000.00"],
    ["-1234567.1234567812345678", "-1,234,567.12"],
  ])("an amount of %s USD is %s", (decimal, text) => {
    expect(dollars(decimal)).toBe(text);
  });

  it.each([
    ["0", "0 %"],
    ["0.0001", "0.01 %"],
    ["-0.0036", "-0.36 %"],
    ["0.041", "4.1 %"],
    ["0.1", "10 %"],
    ["2.9191", "291.91 %"],
    ["10", "1000 %"],
  ])("a ratio of %s is %s", (decimal, text) => {
    expect(percent(decimal)).toBe(text);
  });

  it("percent shows every basis point of every ratio", () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(2n ** 32n), max: 2n ** 32n }), (bps) => {
        const text = percent(formatDecimal(bps, 4));
        expect(text).toMatch(/^-?(0|[1-9]\d*)(\.\d{0,1}[1-9])? %$/);
        expect(text).toBe(`${formatDecimal(bps, 2)} %`);
      }),
      { seed: SEED },
    );
  });
});

describe("times", () => {
  it("are shown in UTC, and as seconds where calendars end", () => {
    expect(utc(1767225600)).toBe("2026-01-01 00:00:00 UTC");
    expect(utc(2 ** 40 - 1)).toBe("1099511627775 s");
  });

  it.each([
    [0, "0 s"],
    [59, "59 s"],
    [3600, "1 h"],
    [3605, "1 h"],
    [90061, "1 d 1 h"],
  ])("a span of %d seconds is %s", (seconds, text) => {
    expect(span(seconds)).toBe(text);
  });
});

describe("what an attestation says", () => {
  const ADDRESS = `0x${"ab".repeat(20)}` as const;
  const series = (kind: string) => `0x${kind}${"cd".repeat(31)}` as const;

  it("of each account's health, and of a source with all its accounts", () => {
    const limits = { minAccountHealthFactor: bps(11_000n), maxVenue: bps(2_500n) };
    expect(limitLines({ limits })).toEqual([
      "in each account, assets weighed by their collateral factors were at least 110 % of liabilities",
      "equity in all accounts of one source together was at most 25 % of equity",
      "equity was above zero",
    ]);
  });

  it("by which tables, and by whose word on the units", () => {
    const market = { series: series("01") };
    expect(basisLines({ market })).toEqual([
      `The policy takes tables signed by publishers, market series ${market.series}.`,
      "The fund has one unit.",
    ]);
    const feeds = { market: { series: series("02") } };
    expect(basisLines(feeds)[0]).toContain("The policy takes tables read from price feeds");
    const tail = { series: series("03") };
    expect(basisLines({ market, tail })[1]).toBe(
      `The policy takes tables signed by publishers, returns series ${tail.series}.`,
    );
    const words = (["token", "signer", "contract"] as const).map(
      (kind) => basisLines({ market, units: { kind, address: ADDRESS } })[1],
    );
    expect(words).toEqual([
      `The fund's units are the supply of share token ${ADDRESS} at that time.`,
      `The fund's units are what administrator ${ADDRESS} signed.`,
      `The fund's units are what administrator ${ADDRESS}, a contract, signed.`,
    ]);
  });

  it("and does not say what nothing was given for", () => {
    expect(doesNotSay({ notCompared: [] })).toBe(DOES_NOT_SAY);
    const text = doesNotSay({
      notCompared: [
        ...(["domain", "subject", "enrolment", "previousState", "units", "age", "marketSeries"] as const),
        ...(["tableAccepted", "standing"] as const),
      ],
    });
    for (const part of [
      ...["whose book it is", "accounts that the subject declared", "drawdown state"],
      ...["so many units", "how old the snapshot was", "the policy's series", "counts at the registry"],
      ...["a market book accepted the tables", "the record still stands"],
    ]) {
      expect(text).toContain(part);
    }
  });
});

it("tables align, numbers to the right", () => {
  expect(
    table(
      [
        ["a", "1"],
        ["bcd", "23"],
      ],
      [1],
    ),
  ).toBe("a     1\nbcd  23");
});
