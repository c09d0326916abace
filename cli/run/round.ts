// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * One round of `keel run`: collect, market, check, prove, attest, confirm, record. Each step can be repeated: after a crash the
 * round goes on with the files that it has, and says what it would have said.
 *
 * @module
 */

import { stat } from "node:fs/promises";
import { judgeBook, type LimitResult, openUnfinished, parseSnapshot, requireHealthy } from "@keel/prover";
import { type Market, marketContentHash, marketTable, type Policy, parseAttestation } from "@keel/verifier";
import { type Registry, type Status, stateOf, statusOf, tableStandingOf } from "@keel/verifier/chain";
import { asKeelError, KeelError } from "@keel/verifier/errors";
import { connectSender } from "../chain.js";
import { withClock } from "../clock.js";
import { attest } from "../commands/attest.js";
import { collect } from "../commands/collect.js";
import { prove } from "../commands/prove.js";
import { publishMarketTable } from "../commands/publish-market.js";
import type { Context } from "../context.js";
import { readText, writeText } from "../files.js";
import { loadBook, loadUnits } from "../load.js";
import { confirmedState } from "../vault/confirmed.js";
import { openVault } from "../vault/vault.js";
import { type AlertKind, type RunConfig, resolved, signerOf } from "./config.js";
import {
  beginRound,
  endRound,
  listRounds,
  type Round,
  type RoundOutcome,
  roundFile,
  saveRound,
  unfinished,
} from "./journal.js";

/** What a round works with. */
export interface Job {
  readonly config: RunConfig;
  readonly policyId: `0x${string}`;
  readonly policy: Policy;
  readonly rpc: string;
  readonly registry: Registry;
  /** The start of the schedule's slot; nothing without a schedule. */
  readonly slot?: number;
  /** Tells somebody. */
  readonly alert: (kind: AlertKind, text: string, about?: string) => Promise<void>;
  /** Called as each step begins. */
  readonly onStep: (step: Step) => void;
}

/** Steps of a round. */
export type Step = "collect" | "market" | "check" | "prove" | "attest" | "confirm" | "record";

/** What a round came to. */
export interface RoundResult {
  readonly outcome: RoundOutcome;
  readonly asOf: number;
  readonly expiresAt?: number;
  readonly transaction?: string;
  readonly proofMs?: number;
}

/** How often a round proves again because the state moved meanwhile. */
const TRIES = 3;

/**
 * Runs a round to its end.
 *
 * @throws KeelError whatever stops it; the same round goes on when it is run again
 */
export async function runRound(job: Job, context: Context): Promise<RoundResult> {
  const { config } = job;
  const { subject } = config;
  const clocked = await withClock({ rpc: job.rpc }, context);
  const before = await statusOf(job.registry, subject, job.policyId);
  if (job.slot !== undefined && before.healthy && before.asOf !== undefined && before.asOf >= job.slot) {
    return { outcome: "already", asOf: before.asOf, expiresAt: before.expiry! };
  }
  const back = await resubmitted(job, before, clocked);
  if (back !== undefined) return back;
  job.onStep("collect");
  const round = await collected(job, clocked);
  if (before.healthy && before.asOf !== undefined && before.asOf >= round.asOf) {
    return await ended(job, round, before.asOf === round.asOf ? "already" : "overtaken", before, clocked);
  }
  job.onStep("market");
  await checkMarket(job, round, clocked);
  job.onStep("check");
  await checkBook(job, round, clocked);
  await checkChain(job, clocked);
  return await attested(job, round, clocked);
}

/** A round whose attestation a reorganisation took back is submitted as it is. */
async function resubmitted(job: Job, before: Status, context: Context): Promise<RoundResult | undefined> {
  const { config, policy, registry } = job;
  const last = (await listRounds(config.rounds, context)).at(-1);
  const isGone = last?.outcome === "attested" && (before.asOf ?? 0) < last.asOf && before.floor < last.asOf;
  if (last === undefined || !isGone || context.now() - last.asOf > policy.maxAge) return undefined;
  job.onStep("attest");
  if ((await submitted(job, last, context)) !== undefined) return undefined;
  const after = await statusOf(registry, config.subject, job.policyId);
  return isIn(after, last) ? await ended(job, last, "attested", after, context) : undefined;
}

