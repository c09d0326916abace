// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Do the inputs determine every wire of every template, and of the whole statements? Shown by propagation over the compiled
 * constraints, whatever the inputs are; the rules stand in `support/uniqueness.ts`.
 *
 * @module
 */

import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { libraryCircuit } from "../support/circuit.js";
import { PACKAGE } from "../support/cli.js";
import { inputsOf, sourceOf, withMutant } from "../support/mutation.js";
import { SIGNATURE, undetermined } from "../support/uniqueness.js";

/** Every template of lib/, at sizes where nothing that repeats stands alone, and the statements. */
const TEMPLATES: readonly (readonly [file: string, main: string])[] = [
  ["lib/absorb.circom", "Absorb(17)"],
  ["lib/absorb.circom", "TaggedHash(KIND_ACCOUNT(), 3)"],
  ["lib/aggregates.circom", "Aggregates(2, 2, 2, 0)"],
  ["lib/aggregates.circom", "Aggregates(3, 2, 4, 1)"],
  ["lib/approved-source.circom", "ApprovedSource(3)"],
  ["lib/daily-loss.circom", "DailyLoss(2, 2)"],
  ["lib/enrolment.circom", "Enrolment(3)"],
  ["lib/excess.circom", "Excess(3)"],
  ["lib/in-range.circom", "InRange(252)"],
  ["lib/limit-is-set.circom", "LimitIsSet(4294967295)"],
  ["lib/limits/book-size.circom", "BookSize()"],
  ["lib/limits/max-drawdown.circom", "MaxDrawdown()"],
  ["lib/limits/max-expected-shortfall.circom", "MaxExpectedShortfall(64)"],
  ["lib/limits/max-leverage.circom", "MaxLeverage()"],
  ["lib/limits/max-sensitivity.circom", "MaxSensitivity(100)"],
  ["lib/limits/max-stress-loss.circom", "LinearPnl(2, 2)"],
  ["lib/limits/max-stress-loss.circom", "MaxStressLoss(2, 1)"],
  ["lib/limits/max-underlying-delta.circom", "MaxUnderlyingDelta(2)"],
  ["lib/limits/max-venue.circom", "MaxVenue(2)"],
  ["lib/limits/max-volatility.circom", "MaxVolatility(2)"],
  ["lib/limits/min-collateral-ratio.circom", "MinCollateralRatio()"],
  ["lib/limits/min-health-factor.circom", "MinHealthFactor()"],
  ["lib/limits/net-delta.circom", "NetDelta()"],
  ["lib/market-table.circom", "MarketTable(2, 2, 1, 0)"],
  ["lib/market-table.circom", "MarketTable(1, 2, 1, 1)"],
  ["lib/pack.circom", "Pack(3, 24)"],
  ["lib/pack.circom", "PackBits(4, 65)"],
  ["lib/returns-table.circom", "ReturnsTable(2, 2)"],
  ["lib/rounded-exposure.circom", "RoundedExposure()"],
  ["lib/scatter.circom", "Scatter(4)"],
  ["lib/scenario-table.circom", "ScenarioTable(2, 2)"],
  ["lib/sensitivities.circom", "Sensitivities(2, 2, 2)"],
  ["lib/signed-account.circom", "SignedAccount(2, 2)"],
  ["lib/signed-quantity.circom", "SignedQuantity()"],
  ["lib/state.circom", "State()"],
  ["lib/statement-digest.circom", "StatementDigest(3)"],
  ["market-root.circom", "MarketRoot(2)"],
  ["portfolio-health.circom", "PortfolioHealth(2, 1, 2, 1, 1, 0)"],
  ["tail-risk.circom", "TailRisk(2, 2, 2)"],
];

/** The hint of circomlib's IsZero is free when its input is 0; nothing depends on it (see support/wires.ts). */
const isHint = (name: string): boolean => name.endsWith(".inv");

describe("inputs determine every wire but hints of IsZero", () => {
  it.each(TEMPLATES)("%s: %s", async (file, main) => {
    const circuit = await libraryCircuit(file, main, `{public [${await inputsOf(file, main)}]}`);
    expect(undetermined(circuit, SIGNATURE).filter((name) => !isHint(name))).toEqual([]);
  });

  it("in every template that there is", async () => {
    const folder = join(PACKAGE, "circuits/src");
    const files = (await readdir(folder, { recursive: true })).filter((name) => name.endsWith(".circom"));
    const templates = files.map(async (file) =>
      Array.from((await sourceOf(file)).matchAll(/^template (\w+)/gm), ([, name]) => `${file}: ${name}`),
    );
    const shown = TEMPLATES.map(([file, main]) => `${file}: ${main.split("(")[0]}`);
    expect((await Promise.all(templates)).flat().filter((name) => !shown.includes(name))).toEqual([]);
  });

  it("but for what is trusted of circomlib's signatures, which only SignedAccount uses", async () => {
    const file = "lib/signed-account.circom";
    const main = "SignedAccount(2, 2)";
    const circuit = await libraryCircuit(file, main, `{public [${await inputsOf(file, main)}]}`);
    const left = undetermined(circuit);
    expect(left.length).toBeGreaterThan(0);
    expect(left.filter((name) => !isHint(name) && !name.startsWith("main.signature."))).toEqual([]);
  });
});

describe("4 a value that its inputs do not determine", () => {
  /** Undetermined wires of a template with one text of its source replaced. */
  const planted = async (file: string, main: string, from: string, to: string): Promise<string[]> => {
    const text = await sourceOf(file);
    expect(text).toContain(from);
    const host = { file, main, pinned: await inputsOf(file, main) };
    return await withMutant(file, text.replace(from, to), host, async (circuit) => undetermined(circuit));
  };

  it.each([
    ["a hint", "lib/signed-quantity.circom", "SignedQuantity()", "long <== bits", "long <-- bits"],
    ["a place", "lib/scatter.circom", "Scatter(2)", "out[i] * (index - i) === 0;", ""],
    ["a sum", "lib/scatter.circom", "Scatter(2)", "sum === value;", ""],
  ] as const)("is found when planted: %s", async (_, file, main, from, to) => {
    expect((await planted(file, main, from, to)).length).toBeGreaterThan(0);
  });

  it("is found in 254 bits, which have two decompositions", async () => {
    const circuit = await libraryCircuit(
      "circomlib/circuits/bitify.circom",
      "Num2Bits(254)",
      "{public [in]}",
    );
    expect(undetermined(circuit).length).toBeGreaterThan(200);
  });
});
