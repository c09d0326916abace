// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Does a larger tier leave a wire free? At least 5,000 wires of each, taken at random, are changed (attack 1); every
 * account is in use, every limit set, and the drawdown chain under way, so that nothing is at rest.
 *
 * @module
 */

import { circuitDefinition, firstUnsatisfied } from "@keel/circuits";
import { circuitOf, tailCircuitOf, toField } from "@keel/verifier";
import { describe, expect, it } from "vitest";
import {
  type BookParts,
  book,
  INSTRUMENTS,
  LIMITS,
  POSITIONS,
  randomReturns,
  seededRandom,
  witnessOf,
} from "../support/book.js";
import { compiled } from "../support/circuit.js";
import { atDays } from "../support/liquidity.js";
import { atValues } from "../support/tail.js";
import { isHint } from "../support/uniqueness.js";
import { freeWires, signatureHints, venueHints } from "../support/wires.js";

const WIRES = 6_000;
const SEED = 20261121;
const STATE = { equity: 18_000n * 10n ** 16n, units: 10n ** 8n, epoch: 41n, salt: toField(5n) };
const CALL = {
  id: "ETH-4000C",
  kind: "option",
  underlying: "ETH",
  price: "120",
  delta: "0.35",
  gamma: "0.0004",
};
const OPTIONS: BookParts = {
  instruments: [...INSTRUMENTS, { ...CALL, vega: "5", theta: "-2", pnl: ["-110", "900"] }],
  limits: { ...LIMITS, minAccountHealthFactor: "1.2", maxGamma: "1", maxVega: "1", maxTheta: "1" },
};

describe("1 wires of larger tiers", { timeout: 900_000 }, () => {
  it.each(["tail-risk/64", "tail-risk/250"])("%s", async (id) => {
    console.info(`${id}: ${WIRES} wires, seed ${SEED}`);
    const circuit = await compiled(await circuitDefinition(id));
    const { days } = tailCircuitOf(id).shape;
    const parts: BookParts = { circuit: "portfolio-health/fund-64", tailCircuit: id };
    const daily = randomReturns(seededRandom(SEED), 3, days);
    const { input } = witnessOf(atValues({ ...parts, daily }, [1n, 1n, 1n, 1n])).tail!;
    const witness = (await circuit.witness(input))!;
    expect(firstUnsatisfied(circuit.r1cs, witness)).toBeUndefined();
    expect(freeWires(circuit, witness, { seed: SEED, sample: WIRES })).toEqual([]);
  });

  it("liquidity/64x4", async () => {
    const id = "liquidity/64x4";
    console.info(`${id}: ${WIRES} wires, seed ${SEED}`);
    const circuit = await compiled(await circuitDefinition(id));
    const accounts = Array.from({ length: 4 }, (_, s) => ({ ETH: `${s + 1}`, USDC: "10000" }));
    const parts = { circuit: "portfolio-health/fund-64", liquidityCircuit: id, accounts };
    const { input } = witnessOf(atDays(parts, 1n)).liquidity!;
    const witness = (await circuit.witness(input))!;
    expect(firstUnsatisfied(circuit.r1cs, witness)).toBeUndefined();
    const free = freeWires(circuit, witness, { seed: SEED, sample: WIRES });
    expect(free.filter((name) => !isHint(name))).toEqual([]);
  });

  it.each([
    ["portfolio-health/fund-64", { limits: { ...LIMITS, minAccountHealthFactor: "1.2" } }],
    ["portfolio-health/options-64", OPTIONS],
    ["portfolio-health/institution-256", {}],
  ] as const)("%s", async (id, parts: BookParts) => {
    console.info(`${id}: ${WIRES} wires, seed ${SEED}`);
    const circuit = await compiled(await circuitDefinition(id));
    const { accounts: places } = circuitOf(id).shape;
    const accounts = Array.from({ length: places }, (_, s) => (s === 0 ? POSITIONS : { USDC: `${100 + s}` }));
    const { input } = witnessOf(book({ ...parts, circuit: id, accounts }), STATE);
    const witness = (await circuit.witness(input))!;
    expect(firstUnsatisfied(circuit.r1cs, witness)).toBeUndefined();
    const keys = (input.sourceKey as readonly (readonly bigint[])[]).map(([x]) => x!);
    const hints = [...signatureHints(places), ...venueHints(keys)];
    const free = freeWires(circuit, witness, { seed: SEED, sample: WIRES });
    expect(free.filter((name) => !hints.includes(name))).toEqual([]);
  });
});
