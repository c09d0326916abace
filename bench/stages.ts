// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Cost of each stage of a proof on one thread, without pool and messages: where the next gain is.
 *
 * @module
 */

import { readFile } from "node:fs/promises";
import { createAssembler } from "#engine/assemble.js";
import { ELEMENT_BYTES, readElement } from "#engine/bytes.js";
import { compileCircuitModule } from "#engine/circom.js";
import { readProgram } from "#engine/circom-sections.js";
import { createCalculator } from "#engine/engine-worker.js";
import { flattenInput } from "#engine/inputs.js";
import { createKernel } from "#engine/kernel.js";
import { compileArithmetic, createArithmetic } from "#engine/kernels/run/arithmetic.js";
import { allowRelaxedSimd } from "#engine/node-features.js";
import { fileOfBytes } from "#engine/parts.js";
import { cutZkey, openSlice } from "#engine/slices.js";
import type { Subject } from "./circuits.js";
import { median } from "./median.js";

/** A stage and the median of its times. */
export interface Stage {
  readonly name: string;
  readonly ms: number;
}

/** Runs whole proofs stage by stage; the first run only warms up. */
export async function measureStages({ artifacts, input }: Subject, runs: number): Promise<Stage[]> {
  const times = new Map<string, number[]>();
  const timed = <T>(name: string, action: () => T): T => {
    const started = performance.now();
    const value = action();
    times.set(name, [...(times.get(name) ?? []), performance.now() - started]);
    return value;
  };
  allowRelaxedSimd();
  const file = fileOfBytes(await readFile(artifacts.zkeyPath));
  const { zkey, parts } = cutZkey(file, 1);
  const arithmetic = await createArithmetic(await compileArithmetic());
  const kernel = createKernel(arithmetic, openSlice(file, zkey, parts[0]!));
  const assembler = createAssembler(arithmetic, artifacts.verificationKey);
  const wasm = await readFile(artifacts.witnessPath);
  const modules = { circuit: await compileCircuitModule(wasm), program: readProgram(wasm) };
  const circuit = createCalculator(arithmetic, modules);
  for (let run = 0; run <= runs; run++) {
    const witness = timed("witness", () => circuit.calculate(flattenInput(input)));
    const rows = timed("rows of A, B, C", () => kernel.rows(witness));
    timed("three polynomials to the odd coset", () => Object.values(rows).forEach(kernel.extend));
    const c = timed("sum over C and H", () => kernel.multiplyC(witness, rows));
    const a = timed("sum over A", () => kernel.multiply("a", witness));
    const b = timed("sum over B", () => kernel.multiply("b", witness));
    const publicSignals = Array.from({ length: zkey.publicSignals }, (_, i) =>
      readElement(witness, (i + 1) * ELEMENT_BYTES).toString(),
    );
    const sums = { a: [a], b: [b], c: [c] };
    timed("blinding and verification", () => assembler.assemble(sums, publicSignals));
  }
  return Array.from(times, ([name, all]) => ({ name, ms: median(all.slice(1)) }));
}
