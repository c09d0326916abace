// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * docs/costs.md: what each action costs and how long a proof takes, from the gas snapshot and the benchmark's last table.
 *
 * @module
 */

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type Generated, ROOT, writeAsProgram } from "./generated.js";

const read = (path: string): string => readFileSync(join(ROOT, path), "utf8");

/** The page. */
export async function costPage(): Promise<Generated> {
  return new Map([["docs/costs.md", page()]]);
}

function page(): string {
  return `${[
    "# What it costs, and how long it takes",
    "Gas is measured by `npm run gas` and kept in [gas.snapshot.txt](../test/contracts/gas.snapshot.txt).",
    `| action | gas |\n|---|---|\n${gasRows().join("\n")}`,
    "Proving times are those of [bench](../bench/README.md), of the machine that is named there: take ratios from them, not seconds.",
    `| circuit | constraints | one proof, two workers, warm |\n|---|---|---|\n${timeRows().join("\n")}`,
    "A first run compiles the circuit and makes a development key: about 20 seconds for spot-16, minutes for the largest. They are kept in your cache folder.",
    "This page is written by `npm run docs:pages`.",
  ].join("\n\n")}\n`;
}

/** Action and gas, less what they are compared with. */
function gasRows(): string[] {
  const lines = read("test/contracts/gas.snapshot.txt").trim().split("\n").slice(1);
  return lines.map((line) => {
    const [, action, gas] = /^(.*?) +(\d+)(?: |$)/.exec(line)!;
    return `| ${action} | ${Number(gas).toLocaleString("en-US")} |`;
  });
}

function timeRows(): string[] {
  const rows = read("bench/README.md").matchAll(/^\| ([a-z]+-\d+) \| ([\d,]+) \| ([\d.]+ ms) \|/gm);
  return [...rows].map(([, circuit, constraints, time]) => `| ${circuit} | ${constraints} | ${time} |`);
}

await writeAsProgram(import.meta.url, costPage);
