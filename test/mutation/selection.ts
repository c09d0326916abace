// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Which tests are held against a mutant: those that reach its module by their imports, the ones that speak of what it exports
 * first, and the cheap ones among equals. All of the default suite for each of three hundred mutants would take days.
 *
 * @module
 */

import { readdirSync, readFileSync, statSync } from "node:fs";
import { basename, dirname, join, relative, resolve } from "node:path";

/** Folders of tests by what one of their files costs; those that are not named need a browser, or hold no module. */
const COSTS: Readonly<Record<string, number>> = {
  unit: 1,
  rules: 1,
  setup: 2,
  services: 2,
  vectors: 2,
  engine: 3,
  contracts: 3,
  e2e: 4,
  soundness: 5,
};
/** Of a folder of costly tests, single files that cost little. */
const CHEAP: readonly string[] = ["test/app/modules.test.ts"];
const IMPORT = /(?:\bfrom\s*|\bimport\s*\(\s*|^import\s+|\bnew URL\(\s*)["']([^"']+)["']/gm;

/** A checkout's files, by path from its root. */
export interface Tree {
  readonly root: string;
  readonly tests: readonly string[];
  /** What a file imports, itself among it, directly and through others. */
  reachedFrom(file: string): ReadonlySet<string>;
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
  const reachedFrom = (file: string): ReadonlySet<string> => {
    const seen = new Set([file]);
    for (const reached of seen) for (const target of importsOf(reached)) seen.add(target);
    return seen;
  };
  return { root, tests: testsIn(root), reachedFrom };
}

/**
 * Tests of a module, the likeliest first.
 *
 * @param names what the module exports
 */
export function testsOf(
  { root, tests, reachedFrom }: Tree,
  module: string,
  names: readonly string[],
): string[] {
  // The command line is tried from outside; unit tests that reach it use its helpers.
  const inside = module.startsWith("cli/") ? /^test\/(?:e2e|setup)\// : /^/;
  const scored = tests
    .filter((test) => inside.test(test) && reachedFrom(test).has(module))
    .map((test) => ({ test, score: scoreOf(root, test, module, names) }));
  return scored.sort((a, b) => b.score - a.score || (a.test < b.test ? -1 : 1)).map(({ test }) => test);
}

/** Contract tests of a Solidity file: every one of them deploys all contracts, so what they speak of decides. */
export function contractTestsOf({ root, tests }: Tree, names: readonly string[]): string[] {
  const scored = tests
    .filter((test) => /^test\/(?:contracts|rules)\//.test(test))
    .map((test) => ({ test, score: mentions(readFileSync(join(root, test), "utf8"), names) }));
  return scored.sort((a, b) => b.score - a.score || (a.test < b.test ? -1 : 1)).map(({ test }) => test);
}

/** A test's worth: what it speaks of by what it costs; a test that bears the module's name is about it. */
function scoreOf(root: string, test: string, module: string, names: readonly string[]): number {
  const text = readFileSync(join(root, test), "utf8");
  const own = basename(module).replace(/\.\w+$/, "");
  const spoken = mentions(text, names) + (text.includes(`"${own}"`) ? 2 : 0);
  return (spoken + (basename(test) === `${own}.test.ts` ? 5 : 0)) / costOf(test);
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

function costOf(test: string): number {
  return CHEAP.includes(test) ? 1 : (COSTS[test.split("/")[1]!] ?? 5);
}

function testsIn(root: string): string[] {
  return readdirSync(join(root, "test"), { recursive: true, encoding: "utf8" })
    .map((name) => join("test", name))
    .filter((name) => name.endsWith(".test.ts") && !name.endsWith(".slow.test.ts"))
    .filter((name) => CHEAP.includes(name) || name.split("/")[1]! in COSTS)
    .sort();
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
