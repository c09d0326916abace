// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * A node that somebody else runs, as a viem transport. Hosted nodes limit batches, requests a second and how far back they
 * know; several of them answer behind one address, and not all of them have the newest block yet.
 *
 * - Requests go in batches. A batch that is refused is sent again in halves, down to single requests, and that size stays.
 * - What may pass is tried again, later each time: a limit of requests, a block that this node has not got yet, a lost
 *   connection, a server's failure.
 * - What will not pass is told in the node's own words, without the address of the node, which may hold an access key.
 *
 * Nothing here makes a lying node honest.
 *
 * @module
 */

import { setTimeout as sleep } from "node:timers/promises";
import { custom, type Transport } from "viem";

/** How to ask a node. */
export interface NodeOptions {
  /** Requests in a batch at first; 1 for none. */
  readonly batch?: number;
  /** How often a request is tried again. */
  readonly retries?: number;
  /** Before the first time; twice as long before each next. */
  readonly delayMs?: number;
  /** What one answer may take. */
  readonly timeoutMs?: number;
}

const DEFAULTS: Required<NodeOptions> = { batch: 100, retries: 5, delayMs: 200, timeoutMs: 60_000 };
const LANES = 4;
const LONGEST_DELAY_MS = 30_000;
const LONGEST_ANSWER = 1 << 26;
const LONGEST_WORDS = 300;
const SHORTEST_SECRET = 8;

/** Another of the nodes behind the address has it, or this one soon will. */
const BEHIND =
  /header not found|(unknown|missing|no such) block|block (\S+ )?(is )?not (yet )?(found|available)|block not found|not yet (available|synced)|after last accepted block|cannot find block|resource (not found|unavailable)/i;
/** Only another node has it. */
const FORGOTTEN = /missing trie node|prun|archive|historical state|state .*(not|un)available/i;
const TOO_FAST =
  /rate.?limit|too many requests|request limit|limit exceeded.*second|compute units|throughput|capacity exceeded|slow down/i;
/** A limit on a request's size, not on how many come. */
const TOO_LARGE = /range|block span|batch|response size|results/i;

/** A refusal in the node's own words. */
export class NodeError extends Error {
  override readonly name = "NodeError";
  /** Absent when no other request could fare better: out of reach, or too many requests for too long. */
  readonly code?: number;
  /** Of a call that reverts. */
  readonly data?: unknown;

  constructor(code: number | undefined, words: string, data?: unknown) {
    super(words);
    if (code !== undefined) this.code = code;
    if (data !== undefined) this.data = data;
  }
}

interface Job {
  readonly method: string;
  readonly params: unknown;
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: NodeError) => void;
  tries: number;
}

/** A request's answer. */
interface Reply {
  readonly result?: unknown;
  readonly error?: unknown;
}

/** What came back over HTTP. */
interface Answer {
  readonly status: number;
  /** Absent when it is no JSON. */
  readonly body?: unknown;
  readonly retryAfterMs?: number;
}

/** Codes for failures that no node has named: of the server, and answers that are none. */
const CODE = { server: -32_099, answer: -32_098 } as const;

/**
 * A transport to a node at a URL.
 *
 * @example createPublicClient({ transport: hostedNode("https://node.example/v2/key") })
 */
