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
import { type Code, type FunctionScope, i64, type ModuleWriter } from "./wasm-writer.js";

export const LIMBS = 9;
/** Limbs of a product. */
export const COLUMNS = 2 * LIMBS - 1;
export const LIMB_BITS = 29n;
const LIMB = Number(LIMB_BITS);
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

/** How to add functions under a prefix that take pointers and leave nothing on the stack. */
export type Definer = (
  op: string,
  params: number,
  body: (steps: Steps, params: readonly Code[]) => void,
) => void;

export function createDefiner(writer: ModuleWriter, prefix: string): Definer {
  return (op, params, body) =>
    writer.define(`${prefix}_${op}`, params, "none", (scope) => {
      const steps = createSteps(scope);
      body(
        steps,
        scope.params.map(({ get }) => get),
      );
      return steps.code;
    });
}

/** Reads an element. */
export function loadLimbs({ keep }: Steps, pointer: Code): Code[] {
  return Array.from({ length: LIMBS }, (_, i) => keep(i64.load32(pointer, 4 * i)));
}

/** Reads 256 bits, plain and little-endian, times 2^shift; shift is below 29. */
export function loadBits({ keep }: Steps, pointer: Code, shift: number): Code[] {
  // Whole words, as they were written: a processor waits for stores that a load only overlaps.
  const words = [0, 8, 16, 24].map((offset) => keep(i64.load(pointer, offset)));
  return Array.from({ length: LIMBS }, (_, i) => {
    const parts = words.flatMap((word, j) => shifted(word, 64 * j + shift - LIMB * i, 64, LIMB));
    return keep(i64.and(unite(parts), i64.const(MASK)));
  });
}

/** Writes limbs without carries to move as 256 bits, plain and little-endian. */
export function storeBits({ code }: Steps, limbs: readonly Code[], pointer: Code): void {
  for (let word = 0; word < 4; word++) {
    const parts = limbs.flatMap((limb, i) => shifted(limb, LIMB * i - 64 * word, LIMB, 64));
    code.push(...i64.store(pointer, unite(parts), 8 * word));
  }
}

/** A number of so many bits times 2^distance, or nothing when none of them would be in the room of the result. */
function shifted(value: Code, distance: number, bits: number, room: number): Code[] {
  if (distance <= -bits || distance >= room) return [];
  if (distance === 0) return [value];
  const by = i64.const(BigInt(Math.abs(distance)));
  return [distance < 0 ? i64.shrU(value, by) : i64.shl(value, by)];
}

const unite = (parts: readonly Code[]): Code => parts.reduce((all, next) => i64.or(all, next));

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
  const columns = new Array<Code>(COLUMNS);
  for (const [i, part] of multiplyThree({ mul, ...columnwise(steps) }, blocks(a), blocks(b)).entries()) {
    for (const [j, value] of part.entries()) {
      const column = columns[3 * i + j];
      columns[3 * i + j] = column === undefined ? value : limbs.add(column, value);
    }
  }
  return columns;
}

/**
 * Divides columns by 2^261 modulo p, exactly; 9 limbs, carries not moved. Of columns whose total is in [0, 128 p^2) the
 * result is below 2p.
 */
export function reduceColumns({ keep }: Steps, columns: readonly Code[], p: bigint): Code[] {
  const pLimbs = constants(p);
  const inverse = i64.const(negatedInverse(p));
  const mask = i64.const(MASK);
  const t = [...columns];
  const addTo = (column: number, value: Code): void => {
    t[column] = keep(t[column] === undefined ? value : i64.add(t[column], value));
  };
  for (let i = 0; i < LIMBS; i++) {
    const m = keep(i64.and(i64.mul(i64.and(t[i]!, mask), inverse), mask));
    for (let j = 0; j < LIMBS; j++) addTo(i + j, i64.mul(m, pLimbs[j]!));
    // The lowest limb has become a multiple of 2^29 and leaves as a carry.
    addTo(i + 1, i64.shrS(t[i]!, i64.const(LIMB_BITS)));
  }
  return [...t.slice(LIMBS), i64.const(0n)];
}

/** Moves carries, also negative ones; the last limb takes what is left, and shows the sign. */
export function moveCarries({ keep }: Steps, limbs: readonly Code[]): Code[] {
  let carry: Code | undefined;
  return limbs.map((limb, i) => {
    const total = carry === undefined ? limb : keep(i64.add(limb, carry));
    if (i === LIMBS - 1) return total;
    carry = keep(i64.shrS(total, i64.const(LIMB_BITS)));
    return keep(i64.and(total, i64.const(MASK)));
  });
}

/** Adds a number when the limbs' value is negative. */
export function liftNegative(steps: Steps, limbs: readonly Code[], value: bigint): Code[] {
  const moved = moveCarries(steps, limbs);
  const negative = steps.keep(i64.shrS(moved.at(-1)!, i64.const(63n)));
  return constants(value).map((limb, i) => steps.keep(i64.add(moved[i]!, i64.and(limb, negative))));
}

/** Moves carries and writes an element. */
export function storeLimbs(steps: Steps, limbs: readonly Code[], target: Code): void {
  for (const [i, limb] of moveCarries(steps, limbs).entries())
    steps.code.push(...i64.store32(target, limb, 4 * i));
}

/** A number's limbs as code. */
export function constants(value: bigint, count = LIMBS): Code[] {
  return toLimbs(value, count).map((limb) => i64.const(limb));
}

/** -1/p modulo 2^29, by Newton's iteration. */
export function negatedInverse(p: bigint): bigint {
  let inverse = 1n;
  for (let i = 0; i < 5; i++) inverse = (inverse * (2n - p * inverse)) & MASK;
  return -inverse & MASK;
}
