// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * What was signed, one file for each (account, time), never replaced.
 *
 * An entry is written under another name, flushed to disk, and then linked to its own name, which fails when that exists:
 * the file system itself decides which message is the one, also between two processes, and there is nothing to recover
 * after a power cut. The folder is flushed before an entry is given out. Nothing is ever deleted: who deletes an entry
 * allows a second message.
 *
 * Plain files and not a database: no embedded one has its binary in its npm package without a compiler or a download.
 *
 * @module
 */

import { createHash, randomBytes } from "node:crypto";
import { type FileHandle, link, mkdir, open, readdir, readFile, rm, stat, unlink } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { address, EVIDENCE, identifier, inputError, KeelError, parseFile, time } from "@keel/verifier";
import { z } from "zod";

const text = z.string().max(100);

const basisSchema = z.strictObject({
  evidence: z.enum(EVIDENCE),
  /** Of a quorum: the weakest tier of the members who signed. */
  weakest: z.enum(EVIDENCE).exclude(["quorum"]).optional(),
  driver: text,
  /** When the data were read, unix seconds. */
  read: time,
  /** Holdings without a row, which only lower what can be proven. */
  leftOut: z.array(text).optional(),
  /** Of a quorum: who said the same. */
  members: z.array(text).optional(),
  /** Of a quorum: who did not, and the code of why. */
  dissent: z.array(z.strictObject({ member: text, code: text })).optional(),
});

const signatureSchema = z.strictObject({ R8: z.tuple([text, text]), S: text });

const entrySchema = z.strictObject({
  keel: z.literal("signed/1"),
  subject: address,
  account: identifier,
  asOf: time,
  /** Circuit and universe that the message is for. */
  scope: z.string().max(200),
  message: text,
  positions: z.record(z.string(), text),
  basis: basisSchema,
  /** Public key; absent where only a share of a signature was given. */
  key: z.tuple([text, text]).optional(),
  signature: signatureSchema.optional(),
});

/** What an answer is based on. */
export type Basis = z.output<typeof basisSchema>;
/** One message: all that an answer needs. */
export type Entry = Omit<z.output<typeof entrySchema>, "keel">;

/** Age of a draft that nobody is writing any more. */
const OLD_MS = 3_600_000;
/** Most entries kept in memory. */
const REMEMBERED = 2_000;

/** The one message of each (account, time), durable. */
export interface Store {
  /** What there is for an account at a time. */
  find(account: string, asOf: number): Promise<Entry | undefined>;
  /**
   * Keeps an entry unless there is one.
   *
   * @returns the entry that is there, on disk: the given one, or the one before it
   * @throws KeelError `source.subject` for an account that belongs to another subject, `store.failed`, also for an entry that
   *   could not be read again
   */
  claim(entry: Entry): Promise<Entry>;
}

/**
 * Opens a store, or makes it.
 *
 * @throws KeelError `store.failed` where files cannot be linked and flushed
 */
export async function openStore(folder: string): Promise<Store> {
  const drafts = join(folder, "drafts");
  await guarded(async () => {
    await mkdir(drafts, { recursive: true, mode: 0o700 });
    await flushFolder(dirname(resolve(folder)));
    await removeOldDrafts(drafts);
  });
  await tryOut(folder, drafts);
  const remembered = new Map<string, Entry>();
  const remember = (entry: Entry): Entry => {
    if (remembered.size >= REMEMBERED) remembered.delete(remembered.keys().next().value!);
    remembered.set(nameOf(entry.account, entry.asOf), entry);
    return entry;
  };

  const find = async (account: string, asOf: number): Promise<Entry | undefined> => {
    const known = remembered.get(nameOf(account, asOf));
    if (known !== undefined) return known;
    const path = join(folder, folderOf(account));
    const found = await guarded(() => readIfThere(join(path, `${asOf}.json`)));
    if (found === undefined) return undefined;
    const entry = parseEntry(found);
    if (entry.account !== account || entry.asOf !== asOf) throw storeFailed("an entry in another's place");
    // The process before may have died between linking and flushing.
    await guarded(async () => {
      await flushFolder(path);
      await flushFolder(folder);
    });
    return remember(entry);
  };

  const subjects = new Map<string, string>();
  const claim = async (entry: Entry): Promise<Entry> => {
    const text = formatEntry(entry);
    const path = join(folder, folderOf(entry.account));
    if (subjects.get(entry.account) !== entry.subject) {
      await claimSubject(folder, drafts, path, entry);
      subjects.set(entry.account, entry.subject);
    }
    const isFirst = await guarded(() => linkNew(drafts, path, `${entry.asOf}.json`, text));
    if (isFirst) return remember(entry);
    const before = await find(entry.account, entry.asOf);
    if (before === undefined) throw storeFailed("an entry that vanished");
    return before;
  };
  return { find, claim };
}

