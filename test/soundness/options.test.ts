// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Do the limits of tiers with options hold exactly: greeks, and stress losses by full revaluation? On a small tier of the
 * same template: 4 instruments, 1 account, 2 scenarios.
 *
 * @module
 */

import { assess, signSnapshot } from "@keel/prover";
import { type CircuitShape, marketSeries, parseMarket, scenarioTable, toField } from "@keel/verifier";
import { beforeAll, describe, expect, it } from "vitest";
import { AS_OF, type Book, book, SOURCE, seededRandom, witnessOf } from "../support/book.js";
import { type Circuit, compiled } from "../support/circuit.js";
import { freeWires } from "../support/wires.js";

const SHAPE: CircuitShape = {
  instruments: 4,
  accounts: 1,
  underlyings: 2,
  scenarios: 2,
  sources: 2,
  options: 1,
  accountHealth: 0,
};
const SCENARIOS = [
  { name: "crash", shocks: { ETH: "-0.2" } },
  { name: "rally", shocks: { ETH: "0.2" } },
];

let circuit: Circuit;

beforeAll(async () => {
  circuit = await compiled({
    id: "test/options",
    source: `pragma circom 2.1.6;
include "portfolio-health.circom";
component main {public [c, x, y]} = PortfolioHealth(4, 1, 2, 2, 2, 1, 0);
`,
  });
});

/** Cash, spot, a call (delta 0.5) and a put (delta -0.4), of which positions are held. */
function options(limits: Record<string, unknown>, positions: Record<string, string>): Book {
  const scenarios = limits.maxStressLoss === undefined ? [] : SCENARIOS;
  const linear = book({
    circuit: "portfolio-health/options-64",
    limits,
    scenarios,
    positions: {},
    underlyings: ["USD", "ETH"],
    instruments: [ROWS[0]!],
  });
  const { policy: known } = linear;
  const small = { ...known, circuit: { id: "test/options", shape: SHAPE, limits: Object.keys(limits) } };
  const { root } = scenarioTable(small, linear.market);
  const market = parseMarket(
    JSON.stringify({
      keel: "market/1",
      asOf: AS_OF,
      underlyings: ["USD", "ETH"],
      instruments: ROWS.map((row) =>
        row.kind === "option" && scenarios.length === 0 ? { ...row, pnl: [] } : row,
      ),
      scenarioRoot: root.toString(),
    }),
  );
  const policy = { ...small, market: { series: marketSeries(market) } };
  const held = new Map(
    Object.entries(positions).map(([id, text]) => [id, BigInt(Math.round(Number(text) * 1e8))]),
  );
  const accounts = linear.snapshot.accounts.map((account) => ({ ...account, positions: held as never }));
  const unsigned = { ...linear.snapshot, accounts };
  return { market, policy, snapshot: signSnapshot(unsigned, market, policy, SOURCE).snapshot };
}

const ROWS = [
  { id: "USDC", kind: "cash", underlying: "USD", price: "1", collateralFactor: "0.9" },
  { id: "ETH", kind: "spot", underlying: "ETH", price: "2000", collateralFactor: "0.8" },
  {
    id: "CALL",
    kind: "option",
    underlying: "ETH",
    price: "100",
    delta: "0.5",
    gamma: "0.001",
    vega: "4",
    theta: "-3",
    pnl: ["-90", "250"],
  },
  {
    id: "PUT",
    kind: "option",
    underlying: "ETH",
    price: "80",
    delta: "-0.4",
    gamma: "0.0005",
    vega: "5",
    theta: "-2",
    pnl: ["240", "-70"],
  },
];

async function verdicts(parts: Book) {
  const { healthy } = assess(parts.snapshot, parts.market, parts.policy);
  return { model: healthy, circuit: await circuit.accepts(witnessOf(parts).input) };
}
const both = (verdict: boolean) => ({ model: verdict, circuit: verdict });
const ONE = "0.00000001";

describe("metrics of an options book", () => {
  it("are the sums of section 5, with delta below zero for a put held and above for one sold [S3]", () => {
    const { snapshot, market, policy } = options({}, { USDC: "10000", CALL: "-2", PUT: "3" });
    const { metrics } = assess(snapshot, market, policy);
    const usd = (value: number) => BigInt(value) * 10n ** 16n;
    expect(metrics.equity).toBe(usd(10_000 - 200 + 240));
    expect(metrics.netDelta).toBe(usd(-2 * 1000 - 3 * 800));
    expect(metrics.grossExposure).toBe(usd(2 * 1000 + 3 * 800));
    expect(metrics.greeks).toEqual({
      gamma: usd(-2 * 4000 + 3 * 2000),
      vega: usd(-8 + 15),
      theta: usd(6 - 6),
    });
  });
});

