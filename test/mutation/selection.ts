// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Which tests are held against a mutant: those that run the very place that it changes, the ones that speak of what its module
 * exports first, and the cheap ones among equals. All of the default suite for each of three hundred mutants would take days.
 *
 * @module
 */

import { readdirSync, readFileSync, statSync } from "node:fs";
import { basename, dirname, join, relative, resolve } from "node:path";
import { reachOf } from "./coverage.js";
import { INLINE } from "./workshop.js";

/** Folders of tests that are held against mutants, the cheap ones first: others need a browser, or are about other code. */
const FOLDERS: readonly string[] = ["unit", "vectors", "rules", "setup", "engine", "e2e", "contracts"];
/** Of other folders, single files that need no browser. */
const MORE: readonly string[] = ["test/app/modules.test.ts", "test/app/words.test.ts"];
/**
 * Not held against mutants: snapshots of gas, and what compiles sources again to compare code, notice any change and show nothing;
 * the others are about circuits and kernels, which are not changed here.
 */
const WITHOUT = /(?:gas|explorer|lint|reproducible|kernels|kernel-sets|lanes)\.test/;
/** What makes witness programs, which are kept: only tests that have them made anew notice a change. */
const PLANNER = /^prover\/engine\/dist\/witness\//;
const PLANNING: readonly string[] = ["test/engine/witness-program.test.ts"];
const IMPORT = /(?:\bfrom\s*|\bimport\s*\(\s*|^import\s+|\bnew URL\(\s*)["']([^"']+)["']/gm;

/** A checkout's files, by path from its root. */
export interface Tree {
  readonly tests: readonly string[];
  /** What a file imports, itself among it, directly and through others. */
  reachedFrom(file: string): ReadonlySet<string>;
  textOf(test: string): string;
}

/** Reads the imports of a built checkout. */
export function readTree(root: string): Tree {
  const packages = packagesIn(root);
  const next = new Map<string, readonly string[]>();
  const importsOf = (file: string): readonly string[] => {
    const known = next.get(file);
    if (known !== undefined) return known;
    const found = Array.from(readFileSync(join(root, file), "utf8").matchAll(IMPORT), ([, name]) =>
      resolved(root, packages, file, name!),
    );
    const targets = found.filter((target) => target !== undefined);
    next.set(file, targets);
    return targets;
  };
  const reached = new Map<string, ReadonlySet<string>>();
  const reachedFrom = (file: string): ReadonlySet<string> => {
    const known = reached.get(file);
    if (known !== undefined) return known;
    const seen = new Set([file]);
    for (const reached of seen) for (const target of importsOf(reached)) seen.add(target);
    reached.set(file, seen);
    return seen;
  };
  const texts = new Map<string, string>();
  const textOf = (test: string): string => {
    const text = texts.get(test) ?? readFileSync(join(root, test), "utf8");
    texts.set(test, text);
    return text;
  };
  return { tests: testsIn(root), reachedFrom, textOf };
}

/** A test file that may notice a mutant, and about how long it takes. */
export interface Candidate {
  readonly test: string;
  readonly seconds: number;
}

/** Where nothing was measured. */
const SECONDS = 10;

/**
 * Tests that run a place of a module, the likeliest first by what they cost; of those that were not measured, the ones that
 * speak of the module.
 *
 * @param names what the module exports
 */
export function testsOf(tree: Tree, module: string, at: number, names: readonly string[]): Candidate[] {
  const worth = (text: string, test: string): number => {
    const own = basename(module).replace(/\.\w+$/, "");
    const named = basename(test) === `${own}.test.ts` ? 5 : 0;
    return mentions(text, names) + (text.includes(`"${own}"`) ? 2 : 0) + named;
  };
  if (isPlanner(module)) return ranked(tree, PLANNING, worth);
  const found = tree.tests.filter((test) =>
    reachOf(test) === undefined
      ? tree.reachedFrom(test).has(module) && worth(tree.textOf(test), test) > 0
      : mayRun(tree, test, module, at),
  );
  return ranked(tree, found, worth);
}

/** Contract tests of a Solidity file: every one of them deploys all contracts, so what they speak of decides. */
export function contractTestsOf(tree: Tree, names: readonly string[]): Candidate[] {
  const found = tree.tests.filter((test) => /^test\/(?:contracts|rules)\//.test(test));
  return ranked(tree, found, (text) => mentions(text, names));
}

/** Whether a module makes what is kept beside the circuits. */
export function isPlanner(module: string): boolean {
  return PLANNER.test(module);
}

/** Whether a test runs a place of a module; where that cannot be told, whether it imports the module. */
export function mayRun({ reachedFrom }: Tree, test: string, module: string, at: number): boolean {
  const reach = reachOf(test);
  if (!isMeasured(test, module)) return reachedFrom(test).has(module);
  if (reach?.passed !== true) return false;
  return reach.runs(module, at) ?? reachedFrom(test).has(module);
}

/** Whether it can be told what a test runs of a module: not where vitest has to load what is built by itself. */
export function isMeasured(test: string, module: string): boolean {
  return module.endsWith(".js") && !INLINE.test(test) && !isPlanner(module);
}

function ranked(
  { textOf }: Tree,
  tests: readonly string[],
  worth: (text: string, test: string) => number,
): Candidate[] {
  const scored = tests.map((test) => {
    const seconds = reachOf(test)?.seconds ?? SECONDS;
    return {
      test,
      seconds,
      score: (1 + worth(textOf(test), test)) / (2 + seconds),
    };
  });
  return scored.sort((a, b) => b.score - a.score || (a.test < b.test ? -1 : 1));
}

/** Names that a module's text exports. */
export function exportsOf(text: string): string[] {
  const found = text.matchAll(/^export (?:async )?(?:function\*?|const|let|class) (\w+)/gm);
  return Array.from(found, ([, name]) => name!);
}

/** How many of the names a text has, as words. */
function mentions(text: string, names: readonly string[]): number {
  return names.filter((name) => new RegExp(`(?<![\\w-])${name}(?![\\w-])`).test(text)).length;
}

function testsIn(root: string): string[] {
  return readdirSync(join(root, "test"), { recursive: true, encoding: "utf8" })
    .map((name) => join("test", name))
    .filter((name) => name.endsWith(".test.ts") && !name.endsWith(".slow.test.ts") && !WITHOUT.test(name))
    .filter((name) => MORE.includes(name) || FOLDERS.includes(folderOf(name)))
    .sort((a, b) => FOLDERS.indexOf(folderOf(a)) - FOLDERS.indexOf(folderOf(b)) || (a < b ? -1 : 1));
}

function folderOf(test: string): string {
  return test.split("/")[1]!;
}

interface Package {
  readonly name: string;
  readonly folder: string;
  readonly exports: Readonly<Record<string, unknown>>;
}

function packagesIn(root: string): Package[] {
  const { workspaces } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as {
    readonly workspaces: readonly string[];
  };
  return workspaces.map((folder) => {
    const { name, exports = {} } = JSON.parse(readFileSync(join(root, folder, "package.json"), "utf8"));
    return { name, folder, exports };
  });
}

/** The file behind an import; nothing for a package from elsewhere. */
function resolved(
  root: string,
  packages: readonly Package[],
  file: string,
  name: string,
): string | undefined {
  if (name.startsWith("#engine/")) return existing(root, name.replace("#engine", "prover/engine/dist"));
  if (name.startsWith(".")) return existing(root, relative(root, resolve(root, dirname(file), name)));
  const owner = packages.find(
    (candidate) => name === candidate.name || name.startsWith(`${candidate.name}/`),
  );
  if (owner === undefined) return undefined;
  const target = targetOf(owner.exports[`.${name.slice(owner.name.length)}`]);
  return target === undefined ? undefined : existing(root, join(owner.folder, target));
}

/** Of conditional exports, what Node takes. */
function targetOf(entry: unknown): string | undefined {
  if (typeof entry === "string") return entry;
  if (typeof entry !== "object" || entry === null) return undefined;
  const { node, import: esm, default: other } = entry as Readonly<Record<string, unknown>>;
  return targetOf(node ?? esm ?? other);
}

/** As it is named, or the source that it is named for. */
function existing(root: string, path: string): string | undefined {
  return [path, path.replace(/\.js$/, ".ts"), path.replace(/\.js$/, ".tsx")].find(
    (candidate) => statSync(join(root, candidate), { throwIfNoEntry: false })?.isFile() === true,
  );
}
