// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Positions from a CSV file (RFC 4180: commas, double quotes, LF or CRLF) into the accounts of a snapshot.
 *
 * Without a mapping the header is exactly `account,source,instrument,quantity`, in any order. A venue's own export needs a
 * mapping (mapping/1), which says in which column each of the four stands, or what it is in every row, and what the venue's
 * names for instruments are here; columns that it does not name are not read.
 *
 * Nothing is left out or guessed: a row that cannot be placed is refused, since it may be a debt. So are a position that is
 * listed twice, and cells that a spreadsheet would run as a formula.
 *
 * @module
 */

import { z } from "zod";
import {
  identifier,
  inputError,
  type Market,
  parseDecimal,
  parseFile,
  type Quantity,
  quantity,
  title,
} from "../../../verifier/src/index.js";
import type { Account } from "../snapshot.js";

/** What a snapshot's position is made of. */
const FIELDS = ["account", "source", "instrument", "quantity"] as const;
type Field = (typeof FIELDS)[number];

/** How a venue's export is read. */
export interface CsvMapping {
  /** Header of the column of each field. */
  readonly columns: Partial<Readonly<Record<Field, string>>>;
  /** What a field without a column is in every row. */
  readonly constants: Partial<Readonly<Record<"account" | "source", string>>>;
  /** The venue's names of instruments; a name that is not here stands for itself. */
  readonly instruments: ReadonlyMap<string, string>;
}

const PLAIN: CsvMapping = {
  columns: Object.fromEntries(FIELDS.map((field) => [field, field])),
  constants: {},
  instruments: new Map(),
};

const header = z.string().min(1).max(80);
const mappingSchema = z.strictObject({
  keel: z.literal("mapping/1"),
  columns: z.strictObject({
    account: header.optional(),
    source: header.optional(),
    instrument: header,
    quantity: header,
  }),
  account: identifier.optional(),
  source: title.optional(),
  instruments: z.record(z.string().max(80), identifier).default({}),
});

/** A spreadsheet takes a cell that begins so for a formula. */
const FORMULA = /^[=+\-@\t\r]/;
const QUANTITY = { places: 8, bits: 64, signed: true, excess: "floor" } as const;

/**
 * Reads a mapping/1 file.
 *
 * @throws KeelError kind "input": also when account or source has both a column and a constant, or neither
 */
export function parseMapping(text: string): CsvMapping {
  const { columns, account, source, instruments } = parseFile(mappingSchema, text, "mapping");
  for (const [field, constant] of Object.entries({ account, source })) {
    const column = columns[field as "account" | "source"];
    if ((column === undefined) !== (constant === undefined)) continue;
    const received = column === undefined ? "neither" : "both";
    throw inputError("csv.mapping", `mapping.${field}`, "a column or one value for every row", received);
  }
  return {
    columns: Object.fromEntries(Object.entries(columns).filter(([, column]) => column !== undefined)),
    constants: {
      ...(account === undefined ? {} : { account }),
      ...(source === undefined ? {} : { source }),
    },
    instruments: new Map(Object.entries(instruments)),
  };
}

/**
 * The accounts of a CSV file, unsigned, in the order in which they first appear. Quantities with more than eight places
 * are rounded against the prover, as in snapshots.
 *
 * @throws KeelError `csv.*` with the line; never with an amount
 */
export function accountsFromCsv(text: string, market: Market, mapping: CsvMapping = PLAIN): Account[] {
  const [head, ...rows] = parseCsv(text);
  if (head === undefined || rows.length === 0) {
    throw inputError("csv.rows", "csv", "a header and at least one row", "fewer lines");
  }
  const places = columnPlaces(head.cells, mapping);
  const known = new Set(market.instruments.map(({ id }) => id));
  const accounts = new Map<string, { readonly source: string; readonly positions: Map<string, Quantity> }>();
  for (const { line, cells } of rows) {
    const path = `csv line ${line}`;
    if (cells.length !== head.cells.length) {
      throw inputError("csv.row", path, `${head.cells.length} cells`, `${cells.length}`);
    }
    const cell = (field: Field): string => {
      const place = places.get(field);
      return place === undefined ? mapping.constants[field as "account" | "source"]! : cells[place]!;
    };
    const position = readRow(cell, known, mapping, path);
    const account = accounts.get(position.account) ?? { source: position.source, positions: new Map() };
    accounts.set(position.account, account);
    if (account.source !== position.source) {
      throw inputError("csv.source", path, "one source for an account", "another than above");
    }
    if (account.positions.has(position.instrument)) {
      throw inputError("csv.duplicate", path, "each instrument once in an account", "one again");
    }
    account.positions.set(position.instrument, position.quantity);
  }
  return [...accounts].map(([id, account]) => ({ id, ...account }));
}

