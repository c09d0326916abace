// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Asking a source's program over HTTP: JSON there and back, its typed errors as they were thrown.
 *
 * A token goes to nobody else: no redirect is followed, and only a source on this machine is asked without TLS.
 *
 * @module
 */

import {
  address,
  EVIDENCE,
  identifier,
  inputError,
  type Json,
  KeelError,
  MAX_LENGTH,
  parseData,
  parseJson,
  time,
  title,
} from "@keel/verifier";
import { z } from "zod";
import { eitherOf } from "./signals.js";

/** Where a source listens, and what it is asked with. */
export interface SourceConnection {
  readonly url: string;
  /** Absent for what everybody may ask. */
  readonly token?: string;
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
  /** How requests travel; with `fetch` when absent. */
  readonly send?: Send;
}

/** A request as it travels. */
export interface Sent {
  readonly method: "GET" | "POST";
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly signal: AbortSignal;
}

/**
 * Sends a request; follows no redirect, and rejects with an error of any kind when there is no whole answer.
 *
 * @throws KeelError `source.answer` for more than `MAX_LENGTH` bytes, as {@link tooLong} says it
 */
export type Send = (url: string, sent: Sent) => Promise<{ readonly status: number; readonly text: string }>;

const TIMEOUT_MS = 60_000;
const LOOPBACK = /^(localhost|127\.[0-9.]+|\[::1\])$/;

/**
 * A source's address, without a slash at its end.
 *
 * @throws KeelError `source.url`; never with the address, which may hold a secret
 */
export function checkSourceUrl(text: string, path: string): string {
  const url = urlIn(text);
  const isPlain = url?.protocol === "http:" && LOOPBACK.test(url.hostname);
  if (url === undefined || !(isPlain || url.protocol === "https:") || url.search !== "" || url.hash !== "") {
    throw inputError("source.url", path, "an https URL, or an http URL of this machine", "another");
  }
  return text.replace(/\/+$/, "");
}

function urlIn(text: string): URL | undefined {
  try {
    return new URL(text);
  } catch {
    return undefined;
  }
}

/**
 * Asks a source.
 *
 * @param body absent: a GET request
 * @throws KeelError what the source said was wrong; `source.unreachable`, `source.answer`
 */
export async function askSource(connection: SourceConnection, path: string, body?: object): Promise<Json> {
  const { url, token, timeoutMs = TIMEOUT_MS, signal, send = sendByFetch } = connection;
  const limit = AbortSignal.timeout(timeoutMs);
  const either = eitherOf(limit, signal);
  try {
    const { status, text } = await send(`${url}${path}`, {
      method: body === undefined ? "GET" : "POST",
      headers: {
        ...(body === undefined ? {} : { "content-type": "application/json" }),
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: either.signal,
    });
    const answer = jsonOf(text, status);
    if (status >= 200 && status < 300) return answer;
    throw remoteError(answer, status);
  } catch (error) {
    if (error instanceof KeelError) throw error;
    throw unreachable(limit.aborted ? "none in time" : "none");
  } finally {
    either.release();
  }
}

const sendByFetch: Send = async (url, sent) => {
  const response = await fetch(url, { ...sent, redirect: "error" });
  return { status: response.status, text: await textOf(response) };
};

function jsonOf(text: string, status: number): Json {
  try {
    return parseJson(text, "answer");
  } catch {
    throw answerError("answer", "strict JSON", `status ${status} with other text`);
  }
}

const detail = z
  .string()
  .max(300)
  .regex(/^\P{C}*$/u);

const problemSchema = z.object({
  error: z.object({
    kind: z.enum(["input", "policy", "proof", "environment", "cancelled"]),
    code: z.string().regex(/^[A-Za-z0-9.-]{1,60}$/),
    path: detail.optional(),
    expected: detail.optional(),
    received: detail.optional(),
  }),
});

function remoteError(answer: Json, status: number): KeelError {
  const result = problemSchema.safeParse(answer);
  if (!result.success) return answerError("answer.error", "a typed error", `status ${status} without one`);
  const { kind, code, ...rest } = result.data.error;
  const details = Object.fromEntries(Object.entries(rest).filter(([, value]) => value !== undefined));
  return new KeelError({ kind, code, ...details });
}

async function textOf(response: Response): Promise<string> {
  const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  const reader = response.body?.getReader();
  const parts: string[] = [];
  let length = 0;
  for (;;) {
    const { done, value } = (await reader?.read()) ?? { done: true };
    if (done || value === undefined) break;
    length += value.length;
    if (length > MAX_LENGTH) throw tooLong();
    parts.push(decoder.decode(value, { stream: true }));
  }
  return parts.join("") + decoder.decode();
}

/** An answer beyond what is read. */
export function tooLong(): KeelError {
  return answerError("answer", `at most ${MAX_LENGTH} bytes`, "more");
}

function unreachable(received: string): KeelError {
  return new KeelError({
    kind: "environment",
    code: "source.unreachable",
    path: "source",
    expected: "an answer of the source",
    received,
  });
}

function answerError(path: string, expected: string, received: string): KeelError {
  return new KeelError({ kind: "environment", code: "source.answer", path, expected, received });
}

const word = z
  .string()
  .max(100)
  .regex(/^\P{C}*$/u);

const basisSchema = z.strictObject({
  evidence: z.enum(EVIDENCE),
  /** Of a quorum: the weakest tier of the members who signed. */
  weakest: z.enum(EVIDENCE).exclude(["quorum"]).optional(),
  driver: word,
  read: time,
  leftOut: z.array(word).optional(),
  members: z.array(word).optional(),
  dissent: z.array(z.strictObject({ member: word, code: word })).optional(),
});

const answerSchema = z.strictObject({
  keel: z.literal("signed-account/1"),
  subject: address,
  asOf: time,
  /** As in a snapshot/1 file, which checks it when it is read. */
  account: z.looseObject({ id: identifier, source: title }),
  basis: basisSchema,
});

/** What an answer is based on: the source's word, not signed. */
export type SourceBasis = z.output<typeof basisSchema>;

/** A source's answer. */
export interface SignedAccount {
  readonly subject: `0x${string}`;
  readonly asOf: number;
  /** An account of a snapshot/1 file. */
  readonly account: { readonly id: string; readonly source: string; readonly [key: string]: unknown };
  readonly basis: SourceBasis;
}

/** Asks for the ids of the accounts that a source has of a subject. */
export async function askAccounts(connection: SourceConnection, subject: string): Promise<readonly string[]> {
  const answer = await askSource(connection, `/v1/accounts?subject=${subject}`);
  const list = z.strictObject({ accounts: z.array(identifier).max(1_000) });
  return parseData(list, answer, "answer").accounts;
}

/**
 * Asks for an account at a time.
 *
 * @throws KeelError `source.answer` for the answer to another question
 */
export async function askAccount(
  connection: SourceConnection,
  asked: { readonly subject: string; readonly account: string; readonly asOf: number },
): Promise<SignedAccount> {
  const answer = parseData(answerSchema, await askSource(connection, "/v1/account", asked), "answer");
  const { subject, asOf, account } = answer;
  for (const [path, said, expected] of [
    ["answer.subject", subject, asked.subject.toLowerCase()],
    ["answer.asOf", asOf, asked.asOf],
    ["answer.account.id", account.id, asked.account],
  ] as const) {
    if (said !== expected) throw answerError(path, "what was asked for", "another");
  }
  return answer;
}
