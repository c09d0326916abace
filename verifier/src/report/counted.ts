// SPDX-License-Identifier: MIT
/**
 * When each attestation was what a record rested on: until it expired, the next one came, or somebody took it back; and for a line
 * only while the line had its policy, or had left it by no more than its validity.
 *
 * @module
 */

import type { AttestedEntry, HistoryEntry, RevokedEntry, VoidedEntry } from "../chain/history.js";
import type { Interval, LinePart, Segment } from "./runs.js";

/** An attestation, and the stretches in which it counted. */
export interface Counted {
  readonly entry: AttestedEntry;
  /** In order, at least one; only a line has several. */
  readonly windows: readonly Interval[];
  /** What took it back before it expired. */
  readonly ended?: RevokedEntry | VoidedEntry;
}

/** Of one policy. @param entries of one subject under it, in the chain's order */
export function countedOf(entries: readonly HistoryEntry[]): Counted[] {
  const found: Counted[] = [];
  let open: AttestedEntry | undefined;
  const end = (time: number, by?: RevokedEntry | VoidedEntry): void => {
    if (open === undefined) return;
    const window = { from: open.blockTime, until: Math.min(time, open.expiry) };
    const isEarly = by !== undefined && time < open.expiry;
    found.push({ entry: open, windows: [window], ...(isEarly ? { ended: by } : {}) });
    open = undefined;
  };
  for (const entry of entries) {
    if (entry.kind === "attested") {
      end(entry.blockTime);
      open = entry;
    } else if (entry.kind === "revoked" || entry.kind === "voided") end(entry.blockTime, entry);
  }
  end(Number.POSITIVE_INFINITY);
  return found;
}

/** Those that counted for a line, as `lineRuns` takes its policies' runs. @param counted of the line's policies, under all of them */
export function countedInLine(
  counted: readonly Counted[],
  segments: readonly Segment[],
  parts: ReadonlyMap<string, LinePart>,
): Counted[] {
  return counted
    .flatMap(({ windows: [own], ...one }) => {
      const { runs, validity } = parts.get(one.entry.policyId)!;
      const run = runs.findLast(({ from }) => from <= own!.from)!;
      const windows = segments
        .filter(({ policyId, until }) => policyId === one.entry.policyId && run.from < until)
        .map(({ from, until }) => ({
          from: Math.max(own!.from, from),
          until: Math.min(own!.until, until + validity),
        }))
        .filter(({ from, until }) => from < until);
      return windows.length === 0 ? [] : [{ ...one, windows }];
    })
    .sort((a, b) => Number(a.entry.blockNumber - b.entry.blockNumber) || a.entry.logIndex - b.entry.logIndex);
}

/** Whether an attestation counted in a span, or came in its last second. */
export function countsIn({ windows }: Counted, span: Interval): boolean {
  return windows.some(({ from, until }) => from <= span.until && (until > span.from || from >= span.from));
}
