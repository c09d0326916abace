// SPDX-License-Identifier: MIT
/**
 * A registry's history from its logs alone: what happened, the record that follows from it, and each proof verified again
 * off chain, independent of the registry's word.
 *
 * @module
 */

import { type Address, type Hex, HttpRequestError, isAddressEqual, RpcRequestError } from "viem";
import { inputError, KeelError } from "../core/errors.js";
import {
  decodeProof,
  encodeProof,
  type Groth16Proof,
  type ProvenSignals,
  type VerificationKey,
  verifyGroth16,
  verifyGroth16All,
} from "../core/groth16.js";
import type { Scope } from "../files/domain.js";
import { ONE_UNIT, UNITS_KINDS, unitsSigner } from "../files/fund-units.js";
import { NO_TAIL, type PolicyTerms } from "../files/policy.js";
import { checkSourceKey } from "../files/sources.js";
import { NO_DISCLOSURE } from "../files/viewers.js";
import type { DisclosureAttestation } from "../statement/attestation.js";
import {
  type DisclosureStatement,
  disclosureVector,
  type SealedSums,
  sealedList,
  sealedOf,
} from "../statement/disclosure.js";
import { liquidityVector } from "../statement/liquidity.js";
import { type DrawdownStep, statementInputs, statementVector } from "../statement/statement.js";
import { tailVector } from "../statement/tail-risk.js";
import { healthRegistryAbi } from "./abi.js";
import {
  type Basis,
  basisHash,
  LOG_SPAN,
  type MarketTableId,
  type NetAssetValue,
  type PendingEnrolment,
  PROOF_KIND,
  policyTermsOf,
  type Registry,
  STANDINGS,
  type Standing,
  scopeIn,
  statusOf,
  tableStandingOf,
  toKeelError,
  tokenUnits,
} from "./registry.js";

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
  readonly drawdown: DrawdownStep;
  /** The administrator's signature of the units, under policies that name one. */
  readonly unitsSignature?: Hex;
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
  /** Under policies that limit the days to unwind. */
  readonly liquidity?: LiquidityEntry;
  /** Under policies that want something shown. */
  readonly disclosure?: DisclosureEntry;
}

/** The tail-risk proof of an attestation. */
export interface TailEntry {
  readonly returns: { readonly root: bigint; readonly asOf: number };
  readonly digest: bigint;
  readonly proof: readonly bigint[];
  readonly version: number;
}

/** The liquidity proof of an attestation. */
export interface LiquidityEntry {
  readonly depths: { readonly root: bigint; readonly asOf: number };
  readonly digest: bigint;
  readonly proof: readonly bigint[];
  readonly version: number;
}

/** What an attestation shows, with its proof. */
export interface DisclosureEntry {
  /** In the policy's steps, rounded down; 0 where no net asset value is shown. */
  readonly nav: bigint;
  /** The point, the wrapped keys and the words, as the log has them: {@link disclosureOf} reads them by the policy. */
  readonly sealedSums: readonly bigint[];
  readonly digest: bigint;
  readonly proof: readonly bigint[];
  readonly version: number;
}

