// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * What comes of judging one limit.
 *
 * @module
 */

import type { Bps, Limits } from "@keel/verifier";

/**
 * One limit, judged. Ratios in bps; minEquity in USD 1e16; days in 1e-4. `value` and `headroom` are absent when the ratio does not
 * exist: nothing is owed, there is no equity to divide by, or nobody takes what is held.
 */
export interface LimitResult {
  readonly name: keyof Limits;
  readonly unit: "bps" | "usd16" | "days";
  readonly value?: bigint;
  readonly limit: bigint | readonly [bigint, bigint];
  /** Distance to the limit; negative exactly when broken. */
  readonly headroom?: bigint;
  readonly ok: boolean;
  /** The level of an expected shortfall, which has a result each. */
  readonly confidence?: Bps;
  /** What the value comes from, where it is the worst of several: an underlying, a venue, an account, a scenario, an instrument. */
  readonly worst?: string;
}
