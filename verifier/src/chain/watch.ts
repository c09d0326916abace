// SPDX-License-Identifier: MIT
/**
 * What happened to trust since the last look: health that lapsed, was revoked or voided, accounts and chains that change, policies
 * that loosen, verifiers, publishers, tables and markets that come and go, and who may do what.
 *
 * What time alone brings leaves no log: a lapse follows from the attestations before it, and so do announcements that come into
 * force, and offers and operations that nobody used. So a watch starts from the registry's first block, and tells each when the
 * chain's time has passed it, also when nobody looked for a while. A reorganisation takes back what was told: a watch keeps the hashes of the last blocks that it looked
 * at, and when one of them was replaced it reads again from the last one that stands. What was told and is no longer there is told
 * as taken back, what is new is told; a transaction that only went into another block is neither.
 *
 * @module
 */

import type { Address, Hex } from "viem";
import { inputError } from "../core/errors.js";
import {
  type ChainRestartedEntry,
  type EnrolledEntry,
  type HistoryEntry,
  type HistoryQuery,
  historyOf,
  type ReopenedEntry,
  type RestartAnnouncedEntry,
  type RestartCancelledEntry,
  type RevokedEntry,
  type VoidedEntry,
} from "./history.js";
import { lastStanding, type Mark, markAt, marksUpTo, recentMarks, unsteady } from "./marks.js";
import { type BookNotice, bookNotices, NO_PARTIES, type Parties, partiesIn, partiesUpTo } from "./notices.js";
import { latestBlock, type Registry, toKeelError } from "./registry.js";
import { type DroppedNotice, type TimedNotice, timeline } from "./timeline.js";

/** Another list of accounts will count. */
export type AccountsAnnouncedNotice = Omit<EnrolledEntry, "kind"> & { readonly kind: "accountsAnnounced" };

/** Another list of accounts counts at once, as it may before a subject's first attestation. */
export type AccountsReplacedNotice = Omit<EnrolledEntry, "kind"> & { readonly kind: "accountsReplaced" };

/** Something that a log says. */
export type LoggedNotice =
  | RevokedEntry
  | ReopenedEntry
  | VoidedEntry
  | RestartAnnouncedEntry
  | RestartCancelledEntry
  | ChainRestartedEntry
  | AccountsAnnouncedNotice
  | AccountsReplacedNotice
  | DroppedNotice
  | BookNotice;

/** What was told before, and is no longer on the chain. */
export interface TakenBackNotice {
  readonly kind: "takenBack";
  readonly notice: LoggedNotice | TimedNotice;
  /** Time of the block that was looked at then, unix seconds. */
  readonly blockTime: number;
}

/** More blocks were replaced than the watch remembers: what was told of them cannot be compared. */
export interface ReplacedNotice {
  readonly kind: "blocksReplaced";
  /** The first block that is known to be another. */
  readonly from: bigint;
  readonly blockTime: number;
}

export type Notice = LoggedNotice | TimedNotice | TakenBackNotice | ReplacedNotice;

/** What is told, and how far back a watch remembers. */
export interface WatchQuery extends HistoryQuery {
  /** Blocks whose replacement is noticed, back from the last one that was looked at; {@link WATCH_DEPTH} when absent. */
  readonly depth?: number;
}

/** Blocks that a watch remembers. On Ethereum two epochs, after which a block is final unless something is wrong. */
export const WATCH_DEPTH = 64;

/** How far a watch has come. */
export interface Watch {
  readonly query: WatchQuery;
  /** Everything before `next`. */
  readonly entries: readonly HistoryEntry[];
  /** What the logs of books, markets and authority say: of the last blocks, and what later notices follow from of all. */
  readonly logged: readonly BookNotice[];
  readonly parties: Parties;
  /** The first block that was not looked at. */
  readonly next: bigint;
  /** Time of the block before it, unix seconds. */
  readonly time: number;
  /** Blocks that were looked at, oldest first. */
  readonly marks: readonly Mark[];
  /** What is known of the time after the oldest mark. */
  readonly recent: readonly (LoggedNotice | TimedNotice)[];
}

