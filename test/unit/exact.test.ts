// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Are numbers of responses read to the last digit, and rounded the way that is written down?
 *
 * @module
 */

import { describe, expect, it } from "vitest";
import {
  absolute,
  difference,
  isAtMost,
  negated,
  parseExact,
  product,
  scaledExact,
  sum,
  toQuantity,
} from "../../prover/dist/book/importers/exact.js";
import { ONE, PLACES, positive, rounded, scaled, secondsOf } from "../../prover/dist/market-data/numbers.js";
import { refusalOf } from "../support/refusal.js";

describe("an exact number", () => {
  const exact = (text: string) => {
    const { value, places } = parseExact(text)!;
    return [value, places];
  };

  it("is its digits and how many of them stand behind the point", () => {
    expect(exact("-12.50")).toEqual([-1250n, 2]);
    expect(exact(".5")).toEqual([5n, 1]);
    expect(exact("5.")).toEqual([5n, 0]);
    expect(exact("1.5e3")).toEqual([1500n, 0]);
    expect(exact("12e2")).toEqual([1200n, 0]);
    expect(exact("1.5e1")).toEqual([15n, 0]);
    expect(exact("1.5e-3")).toEqual([15n, 4]);
    expect(exact("2E+1")).toEqual([20n, 0]);
  });

  it("is none without a digit, with too many, or too far from the point", () => {
    for (const text of ["", ".", "-", "e5", "1e", "0x1", "1,5", "١"])
      expect(parseExact(text), text).toBeUndefined();
    expect(parseExact("1".repeat(100))).toBeDefined();
    expect(parseExact("1".repeat(101))).toBeUndefined();
    expect(exact("1e100")).toEqual([10n ** 100n, 0]);
    expect(parseExact("1e101")).toBeUndefined();
    expect(exact("1e-100")).toEqual([1n, 100]);
    expect(parseExact("1e-101")).toBeUndefined();
    expect(exact("0e101")).toEqual([0n, 0]);
  });

  it("is added, multiplied and compared whatever places each has", () => {
    const of = scaledExact;
    const sameAs = (a: ReturnType<typeof of>, text: string): void => {
      const b = parseExact(text)!;
      expect([isAtMost(a, b), isAtMost(b, a)], text).toEqual([true, true]);
    };
    sameAs(sum(of(15n, 1), of(25n, 2), of(-1n, 0)), "0.75");
    sameAs(difference(of(1n, 0), of(25n, 2)), "0.75");
    sameAs(product(of(15n, 1), of(25n, 2)), "0.375");
    sameAs(negated(of(5n, 1)), "-0.5");
    sameAs(absolute(of(-5n, 1)), "0.5");
    sameAs(absolute(of(5n, 1)), "0.5");
    expect(isAtMost(of(5n, 1), of(51n, 2))).toBe(true);
    expect(isAtMost(of(51n, 2), of(5n, 1))).toBe(false);
  });

  it("becomes a quantity of 1e-8, rounded down, and none beyond 2^64", () => {
    expect(toQuantity(scaledExact(123_456_789n, 9))).toBe(12_345_678n);
    expect(toQuantity(scaledExact(-123_456_789n, 9))).toBe(-12_345_679n);
    expect(toQuantity(scaledExact(1n, 0), scaledExact(3n, 0))).toBe(33_333_333n);
    expect(toQuantity(scaledExact(2n ** 64n - 1n, 8))).toBe(2n ** 64n - 1n);
    expect(toQuantity(scaledExact(2n ** 64n, 8))).toBeUndefined();
    expect(toQuantity(scaledExact(-(2n ** 64n) + 1n, 8))).toBe(-(2n ** 64n) + 1n);
    expect(toQuantity(scaledExact(-(2n ** 64n), 8))).toBeUndefined();
  });
});

describe("a number of market data", () => {
  it("has thirty-six places, and is cut off behind them", () => {
    expect(PLACES).toBe(36);
    expect(scaled("1", "p")).toBe(ONE);
    expect(scaled("-1.5e2", "p")).toBe(-150n * ONE);
    expect(scaled(`0.${"0".repeat(35)}19`, "p")).toBe(1n);
    expect(scaled("19e-37", "p")).toBe(1n);
    expect(scaled("19e-38", "p")).toBe(0n);
    expect(scaled("1e36", "p")).toBe(ONE * ONE);
    expect(refusalOf(() => scaled("1e37", "p"))).toBe("data.number p");
  });

  it("is a text of at most sixty signs", () => {
    expect(scaled(`1.${"0".repeat(58)}`, "p")).toBe(ONE);
    expect(refusalOf(() => scaled(`1.${"0".repeat(59)}`, "p"))).toBe("data.number p");
    for (const value of ["", "x", "1,5", null, true, {}])
      expect(refusalOf(() => scaled(value, "p"))).toBe("data.number p");
  });

  it("is positive only above zero", () => {
    expect(positive("1e-36", "p")).toBe(1n);
    for (const value of ["0", "-1e-36"]) expect(refusalOf(() => positive(value, "p"))).toBe("data.number p");
  });

  it("is rounded to the nearest, halves away from zero", () => {
    const at = (text: string): bigint => rounded(scaled(text, "p"), 2);
    expect([at("0.004"), at("0.005"), at("0.0149"), at("0.015")]).toEqual([0n, 1n, 1n, 2n]);
    expect([at("-0.004"), at("-0.005"), at("-0.0149"), at("-0.015")]).toEqual([0n, -1n, -1n, -2n]);
  });

  it("of milliseconds is cut off to whole seconds", () => {
    expect(secondsOf("1800000000999", "p")).toBe(1_800_000_000);
    expect(secondsOf("1000000001000", "p")).toBe(1_000_000_001);
    expect(secondsOf(`${2n ** 40n - 1n}999`, "p")).toBe(2 ** 40 - 1);
    for (const time of ["1000000000999", `${2n ** 40n}000`, "1800000000"]) {
      expect(refusalOf(() => secondsOf(time, "p"))).toBe("data.time p");
    }
  });
});
