// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * A pool of workers, each with a lane of its own: tasks wait for one lane (they need what that worker keeps) or for
 * any. One task runs on a worker at a time, the oldest job's most urgent first, so jobs are served in turn and a
 * younger job fills the gaps of an older one.
 *
 * A worker that dies fails the task it ran and is replaced when next needed. A cancelled task's caller hears at
 * once; the worker finishes in the background, and is replaced when it does not.
 *
 * @module
 */

import { KeelError } from "@keel/verifier/errors";
import { type Endpoint, type Remote, wrap } from "comlink/dist/esm/comlink.mjs";
import { type Outcome, unwrap, workerError } from "./outcome.js";

/** A running worker, as a platform provides it. */
export interface WorkerHandle {
  readonly endpoint: Endpoint;
  /** Calls back once, when the worker has ended or broken down by itself. */
  onDeath(listener: () => void): void;
  /** Whether the worker keeps the process alive; it must not while it has nothing to do. */
  setBusy(busy: boolean): void;
  terminate(): void;
}

/** One piece of work. */
export interface Task<Api, T> {
  /** Index of the worker that must run it; any when absent. */
  readonly lane?: number;
  /** Order among jobs: the lower ones go first. */
  readonly job: number;
  /** Order within a job: the lower ones go first. */
  readonly urgency: number;
  call(api: Remote<Api>): Promise<Outcome<T>>;
}

/** A pool whose workers offer the functions of `Api`. */
export interface Pool<Api> {
  readonly size: number;
  run<T>(task: Task<Api, T>): Promise<T>;
  /** Forgets a job, rejecting what tasks it has left with an error; the worker of a running one goes on to its end, or is replaced. */
  cancel(job: number, error: unknown): void;
  /** Starts all workers; rejects when one cannot be prepared. */
  start(): Promise<void>;
  /** Sends a message that has no answer to every worker that lives. */
  broadcast(send: (api: Remote<Api>) => unknown): void;
  close(): void;
}

export interface PoolOptions<Api> {
  readonly size: number;
  readonly spawn: () => WorkerHandle;
  /** Makes a fresh worker ready for tasks. */
  readonly prepare: (api: Remote<Api>, lane: number) => Promise<void>;
  /** Told when a worker was lost with everything it kept: the jobs that had had tasks of its lane are done for. */
  readonly onLoss: (jobs: ReadonlySet<number>, error: KeelError) => void;
}

/** How long a worker may go on with a cancelled task before it is replaced. */
const GRACE_MS = 3_000;

interface Entry<Api> {
  readonly task: Task<Api, unknown>;
  readonly settle: (result: { value: unknown } | { error: unknown }) => void;
}

interface Lane<Api> {
  readonly index: number;
  state: "empty" | "starting" | "idle" | "busy";
  handle?: WorkerHandle;
  api?: Remote<Api>;
  entry?: Entry<Api> | undefined;
  /** Jobs that may have left something in the worker. */
  jobs: Set<number>;
  /** Ends the wait for an answer that will not come. */
  lose?: (error: KeelError) => void;
}

