// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * What a pool makes of a cancelled job: its worker is replaced when it does not come to an end, and only then.
 *
 * @module
 */

import { MessageChannel, type MessagePort } from "node:worker_threads";
import { KeelError } from "@keel/verifier";
import { type Endpoint, expose } from "comlink";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { toOutcome } from "../../prover/engine/dist/outcome.js";
import { createPool, type Pool, type WorkerHandle } from "../../prover/engine/dist/pool.js";

/** A worker of which the test says when it ends a task. */
interface Slow {
  work(name: string): ReturnType<typeof toOutcome<string>>;
}

const GRACE_MS = 3_000;

let pool: Pool<Slow>;
let spawned: number;
let lost: number[][];
const finish = new Map<string, () => void>();
const ports: MessagePort[] = [];

/** Node's ports as comlink wants them. */
function endpointOf(port: MessagePort): Endpoint {
  ports.push(port);
  const listeners = new Map<unknown, (data: unknown) => void>();
  return {
    postMessage: (message, moved) => port.postMessage(message, moved as never),
    addEventListener: (_, listener) => {
      const heard = (data: unknown): void =>
        "handleEvent" in listener ? listener.handleEvent({ data } as never) : listener({ data } as never);
      listeners.set(listener, heard);
      port.on("message", heard);
    },
    removeEventListener: (_, listener) => void port.off("message", listeners.get(listener)!),
  };
}

function spawn(): WorkerHandle {
  spawned += 1;
  const { port1, port2 } = new MessageChannel();
  const api: Slow = {
    work: (name) => toOutcome(() => new Promise<string>((done) => finish.set(name, () => done(name)))),
  };
  expose(api, endpointOf(port2));
  return {
    endpoint: endpointOf(port1),
    onDeath: () => {},
    setBusy: () => {},
    terminate: () => {
      port1.close();
      port2.close();
    },
  };
}

const run = (job: number): Promise<string> =>
  pool.run({ job, urgency: 0, call: (api) => api.work(`job ${job}`) as never });
const begun = (job: number): Promise<unknown> =>
  vi.waitFor(() => expect(finish.has(`job ${job}`)).toBe(true));
const cancelled = new KeelError({ kind: "cancelled", code: "prover.cancelled" });

beforeEach(async () => {
  [spawned, lost] = [0, []];
  finish.clear();
  pool = createPool<Slow>({
    size: 1,
    spawn,
    prepare: async () => {},
    onLoss: (jobs) => lost.push([...jobs]),
  });
  await pool.start();
});

afterEach(() => {
  vi.useRealTimers();
  pool.close();
  for (const port of ports.splice(0)) port.close();
});

it("28 the wait for a cancelled task does not end the job that came after it", async () => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  const first = run(1);
  while (!finish.has("job 1")) await new Promise((done) => setImmediate(done));
  pool.cancel(1, cancelled);
  await expect(first).rejects.toBe(cancelled);
  finish.get("job 1")!();
  const second = run(2);
  while (!finish.has("job 2")) await new Promise((done) => setImmediate(done));
  vi.advanceTimersByTime(GRACE_MS + 1);
  finish.get("job 2")!();
  expect(await second).toBe("job 2");
  expect([spawned, lost]).toEqual([1, []]);
});

it("28 a cancelled task that does not end loses its worker, and a new one takes the next job", async () => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  const first = run(1);
  while (!finish.has("job 1")) await new Promise((done) => setImmediate(done));
  pool.cancel(1, cancelled);
  await expect(first).rejects.toBe(cancelled);
  const second = run(2);
  vi.advanceTimersByTime(GRACE_MS - 1);
  expect(spawned).toBe(1);
  vi.advanceTimersByTime(1);
  while (!finish.has("job 2")) await new Promise((done) => setImmediate(done));
  finish.get("job 2")!();
  expect(await second).toBe("job 2");
  expect([spawned, lost]).toEqual([2, [[]]]);
});

it("28 a cancelled job's tasks that wait are rejected, those of others are not", async () => {
  const first = run(1);
  await begun(1);
  const [waiting, other] = [run(2), run(3)];
  pool.cancel(2, cancelled);
  await expect(waiting).rejects.toBe(cancelled);
  finish.get("job 1")!();
  await begun(3);
  finish.get("job 3")!();
  expect(await Promise.all([first, other])).toEqual(["job 1", "job 3"]);
});
