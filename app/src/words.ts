// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Limits and amounts as the views name them.
 *
 * @module
 */

import type { LimitResult } from "@keel/prover";
import { formatDecimal, LIMITS } from "@keel/verifier";
import { dayText, dollars, percent } from "@keel/verifier/text";

/** A limit's name for people, and the ratio that it is. */
export interface LimitTitle {
  readonly title: string;
  readonly ratio: string;
}

/** A limit's title. */
export function titleOf({ name, confidence }: Pick<LimitResult, "name" | "confidence">): LimitTitle {
  const { title, ratio } = LIMITS[name];
  if (confidence === undefined) return { title, ratio };
  const tail = percent(formatDecimal(10_000n - confidence, 4));
  return { title, ratio: `mean loss on the worst ${tail} of days, ${ratio}` };
}

/** USD 1e16 in whole dollars, what is beyond them cut off: "11,090,532". */
export function wholeUsd(value: bigint): string {
  return dollars(formatDecimal(value, 16)).slice(0, -3).replace(/^-0$/, "0");
}

/** A decimal with its thousands apart. */
export function grouped(decimal: string): string {
  const [whole, fraction] = decimal.split(".");
  const parts = whole!.replace(/\B(?=(\d{3})+$)/g, ",");
  return fraction === undefined ? parts : `${parts}.${fraction}`;
}

/** A limit's value or bound: bps as "241.23 %", USD in whole dollars. */
export function amountOf(unit: LimitResult["unit"], value: bigint): string {
  if (unit === "days") return dayText(formatDecimal(value, 4));
  return unit === "usd16" ? wholeUsd(value) : percent(formatDecimal(value, 4));
}

/** "at least 200 %", "at most 300 %", "-10 % to 10 %". */
export function boundOf({ name, unit, limit }: LimitResult): string {
  if (typeof limit !== "bigint") return `${amountOf(unit, limit[0])} to ${amountOf(unit, limit[1])}`;
  if (unit === "usd16" && limit === 0n) return "above zero";
  return `${name.startsWith("min") ? "at least" : "at most"} ${amountOf(unit, limit)}`;
}

/** A limit's value; what stands for it where the ratio does not exist. */
export function valueText({ unit, value, ok }: LimitResult): string {
  if (value !== undefined) return amountOf(unit, value);
  if (unit === "days") return "never";
  return ok ? "no debt" : "no equity";
}

/** A limit as a bar: all in shares of the track. */
export interface Bar {
  /** What is held: from where to where. */
  readonly held: readonly [from: number, to: number];
  /** Where the limit stands; a band has two. */
  readonly lines: readonly number[];
  /** Where the policy is broken. */
  readonly broken: readonly (readonly [from: number, to: number])[];
}

/** Where the line stands: of a maximum near the end, of a minimum near the beginning, of a band at both. */
const LINES = { max: 0.75, min: 0.25, band: [0.125, 0.875] } as const;

/**
 * A limit's bar, for drawing only. Longer is more: of a maximum the bar stays short of the line, of a minimum it reaches beyond it,
 * of a band it stays between two. What has no value fills the track or leaves it empty, on the side where the limit holds or breaks.
 */
export function barOf(result: LimitResult): Bar {
  const { name, value, limit, ok } = result;
  if (typeof limit !== "bigint") return bandBar(value, limit);
  const isMin = name.startsWith("min");
  const line = isMin ? LINES.min : LINES.max;
  // Without debt a minimum is far behind and a maximum far ahead; without equity it is the other way round.
  const none = isMin === ok ? 1 : 0;
  const to = value === undefined ? none : within(over(Number(value), Number(limit)) * line);
  return { held: [0, to], lines: [line], broken: [isMin ? [0, line] : [line, 1]] };
}

function bandBar(value: bigint | undefined, limit: readonly bigint[]): Bar {
  const [low, high] = limit.map(Number) as [number, number];
  const [first, last] = LINES.band;
  const place = (number: number): number => within(first + over(number - low, high - low) * (last - first));
  // From zero, where zero is in the track.
  const zero = place(0);
  const to = value === undefined ? zero : place(Number(value));
  const broken = [[0, first] as const, [last, 1] as const];
  return { held: [Math.min(zero, to), Math.max(zero, to)], lines: [first, last], broken };
}

function within(share: number): number {
  return Math.min(Math.max(share, 0), 1);
}

function over(part: number, whole: number): number {
  if (whole > 0) return part / whole;
  return part <= 0 ? 0 : Number.POSITIVE_INFINITY;
}

/** How far from the limit, in words: "239.2 % above the least", "58.7 % below the most", "3 % beyond". */
export function distanceText(result: LimitResult): string {
  const { name, unit, value, limit, ok } = result;
  if (value === undefined || typeof limit !== "bigint") return ok ? "within" : "beyond";
  const apart = value > limit ? value - limit : limit - value;
  const amount = `${amountOf(unit, apart)}${unit === "usd16" ? " USD" : ""}`;
  const isMin = name.startsWith("min");
  if (apart === 0n) return isMin ? "exactly the least" : "exactly the most";
  if (ok) return isMin ? `${amount} above the least` : `${amount} below the most`;
  return isMin ? `${amount} below the least` : `${amount} above the most`;
}
