// SPDX-License-Identifier: MIT
/**
 * A client of strategy vaults: what is asked for, settled, claimed and wound down.
 *
 * @module
 */

import { type Address, encodeFunctionData, erc20Abi, type Hex, type PublicClient, zeroAddress } from "viem";
import { KeelError } from "../core/errors.js";
import type { Domain } from "../files/domain.js";
import { gatedVaultAbi } from "./abi.js";
import { toKeelError } from "./contract-errors.js";
import { connectRegistry, type Receipt, type Registry, send, type Wallet } from "./registry.js";
import { strategyVaultAbi } from "./strategy-vault-abi.js";
import { allow } from "./vault.js";

/** A strategy vault, and the gate that it has now. */
export interface StrategyVault {
  readonly address: Address;
  /** The registry that the gate asks. */
  readonly registry: Registry;
  readonly gate: Address;
  /** Whose net asset value prices the shares. */
  readonly subject: Address;
  readonly name: string;
  readonly asset: { readonly address: Address; readonly symbol: string; readonly decimals: number };
}

/** A strategy vault at the latest block; amounts in the asset's and the share's base units. */
export interface StrategyVaultStatus {
  /** The gate is open: deposits can be asked for, and assets allocated. */
  readonly healthy: boolean;
  readonly depositsPaused: boolean;
  readonly windingDown: boolean;
  /** Id that a request of now gets. */
  readonly period: bigint;
  readonly shares: bigint;
  /** All shares by the last settled price. */
  readonly assets: bigint;
  readonly idle: bigint;
  /** The proven value that requests can be settled by now; absent when there is none. */
  readonly proven?: { readonly value: bigint; readonly asOf: number };
}

/** What somebody has at a strategy vault. */
export interface Claims {
  readonly shares: bigint;
  /** To claim: shares of deposits, and assets of redemptions. */
  readonly claimableShares: bigint;
  readonly claimableAssets: bigint;
}

/** A side of a vault's requests. */
export type RequestSide = "deposit" | "redeem";

/**
 * Connects to a strategy vault and to the registry behind its gate.
 *
 * @param expected the registry that the caller knows: a vault can ask any that says what it wants
 * @throws KeelError kind `environment`, code `vault.missing` where there is no strategy vault with a gate, or as `connectRegistry`
 */
export async function connectStrategyVault(
  client: PublicClient,
  address: Address,
  expected?: Domain,
): Promise<StrategyVault> {
  const vault = { address, abi: strategyVaultAbi } as const;
  const found = await reach(async () => {
    const [gate, asset, name] = await Promise.all([
      client.readContract({ ...vault, functionName: "gate" }),
      client.readContract({ ...vault, functionName: "asset" }),
      client.readContract({ address, abi: erc20Abi, functionName: "name" }),
    ]);
    return { gate, asset, name };
  }).catch((cause: unknown) => {
    throw missing(address, "none", cause);
  });
  if (found.gate === zeroAddress) throw missing(address, "one without a gate");
  const gate = { address: found.gate, abi: gatedVaultAbi } as const;
  const token = { address: found.asset, abi: erc20Abi } as const;
  const [registry, subject, symbol, decimals] = await reach(() =>
    Promise.all([
      client.readContract({ ...gate, functionName: "registry" }),
      client.readContract({ ...gate, functionName: "subject" }),
      client.readContract({ ...token, functionName: "symbol" }),
      client.readContract({ ...token, functionName: "decimals" }),
    ]),
  );
  return {
    address,
    registry: await connectRegistry(client, registry, expected),
    gate: found.gate,
    subject,
    name: found.name,
    asset: { address: found.asset, symbol, decimals },
  };
}

/** How a vault stands. @throws KeelError kind `environment` */
export async function strategyVaultStatus({
  address,
  registry: { client },
}: StrategyVault): Promise<StrategyVaultStatus> {
  const vault = { address, abi: strategyVaultAbi } as const;
  const [healthy, depositsPaused, windingDown, period, shares, assets, idle] = await reach(() =>
    Promise.all([
      client.readContract({ ...vault, functionName: "isHealthy" }),
      client.readContract({ ...vault, functionName: "depositsPaused" }),
      client.readContract({ ...vault, functionName: "isWindingDown" }),
      client.readContract({ ...vault, functionName: "currentPeriod" }),
      client.readContract({ address, abi: erc20Abi, functionName: "totalSupply" }),
      client.readContract({ ...vault, functionName: "totalAssets" }),
      client.readContract({ ...vault, functionName: "idle" }),
    ]),
  );
  const status = { healthy, depositsPaused, windingDown, period, shares, assets, idle };
  const proven = await client
    .readContract({ ...vault, functionName: "provenValue" })
    .catch((error: unknown) => {
      const refusal = toKeelError(error);
      if (refusal.code === "chain.call") throw refusal;
      return undefined;
    });
  return proven === undefined ? status : { ...status, proven: { value: proven.value, asOf: proven.asOf } };
}