function readRow(
  cell: (field: Field) => string,
  known: ReadonlySet<string>,
  mapping: CsvMapping,
  path: string,
) {
  for (const field of FIELDS.slice(0, 3)) {
    if (FORMULA.test(cell(field))) {
      throw inputError("csv.formula", `${path}, ${field}`, "a name", "a formula");
    }
  }
  const account = identifier.safeParse(cell("account"));
  const source = title.safeParse(cell("source"));
  if (!account.success) throw inputError("csv.name", `${path}, account`, "an account's id", "other text");
  if (!source.success) throw inputError("csv.name", `${path}, source`, "a source's name", "other text");
  const instrument = mapping.instruments.get(cell("instrument")) ?? cell("instrument");
  if (!known.has(instrument)) {
    throw inputError(
      "csv.instrument",
      `${path}, instrument`,
      "an instrument of the market",
      "an unknown one",
    );
  }
  const amount = parseDecimal(cell("quantity"), QUANTITY);
  if (!amount.ok) {
    throw inputError("csv.quantity", `${path}, quantity`, amount.expected, amount.received);
  }
  return { account: account.data, source: source.data, instrument, quantity: quantity(amount.value) };
}

/** Where each field stands. */
function columnPlaces(head: readonly string[], mapping: CsvMapping): Map<Field, number> {
  if (new Set(head).size !== head.length) {
    throw inputError("csv.header", "csv line 1", "each column once", "a column twice");
  }
  if (mapping === PLAIN && head.length !== FIELDS.length) {
    throw inputError("csv.header", "csv line 1", `${FIELDS.join(",")} (or a mapping)`, "other columns");
  }
  const places = new Map<Field, number>();
  for (const field of FIELDS) {
    const column = mapping.columns[field];
    if (column === undefined) continue;
    const place = head.indexOf(column);
    if (place < 0) throw inputError("csv.header", "csv line 1", `a column ${column}`, "none");
    places.set(field, place);
  }
  return places;
}

interface Row {
  /** Line on which the row begins, from 1. */
  readonly line: number;
  readonly cells: readonly string[];
}

/** Rows of a CSV text; empty lines are skipped. */
function parseCsv(text: string): Row[] {
  const rows: Row[] = [];
  let line = 1;
  let at = 0;
  while (at < text.length) {
    const cells: string[] = [];
    const first = line;
    for (;;) {
      const cell = text[at] === '"' ? quotedCell(text, at, line) : plainCell(text, at, line);
      cells.push(cell.value);
      line += cell.value.split("\n").length - 1;
      at = cell.end;
      if (text[at] !== ",") break;
      at += 1;
    }
    const end = /\r?\n/y;
    end.lastIndex = at;
    if (end.test(text)) at = end.lastIndex;
    else if (at < text.length)
      throw inputError("csv.quotes", `csv line ${line}`, "a comma or a line's end", "more");
    line += 1;
    if (cells.length > 1 || cells[0] !== "") rows.push({ line: first, cells });
  }
  return rows;
}

interface Cell {
  readonly value: string;
  readonly end: number;
}

function plainCell(text: string, start: number, line: number): Cell {
  const cell = /[^,\r\n]*/y;
  cell.lastIndex = start;
  const value = cell.exec(text)![0];
  if (value.includes('"'))
    throw inputError("csv.quotes", `csv line ${line}`, "quotes around a whole cell", "one inside");
  return { value, end: start + value.length };
}

function quotedCell(text: string, start: number, line: number): Cell {
  const cell = /"((?:[^"]|"")*)"/y;
  cell.lastIndex = start;
  const match = cell.exec(text);
  if (match === null)
    throw inputError("csv.quotes", `csv line ${line}`, "a closing quote", "the end of the text");
  return { value: match[1]!.replaceAll('""', '"'), end: start + match[0].length };
}
