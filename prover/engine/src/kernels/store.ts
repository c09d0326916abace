// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Writes the engine's modules to their files: a step of `npm run build`, which has nothing to do when they are newer than the code.
 * When what the code writes has another hash than stored.ts expects, it says so and fails.
 *
 * @module
 */
import { readdir, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { sha256Hex } from "../hash.js";
import { type StoredModule, storedModule } from "./stored.js";

/** When the newest file of the engine's code was written. */
async function newestCode(): Promise<number> {
  const engine = join(import.meta.dirname, "..");
  const entries = await readdir(engine, { recursive: true, withFileTypes: true });
  const code = entries.filter(({ name }) => name.endsWith(".js"));
  const times = code.map(async (entry) => (await stat(join(entry.parentPath, entry.name))).mtimeMs);
  return Math.max(...(await Promise.all(times)));
}

/** Whether a module's file is newer than the code, with the hash that stored.ts expects. */
async function isFresh({ url, sha256 }: StoredModule, code: number): Promise<boolean> {
  const state = await stat(url).catch(() => undefined);
  return state !== undefined && state.mtimeMs > code && (await sha256Hex(await readFile(url))) === sha256;
}

const newest = await newestCode();
for (const lanes of [false, true]) {
  if (await isFresh(storedModule(lanes), newest)) continue;
  const { writeBn254 } = await import("./bn254.js");
  const { code, heap } = writeBn254(lanes);
  const { url, ...expected } = storedModule(lanes);
  await writeFile(url, code);
  const sha256 = await sha256Hex(code);
  if (sha256 !== expected.sha256 || heap !== expected.heap) {
    process.stderr.write(`stored.ts expects another ${url.pathname}: it is ${sha256}, heap ${heap}\n`);
    process.exitCode = 1;
  }
}
