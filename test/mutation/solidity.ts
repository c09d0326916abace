// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Mutants of Solidity, by a table of patterns as the circuits' mutants are: a check dropped, a limit taken in or left out, a
 * modifier gone, a sum that becomes a difference.
 *
 * @module
 */

import type { Change } from "./operators.js";

interface Rule {
  /** What is replaced is the first group, or all of it. */
  readonly pattern: RegExp;
  readonly to: (found: string) => string;
}

const TABLE: readonly Rule[] = [
  { pattern: / (<|<=|>|>=) (?!>)/g, to: (found) => ({ "<": "<=", "<=": "<", ">": ">=", ">=": ">" })[found]! },
  { pattern: / (==|!=) /g, to: (found) => (found === "==" ? "!=" : "==") },
  { pattern: / (&&|\|\|) /g, to: (found) => (found === "&&" ? "||" : "&&") },
  { pattern: / ([+-]) (?=[\w(])/g, to: (found) => (found === "+" ? "-" : "+") },
  { pattern: /\b(\+=|-=)/g, to: (found) => (found === "+=" ? "-=" : "+=") },
  // Who may call it, and whether it may be called from within.
  { pattern: /\b(restricted|onlyEas|nonReentrant)\b/g, to: () => "" },
];
/** Statements that are calls and give nothing: checks, notes and transfers. Each is dropped. */
const CALL = /^ +(?:(?:[A-Z]\w*|super|\w+)\.)?\w+\(/gm;

/** Every change of a contract's text, in the text's order; comments and assembly are left alone. */
export function solidityChanges(text: string): Change[] {
  const code = blanked(text);
  const found = TABLE.flatMap(({ pattern, to }) =>
    Array.from(code.matchAll(pattern), (match) => {
      const from = match[1] ?? match[0];
      return { at: match.index + match[0].indexOf(from), from, to: to(from) };
    }),
  );
  return [...found, ...droppedCalls(text, code)].sort((a, b) => a.at - b.at);
}

function droppedCalls(text: string, code: string): Change[] {
  return Array.from(code.matchAll(CALL)).flatMap((match) => {
    const at = match.index + match[0].search(/\S/);
    const end = closing(code, match.index + match[0].length);
    const isStatement = code[end] === ";" && /[;{}]\s*$/.test(code.slice(0, at));
    return isStatement ? [{ at, from: text.slice(at, end + 1), to: ";" }] : [];
  });
}

/** Behind the bracket that closes the one before a place. */
function closing(code: string, from: number): number {
  let end = from;
  for (let depth = 1; depth > 0 && end < code.length; end++) {
    depth += code[end] === "(" ? 1 : code[end] === ")" ? -1 : 0;
  }
  return end;
}

/** Comments, text and assembly as spaces, so that what is left stands where it stood. */
function blanked(text: string): string {
  const spaces = (found: string): string => found.replace(/[^\n]/g, " ");
  return text
    .replaceAll(/\/\/[^\n]*|\/\*[\s\S]*?\*\/|"[^"\n]*"/g, spaces)
    .replaceAll(/^( *)assembly[^{]*\{[\s\S]*?^\1\}/gm, spaces);
}
