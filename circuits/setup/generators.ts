// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Multiplies the generators of G1 and G2 by many scalars on worker threads that live for one call.
 *
 * @module
 */
import { Worker } from "node:worker_threads";
import { KeelError } from "@keel/verifier/errors";
import { cancelled, onAbort, throwIfCancelled } from "./abort.js";
import type { MultiplyResult, MultiplyTask } from "./devkey-worker.js";

export interface MultiplyOptions {
  readonly threads: number;
  readonly onProgress?: (fraction: number) => void;
  readonly signal?: AbortSignal;
}

const POINT_BYTES = { g1: 64, g2: 128 } as const;
/** Scalars a task: small enough for even work and smooth progress, large enough to hide the messages. */
const TASK_SIZE = 1024;
/** Time of one multiplication in G2 over one in G1, for progress only. */
const G2_WEIGHT = 4.5;

interface Slice {
  readonly task: MultiplyTask;
  readonly offset: number;
}

/**
 * The products as affine points (Montgomery form, little-endian, infinity all zero), in the order of the scalars.
 *
 * @param scalars reduced modulo r
 * @throws KeelError kind `cancelled` on abort; kind `environment`, code `worker.died`, when a thread ends early.
 */
export async function multiplyGenerators(
  scalars: { readonly g1: readonly bigint[]; readonly g2: readonly bigint[] },
  options: MultiplyOptions,
): Promise<{ g1: Uint8Array; g2: Uint8Array }> {
  throwIfCancelled(options.signal);
  const output = {
    g1: new Uint8Array(scalars.g1.length * POINT_BYTES.g1),
    g2: new Uint8Array(scalars.g2.length * POINT_BYTES.g2),
  };
  // The slow group first, so that the threads end together.
  const slices = [...sliceTasks("g2", scalars.g2, 0), ...sliceTasks("g1", scalars.g1, 1 << 20)];
  const bySlice = new Map(slices.map((slice) => [slice.task.id, slice]));
  const total = scalars.g1.length + G2_WEIGHT * scalars.g2.length;
  let done = 0;
  const store = ({ id, points }: MultiplyResult): void => {
    const { task, offset } = bySlice.get(id)!;
    output[task.group].set(points, offset * POINT_BYTES[task.group]);
    done += (task.scalars.length / 32) * (task.group === "g2" ? G2_WEIGHT : 1);
    options.onProgress?.(done / total);
  };
  await runOnThreads(slices, store, options);
  return output;
}

function sliceTasks(group: MultiplyTask["group"], scalars: readonly bigint[], firstId: number): Slice[] {
  const slices: Slice[] = [];
  for (let offset = 0; offset < scalars.length; offset += TASK_SIZE) {
    const part = scalars.slice(offset, offset + TASK_SIZE);
    const bytes = new BigUint64Array(part.length * 4);
    for (const [i, scalar] of part.entries()) {
      for (let word = 0; word < 4; word++)
        bytes[4 * i + word] = BigInt.asUintN(64, scalar >> BigInt(64 * word));
    }
    slices.push({
      offset,
      task: { id: firstId + slices.length, group, scalars: new Uint8Array(bytes.buffer) },
    });
  }
  return slices;
}

function runOnThreads(
  slices: readonly Slice[],
  store: (result: MultiplyResult) => void,
  { threads, signal }: MultiplyOptions,
): Promise<void> {
  const workers: Worker[] = [];
  let stopListening = (): void => {};
  const finished = new Promise<void>((resolve, reject) => {
    let next = 0;
    let open = slices.length;
    const feed = (worker: Worker): void => {
      const slice = slices[next++];
      if (slice !== undefined) worker.postMessage(slice.task);
    };
    const died = (cause?: unknown): void => {
      const details = { kind: "environment", code: "worker.died", path: "devkey" } as const;
      reject(new KeelError({ ...details, expected: "a finished key", received: "a dead thread" }, { cause }));
    };
    for (let i = 0; i < Math.min(threads, slices.length); i++) {
      const worker = new Worker(new URL("./devkey-worker.js", import.meta.url));
      workers.push(worker);
      worker.on("error", died);
      worker.on("exit", () => died());
      worker.on("message", (result: MultiplyResult) => {
        store(result);
        open -= 1;
        if (open === 0) resolve();
        else feed(worker);
      });
      feed(worker);
    }
    stopListening = onAbort(signal, () => reject(cancelled()));
  });
  return finished.finally(() => {
    stopListening();
    return Promise.all(workers.map((worker) => worker.terminate()));
  });
}
