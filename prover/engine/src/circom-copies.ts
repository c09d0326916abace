// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Fewer copies of constants in the WebAssembly that circom writes: a template or function with an array of constants
 * copies it into its variables one number after the other, every time it runs. Poseidon's sparse rounds do that with all of
 * their constants, a hundred thousand copies a hash and nearly all of the module's code.
 *
 * Runs of such copies become one of a block that holds their constants in order. Blocks lie where circom's stack
 * began, and the stack begins after them. Modules in which circom's copy is not known by its code, or that are not
 * understood in full, stay as they are; wrong values could not make a false proof, since each is verified.
 *
 * @module
 */
import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex } from "@noble/hashes/utils.js";
import { concatenate } from "./bytes.js";
import { createNumberReader, readSigned, readUnsigned, unsigned } from "./kernels/wasm/leb128.js";
import {
  functionBodies,
  readSections,
  type Section,
  skipInstruction,
  writeSection,
} from "./kernels/wasm/reader.js";
import { i32 } from "./kernels/wasm/writer.js";

/** circom's copy of a number: five words of 64 bits. */
const COPY_SHA256 = "1bef12871060a0d331e21605847db4de3e18dc59e889cc3a1cd00c62cf4a94a3";
const COPY_LENGTH = 52;
const NUMBER_BYTES = 40;
/** How many numbers a block holds. */
const BLOCK_LENGTHS = [256, 32, 8];
const PAGE_BYTES = 65536;
/** Where circom keeps the end of its stack. */
const STACK = 0;
const SECTION = { import: 2, memory: 5, code: 10, data: 11, dataCount: 12 } as const;
const OP = { const: 0x41, mul: 0x6c, get: 0x20, add: 0x6a, call: 0x10 } as const;

/** A circuit's WebAssembly with runs of copies of constants merged. */
export function mergeConstantCopies(wasm: Uint8Array): Uint8Array {
  const module = understand(wasm);
  if (module === undefined) return wasm;
  const { sections, stack, constants, copy } = module;
  const blocks = createBlocks(constants, Math.ceil(stack / 16) * 16);
  const reader = createCopyReader(wasm, copy);
  const code: Uint8Array[] = [];
  const bodies = functionBodies(wasm, sections.code);
  for (const [start, end] of bodies) {
    const body = mergeInBody(wasm, start, end, reader, blocks);
    if (body === undefined) return wasm;
    code.push(Uint8Array.from(unsigned(body.length)), body);
  }
  const block = blocks.bytes();
  if (block.length === 0) return wasm;
  const end = blocks.end();
  const changed = new Map<Section, Uint8Array>([
    [sections.code, concatenate([Uint8Array.from(unsigned(bodies.length)), ...code])],
    [sections.data, addBlock(wasm, sections.data, blocks.start, block, end)],
    [sections.memory, growMemory(wasm, sections.memory, Math.ceil((end - stack) / PAGE_BYTES))],
  ]);
  return concatenate([
    wasm.subarray(0, 8),
    ...module.all.map((section) => {
      const content = changed.get(section);
      return content === undefined
        ? wasm.subarray(section.at, section.end)
        : writeSection(section.id, content);
    }),
  ]);
}

/** What the rest needs to know of a module. */
interface Understood {
  readonly all: readonly Section[];
  readonly sections: Readonly<Record<"memory" | "code" | "data", Section>>;
  /** Index of circom's copy among all functions. */
  readonly copy: number;
  /** Where circom's stack begins: after everything else. */
  readonly stack: number;
  readonly constants: Constants;
}

/** Numbers in the data of a module. */
interface Constants {
  /** The bytes of a number, if its address lies in the data. */
  at(address: number): Uint8Array | undefined;
}

