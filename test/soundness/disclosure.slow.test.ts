// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * How many constraints each disclosure circuit has, and in which domain it is proven: the table of circuits/SPEC.md, section 13.
 *
 * @module
 */

import { readFile } from "node:fs/promises";
import { circuitDefinition, compileConstraints, parseR1cs } from "@keel/circuits";
import { expect, it } from "vitest";

it.each([
  ["spot-16x0", 1_322, 11],
  ["spot-16x1", 5_302, 13],
  ["spot-16x4", 13_507, 14],
  ["fund-64x0", 2_087, 12],
  ["fund-64x1", 6_595, 13],
  ["fund-64x4", 14_566, 14],
  ["options-64x0", 2_792, 12],
  ["options-64x1", 8_660, 14],
  ["options-64x4", 16_859, 15],
  ["institution-256x0", 2_813, 12],
  ["institution-256x1", 8_021, 13],
  ["institution-256x4", 16_232, 14],
])("%s: %d constraints, within 2^%d", async (tier, constraints, domain) => {
  const { r1csPath } = await compileConstraints(await circuitDefinition(`disclosure/${tier}`));
  const r1cs = parseR1cs(await readFile(r1csPath));
  expect(r1cs.constraints).toBe(constraints);
  // Three public inputs and the constant one take a row each.
  expect(constraints + 4).toBeLessThanOrEqual(2 ** domain);
});
