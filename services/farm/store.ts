// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * The fund's store: books, seeds and states, each sealed under the farm's key (AES-256-GCM), and what is public beside them. The
 * store is the truth: the queue can be lost and is filled again from it.
 *
 * A name is bound into its seal, so that a sealed file moved to another fund's place does not open there.
 *
 * @module
 */

import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto";
import { type FileHandle, link, mkdir, open, readdir, readFile, rename, rm, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { inputError, KeelError } from "@keel/verifier/errors";

/** What a job is about. */
export interface JobId {
  readonly subject: `0x${string}`;
  readonly policyId: `0x${string}`;
  /** Snapshot time, unix seconds. */
  readonly asOf: number;
}

/** Everything that a proof needs, as texts of files. Secret. */
export interface StoredBook {
  readonly snapshot: string;
  readonly market: string;
  readonly policy: string;
  readonly enrolment: string;
  readonly units?: string;
  readonly returns?: string;
  readonly liquidity?: string;
}

/** How a job ended. Public. */
export interface Ending {
  readonly outcome: "attested" | "already" | "superseded" | "unhealthy" | "refused";
  /** Code of a refusal. */
  readonly code?: string;
  readonly transaction?: string;
}

/** A store of many funds. */
export interface FarmStore {
  putSeed(subject: string, text: string): Promise<void>;
  seed(subject: string): Promise<string>;
  /** A book that is put again after its job has ended opens the job again. */
  putBook(id: JobId, book: StoredBook): Promise<void>;
  book(id: JobId): Promise<StoredBook>;
  putState(subject: string, commitment: bigint, text: string): Promise<void>;
  state(subject: string, commitment: bigint): Promise<string | undefined>;
  putAttestation(id: JobId, text: string): Promise<void>;
  attestation(id: JobId): Promise<string | undefined>;
  /** Ends a job; its book goes. */
  end(id: JobId, ending: Ending): Promise<void>;
  ending(id: JobId): Promise<Ending | undefined>;
  /** Whether a job has a book and no ending. */
  isOpen(id: JobId): Promise<boolean>;
  /** Jobs that have a book and no ending. */
  open(): Promise<JobId[]>;
}

const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const KEY_BYTES = 32;

/** Text of a job's id: what the queue knows of it. */
export function jobKey({ subject, policyId, asOf }: JobId): string {
  return `${subject}-${policyId}-${asOf}`;
}

/**
 * Opens a store.
 *
 * @param key 32 bytes; who has them and the folder has every book
 */
export function openFarmStore(folder: string, key: Uint8Array): FarmStore {
  if (key.length !== KEY_BYTES) throw inputError("farm.key", "key", `${KEY_BYTES} bytes`, `${key.length}`);
  const at = (subject: string, name: string): string => join(folder, subject, name);
  const jobFile = (id: JobId, kind: string): string => at(id.subject, `${id.policyId}-${id.asOf}.${kind}`);
  const put = async (path: string, text: string): Promise<void> => {
    await writeWhole(path, seal(key, nameOf(folder, path), text));
  };
  const get = async (path: string): Promise<string | undefined> => {
    const bytes = await readIfThere(path);
    return bytes === undefined ? undefined : unseal(key, nameOf(folder, path), bytes);
  };
  return {
    putSeed: async (subject, text) => {
      await writeNew(at(subject, "seed.sealed"), seal(key, nameOf(folder, at(subject, "seed.sealed")), text));
    },
    seed: async (subject) => there(await get(at(subject, "seed.sealed")), `a seed of ${subject}`),
    putBook: async (id, book) => {
      await put(jobFile(id, "book.sealed"), JSON.stringify(book));
      await rm(jobFile(id, "ending.json"), { force: true });
    },
    book: async (id) =>
      JSON.parse(there(await get(jobFile(id, "book.sealed")), `a book of ${jobKey(id)}`)) as StoredBook,
    putState: (subject, commitment, text) =>
      put(at(subject, `${commitment.toString(16)}.state.sealed`), text),
    state: (subject, commitment) => get(at(subject, `${commitment.toString(16)}.state.sealed`)),
    putAttestation: (id, text) => writeWhole(jobFile(id, "attestation.json"), Buffer.from(text)),
    attestation: async (id) => (await readIfThere(jobFile(id, "attestation.json")))?.toString("utf8"),
    end: async (id, ending) => {
      await writeWhole(
        jobFile(id, "ending.json"),
        Buffer.from(`${JSON.stringify({ keel: "ending/1", ...ending })}\n`),
      );
      await rm(jobFile(id, "book.sealed"), { force: true });
    },
    ending: async (id) => {
      const text = await readIfThere(jobFile(id, "ending.json"));
      return text === undefined ? undefined : (JSON.parse(text.toString("utf8")) as Ending);
    },
    isOpen: async (id) =>
      !(await isThere(jobFile(id, "ending.json"))) && (await isThere(jobFile(id, "book.sealed"))),
    open: () => openJobs(folder),
  };
}

async function openJobs(folder: string): Promise<JobId[]> {
  const found: JobId[] = [];
  for (const subject of await namesIn(folder)) {
    if (!/^0x[0-9a-f]{40}$/.test(subject)) continue;
    const names = new Set(await readdir(join(folder, subject)));
    for (const name of names) {
      const [, policyId, asOf] = /^(0x[0-9a-f]{64})-(\d+)\.book\.sealed$/.exec(name) ?? [];
      if (policyId === undefined || names.has(`${policyId}-${asOf}.ending.json`)) continue;
      found.push({
        subject: subject as `0x${string}`,
        policyId: policyId as `0x${string}`,
        asOf: Number(asOf),
      });
    }
  }
  return found.sort((a, b) => a.asOf - b.asOf);
}

/** A store that is not there is none with nothing to do: its disk may have gone. */
async function namesIn(folder: string): Promise<string[]> {
  return await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    throw new KeelError({
      ...{ kind: "environment", code: "farm.store", path: "store" },
      ...{ expected: "the store's folder", received: error.code ?? "a failure" },
    });
  });
}

