// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Weeks of `keel run --once`, each with something that goes wrong: blocks taken back, a source that is dead, a market that is not
 * there, a full disk, an operator that is killed, a second operator. Every week ends attested, what went wrong was told by its
 * kind, and the state can be recovered at any time. KEEL_WEEKS says how many, KEEL_SEED which.
 *
 * @module
 */

import { spawn } from "node:child_process";
import { copyFile, cp, mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createProver, type Prover } from "@keel/engine";
import { statusOf } from "@keel/verifier/chain";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import type { OpenProver } from "../../cli/dist/context.js";
import { formatRunConfig, type RunFile } from "../../cli/dist/run/config.js";
import { now, travelTo } from "../support/chain.js";
import { PACKAGE } from "../support/cli.js";
import { type Fund, startFund, WEEK } from "../support/fund.js";
import { type HookedAlert, type ReceiverServer, startWebhook } from "../support/receivers.js";

const WEEKS = Number(process.env.KEEL_WEEKS ?? 1000);
const SEED = Number(process.env.KEEL_SEED ?? 75);
const LAUNCHER = join(PACKAGE, "cli/bin/keel.js");

vi.setConfig({ hookTimeout: 180_000, testTimeout: WEEKS * 30_000 });

/** Opened once: what loading a key takes is a good part of a week otherwise. Weeks in processes of their own open theirs. */
const opened = new Map<string, Promise<Prover>>();
let fund: Fund;
let hook: ReceiverServer<HookedAlert>;
let path: Fund["path"];

beforeAll(async () => {
  const shared: OpenProver = (options) => {
    const known = opened.get(options.zkey) ?? createProver(options);
    opened.set(options.zkey, known);
    return known;
  };
  [fund, hook] = [await startFund(shared), await startWebhook()];
  ({ path } = fund);
  const first = await fund.week("week");
  await fund.ok(["state", "init", "--vault", path("vault")]);
  await mkdir(path("in"));
  const list = ["--snapshot", join(first.folder, "snapshot.json"), "--policy", path("policy.json")];
  await fund.ok(["enrol", ...list, "--out", path("enrolment.json")]);
  await fund.ok(["enrol", "--enrolment", path("enrolment.json"), ...fund.onChain, "--account", "1"]);
  await fund.ok(["state", "backup", "--vault", path("vault"), "--out", path("backup.json")], PASSWORD);
});

afterAll(async () => {
  await Promise.all([fund?.stop(), hook?.stop()]);
  for (const prover of opened.values()) (await prover).close();
});

const PASSWORD = { KEEL_PASSWORD: "three clouds over a harbour" };

async function config(change: Partial<RunFile> = {}): Promise<string> {
  const file: RunFile = {
    ...{ keel: "run/1", subject: fund.subject, policy: "policy.json", enrolment: "enrolment.json" },
    ...{ vault: "vault", rounds: "rounds" },
    registry: { chainId: fund.chain.chainId, address: fund.registry.address, rpc: fund.chain.rpcUrl },
    book: { snapshot: "in/snapshot.json", units: "in/units.json" },
    market: { file: "in/market.json" },
    signer: { account: 2 },
    alerts: { webhook: [{ url: "env:HOOK" }] },
    ...change,
  };
  await writeFile(path("keel.toml"), formatRunConfig(file));
  return path("keel.toml");
}

const once = async (change?: Partial<RunFile>) =>
  await fund.run(["run", "--config", await config(change), "--once", "--log", "silent"], { HOOK: hook.url });

const placed = async (folder: string): Promise<void> => {
  for (const role of ["snapshot", "market", "units"])
    await copyFile(join(folder, `${role}.json`), path(`in/${role}.json`));
};

/** Runs it as a process, below a limit of file sizes or until it is killed. */
async function asProcess({
  limit,
  kill,
}: {
  readonly limit?: number;
  readonly kill?: number;
}): Promise<void> {
  const command = `trap '' XFSZ; ${limit === undefined ? "" : `ulimit -f ${limit};`} exec "$0" "$@"`;
  const args = [
    "-c",
    command,
    process.execPath,
    LAUNCHER,
    "run",
    "--config",
    await config(),
    "--once",
    "--log",
    "silent",
  ];
  const env = {
    PATH: process.env.PATH,
    HOME: process.env.HOME,
    KEEL_CACHE: process.env.KEEL_CACHE,
    HOOK: hook.url,
  };
  const child = spawn("bash", args, { env, stdio: "ignore" });
  const ended = new Promise((done) => child.once("exit", done));
  if (kill !== undefined) setTimeout(() => child.kill("SIGKILL"), kill);
  await ended;
}

