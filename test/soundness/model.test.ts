// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Does the circuit accept exactly when the integer model says healthy?
 *
 * @module
 */

import { circuitOf } from "@keel/verifier";
import { beforeAll, describe, expect, it } from "vitest";
import { agreement, agreementAtLimits } from "../support/agreement.js";
import { type Circuit, knownCircuit } from "../support/circuit.js";

const SEED = Number(process.env.KEEL_SEED ?? 31337);
const BOOKS = Number(process.env.KEEL_BOOKS ?? 300);
const SPOT = "portfolio-health/spot-16";

let circuit: Circuit;

beforeAll(async () => {
  circuit = await knownCircuit(SPOT);
});

describe("the circuit and the model", () => {
  it(`agree on ${BOOKS} random books`, async () => {
    const counts = await agreement(circuit, circuitOf(SPOT), SEED, BOOKS);
    expect(Math.min(counts.healthy, counts.broken)).toBeGreaterThan(BOOKS / 5);
  });

  it("agree on each limit alone, a unit below, at and above what random books measure", async () => {
    const tier = circuitOf(SPOT);
    expect([...(await agreementAtLimits(circuit, tier, SEED, 3))].sort()).toEqual([...tier.limits].sort());
  });
});
