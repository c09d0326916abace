// SPDX-License-Identifier: MIT
/**
 * A registry's history from its logs alone: what happened, the record that follows from it, and each proof verified again
 * off chain, independent of the registry's word.
 *
 * @module
 */

import { type Address, type Hex, HttpRequestError, RpcRequestError } from "viem";
import { healthRegistryAbi } from "./abi.js";
import { inputError, KeelError } from "./errors.js";
import { decodeProof, type Groth16Proof, type VerificationKey, verifyGroth16 } from "./groth16.js";
import { NO_TAIL, type PolicyTerms } from "./policy.js";
import {
  type PendingEnrolment,
  policyTermsOf,
  type Registry,
  STANDINGS,
  type Standing,
  scopeIn,
  statusOf,
  toKeelError,
} from "./registry.js";
import { type DrawdownStep, statementInputs, statementVector } from "./statement.js";
import { tailVector } from "./tail-risk.js";

/** Where in the chain an entry stands. */
export interface Place {
  readonly blockNumber: bigint;
  /** Unix seconds. */
  readonly blockTime: number;
  readonly transaction: Hex;
  readonly logIndex: number;
}

/** A subject declared a list of accounts. */
export interface EnrolledEntry extends Place {
  readonly kind: "enrolled";
  readonly subject: Address;
  /** Hiding commitment to the list. */
  readonly enrolment: bigint;
  /** First second at which it counts: the block's own for the first list, later for another one. */
  readonly liveAt: number;
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
  /** Hiding commitment to the declared accounts. */
  readonly enrolment: bigint;
  readonly chain: DrawdownStep;
  readonly portfolioCommitment: bigint;
  readonly exposuresCommitment: bigint;
  readonly digest: bigint;
  /** The proof's eight words in calldata order. */
  readonly proof: readonly bigint[];
  /** Verifier contract and its version in the verifier book. */
  readonly verifier: Address;
  readonly version: number;
  /** Under policies with tail-risk limits. */
  readonly tail?: TailEntry;
}

/** The tail-risk proof of an attestation. */
export interface TailEntry {
  readonly returns: { readonly root: bigint; readonly asOf: number };
  readonly digest: bigint;
  readonly proof: readonly bigint[];
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

/** A guardian let a subject's drawdown chain start over. */
export interface ChainRestartedEntry extends Place {
  readonly kind: "chainRestarted";
  readonly subject: Address;
  readonly by: Address;
  /** The state that was given up. */
  readonly state: bigint;
  readonly reason: string;
}

export type HistoryEntry = EnrolledEntry | AttestedEntry | RevokedEntry | ReopenedEntry | ChainRestartedEntry;

/** A subject's declared accounts and drawdown chain, as {@link replayChain} rebuilds them. */
export interface ReplayedChain {
  /** The list that counts now; 0 when the subject never enrolled. */
  readonly enrolment: bigint;
  /** The announced list; it counts from its `liveAt` on. */
  readonly pending?: PendingEnrolment;
  /** 0 before the first attestation and after a restart. */
  readonly state: bigint;
  /** Attestations since the genesis; the epoch that the next proof has inside. */
  readonly epochs: number;
}

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

/** What an attestation claims, with its proof: all that {@link reverify} looks at. */
export type Claim = Pick<
  AttestedEntry,
  | "subject"
  | "policyId"
  | "asOf"
  | "market"
  | "enrolment"
  | "chain"
  | "portfolioCommitment"
  | "exposuresCommitment"
  | "digest"
  | "proof"
  | "tail"
>;

export interface HistoryQuery {
  /** All subjects when absent. */
  readonly subject?: Address;
  /** All policies when absent; enrolments and chain restarts are under no policy and always included. */
  readonly policyId?: Hex;
  /** First block; a deployments file has it. */
  readonly fromBlock: bigint;
  /** Last block; the latest when absent. */
  readonly toBlock?: bigint;
}

/** Blocks that one request asks for at first: nodes refuse long ranges. */
const SPAN = 10_000n;

/**
 * Everything that happened, in the chain's order.
 *
 * @throws KeelError kind `environment` when the chain does not answer
 */
export async function historyOf(registry: Registry, query: HistoryQuery): Promise<HistoryEntry[]> {
  try {
    const toBlock = query.toBlock ?? (await registry.client.getBlockNumber());
    return await inSpans({ fromBlock: query.fromBlock, toBlock }, (span) =>
      entriesBetween(registry, query, span),
    );
  } catch (error) {
    throw toKeelError(error);
  }
}

/** A range of blocks, both ends included. */
export interface Blocks {
  readonly fromBlock: bigint;
  readonly toBlock: bigint;
}

/**
 * Asks for a range in pieces that the node answers, in order. A node that refuses a piece is asked for half of it, down to a
 * single block; its limit, which few nodes say in the same words, is found between what it refused and what it answered.
 */
export async function inSpans<T>(
  { fromBlock, toBlock }: Blocks,
  ask: (span: Blocks) => Promise<readonly T[]>,
): Promise<T[]> {
  const found: T[] = [];
  let span = SPAN;
  let refused = SPAN + 1n;
  for (let from = fromBlock; from <= toBlock; ) {
    const end = from + span - 1n < toBlock ? from + span - 1n : toBlock;
    try {
      for (const item of await ask({ fromBlock: from, toBlock: end })) found.push(item);
    } catch (error) {
      if (end === from || !isRefusal(error)) throw error;
      refused = end - from + 1n;
      span = refused / 2n;
      continue;
    }
    from = end + 1n;
    // Longer again, while the limit is further away than an eighth.
    const middle = (span + refused) / 2n;
    if (middle - span > span / 8n) span = middle < SPAN ? middle : SPAN;
  }
  return found;
}

/** Whether a node answered that it will not, which a shorter range may change; not that it is out of reach. */
function isRefusal(error: unknown): boolean {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    if (cause instanceof RpcRequestError) return true;
    if (cause instanceof HttpRequestError) return cause.status !== undefined;
    if (typeof (cause as { code?: unknown }).code === "number" && cause.cause === undefined) return true;
  }
  return false;
}

