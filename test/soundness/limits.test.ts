// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Is every limit exact? One unit inside, on the limit, one unit beyond (attack 12), judged by the circuit and by the
 * integer model alike.
 *
 * @module
 */

import { assess } from "@keel/prover";
import { beforeAll, describe, expect, it } from "vitest";
import { type BookParts, book, witnessOf } from "../support/book.js";
import { type Circuit, knownCircuit } from "../support/circuit.js";

let circuit: Circuit;

beforeAll(async () => {
  circuit = await knownCircuit("portfolio-health/spot-16");
});

interface Edge {
  readonly name: string;
  /** A book exactly on its only limit. */
  readonly on: BookParts;
  /** Position changes by one unit of 1e-8, or a limit changed by one unit, to each side. */
  readonly inside: BookParts;
  readonly beyond: BookParts;
}

const PRICES = [
  { id: "USDC", kind: "cash", underlying: "USD", price: "1", collateralFactor: "0.9" },
  { id: "USD-DEBT", kind: "cash", underlying: "USD", price: "1" },
  { id: "ETH", kind: "spot", underlying: "ETH", price: "3000", collateralFactor: "0.8" },
  { id: "ETH-PERP", kind: "perp", underlying: "ETH", price: "3000" },
  { id: "BTC-PERP", kind: "perp", underlying: "BTC", price: "90000" },
];
const CRASH = [
  { name: "up", shocks: { ETH: "0.1" } },
  { name: "crash", shocks: { ETH: "-0.25", BTC: "-0.1" } },
];

/** The same parts with other positions. */
const holding = (parts: BookParts, positions: Record<string, string>): BookParts => ({
  ...parts,
  positions: { ...parts.positions, ...positions },
});
const edge = (
  name: string,
  parts: BookParts,
  inside: Record<string, string>,
  beyond: Record<string, string>,
): Edge => {
  const on = { instruments: PRICES, ...parts };
  return { name, on, inside: holding(on, inside), beyond: holding(on, beyond) };
};

const EDGES: readonly Edge[] = [
  edge(
    "equity above zero [L1]",
    { limits: {}, positions: { USDC: "100.00000001", "USD-DEBT": "-100" } },
    { "USD-DEBT": "-99.99999999" },
    { "USD-DEBT": "-100.00000001" },
  ),
  edge(
    "minCollateralRatio [L2]",
    { limits: { minCollateralRatio: "1.5" }, positions: { ETH: "10", "USD-DEBT": "-20000" } },
    { "USD-DEBT": "-19999.99999999" },
    { "USD-DEBT": "-20000.00000001" },
  ),
  edge(
    "minHealthFactor [L3]",
    { limits: { minHealthFactor: "1.2" }, positions: { ETH: "10", "USD-DEBT": "-20000" } },
    { "USD-DEBT": "-19999.99999999" },
    { "USD-DEBT": "-20000.00000001" },
  ),
  edge(
    "maxLeverage [L5]",
    { limits: { maxLeverage: "3" }, positions: { USDC: "30000", "ETH-PERP": "-30" } },
    { "ETH-PERP": "-29.99999999" },
    { "ETH-PERP": "-30.00000001" },
  ),
  edge(
    "netDelta, upper end [L6]",
    { limits: { netDelta: ["-0.2", "0.5"] }, positions: { USDC: "30000", "ETH-PERP": "5" } },
    { "ETH-PERP": "4.99999999" },
    { "ETH-PERP": "5.00000001" },
  ),
  edge(
    "netDelta, lower end below zero [L6]",
    { limits: { netDelta: ["-0.2", "0.5"] }, positions: { USDC: "30000", "ETH-PERP": "-2" } },
    { "ETH-PERP": "-1.99999999" },
    { "ETH-PERP": "-2.00000001" },
  ),
  edge(
    "netDelta, lower end above zero [L6]",
    { limits: { netDelta: ["0.2", "0.5"] }, positions: { USDC: "30000", "ETH-PERP": "2" } },
    { "ETH-PERP": "2.00000001" },
    { "ETH-PERP": "1.99999999" },
  ),
  edge(
    "maxUnderlyingDelta, long [L7]",
    {
      limits: { maxUnderlyingDelta: "0.3" },
      positions: { USDC: "30000", "ETH-PERP": "3", "BTC-PERP": "-0.1" },
    },
    { "ETH-PERP": "2.99999999" },
    { "ETH-PERP": "3.00000001" },
  ),
  edge(
    "maxUnderlyingDelta, short [L7]",
    {
      limits: { maxUnderlyingDelta: "0.3" },
      positions: { USDC: "30000", "ETH-PERP": "3", "BTC-PERP": "-0.1" },
    },
    { "ETH-PERP": "1" },
    { "BTC-PERP": "-0.10000001" },
  ),
  edge(
    "maxStressLoss [L11]",
    {
      limits: { maxStressLoss: "0.5" },
      scenarios: CRASH,
      positions: { USDC: "30000", "ETH-PERP": "14", "BTC-PERP": "0.5" },
    },
    { "ETH-PERP": "13.99999999" },
    { "ETH-PERP": "14.00000001" },
  ),
  edge(
    "minEquity [L13]",
    { limits: { minEquity: "12000.5" }, positions: { USDC: "12000.5" } },
    { USDC: "12000.50000001" },
    { USDC: "12000.49999999" },
  ),
];

