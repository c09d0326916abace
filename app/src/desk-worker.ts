// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * The desk: a Web Worker in which proofs are made and verified, so that the page stays free. The engine's own workers are
 * below it. Secrets come in as messages and stay in this worker's memory until the page terminates it.
 *
 * @module
 */

import "./no-eval.js";

import { createProver, type Prover } from "@keel/engine/browser";
import { checkSignatures, openBook, proveHealth } from "@keel/prover";
import { asKeelError, KeelError, verifyAttestation } from "@keel/verifier";
import type { DeskProgress, DeskReply, DeskRequest } from "./desk.js";
import { fetchPinned } from "./files.js";

/** Provers of the circuits with these names; the names are empty until all are there. */
let loaded: { readonly names: string; readonly provers: readonly Prover[] } = { names: "", provers: [] };
let running: AbortController | undefined;

const reply = (message: DeskReply): void => self.postMessage(message);

self.addEventListener("message", async ({ data }: MessageEvent<DeskRequest>) => {
  if (data.kind === "cancel") {
    running?.abort(new KeelError({ kind: "cancelled", code: "prover.cancelled" }));
    return;
  }
  try {
    const value = await answer(data);
    reply({ id: data.id, kind: "done", value });
  } catch (error) {
    reply({ id: data.id, kind: "failed", error: asKeelError(error).toJSON() });
  }
});

async function answer(request: Exclude<DeskRequest, { kind: "cancel" }>): Promise<unknown> {
  switch (request.kind) {
    case "prove":
      return await prove(request);
    case "verify":
      return verifyAttestation(request.verification);
    case "signatures":
      return checkSignatures(request.book.snapshot, request.book.market, request.book.policy);
  }
}

type ProveRequest = Extract<DeskRequest, { kind: "prove" }>;

async function prove(asked: ProveRequest): Promise<unknown> {
  const { domain, allowInsecure = false, ...files } = asked.request;
  const book = openBook(files);
  running = new AbortController();
  const { signal } = running;
  const onProgress = (progress: DeskProgress): void => reply({ id: asked.id, kind: "progress", progress });
  const { tail, disclosure } = asked.circuits;
  const [prover, ...beside] = await provers(asked, signal, onProgress);
  const all = {
    prover: prover!,
    ...(tail === undefined ? {} : { tailProver: beside[0]! }),
    ...(disclosure === undefined ? {} : { disclosureProver: beside.at(-1)! }),
  };
  return await proveHealth({ book, domain, allowInsecure, ...all, options: { signal, onProgress } });
}

/** One a circuit, kept until other circuits are asked for. They share the processors, at least one each. */
async function provers(
  { id, circuits: { health, tail, disclosure }, base }: ProveRequest,
  signal: AbortSignal,
  onProgress: (progress: DeskProgress) => void,
): Promise<readonly Prover[]> {
  const circuits = [health, tail, disclosure].filter((circuit) => circuit !== undefined);
  const names = circuits.map((circuit) => circuit.id).join(" ");
  if (loaded.names === names) return loaded.provers;
  for (const old of loaded.provers) old.close();
  const fresh: Prover[] = [];
  loaded = { names: "", provers: fresh };
  const files = circuits.flatMap(({ wasm, zkey }) => [wasm, zkey]);
  const total = files.reduce((sum, { bytes }) => sum + bytes, 0);
  let count = 0;
  const advance = (more: number): void => {
    count += more;
    onProgress({ phase: "fetching", fraction: count / total });
  };
  const contents: Uint8Array[] = [];
  for (const file of files) {
    reply({ id, kind: "fetching", path: file.path });
    contents.push(await fetchPinned(file, base, signal, advance));
  }
  onProgress({ phase: "loading" });
  const workers = Math.max(1, Math.floor(navigator.hardwareConcurrency / circuits.length));
  for (const [i, { wasm, zkey }] of circuits.entries()) {
    const sha256 = { wasm: wasm.sha256, zkey: zkey.sha256 };
    fresh.push(await createProver({ wasm: contents[2 * i]!, zkey: contents[2 * i + 1]!, sha256, workers }));
  }
  loaded = { names, provers: fresh };
  signal.throwIfAborted();
  return fresh;
}