/** Creates a pool; workers start with {@link Pool.start} or when a task needs them. */
export function createPool<Api>(options: PoolOptions<Api>): Pool<Api> {
  const lanes = Array.from(
    { length: options.size },
    (_, index): Lane<Api> => ({
      index,
      state: "empty",
      jobs: new Set(),
    }),
  );
  let queue: Entry<Api>[] = [];
  let closed = false;

  const schedule = (): void => {
    for (const lane of lanes) {
      if (lane.state === "idle") {
        const entry = take(lane.index);
        if (entry !== undefined) void execute(lane, entry);
      } else if (lane.state === "empty" && queue.some(({ task }) => fits(task, lane.index))) {
        boot(lane).catch(failQueue);
      }
    }
  };

  const take = (index: number): Entry<Api> | undefined => {
    let best: Entry<Api> | undefined;
    for (const entry of queue) {
      if (fits(entry.task, index) && (best === undefined || before(entry.task, best.task))) best = entry;
    }
    if (best !== undefined) queue = queue.filter((entry) => entry !== best);
    return best;
  };

  const failQueue = (error: unknown): void => {
    const failed = queue;
    queue = [];
    for (const { settle } of failed) settle({ error });
  };

  /** Waits for an answer of a lane's worker, or for its loss. */
  const ask = <T>(lane: Lane<Api>, question: (api: Remote<Api>) => Promise<T>): Promise<T> =>
    new Promise<T>((resolve, reject) => {
      lane.lose = reject;
      question(lane.api!).then(resolve, reject);
    });

  const boot = async (lane: Lane<Api>): Promise<void> => {
    lane.state = "starting";
    let handle: WorkerHandle | undefined;
    try {
      handle = start(lane);
      await ask(lane, (api) => options.prepare(api, lane.index));
    } catch (error) {
      if (lane.handle === handle) discard(lane);
      throw workerError(error);
    }
    lane.state = "idle";
    handle.setBusy(false);
    schedule();
  };

  const start = (lane: Lane<Api>): WorkerHandle => {
    const handle = options.spawn();
    lane.handle = handle;
    lane.api = wrap<Api>(handle.endpoint);
    handle.setBusy(true);
    handle.onDeath(() => {
      if (lane.handle === handle) abandon(lane);
    });
    return handle;
  };

  const execute = async (lane: Lane<Api>, entry: Entry<Api>): Promise<void> => {
    const { handle } = lane;
    lane.state = "busy";
    lane.entry = entry;
    if (entry.task.lane !== undefined) lane.jobs.add(entry.task.job);
    handle!.setBusy(true);
    try {
      entry.settle({ value: unwrap(await ask(lane, (api) => entry.task.call(api))) });
    } catch (error) {
      entry.settle({ error: workerError(error) });
    }
    if (lane.handle !== handle) return;
    lane.state = "idle";
    lane.entry = undefined;
    handle!.setBusy(false);
    schedule();
  };

  const discard = (lane: Lane<Api>): void => {
    const { handle } = lane;
    lane.state = "empty";
    lane.entry = undefined;
    lane.jobs = new Set();
    delete lane.handle;
    delete lane.api;
    handle?.terminate();
  };

  const abandon = (lane: Lane<Api>): void => {
    const error = new KeelError({ kind: "environment", code: "worker.died", expected: "a running worker" });
    const { lose, jobs } = lane;
    discard(lane);
    lose?.(error);
    options.onLoss(jobs, error);
    if (!closed) schedule();
  };

  const replaceIfStuck = (lane: Lane<Api>, entry: Entry<Api>): void => {
    const timer = setTimeout(() => {
      if (lane.entry === entry) abandon(lane);
    }, GRACE_MS);
    // Browsers return a number, and have no process to keep alive.
    if (typeof timer === "object") (timer as { unref(): void }).unref();
  };

  return {
    size: options.size,
    run: <T>(task: Task<Api, T>) =>
      new Promise<T>((resolve, reject) => {
        if (closed) return reject(closedError());
        queue.push({
          task,
          settle: (result) => ("error" in result ? reject(result.error) : resolve(result.value as T)),
        });
        schedule();
      }),
    cancel(job, error) {
      const cancelled = queue.filter(({ task }) => task.job === job);
      queue = queue.filter(({ task }) => task.job !== job);
      for (const { settle } of cancelled) settle({ error });
      for (const lane of lanes) {
        lane.jobs.delete(job);
        if (lane.entry?.task.job !== job) continue;
        lane.entry.settle({ error });
        replaceIfStuck(lane, lane.entry);
      }
    },
    start: async () => {
      await Promise.all(lanes.map((lane) => boot(lane)));
    },
    broadcast(send) {
      for (const lane of lanes) if (lane.api !== undefined && lane.state !== "starting") void send(lane.api);
    },
    close() {
      closed = true;
      failQueue(closedError());
      for (const lane of lanes) {
        const { lose } = lane;
        discard(lane);
        lose?.(closedError());
      }
    },
  };
}

function closedError(): KeelError {
  return new KeelError({ kind: "cancelled", code: "prover.closed", expected: "an open prover" });
}

function fits(task: Task<never, unknown>, lane: number): boolean {
  return task.lane === undefined || task.lane === lane;
}

function before(one: Task<never, unknown>, other: Task<never, unknown>): boolean {
  return one.job === other.job ? one.urgency < other.urgency : one.job < other.job;
}
