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
  DEPLOYMENT_PROXY,
  DEPLOYMENT_PROXY_CODE,
  type DeployOptions,
  deployKeel,
  handOver,
  type KeelDeployment,
  ROLE,
  readDeployment,
} from "@keel/contracts";
import {
  authorityAbi,
  connectRegistry,
  feedMarketAbi,
  healthRegistryAbi,
  latestVersion,
  marketBookAbi,
  policyBookAbi,
  verifierBookAbi,
  type Wallet,
} from "@keel/verifier/chain";
import { type Abi, type Address, type PublicClient, TransactionReceiptNotFoundError } from "viem";
import { afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { now, startTestChain, type TestChain, travelTo, write } from "../support/chain.js";
import { refused } from "./fixture.js";
import { CIRCUIT, testVerifiers } from "./statement-circuit.js";

const FIRST = { circuit: CIRCUIT, contractName: "StatementVerifier" };
const SECOND = { circuit: CIRCUIT, contractName: "StatementVerifierSecond" };

const SEPOLIA = 11155111;
const DAY = 86_400;
const WEEK = 7 * DAY;

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
    // A contract, and a call.
    for (const at of [1, 7]) {
      const own = join(folder, `${at}.json`);
      const start = await transactions();
      await expect(deploy({ file: own, walletClient: breakingAt(at, isSent) })).rejects.toThrow("killed");
      expect(JSON.parse(await readFile(own, "utf8")).pending).toMatchObject({ nonce: start + at - 1 });
      await deploy({ file: own });
      expect((await transactions()) - start, `transaction ${at}`).toBe(steps);
    }
  });

  it("finds a transaction whose block comes between two questions", async () => {
    const before = await transactions();
    await deploy({ file: join(folder, "whole.json") });
    const steps = (await transactions()) - before;
    const start = await transactions();
    await expect(deploy({ walletClient: breakingAt(2, true) })).rejects.toThrow("killed");
    let asked = 0;
    const getTransactionReceipt: PublicClient["getTransactionReceipt"] = async ({ hash }) => {
      if (asked++ === 0) throw new TransactionReceiptNotFoundError({ hash });
      return await chain.client.getTransactionReceipt({ hash });
    };
    await deploy({ publicClient: { ...chain.client, getTransactionReceipt } as PublicClient });
    expect(asked).toBeGreaterThan(1);
    expect((await transactions()) - start).toBe(steps);
  });

  it("asks no node of another chain what became of it", async () => {
    await expect(deploy({ walletClient: breakingAt(2, true) })).rejects.toThrow("killed");
    const kept = await readFile(file, "utf8");
    const other = await startTestChain(SEPOLIA);
    try {
      await refused(deploy({ publicClient: other.client }), "deploy.chain");
      expect(await readFile(file, "utf8")).toBe(kept);
    } finally {
      await other.stop();
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
    const first = await deploy({ roles, receivers: [chain.wallets[9]!] });
    const sent = await transactions();
    expect(await deploy({ roles })).toEqual(first);
    expect(await transactions()).toBe(sent);
    const error = await refused(deploy({ roles, verifiers: [FIRST, SECOND] }), "deploy.role");
    expect(error).toMatchObject({ kind: "environment", path: "Authority.multicall" });
  });

  it("69 offers roles, and stays administrator until another one has accepted, over several runs", async () => {
    const owner = chain.wallets[9]!;
    const roles = { admin: owner.account.address, guardian: owner.account.address };
    const first = await deploy({ roles });
    const read = (functionName: "hasRole" | "offerOf", role: bigint, account: Address) =>
      chain.client.readContract({
        ...{ address: first.authority, abi: authorityAbi, functionName, args: [role, account] },
      });
    const own = deployer().account.address;
    expect(await read("hasRole", ROLE.admin, own)).toEqual([true, 0]);
    expect(await read("hasRole", ROLE.guardian, own)).toEqual([false, 0]);
    expect((await read("offerOf", ROLE.admin, owner.account.address))[0]).toBe(WEEK);
    const sent = await transactions();
    await deploy({ roles });
    expect(await transactions(), "what is offered is not offered again").toBe(sent);
    for (const role of [ROLE.admin, ROLE.guardian]) {
      await write(chain, owner, first.authority, authorityAbi, "acceptRole", [role]);
    }
    await deploy({ roles });
    expect(await read("hasRole", ROLE.admin, own)).toEqual([false, 0]);
    expect(await read("hasRole", ROLE.admin, owner.account.address)).toEqual([true, WEEK]);
    expect(await read("hasRole", ROLE.guardian, owner.account.address)).toEqual([true, 0]);
    expect(await read("hasRole", ROLE.curator, own), "what nobody was named for").toEqual([true, 0]);
  });

  it("62 sets the delays of roles and contracts, which count from the sixth day on", async () => {
    const keel = await deploy();
    const read = (functionName: string, ...args: unknown[]) =>
      chain.client.readContract({
        ...{ address: keel.authority, abi: authorityAbi as Abi, functionName, args },
      });
    await travelTo(chain, (await now(chain)) + 5 * 86_400);
    for (const role of [0n, 1n, 2n, 3n, 4n, 5n]) expect(await read("getRoleGrantDelay", role)).toBe(WEEK);
    const { authority, policyBook, marketBook, feedMarket, verifierBook, registry } = keel;
    for (const target of [authority, policyBook, marketBook, feedMarket, verifierBook, registry]) {
      expect(await read("getTargetAdminDelay", target)).toBe(WEEK);
    }
    expect(await read("hasRole", 5n, feedMarket)).toEqual([true, 0]);
    const books = [policyBookAbi, marketBookAbi, verifierBookAbi, feedMarketAbi] as const;
    for (const [i, address] of [policyBook, marketBook, verifierBook, feedMarket].entries()) {
      const abi = books[i] as Abi;
      expect(await chain.client.readContract({ address, abi, functionName: "delay" })).toBe(WEEK);
    }
    const restart = { address: registry, abi: healthRegistryAbi, functionName: "restartDelay" } as const;
    expect(await chain.client.readContract(restart)).toBe(86_400);
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

describe("70: a deployment that is run again with a corrected plan", () => {
  const own = () => deployer().account.address;
  const ask = async (keel: KeelDeployment, functionName: string, ...args: unknown[]) =>
    (await chain.client.readContract({
      ...{ address: keel.authority, abi: authorityAbi as Abi, functionName, args },
    })) as readonly [unknown, unknown];
  const accept = (who: Wallet, keel: KeelDeployment, role: bigint) =>
    write(chain, who, keel.authority, authorityAbi, "acceptRole", [role]);
  const settled = async (change: Partial<DeployOptions>) => {
    const sent = await transactions();
    await deploy(change);
    expect(await transactions(), "nothing is left to correct").toBe(sent);
  };

  it("corrects the delay of an offer", async () => {
    const owner = chain.signers[9]!.address;
    const keel = await deploy({ roles: { admin: owner }, executionDelays: { admin: DAY } });
    const change = { roles: { admin: owner }, executionDelays: { admin: 2 * DAY } };
    await deploy(change);
    expect((await ask(keel, "offerOf", ROLE.admin, owner))[0]).toBe(2 * DAY);
    await settled(change);
  });

  it("stays until a delay is right that was accepted wrong", async () => {
    const owner = chain.wallets[9]!;
    const roles = { admin: owner.account.address };
    const keel = await deploy({ roles, executionDelays: { admin: DAY } });
    await accept(owner, keel, ROLE.admin);
    const change = { roles, executionDelays: { admin: 3 * DAY } };
    await deploy(change);
    expect((await ask(keel, "hasRole", ROLE.admin, own()))[0]).toBe(true);
    expect((await ask(keel, "offerOf", ROLE.admin, owner.account.address))[0]).toBe(3 * DAY);
    await accept(owner, keel, ROLE.admin);
    await deploy(change);
    expect((await ask(keel, "hasRole", ROLE.admin, own()))[0]).toBe(false);
    expect(await ask(keel, "hasRole", ROLE.admin, owner.account.address)).toEqual([true, 3 * DAY]);
    await settled(change);
  });

  it("corrects the delays of roles and contracts, also those that do not count yet", async () => {
    const keel = await deploy();
    const change = { roleDelays: { grant: 2 * DAY, target: 3 * DAY } };
    await deploy(change);
    await settled(change);
    await travelTo(chain, (await now(chain)) + 6 * DAY);
    for (const role of [0n, 1n, 2n, 3n, 4n, 5n])
      expect(await ask(keel, "getRoleGrantDelay", role)).toBe(2 * DAY);
    const { authority, policyBook, marketBook, feedMarket, verifierBook, registry } = keel;
    for (const target of [authority, policyBook, marketBook, feedMarket, verifierBook, registry]) {
      expect(await ask(keel, "getTargetAdminDelay", target)).toBe(3 * DAY);
    }
    await settled(change);
    await deploy({ roleDelays: { grant: 0, target: 3 * DAY } });
    await travelTo(chain, (await now(chain)) + 6 * DAY);
    expect(await ask(keel, "getRoleGrantDelay", ROLE.curator)).toBe(0);
  });

  it("says what it may no longer correct once it has handed over", async () => {
    const owner = chain.signers[9]!.address;
    const roles = { admin: owner, guardian: owner, verifierAdmin: owner, marketAdmin: owner, curator: owner };
    await deploy({ roles, receivers: [chain.wallets[9]!] });
    const error = await refused(deploy({ roles, roleDelays: { grant: DAY } }), "deploy.role");
    expect(error.received).toMatch(/grant delay of role 0: 604800 s instead of 86400 s/);
  });

  it("69 takes back what was offered to a mistyped address", async () => {
    const [typo, owner] = [chain.wallets[8]!, chain.wallets[9]!];
    const roles = { admin: owner.account.address };
    const keel = await deploy({
      roles: { admin: typo.account.address, curator: typo.account.address },
    });
    await deploy({ roles });
    for (const role of [ROLE.admin, ROLE.curator]) {
      expect(await ask(keel, "offerOf", role, typo.account.address)).toEqual([0, 0]);
      await expect(accept(typo, keel, role)).rejects.toThrow("0xb0f5cd0a"); // NothingOffered
    }
    await accept(owner, keel, ROLE.admin);
    await deploy({ roles });
    expect(await ask(keel, "administrators")).toEqual([owner.account.address]);
    await settled({ roles });
  });

  it("69 takes back offers at the hand-over that were made by hand", async () => {
    const roles = { admin: chain.signers[9]!.address };
    const keel = await deploy({ roles, file: join(folder, "other.json") });
    const stranger = chain.signers[8]!.address;
    const by = { ...{ address: keel.authority, abi: authorityAbi } } as const;
    await write(chain, deployer(), by.address, by.abi, "offerRole", [ROLE.guardian, stranger, 0]);
    const options = {
      ...{ walletClient: deployer(), publicClient: chain.client, verifiers: [], roles },
      ...{ publishers: [stranger], threshold: 1 },
    };
    await handOver(options, keel);
    expect(await ask(keel, "offerOf", ROLE.guardian, stranger)).toEqual([0, 0]);
    expect((await ask(keel, "offerOf", ROLE.admin, roles.admin))[1]).not.toBe(0);
  });

  it("69 does not leave the authority to an administrator whom the plan does not name", async () => {
    const [typo, owner] = [chain.wallets[8]!, chain.wallets[9]!];
    const keel = await deploy({ roles: { admin: typo.account.address }, executionDelays: { admin: 0 } });
    await accept(typo, keel, ROLE.admin);
    const roles = { admin: owner.account.address };
    await deploy({ roles });
    await accept(owner, keel, ROLE.admin);
    await deploy({ roles });
    expect((await ask(keel, "hasRole", ROLE.admin, own()))[0]).toBe(true);
    const taken = [ROLE.admin, typo.account.address];
    await write(chain, deployer(), keel.authority, authorityAbi, "revokeRole", taken);
    await deploy({ roles });
    expect(await ask(keel, "administrators")).toEqual([owner.account.address]);
  });

  it("finds the first block of contracts that somebody else has made already", async () => {
    await chain.test.setCode({ address: DEPLOYMENT_PROXY, bytecode: DEPLOYMENT_PROXY_CODE });
    const first = await deploy({ throughProxy: true });
    const logs = await chain.client.getLogs({ fromBlock: 0n });
    const started = logs.find(({ address }) => address === first.authority.toLowerCase())!.blockNumber;
    // One by one: a node that leaves blocks out has no states of them.
    for (let i = 0; i < 6; i++) await chain.test.mine({ blocks: 1 });
    const second = await deploy({ throughProxy: true, file: join(folder, "other.json") });
    expect(second.registry).toBe(first.registry);
    expect(second.fromBlock).toBe(Number(started));
  });
});
