// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * `npm run demo`: the whole way from a snapshot to a vault deposit, on a local chain. `-- --json` prints one object
 * `{ "ok", "steps": [{ "name", "ok", "ms", "gas", "parts" }] }`. The exit code is 0 exactly when every step went as told.
 *
 * @module
 */

import type { ProgressContext } from "keel/progress";
import { tellStory } from "./demo/story.js";
import { createTeller, stepsText } from "./demo/teller.js";

const json = process.argv.includes("--json");
const say = (text: string): void => {
  if (!json) process.stdout.write(`${text}\n`);
};

const context: ProgressContext = {
  writeError: (text) => void process.stderr.write(text),
  interactive: process.stderr.isTTY === true,
};

// Neither workers nor the chain keep a process alive; this does, until the story has an end.
const alive = setInterval(() => {}, 60_000);
const started = performance.now();
const teller = createTeller(context, say);
let ok = false;
try {
  await tellStory(teller, say);
  ok = true;
} catch (error) {
  process.stderr.write(`keel demo: ${error instanceof Error ? error.message : String(error)}\n`);
}

clearInterval(alive);

const { steps } = teller;
if (json) process.stdout.write(`${JSON.stringify({ ok, steps }, null, 2)}\n`);
say(`\n${stepsText(steps)}`);
say(
  `\n${ok ? "Everything went as told" : "NOT as told"}, ${((performance.now() - started) / 1000).toFixed(1)} s.`,
);
process.exitCode = ok ? 0 : 1;
