// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Is the vault a true ERC-4626 that takes deposits only from the healthy and gives withdrawals to everybody?
 *
 * @module
 */
import { deployContract } from "@keel/contracts";
import type { Attestation } from "@keel/verifier";
import {
  connectVault,
  depositAssets,
  revoke,
  revokeFor,
  submitAttestation,
  toKeelError,
  type Wallet,
} from "@keel/verifier/chain";
import { type Abi, type Address, encodeFunctionData, maxUint256, parseEther, toFunctionSelector } from "viem";
import { beforeAll, describe, expect, it } from "vitest";
import { nextBlockAt, travelTo, write } from "../support/chain.js";
import {
  abiOf,
  attestation,
  type Fixture,
  POLICY,
  refused,
  rewindEachTest,
  START,
  startFixture,
  TERMS,
  transact,
} from "./fixture.js";

/** Virtual shares an asset unit: the vault's six extra decimals. */
const OFFSET = 10n ** 6n;
const EXPIRY = START + TERMS.validity;

let fixture: Fixture;
let vaultAbi: Abi;
let tokenAbi: Abi;
let hookAbi: Abi;
let first: Attestation;
let alice: Wallet;
let mallory: Wallet;

beforeAll(async () => {
  fixture = await startFixture();
  [vaultAbi, tokenAbi, hookAbi] = await Promise.all([
    abiOf("GatedVault"),
    abiOf("TestToken"),
    abiOf("HookToken"),
  ]);
  first = await attestation(fixture);
  [alice, mallory] = [fixture.chain.wallets[8]!, fixture.chain.wallets[9]!];
});

const rewind = rewindEachTest(() => [fixture]);

interface Vault {
  readonly vault: Address;
  readonly token: Address;
}

/** A vault over a new token, with both users funded and the vault approved. */
async function open(
  tokenName = "TestToken",
  tokenArgs: readonly unknown[] = ["Ether", "ETH", 18],
): Promise<Vault> {
  const { cast, chain, registry } = fixture;
  const clients = { walletClient: cast.deployer, publicClient: chain.client };
  const token = await deployContract(clients, tokenName, tokenArgs);
  const args = [token, "Keel vault", "kv", registry.address, cast.subject.account.address, POLICY];
  const vault = await deployContract(clients, "GatedVault", args);
  for (const user of [alice, mallory]) {
    await write(chain, user, token, tokenAbi, "mint", [user.account.address, parseEther("1000000")]);
    await write(chain, user, token, tokenAbi, "approve", [vault, maxUint256]);
  }
  return { vault, token };
}

const attest = (att = first) => submitAttestation(fixture.registry, fixture.cast.stranger, att);

const read = async <T = bigint>(address: Address, name: string, args: readonly unknown[] = []): Promise<T> =>
  (await fixture.chain.client.readContract({ address, abi: vaultAbi, functionName: name, args })) as T;

const deposit = (user: Wallet, { vault }: Vault, assets: bigint) =>
  transact(fixture.chain, user, vault, vaultAbi, "deposit", [assets, user.account.address]);
const mint = (user: Wallet, { vault }: Vault, shares: bigint) =>
  transact(fixture.chain, user, vault, vaultAbi, "mint", [shares, user.account.address]);
const withdraw = (user: Wallet, { vault }: Vault, assets: bigint) =>
  transact(fixture.chain, user, vault, vaultAbi, "withdraw", [
    assets,
    user.account.address,
    user.account.address,
  ]);
const redeem = (user: Wallet, { vault }: Vault, shares: bigint) =>
  transact(fixture.chain, user, vault, vaultAbi, "redeem", [
    shares,
    user.account.address,
    user.account.address,
  ]);
const balance = (address: Address, user: Wallet) => read(address, "balanceOf", [user.account.address]);

describe("the client", () => {
  it.each([
    ["StrictToken", [], "that changes only from 0 or to 0", 3],
    ["TestToken", ["T", "T", 6], "of an ordinary token", 2],
  ] as const)("raises an allowance of %s", async (name, args, _, transactions) => {
    const { chain } = fixture;
    const { vault, token } = await open(name, args);
    await attest();
    for (const amount of [0n, 5n]) await write(chain, alice, token, tokenAbi, "approve", [vault, amount]);
    const sent = () => chain.client.getTransactionCount({ address: alice.account.address });
    const before = await sent();
    await depositAssets(await connectVault(chain.client, vault), alice, 1_000n);
    expect((await sent()) - before).toBe(transactions);
    expect(await read(vault, "totalAssets")).toBe(1_000n);
    expect(await read(token, "allowance", [alice.account.address, vault]), "no more than asked for").toBe(0n);
  });
});

