// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * A subject's record at a registry, without the registry's word: rebuilt from its logs, held against what it says now, and
 * each proof verified again under the keys that this page was built with.
 *
 * @module
 */

import { KeelError, type PolicyTerms } from "@keel/verifier";
import {
  type AttestedEntry,
  type Blocks,
  type CheckedRecord,
  checkedRecord,
  type HistoryEntry,
  inSpans,
  latestBlock,
  look,
  type Notice,
  type Place,
  placesOf,
  policyBookAbi,
  policyTermsOf,
  type Registry,
  reverifyAll,
  startWatch,
  tableStandingOf,
  toKeelError,
} from "@keel/verifier/chain";
import { circuitName, sentence } from "@keel/verifier/text";
import type { Address, Hex } from "viem";
import { BESIDE, circuitHashes, ofBeside, tablesOf } from "../beside.js";
import { type CircuitNames, hasDevelopmentKeys, keyByHash, missingCircuit } from "../circuits.js";
import { developmentVersions, versionName } from "../keys.js";

/** A line of policies moved to a tighter one, at once. */
export interface Tightened extends Place {
  readonly kind: "policyTightened";
  readonly line: Hex;
  readonly from: Hex;
  readonly to: Hex;
}

type Event = HistoryEntry | Notice | Tightened;

/** What was found out about an attestation. */
export interface Checked {
  /** Verified again here; `noKey` where this page has no key of the circuit. */
  readonly proof: "verified" | "noKey";
  /** Some key of it is a development key: this page's own, or that of a verifier on chain. */
  readonly insecure: boolean;
  /** The market book has withdrawn a table of it since. */
  readonly withdrawn: boolean;
}

/** Something that happened; of attestations also what was found out. */
export interface Happening {
  readonly event: Event;
  readonly checked?: Checked;
}

/** What follows for one policy. */
export interface PolicyRecord extends CheckedRecord {
  readonly policyId: Hex;
  readonly terms: PolicyTerms;
  readonly circuits: CircuitNames;
  /** Verifiers of its circuits that were made from development keys. */
  readonly developmentVersions: ReadonlySet<string>;
}

/** All that was found. */
export interface SubjectRecord {
  readonly registry: Registry;
  readonly subject: Address;
  /** The newest policy last. */
  readonly policies: readonly PolicyRecord[];
  /** In the chain's order. */
  readonly happenings: readonly Happening[];
  /** Some proof, of any attestation, was made with a key whose secret is public. */
  readonly insecure: boolean;
  /** Unix seconds of the block that was looked at. */
  readonly blockTime: number;
}

/** What was found of a manager, or why nothing was. */
export interface Found {
  readonly subject: Address;
  readonly record?: SubjectRecord;
  readonly error?: unknown;
}

/** What happened, in a sentence. */
export function happeningText(event: Event): string {
  if (event.kind !== "policyTightened") return sentence(event);
  return `Policy tightened: line ${event.line} went from ${event.from} to ${event.to}`;
}

/**
 * Looks at everything from a block on. Proofs are verified in batches, which share a product of pairings.
 *
 * @param onProof told how many proofs are verified, of how many
 * @throws KeelError kind `proof` when a proof does not hold, or the registry says something else than its logs
 */
export async function lookAt(
  registry: Registry,
  subject: Address,
  fromBlock: bigint,
  onProof: (done: number, count: number) => void,
): Promise<SubjectRecord> {
  const toBlock = await latestBlock(registry);
  const { notices, watch } = await look(
    registry,
    await startWatch(registry, { subject, fromBlock }, fromBlock),
    toBlock,
  );
  const attested = watch.entries.filter((entry) => entry.kind === "attested");
  const policies = await policiesOf(registry, watch.entries, attested, subject, toBlock);
  const byId = new Map(policies.map((policy) => [policy.policyId, policy]));
  await requireProofs(registry, attested, byId, onProof);
  const checked = new Map<HistoryEntry, Checked>();
  await inGroups(attested, async (entry) => {
    checked.set(entry, await check(registry, entry, byId.get(entry.policyId)!));
  });
  const tightened = await tightenings(registry, { fromBlock, toBlock });
  const happenings = inOrder(watch.entries, [...notices, ...tightened]).map((event) => {
    const found = event.kind === "attested" ? checked.get(event) : undefined;
    return { event, ...(found === undefined ? {} : { checked: found }) };
  });
  const insecure = [...checked.values()].some((found) => found.insecure);
  return { registry, subject, policies, happenings, insecure, blockTime: watch.time };
}

