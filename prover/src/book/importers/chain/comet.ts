// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Markets of Compound III: one base coin that is lent and owed, and what stands behind the debt. Its balances of the base
 * coin have the interest up to the block. Source of the interface: Compound's CometMainInterface and CometCore.
 *
 * @module
 */

import { type Address, parseAbi } from "viem";
import type { LenderPlace } from "./mapping.js";
import { type ChainView, read } from "./read.js";
import { type Amount, balanceOf, lowerCase } from "./tokens.js";

const cometAbi = parseAbi([
  "struct AssetInfo { uint8 offset; address asset; address priceFeed; uint64 scale; uint64 borrowCollateralFactor; uint64 liquidateCollateralFactor; uint64 liquidationFactor; uint128 supplyCap; }",
  "struct UserCollateral { uint128 balance; uint128 reserved; }",
  "function baseToken() view returns (address)",
  "function borrowBalanceOf(address account) view returns (uint256)",
  "function numAssets() view returns (uint8)",
  "function getAssetInfo(uint8 i) view returns (AssetInfo)",
  "function userCollateral(address account, address asset) view returns (UserCollateral)",
]);

const COMET = "a market with Compound III's interface";
/** From 18 places to 4. */
const TO_BPS = 10n ** 14n;

/** What the owner supplied to a market and owes to it. */
export async function cometAmounts(
  view: ChainView,
  comet: Address,
  { account, supplied }: LenderPlace,
): Promise<Amount[]> {
  const path = `mapping.comets.${comet}`;
  const contract = { address: comet, abi: cometAbi } as const;
  const [base, lent, owed, count] = await Promise.all([
    read(view, path, COMET, { ...contract, functionName: "baseToken" }),
    balanceOf(view, comet, path),
    read(view, path, COMET, { ...contract, functionName: "borrowBalanceOf", args: [view.owner] }),
    read(view, path, COMET, { ...contract, functionName: "numAssets" }),
  ]);
  const supply = (asset: Address, raw: bigint, counted: bigint): Amount => {
    const token = lowerCase(asset);
    const place = supplied.get(token);
    return { account, token, raw, path, counted, ...(place === undefined ? {} : { place }) };
  };
  const collateral = Array.from({ length: count }, async (_, i): Promise<Amount> => {
    const info = await read(view, path, COMET, { ...contract, functionName: "getAssetInfo", args: [i] });
    const args = [view.owner, info.asset] as const;
    const { balance } = await read(view, path, COMET, { ...contract, functionName: "userCollateral", args });
    return supply(info.asset, balance, info.liquidateCollateralFactor / TO_BPS);
  });
  return [
    // What is lent stands behind no debt.
    supply(base, lent, 0n),
    { account, token: lowerCase(base), raw: -owed, path },
    ...(await Promise.all(collateral)),
  ];
}
