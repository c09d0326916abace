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
import { type Remote, transfer } from "comlink/dist/esm/comlink.mjs";
import { type Artifacts, cutAgain, loadArtifacts, type Platform, type ProverOptions } from "./artifacts.js";
import type { QuerySums } from "./assemble.js";
import { concatenate, ELEMENT_BYTES, readElement, writeElement } from "./bytes.js";
import type { EngineWorker } from "./engine-worker.js";
import { type CircuitInput, flattenInput } from "./inputs.js";
import type { RowValues } from "./kernel.js";
import { unwrap } from "./outcome.js";
import { createPool, type Pool, type Task } from "./pool.js";
import { type Query, sliceBuffers } from "./slices.js";

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
/** Proofs under way at once; more would only hold more memory. */
const MAX_JOBS = 2;

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
  const loading = loadArtifacts(platform, options, workers);
  const active = new Map<number, AbortController>();
  const pool = createPool<EngineWorker>({
    size: workers,
    spawn: platform.spawn,
    onLoss: (ids, error) => {
      for (const id of ids) active.get(id)?.abort(error);
    },
    prepare: async (api, worker) => {
      const artifacts = await loading;
      const slice = artifacts.slices[worker] ?? (await cutAgain(platform, options, workers))[worker]!;
      artifacts.slices[worker] = undefined;
      const moved = transfer(slice, sliceBuffers(slice));
      const wires = unwrap(await api.load(artifacts.modules, moved, artifacts.verificationKey));
      if (wires !== artifacts.wires) {
        const expected = `a circuit of ${artifacts.wires} wires, as in the zkey`;
        const received = `${wires} wires`;
        throw new KeelError({
          kind: "environment",
          code: "artifact.mismatch",
          path: "wasm",
          expected,
          received,
        });
      }
    },
  });
  try {
    const [artifacts] = await Promise.all([loading, pool.start()]);
    return createApi(pool, artifacts, active);
  } catch (error) {
    pool.close();
    throw error;
  }
}

function createApi(
  pool: Pool<EngineWorker>,
  artifacts: Artifacts,
  active: Map<number, AbortController>,
): Prover {
  const enter = createGate(MAX_JOBS);
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
      try {
        return await body({ id, signal, advance });
      } finally {
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
  const witnessOf = (job: Job, input: CircuitInput): Promise<Uint8Array> => {
    const signals = flattenInput(input);
    return runTask(pool, job, { urgency: URGENCY.witness, call: (api) => api.calculateWitness(signals) });
  };
  return {
    verificationKey: artifacts.verificationKey,
    wires: artifacts.wires,
    workers: pool.size,
    prove: (input, options = {}) =>
      runJob(options, async (job) => {
        job.advance("witness", 0);
        return proveBytes(pool, artifacts, job, await witnessOf(job, input));
      }),
    proveWitness: (witness, options = {}) =>
      runJob(options, (job) => proveBytes(pool, artifacts, job, encodeWitness(witness, artifacts.wires))),
    calculateWitness: (input, options = {}) =>
      runJob(options, async (job) => {
        const witness = await witnessOf(job, input);
        const values = Array.from({ length: artifacts.wires }, (_, i) =>
          readElement(witness, i * ELEMENT_BYTES),
        );
        witness.fill(0);
        return values;
      }),
    close: () => pool.close(),
  };
}

/** Runs a task of a job unless the job has been cancelled. */
function runTask<T>(
  pool: Pool<EngineWorker>,
  job: Job,
  task: Omit<Task<EngineWorker, T>, "job">,
): Promise<T> {
  if (job.signal.aborted) return Promise.reject(job.signal.reason);
  return pool.run({ ...task, job: job.id });
}

async function proveBytes(
  pool: Pool<EngineWorker>,
  artifacts: Artifacts,
  job: Job,
  witness: Uint8Array,
): Promise<ProofResult> {
  job.advance("witness", 1);
  const workers = Array.from({ length: pool.size }, (_, worker) => worker);
  try {
    const publicSignals = Array.from({ length: artifacts.verificationKey.nPublic }, (_, i) =>
      readElement(witness, (i + 1) * ELEMENT_BYTES).toString(),
    );
    const evaluated = workers.map((worker) =>
      runTask(pool, job, { worker, urgency: URGENCY.evaluate, call: (api) => api.evaluate(job.id, witness) }),
    );
    const sums = QUERIES.map((query) =>
      Promise.all(
        workers.map(async (worker) => {
          const urgency = URGENCY[query];
          const sum = await runTask(pool, job, {
            worker,
            urgency,
            call: (api) => api.multiply(job.id, query),
          });
          job.advance("multiply", 1 / (workers.length * (QUERIES.length + 1)));
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
  } finally {
    witness.fill(0);
  }
}

/** Rows of A, B and C, their polynomials on the odd coset, and the sums over C and H. */
async function sumsOfC(
  pool: Pool<EngineWorker>,
  artifacts: Artifacts,
  job: Job,
  evaluated: readonly Promise<RowValues>[],
): Promise<Uint8Array[]> {
  const rows = await Promise.all(evaluated);
  job.advance("evaluate", 1);
  const extend = async (part: keyof RowValues): Promise<Uint8Array> => {
    const values = concatenate(rows.map((slice) => slice[part]));
    for (const slice of rows) slice[part].fill(0);
    const extended = await runTask(pool, job, {
      urgency: URGENCY.transform,
      call: (api) => api.extend(values),
    });
    values.fill(0);
    job.advance("transform", 1 / 3);
    return extended;
  };
  const [a, b, c] = await Promise.all([extend("a"), extend("b"), extend("c")]);
  const sums = await Promise.all(
    artifacts.cuts.slice(0, -1).map(async (first, worker) => {
      const part = (values: Uint8Array): Uint8Array =>
        values.slice(first * ELEMENT_BYTES, artifacts.cuts[worker + 1]! * ELEMENT_BYTES);
      const values = { a: part(a), b: part(b), c: part(c) };
      const urgency = URGENCY.c;
      const call = (api: Remote<EngineWorker>) => api.multiplyC(job.id, values);
      const sum = await runTask(pool, job, { worker, urgency, call });
      for (const bytes of Object.values(values)) bytes.fill(0);
      job.advance("multiply", 1 / (pool.size * (QUERIES.length + 1)));
      return sum;
    }),
  );
  for (const bytes of [a, b, c]) bytes.fill(0);
  return sums;
}

function workerCount(workers: number): number {
  if (!Number.isSafeInteger(workers) || workers < 1) {
    const details = { kind: "input", code: "prover.workers", path: "workers" } as const;
    throw new KeelError({ ...details, expected: "a whole number from 1", received: String(workers) });
  }
  return Math.min(workers, MAX_WORKERS);
}

function encodeWitness(witness: readonly bigint[], wires: number): Uint8Array {
  if (witness.length !== wires || witness[0] !== 1n) {
    const received = witness.length === wires ? "another first value" : `${witness.length} values`;
    const expected = `${wires} values, the first 1`;
    throw new KeelError({ kind: "input", code: "witness.length", path: "witness", expected, received });
  }
  const values = flattenInput({ witness: [...witness] })[0]!.values;
  const bytes = new Uint8Array(wires * ELEMENT_BYTES);
  for (const [i, value] of values.entries()) writeElement(bytes, i * ELEMENT_BYTES, value);
  return bytes;
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
