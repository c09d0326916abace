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
import { readSections, writeSection } from "./kernels/wasm/reader.js";
import { decodeProgram, encodeProgram, type WitnessProgram } from "./witness/program.js";

const MARK = "keel/1";
const PROGRAM = "keel/program";
const CUSTOM_SECTION = 0;

/**
 * A circuit's WebAssembly as the engine runs it; what has the mark, and what is no module, comes back as it is.
 *
 * @param program one for the same circuit's witnesses, which goes with it
 */
export function prepareCircuit(wasm: Uint8Array, program?: WitnessProgram): Uint8Array {
  if (readSections(wasm) === undefined || readCustom(wasm, MARK) !== undefined) return wasm;
  const prepared = [replaceKnownFunctions(mergeConstantCopies(wasm)), writeCustom(MARK, new Uint8Array())];
  return concatenate(
    program === undefined ? prepared : [...prepared, writeCustom(PROGRAM, encodeProgram(program))],
  );
}

/** The witness program that goes with a circuit's WebAssembly, if there is one. */
export function readProgram(wasm: Uint8Array): WitnessProgram | undefined {
  const bytes = readCustom(wasm, PROGRAM);
  return bytes && decodeProgram(bytes);
}

/** A custom section's content begins with its name, and the length of that. */
function nameBytes(name: string): Uint8Array {
  return Uint8Array.from([name.length, ...new TextEncoder().encode(name)]);
}

function writeCustom(name: string, content: Uint8Array): Uint8Array {
  return writeSection(CUSTOM_SECTION, concatenate([nameBytes(name), content]));
}

function readCustom(wasm: Uint8Array, name: string): Uint8Array | undefined {
  const wanted = nameBytes(name);
  const contents = readSections(wasm)?.map(({ id, start, end }) => ({
    id,
    content: wasm.subarray(start, end),
  }));
  const found = contents?.find(
    ({ id, content }) => id === CUSTOM_SECTION && wanted.every((byte, i) => byte === content[i]),
  );
  return found?.content.subarray(wanted.length);
}
