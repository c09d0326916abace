// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Does the chain client tell a wrong chain, a wrong contract and a lost race apart, in words? Does a local chain end with the
 * process that started it?
 *
 * @module
 */
import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import {
  deployContract,
  loadArtifact,
  readDeployment,
  startLocalChain,
  writeDeployment,
} from "@keel/contracts";
import {
  connectRegistry,
  connectVault,
  enrol,
  isHealthy,
  type Receipt,
  revokeFor,
  submitAttestation,
  submitBatch,
  type Wallet,
} from "@keel/verifier/chain";
import { createPublicClient, createWalletClient, http } from "viem";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { undone } from "../support/chain.js";
import { attestation, ENROLMENT, type Fixture, POLICY, refused, startFixture } from "./fixture.js";
import { endProving } from "./statement-circuit.js";

let fixture: Fixture;

beforeAll(async () => {
  fixture = await startFixture();
});

afterAll(async () => {
  await fixture?.chain.stop();
  await endProving();
});

describe("51 the chain client", () => {
  it("says that the node is down", async () => {
    const client = createPublicClient({ transport: http("http://127.0.0.1:9", { retryCount: 0 }) });
    const error = await refused(connectRegistry(client, fixture.registry.address), "chain.call");
    expect(error.kind).toBe("environment");
  });

  it("says that there is no contract, or another one", async () => {
    const { client } = fixture.chain;
    await refused(connectRegistry(client, fixture.chain.signers[9]!.address), "registry.missing");
    await refused(connectRegistry(client, fixture.keel.policyBook), "chain.call");
  });

  it("refuses a node that lies about its chain", async () => {
    const { client, registry } = { client: fixture.chain.client, registry: fixture.registry.address };
    const lying = { ...client, getChainId: async () => 1 } as typeof client;
    const error = await refused(connectRegistry(lying, registry), "registry.domain");
    expect(error.kind).toBe("environment");
  });

  it("refuses a wallet of another chain", async () => {
    const chain = { ...fixture.cast.stranger.chain, id: 1 };
    const { account } = fixture.cast.stranger;
    const wallet = createWalletClient({ account, chain, transport: http(fixture.chain.rpcUrl) }) as Wallet;
    await refused(enrol(fixture.registry, wallet, ENROLMENT), "chain.id");
  });

  /** A wallet that lets something else happen between simulation and inclusion. */
  const slow = (meanwhile: () => Promise<unknown>): Wallet => {
    const { chain, cast } = fixture;
    const sendTransaction = async (transaction: Parameters<Wallet["sendTransaction"]>[0]) => {
      await meanwhile();
      // Mined by hand, because this node would otherwise answer with the refusal instead of a receipt.
      await chain.test.setAutomine(false);
      const hash = await cast.stranger.sendTransaction({ ...transaction, gas: 1_000_000n });
      await chain.test.mine({ blocks: 1 });
      await chain.test.setAutomine(true);
      return hash;
    };
    return { ...cast.stranger, sendTransaction } as Wallet;
  };

  it("names what went wrong when something else came between simulation and inclusion", async () => {
    const { chain, registry, cast } = fixture;
    const subject = cast.subject.account.address;
    const att = await attestation(fixture);
    await undone(chain, async () => {
      const close = () => revokeFor(registry, cast.guardian, subject, POLICY, "fraud");
      const error = await refused(submitAttestation(registry, slow(close), att), "registry.closedByGuardian");
      expect(error.kind).toBe("proof");
    });
  });

  it("65 calls it success when somebody else brought the same attestation first, and names their transaction", async () => {
    const { registry, cast } = fixture;
    const subject = cast.subject.account.address;
    const att = await attestation(fixture);
    let theirs: Receipt | undefined;
    const race = slow(async () => {
      theirs = await submitAttestation(registry, cast.guardian, att);
    });
    expect(await submitAttestation(registry, race, att)).toEqual({ ...theirs, already: true });
    expect(await isHealthy(registry, subject, POLICY)).toBe(true);
    expect(await submitBatch(registry, cast.stranger, [att])).toEqual({ ...theirs, already: true });
  });

  it("64 refuses another registry than the one that is expected, behind a vault too", async () => {
    const { client } = fixture.chain;
    const { chainId, registry } = fixture.keel;
    const clients = { walletClient: fixture.cast.deployer, publicClient: client };
    const token = await deployContract(clients, "TestToken", ["T", "T", 18]);
    const args = [token, "V", "V", registry, fixture.cast.subject.account.address, POLICY];
    const vault = await deployContract(clients, "GatedVault", args);
    await connectRegistry(client, registry, { chainId, registry });
    await connectVault(client, vault, { chainId, registry });
    const others = [
      { chainId: 1, registry },
      { chainId, registry: fixture.keel.policyBook },
    ];
    for (const expected of others) {
      const error = await refused(connectRegistry(client, registry, expected), "registry.foreign");
      expect(error.kind).toBe("environment");
      await refused(connectVault(client, vault, expected), "registry.foreign");
    }
  });
});

describe("a local chain", () => {
  it("answers, and ends with stop()", async () => {
    const chain = await startLocalChain();
    const client = createPublicClient({ transport: http(chain.rpcUrl, { retryCount: 0 }) });
    expect(await client.getChainId()).toBe(31337);
    expect(await client.getBalance({ address: chain.accounts[0]!.address })).toBe(10_000n * 10n ** 18n);
    await chain.stop();
    await chain.stop();
    await expect(client.getChainId()).rejects.toThrow();
  });

  it("neither keeps its parent alive nor outlives it", async () => {
    const script = `
      import { startLocalChain } from "@keel/contracts";
      console.log((await startLocalChain()).rpcUrl);
    `;
    const run = promisify(execFile)(process.execPath, ["--input-type=module", "-e", script], {
      timeout: 20_000,
    });
    const url = (await run).stdout.trim();
    expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
    const client = createPublicClient({ transport: http(url, { retryCount: 0 }) });
    const down = () =>
      client.getChainId().then(
        () => "up",
        () => "down",
      );
    await expect.poll(down, { timeout: 5_000 }).toBe("down");
  });

  it("says why it could not start: a port in use", async () => {
    const chain = await startLocalChain();
    const port = Number(new URL(chain.rpcUrl).port);
    const error = await refused(startLocalChain({ port }), "chain.start");
    expect(error.received).toContain("EADDRINUSE");
    await chain.stop();
  });
});

describe("deployment", () => {
  it("is written and read back whole; other files are refused", async () => {
    const folder = await mkdtemp(join(tmpdir(), "keel-"));
    const file = join(folder, "deployment.json");
    await writeDeployment(file, fixture.keel);
    expect(await readDeployment(file)).toEqual(fixture.keel);
    expect(JSON.parse(await readFile(file, "utf8")).keel).toBe("deployment/1");
    await writeFile(file, "{}");
    await refused(readDeployment(file), "deployment.format");
    await rm(folder, { recursive: true });
  });

  it("needs compiled contracts", async () => {
    await refused(loadArtifact("Nothing"), "contracts.artifact");
  });
});
