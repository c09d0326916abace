// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Values of options, from text. Errors name the option and never repeat the value.
 *
 * @module
 */

import { usageError } from "./errors.js";

/** A whole number from `least` to `most`, without sign or leading zeros. */
export function wholeNumber(option: string, least: number, most: number): (text: string) => number {
  return (text) => {
    const value = /^(0|[1-9][0-9]{0,15})$/.test(text) ? Number(text) : Number.NaN;
    if (value >= least && value <= most) return value;
    throw usageError(`a whole number from ${least} to ${most}`, "another value", option);
  };
}

/** A chain address, in lower case. */
export function chainAddress(option: string): (text: string) => `0x${string}` {
  return (text) => {
    if (/^0x[0-9a-fA-F]{40}$/.test(text)) return text.toLowerCase() as `0x${string}`;
    throw usageError("0x and 40 hexadecimal digits", "other text", option);
  };
}

/** A 32-byte hash, in lower case. */
export function hash(option: string): (text: string) => `0x${string}` {
  return (text) => {
    if (/^0x[0-9a-fA-F]{64}$/.test(text)) return text.toLowerCase() as `0x${string}`;
    throw usageError("0x and 64 hexadecimal digits", "other text", option);
  };
}

/** Address of a chain's node. May hold an access key, so it is never shown. */
export function nodeUrl(option: string): (text: string) => string {
  return (text) => {
    if (URL.canParse(text) && /^https?:$/.test(new URL(text).protocol)) return text;
    throw usageError("an http or https URL", "other text", option);
  };
}

/** Collects an option that may be given several times. */
export function collected(value: string, previous: readonly string[] = []): readonly string[] {
  return [...previous, value];
}
