// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Does the same source give the same bytes, each time and everywhere?
 *
 * @module
 */
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { inFolder } from "../support/cli.js";
import { outputsElsewhere, outputsHere } from "../support/reproduce.js";

/** Small, with includes from both libraries and the three public inputs of a verifier contract. */
const CIRCUIT = {
  id: "test/reproducible",
  source: `pragma circom 2.1.6;
include "lib/in-range.circom";
include "circomlib/circuits/poseidon.circom";
template Reproducible() {
    signal input a;
    signal input b;
    signal input c;
    signal secret;
    secret <-- a - b;
    InRange(64)(secret);
    signal hash <== Poseidon(2)([secret, a]);
    c === hash;
    secret === a - b;
}
component main {public [a, b, c]} = Reproducible();
`,
};

describe("a build", () => {
  it("gives the same constraints, witness program, key and verifier contract twice and in another folder", async () => {
    await inFolder(async (folder) => {
      const here = await outputsHere(CIRCUIT);
      for (const name of ["one", "another with a space"]) {
        await mkdir(join(folder, name));
        expect(await outputsElsewhere(join(folder, name), CIRCUIT)).toEqual(here);
      }
    });
  });
});
