// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * When attestations counted, from a record's events: each from its block on, until it expired or somebody ended it.
 *
 * @module
 */

import type { Hex } from "viem";
import { mergeSpans, type Span } from "../charts/time.js";
import type { Happening } from "./look.js";

/** Of one policy, in order and without what overlaps. */
export function countedSpans(happenings: readonly Happening[], policyId: Hex): Span[] {
  const spans: Span[] = [];
  for (const { event } of happenings) {
    if (!("policyId" in event) || event.policyId !== policyId) continue;
    if (event.kind === "attested") spans.push({ from: event.blockTime, to: event.expiry });
    if (event.kind === "revoked" || event.kind === "voided") endAll(spans, event.blockTime);
  }
  return mergeSpans(spans.filter(({ from, to }) => to > from));
}

function endAll(spans: Span[], time: number): void {
  for (const [i, { from, to }] of spans.entries()) spans[i] = { from, to: Math.min(to, time) };
}