/** Goes on with an unfinished round that is still of use, or begins one, and gets its book. */
async function collected(job: Job, context: Context): Promise<Round> {
  const { config, policy } = job;
  const now = context.now();
  const { snapshot, sources, tokens, units } = config.book;
  const open = unfinished(await listRounds(config.rounds, context), now, policy.maxAge / 2);
  const asOf = snapshot === undefined ? (open?.asOf ?? now) : await timeOf(snapshot, context);
  const round = await beginRound(config.rounds, asOf, now, context);
  const { file, returns, liquidity } = config.market;
  const files = { market: file, returns, liquidity, units, snapshot };
  for (const [role, from] of Object.entries(files)) {
    if (from !== undefined) await copyWhole(from, roundFile(round, `${role}.json`), role, context);
  }
  const out = roundFile(round, "snapshot.json");
  // A source signs once for a time: what it said stays.
  if (snapshot !== undefined || (await isThere(out))) return round;
  const source = Object.entries(sources!).map(
    ([name, url]) => `${name}=${resolved(url, "run.book.sources", context)}`,
  );
  await collect(
    { ...tablesOf(job, round), subject: config.subject, asOf, tokenFile: tokens!, out, source },
    context,
  );
  return round;
}

async function timeOf(snapshot: string, context: Context): Promise<number> {
  return parseSnapshot(await readText(snapshot, "snapshot", context)).asOf;
}

/** A copy is there whole or not at all: what it is from may be written at the same time. */
async function copyWhole(from: string, to: string, role: string, context: Context): Promise<void> {
  await writeText(
    { path: to, text: await readText(from, role, context), secret: true },
    true,
    context.signal,
  );
}

function tablesOf({ config }: Job, round: Round) {
  const returns = config.market.returns === undefined ? {} : { returns: roundFile(round, "returns.json") };
  const liquidity =
    config.market.liquidity === undefined ? {} : { liquidity: roundFile(round, "liquidity.json") };
  return { market: roundFile(round, "market.json"), policy: config.policy, ...returns, ...liquidity };
}

function bookOf(job: Job, round: Round) {
  const units = job.config.book.units === undefined ? {} : { units: roundFile(round, "units.json") };
  return { ...tablesOf(job, round), ...units, snapshot: roundFile(round, "snapshot.json") };
}

/** The registry has to know the table; with signatures it is published. */
async function checkMarket(job: Job, round: Round, context: Context): Promise<void> {
  const { config, policy, registry } = job;
  const { market } = await loadBook(bookOf(job, round), context);
  const standing = await tableStandingOf(registry, tableOf(market, policy));
  if (standing === "accepted") return;
  const { signatures } = config.market;
  if (standing === "withdrawn" || signatures === undefined) {
    throw new KeelError({
      ...{ kind: "environment", code: "run.market", path: "run.market.file" },
      ...{ expected: "a table that the registry accepted", received: `one that is ${standing}` },
    });
  }
  const table = { ...tablesOf(job, round), table: "prices" } as const;
  await publishMarketTable({ ...table, ...senderOf(job), signature: signatures }, context);
}

function tableOf(market: Market, policy: Policy) {
  const { root, time } = marketTable(market, policy);
  return { series: policy.market.series, root, asOf: Number(time), contentHash: marketContentHash(market) };
}

function senderOf({ config, rpc }: Job) {
  return { rpc, registry: config.registry.address, ...signerOf(config) };
}

/** Unhealthy never proves. */
async function checkBook(job: Job, round: Round, context: Context): Promise<void> {
  const files = bookOf(job, round);
  const vault = await openVault(job.config.vault, context);
  const { entry } = await confirmedState(
    vault,
    job.registry,
    job.config.subject,
    context,
    fromBlock(job.config),
  );
  const book = openUnfinished({
    ...(await loadBook(files, context)),
    ...(await loadUnits(files.units, context)),
    ...(entry === undefined ? {} : { state: entry.state }),
    now: context.now(),
  });
  const assessment = judgeBook(book);
  const close = assessment.limits.filter((limit) => limit.ok && isClose(limit, job.config));
  if (close.length > 0) {
    const names = [...new Set(close.map(({ name }) => name))].join(", ");
    await job.alert("headroom", `Close to a limit: ${names}.`, String(round.asOf));
  }
  requireHealthy(assessment);
}

function fromBlock({ registry }: RunConfig): bigint {
  return BigInt(registry.fromBlock ?? 0);
}

const SHARE_PLACES = 9;

/** Whether less than the configured share of a limit is left; of a band, of its width. */
function isClose({ headroom, limit }: LimitResult, { warn }: RunConfig): boolean {
  if (warn.headroom === undefined || headroom === undefined) return false;
  const size = typeof limit === "bigint" ? limit : limit[1] - limit[0];
  const share = scaled(warn.headroom, SHARE_PLACES);
  return headroom * 10n ** BigInt(SHARE_PLACES) < (size < 0n ? -size : size) * share;
}

/** A decimal number times a power of ten. */
export function scaled(text: string, places: number): bigint {
  const [whole, fraction = ""] = text.split(".") as [string, string?];
  return BigInt(whole + fraction.padEnd(places, "0").slice(0, places));
}

const GWEI_PLACES = 9;
const ETHER_PLACES = 18;

