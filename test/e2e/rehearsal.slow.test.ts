// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Three weeks of a fund on `keel dev`, with real proofs; and a deployment that a Safe executes itself.
 *
 * @module
 */
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { DEPLOYMENT_PROXY, DEPLOYMENT_PROXY_CODE } from "@keel/contracts";
import { authorityAbi } from "@keel/verifier/chain";
import { createPublicClient, getAddress, http } from "viem";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { exampleTexts } from "../../dist/examples/generate.js";
import { STRATEGIES } from "../../dist/examples/strategies.js";
import { startTestChain, type TestChain } from "../support/chain.js";
import { errorOf, keelHere, publicArgs, start } from "../support/cli.js";
import { type RunningDev, startDev } from "../support/dev.js";
import { makeSafe, type SafeCall, type TestSafe } from "../support/safe.js";

const STRATEGY = STRATEGIES[0]!;
const CIRCUIT = "portfolio-health/spot-16";
/** Accounts of the local chain; the subject is the examples' own. */
const [ANYBODY, SUBJECT, PUBLISHERS] = ["2", "1", ["5", "6"]] as const;

let folder: string;
const path = (name: string): string => join(folder, name);

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "keel-rehearsal-"));
});

afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

async function succeeds(args: readonly string[], env: Readonly<Record<string, string>> = {}, codes = [0]) {
  const ended = await keelHere([...args, "--json"], { env });
  expect(codes, `${ended.stdout}${ended.stderr}`).toContain(ended.code);
  return JSON.parse(ended.stdout);
}

describe("three weeks on keel dev", () => {
  let dev: RunningDev;
  let onChain: string[];
  const state = (): string[] => ["--state", path("dev.json")];

  beforeAll(async () => {
    const [, , , policy] = publicArgs(STRATEGY.folder);
    dev = await startDev(["--policy", policy!, ...state()], { HOME: homedir() });
    onChain = ["--rpc", dev.started.rpc, "--registry", dev.started.registry];
  });

  afterAll(async () => {
    await dev?.stop();
  });

  it("are attested week by week, and lapse in between", async () => {
    const client = createPublicClient({ transport: http(dev.started.rpc) });
    const files = ["--market", path("market.json"), "--policy", path("policy.json")];
    for (let week = 1; week <= 3; week++) {
      const asOf = Number((await client.getBlock()).timestamp);
      const texts = exampleTexts(STRATEGY, { asOf });
      for (const [name, text] of Object.entries(texts)) await writeFile(path(`${name}.json`), text);
      if (week === 1) {
        const list = ["--snapshot", path("snapshot.json"), "--policy", path("policy.json")];
        await succeeds(["enrol", ...list, "--out", path("enrolment.json")]);
        await succeeds(["publish-policy", ...files, ...onChain, "--account", ANYBODY]);
        await succeeds(["enrol", "--enrolment", path("enrolment.json"), ...onChain, "--account", SUBJECT]);
      }
      for (const account of PUBLISHERS) {
        const out = ["--account", account, "--out", path(`signature-${account}.json`), "--force"];
        await succeeds(["sign-market", ...files, ...onChain, ...out]);
      }
      const signatures = PUBLISHERS.flatMap((account) => ["--signature", path(`signature-${account}.json`)]);
      await succeeds(["publish-market", ...files, ...onChain, ...signatures, "--account", ANYBODY]);
      const drawdown = [
        ...(week === 1 ? [] : ["--state", path(`state-${week - 1}.json`)]),
        ...["--state-out", path(`state-${week}.json`)],
      ];
      const own = ["--snapshot", path("snapshot.json"), ...files, "--enrolment", path("enrolment.json")];
      const out = ["--chain-id", "31337", "--out", path(`week-${week}.json`)];
      await succeeds(["prove", ...own, ...onChain, ...drawdown, ...out]);
      const brought = ["--attestation", path(`week-${week}.json`), "--account", ANYBODY];
      await succeeds(["attest", ...files, ...onChain, ...brought]);
      const status = ["status", ...files, ...onChain, "--subject", STRATEGY.subject];
      expect(await succeeds(status)).toMatchObject({ healthy: true, count: week, lapses: week - 1 });
      await succeeds(["dev", "time", "+7d", ...state()]);
      expect(await succeeds(status, {}, [3])).toMatchObject({ healthy: false });
    }
    const record = await succeeds(["history", ...onChain]);
    expect(record).toMatchObject({ proofs: "verified", records: [{ count: 3 }] });
  });
});

