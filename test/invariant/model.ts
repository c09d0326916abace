// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * The contracts' rules once more, in plain TypeScript: what each call does, or the name of the error that refuses it. Written
 * from the interfaces' documentation.
 *
 * @module
 */

import type { ReplayedRecord } from "@keel/verifier/chain";
import type { Hex } from "viem";

/** Subjects and policies by number. */
export type Subject = 0 | 1 | 2;
export type Policy = 0 | 1;
/** Undefined: the call succeeds. */
export type Refusal = string | undefined;

/** What a policy says of times, in seconds. */
export interface Times {
  readonly maxAge: number;
  readonly validity: number;
  readonly maxMarketSkew: number;
  readonly minInterval: number;
}

/** An attestation as it is submitted. */
export interface Claim {
  readonly subject: Subject;
  readonly policy: Policy;
  readonly asOf: number;
  readonly marketTime: number;
  /** Whether the market is of the policy's series. */
  readonly isOfSeries: boolean;
  readonly units: bigint;
  /** Hash of what it rests on. */
  readonly basis: Hex;
  readonly enrolment: bigint;
  readonly previousState: bigint;
  readonly newState: bigint;
  /** Whether the proof is of just this claim. */
  readonly isTrue: boolean;
}

interface Announced<T> {
  readonly current: T;
  readonly next?: { readonly value: T; readonly liveAt: number };
}

/** Shares outstanding from a second on, with 10 decimals. */
export interface Supply {
  readonly from: number;
  readonly shares: bigint;
}

export interface Model {
  readonly times: readonly Times[];
  /** Seconds from the announcement of other accounts, or of a policy that is not tighter, until it counts. */
  readonly delay: number;
  /** Seconds from the announcement of a restart until a chain may start over. */
  readonly restartDelay: number;
  /** Market tables of the policies' series by their times. */
  readonly markets: Map<number, "accepted" | "withdrawn">;
  /** In their order. */
  readonly supplies: Supply[];
  readonly enrolments: Announced<bigint>[];
  /** When the subject's chain may start over, where a guardian said so. */
  readonly restarts: (number | undefined)[];
  /** What the latest attestation left, also when the chain may start over. */
  readonly states: bigint[];
  readonly records: ReplayedRecord[][];
  /** Time of the market table of each record's latest attestation. */
  readonly tables: number[][];
  line: Announced<Policy>;
  /** What the line had before what `line` has as current, the second at which it left each, and how. */
  readonly past: Left[];
}

/** A policy that the line left: for an announced one, for a tighter one, with that taken back, or as it was taken back. */
interface Left {
  readonly policy: Policy;
  readonly leftAt: number;
  how: "replaced" | "tightened" | "returned" | "undone";
}

/** A line is not tightened when it has moved so often within the delay. */
const MOST_MOVES = 16;

const NOTHING: ReplayedRecord = {
  asOf: 0,
  expiry: 0,
  floor: 0,
  since: 0,
  firstAsOf: 0,
  countedAt: 0,
  count: 0,
  streak: 0,
  lapses: 0,
  standing: "open",
  basis: `0x${"00".repeat(22)}`,
};

/** Policy 1 is tighter than policy 0; the line starts at 0. */
export function newModel(
  times: readonly Times[],
  { delay, restartDelay }: Pick<Model, "delay" | "restartDelay">,
  supplies: readonly Supply[],
): Model {
  return {
    times,
    delay,
    restartDelay,
    markets: new Map(),
    supplies: [...supplies],
    enrolments: [0n, 0n, 0n].map((current) => ({ current })),
    restarts: [undefined, undefined, undefined],
    states: [0n, 0n, 0n],
    records: [0, 1, 2].map(() => [NOTHING, NOTHING]),
    tables: [0, 1, 2].map(() => [0, 0]),
    line: { current: 0 },
    past: [],
  };
}