/** What a registry's log would say of an attestation's disclosure. */
export function disclosureEntryOf({ nav, sealed, digest, proof }: DisclosureAttestation): DisclosureEntry {
  const sealedSums = sealed === undefined ? [] : sealedList(sealed);
  return { nav, sealedSums, digest, proof: encodeProof(proof), version: 0 };
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

/** Somebody showed that what the latest attestation rests on was taken back. */
export interface VoidedEntry extends Place {
  readonly kind: "voided";
  readonly subject: Address;
  readonly policyId: Hex;
  readonly by: Address;
  readonly basis: Basis;
}

/** A guardian lets a subject's drawdown chain start over, if nothing calls it off. */
export interface RestartAnnouncedEntry extends Place {
  readonly kind: "restartAnnounced";
  readonly subject: Address;
  readonly by: Address;
  /** First second at which an attestation may start from a genesis. */
  readonly liveAt: number;
  readonly reason: string;
}

/** A restart was called off, by whom it says or by an attestation that went on from the state. */
export interface RestartCancelledEntry extends Place {
  readonly kind: "restartCancelled";
  readonly subject: Address;
  readonly by: Address;
}

/** A subject's drawdown chain started over: an attestation from a genesis, which comes next. */
export interface ChainRestartedEntry extends Place {
  readonly kind: "chainRestarted";
  readonly subject: Address;
  /** The state that was given up. */
  readonly state: bigint;
}

/** An event of a registry's log, in the chain's order. */
export type HistoryEntry =
  | EnrolledEntry
  | AttestedEntry
  | RevokedEntry
  | ReopenedEntry
  | VoidedEntry
  | RestartAnnouncedEntry
  | RestartCancelledEntry
  | ChainRestartedEntry;

/** A subject's declared accounts and drawdown chain, as {@link replayChain} rebuilds them. */
export interface ReplayedChain {
  /** The list that counts now; 0 when the subject never enrolled. */
  readonly enrolment: bigint;
  /** The announced list; it counts from its `liveAt` on. */
  readonly pending?: PendingEnrolment;
  /** 0 before the first attestation, and while the chain may start over. */
  readonly state: bigint;
  /** Attestations since the genesis; the epoch that the next proof has inside. */
  readonly epochs: number;
  /** First second at which the chain may start over, until it did or that is called off. */
  readonly restartAt?: number;
}

/** What the registry stores for a subject under a policy, as {@link replayHistory} rebuilds it. */
export interface ReplayedRecord {
  readonly asOf: number;
  readonly expiry: number;
  readonly floor: number;
  readonly since: number;
  readonly firstAsOf: number;
  readonly countedAt: number;
  readonly count: number;
  readonly streak: number;
  readonly lapses: number;
  readonly standing: Standing;
  readonly basis: Hex;
  /** Of the latest attestation, where the policy wants it shown. */
  readonly nav?: NetAssetValue;
}

/** What an attestation claims, with its proof: all that {@link reverify} looks at. */
export type Claim = Pick<
  AttestedEntry,
  | "subject"
  | "policyId"
  | "asOf"
  | "market"
  | "enrolment"
  | "drawdown"
  | "unitsSignature"
  | "portfolioCommitment"
  | "exposuresCommitment"
  | "digest"
  | "proof"
  | "tail"
  | "liquidity"
  | "disclosure"
>;

/** Which part of a registry's log to read. */
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
  let span = LOG_SPAN;
  let refused = LOG_SPAN + 1n;
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
    if (middle - span > span / 8n) span = middle < LOG_SPAN ? middle : LOG_SPAN;
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

/** What {@link replayHistory} needs of a policy. */
export type RecordTerms = Pick<
  PolicyTerms,
  "validity" | "minInterval" | "maxAge" | "maxMarketSkew" | "maxReturnsSkew" | "navStep" | "liquidity"
>;

/**
 * The record of one subject under one policy, from its history alone. Equal to the registry's own, or the registry (or the
 * node) lies.
 *
 * @throws KeelError kind `proof`, code `history.standing`, `history.floor`, `history.expiry`, `history.future`, `history.age`,
 * `history.expired` or `history.skew` for an attestation that the registry's rules would have refused, whose times no proof
 * shows; `history.void` for a voiding of what nothing rested on
 */
export function replayHistory(
  entries: readonly HistoryEntry[],
  subject: Address,
  policyId: Hex,
  terms: RecordTerms,
): ReplayedRecord {
  return entries
    .filter(
      (entry) => "policyId" in entry && isAddressEqual(entry.subject, subject) && entry.policyId === policyId,
    )
    .reduce((record, entry) => advance(record, entry, terms), NOTHING);
}

/** What {@link replayChain} may know beside the entries. */
export interface ChainContext {
  /** Unix seconds: an announced list that counts by then is current; the last entry's time when absent. */
  readonly now?: number;
  /** The registry's delays, against which announced lists and restarts are held; not compared when absent. */
  readonly enrolmentDelay?: number;
  readonly restartDelay?: number;
}

/**
 * The declared accounts and the drawdown chain of one subject, from its history under every policy. Each attestation has to
 * be about the accounts that were declared at its time and to go on from the state before it, or from a genesis when a restart's
 * time had come; another list counts at once until the first attestation, and after the delay from then on.
 *
 * @throws KeelError kind `proof`, code `history.enrolment`, `history.state`, `history.restart` or `history.delay`: the registry
 * (or the node) lies
 */
export function replayChain(
  entries: readonly HistoryEntry[],
  subject: Address,
  { now = 0, ...delays }: ChainContext = {},
): ReplayedChain {
  const own = entries.filter((entry) => isAddressEqual(entry.subject, subject));
  const chain = own.reduce((before, entry) => advanceChain(before, entry, delays), NO_CHAIN);
  const settled = settle(chain, now);
  const mayStartOver = isDue(settled.restartAt, Math.max(now, own.at(-1)?.blockTime ?? 0));
  return mayStartOver ? { ...settled, state: 0n, epochs: 0 } : settled;
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
  const replayed = await replayedRecord(registry, entries, subject, policyId);
  const record = { ...replayed, healthy: replayed.standing === "open" && said.blockTime < replayed.expiry };
  const context = { now: said.blockTime, ...(await delaysOf(registry)) };
  const { enrolment, state, pending, restartAt } = replayChain(entries, subject, context);
  const { enrolment: announced, liveAt } = pending ?? {};
  const { nav, ...plain } = record;
  compare(
    { ...plain, enrolment, state, announced, liveAt, restartAt, ...flatNav(nav) },
    {
      ...NOTHING,
      enrolment: 0n,
      ...said,
      ...flatNav(said.nav),
      announced: said.pendingEnrolment?.enrolment,
      liveAt: said.pendingEnrolment?.liveAt,
    },
    `${subject} under policy ${policyId}`,
  );
  return record;
}

function flatNav(nav: NetAssetValue | undefined) {
  return { navValue: nav?.value, navUnits: nav?.units };
}

/** What an attestation shows under a policy with such a step. */
export function shownNav(
  { disclosure, drawdown }: Pick<AttestedEntry, "disclosure" | "drawdown">,
  navStep: bigint,
): NetAssetValue {
  return { value: (disclosure?.nav ?? 0n) * navStep, units: drawdown.units };
}

/** Where nothing happened under a policy nobody has to know it. */
async function replayedRecord(
  registry: Registry,
  entries: readonly HistoryEntry[],
  subject: Address,
  policyId: Hex,
): Promise<ReplayedRecord> {
  const own = entries.filter((entry) => "policyId" in entry && entry.policyId === policyId);
  const terms = own.some(({ kind }) => kind === "attested")
    ? await policyTermsOf(registry, policyId)
    : { validity: 0, minInterval: 0, maxAge: 0, maxMarketSkew: 0, maxReturnsSkew: 0, navStep: 0n };
  return replayHistory(own, subject, policyId, terms);
}

async function delaysOf({ client, address }: Registry): Promise<Omit<ChainContext, "now">> {
  const read = (functionName: "enrolmentDelay" | "restartDelay"): Promise<number> =>
    client.readContract({ address, abi: healthRegistryAbi, functionName });
  try {
    const [enrolmentDelay, restartDelay] = await Promise.all([read("enrolmentDelay"), read("restartDelay")]);
    return { enrolmentDelay, restartDelay };
  } catch (error) {
    throw toKeelError(error);
  }
}

/**
 * Verifies an entry again, under a key that the caller trusts: the statement is rebuilt from the policy's terms (checked
 * against their id) and the entry. An administrator's signature of the units is checked again, a token is asked again; the
 * tables have to be known to the market book in the policy's series, and of times that its skews allow. What an administrator
 * that is a contract said then, only the chain knew; that the snapshot was new enough when it came, {@link replayHistory} checks.
 *
 * @param tailKey of the tail-risk circuit, for entries with a tail-risk proof, which has to hold as well
 * @param disclosureKey of the disclosure circuit, likewise
 * @param liquidityKey of the liquidity circuit, likewise
 * @returns whether the proof holds; false too for a proof that the off-chain verifier finds malformed
 * @throws KeelError kind `proof`, code `history.skew`, `history.units` or `history.table`: the registry should have refused it
 */
export async function reverify(
  registry: Registry,
  entry: Claim,
  key: VerificationKey,
  tailKey?: VerificationKey,
  disclosureKey?: VerificationKey,
  liquidityKey?: VerificationKey,
): Promise<boolean> {
  const known = createKnown(registry);
  const policy = await known.policyOf(entry.policyId);
  const claims = claimsOf(entry, policy, {
    ...{ health: key, tail: tailKey, liquidity: liquidityKey, disclosure: disclosureKey },
  });
  if (claims === undefined || !claims.every(holds)) return false;
  await checkFacts(registry, known, entry, policy.terms);
  return true;
}

/** How {@link reverifyAll} gets keys, and whom it tells how far it is. */
export interface ReverifyOptions {
  /** The key that the caller trusts for a circuit, by the hash of its name. */
  keyOf(circuit: Hex): Promise<VerificationKey>;
  /** Told after each batch. */
  onProgress?(done: number, total: number): void;
}

/** Pairings of so many proofs are multiplied with one another: more would gain little, and progress come late. */
const PROOFS_IN_BATCH = 16;

/**
 * Verifies entries again as {@link reverify} does, many proofs with one product of pairings, and asks the chain once for what
 * many of them share.
 *
 * @returns the first entry whose proof does not hold, if there is one
 * @throws KeelError as {@link reverify} does
 */
export async function reverifyAll<T extends Claim>(
  registry: Registry,
  entries: readonly T[],
  { keyOf, onProgress }: ReverifyOptions,
): Promise<T | undefined> {
  const known = createKnown(registry);
  for (let start = 0; start < entries.length; start += PROOFS_IN_BATCH) {
    const batch = entries.slice(start, start + PROOFS_IN_BATCH);
    const claims: KeyedClaim[] = [];
    for (const entry of batch) {
      const policy = await known.policyOf(entry.policyId);
      const { circuit, tailCircuit, liquidity, disclosureCircuit } = policy.terms;
      const own = claimsOf(entry, policy, {
        health: await keyOf(circuit),
        tail: entry.tail && (await keyOf(tailCircuit)),
        liquidity: entry.liquidity && liquidity && (await keyOf(liquidity.circuit)),
        disclosure: entry.disclosure && (await keyOf(disclosureCircuit)),
      });
      if (own === undefined) return entry;
      claims.push(...own.map((claim) => ({ ...claim, entry })));
    }
    const bad = firstFalse(claims);
    if (bad !== undefined) return bad.entry as T;
    for (const entry of batch)
      await checkFacts(registry, known, entry, (await known.policyOf(entry.policyId)).terms);
    onProgress?.(start + batch.length, entries.length);
  }
  return undefined;
}

/** The first proof that does not hold, which is looked for when they do not hold together. */
function firstFalse<T extends KeyedClaim>(claims: readonly T[]): T | undefined {
  const keys = new Set(claims.map(({ key }) => key));
  const together = (key: VerificationKey): boolean =>
    verifyGroth16All(
      key,
      claims.filter((claim) => claim.key === key),
    );
  if ([...keys].every(together)) return undefined;
  return claims.find((claim) => !holds(claim));
}

/** A policy's terms, and where its statements count. */
interface KnownPolicy {
  readonly terms: PolicyTerms;
  readonly domain: Scope;
}

/** What the chain said once and will not say otherwise. */
interface Known {
  policyOf(id: Hex): Promise<KnownPolicy>;
  /** Whether the market book knows a table. */
  hasTable(table: MarketTableId): Promise<boolean>;
}

function createKnown(registry: Registry): Known {
  const policies = new Map<string, Promise<KnownPolicy>>();
  const tables = new Map<string, Promise<boolean>>();
  const once = <T>(found: Map<string, Promise<T>>, id: string, ask: () => Promise<T>): Promise<T> => {
    const answer = found.get(id) ?? ask();
    found.set(id, answer);
    return answer;
  };
  return {
    policyOf: (id) =>
      once(policies, id, async () => {
        const terms = await policyTermsOf(registry, id);
        return { terms, domain: await scopeIn(registry, terms) };
      }),
    hasTable: (table) =>
      once(tables, [table.series, table.root, table.asOf].join(), async () => {
        return (await tableStandingOf(registry, table)) !== "unknown";
      }),
  };
}

/** A proof with the key that it has to hold under. */
interface KeyedProof extends ProvenSignals {
  readonly key: VerificationKey;
}

interface KeyedClaim extends KeyedProof {
  readonly entry?: Claim;
}

/** The keys of an entry's proofs. */
interface ClaimKeys {
  readonly health: VerificationKey;
  readonly tail: VerificationKey | undefined;
  readonly liquidity: VerificationKey | undefined;
  readonly disclosure: VerificationKey | undefined;
}

/** The proofs of an entry; none when one is malformed, or not as many as the policy asks for. */
function claimsOf(entry: Claim, { terms, domain }: KnownPolicy, keys: ClaimKeys): KeyedProof[] | undefined {
  const vector = statementVector({
    domain,
    subject: entry.subject,
    marketRoot: entry.market.root,
    marketTime: entry.market.asOf,
    asOf: entry.asOf,
    enrolment: entry.enrolment,
    drawdown: entry.drawdown,
    portfolioCommitment: entry.portfolioCommitment,
    exposuresCommitment: entry.exposuresCommitment,
    terms,
  });
  const asksForTail = terms.tailCircuit !== NO_TAIL.tailCircuit;
  const asksForDisclosure = terms.disclosureCircuit !== NO_DISCLOSURE.disclosureCircuit;
  if (asksForTail !== (entry.tail !== undefined)) return undefined;
  if ((terms.liquidity !== undefined) !== (entry.liquidity !== undefined)) return undefined;
  if (asksForDisclosure !== (entry.disclosure !== undefined)) return undefined;
  const found = [claimOf(entry, vector, keys.health)];
  if (entry.tail !== undefined) {
    const key = given(keys.tail, "tailKey", "the key of the tail-risk circuit");
    found.push(claimOf(entry.tail, tailOf(entry, terms), key));
  }
  if (entry.liquidity !== undefined) {
    const key = given(keys.liquidity, "liquidityKey", "the key of the liquidity circuit");
    found.push(claimOf(entry.liquidity, unwindOf(entry, terms), key));
  }
  if (entry.disclosure !== undefined) {
    const key = given(keys.disclosure, "disclosureKey", "the key of the disclosure circuit");
    const statement = disclosureOf(entry, terms);
    found.push(statement && claimOf(entry.disclosure, disclosureVector(statement), key));
  }
  return found.every((claim) => claim !== undefined) ? found : undefined;
}

function given(key: VerificationKey | undefined, path: string, expected: string): VerificationKey {
  if (key === undefined) throw inputError("key.missing", path, expected, "none");
  return key;
}

function claimOf(
  { digest, proof: words }: Pick<TailEntry, "digest" | "proof">,
  vector: readonly bigint[],
  key: VerificationKey,
): KeyedProof | undefined {
  const { c, x, y } = statementInputs(digest, vector);
  const proof = wellFormed(words);
  return proof && { key, publicSignals: [c, x, y], proof };
}

function holds({ key, publicSignals, proof }: KeyedProof): boolean {
  return verifyGroth16(key, publicSignals, proof);
}

/** Of an entry whose proof holds: what only the chain and signatures say. */
async function checkFacts(registry: Registry, known: Known, entry: Claim, terms: PolicyTerms): Promise<void> {
  checkSkews(entry, terms, `${entry.subject} at ${entry.asOf}`);
  await checkUnits(registry, entry, terms);
  for (const table of tablesOf(entry, terms)) await checkTable(known, table);
}

/**
 * What an entry's disclosure claims, by its policy's terms; undefined when it has none, or has numbers that cannot be sealed sums.
 *
 * @throws KeelError `source.key` for a policy whose viewer's key is none: anybody could read what is sealed for it
 */
export function disclosureOf(
  { exposuresCommitment, disclosure }: Pick<Claim, "exposuresCommitment" | "disclosure">,
  { navStep, viewers }: Pick<PolicyTerms, "navStep" | "viewers">,
): DisclosureStatement | undefined {
  if (disclosure === undefined) return undefined;
  const { nav, sealedSums } = disclosure;
  for (const [v, key] of viewers.entries()) checkSourceKey(key, `viewers[${v}]`);
  const plain = { exposuresCommitment, navStep, nav, viewers };
  if (viewers.length === 0) return sealedSums.length === 0 ? plain : undefined;
  const sealed = sealedIn(sealedSums, viewers.length);
  return sealed === undefined ? undefined : { ...plain, sealed };
}

function sealedIn(list: readonly bigint[], viewers: number): SealedSums | undefined {
  try {
    return sealedOf(list, viewers);
  } catch {
    return undefined;
  }
}

/** What an attestation rests on: what `voidAttestation` is told. */
export function basisOf({
  version,
  market,
  tail,
  liquidity,
  disclosure,
}: Pick<AttestedEntry, "version" | "market" | "tail" | "liquidity" | "disclosure">): Basis {
  return {
    version,
    marketRoot: market.root,
    marketTime: market.asOf,
    tailVersion: tail?.version ?? 0,
    returnsRoot: tail?.returns.root ?? 0n,
    returnsTime: tail?.returns.asOf ?? 0,
    disclosureVersion: disclosure?.version ?? 0,
    liquidityVersion: liquidity?.version ?? 0,
    liquidityRoot: liquidity?.depths.root ?? 0n,
    liquidityTime: liquidity?.depths.asOf ?? 0,
  };
}

async function checkUnits(registry: Registry, entry: Claim, terms: PolicyTerms): Promise<void> {
  const { subject, asOf, drawdown, unitsSignature } = entry;
  const kind = UNITS_KINDS[terms.unitsKind];
  const { units } = drawdown;
  const refuse = (expected: string, received: string): KeelError =>
    new KeelError({
      kind: "proof",
      code: "history.units",
      path: `${subject} at ${asOf}`,
      expected,
      received,
    });
  if (kind === "none" && units !== ONE_UNIT) throw refuse(`${ONE_UNIT}, one unit`, `${units}`);
  if (kind === "token") {
    const expected = await tokenUnits(registry, terms.unitsSource, asOf);
    if (units !== expected) throw refuse(`${expected}, as the token says`, `${units}`);
  }
  if (kind !== "signer") return;
  const signer = unitsSigner({ subject, asOf, units, signature: unitsSignature ?? "0x" });
  if (signer === undefined || !isAddressEqual(signer, terms.unitsSource)) {
    throw refuse(`${units} units signed by ${terms.unitsSource}`, `signed by ${signer ?? "nobody"}`);
  }
}

function tablesOf({ market, tail, liquidity }: Claim, terms: PolicyTerms): MarketTableId[] {
  const returns = tail === undefined ? [] : [{ series: terms.returnsSeries, ...tail.returns }];
  const depths =
    liquidity === undefined || terms.liquidity === undefined
      ? []
      : [{ series: terms.liquidity.series, ...liquidity.depths }];
  return [{ series: terms.marketSeries, ...market }, ...returns, ...depths];
}

/** One that was withdrawn since is known; one of another series is not. */
async function checkTable(known: Known, table: MarketTableId): Promise<void> {
  if (await known.hasTable(table)) return;
  throw new KeelError({
    kind: "proof",
    code: "history.table",
    path: `root ${table.root} at ${table.asOf}`,
    expected: `a table of series ${table.series} that the market book knows`,
    received: "none",
  });
}

function tailOf({ exposuresCommitment, tail }: Claim, terms: PolicyTerms): bigint[] {
  const { root, asOf } = tail!.returns;
  return tailVector({ exposuresCommitment, returnsRoot: root, returnsTime: asOf, terms });
}

function unwindOf({ portfolioCommitment, liquidity }: Claim, terms: PolicyTerms): bigint[] {
  const { root, asOf } = liquidity!.depths;
  return liquidityVector({
    portfolioCommitment,
    liquidityRoot: root,
    liquidityTime: asOf,
    terms: terms.liquidity!,
  });
}

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
  basis: `0x${"0".repeat(44)}`,
};

