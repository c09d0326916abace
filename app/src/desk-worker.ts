// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * The desk: a Web Worker in which proofs are made and verified, so that the page stays free. The engine's own workers are
 * below it. Secrets come in as messages and stay in this worker's memory until the page terminates it.
 *
 * @module
 */

import "./no-eval.js";

import type { CircuitFiles } from "virtual:keel-circuits";
import { createProver, type Prover } from "@keel/engine/browser";
import { checkSignatures, openBook, proveHealth } from "@keel/prover";
import { asKeelError, KeelError, verifyAttestation } from "@keel/verifier";
import { BESIDE, besideAs, type OfProofs, ofBeside } from "./beside.js";
import type { DeskProgress, DeskReply, DeskRequest } from "./desk.js";
import { fetchPinned } from "./files.js";
import { rootsOf } from "./manager/roots.js";

/** Circuits that are there, or on their way. */
interface Loading {
  readonly names: string;
  readonly provers: Promise<OfProofs<Prover>>;
  /** Told of the way, from wherever it is. */
  readonly listeners: Set<(progress: DeskProgress) => void>;
  readonly controller: AbortController;
  latest: DeskProgress;
  isOver: boolean;
}

let loading: Loading | undefined;
let running: AbortController | undefined;

const reply = (message: DeskReply): void => self.postMessage(message);

self.addEventListener("message", async ({ data }: MessageEvent<DeskRequest>) => {
  if (data.kind === "cancel") {
    const reason = new KeelError({ kind: "cancelled", code: "prover.cancelled" });
    running?.abort(reason);
    if (loading?.isOver === false) forget(reason);
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
    case "roots":
      return rootsOf(request.files);
    case "load":
      await load(request).provers;
      return undefined;
  }
}

type ProveRequest = Extract<DeskRequest, { kind: "prove" }>;

async function prove(asked: ProveRequest): Promise<unknown> {
  const { domain, allowInsecure = false, seed, ...files } = asked.request;
  const book = openBook(files);
  running = new AbortController();
  const { signal } = running;
  const onProgress = (progress: DeskProgress): void => reply({ id: asked.id, kind: "progress", progress });
  const { health: prover, ...beside } = await loaded(load(asked), signal, onProgress);
  const all = { prover, ...besideAs(beside, "Prover"), ...(seed === undefined ? {} : { seed }) };
  return await proveHealth({ book, domain, allowInsecure, ...all, options: { signal, onProgress } });
}

type LoadRequest = Pick<ProveRequest, "id" | "circuits" | "base">;

/** The circuits' provers, one a circuit, kept until other circuits are asked for; whoever asks meanwhile waits for the same ones. */
function load(asked: LoadRequest): Loading {
  const names = inOrder(asked.circuits)
    .map(({ id }) => id)
    .join(" ");
  if (loading?.names === names) return loading;
  forget(new KeelError({ kind: "cancelled", code: "prover.cancelled" }));
  const [controller, listeners] = [new AbortController(), new Set<(progress: DeskProgress) => void>()];
  const onProgress = (progress: DeskProgress): void => {
    fresh.latest = progress;
    for (const listener of listeners) listener(progress);
  };
  const fresh: Loading = {
    ...{ names, listeners, controller, latest: { phase: "fetching" }, isOver: false },
    provers: fetchProvers(asked, controller.signal, (progress) => onProgress(progress)),
  };
  loading = fresh;
  fresh.provers.then(
    () => {
      fresh.isOver = true;
    },
    () => {
      // The next one who asks tries again.
      if (loading === fresh) loading = undefined;
    },
  );
  return fresh;
}

/** Of each proof, the health proof's first. */
function inOrder<T>({ health, ...beside }: OfProofs<T>): readonly T[] {
  return [health, ...BESIDE.flatMap((name) => beside[name] ?? [])];
}

/** Lets go of the circuits, also of those on their way. */
function forget(reason: KeelError): void {
  const old = loading;
  loading = undefined;
  old?.controller.abort(reason);
  old?.provers.then(
    (provers) => {
      for (const prover of inOrder(provers)) prover.close();
    },
    () => {},
  );
}

async function loaded(
  { provers, listeners, latest, isOver }: Loading,
  signal: AbortSignal,
  onProgress: (progress: DeskProgress) => void,
): Promise<OfProofs<Prover>> {
  listeners.add(onProgress);
  if (!isOver) onProgress(latest);
  try {
    return await provers;
  } finally {
    listeners.delete(onProgress);
    signal.throwIfAborted();
  }
}

/** They share the processors, at least one each. */
async function fetchProvers(
  { id, base, circuits: wanted }: LoadRequest,
  signal: AbortSignal,
  onProgress: (progress: DeskProgress) => void,
): Promise<OfProofs<Prover>> {
  const circuits = inOrder<CircuitFiles>(wanted);
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
  const fresh: Prover[] = [];
  try {
    for (const [i, { wasm, zkey }] of circuits.entries()) {
      const sha256 = { wasm: wasm.sha256, zkey: zkey.sha256 };
      fresh.push(await createProver({ wasm: contents[2 * i]!, zkey: contents[2 * i + 1]!, sha256, workers }));
    }
    signal.throwIfAborted();
    const [health, ...others] = fresh;
    return {
      health: health!,
      ...ofBeside((name) => (wanted[name] === undefined ? undefined : others.shift())),
    };
  } catch (error) {
    for (const prover of fresh) prover.close();
    throw error;
  }
}