/** Fees and the sender's money. */
async function checkChain(job: Job, context: Context): Promise<void> {
  const { maxFee, balance } = job.config.warn;
  const { account, registry } = await connectSender(senderOf(job), context);
  const { client } = registry;
  if (balance !== undefined && (await client.getBalance(account)) < scaled(balance, ETHER_PLACES)) {
    await job.alert("signer", `The sender ${account.address} has less than ${balance} ether.`);
  }
  if (maxFee === undefined) return;
  const fee = await client.getGasPrice();
  if (fee <= scaled(maxFee, GWEI_PLACES)) return;
  throw new KeelError({
    ...{ kind: "environment", code: "run.fee", path: "run.warn.maxFee" },
    ...{ expected: `at most ${maxFee} gwei`, received: `${fee / 10n ** BigInt(GWEI_PLACES)} gwei` },
  });
}

/** Proves, submits and confirms; again from the new state when another attestation came first. */
async function attested(job: Job, round: Round, context: Context): Promise<RoundResult> {
  const { config, registry } = job;
  let current = round;
  for (let tries = 1; ; tries++) {
    current = await proven(job, current, tries > 1, context);
    job.onStep("attest");
    const failure = await submitted(job, current, context);
    const after = await statusOf(registry, config.subject, job.policyId);
    job.onStep("confirm");
    if (failure === undefined && isIn(after, current))
      return await ended(job, current, "attested", after, context);
    if (after.healthy && after.asOf !== undefined && after.asOf >= current.asOf) {
      return await ended(job, current, "overtaken", after, context);
    }
    const moved = failure === undefined || failure.code === "registry.wrongState";
    if (!moved || tries === TRIES) throw failure ?? unconfirmed();
  }
}

function isIn(status: Status, { asOf }: Round): boolean {
  return status.healthy && status.asOf === asOf;
}

async function proven(job: Job, round: Round, again: boolean, context: Context): Promise<Round> {
  const { config, rpc } = job;
  job.onStep("prove");
  const { artifacts, tailArtifacts, liquidityArtifacts, disclosureArtifacts, workers } = config;
  const made = await prove(
    {
      ...bookOf(job, round),
      ...{ rpc, chainId: config.registry.chainId, registry: config.registry.address },
      ...{ enrolment: config.enrolment, vault: config.vault, out: roundFile(round, "attestation.json") },
      ...(artifacts === undefined ? {} : { artifacts }),
      ...(tailArtifacts === undefined ? {} : { tailArtifacts }),
      ...(liquidityArtifacts === undefined ? {} : { liquidityArtifacts }),
      ...(disclosureArtifacts === undefined ? {} : { disclosureArtifacts }),
      ...(workers === undefined ? {} : { workers }),
      ...(again || (await isOther(job, round, context)) ? { force: true as const } : {}),
    },
    context,
  );
  const { ms, already } = made.json as { readonly ms: number; readonly already?: true };
  return already ? round : await saveRound({ ...round, proofMs: ms }, context);
}

/** Whether an attestation of an earlier try went on from another state than the registry has now. */
async function isOther({ registry, config }: Job, round: Round, context: Context): Promise<boolean> {
  const path = roundFile(round, "attestation.json");
  if (!(await isThere(path))) return false;
  try {
    const { drawdown } = parseAttestation(await readText(path, "attestation", context));
    return drawdown.previousState !== (await stateOf(registry, config.subject));
  } catch {
    return true;
  }
}

/** What the registry refused it for; nothing when it took it. */
async function submitted(job: Job, round: Round, context: Context): Promise<KeelError | undefined> {
  try {
    const file = roundFile(round, "attestation.json");
    const { json } = await attest({ ...tablesOf(job, round), ...senderOf(job), attestation: file }, context);
    await saveRound({ ...round, transaction: (json as { transaction: string }).transaction }, context);
    return undefined;
  } catch (error) {
    const known = asKeelError(error);
    if (known.kind !== "proof") throw error;
    return known;
  }
}

async function ended(
  job: Job,
  round: Round,
  outcome: RoundOutcome,
  { asOf, expiry }: Status,
  context: Context,
): Promise<RoundResult> {
  job.onStep("record");
  const [record] = (await listRounds(job.config.rounds, context)).filter((one) => one.asOf === round.asOf);
  const kept = await endRound({ ...round, ...record, ended: context.now(), outcome }, context);
  const { transaction, proofMs } = kept;
  return {
    ...{ outcome, asOf: asOf!, expiresAt: expiry! },
    ...(transaction === undefined ? {} : { transaction }),
    ...(proofMs === undefined ? {} : { proofMs }),
  };
}

function unconfirmed(): KeelError {
  return new KeelError({
    ...{ kind: "environment", code: "run.unconfirmed", path: "registry" },
    ...{ expected: "the attestation to stand after it was accepted", received: "a registry without it" },
  });
}

async function isThere(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined)) !== undefined;
}
