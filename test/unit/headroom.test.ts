// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Is a room the largest amount for which the limit still holds: met by it, broken by 1e-16 USD more?
 *
 * @module
 */

import {
  type AccountSums,
  type Assessment,
  assess,
  headroom,
  judge,
  judgeTail,
  type Metrics,
  type Room,
  shortfallUsd,
  volatility,
} from "@keel/prover";
import type { Limits } from "@keel/verifier";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { book } from "../support/book.js";

const SEED = 20260101;
const usd = (least: number, most: number) =>
  fc.bigInt({ min: BigInt(least) * 10n ** 16n, max: BigInt(most) * 10n ** 16n });
const ratio = fc.bigInt({ min: 1n, max: 60_000n });

const metrics = fc
  .record({
    liabilities: usd(0, 5_000_000),
    equity: usd(1, 5_000_000),
    grossExposure: usd(0, 9_000_000),
    eth: usd(-3_000_000, 3_000_000),
    btc: usd(-3_000_000, 3_000_000),
    venue: usd(-1_000_000, 4_000_000),
    owed: usd(1, 2_000_000),
    pledged: fc.bigInt({ min: 0n, max: 60_000n }),
    factor: fc.bigInt({ min: 0n, max: 10_000n }),
    pnl: fc.bigInt({ min: -(10n ** 26n), max: 10n ** 26n }),
    greek: usd(-1_000_000, 1_000_000),
    units: fc.bigInt({ min: 1n, max: 10n ** 14n }),
  })
  .map(({ eth, btc, venue, owed, pledged, factor, pnl, greek, ...sums }) => {
    const assets = sums.liabilities + sums.equity;
    return {
      ...sums,
      assets,
      collateral: assets * factor,
      netDelta: eth + btc,
      underlyingDelta: new Map([
        ["USD", 0n],
        ["ETH", eth],
        ["BTC", btc],
      ]),
      venueEquity: new Map([
        ["main", venue],
        ["second", sums.equity - venue],
      ]),
      // The first account is the worst: nobody else owes.
      accounts: new Map([
        ["main", { assets: 0n, liabilities: owed, equity: 0n, collateral: owed * pledged }],
        ["second", { assets: 0n, liabilities: 0n, equity: 0n, collateral: 0n }],
      ]),
      scenarioPnl: new Map([
        ["ETH -30%", pnl],
        ["all +50%", -pnl],
      ]),
      greeks: { gamma: greek, vega: greek / 2n, theta: -greek },
    } as unknown as Metrics;
  });

const limits = fc.record({
  minCollateralRatio: ratio,
  minHealthFactor: ratio,
  minAccountHealthFactor: ratio,
  maxLeverage: ratio,
  netDelta: fc.tuple(fc.bigInt({ min: -20_000n, max: 0n }), fc.bigInt({ min: 1n, max: 20_000n })),
  maxUnderlyingDelta: ratio,
  maxVenue: ratio,
  maxGamma: ratio,
  maxVega: ratio,
  maxTheta: ratio,
  maxStressLoss: ratio,
  maxDrawdown: fc.bigInt({ min: 0n, max: 10_000n }),
  minEquity: fc.bigInt({ min: 0n, max: 10n ** 15n }),
}) as unknown as fc.Arbitrary<Limits>;

const mark = fc.record({
  equity: usd(1, 5_000_000),
  units: fc.bigInt({ min: 1n, max: 10n ** 14n }),
});

type Mutable = { -readonly [K in keyof Metrics]: Metrics[K] };

/** The metrics after the addition that a room speaks of. */
function added(given: Metrics, { name, add }: Room, worst: string | undefined, amount: bigint): Metrics {
  const plus = (value: bigint): bigint => (value < 0n ? value - amount : value + amount);
  const replaced = (map: ReadonlyMap<string, bigint>, change: (value: bigint) => bigint) =>
    new Map([...map].map(([key, value]) => [key, key === worst ? change(value) : value]));
  const after = { ...given } as Record<keyof Mutable, unknown>;
  switch (add!.of) {
    case "debt":
      after.liabilities = given.liabilities + amount;
      after.accounts = ofAccount(given, worst, ({ liabilities }) => ({ liabilities: liabilities + amount }));
      break;
    case "grossExposure":
      after.grossExposure = given.grossExposure + amount;
      break;
    case "delta":
      if (name === "netDelta") after.netDelta = given.netDelta + amount;
      else after.underlyingDelta = replaced(given.underlyingDelta, plus);
      break;
    case "venueEquity":
      after.venueEquity = replaced(given.venueEquity, (value) => value + amount);
      break;
    case "scenarioLoss":
      after.scenarioPnl = replaced(given.scenarioPnl, (value) => value - amount * 10_000n);
      break;
    default:
      after.greeks = { ...given.greeks!, [add!.of]: plus(given.greeks![add!.of as "gamma"]) };
  }
  return after as unknown as Metrics;
}

