// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * The code that is mutated, a seeded choice of its mutants, and what finds each of them out.
 *
 * @module
 */

import { readdirSync, readFileSync } from "node:fs";
import { SourceMap } from "node:module";
import { dirname, join, relative, resolve } from "node:path";
import { PACKAGE } from "../support/cli.js";
import { generator } from "../support/generator.js";
import { reachOf } from "./coverage.js";
import { type Change, changed, changesOf } from "./operators.js";
import {
  type Candidate,
  contractTestsOf,
  exportsOf,
  isMeasured,
  isPlanner,
  mayRun,
  readTree,
  type Tree,
  testsOf,
} from "./selection.js";
import { solidityChanges } from "./solidity.js";
import type { Run, Workshop } from "./workshop.js";

/** A part of the code, and how many of a hundred mutants are of it. */
interface Area {
  readonly name: string;
  readonly folder: string;
  readonly share: number;
  /** Its files: what Node runs, or what Vite or solc reads. */
  readonly files: RegExp;
  /** What has no rule in it, is made from something else, or needs a page. */
  readonly without?: RegExp;
}

const AREAS: readonly Area[] = [
  {
    name: "verifier",
    folder: "verifier/dist",
    share: 25,
    files: /\.js$/,
    without: /(?:^|\/)(?:index|abi)\.js$/,
  },
  {
    name: "prover",
    folder: "prover/dist",
    share: 22,
    files: /\.js$/,
    without: /(?:^|\/)(?:index|lenders-data)\.js$/,
  },
  {
    name: "prover/engine",
    folder: "prover/engine/dist",
    share: 10,
    files: /\.js$/,
    // Kernels are held to each other byte by byte; what is for pages runs in pages.
    without: /^kernels\/|browser/,
  },
  { name: "contracts", folder: "contracts", share: 20, files: /^(?:lib\/)?\w+\.sol$/ },
  { name: "cli", folder: "cli/dist", share: 13, files: /\.js$/, without: /^keel\.js$/ },
  {
    name: "app",
    folder: "app/src",
    share: 10,
    files: /^(?:circuits|desk|files|keys|read|words|manager\/book|regulator\/(?:csv|look|verify))\.ts$/,
  },
];

/** One change of one file. */
export interface Mutant {
  readonly area: string;
  /** The file that is changed, from the root. */
  readonly file: string;
  readonly change: Change;
  /** In its source. */
  readonly line: number;
  /** What it is called in the list of survivors: the source's line in words and the change, with no number that moves. */
  readonly title: string;
}

/** What became of a mutant. */
export interface Verdict {
  readonly title: string;
  readonly area: string;
  readonly line: number;
  /** What found it out; nothing did where it is absent. */
  readonly killedBy?: string;
  /** Test files that ran. */
  readonly tried: number;
}

/** Every mutant of every area. */
export function allMutants(): Mutant[] {
  return AREAS.flatMap((area) => filesOf(area).flatMap((file) => mutantsOf(area.name, file)));
}

function filesOf({ folder, files, without }: Area): string[] {
  return readdirSync(join(PACKAGE, folder), { recursive: true, encoding: "utf8" })
    .filter((name) => files.test(name) && !(without?.test(name) ?? false))
    .map((name) => join(folder, name))
    .sort();
}

/** Every mutant of one file. */
export function mutantsOf(area: string, file: string): Mutant[] {
  const text = readFileSync(join(PACKAGE, file), "utf8");
  const placeOf = originals(file, text);
  const changes = file.endsWith(".sol") ? solidityChanges(text) : changesOf(text, file);
  const seen = new Map<string, number>();
  return changes.map((change) => {
    const { source, line, words } = placeOf(change.at);
    const from = change.from.replaceAll(/\s+/g, " ");
    const plain = `${source}: ${words}: ${from} -> ${change.to === "" ? "nothing" : change.to}`;
    const times = (seen.get(plain) ?? 0) + 1;
    seen.set(plain, times);
    return { area, file, change, line, title: times === 1 ? plain : `${plain}, place ${times}` };
  });
}

interface Original {
  readonly source: string;
  readonly line: number;
  readonly words: string;
}

/** Where a place of a file comes from, by its source map when it was built. */
function originals(file: string, text: string): (at: number) => Original {
  const lineAt = (at: number): number => text.slice(0, at).split("\n").length;
  const wordsOf = (lines: readonly string[], line: number): string => (lines[line - 1] ?? "").trim();
  if (!file.endsWith(".js")) {
    const lines = text.split("\n");
    return (at) => ({ source: file, line: lineAt(at), words: wordsOf(lines, lineAt(at)) });
  }
  const map = new SourceMap(JSON.parse(readFileSync(join(PACKAGE, `${file}.map`), "utf8")));
  const source = relative(PACKAGE, resolve(PACKAGE, dirname(file), map.payload.sources[0]!));
  const lines = readFileSync(join(PACKAGE, source), "utf8").split("\n");
  return (at) => {
    const column = at - (text.lastIndexOf("\n", at - 1) + 1);
    const entry = map.findEntry(lineAt(at) - 1, column);
    const line = "originalLine" in entry ? entry.originalLine + 1 : lineAt(at);
    return { source, line, words: wordsOf(lines, line) };
  };
}

