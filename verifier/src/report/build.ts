// SPDX-License-Identifier: MIT
/**
 * A report from what was read and verified: nothing here asks a chain, so that the same facts always make the same report.
 *
 * @module
 */

import type { Address, Hex } from "viem";
import {
  type HistoryEntry,
  type RevokedEntry,
  replayHistory,
  shownNav,
  type VoidedEntry,
} from "../chain/history.js";
import { KeelError } from "../core/errors.js";
import { UNITS_KINDS, type UnitsSource } from "../files/fund-units.js";
import { LIQUIDITY_LIMITS } from "../files/limits.js";
import type { PolicyTerms } from "../files/policy.js";
import type { SeriesId } from "../files/series.js";
import { limitNumbers, limitsOf } from "../files/terms.js";
import type { DisclosedSums } from "../statement/disclosure.js";
import { circuitName } from "../text/circuit-name.js";
import { sentence } from "../text/event-text.js";
import { basisLines, limitLines } from "../text/policy-text.js";
import { printable } from "../text/printable.js";
import { span as spanText, utc } from "../text/tables.js";
import { type Counted, countedInLine, countedOf, countsIn } from "./counted.js";
import {
  derived,
  MAX_TEXT,
  type ReportAttestation,
  type ReportContent,
  type ReportLapse,
  type ReportPolicy,
  type ReportRecord,
  type Stretch,
  shareOf,
  sumsOut,
  warningOf,
} from "./document.js";
import {
  causeOf,
  entriesUnder,
  healthySeconds,
  type Interval,
  type Lapse,
  type LinePart,
  lapsesBetween,
  lineRuns,
  type Run,
  runsOf,
  type Segment,
} from "./runs.js";

/** Sums of an attestation, and how they were read. */
export interface Reading {
  readonly sums: DisclosedSums;
  readonly read: "sealed" | "opened";
}

/** What the files of a policy say that its terms do not. */
export type PolicyNames = NonNullable<ReportPolicy["names"]>;

/** A line of policies with what it had when. */
export interface ReportLine {
  readonly line: Hex;
  readonly name: string;
  readonly segments: readonly Segment[];
}

/** One record to report. */
export interface RecordFacts {
  readonly subject: Address;
  readonly label?: string;
  readonly under: { readonly policyId: Hex } | ReportLine;
}

/** Everything that a report is made of. */
export interface ReportFacts {
  readonly chain: ReportContent["chain"];
  /** From the first attestation to the block's time when absent. */
  readonly span?: Partial<Interval>;
  readonly keys: ReportContent["proofs"]["keys"];
  /** Histories of all subjects, under every policy, in the chain's order. */
  readonly entries: readonly HistoryEntry[];
  readonly terms: ReadonlyMap<Hex, PolicyTerms>;
  readonly names: ReadonlyMap<Hex, PolicyNames>;
  /** By the attestation's digest. */
  readonly readings: ReadonlyMap<bigint, Reading>;
  /** By the transaction and the log of a voiding: what had been taken back. */
  readonly takenBack: ReadonlyMap<string, readonly string[]>;
  readonly records: readonly RecordFacts[];
}

/** Where an entry stands, as a key. */
export function placeKey({ transaction, logIndex }: Pick<HistoryEntry, "transaction" | "logIndex">): string {
  return `${transaction} ${logIndex}`;
}

/**
 * Makes the report.
 *
 * @throws KeelError `report.empty` for a record without an attestation; `report.span` for a span that has not passed, or ends
 * before it begins; as `replayHistory`
 */
export function buildReport(facts: ReportFacts): ReportContent {
  const { chain, keys } = facts;
  const found = facts.records.map((record) => ({ record, ...standingOf(record, facts) }));
  const span = spanOf(facts, found);
  const records = found.map((one) => recordOf(one, facts, span));
  const used = new Set(
    records.flatMap(({ under }) =>
      under.kind === "policy" ? [under.policyId] : under.policies.map(({ policyId }) => policyId),
    ),
  );
  const policies = [...used].map((id) => policyOf(id as Hex, facts));
  const verified = facts.entries.filter(({ kind }) => kind === "attested").length;
  const warning = warningOf(keys);
  return {
    ...{ keel: "report/2", chain, span, proofs: { verified, keys } },
    ...(warning === undefined ? {} : { warning }),
    ...{ policies, records },
  };
}