export function hostedNode(url: string, options: NodeOptions = {}): Transport {
  const { batch, retries, delayMs, timeoutMs } = { ...DEFAULTS, ...options };
  const queue: Job[] = [];
  let size = Math.max(1, batch);
  let lanes = LANES;
  let active = 0;
  let scheduled = false;
  let pausedUntil = 0;
  /** Answers in a row that came too fast for the node. */
  let limited = 0;
  /** Highest block that any answer spoke of: it exists, whatever a node says that is behind. */
  let highest = -1n;

  const schedule = (afterMs = 0): void => {
    if (scheduled) return;
    scheduled = true;
    setTimeout(() => {
      scheduled = false;
      pump();
    }, afterMs);
  };

  const pump = (): void => {
    const wait = pausedUntil - Date.now();
    if (wait > 0) {
      schedule(wait);
      return;
    }
    while (active < lanes && queue.length > 0) {
      active += 1;
      void send(queue.splice(0, size)).finally(() => {
        active -= 1;
        schedule();
      });
    }
  };

  const again = (job: Job, error: NodeError, afterMs?: number): void => {
    if (job.tries >= retries) {
      job.reject(error);
      return;
    }
    const delay = Math.min(afterMs ?? delayMs * 2 ** job.tries, LONGEST_DELAY_MS);
    job.tries += 1;
    void sleep(delay).then(() => {
      queue.push(job);
      schedule();
    });
  };

  const slower = (jobs: readonly Job[], { message }: NodeError, afterMs?: number): void => {
    const delay = Math.min(afterMs ?? delayMs * 2 ** limited, LONGEST_DELAY_MS);
    // Those that were under way before the pause are one with the first.
    if (Date.now() >= pausedUntil) limited += 1;
    if (limited > retries) {
      for (const job of jobs) job.reject(new NodeError(undefined, message));
      return;
    }
    lanes = 1;
    // Some nodes count a batch's requests one by one.
    if (jobs.length > 1 && limited > 1) size = Math.min(size, Math.ceil(jobs.length / 2));
    pausedUntil = Math.max(pausedUntil, Date.now() + delay);
    queue.unshift(...jobs);
  };

  const halve = (jobs: readonly Job[]): void => {
    size = Math.min(size, Math.floor(jobs.length / 2));
    queue.unshift(...jobs);
  };

  const refuse = (job: Job, error: NodeError, afterMs?: number): void => {
    if (isTooFast(error)) {
      slower([job], error, afterMs);
      return;
    }
    limited = 0;
    if (isBehind(error)) again(job, error);
    else job.reject(error);
  };

  const settle = (job: Job, { error, result }: Reply, afterMs?: number): void => {
    const asked = blockAsked(job);
    if (error !== undefined && error !== null) {
      refuse(job, errorOf(error, url), afterMs);
    } else if (result === undefined) {
      job.reject(new NodeError(CODE.answer, "an answer with neither a result nor an error"));
    } else if (result === null && asked !== undefined && asked <= highest) {
      again(job, new NodeError(CODE.answer, `no block ${asked}, which was there before`));
    } else {
      const seen = blockSeen(job.method, result);
      if (seen !== undefined && seen > highest) highest = seen;
      limited = 0;
      job.resolve(result);
    }
  };

  const send = async (jobs: readonly Job[]): Promise<void> => {
    const calls = jobs.map(({ method, params }, id) => ({ jsonrpc: "2.0", id, method, params }));
    const answer = await post(url, calls.length === 1 ? calls[0]! : calls, timeoutMs).catch(
      (cause: unknown) => new NodeError(undefined, connectionWords(cause, url)),
    );
    if (answer instanceof NodeError) for (const job of jobs) again(job, answer);
    else take(jobs, answer);
  };

  const take = (jobs: readonly Job[], { status, body, retryAfterMs }: Answer): void => {
    const replies = jobs.length === 1 ? [record(body)] : inOrder(body, jobs.length);
    if (jobs.length > 1 && replies?.every(isBatchRefused)) {
      halve(jobs);
      return;
    }
    if (status !== 429 && replies?.every(isReply)) {
      jobs.forEach((job, i) => {
        settle(job, replies[i]!, retryAfterMs);
      });
      return;
    }
    const error = errorOf(
      record(body)?.error ?? { code: CODE.server, message: `HTTP status ${status}` },
      url,
    );
    if (status === 429 || isTooFast(error)) slower(jobs, error, retryAfterMs);
    else if (jobs.length > 1) halve(jobs);
    else if (status >= 500) again(jobs[0]!, error, retryAfterMs);
    else refuse(jobs[0]!, error, retryAfterMs);
  };

  const request = async ({ method, params }: { method: string; params?: unknown }): Promise<unknown> =>
    await new Promise((resolve, reject) => {
      queue.push({ method, params: params ?? [], resolve, reject, tries: 0 });
      schedule();
    });
  // It tries again by itself, and knows when.
  return custom({ request }, { retryCount: 0 });
}

/** Whether a request was refused for the batch that it came in; some nodes say so of each one. */
function isBatchRefused(reply: unknown): boolean {
  const { message } = record(record(reply)?.error) ?? {};
  return typeof message === "string" && /batch/i.test(message);
}

async function post(url: string, call: object, timeoutMs: number): Promise<Answer> {
  const { address, headers } = withoutPassword(url);
  const response = await fetch(address, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: JSON.stringify(call),
    signal: AbortSignal.timeout(timeoutMs),
  });
  const after = Number(response.headers.get("retry-after"));
  return {
    status: response.status,
    ...json(await textOf(response)),
    ...(after > 0 ? { retryAfterMs: after * 1000 } : {}),
  };
}

