// SPDX-License-Identifier: MIT
/**
 * Public risk data for the tail-risk statement (returns/1): daily returns and a covariance matrix over a market's
 * underlyings, and the root that proofs bind to. Mirrors circuits/src/lib/returns-table.circom.
 *
 * @module
 */

import { z } from "zod";
import { floorDiv } from "../core/decimal.js";
import { inputError } from "../core/errors.js";
import { KIND, pack, taggedHash, toField } from "../core/field.js";
import { decimal, FORMATS, identifier, parseFile, time } from "../core/schema.js";
import { bps, type Field } from "../core/units.js";
import type { TailShape } from "./circuits.js";
import { checkUnique, type Market, type Returns, underlyingsId } from "./market.js";

/** Returns as the circuit reads them, with zeros for underlyings that are not used. */
export interface ReturnsTable {
  readonly time: bigint;
  readonly underlyingsId: Field;
  /** Lower triangle row by row. */
  readonly covariance: readonly bigint[];
  /** [days][underlyings] */
  readonly daily: readonly (readonly bigint[])[];
  readonly root: Field;
}

const DAYS_A_YEAR = 365n;
const RETURN_BITS = 15;
const NO_LOSS_LEFT = 10_000n;
const COVARIANCE_BITS = 45;

const dailyReturn = decimal({ places: 4, bits: 16, signed: true, excess: "refuse" }).transform(bps);
const covariance = decimal({ places: 12, bits: COVARIANCE_BITS, signed: true, excess: "refuse" });

const returnsSchema = z.strictObject({
  keel: z.literal("returns/1"),
  asOf: time,
  underlyings: z.array(identifier).min(1).max(256),
  daily: z.array(z.array(dailyReturn)).min(2).max(1024),
  covariance: z.array(z.array(covariance)),
});
FORMATS.add(returnsSchema, { id: "returns/1", folder: "verifier", title: "A table of daily returns" });

/**
 * Reads a returns/1 file.
 *
 * @throws KeelError kind "input": bad text, a row of the wrong length, a return out of range, a matrix that is no covariance
 */
export function parseReturns(text: string): Returns {
  const { asOf, underlyings, daily, covariance } = parseFile(returnsSchema, text, "returns");
  checkUnique(underlyings, "returns.underlyings");
  daily.forEach((row, h) => {
    checkLength(`returns.daily[${h}]`, row.length, underlyings.length);
    row.forEach((value, u) => {
      checkReturn(value, `returns.daily[${h}][${u}]`);
    });
  });
  checkLength("returns.covariance", covariance.length, underlyings.length);
  covariance.forEach((row, u) => {
    checkLength(`returns.covariance[${u}]`, row.length, u + 1);
    row.forEach((value, v) => {
      checkCovariance(value, covariance[u]![u]!, covariance[v]![v]!, `returns.covariance[${u}][${v}]`);
    });
  });
  return { asOf, underlyings, daily, covariance };
}

/**
 * A market with the returns that a policy's tail-risk limits are judged by.
 *
 * @throws KeelError `returns.underlyings` for returns over another list
 */
export function withReturns(market: Market, returns: Returns): Market & { readonly returns: Returns } {
  const expected = market.underlyings.join(", ");
  if (returns.underlyings.join(", ") === expected) return { ...market, returns };
  throw inputError("returns.underlyings", "returns.underlyings", expected, returns.underlyings.join(", "));
}

/** @throws KeelError `returns.days`, `circuit.size`: more or fewer than the circuit has room for */
export function checkPlaces({ underlyings, daily }: Returns, shape: TailShape): void {
  if (daily.length !== shape.days) {
    throw inputError("returns.days", "returns.daily", `${shape.days} days`, `${daily.length}`);
  }
  if (underlyings.length > shape.underlyings) {
    const expected = `at most ${shape.underlyings} in this circuit`;
    throw inputError("circuit.size", "returns.underlyings", expected, `${underlyings.length}`);
  }
}

/**
 * Puts returns into a circuit's places, and hashes them.
 *
 * @throws KeelError as {@link checkPlaces}
 */
export function returnsTable(returns: Returns, shape: TailShape): ReturnsTable {
  checkPlaces(returns, shape);
  const { underlyings, daily } = returns;
  const places = Array.from({ length: shape.underlyings }, (_, u) => u);
  const table = {
    time: BigInt(returns.asOf),
    underlyingsId: underlyingsId(underlyings),
    covariance: places.flatMap((u) => places.slice(0, u + 1).map((v) => returns.covariance[u]?.[v] ?? 0n)),
    daily: daily.map((row) => places.map((u): bigint => row[u] ?? 0n)),
  };
  return { ...table, root: returnsRoot(table) };
}

function returnsRoot({ time: at, underlyingsId: names, ...table }: Omit<ReturnsTable, "root">): Field {
  const days = pack(
    table.daily.flat().map((value) => value + NO_LOSS_LEFT),
    RETURN_BITS,
  );
  return taggedHash(KIND.returns, [at, names, ...table.covariance.map(toField), ...days]);
}

/**
 * Sample covariances of daily returns, times 365: annual, 1e12, the lower triangle, rounded down.
 *
 * @param daily [days][underlyings] in bps, at least two days
 */
export function annualCovariance(daily: readonly (readonly bigint[])[]): bigint[][] {
  const days = BigInt(daily.length);
  const sum = (part: (row: readonly bigint[]) => bigint): bigint =>
    daily.reduce((total, row) => total + part(row), 0n);
  const totals = daily[0]!.map((_, u) => sum((row) => row[u]!));
  return totals.map((total, u) =>
    totals.slice(0, u + 1).map((other, v) => {
      const products = sum((row) => row[u]! * row[v]!);
      return floorDiv(10n ** 4n * DAYS_A_YEAR * (days * products - total * other), days * (days - 1n));
    }),
  );
}

function checkReturn(value: bigint, path: string): void {
  if (value >= -NO_LOSS_LEFT && value + NO_LOSS_LEFT < 1n << BigInt(RETURN_BITS)) return;
  throw inputError("returns.range", path, "a return from -1 to 2.2767", "another");
}

/** A variance is not negative, and no correlation beyond one; one unit is left for rounding. */
function checkCovariance(value: bigint, variance: bigint, other: bigint, path: string): void {
  if (variance >= 0n && other >= 0n && value * value <= (variance + 1n) * (other + 1n)) return;
  throw inputError("returns.covariance", path, "a covariance of these two variances", "another");
}

function checkLength(path: string, length: number, expected: number): void {
  if (length !== expected) throw inputError("returns.length", path, `${expected} numbers`, `${length}`);
}