describe("12 limits of an options book, to the unit", () => {
  it.each([
    // Equity 10000 each time: the premium is offset in cash.
    [
      "maxGamma [L9]",
      { maxGamma: "0.008" },
      { USDC: "10200", CALL: "-2" },
      { USDC: `10200`, CALL: "-2.00000001" },
    ],
    [
      "maxVega [L10]",
      { maxVega: "0.0008" },
      { USDC: "10200", CALL: "-2" },
      { USDC: "10200", CALL: "-2.00000001" },
    ],
    [
      "maxTheta [L10]",
      { maxTheta: "0.0006" },
      { USDC: "9800", CALL: "2" },
      { USDC: "9799.99999999", CALL: "2" },
    ],
    [
      "maxStressLoss [L11]",
      { maxStressLoss: "0.05" },
      { USDC: "10200", CALL: "-2" },
      { USDC: "10199.99999999", CALL: "-2" },
    ],
    [
      "maxStressLoss, long spot",
      { maxStressLoss: "0.4" },
      { ETH: "1", USDC: "-1000" },
      { ETH: "1", USDC: `-1000.00000001` },
    ],
    [
      "maxLeverage, put",
      { maxLeverage: "0.08" },
      { USDC: "9920", PUT: "1" },
      { USDC: "9919.99999999", PUT: "1" },
    ],
    [
      "netDelta, put",
      { netDelta: ["-0.08", "0"] },
      { USDC: "9920", PUT: "1" },
      { USDC: "9919.99999999", PUT: "1" },
    ],
  ] as const)("%s", async (_, limits, on, beyond) => {
    expect(await verdicts(options(limits, on))).toEqual(both(true));
    expect(await verdicts(options(limits, beyond))).toEqual(both(false));
  });

  it("absent limits hold, and gains of any size pass", async () => {
    expect(await verdicts(options({}, { USDC: ONE, CALL: "1000000" }))).toEqual(both(true));
    expect(
      await verdicts(options({ maxStressLoss: "0" }, { USDC: "10000000", CALL: "1000", PUT: "1000" })),
    ).toEqual(both(true));
  });
});

describe("an options book", () => {
  it("is bound to the table: another greek, P&L or sign is refused [M1]", async () => {
    const { input } = witnessOf(options({ maxStressLoss: "0.5" }, { USDC: "10000", CALL: "-2" }));
    const sensitivity = input.sensitivity as bigint[][];
    for (let column = 0; column < 6; column++) {
      const changed = sensitivity.with(
        2,
        sensitivity[2]!.with(column, toField(sensitivity[2]![column]! + 1n)),
      );
      expect(await circuit.accepts({ ...input, sensitivity: changed }), `column ${column}`).toBe(false);
    }
    expect(await circuit.accepts({ ...input, flag: [0n, 0n, 1n, 1n] })).toBe(false);
    expect(await circuit.accepts({ ...input, scenarioTable: [1n] })).toBe(false);
  });

  it("1 leaves no wire free but hints of IsZero whose input is 0", async () => {
    const { input } = witnessOf(
      options(
        { maxGamma: "1", maxVega: "1", maxTheta: "1", maxStressLoss: "0.5" },
        { USDC: "10000", CALL: "-2" },
      ),
    );
    const wires = (await circuit.witness(input))!;
    expect(freeWires(circuit, wires).filter((name) => !name.endsWith(".inv"))).toEqual([]);
  });

  it("agrees with the model on random books", async () => {
    const seed = 77;
    console.info(`random options books: seed ${seed}`);
    const random = seededRandom(seed);
    const counts = { healthy: 0, broken: 0 };
    const quantity = () => `${random(2) === 0 ? "-" : ""}${random(20)}.${1 + random(99)}`;
    for (let n = 0; n < 60; n++) {
      const limits = {
        maxGamma: "0.3",
        maxVega: "0.01",
        maxTheta: "0.01",
        maxLeverage: "1.5",
        maxStressLoss: "0.2",
      };
      const parts = options(limits, { USDC: "20000", ETH: quantity(), CALL: quantity(), PUT: quantity() });
      const verdict = await verdicts(parts);
      expect(verdict.circuit, `seed ${seed}, book ${n}`).toBe(verdict.model);
      counts[verdict.model ? "healthy" : "broken"] += 1;
    }
    expect(Math.min(counts.healthy, counts.broken)).toBeGreaterThan(5);
  });
});
