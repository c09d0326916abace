// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Numbers of public responses as whole numbers of a fixed scale. JSON's own numbers are read as the text they are written
 * as, so none is rounded by a double on the way.
 *
 * @module
 */

import { inputError, type Json, parseJson } from "@keel/verifier";

/** Places of every number here: enough for whatever a double in a response has. */
export const PLACES = 36;
export const ONE = 10n ** BigInt(PLACES);
const MAX_LENGTH = 60;
const NUMBER = /^(-?)([0-9]+)(?:\.([0-9]+))?(?:[eE]([+-]?[0-9]{1,3}))?$/;

/** A response as JSON whose numbers are text. */
export function parseResponse(text: string, name: string): Json {
  return parseJson(text, name, (literal) => literal);
}

/**
 * A number as a whole number of 1e-36, what is finer cut off.
 *
 * @throws KeelError `data.number`
 */
export function scaled(value: unknown, path: string): bigint {
  const match = typeof value === "string" && value.length <= MAX_LENGTH ? NUMBER.exec(value) : null;
  if (match === null) throw inputError("data.number", path, "a number", describe(value));
  const [, sign, whole = "", fraction = "", exponent = "0"] = match;
  const places = fraction.length - Number(exponent);
  const digits = BigInt(whole + fraction);
  if (places < -PLACES) throw inputError("data.number", path, `a number below 1e${PLACES}`, "a larger one");
  const magnitude =
    places > PLACES ? digits / 10n ** BigInt(places - PLACES) : digits * 10n ** BigInt(PLACES - places);
  return sign === "-" ? -magnitude : magnitude;
}

/** {@link scaled} for what has to be above zero. */
export function positive(value: unknown, path: string): bigint {
  const number = scaled(value, path);
  if (number > 0n) return number;
  throw inputError("data.number", path, "a number above zero", number === 0n ? "zero" : "a negative number");
}

export const product = (a: bigint, b: bigint): bigint => (a * b) / ONE;

/** To the nearest number of fewer places, halves away from zero. */
export function rounded(value: bigint, places: number): bigint {
  const unit = 10n ** BigInt(PLACES - places);
  const half = value < 0n ? -unit / 2n : unit / 2n;
  return (value + half) / unit;
}

/** A time in milliseconds as whole seconds, rounded down. */
export function secondsOf(milliseconds: unknown, path: string): number {
  const time = scaled(milliseconds, path) / ONE / 1000n;
  if (time > 1_000_000_000n && time < 2n ** 40n) return Number(time);
  throw inputError("data.time", path, "a time in milliseconds", "another number");
}

function describe(value: unknown): string {
  if (value === undefined) return "nothing";
  if (value === null) return "null";
  return typeof value === "string" ? "other text" : "other data";
}
