// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Is a liquidity table read strictly, and does a policy with a limit on the days to unwind go with just its own tables and circuit?
 *
 * @module
 */

import { assess, daysToUnwind, fitLimits, headroom, report, reportText } from "@keel/prover";
import {
  bps,
  liquidityContentHash,
  liquiditySeries,
  parseLiquidity,
  policyId,
  policyTerms,
  UNLIMITED_DEPTH,
  universeId,
  withLiquidity,
} from "@keel/verifier";
import { limitLines, policyChanges } from "@keel/verifier/text";
import { describe, expect, it } from "vitest";
import { type BookParts, book, INSTRUMENTS, liquidityText } from "../support/book.js";
import { codeOf } from "../support/refusal.js";

const AT = 1_767_225_000;
const file = (change: object = {}): string =>
  JSON.stringify({ ...JSON.parse(liquidityText(INSTRUMENTS, AT)), ...change });
const row = (depth: string, id = "USDC"): object => ({ instruments: [{ id, depth }] });
describe("a liquidity table", () => {
  it("30 takes plain depths of 64 bits, and one word for what needs no limit", () => {
    const { depths, ...method } = parseLiquidity(file({ ...row("900.5") }));
    expect(depths).toEqual([{ id: "USDC", depth: 90_050_000_000n }]);
    expect(method).toEqual({ asOf: AT, participation: 1_000n, band: 1_000_000n, refills: 24 });
    expect(parseLiquidity(file(row("unlimited"))).depths[0]!.depth).toBe(UNLIMITED_DEPTH);
    expect(parseLiquidity(file(row("184467440737.09551614"))).depths[0]!.depth).toBe(UNLIMITED_DEPTH - 1n);
    for (const [depth, expected] of [
      ["184467440737.09551615", "liquidity.depth"],
      ["184467440737.09551616", "input.decimal"],
      ["1.123456789", "input.decimal"],
      ["-1", "input.format"],
      ["1e5", "input.format"],
      ["01", "input.format"],
      ["Unlimited", "input.format"],
    ] as const) {
      expect(
        codeOf(() => parseLiquidity(file(row(depth)))),
        depth,
      ).toMatch(/^(liquidity\.depth|input\.)/);
      if (expected !== "input.format") {
        expect(
          codeOf(() => parseLiquidity(file(row(depth)))),
          depth,
        ).toBe(expected);
      }
    }
    for (const participation of ["0", "1.0001", "0.00001", "-0.1"]) {
      expect(
        codeOf(() => parseLiquidity(file({ participation }))),
        participation,
      ).not.toBe("none");
    }
    const twice = {
      instruments: [
        { id: "A", depth: "1" },
        { id: "A", depth: "2" },
      ],
    };
    expect(codeOf(() => parseLiquidity(file(twice)))).not.toBe("none");
  });

  it("81 has another series by another way of measuring or other instruments, and another hash by any number", () => {
    const { market } = book();
    const table = parseLiquidity(file());
    const series = (change: object) => liquiditySeries({ ...table, ...change });
    const same = series({ asOf: AT + 1, depths: table.depths.map((one) => ({ ...one, depth: 1n })) });
    expect(same).toBe(series({}));
    expect(same).toMatch(/^0x04/);
    const others = [
      { participation: bps(1n) },
      { band: 1n },
      { refills: 1 },
      { depths: table.depths.toReversed() },
    ];
    expect(new Set([same, ...others.map(series)]).size).toBe(5);
    const universe = universeId(market);
    const hashes = [{}, { asOf: AT + 1 }, ...others].map((change) =>
      liquidityContentHash({ ...table, ...change }, universe),
    );
    expect(new Set([...hashes, liquidityContentHash(table, universe + 1n)]).size).toBe(hashes.length + 1);
  });

  it("81 goes with a market of its instruments in their order, without limit only for cash", () => {
    const { market } = book();
    const table = parseLiquidity(file());
    expect(withLiquidity(market, table).liquidity).toBe(table);
    const other = { ...table, depths: table.depths.toReversed() };
    expect(codeOf(() => withLiquidity(market, other))).toBe("liquidity.instruments");
    const all = { ...table, depths: table.depths.map((one) => ({ ...one, depth: UNLIMITED_DEPTH })) };
    expect(codeOf(() => withLiquidity(market, all))).toBe("liquidity.unlimited");
  });
});

