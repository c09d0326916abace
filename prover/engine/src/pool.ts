// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * A pool of workers: tasks wait for one worker (they need what it keeps) or for any. One task runs on a worker at a time, the oldest job's most urgent first, so jobs are served in turn and a
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
  readonly worker?: number;
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
  readonly prepare: (api: Remote<Api>, worker: number) => Promise<void>;
  /** Told when a worker was lost with everything it kept: the jobs that had had tasks for it alone are done for. */
  readonly onLoss: (jobs: ReadonlySet<number>, error: KeelError) => void;
}

/** How long a worker may go on with a cancelled task before it is replaced. */
const GRACE_MS = 3_000;

interface Entry<Api> {
  readonly task: Task<Api, unknown>;
  readonly settle: (result: { value: unknown } | { error: unknown }) => void;
}

/** A worker, or the place of one that is not there. */
interface Place<Api> {
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

/** Tasks that wait. */
interface Queue<Api> {
  add(entry: Entry<Api>): void;
  /** Whether there is a task for a worker. */
  holds(worker: number): boolean;
  /** Takes the task out that a worker should run next. */
  take(worker: number): Entry<Api> | undefined;
  /** Rejects all tasks, or those of a job. */
  fail(error: unknown, job?: number): void;
}

function createQueue<Api>(): Queue<Api> {
  let entries: Entry<Api>[] = [];
  return {
    add: (entry) => entries.push(entry),
    holds: (worker) => entries.some(({ task }) => fits(task, worker)),
    take(worker) {
      let best: Entry<Api> | undefined;
      for (const entry of entries) {
        if (fits(entry.task, worker) && (best === undefined || before(entry.task, best.task))) best = entry;
      }
      if (best !== undefined) entries = entries.filter((entry) => entry !== best);
      return best;
    },
    fail(error, job) {
      const isOf = ({ task }: Entry<Api>): boolean => job === undefined || task.job === job;
      const failed = entries.filter(isOf);
      entries = entries.filter((entry) => !isOf(entry));
      for (const { settle } of failed) settle({ error });
    },
  };
}

/** Waits for an answer of a place's worker, or for its loss. */
function ask<Api, T>(place: Place<Api>, question: (api: Remote<Api>) => Promise<T>): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    place.lose = reject;
    question(place.api!).then(resolve, reject);
  });
}

/** Ends a place's worker and forgets it. */
function discard<Api>(place: Place<Api>): void {
  const { handle } = place;
  place.state = "empty";
  place.entry = undefined;
  place.jobs = new Set();
  delete place.handle;
  delete place.api;
  handle?.terminate();
}

/** Creates a pool; workers start with {@link Pool.start} or when a task needs them. */
export function createPool<Api>(options: PoolOptions<Api>): Pool<Api> {
  const emptyPlace = (index: number): Place<Api> => ({ index, state: "empty", jobs: new Set() });
  const places = Array.from({ length: options.size }, (_, index) => emptyPlace(index));
  const queue = createQueue<Api>();
  let closed = false;

  const schedule = (): void => {
    for (const place of places) {
      if (place.state === "idle") {
        const entry = queue.take(place.index);
        if (entry !== undefined) void execute(place, entry);
      } else if (place.state === "empty" && queue.holds(place.index)) {
        boot(place).catch((error) => queue.fail(error));
      }
    }
  };

  const boot = async (place: Place<Api>): Promise<void> => {
    place.state = "starting";
    let handle: WorkerHandle | undefined;
    try {
      handle = start(place);
      await ask(place, (api) => options.prepare(api, place.index));
    } catch (error) {
      if (place.handle === handle) discard(place);
      throw workerError(error);
    }
    place.state = "idle";
    handle.setBusy(false);
    schedule();
  };

  const start = (place: Place<Api>): WorkerHandle => {
    const handle = options.spawn();
    place.handle = handle;
    place.api = wrap<Api>(handle.endpoint);
    handle.setBusy(true);
    handle.onDeath(() => {
      if (place.handle === handle) abandon(place);
    });
    return handle;
  };

  const execute = async (place: Place<Api>, entry: Entry<Api>): Promise<void> => {
    const { handle } = place;
    place.state = "busy";
    place.entry = entry;
    if (entry.task.worker !== undefined) place.jobs.add(entry.task.job);
    handle!.setBusy(true);
    try {
      entry.settle({ value: unwrap(await ask(place, (api) => entry.task.call(api))) });
    } catch (error) {
      entry.settle({ error: workerError(error) });
    }
    if (place.handle !== handle) return;
    place.state = "idle";
    place.entry = undefined;
    handle!.setBusy(false);
    schedule();
  };

  const abandon = (place: Place<Api>): void => {
    const error = new KeelError({ kind: "environment", code: "worker.died", expected: "a running worker" });
    const { lose, jobs } = place;
    discard(place);
    lose?.(error);
    options.onLoss(jobs, error);
    if (!closed) schedule();
  };

  const replaceIfStuck = (place: Place<Api>, entry: Entry<Api>): void => {
    const timer = setTimeout(() => {
      if (place.entry === entry) abandon(place);
    }, GRACE_MS);
    // Browsers return a number, and have no process to keep alive.
    if (typeof timer === "object") (timer as { unref(): void }).unref();
  };

  return {
    size: options.size,
    run: <T>(task: Task<Api, T>) =>
      new Promise<T>((resolve, reject) => {
        if (closed) return reject(closedError());
        queue.add({
          task,
          settle: (result) => ("error" in result ? reject(result.error) : resolve(result.value as T)),
        });
        schedule();
      }),
    cancel(job, error) {
      queue.fail(error, job);
      for (const place of places) {
        place.jobs.delete(job);
        if (place.entry?.task.job !== job) continue;
        place.entry.settle({ error });
        replaceIfStuck(place, place.entry);
      }
    },
    start: async () => {
      await Promise.all(places.map((place) => boot(place)));
    },
    broadcast(send) {
      for (const place of places)
        if (place.api !== undefined && place.state !== "starting") void send(place.api);
    },
    close() {
      closed = true;
      queue.fail(closedError());
      for (const place of places) {
        const { lose } = place;
        discard(place);
        lose?.(closedError());
      }
    },
  };
}

function closedError(): KeelError {
  return new KeelError({ kind: "cancelled", code: "prover.closed", expected: "an open prover" });
}

function fits(task: Task<never, unknown>, worker: number): boolean {
  return task.worker === undefined || task.worker === worker;
}

function before(one: Task<never, unknown>, other: Task<never, unknown>): boolean {
  return one.job === other.job ? one.urgency < other.urgency : one.job < other.job;
}
