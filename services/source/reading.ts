// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * From what a driver found to the positions that are signed.
 *
 * Nothing that could make a book look better is dropped: a debt or a contract without a row refuses the whole account. A
 * holding without a row only lowers what can be proven; it is left out and named.
 *
 * @module
 */

import {
  type Evidence,
  floorDiv,
  inputError,
  type Market,
  parseDecimal,
  printable,
  type Quantity,
  quantity,
} from "@keel/verifier";

/** What is asked of a driver. */
export interface Question {
  readonly subject: `0x${string}`;
  readonly account: string;
  /** Unix seconds; not in the future. */
  readonly asOf: number;
  readonly market: Market;
}

/** What a driver found. */
export interface Reading {
  readonly positions: ReadonlyMap<string, Quantity>;
  /** Holdings without a row. */
  readonly leftOut: readonly string[];
  /** When it was read, unix seconds. */
  readonly read: number;
}

/** A way to read accounts. */
export interface Driver {
  readonly evidence: Evidence;
  /** Its name, with the venue's. */
  readonly name: string;
  /** Whether it can be asked again about a time that is over, and then has to say the same. */
  readonly repeats: boolean;
  /**
   * Reads an account as it stood at a time.
   *
   * @throws KeelError `source.*` for what must not be signed; kind "environment" when the venue fails
   */
  read(question: Question): Promise<Reading>;
}

/** Which instrument a holding is. */
export interface Place {
  readonly instrument: string;
  /** Units of the holding in one of the instrument: 1000 for SHIB as kSHIB. */
  readonly per: number;
}

/** A holding, a debt or a contract, as a venue or ledger calls it. */
export interface Row {
  readonly holding: string;
  /** Decimal text, negative when owed or short. */
  readonly amount: string;
  /** A contract without a row is refused whatever its sign: a long one can lose as well. */
  readonly isContract?: true;
}

/**
 * Rows of books that do not say which of them are contracts: whatever has neither an instrument nor leave to be left out
 * could be one.
 */
export function strictRows(
  rows: readonly Row[],
  places: ReadonlyMap<string, Place>,
  leaveOut: ReadonlySet<string>,
): Row[] {
  return rows.map((row) =>
    places.has(row.holding) || leaveOut.has(row.holding) ? row : { ...row, isContract: true },
  );
}

const DECIMALS = 18;
const SCALE = 10n ** BigInt(DECIMALS - 8);
const MOST = 2n ** 64n;

/**
 * Puts rows into their places, rounded against the prover.
 *
 * @throws KeelError `source.amount`, `source.liability`, `source.contract`, `source.instrument`, `source.cancels`; never with
 *   an amount
 */
export function placeRows(
  rows: readonly Row[],
  places: ReadonlyMap<string, Place>,
  market: Market,
): Pick<Reading, "positions" | "leftOut"> {
  const known = new Set(market.instruments.map(({ id }) => id));
  const positions = new Map<string, Quantity>();
  const leftOut = new Set<string>();
  for (const row of rows) {
    const path = `holdings.${printable(row.holding)}`;
    const amount = amountOf(row, path);
    if (amount === 0n) continue;
    const place = places.get(row.holding);
    if (place === undefined) {
      checkLeftOut(row, amount, path);
      leftOut.add(printable(row.holding));
      continue;
    }
    if (!known.has(place.instrument)) {
      throw inputError("source.instrument", path, "an instrument of the market", printable(place.instrument));
    }
    add(positions, place.instrument, floorDiv(amount, SCALE * BigInt(place.per)), path);
  }
  return { positions, leftOut: [...leftOut].sort() };
}

function amountOf({ amount }: Row, path: string): bigint {
  const result = parseDecimal(amount, { places: DECIMALS, bits: 160, signed: true, excess: "floor" });
  if (result.ok) return result.value;
  throw inputError("source.amount", path, result.expected, result.received);
}

function checkLeftOut({ isContract }: Row, amount: bigint, path: string): void {
  if (isContract) throw inputError("source.contract", path, "a row for every contract", "none");
  if (amount < 0n) throw inputError("source.liability", path, "a row for every debt", "none");
}

/** Legs of one instrument add up only when they do not cancel out: gross exposure and debts stay true. */
function add(positions: Map<string, Quantity>, instrument: string, value: bigint, path: string): void {
  const before = positions.get(instrument) ?? 0n;
  if ((before < 0n && value > 0n) || (before > 0n && value < 0n)) {
    throw inputError("source.cancels", path, "no holding and debt of one instrument in one account", "both");
  }
  const sum = before + value;
  if (sum <= -MOST || sum >= MOST)
    throw inputError("source.amount", path, "an amount within 64 bits", "more");
  positions.set(instrument, quantity(sum));
}
