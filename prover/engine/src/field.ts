// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * The two prime fields of BN254, by the curve's parameter, and what has to be known of them before there are kernels. Nothing is
 * imported here: a worker that starts loads as little code as it can.
 *
 * @module
 */

/** The curve's parameter x (Barreto and Naehrig, Pairing-Friendly Elliptic Curves of Prime Order, 2005). */
export const X = 4965661367192848881n;
const [X2, X3, X4] = [X ** 2n, X ** 3n, X ** 4n];
/** Order of the base field. */
export const BASE_FIELD = 36n * X4 + 36n * X3 + 24n * X2 + 6n * X + 1n;
/** Order of the groups, and of the scalar field. */
export const SCALAR_FIELD = 36n * X4 + 36n * X3 + 18n * X2 + 6n * X + 1n;

/** A power modulo a number. */
export function power(base: bigint, exponent: bigint, modulus: bigint): bigint {
  let [result, square] = [1n, base % modulus];
  for (let rest = exponent; rest > 0n; rest >>= 1n) {
    if (rest & 1n) result = (result * square) % modulus;
    square = (square * square) % modulus;
  }
  return result;
}

/** The inverse modulo a prime of what is not its multiple, by Euclid's algorithm. */
export function invert(value: bigint, modulus: bigint): bigint {
  let [a, b, x, y] = [modulus, ((value % modulus) + modulus) % modulus, 0n, 1n];
  while (b > 1n) [a, b, x, y] = [b, a % b, y, x - (a / b) * y];
  return y < 0n ? y + modulus : y;
}