describe("the gate", () => {
  it("refuses deposit and mint without an attestation, even of nothing, and says so in maxDeposit and maxMint", async () => {
    const vault = await open();
    for (const amount of [0n, 1n, parseEther("1")]) {
      await refused(deposit(alice, vault, amount), "registry.notHealthy");
      await refused(mint(alice, vault, amount), "registry.notHealthy");
    }
    expect(await read(vault.vault, "maxDeposit", [alice.account.address])).toBe(0n);
    expect(await read(vault.vault, "maxMint", [alice.account.address])).toBe(0n);
  });

  it("opens with an attestation and shuts at its expiry, to the second", async () => {
    const vault = await open();
    await attest();
    expect(await read(vault.vault, "maxDeposit", [alice.account.address])).toBe(maxUint256);
    expect(await read(vault.vault, "maxMint", [alice.account.address])).toBe(maxUint256);
    await nextBlockAt(fixture.chain, EXPIRY - 1);
    const { vault: address } = vault;
    const hash = await alice.writeContract({
      address,
      abi: vaultAbi,
      functionName: "deposit",
      args: [parseEther("1"), alice.account.address],
    });
    expect((await fixture.chain.client.waitForTransactionReceipt({ hash })).status).toBe("success");
    await travelTo(fixture.chain, EXPIRY);
    await refused(deposit(alice, vault, 1n), "registry.notHealthy");
    expect(await read(address, "maxDeposit", [alice.account.address])).toBe(0n);
  });

  it("41 shuts when the attestation is revoked by the subject or a guardian", async () => {
    const vault = await open();
    await attest();
    await deposit(alice, vault, 1n);
    await revoke(fixture.registry, fixture.cast.subject, POLICY, "mistake");
    await refused(deposit(alice, vault, 1n), "registry.notHealthy");
    await rewind();
    const again = await open();
    await attest();
    await revokeFor(
      fixture.registry,
      fixture.cast.guardian,
      fixture.cast.subject.account.address,
      POLICY,
      "fraud",
    );
    await refused(deposit(alice, again, 1n), "registry.notHealthy");
  });

  it("refuses to be built for a policy that nobody published", async () => {
    const { cast, chain, registry } = fixture;
    const clients = { walletClient: cast.deployer, publicClient: chain.client };
    const token = await deployContract(clients, "TestToken", ["T", "T", 18]);
    const args = [token, "v", "v", registry.address, cast.subject.account.address, `0x${"11".repeat(32)}`];
    const error = await deployContract(clients, "GatedVault", args).catch((reason: unknown) => reason);
    expect(toKeelError(error).code).toBe("registry.unknownPolicy");
  });
});

