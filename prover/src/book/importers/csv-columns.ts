// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Columns of a venue's export that a mapping does not read, and which of them may change what the others mean: a side, a unit,
 * another size, a debt, a loss that is not booked yet. Also whether the file is a list of movements, which no balance is.
 *
 * A column is judged by its header and, where that alone would refuse what is harmless, by its cells: a debt that the row's own
 * quantity shows as negative is no debt unseen, a size that equals the quantity is no other size.
 *
 * @module
 */

import { inputError, type KeelError } from "@keel/verifier";
import { absolute, difference, type Exact, isAtMost, negated, product, UNIT } from "./exact.js";

/** A row that was read, as far as the columns beside it can contradict it. */
export interface ReadRow {
  readonly cells: readonly string[];
  /** The venue's name. */
  readonly name: string;
  /** The quantity columns' number with its sign, before any scale. */
  readonly raw: Exact;
  /** USD of the position at the market's price. */
  readonly value: Exact;
}

const WORDS = {
  side: /\b(?:side|direction|bs|long short|buy sell|pos(?:ition)? ?(?:side|idx|index))\b/,
  debt: /\b(?:borrow\w*|liabilit\w*|liab|debt\w*|loan\w*|owed|interest|negative balance|deficit|overdraft|payable)\b/,
  unrealised: /\b(?:unreali[sz]ed|upl|upnl|u pnl|floating)\b/,
  unit: /\b(?:ct ?val|ct ?mult|contract (?:size|val|value|multiplier|unit)|multiplier|lot size|face|unit|uom|denomination|size currency|qty currency)\b/,
  currency: /^(?:currency|ccy|quote|quote currency)$/,
  value: /\b(?:notional\w*|market value|position value|usd value|value usd|value|usd)\b/,
  harmless:
    /\b(?:fee\w*|commission\w*|price|px|cost|rate|ratio|avg|average|entry|mark|liq|liquidation|margin|leverage|lever|im|mm|id|idx|time|date|updated|created|realised|realized|funding|max|min|limit|roe|roi|percent|pct|note|memo|comment|label)\b/,
  part: /\b(?:free|available|avail|locked|frozen|hold|holds|on hold|in order\w*|order\w*|withdrawable|staked|pending|reserved|cross|isolated)\b/,
  size: /\b(?:size|amount|amt|qty|quantity|contracts?|pos|positions?|volume|holdings?|shares|units)\b/,
  total: /\b(?:equity|balance|total|net|wallet)\b/,
} as const;

const SIDE_CELLS = /^(?:buy|sell|long|short|bid|ask|b|s|debit|credit|dr|cr)$/i;
const NO_SIDE = /^(?:|0|net|both|none|zero|oneway)$/i;
const MOVEMENTS =
  /^(?:deposit|withdrawal|withdraw|trade|transfer|send|receive|spend|reward|staking reward|conversion|convert|funding|funding fee|realized_pnl|realized pnl|commission|dividend|airdrop|rollover|settled|exchange)$/i;
const LEDGER_ID = /^(?:tx ?id|tx ?hash|hash|ref ?id|(?:trade|order|fill|transaction|ledger) ?id)$/;
const TIME = /\b(?:time|date|timestamp)\b/;
/** A stated value may differ from the market's by a quarter; a wrong unit differs by more. */
const VALUE_SHARE = { value: 25n, places: 2 };

/** What reads a cell as a number, in the file's own style. */
export type ReadNumber = (cell: string) => Exact | undefined;

/** Faults of the columns that nothing reads. */
export function columnFaults(
  head: readonly string[],
  rows: readonly ReadRow[],
  used: ReadonlySet<string>,
  ignored: ReadonlySet<string>,
  readNumber: ReadNumber,
): KeelError[] {
  return head.flatMap((column, place) => {
    if (column === "" || used.has(column) || ignored.has(column)) return [];
    const why = danger(plainWords(column), place, rows, readNumber);
    if (why === undefined) return [];
    const expected = "a place in the mapping, or its name under ignore.columns (mapping/2)";
    return [inputError("csv.column", `csv column ${shortened(column)}`, expected, `a column that ${why}`)];
  });
}

