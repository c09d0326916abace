// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * The page's side of the desk: a proof or a verification as a promise, progress, cancel, and an end that takes the worker's
 * memory with it.
 *
 * @module
 */

import type { CircuitFiles, PinnedFile } from "virtual:keel-circuits";
import type { ProofProgress } from "../../prover/src/engine/prover.js";
import type { ProofRequest, ProvenAttestation } from "../../prover/src/prove.js";
import { type ErrorDetails, KeelError } from "../../verifier/src/errors.js";
import type { Verification, Verified } from "../../verifier/src/verify.js";
import { getFile } from "./network.js";

/** What is proven; the desk brings the provers. */
export type DeskProof = Omit<ProofRequest, "prover" | "tailProver" | "options">;

/** Whose signatures are checked. */
export type SignedBook = Pick<ProofRequest, "snapshot" | "market" | "policy">;

interface Artifacts {
  readonly wasm: Uint8Array<ArrayBuffer>;
  readonly zkey: Uint8Array<ArrayBuffer>;
  readonly sha256: { readonly wasm: string; readonly zkey: string };
}

/** To the worker. */
export type DeskRequest =
  /** Of a policy's circuit, then of its tail-risk circuit. */
  | { readonly id: number; readonly kind: "load"; readonly artifacts: readonly Artifacts[] }
  | { readonly id: number; readonly kind: "prove"; readonly request: DeskProof }
  | { readonly id: number; readonly kind: "verify"; readonly verification: Verification }
  | { readonly id: number; readonly kind: "signatures"; readonly book: SignedBook }
  | { readonly kind: "cancel" };

/** From the worker. */
export type DeskReply =
  | { readonly id: number; readonly kind: "progress"; readonly progress: ProofProgress }
  | { readonly id: number; readonly kind: "done"; readonly value: unknown }
  | { readonly id: number; readonly kind: "failed"; readonly error: ErrorDetails };

/** A step of a proof as the page shows it. */
export interface DeskProgress {
  readonly phase: "fetching" | "loading" | ProofProgress["phase"];
  /** From 0 to 1 within fetching and within proving; absent while loading. */
  readonly fraction?: number;
}

interface Waiting {
  readonly resolve: (value: never) => void;
  readonly reject: (error: KeelError) => void;
  readonly onProgress?: (progress: ProofProgress) => void;
}

let worker: Worker | undefined;
/** Names of the circuits that the worker holds. */
let loaded = "";
let last = 0;
const waiting = new Map<number, Waiting>();

/**
 * Proves a book: one proof a circuit, at the same time.
 *
 * @param circuits of the book's policy
 * @throws KeelError as `proveHealth`; `artifact.*`; `prover.cancelled`
 */
export async function proveAtDesk(
  circuits: readonly CircuitFiles[],
  request: DeskProof,
  signal: AbortSignal,
  onProgress: (progress: DeskProgress) => void,
): Promise<ProvenAttestation> {
  await load(circuits, signal, onProgress);
  const cancel = (): void => worker?.postMessage({ kind: "cancel" } satisfies DeskRequest);
  signal.addEventListener("abort", cancel);
  try {
    return await ask((id) => ({ id, kind: "prove", request }), { onProgress });
  } finally {
    signal.removeEventListener("abort", cancel);
  }
}

/** Checks the sources' signatures. @throws KeelError as `checkSignatures` */
export async function checkAtDesk({ snapshot, market, policy }: SignedBook): Promise<void> {
  await ask((id) => ({ id, kind: "signatures", book: { snapshot, market, policy } }));
}

/** Verifies an attestation. @throws KeelError as `verifyAttestation` */
export async function verifyAtDesk(verification: Verification): Promise<Verified> {
  return await ask((id) => ({ id, kind: "verify", verification }));
}

/** Ends the worker and with it everything secret that it holds. */
export function closeDesk(): void {
  worker?.terminate();
  worker = undefined;
  loaded = "";
  for (const { reject } of waiting.values()) reject(cancelled());
  waiting.clear();
}

async function load(
  circuits: readonly CircuitFiles[],
  signal: AbortSignal,
  onProgress: (progress: DeskProgress) => void,
): Promise<void> {
  const names = circuits.map(({ id }) => id).join(" ");
  if (loaded === names) return;
  const total = circuits.reduce((sum, { wasm, zkey }) => sum + wasm.bytes + zkey.bytes, 0);
  let bytes = 0;
  const advance = (more: number): void => {
    bytes += more;
    onProgress({ phase: "fetching", fraction: Math.min(bytes / total, 1) });
  };
  const artifacts: Artifacts[] = [];
  for (const { wasm, zkey } of circuits) {
    artifacts.push({
      wasm: await fetchPinned(wasm, signal, advance),
      zkey: await fetchPinned(zkey, signal, advance),
      sha256: { wasm: wasm.sha256, zkey: zkey.sha256 },
    });
  }
  onProgress({ phase: "loading" });
  const transfer = artifacts.flatMap(({ wasm, zkey }) => [wasm.buffer, zkey.buffer]);
  loaded = "";
  await ask((id) => ({ id, kind: "load", artifacts }), { transfer });
  loaded = names;
  if (signal.aborted) throw cancelled();
}

/** The hash is checked in the worker, where it holds nobody up. */
async function fetchPinned(
  file: PinnedFile,
  signal: AbortSignal,
  onBytes: (count: number) => void,
): Promise<Uint8Array<ArrayBuffer>> {
  const response = await getFile(file.path, "circuit");
  const content = new Uint8Array(file.bytes);
  let length = 0;
  const reader = response.body!.getReader();
  for (;;) {
    if (signal.aborted) {
      await reader.cancel();
      throw cancelled();
    }
    const { done, value } = await reader.read();
    if (done) break;
    if (length + value.length > content.length) throw wrongLength(file);
    content.set(value, length);
    length += value.length;
    onBytes(value.length);
  }
  if (length !== file.bytes) throw wrongLength(file);
  return content;
}

function ask<T>(
  request: (id: number) => DeskRequest,
  options: { onProgress?: (progress: ProofProgress) => void; transfer?: ArrayBuffer[] } = {},
): Promise<T> {
  const id = ++last;
  const { onProgress, transfer = [] } = options;
  return new Promise<T>((resolve, reject) => {
    waiting.set(id, { resolve, reject, ...(onProgress === undefined ? {} : { onProgress }) });
    start().postMessage(request(id), transfer);
  });
}

function start(): Worker {
  if (worker !== undefined) return worker;
  worker = new Worker(new URL("./desk-worker.ts", import.meta.url), { type: "module" });
  worker.addEventListener("message", ({ data }: MessageEvent<DeskReply>) => {
    const entry = waiting.get(data.id);
    if (entry === undefined) return;
    if (data.kind === "progress") return entry.onProgress?.(data.progress);
    waiting.delete(data.id);
    if (data.kind === "done") entry.resolve(data.value as never);
    else entry.reject(new KeelError(data.error));
  });
  worker.addEventListener("error", () => {
    const died = new KeelError({ kind: "environment", code: "worker.died", expected: "a running worker" });
    for (const { reject } of waiting.values()) reject(died);
    waiting.clear();
    closeDesk();
  });
  return worker;
}

function cancelled(): KeelError {
  return new KeelError({ kind: "cancelled", code: "prover.cancelled" });
}

function wrongLength({ path, bytes }: PinnedFile): KeelError {
  const expected = `${bytes} bytes`;
  return new KeelError({
    kind: "environment",
    code: "artifact.hash",
    path,
    expected,
    received: "another length",
  });
}
