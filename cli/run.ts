// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Runs one command line to its exit code.
 *
 * @module
 */

import { setTimeout as sleep } from "node:timers/promises";
import { jsonText } from "@keel/verifier/text";
import type { Context, Outcome } from "./context.js";
import { interrupted, reportError } from "./errors.js";
import { parseCommandLine } from "./program.js";

/** How long an interrupted command may take to put things away. */
const CLEANUP_MS = 3000;

/**
 * Runs a command. Prints one result, on standard output, or one error.
 *
 * @param argv arguments after the program's name
 * @returns the exit code
 */
export async function run(argv: readonly string[], context: Context): Promise<number> {
  const json = argv.includes("--json");
  let work: Promise<Outcome> | undefined;
  try {
    work = parseCommandLine(argv, context);
    return printed(await Promise.race([work, untilInterrupted(context.signal)]), context, json);
  } catch (error) {
    if (context.signal.aborted) {
      const ended = await Promise.race([work?.catch(() => {}), sleep(CLEANUP_MS)]);
      if (ended?.streamed) return printed(ended, context, json);
    }
    return reportError(error, context, json);
  }
}

function printed({ exitCode = 0, json, text, streamed }: Outcome, context: Context, asJson: boolean): number {
  context.writeOut(`${asJson ? jsonText(json, streamed ? 0 : 2) : text}\n`);
  return exitCode;
}

function untilInterrupted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    if (signal.aborted) reject(interrupted());
    signal.addEventListener("abort", () => reject(interrupted()), { once: true });
  });
}
