// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * `npm run attacks`: what became of each attack in this run, as a table. Fails when one is accepted or was not tried. The
 * whole default suite runs, since some tests go on from where the one before ended.
 *
 * @module
 */

import { relative } from "node:path";
import type { Reporter, TestCase, TestModule } from "vitest/node";
import { attackNumbers, listedAttacks } from "./attacks.js";
import { PACKAGE } from "./cli.js";

interface Tried {
  readonly files: Set<string>;
  passed: number;
  failed: number;
}

export class AttacksReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const tried = new Map<number, Tried>();
    for (const module of modules) {
      for (const test of module.children.allTests()) count(tried, test, module.moduleId);
      if (module.state() === "failed" && module.errors().length > 0) process.exitCode = 1;
    }
    const rows = listedAttacks().map(({ number, what }) => ({ number, what, tried: tried.get(number) }));
    for (const row of rows) console.log(line(row.number, row.what, row.tried));
    const accepted = rows.filter((row) => (row.tried?.failed ?? 0) > 0).length;
    const missing = rows.filter((row) => row.tried === undefined).length;
    const refused = rows.length - accepted - missing;
    console.log(`\n${rows.length} attacks: ${refused} refused, ${accepted} accepted, ${missing} not tried`);
    if (accepted + missing > 0) process.exitCode = 1;
  }
}

// Vitest takes a reporter from a file's default export only.
// biome-ignore lint/style/noDefaultExport: see above
export default AttacksReporter;

function count(tried: Map<number, Tried>, test: TestCase, file: string): void {
  const { state } = test.result();
  if (state === "failed") console.log(`failed: ${relative(PACKAGE, file)}: ${test.fullName}`);
  if (state !== "passed" && state !== "failed") return;
  const titles = [test.name];
  for (let suite = test.parent; suite.type === "suite"; suite = suite.parent) titles.push(suite.name);
  for (const number of new Set(titles.flatMap(attackNumbers))) {
    const entry = tried.get(number) ?? { files: new Set(), passed: 0, failed: 0 };
    entry.files.add(relative(PACKAGE, file).replace(/^test\//, ""));
    entry[state] += 1;
    tried.set(number, entry);
  }
}

function line(number: number, what: string, tried: Tried | undefined): string {
  const result =
    tried === undefined
      ? "NOT TRIED"
      : tried.failed > 0
        ? `ACCEPTED (${tried.failed} of ${tried.failed + tried.passed} tests)`
        : `refused (${tried.passed} tests)`;
  const where = [...(tried?.files ?? [])].sort().join(", ");
  return `${String(number).padStart(2)}  ${what.padEnd(72)}  ${result.padEnd(20)}  ${where}`;
}
