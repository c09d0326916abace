// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Is a price move the nearest one that meets a limit: does the limit hold after it, and break a basis point further?
 *
 * @module
 */
import { assess, headroom } from "@keel/prover";
import { formatDecimal, type Limits } from "@keel/verifier";
import { describe, expect, it } from "vitest";
import { book, seededRandom } from "../support/book.js";

const SEED = 20260101;
const PRICES: Readonly<Record<string, bigint>> = { ETH: 3000n, BTC: 90_000n };
const SCENARIOS = [
  { name: "down", shocks: { ETH: "-0.3", BTC: "-0.2" } },
  { name: "up", shocks: { ETH: "0.4", BTC: "0.3" } },
];

interface Holdings {
  /** Whole coins; negative is owed or short. */
  readonly coins: Readonly<Record<string, bigint>>;
  readonly perps: Readonly<Record<string, bigint>>;
  /** Whole dollars that count fully, enough for every loss of a perpetual. */
  readonly dollars: bigint;
  readonly debt: bigint;
}

/** The book after one price has moved, its perpetuals settled in dollars. */
function movedBook(
  { coins, perps, dollars, debt }: Holdings,
  limits: Readonly<Record<string, unknown>>,
  underlying: string,
  bps: bigint,
) {
  const price = (name: string): bigint => PRICES[name]! * (10_000n + (name === underlying ? bps : 0n));
  const instruments = Object.keys(PRICES).flatMap((name) => [
    {
      id: name,
      kind: "spot",
      underlying: name,
      price: formatDecimal(price(name), 4),
      collateralFactor: "0.8",
    },
    { id: `${name}-PERP`, kind: "perp", underlying: name, price: formatDecimal(price(name), 4) },
  ]);
  const settled = perps[underlying]! * PRICES[underlying]! * bps;
  const amounts = (list: Readonly<Record<string, bigint>>, suffix = "") =>
    Object.fromEntries(Object.entries(list).map(([name, value]) => [name + suffix, `${value}`]));
  const { snapshot, market, policy } = book({
    ...("minAccountHealthFactor" in limits ? { circuit: "portfolio-health/fund-64" } : {}),
    instruments: [
      { id: "USD", kind: "cash", underlying: "USD", price: "1", collateralFactor: "1" },
      { id: "LOAN", kind: "cash", underlying: "USD", price: "1" },
      ...instruments,
    ],
    limits,
    ...("maxStressLoss" in limits ? { scenarios: SCENARIOS } : {}),
    positions: {
      USD: formatDecimal(dollars * 10_000n + settled, 4),
      LOAN: `${-debt}`,
      ...amounts(coins),
      ...amounts(perps, "-PERP"),
    },
  });
  return { assessment: assess(snapshot, market, policy), snapshot, market, policy };
}

describe("a price move", () => {
  it("is the nearest that meets the limit, to the basis point", () => {
    console.info(`random books: seed ${SEED}`);
    const random = seededRandom(SEED);
    const between = (low: number, high: number): bigint => BigInt(low + random(high - low));
    const share = (most: number): string => formatDecimal(between(1, most), 4);
    const seen = new Map<string, number>();
    for (let n = 0; n < 20; n++) {
      const holdings: Holdings = {
        coins: { ETH: between(-100, 900), BTC: between(-5, 30) },
        perps: { ETH: between(-900, 300), BTC: between(-30, 10) },
        dollars: between(40_000_000, 60_000_000),
        debt: between(30_000_000, 45_000_000),
      };
      const limits = {
        minCollateralRatio: `1.${between(0, 9)}`,
        minHealthFactor: `1.${between(0, 9)}`,
        minAccountHealthFactor: `1.${between(0, 9)}`,
        maxLeverage: share(20_000),
        netDelta: [`-${share(9_000)}`, share(9_000)],
        maxUnderlyingDelta: share(9_000),
        maxVenue: "1",
        maxStressLoss: share(3_000),
        minEquity: `${between(0, 20_000_000)}`,
      };
      const { assessment, ...parts } = movedBook(holdings, limits, "ETH", 0n);
      for (const { name, move } of headroom(assessment, parts)) {
        if (move === undefined) continue;
        const only = { [name]: limits[name as keyof typeof limits] };
        const holds = (underlying: string, bps: bigint): boolean =>
          movedBook(holdings, only, underlying, bps)
            .assessment.limits.filter((limit) => limit.name === name)
            .every(({ ok }) => ok);
        const label = `seed ${SEED}, book ${n}, ${name}`;
        const size = move.bps < 0n ? -move.bps : move.bps;
        expect(holds(move.underlying, move.bps), label).toBe(true);
        // At 0 either way may be the one that leads out.
        const further = move.bps === 0n ? [1n, -1n] : [move.bps < 0n ? move.bps - 1n : move.bps + 1n];
        expect(
          further.every((bps) => holds(move.underlying, bps)),
          label,
        ).toBe(false);
        const nearer = Object.keys(PRICES).flatMap((other) => [
          holds(other, size),
          size >= 10_000n || holds(other, -size),
        ]);
        expect(nearer.filter((ok) => !ok).length, label).toBe(0);
        seen.set(name, (seen.get(name) ?? 0) + 1);
      }
    }
    const names: (keyof Limits)[] = ["minCollateralRatio", "minHealthFactor", "maxLeverage", "netDelta"];
    for (const name of [
      ...names,
      "minAccountHealthFactor",
      "maxUnderlyingDelta",
      "maxStressLoss",
      "minEquity",
    ]) {
      expect(seen.get(name), name).toBeGreaterThan(1);
    }
  });
});
