// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Runs a page: every shell block in one script, in order, in an empty folder, as whoever follows it would.
 *
 * @module
 */

import { spawn } from "node:child_process";
import { chmod, mkdir, mkdtemp, readdir, rm, symlink, writeFile } from "node:fs/promises";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { cacheRoot } from "../../circuits/dist/cache.js";
import { PACKAGE } from "../support/cli.js";
import { blocksOf } from "./blocks.js";

/** How a page ended, with all that it printed. */
export interface PageEnd {
  readonly code: number | null;
  readonly output: string;
}

/** Runs pages one after the other in one folder and shell. */
export async function runPages(...files: readonly string[]): Promise<PageEnd> {
  const folder = await mkdtemp(join(tmpdir(), "keel-page-"));
  try {
    const bin = join(folder, ".bin");
    await mkdir(bin);
    const keel = `exec "${process.execPath}" "${join(PACKAGE, "cli/bin/keel.js")}" "$@"`;
    await shim(join(bin, "keel"), keel);
    await shim(join(bin, "npx"), `[ "$1" = keel ] || exit 127\nshift\n${keel}`);
    await writeFile(join(folder, ".page.sh"), scriptOf(files));
    return await bash(folder, bin, await ownCache(folder));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** The built circuits of the user's cache, and a place of its own for the running chain, of which a user has one. */
async function ownCache(folder: string): Promise<string> {
  const cache = join(folder, ".cache");
  await mkdir(cache);
  const built = (await readdir(cacheRoot())).filter((name) => /^(?:artifacts|compiled)-/.test(name));
  for (const name of built) await symlink(join(cacheRoot(), name), join(cache, name));
  return cache;
}

async function shim(path: string, body: string): Promise<void> {
  await writeFile(path, `#!/bin/sh\n${body}\n`);
  await chmod(path, 0o755);
}

/** What runs in the background is awaited until it has printed its first result, which progress is not, and ended with the script. */
function scriptOf(files: readonly string[]): string {
  const parts = files.flatMap(blocksOf).filter(({ language }) => language === "sh");
  const lines = parts.map(({ file, line, info, text }) => {
    const head = `echo "== ${file}:${line}"`;
    if (info !== "background") return `${head}\n${text}`;
    return `${head}\n: > .background\n{ ${text.trim()}; } >> .background &\nfor i in $(seq 600); do [ -s .background ] && break; sleep 0.1; done\nsleep 0.5`;
  });
  // A job's processes are of its group: the trap ends them all, and nothing else.
  return `set -euo pipefail -m\ntrap 'for job in $(jobs -p); do kill -INT -- -$job 2> /dev/null || true; done; wait' EXIT\n${lines.join("\n")}\n`;
}

async function bash(folder: string, bin: string, cache: string): Promise<PageEnd> {
  const { PATH = "" } = process.env;
  const env = { PATH: `${bin}:${PATH}`, HOME: homedir(), KEEL: PACKAGE, KEEL_CACHE: cache };
  const child = spawn("bash", [".page.sh"], { cwd: folder, env, stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => {
      output += text;
    });
  }
  return await new Promise((resolve, reject) => {
    child.on("error", reject).on("close", (code) => resolve({ code, output }));
  });
}
