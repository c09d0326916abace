// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Code of products and Montgomery reductions on 9 limbs of 29 bits: the arithmetic that everything else is made of.
 *
 * A processor starts one 64-bit multiplication a cycle, and there is nothing else that these functions wait for. So
 * products are made by Karatsuba's method, three blocks of three limbs: 36 multiplications instead of 81. Sums and
 * differences may wrap: a column is right modulo 2^64, and its true value fits 63 bits.
 *
 * @module
 */
import { type Code, type FunctionScope, i64 } from "./wasm-writer.js";

export const LIMBS = 9;
export const LIMB_BITS = 29n;
export const MASK = (1n << LIMB_BITS) - 1n;

/** The limbs of a number; the last one takes all that is left. */
export function toLimbs(value: bigint, count = LIMBS): bigint[] {
  return Array.from({ length: count }, (_, i) =>
    i === count - 1 ? value >> (LIMB_BITS * BigInt(i)) : (value >> (LIMB_BITS * BigInt(i))) & MASK,
  );
}

/** Code in the making, with the variables that it sets. */
export interface Steps {
  readonly code: number[];
  /** Sets a new variable. */
  keep(value: Code): Code;
}

export function createSteps(scope: FunctionScope): Steps {
  const code: number[] = [];
  return {
    code,
    keep(value) {
      const local = scope.i64();
      code.push(...local.set(value));
      return local.get;
    },
  };
}

/** Reads an element. */
export function loadLimbs({ keep }: Steps, pointer: Code): Code[] {
  return Array.from({ length: LIMBS }, (_, i) => keep(i64.load32(pointer, 4 * i)));
}

/** What a product of polynomials needs of its coefficients. */
interface Ring<T> {
  mul(a: T, b: T): T;
  add(a: T, b: T): T;
  sub(a: T, b: T): T;
}

/** (a0 + a1 X + a2 X^2)(b0 + b1 X + b2 X^2): five coefficients by six multiplications. */
function multiplyThree<T>({ mul, add, sub }: Ring<T>, a: readonly T[], b: readonly T[]): T[] {
  const [p0, p1, p2] = [0, 1, 2].map((i) => mul(a[i]!, b[i]!)) as [T, T, T];
  const cross = (i: number, j: number): T => mul(add(a[i]!, a[j]!), add(b[i]!, b[j]!));
  return [
    p0,
    sub(cross(0, 1), add(p0, p1)),
    sub(add(cross(0, 2), p1), add(p0, p2)),
    sub(cross(1, 2), add(p1, p2)),
    p2,
  ];
}

/** Operations on lists, place by place. */
export function columnwise({ keep }: Steps): Record<"add" | "sub", (a: Code[], b: Code[]) => Code[]> {
  return {
    add: (a, b) => a.map((value, i) => keep(i64.add(value, b[i]!))),
    sub: (a, b) => a.map((value, i) => keep(i64.sub(value, b[i]!))),
  };
}

/** The 17 columns of the product of two elements, carries not moved. */
export function multiplyLimbs(steps: Steps, a: Code[], b: Code[]): Code[] {
  const { keep } = steps;
  const limbs: Ring<Code> = {
    mul: (x, y) => keep(i64.mul(x, y)),
    add: (x, y) => keep(i64.add(x, y)),
    sub: (x, y) => keep(i64.sub(x, y)),
  };
  const blocks = (all: Code[]): Code[][] => [0, 3, 6].map((i) => all.slice(i, i + 3));
  const mul = (x: Code[], y: Code[]): Code[] => multiplyThree(limbs, x, y);
  const columns = new Array<Code>(2 * LIMBS - 1);
  for (const [i, part] of multiplyThree({ mul, ...columnwise(steps) }, blocks(a), blocks(b)).entries()) {
    for (const [j, value] of part.entries()) {
      const column = columns[3 * i + j];
      columns[3 * i + j] = column === undefined ? value : limbs.add(column, value);
    }
  }
  return columns;
}

/** Divides columns by 2^261 modulo p, exactly, and stores the 9 limbs; the columns' total must not be negative. */
export function storeReduced({ code, keep }: Steps, columns: readonly Code[], p: bigint, target: Code): void {
  const pLimbs = toLimbs(p);
  const inverse = i64.const(negatedInverse(p));
  const mask = i64.const(MASK);
  const t = [...columns];
  const addTo = (column: number, value: Code): void => {
    t[column] = keep(t[column] === undefined ? value : i64.add(t[column], value));
  };
  const carry = (column: number): Code => i64.shrS(t[column]!, i64.const(LIMB_BITS));
  for (let i = 0; i < LIMBS; i++) {
    const m = keep(i64.and(i64.mul(i64.and(t[i]!, mask), inverse), mask));
    for (let j = 0; j < LIMBS; j++) addTo(i + j, i64.mul(m, i64.const(pLimbs[j]!)));
    // The lowest limb has become a multiple of 2^29 and leaves as a carry.
    addTo(i + 1, carry(i));
  }
  for (let i = LIMBS; i < 2 * LIMBS - 1; i++) {
    code.push(...i64.store32(target, i64.and(t[i]!, mask), 4 * (i - LIMBS)));
    addTo(i + 1, carry(i));
  }
  code.push(...i64.store32(target, t[2 * LIMBS - 1]!, 4 * (LIMBS - 1)));
}

/** -1/p modulo 2^29, by Newton's iteration. */
function negatedInverse(p: bigint): bigint {
  let inverse = 1n;
  for (let i = 0; i < 5; i++) inverse = (inverse * (2n - p * inverse)) & MASK;
  return -inverse & MASK;
}
