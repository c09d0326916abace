// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * What the name of an instrument says about its unit: a thousand coins in one (kSHIB, 1000PEPE), or a contract that is counted in
 * dollars (inverse perpetuals and futures).
 *
 * @module
 */

import type { Instrument } from "@keel/verifier";

const COUNTED = /^(k|1000000|100000|10000|1000|1M)([A-Z][A-Z0-9]*)/;
const COUNTS: Readonly<Record<string, number>> = {
  k: 1000,
  "1000": 1000,
  "10000": 10_000,
  "100000": 100_000,
  "1000000": 1_000_000,
  "1M": 1_000_000,
};

/** Coins in one unit, by the name, and the coin. */
interface Counted {
  readonly count: number;
  readonly coin: string;
}

function countedName(name: string): Counted {
  const match = COUNTED.exec(name);
  const count = match === null ? 1 : COUNTS[match[1]!]!;
  const rest = match === null ? name : match[2]! + name.slice(match[0].length);
  const coin = /^[A-Za-z0-9]+/.exec(rest)?.[0].toUpperCase() ?? rest;
  return { count, coin: coin.replace(/(?:USDT|USDC|USD|PERP)$/, "") || coin };
}

/**
 * How many of what the venue's name counts are in one unit of the instrument, when the two names are of one coin and disagree:
 * "SHIB" and kSHIB give 1000. Undefined when the names say nothing.
 */
export function unitsApart(name: string, { id, multiplier }: Instrument): number | undefined {
  const venue = countedName(name);
  const own = countedName(id);
  if (venue.coin !== own.coin) return multiplier;
  const apart = (multiplier ?? own.count) / venue.count;
  return apart === 1 ? undefined : apart;
}

const INVERSE = [
  /^[A-Z0-9]+-PERPETUAL$/, // Deribit; linear ones have _USDC or _USDT
  /^[A-Z0-9]+-[0-9]{1,2}[A-Z]{3}[0-9]{2}$/, // Deribit, dated
  /-USD-(?:SWAP|[0-9]{6})$/, // OKX
  /^[A-Z0-9]+USD_(?:PERP|[0-9]{6})$/, // Binance
  /^[A-Z0-9]+USD(?:[FGHJKMNQUVXZ][0-9]{2})?$/, // Bybit
];

/** Whether a venue counts a perpetual or future of this name in dollars or in contracts of so many dollars. */
export function isInverseName(name: string): boolean {
  return INVERSE.some((pattern) => pattern.test(name));
}