function understand(wasm: Uint8Array): Understood | undefined {
  const all = readSections(wasm);
  const find = (id: number): Section | undefined => all?.find((section) => section.id === id);
  const [imports, memory, code, data, dataCount] = Object.values(SECTION).map(find);
  if (all === undefined || memory === undefined || code === undefined || data === undefined) return undefined;
  // One memory that may grow, and a number of segments that is stated once.
  if (wasm[memory.start] !== 1 || wasm[memory.start + 1] !== 0 || dataCount !== undefined) return undefined;
  const own = functionBodies(wasm, code).findIndex(
    ([start, end]) =>
      end - start === COPY_LENGTH && bytesToHex(sha256(wasm.subarray(start, end))) === COPY_SHA256,
  );
  const segments = readSegments(wasm, data);
  const stackWord = segments?.find(({ address, start, end }) => address === STACK && end - start === 4);
  if (own < 0 || segments === undefined || stackWord === undefined) return undefined;
  const stack = new DataView(wasm.buffer, wasm.byteOffset + stackWord.start, 4).getUint32(0, true);
  // Nothing that is written before the start may lie beyond it.
  if (segments.some(({ address, start, end }) => address + end - start > stack)) return undefined;
  const imported = imports === undefined ? 0 : countImportedFunctions(wasm, imports);
  if (imported === undefined) return undefined;
  let last = segments[0]!;
  const constants: Constants = {
    at(address) {
      const holds = ({ address: from, start, end }: Segment): boolean =>
        from <= address && address + NUMBER_BYTES <= from + end - start;
      if (!holds(last)) last = segments.find(holds) ?? last;
      if (!holds(last)) return undefined;
      const at = last.start + address - last.address;
      return wasm.subarray(at, at + NUMBER_BYTES);
    },
  };
  return { all, sections: { memory, code, data }, copy: imported + own, stack, constants };
}

/** Blocks of constants, each stored once. */
interface Blocks {
  readonly start: number;
  /** Address of a block of the constants at these addresses, if all are known. */
  place(addresses: Int32Array): number | undefined;
  end(): number;
  bytes(): Uint8Array;
}

function createBlocks(constants: Constants, start: number): Blocks {
  const known = new Map<number, { readonly addresses: Int32Array; readonly place: number }[]>();
  const parts: Uint8Array[] = [];
  let end = start;
  return {
    start,
    place(addresses) {
      const hash = addresses.reduce((sum, address) => Math.imul(sum, 31) + address, 0) | 0;
      const alike = known.get(hash) ?? [];
      const same = alike.find((one) => isEqual(one.addresses, addresses));
      if (same !== undefined) return same.place;
      const numbers = Array.from(addresses, (address) => constants.at(address));
      if (!numbers.every((number) => number !== undefined)) return undefined;
      const place = end;
      parts.push(...numbers);
      known.set(hash, [...alike, { addresses: addresses.slice(), place }]);
      end += addresses.length * NUMBER_BYTES;
      return place;
    },
    end: () => end,
    bytes: () => concatenate(parts),
  };
}

function isEqual(a: Int32Array, b: Int32Array): boolean {
  return a.length === b.length && a.every((value, i) => value === b[i]);
}

/** A function's code with its runs merged, or nothing when it has an instruction that circom does not use. */
function mergeInBody(
  wasm: Uint8Array,
  start: number,
  end: number,
  copy: CopyReader,
  blocks: Blocks,
): Uint8Array | undefined {
  const parts: Uint8Array[] = [];
  let kept = start;
  let at = skipLocals(wasm, start);
  while (at < end) {
    if (wasm[at] !== OP.const || !copy.read(at)) {
      const next = skipInstruction(wasm, at);
      if (next === undefined) return undefined;
      at = next;
      continue;
    }
    const { slot, local } = copy;
    let count = 0;
    do {
      sources[count] = copy.source;
      ends[count] = copy.end;
      count += 1;
    } while (
      count < sources.length &&
      copy.read(copy.end) &&
      copy.local === local &&
      copy.slot === slot + count
    );
    // Long blocks first: arrays of one hash function are alike but for their ends.
    for (let from = 0; from < count; ) {
      const length = BLOCK_LENGTHS.find((one) => one <= count - from) ?? 1;
      const block = length === 1 ? undefined : blocks.place(sources.subarray(from, from + length));
      if (block !== undefined) {
        parts.push(wasm.subarray(kept, at), copyBlock(slot + from, local, block, length));
        kept = ends[from + length - 1]!;
      }
      from += length;
      at = ends[from - 1]!;
    }
  }
  return at === end ? concatenate([...parts, wasm.subarray(kept, end)]) : undefined;
}

/** Of the run that is being read: longer ones count as several. */
const [sources, ends] = [new Int32Array(1 << 15), new Int32Array(1 << 15)];

