// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * What does each action of a strategy vault cost, and does a settlement cost the same however many requests wait?
 *
 * Gas of execution: the transaction's gas without its 21,000 and without its calldata. `vitest -u` writes the figures anew.
 *
 * @module
 */
import { loadArtifact } from "@keel/contracts";
import type { Wallet } from "@keel/verifier/chain";
import { type Address, encodeFunctionData, type Hex, hexToBytes, maxUint256 } from "viem";
import { afterAll, beforeAll, expect, it } from "vitest";
import { now, startTestChain, type TestChain, travelTo, write } from "../support/chain.js";
import {
  act,
  ask,
  COIN,
  DAY,
  deploy,
  LINE,
  makeWorld,
  nextPeriod,
  prove,
  SHARE,
  send,
  setupOf,
  shortString,
  type VaultWorld,
} from "../support/strategy-vault.js";

const MILLION = 1_000_000n;
/** What the design allows beyond the attestation. */
const MOST = 150_000;

let chain: TestChain;
let world: VaultWorld;
const rows: [string, number][] = [];

beforeAll(async () => {
  chain = await startTestChain();
  world = await makeWorld(chain, { terms: { managementFee: 200, performanceFee: 1_000, transit: 60 } });
});
afterAll(async () => chain?.stop());

const at = (wallet: Wallet): Address => wallet.account.address;

/** The call, and its gas of execution. */
async function measure(
  action: string,
  from: Wallet,
  method: string,
  ...args: readonly unknown[]
): Promise<number> {
  const { gasUsed } = await act(world, from, method, ...args);
  const data = encodeFunctionData({ abi: world.abi, functionName: method, args: [...args] });
  const calldata = hexToBytes(data).reduce((sum, byte) => sum + (byte === 0 ? 4 : 16), 0);
  const gas = Number(gasUsed) - 21_000 - calldata;
  rows.push([action, gas]);
  return gas;
}

/** Ten accounts ask for a deposit. */
async function askTen(): Promise<void> {
  for (const wallet of chain.wallets.slice(10, 20)) {
    await send(chain, wallet, world.token, "TestToken", "mint", [at(wallet), MILLION * COIN]);
    await send(chain, wallet, world.token, "TestToken", "approve", [world.vault, maxUint256]);
    await act(world, wallet, "requestDeposit", 100n * COIN, at(wallet), at(wallet));
  }
}

it("76: a settlement costs at most 150,000 beyond the attestation, however many requests wait", async () => {
  const { alice, bob, manager, custody, mallory } = world.people;
  const prepare = async (dollars: bigint) => {
    const asOf = await nextPeriod(world);
    await prove(world, dollars, asOf);
  };
  await prepare(MILLION);
  await measure("request a deposit, first", alice, "requestDeposit", 1_000n * COIN, at(alice), at(alice));
  await measure("request a deposit, later", bob, "requestDeposit", 1_000n * COIN, at(bob), at(bob));
  await prepare(MILLION);
  expect(await measure("settle, first", mallory, "settle", 0n)).toBeLessThanOrEqual(MOST);
  await measure("claim a deposit", alice, "deposit", 1_000n * COIN, at(alice), at(alice));
  await act(world, bob, "deposit", 1_000n * COIN, at(bob), at(bob));
  await measure("allocate", manager, "allocate", at(custody), 100n * COIN);
  await measure("return", custody, "returnAssets", 50n * COIN);
  for (const requests of [1, 11]) {
    if (requests > 1) await askTen();
    await act(world, alice, "requestDeposit", 10n * COIN, at(alice), at(alice));
    await measure(`request a redemption (${requests})`, bob, "requestRedeem", SHARE, at(bob), at(bob));
    await travelTo(chain, (await now(chain)) + 1);
    await prepare(MILLION + 100n * BigInt(requests));
    expect(
      await measure(`settle both sides, ${2 * requests} requests`, mallory, "settle", 0n),
    ).toBeLessThanOrEqual(MOST);
  }
  const [few, many] = rows.filter(([name]) => name.startsWith("settle both")).map(([, gas]) => gas);
  expect(Math.abs(many! - few!)).toBeLessThan(10_000);
  await measure(
    "claim a redemption",
    bob,
    "redeem",
    await ask(world, "maxRedeem", at(bob)),
    at(bob),
    at(bob),
  );
});

it("76: a long history makes a settlement little dearer", async () => {
  const { alice, manager, custody, mallory } = world.people;
  for (let i = 0; i < 40; i++) {
    await act(world, manager, "allocate", at(custody), 1n);
    await act(world, custody, "returnAssets", 1n);
  }
  await act(world, alice, "requestDeposit", 10n * COIN, at(alice), at(alice));
  await prove(world, MILLION, await nextPeriod(world));
  expect(await measure("settle, after 80 transfers", mallory, "settle", 0n)).toBeLessThanOrEqual(MOST);
});

it("a clone costs a tenth of a vault of its own, and both are below the limit of a contract's size", async () => {
  const factory = await deploy(chain, "VaultFactory");
  const { abi } = await loadArtifact("VaultFactory");
  const make = [setupOf(world), shortString("gas")];
  const { gasUsed } = await write(chain, world.people.owner, factory, abi, "make", make);
  rows.push(["make a clone, whole transaction", Number(gasUsed)]);
  for (const name of ["StrategyVault", "CloneVault"]) {
    const { deployedBytecode } = await loadArtifact(name);
    const size = (deployedBytecode.length - 2) / 2;
    rows.push([`bytes of ${name}`, size]);
    expect(size, name).toBeLessThan(24_576);
  }
});

it("77: a Morpho vault's gate has gas enough in the grace of a line that was tightened as often as one may be", async () => {
  const gate = await deploy(chain, "MorphoVaultGate", [world.registry, world.subject, LINE]);
  const registry = (method: string, ...args: readonly unknown[]) =>
    send(chain, world.people.owner, world.registry, "MockHealthRegistry", method, args);
  const policy = (i: number): Hex => `0x${(i + 64).toString(16).padStart(64, "0")}`;
  await registry("setLine", LINE, policy(0));
  for (let i = 1; i <= 15; i++) await registry("tightenLine", LINE, policy(i));
  const time = await now(chain);
  await registry("setHealthy", world.subject, policy(15), time, time + DAY);
  await travelTo(chain, time + 10);
  await registry("tightenLine", LINE, policy(16));
  const { abi } = await loadArtifact("MorphoVaultGate");
  const asked = {
    address: gate,
    abi,
    functionName: "canSendAssets",
    args: [world.people.alice.account.address],
  };
  expect(await chain.client.readContract(asked)).toBe(true);
});

it("is as committed", async () => {
  const table = `${rows.map(([action, gas]) => `${action.padEnd(40)}${String(gas).padStart(9)}`).join("\n")}\n`;
  await expect(table).toMatchFileSnapshot("vault-gas.snapshot.txt");
  console.info(table);
});
