// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * From amounts of tokens to quantities of instruments, rounded against the prover, each by itself.
 *
 * @module
 */

import { floorDiv, formatDecimal, inputError, type Market, type Quantity, quantity } from "@keel/verifier";
import type { ChainMapping, TokenPlace } from "./mapping.js";
import type { ChainView } from "./read.js";
import { type Amount, decimalsOf } from "./tokens.js";

/** An amount as it goes into a snapshot. */
export interface Entry {
  readonly account: string;
  readonly instrument: string;
  /** Negative when owed. */
  readonly quantity: bigint;
  readonly path: string;
  /** What a reader of the snapshot should know. */
  readonly note?: string;
}

const NATIVE_DECIMALS = 18;
const QUANTITY_SCALE = 10n ** 8n;
/** Beyond what a snapshot's quantity holds. */
const MAX_QUANTITY = 2n ** 64n;
const BPS_PLACES = 4;

/**
 * An amount's instrument and quantity.
 *
 * @throws KeelError `chain.unmapped`, `chain.collateral`, `chain.factor`, `chain.contract`
 */
export async function entryOf(
  view: ChainView,
  mapping: ChainMapping,
  market: Market,
  amount: Amount,
): Promise<Entry> {
  const { account, token, raw, path } = amount;
  const place = amount.place ?? (token === undefined ? mapping.native : mapping.tokens.get(token));
  if (place === undefined) {
    const expected = "every token of a supply, debt or position in mapping.tokens";
    throw inputError("chain.unmapped", path, expected, `not ${token}`);
  }
  const note = collateralNote(amount, place, market);
  const decimals = token === undefined ? NATIVE_DECIMALS : await decimalsOf(view, token, path);
  const divisor = 10n ** BigInt(decimals) * BigInt(place.per);
  return {
    ...{ account, instrument: place.instrument, path },
    quantity: floorDiv(raw * QUANTITY_SCALE, divisor),
    ...(note === undefined ? {} : { note }),
  };
}

/**
 * Holds the market's collateral factor against the lender's. An instrument of the lender's own may not count for more. One
 * that is shared with other places only tells, unless the lender counts nothing at all.
 */
function collateralNote(
  { token, place: own, counted, path }: Amount,
  { instrument }: TokenPlace,
  market: Market,
): string | undefined {
  if (counted === undefined) return undefined;
  const factor = market.instruments.find(({ id }) => id === instrument)!.collateralFactor;
  if (factor <= counted) return undefined;
  const [theirs, ours] = [formatDecimal(counted, BPS_PLACES), formatDecimal(factor, BPS_PLACES)];
  if (counted === 0n) {
    const expected = `for ${token}, which is not collateral there, an instrument with factor 0 (in "supplied")`;
    throw inputError("chain.collateral", path, expected, `${instrument}, with factor ${ours}`);
  }
  if (own === undefined) {
    return `${path}: ${token} counts ${theirs} as collateral there and ${ours} as ${instrument} in the market`;
  }
  const expected = `a factor of at most ${theirs}, as ${token} has there`;
  throw inputError("chain.factor", `market.instruments.${instrument}`, expected, ours);
}

/**
 * Sums of an account's entries, by instrument.
 *
 * @throws KeelError `chain.netting`, `chain.range`
 */
export function positionsOf(account: string, entries: readonly Entry[]): Map<string, Quantity> {
  const positions = new Map<string, Quantity>();
  for (const entry of entries) {
    if (entry.account !== account || entry.quantity === 0n) continue;
    const before = positions.get(entry.instrument) ?? 0n;
    if (before * entry.quantity < 0n) {
      const expected = `${entry.instrument} held or owed in an account`;
      const received = `both: give the lender an account of its own, or its supply an instrument of its own ("supplied")`;
      throw inputError("chain.netting", entry.path, expected, received);
    }
    const sum = before + entry.quantity;
    if (sum >= MAX_QUANTITY || sum <= -MAX_QUANTITY) {
      const expected = 'a quantity below 2^64 when scaled by 1e8 (with "per", many tokens are one unit)';
      throw inputError("chain.range", entry.path, expected, "a larger one");
    }
    positions.set(entry.instrument, quantity(sum));
  }
  return positions;
}
