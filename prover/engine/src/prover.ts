// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * The prover: proofs as task graphs over a pool of workers.
 *
 * One proof: witness (one worker) -> rows of A, B, C (all workers, each its own) -> the three polynomials on the odd
 * coset (one worker each) -> the sum over C and H (all workers); the sums over A and B fill every gap; at last one worker
 * assembles, blinds and verifies. Two proofs are under way at a time, so that one works where the other waits.
 *
 * @module
 */

import { KeelError } from "@keel/verifier/errors";
import type { Groth16Proof, VerificationKey } from "@keel/verifier/groth16";
import type { Remote } from "comlink/dist/esm/comlink.mjs";
import { type Artifacts, createLoader, type Platform, type ProverOptions } from "./artifacts.js";
import type { QuerySums } from "./assemble.js";
import { ELEMENT_BYTES, readElement, writeElement } from "./bytes.js";
import type { EngineWorker } from "./engine-worker.js";
import { type CircuitInput, flattenInput } from "./inputs.js";
import type { RowValues } from "./kernel.js";
import { createPool, type Pool, type Task } from "./pool.js";
import type { Query } from "./slices.js";
import {
  createProofMemory,
  incoming,
  outgoing,
  outgoingRows,
  type ProofMemory,
  partOf,
  wipe,
} from "./vectors.js";

/** A step of a proof. */
export type ProofPhase = "queued" | "witness" | "evaluate" | "transform" | "multiply" | "verify" | "done";

/** Progress of one proof: the phase it has reached and the share of its work that is done, from 0 to 1. */
export interface ProofProgress {
  readonly phase: ProofPhase;
  readonly fraction: number;
}

/** How to run one proof. */
export interface ProveOptions {
  readonly signal?: AbortSignal;
  /** Milliseconds from the call, waiting included. */
  readonly timeoutMs?: number;
  /** Told as the proof goes on. */
  readonly onProgress?: (progress: ProofProgress) => void;
}

/** A proof in snarkjs's shapes. */
export interface ProofResult {
  readonly proof: Groth16Proof;
  readonly publicSignals: string[];
}

/** A circuit with its key, ready to prove. */
export interface Prover {
  readonly verificationKey: VerificationKey;
  /** The wires of the circuit, which is the length of a witness. */
  readonly wires: number;
  readonly workers: number;
  /**
   * Proves; the proof has been verified when it is returned.
   *
   * @throws KeelError `input.*`, `witness.assertion`, `proof.unsound`, `worker.died`, `prover.timeout`,
   *   `prover.cancelled`, `prover.closed`.
   */
  prove(input: CircuitInput, options?: ProveOptions): Promise<ProofResult>;
  /** Proves from a witness that was calculated elsewhere: one value in [0, r) a wire, the constant one first. */
  proveWitness(witness: readonly bigint[], options?: ProveOptions): Promise<ProofResult>;
  /** The witness alone. */
  calculateWitness(input: CircuitInput, options?: ProveOptions): Promise<bigint[]>;
  /** Ends the workers; what is under way fails with `prover.closed`. */
  close(): void;
}

const MAX_WORKERS = 16;
/** Proofs under way at once; more would only hold more memory. Many workers wait longer for what one of them does alone. */
const jobsOf = (workers: number): number => 2 + Math.floor(workers / 8);

/** Shares of a proof's work, for progress. */
const WEIGHTS = { witness: 10, evaluate: 8, transform: 12, multiply: 62, verify: 8 } as const;
type WorkPhase = keyof typeof WEIGHTS;

/** Order of a job's tasks on a worker: what others wait for goes first, then the longest. */
const URGENCY = {
  witness: 0,
  evaluate: 1,
  transform: 2,
  verify: 3,
  c: 4,
  b: 5,
  a: 6,
} as const;
const QUERIES: readonly Query[] = ["b", "a"];

/** One proof under way. */
interface Job {
  readonly id: number;
  readonly signal: AbortSignal;
  readonly memory: ProofMemory;
  /** Counts a finished part of a phase. */
  readonly advance: (phase: WorkPhase, share: number) => void;
}

/**
 * Loads artifacts and starts workers.
 *
 * @throws KeelError kind `environment`: `artifact.hash`, `zkey.*`, `wasm.format`, `key.*`, `artifact.mismatch` when
 *   wasm and zkey are of different circuits, `worker.died`.
 */
export async function createProverOn<Source>(
  platform: Platform<Source>,
  options: ProverOptions<Source>,
): Promise<Prover> {
  const workers = workerCount(options.workers ?? platform.workers);
  const loader = createLoader(platform, options, workers);
  const active = new Map<number, AbortController>();
  const pool = createPool<EngineWorker>({
    size: workers,
    spawn: platform.spawn,
    onLoss: (ids, error) => {
      for (const id of ids) active.get(id)?.abort(error);
    },
    prepare: (api, worker) => loader.load(api, worker),
  });
  try {
    const [artifacts] = await Promise.all([loader.artifacts, pool.start()]);
    return createApi(pool, artifacts, active, platform.sharesMemory);
  } catch (error) {
    pool.close();
    throw error;
  }
}

