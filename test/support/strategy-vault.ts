// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * A strategy vault on a chain of its own, with a registry that says what the test wants.
 *
 * @module
 */
import { deployContract, loadArtifact } from "@keel/contracts";
import type { Wallet } from "@keel/verifier/chain";
import {
  type Abi,
  type Address,
  BaseError,
  ContractFunctionRevertedError,
  getAddress,
  type Hex,
  maxUint256,
  stringToHex,
  zeroAddress,
} from "viem";
import { expect } from "vitest";
import { nextBlockAt, now, type TestChain, travelTo, write } from "./chain.js";

/** A period, and the first second of the story: a period's beginning. */
export const PERIOD = 600;
export const START = 2_000_000_400;
export const LINE: Hex = `0x${"11".repeat(32)}`;
export const POLICY: Hex = `0x${"22".repeat(32)}`;
/** A million shares stand for what custody holds at the start. */
export const SEED = 10n ** 14n;
export const HOUR = 3_600;
export const DAY = 86_400;
/** A dollar as the registry has it, and as the asset has it. */
export const USD = 10n ** 16n;
export const COIN = 10n ** 6n;
export const SHARE = 10n ** 8n;

export interface Terms {
  readonly assetFeed: Address;
  readonly feedStaleness: number;
  readonly dealingPeriod: number;
  readonly managementFee: number;
  readonly performanceFee: number;
  readonly feeReceiver: Address;
  readonly transit: number;
  readonly maxLag: number;
  readonly grace: number;
  readonly delay: number;
}

export interface Setup {
  readonly name: Hex;
  readonly symbol: Hex;
  readonly asset: Address;
  readonly owner: Address;
  readonly manager: Address;
  readonly gate: Address;
  readonly custody: Address;
  readonly seedHolder: Address;
  readonly seedShares: bigint;
  readonly terms: Terms;
}

export interface VaultWorld {
  readonly chain: TestChain;
  readonly people: Readonly<Record<"owner" | "manager" | "custody" | "alice" | "bob" | "mallory", Wallet>>;
  readonly subject: Address;
  readonly registry: Address;
  readonly gate: Address;
  readonly token: Address;
  readonly vault: Address;
  readonly abi: Abi;
}

/** A text of at most 31 bytes with their number in the last one. */
export function shortString(text: string): Hex {
  const bytes = stringToHex(text, { size: 32 });
  return `${bytes.slice(0, -2)}${text.length.toString(16).padStart(2, "0")}` as Hex;
}

export async function deploy(
  chain: TestChain,
  name: string,
  args: readonly unknown[] = [],
): Promise<Address> {
  const clients = { walletClient: chain.wallets[0]!, publicClient: chain.client };
  return getAddress(await deployContract(clients, name, args));
}

/** @param change of the set-up, and of its terms */
export function setupOf(
  world: Pick<VaultWorld, "people" | "gate" | "token">,
  { terms, ...change }: Partial<Omit<Setup, "terms">> & { readonly terms?: Partial<Terms> } = {},
): Setup {
  const { people, gate, token } = world;
  return {
    name: shortString("Keel Strategy"),
    symbol: shortString("KEEL"),
    asset: token,
    owner: people.owner.account.address,
    manager: people.manager.account.address,
    gate,
    custody: people.custody.account.address,
    seedHolder: people.manager.account.address,
    seedShares: SEED,
    ...change,
    terms: {
      assetFeed: zeroAddress,
      feedStaleness: 0,
      dealingPeriod: PERIOD,
      managementFee: 0,
      performanceFee: 0,
      feeReceiver: people.owner.account.address,
      transit: 0,
      maxLag: HOUR,
      grace: 7 * DAY,
      delay: 2 * DAY,
      ...terms,
    },
  };
}

/** The chain's clock is at START when the vault begins. */
export async function makeWorld(
  chain: TestChain,
  change: Parameters<typeof setupOf>[1] = {},
  asset: { readonly name: string; readonly args: readonly unknown[] } = {
    name: "TestToken",
    args: ["Dollar", "USD", 6],
  },
): Promise<VaultWorld> {
  const [owner, manager, custody, alice, bob, mallory, subject] = chain.wallets;
  const people = { owner, manager, custody, alice, bob, mallory } as VaultWorld["people"];
  const registry = await deploy(chain, "MockHealthRegistry");
  const token = await deploy(chain, asset.name, asset.args);
  await send(chain, owner!, registry, "MockHealthRegistry", "setLine", [LINE, POLICY]);
  const gate = await deploy(chain, "LineGate", [registry, subject!.account.address, LINE]);
  const bare = { chain, people, subject: subject!.account.address, registry, gate, token };
  await nextBlockAt(chain, Math.max(START, (await now(chain)) + 1));
  const vault = await deploy(chain, "StrategyVault", [setupOf(bare, change)]);
  const world = { ...bare, vault, abi: (await loadArtifact("StrategyVault")).abi };
  for (const user of [alice!, bob!, mallory!, custody!]) {
    await send(chain, user, token, "TestToken", "mint", [user.account.address, 10n ** 15n]);
    await send(chain, user, token, "TestToken", "approve", [vault, maxUint256]);
  }
  return world;
}

