// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * The grammar of `keel run`.
 *
 * @module
 */

import type { Command } from "commander";
import type { RunOptions } from "./commands/run.js";
import type { Context, Outcome } from "./context.js";

/** Adds it. */
export function addRunCommand(
  program: Command,
  context: Context,
  finish: (outcome: Outcome) => void,
  add: (parent: Command, name: string, description: string) => Command,
): void {
  add(program, "run", "attest by a schedule, unattended: collect, check, prove, attest, confirm")
    .option("--config <file>", "run/1 file; keel.toml when absent")
    .option("--once", "one round, and end")
    .option("--log <level>", "trace, debug, info, warn, error or silent; info when absent")
    .action(async (options: RunOptions) => {
      const { run } = await import("./commands/run.js");
      finish(await run(options, context));
    });
}
