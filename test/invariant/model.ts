// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * The contracts' rules once more, in plain TypeScript: what each call does, or the name of the error that refuses it. Written
 * from the interfaces' documentation.
 *
 * @module
 */

import type { ReplayedRecord } from "keel/verifier/chain";

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
}

/** An attestation as it is submitted. */
export interface Claim {
  readonly subject: Subject;
  readonly policy: Policy;
  readonly asOf: number;
  readonly marketTime: number;
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

export interface Model {
  readonly times: readonly Times[];
  /** Seconds from the announcement of other accounts, or of a policy that is not tighter, until it counts. */
  readonly delay: number;
  /** Times of market tables that were accepted. */
  readonly markets: Set<number>;
  readonly enrolments: Announced<bigint>[];
  readonly states: bigint[];
  readonly records: ReplayedRecord[][];
  line: Announced<Policy>;
}

const NOTHING: ReplayedRecord = {
  asOf: 0,
  expiry: 0,
  floor: 0,
  firstAsOf: 0,
  count: 0,
  streak: 0,
  lapses: 0,
  standing: "open",
};

/** Policy 1 is tighter than policy 0; the line starts at 0. */
export function newModel(times: readonly Times[], delay: number): Model {
  return {
    times,
    delay,
    markets: new Set(),
    enrolments: [0n, 0n, 0n].map((current) => ({ current })),
    states: [0n, 0n, 0n],
    records: [0, 1, 2].map(() => [NOTHING, NOTHING]),
    line: { current: 0 },
  };
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

/** Each in turn, then all proofs at once: everything or nothing. */
export function attestBatch(model: Model, claims: readonly Claim[], now: number): Refusal {
  const trial = { ...model, states: [...model.states], records: model.records.map((row) => [...row]) };
  for (const claim of claims) {
    const refusal = admit(trial, claim, now);
    if (refusal !== undefined) return refusal;
    store(trial, claim, now);
  }
  if (claims.some(({ isTrue }) => !isTrue)) return "BatchRefused";
  for (const claim of claims) store(model, claim, now);
  return undefined;
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
  if (!model.markets.has(claim.marketTime)) return "MarketNotAccepted";
  if (claim.enrolment !== enrolment) return "WrongEnrolment";
  if (claim.previousState !== model.states[claim.subject]) return "WrongState";
  return undefined;
}

function store(model: Model, { subject, policy, asOf, newState }: Claim, now: number): void {
  const record = model.records[subject]![policy]!;
  const unbroken = isHealthy(model, subject, policy, now);
  const first = record.count === 0;
  model.records[subject]![policy] = {
    asOf,
    expiry: asOf + model.times[policy]!.validity,
    floor: asOf,
    firstAsOf: first ? asOf : record.firstAsOf,
    count: record.count + 1,
    streak: unbroken ? record.streak + 1 : 1,
    lapses: record.lapses + (first || unbroken ? 0 : 1),
    standing: "open",
  };
  model.states[subject] = newState;
}

export function enrol(model: Model, subject: Subject, enrolment: bigint, now: number): Refusal {
  const found = settled(model.enrolments[subject]!, now);
  const counts = found.current === 0n || found.current === enrolment;
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

export function restartChain(model: Model, subject: Subject): Refusal {
  if (model.states[subject] === 0n) return "ChainNotStarted";
  model.states[subject] = 0n;
  return undefined;
}

export function moveLine(model: Model, to: Policy, now: number): Refusal {
  const { current } = settled(model.line, now);
  model.line = to >= current ? { current: to } : { current, next: { value: to, liveAt: now + model.delay } };
  return undefined;
}

export function cancelMove(model: Model, now: number): Refusal {
  const { current, next } = settled(model.line, now);
  if (next === undefined) return "NothingAnnounced";
  model.line = { current };
  return undefined;
}