/** The registry's own rules, step by step. */
function advance(record: ReplayedRecord, entry: HistoryEntry, terms: RecordTerms): ReplayedRecord {
  switch (entry.kind) {
    case "enrolled":
    case "restartAnnounced":
    case "restartCancelled":
    case "chainRestarted":
      return record;
    case "revoked":
      return { ...record, floor: entry.blockTime, standing: entry.standing };
    case "reopened":
      return { ...record, floor: entry.blockTime, standing: "revokedBySubject" };
    case "voided":
      return voidRecord(record, entry);
    case "attested":
      return attest(record, entry, terms);
  }
}

function voidRecord(record: ReplayedRecord, entry: VoidedEntry): ReplayedRecord {
  const { blockTime, basis } = entry;
  if (record.standing !== "open" || blockTime >= record.expiry) {
    throw liar("history.void", entry, "a live attestation", "none");
  }
  const hash = basisHash(basis);
  if (hash !== record.basis) throw liar("history.void", entry, `basis ${record.basis}`, hash);
  return { ...record, standing: "voided" };
}

function attest(record: ReplayedRecord, entry: AttestedEntry, terms: RecordTerms): ReplayedRecord {
  const { asOf, expiry, blockTime } = entry;
  if (record.standing === "revokedByGuardian") {
    throw liar("history.standing", entry, "a record that no guardian closed", "a closed one");
  }
  if (asOf <= record.floor) throw liar("history.floor", entry, `newer than ${record.floor}`, `${asOf}`);
  if (expiry !== asOf + terms.validity) {
    throw liar("history.expiry", entry, `${asOf + terms.validity}, by the policy's validity`, `${expiry}`);
  }
  checkTimes(entry, terms);
  const first = record.count === 0;
  const unbroken = record.standing === "open" && blockTime < record.expiry;
  const counts = first || asOf >= record.countedAt + terms.minInterval;
  return {
    asOf,
    expiry,
    floor: asOf,
    since: unbroken ? record.since : blockTime,
    firstAsOf: first ? asOf : record.firstAsOf,
    countedAt: counts || !unbroken ? asOf : record.countedAt,
    count: record.count + (counts ? 1 : 0),
    streak: unbroken ? record.streak + (counts ? 1 : 0) : 1,
    lapses: first || unbroken ? record.lapses : record.lapses + 1,
    standing: "open",
    basis: basisHash(basisOf(entry)),
    ...(terms.navStep === 0n ? {} : { nav: shownNav(entry, terms.navStep) }),
  };
}

