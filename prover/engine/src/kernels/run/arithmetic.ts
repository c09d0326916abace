// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * An instance of the engine's WebAssembly with a stack allocator over its memory.
 *
 * @module
 */
import { type Bn254Code, writeBn254 } from "../bn254.js";
import { FIELD_BYTES } from "../integer/limbs.js";
import { hasFusedLanes } from "../lanes/fused.js";
import { type ReadStored, readStored } from "../stored.js";

/** Functions on pointers; see integer/field.ts and integer/curve.ts. */
export type Call = (...args: number[]) => number;

/** One of the curve's two groups. */
export interface Group {
  /** Of the group's functions, and of its field's. */
  readonly prefix: "g1" | "g2";
  readonly field: "fp" | "fp2";
  /** Coordinates of the base field in a point. */
  readonly coordinates: 2 | 4;
  /** Bytes of a point in the module's memory. */
  readonly bytes: number;
}

export const G1: Group = { prefix: "g1", field: "fp", coordinates: 2, bytes: 2 * FIELD_BYTES };
export const G2: Group = { prefix: "g2", field: "fp2", coordinates: 4, bytes: 4 * FIELD_BYTES };

/** An instance: one a thread. */
export interface Arithmetic {
  readonly memory: WebAssembly.Memory;
  readonly call: Readonly<Record<string, Call>>;
  /** Whether points and transforms are those of two lanes; see bn254.ts. */
  readonly lanes: boolean;
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
  return compileSet(await hasFusedLanes(), read);
}

/** Compiles the module of one set of kernels. */
export async function compileSet(lanes: boolean, read?: ReadStored): Promise<CompiledArithmetic> {
  const stored = read === undefined ? undefined : await readStored(lanes, read);
  const { code, ...rest } = stored ?? writeBn254(lanes);
  return { module: await WebAssembly.compile(code), ...rest };
}

/** Instantiates the module. */
export async function createArithmetic(compiled: CompiledArithmetic): Promise<Arithmetic> {
  const { memory, ...call } = (await WebAssembly.instantiate(compiled.module)).exports;
  return {
    memory: memory as WebAssembly.Memory,
    call: call as Record<string, Call>,
    lanes: compiled.lanes,
    top: compiled.heap,
  };
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
