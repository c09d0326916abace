// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Limits that a book would keep with a margin: each limit's value in the book, moved by the margin to the safe side and rounded on
 * to two digits. A start for whoever writes a policy, no advice: it fits the book of one day.
 *
 * @module
 */

import { type Bps, floorDiv, formatDecimal, type LimitName, limitRow } from "@keel/verifier";
import type { LimitResult } from "./limit-result.js";

const BPS = 10_000n;
const USD16_PER_USD8 = 10n ** 8n;
/** A band is at least this wide to either side of what it holds: 1 % of equity. */
const LEAST_PAD = 100n;

/** A limit as it is and as it could be; bps, or USD 1e8. */
export interface Proposal {
  readonly name: LimitName;
  readonly confidence?: Bps;
  /** In the book; absent where the ratio does not exist. */
  readonly value?: bigint;
  readonly now: bigint | readonly [bigint, bigint];
  /** Absent where the book says nothing: it owes nothing, or loses nothing. */
  readonly proposed?: bigint | readonly [bigint, bigint];
}

/**
 * Proposes limits.
 *
 * @param limits as a book was judged by them
 * @param margin in bps of the value
 */
export function fitLimits(limits: readonly LimitResult[], margin: bigint): Proposal[] {
  return limits.map((result) => {
    const scale = result.unit === "usd16" ? USD16_PER_USD8 : 1n;
    const value = result.value === undefined ? undefined : floorDiv(result.value, scale);
    const proposed = value === undefined ? undefined : moved(result.name, value, margin);
    return {
      name: result.name,
      ...(result.confidence === undefined ? {} : { confidence: result.confidence }),
      ...(value === undefined ? {} : { value }),
      now: typeof result.limit === "bigint" ? result.limit / scale : result.limit,
      ...(proposed === undefined ? {} : { proposed }),
    };
  });
}

function moved(name: LimitName, value: bigint, margin: bigint): Proposal["proposed"] {
  const { kind, below, isShare } = limitRow(name);
  if (kind === "band") return band(value, margin);
  if (value <= 0n) return undefined;
  if (kind === "min") return rounded((value * (BPS - margin)) / BPS, false) || undefined;
  const most = isShare === true ? BPS : below === undefined ? 2n ** 32n - 2n : below - 1n;
  const proposed = rounded((value * (BPS + margin)) / BPS + 1n, true);
  return proposed < most ? proposed : most;
}

/** From the least to the greatest of zero and the value, and a pad on both sides. */
function band(value: bigint, margin: bigint): readonly [bigint, bigint] {
  const size = value < 0n ? -value : value;
  const share = (size * margin) / BPS;
  const pad = share > LEAST_PAD ? share : LEAST_PAD;
  const low = value < 0n ? -rounded(size + pad, true) : -rounded(pad, true);
  const high = value < 0n ? rounded(pad, true) : rounded(size + pad, true);
  return [low, high];
}

/** The two leading digits of a number above zero; the rest adds one to them when rounded up. */
function rounded(value: bigint, up: boolean): bigint {
  const unit = 10n ** BigInt(Math.max(value.toString().length - 2, 0));
  const cut = (value / unit) * unit;
  return up && cut < value ? cut + unit : cut;
}

/** A policy file's limits with what is proposed in the place of what was there. */
export function withProposals(
  limits: Readonly<Record<string, unknown>>,
  proposals: readonly Proposal[],
): Readonly<Record<string, unknown>> {
  const next: Record<string, unknown> = { ...limits };
  for (const { name, confidence, proposed } of proposals) {
    if (proposed === undefined || !(name in limits)) continue;
    const text = limitText(name, proposed);
    next[name] =
      confidence === undefined ? text : { ...(next[name] as object), [formatDecimal(confidence, 4)]: text };
  }
  return next;
}

/** A limit as a policy file has it. */
export function limitText(
  name: LimitName,
  limit: NonNullable<Proposal["proposed"]>,
): string | [string, string] {
  const places = limitRow(name).unit === "usd8" ? 8 : 4;
  if (typeof limit === "bigint") return formatDecimal(limit, places);
  return [formatDecimal(limit[0], places), formatDecimal(limit[1], places)];
}
