// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Cost of each stage of a proof on one thread, without pool and messages: where the next gain is.
 *
 * @module
 */

import { readFile } from "node:fs/promises";
import { parseVerificationKey } from "@keel/verifier/groth16";
import { createAssembler } from "#engine/assemble.js";
import { ELEMENT_BYTES, readElement } from "#engine/bytes.js";
import { compileCircuitModule } from "#engine/circom.js";
import { readProgram } from "#engine/circom-prepare.js";
import { createCalculator } from "#engine/engine-worker.js";
import { flattenInput } from "#engine/inputs.js";
import { createKernel } from "#engine/kernel.js";
import { compileArithmetic, createArithmetic } from "#engine/kernels/run/arithmetic.js";
import { allowRelaxedSimd } from "#engine/node-features.js";
import { sliceKey } from "#engine/slices.js";
import { parseZkey } from "#engine/zkey.js";
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
  const key = parseZkey(await readFile(artifacts.zkeyPath));
  const arithmetic = await createArithmetic(await compileArithmetic());
  const kernel = createKernel(arithmetic, sliceKey(key, 1)[0]!);
  const assembler = createAssembler(arithmetic, parseVerificationKey(key.verificationKey));
  const wasm = await readFile(artifacts.witnessPath);
  const modules = { circuit: await compileCircuitModule(wasm), program: readProgram(wasm) };
  const circuit = createCalculator(arithmetic, modules);
  for (let run = 0; run <= runs; run++) {
    const witness = timed("witness", () => circuit.calculate(flattenInput(input)));
    const rows = timed("rows of A, B, C", () => kernel.rows(witness));
    const onCoset = timed("three polynomials to the odd coset", () => ({
      a: kernel.extend(rows.a),
      b: kernel.extend(rows.b),
      c: kernel.extend(rows.c),
    }));
    const c = timed("sum over C and H", () => kernel.multiplyC(witness, onCoset));
    const a = timed("sum over A", () => kernel.multiply("a", witness));
    const b = timed("sum over B", () => kernel.multiply("b", witness));
    const publicSignals = Array.from({ length: key.publicSignals }, (_, i) =>
      readElement(witness, (i + 1) * ELEMENT_BYTES).toString(),
    );
    const sums = { a: [a], b: [b], c: [c] };
    timed("blinding and verification", () => assembler.assemble(sums, publicSignals));
  }
  return Array.from(times, ([name, all]) => ({ name, ms: median(all.slice(1)) }));
}