/** The seconds at which something comes, ends, or counts again. */
export function deadlines(model: Model): number[] {
  const { times, delay, records, enrolments, restarts, line, past } = model;
  const announced = [...enrolments, line].flatMap(({ next }) => next?.liveAt ?? []);
  const ofRecords = records.flatMap((found) =>
    found.flatMap(({ expiry, countedAt }, policy) => [expiry, countedAt + times[policy]!.minInterval]),
  );
  const starts = restarts.filter((time) => time !== undefined);
  return [...announced, ...ofRecords, ...starts, ...past.map(({ leftAt }) => leftAt + delay)];
}

/** What the share token says: units with 8 decimals, rounded up. */
export function unitsAt({ supplies }: Pick<Model, "supplies">, time: number): bigint {
  const shares = supplies.findLast(({ from }) => from <= time)?.shares ?? 0n;
  return (shares + 99n) / 100n;
}

/** What counts now, and what is announced and does not. */
export function settled<T>(found: Announced<T>, now: number): Announced<T> {
  return found.next !== undefined && now >= found.next.liveAt ? { current: found.next.value } : found;
}

export function isHealthy(model: Model, subject: Subject, policy: Policy, now: number): boolean {
  const { standing, expiry } = model.records[subject]![policy]!;
  return standing === "open" && now < expiry;
}

export function attest(model: Model, claim: Claim, now: number): Refusal {
  const refusal = admit(model, claim, now) ?? (claim.isTrue ? undefined : "ProofRefused");
  if (refusal === undefined) store(model, claim, now);
  return refusal;
}

/** Each in turn but what was attested before, then all proofs at once: everything or nothing. */
export function attestBatch(model: Model, claims: readonly Claim[], now: number): Refusal {
  const copy = <T>(rows: readonly (readonly T[])[]): T[][] => rows.map((row) => [...row]);
  const { records, tables } = model;
  const trial = {
    ...{ ...model, states: [...model.states], restarts: [...model.restarts] },
    ...{ records: copy(records), tables: copy(tables) },
  };
  const fresh: Claim[] = [];
  for (const [i, claim] of claims.entries()) {
    if (isDone(trial, claim, claims.slice(i + 1), now)) continue;
    const refusal = admit(trial, claim, now);
    if (refusal !== undefined) return refusal;
    store(trial, claim, now);
    fresh.push(claim);
  }
  if (fresh.some(({ isTrue }) => !isTrue)) return "BatchRefused";
  for (const claim of fresh) store(model, claim, now);
  return undefined;
}

/** Live by itself or a newer one, and the subject's state is what it left, or what later ones of the batch made of that. */
function isDone(model: Model, claim: Claim, later: readonly Claim[], now: number): boolean {
  const { subject, policy, asOf } = claim;
  if (!isHealthy(model, subject, policy, now) || asOf > model.records[subject]![policy]!.asOf) return false;
  let reached = claim.newState;
  for (const next of later) {
    if (reached === model.states[subject]) return true;
    if (next.subject === subject && next.previousState === reached) reached = next.newState;
  }
  return reached === model.states[subject];
}

function admit(model: Model, claim: Claim, now: number): Refusal {
  const { maxAge, validity, maxMarketSkew } = model.times[claim.policy]!;
  const enrolment = settled(model.enrolments[claim.subject]!, now).current;
  const { standing, floor } = model.records[claim.subject]![claim.policy]!;
  if (enrolment === 0n) return "NotEnrolled";
  if (standing === "revokedByGuardian") return "ClosedByGuardian";
  if (claim.asOf <= floor) return "NotNewer";
  if (claim.asOf > now) return "SnapshotInFuture";
  if (now - claim.asOf > maxAge) return "SnapshotTooOld";
  if (now >= claim.asOf + validity) return "AlreadyExpired";
  if (Math.abs(claim.asOf - claim.marketTime) > maxMarketSkew) return "MarketTooFar";
  if (!claim.isOfSeries || model.markets.get(claim.marketTime) !== "accepted") return "MarketNotAccepted";
  if (claim.enrolment !== enrolment) return "WrongEnrolment";
  const goesOn = claim.previousState === model.states[claim.subject];
  if (!goesOn && !(claim.previousState === 0n && mayStartOver(model, claim.subject, now)))
    return "WrongState";
  if (claim.asOf >= now) return "UnitsUnavailable";
  const units = unitsAt(model, claim.asOf);
  if (units === 0n) return "NoUnits";
  return claim.units === units ? undefined : "WrongUnits";
}

