// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * How a CSV file is read: mapping/1 (columns and names alone) and mapping/2, which also says what a row's sign, unit and debts
 * are. cli/README.md shows one of each.
 *
 * @module
 */

import { FORMATS, firm, identifier, inputError, parseData, parseFileJson, refuse } from "@keel/verifier";
import { z } from "zod";
import { type Exact, parseExact } from "./exact.js";

/** What a snapshot's position is made of. */
export const FIELDS = ["account", "source", "instrument", "quantity"] as const;
export type Field = (typeof FIELDS)[number];

/** What an instrument of the venue is here. */
export interface InstrumentPlace {
  readonly instrument: string;
  /** What the venue counts, in one unit of the instrument: 1000 for SHIB as kSHIB. */
  readonly per?: Exact;
  /** The other way round: units in one of what the venue counts, such as the size of its contract. */
  readonly scale?: Exact;
  /** Another column for its quantity. */
  readonly quantity?: string;
}

/** Columns that are added up, and those that are taken off. */
export interface QuantityColumns {
  readonly add: readonly string[];
  readonly subtract: readonly string[];
}

/** The column that says long or short, and its words; an empty cell leaves a quantity its own sign. */
export interface SideColumn {
  readonly column: string;
  readonly long: readonly string[];
  readonly short: readonly string[];
  /** Whether short legs beside a long one go to an account of their own. */
  readonly legs: boolean;
}

/** How numbers are written. */
export interface NumberStyle {
  readonly decimal: "." | ",";
  readonly thousands?: string;
  /** (5) is minus five. */
  readonly parentheses: boolean;
  /** An empty cell is zero. */
  readonly emptyIsZero: boolean;
}

/** How a venue's export is read. */
export interface CsvMapping {
  readonly version: 1 | 2;
  /** Headers of the columns with names. */
  readonly columns: Partial<Readonly<Record<"account" | "source" | "instrument", string>>>;
  readonly quantity: QuantityColumns;
  /** What a field without a column is in every row. */
  readonly constants: Partial<Readonly<Record<"account" | "source", string>>>;
  /** The venue's names of instruments; a name that is not here stands for itself. */
  readonly instruments: ReadonlyMap<string, InstrumentPlace>;
  /** Names of accounts in the file, and what they are here. */
  readonly accounts: ReadonlyMap<string, string>;
  readonly side?: SideColumn;
  /** The column that a quantity is multiplied with. */
  readonly scale?: string;
  /** Instruments of which an account's rows are added up; `true` for all. */
  readonly sum: ReadonlySet<string> | true;
  readonly ignore: { readonly columns: ReadonlySet<string>; readonly rows: ReadonlySet<string> };
  readonly delimiter?: string;
  readonly numbers: NumberStyle;
  /** Lines before the header; absent to look for it. */
  readonly skip?: number;
}

const NUMBERS: NumberStyle = { decimal: ".", parentheses: false, emptyIsZero: false };
const NOTHING = { columns: new Set<string>(), rows: new Set<string>() };

/** Files with the header account,source,instrument,quantity. */
export const PLAIN: CsvMapping = {
  version: 1,
  columns: { account: "account", source: "source", instrument: "instrument" },
  quantity: { add: ["quantity"], subtract: [] },
  constants: {},
  instruments: new Map(),
  accounts: new Map(),
  sum: new Set(),
  ignore: NOTHING,
  numbers: NUMBERS,
};

const header = z.string().min(1).max(80);
const headers = z.array(header).max(64);
const words = z
  .union([
    z
      .string()
      .max(40)
      .transform((word) => [word]),
    z.array(z.string().max(40)).max(20),
  ])
  .transform((list) => list.map((word) => word.toLowerCase()));
const factor = z.unknown().transform((value, context) => {
  const text = typeof value === "number" || typeof value === "string" ? String(value) : "";
  const exact = parseExact(text);
  return exact === undefined || exact.value <= 0n
    ? refuse(context, "csv.mapping", "a number above zero", "something else")
    : exact;
});
const separator = z.string().length(1);

const version1 = z.strictObject({
  keel: z.literal("mapping/1"),
  columns: z.strictObject({
    account: header.optional(),
    source: header.optional(),
    instrument: header,
    quantity: header,
  }),
  account: identifier.optional(),
  source: firm.optional(),
  instruments: z.record(z.string().max(80), identifier).default({}),
});
FORMATS.add(version1, { id: "mapping/1", folder: "prover", title: "Columns and names of a CSV file" });

