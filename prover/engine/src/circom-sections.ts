// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Sections of its own that the engine adds to circom's WebAssembly: a mark that it is prepared, and a witness program.
 *
 * @module
 */
import { concatenate } from "./bytes.js";
import { readSections, writeSection } from "./kernels/wasm/reader.js";
import { decodeProgram, encodeProgram, type WitnessProgram } from "./witness/program.js";

const MARK = "keel/1";
const PROGRAM = "keel/program";
const CUSTOM_SECTION = 0;

/** Whether there is nothing to prepare: the module has the mark, or it is none. */
export function isPrepared(wasm: Uint8Array): boolean {
  return readSections(wasm) === undefined || readCustom(wasm, MARK) !== undefined;
}

/** The mark, and a program's section if there is one. */
export function markSections(program: WitnessProgram | undefined): Uint8Array {
  const mark = writeCustom(MARK, new Uint8Array());
  return program === undefined ? mark : concatenate([mark, writeCustom(PROGRAM, encodeProgram(program))]);
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
