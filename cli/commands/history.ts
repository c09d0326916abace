// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * `keel history`: what a registry's logs say, each proof verified again under a key of the caller's own, and the records that
 * follow, held against the registry's word.
 *
 * @module
 */

import { circuitHash, type Policy } from "@keel/verifier";
import {
  type AttestedEntry,
  type CheckedRecord,
  checkedRecord,
  type HistoryEntry,
  historyOf,
  type LapsedNotice,
  latestBlock,
  type NetAssetValue,
  policyTermsOf,
  type Registry,
  reverifyAll,
  shownNav,
  timeline,
} from "@keel/verifier/chain";
import { KeelError } from "@keel/verifier/errors";
import type { VerificationKey } from "@keel/verifier/groth16";
import {
  circuitName,
  DEVELOPMENT_KEY_WARNING,
  EVIDENCE_NOT_ON_CHAIN,
  eventLine,
  evidenceJson,
  evidenceLines,
  lapsesText,
  navText,
  table,
  utc,
} from "@keel/verifier/text";
import type { Address, Hex } from "viem";
import { verificationKeyOf } from "../artifacts.js";
import { connect, type RegistryOptions } from "../chain.js";
import { type Context, note, type Outcome } from "../context.js";
import { usageError } from "../errors.js";
import { loadNamedPolicy, type NamedPolicy, type PolicyName } from "../load.js";
import { createProgress } from "../progress.js";

export interface HistoryOptions extends RegistryOptions, PolicyName {
  readonly subject?: Address;
  readonly fromBlock?: number;
  /** Verification keys as `circuit=file`; the built circuits' when absent. */
  readonly key?: readonly string[];
  /** False: proofs are not verified again. */
  readonly proofs: boolean;
}

/** What follows for one subject under one policy. */
interface Conclusion extends CheckedRecord {
  readonly subject: Address;
  readonly policyId: Hex;
}

/** Rebuilds; a false proof, or a registry that says something else, is an error of kind "proof", exit code 3. */
export async function history(options: HistoryOptions, context: Context): Promise<Outcome> {
  const { subject, fromBlock = 0 } = options;
  const { policyId, policy } = await namedPolicy(options, context);
  const registry = await connect(options);
  const toBlock = await latestBlock(registry);
  // Under every policy: the drawdown chain is one for all of them.
  const whole = await historyOf(registry, {
    ...(subject === undefined ? {} : { subject }),
    ...{ fromBlock: BigInt(fromBlock), toBlock },
  });
  const entries = whole.filter(
    (entry) => policyId === undefined || !("policyId" in entry) || entry.policyId === policyId,
  );
  if (options.proofs) await verifyProofs(registry, entries.filter(isAttested), options.key ?? [], context);
  const records = await conclusions(registry, whole, entries.filter(isAttested), toBlock);
  const navs = await navsOf(registry, entries.filter(isAttested));
  const lapsed = await lapsesOf(registry, entries, toBlock);
  return {
    json: {
      ok: true,
      proofs: options.proofs ? "verified" : "not verified",
      entries: entries.map(entryJson),
      ...{ records, lapsed },
      ...(navs.length === 0 ? {} : { nav: navs }),
      ...(policy === undefined ? {} : { sources: evidenceJson(policy) }),
    },
    text: historyText(inOrder(entries, lapsed), records, options.proofs, navs, policy),
  };
}

/** When attestations ran out with none after them: no log says so. */
async function lapsesOf(
  registry: Registry,
  entries: readonly HistoryEntry[],
  toBlock: bigint,
): Promise<readonly LapsedNotice[]> {
  if (entries.length === 0) return [];
  const { timestamp } = await registry.client.getBlock({ blockNumber: toBlock });
  return timeline(entries, Number(timestamp)).timed.filter((notice) => notice.kind === "lapsed");
}

/** By time; what the log has stays in the log's order. */
function inOrder(
  entries: readonly HistoryEntry[],
  lapsed: readonly LapsedNotice[],
): readonly (HistoryEntry | LapsedNotice)[] {
  return [...entries, ...lapsed].sort((a, b) => a.blockTime - b.blockTime);
}

/** A net asset value that an attestation showed. */
interface ShownNav extends NetAssetValue {
  readonly subject: Address;
  readonly policyId: Hex;
  /** Snapshot time, unix seconds. */
  readonly asOf: number;
}

/** Of every attestation that shows one, in the log's order. */
async function navsOf(registry: Registry, entries: readonly AttestedEntry[]): Promise<ShownNav[]> {
  const shown: ShownNav[] = [];
  for (const { subject, policyId, asOf, drawdown, disclosure } of entries) {
    if (disclosure === undefined) continue;
    const { navStep } = await policyTermsOf(registry, policyId);
    if (navStep !== 0n)
      shown.push({ subject, policyId, asOf, ...shownNav({ disclosure, drawdown }, navStep) });
  }
  return shown;
}

