// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Does the drawdown chain hold: is every step the one from the stored state, is the high-water mark never lowered, and is
 * the limit exact? (attack 19)
 *
 * @module
 */

import { assess, type DrawdownState, nextState, stateCommitment } from "@keel/prover";
import { toField } from "@keel/verifier";
import { beforeAll, describe, expect, it } from "vitest";
import { book, SALT, seededRandom, witnessOf } from "../support/book.js";
import { type Circuit, knownCircuit } from "../support/circuit.js";

let circuit: Circuit;

beforeAll(async () => {
  circuit = await knownCircuit("portfolio-health/spot-16");
});

const USD = 10n ** 16n;
const mark = (equity: bigint, units = 10n ** 8n): DrawdownState => ({
  equity,
  units,
  epoch: 7n,
  salt: toField(99n),
});
const fund = (usd: string, maxDrawdown: string, units = "1") =>
  book({ limits: { maxDrawdown }, positions: { USDC: usd }, units });

async function verdicts(usd: string, limit: string, state: DrawdownState | undefined, units = "1") {
  const parts = fund(usd, limit, units);
  const { healthy } = assess(parts.snapshot, parts.market, parts.policy, state);
  return { model: healthy, circuit: await circuit.accepts(witnessOf(parts, state).input) };
}
const both = (verdict: boolean) => ({ model: verdict, circuit: verdict });

describe("12 maxDrawdown [L12]", () => {
  it("is exact to the unit", async () => {
    expect(await verdicts("900", "0.1", mark(1000n * USD))).toEqual(both(true));
    expect(await verdicts("900.00000001", "0.1", mark(1000n * USD))).toEqual(both(true));
    expect(await verdicts("899.99999999", "0.1", mark(1000n * USD))).toEqual(both(false));
    expect(await verdicts("1000", "0", mark(1000n * USD))).toEqual(both(true));
    expect(await verdicts("999.99999999", "0", mark(1000n * USD))).toEqual(both(false));
    expect(await verdicts("0.00000001", "1", mark(1000n * USD))).toEqual(both(true));
  });

  it("counts by unit: a withdrawal is no loss, a deposit no profit", async () => {
    expect(await verdicts("500", "0", mark(1000n * USD), "0.5")).toEqual(both(true));
    expect(await verdicts("1800", "0.05", mark(1000n * USD), "2")).toEqual(both(false));
  });

  it("holds at the genesis, where today is the mark", async () => {
    expect(await verdicts("0.00000001", "0", undefined)).toEqual(both(true));
  });

  it("agrees with the model on random chains", async () => {
    const seed = 1903;
    console.info(`random chains: seed ${seed}`);
    const random = seededRandom(seed);
    let state: DrawdownState | undefined;
    const counts = { held: 0, broken: 0 };
    for (let epoch = 0; epoch < 60; epoch++) {
      const usd = `${900 + random(200)}.${random(10 ** 8)}`;
      const units = `1.${random(4)}`;
      const parts = fund(usd, "0.12", units);
      const { healthy, metrics } = assess(parts.snapshot, parts.market, parts.policy, state);
      const accepted = await circuit.accepts(witnessOf(parts, state).input);
      expect(accepted, `seed ${seed}, epoch ${epoch}`).toBe(healthy);
      counts[healthy ? "held" : "broken"] += 1;
      if (healthy)
        state = nextState(
          { equity: metrics.equity, units: parts.snapshot.units },
          state,
          toField(BigInt(epoch)),
        );
    }
    expect(Math.min(counts.held, counts.broken)).toBeGreaterThan(5);
  });
});

describe("19 the chain [D2]", () => {
  const state = mark(1000n * USD);
  const low = witnessOf(fund("950", "0.1"), state);
  const high = witnessOf(fund("1050", "0.1"), state);

  it("steps to the larger mark and the next epoch", async () => {
    for (const [{ input, newState, statement }, equity] of [
      [low, 1000n * USD],
      [high, 1050n * USD],
    ] as const) {
      expect(await circuit.accepts(input)).toBe(true);
      expect([newState.equity, newState.epoch]).toEqual([equity, 8n]);
      expect(statement.drawdown.previousState).toBe(stateCommitment(state));
      expect(statement.drawdown.newState).toBe(stateCommitment(newState));
    }
  });

  it("refuses a mark that is lowered, kept too low, or not the committed one [D1]", async () => {
    const accepts = (input: object, change: object) => circuit.accepts({ ...input, ...change } as never);
    expect(await accepts(low.input, { isNewMark: 1n })).toBe(false);
    expect(await accepts(high.input, { isNewMark: 0n })).toBe(false);
    expect(await accepts(low.input, { markEquity: 950n * USD })).toBe(false);
    expect(await accepts(low.input, { markUnits: 2n * 10n ** 8n })).toBe(false);
    expect(await accepts(low.input, { epoch: 6n })).toBe(false);
    expect(await accepts(low.input, { stateSalt: 98n })).toBe(false);
    // Another new state than the one that follows, for each of its parts.
    for (const part of [
      { equity: 950n * USD },
      { epoch: 7n },
      { epoch: 9n },
      { units: 1n },
      { salt: SALT },
    ]) {
      expect(await accepts(low.input, { newState: stateCommitment({ ...low.newState, ...part }) })).toBe(
        false,
      );
    }
  });

  it("has a genesis only where the registry has no state, and it starts at epoch 0", async () => {
    const genesis = witnessOf(fund("950", "0.1"));
    expect(await circuit.accepts(genesis.input)).toBe(true);
    expect([genesis.newState.epoch, genesis.newState.equity]).toEqual([0n, 950n * USD]);
    expect(await circuit.accepts({ ...genesis.input, previousState: stateCommitment(state) })).toBe(false);
    expect(await circuit.accepts({ ...low.input, previousState: 0n })).toBe(false);
    expect(await circuit.accepts({ ...genesis.input, isNewMark: 0n })).toBe(false);
  });
});
