// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Do the two functions that take the place of circom's give what circom's own give, and BigInt? Both modules are asked
 * directly, by exports that are added for the test.
 *
 * @module
 */
import { readFile } from "node:fs/promises";
import { ensureCircuit } from "@keel/circuits";
import { SCALAR_FIELD } from "@keel/verifier";
import { beforeAll, describe, expect, it } from "vitest";
import { readElement, writeElement } from "../../prover/engine/dist/bytes.js";
import { replaceKnownFunctions } from "../../prover/engine/dist/circom-code.js";
import { SMALL } from "./small-circuit.js";

/** Where circom keeps the modulus. */
const MODULUS = 608;
const RADIX = 2n ** 256n;
/** Order of circom's functions: its own imports come first, then its number library. */
const INDEX = { inverse: 19, product: 24 } as const;

type Call = (x: number, y: number, r: number) => void;

interface Exports {
  readonly memory: WebAssembly.Memory;
  readonly inverse: Call;
  readonly product: Call;
}

let wasm: Uint8Array;
let original: Exports;
let replaced: Exports;

beforeAll(async () => {
  wasm = new Uint8Array(await readFile((await ensureCircuit(SMALL)).wasmPath));
  original = open(wasm);
  replaced = open(replaceKnownFunctions(wasm));
}, 120_000);

/** Instantiates with a page more of memory, for numbers. */
function open(bytes: Uint8Array): Exports {
  const nothing = (): void => {};
  const names = ["exceptionHandler", "printErrorMessage", "writeBufferMessage", "showSharedRWMemory"];
  const runtime = Object.fromEntries(names.map((name) => [name, nothing]));
  const module = new WebAssembly.Module(exportFunctions(bytes) as Uint8Array<ArrayBuffer>);
  const exports = new WebAssembly.Instance(module, { runtime }).exports as unknown as Exports;
  exports.memory.grow(1);
  return exports;
}

/** Sections of a module, each with its type and length. */
function sections(bytes: Uint8Array): { readonly type: number; readonly content: Uint8Array }[] {
  const found: { type: number; content: Uint8Array }[] = [];
  for (let at = 8; at < bytes.length; ) {
    const type = bytes[at++]!;
    let length = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = bytes[at++]!;
      length += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) break;
    }
    found.push({ type, content: bytes.subarray(at, at + length) });
    at += length;
  }
  return found;
}

function exportFunctions(bytes: Uint8Array): Uint8Array {
  const added = Object.entries(INDEX).flatMap(([name, index]) => [
    name.length,
    ...Buffer.from(name),
    0,
    index,
  ]);
  const parts = sections(bytes).map(({ type, content }) => {
    // Sixteen exports and two more are counted in one byte.
    const full = type === 7 ? Buffer.from([content[0]! + 2, ...content.subarray(1), ...added]) : content;
    const length = [0, 7, 14, 21, 28].map(
      (shift) => ((full.length >>> shift) & 0x7f) | (shift < 28 ? 0x80 : 0),
    );
    return Buffer.concat([Buffer.from([type, ...length]), full]);
  });
  return Buffer.concat([bytes.subarray(0, 8), ...parts]);
}

/** What a function makes of two numbers; the result may take the first one's place. */
function run(exports: Exports, op: "inverse" | "product", x: bigint, y: bigint, inPlace = false): bigint {
  const memory = new Uint8Array(exports.memory.buffer);
  const free = memory.length - 65536;
  writeElement(memory, free, x);
  writeElement(memory, free + 64, y);
  const target = inPlace ? free : free + 128;
  exports[op](free, op === "inverse" ? MODULUS : free + 64, target);
  return readElement(memory, target);
}

/** Edges, every power of two near them, and numbers without a pattern. */
function numbers(): bigint[] {
  const r = SCALAR_FIELD;
  const powers = Array.from({ length: 254 }, (_, i) => 2n ** BigInt(i));
  const edges = [0n, r - 1n, r - 2n, r >> 1n, (r >> 1n) + 1n, RADIX % r, RADIX ** 2n % r, RADIX ** 3n % r];
  const some = Array.from({ length: 1000 }, (_, i) => 7n ** BigInt(200 + i) % r);
  return [...edges, ...powers.flatMap((power) => [power % r, power - 1n, r - (power % r)]), ...some];
}

describe("faster functions for circom's modules", () => {
  it("are put into circom's modules, and nowhere else", () => {
    expect(replaceKnownFunctions(wasm)).not.toEqual(wasm);
    expect(replaceKnownFunctions(replaceKnownFunctions(wasm))).toEqual(replaceKnownFunctions(wasm));
    const empty = Uint8Array.from([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0]);
    expect(replaceKnownFunctions(empty)).toEqual(empty);
    for (const length of [0, 5, 9, 1000, 3000]) {
      const cut = wasm.subarray(0, length);
      expect(WebAssembly.validate(replaceKnownFunctions(cut) as Uint8Array<ArrayBuffer>)).toBe(false);
    }
  });

  it("find circom's modulus where the test looks for it", () => {
    expect(readElement(new Uint8Array(original.memory.buffer), MODULUS)).toBe(SCALAR_FIELD);
  });

  it("invert as circom and BigInt do, 0 giving 0", () => {
    for (const x of numbers()) {
      const inverse = run(replaced, "inverse", x, 0n);
      expect(inverse, `1/${x}`).toBe(run(original, "inverse", x, 0n));
      expect((inverse * x) % SCALAR_FIELD).toBe(x === 0n ? 0n : 1n);
      expect(inverse < SCALAR_FIELD && run(replaced, "inverse", x, 0n, true) === inverse).toBe(true);
    }
  });

  it("multiply as circom and BigInt do", () => {
    const all = numbers();
    for (const [i, x] of all.entries()) {
      for (const y of [x, all[(7 * i) % all.length]!, SCALAR_FIELD - 1n]) {
        const product = run(replaced, "product", x, y);
        expect(product, `${x} ${y}`).toBe(run(original, "product", x, y));
        expect(((product * RADIX) % SCALAR_FIELD) - ((x * y) % SCALAR_FIELD)).toBe(0n);
        expect(product < SCALAR_FIELD && run(replaced, "product", x, y, true) === product).toBe(true);
      }
    }
  });
});
