// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Does WebAssembly here have two lanes of doubles (relaxed SIMD) whose products and sums are rounded once, together?
 *
 * Engines may round twice where the processor has no such instruction, so that only a calculation tells.
 *
 * @module
 */
import { createModule, f64x2, v128 } from "../wasm/writer.js";
import { bitsOf, createConstants } from "./pairs.js";

interface Exports extends WebAssembly.Exports {
  readonly test: () => void;
  readonly memory: WebAssembly.Memory;
}

/** Whether kernels can take those of this folder. */
export async function hasFusedLanes(): Promise<boolean> {
  const module = createModule();
  const constants = createConstants(module);
  const double = (value: number) => constants(bitsOf(value));
  const place = module.room(32);
  // (1 + 2^-52)^2 = 1 + 2^-51 + 2^-104, of which the last part is lost when the product is rounded by itself.
  const factor = double(1 + 2 ** -52);
  const rest = double(1 + 2 ** -51);
  module.define("test", {}, () => [
    v128.store(place, f64x2.mulAdd(factor, factor, double(-(1 + 2 ** -51)))),
    v128.store(place, f64x2.subMul(factor, factor, rest), 16),
  ]);
  const { code } = module.finish();
  if (!WebAssembly.validate(code)) return false;
  const { exports } = (await WebAssembly.instantiate(code)).instance;
  const { test, memory } = exports as Exports;
  test();
  const results = new Float64Array(memory.buffer, place, 4);
  return [1, 1, -1, -1].every((sign, i) => results[i] === sign * 2 ** -104);
}