/** The policy that alone is asked about, if one is. */
async function namedPolicy(options: HistoryOptions, context: Context): Promise<Partial<NamedPolicy>> {
  const { policyId, market, policy } = options;
  if (policyId === undefined && market === undefined && policy === undefined) return {};
  return await loadNamedPolicy(options, context);
}

function isAttested(entry: HistoryEntry): entry is AttestedEntry {
  return entry.kind === "attested";
}

/** Each proof again; the first that does not hold is an error of kind "proof". @returns the keys, by their circuits' hashes */
export async function verifyProofs(
  registry: Registry,
  entries: readonly AttestedEntry[],
  keys: readonly string[],
  context: Context,
): Promise<ReadonlyMap<Hex, VerificationKey>> {
  const files = new Map(keys.map(keyFile));
  const known = new Map<Hex, VerificationKey>();
  const keyOf = async (hash: Hex): Promise<VerificationKey> => {
    const key = known.get(hash) ?? (await verificationKeyOf(circuitName(hash), files.get(hash), context));
    known.set(hash, key);
    return key;
  };
  const progress = createProgress(context);
  const onProgress = (done: number, total: number) => progress.update("verifying proofs", done / total);
  const bad = await reverifyAll(registry, entries, { keyOf, onProgress }).finally(progress.clear);
  if (bad !== undefined) {
    throw new KeelError({
      kind: "proof",
      code: "history.proof",
      path: bad.transaction,
      expected: `a proof of ${await circuitOf(registry, bad.policyId)} that holds under your key`,
      received: "one that does not",
    });
  }
  if ([...known.values()].some(({ insecure }) => insecure)) {
    for (const line of DEVELOPMENT_KEY_WARNING.split("\n")) note(context, line);
  }
  return known;
}

async function circuitOf(registry: Registry, policyId: Hex): Promise<string> {
  return circuitName((await policyTermsOf(registry, policyId)).circuit);
}

/** `circuit=file` as the circuit's hash and the file. */
function keyFile(text: string): readonly [string, string] {
  const cut = text.indexOf("=");
  if (cut < 1) throw usageError("circuit=file", "other text", "--key");
  return [circuitHash(text.slice(0, cut)), text.slice(cut + 1)];
}

/** The records of every subject and policy with an attestation, held against the registry's. */
async function conclusions(
  registry: Registry,
  whole: readonly HistoryEntry[],
  attested: readonly AttestedEntry[],
  block: bigint,
): Promise<Conclusion[]> {
  const pairs = new Map(attested.map((entry) => [`${entry.subject} ${entry.policyId}`, entry]));
  return await Promise.all(
    [...pairs.values()].map(async ({ subject, policyId }) => ({
      ...{ subject, policyId },
      ...(await checkedRecord(registry, whole, subject, policyId, block)),
    })),
  );
}

/** Block numbers are small enough for JSON's own numbers. */
function entryJson(entry: HistoryEntry) {
  return { ...entry, blockNumber: Number(entry.blockNumber) };
}

function navLines(navs: readonly ShownNav[]): string {
  const rows = navs.map((nav) => [utc(nav.asOf), nav.subject, navText(nav)]);
  return table([["snapshot", "subject", "net asset value"], ...rows]);
}

function historyText(
  entries: readonly (HistoryEntry | LapsedNotice)[],
  records: readonly Conclusion[],
  proofs: boolean,
  navs: readonly ShownNav[],
  policy?: Policy,
): string {
  if (entries.length === 0) return "Nothing happened.";
  const rows = records.map((record) => {
    const { subject, policyId, healthy, standing, count, streak, expiry } = record;
    return [
      ...[subject, policyId, healthy ? "healthy" : "NOT healthy", standing],
      ...[String(count), String(streak), lapsesText(record), utc(expiry)],
    ];
  });
  const head = ["subject", "policy", "now", "standing", "attestations", "in a row", "lapses", "expires"];
  const verified = proofs
    ? "Every proof was verified again, and holds."
    : "The proofs were NOT verified again.";
  return [
    entries.map(eventLine).join("\n"),
    ...(records.length === 0 ? [] : [table([head, ...rows], [4, 5, 6])]),
    ...(navs.length === 0 ? [] : [navLines(navs)]),
    `${verified} The records follow from the logs, and the registry says the same.`,
    policy === undefined ? EVIDENCE_NOT_ON_CHAIN : evidenceLines(policy).join("\n"),
  ].join("\n\n");
}