/** What the next watch needs to go on where one stopped, also after a reorganisation. */
export interface WatchMemory extends Pick<Watch, "next" | "marks" | "recent"> {
  readonly chainId: number;
  readonly registry: Address;
  readonly subject?: Address;
  readonly policyId?: Hex;
}

/**
 * Starts a watch: everything before `since` is known and not told.
 *
 * @param query `fromBlock` at or before the registry's first; a subject and a policy narrow what is told of subjects, not of
 * the books
 * @param since the first block to look at, or what another watch remembered ({@link memoryOf})
 * @throws KeelError kind `environment` when the chain does not answer; `watch.memory` when it remembers another watch
 */
export async function startWatch(
  registry: Registry,
  query: WatchQuery,
  since: bigint | WatchMemory,
): Promise<Watch> {
  if (typeof since === "object") return await resumeWatch(registry, query, since);
  const next = since > query.fromBlock ? since : query.fromBlock;
  const blank = blankWatch(query, next);
  if (next === 0n) return blank;
  const end = await markAt(registry, next - 1n);
  const marks = await marksUpTo(registry, end, [], { after: -1n, depth: depthOf(query) });
  const read = await readUpTo(registry, { ...blank, next: query.fromBlock }, end, marks[0]!.number);
  const recent = noticesIn(read, undefined, end).filter(isAfter(marks[0]!));
  return { ...read, next, time: end.time, marks, recent };
}

/**
 * What a watch has to remember. Plain data but for bigints; {@link startWatch} takes it.
 */
export function memoryOf({ chainId, address }: Registry, { query, next, marks, recent }: Watch): WatchMemory {
  const { subject, policyId } = query;
  return {
    chainId,
    registry: address,
    ...(subject === undefined ? {} : { subject }),
    ...(policyId === undefined ? {} : { policyId }),
    next,
    marks,
    recent,
  };
}

/**
 * Looks at the blocks up to `toBlock`, and tells what happened in them, in order. Blocks that were replaced since the last look
 * are read again. A node that has fewer blocks than were seen, and no other ones, is only behind: nothing is told.
 *
 * @throws KeelError kind `environment` when the chain does not answer
 */
export async function look(
  registry: Registry,
  watch: Watch,
  toBlock: bigint,
): Promise<{ readonly notices: readonly Notice[]; readonly watch: Watch }> {
  for (let attempt = 0; attempt < 3; attempt++) {
    const { base, replaced } = await lastStanding(registry, watch.marks, toBlock);
    const isBehind = toBlock + 1n < watch.next && !replaced;
    if (isBehind || toBlock < watch.query.fromBlock) return { notices: [], watch };
    const end = await markAt(registry, toBlock);
    const seen = await lookFrom(registry, watch, base, end);
    // The same first and last block before and after: everything in between was read from one chain, which goes on from
    // what was told.
    if ((await isThere(registry, base)) && (await isThere(registry, end))) return seen;
  }
  throw unsteady(`block ${toBlock}`);
}

async function isThere(registry: Registry, mark: Mark | undefined): Promise<boolean> {
  return mark === undefined || (await markAt(registry, mark.number)).hash === mark.hash;
}