/** Expects that a contract refuses a call by the error of this name, with these values where they are given. */
export async function refusedAs(
  work: Promise<unknown>,
  errorName: string,
  args?: readonly unknown[],
): Promise<void> {
  const error = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error, `expected ${errorName}, but it succeeded`).toBeInstanceOf(BaseError);
  const revert = (error as BaseError).walk((cause) => cause instanceof ContractFunctionRevertedError);
  const { data } = (revert ?? {}) as ContractFunctionRevertedError;
  expect(data?.errorName, String(error)).toBe(errorName);
  if (args !== undefined) expect(data?.args).toEqual(args);
}

/** Calls a contract by its artifact's ABI. */
export async function send(
  chain: TestChain,
  from: Wallet,
  to: Address,
  name: string,
  method: string,
  args: readonly unknown[] = [],
): Promise<{ readonly gasUsed: bigint }> {
  const { abi } = await loadArtifact(name);
  return await write(chain, from, to, abi, method, args);
}

/** Calls the vault. */
export async function act(
  { chain, vault }: VaultWorld,
  from: Wallet,
  method: string,
  ...args: readonly unknown[]
): Promise<{ readonly gasUsed: bigint }> {
  return await send(chain, from, vault, "StrategyVault", method, args);
}

/** Reads the vault. */
export async function ask<T = bigint>(
  { chain, vault, abi }: VaultWorld,
  functionName: string,
  ...args: readonly unknown[]
): Promise<T> {
  return (await chain.client.readContract({ address: vault, abi, functionName, args })) as T;
}

/** Balance of the asset. */
export async function coins({ chain, token, abi }: VaultWorld, who: Address): Promise<bigint> {
  const call = { address: token, abi, functionName: "balanceOf", args: [who] } as const;
  return (await chain.client.readContract(call)) as bigint;
}

/**
 * An attestation: what custody is worth in dollars at a time, over the shares of then.
 *
 * @param units other ones than the vault's shares
 */
export async function prove(
  world: VaultWorld,
  dollars: bigint,
  asOf: number,
  { units, validity = DAY }: { readonly units?: bigint; readonly validity?: number } = {},
): Promise<void> {
  const { chain, people, registry, subject } = world;
  const call = (method: string, args: readonly unknown[]) =>
    send(chain, people.owner, registry, "MockHealthRegistry", method, args);
  await call("setHealthy", [subject, POLICY, asOf, asOf + validity]);
  await call("setValue", [subject, POLICY, dollars * USD, units ?? (await ask(world, "totalSupply"))]);
}

/** Makes the gate close. */
export async function lapse({ chain, people, registry, subject }: VaultWorld): Promise<void> {
  await send(chain, people.owner, registry, "MockHealthRegistry", "setUnhealthy", [subject, POLICY, 1]);
}

/** Goes to the beginning of the period after the next; everything asked for now is of one that ended. */
export async function nextPeriod({ chain }: VaultWorld): Promise<number> {
  const time = (Math.floor((await now(chain)) / PERIOD) + 1) * PERIOD;
  await travelTo(chain, time);
  return time;
}

/** Ends the period, proves what custody is worth at its end, and settles. */
export async function settleAt(world: VaultWorld, dollars: bigint): Promise<number> {
  const asOf = await nextPeriod(world);
  await prove(world, dollars, asOf);
  await act(world, world.people.mallory, "settle", 0n);
  return asOf;
}

/** What custody usually holds, in dollars. */
export const MILLION = 1_000_000n;

/** What people do in a vault, of the test's usual world when none is named. */
export function movesIn(usual: () => VaultWorld) {
  const at = (wallet: Wallet): Address => wallet.account.address;
  const shares = (who: Wallet, w = usual()) => ask(w, "balanceOf", at(who));
  const requestDeposit = (who: Wallet, assets: bigint, w = usual()) =>
    act(w, who, "requestDeposit", assets, at(who), at(who));
  const requestRedeem = (who: Wallet, amount: bigint, w = usual()) =>
    act(w, who, "requestRedeem", amount, at(who), at(who));
  const claimAll = async (who: Wallet, w = usual()): Promise<bigint> => {
    await act(w, who, "deposit", await ask(w, "maxDeposit", at(who)), at(who), at(who));
    return await shares(who, w);
  };
  /** Healthy, with a value of custody that counts from the next second on. */
  const open = async (dollars = MILLION, w = usual()): Promise<void> => {
    const time = await now(w.chain);
    await travelTo(w.chain, time + 1);
    await prove(w, dollars, time + 1);
  };
  /** Alice holds what a deposit gave her, at one dollar a share. */
  const aliceIn = async (assets: bigint, w = usual()): Promise<bigint> => {
    await open(MILLION, w);
    await requestDeposit(w.people.alice, assets, w);
    await settleAt(w, MILLION);
    return await claimAll(w.people.alice, w);
  };
  return { at, shares, requestDeposit, requestRedeem, claimAll, open, aliceIn };
}
