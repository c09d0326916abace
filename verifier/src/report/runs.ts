// SPDX-License-Identifier: MIT
/**
 * When a record was healthy, when it was not, and what ended each stretch of health: from a history's entries alone, for one policy or
 * for a line of policies.
 *
 * @module
 */

import type { Address, Hex } from "viem";
import type { AttestedEntry, HistoryEntry, RevokedEntry, VoidedEntry } from "../chain/history.js";

/** What ended a stretch of health. */
export const CAUSES = [
  "expired",
  "revokedBySubject",
  "revokedByGuardian",
  "voided",
  "policyChanged",
] as const;
export type Cause = (typeof CAUSES)[number];

/** Seconds from one on, up to and without another. */
export interface Interval {
  readonly from: number;
  readonly until: number;
}

/** A stretch of health. */
export interface Run extends Interval {
  readonly ended: Ended;
}

/** Why a stretch ended, or will. */
export interface Ended {
  readonly cause: Cause;
  /** The latest attestation of the stretch. */
  readonly last: AttestedEntry;
  /** What ended it before its time. */
  readonly by?: RevokedEntry | VoidedEntry;
}

/** A stretch without health, after the first attestation. */
export interface Lapse {
  readonly from: number;
  /** Absent: it goes on. */
  readonly until?: number;
  readonly ended: Ended;
}

/** Stretches of health under one policy. @param entries of one subject under it, in the chain's order */
export function runsOf(entries: readonly HistoryEntry[]): Run[] {
  const runs: Run[] = [];
  let open: { from: number; last: AttestedEntry } | undefined;
  const end = (until: number, ended: Omit<Ended, "last">): void => {
    if (open !== undefined) runs.push({ from: open.from, until, ended: { ...ended, last: open.last } });
    open = undefined;
  };
  const settle = (now: number): void => {
    if (open !== undefined && open.last.expiry <= now) end(open.last.expiry, { cause: "expired" });
  };
  for (const entry of entries) {
    settle(entry.blockTime);
    if (entry.kind === "attested") open = { from: open?.from ?? entry.blockTime, last: entry };
    else if (entry.kind === "revoked") end(entry.blockTime, { cause: causeOf(entry), by: entry });
    else if (entry.kind === "voided") end(entry.blockTime, { cause: "voided", by: entry });
  }
  settle(Number.POSITIVE_INFINITY);
  return runs;
}

/** As whose act a record was revoked. */
export function causeOf({ standing }: RevokedEntry): "revokedBySubject" | "revokedByGuardian" {
  return standing === "revokedByGuardian" ? "revokedByGuardian" : "revokedBySubject";
}

/** What lies between runs, and after the last one. @param now nothing is said of what comes after it */
export function lapsesBetween(runs: readonly Run[], now: number): Lapse[] {
  return runs.flatMap(({ until, ended }, i) => {
    const next = runs[i + 1]?.from;
    if (next !== undefined) return [{ from: until, until: next, ended }];
    return until <= now ? [{ from: until, ended }] : [];
  });
}

/** A policy of a line, while the line had it. */
export interface Segment extends Interval {
  readonly policyId: Hex;
}

/** What a line's policies say of health: their records' runs, and how long each goes on counting after the line left it. */
export interface LinePart {
  readonly runs: readonly Run[];
  /** Seconds. */
  readonly validity: number;
}

/**
 * Stretches of health under a line: at each second under the policy that the line had, or under one that it had left by no more than
 * that one's validity, by a run that had begun before (`lineRecordOf` of IHealthRegistry.sol).
 */
export function lineRuns(segments: readonly Segment[], parts: ReadonlyMap<Hex, LinePart>): Run[] {
  const pieces = segments.flatMap(({ policyId, from, until }) => {
    const { runs, validity } = parts.get(policyId)!;
    return runs.flatMap((run) => {
      if (run.from >= until) return [];
      const start = Math.max(from, run.from);
      const end = Math.min(run.until, until + validity);
      const cut = end < run.until;
      const ended: Ended = cut ? { cause: "policyChanged", last: run.ended.last } : run.ended;
      return end > start ? [{ from: start, until: end, ended }] : [];
    });
  });
  return joined(pieces);
}

/** Overlapping and touching pieces as one, which ends as the one that reaches furthest does. */
function joined(pieces: readonly Run[]): Run[] {
  const runs: Run[] = [];
  for (const piece of [...pieces].sort((a, b) => a.from - b.from)) {
    const last = runs.at(-1);
    if (last === undefined || piece.from > last.until) runs.push(piece);
    else if (piece.until > last.until) runs[runs.length - 1] = { ...piece, from: last.from };
  }
  return runs;
}

/** Entries of one subject under one policy. */
export function entriesUnder(
  entries: readonly HistoryEntry[],
  subject: Address,
  policyId: Hex,
): HistoryEntry[] {
  return entries.filter(
    (entry) =>
      "policyId" in entry &&
      entry.policyId === policyId &&
      entry.subject.toLowerCase() === subject.toLowerCase(),
  );
}

/** Seconds of a span in which runs were healthy. */
export function healthySeconds(runs: readonly Interval[], { from, until }: Interval): number {
  return runs.reduce(
    (sum, run) => sum + Math.max(0, Math.min(run.until, until) - Math.max(run.from, from)),
    0,
  );
}