/** What the registry compares with its clock. */
function checkTimes(entry: AttestedEntry, terms: RecordTerms): void {
  const { asOf, expiry, blockTime, transaction } = entry;
  if (asOf > blockTime) {
    throw liar("history.future", entry, `a snapshot of ${blockTime}, its block's time, or before`, `${asOf}`);
  }
  if (blockTime - asOf > terms.maxAge) {
    throw liar("history.age", entry, `a snapshot at most ${terms.maxAge} s old`, `${blockTime - asOf} s`);
  }
  if (blockTime >= expiry) throw liar("history.expired", entry, `a block before ${expiry}`, `${blockTime}`);
  checkSkews(entry, terms, transaction);
}

/** A table of another time is another market's: the policy says how far it may be from the snapshot. */
function checkSkews(
  { asOf, market, tail, liquidity }: Pick<Claim, "asOf" | "market" | "tail" | "liquidity">,
  { maxMarketSkew, maxReturnsSkew, liquidity: unwinding }: SkewTerms,
  path: string,
): void {
  const check = (what: string, time: number, most: number): void => {
    if (Math.abs(asOf - time) <= most) return;
    const expected = `${what} within ${most} s of the snapshot's ${asOf}`;
    throw new KeelError({ kind: "proof", code: "history.skew", path, expected, received: `${time}` });
  };
  check("a market table", market.asOf, maxMarketSkew);
  if (tail !== undefined) check("a returns table", tail.returns.asOf, maxReturnsSkew);
  if (liquidity === undefined) return;
  check("a liquidity table", liquidity.depths.asOf, unwinding?.maxLiquiditySkew ?? 0);
}

