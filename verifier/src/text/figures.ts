// SPDX-License-Identifier: MIT
/**
 * A book's sums in words, for who may read them: rows of a name and an amount in USD.
 *
 * @module
 */

import { formatDecimal } from "../core/decimal.js";
import type { Policy } from "../files/policy.js";
import type { DisclosedSums } from "../statement/disclosure.js";
import type { Verified } from "../statement/verify.js";
import { dollars, table } from "./tables.js";

/** USD has 16 places. */
const USD_PLACES = 16;
/** Collateral is weighed in bps. */
const WEIGHED_PLACES = USD_PLACES + 4;
/** Units have 8 places. */
const ONE_UNIT = 10n ** 8n;

/** What places stand for, as far as the reader knows: without names they have numbers. */
export interface FigureNames {
  /** The market's underlyings, in its order. */
  readonly underlyings?: readonly string[];
  /** The policy's scenarios, in its order. */
  readonly scenarios?: readonly string[];
}

/** A sum by its name; the exact amount as a decimal of USD. */
export interface Figure {
  readonly name: string;
  readonly usd: string;
}

const BOOK_SUMS = ["gamma, of a 1 % move", "vega, a vol point", "theta, a day"] as const;

/** Every sum of a book; places that the market or the policy leaves empty are left out where their names are known. */
export function figuresOf(sums: DisclosedSums, names: FigureNames = {}): Figure[] {
  const usd = (name: string, value: bigint, places = USD_PLACES): Figure => ({
    name,
    usd: formatDecimal(value, places),
  });
  const { equity, assets, grossExposure, collateral, deltas, accountEquity, bookSums } = sums;
  const [greeks, pnl] = [bookSums.slice(0, BOOK_SUMS.length), bookSums.slice(BOOK_SUMS.length)];
  return [
    usd("equity", equity),
    usd("assets", assets),
    usd("liabilities", assets - equity),
    usd("gross exposure", grossExposure),
    usd("collateral by its factors", collateral, WEIGHED_PLACES),
    ...named(deltas, names.underlyings, "underlying").map(([name, value]) => usd(`delta ${name}`, value)),
    ...accountEquity.map((value, i) => usd(`equity of account ${i + 1}`, value)),
    ...greeks.map((value, i) => usd(BOOK_SUMS[i]!, value)),
    ...named(pnl, names.scenarios, "scenario").map(([name, value]) => usd(`P&L ${name}`, value)),
  ];
}

function named(
  values: readonly bigint[],
  names: readonly string[] | undefined,
  what: string,
): readonly (readonly [string, bigint])[] {
  const rows = values.map((value, i) => [names?.[i] ?? `${what} ${i + 1}`, value] as const);
  return names === undefined ? rows : rows.slice(0, names.length);
}

/** The same as an aligned table, to the cent. */
export function figureLines(figures: readonly Figure[]): string {
  return table(
    figures.map(({ name, usd }) => [name, `${dollars(usd)} USD`]),
    [1],
  );
}

/** "12,345,000.00 USD, 1.23 USD a unit of 10,000,000.00", what is cut off left out. @param value USD 1e16 @param units 1e8 */
export function navText({ value, units }: { readonly value: bigint; readonly units: bigint }): string {
  const total = dollars(formatDecimal(value, USD_PLACES));
  if (units === ONE_UNIT) return `${total} USD`;
  const each = formatDecimal((value * ONE_UNIT) / units, USD_PLACES).replace(/(\.\d{8})\d+$/, "$1");
  return `${total} USD, ${each} USD a unit of ${dollars(formatDecimal(units, 8))}`;
}

/** What an attestation shows, and who else can read what. */
export function disclosureLines({ nav }: Pick<Verified, "nav">, { disclosure }: Policy): string[] {
  if (disclosure === undefined) return [];
  const names = disclosure.viewers.map(({ name }) => name).join(" and ");
  return [
    ...(nav === undefined
      ? []
      : [
          `Its net asset value was ${navText(nav)}, rounded down to steps of ${dollars(formatDecimal(nav.step, USD_PLACES))} USD.`,
        ]),
    ...(names === "" ? [] : [`All of its sums are sealed for ${names}, and for nobody else.`]),
  ];
}
