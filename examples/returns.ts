// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Returns tables for the examples that limit tail risk. The days are invented: a market's common move, each coin's share of it
 * and a move of its own, with two bad days a quarter, in sizes like those of late 2025. One coin has the same days in every
 * example.
 *
 * @module
 */

import { createHash } from "node:crypto";
import { annualCovariance, formatDecimal } from "@keel/verifier";
import { layOut } from "./layout.js";

/** Share of the market's move, and standard deviation of the coin's own move in a day, bps. */
const COINS: Readonly<Record<string, readonly [share: number, own: number]>> = {
  USD: [0, 0],
  BTC: [1, 60],
  ETH: [1.35, 130],
  SOL: [1.5, 190],
  BNB: [1.1, 120],
  HYPE: [1.4, 380],
};
const OTHERS: readonly [number, number] = [1.3, 250];
const MARKET_MOVE = 210;
/** Days of a quarter on which the market falls by so many of its moves. */
const BAD_DAYS: ReadonlyMap<number, number> = new Map([
  [17, -3.4],
  [51, -2.6],
]);
const QUARTER = 64;

/** A returns/1 file of so many days before `asOf`. */
export function returnsText(underlyings: readonly string[], days: number, asOf: number): string {
  const daily = Array.from({ length: days }, (_, day) =>
    underlyings.map((coin) => BigInt(Math.round(returnOf(coin, day)))),
  );
  const format = (rows: readonly (readonly bigint[])[], places: number) =>
    rows.map((row) => row.map((value) => formatDecimal(value, places)));
  return layOut({
    keel: "returns/1",
    asOf,
    underlyings,
    daily: format(daily, 4),
    covariance: format(annualCovariance(daily), 12),
  });
}

function returnOf(coin: string, day: number): number {
  const [share, own] = COINS[coin] ?? OTHERS;
  const market = MARKET_MOVE * (BAD_DAYS.get(day % QUARTER) ?? bellShaped(`market ${day}`));
  return share * market + own * bellShaped(`${coin} ${day}`);
}

/** About normal, mean 0, standard deviation 1: the sum of twelve uniform numbers (Irwin and Hall), less six. */
function bellShaped(name: string): number {
  const bytes = createHash("sha256").update(`keel example day: ${name}`).digest();
  let sum = -6;
  for (let i = 0; i < 24; i += 2) sum += bytes.readUInt16BE(i) / 65_535;
  return sum;
}
