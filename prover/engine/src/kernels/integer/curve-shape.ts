// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * What the code of a curve is made from, and what it offers.
 *
 * @module
 */
import type { Callable, Code, i32, Operand } from "../wasm/writer.js";
import type { Field, PrimeField } from "./field.js";

/** A field under a curve. */
export interface CurveField {
  readonly field: Field;
  readonly base: PrimeField;
  /** Modulus of the base field. */
  readonly p: bigint;
  /** Bytes of an element. */
  readonly bytes: number;
  /** Addresses of one and of the curve's constant, in Montgomery form. */
  readonly one: number;
  readonly b: number;
}

/** A curve's functions that both sets of kernels have, on pointers. */
export interface Curve {
  isInfinity(p: Operand): Code;
  /** Whether points are on the curve, or infinite. */
  areOnCurve(points: Operand, count: Operand): Code;
  /** Points from snarkjs's form (32-byte little-endian coordinates, Montgomery form with 2^256) to the module's. */
  load(source: Operand, count: Operand, target: Operand): Code;
  /** To plain 32-byte little-endian coordinates. */
  read(p: Operand, target: Operand): Code;
  /**
   * For each entry (p, q, r), r = p + q; an odd pointer means the negated point at the even address below; the table is used
   * up; `work` has room for two field elements an entry and two more; a result may take the place of its own operands and
   * of no other entry's.
   */
  addPairs(table: Operand, count: Operand, work: Operand): Code;
  /** Of a point that may be negated. */
  copy(p: Operand, r: Operand): Code;
  /** r = 2^k p. */
  doubleMany(p: Operand, k: Operand, r: Operand): Code;
}

/** With what the curve on lanes needs of this one. */
export interface IntegerCurve extends Curve {
  /** Of a finite point. */
  isOnCurve(p: Operand): Code;
}

/** Points and their coordinates, for the code of a curve. */
export interface Points {
  y(point: Operand): Code;
  copyPoint(from: Operand, to: Operand): Code;
  isInfinity: Callable<{ p: typeof i32 }>;
}
