// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * The farm: two queues on Redis, to prove and to submit. A job carries an id and nothing else; its book stays in the fund's store
 * and is opened by the worker that proves.
 *
 * A subject's jobs are serial, because each proof goes on from the state that the one before left: a key in Redis says which job of a
 * subject is under way. Losing it, or all of Redis, costs a proof made twice and never an attestation: which job counts is decided
 * by the registry's state, and what is to be done by the store.
 *
 * @module
 */

import { randomBytes } from "node:crypto";
import { type Attestation, parseAttestation } from "@keel/verifier";
import { statusOf } from "@keel/verifier/chain";
import { asKeelError, inputError } from "@keel/verifier/errors";
import { DelayedError, type Job, Queue, UnrecoverableError, Worker } from "bullmq";
import type { Redis } from "ioredis";
import type { FarmMetrics } from "./metrics.js";
import { type ProvingWorld, proveJob } from "./proving.js";
import { standingOf } from "./standing.js";
import { type Ending, type JobId, jobKey } from "./store.js";
import type { Batcher } from "./submitting.js";

/** What a farm is run with. */
export interface FarmOptions extends ProvingWorld {
  readonly redis: Redis;
  /** Aborted when the connections to Redis are given up; see `connectRedis`. */
  readonly leaving: AbortController;
  /** Prefix of the keys in Redis; farms of one name share the work. */
  readonly name: string;
  readonly batcher: Batcher;
  readonly metrics: FarmMetrics;
  /** Proofs under way at once. */
  readonly proofs: number;
  /** Attestations that may wait to be submitted before no more are proven. */
  readonly backlog: number;
  /** Milliseconds after which the job of a worker that died is given to another. */
  readonly stalledMs?: number;
}

/** A running farm. */
export interface Farm {
  /** Puts a job in the queue; one that is there already, or has ended, is not put there again. */
  add(id: JobId): Promise<void>;
  /** Puts every open job of the store in the queue. @returns how many are open */
  refill(): Promise<number>;
  /** Jobs by state. */
  counts(): Promise<Readonly<Record<string, number>>>;
  stop(): Promise<void>;
}

/** Attempts at a job that the environment stops; refilling begins anew. */
const ATTEMPTS = 8;
const RETRY_MS = 1_000;
/** How long a job waits for another one of its subject, or for the backlog. */
const WAIT_MS = 500;
const STALLED_MS = 30_000;
/** How long a subject stays taken by a worker that says nothing. */
const TAKEN_MS = 10 * 60_000;
/** How long proofs under way may take when the farm is to end. */
const STOP_MS = 60_000;
const STOP_LOOK_MS = 200;
/** Looks in a row without Redis. */
const STOP_AWAY = 10;
/** How long connections may take to see that they are given up: more than the longest pause between two tries. */
const LEFT_MS = 5_000;
/** How long a worker waits that Redis has failed. */
const AGAIN_MS = 1_000;
const RETRIES = { attempts: ATTEMPTS, backoff: { type: "exponential", delay: RETRY_MS } } as const;
const KEEP_NONE = { removeOnComplete: true, removeOnFail: true } as const;

/** What another try does not change: the book, not what the farm lacks. */
const FINAL_KINDS: ReadonlySet<string> = new Set(["input", "policy", "proof"]);
const NOT_THE_BOOK = /^(state|seed|farm)\./;

