// SPDX-License-Identifier: MIT
/**
 * What a report needs of a chain: histories held against the registry's word, the policies' terms, what a line had when, and what had
 * been taken back where an attestation was voided. Proofs are verified by whoever calls, under keys of their own.
 *
 * @module
 */

import type { Address, Hex } from "viem";
import { marketBookAbi, policyBookAbi, verifierBookAbi } from "../chain/abi.js";
import { reach } from "../chain/contract-errors.js";
import {
  type AttestedEntry,
  checkedRecord,
  type HistoryEntry,
  historyOf,
  inSpans,
  placesOf,
  type VoidedEntry,
} from "../chain/history.js";
import { lineId, lineOf } from "../chain/operating.js";
import { policyTermsOf, type Registry } from "../chain/registry.js";
import { inputError, KeelError } from "../core/errors.js";
import type { PolicyTerms } from "../files/policy.js";
import { circuitName } from "../text/circuit-name.js";
import { printable } from "../text/printable.js";
import { utc } from "../text/tables.js";
import { placeKey, type RecordFacts, type ReportLine } from "./build.js";
import type { Segment } from "./runs.js";

/** Who is asked about, and under what. */
export interface ReportQuery {
  /** Each once. */
  readonly subjects: readonly { readonly subject: Address; readonly label?: string }[];
  /** Under these alone; under every policy that a subject attested under when absent. */
  readonly policyIds?: readonly Hex[];
  /** Under this line of policies instead, by its name. */
  readonly line?: string;
  /** At or before the registry's first block. */
  readonly fromBlock: bigint;
  /** What comes after this block is checked and left out; the latest when absent. */
  readonly block?: bigint;
}

/** What the chain says. */
export interface Collected {
  readonly chain: {
    readonly chainId: number;
    readonly registry: string;
    readonly fromBlock: number;
    readonly block: number;
    readonly blockHash: string;
    readonly time: number;
  };
  /** Up to the block, of all subjects, under every policy. */
  readonly entries: readonly HistoryEntry[];
  readonly terms: ReadonlyMap<Hex, PolicyTerms>;
  readonly takenBack: ReadonlyMap<string, readonly string[]>;
  readonly records: readonly RecordFacts[];
}

/**
 * Reads it, up to the latest block, and holds every record of every subject against the registry's word there: one that is left out
 * or cut contradicts it.
 *
 * @throws KeelError kind "proof" as `checkedRecord`; `report.block`, `report.line`, `report.policy`; kind "environment"
 */
export async function collectReport(registry: Registry, query: ReportQuery): Promise<Collected> {
  const { fromBlock } = query;
  const latest = await reach(() => registry.client.getBlockNumber({ cacheTime: 0 }));
  const block = query.block ?? latest;
  if (block > latest) {
    throw inputError(
      "report.block",
      "report.chain.block",
      `a block of this chain, which has ${latest}`,
      `${block}`,
    );
  }
  const subjects = query.subjects.map(({ subject }) => subject);
  const whole: HistoryEntry[] = [];
  const terms = new Map<Hex, PolicyTerms>();
  for (const subject of subjects) {
    const own = await historyOf(registry, { subject, fromBlock, toBlock: latest });
    for (const policyId of policiesIn(own)) {
      terms.set(policyId, terms.get(policyId) ?? (await policyTermsOf(registry, policyId)));
      await checkedRecord(registry, own, subject, policyId, latest);
    }
    whole.push(...own);
  }
  const entries = whole.filter(({ blockNumber }) => blockNumber <= block);
  const end = await reach(() => registry.client.getBlock({ blockNumber: block }));
  const time = Number(end.timestamp);
  const line =
    query.line === undefined ? undefined : await readLine(registry, query.line, fromBlock, block, time);
  for (const { policyId } of line?.segments ?? []) {
    terms.set(policyId, terms.get(policyId) ?? (await policyTermsOf(registry, policyId)));
  }
  return {
    chain: {
      ...{ chainId: registry.chainId, registry: registry.address.toLowerCase() },
      ...{ fromBlock: Number(fromBlock), block: Number(block), blockHash: end.hash!, time },
    },
    ...{ entries, terms },
    takenBack: await reasonsOfVoids(registry, entries, terms, { fromBlock, toBlock: block }),
    records: query.subjects.flatMap((who) => recordsOf(who, query, entries, line)),
  };
}

function policiesIn(entries: readonly HistoryEntry[]): Hex[] {
  return [...new Set(entries.flatMap((entry) => (entry.kind === "attested" ? [entry.policyId] : [])))];
}

