// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Coefficients that are one unit times different powers of two: what they multiply are the bits of a number.
 *
 * @module
 */
import { invert, SCALAR_FIELD } from "../field.js";

/** Bits of a number below r. */
export const NUMBER_BITS = 254;

const modulo = (value: bigint): bigint => ((value % SCALAR_FIELD) + SCALAR_FIELD) % SCALAR_FIELD;

/** The exponent of each power of two from -253 to 253. */
const EXPONENTS: ReadonlyMap<bigint, number> = new Map(
  Array.from({ length: 2 * NUMBER_BITS - 1 }, (_, i) => {
    const exponent = i - NUMBER_BITS + 1;
    const power = modulo(1n << BigInt(Math.abs(exponent)));
    return [exponent < 0 ? invert(power, SCALAR_FIELD) : power, exponent] as const;
  }),
);

/** Coefficients as unit 2^shift each. */
export interface Digits {
  readonly unit: bigint;
  readonly shifts: readonly number[];
}

/** Finds unit and shifts, all different and from 0 to 253, or nothing when the coefficients are no such. */
export function findDigits(coefficients: readonly bigint[]): Digits | undefined {
  if (coefficients.length > NUMBER_BITS) return undefined;
  const inverse = invert(modulo(coefficients[0]!), SCALAR_FIELD);
  const exponents: number[] = [];
  for (const coefficient of coefficients) {
    const exponent = EXPONENTS.get(modulo(coefficient * inverse));
    if (exponent === undefined) return undefined;
    exponents.push(exponent);
  }
  const least = Math.min(...exponents);
  const shifts = exponents.map((exponent) => exponent - least);
  if (new Set(shifts).size < shifts.length || Math.max(...shifts) >= NUMBER_BITS) return undefined;
  // The first one is unit 2^-least.
  const power = modulo(1n << BigInt(-least));
  return { unit: modulo(coefficients[0]! * invert(power, SCALAR_FIELD)), shifts };
}