/**
 * The record of one subject under one policy, from its history alone. Equal to the registry's own, or the registry (or the
 * node) lies.
 *
 * @throws KeelError kind `proof`, code `history.standing` or `history.floor` for an attestation that the registry's rules
 * would have refused
 */
export function replayHistory(
  entries: readonly HistoryEntry[],
  subject: Address,
  policyId: Hex,
): ReplayedRecord {
  return entries
    .filter((entry) => "policyId" in entry && same(entry.subject, subject) && entry.policyId === policyId)
    .reduce(advance, NOTHING);
}

/**
 * The declared accounts and the drawdown chain of one subject, from its history under every policy. Each attestation has to
 * be about the accounts that were declared at its time and to go on from the state before it.
 *
 * @param now unix seconds: an announced list that counts by then is current; the last entry's time when absent
 * @throws KeelError kind `proof`, code `history.enrolment` or `history.state`: the registry (or the node) lies
 */
export function replayChain(entries: readonly HistoryEntry[], subject: Address, now = 0): ReplayedChain {
  const chain = entries.filter((entry) => same(entry.subject, subject)).reduce(advanceChain, NO_CHAIN);
  return settle(chain, now);
}

/** A record that the logs give and the registry confirms. */
export interface CheckedRecord extends ReplayedRecord {
  /** Whether the latest attestation counts at the block that was asked for. */
  readonly healthy: boolean;
}

/**
 * The record of one subject under one policy from its history, held against all that the registry says at a block.
 *
 * @param entries the subject's whole history up to that block, under every policy
 * @throws KeelError kind `proof`, code `history.record`, or as the replays throw: the registry (or the node) lies
 */
export async function checkedRecord(
  registry: Registry,
  entries: readonly HistoryEntry[],
  subject: Address,
  policyId: Hex,
  blockNumber: bigint,
): Promise<CheckedRecord> {
  const said = await statusOf(registry, subject, policyId, blockNumber);
  const replayed = replayHistory(entries, subject, policyId);
  const record = { ...replayed, healthy: replayed.standing === "open" && said.blockTime < replayed.expiry };
  const { enrolment, state, pending } = replayChain(entries, subject, said.blockTime);
  const { enrolment: announced, liveAt } = pending ?? {};
  compare(
    { ...record, enrolment, state, announced, liveAt },
    {
      ...NOTHING,
      enrolment: 0n,
      ...said,
      announced: said.pendingEnrolment?.enrolment,
      liveAt: said.pendingEnrolment?.liveAt,
    },
    `${subject} under policy ${policyId}`,
  );
  return record;
}