function recordsOf(
  who: ReportQuery["subjects"][number],
  { policyIds }: ReportQuery,
  entries: readonly HistoryEntry[],
  line: ReportLine | undefined,
): RecordFacts[] {
  if (line !== undefined) return [{ ...who, under: line }];
  const subject = who.subject.toLowerCase();
  const own = policiesIn(entries.filter((entry) => entry.subject.toLowerCase() === subject));
  const wanted = policyIds === undefined ? own : policyIds.filter((id) => own.includes(id));
  if (wanted.length > 0) return wanted.map((policyId) => ({ ...who, under: { policyId } }));
  const expected =
    policyIds === undefined
      ? "a subject with an attestation"
      : "a subject with an attestation under the policy";
  throw inputError("report.empty", who.subject, expected, "none in the registry's logs");
}

/** What a line had when, up to a time, and at the end what the policy book says it has. */
async function readLine(
  registry: Registry,
  name: string,
  fromBlock: bigint,
  toBlock: bigint,
  now: number,
): Promise<ReportLine> {
  const id = lineId(name);
  if ((await lineOf(registry, name)) === undefined) {
    throw inputError("report.line", "--line", "a line of the registry's policy book", printable(name));
  }
  const moves = await lineMoves(registry, id, fromBlock, toBlock);
  const segments = segmentsOf(moves, now);
  if (moves[0]?.kind !== "opened") {
    throw inputError("report.line", "--from-block", "a block at or before the line's first", `${fromBlock}`);
  }
  await checkLine(registry, name, id, fromBlock);
  return { line: id, name, segments };
}

/** Up to the latest block: the logs and the policy book have to tell of the same policies, each left at the same time. */
async function checkLine(registry: Registry, name: string, id: Hex, fromBlock: bigint): Promise<void> {
  const latest = await reach(() => registry.client.getBlock());
  const moves = await lineMoves(registry, id, fromBlock, latest.number);
  const segments = segmentsOf(moves, Number(latest.timestamp));
  const { current, past } = (await lineOf(registry, name, latest.number))!;
  const expected = segments.map(({ policyId, until }, i) =>
    lineText(policyId, until, i + 1 < segments.length),
  );
  const received = [
    ...past.map(({ policyId, leftAt }) => lineText(policyId, leftAt, true)),
    lineText(current, 0, false),
  ];
  if (expected.join() === received.join()) return;
  throw new KeelError({
    ...{ kind: "proof", code: "history.record", path: `line ${printable(name)}` },
    ...{ expected: `${expected.join(", ")}, as the logs give it`, received: received.join(", ") },
  });
}

function lineText(policyId: Hex, leftAt: number, isLeft: boolean): string {
  return isLeft ? `${policyId} until ${leftAt}` : policyId;
}

/** A change of what a line has. */
type Move =
  | { readonly kind: "opened"; readonly to: Hex; readonly time: number }
  | { readonly kind: "at once"; readonly to: Hex; readonly time: number }
  | { readonly kind: "announced"; readonly to: Hex; readonly time: number; readonly liveAt: number }
  | { readonly kind: "cancelled"; readonly time: number };

async function lineMoves(registry: Registry, line: Hex, fromBlock: bigint, toBlock: bigint): Promise<Move[]> {
  const { client, policyBook: address } = registry;
  const logs = await reach(() =>
    inSpans({ fromBlock, toBlock }, async (span) => {
      const range = { address, abi: policyBookAbi, args: { line }, strict: true, ...span } as const;
      const found = await Promise.all([
        client.getContractEvents({ ...range, eventName: "LineOpened" }),
        client.getContractEvents({ ...range, eventName: "LineMoved" }),
        client.getContractEvents({ ...range, eventName: "LineMoveCancelled" }),
        client.getContractEvents({ ...range, eventName: "TighteningUndone" }),
      ]);
      return found.flat();
    }),
  );
  const place = await placesOf(registry, logs);
  const inOrder = [...logs].sort((a, b) => Number(a.blockNumber - b.blockNumber) || a.logIndex - b.logIndex);
  return inOrder.map((log) => moveOf(log, place(log).blockTime));
}

type LineLog =
  | { readonly eventName: "LineOpened"; readonly args: { readonly policyId: Hex } }
  | { readonly eventName: "LineMoveCancelled"; readonly args: object }
  | { readonly eventName: "TighteningUndone"; readonly args: { readonly to: Hex } }
  | {
      readonly eventName: "LineMoved";
      readonly args: { readonly to: Hex; readonly liveAt: number; readonly tighter: boolean };
    };

function moveOf(log: LineLog, time: number): Move {
  switch (log.eventName) {
    case "LineOpened":
      return { kind: "opened", to: log.args.policyId, time };
    case "TighteningUndone":
      return { kind: "at once", to: log.args.to, time };
    case "LineMoveCancelled":
      return { kind: "cancelled", time };
    case "LineMoved": {
      const { to, tighter, liveAt } = log.args;
      return tighter ? { kind: "at once", to, time } : { kind: "announced", to, time, liveAt };
    }
  }
}

