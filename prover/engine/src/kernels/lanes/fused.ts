// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Does WebAssembly here have two lanes of doubles (relaxed SIMD) whose products and sums are rounded once, together?
 *
 * Engines may round twice where the processor has no such instruction, so that only a calculation tells.
 *
 * @module
 */

import { createModuleWriter, f64x2, i32, v128 } from "../wasm/writer.js";
import { bitsOf, createConstants } from "./field.js";

/** Whether kernels can take lanes/field.ts. */
export async function hasFusedLanes(): Promise<boolean> {
  const writer = createModuleWriter();
  const constants = createConstants(writer);
  const double = (value: number) => constants(bitsOf(value));
  const place = writer.data(new Uint8Array(32));
  // (1 + 2^-52)^2 = 1 + 2^-51 + 2^-104, of which the last part is lost when the product is rounded by itself.
  const factor = double(1 + 2 ** -52);
  const rest = double(1 + 2 ** -51);
  writer.define("test", 0, "none", () => [
    ...v128.store(i32.const(place), f64x2.mulAdd(factor, factor, double(-(1 + 2 ** -51)))),
    ...v128.store(i32.const(place), f64x2.subMul(factor, factor, rest), 16),
  ]);
  const { code } = writer.finish();
  if (!WebAssembly.validate(code)) return false;
  const { exports } = (await WebAssembly.instantiate(code)).instance;
  (exports.test as () => void)();
  const results = new Float64Array((exports.memory as WebAssembly.Memory).buffer, place, 4);
  return [1, 1, -1, -1].every((sign, i) => results[i] === sign * 2 ** -104);
}