/** What a column would change, or undefined. */
function danger(
  words: string,
  place: number,
  rows: readonly ReadRow[],
  readNumber: ReadNumber,
): string | undefined {
  const cells = rows.map((row) => row.cells[place] ?? "");
  if (WORDS.side.test(words)) {
    return cells.every((cell) => NO_SIDE.test(cell)) ? undefined : "looks like a side";
  }
  if (cells.some((cell) => cell !== "") && cells.every((cell) => cell === "" || SIDE_CELLS.test(cell))) {
    return "looks like a side";
  }
  const numbers = cells.map(readNumber);
  // "(12.40)" or "-12.40 USD" that nothing could read may be a loss or a debt; a dash or a zero is none.
  const unread = numbers.some((number, i) => number === undefined && /[1-9]/.test(cells[i]!));
  const some = (harmful: (number: Exact, row: ReadRow) => boolean): boolean =>
    numbers.some((number, i) => number !== undefined && number.value !== 0n && harmful(number, rows[i]!));
  if (WORDS.debt.test(words)) {
    const owed = some((debt, { raw }) => !isAtMost(raw, negated(absolute(debt))));
    return unread || owed ? "looks like a debt" : undefined;
  }
  if (WORDS.unit.test(words)) return some((unit) => !isSame(unit, UNIT)) ? "looks like a unit" : undefined;
  if (WORDS.currency.test(words)) {
    const foreign = rows.some(
      ({ name }, i) => cells[i] !== "" && cells[i]!.toUpperCase() !== name.toUpperCase(),
    );
    return foreign ? "looks like a unit" : undefined;
  }
  if (WORDS.unrealised.test(words)) {
    const lost = some(({ value }) => value < 0n);
    return unread || lost ? "looks like a loss that is not booked yet" : undefined;
  }
  if (WORDS.harmless.test(words) || WORDS.part.test(words)) return undefined;
  if (WORDS.value.test(words)) {
    return some((value, row) => !isNear(value, row.value))
      ? "gives the rows other values than the market"
      : undefined;
  }
  if (WORDS.size.test(words))
    return some((size, { raw }) => !isSame(absolute(size), absolute(raw))) ? "looks like a size" : undefined;
  if (WORDS.total.test(words)) {
    return some((total, { raw }) => !isAtMost(raw, total)) ? "shows less than the quantity" : undefined;
  }
  return undefined;
}

/** A fault when the file lists movements: what was sent, received or traded, line by line. */
export function ledgerFaults(
  head: readonly string[],
  rows: readonly { readonly cells: readonly string[] }[],
  ignored: ReadonlySet<string>,
): KeelError[] {
  const names = head.map((column) => (ignored.has(column) ? "" : plainWords(column)));
  const has = (pattern: RegExp): boolean => names.some((name) => pattern.test(name));
  const moves = names.some(
    (name, place) =>
      /\b(?:type|operation|action|kind|event|category|label)\b/.test(name) &&
      rows.some(({ cells }) => MOVEMENTS.test(cells[place] ?? "")),
  );
  const isLedger = (has(/\bsent\b/) && has(/\breceived\b/)) || (has(TIME) && (moves || has(LEDGER_ID)));
  if (!isLedger) return [];
  const expected = "balances at one time, a row for each position";
  return [inputError("csv.ledger", "csv", expected, "a list of movements (trades, deposits, withdrawals)")];
}

/** "crossMarginBorrowed", "cross_margin_borrowed" and "Cross Margin Borrowed" alike. */
function plainWords(column: string): string {
  return column
    .replace(/([a-z0-9])([A-Z])/g, "$1 $2")
    .replace(/([A-Z]+)([A-Z][a-z])/g, "$1 $2")
    .replace(/[^A-Za-z0-9]+/g, " ")
    .trim()
    .toLowerCase();
}

/** A header as it may be shown. */
export function shortened(column: string): string {
  const clean = column.replace(/\p{C}/gu, "?");
  return clean.length > 40 ? `${clean.slice(0, 40)}…` : clean;
}

function isSame(a: Exact, b: Exact): boolean {
  return isAtMost(a, b) && isAtMost(b, a);
}

function isNear(stated: Exact, own: Exact): boolean {
  const [a, b] = [absolute(stated), absolute(own)];
  const [less, more] = isAtMost(a, b) ? [a, b] : [b, a];
  const room = product(more, VALUE_SHARE);
  return isAtMost(difference(more, less), room) || isAtMost(more, UNIT);
}
