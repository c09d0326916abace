// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * The table of attacks in PROPERTIES.md, and the numbers at the start of tests' titles that belong to it.
 *
 * @module
 */

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { attackNumbers } from "../../dist/scripts/attack-numbers.js";
import { PACKAGE } from "./cli.js";

export { ATTACKS, attackNumbers } from "../../dist/scripts/attack-numbers.js";

export interface Attack {
  readonly number: number;
  /** What is tried. */
  readonly what: string;
  /** Test files, relative to test/. */
  readonly files: readonly string[];
}

const FOLDER = join(PACKAGE, "test");
const ROW = /^\| (\d+) \| (.+?) \| (.*?) ?\|$/gm;

/** The rows of the table, as they stand. */
export function listedAttacks(): Attack[] {
  const text = readFileSync(join(FOLDER, "PROPERTIES.md"), "utf8");
  return Array.from(text.matchAll(ROW), ([, number, what, where]) => ({
    number: Number(number),
    what: what!,
    files: Array.from(where!.matchAll(/`([^`]+)`/g), ([, file]) => file!),
  }));
}

/** Test files by number, as the titles in their sources say it; slow tests aside. */
export function filesByAttack(): Map<number, Set<string>> {
  const found = new Map<number, Set<string>>();
  const names = readdirSync(FOLDER, { recursive: true, encoding: "utf8" });
  for (const file of names.filter((name) => name.endsWith(".test.ts") && !name.endsWith(".slow.test.ts"))) {
    // A title is the first argument of describe or it, or of what it.each and the like give back.
    const source = readFileSync(join(FOLDER, file), "utf8");
    for (const [, title] of source.matchAll(/(?:\b(?:describe|it)|\))\(\s*"(\d[^"]*)"/g)) {
      for (const number of attackNumbers(title!)) {
        found.set(number, (found.get(number) ?? new Set()).add(file));
      }
    }
  }
  return found;
}
