// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * One program at a time for a piece of work that must not be done twice: a file beside it with the number of the process.
 *
 * @module
 */

import { readFile, rm, writeFile } from "node:fs/promises";
import { KeelError } from "@keel/verifier/errors";
import { systemCode } from "./errors.js";

/**
 * Does work while no other program does; a lock whose program has died counts no more.
 *
 * @throws KeelError `file.busy`
 */
export async function locked<T>(path: string, work: () => Promise<T>): Promise<T> {
  const lock = `${path}.lock`;
  await take(lock);
  try {
    return await work();
  } finally {
    await rm(lock, { force: true });
  }
}

async function take(lock: string): Promise<void> {
  for (;;) {
    try {
      return await writeFile(lock, String(process.pid), { flag: "wx" });
    } catch (error) {
      if (systemCode(error) !== "EEXIST") throw error;
    }
    const holder = Number(await readFile(lock, "utf8").catch(() => ""));
    if (holder > 0 && holder !== process.pid && isAlive(holder)) throw busy(lock, holder);
    await rm(lock, { force: true });
  }
}

/** Whether a process runs. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return systemCode(error) === "EPERM";
  }
}

function busy(lock: string, pid: number): KeelError {
  return new KeelError({
    kind: "environment",
    code: "file.busy",
    path: lock,
    expected: `no other program at the same work (process ${pid}; if it is none of Keel's, remove the file)`,
    received: "one",
  });
}
