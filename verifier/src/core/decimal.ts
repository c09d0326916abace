// SPDX-License-Identifier: MIT
/**
 * Decimal strings and scaled integers. Never a float: "12.5" with 8 places is 1250000000n.
 *
 * The grammar is narrow on purpose: an optional minus, digits without leading zeros, optionally a point and at least one
 * digit. What is wrong is described without repeating the digits, which may be a holding.
 *
 * @module
 */

/** How a decimal string is turned into an integer. */
export interface DecimalFormat {
  /** Places after the point that the integer keeps. */
  readonly places: number;
  /** Bits that the magnitude may have. */
  readonly bits: number;
  /** Whether a minus sign is allowed. */
  readonly signed: boolean;
  /**
   * What happens to digits beyond `places`: refused, or rounded towards minus infinity, which lowers an asset and raises
   * a liability and so is against whoever proves.
   */
  readonly excess: "refuse" | "floor";
}

/** A parsed integer, or what was expected and what was wrong. */
export type DecimalResult =
  | { readonly ok: true; readonly value: bigint }
  | { readonly ok: false; readonly expected: string; readonly received: string };

const DECIMAL = /^(-?)(0|[1-9][0-9]*)(?:\.([0-9]+))?$/;
const MAX_LENGTH = 100;

/** The form of the texts that {@link parseDecimal} reads; how large a number may be is not in it. */
export function decimalPattern({ places, signed, excess }: DecimalFormat): RegExp {
  const digits = excess === "floor" ? "+" : `{1,${places}}`;
  return new RegExp(`^${signed ? "-?" : ""}(0|[1-9][0-9]*)(\\.[0-9]${digits})?$`);
}

/** Reads a decimal string. Nothing is thrown: the caller knows the path and makes the error. */
export function parseDecimal(text: unknown, format: DecimalFormat): DecimalResult {
  const refused = (received: string): DecimalResult => ({
    ok: false,
    expected: describeFormat(format),
    received,
  });
  if (typeof text !== "string") return refused(describeType(text));
  if (text.length > MAX_LENGTH) return refused(`text of ${text.length} characters`);
  const match = DECIMAL.exec(text);
  if (match === null) return refused(describeText(text));
  const [, sign, whole, fraction = ""] = match as unknown as [string, string, string, string | undefined];
  if (sign === "-" && !format.signed) return refused("a negative number");
  if (fraction.length > format.places && format.excess === "refuse") {
    return refused(`${fraction.length} decimal places`);
  }
  const kept = BigInt(whole + fraction.slice(0, format.places).padEnd(format.places, "0"));
  const hasMore = /[1-9]/.test(fraction.slice(format.places));
  if (sign === "-" && kept === 0n && !hasMore) return refused("minus zero");
  const magnitude = sign === "-" && hasMore ? kept + 1n : kept;
  if (magnitude >> BigInt(format.bits) !== 0n) return refused(`a magnitude of more than ${format.bits} bits`);
  return { ok: true, value: sign === "-" ? -magnitude : magnitude };
}

/** Writes a scaled integer as the shortest decimal string: (1250000000n, 8) is "12.5". */
export function formatDecimal(value: bigint, places: number): string {
  const magnitude = value < 0n ? -value : value;
  const digits = magnitude.toString().padStart(places + 1, "0");
  const whole = digits.slice(0, digits.length - places);
  const fraction = digits.slice(digits.length - places).replace(/0+$/, "");
  return `${value < 0n ? "-" : ""}${whole}${fraction === "" ? "" : `.${fraction}`}`;
}

/** Integer division rounded towards minus infinity; `divisor` is positive. */
export function floorDiv(value: bigint, divisor: bigint): bigint {
  const quotient = value / divisor;
  return value % divisor < 0n ? quotient - 1n : quotient;
}

/** Integer division rounded towards plus infinity; `divisor` is positive. */
export function ceilDiv(value: bigint, divisor: bigint): bigint {
  return -floorDiv(-value, divisor);
}

function describeFormat({ places, bits, signed, excess }: DecimalFormat): string {
  const sign = signed ? "" : "non-negative ";
  const precision = excess === "refuse" ? ` with at most ${places} places` : "";
  return `a ${sign}decimal string${precision}, below 2^${bits} when scaled by 1e${places}`;
}

/** Names a value's type the way JSON does. */
export function describeType(value: unknown): string {
  if (value === null) return "null";
  if (value === undefined) return "nothing";
  if (Array.isArray(value)) return "a list";
  if (typeof value === "object") return "an object";
  return typeof value === "number" ? "a number (write it as a string)" : `a ${typeof value}`;
}

function describeText(text: string): string {
  if (text === "") return "empty text";
  if (/^\s|\s$/.test(text)) return "text with white space around it";
  if (/^[+-]?[0-9.]+[eE][+-]?[0-9]+$/.test(text)) return "text with an exponent";
  if (/^0[xXbBoO]/.test(text)) return "text in another base than ten";
  if (text.startsWith("+")) return "text with a plus sign";
  if (/%\s*$/.test(text)) return "text with a percent sign (5 % is 0.05)";
  if (/^-?0[0-9]/.test(text)) return "text with a leading zero";
  if (/^-?\.|\.$/.test(text)) return "text without a digit on both sides of the point";
  if (/^-?[0-9]+([,_' ][0-9]+)+/.test(text)) return "text with a separator between digits";
  return "text that is not a decimal number";
}