function store(model: Model, { subject, policy, asOf, newState, ...claim }: Claim, now: number): void {
  const record = model.records[subject]![policy]!;
  const { validity, minInterval } = model.times[policy]!;
  const unbroken = isHealthy(model, subject, policy, now);
  const first = record.count === 0;
  const counts = first || asOf - record.countedAt >= minInterval;
  const more = counts ? 1 : 0;
  model.records[subject]![policy] = {
    asOf,
    expiry: asOf + validity,
    floor: asOf,
    since: unbroken ? record.since : now,
    firstAsOf: first ? asOf : record.firstAsOf,
    countedAt: counts || !unbroken ? asOf : record.countedAt,
    count: record.count + more,
    streak: unbroken ? record.streak + more : 1,
    lapses: record.lapses + (first || unbroken ? 0 : 1),
    standing: "open",
    basis: claim.basis,
  };
  model.tables[subject]![policy] = claim.marketTime;
  model.states[subject] = newState;
  model.restarts[subject] = undefined;
}

/** Whether a restart's time has come. */
export function mayStartOver(model: Pick<Model, "restarts">, subject: Subject, now: number): boolean {
  const liveAt = model.restarts[subject];
  return liveAt !== undefined && now >= liveAt;
}

export function enrol(model: Model, subject: Subject, enrolment: bigint, now: number): Refusal {
  const found = settled(model.enrolments[subject]!, now);
  const counts = model.states[subject] === 0n || found.current === enrolment;
  if (counts) model.enrolments[subject] = { current: enrolment };
  else if (found.next?.value !== enrolment) {
    model.enrolments[subject] = { ...found, next: { value: enrolment, liveAt: now + model.delay } };
  }
  return undefined;
}

export function revoke(model: Model, subject: Subject, policy: Policy, now: number): Refusal {
  const record = model.records[subject]![policy]!;
  if (record.standing === "revokedByGuardian") return "ClosedByGuardian";
  model.records[subject]![policy] = { ...record, standing: "revokedBySubject", floor: now };
  return undefined;
}

export function revokeFor(model: Model, subject: Subject, policy: Policy, now: number): Refusal {
  if (model.enrolments[subject]!.current === 0n) return "NotEnrolled";
  const record = model.records[subject]![policy]!;
  model.records[subject]![policy] = { ...record, standing: "revokedByGuardian", floor: now };
  return undefined;
}

export function reopen(model: Model, subject: Subject, policy: Policy, now: number): Refusal {
  const record = model.records[subject]![policy]!;
  if (record.standing !== "revokedByGuardian") return "NotClosed";
  model.records[subject]![policy] = { ...record, standing: "revokedBySubject", floor: now };
  return undefined;
}

/** @param basis what the caller says that the latest attestation rests on, by its hash */
export function voidAttestation(
  model: Model,
  subject: Subject,
  policy: Policy,
  basis: Hex,
  now: number,
): Refusal {
  const record = model.records[subject]![policy]!;
  if (!isHealthy(model, subject, policy, now)) return "NothingToVoid";
  if (basis !== record.basis) return "WrongBasis";
  if (model.markets.get(model.tables[subject]![policy]!) !== "withdrawn") return "NothingToVoid";
  model.records[subject]![policy] = { ...record, standing: "voided" };
  return undefined;
}

export function restartChain(model: Model, subject: Subject, now: number): Refusal {
  if (model.states[subject] === 0n) return "ChainNotStarted";
  if (model.restarts[subject] !== undefined) return "RestartAnnounced";
  model.restarts[subject] = now + model.restartDelay;
  return undefined;
}

