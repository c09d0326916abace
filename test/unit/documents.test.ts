// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Are documents up to date: do the files exist that they name, and are all that belong into a list there?
 *
 * @module
 */

import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { PACKAGE } from "../support/cli.js";

const read = (path: string): string => readFileSync(join(PACKAGE, path), "utf8");

/** What a document has in backticks that looks like a file of this project. */
const filesNamedIn = (text: string): string[] =>
  [...text.matchAll(/`([\w-]+(?:\/[\w.-]+)+\.(?:ts|tsx|mjs|circom|sol|json|md))`/g)].map(([, path]) => path!);

describe("CONTRIBUTING.md", () => {
  it("names files that exist", () => {
    const files = filesNamedIn(read("CONTRIBUTING.md"));
    expect(files.length).toBeGreaterThan(20);
    expect(files.filter((file) => !existsSync(join(PACKAGE, file)))).toEqual([]);
  });

  it("names scripts that exist", () => {
    const { scripts } = JSON.parse(read("package.json")) as { scripts: Readonly<Record<string, string>> };
    const named = [...read("CONTRIBUTING.md").matchAll(/\bnpm run ([a-z:]+)/g)].map(([, name]) => name!);
    expect(named.filter((name) => !(name in scripts))).toEqual([]);
  });
});

describe("decisions", () => {
  const FOLDER = "docs/decisions";
  const names = readdirSync(join(PACKAGE, FOLDER)).filter((name) => name !== "README.md");

  it("are each in the list, and the list has no others", () => {
    const listed = [...read(`${FOLDER}/README.md`).matchAll(/\]\(([\w-]+\.md)\)/g)].map(([, name]) => name!);
    expect([...listed].sort()).toEqual(names.sort());
  });

  it.each(names)("%s says what was decided and why", (name) => {
    const text = read(`${FOLDER}/${name}`);
    expect(text).toMatch(/^# \S/);
    expect(text).toContain("**Decided.**");
    expect(text.split("\n").length).toBeLessThan(40);
  });
});
