// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * circom's WebAssembly with faster functions and fewer copies, marked by a section of its own, so that it can be stored and is
 * not prepared again; and with a witness program in another one.
 *
 * @module
 */
import { concatenate } from "./bytes.js";
import { replaceKnownFunctions } from "./circom-code.js";
import { mergeConstantCopies } from "./circom-copies.js";
import { isPrepared, markSections } from "./circom-sections.js";
import type { WitnessProgram } from "./witness/program.js";

/**
 * A circuit's WebAssembly as the engine runs it; what has the mark, and what is no module, comes back as it is.
 *
 * @param program one for the same circuit's witnesses, which goes with it
 */
export function prepareCircuit(wasm: Uint8Array, program?: WitnessProgram): Uint8Array {
  if (isPrepared(wasm)) return wasm;
  return concatenate([replaceKnownFunctions(mergeConstantCopies(wasm)), markSections(program)]);
}