async function lookFrom(registry: Registry, watch: Watch, base: Mark | undefined, end: Mark) {
  const { query } = watch;
  const oldest = watch.marks[0];
  const isLost = base === undefined && oldest !== undefined;
  const read = await readUpTo(registry, rewound(watch, base), end, isLost ? oldest.number : -1n);
  // Where nothing that is remembered stands, only what came after the oldest mark can be compared.
  const from = base ?? oldest;
  const found = noticesIn(read, from, end);
  const stale = from === undefined ? [] : watch.recent.filter(isAfter(from));
  const { gone, added } = difference(stale, found);
  const numbers = found.flatMap((notice) => ("blockNumber" in notice ? [notice.blockNumber] : []));
  const depth = depthOf(query);
  const fresh = await marksUpTo(registry, end, numbers, { after: base?.number ?? -1n, depth });
  const standing =
    base === undefined
      ? []
      : watch.marks.filter(({ number }) => number < end.number && number <= base.number);
  const marks = recentMarks([...standing, ...fresh], depth);
  const known = [...watch.recent.filter((notice) => from === undefined || !isAfter(from)(notice)), ...found];
  const notices: Notice[] = [
    ...(isLost ? [{ kind: "blocksReplaced" as const, from: oldest.number, blockTime: end.time }] : []),
    ...gone.map((notice) => ({ kind: "takenBack" as const, notice, blockTime: watch.time })),
    ...added,
  ];
  const recent = known.filter(isAfter(marks[0]!));
  return { notices, watch: { ...read, next: end.number + 1n, time: end.time, marks, recent } };
}

/** Goes on from what another watch remembered, on the chain as it is now. */
async function resumeWatch(registry: Registry, query: WatchQuery, memory: WatchMemory): Promise<Watch> {
  checkMemory(registry, query, memory);
  const { next, marks, recent } = memory;
  const blank = { ...blankWatch(query, next), marks, recent, time: marks.at(-1)?.time ?? 0 };
  const { base } = await lastStanding(registry, marks, await latestBlock(registry));
  if (base === undefined) return blank;
  return { ...(await readUpTo(registry, { ...blank, next: query.fromBlock }, base, base.number)), next };
}

function checkMemory(registry: Registry, query: WatchQuery, memory: WatchMemory): void {
  const of = ({
    chainId,
    registry: address,
    subject,
    policyId,
  }: Omit<WatchMemory, "next" | "marks" | "recent">) =>
    `${address.toLowerCase()} on chain ${chainId}, ${subject?.toLowerCase() ?? "all subjects"}, ${policyId ?? "all policies"}`;
  const expected = of(memoryOf(registry, { ...blankWatch(query, 0n) }));
  const received = of(memory);
  if (expected !== received) throw inputError("watch.memory", "since", `a watch of ${expected}`, received);
}

function blankWatch(query: WatchQuery, next: bigint): Watch {
  return { query, entries: [], logged: [], parties: NO_PARTIES, next, time: 0, marks: [], recent: [] };
}

/** Forgets what was read after a block; everything without one. */
function rewound(watch: Watch, base: Mark | undefined): Watch {
  const last = base?.number ?? -1n;
  const stands = ({ blockNumber }: { readonly blockNumber: bigint }): boolean => blockNumber <= last;
  const next = base === undefined ? watch.query.fromBlock : last + 1n;
  const [entries, logged] = [watch.entries.filter(stands), watch.logged.filter(stands)];
  return { ...watch, entries, logged, parties: partiesUpTo(watch.parties, last), next };
}

/**
 * Reads the blocks from `watch.next` to the end: of those up to `known`, which nobody is told of, only what later notices follow
 * from.
 */
async function readUpTo(registry: Registry, watch: Watch, end: Mark, known: bigint): Promise<Watch> {
  const span = { fromBlock: watch.next, toBlock: end.number };
  if (span.toBlock < span.fromBlock) return watch;
  const last = known < span.toBlock ? known : span.toBlock;
  const first = known < span.fromBlock ? span.fromBlock : known + 1n;
  try {
    const parties = await partiesIn(registry, watch.parties, span);
    const past = await bookNotices(registry, parties, { ...span, toBlock: last }, { lasting: true });
    const earlier = [...watch.logged, ...past];
    const [entries, fresh] = await Promise.all([
      historyOf(registry, { ...watch.query, ...span }),
      bookNotices(registry, parties, { ...span, fromBlock: first }, { earlier }),
    ]);
    return { ...watch, parties, entries: [...watch.entries, ...entries], logged: [...earlier, ...fresh] };
  } catch (error) {
    throw toKeelError(error);
  }
}