type SkewTerms = Pick<PolicyTerms, "maxMarketSkew" | "maxReturnsSkew" | "liquidity">;

const NO_CHAIN: ReplayedChain = { enrolment: 0n, state: 0n, epochs: 0 };

/** While entries are added, `state` is what the latest attestation left, also when the chain may start over. */
function advanceChain(
  before: ReplayedChain,
  entry: HistoryEntry,
  delays: Omit<ChainContext, "now">,
): ReplayedChain {
  const chain = settle(before, entry.blockTime);
  switch (entry.kind) {
    case "revoked":
    case "reopened":
    case "voided":
      return chain;
    case "restartAnnounced":
      return announceRestart(chain, entry, delays.restartDelay);
    case "restartCancelled":
      return withoutRestart(chain, entry);
    case "chainRestarted":
      if (!isDue(chain.restartAt, entry.blockTime)) {
        throw liar("history.restart", entry, "a restart whose time had come", "none");
      }
      expectBefore("history.state", entry, chain.state, entry.state);
      return { ...withoutRestart(chain, entry), state: 0n, epochs: 0 };
    case "enrolled":
      return declare(chain, entry, delays.enrolmentDelay);
    case "attested":
      expectBefore("history.enrolment", entry, chain.enrolment, entry.enrolment);
      expectBefore("history.state", entry, chain.state, entry.drawdown.previousState);
      return { ...chain, state: entry.drawdown.newState, epochs: chain.epochs + 1 };
  }
}

