// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Are the modules that a build stores the ones that the code writes, and are they used only when they are?
 *
 * @module
 */
import { readFile } from "node:fs/promises";
import { ensureCircuit } from "@keel/circuits";
import { describe, expect, it } from "vitest";
import { prepareCircuit } from "../../prover/engine/dist/circom-prepare.js";
import { readProgram } from "../../prover/engine/dist/circom-sections.js";
import { sha256Hex } from "../../prover/engine/dist/hash.js";
import { writeBn254 } from "../../prover/engine/dist/kernels/bn254.js";
import { compileSet } from "../../prover/engine/dist/kernels/run/arithmetic.js";
import { readStored, storedModule } from "../../prover/engine/dist/kernels/stored.js";
import { SMALL } from "./small-circuit.js";

describe.each([
  { set: "29-bit limbs", lanes: false },
  { set: "two lanes", lanes: true },
])("the stored module on $set", ({ lanes }) => {
  it("is what the code writes; when that was meant to change, stored.ts must", async () => {
    const { code, heap } = writeBn254(lanes);
    const { sha256, heap: expectedHeap } = storedModule(lanes);
    expect({ sha256: await sha256Hex(code), heap }).toEqual({ sha256, heap: expectedHeap });
  });

  it("is read when its hash is right, and written anew otherwise", async () => {
    const { code, heap } = writeBn254(lanes);
    const answers: [string, () => Promise<Uint8Array<ArrayBuffer>>][] = [
      ["another", async () => Uint8Array.from([...code, 0])],
      ["a page", async () => new TextEncoder().encode("<!doctype html>")],
      ["none", async () => Promise.reject(new Error("no such file"))],
    ];
    expect(await readStored(lanes, async () => code)).toEqual({ code, heap, lanes });
    for (const [, read] of answers) {
      expect(await readStored(lanes, read)).toBeUndefined();
      if (!lanes) expect((await compileSet(lanes, read)).heap).toBe(heap);
    }
  });
});

describe("a circuit's prepared module", () => {
  it("is stored with its hash, smaller, and prepared once", async () => {
    const { wasmPath, witnessPath, manifest } = await ensureCircuit(SMALL);
    const [wasm, witness] = await Promise.all([readFile(wasmPath), readFile(witnessPath)]);
    expect(manifest.files.witness).toMatchObject({ bytes: witness.length, sha256: await sha256Hex(witness) });
    const program = readProgram(witness);
    expect(program).toBeDefined();
    expect(await sha256Hex(prepareCircuit(wasm, program))).toBe(manifest.files.witness.sha256);
    expect(readProgram(prepareCircuit(wasm))).toBeUndefined();
    expect(WebAssembly.validate(witness)).toBe(true);
    expect(prepareCircuit(witness)).toBe(witness);
  });

  it("is not made of what is no module", () => {
    const text = new TextEncoder().encode("no module");
    expect(prepareCircuit(text)).toBe(text);
  });
});
