// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * `npm run demo`: the whole way on a local chain, from a snapshot to a vault's last coin. `-- --json` prints one object
 * `{ "ok", "steps": [{ "name", "ok", "ms", "gas", "parts" }] }` with everybody's `"coins"` at the end; `--out FILE` writes it too.
 * `-- --year` tells a fund's year instead, with a `"year"` that says where the record is; `--keep` lets its chain run on until Ctrl-C.
 * The exit code is 0 exactly when every step went as told.
 *
 * @module
 */

import { writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import type { ProgressContext } from "keel/progress";
import type { YearRecord } from "./demo/year.js";

const USAGE = "npm run demo [-- [--json] [--out FILE] [--year [--weeks 52] [--seed 1] [--keep]]]";
const MOST_WEEKS = 520;

const given = options();
// Loaded now: whoever mistypes an option need not wait for a prover.
const { tellStory, tellWholeYear } = await import("./demo/story.js");
const { createTeller, stepsText } = await import("./demo/teller.js");
const { historyArgs } = await import("./demo/year.js");
const say = (text: string): void => {
  if (!given.json) process.stdout.write(`${text}\n`);
};

const context: ProgressContext = {
  writeError: (text) => void process.stderr.write(text),
  interactive: process.stderr.isTTY === true,
};

// Neither workers nor the chain keep a process alive; this does, until the story has an end.
const alive = setInterval(() => {}, 60_000);
const started = performance.now();
const teller = createTeller(context, say);
let told = false;
try {
  if (given.year) await tellWholeYear(teller, say, given, withRecord);
  else {
    const coins = await tellStory(teller, say);
    conclude(true, { coins });
  }
} catch (error) {
  process.stderr.write(`keel demo: ${error instanceof Error ? error.message : String(error)}\n`);
  // What failed after its end was told is no part of it.
  if (told) process.exitCode = 1;
  else conclude(false);
}
clearInterval(alive);

/** Prints the end. */
function conclude(ok: boolean, more: object = {}): void {
  told = true;
  const { steps } = teller;
  const text = `${JSON.stringify({ ok, steps, ...more }, null, 2)}\n`;
  if (given.json) process.stdout.write(text);
  if (given.out !== undefined) writeFileSync(given.out, text);
  say(`\n${stepsText(steps)}`);
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  say(`\n${ok ? "Everything went as told" : "NOT as told"}, ${seconds} s.`);
  process.exitCode = ok ? 0 : 1;
}

/** The year's end; its chain may run on. */
async function withRecord(record: YearRecord): Promise<void> {
  conclude(true, { year: record });
  if (!given.keep) return;
  say(
    `\nThe chain runs on until Ctrl-C. In another terminal:\n\n  npx keel ${historyArgs(record).join(" ")}\n`,
  );
  await new Promise<void>((resolve) => {
    for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => resolve());
  });
}

/** What was asked for, or an end with exit code 1. */
function options() {
  try {
    const { values } = parseArgs({
      options: {
        ...{ json: { type: "boolean" }, year: { type: "boolean" }, keep: { type: "boolean" } },
        ...{ weeks: { type: "string" }, seed: { type: "string" }, out: { type: "string" } },
      },
    });
    const { json = false, year = false, keep = false, weeks, seed, out } = values;
    const beside = keep || weeks !== undefined || seed !== undefined;
    if (beside && !year) throw new Error("--weeks, --seed and --keep go with --year");
    // What cannot be written is better known now than at the end.
    if (out !== undefined) writeFileSync(out, "");
    return {
      ...{ json, year, keep, out },
      ...{ weeks: number("--weeks", weeks, 52, 1, MOST_WEEKS), seed: number("--seed", seed, 1, 0, 2 ** 32) },
    };
  } catch (error) {
    process.stderr.write(`keel demo: ${error instanceof Error ? error.message : String(error)}\n${USAGE}\n`);
    process.exit(1);
  }
}

function number(name: string, text: string | undefined, usual: number, least: number, most: number): number {
  const value = text === undefined ? usual : /^\d{1,10}$/.test(text) ? Number(text) : Number.NaN;
  if (value >= least && value <= most) return value;
  throw new Error(`${name}: a whole number from ${least} to ${most}`);
}
