// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Days to unwind in exact integers: circuits/SPEC.md section 14, said once more in code. Each instrument by itself: what all accounts
 * hold and owe of it, over what a day takes.
 *
 * @module
 */

import {
  ceilDiv,
  liquidityBasis,
  type Market,
  type Policy,
  type Quantity,
  quantity,
  UNLIMITED_DEPTH,
} from "@keel/verifier";
import type { Held } from "../book/snapshot.js";

/** 1e-4 days in a day. */
const DAY = 10_000n;

/** What of one instrument has to go, and what a day takes of it. */
export interface UnwindPosition {
  readonly instrument: string;
  /** Magnitudes added over the accounts, 1e8 units. */
  readonly size: Quantity;
  /** 1e8 units a day; {@link UNLIMITED_DEPTH} for what needs no limit. */
  readonly depth: bigint;
}

/**
 * The positions of a book that limits the days to unwind, in the market's order; undefined without such a limit.
 *
 * @throws KeelError as `liquidityBasis`
 */
export function measureUnwind(
  held: Held,
  market: Market,
  policy: Policy,
): readonly UnwindPosition[] | undefined {
  const basis = liquidityBasis(policy, market);
  if (basis === undefined) return undefined;
  const { depths } = basis.market.liquidity;
  const positions = market.instruments.map(({ id }, i) => {
    const size = held.reduce((sum, account) => sum + magnitude(account[i]!), 0n);
    return { instrument: id, size: quantity(size), depth: depths[i]!.depth };
  });
  return positions.filter(({ size }) => size > 0n);
}

/** Days that a position takes, 1e-4, rounded up; 0 for what needs no limit, undefined for what nobody takes. */
export function daysToUnwind({ size, depth }: Pick<UnwindPosition, "size" | "depth">): bigint | undefined {
  if (depth === UNLIMITED_DEPTH) return 0n;
  return depth === 0n ? undefined : ceilDiv(size * DAY, depth);
}

/** What the limit bounds: days as a fraction, 1e-4. */
export function unwindFraction({ instrument, size, depth }: UnwindPosition) {
  if (depth === UNLIMITED_DEPTH) return { of: instrument, numerator: 0n, denominator: 1n };
  return { of: instrument, numerator: size * DAY, denominator: depth };
}

function magnitude(value: bigint): bigint {
  return value < 0n ? -value : value;
}
