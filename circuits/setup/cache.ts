// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * The build cache: folders named by a hash of everything that went into them, filled aside and renamed into place.
 *
 * A folder that exists is whole. Two processes that want the same folder take turns: the second waits for the first
 * and then finds the result; a builder that died leaves a lock that goes stale and is taken over.
 *
 * @module
 */
import { createHash, randomBytes } from "node:crypto";
import { mkdir, rename, rm, stat, utimes, writeFile } from "node:fs/promises";
import { homedir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { throwIfCancelled } from "./abort.js";

const HEARTBEAT_MS = 1_000;
/** A lock without a heartbeat for this long belongs to a dead process. */
const STALE_MS = 15_000;
const POLL_MS = 100;

/** Hex SHA-256. */
export function sha256(data: string | Uint8Array): string {
  return createHash("sha256").update(data).digest("hex");
}

/** Folder of this package, in a checkout as below node_modules. */
export const packageFolder: string = fileURLToPath(new URL("../", import.meta.url));

/** Where circuits and keys are kept: `KEEL_CACHE`, or `keel` in the user's folder for caches. */
export function cacheRoot(): string {
  const { KEEL_CACHE, XDG_CACHE_HOME, LOCALAPPDATA } = process.env;
  if (KEEL_CACHE !== undefined && KEEL_CACHE !== "") return resolve(KEEL_CACHE);
  if (process.platform === "win32") return join(LOCALAPPDATA ?? join(homedir(), "AppData", "Local"), "keel");
  if (process.platform === "darwin") return join(homedir(), "Library", "Caches", "keel");
  return join(XDG_CACHE_HOME || join(homedir(), ".cache"), "keel");
}

/**
 * A folder of the cache, filled by `build` when it does not exist yet.
 *
 * @param name folder name that changes with every input of the build
 * @param build fills the empty folder that it is given
 */
export async function cachedFolder(
  name: string,
  build: (folder: string) => Promise<void>,
  signal?: AbortSignal,
): Promise<string> {
  const target = join(cacheRoot(), name);
  if (await exists(target)) return target;
  await mkdir(dirname(target), { recursive: true });
  const release = await lock(`${target}.lock`, () => exists(target), signal);
  if (release === undefined) return target;
  try {
    await fillFolder(target, build).catch(async (error: unknown) => {
      // Somebody who took a stale lock from us may have been faster; their result is as good.
      if (!(await exists(target))) throw error;
    });
    return target;
  } finally {
    await release();
  }
}

/** Makes a folder that is whole or not there: filled aside, then renamed into place, where an empty one may be. */
export async function fillFolder(target: string, build: (folder: string) => Promise<void>): Promise<void> {
  const aside = `${target}.tmp-${randomBytes(6).toString("hex")}`;
  try {
    await mkdir(aside);
    await build(aside);
    await rename(aside, target);
  } finally {
    await rm(aside, { recursive: true, force: true });
  }
}

/** Writes a file so that readers see the old content or the new, never a part. */
export async function writeFileAtomically(path: string, content: string | Uint8Array): Promise<void> {
  const aside = `${path}.tmp-${randomBytes(6).toString("hex")}`;
  try {
    await writeFile(aside, content);
    await rename(aside, path);
  } finally {
    await rm(aside, { force: true });
  }
}

/** Does work that only one process may do at a time; `path` is the lock. */
export async function exclusively<T>(path: string, work: () => Promise<T>, signal?: AbortSignal): Promise<T> {
  const release = await lock(path, async () => false, signal);
  try {
    return await work();
  } finally {
    await release?.();
  }
}

/** Takes the lock and returns its release; or undefined when `done` became true while waiting. */
async function lock(
  path: string,
  done: () => Promise<boolean>,
  signal?: AbortSignal,
): Promise<(() => Promise<void>) | undefined> {
  for (;;) {
    throwIfCancelled(signal);
    if (await done()) return undefined;
    if (await createFolder(path)) break;
    const age = await ageOf(path);
    if (age !== undefined && age > STALE_MS) await rm(path, { recursive: true, force: true });
    else await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
  const heartbeat = setInterval(
    () => void utimes(path, new Date(), new Date()).catch(() => {}),
    HEARTBEAT_MS,
  );
  heartbeat.unref();
  const release = async (): Promise<void> => {
    clearInterval(heartbeat);
    await rm(path, { recursive: true, force: true });
  };
  // The result may have come into place between the last look and the lock.
  if (!(await done())) return release;
  await release();
  return undefined;
}

async function createFolder(path: string): Promise<boolean> {
  try {
    await mkdir(path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  }
}

async function ageOf(path: string): Promise<number | undefined> {
  const info = await stat(path).catch(() => undefined);
  return info === undefined ? undefined : Date.now() - info.mtimeMs;
}

async function exists(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined)) !== undefined;
}