function announceRestart(
  chain: ReplayedChain,
  entry: RestartAnnouncedEntry,
  delay: number | undefined,
): ReplayedChain {
  const { liveAt, blockTime } = entry;
  if (chain.state === 0n || chain.restartAt !== undefined) {
    throw liar("history.restart", entry, "a chain with a state, and no restart before", "another");
  }
  const due = blockTime + (delay ?? liveAt - blockTime);
  if (liveAt !== due) throw liar("history.delay", entry, `a restart from ${due} on`, `${liveAt}`);
  return { ...chain, restartAt: liveAt };
}

function withoutRestart({ restartAt, ...chain }: ReplayedChain, entry: HistoryEntry): ReplayedChain {
  if (restartAt === undefined) throw liar("history.restart", entry, "a restart that was announced", "none");
  return chain;
}

/** Whether something is announced, and its time has come. */
function isDue(liveAt: number | undefined, now: number): boolean {
  return liveAt !== undefined && now >= liveAt;
}

/** An announced list that has come into force is the one that counts. */
function settle(chain: ReplayedChain, blockTime: number): ReplayedChain {
  const { pending, ...rest } = chain;
  if (pending === undefined || blockTime < pending.liveAt) return chain;
  return { ...rest, enrolment: pending.enrolment };
}

