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

/** Of a policy's circuit, then of its tail-risk circuit. */
let provers: readonly Promise<Prover>[] = [];
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
      return await load(request);
    case "prove":
      return await prove(request);
    case "verify":
      return verifyAttestation(request.verification);
    case "signatures":
      return checkSignatures(request.book.snapshot, request.book.market, request.book.policy);
  }
}

/** Provers share the processors, at least one each. */
async function load({ artifacts }: Extract<DeskRequest, { kind: "load" }>): Promise<void> {
  for (const old of provers) old.then((prover) => prover.close()).catch(() => {});
  const workers = Math.max(1, Math.floor(navigator.hardwareConcurrency / artifacts.length));
  provers = artifacts.map((files) => createProver({ ...files, workers }));
  await Promise.all(provers);
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
  const [prover, tailProver] = await Promise.all(provers);
  const pair = tailProver === undefined ? { prover: prover! } : { prover: prover!, tailProver };
  return await proveHealth({ ...request, ...pair, options });
}