describe("a policy that limits the days to unwind", () => {
  const PARTS: BookParts = {
    positions: { USDC: "20000", ETH: "10", "BTC-PERP": "-0.2" },
    depths: [UNLIMITED_DEPTH, 3n * 10n ** 8n, 10n ** 8n, 0n, 10n ** 7n],
    limits: { maxDaysToUnwind: "5" },
  };

  it("judges the slowest instrument, rounded up, whatever the equity is", () => {
    const { snapshot, market, policy } = book(PARTS);
    const { limits, metrics, healthy } = assess(snapshot, market, policy);
    const result = limits.find(({ name }) => name === "maxDaysToUnwind")!;
    expect(result).toMatchObject({ unit: "days", value: 33_334n, limit: 50_000n, worst: "ETH", ok: true });
    expect(result.headroom).toBe(16_666n);
    expect(healthy).toBe(true);
    expect(metrics.unwind!.map(daysToUnwind)).toEqual([0n, 33_334n, 20_000n]);
  });

  it("is broken by what nobody takes, however little it is, and says so without a number", () => {
    const positions = { USDC: "20000", BTC: "0.00000001" };
    const { snapshot, market, policy } = book({ ...PARTS, positions });
    const assessed = assess(snapshot, market, policy);
    const result = assessed.limits.find(({ name }) => name === "maxDaysToUnwind")!;
    expect(result).toMatchObject({ worst: "BTC", ok: false });
    expect(result.value).toBeUndefined();
    expect(reportText(report(assessed))).toMatch(/BTC +0\.00000001 +0 +never +#{20} BEYOND/);
  });

  it("shows each instrument with its bar, names who holds the slowest, and proposes a limit", () => {
    const files = book(PARTS);
    const { snapshot, market, policy } = files;
    const assessed = assess(snapshot, market, policy);
    const text = reportText(report(assessed));
    expect(text).toMatch(/to unwind +units +a day +days +of 5 days/);
    expect(text).toMatch(/ETH +10 +3 +3\.3334 +#{14}\.{6}/);
    expect(text).toMatch(/USDC +20000 +no limit +0 +\.{20}/);
    const room = headroom(assessed, files).find(({ name }) => name === "maxDaysToUnwind")!;
    expect(room.instruments.map(({ name }) => name)).toEqual(["ETH"]);
    expect([room.add, room.lose, room.move]).toEqual([undefined, undefined, undefined]);
    const proposal = fitLimits(assessed.limits, 2_000n).find(({ name }) => name === "maxDaysToUnwind")!;
    expect(proposal.proposed).toBeGreaterThanOrEqual(33_334n);
  });

  it("says its limit in days, and what changes from one policy to another", () => {
    const [five, two] = ["5", "2"].map((days) => book({ ...PARTS, limits: { maxDaysToUnwind: days } }));
    expect(limitLines(five!.policy)).toContainEqual(
      expect.stringContaining("could be unwound within 5 days"),
    );
    const terms = (parts: typeof five) => policyTerms(parts!.policy, parts!.market);
    expect(policyChanges(terms(five), terms(two))).toEqual([
      { term: "Days to unwind", from: "5 days", to: "2 days", direction: "tighter" },
    ]);
    expect(policyId(terms(five))).not.toBe(policyId(terms(two)));
    const { liquidity: _, ...alone } = terms(five);
    const changes = policyChanges(alone, terms(five));
    expect(changes.map(({ direction }) => direction)).toEqual(["tighter", "tighter"]);
  });

  it("67 is refused with a circuit of another tier, without its section, beyond ten years", () => {
    for (const [change, expected] of [
      [{ liquidityCircuit: "liquidity/64x4" }, "policy.liquidity"],
      [{ limits: { maxDaysToUnwind: "3650.0001" } }, "policy.limit"],
      [{ limits: { maxDaysToUnwind: "-1" } }, "input.decimal"],
    ] as const) {
      expect(codeOf(() => book({ ...PARTS, ...change }))).toBe(expected);
    }
    book({ ...PARTS, limits: { maxDaysToUnwind: "3650" } });
  });
});
