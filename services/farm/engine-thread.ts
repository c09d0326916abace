// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Thread that leads the engine's workers: between two steps of a proof they wait for whoever hands out the next one, and the
 * farm's own event loop has books, Redis and the chain to see to.
 *
 * @module
 */

import { parentPort } from "node:worker_threads";
import { type CircuitInput, createProver, type Prover, type ProverOptions } from "@keel/engine";
import { asKeelError, type ErrorDetails } from "@keel/verifier/errors";

/** What the thread is asked. */
export type EngineQuestion =
  | {
      readonly id: number;
      readonly open: Pick<ProverOptions<string>, "wasm" | "zkey" | "sha256" | "workers">;
    }
  | { readonly id: number; readonly prove: CircuitInput; readonly prover: number }
  /** Gives up the question of this number; it is answered as every other. */
  | { readonly cancel: number };

/** What it answers, once a question. A prover is named by the number of the question that opened it. */
export type EngineAnswer = { readonly id: number } & (
  | { readonly value: unknown }
  | { readonly error: ErrorDetails }
);

const provers = new Map<number, Prover>();
const underWay = new Map<number, AbortController>();

async function answered(question: Exclude<EngineQuestion, { readonly cancel: number }>): Promise<unknown> {
  if ("open" in question) {
    const prover = await createProver(question.open);
    provers.set(question.id, prover);
    const { verificationKey, workers } = prover;
    return { verificationKey, workers };
  }
  const giveUp = new AbortController();
  underWay.set(question.id, giveUp);
  try {
    return await provers.get(question.prover)!.prove(question.prove, { signal: giveUp.signal });
  } finally {
    underWay.delete(question.id);
  }
}

async function answer(question: EngineQuestion): Promise<EngineAnswer | undefined> {
  if ("cancel" in question) {
    underWay.get(question.cancel)?.abort();
    return undefined;
  }
  const { id } = question;
  try {
    return { id, value: await answered(question) };
  } catch (error) {
    const { message: _, ...details } = asKeelError(error).toJSON();
    return { id, error: details };
  }
}

parentPort?.on("message", (question: EngineQuestion) => {
  void answer(question).then((told) => {
    if (told !== undefined) parentPort!.postMessage(told);
  });
});
