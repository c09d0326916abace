// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Reads WebAssembly modules as far as it takes to change their functions. Nothing here throws: what ends too early is not
 * understood, or reads as zeros.
 *
 * @module
 */
import { concatenate } from "../../bytes.js";
import { readUnsigned, skipNumber, unsigned } from "./leb128.js";

const HEADER_BYTES = 8;

/** A section: where its header and its content begin, and where both end. */
export interface Section {
  readonly id: number;
  readonly at: number;
  readonly start: number;
  readonly end: number;
}

/** A module's sections, or nothing when they do not end where the module does. */
export function readSections(wasm: Uint8Array): Section[] | undefined {
  const sections: Section[] = [];
  let at = HEADER_BYTES;
  while (at < wasm.length) {
    const [length, start] = readUnsigned(wasm, at + 1);
    sections.push({ id: wasm[at]!, at, start, end: start + length });
    at = start + length;
  }
  return at === wasm.length ? sections : undefined;
}

/** A section's bytes. */
export function writeSection(id: number, content: Uint8Array): Uint8Array {
  return concatenate([Uint8Array.from([id, ...unsigned(content.length)]), content]);
}

/** Where the functions' bodies, locals and code, begin and end. */
export function functionBodies(wasm: Uint8Array, { start, end }: Section): [start: number, end: number][] {
  const bodies: [number, number][] = [];
  let at = readUnsigned(wasm, start)[1];
  while (at < end) {
    const [length, body] = readUnsigned(wasm, at);
    at = body + length;
    bodies.push([body, at]);
  }
  return bodies;
}

/** Where the next instruction begins; nothing for instructions that circom does not use. */
export function skipInstruction(wasm: Uint8Array, at: number): number | undefined {
  const op = wasm[at]!;
  // Block types are one byte; br, br_if, calls and variables have an index, indirect calls, loads and stores two.
  if (op >= 0x02 && op <= 0x04) return at + 2;
  if (op === 0x0c || op === 0x0d || op === 0x10 || (op >= 0x20 && op <= 0x24))
    return skipNumber(wasm, at + 1);
  if (op === 0x11 || (op >= 0x28 && op <= 0x3e)) return skipNumber(wasm, skipNumber(wasm, at + 1));
  if (op === 0x3f || op === 0x40) return at + 2;
  if (op === 0x41 || op === 0x42) return skipNumber(wasm, at + 1);
  const plain = op <= 0x01 || op === 0x05 || op === 0x0b || op === 0x0f || op === 0x1a || op === 0x1b;
  return plain || (op >= 0x45 && op <= 0xc4) ? at + 1 : undefined;
}
