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
  const common = { prefix, lockDuration: stalledMs, stalledInterval: stalledMs, maxStalledCount: 1_000_000 };
  const connections = [redis.duplicate(), redis.duplicate()] as const;
  for (const one of connections) one.on("error", () => {});
  const workers = [
    new Worker<JobId>("prove", (job, token) => proveTask(world, job, token!), {
      ...{ ...common, connection: connections[0], concurrency: options.proofs },
    }),
    new Worker<JobId>("submit", (job) => submitTask(world, job), {
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
      await Promise.all(workers.map((worker) => worker.close()));
      await Promise.all(Object.values(queues).map((queue) => queue.close()));
      for (const one of connections) one.disconnect();
    },
  };
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
function idOnly({ subject, policyId, asOf }: JobId): JobId {
  if (/^0x[0-9a-f]{40}$/.test(subject) && /^0x[0-9a-f]{64}$/.test(policyId) && Number.isSafeInteger(asOf)) {
    return { subject, policyId, asOf };
  }
  throw inputError("farm.job", "job", "a subject, a policy id and a time", "other data");
}

async function proveTask(world: FarmWorld, job: Job<JobId>, token: string): Promise<void> {
  const id = idOnly(job.data);
  const { store, queues, metrics, backlog } = world;
  if ((await store.ending(id)) !== undefined) return await release(world, id);
  const isFull = (await queues.submit.count()) >= backlog;
  if (isFull || !(await isTurn(world, id))) {
    await job.moveToDelayed(Date.now() + WAIT_MS, token);
    throw new DelayedError();
  }
  const standing = await standingOf(world.registry, id);
  if (standing.asOf !== undefined && standing.asOf >= id.asOf) {
    return await ended(world, id, { outcome: standing.asOf === id.asOf ? "already" : "superseded" });
  }
  const started = performance.now();
  try {
    keep(world, id, await proveJob(world, id, standing));
  } catch (error) {
    return await giveUp(world, id, error);
  }
  metrics.proof((performance.now() - started) / 1000);
  await queues.submit.add("submit", id, { jobId: jobKey(id), ...RETRIES, ...KEEP_NONE });
}

/** Ends what another try does not change; anything else is tried again. The error in Redis is a code. */
async function giveUp(world: FarmWorld, id: JobId, error: unknown): Promise<void> {
  const { code, kind } = asKeelError(error);
  world.metrics.failed(code);
  if (!FINAL_KINDS.has(kind) || NOT_THE_BOOK.test(code)) throw new Error(code);
  const outcome = code === "policy.broken" ? "unhealthy" : "refused";
  await ended(world, id, { outcome, code });
  throw new UnrecoverableError(code);
}

async function submitTask(world: FarmWorld, job: Job<JobId>): Promise<void> {
  const id = idOnly(job.data);
  const { store, batcher, queues, registry } = world;
  if ((await store.ending(id)) !== undefined) return await release(world, id);
  const attestation = await provenOf(world, id);
  if (attestation === undefined) return;
  try {
    const ending = await batcher.submit(attestation);
    await ended(world, id, ending);
  } catch (error) {
    const known = asKeelError(error);
    world.metrics.failed(known.code);
    if (known.code !== "registry.wrongState") throw new Error(known.code);
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
  const key = subjectKey(world, id);
  const own = jobKey(id);
  await redis.set(key, own, "PX", TAKEN_MS, "NX");
  const holder = await redis.get(key);
  if (holder === own) {
    await redis.pexpire(key, TAKEN_MS);
    return true;
  }
  const [, policyId, asOf] = /-(0x[0-9a-f]{64})-(\d+)$/.exec(holder ?? "") ?? [];
  if (policyId === undefined) return false;
  const other = { subject: id.subject, policyId: policyId as `0x${string}`, asOf: Number(asOf) };
  if ((await store.ending(other)) !== undefined) await release(world, other);
  return false;
}

const RELEASE = `if redis.call("get", KEYS[1]) == ARGV[1] then return redis.call("del", KEYS[1]) else return 0 end`;

/** Frees the subject, if this job has it. */
async function release(world: FarmWorld, id: JobId): Promise<void> {
  await world.redis.eval(RELEASE, 1, subjectKey(world, id), jobKey(id));
}

const EXCLUSIVE_MS = 120_000;
const POLL_MS = 50;

/** Work that only one program at a time does, by a key that its holder renews. */
export function exclusiveBy(redis: Redis, key: string): <T>(work: () => Promise<T>) => Promise<T> {
  let before: Promise<unknown> = Promise.resolve();
  return (work) => {
    const turn = before.then(async () => {
      const token = randomBytes(16).toString("hex");
      while ((await redis.set(key, token, "PX", EXCLUSIVE_MS, "NX")) === null) {
        await new Promise((done) => setTimeout(done, POLL_MS));
      }
      const renew = setInterval(
        () => void redis.pexpire(key, EXCLUSIVE_MS).catch(() => {}),
        EXCLUSIVE_MS / 4,
      );
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
