// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * A real Chromium, and a static server for it with the headers that a console would be served with.
 *
 * @module
 */

import { accessSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { extname } from "node:path";
import { type Browser, chromium } from "playwright-core";

const CANDIDATES = [
  process.env.KEEL_CHROMIUM,
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome",
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
];

/** Path of a Chromium on this machine, or undefined. */
export const CHROMIUM: string | undefined = CANDIDATES.find((path) => {
  if (path === undefined) return false;
  try {
    accessSync(path);
    return true;
  } catch {
    return false;
  }
});

export function launchBrowser(): Promise<Browser> {
  const quiet = [
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
  ];
  return chromium.launch({
    executablePath: CHROMIUM!,
    args: ["--no-sandbox", "--disable-gpu", "--disable-quic", ...quiet],
  });
}

const TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html",
  ".js": "text/javascript",
  ".json": "application/json",
  ".wasm": "application/wasm",
};

/** Serves files by exact address; remembers what was asked for, bodies of requests included. */
export async function serve(files: (address: string) => string | undefined) {
  const requests: { readonly method: string; readonly url: string; readonly body: string }[] = [];
  const server: Server = createServer(async (request, response) => {
    let body = "";
    for await (const part of request) body += part;
    requests.push({ method: request.method!, url: request.url!, body });
    const path = files(request.url!);
    if (path === undefined) {
      response.writeHead(404).end();
      return;
    }
    response.writeHead(200, {
      "Content-Type": TYPES[extname(path)] ?? "application/octet-stream",
      "Content-Security-Policy":
        "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'",
      "Cross-Origin-Opener-Policy": "same-origin",
      "Cross-Origin-Embedder-Policy": "require-corp",
    });
    response.end(await readFile(path));
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const { port } = server.address() as AddressInfo;
  return { origin: `http://127.0.0.1:${port}`, requests, close: () => server.close() };
}
