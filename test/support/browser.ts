// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * A real Chromium, and a static server for it with the headers that a console would be served with.
 *
 * @module
 */

import { readFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { extname } from "node:path";
import { type Browser, chromium } from "playwright-core";
import { findChromium } from "./chromium.js";

/** Starts one; see {@link findChromium}. */
export async function launchBrowser(): Promise<Browser> {
  const { executablePath, env } = await findChromium();
  const quiet = [
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
  ];
  return await chromium.launch({
    executablePath,
    args: ["--no-sandbox", "--disable-gpu", "--disable-quic", ...quiet],
    ...(env === undefined ? {} : { env: { ...(process.env as Record<string, string>), ...env } }),
  });
}

const TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html",
  ".js": "text/javascript",
  ".json": "application/json",
  ".wasm": "application/wasm",
};

/**
 * Serves files by exact address; remembers what was asked for, bodies of requests included.
 *
 * @param node address of a chain's node that pages may ask
 */
export async function serve(files: (address: string) => string | undefined, node = "") {
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
      "Content-Security-Policy": `default-src 'self'; connect-src 'self' ${node}; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'`,
      "Cross-Origin-Opener-Policy": "same-origin",
      "Cross-Origin-Embedder-Policy": "require-corp",
    });
    response.end(await readFile(path));
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const { port } = server.address() as AddressInfo;
  return { origin: `http://127.0.0.1:${port}`, requests, close: () => server.close() };
}
