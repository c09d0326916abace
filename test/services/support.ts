// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Source programs in tests: folders with their files, processes on loopback, and a stand-in for a venue.
 *
 * @module
 */

import { type ChildProcess, spawn } from "node:child_process";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { formatSourceKey, type SourceKeyPair } from "@keel/prover";
import { marketSeries, parseMarket, type SourceKey } from "@keel/verifier";
import { afterAll, expect } from "vitest";
import { newToken } from "../../services/source/dist/http/tokens.js";
import { beginCeremony, dealShares, finishCeremony } from "../../services/source/dist/quorum/ceremony.js";
import { formatQuorum, formatShare, type Share } from "../../services/source/dist/quorum/files.js";
import { INSTRUMENTS, SOURCE, SUBJECT } from "../support/book.js";
import { PACKAGE } from "../support/cli.js";

const LAUNCHER = join(PACKAGE, "services/source/bin/keel-source.js");

/** When the books of these tests were closed. */
export const CLOSED = 1767225600;
export const CIRCUIT = "portfolio-health/fund-64";
/** Where the holdings of the tests' ledgers belong. */
export const PLACES = { ETH: "ETH", USDC: "USDC", "ETH-PERP": "ETH-PERP" };

export const marketText = (asOf = CLOSED): string =>
  JSON.stringify({ keel: "market/1", asOf, underlyings: ["USD", "ETH", "BTC"], instruments: INSTRUMENTS });

/** A policy that approves some sources, and says of some what their words rest on. */
export const policyText = (
  sources: Readonly<Record<string, SourceKey>>,
  evidence: Readonly<Record<string, string>> = {},
  market = marketText(),
): string =>
  JSON.stringify({
    keel: "policy/2",
    name: "sources",
    circuit: CIRCUIT,
    limits: { minEquity: "1" },
    sources: Object.entries(sources).map(([name, key]) => ({
      ...{ name, key: key.map(String) },
      ...(evidence[name] === undefined ? {} : { evidence: evidence[name] }),
    })),
    maxAge: 3600,
    validity: 86_400,
    maxMarketSkew: 3600,
    minInterval: 3600,
    market: { series: marketSeries(parseMarket(market)) },
  });

/** Rows of a ledger file: books of an account and a time, each closed. */
export function ledgerText(books: readonly LedgerBook[]): string {
  const lines = books.flatMap(({ account, asOf = CLOSED, rows }) => [
    ...Object.entries(rows).map(([holding, amount]) => `${account},${asOf},${holding},${amount}`),
    `${account},${asOf},#rows,${Object.keys(rows).length}`,
  ]);
  return `account,asOf,holding,amount\n${lines.join("\n")}\n`;
}

export interface LedgerBook {
  readonly account: string;
  readonly asOf?: number;
  readonly rows: Readonly<Record<string, string>>;
}

export const BOOK: LedgerBook = { account: "custody", rows: { ETH: "10", USDC: "-13000.25" } };

/** A folder of a source program. */
export interface Home {
  readonly folder: string;
  readonly config: string;
  readonly token: string;
}

export interface HomeParts {
  readonly key?: SourceKeyPair;
  readonly share?: Share;
  readonly accounts?: readonly object[];
  readonly books?: readonly LedgerBook[];
  readonly market?: string;
  /** Whom the token opens; the tests' subject when absent. */
  readonly subjects?: readonly string[];
  /** Changes to the configuration. */
  readonly config?: object;
}

export const account = (changes: object = {}) => ({
  id: "custody",
  subject: SUBJECT,
  market: "market.json",
  circuit: CIRCUIT,
  driver: { kind: "ledger", file: "ledger.csv", instruments: PLACES, leaveOut: ["OLD-TOKEN"] },
  ...changes,
});

/** Writes the files of a source, or of a quorum's member. */
export async function home(folder: string, parts: HomeParts = {}): Promise<Home> {
  await mkdir(folder, { recursive: true });
  const { token, sha256 } = newToken();
  const file = (name: string): string => join(folder, name);
  const { key = SOURCE, share } = parts;
  await writeFile(file("market.json"), parts.market ?? marketText());
  await writeFile(file("ledger.csv"), ledgerText(parts.books ?? [BOOK]));
  await writeFile(file("key.json"), formatSourceKey(key), { mode: 0o600 });
  if (share !== undefined) await writeFile(file("share.json"), formatShare(share), { mode: 0o600 });
  const config = {
    keel: "source-config/1",
    name: "Halyard Custody",
    ...(share === undefined ? { key: "key.json" } : { share: "share.json" }),
    store: "store",
    listen: { port: 0 },
    perMinute: 100_000,
    tokens: [{ sha256, subjects: parts.subjects ?? [SUBJECT] }],
    accounts: parts.accounts ?? [account()],
    ...parts.config,
  };
  await writeFile(file("config.json"), JSON.stringify(config));
  return { folder, config: file("config.json"), token };
}

/** Changes a configuration on disk. */
export async function changeConfig({ config }: Home, changes: object): Promise<void> {
  await writeFile(config, JSON.stringify({ ...(await readJson(config)), ...changes }));
}

/** A running program. */
export interface Program {
  readonly url: string;
  readonly child: ChildProcess;
  /** What it logged. */
  log(): string;
  /** Ends it in the middle of whatever it does. */
  kill(): Promise<void>;
  stop(): Promise<number | null>;
}

/** Programs that run: a test that fails before it stops its own leaves none behind. */
const running = new Set<ChildProcess>();
process.once("exit", () => {
  for (const child of running) child.kill("SIGKILL");
});
// The first hook of a file, so the last to run: whoever starts a program stops it.
afterAll(() => {
  const left = [...running];
  for (const child of left) child.kill("SIGKILL");
  expect(left.length, "programs that a test left running").toBe(0);
});

