// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Asks V8 for relaxed SIMD where Node still keeps it behind a flag (before 22; browsers have it). Whether it is of use,
 * `hasFusedLanes` finds out; without it, the engine takes its other kernels.
 *
 * @module
 */
import { setFlagsFromString } from "node:v8";

/** Takes effect for all threads of the process and for what is compiled from now on; other code does not notice. */
export function allowRelaxedSimd(): void {
  const major = Number(process.versions.node.split(".")[0]);
  if (major < 22) setFlagsFromString("--experimental-wasm-relaxed-simd");
}
