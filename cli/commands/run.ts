// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * `keel run`: a fund's rounds without anybody there. With `--once` one round, for cron and CI; else by the file's schedule until it
 * is interrupted.
 *
 * @module
 */

import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { asKeelError, exitCode, type KeelError } from "@keel/verifier/errors";
import { utc } from "@keel/verifier/text";
import { type Logger, pino } from "pino";
import { withClock } from "../clock.js";
import type { Context, Outcome } from "../context.js";
import { locked } from "../lock.js";
import { type Outbox, openOutbox, receiversOf } from "../run/alerts.js";
import { type AlertKind, loadRunConfig } from "../run/config.js";
import { listRounds } from "../run/journal.js";
import { createRunMetrics, type RunMetrics, serveMetrics } from "../run/metrics.js";
import { type RoundResult, runRound, type Step } from "../run/round.js";
import { type Ready, readyToRun } from "../run/start.js";
import { kindOf } from "../run/trouble.js";

export interface RunOptions {
  readonly config?: string;
  readonly once?: true;
  /** Lines of the log go to the error stream. */
  readonly log?: string;
}

/** Who tells others. */
interface Teller {
  readonly outbox: Outbox;
  readonly metrics: RunMetrics;
  readonly log: Logger;
  readonly context: Context;
  /** Kinds of the alerts that this run raised. */
  readonly raised: AlertKind[];
}

/** A running program. */
interface Runner extends Teller {
  readonly ready: Ready;
}

/** How a round went, whatever stopped it. */
type Went =
  | { readonly result: RoundResult }
  | { readonly failure: KeelError; readonly kind: AlertKind; readonly step: Step };

const DEFAULT_FILE = "keel.toml";
const TICK_MS = 1_000;
const DAY_S = 86_400;
const FIRST_PAUSE_S = 60;
const LONGEST_PAUSE_S = 1_800;
/** How long a single round waits for receivers of its alerts. */
const DELIVERY_S = 20;

/** Runs once, or until it is interrupted. */
export async function run(options: RunOptions, context: Context): Promise<Outcome> {
  const config = await loadRunConfig(options.config ?? DEFAULT_FILE, context);
  const receivers = receiversOf(config, config.subject, context);
  await mkdir(config.rounds, { recursive: true, mode: 0o700 });
  // One of them at a time: two would ask the sources twice, and the second proof would be for nothing.
  return await locked(join(config.rounds, "run"), async () => {
    const outbox = await openOutbox(config.rounds, config.subject, receivers, context);
    const teller = { outbox, context, metrics: createRunMetrics(), log: logOf(options, context), raised: [] };
    const ready = await readyToRun(config, context).catch(async (error: unknown) => {
      const hasRun = (await listRounds(config.rounds, context).catch(() => [])).length > 0;
      await notStarted(teller, asKeelError(error), hasRun);
      throw error;
    });
    const runner = { ...teller, ready };
    return options.once ? await once(runner) : await stream(runner);
  });
}

/**
 * Bad input is told to who started it; what the machine or the chain is to blame for, to everybody. So is what once ran and does
 * not any more: a disk that is not there looks like a file that was never made, and nobody may be there to read the exit code.
 */
async function notStarted(teller: Teller, failure: KeelError, hasRun: boolean): Promise<void> {
  if (failure.kind === "input" && !hasRun) return;
  const day = realNow() - (realNow() % DAY_S);
  await raise(teller, kindOf(failure), `The run could not start: ${failure.message}`, String(day));
  await delivered(teller);
}

/** Names and times only: whoever reads logs learns no holding. */
function logOf({ log = "info" }: RunOptions, { writeError }: Context): Logger {
  const options = { level: log, base: null, timestamp: pino.stdTimeFunctions.isoTime };
  return pino(options, { write: (line) => writeError(line) });
}

async function once(runner: Runner): Promise<Outcome> {
  const now = await clock(runner);
  const went = await oneRound(runner, String(runner.ready.schedule?.slot(now) ?? now - (now % DAY_S)));
  await delivered(runner);
  const { ready, raised } = runner;
  const json = { policyId: ready.policyId, subject: ready.config.subject, alerts: raised };
  if ("result" in went) {
    const { outcome, asOf, expiresAt } = went.result;
    return {
      json: { ok: true, ...went.result, ...json },
      text: `${ready.config.subject}: ${outcome} as of ${utc(asOf)}${expiresAt === undefined ? "" : `, until ${utc(expiresAt)}`}.`,
    };
  }
  const { failure, kind, step } = went;
  // Bad input ends a command with exit code 1, which is an error's.
  if (failure.kind === "input") throw failure;
  const outcome = kind === "unhealthy" ? "unhealthy" : "failed";
  return {
    exitCode: exitCode(failure.kind) as 2 | 3 | 4,
    json: { ok: false, outcome, step, alert: kind, error: failure, ...json },
    text: `${ready.config.subject}: ${outcome} at ${step}: ${failure.message}`,
  };
}

