// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Does `keel deploy` refuse what would fail before anything is paid, go on wherever it was killed, and hand over to a Safe?
 *
 * The chain is a local one with Sepolia's id, and the Safe is the one that its project publishes.
 *
 * @module
 */
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { authorityAbi } from "@keel/verifier/chain";
import { type Address, getAddress, type Hex } from "viem";
import { generatePrivateKey, privateKeyToAddress } from "viem/accounts";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startTestChain, type TestChain, write } from "../support/chain.js";
import { type Ended, errorOf, keelHere, start } from "../support/cli.js";
import { makeSafe, type SafeCall, type TestSafe } from "../support/safe.js";

const SEPOLIA = 11155111;
const BASE = 8453;
const CIRCUIT = "portfolio-health/spot-16";
const DAY = 86_400;

let chain: TestChain;
let safe: TestSafe;
let folder: string;
const path = (name: string): string => join(folder, name);
const keyOf = (i: number) => ({ KEEL_PRIVATE_KEY: chain.accounts[i]!.privateKey });

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "keel-deploy-"));
  chain = await startTestChain(SEPOLIA);
  safe = await makeSafe(chain, chain.signers.slice(1, 4), 2);
});

afterAll(async () => {
  await chain?.stop();
  await rm(folder, { recursive: true, force: true });
});

/** The arguments of a deployment that is right. */
function args(file: string, change: Readonly<Record<string, string | undefined>> = {}): string[] {
  const options = {
    "--rpc": chain.rpcUrl,
    "--chain-id": String(SEPOLIA),
    "--publishers": chain.signers
      .slice(5, 8)
      .map(({ address }) => address)
      .join(","),
    "--threshold": "2",
    "--verifier": CIRCUIT,
    "--file": path(file),
    ...change,
  };
  const given = Object.entries(options).filter(([, value]) => value !== undefined);
  return ["deploy", ...(given.flat() as string[]), "--json"];
}

async function rolesFile(name: string, roles: object): Promise<string> {
  await writeFile(path(name), JSON.stringify({ keel: "roles/1", ...roles }));
  return path(name);
}

const sentBy = (i: number): Promise<number> =>
  chain.client.getTransactionCount({ address: chain.signers[i]!.address });

/** Every code that one refusal tells. */
function codesOf(ended: Ended): string[] {
  const { code, also = [] } = errorOf(ended);
  return [code, ...also.map((one) => one.code)].sort();
}

async function refused(options: readonly string[], i = 0): Promise<{ codes: string[]; exit: number | null }> {
  const before = await sentBy(i);
  const ended = await keelHere(options, { env: keyOf(i) });
  expect(await sentBy(i), "nothing was paid").toBe(before);
  return { codes: codesOf(ended), exit: ended.code };
}

