// SPDX-License-Identifier: MIT
/**
 * A client of gated vaults: what the gate says and why, and what a depositor can do.
 *
 * @module
 */

import {
  type Address,
  encodeFunctionData,
  erc20Abi,
  erc4626Abi,
  formatUnits,
  type Hex,
  type PublicClient,
} from "viem";
import { inputError, KeelError } from "../core/errors.js";
import type { Domain } from "../files/domain.js";
import { gatedVaultAbi } from "./abi.js";
import { reach } from "./contract-errors.js";
import {
  connectRegistry,
  type Receipt,
  type Registry,
  type Status,
  send,
  statusOf,
  toKeelError,
  type Wallet,
} from "./registry.js";

/** A vault, and the gate in front of it. */
export interface GatedVault {
  readonly address: Address;
  /** The registry that the gate asks. */
  readonly registry: Registry;
  /** Whose portfolio must be healthy. */
  readonly subject: Address;
  readonly name: string;
  readonly asset: { readonly address: Address; readonly symbol: string; readonly decimals: number };
}

/** A vault as it stands at the latest block; amounts in units of the asset. */
export interface VaultStatus {
  /** The policy that the gate asks for now. */
  readonly policyId: Hex;
  readonly status: Status;
  readonly totalAssets: bigint;
}

/** What somebody has, in units of the asset. */
export interface Holding {
  /** In the wallet. */
  readonly balance: bigint;
  /** In the vault, and free to be withdrawn now. */
  readonly withdrawable: bigint;
}

/** Why a gate is closed. */
export type Closed = "neverAttested" | "expired" | "revokedBySubject" | "revokedByGuardian" | "voided";

/**
 * Connects to a vault and to the registry behind its gate.
 *
 * @param expected the registry that the caller knows: a vault can ask any that says what it wants
 * @throws KeelError kind `environment`, code `vault.missing` where there is no gated vault, or as `connectRegistry`
 */
export async function connectVault(
  client: PublicClient,
  address: Address,
  expected?: Domain,
): Promise<GatedVault> {
  const gate = { address, abi: gatedVaultAbi } as const;
  const vault = { address, abi: erc4626Abi } as const;
  // A node that does not answer is no missing vault.
  await client.getChainId().catch((error: unknown) => {
    throw toKeelError(error);
  });
  const found = await Promise.all([
    client.readContract({ ...gate, functionName: "registry" }),
    client.readContract({ ...gate, functionName: "subject" }),
    client.readContract({ ...vault, functionName: "asset" }),
    client.readContract({ address, abi: erc20Abi, functionName: "name" }),
  ]).catch((cause: unknown) => {
    const details = { kind: "environment", code: "vault.missing", path: "vault" } as const;
    const expected = `a gated vault at ${address}`;
    throw new KeelError({ ...details, expected, received: toKeelError(cause).received ?? "none" }, { cause });
  });
  const [registry, subject, asset, name] = found;
  const token = { address: asset, abi: erc20Abi } as const;
  const [symbol, decimals] = await reach(() =>
    Promise.all([
      client.readContract({ ...token, functionName: "symbol" }),
      client.readContract({ ...token, functionName: "decimals" }),
    ]),
  );
  return {
    address,
    registry: await connectRegistry(client, registry, expected),
    subject,
    name,
    asset: { address: asset, symbol, decimals },
  };
}

/** How the gate and the vault stand. @throws KeelError kind `environment` */
export async function vaultStatus({ address, registry, subject }: GatedVault): Promise<VaultStatus> {
  const { client } = registry;
  const [policyId, totalAssets] = await reach(() =>
    Promise.all([
      client.readContract({ address, abi: gatedVaultAbi, functionName: "policyId" }),
      client.readContract({ address, abi: erc4626Abi, functionName: "totalAssets" }),
    ]),
  );
  return { policyId, totalAssets, status: await statusOf(registry, subject, policyId) };
}