async function verdicts(parts: BookParts): Promise<{ model: boolean; circuit: boolean }> {
  const { snapshot, market, policy } = book(parts);
  const { healthy } = assess(snapshot, market, policy);
  return { model: healthy, circuit: await circuit.accepts(witnessOf({ snapshot, market, policy }).input) };
}

describe("12 every limit, to the unit", () => {
  it.each(EDGES)("$name", async ({ on, inside, beyond }) => {
    expect(await verdicts(inside)).toEqual({ model: true, circuit: true });
    expect(await verdicts(on)).toEqual({ model: true, circuit: true });
    expect(await verdicts(beyond)).toEqual({ model: false, circuit: false });
  });
});

describe("absent limits", () => {
  it("hold whatever the leverage [L14]", async () => {
    // 1e-8 USD of equity under 18 million USD of exposure: 1.8e15 times, beyond any number a limit can be.
    const positions = { USDC: "0.00000001", "BTC-PERP": "100", "ETH-PERP": "-3000" };
    expect(await verdicts({ instruments: PRICES, limits: {}, positions })).toEqual({
      model: true,
      circuit: true,
    });
  });
});

describe("the size of a book", () => {
  const price = "184467440737.09551615"; // 2^64 - 1
  const instruments = [
    { id: "USDC", kind: "cash", underlying: "USD", price: "1" },
    { id: "BIG", kind: "perp", underlying: "X", price },
    { id: "GOLD", kind: "cash", underlying: "USD", price },
  ];
  const underlyings = ["USD", "X"];
  const at = (positions: Record<string, string>) => ({ instruments, underlyings, limits: {}, positions });

  it("is below 2^96, assets and gross exposure together, for the model and for the circuit [L1]", async () => {
    // 2^32 / 1e8 units times the price is 2^96 - 2^32.
    expect(await verdicts(at({ GOLD: "42.94967296" }))).toEqual({ model: true, circuit: true });
    expect(await verdicts(at({ GOLD: "21.47483648", BIG: "21.47483648" }))).toEqual({
      model: true,
      circuit: true,
    });
    for (const positions of [{ GOLD: "42.94967297" }, { GOLD: "21.47483648", BIG: "-21.47483649" }] as Record<
      string,
      string
    >[]) {
      const { snapshot, market, policy } = book(at(positions));
      expect(() => assess(snapshot, market, policy)).toThrow(/portfolio.size/);
    }
  });
});