const version2 = z.strictObject({
  ...version1.shape,
  keel: z.literal("mapping/2"),
  columns: z.strictObject({
    ...version1.shape.columns.shape,
    quantity: z.union([header, z.strictObject({ add: headers.min(1), subtract: headers.default([]) })]),
  }),
  instruments: z
    .record(
      z.string().max(80),
      z.union([
        identifier,
        z.strictObject({
          instrument: identifier,
          per: factor.optional(),
          scale: factor.optional(),
          quantity: header.optional(),
        }),
      ]),
    )
    .default({}),
  accounts: z.record(z.string().max(80), identifier).default({}),
  side: z
    .strictObject({ column: header, long: words, short: words, legs: z.boolean().default(false) })
    .optional(),
  scale: header.optional(),
  sum: z.union([z.literal(true), z.array(identifier).max(4096)]).default([]),
  ignore: z
    .strictObject({
      columns: headers.default([]),
      rows: z.array(z.string().min(1).max(80)).max(4096).default([]),
    })
    .default({ columns: [], rows: [] }),
  delimiter: separator.optional(),
  decimal: z.enum([".", ","]).default("."),
  thousands: separator.optional(),
  negative: z.enum(["minus", "parentheses"]).default("minus"),
  empty: z.enum(["refuse", "zero"]).default("refuse"),
  skip: z.int().min(0).max(1000).optional(),
});
FORMATS.add(version2, { id: "mapping/2", folder: "prover", title: "Columns and names of a CSV file" });

/**
 * Reads a mapping/1 or mapping/2 file.
 *
 * @throws KeelError kind "input": also when account or source has both a column and a constant, or neither
 */
export function parseMapping(text: string): CsvMapping {
  const data = parseFileJson(text, "mapping");
  const isSecond =
    typeof data === "object" && data !== null && !Array.isArray(data) && data.keel === "mapping/2";
  const mapping = isSecond
    ? fromSecond(parseData(version2, data, "mapping"))
    : fromFirst(parseData(version1, data, "mapping"));
  checkConstants(mapping);
  return mapping;
}

function fromFirst({ columns, account, source, instruments }: z.output<typeof version1>): CsvMapping {
  const { quantity, ...names } = columns;
  return {
    ...PLAIN,
    columns: present(names),
    quantity: { add: [quantity], subtract: [] },
    constants: present({ account, source }),
    instruments: new Map(Object.entries(instruments).map(([name, instrument]) => [name, { instrument }])),
  };
}

function fromSecond(file: z.output<typeof version2>): CsvMapping {
  const { quantity, ...names } = file.columns;
  const { side, scale, delimiter, skip, thousands } = file;
  if (file.decimal === thousands || file.decimal === delimiter) {
    throw inputError(
      "csv.mapping",
      "mapping.decimal",
      "another sign than delimiter and thousands",
      "the same",
    );
  }
  return {
    version: 2,
    columns: present(names),
    quantity: typeof quantity === "string" ? { add: [quantity], subtract: [] } : quantity,
    constants: present({ account: file.account, source: file.source }),
    instruments: new Map(
      Object.entries(file.instruments).map(([name, place]) => [
        name,
        typeof place === "string"
          ? { instrument: place }
          : ({ ...present(place), instrument: place.instrument } as InstrumentPlace),
      ]),
    ),
    accounts: new Map(Object.entries(file.accounts)),
    sum: file.sum === true ? true : new Set(file.sum),
    ignore: { columns: new Set(file.ignore.columns), rows: new Set(file.ignore.rows) },
    numbers: {
      decimal: file.decimal,
      parentheses: file.negative === "parentheses",
      emptyIsZero: file.empty === "zero",
      ...(thousands === undefined ? {} : { thousands }),
    },
    ...(side === undefined ? {} : { side }),
    ...(scale === undefined ? {} : { scale }),
    ...(delimiter === undefined ? {} : { delimiter }),
    ...(skip === undefined ? {} : { skip }),
  };
}

function checkConstants({ columns, constants }: CsvMapping): void {
  for (const field of ["account", "source"] as const) {
    if ((columns[field] === undefined) !== (constants[field] === undefined)) continue;
    const received = columns[field] === undefined ? "neither" : "both";
    throw inputError("csv.mapping", `mapping.${field}`, "a column or one value for every row", received);
  }
}

/** Without the keys that are undefined. */
function present<T extends object>(object: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]: Exclude<T[K], undefined>;
  };
}

/** Every header that a mapping reads. */
export function readHeaders(mapping: CsvMapping): Set<string> {
  const { columns, quantity, side, scale, instruments } = mapping;
  const own = [...instruments.values()].flatMap((place) => place.quantity ?? []);
  return new Set([
    ...Object.values(columns),
    ...quantity.add,
    ...quantity.subtract,
    ...(side === undefined ? [] : [side.column]),
    ...(scale === undefined ? [] : [scale]),
    ...own,
  ]);
}
