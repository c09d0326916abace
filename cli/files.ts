// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Files: read up to a size, written whole or not at all.
 *
 * A new file is written under another name in the same folder, flushed to disk, and only then linked to its own name, which
 * fails when that exists. Existing files are replaced only when the caller says so; what is not a regular file (a symbolic
 * link, a device, a folder) is never replaced.
 *
 * @module
 */

import { randomBytes } from "node:crypto";
import { constants } from "node:fs";
import { type FileHandle, link, lstat, open, rename, rm, stat } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { MAX_LENGTH } from "@keel/verifier";
import { inputError, KeelError } from "@keel/verifier/errors";
import { type Context, note } from "./context.js";
import { interrupted, systemCode, usageError } from "./errors.js";
import { draftOf, placeTogether, settle } from "./write-together.js";

/** A file to write. */
export interface NewFile {
  readonly path: string;
  readonly text: string | Uint8Array;
  /** Secret files are readable by their owner only. */
  readonly secret: boolean;
  /** A file that is never replaced, whatever the caller says: without the old one something could not go on. */
  readonly precious?: true;
}

const PUBLIC_MODE = 0o644;
const SECRET_MODE = 0o600;
/** Errors of a path that leads nowhere, which is the user's mistake and not the machine's. */
const NO_SUCH_FILE: readonly string[] = ["ENOENT", "ENOTDIR", "EISDIR", "ENAMETOOLONG"];

/** What is there instead of a file. */
const MISSING_WORDS: Readonly<Record<string, string>> = { EISDIR: "a folder", ENOENT: "nothing there" };

/**
 * Reads a text file; `-` is standard input.
 *
 * @param role what the file is, for error paths: "snapshot"
 * @throws KeelError `file.missing`, `file.read`, `input.size`, `input.encoding`
 */
export async function readText(path: string, role: string, context: Context): Promise<string> {
  const bytes = path === "-" ? await collect(context.readInput(), role) : await readFile(path, role);
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw inputError("input.encoding", role, "UTF-8 text", isUtf16(bytes) ? "UTF-16 text" : "other bytes");
  }
}

/** Reads any file. @throws KeelError `file.missing`, `file.read`, `input.size` */
export async function readBytes(path: string, role: string): Promise<Uint8Array> {
  return await readFile(path, role);
}

/** By its byte order mark. */
function isUtf16([first, second]: Uint8Array): boolean {
  return (first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff);
}

/** {@link readText} for a file that is secret in itself: warns when others may read it. */
export async function readSecret(path: string, role: string, context: Context): Promise<string> {
  const text = await readText(path, role, context);
  const info = path === "-" ? undefined : await stat(path).catch(() => undefined);
  if (info?.isFile() && (info.mode & 0o077) !== 0) {
    note(context, `warning: ${path} is secret and others may read it; chmod 600 it`);
  }
  return text;
}

/**
 * Refuses an output that could not be written, before any long work.
 *
 * @throws KeelError `file.exists`, `file.special`, `file.write`
 */
export async function checkOutput(path: string, force: boolean): Promise<void> {
  await settle(path).catch((cause) => {
    throw cause instanceof KeelError ? cause : writeFailed(path, cause);
  });
  const folder = await lstat(dirname(resolve(path))).catch((cause) => {
    throw writeFailed(path, cause);
  });
  if (!folder.isDirectory() && !folder.isSymbolicLink()) throw writeFailed(path, { code: "ENOTDIR" });
  const info = await lstat(path).catch((cause) => {
    if (systemCode(cause) === "ENOENT") return undefined;
    throw writeFailed(path, cause);
  });
  if (info === undefined) return;
  if (!info.isFile()) {
    throw inputError("file.special", path, "a new or regular file", describeFile(info));
  }
  if (!force) throw inputError("file.exists", path, "a new file", "an existing one");
}

/** Refuses arguments that name one file twice. */
export function checkDistinct(paths: Readonly<Record<string, string | undefined>>): void {
  const seen = new Map<string, string>();
  for (const [option, path] of Object.entries(paths)) {
    if (path === undefined || path === "-") continue;
    const other = seen.get(resolve(path));
    if (other !== undefined) throw usageError(`another file than ${other}`, "the same", option);
    seen.set(resolve(path), option);
  }
}

/**
 * Writes files: all of them or, when anything fails or the program is killed, none. The last one is the one that others look for.
 *
 * @param onStep called after each change on disk, for tests
 * @throws KeelError `file.exists`, `file.special`, `file.write`, `file.busy`, `interrupted`
 */
