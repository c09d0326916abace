// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Loads a circuit and its key: reads and checks files here, and leaves what takes long, compiling and cutting, to workers
 * of their own, so that a page is not held up. These end afterwards, and their memory is given back.
 *
 * @module
 */
import { KeelError } from "@keel/verifier/errors";
import { type Remote, transfer } from "comlink/dist/esm/comlink.mjs";
import type { EngineModules, EngineWorker } from "./engine-worker.js";
import { sha256Hex } from "./hash.js";
import type { Outcome } from "./outcome.js";
import { createPool, type WorkerHandle } from "./pool.js";
import type { CutKey, KeySlice } from "./slices.js";

/** What differs between Node and browsers. */
export interface Platform<Source> {
  /** Workers to use when the caller does not say. */
  readonly workers: number;
  spawn(): WorkerHandle;
  readBytes(source: Source): Promise<Uint8Array>;
}

/** The artifacts of a circuit and how to use them. */
export interface ProverOptions<Source> {
  /** circom 2's WebAssembly. */
  readonly wasm: Source;
  /** snarkjs's Groth16 proving key on BN254. */
  readonly zkey: Source;
  /** Number of workers; the platform's number of processors when absent, 16 at most. */
  readonly workers?: number;
  /** Hex SHA-256 of the artifacts, checked before they are used. */
  readonly sha256?: { readonly wasm?: string; readonly zkey?: string };
}

/** What the workers of a prover are made from. */
export interface Artifacts extends Omit<CutKey, "slices"> {
  readonly modules: EngineModules;
  /** Until each worker has its own. */
  readonly slices: (KeySlice | undefined)[];
}

/**
 * Reads, checks, compiles and cuts.
 *
 * @throws KeelError kind `environment`: `artifact.missing`, `artifact.hash`, `zkey.*`, `key.*`, `wasm.format`, `worker.*`.
 */
export async function loadArtifacts<Source>(
  platform: Platform<Source>,
  options: ProverOptions<Source>,
  workers: number,
): Promise<Artifacts> {
  const [key, modules] = await Promise.all([
    cutKey(platform, options, workers),
    readChecked(platform, options, "wasm").then((wasm) => inWorker(platform, (api) => api.compile(wasm))),
  ]);
  return { ...key, modules };
}

/** The slices once more, for a worker that must be replaced: they are not kept. */
export async function cutAgain<Source>(
  platform: Platform<Source>,
  options: ProverOptions<Source>,
  workers: number,
): Promise<readonly KeySlice[]> {
  return (await cutKey(platform, options, workers)).slices;
}

async function cutKey<Source>(
  platform: Platform<Source>,
  options: ProverOptions<Source>,
  workers: number,
): Promise<CutKey> {
  const zkey = await readChecked(platform, options, "zkey");
  return inWorker(platform, (api) => api.cut(zkey, workers));
}

function inWorker<T>(
  { spawn }: Platform<never>,
  call: (api: Remote<EngineWorker>) => Promise<Outcome<T>>,
): Promise<T> {
  const pool = createPool<EngineWorker>({ size: 1, spawn, prepare: async () => {}, onLoss: () => {} });
  return pool.run({ job: 0, urgency: 0, call }).finally(() => pool.close());
}

/** An artifact's bytes, which a message moves unless they are the caller's own. */
async function readChecked<Source>(
  platform: Platform<Source>,
  options: ProverOptions<Source>,
  path: "wasm" | "zkey",
): Promise<Uint8Array> {
  const source = options[path];
  const bytes = await platform.readBytes(source).catch((cause: unknown) => {
    const details = { kind: "environment", code: "artifact.missing", path } as const;
    throw new KeelError({ ...details, expected: "a readable artifact", received: "none" }, { cause });
  });
  const expected = options.sha256?.[path];
  if (expected !== undefined) {
    const received = await sha256Hex(bytes);
    if (received !== expected.toLowerCase()) {
      throw new KeelError({ kind: "environment", code: "artifact.hash", path, expected, received });
    }
  }
  const own = !(source instanceof Uint8Array) && bytes.length === bytes.buffer.byteLength;
  return own ? transfer(bytes, [bytes.buffer as ArrayBuffer]) : bytes;
}
