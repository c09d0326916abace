// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * The page's side of the desk: a proof or a verification as a promise, progress, cancel, and an end that takes the worker's
 * memory with it.
 *
 * @module
 */

import type { ProofProgress } from "@keel/engine";
import type { ProofRequest, ProvenAttestation } from "@keel/prover";
import type { Verification, Verified } from "@keel/verifier";
import { type ErrorDetails, KeelError } from "@keel/verifier/errors";
import type { Beside } from "./beside.js";
import type { PolicyFiles } from "./circuits.js";
import type { BookRoots, RootFiles } from "./manager/roots.js";
import { noteFile } from "./network.js";

/** What is proven; the desk brings the provers. */
export type DeskProof = Omit<ProofRequest, "prover" | `${Beside}Prover` | "options">;

/** Whose signatures are checked. */
export type SignedBook = Pick<ProofRequest, "snapshot" | "market" | "policy">;

/** To the worker. */
export type DeskRequest =
  | {
      readonly id: number;
      readonly kind: "prove";
      readonly circuits: PolicyFiles;
      /** What their paths are relative to. */
      readonly base: string;
      readonly request: DeskProof;
    }
  | { readonly id: number; readonly kind: "verify"; readonly verification: Verification }
  | { readonly id: number; readonly kind: "signatures"; readonly book: SignedBook }
  | { readonly id: number; readonly kind: "roots"; readonly files: RootFiles }
  /** Fetches and loads circuits before anybody proves. */
  | {
      readonly id: number;
      readonly kind: "load";
      readonly circuits: PolicyFiles;
      readonly base: string;
    }
  | { readonly kind: "cancel" };

/** From the worker. */
export type DeskReply =
  | { readonly id: number; readonly kind: "progress"; readonly progress: DeskProgress }
  /** A file was asked for. */
  | { readonly id: number; readonly kind: "fetching"; readonly path: string }
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
  readonly onProgress?: (progress: DeskProgress) => void;
}

let worker: Worker | undefined;
let last = 0;
const waiting = new Map<number, Waiting>();

/**
 * Proves a book: one proof a circuit, at the same time.
 *
 * @param circuits of the book's policy
 * @throws KeelError as `proveHealth`; `artifact.*`; `prover.cancelled`
 */
export async function proveAtDesk(
  circuits: PolicyFiles,
  request: DeskProof,
  signal: AbortSignal,
  onProgress: (progress: DeskProgress) => void,
): Promise<ProvenAttestation> {
  const cancel = (): void => worker?.postMessage({ kind: "cancel" } satisfies DeskRequest);
  signal.addEventListener("abort", cancel);
  try {
    if (signal.aborted) throw cancelled();
    const base = document.baseURI;
    const proven = await ask<ProvenAttestation>(
      (id) => ({ id, kind: "prove", circuits, base, request }),
      onProgress,
    );
    // It may have been done in the worker when it was cancelled here.
    if (signal.aborted) throw cancelled();
    return proven;
  } finally {
    signal.removeEventListener("abort", cancel);
  }
}

/** Checks the sources' signatures. @throws KeelError as `checkSignatures` */
export async function checkAtDesk({ snapshot, market, policy }: SignedBook): Promise<void> {
  await ask((id) => ({ id, kind: "signatures", book: { snapshot, market, policy } }));
}

/** The hashes that stand for a book's files on chain. @throws KeelError as `rootsOf` */
export async function rootsAtDesk({ market, policy, enrolment, state }: RootFiles): Promise<BookRoots> {
  const files = {
    ...{ market, policy },
    ...(enrolment === undefined ? {} : { enrolment }),
    ...(state === undefined ? {} : { state }),
  };
  return await ask((id) => ({ id, kind: "roots", files }));
}

/** Has a policy's circuits fetched and loaded, so that a proof begins at once. @throws KeelError `artifact.*` */
export async function loadAtDesk(circuits: PolicyFiles): Promise<void> {
  const base = document.baseURI;
  await ask((id) => ({ id, kind: "load", circuits, base }));
}

/** Verifies an attestation. @throws KeelError as `verifyAttestation` */
export async function verifyAtDesk(verification: Verification): Promise<Verified> {
  return await ask((id) => ({ id, kind: "verify", verification }));
}

/** Ends the worker and with it everything secret that it holds. */
export function closeDesk(): void {
  worker?.terminate();
  worker = undefined;
  for (const { reject } of waiting.values()) reject(cancelled());
  waiting.clear();
}

function ask<T>(
  request: (id: number) => DeskRequest,
  onProgress?: (progress: DeskProgress) => void,
): Promise<T> {
  const id = ++last;
  return new Promise<T>((resolve, reject) => {
    waiting.set(id, { resolve, reject, ...(onProgress === undefined ? {} : { onProgress }) });
    start().postMessage(request(id));
  });
}

function start(): Worker {
  if (worker !== undefined) return worker;
  worker = new Worker(new URL("./desk-worker.ts", import.meta.url), { type: "module" });
  worker.addEventListener("message", ({ data }: MessageEvent<DeskReply>) => {
    const entry = waiting.get(data.id);
    if (entry === undefined) return;
    if (data.kind === "progress") return entry.onProgress?.(data.progress);
    if (data.kind === "fetching") return noteFile(data.path, "circuit");
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
