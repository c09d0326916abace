// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Lenders that a chain is known to have. Each that the mapping leaves out is asked what the owner owes to it: nobody finds
 * a debt by not looking.
 *
 * @module
 */

import { type Address, parseAbi } from "viem";
import { LENDERS, type LenderKind } from "./lenders-data.js";
import type { ChainMapping } from "./mapping.js";
import { ask, type ChainView } from "./read.js";

/** A lending protocol's deployment whose address is known. */
export interface KnownLender {
  readonly kind: LenderKind;
  readonly name: string;
  readonly address: Address;
}

const lenderAbi = parseAbi([
  "function getUserAccountData(address user) view returns (uint256 collateral, uint256 debt, uint256 available, uint256 threshold, uint256 ltv, uint256 healthFactor)",
  "function borrowBalanceOf(address account) view returns (uint256)",
  "function getAssetsIn(address account) view returns (address[])",
  "function borrowBalanceStored(address account) view returns (uint256)",
]);

/** The lenders that are known of a chain; none for most chains. */
export function knownLenders(chainId: number): KnownLender[] {
  return (LENDERS[chainId] ?? []).map(([kind, name, address]) => ({ kind, name, address }));
}

/** Whether the mapping reads a lender. */
export function isRead({ address }: KnownLender, { pools, comets, morpho }: ChainMapping): boolean {
  return pools.has(address) || comets.has(address) || morpho.has(address);
}

/** Whether the owner owes something to a lender; a contract that is not there yet is owed nothing. */
export async function isOwed(view: ChainView, { kind, address }: KnownLender): Promise<boolean> {
  const contract = { address, abi: lenderAbi } as const;
  const args = [view.owner] as const;
  switch (kind) {
    case "aave":
      return ((await ask(view, { ...contract, functionName: "getUserAccountData", args }))?.[1] ?? 0n) > 0n;
    case "comet":
      return ((await ask(view, { ...contract, functionName: "borrowBalanceOf", args })) ?? 0n) > 0n;
    case "compound-v2":
      return await owesCompound(view, address);
    case "morpho":
      return false;
  }
}

async function owesCompound(view: ChainView, comptroller: Address): Promise<boolean> {
  const args = [view.owner] as const;
  const entered = { address: comptroller, abi: lenderAbi, functionName: "getAssetsIn", args } as const;
  const debts = ((await ask(view, entered)) ?? []).map((market) =>
    ask(view, { address: market, abi: lenderAbi, functionName: "borrowBalanceStored", args }),
  );
  return (await Promise.all(debts)).some((debt) => debt !== undefined && debt > 0n);
}
