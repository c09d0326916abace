// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Cancellation of set-up work as Keel's own error.
 *
 * @module
 */
import { KeelError } from "@keel/verifier/errors";

/** The error of every cancelled set-up step. */
export function cancelled(): KeelError {
  return new KeelError({ kind: "cancelled", code: "setup.cancelled" });
}

/** @throws KeelError kind `cancelled` when the signal has aborted. */
export function throwIfCancelled(signal: AbortSignal | undefined): void {
  if (signal?.aborted === true) throw cancelled();
}

/** Calls `action` when the signal aborts (at once if it has); the result takes the listener away again. */
export function onAbort(signal: AbortSignal | undefined, action: () => void): () => void {
  if (signal?.aborted === true) action();
  signal?.addEventListener("abort", action, { once: true });
  return () => signal?.removeEventListener("abort", action);
}
