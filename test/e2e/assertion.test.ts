// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Does a book that gets past every check, and into a circuit that refuses it, come back with the limit's name?
 *
 * @module
 */
import { readFile } from "node:fs/promises";
import { ensureCircuit, explainAssertion, explainError } from "@keel/circuits";
import { buildWitness, newEnrolment, parseSnapshot, signSnapshot } from "@keel/prover";
import { inputError, KeelError, parseMarket, parsePolicy, toField, UNBOUND_DOMAIN } from "@keel/verifier";
import { beforeAll, describe, expect, it } from "vitest";
import { exampleSourceKey, exampleTexts } from "../../dist/examples/generate.js";
import { STRATEGIES } from "../../dist/examples/strategies.js";
import {
  compileCircuitModule,
  createWitnessCalculator,
  type WitnessCalculator,
} from "../../prover/engine/dist/circom.js";
import { flattenInput } from "../../prover/engine/dist/inputs.js";

const CIRCUIT = "portfolio-health/spot-16";
const [STRATEGY] = STRATEGIES;

let calculator: WitnessCalculator;
beforeAll(async () => {
  const { wasmPath } = await ensureCircuit(CIRCUIT);
  calculator = createWitnessCalculator(await compileCircuitModule(await readFile(wasmPath)));
}, 120_000);

/** What the circuit says of the example's book under a policy with one limit. */
function failure(limits: object): KeelError {
  const texts = exampleTexts(STRATEGY!);
  const market = parseMarket(texts.market);
  const { scenarios, ...rest } = JSON.parse(texts.policy) as Record<string, unknown>;
  const stress = "maxStressLoss" in limits ? { scenarios } : {};
  const policy = parsePolicy(JSON.stringify({ ...rest, ...stress, circuit: CIRCUIT, limits }));
  const key = exampleSourceKey(STRATEGY!.sources[0]!);
  const { snapshot } = signSnapshot(parseSnapshot(texts.snapshot), market, policy, key);
  const [portfolioSalt, exposuresSalt, newStateSalt] = [1n, 2n, 3n].map(toField);
  const enrolment = newEnrolment(snapshot, policy, toField(4n));
  const salts = { portfolioSalt: portfolioSalt!, exposuresSalt: exposuresSalt!, newStateSalt: newStateSalt! };
  const { input } = buildWitness({ snapshot, market, policy, domain: UNBOUND_DOMAIN, enrolment, ...salts });
  try {
    calculator.calculate(flattenInput(input));
  } catch (error) {
    if (error instanceof KeelError) return error;
  }
  return expect.unreachable();
}

describe("a failed assertion", () => {
  it.each<[string, unknown, string]>([
    ["minCollateralRatio", "100000", "holds.in of MinCollateralRatio"],
    ["minHealthFactor", "100000", "holds.in of MinHealthFactor"],
    ["maxLeverage", "0.01", "holds.in of MaxLeverage"],
    ["netDelta", ["-2", "-1.5"], "belowHigh.in of NetDelta"],
    ["maxUnderlyingDelta", "0.0001", "holds.in of MaxUnderlyingDelta"],
    ["maxVenue", "0.0001", "holds[s].in of MaxVenue"],
    ["maxStressLoss", "0.0001", "holds[k].in of MaxStressLoss"],
    ["minEquity", "100000000000", "equityRange.in of BookSize"],
  ])("of %s is told by the limit, the template and the signal", async (limit, value, signal) => {
    const error = failure({ [limit]: value });
    expect(error).toMatchObject({ kind: "policy", code: "witness.assertion" });
    const explained = (await explainError(error)) as KeelError;
    expect(explained).toMatchObject({ kind: "policy", code: "witness.assertion", path: limit });
    expect(explained.expected).toContain(signal);
    expect(explained.message).not.toMatch(/\d{6}/);
  });

  it("of a template that proves several limits is told by the one that was handed over", async () => {
    const lineOf = async (file: string, text: string): Promise<number> => {
      const lines = (await readFile(`circuits/src/${file}`, "utf8")).split("\n");
      return lines.findIndex((line) => line.includes(text)) + 1;
    };
    const inner = await lineOf("lib/limits/max-sensitivity.circom", "fromAbove.in <==");
    for (const limit of ["maxGamma", "maxVega", "maxTheta"]) {
      const outer = await lineOf("lib/option-limits.circom", `.limit <== ${limit};`);
      const outermost = await lineOf("portfolio-health.circom", `.${limit} <== ${limit};`);
      const within = `OptionLimits line ${outer} in PortfolioHealth line ${outermost}`;
      const path = `InRange line 14 in MaxSensitivity line ${inner} in ${within}`;
      expect(await explainAssertion(path)).toMatchObject({ limit, signal: "fromAbove.in" });
    }
  });

  it("outside the limits is told by template and signal", async () => {
    const path = "ApprovedSource line 22 in PortfolioHealth line 90";
    const found = await explainAssertion(path);
    expect(found).toEqual({ template: "ApprovedSource", line: 22, signal: "product[sources]" });
  });

  it("of another circuit, and any other error, stays as it is", async () => {
    expect(await explainAssertion("Range line 11 in Small line 20")).toBeUndefined();
    const details = { kind: "policy", code: "witness.assertion", path: "Small line 20" } as const;
    for (const error of [new KeelError(details), inputError("a.b", "c", "d", "e"), new Error("x"), undefined])
      expect(await explainError(error)).toBe(error);
  });
});