/** What an account has in its wallet and in the vault. @throws KeelError kind `environment` */
export async function holdingOf({ address, registry, asset }: GatedVault, owner: Address): Promise<Holding> {
  const { client } = registry;
  const [balance, withdrawable] = await reach(() =>
    Promise.all([
      client.readContract({
        address: asset.address,
        abi: erc20Abi,
        functionName: "balanceOf",
        args: [owner],
      }),
      client.readContract({ address, abi: erc4626Abi, functionName: "maxWithdraw", args: [owner] }),
    ]),
  );
  return { balance, withdrawable };
}

/** Why deposits are closed; undefined while they are open. */
export function whyClosed({ healthy, standing, asOf }: Status): Closed | undefined {
  if (healthy) return undefined;
  if (standing !== "open") return standing;
  return asOf === undefined ? "neverAttested" : "expired";
}

/**
 * Deposits for the wallet's own account; allows the vault to take the amount first, and no more, where it may not yet.
 *
 * @param assets in units of the asset
 * @throws KeelError `registry.notHealthy` while the gate is closed, `vault.balance`
 */
export async function depositAssets(vault: GatedVault, wallet: Wallet, assets: bigint): Promise<Receipt> {
  const { registry, address } = vault;
  const owner = wallet.account.address;
  const { status } = await vaultStatus(vault);
  // While the gate is closed nothing is allowed first: the deposit's own simulation says why, and nothing is sent.
  if (status.healthy) {
    checkAmount(vault, assets, (await holdingOf(vault, owner)).balance, "in the wallet");
    await allow(vault, wallet, assets);
  }
  const data = encodeFunctionData({ abi: erc4626Abi, functionName: "deposit", args: [assets, owner] });
  return await send(registry, wallet, address, data);
}

/** Lets a vault take an amount of the wallet's, and no more, where it may not yet. @internal */
export async function allow(
  { registry, address, asset }: Pick<GatedVault, "registry" | "address" | "asset">,
  wallet: Wallet,
  assets: bigint,
): Promise<void> {
  const token = { address: asset.address, abi: erc20Abi } as const;
  const args = [wallet.account.address, address] as const;
  const allowed = await reach(() =>
    registry.client.readContract({ ...token, functionName: "allowance", args }),
  );
  if (allowed >= assets) return;
  const approve = (amount: bigint): Hex =>
    encodeFunctionData({ abi: erc20Abi, functionName: "approve", args: [address, amount] });
  const call = { account: wallet.account, to: asset.address, data: approve(assets) };
  const changes = allowed === 0n || (await registry.client.call(call).then(isYes, isNo));
  // Some tokens change an allowance only from 0 or to 0.
  if (!changes) await send(registry, wallet, asset.address, approve(0n));
  await send(registry, wallet, asset.address, approve(assets));
}

const isYes = (): boolean => true;
const isNo = (): boolean => false;

/**
 * Withdraws to the wallet's own account. Health never blocks it.
 *
 * @param assets in units of the asset
 * @throws KeelError `vault.balance`
 */
export async function withdrawAssets(vault: GatedVault, wallet: Wallet, assets: bigint): Promise<Receipt> {
  const owner = wallet.account.address;
  const { withdrawable } = await holdingOf(vault, owner);
  checkAmount(vault, assets, withdrawable, "in the vault");
  const data = encodeFunctionData({
    abi: erc4626Abi,
    functionName: "withdraw",
    args: [assets, owner, owner],
  });
  return await send(vault.registry, wallet, vault.address, data);
}

function checkAmount({ asset }: GatedVault, assets: bigint, most: bigint, where: string): void {
  if (assets > 0n && assets <= most) return;
  const expected = `more than zero and at most the ${formatUnits(most, asset.decimals)} ${asset.symbol} ${where}`;
  throw inputError("vault.balance", "amount", expected, formatUnits(assets, asset.decimals));
}
