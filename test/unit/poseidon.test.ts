// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Is the verifier's Poseidon the one of circomlib, for every number of inputs?
 *
 * @module
 */
import { FIELD_ORDER, poseidon } from "@keel/verifier";
import * as poseidonLite from "poseidon-lite";
import { describe, expect, it } from "vitest";

const hashes = poseidonLite as unknown as Readonly<Record<string, (inputs: bigint[]) => bigint>>;
const COUNTS = Array.from({ length: 16 }, (_, i) => i + 1);

describe("Poseidon", () => {
  it.each(COUNTS)("of %i inputs is circomlib's, as poseidon-lite has it", (count) => {
    const same = hashes[`poseidon${count}`]!;
    for (const first of [0n, 1n, FIELD_ORDER - BigInt(count)]) {
      const inputs = Array.from({ length: count }, (_, i) => (first + BigInt(i)) % FIELD_ORDER);
      expect(poseidon(inputs)).toBe(same(inputs));
    }
  });

  // The test vector of circomlib's repository.
  it("of 1 and 2 is the known value", () => {
    expect(poseidon([1n, 2n])).toBe(
      7853200120776062878684798364095072458815029376092732009249414926327459813530n,
    );
  });

  it("takes no other number of inputs", () => {
    expect(() => poseidon([])).toThrow(RangeError);
    expect(() => poseidon(Array(17).fill(1n))).toThrow(RangeError);
  });
});
