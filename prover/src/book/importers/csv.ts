// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Positions from a CSV file into the accounts of a snapshot.
 *
 * Without a mapping the header is exactly `account,source,instrument,quantity`, in any order. A venue's own export needs a
 * mapping (mapping/1 or mapping/2), which says in which columns position, sign and unit stand, and what the venue's names are
 * here.
 *
 * Nothing is left out or guessed: a row that cannot be placed is refused, since it may be a debt. So are a position that is
 * listed twice without a word that rows are added up, cells that a spreadsheet would run as a formula, and columns beside
 * those that are read when they may change what these mean. All faults are told at once.
 *
 * @module
 */

import {
  allFaults,
  asKeelError,
  firm,
  type Instrument,
  identifier,
  inputError,
  type KeelError,
  type Market,
  type Quantity,
  quantity,
} from "@keel/verifier";
import type { Account } from "../snapshot.js";
import { columnFaults, ledgerFaults, type ReadRow, shortened } from "./csv-columns.js";
import {
  type CsvMapping,
  type InstrumentPlace,
  type NumberStyle,
  PLAIN,
  readHeaders,
} from "./csv-mapping.js";
import { parseCsv, type Row } from "./csv-text.js";
import {
  absolute,
  difference,
  type Exact,
  negated,
  parseExact,
  product,
  scaledExact,
  sum,
  toQuantity,
  UNIT,
  ZERO,
} from "./exact.js";
import { isInverseName, unitsApart } from "./names.js";

export { type CsvMapping, parseMapping } from "./csv-mapping.js";

/** What a CSV file gives. */
export interface CsvImport {
  /** Unsigned, in the order in which they first appear. */
  readonly accounts: readonly Account[];
  /** Headers of columns that nothing read. */
  readonly unused: readonly string[];
  /** How many rows the mapping ignored. */
  readonly ignoredRows: number;
}

/** A spreadsheet takes a cell that begins so for a formula. */
const FORMULA = /^[=+\-@\t\r]/;
/** Where a header is looked for when the mapping does not say. */
const PREAMBLE_ROWS = 50;
const USD_PLACES = 8;

/** {@link readCsv}, the accounts alone. */
export function accountsFromCsv(text: string, market: Market, mapping: CsvMapping = PLAIN): Account[] {
  return [...readCsv(text, market, mapping).accounts];
}

/**
 * Reads a CSV file. Quantities with more than eight places are rounded against the prover, as in snapshots.
 *
 * @throws KeelError `csv.*`, all faults at once, each with its line; never with an amount
 */
export function readCsv(text: string, market: Market, mapping: CsvMapping = PLAIN): CsvImport {
  const table = tableOf(text, mapping);
  const instruments = new Map(market.instruments.map((row) => [row.id, row]));
  const faults: KeelError[] = ledgerFaults(table.head, table.rows, mapping.ignore.columns);
  const book = new Book(mapping);
  const read: ReadRow[] = [];
  let ignoredRows = 0;
  for (const row of table.rows) {
    const reader: RowReader = { row, table, mapping, instruments, path: `csv line ${row.line}` };
    try {
      if (isIgnored(reader)) {
        ignoredRows += 1;
        continue;
      }
      const position = readRow(reader);
      read.push(position.read);
      book.add(position, reader.path);
    } catch (error) {
      faults.push(asKeelError(error));
    }
  }
  const used = readHeaders(mapping);
  faults.push(...columnFaults(table.head, read, used, mapping.ignore.columns, besideNumber(mapping.numbers)));
  if (faults.length > 0) throw allFaults(faults);
  const unused = table.head.filter((column) => column !== "" && !used.has(column)).map(shortened);
  return { accounts: book.accounts(), unused: [...new Set(unused)], ignoredRows };
}

/** A file's header and rows. */
interface Table {
  readonly head: readonly string[];
  /** Where each header that is read stands. */
  readonly places: ReadonlyMap<string, number>;
  readonly rows: readonly Row[];
}

/** One row and what it is read by. */
interface RowReader {
  readonly row: Row;
  readonly table: Table;
  readonly mapping: CsvMapping;
  readonly instruments: ReadonlyMap<string, Instrument>;
  readonly path: string;
}