function nameOf(folder: string, path: string): string {
  return path.slice(folder.length);
}

function seal(key: Uint8Array, name: string, text: string): Buffer {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv("aes-256-gcm", key, nonce).setAAD(Buffer.from(name));
  return Buffer.concat([nonce, cipher.update(text, "utf8"), cipher.final(), cipher.getAuthTag()]);
}

function unseal(key: Uint8Array, name: string, bytes: Buffer): string {
  const decipher = createDecipheriv("aes-256-gcm", key, bytes.subarray(0, NONCE_BYTES));
  decipher.setAAD(Buffer.from(name)).setAuthTag(bytes.subarray(-TAG_BYTES));
  try {
    const middle = bytes.subarray(NONCE_BYTES, -TAG_BYTES);
    return Buffer.concat([decipher.update(middle), decipher.final()]).toString("utf8");
  } catch {
    throw new KeelError({
      ...{ kind: "environment", code: "farm.sealed", path: "store" },
      ...{ expected: "files sealed with this farm's key, in their own places", received: "another" },
    });
  }
}

function there(text: string | undefined, expected: string): string {
  if (text !== undefined) return text;
  throw inputError("farm.missing", "store", expected, "none");
}

async function readIfThere(path: string): Promise<Buffer | undefined> {
  return await readFile(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return undefined;
    throw error;
  });
}

async function isThere(path: string): Promise<boolean> {
  return await stat(path).then(
    () => true,
    (error: NodeJS.ErrnoException) => {
      if (error.code === "ENOENT") return false;
      throw error;
    },
  );
}

/** Whole or not at all. */
async function writeWhole(path: string, bytes: Buffer): Promise<void> {
  await placed(path, bytes, (draft) => rename(draft, path));
}

/** Never over a file that is there: another seed would lose the states. */
async function writeNew(path: string, bytes: Buffer): Promise<void> {
  await placed(path, bytes, async (draft) => {
    await link(draft, path);
    await rm(draft, { force: true });
  });
}

async function placed(path: string, bytes: Buffer, place: (draft: string) => Promise<void>): Promise<void> {
  const draft = `${path}.${randomBytes(6).toString("hex")}.tmp`;
  const handle = await openNew(draft);
  try {
    await handle.writeFile(bytes);
    await handle.sync();
    await handle.close();
    await place(draft);
  } catch (error) {
    await handle.close().catch(() => {});
    await rm(draft, { force: true });
    throw error;
  }
}

/** A fund's folder is made with its first file. */
async function openNew(path: string): Promise<FileHandle> {
  const make = (): Promise<FileHandle> => open(path, "wx", 0o600);
  return await make().catch(async (error: NodeJS.ErrnoException) => {
    if (error.code !== "ENOENT") throw error;
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    return await make();
  });
}