/** Rounds by the schedule; a round that failed is tried again, with growing pauses, until the next one begins. */
async function stream(runner: Runner): Promise<Outcome> {
  const { ready, context, metrics, log, outbox } = runner;
  const { schedule, config } = ready;
  if (schedule === undefined) {
    const { inputError } = await import("@keel/verifier/errors");
    throw inputError("run.schedule", "run.schedule", "a schedule, or --once", "none");
  }
  let [last, rounds]: [Went | undefined, number] = [undefined, 0];
  let next = schedule.next(await clock(runner));
  const health = () => ({
    ok: last === undefined || "result" in last,
    ...(last === undefined ? {} : { outcome: "result" in last ? last.result.outcome : last.kind }),
    next,
  });
  const server =
    config.listen === undefined ? undefined : await serveMetrics(listenOf(config.listen), metrics, health);
  log.info({ next: utc(next), ...(server === undefined ? {} : { url: server.url }) }, "waiting");
  let due = await firstDue(runner, schedule.slot(await clock(runner)), next);
  let tries = 0;
  while (!context.signal.aborted) {
    metrics.next(due);
    const now = await clock(runner).catch(() => undefined);
    // A clock that was wrong for a while puts no round off.
    if (now !== undefined) due = Math.min(due, schedule.next(now));
    if (now !== undefined && now >= due) {
      const slot = schedule.slot(now)!;
      last = await oneRound(runner, String(slot));
      rounds += 1;
      tries = "result" in last ? 0 : tries + 1;
      next = schedule.next(now);
      if ("failure" in last && now - slot >= schedule.late)
        await raise(runner, "missed", missedText(slot), String(slot));
      due = "result" in last || last.kind === "unhealthy" ? next : Math.min(next, now + pause(tries));
      log.info({ next: utc(due) }, "waiting");
    }
    if (now !== undefined) metrics.waiting(await outbox.flush(realNow()));
    await sleep(TICK_MS, undefined, { signal: context.signal }).catch(() => {});
  }
  await server?.close();
  return { streamed: true, json: { kind: "end", rounds }, text: `${rounds} rounds.` };
}

function listenOf({ host, port }: NonNullable<Ready["config"]["listen"]>) {
  return { port, ...(host === undefined ? {} : { host }) };
}

/** At once when the present slot has no attestation yet: the program was down when it began. */
async function firstDue({ ready }: Runner, slot: number | undefined, next: number): Promise<number> {
  const { statusOf } = await import("@keel/verifier/chain");
  if (slot === undefined) return next;
  const { healthy, asOf, count } = await statusOf(ready.registry, ready.config.subject, ready.policyId);
  if (count === 0) return next;
  return healthy && asOf !== undefined && asOf >= slot ? next : slot;
}

function missedText(slot: number): string {
  return `The round of ${utc(slot)} has not ended in time.`;
}

function pause(tries: number): number {
  return Math.min(LONGEST_PAUSE_S, FIRST_PAUSE_S * 2 ** (tries - 1));
}

async function oneRound(runner: Runner, about: string): Promise<Went> {
  const { ready, context, metrics, log } = runner;
  let step: Step = "collect";
  const slot = ready.schedule?.slot(await clock(runner).catch(() => context.now()));
  const job = {
    ...ready,
    ...(slot === undefined ? {} : { slot }),
    onStep: (next: Step) => {
      step = next;
      log.info({ step }, "step");
    },
    alert: (kind: AlertKind, text: string, more = about) => raise(runner, kind, text, more),
  };
  try {
    const result = await runRound(job, context);
    metrics.round(result.outcome);
    if (result.expiresAt !== undefined) metrics.attested(result.asOf, result.expiresAt);
    if (result.proofMs !== undefined) metrics.proof(result.proofMs);
    log.info({ outcome: result.outcome, asOf: utc(result.asOf) }, "round");
    return { result };
  } catch (error) {
    if (context.signal.aborted) throw error;
    const failure = asKeelError(error);
    const kind = kindOf(failure);
    metrics.round(kind);
    log.warn({ step, code: failure.code, alert: kind }, "round");
    await raise(runner, kind, alertText(failure, step), about);
    return { failure, kind, step };
  }
}

/** Codes and limits by name; the message of a failure never has a holding in it. */
function alertText(failure: KeelError, step: Step): string {
  return `The round stopped at ${step}: ${failure.message}`;
}

async function raise(runner: Teller, kind: AlertKind, text: string, about: string): Promise<void> {
  const { outbox, metrics, raised } = runner;
  try {
    if (!(await outbox.raise({ kind, text, about }, realNow()))) return;
  } catch (error) {
    // A full disk: the alert is told once, in the log.
    runner.log.error({ code: asKeelError(error).code, alert: kind }, "alert");
  }
  raised.push(kind);
  metrics.alert(kind);
}

/** Sends what waits, for a while. */
async function delivered({ outbox, log }: Teller): Promise<void> {
  const until = Date.now() + DELIVERY_S * 1000;
  for (;;) {
    const waiting = await outbox.flush(realNow()).catch(() => 0);
    if (waiting === 0) return;
    if (Date.now() >= until) return log.warn({ waiting }, "alerts wait for the next run");
    await sleep(TICK_MS);
  }
}

/** Receivers live in real time, also when a rehearsal moves a chain's clock. */
function realNow(): number {
  return Math.floor(Date.now() / 1000);
}

async function clock({ ready, context }: Runner): Promise<number> {
  return (await withClock({ rpc: ready.rpc }, context)).now();
}
