// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Does the command line stay calm whatever a chain's node answers: no crash, no hang, nothing of the answer that a terminal
 * would obey, and never a yes?
 *
 * @module
 */
import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { type Ended, errorOf, keelHere, publicArgs } from "../support/cli.js";

const REGISTRY = `0x${"12".repeat(20)}`;
const SUBJECT = `0x${"34".repeat(20)}`;
const ACCESS_KEY = "secret-access-key";
const ESCAPE = "\u001b]0;owned\u0007\u001b[2J\u202e";

let server: Server | undefined;
let cache: string;

// `doctor` hashes what the cache holds, which is not what is asked here.
beforeAll(async () => {
  cache = await mkdtemp(join(tmpdir(), "keel-node-"));
  vi.stubEnv("KEEL_CACHE", cache);
});

afterAll(async () => {
  vi.unstubAllEnvs();
  await rm(cache, { recursive: true, force: true });
});

afterEach(() => {
  server?.closeAllConnections();
  server?.close();
});

interface Call {
  readonly id: number;
  readonly method: string;
}

/** Starts a node; the URL holds a key that must not be shown. */
async function node(answer: (call: Call, response: ServerResponse) => void): Promise<string> {
  server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    answer(JSON.parse(Buffer.concat(chunks).toString()) as Call, response);
  });
  await new Promise<void>((resolve) => server!.listen(0, "127.0.0.1", resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/${ACCESS_KEY}`;
}

const results =
  (result: (method: string) => unknown) =>
  ({ id, method }: Call, response: ServerResponse): void => {
    response.setHeader("content-type", "application/json");
    response.end(JSON.stringify({ jsonrpc: "2.0", id, result: result(method) }));
  };

/** A number of 32 bytes: as an ABI offset it leads far beyond the answer. */
const FAR = `0x${"f".repeat(64)}`;
const BLOCK = { timestamp: "0x1", number: "0x1", transactions: [] };

const LIES: readonly [what: string, answer: (call: Call, response: ServerResponse) => void][] = [
  ["a web page", (_, response) => response.end("<html><script>alert(1)</script></html>")],
  ["nothing", (_, response) => response.end()],
  ["a closed connection", (_, response) => response.destroy()],
  ["status 401", (_, response) => response.writeHead(401).end("no")],
  [
    "an error that a terminal would obey",
    ({ id }, response) => {
      const error = { code: 3, message: `execution reverted: ${ESCAPE}`, data: "0x" };
      response.setHeader("content-type", "application/json");
      response.end(JSON.stringify({ jsonrpc: "2.0", id, error }));
    },
  ],
  ["null for everything", results(() => null)],
  ["an object for everything", results(() => ({ __proto__: null, length: 1e9 }))],
  ["text for everything", results(() => ESCAPE)],
  ["an empty account", results((method) => (method === "eth_getBlockByNumber" ? BLOCK : "0x"))],
  [
    "offsets that lead beyond the answer",
    results((method) => (method === "eth_chainId" ? "0x1" : method === "eth_getBlockByNumber" ? BLOCK : FAR)),
  ],
  [
    "one for everything, which as a boolean is yes",
    results((method) =>
      method === "eth_chainId"
        ? "0x1"
        : method === "eth_getBlockByNumber"
          ? BLOCK
          : `0x${"1".padStart(64, "0")}`,
    ),
  ],
];

const ON_CHAIN = ["--registry", REGISTRY];
const COMMANDS: readonly (readonly string[])[] = [
  ["status", ...ON_CHAIN, "--subject", SUBJECT, "--policy-id", `0x${"56".repeat(32)}`],
  ["doctor", ...ON_CHAIN],
  ["publish-policy", ...ON_CHAIN, ...publicArgs("eth-hedged-vault")],
];

async function staysCalm(command: readonly string[]): Promise<void> {
  const env = { KEEL_DEBUG: "1", KEEL_PRIVATE_KEY: `0x${"7".repeat(64)}` };
  const ended: Ended = await keelHere(command, { env });
  expect([3, 4], ended.stdout + ended.stderr).toContain(ended.code);
  if (command[0] !== "doctor") expect(errorOf(ended).code).not.toBe("internal");
  const shown = ended.stdout + ended.stderr;
  expect(shown).not.toContain("\u001b");
  expect(shown).not.toContain("\u202e");
  expect(shown).not.toContain(ACCESS_KEY);
  expect(shown).not.toContain("7".repeat(64));
}

describe("51 a node that lies", () => {
  it.each(LIES)("51 with %s is no yes and no crash", async (_, answer) => {
    const rpc = await node(answer);
    // Side by side: each of them waits for several answers.
    await Promise.all(COMMANDS.map(async (command) => await staysCalm([...command, "--rpc", rpc, "--json"])));
  });
});