/** What follows from a record's entries. */
interface Standing {
  /** At least one. */
  readonly runs: readonly Run[];
  readonly counted: readonly Counted[];
}

interface FoundRecord extends Standing {
  readonly record: RecordFacts;
}

function standingOf(record: RecordFacts, facts: ReportFacts): Standing {
  const found = "policyId" in record.under ? underPolicy(record, record.under.policyId, facts) : undefined;
  const { runs, counted } = found ?? underLine(record, record.under as ReportLine, facts);
  if (runs.length > 0) return { runs, counted };
  const expected = "a subject with an attestation under the policy, or while the line had its policy";
  throw fault("report.empty", record.subject, expected, "none");
}

function spanOf(
  { span = {}, chain }: ReportFacts,
  found: readonly FoundRecord[],
): { from: number; until: number } {
  const { from = Math.min(...found.map(({ runs }) => runs[0]!.from)), until = chain.time } = span;
  if (until > chain.time) {
    throw fault(
      "report.span",
      "--until",
      `at most ${chain.time}, the time of block ${chain.block}`,
      `${until}`,
    );
  }
  if (from >= until) throw fault("report.span", "--from", `a time before ${until}, the end`, `${from}`);
  return { from, until };
}

function policyIdsOf({ under }: RecordFacts): Hex[] {
  if ("policyId" in under) return [under.policyId];
  return [...new Set(under.segments.map(({ policyId }) => policyId))];
}

function recordOf({ record, runs, counted }: FoundRecord, facts: ReportFacts, span: Interval): ReportRecord {
  const { subject, label, under } = record;
  const { chain } = facts;
  const lapses = lapsesBetween(runs, chain.time);
  const whole = { from: runs[0]!.from, until: chain.time };
  const shownLapses = lapses.filter((lapse) => partOf(lapse, span, chain.time) !== undefined);
  const inForce = counted.filter((one) => countsIn(one, span));
  return {
    subject: subject.toLowerCase(),
    ...(label === undefined ? {} : { label }),
    under: underOf(under, chain.time),
    now: nowOf(record, facts, runs),
    whole: stretch(whole, runs, lapses, counted, chain.time),
    span: stretch(span, runs, lapses, counted, chain.time),
    attestations: inForce.map((one) => attestationOf(one, facts)),
    lapses: shownLapses.map((lapse) => lapseOf(lapse, facts)),
    events: eventsOf(record, facts, span),
    elsewhere: elsewhereOf(record, counted, facts),
  };
}

/** Stretches of health under one policy, held against the registry's own count of lapses. */
function underPolicy(
  { subject }: RecordFacts,
  policyId: Hex,
  { entries, terms, chain }: ReportFacts,
): Standing {
  const own = entriesUnder(entries, subject, policyId);
  const runs = runsOf(own);
  // Of a policy without an attestation nobody has to know the terms.
  if (runs.length === 0) return { runs, counted: [] };
  const { lapses } = replayHistory(entries, subject, policyId, terms.get(policyId)!);
  const closed = lapsesBetween(runs, chain.time).filter(({ until }) => until !== undefined);
  if (closed.length !== lapses) {
    const path = `${subject} under policy ${policyId}: lapses`;
    throw new KeelError({
      ...{ kind: "proof", code: "history.record", path },
      ...{ expected: `${lapses}, as the registry counts`, received: `${closed.length}` },
    });
  }
  return { runs, counted: countedOf(own) };
}

function underLine(record: RecordFacts, { segments }: ReportLine, { entries, terms }: ReportFacts): Standing {
  const ids = policyIdsOf(record);
  const own = ids.map((id) => entriesUnder(entries, record.subject, id));
  const parts = new Map<Hex, LinePart>(
    ids.map((id, i) => [id, { runs: runsOf(own[i]!), validity: terms.get(id)!.validity }]),
  );
  return {
    runs: lineRuns(segments, parts),
    counted: countedInLine(own.flatMap(countedOf), segments, parts),
  };
}

function underOf(under: RecordFacts["under"], now: number): ReportRecord["under"] {
  if ("policyId" in under) return { kind: "policy", policyId: under.policyId };
  const policies = under.segments.map(({ policyId, from, until }) => ({
    ...{ policyId, from, until: until > now ? null : until },
  }));
  return { kind: "line", line: under.line, name: under.name, policies };
}

