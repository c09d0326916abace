// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Markets of Morpho Blue. A market's book is as old as its last transaction; the interest since then is added as the
 * contract itself would add it at the block: totals grow by borrowed x (r t + (r t)^2 / 2 + (r t)^3 / 6), r a second by the
 * market's rate model, and a fee on that makes new supply shares. Debts are rounded up, supplies down. Source: Morpho Blue's
 * `_accrueInterest`, MathLib and SharesMathLib.
 *
 * @module
 */

import { ceilDiv, inputError } from "@keel/verifier";
import { type Address, type Hex, parseAbi, zeroAddress } from "viem";
import type { LenderPlace } from "./mapping.js";
import { type ChainView, read } from "./read.js";
import { type Amount, lowerCase } from "./tokens.js";

export const morphoAbi = parseAbi([
  "struct MarketParams { address loanToken; address collateralToken; address oracle; address irm; uint256 lltv; }",
  "struct Market { uint128 totalSupplyAssets; uint128 totalSupplyShares; uint128 totalBorrowAssets; uint128 totalBorrowShares; uint128 lastUpdate; uint128 fee; }",
  "struct Position { uint256 supplyShares; uint128 borrowShares; uint128 collateral; }",
  "function idToMarketParams(bytes32 id) view returns (MarketParams)",
  "function market(bytes32 id) view returns (Market)",
  "function position(bytes32 id, address user) view returns (Position)",
  "function borrowRateView(MarketParams params, Market market) view returns (uint256)",
]);

const MORPHO = "a contract with Morpho Blue's interface";
const WAD = 10n ** 18n;
const TO_BPS = 10n ** 14n;
/** Shares and assets that every market has beyond its own, so that the first depositor cannot set the price. */
const VIRTUAL_SHARES = 10n ** 6n;
const VIRTUAL_ASSETS = 1n;

/** A market's totals. */
export interface Totals {
  readonly totalSupplyAssets: bigint;
  readonly totalSupplyShares: bigint;
  readonly totalBorrowAssets: bigint;
  readonly totalBorrowShares: bigint;
  readonly lastUpdate: bigint;
  /** Of interest, 1e18. */
  readonly fee: bigint;
}

/** What the owner supplied to a market, owes to it, and put up for it. */
export async function morphoAmounts(
  view: ChainView,
  morpho: Address,
  id: Hex,
  { account, supplied }: LenderPlace,
): Promise<Amount[]> {
  const path = `mapping.morpho.${morpho}.${id}`;
  const contract = { address: morpho, abi: morphoAbi } as const;
  const [params, stored, position] = await Promise.all([
    read(view, path, MORPHO, { ...contract, functionName: "idToMarketParams", args: [id] }),
    read(view, path, MORPHO, { ...contract, functionName: "market", args: [id] }),
    read(view, path, MORPHO, { ...contract, functionName: "position", args: [id, view.owner] }),
  ]);
  if (stored.lastUpdate === 0n)
    throw inputError("chain.market", path, "a market that exists", "none by this id");
  const call = {
    address: params.irm,
    abi: morphoAbi,
    functionName: "borrowRateView",
    args: [params, stored],
  } as const;
  const rate = params.irm === zeroAddress ? 0n : await read(view, path, "a market with a rate model", call);
  const totals = accrued(stored, rate, view.time);
  const { loanToken, collateralToken, lltv } = params;
  const amount = (asset: Address, raw: bigint, counted?: bigint): Amount => {
    const token = lowerCase(asset);
    const place = raw < 0n ? undefined : supplied.get(token);
    return {
      ...{ account, token, raw, path },
      ...(counted === undefined ? {} : { counted }),
      ...(place === undefined ? {} : { place }),
    };
  };
  return [
    // What is lent stands behind no debt.
    amount(loanToken, suppliedAssets(position.supplyShares, totals), 0n),
    amount(loanToken, -owedAssets(position.borrowShares, totals)),
    amount(collateralToken, position.collateral, lltv / TO_BPS),
  ];
}

/** A market's totals at a time, with the interest since its last transaction. */
export function accrued(totals: Totals, rate: bigint, time: bigint): Totals {
  const once = rate * (time - totals.lastUpdate);
  if (once <= 0n) return totals;
  const twice = (once * once) / (2n * WAD);
  const interest = (totals.totalBorrowAssets * (once + twice + (twice * once) / (3n * WAD))) / WAD;
  const totalSupplyAssets = totals.totalSupplyAssets + interest;
  const fee = (interest * totals.fee) / WAD;
  const feeShares =
    (fee * (totals.totalSupplyShares + VIRTUAL_SHARES)) / (totalSupplyAssets - fee + VIRTUAL_ASSETS);
  return {
    ...totals,
    totalSupplyAssets,
    totalSupplyShares: totals.totalSupplyShares + feeShares,
    totalBorrowAssets: totals.totalBorrowAssets + interest,
    lastUpdate: time,
  };
}

export function suppliedAssets(shares: bigint, { totalSupplyAssets, totalSupplyShares }: Totals): bigint {
  return (shares * (totalSupplyAssets + VIRTUAL_ASSETS)) / (totalSupplyShares + VIRTUAL_SHARES);
}

export function owedAssets(shares: bigint, { totalBorrowAssets, totalBorrowShares }: Totals): bigint {
  return ceilDiv(shares * (totalBorrowAssets + VIRTUAL_ASSETS), totalBorrowShares + VIRTUAL_SHARES);
}
