// SPDX-License-Identifier: MIT
/**
 * Strict JSON: what JSON.parse accepts, less what hides something from a reader.
 *
 * Refused: duplicate keys (JSON.parse keeps the last one silently), the key `__proto__`, numbers that are not integers a
 * double holds exactly, a byte order mark, nesting beyond {@link MAX_DEPTH} and text beyond {@link MAX_LENGTH}. Errors say
 * line, column and path, and never repeat the text, which may be secret. One pass, linear time.
 *
 * @module
 */

import { inputError, type KeelError } from "./errors.js";

/** Deepest nesting of lists and objects. */
export const MAX_DEPTH = 16;
/** Longest text, in UTF-16 code units: 16 MiB. */
export const MAX_LENGTH = 1 << 24;

/** What strict JSON can hold. */
export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

const BLANK = /[ \t\r\n]*/y;
const STRING = /"[^"\\\p{Cc}]*(?:\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})[^"\\\p{Cc}]*)*"/uy;
const NUMBER = /-?[0-9][0-9.eE+-]*/y;
const INTEGER = /^(?:0|-?[1-9][0-9]*)$/;
const WORD = /true|false|null/y;

/**
 * Parses strict JSON.
 *
 * @param name what the text is, for error paths: a file's role such as "policy", never its content
 * @param numberOf what a number's literal stands for, undefined to refuse it; whole numbers that a double holds when absent
 * @throws KeelError `input.json` with the line and column
 */
export function parseJson(
  text: string,
  name: string,
  numberOf: (literal: string) => number | string | undefined = exactInteger,
): Json {
  if (text.length > MAX_LENGTH) {
    throw inputError("input.size", name, `at most ${MAX_LENGTH} characters`, `${text.length}`);
  }
  let at = 0;

  const fail = (path: string, expected: string, received: string): KeelError => {
    const before = text.slice(0, at).split("\n");
    const place = `line ${before.length}, column ${before[before.length - 1]!.length + 1}`;
    return inputError("input.json", path, expected, `${received} at ${place}`);
  };
  const take = (pattern: RegExp): string | undefined => {
    pattern.lastIndex = at;
    const match = pattern.exec(text);
    if (match === null) return undefined;
    at += match[0].length;
    return match[0];
  };
  const skipBlank = (): void => void take(BLANK);
  const takeSign = (sign: string): boolean => {
    skipBlank();
    if (text[at] !== sign) return false;
    at += 1;
    return true;
  };

  const readString = (path: string): string => {
    const literal = take(STRING);
    if (literal === undefined) throw fail(path, "a string in double quotes", describeNext(text, at));
    return literal.includes("\\") ? (JSON.parse(literal) as string) : literal.slice(1, -1);
  };

  const readNumber = (literal: string, path: string): number | string => {
    const value = numberOf(literal);
    if (value !== undefined) return value;
    throw fail(path, "a whole number below 2^53, or a decimal as a string", "another number");
  };

  const readList = (path: string, depth: number): Json[] => {
    const list: Json[] = [];
    if (takeSign("]")) return list;
    do {
      list.push(readValue(`${path}[${list.length}]`, depth + 1));
    } while (takeSign(","));
    if (!takeSign("]")) throw fail(path, "',' or ']'", describeNext(text, at));
    return list;
  };

  const readObject = (path: string, depth: number): { [key: string]: Json } => {
    const object: { [key: string]: Json } = Object.create(null);
    if (takeSign("}")) return object;
    do {
      skipBlank();
      const key = readString(path);
      if (key === "__proto__") throw fail(path, "another key", "the key __proto__");
      if (Object.hasOwn(object, key)) throw fail(path, "each key once", "a duplicate key");
      if (!takeSign(":")) throw fail(path, "':'", describeNext(text, at));
      object[key] = readValue(`${path}.${/^[\w-]{1,40}$/.test(key) ? key : "?"}`, depth + 1);
    } while (takeSign(","));
    if (!takeSign("}")) throw fail(path, "',' or '}'", describeNext(text, at));
    return object;
  };

  const readValue = (path: string, depth: number): Json => {
    if (depth > MAX_DEPTH) throw fail(path, `at most ${MAX_DEPTH} levels`, "deeper nesting");
    if (takeSign("{")) return readObject(path, depth);
    if (takeSign("[")) return readList(path, depth);
    if (text[at] === '"') return readString(path);
    const number = take(NUMBER);
    if (number !== undefined) return readNumber(number, path);
    const word = take(WORD);
    if (word === undefined) throw fail(path, "a JSON value", describeNext(text, at));
    return JSON.parse(word) as Json;
  };

  const value = readValue(name, 0);
  skipBlank();
  if (at < text.length) throw fail(name, "the end of the text", describeNext(text, at));
  return value;
}

function exactInteger(literal: string): number | undefined {
  const value = Number(literal);
  return INTEGER.test(literal) && Number.isSafeInteger(value) ? value : undefined;
}

function describeNext(text: string, at: number): string {
  if (at >= text.length) return "the end of the text";
  if (text.charCodeAt(at) === 0xfeff) return "a byte order mark";
  return "another character";
}