function nowOf(
  { subject, under }: RecordFacts,
  { entries, terms, chain }: ReportFacts,
  runs: readonly Run[],
): ReportRecord["now"] {
  const last = runs.at(-1)!;
  const healthy = last.from <= chain.time && chain.time < last.until;
  if ("policyId" in under) {
    const { standing, expiry } = replayHistory(entries, subject, under.policyId, terms.get(under.policyId)!);
    return { healthy, standing, expiry };
  }
  const { cause } = last.ended;
  const isOpen = healthy || cause === "expired" || cause === "policyChanged";
  const now = { healthy, standing: isOpen ? ("open" as const) : cause, expiry: last.until };
  const current = under.segments.at(-1)!.policyId;
  const holdsNow = runsOf(entriesUnder(entries, subject, current)).some(
    ({ from, until }) => from <= chain.time && chain.time < until,
  );
  return healthy && !holdsNow ? { ...now, leftPolicy: last.ended.last.policyId } : now;
}

function stretch(
  { from, until }: Interval,
  runs: readonly Run[],
  lapses: readonly Lapse[],
  counted: readonly Counted[],
  now: number,
): Stretch {
  const within = lapses.flatMap((lapse) => partOf(lapse, { from, until }, now) ?? []);
  const seconds = until - from;
  const healthy = healthySeconds(runs, { from, until });
  return {
    ...{ from, until, seconds, healthy, share: shareOf({ seconds, healthy }) },
    attestations: counted.filter(({ windows: [own] }) => own!.from >= from && own!.from <= until).length,
    ...{ lapses: within.length, longestLapse: Math.max(0, ...within) },
  };
}

/** Seconds of a lapse in a span; one that begins in its last second, or has none, is there too. */
function partOf(lapse: Lapse, { from, until }: Interval, now: number): number | undefined {
  const [start, end] = [Math.max(lapse.from, from), Math.min(lapse.until ?? now, until)];
  return start < end || (start === end && start === lapse.from) ? end - start : undefined;
}

function attestationOf(
  { entry, ended }: Counted,
  { terms, readings, names }: ReportFacts,
): ReportAttestation {
  const { policyId, asOf, blockTime, expiry, blockNumber, transaction, digest, drawdown } = entry;
  const { navStep } = terms.get(policyId)!;
  const reading = readings.get(digest);
  const shows = navStep !== 0n && entry.disclosure !== undefined;
  const plain: ReportAttestation = {
    ...{ policyId, asOf, accepted: blockTime, expiry, block: Number(blockNumber), transaction },
    ...(ended === undefined ? {} : { ended: { at: ended.blockTime, cause: takenBackBy(ended) } }),
    ...{ digest: `${digest}`, units: `${drawdown.units}` },
    ...(shows ? { nav: { value: `${shownNav(entry, navStep).value}`, perUnit: "0" } } : {}),
    ...(reading === undefined ? {} : { sums: sumsOut(reading.sums), read: reading.read }),
  };
  const policy = names.get(policyId);
  return derived(plain, policy === undefined ? undefined : ({ names: policy } as ReportPolicy));
}

function takenBackBy(entry: RevokedEntry | VoidedEntry): NonNullable<ReportAttestation["ended"]>["cause"] {
  return entry.kind === "voided" ? "voided" : causeOf(entry);
}

/** One whose span is cut by the report's still says when it began. */
function lapseOf({ from, until, ended }: Lapse, facts: ReportFacts): ReportLapse {
  return {
    from,
    until: until ?? null,
    cause: ended.cause,
    words: lapseWords({ from, ended }, facts).slice(0, MAX_TEXT),
  };
}

function lapseWords({ from, ended }: Pick<Lapse, "from" | "ended">, { takenBack }: ReportFacts): string {
  const { cause, last, by } = ended;
  const latest = `the attestation of ${utc(last.asOf)}`;
  switch (cause) {
    case "expired":
      return `${latest} expired at ${utc(from)}, and no other had come`;
    case "revokedBySubject":
      return `the subject revoked ${latest}${reasonOf(by)}`;
    case "revokedByGuardian":
      return `guardian ${by?.by} closed the record and ended ${latest}${reasonOf(by)}`;
    case "voided": {
      const what = (by === undefined ? undefined : takenBack.get(placeKey(by))) ?? [];
      const rested = what.length === 0 ? "what it rested on was taken back" : what.join(" and ");
      return `${by?.by} voided ${latest}: ${rested}`;
    }
    case "policyChanged":
      return `the line had another policy, under which nothing was attested, longer than ${latest} counted for`;
  }
}

