// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * A subject's record at a registry, without the registry's word: rebuilt from its logs, held against what it says now, and
 * each proof verified again under the keys that this page was built with.
 *
 * @module
 */

import type { Address, Hex } from "viem";
import { circuitName, sentence } from "../../../cli/event-text.js";
import { policyBookAbi } from "../../../verifier/src/abi.js";
import {
  type AttestedEntry,
  type Blocks,
  type CheckedRecord,
  checkedRecord,
  type HistoryEntry,
  inSpans,
  type Place,
  placesOf,
  reverify,
} from "../../../verifier/src/history.js";
import { KeelError, NO_TAIL, type PolicyTerms } from "../../../verifier/src/index.js";
import { latestBlock, policyTermsOf, type Registry, toKeelError } from "../../../verifier/src/registry.js";
import { look, type Notice, startWatch } from "../../../verifier/src/watch.js";
import { type CircuitNames, circuitKeys, missingCircuit } from "../circuits.js";

/** A line of policies moved to a tighter one, at once. */
export interface Tightened extends Place {
  readonly kind: "policyTightened";
  readonly line: Hex;
  readonly from: Hex;
  readonly to: Hex;
}

type Event = HistoryEntry | Notice | Tightened;

/** Something that happened, and whether its proof holds. */
export interface Happening {
  readonly event: Event;
  /** Of attestations: verified again here; `noKey` where this page has no key of the circuit. */
  readonly proof?: "verified" | "noKey";
}

/** What follows for one policy. */
export interface PolicyRecord extends CheckedRecord {
  readonly policyId: Hex;
  readonly terms: PolicyTerms;
  readonly circuits: CircuitNames;
}

/** All that was found. */
export interface SubjectRecord {
  readonly registry: Registry;
  readonly subject: Address;
  /** The newest policy last. */
  readonly policies: readonly PolicyRecord[];
  /** In the chain's order. */
  readonly happenings: readonly Happening[];
  /** Some proof was made with a key whose secret is public. */
  readonly insecure: boolean;
  /** Unix seconds of the block that was looked at. */
  readonly blockTime: number;
}

/** What happened, in a sentence. */
export function happeningText(event: Event): string {
  if (event.kind !== "policyTightened") return sentence(event);
  return `Policy tightened: line ${event.line} went from ${event.from} to ${event.to}`;
}

/**
 * Looks at everything from a block on.
 *
 * @param onProof told before each proof that is verified
 * @throws KeelError kind `proof` when a proof does not hold, or the registry says something else than its logs
 */
export async function lookAt(
  registry: Registry,
  subject: Address,
  fromBlock: bigint,
  onProof: (index: number, count: number) => void,
): Promise<SubjectRecord> {
  const toBlock = await latestBlock(registry);
  const { notices, watch } = await look(
    registry,
    await startWatch(registry, { subject, fromBlock }, fromBlock),
    toBlock,
  );
  const attested = watch.entries.filter((entry) => entry.kind === "attested");
  const policies = await policiesOf(registry, watch.entries, attested, subject, toBlock);
  const circuits = new Map(policies.map((policy) => [policy.policyId, policy.circuits]));
  const proofs = new Map<HistoryEntry, "verified" | "noKey">();
  let insecure = false;
  for (const [i, entry] of attested.entries()) {
    onProof(i + 1, attested.length);
    // The page draws between two proofs.
    await new Promise((done) => setTimeout(done, 0));
    const names = circuits.get(entry.policyId)!;
    const isKnown = missingCircuit(names) === undefined;
    if (isKnown) insecure = (await requireProof(registry, entry, names)) || insecure;
    proofs.set(entry, isKnown ? "verified" : "noKey");
  }
  const tightened = await tightenings(registry, { fromBlock, toBlock });
  const happenings = inOrder(watch.entries, [...notices, ...tightened]).map((event) => {
    const proof = event.kind === "attested" ? proofs.get(event) : undefined;
    return { event, ...(proof === undefined ? {} : { proof }) };
  });
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
      return { ...record, policyId, terms, circuits: circuitsOf(terms) };
    }),
  );
}

/** The circuits that terms name. */
export function circuitsOf({ circuit, tailCircuit }: PolicyTerms): CircuitNames {
  const hasTail = tailCircuit !== NO_TAIL.tailCircuit;
  return { circuit: circuitName(circuit), ...(hasTail ? { tailCircuit: circuitName(tailCircuit) } : {}) };
}

/** @returns whether it was made with a development key */
async function requireProof(registry: Registry, entry: AttestedEntry, names: CircuitNames): Promise<boolean> {
  const { verificationKey, tailKey } = circuitKeys(names);
  if (await reverify(registry, entry, verificationKey, tailKey))
    return verificationKey.insecure === true || tailKey?.insecure === true;
  throw new KeelError({
    kind: "proof",
    code: "history.proof",
    path: entry.transaction,
    expected: "a proof that holds under this page's keys",
    received: "one that does not",
  });
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
function inOrder(entries: readonly HistoryEntry[], notices: readonly (Notice | Tightened)[]): Event[] {
  const told = new Set(["revoked", "reopened", "chainRestarted", "accountsAnnounced"]);
  const rank = (event: Event): number => ("logIndex" in event ? event.logIndex : -1);
  return [...entries, ...notices.filter(({ kind }) => !told.has(kind))].sort(
    (a, b) => a.blockTime - b.blockTime || rank(a) - rank(b),
  );
}