/** Some mutants of each area, as many as its share of the whole says, mixed. */
export function sampleOf(mutants: readonly Mutant[], count: number, seed: number): Mutant[] {
  const below = generator(BigInt(seed));
  const some = (left: Mutant[], wanted: number): Mutant[] =>
    Array.from({ length: wanted }, () => left.splice(Number(below(BigInt(left.length))), 1)[0]!);
  const chosen = AREAS.flatMap(({ name, share }) => {
    const left = mutants.filter(({ area }) => area === name);
    return some(left, Math.min(left.length, Math.round((count * share) / 100)));
  });
  // In any order, so that what is judged of them at first is of every area.
  return some(chosen, chosen.length);
}

/** Test seconds, as they were measured, that a mutant has to live through. */
const BUDGET = Number(process.env.KEEL_BUDGET ?? 150);
/** How much longer than measured tests may take before they count as having no end: the machine may be busy, and starts cost. */
const PATIENCE = 8;

/** Test files that killed something and were not measured: each has to pass when nothing is changed. */
const passing = new Map<string, Promise<Run>>();

/** Chooses tests, and runs them against mutants in a workshop. */
export function judgeIn(workshop: Workshop): (mutant: Mutant) => Promise<Verdict> {
  const tree = readTree(PACKAGE);
  const requirePassing = async (file: string): Promise<void> => {
    if (!passing.has(file)) passing.set(file, workshop.test([file], 300_000));
    const { passed, by } = await passing.get(file)!;
    if (!passed) throw new Error(`fails with nothing changed: ${by}`);
  };
  return async (mutant) => {
    const before = readFileSync(join(workshop.root, mutant.file), "utf8");
    const text = changed(before, mutant.change);
    const work = async (): Promise<Verdict> => await judge(workshop, tree, mutant);
    const verdict = await workshop.withFile(mutant.file, text, work);
    const [file] = verdict.killedBy?.split(": ") ?? [];
    if (file?.startsWith("test/") === true && reachOf(file)?.passed !== true) await requirePassing(file);
    return verdict;
  };
}

async function judge(workshop: Workshop, tree: Tree, mutant: Mutant): Promise<Verdict> {
  const { title, area, line, file } = mutant;
  const verdict = { title, area, line };
  const tests = withinBudget(candidatesOf(tree, mutant));
  if (tests.length === 0) return { ...verdict, tried: 0 };
  if (file.endsWith(".sol")) {
    const failed = await workshop.compile(file);
    if (failed !== undefined) return { ...verdict, killedBy: `the compiler: ${failed}`, tried: 0 };
  }
  const seconds = tests.reduce((sum, test) => sum + test.seconds, 0);
  const { passed, by } = await workshop.test(
    tests.map(({ test }) => test),
    1000 * (30 + PATIENCE * seconds),
    isPlanner(file),
  );
  return { ...verdict, ...(passed ? {} : { killedBy: by }), tried: tests.length };
}

/** Tests that run what a mutant changes, the likeliest first; none when no test does. */
export function candidatesOf(tree: Tree, mutant: Mutant): Candidate[] {
  const names = namesOf(mutant);
  return mutant.file.endsWith(".sol")
    ? contractTestsOf(tree, names)
    : testsOf(tree, mutant.file, mutant.change.at, names);
}

/** The first, and as many more as may be had for the budget. */
function withinBudget(tests: readonly Candidate[]): Candidate[] {
  let left = BUDGET;
  return tests.filter(({ seconds }, i) => {
    if (i > 0 && seconds > left) return false;
    left -= seconds;
    return true;
  });
}

/** What tests that are about a mutant speak of. */
function namesOf({ file }: Mutant): string[] {
  const text = readFileSync(join(PACKAGE, file), "utf8");
  if (!file.endsWith(".sol")) return exportsOf(text);
  const found = text.matchAll(/\b(?:contract|library|function|error) (\w+)/g);
  return Array.from(found, ([, name]) => name!);
}

/** Mutants of built code whose place no test runs of which that was measured. */
export function unreached(tree: Tree, mutants: readonly Mutant[]): Mutant[] {
  const runs = ({ file, change }: Mutant): boolean =>
    tree.tests.some(
      (test) => (isPlanner(file) || isMeasured(test, file)) && mayRun(tree, test, file, change.at),
    );
  return mutants.filter((mutant) => mutant.file.endsWith(".js") && !runs(mutant));
}

/** How many mutants of each area's built code no test runs, as a table. */
export function unreachedTable(tree: Tree, mutants: readonly Mutant[]): string {
  const found = unreached(tree, mutants);
  const rows = AREAS.filter(({ folder }) => folder.endsWith("dist")).map(({ name }) => {
    const [none, all] = [found, mutants].map((some) => some.filter(({ area }) => area === name).length);
    return `${name.padEnd(14)}${`${none}`.padStart(8)} of ${all}`;
  });
  return rows.join("\n");
}

/** Killed of all, by area, as a table. */
export function tableOf(verdicts: readonly Verdict[]): string {
  const rows = AREAS.map(({ name }) =>
    rowOf(
      name,
      verdicts.filter(({ area }) => area === name),
    ),
  );
  return [...rows, rowOf("all", verdicts)].join("\n");
}

function rowOf(name: string, verdicts: readonly Verdict[]): string {
  const killed = verdicts.filter(({ killedBy }) => killedBy !== undefined).length;
  const rate = verdicts.length === 0 ? "" : `${Math.round((100 * killed) / verdicts.length)} %`;
  const counts = [verdicts.length, killed, verdicts.length - killed].map((count) => `${count}`.padStart(8));
  return `${name.padEnd(14)}${counts.join("")}${rate.padStart(8)}`;
}
