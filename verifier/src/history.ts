// SPDX-License-Identifier: MIT
/**
 * A registry's history from its logs alone: what happened, the record that follows from it, and each proof verified again
 * off chain, independent of the registry's word.
 *
 * @module
 */

import type { Address, Hex } from "viem";
import { healthRegistryAbi } from "./abi.js";
import { decodeProof, type Groth16Proof, type VerificationKey, verifyGroth16 } from "./groth16.js";
import { policyTermsOf, type Registry, STANDINGS, type Standing, toKeelError } from "./registry.js";
import { statementInputs, statementVector } from "./statement.js";

/** Where in the chain an entry stands. */
export interface Place {
  readonly blockNumber: bigint;
  /** Unix seconds. */
  readonly blockTime: number;
  readonly transaction: Hex;
  readonly logIndex: number;
}

/** A subject agreed to be attested. */
export interface EnrolledEntry extends Place {
  readonly kind: "enrolled";
  readonly subject: Address;
}

/** An attestation that the registry accepted, complete enough to verify its proof again. */
export interface AttestedEntry extends Place {
  readonly kind: "attested";
  readonly subject: Address;
  readonly policyId: Hex;
  /** Snapshot time, unix seconds. */
  readonly asOf: number;
  /** First second at which it no longer counts. */
  readonly expiry: number;
  readonly market: { readonly root: bigint; readonly asOf: number };
  readonly portfolioCommitment: bigint;
  readonly exposuresCommitment: bigint;
  readonly digest: bigint;
  /** The proof's eight words in calldata order. */
  readonly proof: readonly bigint[];
  /** Verifier contract and its version in the verifier book. */
  readonly verifier: Address;
  readonly version: number;
}

/** The subject or a guardian ended the latest attestation. */
export interface RevokedEntry extends Place {
  readonly kind: "revoked";
  readonly subject: Address;
  readonly policyId: Hex;
  readonly by: Address;
  /** As whose act: the subject's or a guardian's. */
  readonly standing: Standing;
  readonly reason: string;
}

/** A guardian reopened a record that was closed. */
export interface ReopenedEntry extends Place {
  readonly kind: "reopened";
  readonly subject: Address;
  readonly policyId: Hex;
  readonly by: Address;
}

export type HistoryEntry = EnrolledEntry | AttestedEntry | RevokedEntry | ReopenedEntry;

/** What the registry stores for a subject under a policy, as {@link replayHistory} rebuilds it. */
export interface ReplayedRecord {
  readonly asOf: number;
  readonly expiry: number;
  readonly floor: number;
  readonly firstAsOf: number;
  readonly count: number;
  readonly streak: number;
  readonly lapses: number;
  readonly standing: Standing;
}

export interface HistoryQuery {
  /** All subjects when absent. */
  readonly subject?: Address;
  /** All policies when absent; enrolments are under no policy and always included. */
  readonly policyId?: Hex;
  /** First block; a deployments file has it. */
  readonly fromBlock: bigint;
  /** Last block; the latest when absent. */
  readonly toBlock?: bigint;
}

/** Blocks that one request asks for: nodes refuse long ranges. */
const SPAN = 10_000n;

/**
 * Everything that happened, in the chain's order.
 *
 * @throws KeelError kind `environment` when the chain does not answer
 */
export async function historyOf(registry: Registry, query: HistoryQuery): Promise<HistoryEntry[]> {
  try {
    const end = query.toBlock ?? (await registry.client.getBlockNumber());
    const entries: HistoryEntry[] = [];
    for (let from = query.fromBlock; from <= end; from += SPAN) {
      const to = from + SPAN - 1n < end ? from + SPAN - 1n : end;
      entries.push(...(await entriesBetween(registry, query, from, to)));
    }
    return entries;
  } catch (error) {
    throw toKeelError(error);
  }
}

/**
 * The record of one subject under one policy, from its history alone. Equal to the registry's own, or the registry (or the
 * node) lies.
 */
export function replayHistory(
  entries: readonly HistoryEntry[],
  subject: Address,
  policyId: Hex,
): ReplayedRecord {
  return entries
    .filter(
      (entry) => entry.kind !== "enrolled" && same(entry.subject, subject) && entry.policyId === policyId,
    )
    .reduce(advance, NOTHING);
}

/**
 * Verifies the proof of an entry again, under a key that the caller trusts: the statement is rebuilt from the policy's
 * terms (checked against their id) and the entry.
 *
 * @returns whether the proof holds; false too for a proof that the off-chain verifier finds malformed
 */
