// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Do the larger tiers stay inside their proving domains, and accept exactly what the integer model calls healthy?
 *
 * @module
 */

import { circuitDefinition } from "@keel/circuits";
import { circuitOf } from "@keel/verifier";
import { describe, expect, it } from "vitest";
import { agreement, agreementAtLimits } from "../support/agreement.js";
import { compiled } from "../support/circuit.js";
import { unwindAgreement } from "../support/liquidity.js";
import { constraintsByPart, statedConstraints } from "../support/parts.js";
import { tailAgreement } from "../support/tail.js";

const TIERS = [
  { id: "portfolio-health/fund-64", constraints: 62_281, domain: 2 ** 16 },
  { id: "portfolio-health/options-64", constraints: 112_337, domain: 2 ** 17 },
  { id: "portfolio-health/institution-256", constraints: 262_036, domain: 2 ** 18 },
];

const TAILS = [
  { id: "tail-risk/64", constraints: 39_689, domain: 2 ** 16 },
  { id: "tail-risk/250", constraints: 125_630, domain: 2 ** 17 },
];

const UNWINDS = [
  { id: "liquidity/64x4", tier: "portfolio-health/fund-64", constraints: 30_786, domain: 2 ** 15 },
];

describe("larger liquidity circuits", () => {
  it.each(UNWINDS)("$id", { timeout: 600_000 }, async ({ id, tier, constraints, domain }) => {
    const circuit = await compiled(await circuitDefinition(id));
    expect(circuit.r1cs.constraints).toBe(constraints);
    expect(constraints + 4).toBeLessThanOrEqual(domain);
    const counts = await unwindAgreement(circuit, id, tier, 64, 20);
    expect(Math.min(counts.sound, counts.broken)).toBeGreaterThan(1);
  });
});

describe("larger tail-risk circuits", () => {
  it.each(TAILS)("$id", { timeout: 600_000 }, async ({ id, constraints, domain }) => {
    const circuit = await compiled(await circuitDefinition(id));
    expect(circuit.r1cs.constraints).toBe(constraints);
    expect(constraints + 4).toBeLessThanOrEqual(domain);
    const counts = await tailAgreement(circuit, id, "portfolio-health/fund-64", 64, 20);
    expect(Math.min(counts.sound, counts.broken)).toBeGreaterThan(1);
  });
});

describe("larger tiers", () => {
  it.each(TIERS)("$id", { timeout: 900_000 }, async ({ id, constraints, domain }) => {
    const circuit = await compiled(await circuitDefinition(id));
    expect(circuit.r1cs.constraints).toBe(constraints);
    expect(constraints + 4).toBeLessThanOrEqual(domain);
    expect(constraintsByPart(circuit)).toEqual(statedConstraints(id.replace(/.*\//, "")));
    const tier = circuitOf(id);
    const counts = await agreement(circuit, tier, 64, 40);
    expect(Math.min(counts.healthy, counts.broken)).toBeGreaterThan(1);
    expect([...(await agreementAtLimits(circuit, tier, 65, 2))].sort()).toEqual([...tier.limits].sort());
  });
});
