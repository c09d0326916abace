// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * A small static server for the built console: its headers, a node behind `/rpc`, and answers made on demand. On loopback.
 *
 * @module
 */

import { readFile } from "node:fs/promises";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { extname, join, normalize } from "node:path";
import { HEADERS } from "./headers.js";
import { pageOf } from "./paths.js";

/** What the server has besides files. */
export interface ServerOptions {
  /** The built console. */
  readonly folder: string;
  /** A free port when absent. */
  readonly port?: number;
  /** A node to hand JSON-RPC requests to. */
  readonly rpcUrl?: string;
  /** JSON made on demand, by path. */
  readonly answers?: Readonly<Record<string, () => unknown>>;
  /** Told of every request, with its body. */
  readonly onRequest?: (request: RecordedRequest) => void;
}

/** A request as it came in. */
export interface RecordedRequest {
  readonly method: string;
  readonly url: string;
  readonly body: string;
}

/** A running server. */
export interface ConsoleServer {
  readonly origin: string;
  close(): Promise<void>;
}

const TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript",
  ".css": "text/css",
  ".json": "application/json",
  ".svg": "image/svg+xml",
  ".wasm": "application/wasm",
};

/** Starts serving. */
export async function serveConsole(options: ServerOptions): Promise<ConsoleServer> {
  const server = createServer((request, response) => {
    answer(options, request, response).catch(() => response.writeHead(500, HEADERS).end());
  });
  await new Promise<void>((done, fail) => {
    server.once("error", fail).listen(options.port ?? 0, "127.0.0.1", done);
  });
  const { port } = server.address() as AddressInfo;
  return {
    origin: `http://127.0.0.1:${port}`,
    close: () =>
      new Promise((done) => {
        server.close(() => done());
        server.closeAllConnections();
      }),
  };
}

async function answer(
  options: ServerOptions,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { folder, rpcUrl, answers = {}, onRequest } = options;
  const method = request.method ?? "GET";
  const url = request.url ?? "/";
  const body = await readBody(request);
  onRequest?.({ method, url, body });
  const path = decodeURIComponent(new URL(url, "http://localhost").pathname);
  const send = (status: number, type: string, content: string | Uint8Array): void =>
    void response.writeHead(status, { ...HEADERS, "Content-Type": type }).end(content);
  if (method === "POST" && path === "/rpc" && rpcUrl !== undefined) {
    const headers = { "Content-Type": "application/json" };
    const reply = await fetch(rpcUrl, { method, headers, body });
    return send(reply.status, "application/json", await reply.text());
  }
  if (method !== "GET") return send(405, "text/plain", "");
  const made = Object.hasOwn(answers, path) ? answers[path] : undefined;
  if (made !== undefined) return send(200, "application/json", JSON.stringify(await made()));
  const page = pageOf(path);
  if (page !== undefined) return void response.writeHead(302, { ...HEADERS, Location: page }).end();
  // A path that was made plain cannot lead out of the folder.
  const file = join(folder, normalize(path === "/" ? "/index.html" : path));
  const content = await readFile(file).catch(() => undefined);
  if (content === undefined) return send(404, "text/plain", "");
  send(200, TYPES[extname(file)] ?? "application/octet-stream", content);
}

async function readBody(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  return Buffer.concat(parts).toString();
}
