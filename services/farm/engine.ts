// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * The engine in a thread of its own: see engine-thread.ts. A thread that dies fails what it was asked, and is started again for the
 * next question.
 *
 * @module
 */

import { Worker } from "node:worker_threads";
import { ensureCircuit, loadArtifacts } from "@keel/circuits";
import type { CircuitInput, ProofResult, Prover } from "@keel/engine";
import { type ErrorDetails, KeelError } from "@keel/verifier/errors";
import { parseVerificationKey } from "@keel/verifier/groth16";
import type { EngineAnswer, EngineQuestion } from "./engine-thread.js";

/** What a proof is made with. */
export type FarmProver = Pick<Prover, "prove" | "verificationKey" | "workers">;

/** Provers by circuit, made when they are first needed. */
export interface Provers {
  of(circuit: string): Promise<FarmProver>;
  close(): void;
}

type Unnumbered<Q> = Q extends { readonly id: number } ? Omit<Q, "id"> : never;

interface Thread {
  /** @throws KeelError of the engine, `worker.died` */
  ask<T>(question: Unnumbered<EngineQuestion>, signal?: AbortSignal): Promise<{ id: number; value: T }>;
  end(): void;
}

/** @param artifacts folders of ceremonies by circuit; development keys without them */
export function openProvers(workers: number, artifacts: Readonly<Record<string, string>> = {}): Provers {
  const provers = new Map<string, Promise<FarmProver>>();
  let thread: Thread | undefined;
  const ask: Thread["ask"] = (question, signal) => {
    thread ??= startThread(() => {
      thread = undefined;
      provers.clear();
    });
    return thread.ask(question, signal);
  };
  const open = async (circuit: string): Promise<FarmProver> => {
    const folder = artifacts[circuit];
    const set = folder === undefined ? await ensureCircuit(circuit) : await loadArtifacts(folder);
    const { witness, zkey } = set.manifest.files;
    const sha256 = { wasm: witness.sha256, zkey: zkey.sha256 };
    const files = { wasm: set.witnessPath, zkey: set.zkeyPath, sha256, workers };
    const { id, value } = await ask<Pick<Prover, "verificationKey" | "workers">>({ open: files });
    const prove = async (input: CircuitInput, options: { readonly signal?: AbortSignal } = {}) =>
      (await ask<ProofResult>({ prove: input, prover: id }, options.signal)).value;
    // Parsed once more: what was remembered of it stays in the thread.
    return { ...value, verificationKey: parseVerificationKey(value.verificationKey), prove };
  };
  return {
    of: (circuit) => {
      const known = provers.get(circuit) ?? open(circuit);
      provers.set(circuit, known);
      known.catch(() => {
        if (provers.get(circuit) === known) provers.delete(circuit);
      });
      return known;
    },
    close: () => thread?.end(),
  };
}

interface Waiting {
  resolve(value: unknown): void;
  reject(error: unknown): void;
}

/** @param onEnd called once, when the thread has ended, however */
function startThread(onEnd: () => void): Thread {
  // Flags such as --test must not reach the thread.
  const worker = new Worker(new URL("./engine-thread.js", import.meta.url), {
    execArgv: [],
    name: "keel-farm",
  });
  const waiting = new Map<number, Waiting>();
  let [next, isEnded] = [0, false];
  const end = (code: "worker.died" | "prover.closed"): void => {
    if (isEnded) return;
    isEnded = true;
    onEnd();
    for (const one of waiting.values()) one.reject(endedError(code));
    waiting.clear();
    void worker.terminate();
  };
  for (const event of ["error", "messageerror", "exit"]) worker.once(event, () => end("worker.died"));
  worker.on("message", ({ id, ...told }: EngineAnswer) => {
    const asked = waiting.get(id);
    waiting.delete(id);
    if (waiting.size === 0) worker.unref();
    if ("value" in told) asked?.resolve(told.value);
    else asked?.reject(new KeelError((told as { readonly error: ErrorDetails }).error));
  });
  // It keeps the program alive only while it has something to do.
  worker.unref();
  return {
    ask: async <T>(question: Unnumbered<EngineQuestion>, signal?: AbortSignal) => {
      const id = next++;
      const cancel = (): void => {
        if (!isEnded) worker.postMessage({ cancel: id } satisfies EngineQuestion);
      };
      const value = await new Promise<unknown>((resolve, reject) => {
        waiting.set(id, { resolve, reject });
        worker.ref();
        worker.postMessage({ ...question, id } as EngineQuestion);
        if (signal?.aborted === true) cancel();
        signal?.addEventListener("abort", cancel, { once: true });
      }).finally(() => signal?.removeEventListener("abort", cancel));
      return { id, value: value as T };
    },
    end: () => end("prover.closed"),
  };
}

function endedError(code: "worker.died" | "prover.closed"): KeelError {
  const kind = code === "worker.died" ? "environment" : "cancelled";
  return new KeelError({ kind, code, expected: "a running worker" });
}
