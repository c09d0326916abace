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

/**
 * How much of a limit is used, for drawing only: 1 at the limit, more beyond it. Of a band, the distance from its middle
 * over half its width; of a minimum, limit over value.
 */
export function useOf({ name, value, limit, ok }: LimitResult): number {
  if (value === undefined) return ok ? 0 : Number.POSITIVE_INFINITY;
  const [low, high] = typeof limit === "bigint" ? [0, Number(limit)] : limit.map(Number);
  const number = Number(value);
  if (typeof limit !== "bigint") return over(Math.abs(number - (low! + high!) / 2), (high! - low!) / 2);
  return name.startsWith("min") ? over(high!, Math.max(number, 0)) : over(Math.max(number, 0), high!);
}

function over(part: number, whole: number): number {
  if (whole > 0) return part / whole;
  return part === 0 ? 0 : Number.POSITIVE_INFINITY;
}
