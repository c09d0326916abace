// SPDX-License-Identifier: MIT
/**
 * Text for people: aligned tables, amounts, ratios, times.
 *
 * @module
 */

import type { LimitUnit } from "../files/limits.js";

/** Lays rows out in columns. @param right indices of the columns that align to the right */
export function table(rows: readonly (readonly string[])[], right: readonly number[] = []): string {
  const widths = rows.reduce<number[]>(
    (most, row) => row.map((cell, i) => Math.max(most[i] ?? 0, cell.length)),
    [],
  );
  const pad = (cell: string, i: number): string =>
    right.includes(i) ? cell.padStart(widths[i]!) : cell.padEnd(widths[i]!);
  return rows.map((row) => row.map(pad).join("  ").trimEnd()).join("\n");
}

/** "11090532.1268" becomes "11,090,532.12": two places, what is beyond them cut off. */
export function dollars(decimal: string): string {
  const [, sign, whole, fraction = ""] = /^(-?)(\d+)(?:\.(\d+))?$/.exec(decimal) as unknown as string[];
  return `${sign}${whole!.replace(/\B(?=(\d{3})+$)/g, ",")}.${fraction.slice(0, 2).padEnd(2, "0")}`;
}

/** "0.0412" becomes "4.12 %"; exact, ratios have at most four places. */
export function percent(decimal: string): string {
  const [, sign, whole, fraction = ""] = /^(-?)(\d+)(?:\.(\d+))?$/.exec(decimal) as unknown as string[];
  const digits = `${whole}${fraction.padEnd(4, "0")}`.replace(/^0+(?=\d{3})/, "");
  const rest = digits.slice(-2).replace(/0+$/, "");
  return `${sign}${digits.slice(0, -2)}${rest === "" ? "" : `.${rest}`} %`;
}

/** "7.5000" becomes "7.5 days", "1.0000" becomes "1 day". */
export function dayText(decimal: string): string {
  const short = decimal.includes(".") ? decimal.replace(/\.?0+$/, "") : decimal;
  return short === "1" ? "1 day" : `${short} days`;
}

/** An amount in 1e-4 of a limit's unit, as it is said of ratios and of times. */
export function ratioText(unit: LimitUnit, decimal: string): string {
  return unit === "days" ? dayText(decimal) : percent(decimal);
}

/** Unix seconds as "2026-01-01 00:00:00 UTC"; the number itself where calendars end. */
export function utc(seconds: number): string {
  const date = new Date(seconds * 1000);
  if (Number.isNaN(date.getTime()) || seconds >= 253402300800) return `${seconds} s`;
  return `${date.toISOString().slice(0, 19).replace("T", " ")} UTC`;
}

/** Seconds as "1 d 2 h" or "3 min 5 s": the two largest units. */
export function span(seconds: number): string {
  const units = [
    ["d", 86_400],
    ["h", 3600],
    ["min", 60],
    ["s", 1],
  ] as const;
  let rest = seconds;
  const parts = units.map(([name, size]) => {
    const count = Math.floor(rest / size);
    rest -= count * size;
    return { name, count };
  });
  const first = parts.findIndex(({ count }) => count > 0);
  if (first < 0) return "0 s";
  const shown = parts.slice(first, first + 2).filter(({ count }) => count > 0);
  return shown.map(({ name, count }) => `${count} ${name}`).join(" ");
}

/** How often a record lapsed; a gap that is open now is counted by the registry when the next attestation closes it. */
export function lapsesText(record: {
  readonly count: number;
  readonly lapses: number;
  readonly healthy: boolean;
}): string {
  const { count, lapses, healthy } = record;
  const words = `${lapses} ${lapses === 1 ? "lapse" : "lapses"}`;
  return healthy || count === 0 ? words : `${words}, and one now`;
}