async function policiesOf(
  registry: Registry,
  entries: readonly HistoryEntry[],
  attested: readonly AttestedEntry[],
  subject: Address,
  block: bigint,
): Promise<PolicyRecord[]> {
  const ids = [...new Set(attested.map(({ policyId }) => policyId))];
  return await Promise.all(
    ids.map(async (policyId) => {
      const terms = await policyTermsOf(registry, policyId);
      const record = await checkedRecord(registry, entries, subject, policyId, block);
      const versions = await developmentVersions(registry, terms);
      return { ...record, policyId, terms, circuits: circuitsOf(terms), developmentVersions: versions };
    }),
  );
}

/** The circuits that terms name. */
export function circuitsOf(terms: PolicyTerms): CircuitNames {
  const { health, ...beside } = circuitHashes(terms);
  return {
    health: circuitName(health),
    ...ofBeside((proof) => (beside[proof] === undefined ? undefined : circuitName(beside[proof]))),
  };
}

/** Whether a verifier that took a proof of it was made from a development key. */
function restsOnDevelopment(entry: AttestedEntry, { terms, developmentVersions }: PolicyRecord): boolean {
  const { health, ...beside } = circuitHashes(terms);
  const versions = [
    [health, entry.version] as const,
    ...BESIDE.map((proof) => [beside[proof], entry[proof]?.version] as const),
  ];
  return versions.some(
    ([circuit, version]) =>
      circuit !== undefined &&
      version !== undefined &&
      developmentVersions.has(versionName(circuit, version)),
  );
}

async function check(registry: Registry, entry: AttestedEntry, policy: PolicyRecord): Promise<Checked> {
  const { terms, circuits } = policy;
  const withdrawn = await checkTables(registry, entry, terms);
  const onChain = restsOnDevelopment(entry, policy);
  if (missingCircuit(circuits) !== undefined) return { proof: "noKey", insecure: onChain, withdrawn };
  return { proof: "verified", insecure: onChain || hasDevelopmentKeys(circuits), withdrawn };
}

/** Verifies those that this page has the keys of. @throws KeelError `history.proof` */
async function requireProofs(
  registry: Registry,
  attested: readonly AttestedEntry[],
  byId: ReadonlyMap<Hex, PolicyRecord>,
  onProof: (done: number, count: number) => void,
): Promise<void> {
  const own = attested.filter(({ policyId }) => missingCircuit(byId.get(policyId)!.circuits) === undefined);
  onProof(0, own.length);
  const keyOf = async (circuit: Hex) => keyByHash(circuit);
  const bad = await reverifyAll(registry, own, { keyOf, onProgress: onProof });
  if (bad === undefined) return;
  throw liar("history.proof", bad, "a proof that holds under this page's keys", "one that does not");
}

/** A node is asked so much at a time. */
const GROUP = 16;

async function inGroups<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  for (let start = 0; start < items.length; start += GROUP)
    await Promise.all(items.slice(start, start + GROUP).map(work));
}

/**
 * Somebody published the tables that the registry took it by.
 *
 * @returns whether one was withdrawn since
 * @throws KeelError `history.table`
 */
async function checkTables(registry: Registry, entry: AttestedEntry, terms: PolicyTerms): Promise<boolean> {
  const standings = await Promise.all(
    tablesOf(entry, terms).map(({ series, root, asOf }) => tableStandingOf(registry, { series, root, asOf })),
  );
  if (!standings.includes("unknown")) return standings.includes("withdrawn");
  throw liar("history.table", entry, "tables that the market book accepted", "one that it does not know");
}

function liar(code: string, { transaction }: Place, expected: string, received: string): KeelError {
  return new KeelError({ kind: "proof", code, path: transaction, expected, received });
}

async function tightenings(registry: Registry, blocks: Blocks): Promise<Tightened[]> {
  const call = {
    address: registry.policyBook,
    abi: policyBookAbi,
    eventName: "LineMoved",
    strict: true,
  } as const;
  try {
    const moved = await inSpans(blocks, (span) => registry.client.getContractEvents({ ...call, ...span }));
    const tighter = moved.filter(({ args }) => args.tighter);
    const place = await placesOf(registry, tighter);
    return tighter.map((log) => {
      const { line, from, to } = log.args;
      return { kind: "policyTightened", line, from, to, ...place(log) };
    });
  } catch (error) {
    throw toKeelError(error);
  }
}

/** What both lists have is told once; a lapse, which leaves no log, comes before what happened in the same second. */
/** Entries are there already; that tables come is no event of a subject. */
function inOrder(entries: readonly HistoryEntry[], notices: readonly (Notice | Tightened)[]): Event[] {
  const told = new Set([
    "tableAccepted",
    "revoked",
    "voided",
    "reopened",
    "restartAnnounced",
    "restartCancelled",
    "chainRestarted",
    "accountsAnnounced",
  ]);
  const rank = (event: Event): number => ("logIndex" in event ? event.logIndex : -1);
  return [...entries, ...notices.filter(({ kind }) => !told.has(kind))].sort(
    (a, b) => a.blockTime - b.blockTime || rank(a) - rank(b),
  );
}