/** The first subject of an account is its only one, also when the configuration changes. */
async function claimSubject(
  folder: string,
  drafts: string,
  path: string,
  { account, subject }: Entry,
): Promise<void> {
  const there = await guarded(async () => {
    await mkdir(path, { recursive: true, mode: 0o700 });
    // Also when it was there: the process before may have died between making and flushing.
    await flushFolder(folder);
    const found = await readIfThere(join(path, "subject"));
    if (found !== undefined) return found;
    const isFirst = await linkNew(drafts, path, "subject", `${account} ${subject}\n`);
    return isFirst ? `${account} ${subject}\n` : await readFile(join(path, "subject"), "utf8");
  });
  if (there === `${account} ${subject}\n`) return;
  throw inputError("source.subject", "subject", "the subject that this account belongs to", "another one");
}

/** Writes a file whole and on disk, unless there is one of its name. */
async function linkNew(drafts: string, path: string, name: string, text: string): Promise<boolean> {
  const draft = join(drafts, randomBytes(12).toString("hex"));
  const handle = await open(draft, "wx", 0o600);
  try {
    await writeDurably(handle, text);
    await link(draft, join(path, name));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    return false;
  } finally {
    // One that stays is removed when it is old.
    await unlink(draft).catch(() => undefined);
  }
  await flushFolder(path);
  return true;
}

async function writeDurably(handle: FileHandle, text: string): Promise<void> {
  try {
    await handle.writeFile(text);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function flushFolder(path: string): Promise<void> {
  const handle = await open(path, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

/** Refuses a file system that does not refuse a second link, before anything rests on it. */
async function tryOut(folder: string, drafts: string): Promise<void> {
  const name = `.try-${randomBytes(6).toString("hex")}`;
  const results = await guarded(async () => {
    const first = await linkNew(drafts, folder, name, "");
    const second = await linkNew(drafts, folder, name, "");
    await rm(join(folder, name), { force: true });
    return [first, second];
  });
  if (results[0] !== true || results[1] !== false) throw storeFailed("a file system that replaces files");
}

/** Drafts of a process that died: never linked, so never given out. Young ones may be another process's. */
async function removeOldDrafts(drafts: string): Promise<void> {
  for (const name of await readdir(drafts)) {
    const info = await stat(join(drafts, name)).catch(() => undefined);
    if (info !== undefined && Date.now() - info.mtimeMs > OLD_MS)
      await rm(join(drafts, name), { force: true });
  }
}

async function guarded<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof KeelError) throw error;
    throw storeFailed((error as NodeJS.ErrnoException).code ?? "another failure");
  }
}

function storeFailed(received: string): KeelError {
  return new KeelError({
    kind: "environment",
    code: "store.failed",
    path: "store",
    expected: "to keep what is signed",
    received,
  });
}

function parseEntry(text: string): Entry {
  try {
    const { keel: _, ...entry } = parseFile(entrySchema, text, "store");
    return entry;
  } catch {
    throw storeFailed("an entry that is damaged");
  }
}

/** An entry as a file, which is read before it is kept: it is there for good. */
function formatEntry(entry: Entry): string {
  const text = `${JSON.stringify({ keel: "signed/1", ...entry })}\n`;
  try {
    parseFile(entrySchema, text, "entry");
  } catch (error) {
    const where = error instanceof KeelError ? error.path : undefined;
    throw storeFailed(`an entry that could not be read again (${where ?? "entry"})`);
  }
  return text;
}

function nameOf(account: string, asOf: number): string {
  return `${account} ${asOf}`;
}

/** Account ids differ in case and hold slashes; file names cannot on every system. */
function folderOf(account: string): string {
  return createHash("sha256").update(account).digest("hex").slice(0, 32);
}