/** The accounts with one of them changed. */
function ofAccount(
  { accounts }: Metrics,
  name: string | undefined,
  change: (sums: AccountSums) => Partial<Record<keyof AccountSums, bigint>>,
) {
  return new Map([...accounts].map(([id, sums]) => [id, id === name ? { ...sums, ...change(sums) } : sums]));
}

/** The metrics after a loss of assets that count fully, in the worst account where that is asked for. */
function lost(given: Metrics, worst: string | undefined, amount: bigint): Metrics {
  return {
    ...given,
    accounts: ofAccount(given, worst, ({ collateral }) => ({ collateral: collateral - amount * 10_000n })),
    assets: given.assets - amount,
    equity: given.equity - amount,
    collateral: given.collateral - amount * 10_000n,
  } as unknown as Metrics;
}

/** Of the book only the consumers are asked for; its price moves have a test of their own. */
const book0 = book({ positions: {} });

describe("a room", () => {
  it("is exact: the limit holds with it and breaks with a unit more", () => {
    const counts = { add: 0, lose: 0, negative: 0 };
    fc.assert(
      fc.property(metrics, limits, mark, (given, set, high) => {
        const judged = judge(given, set, high);
        const assessment: Assessment = { healthy: true, metrics: given, limits: judged };
        for (const [i, room] of headroom(assessment, book0, high).entries()) {
          const result = judged[i]!;
          const holds = (after: Metrics): boolean =>
            judge(after, { [room.name]: set[room.name] }, high).find(({ name }) => name === room.name)!.ok;
          if (room.add !== undefined) {
            const { value } = room.add;
            expect(value >= 0n, `${room.name} add`).toBe(result.ok);
            // Taking back more than there is has no meaning; the sign has been checked.
            if (value < 0n) counts.negative += 1;
            else {
              const direction = room.name === "netDelta" && !towardsHigh(given, set) ? -1n : 1n;
              counts.add += 1;
              expect(holds(added(given, room, result.worst, direction * value)), `${room.name} add`).toBe(
                true,
              );
              const more = added(given, room, result.worst, direction * (value + 1n));
              expect(holds(more), `${room.name} add, a unit more`).toBe(false);
            }
          }
          if (room.lose !== undefined && room.lose >= 0n && room.lose < given.equity) {
            counts.lose += 1;
            expect(holds(lost(given, result.worst, room.lose)), `${room.name} lose`).toBe(true);
            const more = lost(given, result.worst, room.lose + 1n);
            if (more.equity > 0n) expect(holds(more), `${room.name} lose, a unit more`).toBe(false);
          }
        }
      }),
      { seed: SEED, numRuns: 500 },
    );
    expect(Math.min(counts.add, counts.lose, counts.negative)).toBeGreaterThan(300);
  });
});

function towardsHigh({ equity, netDelta }: Metrics, { netDelta: band }: Limits): boolean {
  const [low, high] = band!;
  return high * equity - netDelta * 10_000n <= netDelta * 10_000n - low * equity;
}

describe("consumers", () => {
  it("are the largest parts, in the direction that counts, three at most", () => {
    const given = book({ positions: { ETH: "10", BTC: "0.2", USDC: "-13000", "ETH-PERP": "-9" } });
    const assessment = assess(given.snapshot, given.market, given.policy);
    const rooms = new Map(headroom(assessment, given).map((room) => [room.name, room]));
    const names = (name: string) => rooms.get(name as keyof Limits)!.instruments.map((part) => part.name);
    expect(names("maxLeverage")).toEqual(["ETH", "ETH-PERP", "BTC"]);
    expect(names("minCollateralRatio")).toEqual(["USDC"]);
    expect(names("netDelta")).toEqual(["ETH", "BTC"]);
    expect(names("maxUnderlyingDelta")).toEqual(["BTC"]);
    expect(rooms.get("maxStressLoss")!.scenarios.map(({ name }) => name)).toEqual(["ETH -30%"]);
    expect(rooms.get("maxVenue")!.accounts).toEqual([{ name: "main", value: 35_000n * 10n ** 16n }]);
  });
});

