// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Is the table of a filing what ESMA's schema and its guidelines say? It stands in aifmd-table.snapshot.txt as an outline, to be held
 * against them by eye: names, numbers of the questions, how often each stands, and what it may hold.
 *
 * @module
 */

import { expect, it } from "vitest";
import {
  AIF_REPORT,
  ASSETS,
  type FieldElement,
  LIQUIDITY_BUCKETS,
  TYPES,
} from "../../verifier/dist/report/aifmd-table.js";

function outline({ name, item, least = 1, most = 1, type, parts = [] }: FieldElement, depth = 0): string[] {
  const times = least === 1 && most === 1 ? "" : `, ${least} to ${most} times`;
  const line = `${"  ".repeat(depth)}${item === undefined ? "" : `${item} `}${name}${times}`;
  return [
    type === undefined ? line : `${line}: ${type.words}`,
    ...parts.flatMap((part) => outline(part, depth + 1)),
  ];
}

it("has each element with its question's number, its times and its type", async () => {
  await expect(`${outline(AIF_REPORT).join("\n")}\n`).toMatchFileSnapshot("aifmd-table.snapshot.txt");
});

it("has buckets of days, one after the other, and concentrations by two parts of a sub-asset type", () => {
  expect(LIQUIDITY_BUCKETS.map(([, days]) => days)).toEqual([
    1,
    7,
    30,
    90,
    180,
    365,
    Number.POSITIVE_INFINITY,
  ]);
  const firsts = LIQUIDITY_BUCKETS.map(([name]) => Number.parseInt(name, 10));
  expect(firsts).toEqual([0, 2, 8, 31, 91, 181, 365]);
  expect(ASSETS.filter((code) => !/^[A-Z]{3}_[A-Z]{3}$/.test(code))).toEqual([]);
  expect(new Set(ASSETS).size).toBe(ASSETS.length);
});

it.each(["2027-02-30", "2027-13-01", "27-01-01", "2027-01-01T00:00:00Z", "2027-01-0a"])(
  "takes %s for no day",
  (text) => {
    expect(TYPES.date.test(text)).toBe(false);
  },
);
