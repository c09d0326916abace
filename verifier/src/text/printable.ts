// SPDX-License-Identifier: MIT
/**
 * Text that others wrote, such as a revocation's reason, made safe to print: nothing in it can move a terminal's cursor,
 * start a line of its own or turn the reading direction.
 *
 * @module
 */

/** Control characters, line and paragraph separators, invisible and direction marks, halves of pairs. */
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;

/** Line breaks and indentation, which only a program of ours can have put outside a string. */
const LAYOUT = "\n";

/** The text with everything unprintable written as `\u{1b}`. */
export function printable(text: string): string {
  return text.replace(UNPRINTABLE, (mark) => `\\u{${mark.codePointAt(0)!.toString(16)}}`);
}

/** JSON of plain data, bigints as decimal strings. It means the same with or without its escapes. */
export function jsonText(value: object, indent = 2): string {
  const text = JSON.stringify(
    value,
    (_, part) => (typeof part === "bigint" ? part.toString() : part),
    indent,
  );
  return text.replace(UNPRINTABLE, (mark) =>
    mark === LAYOUT ? mark : Array.from({ length: mark.length }, (_, i) => unit(mark.charCodeAt(i))).join(""),
  );
}

function unit(code: number): string {
  return `\\u${code.toString(16).padStart(4, "0")}`;
}
