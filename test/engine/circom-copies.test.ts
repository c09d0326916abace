// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Do circom's modules compute the same with copies of constants merged, and are others left alone?
 *
 * @module
 */
import { readFile } from "node:fs/promises";
import { ensureCircuit } from "@keel/circuits";
import { beforeAll, describe, expect, it } from "vitest";
import { createWitnessCalculator } from "../../prover/engine/dist/circom.js";
import { mergeConstantCopies } from "../../prover/engine/dist/circom-copies.js";
import { flattenInput } from "../../prover/engine/dist/inputs.js";
import { unsigned } from "../../prover/engine/dist/kernels/wasm/leb128.js";
import { functionBodies, readSections } from "../../prover/engine/dist/kernels/wasm/reader.js";
import { i32, i64, list, section } from "../../prover/engine/dist/kernels/wasm/writer.js";
import { CHAIN, chainInput } from "./small-circuit.js";

const compile = (bytes: Uint8Array): WebAssembly.Module =>
  new WebAssembly.Module(bytes as Uint8Array<ArrayBuffer>);

describe("copies of constants", () => {
  let wasm: Buffer;
  beforeAll(async () => {
    wasm = await readFile((await ensureCircuit(CHAIN)).wasmPath);
  }, 120_000);

  it("are merged in a circuit with hashes, and its witness stays as it was", () => {
    const before = Buffer.from(wasm);
    const merged = mergeConstantCopies(wasm);
    expect(wasm.equals(before)).toBe(true);
    expect(merged).not.toBe(wasm);
    const [original, changed] = [wasm, merged].map((bytes) => createWitnessCalculator(compile(bytes)));
    for (const a of [0n, 1n, 9n]) {
      const signals = flattenInput(chainInput(a) as never);
      expect(Buffer.compare(changed!.calculate(signals), original!.calculate(signals))).toBe(0);
    }
    expect(mergeConstantCopies(merged)).toBe(merged);
  });

  it("stay in modules whose copy is another one, and in those that are cut off", () => {
    const [, body] = findCopy(wasm);
    const other = Buffer.from(wasm);
    // The last word is copied to the place of the one before.
    other[body.end - 2] = 24;
    expect(mergeConstantCopies(other)).toBe(other);
    const empty = Uint8Array.from([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0]);
    expect(mergeConstantCopies(empty)).toBe(empty);
    for (const length of [0, 5, 9, 1000, 3000, wasm.length - 1]) {
      const cut = wasm.subarray(0, length);
      expect(mergeConstantCopies(cut)).toBe(cut);
    }
  });

  it.each<[string, Partial<Handmade>, boolean]>([
    ["a run of any length", {}, true],
    ["variables at a local of two bytes", { locals: 200 }, true],
    ["a source that is not in the data", { lastSource: 90_000 }, true],
    ["instructions that circom does not use", { before: [0xfc, 0x0b, 0] }, false],
    ["a stack that begins before the end of the data", { stack: 4000 }, false],
    ["an imported memory", { importsMemory: true }, false],
    ["a memory with a largest size", { memory: [1, 2, 2] }, false],
    ["a number of segments that is stated twice", { dataCount: true }, false],
  ])("in a module made by hand: %s", (_, options, changes) => {
    const bytes = handmade(wasm, options);
    const merged = mergeConstantCopies(bytes);
    expect(merged !== bytes).toBe(changes);
    if (!changes) return;
    const results = [bytes, merged].map((code) => {
      const { memory, run } = new WebAssembly.Instance(compile(code)).exports as unknown as {
        memory: WebAssembly.Memory;
        run: () => void;
      };
      run();
      return Buffer.from(memory.buffer).subarray(TARGET, TARGET + 40 * RUN);
    });
    expect(results[1]!.equals(results[0]!)).toBe(true);
    expect(results[0]!.some((byte) => byte !== 0)).toBe(true);
  });
});

/** Index among a module's own functions of circom's copy of five words, and where its body lies. */
function findCopy(wasm: Uint8Array): [index: number, body: { start: number; end: number }] {
  const code = readSections(wasm)!.find(({ id }) => id === 10)!;
  const bodies = functionBodies(wasm, code);
  const index = bodies.findIndex(([start, end]) => end - start === 52 && wasm[end - 2] === 32);
  return [index, { start: bodies[index]![0], end: bodies[index]![1] }];
}

interface Handmade {
  readonly locals: number;
  readonly lastSource: number;
  readonly before: readonly number[];
  readonly stack: number;
  readonly importsMemory: boolean;
  /** Limits of the memory, encoded. */
  readonly memory: readonly number[];
  readonly dataCount: boolean;
}

const TARGET = 40_000;
const RUN = 300;
const CONSTANTS = 1000;

/** A module with circom's copy and a function that copies a run of constants to `TARGET`, in an order of its own. */
function handmade(circom: Uint8Array, options: Partial<Handmade>): Uint8Array {
  const locals = options.locals ?? 3;
  const [, { start, end }] = findCopy(circom);
  const copy = [...circom.subarray(start, end)];
  const sized = (content: readonly number[]): number[] => [...unsigned(content.length), ...content];
  const source = (i: number): number =>
    i === RUN - 1 && options.lastSource !== undefined ? options.lastSource : CONSTANTS + 40 * ((i * 7) % 50);
  const last = unsigned(locals - 1);
  const copies = Array.from({ length: RUN }, (_, i) => [
    ...[...i32.const(i), ...i32.const(40), 0x6c, 0x20, ...last, 0x6a, ...i32.const(source(i)), 0x10, 0],
  ]).flat();
  const run = [
    ...[1, ...unsigned(locals), 0x7f],
    // Looks like copies, but is a number.
    ...[...i64.const(0x10_0041_6a20_6c28n), 0x1a],
    ...(options.before === undefined
      ? []
      : [...i32.const(0), ...i32.const(0), ...i32.const(0), ...options.before]),
    ...[...i32.const(TARGET), 0x21, ...last, ...copies, 0x0b],
  ];
  const text = (value: string): number[] => sized([...Buffer.from(value)]);
  const data = Array.from({ length: 2000 }, (_, i) => (i * 37 + (i >> 3)) & 0xff);
  const stack = new Uint8Array(Uint32Array.of(options.stack ?? 8000).buffer);
  const segment = (address: number, bytes: readonly number[]): number[] => [
    0,
    ...i32.const(address),
    0x0b,
    ...sized(bytes),
  ];
  return Uint8Array.from([
    ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(
      1,
      list([
        [0x60, 2, 0x7f, 0x7f, 0],
        [0x60, 0, 0],
      ]),
    ),
    ...(options.importsMemory ? section(2, list([[...text("a"), ...text("b"), 3, 0x7f, 0]])) : []),
    ...section(3, list([[0], [1]])),
    ...section(5, list([options.memory ?? [0, 2]])),
    ...section(
      7,
      list([
        [...text("memory"), 2, 0],
        [...text("run"), 0, 1],
      ]),
    ),
    ...(options.dataCount ? section(12, [3]) : []),
    ...section(10, list([sized(copy), sized(run)])),
    ...section(11, list([segment(0, [...stack]), segment(CONSTANTS, data), segment(4000, [1, 2, 3])])),
  ]);
}
