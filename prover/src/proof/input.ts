// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * What circuits take, and the random numbers in it.
 *
 * @module
 */

import { FIELD_ORDER, type Field, toField } from "@keel/verifier";

/** Inputs of the circuit by signal name; lists nest as the signals' dimensions do. */
export type CircuitInput = Readonly<Record<string, NestedInput>>;
/** A signal's value or an array of them. */
export type NestedInput = bigint | readonly NestedInput[];

/** A uniform field element from the platform's secure random numbers. */
export function randomSalt(): Field {
  return toField(randomBelow(FIELD_ORDER));
}

/** A uniform number from the platform's secure random numbers: 512 bits, reduced, so the bias is below 2^-256. */
export function randomBelow(order: bigint): bigint {
  const bytes = crypto.getRandomValues(new Uint8Array(64));
  const number = bytes.reduce((value, byte) => (value << 8n) | BigInt(byte), 0n);
  bytes.fill(0);
  return number % order;
}
