// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Do the inputs of small templates determine every wire? Shown by propagation over the compiled constraints, whatever the
 * inputs are; the rules, and what they cannot show, stand in `support/uniqueness.ts`. Templates that are not here (sums over
 * indices, hashes, signatures) are beyond the rules; their wires are changed one by one in other suites (ATTACKS 1).
 *
 * @module
 */

import { describe, expect, it } from "vitest";
import { libraryCircuit } from "../support/circuit.js";
import { sourceOf, withMutant } from "../support/mutation.js";
import { undetermined } from "../support/uniqueness.js";

const TEMPLATES: readonly (readonly [file: string, main: string])[] = [
  ["lib/approved-source.circom", "ApprovedSource(3)"],
  ["lib/enrolment.circom", "Enrolment(3)"],
  ["lib/excess.circom", "Excess(3)"],
  ["lib/in-range.circom", "InRange(252)"],
  ["lib/limit-is-set.circom", "LimitIsSet(4294967295)"],
  ["lib/limits/book-size.circom", "BookSize()"],
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
  ["lib/pack.circom", "Pack(3, 24)"],
  ["lib/pack.circom", "PackBits(4, 65)"],
  ["lib/scatter.circom", "Scatter(4)"],
  ["lib/sensitivities.circom", "Sensitivities(2, 2, 2)"],
  ["lib/signed-quantity.circom", "SignedQuantity()"],
];

/** The hint of circomlib's IsZero is free when its input is 0; nothing depends on it (see support/wires.ts). */
const isHint = (name: string): boolean => name.endsWith(".inv");

/** A template's inputs; all are made public, else the compiler puts what they are equal to in their place. */
async function inputsOf(file: string, main: string): Promise<string> {
  const [template] = main.split("(");
  const [, body] = new RegExp(`template ${template}\\([^]*?\\{([^]*?)\\n\\}`).exec(await sourceOf(file))!;
  return Array.from(body!.matchAll(/signal input (\w+)/g), ([, name]) => name).join(", ");
}

describe("inputs determine every wire but hints of IsZero", () => {
  it.each(TEMPLATES)("%s: %s", async (file, main) => {
    const circuit = await libraryCircuit(file, main, `{public [${await inputsOf(file, main)}]}`);
    expect(undetermined(circuit).filter((name) => !isHint(name))).toEqual([]);
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
