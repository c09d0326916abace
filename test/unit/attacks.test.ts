// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Is every family of attacks tried by some test, and does the table of PROPERTIES.md say where?
 *
 * @module
 */

import { describe, expect, it } from "vitest";
import { ATTACKS, attackNumbers, filesByAttack, listedAttacks } from "../support/attacks.js";

describe("attacks", () => {
  it("are listed once each, in order", () => {
    const numbers = listedAttacks().map(({ number }) => number);
    expect(numbers).toEqual(ATTACKS);
  });

  it("have each a test whose title starts with the number", () => {
    const found = filesByAttack();
    const missing = listedAttacks().filter(({ number }) => !found.has(number));
    expect(missing).toEqual([]);
  });

  it("are tried where the table says", () => {
    const found = filesByAttack();
    const wrong = listedAttacks().flatMap(({ number, files }) =>
      files
        .filter((file) => !file.endsWith(".slow.test.ts") && !found.get(number)?.has(file))
        .map((file) => `${number}: ${file}`),
    );
    expect(wrong).toEqual([]);
  });

  it("are numbered at the start of a title, and nothing else is", () => {
    expect(attackNumbers("13, 14 are refused")).toEqual([13, 14]);
    expect(attackNumbers("52, 68 are refused")).toEqual([52, 68]);
    expect(attackNumbers("64 weeks")).toEqual([]);
    expect(attackNumbers("80 weeks")).toEqual([]);
    expect(attackNumbers("accepts 10 proofs")).toEqual([]);
  });
});
