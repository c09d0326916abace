// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * The text of a CSV file as rows of cells: RFC 4180 with any one delimiter, and any of the three line ends. A byte order mark
 * and a spreadsheet's first line `sep=;` are no data.
 *
 * @module
 */

import { inputError } from "@keel/verifier";

/** A row as it stands in the file. */
export interface Row {
  /** Line on which the row begins, from 1. */
  readonly line: number;
  /** Without the blanks around them. */
  readonly cells: readonly string[];
  /** Places of cells with a quote inside, which a cell that is read must not have. */
  readonly quoted: readonly number[];
}

interface Cell {
  readonly value: string;
  readonly end: number;
  readonly quoted: boolean;
}

const LINE_END = /\r\n|\n|\r/y;
const MARK = "\ufeff";
const SEPARATOR_LINE = /^sep=(.)(?:\r\n|\n|\r|$)/;

/**
 * Rows of a CSV text; empty ones are left out.
 *
 * @param delimiter undefined when nobody says: what a `sep=` line names, else a comma
 * @param skip lines before the header
 * @throws KeelError `csv.quotes`, `csv.delimiter`
 */
export function parseCsv(text: string, delimiter: string | undefined, skip = 0): Row[] {
  const body = text.startsWith(MARK) ? text.slice(1) : text;
  const named = SEPARATOR_LINE.exec(body);
  if (named !== null && delimiter !== undefined && named[1] !== delimiter) {
    throw inputError("csv.delimiter", "csv line 1", "the mapping's delimiter", "a line sep= with another");
  }
  const first = named === null ? 0 : 1;
  return rowsOf(body, named?.[1] ?? delimiter ?? ",", Math.max(skip, first));
}

function rowsOf(text: string, delimiter: string, skip: number): Row[] {
  const plain = new RegExp(`[^${escaped(delimiter)}\\r\\n]*`, "y");
  const rows: Row[] = [];
  let { at, line } = afterLines(text, skip);
  while (at < text.length) {
    const cells: string[] = [];
    const quoted: number[] = [];
    const first = line;
    for (;;) {
      const start = afterBlanks(text, at, delimiter);
      const cell =
        text[start] === '"' ? quotedCell(text, start, line, delimiter) : plainCell(text, at, plain);
      if (cell.quoted) quoted.push(cells.length);
      cells.push(cell.value.trim());
      line += lineEnds(cell.value);
      at = cell.end;
      if (text[at] !== delimiter) break;
      at += 1;
    }
    LINE_END.lastIndex = at;
    if (LINE_END.test(text)) at = LINE_END.lastIndex;
    else if (at < text.length) {
      throw inputError("csv.quotes", `csv line ${line}`, "a delimiter or a line's end", "more");
    }
    line += 1;
    if (cells.some((cell) => cell !== "")) rows.push({ line: first, cells, quoted });
  }
  return rows;
}

function plainCell(text: string, start: number, pattern: RegExp): Cell {
  pattern.lastIndex = start;
  const value = pattern.exec(text)![0];
  return { value, end: start + value.length, quoted: value.includes('"') };
}

function quotedCell(text: string, start: number, line: number, delimiter: string): Cell {
  const pattern = /"([^"]*(?:""[^"]*)*)"/y;
  pattern.lastIndex = start;
  const match = pattern.exec(text);
  if (match === null) {
    throw inputError("csv.quotes", `csv line ${line}`, "a closing quote", "the end of the text");
  }
  const end = afterBlanks(text, start + match[0].length, delimiter);
  return { value: match[1]!.replaceAll('""', '"'), end, quoted: false };
}

function afterBlanks(text: string, start: number, delimiter: string): number {
  let at = start;
  while ((text[at] === " " || text[at] === "\t") && text[at] !== delimiter) at += 1;
  return at;
}

function afterLines(text: string, count: number): { readonly at: number; readonly line: number } {
  const end = /\r\n|\n|\r/g;
  let line = 1;
  while (line <= count && end.exec(text) !== null) line += 1;
  return { at: line > count ? end.lastIndex : text.length, line };
}

function lineEnds(value: string): number {
  return value.match(/\r\n|\n|\r/g)?.length ?? 0;
}

function escaped(delimiter: string): string {
  return delimiter.replace(/[\\\]^-]/, "\\$&");
}
