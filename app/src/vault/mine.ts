// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * What an account has at a strategy vault, its requests that wait among it: the vault knows amounts by id, and its logs know
 * which ids there are.
 *
 * @module
 */

import {
  type Claims,
  claimsOf,
  inSpans,
  latestBlock,
  pendingRequest,
  type RequestSide,
  type StrategyVault,
  strategyVaultAbi,
  toKeelError,
} from "@keel/verifier/chain";
import { type Address, erc20Abi } from "viem";

/** Of every strategy vault's share token. */
export const SHARE_DECIMALS = 8;

/** A request that is neither settled nor taken back. */
export interface OpenRequest {
  readonly side: RequestSide;
  /** The period that it was asked in. */
  readonly id: bigint;
  /** Assets of a deposit, shares of a redemption. */
  readonly amount: bigint;
}

/** What an account has. */
export interface Mine {
  /** Of the asset, in the wallet. */
  readonly balance: bigint;
  readonly claims: Claims;
  readonly requests: readonly OpenRequest[];
}

/** Ids that are looked at: an account may have 16 open requests a side at most, and old ones are settled. */
const MOST_IDS = 32;

/** @param fromBlock at or before the vault's first @throws KeelError kind "environment" */
export async function mineAt(vault: StrategyVault, owner: Address, fromBlock: bigint): Promise<Mine> {
  const { client } = vault.registry;
  const token = { address: vault.asset.address, abi: erc20Abi } as const;
  try {
    const [balance, claims, deposits, redemptions] = await Promise.all([
      client.readContract({ ...token, functionName: "balanceOf", args: [owner] }),
      claimsOf(vault, owner),
      openRequests(vault, "deposit", owner, fromBlock),
      openRequests(vault, "redeem", owner, fromBlock),
    ]);
    return { balance, claims, requests: [...deposits, ...redemptions] };
  } catch (error) {
    throw toKeelError(error);
  }
}

async function openRequests(
  vault: StrategyVault,
  side: RequestSide,
  owner: Address,
  fromBlock: bigint,
): Promise<OpenRequest[]> {
  const { registry, address } = vault;
  const eventName = side === "deposit" ? "DepositRequest" : "RedeemRequest";
  const call = {
    address,
    abi: strategyVaultAbi,
    eventName,
    args: { controller: owner },
    strict: true,
  } as const;
  const blocks = { fromBlock, toBlock: await latestBlock(registry) };
  const logs = await inSpans(blocks, (span) => registry.client.getContractEvents({ ...call, ...span }));
  const ids = [...new Set(logs.map(({ args }) => args.requestId))].slice(-MOST_IDS);
  const found = await Promise.all(
    ids.map(async (id) => ({ side, id, amount: await pendingRequest(vault, side, id, owner) })),
  );
  return found.filter(({ amount }) => amount > 0n);
}
