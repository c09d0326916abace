// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * An instance of the engine's WebAssembly with a stack allocator over its memory.
 *
 * @module
 */
import type { Bn254, Bn254Code, Bn254Lanes } from "../bn254.js";
import { FIELD_BYTES } from "../sizes.js";
import { type ReadStored, readStored } from "../stored.js";
import type { Code } from "../wasm/writer.js";

/** What code was written to do, done: numbers in the place of operands and results. */
export type Functions<T> = {
  readonly [Name in keyof T]: T[Name] extends (...operands: infer Operands) => Code
    ? (...numbers: { [I in keyof Operands]: number }) => number
    : Functions<T[Name]>;
};

/** One of the curve's two groups. */
export interface Group {
  readonly name: "g1" | "g2";
  /** Coordinates of the base field in a point. */
  readonly coordinates: 2 | 4;
  /** Bytes of a point in the module's memory. */
  readonly bytes: number;
}

export const G1: Group = { name: "g1", coordinates: 2, bytes: 2 * FIELD_BYTES };
export const G2: Group = { name: "g2", coordinates: 4, bytes: 4 * FIELD_BYTES };

/** An instance: one a thread. */
export interface Arithmetic extends Functions<Bn254> {
  readonly memory: WebAssembly.Memory;
  /** Fields on two lanes, where points and transforms are. */
  readonly lanes: Functions<Bn254Lanes> | undefined;
  /** First free byte. Setting it back frees what was allocated since. */
  top: number;
}

const PAGE_BYTES = 65536;

/** The compiled module; workers that get the same one share its machine code, optimised once for all. */
export interface CompiledArithmetic extends Omit<Bn254Code, "code"> {
  readonly module: WebAssembly.Module;
}

/**
 * Compiles the module, with two lanes where they are to be had.
 *
 * @param read how to read the stored one; without it, it is written anew
 */
export async function compileArithmetic(read?: ReadStored): Promise<CompiledArithmetic> {
  // Only who compiles needs the code of kernels.
  const { hasFusedLanes } = await import("../lanes/fused.js");
  return compileSet(await hasFusedLanes(), read);
}

/** Compiles the module of one set of kernels. */
export async function compileSet(lanes: boolean, read?: ReadStored): Promise<CompiledArithmetic> {
  const stored = read === undefined ? undefined : await readStored(lanes, read);
  const { code, ...rest } = stored ?? (await import("../bn254.js")).writeBn254(lanes);
  return { module: await WebAssembly.compile(code), ...rest };
}

/** Instantiates the module. */
export async function createArithmetic({ module, heap }: CompiledArithmetic): Promise<Arithmetic> {
  const { exports } = await WebAssembly.instantiate(module);
  const { memory } = exports as Pick<Arithmetic, "memory">;
  const { fp_lanes, fr_lanes, ...groups } = groupExports(exports);
  const lanes = fp_lanes && fr_lanes && { fp: fp_lanes, fr: fr_lanes };
  return { memory, ...groups, lanes, top: heap };
}

/** Exports by what stands before their names. */
interface Groups extends Functions<Bn254> {
  readonly fp_lanes?: Functions<Bn254Lanes>["fp"];
  readonly fr_lanes?: Functions<Bn254Lanes>["fr"];
}

/** `fp_mul` is `mul` of `fp`. */
function groupExports(exports: WebAssembly.Exports): Groups {
  const groups: Record<string, WebAssembly.Exports> = {};
  for (const [name, value] of Object.entries(exports)) {
    const end = name.lastIndexOf("_");
    if (end < 0) continue;
    const group = name.slice(0, end);
    groups[group] ??= {};
    groups[group][name.slice(end + 1)] = value;
  }
  return groups as unknown as Groups;
}

/** Takes bytes from the top of the memory, growing it when it must; views of the memory become stale then. */
export function allocate(arithmetic: Arithmetic, bytes: number): number {
  const pointer = arithmetic.top;
  const end = (pointer + bytes + 15) & ~15;
  const missing = end - arithmetic.memory.buffer.byteLength;
  if (missing > 0) arithmetic.memory.grow(Math.ceil(missing / PAGE_BYTES));
  arithmetic.top = end;
  return pointer;
}

/** A view of the memory, valid until the next allocation. */
export function bytesAt(arithmetic: Arithmetic, pointer: number, length: number): Uint8Array {
  return new Uint8Array(arithmetic.memory.buffer, pointer, length);
}

/** Runs an action, then wipes and frees all that it allocated: it may hold secrets. */
export function scoped<T>(arithmetic: Arithmetic, action: () => T): T {
  const { top } = arithmetic;
  try {
    return action();
  } finally {
    bytesAt(arithmetic, top, arithmetic.top - top).fill(0);
    arithmetic.top = top;
  }
}