describe("a deployment to a test network", () => {
  let chain: TestChain;
  let safe: TestSafe;
  let common: string[];
  const key = () => ({ KEEL_PRIVATE_KEY: chain.accounts[0]!.privateKey });

  beforeAll(async () => {
    chain = await startTestChain(11155111);
    safe = await makeSafe(chain, chain.signers.slice(1, 4), 2);
    const publishers = chain.signers.slice(5, 8).map(({ address }) => address);
    common = [
      ...["deploy", "--rpc", chain.rpcUrl, "--chain-id", "11155111", "--threshold", "2"],
      ...["--publishers", publishers.join(","), "--verifier", CIRCUIT],
    ];
  });

  afterAll(async () => {
    await chain?.stop();
  });

  it("is written for a Safe, executed by its owners in batches, and then found done", async () => {
    const options = [
      ...common,
      "--file",
      path("safe.json"),
      "--safe",
      path("batch.json"),
      "--safe-address",
      safe.address,
    ];
    expect(errorOf(await keelHere([...options, "--json"])).code).toBe("deploy.proxy");
    await chain.test.setCode({ address: DEPLOYMENT_PROXY, bytecode: DEPLOYMENT_PROXY_CODE });
    const written = await succeeds(options);
    expect(written.batches.length).toBeGreaterThan(1);
    for (const file of written.batches) {
      const { chainId, transactions } = JSON.parse(await readFile(file, "utf8"));
      expect(chainId).toBe("11155111");
      for (const call of transactions as SafeCall[]) await safe.execute(call);
    }
    const done = await succeeds(options);
    expect(done).toMatchObject({ batches: [], deployment: { registry: written.deployment.registry } });
    const [, delay] = await chain.client.readContract({
      address: done.deployment.authority,
      abi: authorityAbi,
      functionName: "getAccess",
      args: [0n, getAddress(safe.address)],
    });
    expect(delay).toBe(7 * 86_400);
    const logs = await chain.client.getLogs({ address: done.deployment.authority, fromBlock: 0n });
    expect(done.deployment.fromBlock).toBeLessThanOrEqual(Number(logs[0]!.blockNumber));
    expect(JSON.parse(await readFile(path("safe.json"), "utf8")).fromBlock).toBe(done.deployment.fromBlock);
    // Also for whoever has lost the file that the first run left.
    await rm(path("safe.json"));
    const again = await succeeds(options);
    expect(again.deployment.fromBlock).toBeLessThanOrEqual(Number(logs[0]!.blockNumber));
  });

  it("70: goes on wherever it is killed, at every step, and pays for none twice", async () => {
    const options = [...common, "--file", path("killed.json"), "--json"];
    const sent = () => chain.client.getTransactionCount({ address: chain.signers[0]!.address });
    const { steps } = await succeeds([...options, "--dry-run"], key());
    const before = await sent();
    for (let at = 1; at < steps.length; at++) {
      const { child, ended } = start(options, { env: key() });
      while ((await sent()) < before + at && child.exitCode === null) await new Promise(setImmediate);
      child.kill("SIGKILL");
      await ended;
    }
    await succeeds(options, key());
    expect(await sent()).toBe(before + steps.length);
  }, 540_000);

  it("is handed to a contract that is said to be able to accept, at somebody's word", async () => {
    const roles = { keel: "roles/1", admin: { account: safe.factory, unchecked: true, executionDelay: 0 } };
    await writeFile(path("roles.json"), JSON.stringify(roles));
    await succeeds(
      [...common, "--file", path("word.json"), "--roles", path("roles.json"), "--dry-run"],
      key(),
    );
  });
});