/** Once, or again where the machine was too busy for its own chain to answer in time: told as such, and cured by another try. */
async function settled() {
  for (let tries = 0; ; tries++) {
    const ended = await once();
    const isLate = /"alert": ?"node"/.test(ended.stdout) && ended.stdout.includes("timed out");
    if (!isLate || tries === 5) return ended;
    expect(hook.taken.map(({ body }) => body.kind)).toContain("node");
  }
}

/** What goes wrong in a week, and the alert that it has to raise. */
const TROUBLES: Readonly<
  Record<string, { readonly alert?: string; work(random: () => number, folder: string): Promise<void> }>
> = {
  nothing: { work: async () => {} },
  reorganisation: {
    work: async () => {
      const id = await fund.chain.test.snapshot();
      expect((await once()).code).toBe(0);
      await fund.chain.test.revert({ id });
    },
  },
  deadSource: {
    alert: "source",
    work: async () => {
      await rm(path("in/snapshot.json"));
      await once();
    },
  },
  staleMarket: {
    alert: "market",
    work: async (_, folder) => {
      const { readFile } = await import("node:fs/promises");
      const market = JSON.parse(await readFile(join(folder, "market.json"), "utf8"));
      await writeFile(path("in/market.json"), JSON.stringify({ ...market, asOf: market.asOf - 5 }));
      await once();
    },
  },
  deadNode: {
    alert: "node",
    work: async () => {
      await once({
        registry: { chainId: fund.chain.chainId, address: fund.registry.address, rpc: "http://127.0.0.1:9" },
      });
    },
  },
  fullDisk: { alert: "disk", work: async () => await asProcess({ limit: 1 }) },
  killed: { work: async (random) => await asProcess({ kill: Math.floor(random() * 4_000) }) },
  secondOperator: {
    work: async () => {
      await rm(path("twin"), { recursive: true, force: true });
      await cp(path("vault"), path("twin"), { recursive: true });
      const theirs = await once({ vault: "twin", rounds: "twin-rounds", signer: { account: 3 } });
      expect(theirs.code, theirs.stdout).toBe(0);
    },
  },
  lostVault: {
    work: async () => {
      await rm(path("vault"), { recursive: true });
      const recover = [
        "state",
        "recover",
        "--vault",
        path("vault"),
        ...fund.onChain,
        "--subject",
        fund.subject,
      ];
      await fund.ok([...recover, "--backup", path("backup.json")], PASSWORD);
    },
  },
};

it(`75, 79 ${WEEKS} weeks of trouble: each ends attested, once, and told by the right kind`, async () => {
  let state = SEED;
  const random = (): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
  const names = Object.keys(TROUBLES);
  const met = new Map<string, number>();
  const missing: string[] = [];
  for (let week = 0; week < WEEKS; week++) {
    const name = names[Math.floor(random() * names.length)]!;
    const { alert, work } = TROUBLES[name]!;
    met.set(name, (met.get(name) ?? 0) + 1);
    hook.taken.length = 0;
    await travelTo(fund.chain, (await now(fund.chain)) + WEEK);
    const { asOf, folder } = await fund.week("week", 0);
    await placed(folder);
    await work(random, folder);
    const kinds = hook.taken.map(({ body }) => body.kind);
    // The start's own alert is one a day of real time: the second of its kind and words is the same alert.
    const isTold =
      alert === undefined || kinds.includes(alert) || (name === "deadNode" && met.get(name)! > 1);
    if (!isTold) missing.push(`week ${week}, seed ${SEED}: ${name} raised ${kinds.join(", ") || "nothing"}`);
    await placed(folder);
    const ended = await settled();
    expect(ended.code, `week ${week}, seed ${SEED}, ${name}: ${ended.stdout}`).toBe(0);
    const status = await statusOf(fund.registry, fund.subject, fund.policyId);
    expect([status.healthy, status.asOf], `week ${week}, seed ${SEED}, ${name}`).toEqual([true, asOf]);
    expect(status.count).toBe(week + 1);
    if (week % 50 === 49) console.log(`${week + 1} weeks, seed ${SEED}`);
  }
  console.log(
    `${WEEKS} weeks, seed ${SEED}: ${JSON.stringify(Object.fromEntries(met))}; not told: ${missing.length}`,
  );
  expect(missing).toEqual([]);
});
