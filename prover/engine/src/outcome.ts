// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Results that cross a worker's border as plain data: comlink itself loses an error's class, code and cause.
 *
 * @module
 */

import { type ErrorDetails, KeelError } from "@keel/verifier/errors";
import { transfer } from "comlink/dist/esm/comlink.mjs";

/** What a worker's function returns instead of throwing. */
export type Outcome<T> = { readonly value: T } | { readonly error: ErrorDetails };

/** Runs an action and packs its result; memory named by `moved` changes hands instead of being copied. */
export async function toOutcome<T>(
  action: () => T | Promise<T>,
  moved: (value: T) => readonly ArrayBufferLike[] = () => [],
): Promise<Outcome<T>> {
  try {
    const value = await action();
    const outcome = { value };
    return transfer(outcome, [...moved(value)] as ArrayBuffer[]);
  } catch (error) {
    const { message: _, ...details } = workerError(error).toJSON();
    return { error: details };
  }
}

/** The value of an outcome. @throws KeelError with the fields it had in the worker. */
export function unwrap<T>(outcome: Outcome<T>): T {
  if ("value" in outcome) return outcome.value;
  throw new KeelError(outcome.error);
}

/** A failure as a `KeelError`. Of another's, the class only: a message of the engine's internals may quote values. */
export function workerError(error: unknown): KeelError {
  if (error instanceof KeelError) return error;
  const received = error instanceof Error ? error.constructor.name : typeof error;
  return new KeelError({ kind: "environment", code: "worker.fault", expected: "a result", received });
}