/** Reads copies of constants, `copy(local + slot * 40, source)`, just as circom writes them. */
interface CopyReader {
  /** Whether there is one; the rest is of the last that was read. */
  read(at: number): boolean;
  readonly slot: number;
  readonly local: number;
  readonly source: number;
  readonly end: number;
}

function createCopyReader(wasm: Uint8Array, copy: number): CopyReader {
  const reader = { slot: 0, local: 0, source: 0, end: 0, read };
  const numbers = createNumberReader(wasm, 0);
  const isNext = (byte: number): boolean => wasm[numbers.at++] === byte;
  function read(start: number): boolean {
    numbers.at = start;
    if (!isNext(OP.const)) return false;
    reader.slot = numbers.signed();
    if (!isNext(OP.const) || !isNext(NUMBER_BYTES) || !isNext(OP.mul) || !isNext(OP.get)) return false;
    reader.local = numbers.unsigned();
    if (!isNext(OP.add) || !isNext(OP.const)) return false;
    reader.source = numbers.signed();
    if (!isNext(OP.call) || numbers.unsigned() !== copy) return false;
    reader.end = numbers.at;
    return true;
  }
  return reader;
}

function copyBlock(slot: number, local: number, block: number, count: number): Uint8Array {
  return Uint8Array.from([
    ...[...i32.const(slot * NUMBER_BYTES), OP.get, ...unsigned(local), OP.add],
    ...i32.const(block),
    ...i32.const(count * NUMBER_BYTES),
    // memory.copy
    ...[0xfc, 0x0a, 0, 0],
  ]);
}

interface Segment {
  readonly address: number;
  /** Of its bytes in the module. */
  readonly start: number;
  readonly end: number;
}

function readSegments(wasm: Uint8Array, { start, end }: Section): Segment[] | undefined {
  const segments: Segment[] = [];
  let [count, at] = readUnsigned(wasm, start);
  for (; count > 0 && at < end; count--) {
    if (wasm[at] !== 0 || wasm[at + 1] !== OP.const) return undefined;
    const [address, afterAddress] = readSigned(wasm, at + 2);
    if (wasm[afterAddress] !== 0x0b) return undefined;
    const [length, bytes] = readUnsigned(wasm, afterAddress + 1);
    segments.push({ address, start: bytes, end: bytes + length });
    at = bytes + length;
  }
  return at === end ? segments : undefined;
}

/** The data with a block more, and the stack's beginning after it. */
function addBlock(
  wasm: Uint8Array,
  data: Section,
  address: number,
  block: Uint8Array,
  stack: number,
): Uint8Array {
  const [count, first] = readUnsigned(wasm, data.start);
  const segments = Uint8Array.from(wasm.subarray(first, data.end));
  const { start } = readSegments(wasm, data)!.find((segment) => segment.address === STACK)!;
  new DataView(segments.buffer).setUint32(start - first, stack, true);
  const header = [0, ...i32.const(address), 0x0b, ...unsigned(block.length)];
  return concatenate([Uint8Array.from(unsigned(count + 1)), segments, Uint8Array.from(header), block]);
}

/** The memory with so many pages more from the start. */
function growMemory(wasm: Uint8Array, { start, end }: Section, pages: number): Uint8Array {
  const [, limits] = readUnsigned(wasm, start);
  const [least, rest] = readUnsigned(wasm, limits + 1);
  return concatenate([
    wasm.subarray(start, limits + 1),
    Uint8Array.from(unsigned(least + pages)),
    wasm.subarray(rest, end),
  ]);
}

/** How many functions are imported; nothing when something else is. */
function countImportedFunctions(wasm: Uint8Array, { start }: Section): number | undefined {
  let [count, at] = readUnsigned(wasm, start);
  const total = count;
  for (; count > 0; count--) {
    for (let name = 0; name < 2; name++) {
      const [length, text] = readUnsigned(wasm, at);
      at = text + length;
    }
    if (wasm[at] !== 0) return undefined;
    at = readUnsigned(wasm, at + 1)[1];
  }
  return total;
}

function skipLocals(wasm: Uint8Array, start: number): number {
  let [groups, at] = readUnsigned(wasm, start);
  for (; groups > 0; groups--) at = readUnsigned(wasm, at)[1] + 1;
  return at;
}