export async function writeFiles(
  files: readonly NewFile[],
  force: boolean,
  signal: AbortSignal,
  onStep: () => void = () => {},
): Promise<void> {
  const id = randomBytes(6).toString("hex");
  const drafts: string[] = [];
  try {
    for (const file of files) {
      await checkOutput(file.path, replaces(file, force));
      drafts.push(await writeDraft(file, id));
    }
    if (signal.aborted) throw interrupted();
    const [only, ...others] = files;
    if (only !== undefined && others.length === 0) {
      await place(drafts[0]!, only.path, replaces(only, force));
    } else {
      await writeTogether(files, id, signal, onStep);
    }
  } finally {
    for (const draft of drafts) await rm(draft, { force: true });
  }
}

async function writeTogether(
  files: readonly NewFile[],
  id: string,
  signal: AbortSignal,
  onStep: () => void,
): Promise<void> {
  const paths = files.map(({ path }) => path);
  const put = async (draft: string, path: string): Promise<void> => {
    if (signal.aborted) throw interrupted();
    await place(draft, path, false);
  };
  await placeTogether(paths, id, put, onStep).catch((cause) => {
    throw cause instanceof KeelError ? cause : writeFailed(paths.at(-1)!, cause);
  });
}

/** {@link writeFiles} for one file. */
export async function writeText(file: NewFile, force: boolean, signal: AbortSignal): Promise<void> {
  await writeFiles([file], force, signal);
}

function replaces({ precious }: NewFile, force: boolean): boolean {
  return force && precious !== true;
}

async function writeDraft({ path, text, secret }: NewFile, id: string): Promise<string> {
  const draft = draftOf(path, id);
  const flags = constants.O_CREAT | constants.O_EXCL | constants.O_WRONLY | constants.O_NOFOLLOW;
  let handle: FileHandle | undefined;
  try {
    handle = await open(draft, flags, secret ? SECRET_MODE : PUBLIC_MODE);
    await handle.writeFile(text);
    await handle.sync();
    return draft;
  } catch (error) {
    if (handle !== undefined) await rm(draft, { force: true });
    throw writeFailed(path, error);
  } finally {
    await handle?.close();
  }
}

async function place(draft: string, path: string, force: boolean): Promise<void> {
  try {
    if (force) return await rename(draft, path);
    await link(draft, path);
  } catch (error) {
    if (systemCode(error) === "EEXIST")
      throw inputError("file.exists", path, "a new file", "an existing one");
    // Some file systems have no links; there the check before has to do.
    if (!force && ["EPERM", "ENOTSUP", "EOPNOTSUPP"].includes(systemCode(error))) {
      await checkOutput(path, force);
      return await rename(draft, path);
    }
    throw writeFailed(path, error);
  }
}

async function readFile(path: string, role: string): Promise<Uint8Array> {
  let handle: FileHandle | undefined;
  try {
    handle = await open(path, constants.O_RDONLY);
    return await collect(handle.createReadStream({ autoClose: false }), role);
  } catch (error) {
    if (error instanceof KeelError) throw error;
    const isMissing = NO_SUCH_FILE.includes(systemCode(error));
    const expected = isMissing ? `a file at ${path}` : `to read ${path}`;
    const code = isMissing ? "file.missing" : "file.read";
    const kind = isMissing ? "input" : "environment";
    const received = MISSING_WORDS[systemCode(error)] ?? systemCode(error);
    throw new KeelError({ kind, code, path: role, expected, received }, { cause: error });
  } finally {
    await handle?.close();
  }
}

/** Stops at the limit, so that an endless device is an error like any other long file. */
async function collect(chunks: AsyncIterable<Uint8Array | string>, role: string): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of chunks) {
    const part = typeof chunk === "string" ? Buffer.from(chunk) : chunk;
    length += part.length;
    if (length > MAX_LENGTH) throw inputError("input.size", role, `at most ${MAX_LENGTH} bytes`, "more");
    parts.push(part);
  }
  return Buffer.concat(parts);
}

function writeFailed(path: string, cause: unknown): KeelError {
  const details = { kind: "environment", code: "file.write", path } as const;
  return new KeelError({ ...details, expected: "to write it", received: systemCode(cause) }, { cause });
}

function describeFile(info: { isSymbolicLink(): boolean; isDirectory(): boolean }): string {
  if (info.isSymbolicLink()) return "a symbolic link";
  return info.isDirectory() ? "a folder" : "a device";
}
