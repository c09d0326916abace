// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * How often somebody may ask: a bucket a caller, which fills evenly.
 *
 * @module
 */

import { KeelError } from "@keel/verifier";

/** Callers remembered; beyond it the one that was quiet for the longest time starts again with a full bucket. */
const CALLERS = 10_000;

/** Takes one request of a caller, or refuses it. */
export type RateLimit = (caller: string) => void;

/**
 * A limit of so many requests a minute, all of which may come at once.
 *
 * @param now milliseconds
 */
export function rateLimit(perMinute: number, now: () => number = () => performance.now()): RateLimit {
  const buckets = new Map<string, { readonly left: number; readonly at: number }>();
  return (caller) => {
    const at = now();
    const bucket = buckets.get(caller) ?? { left: perMinute, at };
    const left = Math.min(perMinute, bucket.left + ((at - bucket.at) * perMinute) / 60_000);
    buckets.delete(caller);
    if (buckets.size >= CALLERS) buckets.delete(buckets.keys().next().value!);
    buckets.set(caller, { left: left < 1 ? left : left - 1, at });
    if (left >= 1) return;
    throw new KeelError({
      kind: "input",
      code: "source.rate",
      path: "request",
      expected: `at most ${perMinute} requests a minute`,
      received: "more",
    });
  };
}