/** What happened after one block, up to another. */
function noticesIn(watch: Watch, after: Mark | undefined, end: Mark): (LoggedNotice | TimedNotice)[] {
  const from = after?.time ?? 0;
  const { timed, dropped } = timeline([...watch.entries, ...watch.logged], end.time);
  const logged = [
    ...watch.entries.flatMap(noticeOf),
    ...replacedAccounts(watch.entries),
    // It changes nothing for the worse; what it drops is told.
    ...watch.logged.filter(({ kind }) => kind !== "policyTightened"),
    ...dropped,
  ];
  return [
    ...logged.filter(({ blockNumber }) => blockNumber > (after?.number ?? -1n)),
    ...timed.filter(({ blockTime }) => blockTime > from),
  ].sort(inOrder);
}

function isAfter({ number, time }: Mark): (notice: LoggedNotice | TimedNotice) => boolean {
  return (notice) => ("blockNumber" in notice ? notice.blockNumber > number : notice.blockTime > time);
}

/** What only one of two lists has; the same thing twice in one has to be twice in the other. */
function difference<T extends LoggedNotice | TimedNotice>(before: readonly T[], after: readonly T[]) {
  const left = new Map<string, T[]>();
  for (const notice of before) left.set(identity(notice), [...(left.get(identity(notice)) ?? []), notice]);
  const added = after.filter((notice) => left.get(identity(notice))?.shift() === undefined);
  const kept = new Set([...left.values()].flat());
  return { gone: before.filter((notice) => kept.has(notice)), added };
}

/** What a notice says, but for the block that it stands in: the same transaction may stand in another. */
function identity(notice: LoggedNotice | TimedNotice): string {
  const { blockNumber: _, logIndex: __, ...rest } = notice as LoggedNotice;
  const { blockTime, ...said } = rest;
  const what = "blockNumber" in notice ? said : { ...said, blockTime };
  const sorted = Object.entries(what).sort(([a], [b]) => (a < b ? -1 : 1));
  return JSON.stringify(sorted, (_key, value) => (typeof value === "bigint" ? value.toString() : value));
}

function depthOf({ depth = WATCH_DEPTH }: WatchQuery): bigint {
  return BigInt(depth);
}

function noticeOf(entry: HistoryEntry): LoggedNotice[] {
  switch (entry.kind) {
    case "revoked":
    case "reopened":
    case "voided":
    case "restartAnnounced":
    case "restartCancelled":
    case "chainRestarted":
      return [entry];
    case "enrolled": {
      const { kind: _, ...rest } = entry;
      return entry.liveAt === entry.blockTime ? [] : [{ ...rest, kind: "accountsAnnounced" }];
    }
    case "attested":
      return [];
  }
}

/** Lists that took the place of another one at once. */
function replacedAccounts(entries: readonly HistoryEntry[]): AccountsReplacedNotice[] {
  const lists = new Map<string, EnrolledEntry[]>();
  const found: AccountsReplacedNotice[] = [];
  for (const entry of entries) {
    if (entry.kind !== "enrolled") continue;
    const { kind: _, ...rest } = entry;
    const known = lists.get(entry.subject) ?? [];
    const current = known.filter(({ liveAt }) => liveAt <= entry.blockTime).at(-1);
    const isOther = current !== undefined && current.enrolment !== entry.enrolment;
    if (isOther && entry.liveAt === entry.blockTime) found.push({ ...rest, kind: "accountsReplaced" });
    // What was announced and did not count yet never will.
    lists.set(entry.subject, [...(current === undefined ? [] : [current]), entry]);
  }
  return found;
}

/** By time; in one second, what no log says first, then by block and place in it. */
function inOrder(a: LoggedNotice | TimedNotice, b: LoggedNotice | TimedNotice): number {
  const byTime = a.blockTime - b.blockTime;
  if (byTime !== 0 || !("logIndex" in a) || !("logIndex" in b)) {
    return byTime || Number("logIndex" in a) - Number("logIndex" in b);
  }
  return Number(a.blockNumber - b.blockNumber) || a.logIndex - b.logIndex;
}