/** Starts the workers. */
export async function startFarm(options: FarmOptions): Promise<Farm> {
  const { redis, name, stalledMs = STALLED_MS } = options;
  const connection = redis;
  const prefix = `{keel-${name}}`;
  const queues = {
    prove: new Queue<JobId>("prove", { connection, prefix }),
    submit: new Queue<JobId>("submit", { connection, prefix }),
  };
  const world: FarmWorld = { ...options, prefix, queues, proven: new Map() };
  const common = {
    prefix,
    lockDuration: stalledMs,
    stalledInterval: stalledMs,
    maxStalledCount: 1_000_000,
    runRetryDelay: AGAIN_MS,
  };
  const connections = [redis.duplicate(), redis.duplicate()] as const;
  for (const one of connections) one.on("error", () => {});
  const workers = [
    new Worker<JobId>("prove", (job, token) => told(world, () => proveTask(world, job, token!)), {
      ...{ ...common, connection: connections[0], concurrency: options.proofs },
    }),
    new Worker<JobId>("submit", (job) => told(world, () => submitTask(world, job)), {
      ...{ ...common, connection: connections[1], concurrency: options.backlog },
    }),
  ];
  // A lost connection is told by the jobs that it stops.
  for (const worker of workers) worker.on("error", () => {});
  for (const queue of Object.values(queues)) queue.on("error", () => {});
  await Promise.all(workers.map((worker) => worker.waitUntilReady()));
  const add = (id: JobId) => addJob(world, id);
  return {
    add,
    refill: () => refill(world),
    counts: async () => {
      const [prove, submit] = await Promise.all([queues.prove.getJobCounts(), queues.submit.getJobCounts()]);
      const named = (kind: string, counts: Record<string, number>) =>
        Object.entries(counts).map(([state, count]) => [`${kind}.${state}`, count] as const);
      return Object.fromEntries([...named("prove", prove), ...named("submit", submit)]);
    },
    stop: async () => {
      options.batcher.hurry();
      const isAway = redis.status !== "ready";
      const closing = [
        ...workers.map((one) => one.close(isAway)),
        ...Object.values(queues).map((one) => one.close()),
      ];
      const closed = Promise.allSettled(closing);
      await Promise.race([closed, noMoreWaiting(redis)]);
      options.leaving.abort();
      await Promise.race([closed, later(LEFT_MS)]);
      for (const one of connections) one.disconnect();
    },
  };
}

/** When what is under way is left to other farms: after a while, or at once where no job can end without Redis. */
async function noMoreWaiting(redis: Redis): Promise<void> {
  const until = Date.now() + STOP_MS;
  for (let away = 0; away < STOP_AWAY && Date.now() < until; ) {
    await later(STOP_LOOK_MS);
    away = redis.status === "ready" ? 0 : away + 1;
  }
}

async function later(ms: number): Promise<void> {
  await new Promise((done) => setTimeout(done, ms).unref());
}

interface FarmWorld extends FarmOptions {
  readonly prefix: string;
  readonly queues: { readonly prove: Queue<JobId>; readonly submit: Queue<JobId> };
  /** What was proven here and waits to be submitted, so that it need not be read again. */
  readonly proven: Map<string, Attestation>;
}

async function addJob({ store, queues }: FarmWorld, id: JobId): Promise<void> {
  const own = idOnly(id);
  if ((await store.ending(own)) !== undefined) return;
  const jobId = jobKey(own);
  if ((await queues.submit.getJob(jobId)) !== undefined) return;
  await queues.prove.add("prove", own, { jobId, ...RETRIES, ...KEEP_NONE });
}

/** Only what the queues do not have is put there. */
async function refill({ store, queues, redis, prefix }: FarmWorld): Promise<number> {
  const open = await store.open();
  const asked = redis.pipeline();
  for (const id of open)
    asked.exists(...Object.keys(queues).map((name) => `${prefix}:${name}:${jobKey(id)}`));
  const found = (await asked.exec()) ?? [];
  const missing = open.filter((_, i) => found[i]?.[1] === 0);
  const jobs = missing.map((id) => ({
    name: "prove",
    data: idOnly(id),
    opts: { jobId: jobKey(id), ...RETRIES, ...KEEP_NONE },
  }));
  if (jobs.length > 0) await queues.prove.addBulk(jobs);
  return open.length;
}

