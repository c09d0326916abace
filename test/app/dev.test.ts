// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Does `npm run dev` serve the console's sources with a funded example, build in watch mode, and end whole on Ctrl-C?
 *
 * @module
 */

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { PACKAGE } from "../support/cli.js";

let child: ChildProcess;
let origin: string;
let output = "";

/** Waits until the output says it. */
async function said(pattern: RegExp): Promise<RegExpExecArray> {
  for (;;) {
    const found = pattern.exec(output);
    if (found !== null) return found;
    await once(child.stdout!, "data");
  }
}

beforeAll(async () => {
  child = spawn(process.execPath, [join(PACKAGE, "dist/app/host/dev.js")], {
    env: { ...process.env, PORT: "0" },
    stdio: ["ignore", "pipe", 2],
  });
  child.stdout!.setEncoding("utf8").on("data", (text: string) => {
    output += text;
  });
  [origin] = await said(/http:\/\/127\.0\.0\.1:\d+/);
});

afterAll(() => void child.kill("SIGKILL"));

const get = async (path: string): Promise<Response> => await fetch(origin + path);

/** Processes that a process started, and those that they did. */
async function descendants(pid: number): Promise<number[]> {
  const text = await readFile(`/proc/${pid}/task/${pid}/children`, "utf8").catch(() => "");
  const own = text.split(" ").filter(Boolean).map(Number);
  return [...own, ...(await Promise.all(own.map(descendants))).flat()];
}

const isAlive = (pid: number): boolean => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

describe("npm run dev", () => {
  it("serves the sources, compiled as they are asked for", async () => {
    expect(await (await get("/")).text()).toContain("/@vite/client");
    const module = await (await get("/src/main.tsx")).text();
    expect(module).not.toContain("import type");
    expect(module).toContain("jsxDEV");
  });

  it("has a funded vault, its chain, and the circuits' files", async () => {
    const { vault } = (await (await get("/keel.json")).json()) as { readonly vault: string };
    expect(vault).toMatch(/^0x[0-9a-f]{40}$/i);
    const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method: "eth_getCode", params: [vault, "latest"] });
    const headers = { "Content-Type": "application/json" };
    const reply = await fetch(`${origin}/rpc`, { method: "POST", headers, body });
    expect(((await reply.json()) as { readonly result: string }).result.length).toBeGreaterThan(1000);
    const circuits = await (await get("/@id/__x00__virtual:keel-circuits")).text();
    const [, path] = /"path":"(circuits\/\w+\.wasm)"/.exec(circuits)!;
    expect((await (await get(`/${path}`)).arrayBuffer()).byteLength).toBeGreaterThan(100_000);
  });

  it("builds in watch mode", async () => {
    expect(await said(/Watching for file changes/)).not.toBeNull();
  });

  it("ends on Ctrl-C, with all that it started", async () => {
    const started = await descendants(child.pid!);
    expect(started.length).toBeGreaterThan(1);
    const ended = once(child, "exit");
    child.kill("SIGINT");
    expect(await ended).toEqual([0, null]);
    expect(started.filter(isAlive)).toEqual([]);
    await expect(fetch(origin)).rejects.toThrow();
  });
});