function declare(chain: ReplayedChain, entry: EnrolledEntry, delay: number | undefined): ReplayedChain {
  const { enrolment, liveAt, blockTime } = entry;
  const { pending: _, ...rest } = chain;
  const atOnce = chain.state === 0n || enrolment === chain.enrolment;
  const due = blockTime + (atOnce ? 0 : (delay ?? liveAt - blockTime));
  if (liveAt !== due) throw liar("history.delay", entry, `accounts that count from ${due} on`, `${liveAt}`);
  return atOnce ? { ...rest, enrolment } : { ...rest, pending: { enrolment, liveAt } };
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
  const [enrolled, attested, revoked, reopened, voided, announced, cancelled, restarted] = await Promise.all([
    client.getContractEvents({ ...range, eventName: "Enrolled", args: subject }),
    client.getContractEvents({ ...range, eventName: "Attested", args: both }),
    client.getContractEvents({ ...range, eventName: "Revoked", args: both }),
    client.getContractEvents({ ...range, eventName: "Reopened", args: both }),
    client.getContractEvents({ ...range, eventName: "Voided", args: both }),
    client.getContractEvents({ ...range, eventName: "ChainRestartAnnounced", args: subject }),
    client.getContractEvents({ ...range, eventName: "ChainRestartCancelled", args: subject }),
    client.getContractEvents({ ...range, eventName: "ChainRestarted", args: subject }),
  ]);
  const logs = [enrolled, attested, revoked, reopened, voided, announced, cancelled, restarted].flat();
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
    ...voided.map(({ args, ...log }) => ({
      kind: "voided" as const,
      ...args,
      basis: {
        ...args.basis,
        marketTime: Number(args.basis.marketTime),
        returnsTime: Number(args.basis.returnsTime),
        liquidityTime: Number(args.basis.liquidityTime),
      },
      ...place(log),
    })),
    ...announced.map((log) => ({ kind: "restartAnnounced" as const, ...log.args, ...place(log) })),
    ...cancelled.map((log) => ({ kind: "restartCancelled" as const, ...log.args, ...place(log) })),
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
    readonly unitsSignature: Hex;
    readonly tables: readonly {
      readonly kind: number;
      readonly version: number;
      readonly root: bigint;
      readonly time: bigint;
      readonly commitment: bigint;
      readonly proof: readonly bigint[];
    }[];
    readonly disclosure: readonly {
      readonly version: number;
      readonly nav: bigint;
      readonly sealedSums: readonly bigint[];
      readonly commitment: bigint;
      readonly proof: readonly bigint[];
    }[];
  };
}

