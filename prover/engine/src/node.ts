// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * The engine in Node: workers from worker_threads, artifacts from files or memory. See README.md beside this file.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { readFile, realpath } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { pipeline } from "node:stream/promises";
import { fileURLToPath } from "node:url";
import { Worker } from "node:worker_threads";
import nodeEndpoint from "comlink/dist/esm/node-adapter.mjs";
import type { FoundFile, Platform, ProverOptions } from "./artifacts.js";
import { sha256Hex } from "./hash.js";
import { stampOf } from "./node-files.js";
import type { WorkerHandle } from "./pool.js";
import { createProverOn, type Prover } from "./prover.js";

export type { ProverOptions } from "./artifacts.js";
export type { CircuitInput, SignalInput, SignalValue } from "./inputs.js";
export type {
  ProofPhase,
  ProofProgress,
  ProofResult,
  ProveOptions,
  Prover,
} from "./prover.js";

/** An artifact: a path, a file URL, or its bytes. */
export type ArtifactSource = string | URL | Uint8Array;

const platform: Platform<ArtifactSource> = {
  workers: availableParallelism(),
  sharesMemory: true,
  spawn: spawnWorker,
  readBytes: async (source) => (source instanceof Uint8Array ? source : readFile(source)),
  shareFile,
};

/**
 * Loads a circuit and its key and starts workers; see {@link Prover}.
 *
 * The workers keep the process alive only while they work, so a program that forgets `close` still ends.
 *
 * @example
 * const prover = await createProver({ wasm: "circuit.wasm", zkey: "circuit.zkey" });
 * const { proof, publicSignals } = await prover.prove({ a: "3", b: ["4", "5", "6"] });
 * prover.close();
 */
export function createProver(options: ProverOptions<ArtifactSource>): Promise<Prover> {
  return createProverOn(platform, options);
}

/** A file for workers: a path as it is, bytes as a copy in memory that all threads share. */
export async function shareFile(source: ArtifactSource): Promise<FoundFile> {
  if (source instanceof Uint8Array) {
    const file = new SharedArrayBuffer(source.length);
    new Uint8Array(file).set(source);
    return { file, sha256: () => sha256Hex(source) };
  }
  const path = await realpath(source instanceof URL ? fileURLToPath(source) : source);
  return { file: stampOf(path), sha256: () => hashFile(path) };
}

async function hashFile(path: string): Promise<string> {
  const hash = createHash("sha256");
  await pipeline(createReadStream(path, { highWaterMark: 1 << 20 }), hash);
  return hash.digest("hex");
}

function spawnWorker(): WorkerHandle {
  // Standard output belongs to the program, and flags such as --test must not reach the worker.
  const url = new URL("./worker-node.js", import.meta.url);
  return workerHandle(new Worker(url, { execArgv: [], name: "keel-engine" }));
}

/** A worker thread as the pool knows it. */
export function workerHandle(worker: Worker): WorkerHandle {
  return {
    endpoint: nodeEndpoint(worker),
    onDeath(listener) {
      for (const event of ["error", "messageerror", "exit"]) worker.once(event, listener);
    },
    setBusy(busy) {
      if (busy) worker.ref();
      else worker.unref();
    },
    terminate: () => void worker.terminate(),
  };
}
