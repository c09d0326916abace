// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Exact decimal numbers as files and venues write them: with exponents, leading zeros, a plus sign. Nothing goes through a
 * double, sums and products lose no digit; only the step into a snapshot rounds, against the prover.
 *
 * @module
 */

import { floorDiv, type Quantity, quantity } from "@keel/verifier";

/** value times 10^-places. */
export interface Exact {
  readonly value: bigint;
  readonly places: number;
}

export const ZERO: Exact = { value: 0n, places: 0 };
export const UNIT: Exact = { value: 1n, places: 0 };

const NUMBER = /^([+-]?)([0-9]*)\.?([0-9]*)(?:[eE]([+-]?[0-9]{1,3}))?$/;
const MAX_LENGTH = 100;
const MAX_PLACES = 100;
const QUANTITY_PLACES = 8;
const QUANTITY_LIMIT = 2n ** 64n;

/** Reads a number; undefined for text that is none, or is too long to be an amount. */
export function parseExact(text: string): Exact | undefined {
  if (text.length > MAX_LENGTH) return undefined;
  const match = NUMBER.exec(text);
  if (match === null) return undefined;
  const [, sign, whole = "", fraction = "", exponent = "0"] = match;
  if (whole === "" && fraction === "") return undefined;
  const magnitude = BigInt(whole + fraction);
  const value = sign === "-" ? -magnitude : magnitude;
  const places = fraction.length - Number(exponent);
  if (Math.abs(places) > MAX_PLACES) return value === 0n ? ZERO : undefined;
  return places < 0 ? { value: value * 10n ** BigInt(-places), places: 0 } : { value, places };
}

/** A whole number with implied places, such as USD 1e8. */
export function scaledExact(value: bigint, places: number): Exact {
  return { value, places };
}

export function sum(...terms: readonly Exact[]): Exact {
  const places = Math.max(0, ...terms.map((term) => term.places));
  return { value: terms.reduce((total, term) => total + raised(term, places), 0n), places };
}

export function negated({ value, places }: Exact): Exact {
  return { value: -value, places };
}

export function difference(minuend: Exact, subtrahend: Exact): Exact {
  return sum(minuend, negated(subtrahend));
}

export function product(a: Exact, b: Exact): Exact {
  return { value: a.value * b.value, places: a.places + b.places };
}

export function absolute({ value, places }: Exact): Exact {
  return { value: value < 0n ? -value : value, places };
}

/** Whether a is at most b. */
export function isAtMost(a: Exact, b: Exact): boolean {
  const places = Math.max(a.places, b.places);
  return raised(a, places) <= raised(b, places);
}

/**
 * The number, divided, as a snapshot's quantity, rounded towards minus infinity: assets down, liabilities up. Undefined beyond
 * what a quantity holds.
 */
export function toQuantity({ value, places }: Exact, per: Exact = UNIT): Quantity | undefined {
  const numerator = value * 10n ** BigInt(QUANTITY_PLACES + per.places);
  const result = floorDiv(numerator, per.value * 10n ** BigInt(places));
  return result < QUANTITY_LIMIT && result > -QUANTITY_LIMIT ? quantity(result) : undefined;
}

function raised({ value, places }: Exact, to: number): bigint {
  return value * 10n ** BigInt(to - places);
}
