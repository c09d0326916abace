// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * A copy of the built checkout in which one file at a time is changed and tests run: nothing of it reaches the checkout.
 *
 * @module
 */

import { spawn } from "node:child_process";
import { cp, mkdir, mkdtemp, readdir, readFile, rm, symlink, unlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { cacheRoot } from "../../circuits/dist/cache.js";
import { PACKAGE } from "../support/cli.js";
import { ALONE } from "../vitest.config.js";

/** Not copied: what is linked, or what nothing here reads. */
const LEFT_OUT = /\/(?:node_modules|\.git|\.keel|screenshots|console)$/;

const ARTIFACTS = "contracts/artifacts";

/** How a run of tests ended. */
export interface Run {
  readonly passed: boolean;
  /** The first test that failed, or why nothing ran to its end. */
  readonly by: string;
}

export interface Workshop {
  readonly root: string;
  /** Changes a file for as long as some work takes. */
  withFile<T>(file: string, text: string, work: () => Promise<T>): Promise<T>;
  /** Runs test files in their order until one fails. @param isCold makes witness programs anew, which are kept otherwise */
  test(files: readonly string[], limitMs: number, isCold?: boolean): Promise<Run>;
  /** Compiles what a contract's source is part of; what the compiler says when it refuses. */
  compile(source: string): Promise<string | undefined>;
  close(): Promise<void>;
}

/** Copies the checkout; the packages in it lead to each other, and all others to the checkout's own. */
export async function openWorkshop(): Promise<Workshop> {
  const root = await mkdtemp(join(tmpdir(), "keel-mutants-"));
  await cp(PACKAGE, root, { recursive: true, filter: (path) => !LEFT_OUT.test(path) });
  await linkPackages(root);
  const cache = `${root}-cache`;
  return {
    root,
    withFile: async (file, text, work) => {
      const path = join(root, file);
      const before = await readFile(path, "utf8");
      await writeFile(path, text);
      try {
        return await work();
      } finally {
        await writeFile(path, before);
        if (file.endsWith(".sol"))
          await cp(join(PACKAGE, ARTIFACTS), join(root, ARTIFACTS), { recursive: true });
      }
    },
    test: async (files, limitMs, isCold = false) => {
      await linkCache(cache, isCold ? /^witness-/ : /^$/);
      return await runTests(root, files, limitMs, { KEEL_CACHE: cache });
    },
    compile: async (source) => {
      const { code, output } = await run(root, ["test/mutation/recompile.mjs", source], 120_000);
      return code === 0 ? undefined : (output.trim().split("\n").at(-1) ?? "failed");
    },
    close: async () => {
      for (const folder of [root, cache]) await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Circuits and keys as they are kept, in a folder that takes what a mutant adds. */
async function linkCache(folder: string, without: RegExp): Promise<void> {
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder);
  for (const name of await readdir(cacheRoot())) {
    if (!without.test(name)) await symlink(join(cacheRoot(), name), join(folder, name));
  }
}

async function linkPackages(root: string): Promise<void> {
  const [from, to] = [join(PACKAGE, "node_modules"), join(root, "node_modules")];
  await mkdir(to);
  for (const name of await readdir(from)) {
    if (!name.startsWith(".vite")) await symlink(join(from, name), join(to, name));
  }
  const { workspaces } = JSON.parse(await readFile(join(root, "package.json"), "utf8"));
  await unlink(join(to, "@keel"));
  await mkdir(join(to, "@keel"));
  for (const folder of workspaces as string[]) {
    const { name } = JSON.parse(await readFile(join(root, folder, "package.json"), "utf8")) as {
      name: string;
    };
    await rm(join(to, name), { force: true });
    await symlink(join(root, folder), join(to, name));
  }
}

/** Tests that put a module in another's place: vitest has to load what is built by itself, which takes longer. */
export const INLINE = /^test\/unit\/book\.test\.ts$/;

/** Runs test files of a checkout, each that needs it in a process of its own, until one fails. */
export async function runTests(
  root: string,
  files: readonly string[],
  limitMs: number,
  env: Readonly<Record<string, string>> = {},
): Promise<Run> {
  const vitest = join(PACKAGE, "node_modules/vitest/vitest.mjs");
  const args = [
    vitest,
    "run",
    "--config",
    "test/mutation/judge.config.ts",
    "--bail",
    "1",
    "--reporter",
    "json",
  ];
  const until = Date.now() + limitMs;
  for (const group of groupsOf(files)) {
    const inline: Readonly<Record<string, string>> = INLINE.test(group[0]!) ? { KEEL_INLINE: "1" } : {};
    const its = { ...env, ...inline, KEEL_ORDER: group.join(",") };
    const { code, output } = await run(root, args, until - Date.now(), its);
    if (code === 0) continue;
    const by = code === undefined ? "no end" : (firstFailed(root, output) ?? "does not load");
    return { passed: false, by };
  }
  return { passed: true, by: "" };
}

/** Neighbours that may share a process, together. */
function groupsOf(files: readonly string[]): string[][] {
  const groups: string[][] = [];
  for (const file of files) {
    const last = groups.at(-1);
    if (last === undefined || ALONE.includes(file) || ALONE.includes(last[0]!)) groups.push([file]);
    else last.push(file);
  }
  return groups;
}

interface Report {
  readonly testResults: readonly {
    readonly name: string;
    readonly status: string;
    /** Why a file failed before its first test ended. */
    readonly message: string;
    readonly assertionResults: readonly { readonly status: string; readonly fullName: string }[];
  }[];
}

function firstFailed(root: string, output: string): string | undefined {
  const start = output.indexOf('{"numTotalTestSuites"');
  if (start < 0) return undefined;
  const { testResults } = JSON.parse(output.slice(start).split("\n")[0]!) as Report;
  const failed = testResults.filter(({ status }) => status === "failed");
  const found = failed.map(({ name, message, assertionResults }) => {
    const test = assertionResults.find(({ status }) => status === "failed");
    return `${name.slice(root.length + 1)}: ${test?.fullName ?? message.split("\n")[0]}`;
  });
  return found[0];
}

/** Runs Node in a process group of its own, of which nothing stays. @returns no code when it took too long */
async function run(
  cwd: string,
  args: readonly string[],
  limitMs: number,
  more: Readonly<Record<string, string>> = {},
): Promise<{ code: number | undefined; output: string }> {
  const { KEEL_SLOW: _, VITEST: __, ...env } = process.env;
  const child = spawn(process.execPath, args, {
    cwd,
    env: { ...env, ...more },
    detached: true,
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => {
      output += text;
    });
  }
  let late = false;
  const end = (): void => {
    try {
      process.kill(-child.pid!, "SIGKILL");
    } catch {
      // Nothing of the group is left.
    }
  };
  const timer = setTimeout(() => {
    late = true;
    end();
  }, limitMs);
  const code = await new Promise<number>((done) => child.on("exit", (exit) => done(exit ?? 1)));
  clearTimeout(timer);
  end();
  return { code: late ? undefined : code, output };
}
