// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * The command line in tests: as a process of its own, or in this one where a process would add nothing.
 *
 * @module
 */

import { type ChildProcess, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Context, OpenProver } from "../../cli/dist/context.js";
import { run } from "../../cli/dist/run.js";

/** The package's folder. */
export const PACKAGE = fileURLToPath(new URL("../..", import.meta.url));
/** Folder of the examples. */
export const EXAMPLES = join(PACKAGE, "examples");
const LAUNCHER = join(PACKAGE, "cli", "bin", "keel.js");
/** What the published package starts; KEEL_BUNDLED=1 runs every test's commands from it. */
const BUNDLE = join(PACKAGE, "cli", "bundle", "keel.js");

/** How a command ended. */
export interface Ended {
  /** Exit code; null when a signal ended it. */
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface KeelOptions {
  readonly env?: Readonly<Record<string, string>>;
  /** Standard input. */
  readonly input?: string;
  /** Runs the bundle, as the published package does. */
  readonly bundled?: boolean;
}

export interface HereOptions extends KeelOptions {
  /** Unix seconds; the machine's clock when absent. */
  readonly now?: number;
  /** Provers that outlive the command. */
  readonly prover?: OpenProver;
}

/** Starts `keel` as a process. */
export function start(
  args: readonly string[],
  { env = {}, input, bundled = process.env.KEEL_BUNDLED === "1" }: KeelOptions = {},
): {
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
} {
  const child = spawn(process.execPath, [bundled ? BUNDLE : LAUNCHER, ...args], {
    env: { PATH: process.env.PATH, ...env },
    stdio: ["pipe", "pipe", "pipe"],
  });
  const output = { stdout: "", stderr: "" };
  for (const stream of ["stdout", "stderr"] as const) {
    child[stream].setEncoding("utf8").on("data", (text: string) => {
      output[stream] += text;
    });
  }
  child.stdin.on("error", () => {});
  child.stdin.end(input ?? "");
  const ended = new Promise<Ended>((resolve, reject) => {
    child.on("error", reject).on("close", (code) => resolve({ code, ...output }));
  });
  return { child, ended };
}

/** Runs `keel` as a process. */
export async function keel(args: readonly string[], options?: KeelOptions): Promise<Ended> {
  return await start(args, options).ended;
}

/** A context that keeps what is written. */
export function captured({ env = {}, input = "", now, prover }: HereOptions = {}): {
  readonly context: Context;
  readonly output: { stdout: string; stderr: string };
} {
  const output = { stdout: "", stderr: "" };
  const context: Context = {
    writeOut: (text) => {
      output.stdout += text;
    },
    writeError: (text) => {
      output.stderr += text;
    },
    readInput: async function* () {
      yield Buffer.from(input);
    },
    env,
    interactive: false,
    signal: new AbortController().signal,
    now: () => now ?? Math.floor(Date.now() / 1000),
    ...(prover === undefined ? {} : { prover }),
  };
  return { context, output };
}

/** Runs `keel` in this process. */
export async function keelHere(args: readonly string[], options?: HereOptions): Promise<Ended> {
  const { context, output } = captured(options);
  const code = await run(args, context);
  return { code, ...output };
}

/** Does work in an empty folder that is removed afterwards. */
export async function inFolder<T>(work: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), "keel-test-"));
  try {
    return await work(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Runs jobs, a few at a time, and gives their results in order. */
export async function inParallel<T, R>(
  items: readonly T[],
  work: (item: T) => Promise<R>,
  lanes = 2,
): Promise<R[]> {
  const results: R[] = [];
  let next = 0;
  const lane = async (): Promise<void> => {
    while (next < items.length) {
      const i = next++;
      results[i] = await work(items[i]!);
    }
  };
  await Promise.all(Array.from({ length: lanes }, lane));
  return results;
}

/** The files of an example strategy. */
export function strategyFiles(folder: string, snapshot = "snapshot.json") {
  const file = (name: string): string => join(EXAMPLES, folder, name);
  const some = ["returns", "units"].filter((role) => existsSync(file(`${role}.json`)));
  const others: { returns?: string; units?: string } = Object.fromEntries(
    some.map((role) => [role, file(`${role}.json`)]),
  );
  return { snapshot: file(snapshot), market: file("market.json"), policy: file("policy.json"), ...others };
}

/** Options that name the files of an example strategy. */
export function strategyArgs(folder: string, snapshot?: string): string[] {
  const { snapshot: book, units } = strategyFiles(folder, snapshot);
  return ["--snapshot", book, ...publicArgs(folder), ...(units === undefined ? [] : ["--units", units])];
}

/** Options that name the public files of an example strategy. */
export function publicArgs(folder: string): string[] {
  const { market, policy, returns } = strategyFiles(folder);
  return ["--market", market, "--policy", policy, ...(returns === undefined ? [] : ["--returns", returns])];
}

/** The error object that a command printed under `--json`. */
export function errorOf({ stdout }: Ended): {
  kind: string;
  code: string;
  message: string;
  path?: string;
  also?: { code: string; path: string }[];
} {
  const { ok, error } = JSON.parse(stdout);
  if (ok !== false) throw new Error("the command did not fail");
  return error;
}