export function cancelRestart(model: Model, subject: Subject): Refusal {
  if (model.restarts[subject] === undefined) return "NoRestartAnnounced";
  model.restarts[subject] = undefined;
  return undefined;
}

export function moveLine(model: Model, to: Policy, now: number): Refusal {
  const { current } = settle(model, now);
  const oldest = model.past.at(-MOST_MOVES)?.leftAt;
  if (to > current && oldest !== undefined && now < oldest + model.delay) return "TooManyTightenings";
  if (to > current) model.past.push({ policy: current, leftAt: now, how: "tightened" });
  model.line = to >= current ? { current: to } : { current, next: { value: to, liveAt: now + model.delay } };
  return undefined;
}

export function cancelMove(model: Model, now: number): Refusal {
  const { current, next } = settle(model, now);
  if (next === undefined) return "NothingAnnounced";
  model.line = { current };
  return undefined;
}

/** The line's latest tightening that is not older than the delay, and not taken back before. */
export function undoTightening(model: Model, now: number): Refusal {
  const { current } = settle(model, now);
  const last = model.past.findLast(({ how }) => how === "tightened");
  if (last === undefined || now >= last.leftAt + model.delay) return "NothingToUndo";
  last.how = "returned";
  model.past.push({ policy: current, leftAt: now, how: "undone" });
  model.line = { current: last.policy };
  return undefined;
}

/** Whether a gate on the line is open for a subject: under its policy, or by what was attested before a tightening. */
export function isOpen(model: Model, subject: Subject, now: number): boolean {
  if (isHealthy(model, subject, settled(model.line, now).current, now)) return true;
  const past = [...model.past, ...unwritten(model, now)];
  return past.some(({ policy, leftAt, how }) => {
    const { since, asOf } = model.records[subject]![policy]!;
    const counts = (how === "tightened" || how === "undone") && now < leftAt + model.delay;
    return counts && isHealthy(model, subject, policy, now) && since < leftAt && asOf < leftAt;
  });
}

/** Remembers what an announced policy, whose time has come, took the place of. */
function settle(model: Model, now: number): Announced<Policy> {
  const found = settled(model.line, now);
  model.past.push(...unwritten(model, now));
  model.line = found;
  return found;
}

/** What an announced policy, whose time has come, took the place of, until that is remembered. */
function unwritten({ line }: Model, now: number): Model["past"] {
  if (settled(line, now).current === line.current) return [];
  return [{ policy: line.current, leftAt: line.next!.liveAt, how: "replaced" }];
}

/** Since when and how steadily the subject is healthy under the line's policies; zeros when it is not. */
export function lineRecord(model: Model, subject: Subject, now: number): { since: number; streak: number } {
  const { current } = settled(model.line, now);
  const past = [...model.past, ...unwritten(model, now)];
  if (!isHealthy(model, subject, current, now)) return { since: 0, streak: 0 };
  const runOf = (policy: Policy, place: number) => {
    const record = model.records[subject]![policy]!;
    const { minInterval, maxAge, validity } = model.times[policy]!;
    const from = past[place - 1]?.leftAt ?? 0;
    const fit = Math.max(1, 1 + Math.floor((record.asOf - from) / minInterval));
    const since = Math.max(record.since, from);
    const streak = record.since < from ? Math.min(record.streak, fit) : record.streak;
    return { record, since, streak, maxAge, validity };
  };
  let later = runOf(current, past.length);
  let { since, streak } = later;
  for (const [place, { policy, leftAt }] of [...past.entries()].toReversed()) {
    const earlier = runOf(policy, place);
    const { standing, expiry, asOf, since: began } = earlier.record;
    if (standing !== "open") break;
    if (began > leftAt || expiry < since || since > leftAt + earlier.validity) continue;
    if (asOf + later.maxAge < later.record.since) streak += earlier.streak;
    since = earlier.since;
    later = earlier;
  }
  return { since, streak };
}
