// SPDX-License-Identifier: MIT
/**
 * What time alone brings, and no log says: attestations that lapse, announcements that come into force, offers and scheduled calls
 * that nobody used, standby verifiers that take over; and announcements that something else took the place of before their time.
 *
 * @module
 */

import type { Address, Hex } from "viem";
import type { HistoryEntry, Place } from "./history.js";
import { type BookNotice, type FoundEvent, lapseOf } from "./notices.js";

/** A subject's latest attestation expired, and no newer one had come. */
export interface LapsedNotice {
  readonly kind: "lapsed";
  readonly subject: Address;
  readonly policyId: Hex;
  /** The first second without health, unix seconds. */
  readonly blockTime: number;
}

/** A list of publishers that was announced counts. */
export interface PublishersInForceNotice {
  readonly kind: "publishersInForce";
  readonly publishers: readonly Address[];
  readonly threshold: bigint;
  /** The first second in which it does, unix seconds. */
  readonly blockTime: number;
}

/** What was said, and when; without its place, which a reorganisation may change. */
export type Said = WithoutPlace<HistoryEntry | BookNotice> & { readonly blockTime: number };
type WithoutPlace<T> = T extends unknown ? Omit<T, keyof Place> : never;

/** Something that was announced counts: a looser policy, a verifier, a universe, a role, a delay, a list, a call that may be made. */
export interface InForceNotice {
  readonly kind: "inForce";
  readonly notice: Said;
  /** The first second in which it does, unix seconds. */
  readonly blockTime: number;
}

/** An offer that nobody accepted, a scheduled call that nobody made: it no longer can be. */
export interface ExpiredNotice {
  readonly kind: "expired";
  readonly notice: Said;
  readonly blockTime: number;
}

/** A standby verifier begins to count, or steps back since another version counts. */
export interface StandbyNotice {
  readonly kind: "standbyChanged";
  readonly circuit: Hex;
  readonly version: number;
  readonly verifier: Address;
  readonly counts: boolean;
  readonly blockTime: number;
}

/** Something that follows from logs and the time that passed. */
export type TimedNotice =
  | LapsedNotice
  | PublishersInForceNotice
  | InForceNotice
  | ExpiredNotice
  | StandbyNotice;

/** What was announced will not come: something else took its place before its time. */
export interface DroppedNotice extends Place {
  readonly kind: "dropped";
  readonly notice: Said;
}

type Event = HistoryEntry | BookNotice | FoundEvent["notice"];

/** What an event does to what waits under a name. */
interface Change {
  /** Of one thing, or the beginning of several names. */
  readonly key: string;
  /** What waits from then on. */
  readonly due?: TimedNotice | undefined;
  /** The event says nothing of what waited before. */
  readonly silent?: true;
}

/**
 * Everything that time brought up to a second, and what was dropped on the way.
 *
 * @param events in the chain's order, those of the registry and those of the books each
 */
export function timeline(
  events: readonly (HistoryEntry | BookNotice)[],
  to: number,
): { readonly timed: readonly TimedNotice[]; readonly dropped: readonly DroppedNotice[] } {
  const waiting = new Map<string, { readonly due: TimedNotice; readonly notice: Said }>();
  const timed: TimedNotice[] = [];
  const dropped: DroppedNotice[] = [];
  const settle = (key: string, now: number): void => {
    const { due } = waiting.get(key) ?? {};
    if (due === undefined || due.blockTime > now) return;
    timed.push(due);
    waiting.delete(key);
  };
  for (const event of events) {
    const { blockNumber, blockTime, transaction, logIndex } = event;
    const notice = event.kind === "foundThere" ? (event.notice as Said) : said(event);
    for (const { key: named, due, silent } of changesOf(event)) {
      for (const key of named.endsWith(" ") ? namesFrom(waiting, named) : [named]) {
        settle(key, blockTime);
        const before = waiting.get(key);
        waiting.delete(key);
        if (silent && before !== undefined) {
          dropped.push({
            kind: "dropped",
            notice: before.notice,
            blockNumber,
            blockTime,
            transaction,
            logIndex,
          });
        }
        if (due !== undefined && due.blockTime > blockTime) waiting.set(key, { due, notice });
      }
    }
  }
  for (const key of [...waiting.keys()]) settle(key, to);
  return { timed: [...timed, ...standbyChanges(events, to)], dropped };
}

const namesFrom = (waiting: ReadonlyMap<string, unknown>, start: string): string[] =>
  [...waiting.keys()].filter((key) => key.startsWith(start));

function changesOf(event: HistoryEntry | BookNotice): Change[] {
  return event.kind === "foundThere"
    ? ofAuthority(event.notice)
    : [...ofSubject(event), ...ofBooks(event), ...ofAuthority(event)];
}

/** Health, declared accounts, the drawdown chain. */
function ofSubject(event: Event): Change[] {
  switch (event.kind) {
    case "attested": {
      const { subject, policyId, expiry: blockTime } = event;
      return [
        { key: `health ${subject} ${policyId}`, due: { kind: "lapsed", subject, policyId, blockTime } },
      ];
    }
    case "revoked":
    case "reopened":
    case "voided":
      return [{ key: `health ${event.subject} ${event.policyId}` }];
    case "enrolled":
      return [{ key: `accounts ${event.subject}`, due: inForce(event), silent: true }];
    case "restartAnnounced":
      return [{ key: `restart ${event.subject}`, due: inForce(event) }];
    case "restartCancelled":
    case "chainRestarted":
      return [{ key: `restart ${event.subject}` }];
    default:
      return [];
  }
}

