// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * The same engine in Chromium: bundled as a page would have it, served with the headers that isolate a page.
 *
 * @module
 */
import { createReadStream } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { extname, join } from "node:path";
import { pipeline } from "node:stream/promises";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";
import { build } from "vite";
import type {} from "./page.js";
import type { SubjectOptions } from "./subject.js";

/** A page that proves when it is told to. */
export interface ProverPage {
  /** Milliseconds of one proof. */
  prove(): Promise<number>;
  close(): Promise<void>;
}

const TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html",
  ".js": "text/javascript",
  ".wasm": "application/wasm",
};

/** Opens a page with two workers and the key loaded; `folder` takes the bundle. */
export async function openPage(
  executablePath: string,
  { witness, zkey, input }: SubjectOptions,
  folder: string,
): Promise<ProverPage> {
  await bundle(folder);
  const files = new Map([
    ["/circuit.wasm", witness],
    ["/circuit.zkey", zkey],
    ["/input.json", input],
  ]);
  const server = createServer(({ url = "/" }, response) => {
    response.setHeader("Cross-Origin-Opener-Policy", "same-origin");
    response.setHeader("Cross-Origin-Embedder-Policy", "require-corp");
    response.setHeader("Content-Type", TYPES[extname(url)] ?? "application/octet-stream");
    if (url === "/index.html") response.end('<script type="module" src="/page.js"></script>');
    else
      pipeline(createReadStream(files.get(url) ?? join(folder, url)), response).catch(() => response.end());
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const browser = await chromium.launch({ executablePath, args: ["--no-sandbox", "--disable-gpu"] });
  const page = await browser.newPage();
  await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/index.html`);
  await page.waitForFunction(() => typeof globalThis.prove === "function", undefined, { timeout: 120_000 });
  return {
    prove: () => page.evaluate(() => globalThis.prove()),
    async close() {
      await browser.close();
      server.close();
    },
  };
}

async function bundle(folder: string): Promise<void> {
  await build({
    root: fileURLToPath(new URL(".", import.meta.url)),
    configFile: false,
    logLevel: "error",
    worker: { format: "es" },
    build: {
      target: "es2022",
      outDir: folder,
      emptyOutDir: false,
      rollupOptions: {
        input: fileURLToPath(new URL("./page.js", import.meta.url)),
        output: { entryFileNames: "page.js" },
      },
    },
  });
}
