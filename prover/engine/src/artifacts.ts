// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Loads a circuit and its key: finds files and checks their hashes here, and leaves to the workers what takes long: one compiles,
 * another one decides how the key is cut, and each reads its own slice from the file.
 *
 * @module
 */
import { KeelError } from "@keel/verifier/errors";
import { type Remote, transfer } from "comlink/dist/esm/comlink.mjs";
import type { CheckedKey, EngineModules, EngineWorker } from "./engine-worker.js";
import { sha256Hex } from "./hash.js";
import { unwrap } from "./outcome.js";
import type { SharedFile } from "./parts.js";
import type { WorkerHandle } from "./pool.js";

/** A file that workers can read, and its hash. */
export interface FoundFile {
  readonly file: SharedFile;
  /** Hex SHA-256 of the content. */
  sha256(): Promise<string>;
}

/** What differs between Node and browsers. */
export interface Platform<Source> {
  /** Workers to use when the caller does not say. */
  readonly workers: number;
  /** Whether threads can share memory. */
  readonly sharesMemory: boolean;
  spawn(): WorkerHandle;
  readBytes(source: Source): Promise<Uint8Array>;
  /** Makes a file ready to be read part by part by workers. */
  shareFile(source: Source): Promise<FoundFile>;
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
export interface Artifacts extends CheckedKey {
  readonly modules: EngineModules;
}

/** Loads artifacts with the help of the workers that are to have them. */
export interface Loader {
  /** When they are loaded. */
  readonly artifacts: Promise<Artifacts>;
  /** Makes a fresh worker ready. @throws KeelError as {@link createLoader} says */
  load(api: Remote<EngineWorker>, worker: number): Promise<void>;
}

/**
 * Starts to read.
 *
 * @throws KeelError kind `environment`, from both of its promises: `artifact.missing`, `artifact.hash`, `artifact.mismatch`,
 *   `zkey.*`, `key.*`, `wasm.format`, `worker.*`.
 */
export function createLoader<Source>(
  platform: Platform<Source>,
  options: ProverOptions<Source>,
  workers: number,
): Loader {
  // Workers that start together share one look at the key; a later one takes its own.
  let key: Promise<CheckedFile> | undefined = findKey(platform, options);
  const wasm = readWasm(platform, options);
  const [compiler, cutter] = [defer<Remote<EngineWorker>>(), defer<Remote<EngineWorker>>()];
  const modules = Promise.all([compiler.promise, wasm]).then(async ([api, bytes]) =>
    unwrap(await api.compile(bytes)),
  );
  const cut = Promise.all([cutter.promise, key]).then(([api, { file, checked }]) =>
    afterCheck(checked, async () => unwrap(await api.cut(file, workers))),
  );
  const artifacts = Promise.all([modules, cut]).then(([modules, cut]) => ({ ...cut, modules }));
  // Who waits for them hears of a failure; it must not count as one that nobody heard of meanwhile.
  for (const promise of [key, wasm, artifacts]) promise.catch(() => {});
  return {
    artifacts,
    async load(api, worker) {
      if (worker === 0) compiler.resolve(api);
      if (worker === workers - 1) cutter.resolve(api);
      const [{ file, checked }, loaded] = await Promise.all([key ?? findKey(platform, options), artifacts]);
      key = undefined;
      const { modules, verificationKey, zkey, parts } = loaded;
      const wires = await afterCheck(checked, async () =>
        unwrap(await api.load(modules, verificationKey, { file, zkey, part: parts[worker]! })),
      );
      if (wires !== zkey.wires) throw mismatch(zkey.wires, wires);
    },
  };
}

function mismatch(expected: number, received: number): KeelError {
  return new KeelError({
    kind: "environment",
    code: "artifact.mismatch",
    path: "wasm",
    expected: `a circuit of ${expected} wires, as in the zkey`,
    received: `${received} wires`,
  });
}

/** A promise, and what fulfils it. */
function defer<T>(): { readonly promise: Promise<T>; readonly resolve: (value: T) => void } {
  let resolve: (value: T) => void = () => {};
  const promise = new Promise<T>((fulfil) => {
    resolve = fulfil;
  });
  return { promise, resolve };
}

/** A file whose hash is compared while it is read already. */
interface CheckedFile {
  readonly file: SharedFile;
  readonly checked: Promise<void>;
}

/** Runs an action on what is being checked: its result counts when the check is passed, and its failure does not hide the check's. */
async function afterCheck<T>(checked: Promise<void>, action: () => Promise<T>): Promise<T> {
  const outcome = await action().then(
    (value) => ({ value }),
    (error: unknown) => ({ error }),
  );
  await checked;
  if ("error" in outcome) throw outcome.error;
  return outcome.value;
}

async function findKey<Source>(
  platform: Platform<Source>,
  { zkey, sha256 }: ProverOptions<Source>,
): Promise<CheckedFile> {
  const { file, sha256: hash } = await platform.shareFile(zkey).catch(missing("zkey"));
  const checked = checkHash("zkey", sha256?.zkey, hash);
  checked.catch(() => {});
  return { file, checked };
}

/** The circuit's bytes, which a message moves unless they are the caller's own. */
async function readWasm<Source>(
  platform: Platform<Source>,
  { wasm, sha256 }: ProverOptions<Source>,
): Promise<Uint8Array> {
  const bytes = await platform.readBytes(wasm).catch(missing("wasm"));
  await checkHash("wasm", sha256?.wasm, () => sha256Hex(bytes));
  const own = !(wasm instanceof Uint8Array) && bytes.length === bytes.buffer.byteLength;
  return own ? transfer(bytes, [bytes.buffer as ArrayBuffer]) : bytes;
}

function missing(path: "wasm" | "zkey"): (cause: unknown) => never {
  return (cause) => {
    const details = { kind: "environment", code: "artifact.missing", path } as const;
    throw new KeelError({ ...details, expected: "a readable artifact", received: "none" }, { cause });
  };
}

async function checkHash(
  path: "wasm" | "zkey",
  expected: string | undefined,
  hash: () => Promise<string>,
): Promise<void> {
  if (expected === undefined) return;
  const received = await hash().catch(missing(path));
  if (received !== expected.toLowerCase())
    throw new KeelError({ kind: "environment", code: "artifact.hash", path, expected, received });
}