/** What an account has and can claim. @throws KeelError kind `environment` */
export async function claimsOf(
  { address, registry: { client } }: StrategyVault,
  owner: Address,
): Promise<Claims> {
  const vault = { address, abi: strategyVaultAbi, args: [owner] } as const;
  const [shares, claimableShares, claimableAssets] = await reach(() =>
    Promise.all([
      client.readContract({ address, abi: erc20Abi, functionName: "balanceOf", args: [owner] }),
      client.readContract({ ...vault, functionName: "maxMint" }),
      client.readContract({ ...vault, functionName: "maxWithdraw" }),
    ]),
  );
  return { shares, claimableShares, claimableAssets };
}

/** What of a request still waits. @throws KeelError kind `environment` */
export async function pendingRequest(
  { address, registry: { client } }: StrategyVault,
  side: RequestSide,
  id: bigint,
  owner: Address,
): Promise<bigint> {
  const functionName = side === "deposit" ? "pendingDepositRequest" : "pendingRedeemRequest";
  return await reach(() =>
    client.readContract({ address, abi: strategyVaultAbi, functionName, args: [id, owner] }),
  );
}

/** Asks for a deposit of the wallet's own; lets the vault take the amount first, and no more, where it may not yet. */
export async function requestDeposit(vault: StrategyVault, wallet: Wallet, assets: bigint): Promise<Receipt> {
  const owner = wallet.account.address;
  await allow(vault, wallet, assets);
  return await call(vault, wallet, "requestDeposit", [assets, owner, owner]);
}

/** Asks for a redemption of the wallet's own shares. Health never blocks it. */
export async function requestRedeem(vault: StrategyVault, wallet: Wallet, shares: bigint): Promise<Receipt> {
  const owner = wallet.account.address;
  return await call(vault, wallet, "requestRedeem", [shares, owner, owner]);
}

/** Takes a request of the wallet's own back. @throws KeelError `registry.tooLateToCancel` once its period is over */
export async function cancelRequest(
  vault: StrategyVault,
  wallet: Wallet,
  side: RequestSide,
  id: bigint,
): Promise<Receipt> {
  const owner = wallet.account.address;
  return await call(vault, wallet, side === "deposit" ? "cancelDeposit" : "cancelRedeem", [id, owner, owner]);
}

/**
 * Settles what was asked for in periods that ended before the proven value's time. Anybody may.
 *
 * @param round the asset feed's round at that time; of no meaning to a vault without a feed
 */
export async function settleRequests(vault: StrategyVault, wallet: Wallet, round = 0n): Promise<Receipt> {
  return await call(vault, wallet, "settle", [round]);
}

/** Claims all that was settled of the wallet's own requests of a side. */
export async function claimRequests(
  vault: StrategyVault,
  wallet: Wallet,
  side: RequestSide,
): Promise<Receipt> {
  const owner = wallet.account.address;
  const { client } = vault.registry;
  const functionName = side === "deposit" ? "maxDeposit" : "maxRedeem";
  const amount = await reach(() =>
    client.readContract({ address: vault.address, abi: strategyVaultAbi, functionName, args: [owner] }),
  );
  return await call(vault, wallet, side, [amount, owner, owner]);
}

/** Sends idle assets to a custody address of the vault's list. The manager's. */
export async function allocateAssets(
  vault: StrategyVault,
  wallet: Wallet,
  custody: Address,
  assets: bigint,
): Promise<Receipt> {
  return await call(vault, wallet, "allocate", [custody, assets]);
}

/** Brings assets back; lets the vault take the amount first, and no more, where it may not yet. */
export async function returnAssets(vault: StrategyVault, wallet: Wallet, assets: bigint): Promise<Receipt> {
  await allow(vault, wallet, assets);
  return await call(vault, wallet, "returnAssets", [assets]);
}

/** Begins the wind-down, where it may begin. Anybody may. */
export async function startWindDown(vault: StrategyVault, wallet: Wallet): Promise<Receipt> {
  return await call(vault, wallet, "windDown", []);
}

/** In a wind-down: gives up shares, or none, and is paid what is due so far. */
export async function surrenderShares(
  vault: StrategyVault,
  wallet: Wallet,
  shares: bigint,
): Promise<Receipt> {
  return await call(vault, wallet, "surrender", [shares, wallet.account.address]);
}

type Method =
  | "requestDeposit"
  | "requestRedeem"
  | "cancelDeposit"
  | "cancelRedeem"
  | "settle"
  | "deposit"
  | "redeem"
  | "allocate"
  | "returnAssets"
  | "windDown"
  | "surrender";

async function call(
  { registry, address }: StrategyVault,
  wallet: Wallet,
  functionName: Method,
  args: readonly unknown[],
): Promise<Receipt> {
  const data: Hex = encodeFunctionData({ abi: strategyVaultAbi, functionName, args } as Parameters<
    typeof encodeFunctionData
  >[0]);
  return await send(registry, wallet, address, data);
}

function missing(address: Address, received: string, cause?: unknown): KeelError {
  const details = { kind: "environment", code: "vault.missing", path: "vault" } as const;
  return new KeelError(
    { ...details, expected: `a strategy vault with a gate at ${address}`, received },
    { cause },
  );
}

async function reach<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw toKeelError(error);
  }
}