describe("70: a deployment that would fail is refused before anything is paid", () => {
  it("on another chain than the one that is meant", async () => {
    const told = await refused(args("a.json", { "--chain-id": "1" }));
    expect(told).toEqual({ codes: ["deploy.chain"], exit: 1 });
  });

  it("by a network file, whose faults are told all at once", async () => {
    const network = { keel: "deploy/1", chainId: 0, publishers: ["0x12"], threshold: 2, verifiers: [], x: 1 };
    await writeFile(path("network.json"), JSON.stringify(network));
    const told = await refused([
      "deploy",
      "--rpc",
      chain.rpcUrl,
      "--network",
      path("network.json"),
      "--json",
    ]);
    expect(told.exit).toBe(1);
    expect(told.codes).toEqual(["input.range", "input.text", "input.unknown-key"]);
  });

  it("by delays that nobody lives to see the end of, and tables that may be of any time", async () => {
    const delays = { grants: 2 ** 32 - 1, market: 91 * DAY };
    const roles = { guardian: { account: chain.signers[4]!.address, executionDelay: 2 ** 32 - 1 } };
    const publishers = [chain.signers[5]!.address];
    const network = { keel: "deploy/1", chainId: SEPOLIA, publishers, threshold: 1, verifiers: [] };
    const sequencer = { feed: safe.factory, gracePeriod: 0 };
    const text = JSON.stringify({ ...network, delays, roles, sequencer, maxMarketDelay: 0 });
    await writeFile(path("long.json"), text);
    const options = ["deploy", "--rpc", chain.rpcUrl, "--network", path("long.json"), "--json"];
    const told = await refused(options);
    expect(told.codes.filter((code) => code === "input.range")).toHaveLength(5);
  });

  it("with publishers who cannot sign", async () => {
    const [one] = chain.signers;
    const change = { "--publishers": `${one!.address},${one!.address}`, "--threshold": "3" };
    const told = await refused(args("a.json", change));
    expect(told).toEqual({ codes: ["deploy.publishers", "deploy.publishers"], exit: 1 });
  });

  it("with a sequencer feed that is none, an EAS that is none", async () => {
    const nothing = getAddress(`0x${"77".repeat(20)}`);
    const told = await refused(args("a.json", { "--sequencer-feed": safe.factory, "--eas": nothing }));
    expect(told).toEqual({ codes: ["deploy.eas", "deploy.feed"], exit: 1 });
  });

  it("by a Safe that is none, on a chain without what a Safe makes contracts through", async () => {
    const told = await refused(
      args("a.json", { "--safe": path("batch.json"), "--safe-address": chain.signers[9]!.address }),
    );
    expect(told).toEqual({ codes: ["deploy.proxy", "deploy.receiver"], exit: 1 });
  });

  it("with an account that cannot pay", async () => {
    const key = generatePrivateKey();
    const ended = await keelHere(args("a.json"), { env: { KEEL_PRIVATE_KEY: key } });
    expect([errorOf(ended).code, ended.code]).toEqual(["deploy.balance", 4]);
    expect(errorOf(ended).path).toBe(privateKeyToAddress(key));
  });

  it("with an account whose transactions wait already", async () => {
    await chain.test.setAutomine(false);
    try {
      await chain.wallets[9]!.sendTransaction({ to: chain.signers[9]!.address, value: 1n });
      const told = await refused(args("a.json"), 9);
      expect(told).toEqual({ codes: ["deploy.busy"], exit: 4 });
    } finally {
      await chain.test.mine({ blocks: 1 });
      await chain.test.setAutomine(true);
    }
  });

  it("on a layer 2 with development keys, one key as administrator, and no sequencer feed", async () => {
    const base = await startTestChain(BASE);
    try {
      const ended = await keelHere(args("a.json", { "--rpc": base.rpcUrl, "--chain-id": String(BASE) }), {
        env: keyOf(0),
      });
      const codes = ["deploy.administrator", "deploy.developmentKey", "deploy.leftOut", "deploy.sequencer"];
      expect(codesOf(ended)).toEqual(codes);
      expect(ended.code).toBe(1);
      expect(await shortOn(base)).toEqual({
        "delays.market": "0 s",
        "roles.admin.executionDelay": "60 s",
        "roles.guardian": "both",
        roles: "none for verifierAdmin, marketAdmin",
      });
      expect(await base.client.getBlockNumber()).toBe(0n);
    } finally {
      await base.stop();
    }
  });

  /** What is told of a plan with delays that protect nobody, and with roles that nobody has. */
  async function shortOn(base: TestChain): Promise<Record<string, string>> {
    const account = { account: base.signers[1]!.address };
    const network = {
      ...{ keel: "deploy/1", chainId: BASE, publishers: [account.account], threshold: 1, verifiers: [] },
      delays: { market: 0, grants: 3600, short: ["grants"] },
      roles: {
        admin: { ...account, executionDelay: 60 },
        guardian: account,
        deployerKeeps: ["guardian", "curator"],
      },
    };
    await writeFile(path("short.json"), JSON.stringify(network));
    const options = ["deploy", "--rpc", base.rpcUrl, "--network", path("short.json"), "--json"];
    const { error } = JSON.parse((await keelHere(options, { env: keyOf(0) })).stdout);
    const told = [error, ...error.also] as { code: string; path: string; received: string }[];
    const ours = told.filter(({ code }) => /shortDelay|leftOut|keeps/.test(code));
    return Object.fromEntries(ours.map((one) => [one.path, one.received]));
  }

  it("by a file of another chain, another account's half-finished one, and one that is none", async () => {
    const file = (content: object) => writeFile(path("other.json"), JSON.stringify(content));
    const draft = { keel: "deployment/1", chainId: 1, fromBlock: 1, steps: {}, deployer: safe.address };
    await file(draft);
    expect((await refused(args("other.json"))).codes).toEqual(["deployment.chain", "deployment.deployer"]);
    await file({});
    expect(await refused(args("other.json"))).toEqual({ codes: ["deployment.format"], exit: 1 });
  });
});

