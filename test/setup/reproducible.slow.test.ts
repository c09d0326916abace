// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Does the statement's circuit give the same bytes somewhere else?
 *
 * @module
 */
import { expect, it } from "vitest";
import { inFolder } from "../support/cli.js";
import { outputsElsewhere, outputsHere } from "../support/reproduce.js";

it("spot-16 gives the same constraints, witness program, key and verifier contract in another folder", async () => {
  await inFolder(async (folder) => {
    const circuit = "portfolio-health/spot-16";
    expect(await outputsElsewhere(folder, circuit)).toEqual(await outputsHere(circuit));
  });
});