/**
 * Verifies the proof of an entry again, under a key that the caller trusts: the statement is rebuilt from the policy's
 * terms (checked against their id) and the entry.
 *
 * @param tailKey of the tail-risk circuit, for entries with a tail-risk proof, which has to hold as well
 * @returns whether the proof holds; false too for a proof that the off-chain verifier finds malformed
 */
export async function reverify(
  registry: Registry,
  entry: Claim,
  key: VerificationKey,
  tailKey?: VerificationKey,
): Promise<boolean> {
  const terms = await policyTermsOf(registry, entry.policyId);
  const vector = statementVector({
    domain: await scopeIn(registry, terms),
    subject: entry.subject,
    marketRoot: entry.market.root,
    marketTime: entry.market.asOf,
    asOf: entry.asOf,
    enrolment: entry.enrolment,
    chain: entry.chain,
    portfolioCommitment: entry.portfolioCommitment,
    exposuresCommitment: entry.exposuresCommitment,
    terms,
  });
  const asksForTail = terms.tailCircuit !== NO_TAIL.tailCircuit;
  if (asksForTail !== (entry.tail !== undefined)) return false;
  return (
    holds(entry, vector, key) &&
    (entry.tail === undefined || holds(entry.tail, tailOf(entry, terms), tailKey))
  );
}

function tailOf({ exposuresCommitment, tail }: Claim, terms: PolicyTerms): bigint[] {
  const { root, asOf } = tail!.returns;
  return tailVector({ exposuresCommitment, returnsRoot: root, returnsTime: asOf, terms });
}

function holds(
  proven: Pick<TailEntry, "digest" | "proof">,
  vector: readonly bigint[],
  key: VerificationKey | undefined,
): boolean {
  if (key === undefined)
    throw inputError("key.missing", "tailKey", "the key of the tail-risk circuit", "none");
  const { c, x, y } = statementInputs(proven.digest, vector);
  const proof = wellFormed(proven.proof);
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
    case "chainRestarted":
      return record;
    case "revoked":
      return { ...record, floor: entry.blockTime, standing: entry.standing };
    case "reopened":
      return { ...record, floor: entry.blockTime, standing: "revokedBySubject" };
    case "attested":
      return attest(record, entry);
  }
}

