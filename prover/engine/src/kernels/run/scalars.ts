// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Vectors of the scalar field: polynomials from the domain to the odd coset, quotients.
 *
 * Vectors travel as canonical 32-byte little-endian elements: plain (witnesses, scalars) or in the kernels' Montgomery
 * form (everything else).
 *
 * @module
 */
import { invert, power, SCALAR_FIELD } from "../../field.js";
import type { Transform } from "../integer/transform.js";
import { elementBytes, FIELD_BYTES, PAIR_BYTES, QUAD, RADIX_BITS } from "../sizes.js";
import { type Arithmetic, allocate, bytesAt, type Functions, scoped } from "./arithmetic.js";

const ELEMENT_BYTES = 32;
/** The smallest domain that lanes/transform.ts takes. */
const SMALLEST_ON_LANES = 8;

/** The functions that a vector is for: those on integers, or those on two lanes. */
type Form = Functions<Transform>;

/** Precomputed powers for {@link toOddCoset}. */
export interface Coset {
  readonly size: number;
  readonly form: Form;
  readonly inverseRoots: number;
  readonly scale: number;
  readonly roots: number;
}

/** Prepares the step from the domain of `size` roots of unity to its odd coset, for good. */
export function loadCoset(arithmetic: Arithmetic, size: number): Coset {
  // 5 generates the multiplicative group's 2-part; the coset's shift is a root of twice the order, as in snarkjs.
  const shift = power(5n, (SCALAR_FIELD - 1n) / BigInt(2 * size), SCALAR_FIELD);
  const root = (shift * shift) % SCALAR_FIELD;
  const lanes = size >= SMALLEST_ON_LANES ? arithmetic.lanes?.fr : undefined;
  const coset = {
    size,
    form: lanes ?? arithmetic.fr,
    inverseRoots: allocate(arithmetic, (size / 2) * FIELD_BYTES),
    scale: allocate(arithmetic, size * FIELD_BYTES),
    roots: allocate(arithmetic, (size / 2) * FIELD_BYTES),
  };
  const writeRoots = (target: number, ratio: bigint): void => {
    writePowers(arithmetic, target, size / 2, 1n, ratio);
    for (let i = 0; lanes !== undefined && i < size / 2; i++)
      lanes.fromLimbs(target + i * FIELD_BYTES, target + i * FIELD_BYTES);
  };
  writeRoots(coset.roots, root);
  writeRoots(coset.inverseRoots, invert(root, SCALAR_FIELD));
  scoped(arithmetic, () => {
    const powers = allocate(arithmetic, size * FIELD_BYTES);
    writePowers(arithmetic, powers, size, invert(BigInt(size), SCALAR_FIELD), shift);
    for (let i = 0, reversed = 0; i < size; i++) {
      const source = powers + i * FIELD_BYTES;
      if (lanes)
        lanes.fromLimbsInPair(source, coset.scale + (reversed >> 1) * PAIR_BYTES + (reversed & 1) * 8);
      else arithmetic.fr.copy(source, coset.scale + reversed * FIELD_BYTES);
      // Adds one from the top bit down.
      let bit = size >> 1;
      while (reversed & bit) {
        reversed ^= bit;
        bit >>= 1;
      }
      reversed |= bit;
    }
  });
  return coset;
}

/** From a polynomial's values on the domain to its values on the odd coset, in their place. */
export function toOddCoset(arithmetic: Arithmetic, coset: Coset, values: Uint8Array): void {
  scoped(arithmetic, () => {
    const { size, form, inverseRoots, scale, roots } = coset;
    const vector = loadElements(arithmetic, values, form);
    form.toCoset(vector, size, inverseRoots, scale, roots);
    values.set(storeElements(arithmetic, vector, size, form));
  });
}

/** Writes a * b - c of each place, out of Montgomery form, as 32-byte elements. */
export function writeQuotients(
  arithmetic: Arithmetic,
  a: Uint8Array,
  b: Uint8Array,
  c: Uint8Array,
  target: number,
): void {
  const count = a.length / ELEMENT_BYTES;
  // A worker's part of the coset may be of any length.
  const form = (count % QUAD === 0 ? arithmetic.lanes?.fr : undefined) ?? arithmetic.fr;
  scoped(arithmetic, () => {
    const load = (values: Uint8Array): number => loadElements(arithmetic, values, form);
    const [pa, pb, pc] = [load(a), load(b), load(c)];
    form.quotients(pa, count, pb, pc);
    form.store(pa, count, target);
  });
}

/** Brings 32-byte elements into the memory; returns the address of the first. */
export function loadElements(arithmetic: Arithmetic, values: Uint8Array, form: Form = arithmetic.fr): number {
  const count = values.length / ELEMENT_BYTES;
  const target = allocate(arithmetic, count * FIELD_BYTES);
  form.load(target, count, loadBytes(arithmetic, values));
  return target;
}

/** Elements as canonical 32-byte numbers; reduces them in place. */
export function readElements(
  arithmetic: Arithmetic,
  elements: number,
  count: number,
  form: Form = arithmetic.fr,
): Uint8Array {
  return storeElements(arithmetic, elements, count, form).slice();
}

/** The same as a view of the memory. */
function storeElements(arithmetic: Arithmetic, elements: number, count: number, form: Form): Uint8Array {
  const target = allocate(arithmetic, count * ELEMENT_BYTES);
  form.store(elements, count, target);
  return bytesAt(arithmetic, target, count * ELEMENT_BYTES);
}

function writePowers(
  arithmetic: Arithmetic,
  target: number,
  count: number,
  first: bigint,
  ratio: bigint,
): void {
  const factor = loadConstant(arithmetic, ratio << RADIX_BITS);
  bytesAt(arithmetic, target, FIELD_BYTES).set(elementBytes((first << RADIX_BITS) % SCALAR_FIELD));
  for (let i = 1; i < count; i++) {
    arithmetic.fr.mul(target + (i - 1) * FIELD_BYTES, factor, target + i * FIELD_BYTES);
  }
}

function loadConstant(arithmetic: Arithmetic, value: bigint): number {
  return loadBytes(arithmetic, elementBytes(value % SCALAR_FIELD));
}

/** Brings 32-bit words into the memory; returns their address. */
export function loadWords(arithmetic: Arithmetic, words: Uint32Array): number {
  return loadBytes(arithmetic, new Uint8Array(words.buffer, words.byteOffset, words.byteLength));
}

/** Brings bytes into the memory; returns their address. */
export function loadBytes(arithmetic: Arithmetic, bytes: Uint8Array): number {
  const pointer = allocate(arithmetic, bytes.length);
  bytesAt(arithmetic, pointer, bytes.length).set(bytes);
  return pointer;
}
