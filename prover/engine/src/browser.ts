// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * The engine in browsers: Web Workers, artifacts fetched or in memory. See README.md beside this file.
 *
 * @module
 */

import type { Platform, ProverOptions } from "./artifacts.js";
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
  spawn: spawnWorker,
  async readBytes(source) {
    if (source instanceof Uint8Array) return source;
    const response = await fetch(source);
    if (!response.ok) throw new Error(`HTTP status ${response.status}`);
    return new Uint8Array(await response.arrayBuffer());
  },
};

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
