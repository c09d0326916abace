// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Which test file reaches which place of the built code, and how long it takes: each runs once by itself with V8's own
 * counting, the processes and threads that it starts among them. Kept in dist/reach by the text of the test file; a module that
 * has changed since is not known of.
 *
 * @module
 */

import { createHash } from "node:crypto";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { PACKAGE } from "../support/cli.js";
import { runTests } from "./workshop.js";

const FOLDER = join(PACKAGE, "dist", "reach");
const LIMIT_MS = 300_000;

/** Places of a text that ran: starts and ends, in turns. */
type Places = readonly number[];

/** What one test file reached. */
interface Kept {
  /** Of its text. */
  readonly hash: string;
  readonly seconds: number;
  readonly passed: boolean;
  /** By path from the root. */
  readonly modules: Readonly<Record<string, { readonly hash: string; readonly places: Places }>>;
}

/** What is known of a test file. */
export interface Reach {
  readonly seconds: number;
  /** Whether it passed when nothing was changed, by itself. */
  readonly passed: boolean;
  /** Whether it runs a place of a module; nothing where the module was another. */
  runs(module: string, at: number): boolean | undefined;
}

/** What was measured of a test file as it is now; nothing when it was not. */
export function reachOf(test: string): Reach | undefined {
  const kept = keptOf(test);
  if (kept === undefined) return undefined;
  const { seconds, passed, modules } = kept;
  return {
    seconds,
    passed,
    runs: (module, at) => {
      const known = modules[module];
      if (known === undefined) return false;
      return known.hash === hashOf(module) ? isWithin(known.places, at) : undefined;
    },
  };
}

/**
 * Measures test files that were not measured yet.
 *
 * @param until unix milliseconds after which none is begun
 * @returns how many are left
 */
export async function measureReach(tests: readonly string[], lanes: number, until: number): Promise<number> {
  const left = tests.filter((test) => keptOf(test) === undefined);
  mkdirSync(FOLDER, { recursive: true });
  const lane = async (): Promise<void> => {
    while (left.length > 0 && Date.now() < until) await measure(left.shift()!);
  };
  await Promise.all(Array.from({ length: lanes }, lane));
  return left.length;
}

async function measure(test: string): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "keel-reach-"));
  try {
    const start = performance.now();
    const { passed, by } = await runTests(PACKAGE, [test], LIMIT_MS, { NODE_V8_COVERAGE: folder });
    const seconds = Math.round((performance.now() - start) / 100) / 10;
    console.info(`${test}: ${seconds} s${passed ? "" : `; fails with nothing changed: ${by}`}`);
    const modules = Object.fromEntries(
      [...placesIn(folder)].map(([module, places]) => [module, { hash: hashOf(module), places }]),
    );
    const kept: Kept = { hash: hashOf(test), seconds, passed, modules };
    writeFileSync(fileOf(test), JSON.stringify(kept));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** One function of a module as V8 counts it: ranges lie within each other, and the innermost is what counts. */
interface Script {
  readonly url: string;
  readonly functions: readonly { readonly ranges: readonly Range[] }[];
}
interface Range {
  readonly startOffset: number;
  readonly endOffset: number;
  readonly count: number;
}

/** What any process ran, by module. */
function placesIn(folder: string): Map<string, Places> {
  const found = new Map<string, number[]>();
  for (const name of readdirSync(folder)) {
    for (const { url, functions } of scriptsIn(join(folder, name))) {
      const module = moduleOf(url);
      if (module === undefined) continue;
      const ran = ranIn(functions.flatMap(({ ranges }) => ranges));
      const known = found.get(module);
      found.set(module, known === undefined ? ran : union(known, ran));
    }
  }
  return found;
}

/** What a process wrote; nothing where it was ended while it did. */
function scriptsIn(file: string): readonly Script[] {
  try {
    return (JSON.parse(readFileSync(file, "utf8")) as { readonly result: readonly Script[] }).result;
  } catch (error) {
    if (error instanceof SyntaxError) return [];
    throw error;
  }
}

/** A built module's path; nothing for what is not ours, or was loaded by vitest in another form. */
function moduleOf(url: string): string | undefined {
  if (!url.startsWith("file://")) return undefined;
  const path = fileURLToPath(url.split("?")[0]!);
  const inside = path.startsWith(PACKAGE) && !path.includes("/node_modules/");
  return inside && /\/dist\/.*\.js$/.test(path) ? path.slice(PACKAGE.length) : undefined;
}

/** Starts and ends of what ran, by the innermost range at each place. */
function ranIn(ranges: readonly Range[]): number[] {
  const sorted = [...ranges].sort((a, b) => a.startOffset - b.startOffset || b.endOffset - a.endOffset);
  const found: number[] = [];
  const open: Range[] = [];
  let at = 0;
  const goTo = (place: number): void => {
    if (place > at && (open.at(-1)?.count ?? 0) > 0) {
      if (found.at(-1) === at) found[found.length - 1] = place;
      else found.push(at, place);
    }
    at = place;
  };
  const closeUntil = (place: number): void => {
    while (open.length > 0 && open.at(-1)!.endOffset <= place) {
      goTo(open.at(-1)!.endOffset);
      open.pop();
    }
  };
  for (const range of sorted) {
    closeUntil(range.startOffset);
    goTo(range.startOffset);
    open.push(range);
  }
  closeUntil(Number.POSITIVE_INFINITY);
  return found;
}

function union(a: Places, b: Places): number[] {
  const pairs = [a, b].flatMap((places) =>
    Array.from({ length: places.length / 2 }, (_, i) => [places[2 * i]!, places[2 * i + 1]!] as const),
  );
  const found: number[] = [];
  for (const [start, end] of pairs.sort((x, y) => x[0] - y[0])) {
    if (found.length > 0 && found.at(-1)! >= start) found[found.length - 1] = Math.max(found.at(-1)!, end);
    else found.push(start, end);
  }
  return found;
}

function isWithin(places: Places, at: number): boolean {
  let [low, high] = [0, places.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (places[middle]! <= at) low = middle + 1;
    else high = middle;
  }
  return low % 2 === 1;
}

const keptByTest = new Map<string, Kept>();

function keptOf(test: string): Kept | undefined {
  const known = keptByTest.get(test);
  if (known !== undefined) return known;
  if (!existsSync(fileOf(test))) return undefined;
  const kept = JSON.parse(readFileSync(fileOf(test), "utf8")) as Kept;
  if (kept.hash !== hashOf(test)) return undefined;
  keptByTest.set(test, kept);
  return kept;
}

function fileOf(test: string): string {
  return join(FOLDER, `${test.replaceAll("/", "-")}.json`);
}

const hashes = new Map<string, string>();

/** Of a file of the checkout, which does not change while mutants are judged. */
function hashOf(file: string): string {
  const known = hashes.get(file);
  if (known !== undefined) return known;
  const hash = createHash("sha256")
    .update(readFileSync(join(PACKAGE, file)))
    .digest("hex")
    .slice(0, 16);
  hashes.set(file, hash);
  return hash;
}
