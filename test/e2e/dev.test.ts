// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Can weeks be rehearsed: does the local chain start once, does its clock move, and do commands go by it?
 *
 * @module
 */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { createPublicClient, http } from "viem";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readyVerifiers } from "../../cli/dist/deploy-verifiers.js";
import { exampleTexts } from "../../dist/examples/generate.js";
import { STRATEGIES } from "../../dist/examples/strategies.js";
import { captured, errorOf, keelHere, publicArgs } from "../support/cli.js";
import { type RunningDev, startDev } from "../support/dev.js";

const WEEK = 7 * 86_400;
const STRATEGY = STRATEGIES[0]!;
const [, POLICY] = [publicArgs(STRATEGY.folder)[1]!, publicArgs(STRATEGY.folder)[3]!];

let folder: string;
let dev: RunningDev;
let state: string[];
const path = (name: string): string => join(folder, name);

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "keel-dev-"));
  state = ["--state", path("dev.json")];
  dev = await startDev(["--policy", POLICY, ...state], { HOME: homedir() });
});

afterAll(async () => {
  const ended = await dev?.stop();
  await rm(folder, { recursive: true, force: true });
  expect(ended?.code).toBe(0);
});

async function succeeds(args: readonly string[]) {
  const ended = await keelHere([...args, "--json"]);
  expect(ended.code, ended.stderr).toBe(0);
  return JSON.parse(ended.stdout);
}

async function blockTime(): Promise<number> {
  return Number((await createPublicClient({ transport: http(dev.started.rpc) }).getBlock()).timestamp);
}

/** The example of a moment, as files. */
async function bookOf(asOf: number): Promise<string[]> {
  const texts = exampleTexts(STRATEGY, { asOf });
  for (const [name, text] of Object.entries(texts)) await writeFile(path(`${name}.json`), text);
  return ["snapshot", "market", "policy"].flatMap((name) => [`--${name}`, path(`${name}.json`)]);
}

describe("keel dev", () => {
  it("prints RPC, registry and accounts, and has verifiers for the circuits that a policy needs", () => {
    const { rpc, chainId, registry, circuits, accounts } = dev.started;
    expect(rpc).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
    expect([chainId, circuits]).toEqual([31337, ["portfolio-health/spot-16"]]);
    expect(registry).toMatch(/^0x[0-9a-f]{40}$/);
    expect(accounts).toHaveLength(20);
  });

  it("has verifiers of tail risk too, where a policy limits it, and none of a circuit that is none", async () => {
    const { context } = captured();
    const [ready] = await readyVerifiers([{ circuit: "tail-risk/spot-64" }], context);
    expect(ready).toMatchObject({ circuit: "tail-risk/spot-64", insecure: true });
    const none = readyVerifiers([{ circuit: "tail-risk/65" }], context);
    await expect(none).rejects.toMatchObject({ code: "circuit.unknown" });
  });

  it("says of a second one that the first runs, and where", async () => {
    const ended = await keelHere(["dev", "start", "--policy", POLICY, ...state, "--json"]);
    expect([errorOf(ended).code, ended.code]).toEqual(["dev.running", 4]);
    expect(ended.stdout).toContain(dev.started.rpc);
  });

  it("moves its clock forward by a span or to a time, and never back", async () => {
    const before = await blockTime();
    const { now } = await succeeds(["dev", "time", "+7d", ...state]);
    expect(now - before).toBeGreaterThanOrEqual(WEEK);
    const hours = await succeeds(["dev", "time", "+3h", ...state]);
    expect(hours.now - hours.before).toBe(3 * 3600);
    const at = Math.ceil(hours.now / 86_400 + 1) * 86_400;
    const day = await succeeds(["dev", "time", new Date(at * 1000).toISOString(), ...state]);
    expect(day.now).toBe(at);
    const back = await keelHere(["dev", "time", String(before), ...state, "--json"]);
    expect([errorOf(back).code, back.code]).toEqual(["dev.time", 1]);
    for (const text of ["7d", "+7x", "yesterday", "+0d"]) {
      const ended = await keelHere(["dev", "time", text, ...state, "--json"]);
      expect(errorOf(ended).code, text).toBe("usage");
    }
  });

  it("has commands go by its clock when they are told of its node, and by the machine's otherwise", async () => {
    const book = await bookOf(await blockTime());
    const check = ["check", ...book];
    expect(errorOf(await keelHere([...check, "--json"])).code).toBe("input.future");
    const report = await succeeds([...check, "--rpc", dev.started.rpc]);
    expect(report.healthy).toBe(true);
  });

  it("goes back to its beginning, again and again", async () => {
    const { registry } = dev.started;
    await succeeds(["dev", "time", "+7d", ...state]);
    for (let i = 0; i < 2; i++) {
      const { now } = await succeeds(["dev", "reset", ...state]);
      expect(Math.abs(now - Date.now() / 1000)).toBeLessThan(3600);
      const id = `0x${"00".repeat(32)}`;
      const where = ["--rpc", dev.started.rpc, "--registry", registry];
      const ended = await keelHere(["status", ...where, "--subject", registry, "--policy-id", id, "--json"]);
      expect(JSON.parse(ended.stdout)).toMatchObject({ count: 0 });
    }
  });

  it("is missed by name where none runs", async () => {
    const ended = await keelHere(["dev", "reset", "--state", path("none.json"), "--json"]);
    expect([errorOf(ended).code, ended.code]).toEqual(["dev.none", 4]);
  });
});
