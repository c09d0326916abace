// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Several files put into their places as one: all of them or none, also when the program is killed in between. Before anything
 * moves, a note of the whole beside each place (`.NAME.pending`) says what is meant; what is replaced is moved aside, the last file
 * first, and kept until the last new file is there. So no kill leaves new files beside an old one, and whoever next writes to
 * one of the places takes back what was begun, or completes it once all but the last file were in place: then the last one may
 * have been there and been taken away since, and what belongs to it must not go.
 *
 * @module
 */

import { constants } from "node:fs";
import { lstat, open, readFile, rename, rm } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { KeelError } from "@keel/verifier/errors";
import { z } from "zod";
import { systemCode } from "./errors.js";

const NOTE_MODE = 0o600;
/** Longer than any note: anything else is not read. */
const MAX_NOTE = 1 << 16;

const noteSchema = z.strictObject({
  keel: z.literal("write/1"),
  id: z.string().regex(/^[0-9a-f]{12}$/),
  pid: z.int().min(1),
  /** Whole paths, the last one last. */
  paths: z.array(z.string()).min(1),
});

/** What is meant to be written, beside each of its places. */
export type Note = Readonly<z.infer<typeof noteSchema>>;

/** A draft beside its place, by the write it belongs to. */
export function draftOf(path: string, id: string): string {
  return join(dirname(resolve(path)), `.${basename(path)}.${id}.tmp`);
}

function oldOf(path: string, id: string): string {
  return join(dirname(path), `.${basename(path)}.${id}.old`);
}

function noteOf(path: string): string {
  return join(dirname(resolve(path)), `.${basename(path)}.pending`);
}

/**
 * Puts drafts into their places, which are free or whose files are to be replaced; the last one is the one that others look for.
 *
 * @param place puts one draft into a free place
 * @param onStep called after each change, for tests
 */
export async function placeTogether(
  paths: readonly string[],
  id: string,
  place: (draft: string, path: string) => Promise<void>,
  onStep: () => void,
): Promise<void> {
  const noted: string[] = [];
  const note: Note = { keel: "write/1", id, pid: process.pid, paths: paths.map((path) => resolve(path)) };
  try {
    for (const path of note.paths) {
      await writeNote(path, note);
      noted.push(path);
      onStep();
    }
    for (const path of [...note.paths].reverse()) {
      await moveIfThere(path, oldOf(path, id));
      onStep();
    }
    for (const path of note.paths) {
      await place(draftOf(path, id), path);
      onStep();
    }
  } catch (error) {
    await takeBack(note, noted);
    throw error;
  }
  await clear(note.id, note.paths, onStep);
}

/**
 * Ends a write to this place that was killed: takes it back, or completes it when all but the last file were in place.
 *
 * @throws KeelError `file.busy` while the program that writes is alive
 */
export async function settle(path: string): Promise<void> {
  const note = await readNote(path);
  if (note === undefined) return await rm(noteOf(path), { force: true });
  if (note.pid !== process.pid && isAlive(note.pid)) throw busy(path, note.pid);
  // A place without the same note is none of this write: a note that somebody else made leads nowhere.
  const ours: string[] = [];
  for (const candidate of note.paths) {
    if ((await readNote(candidate))?.id === note.id) ours.push(candidate);
  }
  const placed = await Promise.all(ours.map((candidate) => isPlaced(candidate, note.id)));
  const [last, others] = [note.paths.at(-1)!, placed.slice(0, -1)];
  if (ours.at(-1) !== last || !others.every(Boolean) || others.length === 0) {
    return placed.every(Boolean) ? await clear(note.id, ours) : await takeBack(note, ours);
  }
  if ((await fileId(last)) === undefined) await moveIfThere(draftOf(last, note.id), last);
  await clear(note.id, ours);
}

/** Puts back what was there; a new file is removed only where it is this write's own. */
async function takeBack({ id }: Note, paths: readonly string[]): Promise<void> {
  for (const path of paths) {
    if (await isOwn(path, id)) await rm(path);
    if ((await fileId(path)) === undefined) await moveIfThere(oldOf(path, id), path);
  }
  // The last one first: without it nobody completes what was taken back.
  for (const path of [...paths].reverse()) await rm(draftOf(path, id), { force: true });
  await clear(id, paths);
}

/** Whether a place holds what was moved there: without links it stands where an old file was moved aside and no draft is left. */
async function isOwn(path: string, id: string): Promise<boolean> {
  const [placed, draft] = [await fileId(path), await fileId(draftOf(path, id))];
  if (placed === undefined) return false;
  return draft === undefined ? (await fileId(oldOf(path, id))) !== undefined : placed === draft;
}

/** Removes what was only needed on the way, the notes at the end. */
async function clear(id: string, paths: readonly string[], onStep = () => {}): Promise<void> {
  for (const name of [oldOf, draftOf, noteOf]) {
    for (const path of paths) {
      await rm(name(path, id), { force: true });
      onStep();
    }
  }
}

/** Links keep the draft; where a file system has none, the draft has become the file. */
async function isPlaced(path: string, id: string): Promise<boolean> {
  const [placed, draft] = [await fileId(path), await fileId(draftOf(path, id))];
  return placed !== undefined && (draft === undefined || placed === draft);
}

/** Which file stands at a path, whatever its name. */
async function fileId(path: string): Promise<string | undefined> {
  const info = await lstat(path, { bigint: true }).catch(missing);
  return info === undefined ? undefined : `${info.dev}:${info.ino}`;
}

async function moveIfThere(from: string, to: string): Promise<void> {
  await rename(from, to).catch(missing);
}

function missing(error: unknown): undefined {
  if (systemCode(error) === "ENOENT") return undefined;
  throw error;
}

async function writeNote(path: string, note: Note): Promise<void> {
  const flags = constants.O_CREAT | constants.O_EXCL | constants.O_WRONLY | constants.O_NOFOLLOW;
  const handle = await open(noteOf(path), flags, NOTE_MODE);
  try {
    await handle.writeFile(JSON.stringify(note));
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Nothing for a place without a note, and for one that was killed while it was written: then nothing has moved yet. */
async function readNote(path: string): Promise<Note | undefined> {
  const info = await lstat(noteOf(path)).catch(() => undefined);
  if (info === undefined || !info.isFile() || info.size > MAX_NOTE) return undefined;
  try {
    return noteSchema.parse(JSON.parse(await readFile(noteOf(path), "utf8")));
  } catch {
    return undefined;
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return systemCode(error) === "EPERM";
  }
}

function busy(path: string, pid: number): KeelError {
  return new KeelError({
    kind: "environment",
    code: "file.busy",
    path,
    expected: `no other program that writes it (process ${pid}; if it is none of Keel's, remove ${noteOf(path)})`,
    received: "one that does",
  });
}