function reasonOf(by: Lapse["ended"]["by"]): string {
  return by?.kind === "revoked" ? `: "${printable(by.reason).slice(0, 1_000)}"` : "";
}

/** What else happened to the subject in the span. */
function eventsOf(record: RecordFacts, { entries }: ReportFacts, span: Interval): ReportRecord["events"] {
  const ids = policyIdsOf(record);
  return entries
    .filter((entry) => {
      if (entry.kind === "attested" || entry.subject.toLowerCase() !== record.subject.toLowerCase())
        return false;
      if ("policyId" in entry && !ids.includes(entry.policyId)) return false;
      return entry.blockTime >= span.from && entry.blockTime <= span.until;
    })
    .map((entry) => ({
      ...{ time: entry.blockTime, block: Number(entry.blockNumber), transaction: entry.transaction },
      words: sentence(entry).slice(0, MAX_TEXT),
    }));
}

/** Policies with an attestation that did not count for the record. */
function elsewhereOf(
  { subject }: RecordFacts,
  counted: readonly Counted[],
  { entries, terms, chain }: ReportFacts,
): ReportRecord["elsewhere"] {
  const own = new Set<HistoryEntry>(counted.map(({ entry }) => entry));
  const others = new Set(
    entries.flatMap((entry) =>
      entry.kind === "attested" && entry.subject.toLowerCase() === subject.toLowerCase() && !own.has(entry)
        ? [entry.policyId]
        : [],
    ),
  );
  return [...others].map((policyId) => {
    const runs = runsOf(entriesUnder(entries, subject, policyId));
    const { standing, expiry } = replayHistory(entries, subject, policyId, terms.get(policyId)!);
    const under = entriesUnder(entries, subject, policyId);
    return {
      policyId,
      attestations: under.filter(({ kind }) => kind === "attested").length,
      lapses: lapsesBetween(runs, chain.time).length,
      healthy: standing === "open" && chain.time < expiry,
    };
  });
}

function policyOf(policyId: Hex, { terms, names }: ReportFacts): ReportPolicy {
  const found = terms.get(policyId)!;
  const limits = limitsOf(found);
  const [unwinding] = Object.keys(LIQUIDITY_LIMITS) as (keyof typeof LIQUIDITY_LIMITS)[];
  const days = limits[unwinding!];
  const own = names.get(policyId);
  return {
    ...{ policyId, circuit: circuitName(found.circuit) },
    limits: limitLines({ limits }),
    basis: [...basisLines(basisOfTerms(found)), timesLine(found)],
    ...{ validity: found.validity, navStep: `${found.navStep}` },
    ...(days === undefined ? {} : { unwindDays: `${limitNumbers(days)[0]![0]}` }),
    ...(own === undefined ? {} : { names: own }),
  };
}

function basisOfTerms(terms: PolicyTerms): Parameters<typeof basisLines>[0] {
  const kind = UNITS_KINDS[terms.unitsKind];
  const hasTail = BigInt(terms.returnsSeries) !== 0n;
  return {
    market: { series: terms.marketSeries },
    ...(hasTail ? { tail: { series: terms.returnsSeries as SeriesId } } : {}),
    ...(terms.liquidity === undefined ? {} : { liquidity: liquidityIn(terms.liquidity) }),
    ...(kind === undefined || kind === "none"
      ? {}
      : { units: { kind, address: terms.unitsSource } as UnitsSource }),
  };
}

function liquidityIn({ series, participation }: NonNullable<PolicyTerms["liquidity"]>) {
  return { series, participation: BigInt(participation) as never };
}

function timesLine({ validity, maxAge }: PolicyTerms): string {
  return `An attestation counts for ${spanText(validity)} from its snapshot, which is at most ${spanText(maxAge)} old when it comes.`;
}

function fault(code: string, path: string, expected: string, received: string): KeelError {
  return new KeelError({ kind: "input", code, path, expected, received });
}