/** What a row says. */
interface Position {
  readonly account: string;
  readonly source: string;
  readonly instrument: Instrument;
  readonly amount: Exact;
  readonly read: ReadRow;
}

function tableOf(text: string, mapping: CsvMapping): Table {
  if (/^\s*[[{]/.test(text)) {
    throw inputError(
      "csv.header",
      "csv",
      "rows of cells",
      "JSON: `keel import` VENUE reads what a venue answered",
    );
  }
  const rows = parseCsv(text, mapping.delimiter, mapping.skip);
  const at = mapping.skip === undefined && mapping !== PLAIN ? headerRow(rows, mapping) : 0;
  const head = rows[at];
  if (head === undefined || rows.length < at + 2) {
    throw inputError("csv.rows", "csv", "a header and at least one row", "fewer lines");
  }
  const width = head.cells.length;
  const faults: KeelError[] = [];
  const body = rows.slice(at + 1).map((row) => {
    const surplus = row.cells.slice(width);
    if (row.cells.length < width || surplus.some((cell) => cell !== "")) {
      faults.push(inputError("csv.row", `csv line ${row.line}`, `${width} cells`, `${row.cells.length}`));
    }
    return row;
  });
  const places = columnPlaces(head, mapping, text);
  if (faults.length > 0) throw allFaults(faults);
  return { head: head.cells, places, rows: body };
}

/** The first row that has every header which the mapping reads; the first of all when there is none. */
function headerRow(rows: readonly Row[], mapping: CsvMapping): number {
  const wanted = [...readHeaders(mapping)];
  const found = rows
    .slice(0, PREAMBLE_ROWS)
    .findIndex(({ cells }) => wanted.every((column) => cells.includes(column)));
  return Math.max(found, 0);
}

/** Where each header stands that is read. */
function columnPlaces({ cells, line }: Row, mapping: CsvMapping, text: string): Map<string, number> {
  const path = `csv line ${line}`;
  const wanted = readHeaders(mapping);
  if (mapping === PLAIN && cells.filter((cell) => cell !== "").length !== wanted.size) {
    throw inputError("csv.header", path, `${[...wanted].join(",")} (or a mapping)`, "other columns");
  }
  const places = new Map<string, number>();
  const faults: KeelError[] = [];
  for (const column of wanted) {
    const place = cells.indexOf(column);
    if (place < 0)
      faults.push(inputError("csv.header", path, `a column ${column}`, otherDelimiter(text, mapping)));
    else if (cells.lastIndexOf(column) !== place) {
      faults.push(inputError("csv.header", path, `the column ${shortened(column)} once`, "it twice"));
    }
    places.set(column, place);
  }
  if (faults.length > 0) throw allFaults(faults);
  return places;
}

/** What a header without the column may be: one with another delimiter. */
function otherDelimiter(text: string, mapping: CsvMapping): string {
  const wanted = [...readHeaders(mapping)];
  const found = [";", "\t", "|", ","].find((sign) =>
    text.split(/\r\n|\n|\r/, PREAMBLE_ROWS).some(
      (line) =>
        line.includes(sign) &&
        wanted.every((column) =>
          line
            .split(sign)
            .map((cell) => cell.replace(/["\ufeff]/g, "").trim())
            .includes(column),
        ),
    ),
  );
  if (found === undefined) return "none";
  return `none; the file's delimiter seems to be ${found === "\t" ? "a tab" : `"${found}"`} (delimiter, mapping/2)`;
}

/** Whether the mapping leaves a row out; what is owed is never left out. */
function isIgnored(reader: RowReader): boolean {
  const { row, table, mapping, path } = reader;
  const name = row.cells[table.places.get(mapping.columns.instrument!)!]!;
  if (!mapping.ignore.rows.has(name)) return false;
  const { add, subtract } = mapping.quantity;
  const isOwed = [...add, ...subtract].some((column) => {
    const cell = row.cells[table.places.get(column)!]!;
    const number = cell === "" ? ZERO : parseNumber(cell, mapping.numbers);
    if (number === undefined)
      throw inputError("csv.ignore", `${path}, ${shortened(column)}`, "a number or nothing", "other text");
    return add.includes(column) ? number.value < 0n : number.value > 0n;
  });
  const side = sideOf(reader);
  if (isOwed || side === "short") {
    throw inputError("csv.ignore", path, "nothing owed or short in a row that is ignored", "something");
  }
  return true;
}

function readRow(reader: RowReader): Position {
  const { mapping, path } = reader;
  const name = cellOf(reader, mapping.columns.instrument!);
  const place = mapping.instruments.get(name);
  if (place === undefined) checkFormula(name, `${path}, instrument`);
  const instrument = reader.instruments.get(place?.instrument ?? name);
  if (instrument === undefined) {
    throw inputError(
      "csv.instrument",
      `${path}, instrument`,
      "an instrument of the market",
      "an unknown one",
    );
  }
  const account = accountOf(reader);
  const source = sourceOf(reader);
  const raw = signed(rawQuantity(reader, place), reader);
  checkUnits(name, place, instrument, mapping, path);
  const amount = product(raw, scaleOf(reader, instrument, place));
  const value = product(valueIn(amount, place), scaledExact(instrument.price, USD_PLACES));
  const exact = place?.per === undefined ? amount : divided(amount, place.per, path);
  return { account, source, instrument, amount: exact, read: { cells: reader.row.cells, name, raw, value } };
}

function cellOf({ row, table, path }: RowReader, column: string): string {
  const place = table.places.get(column)!;
  if (row.quoted.includes(place)) {
    throw inputError(
      "csv.quotes",
      `${path}, ${shortened(column)}`,
      "quotes around a whole cell",
      "one inside",
    );
  }
  return row.cells[place]!;
}

function accountOf(reader: RowReader): string {
  const { mapping, path } = reader;
  const name = mapping.constants.account ?? cellOf(reader, mapping.columns.account!);
  const known = mapping.accounts.get(name);
  if (known !== undefined) return known;
  checkFormula(name, `${path}, account`);
  const account = identifier.safeParse(name);
  if (account.success) return account.data;
  throw inputError(
    "csv.name",
    `${path}, account`,
    "an account's id, or a name under accounts (mapping/2)",
    "other text",
  );
}

function sourceOf(reader: RowReader): string {
  const { mapping, path } = reader;
  const name = mapping.constants.source ?? cellOf(reader, mapping.columns.source!);
  checkFormula(name, `${path}, source`);
  const source = firm.safeParse(name);
  if (source.success) return source.data;
  throw inputError("csv.name", `${path}, source`, "a source's name", "other text");
}

function checkFormula(cell: string, path: string): void {
  if (FORMULA.test(cell)) throw inputError("csv.formula", path, "a name", "a formula");
}

/** The row's quantity as its columns have it. */
function rawQuantity(reader: RowReader, place: InstrumentPlace | undefined): Exact {
  const { quantity: columns } = reader.mapping;
  if (place?.quantity !== undefined) return numberIn(reader, place.quantity);
  const { add, subtract } = columns;
  return difference(
    sum(...add.map((column) => numberIn(reader, column))),
    sum(...subtract.map((column) => numberIn(reader, column))),
  );
}

function numberIn(reader: RowReader, column: string): Exact {
  const { mapping, path } = reader;
  const cell = cellOf(reader, column);
  if (cell === "" && mapping.numbers.emptyIsZero) return ZERO;
  const number = parseNumber(cell, mapping.numbers);
  if (number !== undefined) return number;
  const single = mapping.quantity.add.length + mapping.quantity.subtract.length === 1;
  const where = single ? "quantity" : shortened(column);
  throw inputError("csv.quantity", `${path}, ${where}`, "a decimal number", describeNumber(cell));
}

function parseNumber(cell: string, { decimal, thousands, parentheses }: NumberStyle): Exact | undefined {
  let text = cell.trim().replace(/^\u2212/, "-");
  const inside = parentheses ? /^\((.+)\)$/.exec(text) : null;
  if (inside !== null) text = inside[1]!;
  if (thousands !== undefined) {
    const whole = text.split(decimal, 1)[0]!;
    if (whole.includes(thousands)) {
      const groups = whole.replace(/^[+-]/, "").split(thousands);
      if (!/^[0-9]{1,3}$/.test(groups[0]!) || !groups.slice(1).every((group) => /^[0-9]{3}$/.test(group)))
        return undefined;
      text = text.replaceAll(thousands, "");
    }
  }
  if (decimal === ",") {
    if (text.includes(".")) return undefined;
    text = text.replace(",", ".");
  }
  const number = parseExact(text);
  if (number === undefined || inside === null) return number;
  return number.value < 0n ? undefined : negated(number);
}

/** Numbers of columns that nothing reads: in the mapping's style, or else in groups of commas, which columns beside may have. */
function besideNumber(style: NumberStyle): (cell: string) => Exact | undefined {
  return (cell) =>
    parseNumber(cell, style) ?? (style.decimal === "." ? parseExact(cell.replaceAll(",", "")) : undefined);
}

/** What a cell is instead of a number, without its digits. */
function describeNumber(cell: string): string {
  if (cell === "") return "an empty cell (empty: zero says that it is zero, mapping/2)";
  if (/^\(.*\)$/.test(cell)) return "a number in parentheses (negative: parentheses, mapping/2)";
  if (/^[+-]?[0-9]{1,3}([,'_ .][0-9]{3})+([.,][0-9]*)?$/.test(cell))
    return "digits in groups (thousands, mapping/2)";
  if (/^[+-]?[0-9]+,[0-9]+$/.test(cell)) return "a comma between digits (decimal or thousands, mapping/2)";
  if (/^[$€£¥]|[$€£¥]$/.test(cell)) return "a currency sign";
  return "other text";
}

type Side = "long" | "short" | undefined;

function sideOf(reader: RowReader): Side {
  const { side } = reader.mapping;
  if (side === undefined) return undefined;
  const word = cellOf(reader, side.column).toLowerCase();
  if (side.long.includes(word)) return "long";
  if (side.short.includes(word)) return "short";
  if (word === "") return undefined;
  throw inputError("csv.side", `${reader.path}, side`, "one of the mapping's words", "another");
}

/** The quantity with the sign that the side column gives it. */
function signed(raw: Exact, reader: RowReader): Exact {
  if (raw.value === 0n) return ZERO;
  const side = sideOf(reader);
  if (side === "short") return negated(absolute(raw));
  if (side === "long" && raw.value < 0n) {
    throw inputError(
      "csv.side",
      `${reader.path}, side`,
      "a side that agrees with the sign",
      "long and a minus sign",
    );
  }
  return raw;
}

function scaleOf(reader: RowReader, { kind }: Instrument, place: InstrumentPlace | undefined): Exact {
  const { mapping, path } = reader;
  if (place?.scale !== undefined) return place.scale;
  if (mapping.scale === undefined) return UNIT;
  const cell = cellOf(reader, mapping.scale);
  if (cell === "" && (kind === "cash" || kind === "spot")) return UNIT;
  const scale = parseNumber(cell, mapping.numbers);
  if (scale !== undefined && scale.value > 0n) return scale;
  throw inputError("csv.quantity", `${path}, scale`, "a number above zero", "other text");
}

/** Refuses a quantity whose unit is another than the row's in the market, when the names show it. */
function checkUnits(
  name: string,
  place: InstrumentPlace | undefined,
  instrument: Instrument,
  mapping: CsvMapping,
  path: string,
): void {
  if (place?.per !== undefined || place?.scale !== undefined || place?.quantity !== undefined) return;
  const apart = unitsApart(name, instrument);
  if (apart !== undefined) {
    const expected = `how many of it are in one ${instrument.id} (per, mapping/2)`;
    throw inputError("csv.unit", `${path}, instrument`, expected, "a name that counts in another unit");
  }
  const isContract = instrument.kind === "perp" || instrument.kind === "future";
  const isDollars = instrument.price === 10n ** BigInt(USD_PLACES);
  if (isContract && !isDollars && mapping.scale === undefined && isInverseName(name)) {
    const expected = "a row of price 1 with a face, or a scale or quantity column of its own (mapping/2)";
    throw inputError(
      "csv.unit",
      `${path}, instrument`,
      expected,
      "an inverse contract, which is counted in dollars",
    );
  }
}

function valueIn(amount: Exact, place: InstrumentPlace | undefined): Exact {
  if (place?.per === undefined) return amount;
  const inUnits = toQuantity(amount, place.per);
  return inUnits === undefined ? amount : scaledExact(inUnits, USD_PLACES);
}

function divided(amount: Exact, per: Exact, path: string): Exact {
  const result = toQuantity(amount, per);
  if (result === undefined) throw tooLarge(path);
  return scaledExact(result, USD_PLACES);
}

function tooLarge(path: string): KeelError {
  const expected =
    "a quantity below 2^64 when scaled by 1e8 (a larger unit is per: 1000 and the like, mapping/2)";
  return inputError("csv.quantity", `${path}, quantity`, expected, "a larger one");
}

/** One leg of a position. */
interface Leg {
  readonly amount: Exact;
  readonly line: string;
}

/** A position's long and short leg. */
type Legs = { long?: Leg; short?: Leg };

/** The positions of an account, long legs and short ones apart until the end. */
class Book {
  private readonly sources = new Map<string, string>();
  private readonly positions = new Map<string, Map<string, Legs>>();

  constructor(private readonly mapping: CsvMapping) {}

  add({ account, source, instrument, amount }: Position, path: string): void {
    const known = this.sources.get(account) ?? source;
    if (known !== source)
      throw inputError("csv.source", path, "one source for an account", "another than above");
    this.sources.set(account, source);
    const positions = this.positions.get(account) ?? new Map<string, Legs>();
    this.positions.set(account, positions);
    const legs = positions.get(instrument.id) ?? {};
    positions.set(instrument.id, legs);
    if (amount.value === 0n) return;
    const side = amount.value < 0n ? "short" : "long";
    this.checkTwice(legs, side, instrument, path);
    const before = legs[side];
    legs[side] = { amount: before === undefined ? amount : sum(before.amount, amount), line: path };
  }

  private checkTwice(legs: Legs, side: "long" | "short", { id, kind }: Instrument, path: string): void {
    const { sum: summed, side: sides } = this.mapping;
    const isSummed = summed === true || summed.has(id);
    const other = side === "long" ? legs.short : legs.long;
    if (legs[side] !== undefined && !isSummed) {
      throw inputError(
        "csv.duplicate",
        path,
        "each instrument once in an account (or sum, mapping/2)",
        "one again",
      );
    }
    if (other === undefined || sides?.legs === true) return;
    if (!isSummed) {
      throw inputError(
        "csv.duplicate",
        path,
        "one leg (or side.legs or sum, mapping/2)",
        "a long and a short one",
      );
    }
    if (kind === "cash" || kind === "spot") {
      throw inputError(
        "csv.netting",
        path,
        "coins held or owed in an account",
        "both: give one an account of its own",
      );
    }
  }

  accounts(): Account[] {
    const faults: KeelError[] = [];
    const accounts = [...this.positions].flatMap(([id, positions]) => {
      const source = this.sources.get(id)!;
      const main = new Map<string, Quantity>();
      const short = new Map<string, Quantity>();
      for (const [name, legs] of positions) {
        const apart = this.mapping.side?.legs === true && legs.long !== undefined && legs.short !== undefined;
        const together = apart ? [legs.long!] : [legs.long, legs.short].filter((leg) => leg !== undefined);
        put(main, name, together, faults);
        if (apart) put(short, name, [legs.short!], faults);
      }
      if (short.size === 0) return [{ id, source, positions: main }];
      return [
        { id, source, positions: main },
        { id: shortAccount(id, faults), source, positions: short },
      ];
    });
    if (faults.length > 0) throw allFaults(faults);
    return accounts;
  }
}

function put(
  positions: Map<string, Quantity>,
  name: string,
  legs: readonly Leg[],
  faults: KeelError[],
): void {
  const amount = toQuantity(sum(...legs.map((leg) => leg.amount)));
  if (amount === undefined) faults.push(tooLarge(legs[0]?.line ?? "csv"));
  else positions.set(name, quantity(amount));
}

/** Where the short legs of hedged positions go, so that gross exposure stays what it is. */
export function shortAccount(account: string, faults: KeelError[]): string {
  const id = `${account}-short`;
  if (!identifier.safeParse(id).success) {
    faults.push(
      inputError("import.account", id, "an id of at most 26 characters beside hedged legs", "a longer one"),
    );
  }
  return id;
}