/** Starts a program, and waits until it listens. */
export async function startSource(config: string): Promise<Program> {
  const child = spawn(process.execPath, [LAUNCHER, "serve", "--config", config], {
    env: { PATH: process.env.PATH },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const ended = new Promise<number | null>((resolve) => child.on("close", resolve));
  running.add(child);
  void ended.then(() => running.delete(child));
  let text = "";
  const url = await new Promise<string>((resolve, reject) => {
    const take = (chunk: string): void => {
      text += chunk;
      const line = /"url":"([^"]+)"/.exec(text);
      if (line !== null) resolve(line[1]!);
    };
    child.stdout.setEncoding("utf8").on("data", take);
    child.stderr.setEncoding("utf8").on("data", take);
    child.on("close", () => reject(new Error(text)));
  });
  const end = async (signal: "SIGKILL" | "SIGTERM"): Promise<number | null> => {
    child.kill(signal);
    return await ended;
  };
  return {
    url,
    child,
    log: () => text,
    kill: async () => void (await end("SIGKILL")),
    stop: async () => await end("SIGTERM"),
  };
}

/** Runs a command of the program that ends by itself. */
export async function run(
  args: readonly string[],
): Promise<{ readonly code: number | null; readonly text: string }> {
  const child = spawn(process.execPath, [LAUNCHER, ...args], { stdio: ["ignore", "pipe", "pipe"] });
  let text = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (chunk: string) => {
      text += chunk;
    });
  }
  const code = await new Promise<number | null>((resolve) => child.on("close", resolve));
  return { code, text };
}

/** An answer over HTTP. */
export interface Answer {
  readonly status: number;
  readonly text: string;
  // biome-ignore lint/suspicious/noExplicitAny: an answer of any form is looked into
  readonly json: any;
}

export interface Ask {
  readonly token?: string;
  readonly body?: unknown;
  /** Sent as it is, instead of `body`. */
  readonly raw?: string;
  readonly type?: string;
  readonly method?: string;
}

/** Sends a request. */
export async function ask(
  url: string,
  path: string,
  { token, body, raw, type, method }: Ask = {},
): Promise<Answer> {
  const sent = raw ?? (body === undefined ? undefined : JSON.stringify(body));
  const response = await fetch(`${url}${path}`, {
    method: method ?? (sent === undefined ? "GET" : "POST"),
    headers: {
      ...(sent === undefined ? {} : { "content-type": type ?? "application/json" }),
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    },
    ...(sent === undefined ? {} : { body: sent }),
  });
  const text = await response.text();
  return { status: response.status, text, json: text.startsWith("{") ? JSON.parse(text) : undefined };
}

export const question = (changes: object = {}) => ({
  subject: SUBJECT,
  account: "custody",
  asOf: CLOSED,
  ...changes,
});

/** Asks for the account of the tests. */
export async function askAccount(program: Program, { token }: Home, changes: object = {}): Promise<Answer> {
  return await ask(program.url, "/v1/account", { token, body: question(changes) });
}

/** The shares of a quorum, by the ceremony without its files. */
export function ceremony(members: readonly string[], threshold: number): Share[] {
  const started = members.map((name) => beginCeremony(name, members, threshold));
  const hellos = started.map(({ hello }) => hello);
  const deals = started.map(({ secret }) => dealShares(secret, hellos));
  return started.map(({ secret }, i) => {
    const letters = deals.flatMap((letter, j) => (j === i ? [] : [letter.get(members[i]!)!]));
    return finishCeremony(secret, hellos, letters);
  });
}

/** Writes the files of a quorum's coordinator. */
export async function coordinatorHome(
  folder: string,
  share: Share,
  members: readonly { readonly name: string; readonly url: string; readonly token: string }[],
  subject = SUBJECT,
): Promise<Home> {
  await mkdir(folder, { recursive: true });
  const { token, sha256 } = newToken();
  const file = (name: string): string => join(folder, name);
  await writeFile(file("quorum.json"), formatQuorum(share.quorum));
  for (const { name, token } of members)
    await writeFile(file(`token.${name}`), `${token}\n`, { mode: 0o600 });
  const config = {
    keel: "source-config/1",
    name: "Two of three auditors",
    quorum: "quorum.json",
    members: members.map(({ name, url }) => ({ name, url, tokenFile: `token.${name}` })),
    store: "store",
    listen: { port: 0 },
    perMinute: 100_000,
    tokens: [{ sha256, subjects: [subject] }],
  };
  await writeFile(file("config.json"), JSON.stringify(config));
  return { folder, config: file("config.json"), token };
}

/** A server that answers JSON as a function says. */
export async function standIn(
  answer: (path: string, request: StandInRequest) => StandInAnswer | Promise<StandInAnswer>,
): Promise<{ readonly url: string; stop(): Promise<void> }> {
  const server: Server = createServer(async (request, response) => {
    let body = "";
    for await (const chunk of request) body += chunk;
    const url = new URL(request.url!, "http://127.0.0.1");
    const {
      status = 200,
      text,
      json,
      headers = {},
    } = await answer(url.pathname, {
      query: url.search.slice(1),
      headers: request.headers,
      body,
    });
    response.writeHead(status, { "content-type": "application/json", ...headers });
    response.end(text ?? JSON.stringify(json));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    stop: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

export interface StandInRequest {
  readonly query: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
}

export interface StandInAnswer {
  readonly status?: number;
  readonly text?: string;
  readonly json?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Reads a JSON file. */
export async function readJson(path: string): Promise<Record<string, unknown>> {
  return JSON.parse(await readFile(path, "utf8"));
}
