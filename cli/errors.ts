// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * How failures leave the program: a line for each fault and for each cure on the error stream, an object on standard output under `--json`, and the
 * exit code. An unexpected error shows no text of its own, which might quote a secret.
 *
 * @module
 */

import { asKeelError, exitCode, inputError, KeelError } from "@keel/verifier/errors";
import { jsonText, printable } from "@keel/verifier/text";
import { type Context, note } from "./context.js";
import { curesOf } from "./cures.js";

/** Exit codes of programs that a signal ended: 128 and the signal's number. */
const SIGNAL_EXIT_CODES: Readonly<Record<string, number>> = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 };

/** Reports a failure with its cures, and gives the exit code. */
export function reportError(error: unknown, context: Context, json: boolean): number {
  if (context.signal.aborted) return reportInterrupt(context, json);
  const known = asKeelError(withSystemCode(error));
  const found = curesOf(known);
  if (json) context.writeOut(`${jsonText({ ok: false, error: { ...known.toJSON(), cures: found } })}\n`);
  for (const line of known.message.split("\n")) note(context, printable(line));
  for (const [code, cure] of Object.entries(found)) {
    note(context, Object.keys(found).length === 1 ? `hint: ${cure}` : `hint (${code}): ${cure}`);
  }
  if (context.env.KEEL_DEBUG !== undefined && error instanceof Error) {
    for (const line of (error.stack ?? error.message).split("\n")) context.writeError(`${printable(line)}\n`);
  }
  return exitCode(known.kind);
}

/** Wrong usage of the command line. */
export function usageError(expected: string, received: string, path = "arguments"): KeelError {
  return inputError("usage", path, expected, received);
}

/** The error of a command that the user interrupted. */
export function interrupted(): KeelError {
  return new KeelError({ kind: "cancelled", code: "interrupted" });
}

/** The system's error code, such as ENOENT. */
export function systemCode(error: unknown): string {
  return (error as NodeJS.ErrnoException | undefined)?.code ?? "unknown error";
}

function reportInterrupt(context: Context, json: boolean): number {
  if (json) context.writeOut(`${jsonText({ ok: false, error: interrupted() })}\n`);
  note(context, "interrupted; no file is half written");
  return SIGNAL_EXIT_CODES[String(context.signal.reason)] ?? 130;
}

/** A full or locked disk in the system's words; anything else as it is. */
function withSystemCode(error: unknown): unknown {
  const { syscall } = (error ?? {}) as NodeJS.ErrnoException;
  if (syscall === undefined) return error;
  return new KeelError({
    kind: "environment",
    code: "system",
    expected: "the system to do its part",
    received: `${syscall}: ${systemCode(error)}`,
  });
}
