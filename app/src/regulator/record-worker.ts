// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Looks at a record and verifies its proofs, apart from the page, which stays free. What it asks the chain it asks through the
 * page: nothing leaves here by itself, and the page writes every request down.
 *
 * @module
 */

import "../no-eval.js";

import { asKeelError } from "@keel/verifier/errors";
import { createPublicClient, custom, type PublicClient } from "viem";
import { lookAt } from "./look.js";
import type { Answer, LookRequest, WorkerMessage } from "./record-desk.js";

const waiting = new Map<number, { resolve(value: unknown): void; reject(error: Error): void }>();
let last = 0;

const post = (message: WorkerMessage): void => self.postMessage(message);

self.addEventListener("message", ({ data }: MessageEvent<LookRequest | Answer>) => {
  if (data.kind === "look") void answer(data);
  else settle(data);
});

async function answer({ registry, subject, fromBlock }: LookRequest): Promise<void> {
  try {
    const client = createPublicClient({
      transport: custom({ request: ask }, { retryCount: 0 }),
      cacheTime: 0,
    }) as PublicClient;
    const told = (done: number, count: number): void => post({ kind: "progress", done, count });
    const { registry: _, ...found } = await lookAt({ ...registry, client }, subject, fromBlock, told);
    post({ kind: "done", found });
  } catch (error) {
    post({ kind: "failed", error: asKeelError(error).toJSON() });
  }
}

function ask({ method, params }: { readonly method: string; readonly params?: unknown }): Promise<unknown> {
  const id = ++last;
  return new Promise((resolve, reject) => {
    waiting.set(id, { resolve, reject });
    post({ kind: "call", id, method, params });
  });
}

function settle({ id, result, error }: Answer): void {
  const entry = waiting.get(id);
  waiting.delete(id);
  if (error === undefined) entry?.resolve(result);
  else entry?.reject(Object.assign(new Error(error.message), error));
}