function attestedArgs({ subject, policyId, expiry, verifier, submission }: AttestedArgs) {
  const { enrolment, units, previousState, newState, unitsSignature } = submission;
  const tableOf = (kind: number) => submission.tables.find((proof) => proof.kind === kind);
  const [tail, liquidity] = [tableOf(PROOF_KIND.tail), tableOf(PROOF_KIND.liquidity)];
  const [disclosure] = submission.disclosure;
  return {
    subject,
    policyId,
    expiry,
    verifier,
    version: submission.version,
    asOf: Number(submission.asOf),
    market: { root: submission.marketRoot, asOf: Number(submission.marketTime) },
    enrolment,
    drawdown: { units, previousState, newState },
    ...(unitsSignature === "0x" ? {} : { unitsSignature }),
    portfolioCommitment: submission.portfolioCommitment,
    exposuresCommitment: submission.exposuresCommitment,
    digest: submission.commitment,
    proof: submission.proof,
    ...(tail === undefined ? {} : { tail: { returns: tableIn(tail), ...provenBy(tail) } }),
    ...(liquidity === undefined ? {} : { liquidity: { depths: tableIn(liquidity), ...provenBy(liquidity) } }),
    ...(disclosure === undefined ? {} : { disclosure: disclosureEntry(disclosure) }),
  };
}

type LoggedTable = AttestedArgs["submission"]["tables"][number];

function tableIn({ root, time }: LoggedTable) {
  return { root, asOf: Number(time) };
}

function provenBy({ commitment, proof, version }: LoggedTable) {
  return { digest: commitment, proof, version };
}

function disclosureEntry({
  commitment,
  ...rest
}: AttestedArgs["submission"]["disclosure"][number]): DisclosureEntry {
  return { ...rest, digest: commitment };
}

/** Blocks that a node is asked for at one time. */
const AT_ONCE = 16;

/** Where logs stand, with the times of their blocks. */
export async function placesOf({ client }: Registry, logs: readonly Mined[]): Promise<(log: Mined) => Place> {
  const times = new Map<bigint, number>();
  const numbers = [...new Set(logs.map((log) => log.blockNumber))];
  for (let i = 0; i < numbers.length; i += AT_ONCE) {
    const asked = numbers.slice(i, i + AT_ONCE).map((blockNumber) => client.getBlock({ blockNumber }));
    for (const { number, timestamp } of await Promise.all(asked)) times.set(number!, Number(timestamp));
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
