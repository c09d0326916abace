// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * A returns table (returns/1) from a history of daily prices, in whole numbers throughout.
 *
 * - The CSV's header is `date` and the underlyings; a row a day, oldest first: `2026-01-31,1,2967.52`. A date is a day of the
 *   calendar or unix seconds; a price is a decimal number above zero.
 * - A daily return is price / price before - 1, to the nearest 1e-4. The covariance is that of the returns at 1e-12 before
 *   that rounding, divided by the number of returns less one, times 365.
 * - `ledoit-wolf-2004` shrinks it towards m I, m the average variance, by the share b^2 / d^2 that their estimator gives:
 *   d^2 = ||S - m I||^2, b^2 = min(d^2, sum over days ||x x' - S||^2 / n^2), with S the covariance by n; norms are sums of
 *   squares. Underlyings that never moved (cash) take no part and keep zeros. Source: O. Ledoit, M. Wolf, "A well-conditioned
 *   estimator for large-dimensional covariance matrices", Journal of Multivariate Analysis 88 (2004), lemma 3.2 to theorem 3.2.
 *   `none` leaves it as it is. `diagonal:SHARE` multiplies what is off the diagonal by 1 - SHARE.
 * - Days without a row are told. A return over more than a day is no daily return: it is refused, unless the caller says that
 *   it may count as one.
 *
 * @module
 */

import { allFaults, formatDecimal, inputError, type KeelError } from "@keel/verifier";
import { ONE, positive, rounded, scaled } from "./numbers.js";

/** What a returns table is made from. */
export interface HistoryRequest {
  /** The CSV's text. */
  readonly text: string;
  /** In the market's order. */
  readonly underlyings: readonly string[];
  /** Returns in the table: the newest so many. */
  readonly days: number;
  /** Unix seconds. */
  readonly asOf: number;
  readonly shrinkage: string;
  /** A return over several days counts as one day's. */
  readonly spanGaps: boolean;
}

/** A returns table made of a history of prices. */
export interface BuiltReturns {
  /** The text of a returns/1 file. */
  readonly text: string;
  /** Days without a row, and what else a reader should know. */
  readonly notes: readonly string[];
  /** Days of the first and the last price that counts: "2026-01-31". */
  readonly from: string;
  readonly to: string;
  /** Share that the covariance was shrunk by, of four places. */
  readonly shrunk: string;
}

const DAY = 86_400;
const DAYS_A_YEAR = 365n;
/** Newest price: at most so many days before the table's time. */
const MAX_LAG = 2;
/** Returns while they are added up. */
const RETURN_PLACES = 12;
const UNIT = 10n ** BigInt(RETURN_PLACES);
/** A day's change that is more likely a split or another unit. */
const JUMP = UNIT / 2n;
const MOST_CELLS = 4_000_000;

interface Day {
  /** Days since 1970. */
  readonly day: number;
  /** 1e36, in the order of the underlyings. */
  readonly prices: readonly bigint[];
}

/**
 * Builds the table.
 *
 * @throws KeelError `history.*`, all rows that are wrong at once
 */
export function buildReturns(request: HistoryRequest): BuiltReturns {
  const { underlyings, days, asOf } = request;
  const all = readHistory(request.text, underlyings);
  if (all.length < days + 1) {
    throw inputError("history.days", "history", `${days + 1} prices, for ${days} returns`, `${all.length}`);
  }
  const used = all.slice(-days - 1);
  const last = used.at(-1)!.day;
  const today = Math.floor(asOf / DAY);
  if (last > today)
    throw inputError("history.future", "history", `days up to ${dateOf(today)}`, dateOf(last));
  if (today - last > MAX_LAG) {
    throw inputError(
      "history.stale",
      "history",
      `a price of ${dateOf(today - MAX_LAG)} or later`,
      dateOf(last),
    );
  }
  const gaps = gapsOf(used);
  if (gaps.length > 0 && !request.spanGaps) {
    throw inputError(
      "history.gaps",
      "history",
      "a row a day (--span-gaps counts a longer return as a day's)",
      gaps.join("; "),
    );
  }
  const returns = used
    .slice(1)
    .map(({ prices }, i) => prices.map((price, u) => change(used[i]!.prices[u]!, price)));
  const { matrix, shrunk } = covarianceOf(returns, request.shrinkage);
  return {
    text: tableText(asOf, underlyings, returns, matrix),
    notes: [...gaps.map((gap) => `no row for ${gap}`), ...jumps(used, returns, underlyings)],
    ...{ from: dateOf(used[0]!.day), to: dateOf(last), shrunk },
  };
}

/** Rows of the CSV, each checked. */
export function readHistory(text: string, underlyings: readonly string[]): Day[] {
  const lines = text.replace(/^\ufeff/, "").split(/\r?\n/);
  while (lines.at(-1) === "") lines.pop();
  const head = (lines[0] ?? "").split(",").map((cell) => cell.trim());
  if (lines.length * head.length > MOST_CELLS) {
    throw inputError("history.size", "history", `at most ${MOST_CELLS} cells`, "more");
  }
  const places = columnsOf(head, underlyings);
  const faults: KeelError[] = [];
  const days: Day[] = [];
  lines.slice(1).forEach((line, i) => {
    try {
      const day = readRow(line, head.length, places, underlyings, `history line ${i + 2}`);
      const before = days.at(-1);
      if (before !== undefined && day.day <= before.day) {
        throw inputError(
          "history.order",
          `history line ${i + 2}`,
          "a later day than the line before",
          dateOf(day.day),
        );
      }
      days.push(day);
    } catch (error) {
      faults.push(error as KeelError);
    }
  });
  if (faults.length > 0) throw allFaults(faults);
  return days;
}

function columnsOf(head: readonly string[], underlyings: readonly string[]): number[] {
  const expected = `date and a column for each of ${underlyings.join(", ")}`;
  if (head[0] !== "date" || new Set(head).size !== head.length) {
    throw inputError("history.header", "history line 1", expected, "another header");
  }
  const missing = underlyings.filter((name) => !head.includes(name));
  if (missing.length > 0) {
    throw inputError("history.header", "history line 1", expected, `none for ${missing.join(", ")}`);
  }
  return underlyings.map((name) => head.indexOf(name));
}

function readRow(
  line: string,
  width: number,
  places: readonly number[],
  names: readonly string[],
  path: string,
): Day {
  const cells = line.split(",").map((cell) => cell.trim());
  if (cells.length !== width) throw inputError("history.row", path, `${width} cells`, `${cells.length}`);
  const prices = places.map((place, u) => positive(cells[place], `${path}, ${names[u]}`));
  return { day: dayOf(cells[0]!, `${path}, date`), prices };
}

function dayOf(text: string, path: string): number {
  if (/^[0-9]{9,10}$/.test(text)) return Math.floor(Number(text) / DAY);
  const time = /^[0-9]{4}-[0-9]{2}-[0-9]{2}$/.test(text) ? Date.parse(`${text}T00:00:00Z`) : Number.NaN;
  const day = time / 1000 / DAY;
  if (Number.isInteger(day) && dateOf(day) === text) return day;
  throw inputError("history.date", path, "a day such as 2026-01-31, or unix seconds", "other text");
}

function dateOf(day: number): string {
  return new Date(day * DAY * 1000).toISOString().slice(0, 10);
}

/** Days that no row has. */
function gapsOf(days: readonly Day[]): string[] {
  return days.slice(1).flatMap(({ day }, i) => {
    const before = days[i]!.day;
    if (day - before === 1) return [];
    const [first, last] = [dateOf(before + 1), dateOf(day - 1)];
    return [first === last ? first : `${first} to ${last}`];
  });
}

function jumps(
  days: readonly Day[],
  returns: readonly (readonly bigint[])[],
  names: readonly string[],
): string[] {
  return returns.flatMap((row, i) =>
    row.flatMap((value, u) =>
      value > JUMP || value < -JUMP
        ? [
            `${names[u]} changed by ${formatDecimal(nearest(value, 10n ** 8n), 4)} on ${dateOf(days[i + 1]!.day)}: a split, or another unit?`,
          ]
        : [],
    ),
  );
}

/** Relative change, 1e12, to the nearest. */
function change(before: bigint, price: bigint): bigint {
  return rounded(((price - before) * ONE) / before, RETURN_PLACES);
}

interface Covariance {
  /** Lower triangle, annual, 1e12. */
  readonly matrix: readonly (readonly bigint[])[];
  readonly shrunk: string;
}

/** Annual covariance, shrunk by name. */
function covarianceOf(returns: readonly (readonly bigint[])[], shrinkage: string): Covariance {
  const n = BigInt(returns.length);
  const width = returns[0]!.length;
  // Deviations from the mean, times n, so that they are whole: 1e12 n.
  const sums = Array.from({ length: width }, (_, u) => returns.reduce((sum, row) => sum + row[u]!, 0n));
  const deviations = returns.map((row) => row.map((value, u) => value * n - sums[u]!));
  // Sums of products: 1e24 n^2.
  const products = Array.from({ length: width }, (_, u) =>
    Array.from({ length: width }, (_, v) => deviations.reduce((sum, row) => sum + row[u]! * row[v]!, 0n)),
  );
  const share = shareOf(shrinkage, deviations, products);
  const moving = products.flatMap((row, u) => (row[u] === 0n ? [] : [row[u]!]));
  const average =
    moving.length === 0 ? 0n : moving.reduce((sum, variance) => sum + variance, 0n) / BigInt(moving.length);
  const isDiagonal = shrinkage.startsWith("diagonal:");
  const at = (u: number, v: number): bigint => {
    const raw = products[u]![v]!;
    if (raw === 0n && u === v) return 0n;
    if (u === v) return isDiagonal ? raw : (share.of * average + (share.in - share.of) * raw) / share.in;
    return ((share.in - share.of) * raw) / share.in;
  };
  const divisor = UNIT * n * n * (n - 1n);
  const matrix = products.map((_, u) =>
    Array.from({ length: u + 1 }, (_, v) => nearest(at(u, v) * DAYS_A_YEAR, divisor)),
  );
  return { matrix, shrunk: formatDecimal((share.of * 10_000n) / share.in, 4) };
}

/** A share as a fraction. */
interface Share {
  readonly of: bigint;
  readonly in: bigint;
}

function shareOf(
  shrinkage: string,
  deviations: readonly (readonly bigint[])[],
  products: readonly (readonly bigint[])[],
): Share {
  if (shrinkage === "none") return { of: 0n, in: 1n };
  if (shrinkage === "ledoit-wolf-2004") return ledoitWolf(deviations, products);
  const [, text] = /^diagonal:(0\.[0-9]{1,4}|1)$/.exec(shrinkage) ?? [];
  if (text !== undefined) return { of: scaled(text, "--shrinkage"), in: ONE };
  const expected = "none, ledoit-wolf-2004, or diagonal:SHARE such as diagonal:0.2";
  throw inputError("history.shrinkage", "--shrinkage", expected, "another");
}

/** b^2 / d^2 of Ledoit and Wolf, over the underlyings that move; everything in the same unit, which falls out. */
function ledoitWolf(
  deviations: readonly (readonly bigint[])[],
  products: readonly (readonly bigint[])[],
): Share {
  const moving = products.flatMap((row, u) => (row[u] === 0n ? [] : [u]));
  const p = BigInt(moving.length);
  const n = BigInt(deviations.length);
  if (p === 0n) return { of: 0n, in: 1n };
  const trace = moving.reduce((sum, u) => sum + products[u]![u]!, 0n);
  let d = 0n;
  let b = 0n;
  moving.forEach((u, i) => {
    for (const v of moving.slice(0, i + 1)) {
      const times = u === v ? 1n : 2n;
      d += times * (p * products[u]![v]! - (u === v ? trace : 0n)) ** 2n;
      for (const row of deviations) b += times * (n * row[u]! * row[v]! - products[u]![v]!) ** 2n;
    }
  });
  // With n^3 S in `products`: d is p^2 n^6 ||S - m I||^2, b is n^6 times the sum over days of ||x x' - S||^2.
  const of = b * p * p;
  const whole = d * n * n;
  if (whole === 0n) return { of: 0n, in: 1n };
  return of < whole ? { of, in: whole } : { of: 1n, in: 1n };
}

function nearest(value: bigint, divisor: bigint): bigint {
  const half = value < 0n ? -divisor / 2n : divisor / 2n;
  return (value + half) / divisor;
}

function tableText(
  asOf: number,
  underlyings: readonly string[],
  returns: readonly (readonly bigint[])[],
  matrix: readonly (readonly bigint[])[],
): string {
  const rows = (values: readonly (readonly string[])[]): string =>
    values.map((row) => `    ${JSON.stringify(row)}`).join(",\n");
  const daily = returns.map((row) => row.map((value) => formatDecimal(nearest(value, 10n ** 8n), 4)));
  const covariance = matrix.map((row) => row.map((value) => formatDecimal(value, 12)));
  const head = `{\n  "keel": "returns/1",\n  "asOf": ${asOf},\n  "underlyings": ${JSON.stringify(underlyings)},`;
  return `${head}\n  "daily": [\n${rows(daily)}\n  ],\n  "covariance": [\n${rows(covariance)}\n  ]\n}\n`;
}
