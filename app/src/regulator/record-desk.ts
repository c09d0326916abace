// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * The page's side of looking at a record: a worker verifies, the page asks the chain for it, and a cancelled look ends with its
 * worker at once.
 *
 * @module
 */

import type { Registry } from "@keel/verifier/chain";
import { type ErrorDetails, KeelError } from "@keel/verifier/errors";
import type { Address } from "viem";
import type { SubjectRecord } from "./look.js";

/** What is looked at: the registry without its client, which stays with the page. */
export interface LookRequest {
  readonly kind: "look";
  readonly registry: Omit<Registry, "client">;
  readonly subject: Address;
  readonly fromBlock: bigint;
}

/** What a node said to a call of the worker. */
export interface Answer {
  readonly kind: "answer";
  readonly id: number;
  readonly result?: unknown;
  /** With code and data, as the node gave them. */
  readonly error?: { readonly message: string; readonly code?: number; readonly data?: unknown };
}

/** From the worker. */
export type WorkerMessage =
  | { readonly kind: "call"; readonly id: number; readonly method: string; readonly params: unknown }
  | { readonly kind: "progress"; readonly done: number; readonly count: number }
  | { readonly kind: "done"; readonly found: Omit<SubjectRecord, "registry"> }
  | { readonly kind: "failed"; readonly error: ErrorDetails };

/** How far a look is: 0 of 0 while the logs are read. */
export type OnProof = (done: number, count: number) => void;

/**
 * Looks at a subject's record in a worker of its own.
 *
 * @throws KeelError as `lookAt`; `look.cancelled`; `worker.died`
 */
export async function lookInWorker(
  registry: Registry,
  { subject, fromBlock }: Pick<LookRequest, "subject" | "fromBlock">,
  signal: AbortSignal,
  onProof: OnProof,
): Promise<SubjectRecord> {
  if (signal.aborted) throw cancelled();
  const worker = new Worker(new URL("./record-worker.ts", import.meta.url), { type: "module" });
  const { client, ...where } = registry;
  try {
    return await new Promise<SubjectRecord>((resolve, reject) => {
      signal.addEventListener("abort", () => reject(cancelled()), { once: true });
      worker.addEventListener("error", () => reject(died()));
      worker.addEventListener("message", ({ data }: MessageEvent<WorkerMessage>) => {
        switch (data.kind) {
          case "call":
            void answer(client, data).then((message) => worker.postMessage(message));
            break;
          case "progress":
            onProof(data.done, data.count);
            break;
          case "done":
            resolve({ ...data.found, registry });
            break;
          case "failed":
            reject(new KeelError(data.error));
        }
      });
      worker.postMessage({ kind: "look", registry: where, subject, fromBlock } satisfies LookRequest);
    });
  } finally {
    worker.terminate();
  }
}

type Call = Extract<WorkerMessage, { kind: "call" }>;

/** Reads that a record needs; a worker that asked for more would be no worker of ours. */
const READS = /^eth_(blockNumber|call|chainId|get(Block\w*|Code|Logs|StorageAt|Transaction\w*))$/;

async function answer({ request }: Registry["client"], { id, method, params }: Call): Promise<Answer> {
  try {
    if (!READS.test(method)) throw new Error(`no read of a record: ${method}`);
    const result = await request({ method, params } as Parameters<typeof request>[0]);
    return { kind: "answer", id, result };
  } catch (error) {
    return { kind: "answer", id, error: plainError(error) };
  }
}

/** What the node said, from wherever the client put it: a worker's border takes plain data only. */
function plainError(error: unknown): NonNullable<Answer["error"]> {
  let found: { code?: number; data?: unknown } = {};
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    const { code, data } = cause as { code?: unknown; data?: unknown };
    if (typeof code === "number") found = { ...found, code };
    if (typeof data === "string") found = { ...found, data };
  }
  // Without what a client adds: a node's address may have an access key in it.
  const { shortMessage, message } = error as { shortMessage?: string; message?: string };
  return { message: shortMessage ?? message ?? "no answer", ...found };
}

function cancelled(): KeelError {
  return new KeelError({ kind: "cancelled", code: "look.cancelled" });
}

function died(): KeelError {
  return new KeelError({ kind: "environment", code: "worker.died", expected: "a running worker" });
}
