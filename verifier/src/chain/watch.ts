// SPDX-License-Identifier: MIT
/**
 * What happened to trust since the last look: health that lapsed, was revoked or voided, accounts and chains that change, policies
 * that loosen, verifiers, publishers and markets that come and go.
 *
 * A lapse leaves no log: it follows from the attestations before it and the time that passed, so a watch starts from the
 * registry's first block.
 *
 * @module
 */

import type { Address, Hex } from "viem";
import { marketBookAbi, policyBookAbi, verifierBookAbi } from "./abi.js";
import {
  type Blocks,
  type ChainRestartedEntry,
  type HistoryEntry,
  type HistoryQuery,
  historyOf,
  inSpans,
  type Place,
  placesOf,
  type ReopenedEntry,
  type RevokedEntry,
  type VoidedEntry,
} from "./history.js";
import { type Registry, toKeelError } from "./registry.js";

/** A subject's latest attestation expired, and no newer one had come. */
export interface LapsedNotice {
  readonly kind: "lapsed";
  readonly subject: Address;
  readonly policyId: Hex;
  /** The first second without health, unix seconds. */
  readonly blockTime: number;
}

/** Something that a log says. */
export type LoggedNotice =
  | RevokedEntry
  | ReopenedEntry
  | VoidedEntry
  | ChainRestartedEntry
  | (Place & Announcement);

/** Something that the logs of the books say, or one that an enrolment means. */
type Announcement =
  /** Another list of accounts will count. */
  | {
      readonly kind: "accountsAnnounced";
      readonly subject: Address;
      readonly enrolment: bigint;
      readonly liveAt: number;
    }
  | {
      readonly kind: "policyLoosened";
      /** The line of policies, as the policy book names it. */
      readonly line: Hex;
      readonly from: Hex;
      readonly to: Hex;
      readonly liveAt: number;
    }
  | {
      readonly kind: "verifierAdded";
      /** keccak256 of the circuit's name. */
      readonly circuit: Hex;
      readonly version: number;
      readonly verifier: Address;
      readonly codeHash: Hex;
      readonly liveAt: number;
      /** Made from a development key. */
      readonly insecure: boolean;
    }
  | {
      readonly kind: "verifierRetired";
      readonly circuit: Hex;
      readonly version: number;
      readonly by: Address;
      readonly reason: string;
    }
  | {
      readonly kind: "publishersSet";
      readonly publishers: readonly Address[];
      readonly threshold: bigint;
    }
  | {
      readonly kind: "marketWithdrawn";
      /** Of market or returns tables. */
      readonly series: Hex;
      readonly root: bigint;
      readonly asOf: bigint;
      readonly by: Address;
      readonly reason: string;
    };

/** What a watcher is told. */
export type Notice = LapsedNotice | LoggedNotice;

/** How far a watch has come. */
export interface Watch {
  readonly query: HistoryQuery;
  /** Everything before `next`. */
  readonly entries: readonly HistoryEntry[];
  /** The first block that was not looked at. */
  readonly next: bigint;
  /** Time of the block before it, unix seconds. */
  readonly time: number;
}

/**
 * Starts a watch: everything before `since` is known and not told.
 *
 * @param query `fromBlock` at or before the registry's first; a subject and a policy narrow what is told of subjects, not of
 * the books
 * @param since the first block to look at
 * @throws KeelError kind `environment` when the chain does not answer
 */
export async function startWatch(registry: Registry, query: HistoryQuery, since: bigint): Promise<Watch> {
  const next = since > query.fromBlock ? since : query.fromBlock;
  if (next === query.fromBlock) return { query, entries: [], next, time: 0 };
  const toBlock = next - 1n;
  const entries = await historyOf(registry, { ...query, toBlock });
  return { query, entries, next, time: await timeOf(registry, toBlock) };
}

/**
 * Looks at the blocks up to `toBlock`, and tells what happened in them, in order.
 *
 * @throws KeelError kind `environment` when the chain does not answer
 */
