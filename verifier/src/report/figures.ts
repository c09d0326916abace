// SPDX-License-Identifier: MIT
/**
 * What follows from a book's sums: ratios, and the result of each scenario. Exact integers; a quotient is cut towards minus infinity,
 * and says so by its places.
 *
 * @module
 */

import { floorDiv, formatDecimal } from "../core/decimal.js";
import type { DisclosedSums } from "../statement/disclosure.js";
import { type Figure, type FigureNames, figuresOf } from "../text/figures.js";

/** A ratio: 1 is 100 %. */
export interface Ratio {
  readonly name: string;
  /** A decimal of at most four places. */
  readonly value: string;
}

/** What a reader knows of a policy beside its terms: names, and what each scenario moves. */
export interface FigureBasis extends FigureNames {
  /** In the scenarios' order, bps of each underlying: where the book is linear they give each scenario's result. */
  readonly shocks?: readonly (readonly number[])[];
}

const RATIO_PLACES = 4;
const BPS = 10n ** BigInt(RATIO_PLACES);
/** USD 1e16 times bps. */
const SHOCKED_PLACES = 20;
/** Gamma, vega, theta stand before the scenarios. */
const GREEKS = 3;

/** Every sum by its name, as `keel read` has them, with the results of scenarios where the book is linear. */
export function reportFigures(sums: DisclosedSums, basis: FigureBasis): Figure[] {
  const own = figuresOf(sums, basis);
  if (sums.bookSums.length > 0) return own;
  const results = linearResults(sums, basis).map((value, k) => ({
    name: `P&L ${basis.scenarios?.[k] ?? `scenario ${k + 1}`}`,
    usd: formatDecimal(value, SHOCKED_PLACES),
  }));
  return [...own, ...results];
}

/** P[k] of circuits/SPEC.md [S3] in linear tiers, USD 1e20. */
function linearResults({ deltas }: DisclosedSums, { shocks = [] }: FigureBasis): bigint[] {
  return shocks.map((row) => row.reduce((sum, shock, u) => sum + (deltas[u] ?? 0n) * BigInt(shock), 0n));
}

/** Ratios that limits speak of; those over liabilities only where there are some. Equity is positive: SPEC's table of ranges. */
export function reportRatios(sums: DisclosedSums, basis: FigureBasis): Ratio[] {
  const { equity, assets, grossExposure, collateral, deltas } = sums;
  const liabilities = assets - equity;
  const net = deltas.reduce((sum, delta) => sum + delta, 0n);
  const largest = deltas.reduce((most, delta) => (abs(delta) > most ? abs(delta) : most), 0n);
  const worst = worstResult(sums, basis);
  return [
    ratio("gross exposure over equity", grossExposure * BPS, equity),
    ratio("net delta over equity", net * BPS, equity),
    ratio("largest single delta over equity", largest * BPS, equity),
    ...(worst === undefined ? [] : [ratio("worst scenario over equity", worst, equity)]),
    ...(liabilities <= 0n
      ? []
      : [
          ratio("assets over liabilities", assets * BPS, liabilities),
          // Collateral is weighed in bps already.
          ratio("collateral by its factors over liabilities", collateral, liabilities),
        ]),
  ];
}

/** The lowest result of a scenario, USD 1e16 times bps. */
function worstResult(sums: DisclosedSums, basis: FigureBasis): bigint | undefined {
  const results =
    sums.bookSums.length > 0
      ? sums.bookSums
          .slice(GREEKS)
          .slice(0, basis.scenarios?.length)
          .map((value) => value * BPS)
      : linearResults(sums, basis);
  return results.length === 0 ? undefined : results.reduce((least, value) => (value < least ? value : least));
}

function ratio(name: string, numerator: bigint, denominator: bigint): Ratio {
  return { name, value: formatDecimal(floorDiv(numerator, denominator), RATIO_PLACES) };
}

const abs = (value: bigint): bigint => (value < 0n ? -value : value);