function attest(record: ReplayedRecord, entry: AttestedEntry): ReplayedRecord {
  const { asOf, expiry, blockTime } = entry;
  if (record.standing === "revokedByGuardian") {
    throw liar("history.standing", entry, "a record that no guardian closed", "a closed one");
  }
  if (asOf <= record.floor) throw liar("history.floor", entry, `newer than ${record.floor}`, `${asOf}`);
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

const NO_CHAIN: ReplayedChain = { enrolment: 0n, state: 0n, epochs: 0 };

function advanceChain(before: ReplayedChain, entry: HistoryEntry): ReplayedChain {
  const chain = settle(before, entry.blockTime);
  switch (entry.kind) {
    case "revoked":
    case "reopened":
      return chain;
    case "chainRestarted":
      expectBefore("history.state", entry, chain.state, entry.state);
      return { ...chain, state: 0n, epochs: 0 };
    case "enrolled":
      return declare(chain, entry);
    case "attested":
      expectBefore("history.enrolment", entry, chain.enrolment, entry.enrolment);
      expectBefore("history.state", entry, chain.state, entry.chain.previousState);
      return { ...chain, state: entry.chain.newState, epochs: chain.epochs + 1 };
  }
}

/** An announced list that has come into force is the one that counts. */
function settle(chain: ReplayedChain, blockTime: number): ReplayedChain {
  const { pending, ...rest } = chain;
  if (pending === undefined || blockTime < pending.liveAt) return chain;
  return { ...rest, enrolment: pending.enrolment };
}

function declare(chain: ReplayedChain, { enrolment, liveAt, blockTime }: EnrolledEntry): ReplayedChain {
  const { pending: _, ...rest } = chain;
  return liveAt === blockTime ? { ...rest, enrolment } : { ...rest, pending: { enrolment, liveAt } };
}

/** Field by field of what the logs give. */
function compare(rebuilt: object, said: object, path: string): void {
  for (const [field, expected] of Object.entries(rebuilt)) {
    const received: unknown = (said as Record<string, unknown>)[field];
    if (received === expected) continue;
    throw new KeelError({
      kind: "proof",
      code: "history.record",
      path: `${path}: ${field}`,
      expected: `${expected}, as the logs give it`,
      received: String(received),
    });
  }
}

function expectBefore(code: string, entry: Place, expected: bigint, received: bigint): void {
  if (expected !== received)
    throw liar(code, entry, `${expected}, from the entries before`, String(received));
}

/** What the registry's own rules would have refused. */
function liar(code: string, { transaction }: Place, expected: string, received: string): KeelError {
  return new KeelError({ kind: "proof", code, path: transaction, expected, received });
}

async function entriesBetween(
  registry: Registry,
  query: HistoryQuery,
  span: Blocks,
): Promise<HistoryEntry[]> {
  const subject = query.subject === undefined ? {} : { subject: query.subject };
  const both = { ...subject, ...(query.policyId === undefined ? {} : { policyId: query.policyId }) };
  const range = {
    address: registry.address,
    abi: healthRegistryAbi,
    ...span,
    strict: true,
  } as const;
  const { client } = registry;
  const [enrolled, attested, revoked, reopened, restarted] = await Promise.all([
    client.getContractEvents({ ...range, eventName: "Enrolled", args: subject }),
    client.getContractEvents({ ...range, eventName: "Attested", args: both }),
    client.getContractEvents({ ...range, eventName: "Revoked", args: both }),
    client.getContractEvents({ ...range, eventName: "Reopened", args: both }),
    client.getContractEvents({ ...range, eventName: "ChainRestarted", args: subject }),
  ]);
  const logs = [enrolled, attested, revoked, reopened, restarted].flat();
  const place = await placesOf(registry, logs);
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
    ...restarted.map((log) => ({ kind: "chainRestarted" as const, ...log.args, ...place(log) })),
  ];
  return entries.sort((a, b) => Number(a.blockNumber - b.blockNumber) || a.logIndex - b.logIndex);
}

/** A log in a block. */
export interface Mined {
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
    readonly enrolment: bigint;
    readonly units: bigint;
    readonly previousState: bigint;
    readonly newState: bigint;
    readonly portfolioCommitment: bigint;
    readonly exposuresCommitment: bigint;
    readonly commitment: bigint;
    readonly proof: readonly bigint[];
    readonly tail: readonly {
      readonly version: number;
      readonly returnsRoot: bigint;
      readonly returnsTime: bigint;
      readonly commitment: bigint;
      readonly proof: readonly bigint[];
    }[];
  };
}

function attestedArgs({ subject, policyId, expiry, verifier, submission }: AttestedArgs) {
  const { enrolment, units, previousState, newState } = submission;
  const [tail] = submission.tail;
  return {
    subject,
    policyId,
    expiry,
    verifier,
    version: submission.version,
    asOf: Number(submission.asOf),
    market: { root: submission.marketRoot, asOf: Number(submission.marketTime) },
    enrolment,
    chain: { units, previousState, newState },
    portfolioCommitment: submission.portfolioCommitment,
    exposuresCommitment: submission.exposuresCommitment,
    digest: submission.commitment,
    proof: submission.proof,
    ...(tail === undefined
      ? {}
      : {
          tail: {
            returns: { root: tail.returnsRoot, asOf: Number(tail.returnsTime) },
            digest: tail.commitment,
            proof: tail.proof,
            version: tail.version,
          },
        }),
  };
}

/** Where logs stand, with the times of their blocks. */
export async function placesOf({ client }: Registry, logs: readonly Mined[]): Promise<(log: Mined) => Place> {
  const times = new Map<bigint, number>();
  for (const blockNumber of new Set(logs.map((log) => log.blockNumber))) {
    times.set(blockNumber, Number((await client.getBlock({ blockNumber })).timestamp));
  }
  return ({ blockNumber, transactionHash, logIndex }) => ({
    blockNumber,
    blockTime: times.get(blockNumber)!,
    transaction: transactionHash,
    logIndex,
  });
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
