// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * A ceremony's folder: `transcript.json`, and the keys `0000.zkey`, `0001.zkey`, … of which the next step needs only the
 * newest. The transcript counts: a step writes its key aside, renames it into place and then replaces the transcript, so
 * that a step which dies at any moment leaves the ceremony as it was.
 *
 * @module
 */
import { randomBytes } from "node:crypto";
import { open, readdir, readFile, rename, rm } from "node:fs/promises";
import { join, resolve } from "node:path";
import { KeelError } from "@keel/verifier/errors";
import { throwIfCancelled } from "../abort.js";
import { exclusively, fillFolder, writeFileAtomically } from "../cache.js";
import { type KeyFile, readKeyFile } from "./key-file.js";
import { formatTranscript, latestNumber, parseTranscript, refused, type Transcript } from "./transcript.js";

/** Name of the beacon's contribution in a key. */
export const BEACON_NAME = "beacon";

/** Path of a key. */
export function keyPath(dir: string, number: number): string {
  return join(resolve(dir), `${String(number).padStart(4, "0")}.zkey`);
}

/**
 * Reads the transcript of a ceremony's folder.
 *
 * @throws KeelError `ceremony.missing`; kind `input` for a file that is no transcript
 */
export async function readTranscript(dir: string): Promise<Transcript> {
  const text = await readFile(transcriptPath(dir), "utf8").catch(() => {
    const details = { kind: "input", code: "ceremony.missing", path: dir } as const;
    throw new KeelError({ ...details, expected: "a ceremony's folder", received: "no readable transcript" });
  });
  return parseTranscript(text);
}

/** Writes the transcript, whole or not at all. */
export async function writeTranscript(dir: string, transcript: Transcript): Promise<void> {
  await writeFileAtomically(transcriptPath(dir), formatTranscript(transcript));
}

/**
 * The newest key, when it is the one that the transcript tells of.
 *
 * @throws KeelError kind `proof`, code `ceremony.*`
 */
export async function readLatestKey(dir: string, transcript: Transcript): Promise<KeyFile> {
  const number = latestNumber(transcript);
  const key = await readKeyFile(keyPath(dir, number), `key ${number}`);
  if (key.sha256 !== transcript.key) {
    throw refused("ceremony.keyHash", `key ${number}`, transcript.key, key.sha256);
  }
  checkContributions(key, transcript);
  return key;
}

/**
 * A key that snarkjs has just written. It does not notice when the disk is full.
 *
 * @throws KeelError kind `environment`, code `ceremony.phase2`
 */
export async function readNewKey(path: string, number: number): Promise<KeyFile> {
  const name = `key ${number}`;
  return await readKeyFile(path, name).catch((cause: unknown) => {
    const details = { kind: "environment", code: "ceremony.phase2", path: name } as const;
    throw new KeelError({ ...details, expected: "a whole key", received: "a part of one" }, { cause });
  });
}

/**
 * Makes a folder, whole or not at all.
 *
 * @throws KeelError `file.exists` for one with files in it, `file.write`
 */
export async function makeFolder(dir: string, build: (folder: string) => Promise<void>): Promise<void> {
  await refuseUsed(dir);
  await onDisk(dir, () => fillFolder(resolve(dir), build));
}

/** Refuses a folder that {@link makeFolder} could not make. */
export async function refuseUsed(dir: string): Promise<void> {
  const found = await readdir(dir).catch((error: NodeJS.ErrnoException) => error.code ?? "something else");
  if (found === "ENOENT" || found.length === 0) return;
  const received = typeof found === "string" ? found : "one with files in it";
  const details = { kind: "input", code: "file.exists", path: dir } as const;
  throw new KeelError({ ...details, expected: "a new or empty folder", received });
}

/**
 * One step from the newest key to the next.
 *
 * @param work writes the new key to a path, and returns what becomes of the transcript with it
 * @returns the new transcript
 */
export async function takeStep(
  dir: string,
  signal: AbortSignal | undefined,
  work: (before: Transcript, from: string, to: string) => Promise<(added: string) => Omit<Transcript, "key">>,
): Promise<Transcript> {
  const guarded = async (): Promise<Transcript> => {
    await removeDrafts(dir);
    const before = await readTranscript(dir);
    if (before.beacon.applied !== undefined) {
      throw refused("ceremony.finished", dir, "a ceremony that goes on", "one whose beacon was applied");
    }
    const key = await readLatestKey(dir, before);
    const number = latestNumber(before);
    const to = keyPath(dir, number + 1);
    const draft = `${to}.${randomBytes(6).toString("hex")}.tmp`;
    try {
      const complete = await work(before, keyPath(dir, number), draft);
      const next = await readNewKey(draft, number + 1);
      const transcript = { ...complete(addedTo(key, next)), key: next.sha256 };
      throwIfCancelled(signal);
      await place(draft, to);
      await writeTranscript(dir, transcript);
      return transcript;
    } finally {
      await rm(draft, { force: true });
    }
  };
  await readTranscript(dir);
  return await onDisk(dir, () => exclusively(join(resolve(dir), ".lock"), guarded, signal));
}

function checkContributions({ contributions }: KeyFile, transcript: Transcript): void {
  const { applied, exponent } = transcript.beacon;
  const claims: KeyFile["contributions"] = [
    ...transcript.contributions,
    ...(applied === undefined
      ? []
      : [{ name: BEACON_NAME, hash: applied.hash, beacon: { value: applied.value, exponent } }]),
  ];
  if (claims.length !== contributions.length) {
    const [inKey, listed] = [contributions, claims].map(({ length }) => `${length} contributions`);
    throw refused("ceremony.contributions", "transcript", `${inKey}, as in the key`, listed!);
  }
  for (const [i, { name, hash, beacon }] of contributions.entries()) {
    const claim = claims[i]!;
    const path = `transcript.contributions[${i}]`;
    if (claim.hash !== hash) throw refused("ceremony.contributions", `${path}.hash`, hash, claim.hash);
    if (claim.name !== name) throw refused("ceremony.name", `${path}.name`, "the name in the key", "another");
    if (claim.beacon?.value !== beacon?.value || claim.beacon?.exponent !== beacon?.exponent) {
      throw refused("ceremony.beacon", path, "the beacon in the key", "another, or none");
    }
  }
}

/** Hash of the one contribution that a step has added to what was there before. */
function addedTo({ contributions: before }: KeyFile, { contributions: after }: KeyFile): string {
  const kept = before.every(({ hash }, i) => after[i]?.hash === hash);
  if (kept && after.length === before.length + 1) return after.at(-1)!.hash;
  throw refused("ceremony.phase2", "key", "one contribution more", "another list");
}

const transcriptPath = (dir: string): string => join(dir, "transcript.json");

/** Puts a whole key in its place, on disk before the transcript tells of it. */
async function place(draft: string, path: string): Promise<void> {
  const handle = await open(draft, "r+");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(draft, path);
}

/** What steps that died have left. */
async function removeDrafts(dir: string): Promise<void> {
  const drafts = (await readdir(dir)).filter((name) => /^\d{4,}\.zkey\.[0-9a-f]{12}\.tmp$/.test(name));
  for (const name of drafts) await rm(join(dir, name), { force: true });
}

/** Errors of the file system as Keel's own. */
async function onDisk<T>(dir: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const { syscall, code = "" } = error as NodeJS.ErrnoException;
    if (syscall === undefined) throw error;
    const details = { kind: "environment", code: "file.write", path: dir } as const;
    throw new KeelError({ ...details, expected: "to write there", received: code }, { cause: error });
  }
}
