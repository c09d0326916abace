// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Is the engine's code as its README says: short functions, called by value, and lanes only where there are two in a vector?
 *
 * @module
 */
import { readdirSync, readFileSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import { describe, expect, it } from "vitest";

const SOURCE = resolve(import.meta.dirname, "../../prover/engine/src");
const LONGEST = 120;

interface File {
  readonly path: string;
  readonly lines: readonly string[];
}

const files: File[] = readdirSync(SOURCE, { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile() && entry.name.endsWith(".ts"))
  .map((entry) => join(entry.parentPath, entry.name))
  .map((path) => ({ path: relative(SOURCE, path), lines: readFileSync(path, "utf8").split("\n") }));

/** Lines that match, with their places. */
const linesWith = (pattern: RegExp, among = files): string[] =>
  among.flatMap(({ path, lines }) =>
    lines.flatMap((line, i) => (pattern.test(line) ? [`${path}:${i + 1} ${line.trim()}`] : [])),
  );

const indentOf = (line: string): number => line.search(/\S/);
/** A function, an arrow function or a method that goes on in the next line. */
const OPENS =
  /(\bfunction\b.*|=>( [{[(]+)?|^\s*(async )?(?!if|for|while|switch|catch)\w+(<.*>)?\(.*\)(: .*)? \{)$/;

/** Functions of more than one line, by where they begin. The formatter sees to it that a function ends at its own indent. */
function functionsOf({ path, lines }: File): { readonly at: string; readonly length: number }[] {
  return lines.flatMap((line, i) => {
    if (!OPENS.test(line) || /^\s*(\*|\/\/|type |export type )/.test(line)) return [];
    // A list of parameters may end at the same indent, with a parenthesis.
    const isEnd = (next: string): boolean =>
      indentOf(next) >= 0 && indentOf(next) <= indentOf(line) && !/^\s*\).* (\{|=>)/.test(next);
    const length = lines.slice(i + 1).findIndex(isEnd) + 2;
    return [{ at: `${path}:${i + 1}`, length }];
  });
}

describe("the engine's code", () => {
  it(`has no function of more than ${LONGEST} lines`, () => {
    const functions = files.flatMap(functionsOf);
    expect(functions.length).toBeGreaterThan(300);
    expect(Math.max(...functions.map(({ length }) => length))).toBeGreaterThan(20);
    expect(functions.filter(({ length }) => length > LONGEST)).toEqual([]);
  });

  it("calls and looks up nothing by a name that is put together from strings", () => {
    expect(linesWith(/(\[|\.(get|call|define|defineTest)\()\s*`[^`]*\$\{/)).toEqual([]);
    expect(linesWith(/\.(get|call|define|defineTest)\([^)]*" ?\+/)).toEqual([]);
  });

  it("speaks of lanes in the kernels only", () => {
    const outside = files.filter(({ path }) => !path.startsWith("kernels/"));
    expect(outside.length).toBeGreaterThan(10);
    expect(linesWith(/\blanes?\b/i, outside)).toEqual([]);
  });
});
