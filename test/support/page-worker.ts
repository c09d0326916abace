// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * The page's worker where there is no page: what the desk asks is copied over, as a browser's border does, and answered by the
 * verifier itself. Modules of the page can so be held in Node; the worker's own code runs in the console's stories.
 *
 * @module
 */

import { checkSignatures } from "@keel/prover";
import { asKeelError, verifyAttestation } from "@keel/verifier";
import type { DeskReply, DeskRequest } from "../../app/src/desk.js";

type Listener = (event: { readonly data: DeskReply }) => void;

/** Stands for `Worker`: `vi.stubGlobal("Worker", PageWorker)`. */
export class PageWorker {
  /** Those that were started and not ended, the oldest first. */
  static readonly alive = new Set<PageWorker>();
  readonly #listeners = new Map<string, Listener>();
  /** What was asked and shall be left without an answer: a worker that is busy. */
  static busy = false;

  constructor() {
    PageWorker.alive.add(this);
  }

  addEventListener(name: string, listener: Listener): void {
    this.#listeners.set(name, listener);
  }

  postMessage(message: DeskRequest): void {
    const request = structuredClone(message);
    if (PageWorker.busy || !("id" in request)) return;
    queueMicrotask(() => {
      if (PageWorker.alive.has(this))
        this.#listeners.get("message")?.({ data: structuredClone(answer(request)) });
    });
  }

  terminate(): void {
    PageWorker.alive.delete(this);
  }

  /** Dies by itself. */
  break(): void {
    this.#listeners.get("error")?.({ data: undefined as never });
  }
}

function answer(request: Exclude<DeskRequest, { kind: "cancel" }>): DeskReply {
  const { id } = request;
  try {
    if (request.kind === "verify") {
      return { id, kind: "done", value: verifyAttestation(request.verification) };
    }
    if (request.kind === "signatures") {
      checkSignatures(request.book.snapshot, request.book.market, request.book.policy);
    }
    return { id, kind: "done", value: undefined };
  } catch (error) {
    return { id, kind: "failed", error: asKeelError(error).toJSON() };
  }
}