/** Lines, verifiers, publishers, universes. */
function ofBooks(event: Event): Change[] {
  switch (event.kind) {
    case "policyLoosened":
      return [{ key: `line ${event.line}`, due: inForce(event), silent: true }];
    case "policyTightened":
    case "tighteningUndone":
      return [{ key: `line ${event.line}`, silent: true }];
    case "policyMoveCancelled":
      return [{ key: `line ${event.line}` }];
    case "verifierAdded":
      return event.standby
        ? []
        : [{ key: `verifier ${event.circuit} ${event.version}`, due: inForce(event) }];
    case "verifierRetired":
      return [{ key: `verifier ${event.circuit} ${event.version}` }];
    case "publishersAnnounced": {
      const { publishers, threshold, liveAt: blockTime } = event;
      const due = { kind: "publishersInForce", publishers, threshold, blockTime } as const;
      return [{ key: "publishers", due, silent: true }];
    }
    case "publishersCancelled":
      return [{ key: "publishers" }];
    case "universeOpened":
      return [{ key: `universe ${event.source} ${event.id}`, due: inForce(event) }];
    case "universeClosed":
      return [{ key: `universe ${event.source} ${event.id}` }];
    default:
      return [];
  }
}

/** Roles, offers, delays, and calls that wait: of each authority by itself. */
function ofAuthority(event: Event): Change[] {
  // Names of one authority begin alike.
  const at = `${("at" in event ? event.at : undefined) ?? "first"} `;
  switch (event.kind) {
    case "roleOffered":
      return [{ key: `offer ${at}${event.role} ${event.account}`, due: expired(event) }];
    case "roleOfferWithdrawn":
      return [{ key: `offer ${at}${event.role} ${event.account}` }];
    case "roleOffersVoided":
      return [{ key: `offer ${at}` }];
    case "roleGranted": {
      const name = `${at}${event.role} ${event.account}`;
      const what = event.newMember ? "member" : "delay";
      return [{ key: `offer ${name}` }, { key: `${what} ${name}`, due: inForce(event), silent: true }];
    }
    case "roleRevoked": {
      const name = `${at}${event.role} ${event.account}`;
      return [{ key: `offer ${name}` }, { key: `member ${name}` }, { key: `delay ${name}` }];
    }
    case "grantDelayChanged":
      return [{ key: `grant ${at}${event.role}`, due: inForce(event), silent: true }];
    case "adminDelayChanged":
      return [{ key: `target ${at}${event.target}`, due: inForce(event), silent: true }];
    case "operationScheduled": {
      const { operation } = event;
      return [
        { key: `ready ${at}${operation}`, due: inForce(event) },
        { key: `life ${at}${operation}`, due: expired(event) },
      ];
    }
    case "operationExecuted":
    case "operationCancelled":
      return [{ key: `ready ${at}${event.operation}` }, { key: `life ${at}${event.operation}` }];
    case "universeOpened":
      return ofBooks(event);
    default:
      return [];
  }
}

function inForce(event: Event & { readonly liveAt: number }): InForceNotice {
  return { kind: "inForce", notice: said(event), blockTime: event.liveAt };
}

function expired(event: BookNotice | FoundEvent["notice"]): ExpiredNotice {
  return { kind: "expired", notice: said(event), blockTime: lapseOf(event) };
}

function said(event: Event): Said {
  const { blockNumber: _, logIndex: __, transaction: ___, ...rest } = event as HistoryEntry | BookNotice;
  return rest as Said;
}

/** A version of a circuit's verifier over time. */
interface Version {
  readonly version: number;
  readonly verifier: Address;
  readonly liveAt: number;
  readonly standby: boolean;
  /** Never, while it is infinite. */
  retiredAt: number;
}

/** When standby versions began to count, and stepped back: no log says it (VerifierBook.sol, `_isHeld`). */
function standbyChanges(events: readonly (HistoryEntry | BookNotice)[], to: number): StandbyNotice[] {
  const circuits = new Map<Hex, Version[]>();
  for (const event of events) {
    if (event.kind === "verifierAdded") {
      const { circuit, version, verifier, liveAt, standby } = event;
      const added = { version, verifier, liveAt, standby, retiredAt: Number.POSITIVE_INFINITY };
      circuits.set(circuit, [...(circuits.get(circuit) ?? []), added]);
    } else if (event.kind === "verifierRetired") {
      const retired = circuits.get(event.circuit)?.find(({ version }) => version === event.version);
      if (retired !== undefined) retired.retiredAt = event.blockTime;
    }
  }
  return [...circuits].flatMap(([circuit, versions]) =>
    versions.filter(({ standby }) => standby).flatMap((one) => turnsOf(circuit, versions, one, to)),
  );
}

function turnsOf(circuit: Hex, versions: readonly Version[], one: Version, to: number): StandbyNotice[] {
  const times = versions.flatMap(({ liveAt, retiredAt }) => [liveAt, retiredAt]).filter((time) => time <= to);
  const { version, verifier } = one;
  const turns: StandbyNotice[] = [];
  let counted = false;
  for (const blockTime of [...new Set(times)].sort((a, b) => a - b)) {
    // Its own retirement is told by itself.
    if (blockTime >= one.retiredAt) break;
    const counts = stands(one, blockTime) && !isHeld(versions, one, blockTime);
    if (counts !== counted) {
      turns.push({ kind: "standbyChanged", circuit, version, verifier, counts, blockTime });
    }
    counted = counts;
  }
  return turns;
}

const stands = ({ liveAt, retiredAt }: Version, time: number): boolean => liveAt <= time && time < retiredAt;

/** By any version that does not stand by, and by a standby version before it. */
function isHeld(versions: readonly Version[], one: Version, time: number): boolean {
  return versions.some((other) => (!other.standby || other.version < one.version) && stands(other, time));
}
