// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Is an option priced as the textbooks price it, and are its greeks the derivatives of that price?
 *
 * @module
 */

import { exp, logarithm, normalDistribution, type OptionTerms, valueOption } from "@keel/prover";
import fc from "fast-check";
import { describe, expect, it } from "vitest";

const SEED = 20260101;

/** A stock without dividends, as Black and Scholes wrote it: the forward is the stock's price with interest. */
function onStock(
  type: "call" | "put",
  stock: number,
  strike: number,
  rate: number,
  volatility: number,
  years: number,
) {
  const growth = Math.exp(rate * years);
  const value = valueOption({ type, forward: stock * growth, strike, years, volatility, rate });
  return {
    ...value,
    delta: value.delta * growth,
    gamma: value.gamma * growth * growth,
    theta: value.theta - rate * stock * growth * value.delta,
  };
}

const terms = fc.record({
  type: fc.constantFrom("call" as const, "put" as const),
  forward: fc.double({ min: 50, max: 200, noNaN: true }),
  strike: fc.double({ min: 50, max: 200, noNaN: true }),
  years: fc.double({ min: 0.02, max: 2, noNaN: true }),
  volatility: fc.double({ min: 0.1, max: 2, noNaN: true }),
  rate: fc.constantFrom(0, 0.05),
});

describe("published values", () => {
  it("Hull, example 15.6: S 42, K 40, 10 %, 20 %, half a year: call 4.76, put 0.81", () => {
    expect(onStock("call", 42, 40, 0.1, 0.2, 0.5).price).toBeCloseTo(4.7594, 4);
    expect(onStock("put", 42, 40, 0.1, 0.2, 0.5).price).toBeCloseTo(0.8086, 4);
  });

  it("Hull, chapter 19: S 49, K 50, 5 %, 20 %, 20 weeks: call 2.40 and its greeks", () => {
    const call = onStock("call", 49, 50, 0.05, 0.2, 0.3846);
    expect(call.price).toBeCloseTo(2.4, 2);
    expect(call.delta).toBeCloseTo(0.522, 3);
    expect(call.gamma).toBeCloseTo(0.066, 3);
    expect(call.vega).toBeCloseTo(12.1, 1);
    expect(call.theta).toBeCloseTo(-4.31, 2);
  });

  it("Hull, Black's model: F 20, K 20, 9 %, 25 %, four months: put 1.12", () => {
    const { price } = valueOption({
      type: "put",
      forward: 20,
      strike: 20,
      years: 4 / 12,
      volatility: 0.25,
      rate: 0.09,
    });
    expect(price).toBeCloseTo(1.12, 2);
  });

  it.each([
    [0, 0.5],
    [1, 0.8413447460685429],
    [1.959963984540054, 0.975],
    [-3, 0.0013498980316300933],
    [5, 0.9999997133484281],
    [-9, 0],
    [9, 1],
  ])("the normal distribution below %d is %d", (x, share) => {
    expect(normalDistribution(x)).toBeCloseTo(share, 14);
  });
});

describe("arithmetic of its own", () => {
  it("agrees with the engine's exponential and logarithm to 1e-14", () => {
    fc.assert(
      fc.property(fc.double({ min: -300, max: 300, noNaN: true }), (x) => {
        expect(Math.abs(exp(x) / Math.exp(x) - 1)).toBeLessThan(1e-13);
        expect(Math.abs(logarithm(Math.exp(x)) - x)).toBeLessThan(1e-12);
      }),
      { seed: SEED },
    );
    expect([exp(0), exp(-1000), logarithm(1)]).toEqual([1, 0, 0]);
  });
});

describe("properties", () => {
  it("put-call parity: call less put is the discounted forward less the strike", () => {
    fc.assert(
      fc.property(terms, (option) => {
        const call = valueOption({ ...option, type: "call" });
        const put = valueOption({ ...option, type: "put" });
        const parity = Math.exp(-option.rate * option.years) * (option.forward - option.strike);
        expect(call.price - put.price).toBeCloseTo(parity, 9);
        expect(call.gamma).toBeCloseTo(put.gamma, 12);
        expect(call.vega).toBeCloseTo(put.vega, 9);
      }),
      { seed: SEED },
    );
  });

  it("greeks are the finite differences of the price", () => {
    const slope = (option: OptionTerms, name: "forward" | "volatility" | "years", step: number): number => {
      const at = (shift: number): number =>
        valueOption({ ...option, [name]: (option[name] as number) + shift }).price;
      return (at(step) - at(-step)) / (2 * step);
    };
    fc.assert(
      fc.property(terms, (option) => {
        const value = valueOption(option);
        const close = (found: number, expected: number) =>
          expect(Math.abs(found - expected)).toBeLessThan(1e-4 + 1e-3 * Math.abs(expected));
        close(slope(option, "forward", 1e-3), value.delta);
        close(slope(option, "volatility", 1e-5), value.vega);
        close(-slope(option, "years", 1e-5), value.theta);
        const deltaAt = (shift: number) => valueOption({ ...option, forward: option.forward + shift }).delta;
        close((deltaAt(1e-3) - deltaAt(-1e-3)) / 2e-3, value.gamma);
      }),
      { seed: SEED, numRuns: 300 },
    );
  });

  it("an option is worth at least its exercise and at most the underlying or the strike", () => {
    fc.assert(
      fc.property(terms, ({ rate: _, ...option }) => {
        const { price } = valueOption(option);
        const sign = option.type === "call" ? 1 : -1;
        expect(price).toBeGreaterThanOrEqual(sign * (option.forward - option.strike) - 1e-9);
        expect(price).toBeLessThanOrEqual((option.type === "call" ? option.forward : option.strike) + 1e-9);
      }),
      { seed: SEED },
    );
  });

  it.each([
    ["no volatility", { volatility: 0, years: 1, forward: 120 }, 20, 0],
    ["no time", { volatility: 1, years: 0, forward: 70 }, 0, 30],
    ["nothing left of the underlying", { volatility: 1, years: 1, forward: 0 }, 0, 100],
  ])("with %s it is worth its exercise", (_, given, call, put) => {
    expect(valueOption({ type: "call", strike: 100, ...given }).price).toBe(call);
    expect(valueOption({ type: "put", strike: 100, ...given }).price).toBe(put);
  });
});
