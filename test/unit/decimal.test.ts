// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Are amounts read exactly or refused, never guessed? (attack 30)
 *
 * @module
 */

import { ceilDiv, type DecimalFormat, floorDiv, formatDecimal, parseDecimal } from "@keel/verifier";
import fc from "fast-check";
import { describe, expect, it } from "vitest";

const FLOOR: DecimalFormat = { places: 8, bits: 64, signed: true, excess: "floor" };
const EXACT: DecimalFormat = { places: 4, bits: 32, signed: false, excess: "refuse" };
const SEED = 20261121;

const value = (text: unknown, format = FLOOR): bigint | string => {
  const result = parseDecimal(text, format);
  return result.ok ? result.value : result.received;
};

describe("8, 30 parseDecimal", () => {
  it.each([
    ["0", 0n],
    ["12.5", 1_250_000_000n],
    ["-12.50", -1_250_000_000n],
    ["184467440737.09551615", 2n ** 64n - 1n],
    ["-184467440737.09551615", -(2n ** 64n) + 1n],
    ["0.00000001", 1n],
    ["0.000000000000", 0n],
  ])("reads %s", (text, expected) => expect(value(text)).toBe(expected));

  it.each([
    ["1.999999999", 199_999_999n],
    ["0.000000001", 0n],
    ["-0.000000001", -1n],
    ["-1.999999999", -200_000_000n],
    ["-1.990000000", -199_000_000n],
  ])("rounds %s against the prover", (text, expected) => expect(value(text)).toBe(expected));

  it.each([
    [1.5, "a number (write it as a string)"],
    [2 ** 53 + 2, "a number (write it as a string)"],
    [Number.NaN, "a number (write it as a string)"],
    [null, "null"],
    [undefined, "nothing"],
    [true, "a boolean"],
    [["1"], "a list"],
    ["", "empty text"],
    ["1e21", "text with an exponent"],
    ["1E3", "text with an exponent"],
    ["+5", "text with a plus sign"],
    ["007", "text with a leading zero"],
    ["-01", "text with a leading zero"],
    ["00", "text with a leading zero"],
    [".5", "text without a digit on both sides of the point"],
    ["5.", "text without a digit on both sides of the point"],
    ["1,000", "text with a separator between digits"],
    ["1_000", "text with a separator between digits"],
    ["1 000", "text with a separator between digits"],
    [" 1", "text with white space around it"],
    ["1\n", "text with white space around it"],
    ["0x10", "text in another base than ten"],
    ["NaN", "text that is not a decimal number"],
    ["Infinity", "text that is not a decimal number"],
    ["١٢", "text that is not a decimal number"],
    ["１", "text that is not a decimal number"],
    ["=1+1", "text that is not a decimal number"],
    ["--1", "text that is not a decimal number"],
    ["-0", "minus zero"],
    ["-0.00", "minus zero"],
    ["184467440737.09551616", "a magnitude of more than 64 bits"],
    ["9".repeat(101), "text of 101 characters"],
  ])("refuses %j as %s", (text, received) => expect(value(text)).toBe(received));

  it("refuses more places and a sign where they are not allowed", () => {
    expect(value("1.5", EXACT)).toBe(15_000n);
    expect(value("1.23456", EXACT)).toBe("5 decimal places");
    expect(value("-1", EXACT)).toBe("a negative number");
  });

  it("is the inverse of formatDecimal", () => {
    fc.assert(
      fc.property(fc.bigInt(-(2n ** 64n) + 1n, 2n ** 64n - 1n), (scaled) => {
        expect(value(formatDecimal(scaled, 8))).toBe(scaled);
      }),
      { seed: SEED },
    );
  });
});

describe("division", () => {
  it("rounds down and up, also below zero", () => {
    fc.assert(
      fc.property(fc.bigInt(-1000n, 1000n), fc.bigInt(1n, 50n), (a, b) => {
        const low = floorDiv(a, b);
        expect(low * b <= a && a < (low + 1n) * b).toBe(true);
        expect(ceilDiv(a, b)).toBe(low * b === a ? low : low + 1n);
      }),
      { seed: SEED },
    );
  });
});