/** fetch takes no user and password in an address. */
function withoutPassword(url: string): { address: string; headers: Record<string, string> } {
  const address = new URL(url);
  const { username, password } = address;
  if (username === "" && password === "") return { address: url, headers: {} };
  address.username = "";
  address.password = "";
  const pair = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  return { address: address.href, headers: { authorization: `Basic ${btoa(pair)}` } };
}

/** An answer's text, up to a length: an endless one is no answer. */
async function textOf(response: Response): Promise<string> {
  const parts: Uint8Array[] = [];
  let length = 0;
  for await (const part of response.body ?? []) {
    length += (part as Uint8Array).length;
    if (length > LONGEST_ANSWER) throw new Error(`an answer of more than ${LONGEST_ANSWER} bytes`);
    parts.push(part as Uint8Array);
  }
  return Buffer.concat(parts).toString("utf8");
}

function json(text: string): { body?: unknown } {
  try {
    return { body: JSON.parse(text) as unknown };
  } catch {
    return {};
  }
}

function record(body: unknown): Readonly<Record<string, unknown>> | undefined {
  return typeof body === "object" && body !== null && !Array.isArray(body)
    ? (body as Record<string, unknown>)
    : undefined;
}

/** A batch's answers by their ids; undefined unless there is exactly one for each. */
function inOrder(body: unknown, count: number): Readonly<Record<string, unknown>>[] | undefined {
  if (!Array.isArray(body) || body.length !== count) return undefined;
  const byId = new Map(body.map((part: unknown) => [record(part)?.id, record(part)]));
  const answers = Array.from({ length: count }, (_, id) => byId.get(id));
  return answers.every((answer) => answer !== undefined) ? answers : undefined;
}

/** Whether it is an answer to a request, and not about all of them or about none. */
function isReply(answer: unknown): answer is Reply {
  const { id, jsonrpc } = (answer ?? {}) as Record<string, unknown>;
  return jsonrpc === "2.0" && typeof id === "number";
}

function errorOf(error: unknown, url: string): NodeError {
  const { code, message, data } = (record(error) ?? { message: error }) as Record<string, unknown>;
  const words = typeof message === "string" && message !== "" ? message : "an error without words";
  return new NodeError(typeof code === "number" ? code : CODE.server, redacted(words, url), data);
}

function isTooFast({ code, message }: NodeError): boolean {
  if (TOO_LARGE.test(message)) return false;
  return code === 429 || code === -32_005 || TOO_FAST.test(message);
}

function isBehind({ message }: NodeError): boolean {
  return !FORGOTTEN.test(message) && BEHIND.test(message);
}

/** Why there is no answer, and from where: scheme, host and port, as the rest of a node's address may hold a key. */
function connectionWords(cause: unknown, url: string): string {
  const { origin } = new URL(url);
  if (!(cause instanceof Error)) return `no connection to ${origin}`;
  if (cause.name === "TimeoutError") return `no answer in time from ${origin}`;
  const inner = cause.cause instanceof Error ? cause.cause : cause;
  const code = (inner as NodeJS.ErrnoException).code;
  if (code !== undefined) return `no connection to ${origin}: ${code}`;
  return `${redacted(inner.message, url)}, from ${origin}`;
}

/** A node's words without the parts of its address that may be a key, in one line. */
export function redacted(words: string, url: string): string {
  const { href, pathname, search, username, password } = new URL(url);
  const parts = [...pathname.split("/"), ...new URLSearchParams(search).values(), username, password];
  const secrets = [href, url, ...parts.filter((part) => part.length >= SHORTEST_SECRET)];
  const clean = secrets.reduce((text, secret) => text.replaceAll(secret, "…"), words);
  const line = clean.replace(/\s+/g, " ").trim();
  return line.length > LONGEST_WORDS ? `${line.slice(0, LONGEST_WORDS)}…` : line;
}

/** The block that a request for one names by its number. */
function blockAsked({ method, params }: Job): bigint | undefined {
  if (method !== "eth_getBlockByNumber" || !Array.isArray(params)) return undefined;
  return numberOf(params[0]);
}

function blockSeen(method: string, result: unknown): bigint | undefined {
  if (method === "eth_blockNumber") return numberOf(result);
  if (method === "eth_getBlockByNumber") return numberOf(record(result)?.number);
  return undefined;
}

function numberOf(text: unknown): bigint | undefined {
  return typeof text === "string" && /^0x[0-9a-fA-F]{1,16}$/.test(text) ? BigInt(text) : undefined;
}
