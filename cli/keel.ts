// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * The process around a command: streams, signals, exit code.
 *
 * @module
 */

import type { Context } from "./context.js";
import { run } from "./run.js";

const interrupt = new AbortController();

for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
  process.once(signal, () => {
    interrupt.abort(signal);
    // Who asks twice does not want to wait.
    process.once(signal, () => process.exit(130));
  });
}
// A reader that went away, as in `keel check | head -1`, is no failure.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  process.exit(error.code === "EPIPE" ? 0 : 4);
});

const context: Context = {
  writeOut: (text) => void process.stdout.write(text),
  writeError: (text) => void process.stderr.write(text),
  readInput: () => process.stdin,
  env: process.env,
  interactive: process.stderr.isTTY === true,
  signal: interrupt.signal,
  now: () => Math.floor(Date.now() / 1000),
};

process.exitCode = await run(process.argv.slice(2), context);
// Interrupted work may still hold timers or sockets.
if (interrupt.signal.aborted) process.exit();