describe("69: a hand-over to a wrong address", () => {
  const withAdmin = async (account: Address): Promise<string[]> =>
    args("a.json", { "--roles": await rolesFile("bad.json", { admin: { account, executionDelay: 0 } }) });

  it.each([
    ["nobody", () => getAddress(`0x${"00".repeat(20)}`), "deploy.nobody"],
    ["a precompile", () => getAddress(`0x${"00".repeat(19)}09`), "deploy.nobody"],
    [
      "where tokens are burnt",
      () => "0x000000000000000000000000000000000000dEaD" as Address,
      "deploy.nobody",
    ],
    ["a contract that cannot call others", () => safe.factory, "deploy.receiver"],
  ] as const)("to %s is refused", async (_, account, code) => {
    expect(await refused(await withAdmin(account()))).toEqual({ codes: [code], exit: 1 });
  });
});

describe("62 an administrator without an execution delay", () => {
  const planned = async (admin: object) => {
    const roles = await rolesFile("hasty.json", { admin: { account: safe.address, ...admin } });
    return await keelHere([...args("a.json", { "--roles": roles }), "--dry-run"], { env: keyOf(0) });
  };

  it("comes by nothing that is left out: the file says which delay", async () => {
    const ended = await planned({});
    expect([ended.code, ...codesOf(ended)]).toEqual([1, "input.type"]);
    expect(errorOf(ended).path).toContain("admin.executionDelay");
  });

  it("is warned of, and one with a delay is not", async () => {
    const warnings = async (executionDelay: number) =>
      JSON.parse((await planned({ executionDelay })).stdout).warnings.join("\n");
    expect(await warnings(0)).toContain("the administrator acts at once");
    expect(await warnings(2 * DAY)).not.toContain("acts at once");
  });
});

