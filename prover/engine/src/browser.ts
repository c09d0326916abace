// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * The engine in browsers: Web Workers, artifacts fetched or in memory. See README.md beside this file.
 *
 * @module
 */

import type { Platform, ProverOptions } from "./artifacts.js";
import { sha256Hex } from "./hash.js";
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

/** An artifact: an address to fetch, or its bytes. */
export type ArtifactSource = string | URL | Uint8Array;

const platform: Platform<ArtifactSource> = {
  workers: globalThis.navigator?.hardwareConcurrency ?? 2,
  // Only pages that are isolated from others have it.
  sharesMemory: typeof SharedArrayBuffer === "function",
  spawn: spawnWorker,
  readBytes: async (source) =>
    source instanceof Uint8Array ? source : new Uint8Array(await (await load(source)).arrayBuffer()),
  async shareFile(source) {
    const file =
      source instanceof Uint8Array
        ? new Blob([source as Uint8Array<ArrayBuffer>])
        : await (await load(source)).blob();
    return { file, sha256: async () => sha256Hex(new Uint8Array(await file.arrayBuffer())) };
  },
};

async function load(source: string | URL): Promise<Response> {
  const response = await fetch(source);
  if (!response.ok) throw new Error(`HTTP status ${response.status}`);
  return response;
}

/** Loads a circuit and its key and starts workers; see {@link Prover}. */
export function createProver(options: ProverOptions<ArtifactSource>): Promise<Prover> {
  return createProverOn(platform, options);
}

function spawnWorker(): WorkerHandle {
  // The expression is written so that bundlers recognise it and bundle the worker.
  const worker = new Worker(new URL("./worker-browser.js", import.meta.url), { type: "module" });
  return {
    endpoint: worker,
    onDeath(listener) {
      worker.addEventListener("error", () => listener(), { once: true });
      worker.addEventListener("messageerror", () => listener(), { once: true });
    },
    // A page does not wait for its workers.
    setBusy: () => {},
    terminate: () => worker.terminate(),
  };
}
