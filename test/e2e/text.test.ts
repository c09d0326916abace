// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Do the texts for people say what the numbers are?
 *
 * @module
 */
import fc from "fast-check";
import { formatDecimal } from "keel/verifier";
import { describe, expect, it } from "vitest";
import { dollars, percent, span, table, utc } from "../../dist/cli/tables.js";

const SEED = 20260101;

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