/** Whatever else somebody put beside an id does not get into Redis. */
function idOnly(data: JobId | null | undefined): JobId {
  const { subject, policyId, asOf } = data ?? ({} as JobId);
  const isText = typeof subject === "string" && typeof policyId === "string";
  if (isText && /^0x[0-9a-f]{40}$/.test(subject) && /^0x[0-9a-f]{64}$/.test(policyId) && isTime(asOf)) {
    return { subject, policyId, asOf };
  }
  throw inputError("farm.job", "job", "a subject, a policy id and a time", "other data");
}

/** What stops a job gets into Redis: as a code, since the words of a failure may quote the node's address, and its access key. */
async function told({ metrics }: FarmWorld, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (error instanceof DelayedError || error instanceof UnrecoverableError) throw error;
    const { code } = asKeelError(error);
    metrics.failed(code);
    // Data that is no id is none at the next try either.
    throw code === "farm.job" ? new UnrecoverableError(code) : new Error(code);
  }
}

function isTime(value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

async function proveTask(world: FarmWorld, job: Job<JobId>, token: string): Promise<void> {
  const id = idOnly(job.data);
  const { store, queues, backlog } = world;
  // Whoever writes into Redis may ask for anything: only what the store has a book of is done.
  if (!(await store.isOpen(id))) return await release(world, id);
  const isFull = (await queues.submit.count()) >= backlog;
  if (isFull || !(await isTurn(world, id))) {
    await job.moveToDelayed(Date.now() + WAIT_MS, token);
    throw new DelayedError();
  }
  // From here on, so that what waits to be sent does not leave while the registry is asked for this one.
  const arrived = world.batcher.expect();
  try {
    await proveOpen(world, id);
  } finally {
    arrived();
  }
}

/** Proves a job whose turn it is, unless the registry has it. */
async function proveOpen(world: FarmWorld, id: JobId): Promise<void> {
  const { queues, metrics } = world;
  const standing = await standingOf(world.registry, id);
  if (standing.asOf !== undefined && standing.asOf >= id.asOf) {
    return await ended(world, id, { outcome: standing.asOf === id.asOf ? "already" : "superseded" });
  }
  try {
    const started = performance.now();
    keep(world, id, await proveJob(world, id, standing));
    metrics.proof((performance.now() - started) / 1000);
    await queues.submit.add("submit", id, { jobId: jobKey(id), ...RETRIES, ...KEEP_NONE });
  } catch (error) {
    await giveUp(world, id, error);
  }
}

/** Ends what another try does not change; anything else is tried again. */
async function giveUp(world: FarmWorld, id: JobId, error: unknown): Promise<void> {
  const { code, kind } = asKeelError(error);
  if (!FINAL_KINDS.has(kind) || NOT_THE_BOOK.test(code)) throw error;
  world.metrics.failed(code);
  const outcome = code === "policy.broken" ? "unhealthy" : "refused";
  await ended(world, id, { outcome, code });
  throw new UnrecoverableError(code);
}

async function submitTask(world: FarmWorld, job: Job<JobId>): Promise<void> {
  const id = idOnly(job.data);
  const { store, batcher, queues, registry } = world;
  if (!(await store.isOpen(id))) return await release(world, id);
  const attestation = await provenOf(world, id);
  if (attestation === undefined) return;
  try {
    const ending = await batcher.submit(attestation);
    await ended(world, id, ending);
  } catch (error) {
    if (asKeelError(error).code !== "registry.wrongState") throw error;
    const status = await statusOf(registry, id.subject, id.policyId);
    if (status.asOf !== undefined && status.asOf >= id.asOf)
      return await ended(world, id, { outcome: "superseded" });
    await queues.prove.add("prove", id, { jobId: jobKey(id), ...RETRIES, ...KEEP_NONE });
  }
}

/** Another farm may take the job, so what is kept is bounded. */
function keep({ proven, backlog }: FarmWorld, id: JobId, attestation: Attestation): void {
  proven.set(jobKey(id), attestation);
  const [oldest] = proven.keys();
  if (proven.size > backlog) proven.delete(oldest!);
}

/** What a job has proven: here, or by whoever wrote it to the store. */
async function provenOf({ proven, store }: FarmWorld, id: JobId): Promise<Attestation | undefined> {
  const known = proven.get(jobKey(id));
  proven.delete(jobKey(id));
  if (known !== undefined) return known;
  const text = await store.attestation(id);
  return text === undefined ? undefined : parseAttestation(text);
}

async function ended(world: FarmWorld, id: JobId, ending: Ending): Promise<void> {
  await world.store.end(id, ending);
  world.metrics.ended(ending.outcome);
  await release(world, id);
}

function subjectKey({ prefix }: FarmWorld, { subject }: JobId): string {
  return `${prefix}:subject:${subject}`;
}

/** Whether the subject is free, or taken by this job: the earlier snapshot first. */
async function isTurn(world: FarmWorld, id: JobId): Promise<boolean> {
  const { redis, store } = world;
  const [key, own] = [subjectKey(world, id), jobKey(id)];
  const holder = String(await redis.eval(TAKE, 1, key, own, TAKEN_MS));
  if (holder === own) return true;
  const other = idOf(id.subject, holder);
  if (other === undefined || !(await store.isOpen(other))) await redis.eval(RELEASE, 1, key, holder);
  return false;
}

/** Takes a key that is free, for a while, and says who has it; nobody has it for ever, whoever wrote it. */
const TAKE = `local holder = redis.call("get", KEYS[1])
if not holder or holder == ARGV[1] then
  redis.call("set", KEYS[1], ARGV[1], "PX", ARGV[2])
  return ARGV[1]
end
local left = redis.call("pttl", KEYS[1])
if left < 0 or left > tonumber(ARGV[2]) then redis.call("pexpire", KEYS[1], ARGV[2]) end
return holder`;

/** The job of a subject that a key names. */
function idOf(subject: `0x${string}`, key: string): JobId | undefined {
  const [, policyId, asOf] = /-(0x[0-9a-f]{64})-(\d{1,15})$/.exec(key) ?? [];
  return policyId === undefined
    ? undefined
    : { subject, policyId: policyId as `0x${string}`, asOf: Number(asOf) };
}

/** Nobody holds a key for ever, whoever wrote it. */
async function bounded(redis: Redis, key: string, mostMs: number): Promise<void> {
  const left = await redis.pttl(key);
  if (left === NO_END || left > mostMs) await redis.pexpire(key, mostMs);
}

/** How Redis says that a key does not end. */
const NO_END = -1;
const RELEASE = `if redis.call("get", KEYS[1]) == ARGV[1] then return redis.call("del", KEYS[1]) else return 0 end`;

/** Frees the subject, if this job has it. */
async function release(world: FarmWorld, id: JobId): Promise<void> {
  await world.redis.eval(RELEASE, 1, subjectKey(world, id), jobKey(id));
}

const POLL_MS = 50;

/**
 * Work that only one program at a time does, by a key that its holder renews.
 *
 * @param heldMs after which the key of a holder that died is free
 */
export function exclusiveBy(
  redis: Redis,
  key: string,
  heldMs: number = STALLED_MS,
): <T>(work: () => Promise<T>) => Promise<T> {
  let before: Promise<unknown> = Promise.resolve();
  return (work) => {
    const turn = before.then(async () => {
      const token = randomBytes(16).toString("hex");
      while ((await redis.set(key, token, "PX", heldMs, "NX")) === null) {
        await bounded(redis, key, heldMs);
        await new Promise((done) => setTimeout(done, POLL_MS));
      }
      const renew = setInterval(() => void redis.pexpire(key, heldMs).catch(() => {}), heldMs / 4);
      try {
        return await work();
      } finally {
        clearInterval(renew);
        await redis.eval(RELEASE, 1, key, token);
      }
    });
    before = turn.catch(() => {});
    return turn;
  };
}
