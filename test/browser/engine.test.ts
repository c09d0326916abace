// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Does the same code prove in a browser: in Web Workers, under a strict content security policy, without holding the page
 * up, and without a holding leaving it? In a real Chromium.
 *
 * @module
 */

import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { ensureCircuit } from "@keel/circuits";
import { parseAttestation, parseMarket, parsePolicy, verifyAttestation } from "@keel/verifier";
import { build } from "vite";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { launchBrowser, serve } from "../support/browser.js";
import type { Outcome } from "./page.js";

const EXAMPLE = resolve(import.meta.dirname, "../../examples/eth-hedged-vault");
const read = (name: string) => readFile(join(EXAMPLE, `${name}.json`), "utf8");

describe("a browser", () => {
  let folder: string;
  let outcome: Outcome;
  let longestTask = Number.POSITIVE_INFINITY;
  let requests: readonly { readonly method: string; readonly url: string; readonly body: string }[];

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "keel-browser-"));
    await build({
      root: import.meta.dirname,
      configFile: false,
      logLevel: "error",
      worker: { format: "es" },
      build: {
        outDir: folder,
        emptyOutDir: true,
        rollupOptions: {
          input: resolve(import.meta.dirname, "page.ts"),
          output: { entryFileNames: "page.js" },
        },
      },
    });
    await writeFile(
      join(folder, "index.html"),
      '<!doctype html><script type="module" src="/page.js"></script>',
    );
    const { witnessPath, zkeyPath } = await ensureCircuit("portfolio-health/spot-16");
    const server = await serve((address) => {
      if (address === "/circuit.wasm") return witnessPath;
      if (address === "/circuit.zkey") return zkeyPath;
      const example = /^\/example\/([a-z]+\.json)$/.exec(address);
      if (example !== null) return join(EXAMPLE, example[1]!);
      const path = join(folder, address === "/" ? "index.html" : address);
      return existsSync(path) ? path : undefined;
    });
    const browser = await launchBrowser();
    try {
      const page = await browser.newPage();
      await page.goto(server.origin);
      await page.waitForFunction(() => typeof globalThis.prove === "function");
      // What the page does itself it does each time; what a busy machine adds it does not.
      for (let round = 0; round < 5 && longestTask >= 50; round++) {
        await browser.startTracing(page, { categories: ["toplevel"] });
        outcome = await page.evaluate(() => globalThis.prove());
        longestTask = Math.min(longestTask, longestMainTask((await browser.stopTracing()).toString()));
      }
      requests = server.requests;
    } finally {
      await browser.close();
      server.close();
    }
  });

  afterAll(() => rm(folder, { recursive: true, force: true }));

  it("proves what Node verifies", async () => {
    const policy = parsePolicy(await read("policy"));
    const market = parseMarket(await read("market"));
    const { verificationKey } = await ensureCircuit(policy.circuit.id);
    const attestation = parseAttestation(outcome.attestation);
    expect(
      verifyAttestation({ attestation, policy, market, verificationKey, allowInsecure: true }).insecure,
    ).toBe(true);
  });

  it("shows progress by phase, and cancels", () => {
    expect(outcome.phases).toEqual(
      expect.arrayContaining(["witness", "evaluate", "transform", "multiply", "verify", "done"]),
    );
    expect(outcome.cancelled).toBe("prover.cancelled");
  });

  it("holds the main thread for no task of 50 ms, from loading a key to a verified proof", () => {
    expect(longestTask).toBeGreaterThan(0);
    expect(longestTask).toBeLessThan(50);
  });

  it("50 asks for files only, and sends nothing", () => {
    expect(requests.length).toBeGreaterThan(5);
    for (const { method, body } of requests) expect([method, body]).toEqual(["GET", ""]);
  });
});

/**
 * Milliseconds of the longest task of a page's main thread in a trace by Chromium: of processor time, so that a thread that
 * waits for its turn on a busy machine is not taken for one that works.
 */
function longestMainTask(trace: string): number {
  const { traceEvents } = JSON.parse(trace) as { traceEvents: TraceEvent[] };
  const isMain = ({ name, args }: TraceEvent) => name === "thread_name" && args?.name === "CrRendererMain";
  const threads = new Set(traceEvents.filter(isMain).map(threadOf));
  const tasks = traceEvents.filter(
    (event) => event.name.endsWith("::RunTask") && threads.has(threadOf(event)),
  );
  return tasks.reduce((longest, { tdur }) => Math.max(longest, tdur ?? 0), 0) / 1_000;
}

interface TraceEvent {
  readonly name: string;
  readonly pid: number;
  readonly tid: number;
  readonly args?: { readonly name?: string };
  /** Processor time, microseconds. */
  readonly tdur?: number;
}

const threadOf = ({ pid, tid }: TraceEvent): string => `${pid} ${tid}`;
