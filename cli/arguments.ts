// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Values of options, from text. Errors name the option and never repeat the value.
 *
 * @module
 */

import { CHECKSUM, FIELD_ORDER, hasChecksum, inputError, MISTYPED, parseDecimal } from "@keel/verifier";
import { usageError } from "./errors.js";

/** The latest time that a statement has room for, unix seconds. */
export const LATEST_TIME = 2 ** 40 - 1;

/** A whole number from `least` to `most`, without sign or leading zeros. */
export function wholeNumber(option: string, least: number, most: number): (text: string) => number {
  return (text) => {
    const value = /^(0|[1-9][0-9]{0,15})$/.test(text) ? Number(text) : Number.NaN;
    if (value >= least && value <= most) return value;
    if (most === LATEST_TIME && value < 4.2e12) {
      throw inputError("input.time", option, "unix seconds", "milliseconds, as it seems");
    }
    throw usageError(`a whole number from ${least} to ${most}`, "another value", option);
  };
}

/** A time: unix seconds, a day, or a day and a time of UTC; a day alone is its first second. */
export function moment(option: string): (text: string) => number {
  return (text) => {
    if (/^[0-9]+$/.test(text)) return wholeNumber(option, 0, LATEST_TIME)(text);
    const [, day, time = "T00:00:00Z"] = /^(\d{4}-\d{2}-\d{2})(T\d{2}:\d{2}:\d{2}Z)?$/.exec(text) ?? [];
    const date = new Date(`${day}${time}`);
    const isDay = !Number.isNaN(date.getTime()) && date.toISOString().startsWith(`${day}`);
    if (day !== undefined && isDay && date.getTime() >= 0) return date.getTime() / 1000;
    throw usageError("unix seconds, 2026-01-31, or 2026-01-31T12:00:00Z", "other text", option);
  };
}

/** An address, and a name for people before it: `Aurelia Fund=0x…`. */
export interface NamedAddress {
  readonly subject: `0x${string}`;
  readonly label?: string;
}

/** Addresses with names for people, one an option. */
export function namedAddresses(
  option: string,
): (text: string, previous?: readonly NamedAddress[]) => readonly NamedAddress[] {
  return (text, previous = []) => {
    const cut = text.lastIndexOf("=");
    const subject = chainAddress(option)(text.slice(cut + 1));
    if (cut < 0) return [...previous, { subject }];
    const label = text.slice(0, cut);
    if (/^[^\p{C}]{1,80}$/u.test(label)) return [...previous, { subject, label }];
    throw usageError("a name of 1 to 80 characters without control characters, before =", "another", option);
  };
}

/** 32-byte hashes, one an option. */
export function hashes(
  option: string,
): (text: string, previous?: readonly `0x${string}`[]) => readonly `0x${string}`[] {
  return (text, previous = []) => [...previous, hash(option)(text)];
}

/** A chain address, in lower case. */
export function chainAddress(option: string): (text: string) => `0x${string}` {
  return (text) => {
    if (!/^0x[0-9a-fA-F]{40}$/.test(text)) {
      throw usageError("0x and 40 hexadecimal digits", "other text", option);
    }
    if (hasChecksum(text)) return text.toLowerCase() as `0x${string}`;
    throw inputError("input.checksum", option, CHECKSUM, MISTYPED);
  };
}

/** Chain addresses with commas between them, in lower case. */
export function addresses(option: string): (text: string) => readonly `0x${string}`[] {
  return (text) => text.split(",").map((part) => chainAddress(option)(part.trim()));
}

/** A 32-byte hash, in lower case. */
export function hash(option: string): (text: string) => `0x${string}` {
  return (text) => {
    if (/^0x[0-9a-fA-F]{64}$/.test(text)) return text.toLowerCase() as `0x${string}`;
    throw usageError("0x and 64 hexadecimal digits", "other text", option);
  };
}

/** A field element, such as a commitment, as a decimal number. */
export function element(option: string): (text: string) => bigint {
  return (text) => {
    const value = /^(0|[1-9][0-9]{0,77})$/.test(text) ? BigInt(text) : FIELD_ORDER;
    if (value < FIELD_ORDER) return value;
    throw usageError("a number below the field's order", "other text", option);
  };
}

/** An amount of units above zero, 1e8. */
export function units(option: string): (text: string) => bigint {
  return (text) => {
    const result = parseDecimal(text, { places: 8, bits: 96, signed: false, excess: "refuse" });
    if (result.ok && result.value > 0n) return result.value;
    throw usageError("units above zero, a decimal number of at most eight places", "other text", option);
  };
}

/** A share above zero, such as 0.2, in bps. */
export function share(option: string): (text: string) => bigint {
  return (text) => {
    const result = parseDecimal(text, { places: 4, bits: 14, signed: false, excess: "refuse" });
    if (result.ok && result.value > 0n && result.value < 10_000n) return result.value;
    throw usageError("a share above 0 and below 1, such as 0.2", "other text", option);
  };
}

/** Address of a chain's node. May hold an access key, so it is never shown. */
export function nodeUrl(option: string): (text: string) => string {
  return (text) => {
    if (URL.canParse(text) && /^https?:$/.test(new URL(text).protocol)) return text;
    throw usageError("an http or https URL", "other text", option);
  };
}

/** An account and its source's name. */
export interface NamedAccount {
  readonly id: string;
  readonly source: string;
}

/** Accounts as `id=SourceName,id=SourceName`; a source's name may hold commas, an id holds neither of the two signs. */
export function accounts(option: string): (text: string) => readonly NamedAccount[] {
  return (text) =>
    text.split(/,(?=[^,=]+=)/).map((part) => {
      const [, id, source] = /^([^=]+)=(.+)$/.exec(part) ?? [];
      if (id !== undefined && source !== undefined) return { id, source };
      throw usageError("accounts as id=SourceName,id=SourceName", "other text", option);
    });
}

/** An option that is refused a second time: the first value would be forgotten without a word. */
export function once(option: string): (value: string, previous?: string) => string {
  return (value, previous) => {
    if (previous !== undefined)
      throw usageError("it once, and the command again for another", "it twice", option);
    return value;
  };
}

/** Collects an option that may be given several times. */
export function collected(value: string, previous: readonly string[] = []): readonly string[] {
  return [...previous, value];
}