describe("42 ERC-4626", () => {
  it.each([6, 18])(
    "keeps previews, roundings and conversions for an asset of %i decimals",
    async (decimals) => {
      const vault = await open("TestToken", ["Asset", "A", decimals]);
      await attest();
      expect(await read<number>(vault.vault, "decimals")).toBe(decimals + 6);
      for (const assets of [1n, 999_999n, 123_456_789n]) {
        const shares = await read(vault.vault, "previewDeposit", [assets]);
        const before = await balance(vault.vault, alice);
        await deposit(alice, vault, assets);
        expect((await balance(vault.vault, alice)) - before).toBe(shares);
        await transact(fixture.chain, mallory, vault.token, tokenAbi, "transfer", [vault.vault, 7n]); // yield, so that prices are not round
        const cost = await read(vault.vault, "previewMint", [shares]);
        const worth = await read(vault.vault, "previewRedeem", [shares]);
        expect(cost).toBeGreaterThanOrEqual(worth);
        expect(await read(vault.vault, "convertToAssets", [shares])).toBeLessThanOrEqual(cost);
        expect(await read(vault.vault, "previewWithdraw", [worth])).toBeLessThanOrEqual(shares);
      }
      const shares = await balance(vault.vault, alice);
      const expected = await read(vault.vault, "previewRedeem", [shares]);
      const held = await balance(vault.token, alice);
      await redeem(alice, vault, shares);
      expect((await balance(vault.token, alice)) - held).toBe(expected);
    },
  );

  it("mint takes what it previews, withdraw burns what it previews, and nobody gains from a round trip", async () => {
    const vault = await open();
    await attest();
    await deposit(mallory, vault, 10n ** 9n + 7n);
    await transact(fixture.chain, mallory, vault.token, tokenAbi, "transfer", [vault.vault, 12_345n]);
    const start = await balance(vault.token, alice);
    const cost = await read(vault.vault, "previewMint", [333_333_333n]);
    await mint(alice, vault, 333_333_333n);
    expect(start - (await balance(vault.token, alice))).toBe(cost);
    const out = await read(vault.vault, "maxWithdraw", [alice.account.address]);
    const burnt = await read(vault.vault, "previewWithdraw", [out]);
    await withdraw(alice, vault, out);
    expect(333_333_333n - (await balance(vault.vault, alice))).toBe(burnt);
    expect(await balance(vault.token, alice)).toBeLessThanOrEqual(start);
  });

  it("an inflation attack by donation costs the attacker far more than the victim", async () => {
    const vault = await open();
    await attest();
    await deposit(mallory, vault, 1n);
    await transact(fixture.chain, mallory, vault.token, tokenAbi, "transfer", [
      vault.vault,
      parseEther("100000"),
    ]);
    const before = await balance(vault.token, alice);
    await deposit(alice, vault, parseEther("1"));
    await redeem(alice, vault, await balance(vault.vault, alice));
    const loss = before - (await balance(vault.token, alice));
    expect(loss).toBeLessThan(parseEther("0.1"));
    const spent = await balance(vault.token, mallory);
    await redeem(mallory, vault, await balance(vault.vault, mallory));
    const recovered = (await balance(vault.token, mallory)) - spent;
    expect(parseEther("100000") - recovered).toBeGreaterThan(loss * 10_000n);
  });

  it("a donation before the first deposit leaves the first depositor whole but for dust", async () => {
    const vault = await open();
    await transact(fixture.chain, mallory, vault.token, tokenAbi, "transfer", [
      vault.vault,
      parseEther("10"),
    ]);
    await attest();
    await deposit(alice, vault, parseEther("1"));
    const shares = await balance(vault.vault, alice);
    expect(await read(vault.vault, "previewRedeem", [shares])).toBeGreaterThan(parseEther("0.99999"));
  });

  it("refuses assets that take a fee on transfer, in deposit and in mint", async () => {
    const vault = await open("FeeToken", []);
    await attest();
    const error = await refused(deposit(alice, vault, parseEther("1")), "registry.assetShortfall");
    expect(error.received).toContain(parseEther("0.99").toString());
    await refused(mint(alice, vault, OFFSET * parseEther("1")), "registry.assetShortfall");
    expect(await read(vault.vault, "totalSupply")).toBe(0n);
  });

  it("stops an asset that calls back during deposit or withdrawal from entering again", async () => {
    const vault = await open("HookToken", []);
    await attest();
    await deposit(alice, vault, parseEther("10"));
    const again = async (name: string, args: readonly unknown[]) => {
      const data = encodeFunctionData({ abi: vaultAbi, functionName: name, args });
      await transact(fixture.chain, mallory, vault.token, hookAbi, "arm", [vault.vault, data]);
    };
    const told = (functionName: "answer" | "reentered") =>
      fixture.chain.client.readContract({ address: vault.token, abi: hookAbi, functionName });
    const { address } = mallory.account;
    const entries = { deposit: [0n, address], mint: [0n, address] };
    const exits = { withdraw: [0n, address, address], redeem: [0n, address, address] };
    for (const [name, args] of Object.entries({ ...entries, ...exits })) {
      await again(name, args);
      await (name in entries
        ? deposit(alice, vault, parseEther("1"))
        : withdraw(alice, vault, parseEther("1")));
      expect(await told("answer"), name).toBe(toFunctionSelector("ReentrancyGuardReentrantCall()"));
    }
    await again("totalAssets", []);
    await withdraw(alice, vault, 1n);
    expect(await told("reentered"), "the hook itself works").toBe(true);
  });

  it("leaves withdraw and redeem open when health lapses, is revoked, or never was", async () => {
    const vault = await open();
    await attest();
    await deposit(alice, vault, parseEther("3"));
    await travelTo(fixture.chain, EXPIRY + 1);
    expect(await read(vault.vault, "maxWithdraw", [alice.account.address])).toBe(parseEther("3"));
    await withdraw(alice, vault, parseEther("1"));
    await revokeFor(
      fixture.registry,
      fixture.cast.guardian,
      fixture.cast.subject.account.address,
      POLICY,
      "fraud",
    );
    await redeem(alice, vault, OFFSET * parseEther("1"));
    await withdraw(alice, vault, parseEther("1"));
    expect(await balance(vault.vault, alice)).toBe(0n);
  });

  it("gives nobody another's assets without an allowance", async () => {
    const vault = await open();
    await attest();
    await deposit(alice, vault, parseEther("1"));
    const args = [1n, mallory.account.address, alice.account.address];
    for (const name of ["withdraw", "redeem"]) {
      await expect(transact(fixture.chain, mallory, vault.vault, vaultAbi, name, args)).rejects.toThrow();
    }
    expect(await read(vault.vault, "maxWithdraw", [alice.account.address])).toBe(parseEther("1"));
  });
});
