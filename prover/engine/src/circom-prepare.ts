// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * circom's WebAssembly with faster functions and fewer copies, marked by a section of its own, so that it can be stored and is
 * not prepared again.
 *
 * @module
 */
import { concatenate } from "./bytes.js";
import { replaceKnownFunctions } from "./circom-code.js";
import { mergeConstantCopies } from "./circom-copies.js";
import { readSections, writeSection } from "./kernels/wasm/reader.js";

/** A custom section's content: its name, with the length of the name before it. Changes when what is done changes. */
const MARK = Uint8Array.from([6, ...new TextEncoder().encode("keel/1")]);
const CUSTOM_SECTION = 0;

/** A circuit's WebAssembly as the engine runs it; what has the mark, and what is no module, comes back as it is. */
export function prepareCircuit(wasm: Uint8Array): Uint8Array {
  const sections = readSections(wasm);
  if (sections === undefined || sections.some(({ id, start, end }) => isMark(id, wasm.subarray(start, end))))
    return wasm;
  const prepared = replaceKnownFunctions(mergeConstantCopies(wasm));
  return concatenate([prepared, writeSection(CUSTOM_SECTION, MARK)]);
}

function isMark(id: number, content: Uint8Array): boolean {
  return (
    id === CUSTOM_SECTION && content.length === MARK.length && content.every((byte, i) => byte === MARK[i])
  );
}
