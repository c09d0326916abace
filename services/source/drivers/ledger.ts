// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * A custodian's own books: a CSV file, or a table behind a module of the custodian's.
 *
 * The file has the header `account,asOf,holding,amount` and the books of closing times. A book ends with a row `#rows` that
 * counts the rows before it: one that is still being written is not signed. A book without a holding is that row alone.
 *
 * @module
 */

import { readFile, stat } from "node:fs/promises";
import { pathToFileURL } from "node:url";
import { inputError, KeelError } from "@keel/verifier";
import { type Driver, type Place, placeRows, type Question, type Row, strictRows } from "../reading.js";

const HEADER = "account,asOf,holding,amount";
const CLOSING = "#rows";
/** Largest file. */
const MAX_BYTES = 100 * 2 ** 20;

/** The books of a ledger. */
export interface Ledger {
  /**
   * Every holding, debt and contract of an account at a closing time.
   *
   * @returns nothing for a time that the ledger has not closed
   */
  rows(question: { readonly account: string; readonly asOf: number }): Promise<readonly Row[] | undefined>;
}

/**
 * A driver over a ledger.
 *
 * @param leaveOut holdings that may be left out; any other one without an instrument is refused
 */
export function ledgerDriver(
  name: string,
  ledger: Ledger,
  places: ReadonlyMap<string, Place>,
  leaveOut: ReadonlySet<string> = new Set(),
): Driver {
  return {
    evidence: "ledger",
    name,
    repeats: true,
    read: async ({ account, asOf, market }: Question) => {
      const rows = await ledger.rows({ account, asOf });
      if (rows === undefined) {
        throw inputError("source.time", "asOf", "a time at which the ledger was closed", "another");
      }
      return {
        ...placeRows(strictRows(rows, places, leaveOut), places, market),
        read: Math.floor(Date.now() / 1000),
      };
    },
  };
}

/** The ledger in a CSV file, read again when it changes. */
export function fileLedger(path: string): Ledger {
  let version = "";
  let books: ReadonlyMap<string, readonly Row[]> = new Map();
  return {
    rows: async ({ account, asOf }) => {
      const now = await versionOf(path);
      if (now !== version) {
        books = parseLedger(await readFile(path, "utf8").catch(unreadable));
        // A file that changed in between is newer than this version says, and read once more.
        version = now;
      }
      return books.get(`${account},${asOf}`);
    },
  };
}

/**
 * The ledger behind a module, such as a custodian's database. It exports `rows({ account, asOf })`, which gives
 * `{ holding, amount, isContract? }` rows or nothing.
 */
export async function moduleLedger(path: string): Promise<Ledger> {
  const loaded = (await import(pathToFileURL(path).href).catch(unreadable)) as Partial<Ledger>;
  if (typeof loaded.rows === "function") return { rows: loaded.rows };
  throw ledgerFailed("a module that exports rows()", "another module");
}

/**
 * The books of a ledger's text, by `account,asOf`.
 *
 * @throws KeelError `ledger.row` with the line
 */
export function parseLedger(text: string): Map<string, Row[]> {
  const lines = text.split(/\r?\n/);
  if (lines[0] !== HEADER) throw badLine(1, `the header ${HEADER}`, "another");
  const open = new Map<string, Row[]>();
  const closed = new Map<string, Row[]>();
  lines.forEach((line, i) => {
    if (i === 0 || (line === "" && i === lines.length - 1)) return;
    const fields = /^([^",]+),([0-9]+),([^",]+),([^",]+)$/.exec(line);
    // The last line may be half written; its book is then not closed.
    if (fields === null && i === lines.length - 1) return;
    if (fields === null) throw badLine(i + 1, "four fields without quotes", "another line");
    const [, account, asOf, holding, amount] = fields as unknown as [string, string, string, string, string];
    const book = `${account},${asOf}`;
    if (closed.has(book)) throw badLine(i + 1, "no row after a book's last one", "a row");
    const rows = open.get(book) ?? [];
    open.set(book, rows);
    if (holding !== CLOSING) {
      rows.push({ holding, amount });
    } else if (amount === String(rows.length)) {
      closed.set(book, rows);
    } else {
      throw badLine(i + 1, "as many rows as counted", "another number");
    }
  });
  return closed;
}

async function versionOf(path: string): Promise<string> {
  const { mtimeMs, size, ino } = await stat(path).catch(unreadable);
  if (size > MAX_BYTES) throw ledgerFailed(`at most ${MAX_BYTES} bytes`, "more");
  return `${mtimeMs} ${size} ${ino}`;
}

function badLine(line: number, expected: string, received: string): KeelError {
  return ledgerFailed(expected, received, "ledger.row", `ledger, line ${line}`);
}

function unreadable(error: NodeJS.ErrnoException): never {
  throw ledgerFailed("to read the ledger", error.code ?? error.constructor.name);
}

function ledgerFailed(
  expected: string,
  received: string,
  code = "ledger.failed",
  path = "ledger",
): KeelError {
  return new KeelError({ kind: "environment", code, path, expected, received });
}