function createApi(
  pool: Pool<EngineWorker>,
  artifacts: Artifacts,
  active: Map<number, AbortController>,
  shared: boolean,
): Prover {
  const { wires, domain } = artifacts.zkey;
  const enter = createGate(jobsOf(pool.size));
  const spare: ProofMemory[] = [];
  let jobs = 0;
  const runJob = async <T>(options: ProveOptions, body: (job: Job) => Promise<T>): Promise<T> => {
    const controller = new AbortController();
    const { signal } = controller;
    const unlink = linkCancellation(controller, options);
    const advance = createProgress(options.onProgress);
    const id = ++jobs;
    signal.addEventListener("abort", () => pool.cancel(id, signal.reason));
    try {
      const leave = await enter(signal);
      active.set(id, controller);
      const memory = spare.pop() ?? createProofMemory(wires, domain, shared);
      let done = false;
      try {
        const result = await body({ id, signal, memory, advance });
        done = true;
        return result;
      } finally {
        wipe(memory);
        // Of a job that failed, a worker may yet write to it.
        if (done) spare.push(memory);
        active.delete(id);
        // Of a job that failed in one task, the others that still wait are of no use to anybody.
        pool.cancel(id, cancelledError());
        pool.broadcast((api) => api.release(id));
        leave();
      }
    } finally {
      unlink();
    }
  };
  const fillWitness = async (job: Job, input: CircuitInput): Promise<void> => {
    const signals = flattenInput(input);
    const { witness } = job.memory;
    const call = (api: Remote<EngineWorker>) => api.calculateWitness(signals, outgoing(witness));
    incoming(witness, await runTask(pool, job, { urgency: URGENCY.witness, call }));
  };
  return {
    verificationKey: artifacts.verificationKey,
    wires,
    workers: pool.size,
    prove: (input, options = {}) =>
      runJob(options, async (job) => {
        job.advance("witness", 0);
        await fillWitness(job, input);
        return proveFilled(pool, artifacts, job);
      }),
    proveWitness: (witness, options = {}) =>
      runJob(options, async (job) => {
        encodeWitness(witness, job.memory.witness);
        return proveFilled(pool, artifacts, job);
      }),
    calculateWitness: (input, options = {}) =>
      runJob(options, async (job) => {
        await fillWitness(job, input);
        return Array.from({ length: wires }, (_, i) => readElement(job.memory.witness, i * ELEMENT_BYTES));
      }),
    close: () => pool.close(),
  };
}

/** Runs a task of a job unless the job has been cancelled. */
function runTask<T>(
  pool: Pool<EngineWorker>,
  job: Pick<Job, "id" | "signal">,
  task: Omit<Task<EngineWorker, T>, "job">,
): Promise<T> {
  if (job.signal.aborted) return Promise.reject(job.signal.reason);
  return pool.run({ ...task, job: job.id });
}

/** Proves from the witness in a job's memory. */
async function proveFilled(pool: Pool<EngineWorker>, artifacts: Artifacts, job: Job): Promise<ProofResult> {
  job.advance("witness", 1);
  const publicSignals = Array.from({ length: artifacts.verificationKey.nPublic }, (_, i) =>
    readElement(job.memory.witness, (i + 1) * ELEMENT_BYTES).toString(),
  );
  const evaluated = artifacts.parts.map(({ firstRow, rows }, worker) =>
    evaluate(pool, job, worker, partOf(job.memory.values, firstRow, firstRow + rows)),
  );
  const sums = QUERIES.map((query) =>
    Promise.all(
      artifacts.parts.map(async (_, worker) => {
        const call = (api: Remote<EngineWorker>) => api.multiply(job.id, query);
        const sum = await runTask(pool, job, { worker, urgency: URGENCY[query], call });
        job.advance("multiply", 1 / (pool.size * (QUERIES.length + 1)));
        return sum;
      }),
    ),
  );
  const quotient = sumsOfC(pool, artifacts, job, evaluated);
  const [b, a, c] = await Promise.all([...sums, quotient]);
  const parts: QuerySums = { a: a!, b: b!, c: c! };
  job.advance("verify", 0);
  const assemble = (api: Remote<EngineWorker>) => api.assemble(parts, publicSignals);
  const proof = await runTask(pool, job, { urgency: URGENCY.verify, call: assemble });
  job.advance("verify", 1);
  return { proof, publicSignals };
}

