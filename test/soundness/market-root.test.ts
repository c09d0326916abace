// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Does market-root accept the root of just these numbers, and no other root or number?
 *
 * @module
 */

import { buildMarketRoot } from "@keel/prover";
import { marketTable, marketVector, statementInputs, toField } from "@keel/verifier";
import { beforeAll, describe, expect, it } from "vitest";
import { book } from "../support/book.js";
import { type Circuit, knownCircuit } from "../support/circuit.js";
import { freeWires } from "../support/wires.js";

const { market, policy } = book();
const table = marketTable(market, policy);
const { input, digest } = buildMarketRoot(table);

let circuit: Circuit;

beforeAll(async () => {
  circuit = await knownCircuit("market-root/16");
});

describe("market-root/16 [M4]", () => {
  it("has 1,008 constraints, so a domain of 2^10, and accepts the root as its first public input", async () => {
    expect(circuit.r1cs.constraints).toBe(1_008);
    expect(digest.c).toBe(table.root);
    expect(await circuit.accepts(input)).toBe(true);
    expect((await circuit.witness(input))!.slice(1, 4)).toEqual([digest.c, digest.x, digest.y]);
  });

  it("22 refuses another number in any place of the vector", async () => {
    const vector = marketVector(table);
    for (let place = 0; place < vector.length; place++) {
      const { x, y } = statementInputs(table.root, vector.with(place, toField(vector[place]! + 1n)));
      expect(await circuit.accepts({ ...input, x, y }), `place ${place}`).toBe(false);
    }
    expect(await circuit.accepts({ ...input, c: toField(digest.c + 1n) })).toBe(false);
    expect(await circuit.accepts({ ...input, price: table.price.toReversed() })).toBe(false);
  });

  it("1 leaves no wire free", async () => {
    const wires = (await circuit.witness(input))!;
    expect(freeWires(circuit, wires)).toEqual([]);
  });
});