describe("a room of several accounts", () => {
  const given = book({
    circuit: "portfolio-health/fund-64",
    accounts: [{ ETH: "10", USDC: "-16000" }, { USDC: "100000" }, { BTC: "1", USDC: "-1000" }],
    limits: { minAccountHealthFactor: "1.2", maxVenue: "1" },
  });
  const assessment = assess(given.snapshot, given.market, given.policy);
  const rooms = new Map(headroom(assessment, given).map((room) => [room.name, room]));
  const usd = (value: number) => BigInt(value) * 10n ** 16n;

  it("speaks of the account nearest to liquidation", () => {
    const { add, lose, move, accounts, instruments } = rooms.get("minAccountHealthFactor")!;
    // 10 ETH at 3000 and 0.8 are 24,000; 1.2 times 16,000 are 19,200.
    expect([add, lose]).toEqual([{ of: "debt", value: usd(4_000) }, usd(4_800)]);
    expect(move).toEqual({ underlying: "ETH", bps: -2_000n });
    expect(accounts).toEqual([{ name: "main", value: usd(16_000) }]);
    expect(instruments).toEqual([{ name: "USDC", value: usd(16_000) }]);
  });

  it("speaks of a venue with all its accounts", () => {
    const result = assessment.limits.find(({ name }) => name === "maxVenue")!;
    // 14,000 and 89,000 at Venue One, 100,000 at Venue Two: half of 203,000.
    expect(result).toMatchObject({ worst: "Venue One", value: 5_074n });
    const { add, accounts } = rooms.get("maxVenue")!;
    expect(add).toEqual({ of: "venueEquity", value: usd(100_000) });
    expect(accounts.map(({ name }) => name)).toEqual(["sub-2", "main"]);
  });
});

describe("a room of tail risk", () => {
  const dollars = fc.integer({ min: -30_000, max: 30_000 });
  const bound = fc.integer({ min: 1, max: 9_999 }).map((bps) => `${bps / 10_000}`);

  it("is exact in what can be added, and in what can be lost but for the rounding of a dollar's 1e-16", () => {
    const counts = { held: 0, broken: 0 };
    fc.assert(
      fc.property(dollars, dollars, bound, bound, (eth, btc, volatile, shortfall) => {
        const given = book({
          positions: { "ETH-PERP": `${eth / 1_000}`, BTC: `${btc / 100_000}`, USDC: "100000" },
          limits: { maxVolatility: volatile, maxExpectedShortfall: { "0.9": shortfall, "0.99": shortfall } },
        });
        const assessment = assess(given.snapshot, given.market, given.policy);
        const { equity } = assessment.metrics;
        const tail = assessment.metrics.tail!;
        const used = [volatility(tail), ...tail.shortfalls.map(shortfallUsd)];
        for (const [i, room] of headroom(assessment, given).slice(0, used.length).entries()) {
          const { limit, ok } = assessment.limits[i]!;
          const [add, most] = [room.add!.value, (limit as bigint) * equity];
          expect(add >= 0n, `${room.name} add`).toBe(ok);
          expect((used[i]! + add) * 10_000n <= most, `${room.name} add`).toBe(true);
          expect((used[i]! + add + 1n) * 10_000n <= most, `${room.name} add, a unit more`).toBe(false);
          counts[ok ? "held" : "broken"] += 1;
          const holds = (lose: bigint) => judgeTail(tail, equity - lose, given.policy.limits)[i]!.ok;
          if (!ok || used[i]! <= 0n) continue;
          expect(holds(room.lose!), `${room.name} lose`).toBe(true);
          // Of the measure, up to 1e-16 USD, and of the room itself.
          const rounding = 10_000n / (limit as bigint) + 2n;
          expect(holds(room.lose! + rounding), `${room.name} lose, the rounding more`).toBe(false);
        }
      }),
      { seed: SEED, numRuns: 40 },
    );
    expect(Math.min(counts.held, counts.broken)).toBeGreaterThan(20);
  });

  it("names the instruments and the days that use it up", () => {
    const daily = Array.from({ length: 64 }, (_, day) => [
      0n,
      day === 7 ? -900n : 100n,
      day === 9 ? -50n : 0n,
    ]);
    const given = book({
      positions: { "ETH-PERP": "10", BTC: "0.1", USDC: "100000" },
      limits: { maxVolatility: "5", maxExpectedShortfall: { "0.99": "0.5" } },
      daily,
    });
    const rooms = headroom(assess(given.snapshot, given.market, given.policy), given);
    const names = (parts: readonly { name: string }[]) => parts.map(({ name }) => name);
    expect(rooms.map(({ name }) => name)).toEqual(["maxVolatility", "maxExpectedShortfall", "minEquity"]);
    expect(names(rooms[0]!.instruments)[0]).toBe("ETH-PERP");
    expect(names(rooms[1]!.instruments)).toEqual(["ETH-PERP"]);
    expect(names(rooms[1]!.scenarios)[0]).toBe("day 8");
  });
});