/** Has a worker fill its rows of A, B and C. */
async function evaluate(
  pool: Pool<EngineWorker>,
  { memory, ...job }: Job,
  worker: number,
  rows: RowValues,
): Promise<void> {
  const call = (api: Remote<EngineWorker>) =>
    api.evaluate(job.id, outgoing(memory.witness), outgoingRows(rows));
  const filled = await runTask(pool, job, { worker, urgency: URGENCY.evaluate, call });
  for (const part of ["a", "b", "c"] as const) incoming(rows[part], filled[part]);
}

/** Rows of A, B and C, their polynomials on the odd coset, and the sums over C and H. */
async function sumsOfC(
  pool: Pool<EngineWorker>,
  { cuts }: Artifacts,
  job: Job,
  evaluated: readonly Promise<void>[],
): Promise<Uint8Array[]> {
  const { values } = job.memory;
  await Promise.all(evaluated);
  job.advance("evaluate", 1);
  const extend = async (vector: Uint8Array): Promise<void> => {
    const call = (api: Remote<EngineWorker>) => api.extend(outgoing(vector));
    incoming(vector, await runTask(pool, job, { urgency: URGENCY.transform, call }));
    job.advance("transform", 1 / 3);
  };
  await Promise.all([extend(values.a), extend(values.b), extend(values.c)]);
  return Promise.all(
    cuts.slice(0, -1).map(async (first, worker) => {
      const part = partOf(values, first, cuts[worker + 1]!);
      const call = (api: Remote<EngineWorker>) => api.multiplyC(job.id, outgoingRows(part));
      const sum = await runTask(pool, job, { worker, urgency: URGENCY.c, call });
      job.advance("multiply", 1 / (pool.size * (QUERIES.length + 1)));
      return sum;
    }),
  );
}

function workerCount(workers: number): number {
  if (!Number.isSafeInteger(workers) || workers < 1) {
    const details = { kind: "input", code: "prover.workers", path: "workers" } as const;
    throw new KeelError({ ...details, expected: "a whole number from 1", received: String(workers) });
  }
  return Math.min(workers, MAX_WORKERS);
}

function encodeWitness(witness: readonly bigint[], target: Uint8Array): void {
  const wires = target.length / ELEMENT_BYTES;
  if (witness.length !== wires || witness[0] !== 1n) {
    const received = witness.length === wires ? "another first value" : `${witness.length} values`;
    const expected = `${wires} values, the first 1`;
    throw new KeelError({ kind: "input", code: "witness.length", path: "witness", expected, received });
  }
  const values = flattenInput({ witness: [...witness] })[0]!.values;
  for (const [i, value] of values.entries()) writeElement(target, i * ELEMENT_BYTES, value);
}

/** Admits a number of jobs at a time, in the order of their calls; resolves to the function that leaves. */
function createGate(places: number): (signal: AbortSignal) => Promise<() => void> {
  let free = places;
  const waiting: (() => void)[] = [];
  const leave = (): void => {
    const next = waiting.shift();
    if (next === undefined) free += 1;
    else next();
  };
  return (signal) =>
    new Promise((resolve, reject) => {
      if (signal.aborted) return reject(signal.reason);
      if (free > 0) {
        free -= 1;
        return resolve(leave);
      }
      const admit = (): void => {
        signal.removeEventListener("abort", giveUp);
        resolve(leave);
      };
      const giveUp = (): void => {
        waiting.splice(waiting.indexOf(admit), 1);
        reject(signal.reason);
      };
      signal.addEventListener("abort", giveUp, { once: true });
      waiting.push(admit);
    });
}

function cancelledError(): KeelError {
  return new KeelError({ kind: "cancelled", code: "prover.cancelled" });
}

/** Aborts the controller on the caller's signal or time limit; the result undoes both. */
function linkCancellation(controller: AbortController, { signal, timeoutMs }: ProveOptions): () => void {
  const cancel = (): void => controller.abort(cancelledError());
  if (signal?.aborted === true) cancel();
  signal?.addEventListener("abort", cancel, { once: true });
  const expire = (): void => {
    const expected = `a proof within ${timeoutMs} ms`;
    controller.abort(
      new KeelError({ kind: "cancelled", code: "prover.timeout", expected, received: "none" }),
    );
  };
  const timer = timeoutMs === undefined ? undefined : setTimeout(expire, timeoutMs);
  return () => {
    signal?.removeEventListener("abort", cancel);
    clearTimeout(timer);
  };
}

function createProgress(report: ProveOptions["onProgress"]): Job["advance"] {
  const total = Object.values(WEIGHTS).reduce((sum, weight) => sum + weight, 0);
  let done = 0;
  report?.({ phase: "queued", fraction: 0 });
  return (phase, share) => {
    done += WEIGHTS[phase] * share;
    const finished = phase === "verify" && share === 1;
    report?.({ phase: finished ? "done" : phase, fraction: finished ? 1 : Math.min(done / total, 1) });
  };
}
