// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * The desk: a Web Worker in which proofs are made and verified, so that the page stays free. The engine's own workers are
 * below it. Secrets come in as messages and stay in this worker's memory until the page terminates it.
 *
 * @module
 */

import "./no-eval.js";

import { createProver, type Prover } from "../../prover/src/engine/browser.js";
import { checkSignatures, declaredAccounts, proveHealth } from "../../prover/src/index.js";
import { asKeelError, verifyAttestation } from "../../verifier/src/index.js";
import type { DeskReply, DeskRequest } from "./desk.js";

let prover: { readonly circuit: string; readonly ready: Promise<Prover> } | undefined;
let running: AbortController | undefined;

const reply = (message: DeskReply): void => self.postMessage(message);

self.addEventListener("message", async ({ data }: MessageEvent<DeskRequest>) => {
  if (data.kind === "cancel") return running?.abort();
  try {
    const value = await answer(data);
    reply({ id: data.id, kind: "done", value });
  } catch (error) {
    reply({ id: data.id, kind: "failed", error: asKeelError(error).toJSON() });
  }
});

async function answer(request: Exclude<DeskRequest, { kind: "cancel" }>): Promise<unknown> {
  switch (request.kind) {
    case "load":
      prover?.ready.then((old) => old.close()).catch(() => {});
      prover = { circuit: request.circuit, ready: createProver(request.artifacts) };
      return void (await prover.ready);
    case "prove":
      return await prove(request);
    case "verify":
      return verifyAttestation(request.verification);
  }
}

async function prove({ id, request }: Extract<DeskRequest, { kind: "prove" }>): Promise<unknown> {
  const { snapshot, market, policy, enrolment } = request;
  checkSignatures(snapshot, market, policy);
  if (enrolment !== undefined) declaredAccounts(snapshot, enrolment);
  running = new AbortController();
  const options = {
    signal: running.signal,
    onProgress: (progress: Extract<DeskReply, { kind: "progress" }>["progress"]) =>
      reply({ id, kind: "progress", progress }),
  };
  return await proveHealth({ ...request, prover: await prover!.ready, options });
}