describe("a deployment to a test network", () => {
  let authority: Address;
  let fromBlock: number;
  let steps: number;
  /** What the run said that ended. */
  let deployed: {
    readonly handOver: { readonly deployerHolds: string[]; readonly roles: { readonly standing: string }[] };
    readonly acceptances: readonly string[];
  };
  let options: string[];
  const guardian = () => chain.signers[4]!;

  beforeAll(async () => {
    const admin = { account: safe.address, executionDelay: 2 * DAY };
    const roles = await rolesFile("roles.json", {
      admin,
      guardian: { account: guardian().address },
      verifierAdmin: { account: safe.address },
      marketAdmin: { account: safe.address },
      curator: { account: safe.address },
    });
    options = args("deployment.json", { "--roles": roles });
  });

  const run = async (more: readonly string[] = []) => {
    const ended = await keelHere([...options, ...more], { env: keyOf(0) });
    expect(ended.code, ended.stderr).toBe(0);
    return { ...JSON.parse(ended.stdout), stderr: ended.stderr };
  };

  it("is told step by step by a dry run, with what it costs and loud words on its keys, and nothing is sent", async () => {
    const before = await sentBy(0);
    const told = await run(["--dry-run"]);
    steps = told.steps.length;
    expect(steps).toBeGreaterThan(10);
    expect(told.steps[0]).toMatchObject({ step: "Authority" });
    expect(BigInt(told.cost)).toBe(BigInt(told.gas) * BigInt(told.fee));
    expect(told).toMatchObject({ covered: true, there: [], chainId: SEPOLIA });
    expect(told.warnings.join()).toMatch(/DEVELOPMENT KEYS on Sepolia.*anybody can forge/);
    expect(await sentBy(0)).toBe(before);
  });

  it("70: goes on by the same command wherever it is killed, and pays for no step twice", async () => {
    const before = await sentBy(0);
    const at = 6;
    const { child, ended } = start(options, { env: keyOf(0) });
    while ((await sentBy(0)) < before + at) {
      if (child.exitCode !== null) throw new Error(`ended before it was killed: ${(await ended).stderr}`);
    }
    child.kill("SIGKILL");
    expect((await ended).code).toBe(null);
    const told = await run();
    expect(await sentBy(0)).toBe(before + steps);
    expect(told.steps.length).toBeLessThanOrEqual(steps - at);
    deployed = told;
    ({ authority, fromBlock } = told.deployment);
    expect(JSON.parse(await readFile(path("deployment.json"), "utf8")).pending).toBe(undefined);
  });

  it("gives the roles to nobody who has not accepted them", () => {
    expect(deployed.handOver.deployerHolds).toEqual(["admin"]);
    const standings = deployed.handOver.roles.map(({ standing }) => standing);
    expect(new Set(standings)).toEqual(new Set(["has to accept"]));
  });

  it("is handed over when the Safe's owners and the guardian have accepted", async () => {
    expect(deployed.acceptances).toHaveLength(1);
    const batch = JSON.parse(await readFile(deployed.acceptances[0]!, "utf8"));
    expect(batch.meta.createdFromSafeAddress).toBe(safe.address.toLowerCase());
    for (const call of batch.transactions as SafeCall[]) await safe.execute(call);
    await write(chain, chain.wallets[4]!, authority, authorityAbi, "acceptRole", [1n]);
    const stranger = chain.signers[9]!.address;
    await write(chain, chain.wallets[0]!, authority, authorityAbi, "offerRole", [4n, stranger, 0]);
    const planned = await run(["--dry-run"]);
    expect(planned.warnings.join()).toContain(`curator is offered to ${stranger}`);
    expect(planned.steps.map(({ step }: { step: string }) => step)).toContain("Authority.withdrawOffer");
    const done = await run();
    expect(done.handOver).toMatchObject({ deployerHolds: [], leftovers: [] });
    const read = { address: authority, abi: authorityAbi } as const;
    const administrators = await chain.client.readContract({ ...read, functionName: "administrators" });
    expect(administrators).toEqual([getAddress(safe.address)]);
    const access = await chain.client.readContract({
      ...read,
      functionName: "getAccess",
      args: [0n, safe.address],
    });
    expect(access[1], "each act of the Safe waits").toBe(2 * DAY);
    // `keel watch` tells of the hand-over: offers, acceptances, and that the deployer gave up what it held.
    const watched = ["watch", "--rpc", chain.rpcUrl, "--deployment", path("deployment.json"), "--once"];
    const seen = await keelHere([...watched, "--since", String(fromBlock), "--json"]);
    expect([0, 2], seen.stderr).toContain(seen.code);
    expect(JSON.parse(seen.stdout)).toMatchObject({ notices: expect.any(Array) });
  });

  it("is refused by its own file when it is asked for with other arguments, and nothing more can be sent", async () => {
    const other = options.map((text, i) => (options[i - 1] === "--threshold" ? "3" : text));
    expect(await refused(other)).toEqual({ codes: ["deployment.arguments"], exit: 1 });
  });

  it("names the registry for every command, on its own chain only", async () => {
    const id = `0x${"00".repeat(32)}` as Hex;
    const status = (rpc: string) =>
      keelHere([
        "status",
        "--rpc",
        rpc,
        "--deployment",
        path("deployment.json"),
        "--subject",
        safe.address,
        "--policy-id",
        id,
        "--json",
      ]);
    const found = await status(chain.rpcUrl);
    expect(found.code, found.stderr).toBe(3);
    const base = await startTestChain(BASE);
    try {
      expect(errorOf(await status(base.rpcUrl)).code).toBe("deployment.chain");
    } finally {
      await base.stop();
    }
  });
});
