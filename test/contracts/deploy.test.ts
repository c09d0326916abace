// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Can a deployment be run again, interrupted, extended and handed over, without doing anything twice?
 *
 * @module
 */
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  compileVerifiers,
  type DeployOptions,
  deployKeel,
  type KeelDeployment,
  readDeployment,
} from "@keel/contracts";
import { connectRegistry, latestVersion, type Wallet } from "@keel/verifier/chain";
import type { Address } from "viem";
import { afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { startTestChain, type TestChain } from "../support/chain.js";
import { refused } from "./fixture.js";
import { CIRCUIT, testVerifiers } from "./statement-circuit.js";

const FIRST = { circuit: CIRCUIT, contractName: "StatementVerifier" };
const SECOND = { circuit: CIRCUIT, contractName: "StatementVerifierSecond" };

const SEPOLIA = 11155111;

let chain: TestChain;
let folder: string;
let file: string;

beforeAll(async () => {
  await compileVerifiers(await testVerifiers());
});

beforeEach(async () => {
  chain = await startTestChain();
  folder = await mkdtemp(join(tmpdir(), "keel-"));
  file = join(folder, "deployment.json");
});

afterEach(async () => {
  await chain.stop();
  await rm(folder, { recursive: true });
});

const deployer = () => chain.wallets[0]!;
const transactions = () => chain.client.getTransactionCount({ address: deployer().account.address });

const deploy = (change: Partial<DeployOptions> = {}) =>
  deployKeel({
    walletClient: deployer(),
    publicClient: chain.client,
    publishers: [chain.signers[5]!.address, chain.signers[6]!.address],
    threshold: 2,
    verifiers: [FIRST],
    file,
    ...change,
  });

/** A wallet whose connection breaks after some transactions. */
function failingAfter(count: number): Wallet {
  let left = count;
  const guard =
    <Args extends unknown[], Result>(work: (...args: Args) => Promise<Result>) =>
    async (...args: Args): Promise<Result> => {
      if (left === 0) throw new Error("connection lost");
      left -= 1;
      return await work(...args);
    };
  const wallet = deployer();
  return {
    ...wallet,
    sendRawTransaction: guard(wallet.sendRawTransaction),
  } as Wallet;
}

/** A wallet that breaks once, at some transaction: before it reaches the node, or just after. */
function breakingAt(count: number, isSent: boolean): Wallet {
  const wallet = deployer();
  let number = 0;
  const sendRawTransaction: Wallet["sendRawTransaction"] = async (request) => {
    number += 1;
    if (number !== count) return await wallet.sendRawTransaction(request);
    if (isSent) await wallet.sendRawTransaction(request);
    throw new Error("killed");
  };
  return { ...wallet, sendRawTransaction } as Wallet;
}

describe("70: a deployment that is killed around a transaction", () => {
  it.each([
    ["before it reached the node", false],
    ["after it reached the node", true],
  ])("%s does not pay for it twice", async (_, isSent) => {
    const before = await transactions();
    await deploy({ file: join(folder, "whole.json") });
    const steps = (await transactions()) - before;
    // A contract, a call, and a verifier of a deployment.
    for (const at of [1, 3, 7, 9]) {
      const own = join(folder, `${at}.json`);
      const start = await transactions();
      await expect(deploy({ file: own, walletClient: breakingAt(at, isSent) })).rejects.toThrow("killed");
      expect(JSON.parse(await readFile(own, "utf8")).pending).toMatchObject({ nonce: start + at - 1 });
      await deploy({ file: own });
      expect((await transactions()) - start, `transaction ${at}`).toBe(steps);
    }
  });

  it("and whose transaction another one took the place of sends it anew", async () => {
    await expect(deploy({ walletClient: breakingAt(2, false) })).rejects.toThrow("killed");
    await deployer().sendTransaction({ to: deployer().account.address, value: 1n });
    const { registry } = await deploy();
    await connectRegistry(chain.client, registry);
  });

  it("is not gone on with by what a node says that lags behind", async () => {
    const other = await startTestChain(SEPOLIA);
    try {
      const clients = { walletClient: other.wallets[0]!, publicClient: other.client };
      const { nonce, ...rest } = await pendingOf(clients);
      const pending = { ...rest, nonce: nonce + 5 };
      const content = { keel: "deployment/1", chainId: SEPOLIA, fromBlock: 1, steps: {}, pending };
      await writeFile(file, JSON.stringify(content));
      await refused(deploy(clients), "deploy.nonce");
    } finally {
      await other.stop();
    }
  });
});

/** A transaction as a killed run leaves it. */
async function pendingOf(clients: Pick<DeployOptions, "walletClient" | "publicClient">) {
  const wallet = { ...clients.walletClient, sendRawTransaction: () => Promise.reject(new Error("killed")) };
  await expect(deploy({ ...clients, walletClient: wallet as Wallet })).rejects.toThrow("killed");
  return JSON.parse(await readFile(file, "utf8")).pending as { readonly nonce: number };
}

describe("a deployment with a file", () => {
  it("does nothing when it is run again", async () => {
    const first = await deploy();
    const sent = await transactions();
    expect(await deploy()).toEqual(first);
    expect(await transactions()).toBe(sent);
    expect(await readDeployment(file)).toEqual(first);
  });

  it("goes on where it was interrupted, wherever that was, and ends the same", async () => {
    const whole = await deploy({ file: join(folder, "whole.json") });
    const steps = await transactions();
    let deployment: KeelDeployment | undefined;
    let sent = 0;
    for (let run = 0; deployment === undefined; run++) {
      const before = await transactions();
      deployment = await deploy({ walletClient: failingAfter(3) }).catch((error: Error) => {
        expect(error.message).toContain("connection lost");
        return undefined;
      });
      sent += (await transactions()) - before;
      expect(run).toBeLessThan(20);
      if (deployment === undefined) await refused(readDeployment(file), "deployment.format");
    }
    expect(sent, "as many transactions as in one go").toBe(steps);
    expect(Object.keys(deployment.steps)).toEqual(Object.keys(whole.steps));
    const registry = await connectRegistry(chain.client, deployment.registry);
    expect(await latestVersion(registry, CIRCUIT)).toBe(1);
  });

  it("adds what is new: another verifier is the next version, all else stays", async () => {
    const first = await deploy();
    const second = await deploy({ verifiers: [FIRST, SECOND] });
    expect(second.verifiers.map(({ contractName, version }) => [contractName, version])).toEqual([
      ["StatementVerifier", 1],
      ["StatementVerifierSecond", 2],
    ]);
    expect(second).toMatchObject({
      registry: first.registry,
      fromBlock: first.fromBlock,
      authority: first.authority,
    });
    expect(second.verifiers[0]).toEqual(first.verifiers[0]);
  });

  it("makes anew what other arguments ask for, and what depends on it", async () => {
    const first = await deploy();
    const second = await deploy({ threshold: 1 });
    const changed = (
      ["authority", "policyBook", "marketBook", "feedMarket", "verifierBook", "registry"] as const
    ).filter((name) => first[name] !== second[name]);
    expect(changed).toEqual(["marketBook", "feedMarket", "registry"]);
    await connectRegistry(chain.client, second.registry);
  });

  it("makes everything anew on a chain that was started over", async () => {
    await deploy();
    await chain.stop();
    chain = await startTestChain();
    // Another contract now lies where the file has the authority.
    await deploy({ file: join(folder, "other.json"), threshold: 1 });
    const again = await deploy();
    await connectRegistry(chain.client, again.registry);
    expect(again.fromBlock).toBeGreaterThanOrEqual(1);
  });

  it("can be run again by a deployer that has handed everything over, but can then change nothing", async () => {
    const owner = chain.signers[9]!.address;
    const roles = { admin: owner, guardian: owner, verifierAdmin: owner, marketAdmin: owner, curator: owner };
    const first = await deploy({ roles });
    const sent = await transactions();
    expect(await deploy({ roles })).toEqual(first);
    expect(await transactions()).toBe(sent);
    const error = await refused(deploy({ roles, verifiers: [FIRST, SECOND] }), "deploy.role");
    expect(error).toMatchObject({ kind: "environment", path: "Authority.grantRole" });
  });

  it("refuses the file of another chain, and files that are none", async () => {
    const first = await deploy();
    await writeFile(file, JSON.stringify({ keel: "deployment/1", ...first, chainId: 1 }));
    await refused(deploy(), "deployment.chain");
    for (const text of ["", "{", "null", "[]", '{"keel":"policy/1"}']) {
      await writeFile(file, text);
      await refused(deploy(), "deployment.format");
      await refused(readDeployment(file), "deployment.format");
      expect(await readFile(file, "utf8"), "left as it was").toBe(text);
    }
  });

  it("names every address in a form that clients take", async () => {
    const { steps, ...deployment } = await deploy();
    const addresses: Address[] = Object.values(steps).map(({ address }) => address);
    expect(new Set(addresses).size).toBe(7);
    expect(addresses).toContain(deployment.registry);
  });
});
