// SPDX-License-Identifier: MIT
/**
 * Series: what stays the same from one market, returns or liquidity table to the next, by hash. A policy names the series that it is
 * judged by, so that a table with kinder factors, kinds or contracts is a table of another series.
 *
 * A series id is 32 bytes: the first says what kind of table it is and who stands behind it, the others are the low 31 of a
 * keccak256. Content hashes stand beside the root that publishers sign: whoever has the file can show that it is the one.
 *
 * @module
 */

import { utf8ToBytes } from "@noble/hashes/utils.js";
import { keccakInteger } from "../core/field.js";
import { abiWords, hex } from "../core/words.js";
import { type Instrument, type Liquidity, type Market, presentColumns, type Returns } from "./market.js";

/** First byte of a series id. */
export const SERIES = {
  /** Market tables that publishers sign. */
  market: 0x01,
  /** Market tables that a contract read from price feeds. */
  feeds: 0x02,
  /** Returns tables that publishers sign. */
  returns: 0x03,
  /** Liquidity tables that publishers sign. */
  liquidity: 0x04,
} as const;

/** A series id. */
export type SeriesId = `0x${string}`;

const HASH_BITS = 248n;

/** The first byte of a series id. */
export function seriesKind(series: SeriesId): number {
  return Number(BigInt(series) >> HASH_BITS);
}

/**
 * The series of a market: its underlyings in order and, of every instrument in order, id, kind, underlying, collateral factor,
 * contract, face and multiplier. Prices, forwards, implied volatilities and greeks move within a series.
 */
export function marketSeries({ underlyings, instruments }: Market): SeriesId {
  return seriesOf(SERIES.market, ["keel/market-series/1", underlyings, instruments.map(fixedColumns)]);
}

/** The series of a returns table: its underlyings in order and how many days it holds. */
export function returnsSeries({ underlyings, daily }: Returns): SeriesId {
  return seriesOf(SERIES.returns, ["keel/returns-series/1", daily.length, underlyings]);
}

/**
 * The series of a liquidity table: its instruments in order, and how its depths are made: participation, band and refills. What a
 * unit of each instrument is, the universe says that is in the table's root.
 */
export function liquiditySeries({ participation, band, refills, depths }: Liquidity): SeriesId {
  const ids = depths.map(({ id }) => id);
  const method = [`${participation}`, `${band}`, refills];
  return seriesOf(SERIES.liquidity, ["keel/liquidity-series/1", ...method, ids]);
}

/**
 * The series of tables that a contract with the market source role reads from feeds:
 * keccak256(abi.encode("keel/feed-series/1", contract, universe id)) behind the kind.
 */
export function feedSeries(source: `0x${string}`, universe: `0x${string}`): SeriesId {
  const label = "keel/feed-series/1";
  const text = BigInt(hexOf(label)) << BigInt(8 * (32 - label.length));
  const words = [96n, BigInt(source), BigInt(universe), BigInt(label.length), text];
  return mark(SERIES.feeds, keccakInteger(abiWords(words)));
}

/** keccak256 of a market's canonical text: every column of every row, amounts as scaled integers. */
export function marketContentHash(market: Market): `0x${string}` {
  const { asOf, underlyings, instruments, scenarioRoot } = market;
  const rows = instruments.map((row) => [...fixedColumns(row), ...movingColumns(row)]);
  return contentHash(["keel/market/1", asOf, underlyings, rows, scenarioRoot?.toString() ?? null]);
}

/** keccak256 of a returns table's canonical text: amounts as scaled integers. */
export function returnsContentHash({ asOf, underlyings, daily, covariance }: Returns): `0x${string}` {
  return contentHash(["keel/returns/1", asOf, underlyings, texts(daily), texts(covariance)]);
}

/** keccak256 of a liquidity table's canonical text, over the universe that it is of: amounts as scaled integers. */
export function liquidityContentHash(
  { asOf, participation, band, refills, depths }: Liquidity,
  universe: bigint,
): `0x${string}` {
  const rows = depths.map(({ id, depth }) => [id, `${depth}`]);
  const method = [`${participation}`, `${band}`, refills];
  return contentHash(["keel/liquidity/1", asOf, `${universe}`, ...method, rows]);
}

function fixedColumns({ id, kind, underlying, collateralFactor, contract, face, multiplier }: Instrument) {
  const terms = contract === undefined ? null : [contract.type, `${contract.strike}`, contract.expiry];
  return [id, kind, underlying, `${collateralFactor}`, terms, ...presentColumns({ face, multiplier })];
}

function movingColumns({ price, contract, sensitivities }: Instrument) {
  const greeks =
    sensitivities === undefined
      ? null
      : [
          ...[sensitivities.delta, sensitivities.gamma, sensitivities.vega, sensitivities.theta].map(String),
          sensitivities.pnl.map(String),
        ];
  const volatility = contract === undefined ? null : `${contract.impliedVolatility}`;
  return [`${price}`, volatility, greeks, ...presentColumns({ forward: contract?.forward })];
}

function texts(rows: readonly (readonly bigint[])[]): string[][] {
  return rows.map((row) => row.map(String));
}

function seriesOf(kind: number, columns: readonly unknown[]): SeriesId {
  return mark(kind, keccakInteger(utf8ToBytes(JSON.stringify(columns))));
}

function mark(kind: number, hash: bigint): SeriesId {
  return hex((BigInt(kind) << HASH_BITS) | BigInt.asUintN(Number(HASH_BITS), hash));
}

function contentHash(content: readonly unknown[]): `0x${string}` {
  return hex(keccakInteger(utf8ToBytes(JSON.stringify(content))));
}

function hexOf(label: string): string {
  return `0x${Array.from(utf8ToBytes(label), (byte) => byte.toString(16).padStart(2, "0")).join("")}`;
}
