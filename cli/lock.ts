// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * One program at a time for a piece of work that must not be done twice.
 *
 * Each program that asks puts a file of its own beside the work, whose name says who it is: machine, process, and when that process
 * began. Then it looks who else asks. Whoever sees another living one steps back, so of two that ask at the same moment the later
 * one sees the earlier one, and never do both go on. A name is used once in the world: removing the file of a program that has
 * died can never remove that of another one, which is what goes wrong where all share one name.
 *
 * @module
 */

import { execFileSync } from "node:child_process";
import { readFileSync, readlinkSync } from "node:fs";
import { readdir, rm, stat, utimes, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { basename, dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { KeelError } from "@keel/verifier/errors";
import { systemCode } from "./errors.js";

/** Who asks: a process, which has no other's number and beginning in its place. */
interface Claim {
  readonly host: string;
  /** Whose processes can be seen: containers of one name and one folder still have each their own numbers. */
  readonly space: string;
  readonly pid: number;
  /** When the process began, in whatever the system counts; empty where it does not say. */
  readonly began: string;
}

/** Two that ask at once both step back: they ask again after different times. */
const TRIES = 5;
const PAUSE_MS = 100;
/** How often whoever works says so, and after what silence one that cannot be seen from here has died. */
const RENEW_MS = 10_000;
const SILENT_MS = 120_000;

/**
 * Does work while no other program does; the file of a program that has died counts no more.
 *
 * @param renewMs how often it is said that the work goes on
 * @throws KeelError `file.busy`
 */
export async function locked<T>(path: string, work: () => Promise<T>, renewMs = RENEW_MS): Promise<T> {
  const self = { host: hostname(), space: spaceOfProcesses(), pid: process.pid, began: beganAt(process.pid) };
  const own = `${path}.lock.${nameOf(self)}`;
  await take(path, own, self);
  const renew = (): void => {
    const present = new Date();
    void utimes(own, present, present).catch(() => {});
  };
  const timer = setInterval(renew, renewMs).unref();
  try {
    return await work();
  } finally {
    clearInterval(timer);
    await rm(own, { force: true });
  }
}

async function take(path: string, own: string, self: Claim): Promise<void> {
  for (let left = TRIES; ; left--) {
    await put(own, self);
    const other = await livingOther(path, own);
    if (other === undefined) return;
    await rm(own, { force: true });
    if (left === 1) throw busy(other.file, other.claim);
    await sleep(Math.random() * PAUSE_MS);
  }
}

/** A file of this name is of this very process, which is at the work already. */
async function put(own: string, self: Claim): Promise<void> {
  await writeFile(own, "", { flag: "wx" }).catch((error: unknown) => {
    throw systemCode(error) === "EEXIST" ? busy(own, self) : error;
  });
}

/** Another one that asks or works; files of those who have died are removed. */
async function livingOther(path: string, own: string) {
  const folder = dirname(path);
  const start = `${basename(path)}.lock.`;
  for (const name of await readdir(folder)) {
    const file = join(folder, name);
    if (!name.startsWith(start) || name === basename(own)) continue;
    const claim = claimOf(name.slice(start.length));
    if (claim === undefined) continue;
    if (isThere(claim, await silence(file, own))) return { file, claim };
    await rm(file, { force: true });
  }
  return undefined;
}

const nameOf = ({ host, space, pid, began }: Claim): string =>
  [pid, began, space, encodeURIComponent(host)].join(".");

function claimOf(name: string): Claim | undefined {
  const [, pid, began, space, host] = /^([1-9][0-9]*)\.([\w-]*)\.([0-9]*)\.(.+)$/.exec(name) ?? [];
  if (pid === undefined) return undefined;
  return { pid: Number(pid), began: began!, space: space!, host: decodeURIComponent(host!) };
}

/** For how long a claim was not renewed when our own was made: both times are of the disk that has them. */
async function silence(file: string, own: string): Promise<number> {
  const times = await Promise.all([file, own].map((path) => stat(path).catch(() => undefined)));
  const [theirs, ours] = times.map((info) => info?.mtimeMs);
  return theirs === undefined || ours === undefined ? 0 : ours - theirs;
}

/** Whether a claim's process runs. One that cannot be seen from here does while it says so, like a container that has gone since. */
function isThere({ host, space, pid, began }: Claim, silentMs: number): boolean {
  if (host !== hostname() || space !== spaceOfProcesses()) return silentMs < SILENT_MS;
  if (!isAlive(pid)) return false;
  const present = beganAt(pid);
  // Numbers are given again: another process may have this one now.
  return present === "" || began === "" || present === began;
}

/** The number of the namespace that processes are counted in (namespaces(7)); empty where there are none. */
function spaceOfProcesses(): string {
  try {
    return readlinkSync("/proc/self/ns/pid").replaceAll(/\D/g, "");
  } catch {
    return "";
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

/** When a process began, as the system says it: the same text as long as it runs. */
function beganAt(pid: number): string {
  try {
    // proc(5): the 22nd field of `stat`; the second is a name that may have anything in it, in brackets.
    const fields = readFileSync(`/proc/${pid}/stat`, "latin1").replace(/^.*\)/s, "").trim().split(" ");
    return fields[19]!;
  } catch {
    return beganAtByPs(pid);
  }
}

/** Where there is no /proc. */
function beganAtByPs(pid: number): string {
  if (process.platform === "win32" || process.platform === "linux") return "";
  try {
    const env = { ...process.env, LC_ALL: "C", TZ: "UTC" };
    return execFileSync("ps", ["-o", "lstart=", "-p", String(pid)], { encoding: "utf8", env })
      .trim()
      .replaceAll(/[^0-9A-Za-z]+/g, "-");
  } catch {
    return "";
  }
}

function busy(file: string, { host, pid }: Claim): KeelError {
  return new KeelError({
    kind: "environment",
    code: "file.busy",
    path: file,
    expected: `no other program at the same work (process ${pid} on ${host}; if it is none of Keel's, remove the file)`,
    received: "one",
  });
}