export async function reverify(
  registry: Registry,
  entry: AttestedEntry,
  key: VerificationKey,
): Promise<boolean> {
  const terms = await policyTermsOf(registry, entry.policyId);
  const vector = statementVector({
    domain: { chainId: registry.chainId, registry: registry.address },
    subject: entry.subject,
    marketRoot: entry.market.root,
    marketTime: entry.market.asOf,
    asOf: entry.asOf,
    portfolioCommitment: entry.portfolioCommitment,
    exposuresCommitment: entry.exposuresCommitment,
    terms,
  });
  const { c, x, y } = statementInputs(entry.digest, vector);
  const proof = wellFormed(entry.proof);
  return proof !== undefined && verifyGroth16(key, [c, x, y], proof);
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

/** The registry's own rules, step by step. */
function advance(record: ReplayedRecord, entry: HistoryEntry): ReplayedRecord {
  switch (entry.kind) {
    case "enrolled":
      return record;
    case "revoked":
      return { ...record, floor: entry.blockTime, standing: entry.standing };
    case "reopened":
      return { ...record, floor: entry.blockTime, standing: "revokedBySubject" };
    case "attested":
      return attest(record, entry);
  }
}

function attest(record: ReplayedRecord, { asOf, expiry, blockTime }: AttestedEntry): ReplayedRecord {
  const first = record.count === 0;
  const unbroken = record.standing === "open" && blockTime < record.expiry;
  return {
    asOf,
    expiry,
    floor: asOf,
    firstAsOf: first ? asOf : record.firstAsOf,
    count: record.count + 1,
    streak: unbroken ? record.streak + 1 : 1,
    lapses: first || unbroken ? record.lapses : record.lapses + 1,
    standing: "open",
  };
}

async function entriesBetween(
  registry: Registry,
  query: HistoryQuery,
  fromBlock: bigint,
  toBlock: bigint,
): Promise<HistoryEntry[]> {
  const subject = query.subject === undefined ? {} : { subject: query.subject };
  const both = { ...subject, ...(query.policyId === undefined ? {} : { policyId: query.policyId }) };
  const range = {
    address: registry.address,
    abi: healthRegistryAbi,
    fromBlock,
    toBlock,
    strict: true,
  } as const;
  const { client } = registry;
  const [enrolled, attested, revoked, reopened] = await Promise.all([
    client.getContractEvents({ ...range, eventName: "Enrolled", args: subject }),
    client.getContractEvents({ ...range, eventName: "Attested", args: both }),
    client.getContractEvents({ ...range, eventName: "Revoked", args: both }),
    client.getContractEvents({ ...range, eventName: "Reopened", args: both }),
  ]);
  const timeOf = await blockTimes(registry, [...enrolled, ...attested, ...revoked, ...reopened]);
  const place = (log: Mined): Place => ({
    blockNumber: log.blockNumber,
    blockTime: timeOf(log.blockNumber),
    transaction: log.transactionHash,
    logIndex: log.logIndex,
  });
  const entries: HistoryEntry[] = [
    ...enrolled.map((log) => ({ kind: "enrolled" as const, ...log.args, ...place(log) })),
    ...attested.map((log) => ({ kind: "attested" as const, ...attestedArgs(log.args), ...place(log) })),
    ...revoked.map((log) => ({
      kind: "revoked" as const,
      ...log.args,
      standing: STANDINGS[log.args.standing]!,
      ...place(log),
    })),
    ...reopened.map((log) => ({ kind: "reopened" as const, ...log.args, ...place(log) })),
  ];
  return entries.sort((a, b) => Number(a.blockNumber - b.blockNumber) || a.logIndex - b.logIndex);
}

interface Mined {
  readonly blockNumber: bigint;
  readonly transactionHash: Hex;
  readonly logIndex: number;
}

interface AttestedArgs {
  readonly subject: Address;
  readonly policyId: Hex;
  readonly expiry: number;
  readonly verifier: Address;
  readonly submission: {
    readonly version: number;
    readonly marketRoot: bigint;
    readonly marketTime: bigint;
    readonly asOf: bigint;
    readonly portfolioCommitment: bigint;
    readonly exposuresCommitment: bigint;
    readonly commitment: bigint;
    readonly proof: readonly bigint[];
  };
}

function attestedArgs({ subject, policyId, expiry, verifier, submission }: AttestedArgs) {
  return {
    subject,
    policyId,
    expiry,
    verifier,
    version: submission.version,
    asOf: Number(submission.asOf),
    market: { root: submission.marketRoot, asOf: Number(submission.marketTime) },
    portfolioCommitment: submission.portfolioCommitment,
    exposuresCommitment: submission.exposuresCommitment,
    digest: submission.commitment,
    proof: submission.proof,
  };
}

async function blockTimes({ client }: Registry, logs: readonly Mined[]): Promise<(block: bigint) => number> {
  const times = new Map<bigint, number>();
  for (const blockNumber of new Set(logs.map((log) => log.blockNumber))) {
    times.set(blockNumber, Number((await client.getBlock({ blockNumber })).timestamp));
  }
  return (block) => times.get(block)!;
}

function wellFormed(words: readonly bigint[]): Groth16Proof | undefined {
  try {
    return decodeProof(words);
  } catch {
    return undefined;
  }
}

function same(a: Address, b: Address): boolean {
  return a.toLowerCase() === b.toLowerCase();
}
