// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * A BN254 arithmetic module (wasmcurves' prebuilt WebAssembly) with a growable memory and a stack allocator.
 *
 * Numbers are 32-byte little-endian; points are affine (2 coordinates) or Jacobian (3), Montgomery form.
 *
 * @module
 */
import { code, pG1gen, pG2gen } from "wasmcurves/build/bn128_wasm.js";

/** An instance of the module: one a thread. */
export interface Bn254Module {
  readonly memory: WebAssembly.Memory;
  /** Functions on pointers: `g1m_addMixed(p, q, result)`, `frm_mul(a, b, result)`, ... */
  readonly call: Readonly<Record<string, (...args: number[]) => number>>;
  /** Pointers to the generators (Jacobian, Montgomery form). */
  readonly g1: number;
  readonly g2: number;
}

const PAGE_BYTES = 65536;
const INITIAL_PAGES = 32;
// The module's own functions take scratch space above the heap without growing the memory.
const SCRATCH_BYTES = 32 << 20;

/** Compiles and instantiates the module. */
export async function createBn254Module(): Promise<Bn254Module> {
  const bytes = Uint8Array.from(atob(code), (char) => char.charCodeAt(0));
  const memory = new WebAssembly.Memory({ initial: INITIAL_PAGES });
  const { instance } = await WebAssembly.instantiate(bytes, { env: { memory } });
  return { memory, call: instance.exports as Bn254Module["call"], g1: pG1gen, g2: pG2gen };
}

/** Takes bytes from the top of the module's heap, growing the memory when it must. */
export function allocate(module: Bn254Module, bytes: number): number {
  const pointer = (heapTop(module) + 7) & ~7;
  const missing = pointer + bytes + SCRATCH_BYTES - module.memory.buffer.byteLength;
  if (missing > 0) module.memory.grow(Math.ceil(missing / PAGE_BYTES));
  setHeapTop(module, pointer + bytes);
  return pointer;
}

// The module's own functions take scratch space from the same pointer, kept in word 0 of its memory.
/** Where the heap ends now; give it to {@link setHeapTop} to free all that was allocated since. */
export function heapTop(module: Bn254Module): number {
  return new Uint32Array(module.memory.buffer, 0, 1)[0]!;
}

/** Frees everything allocated above `top`. */
export function setHeapTop(module: Bn254Module, top: number): void {
  new Uint32Array(module.memory.buffer, 0, 1)[0] = top;
}

/** A view of the memory, valid until the next allocation. */
export function bytesAt(module: Bn254Module, pointer: number, length: number): Uint8Array {
  return new Uint8Array(module.memory.buffer, pointer, length);
}