export async function look(
  registry: Registry,
  watch: Watch,
  toBlock: bigint,
): Promise<{ readonly notices: readonly Notice[]; readonly watch: Watch }> {
  if (toBlock < watch.next) return { notices: [], watch };
  const span = { fromBlock: watch.next, toBlock };
  const fresh = await historyOf(registry, { ...watch.query, ...span });
  const entries = [...watch.entries, ...fresh];
  const time = await timeOf(registry, toBlock);
  const books = await inSpans(span, (part) => bookNotices(registry, part)).catch((error: unknown) => {
    throw toKeelError(error);
  });
  const notices = [...fresh.flatMap(noticeOf), ...lapses(entries, watch.time, time), ...books];
  return { notices: notices.sort(inOrder), watch: { ...watch, entries, next: toBlock + 1n, time } };
}

async function timeOf({ client }: Registry, blockNumber: bigint): Promise<number> {
  const block = await client.getBlock({ blockNumber }).catch((error: unknown) => {
    throw toKeelError(error);
  });
  return Number(block.timestamp);
}

function noticeOf(entry: HistoryEntry): LoggedNotice[] {
  switch (entry.kind) {
    case "revoked":
    case "reopened":
    case "voided":
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

/** Attestations that expired after `from` and not after `to`, with nothing newer in time. */
function lapses(entries: readonly HistoryEntry[], from: number, to: number): LapsedNotice[] {
  const expiries = new Map<string, LapsedNotice>();
  const found: LapsedNotice[] = [];
  const settle = (key: string, now: number): void => {
    const due = expiries.get(key);
    if (due !== undefined && due.blockTime <= now) {
      found.push(due);
      expiries.delete(key);
    }
  };
  for (const entry of entries) {
    if (!("policyId" in entry)) continue;
    const { subject, policyId, blockTime } = entry;
    const key = `${subject} ${policyId}`;
    settle(key, blockTime);
    if (entry.kind === "attested")
      expiries.set(key, { kind: "lapsed", subject, policyId, blockTime: entry.expiry });
    else expiries.delete(key);
  }
  for (const key of [...expiries.keys()]) settle(key, to);
  return found.filter(({ blockTime }) => blockTime > from);
}

async function bookNotices(registry: Registry, span: Blocks): Promise<LoggedNotice[]> {
  const { client, policyBook, verifierBook, marketBook } = registry;
  const filter = { ...span, strict: true } as const;
  const policies = { ...filter, address: policyBook, abi: policyBookAbi } as const;
  const verifiers = { ...filter, address: verifierBook, abi: verifierBookAbi } as const;
  const markets = { ...filter, address: marketBook, abi: marketBookAbi } as const;
  const [moved, added, retired, publishers, withdrawn] = await Promise.all([
    client.getContractEvents({ ...policies, eventName: "LineMoved" }),
    client.getContractEvents({ ...verifiers, eventName: "VerifierAdded" }),
    client.getContractEvents({ ...verifiers, eventName: "VerifierRetired" }),
    client.getContractEvents({ ...markets, eventName: "PublishersSet" }),
    client.getContractEvents({ ...markets, eventName: "MarketWithdrawn" }),
  ]);
  const loosened = moved.filter(({ args }) => !args.tighter);
  const place = await placesOf(registry, [loosened, added, retired, publishers, withdrawn].flat());
  return [
    ...loosened.map((log) => {
      const { line, from, to, liveAt } = log.args;
      return { kind: "policyLoosened" as const, line, from, to, liveAt, ...place(log) };
    }),
    ...added.map((log) => ({ kind: "verifierAdded" as const, ...log.args, ...place(log) })),
    ...retired.map((log) => ({ kind: "verifierRetired" as const, ...log.args, ...place(log) })),
    ...publishers.map((log) => ({ kind: "publishersSet" as const, ...log.args, ...place(log) })),
    ...withdrawn.map((log) => ({ kind: "marketWithdrawn" as const, ...log.args, ...place(log) })),
  ];
}

/** By time; in one second, what no log says first, then by block and place in it. */
function inOrder(a: Notice, b: Notice): number {
  const byTime = a.blockTime - b.blockTime;
  if (byTime !== 0 || !("logIndex" in a) || !("logIndex" in b)) {
    return byTime || Number("logIndex" in a) - Number("logIndex" in b);
  }
  return Number(a.blockNumber - b.blockNumber) || a.logIndex - b.logIndex;
}