/** Policies of a line, one after the other; a move to the policy that it has is none. @param now nothing is said of what comes after it */
export function segmentsOf(moves: readonly Move[], now: number): Segment[] {
  const starts: { policyId: Hex; from: number }[] = [];
  let waiting: { policyId: Hex; from: number } | undefined;
  const begin = (start: { policyId: Hex; from: number }): void => {
    if (starts.at(-1)?.policyId !== start.policyId) starts.push(start);
  };
  const settle = (time: number): void => {
    if (waiting === undefined || waiting.from > time) return;
    begin(waiting);
    waiting = undefined;
  };
  for (const move of moves) {
    settle(move.time);
    waiting = move.kind === "announced" ? { policyId: move.to, from: move.liveAt } : undefined;
    if (move.kind === "at once" || move.kind === "opened") begin({ policyId: move.to, from: move.time });
  }
  settle(now);
  return starts.map((start, i) => ({ ...start, until: starts[i + 1]?.from ?? Number.MAX_SAFE_INTEGER }));
}

/** What had been taken back when attestations were voided, from the logs up to then. */
async function reasonsOfVoids(
  registry: Registry,
  entries: readonly HistoryEntry[],
  terms: ReadonlyMap<Hex, PolicyTerms>,
  range: { readonly fromBlock: bigint; readonly toBlock: bigint },
): Promise<ReadonlyMap<string, readonly string[]>> {
  const voids = entries.filter((entry): entry is VoidedEntry => entry.kind === "voided");
  if (voids.length === 0) return new Map();
  const { client, marketBook, verifierBook } = registry;
  const [withdrawn, retired] = await Promise.all([
    inSpans(range, (span) =>
      client.getContractEvents({
        ...{ address: marketBook, abi: marketBookAbi, eventName: "MarketWithdrawn", strict: true, ...span },
      }),
    ),
    inSpans(range, (span) =>
      client.getContractEvents({
        ...{
          address: verifierBook,
          abi: verifierBookAbi,
          eventName: "VerifierRetired",
          strict: true,
          ...span,
        },
      }),
    ),
  ]);
  return new Map(
    voids.map((voided) => {
      const own = terms.get(voided.policyId)!;
      const isBefore = (log: { readonly blockNumber: bigint; readonly logIndex: number }): boolean =>
        log.blockNumber < voided.blockNumber ||
        (log.blockNumber === voided.blockNumber && log.logIndex < voided.logIndex);
      const words = [
        ...restedOnTables(voided, own).flatMap(({ name, series, root, time }) =>
          withdrawn
            .filter(isBefore)
            .filter(({ args }) => args.series === series && args.root === root && Number(args.asOf) === time)
            .map(
              ({ args }) => `the ${name} table of ${utc(time)} was withdrawn: "${reasonText(args.reason)}"`,
            ),
        ),
        ...restedOnVerifiers(voided, own).flatMap(({ circuit, version }) =>
          retired
            .filter(isBefore)
            .filter(({ args }) => args.circuit === circuit && Number(args.version) === version)
            .map(
              ({ args }) =>
                `version ${version} of the verifier of ${circuitName(circuit)} was retired: "${reasonText(args.reason)}"`,
            ),
        ),
      ];
      return [placeKey(voided), words] as const;
    }),
  );
}

/** Of whatever length its writer paid for. */
function reasonText(reason: string): string {
  return printable(reason).slice(0, 1_000);
}

function restedOnTables({ basis }: VoidedEntry, terms: PolicyTerms) {
  const { marketRoot, marketTime, returnsRoot, returnsTime, liquidityRoot, liquidityTime } = basis;
  return [
    { name: "market", series: terms.marketSeries, root: marketRoot, time: marketTime },
    { name: "returns", series: terms.returnsSeries, root: returnsRoot, time: returnsTime },
    { name: "liquidity", series: terms.liquidity?.series, root: liquidityRoot, time: liquidityTime },
  ];
}

function restedOnVerifiers({ basis }: VoidedEntry, terms: PolicyTerms) {
  return [
    { circuit: terms.circuit, version: basis.version },
    { circuit: terms.tailCircuit, version: basis.tailVersion },
    { circuit: terms.disclosureCircuit, version: basis.disclosureVersion },
    { circuit: terms.liquidity?.circuit ?? "0x", version: basis.liquidityVersion },
  ].filter(({ version }) => version !== 0);
}

/** Attestations that a report speaks of. */
export function attestedIn(entries: readonly HistoryEntry[]): AttestedEntry[] {
  return entries.filter((entry): entry is AttestedEntry => entry.kind === "attested");
}
