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
import { libraryConstraints } from "../support/circuit.js";
import { PACKAGE } from "../support/cli.js";
import { inputsOf, sourceOf, withMutant } from "../support/mutation.js";
import { CURVE, isHint, TEMPLATES, undetermined } from "../support/uniqueness.js";

describe("inputs determine every wire but hints of IsZero", () => {
  it.each(TEMPLATES)("%s: %s", async (file, main) => {
    const circuit = await libraryConstraints(file, main, `{public [${await inputsOf(file, main)}]}`);
    expect(undetermined(circuit, CURVE).filter((name) => !isHint(name))).toEqual([]);
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

  it.each([
    ["lib/signed-account.circom", "SignedAccount(2, 2)", /^main\.signature\./],
    ["lib/key-agreement.circom", "KeyAgreement(1)", /^main\.(fixed|multiple\[0\]|point|shared\[0\])/],
  ])("but for what is trusted of circomlib's curve in %s", async (file, main, trusted) => {
    const circuit = await libraryConstraints(file, main, `{public [${await inputsOf(file, main)}]}`);
    const left = undetermined(circuit);
    expect(left.length).toBeGreaterThan(0);
    expect(left.filter((name) => !isHint(name) && !trusted.test(name))).toEqual([]);
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
    const circuit = await libraryConstraints(
      "circomlib/circuits/bitify.circom",
      "Num2Bits(254)",
      "{public [in]}",
    );
    expect(undetermined(circuit).length).toBeGreaterThan(200);
  });
});
