// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Do both sets of kernels, on 29-bit limbs and on two lanes, make the same parts of a proof, one that verifies?
 *
 * @module
 */
import { readFile } from "node:fs/promises";
import { ensureCircuit } from "@keel/circuits";
import { verifyGroth16 } from "@keel/verifier";
import { expect, it } from "vitest";
import { createAssembler } from "../../prover/engine/dist/assemble.js";
import { readElement } from "../../prover/engine/dist/bytes.js";
import { compileCircuitModule, createWitnessCalculator } from "../../prover/engine/dist/circom.js";
import { flattenInput } from "../../prover/engine/dist/inputs.js";
import { createKernel } from "../../prover/engine/dist/kernel.js";
import { hasFusedLanes } from "../../prover/engine/dist/kernels/lanes/fused.js";
import { compileSet, createArithmetic } from "../../prover/engine/dist/kernels/run/arithmetic.js";
import { allowRelaxedSimd } from "../../prover/engine/dist/node-features.js";
import { fileOfBytes } from "../../prover/engine/dist/parts.js";
import { cutZkey, openSlice } from "../../prover/engine/dist/slices.js";
import { CHAIN, chainInput, SMALL } from "./small-circuit.js";

allowRelaxedSimd();
const sets = (await hasFusedLanes()) ? [false, true] : [false];

it.each([
  { name: "a few constraints", circuit: SMALL, input: { a: "3", b: ["4", "5", "6"] } },
  { name: "a few thousand", circuit: CHAIN, input: chainInput(5n) },
])(
  `sets of kernels agree on $name (${sets.length} here)`,
  async ({ circuit, input }) => {
    const { wasmPath, zkeyPath, verificationKey } = await ensureCircuit(circuit);
    const file = fileOfBytes(await readFile(zkeyPath));
    const { zkey: key, parts: keyParts } = cutZkey(file, 1);
    const calculator = createWitnessCalculator(await compileCircuitModule(await readFile(wasmPath)));
    const witness = calculator.calculate(flattenInput(input as never));
    const publicSignals = Array.from({ length: key.publicSignals }, (_, i) =>
      readElement(witness, (i + 1) * 32).toString(),
    );
    const parts = await Promise.all(
      sets.map(async (lanes) => {
        const arithmetic = await createArithmetic(await compileSet(lanes));
        const kernel = createKernel(arithmetic, openSlice(file, key, keyParts[0]!));
        const rows = kernel.rows(witness);
        const [a, b, c] = [rows.a, rows.b, rows.c].map((values) => {
          const extended = values.slice();
          kernel.extend(extended);
          return extended;
        });
        const sums = {
          a: [kernel.multiply("a", witness)],
          b: [kernel.multiply("b", witness)],
          c: [kernel.multiplyC(witness, { a: a!, b: b!, c: c! })],
        };
        const proof = createAssembler(arithmetic, verificationKey).assemble(sums, publicSignals);
        expect(verifyGroth16(verificationKey, publicSignals, proof)).toBe(true);
        return Buffer.concat([rows.a, rows.b, rows.c, a!, b!, c!, ...Object.values(sums).flat()]);
      }),
    );
    for (const other of parts.slice(1)) expect(other.equals(parts[0]!)).toBe(true);
  },
  60_000,
);
