// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * What a watch needs to run as a service: how far was told and what still waits for a webhook, as one file that is replaced whole. So a
 * kill loses no notice, and one that was taken is not sent again; only a kill between the receiver's yes and the note of it does
 * that, under the same Idempotency-Key.
 *
 * @module
 */

import { createHash } from "node:crypto";
import { parseFile } from "@keel/verifier";
import { inputError, KeelError } from "@keel/verifier/errors";
import { jsonText } from "@keel/verifier/text";
import { z } from "zod";
import type { Context } from "./context.js";
import { readText, writeText } from "./files.js";

/** Where notices go, and where is kept how far was told. */
export interface WatchServiceOptions {
  /** A URL, or `env:NAME` of a variable that holds one. */
  readonly webhook?: string;
  readonly memory?: string;
}

/** A watch's notes. */
export interface WatchService {
  /** What the look before remembered; nothing at the first start. */
  readonly memory?: string;
  /** Keeps what was found and how far was looked. */
  keep(notices: readonly object[], memory: string): Promise<void>;
  /** Sends what waits and is due. */
  flush(now: number): Promise<void>;
}

const waitingSchema = z.strictObject({ id: z.string(), notice: z.unknown(), tries: z.int(), next: z.int() });
const schema = z.strictObject({
  keel: z.literal("watch-service/1"),
  memory: z.string(),
  waiting: z.array(waitingSchema),
});
type Waiting = z.infer<typeof waitingSchema>;

const FIRST_PAUSE_S = 15;
const LONGEST_PAUSE_S = 900;
const SEND_MS = 15_000;

/**
 * Opens the notes of a service; nothing when none is asked for.
 *
 * @throws KeelError `usage` for a webhook without a memory file, `run.variable`
 */
export async function openWatchService(
  { webhook, memory: file }: WatchServiceOptions,
  context: Context,
): Promise<WatchService | undefined> {
  if (webhook === undefined && file === undefined) return undefined;
  if (file === undefined) throw inputError("usage", "--memory", "--memory with --webhook", "none");
  const target = webhook === undefined ? undefined : urlOf(webhook, context);
  const found = await read(file, context);
  let [memory, waiting] = [found?.memory ?? "", found?.waiting ?? []];
  const save = async (): Promise<void> => {
    const text = `${JSON.stringify({ keel: "watch-service/1", memory, waiting })}\n`;
    await writeText({ path: file, text, secret: false }, true, new AbortController().signal);
  };
  return {
    ...(found === undefined ? {} : { memory: found.memory }),
    keep: async (notices, later) => {
      const sent =
        target === undefined ? [] : notices.map((notice) => ({ ...entry(notice), tries: 0, next: 0 }));
      [memory, waiting] = [later, [...waiting, ...sent]];
      await save();
    },
    flush: async (now) => {
      for (const one of waiting) {
        // The order stays: what came after a notice that was not taken waits behind it.
        if (one.next > now) return;
        const isTaken = await post(target!, one);
        waiting = isTaken
          ? waiting.filter(({ id }) => id !== one.id)
          : waiting.map((other) => (other.id === one.id ? later(other, now) : other));
        await save();
        if (!isTaken) return;
      }
    },
  };
}

function later({ tries, ...rest }: Waiting, now: number): Waiting {
  return { ...rest, tries: tries + 1, next: now + Math.min(LONGEST_PAUSE_S, FIRST_PAUSE_S * 2 ** tries) };
}

function entry(notice: object): { readonly id: string; readonly notice: unknown } {
  const text = jsonText(notice, 0);
  return { id: createHash("sha256").update(text).digest("hex").slice(0, 32), notice: JSON.parse(text) };
}

async function post(url: string, { id, notice }: Waiting): Promise<boolean> {
  try {
    const response = await fetch(url, {
      method: "POST",
      headers: { "content-type": "application/json", "idempotency-key": id },
      body: JSON.stringify({ keel: "notice/1", id, notice }),
      redirect: "error",
      signal: AbortSignal.timeout(SEND_MS),
    });
    await response.body?.cancel();
    return response.ok;
  } catch {
    return false;
  }
}

function urlOf(webhook: string, { env }: Context): string {
  const [, name] = /^env:([A-Z][A-Z0-9_]{0,63})$/.exec(webhook) ?? [];
  const url = name === undefined ? webhook : env[name];
  if (url === undefined || url === "")
    throw inputError("run.variable", "--webhook", `the variable ${name}`, "none");
  if (URL.canParse(url) && /^https?:$/.test(new URL(url).protocol)) return url;
  throw inputError("usage", "--webhook", "an http or https URL, or env:NAME", "other text");
}

async function read(file: string, context: Context): Promise<z.infer<typeof schema> | undefined> {
  try {
    return parseFile(schema, await readText(file, "memory", context), "memory");
  } catch (error) {
    if (error instanceof KeelError && error.code === "file.missing") return undefined;
    throw error;
  }
}
