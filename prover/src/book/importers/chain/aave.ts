// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Pools with Aave v3's interface: supplies and debts of one owner, what of the supplies the pool counts as collateral for
 * that owner, and the pool's own sums, against which all of it is held.
 *
 * Source of the layouts: Aave v3's DataTypes, ReserveConfiguration, UserConfiguration and GenericLogic. A reserve's
 * configuration has its liquidation threshold in bits 16 to 31 (bps) and, before version 3.2, its e-mode category in bits
 * 168 to 175; an owner's has two bits a reserve, the second of which says that its supply is collateral. Since 3.2 a
 * category has a bit map of the reserves that it takes as collateral.
 *
 * @module
 */

import { inputError } from "@keel/verifier";
import { type Address, parseAbi, zeroAddress } from "viem";
import { type ChainMapping, type LenderPlace, tokenPath } from "./mapping.js";
import { ask, type ChainView, read } from "./read.js";
import { type Amount, balanceOf, decimalsOf, lowerCase } from "./tokens.js";

/** Of Aave v3's IPool what is used here; the fields keep Aave's names. */
const poolAbi = parseAbi([
  "struct ReserveData { uint256 configuration; uint128 liquidityIndex; uint128 currentLiquidityRate; uint128 variableBorrowIndex; uint128 currentVariableBorrowRate; uint128 currentStableBorrowRate; uint40 lastUpdateTimestamp; uint16 id; address aTokenAddress; address stableDebtTokenAddress; address variableDebtTokenAddress; address interestRateStrategyAddress; uint128 accruedToTreasury; uint128 unbacked; uint128 isolationModeTotalDebt; }",
  "struct Category { uint16 ltv; uint16 liquidationThreshold; uint16 liquidationBonus; address priceSource; string label; }",
  "struct CollateralConfig { uint16 ltv; uint16 liquidationThreshold; uint16 liquidationBonus; }",
  "function getReservesList() view returns (address[])",
  "function getReserveData(address asset) view returns (ReserveData)",
  "function getUserConfiguration(address user) view returns (uint256)",
  "function getUserEMode(address user) view returns (uint256)",
  "function getEModeCategoryData(uint8 id) view returns (Category)",
  "function getEModeCategoryCollateralConfig(uint8 id) view returns (CollateralConfig)",
  "function getEModeCategoryCollateralBitmap(uint8 id) view returns (uint128)",
  "function getUserAccountData(address user) view returns (uint256 collateral, uint256 debt, uint256 available, uint256 threshold, uint256 ltv, uint256 healthFactor)",
  "function ADDRESSES_PROVIDER() view returns (address)",
  "function getPriceOracle() view returns (address)",
  "function getAssetPrice(address asset) view returns (uint256)",
]);

const POOL = "a pool with Aave v3's interface";
const BPS = 10_000n;
/** An owner's configuration has two bits for each in 256. */
const MOST_RESERVES = 128;
/** Sums that differ by more than a part in so many, beyond rounding, are other sums. */
const TOLERANCE = 10_000n;

const thresholdOf = (configuration: bigint): bigint => (configuration >> 16n) & 0xffffn;
const categoryOf = (configuration: bigint): bigint => (configuration >> 168n) & 0xffn;

/** An owner's e-mode: how a reserve's threshold changes in it. */
interface Mode {
  readonly threshold: bigint;
  readonly includes: (id: number, configuration: bigint) => boolean;
  /** The asset whose price counts for all in the category, before version 3.2. */
  readonly priceSource?: Address;
}

/** What an owner has in one reserve. */
interface Holding {
  readonly asset: Address;
  readonly supplied: bigint;
  readonly owed: bigint;
  /** The pool counts it as collateral, by this threshold in bps; 0 when it does not. */
  readonly counted: bigint;
  /** Whose price counts for it. */
  readonly priced: Address;
}

/** What the owner supplied to a pool and owes to it. */
export async function poolAmounts(
  view: ChainView,
  mapping: ChainMapping,
  pool: Address,
  { account, supplied }: LenderPlace,
): Promise<Amount[]> {
  const path = `mapping.pools.${pool}`;
  const holdings = await holdingsOf(view, mapping, pool, path);
  await reconcile(view, pool, holdings, path);
  return holdings.flatMap(({ asset, supplied: raw, owed, counted }): Amount[] => {
    const token = lowerCase(asset);
    const place = supplied.get(token);
    return [
      { account, token, raw, path, counted, ...(place === undefined ? {} : { place }) },
      { account, token, raw: -owed, path },
    ];
  });
}

async function holdingsOf(
  view: ChainView,
  mapping: ChainMapping,
  pool: Address,
  path: string,
): Promise<Holding[]> {
  const contract = { address: pool, abi: poolAbi } as const;
  const { owner: user } = view;
  const [assets, bits, mode] = await Promise.all([
    read(view, path, POOL, { ...contract, functionName: "getReservesList" }),
    read(view, path, POOL, { ...contract, functionName: "getUserConfiguration", args: [user] }),
    modeOf(view, pool, path),
  ]);
  if (assets.length > MOST_RESERVES) {
    throw inputError("chain.contract", path, `a pool of at most ${MOST_RESERVES} reserves`, "more");
  }
  return await Promise.all(
    assets.map((asset) => holdingOf(view, mapping, { pool, path, bits, mode }, asset)),
  );
}

interface OwnersPool {
  readonly pool: Address;
  readonly path: string;
  /** The owner's configuration. */
  readonly bits: bigint;
  readonly mode: Mode | undefined;
}

async function holdingOf(
  view: ChainView,
  mapping: ChainMapping,
  { pool, path, bits, mode }: OwnersPool,
  asset: Address,
): Promise<Holding> {
  const call = { address: pool, abi: poolAbi, functionName: "getReserveData", args: [asset] } as const;
  const reserve = await read(view, path, POOL, call);
  const { id, configuration, aTokenAddress, stableDebtTokenAddress, variableDebtTokenAddress } = reserve;
  for (const token of [aTokenAddress, stableDebtTokenAddress, variableDebtTokenAddress].map(lowerCase)) {
    if (!mapping.tokens.has(token)) continue;
    throw inputError("chain.twice", tokenPath(token), "no token of a pool", `one of ${pool}`);
  }
  // Newer pools have no debt at stable rates and say so with the zero address.
  const hasStable = stableDebtTokenAddress !== zeroAddress;
  const [supplied, owed, stable] = await Promise.all([
    balanceOf(view, aTokenAddress, path),
    balanceOf(view, variableDebtTokenAddress, path),
    hasStable ? balanceOf(view, stableDebtTokenAddress, path) : 0n,
  ]);
  if (stable !== 0n)
    throw inputError("chain.stable", path, "debts at variable rates", "one at a stable rate");
  const isCollateral = ((bits >> BigInt(2 * id + 1)) & 1n) === 1n;
  const inMode = mode?.includes(id, configuration) ?? false;
  // A reserve without a threshold is no collateral, whatever category takes it.
  const own = thresholdOf(configuration);
  const threshold = own === 0n ? 0n : inMode ? mode!.threshold : own;
  const priced = inMode ? (mode!.priceSource ?? asset) : asset;
  return { asset, supplied, owed, counted: isCollateral ? threshold : 0n, priced };
}

/** The owner's e-mode; undefined without one. */
async function modeOf(view: ChainView, pool: Address, path: string): Promise<Mode | undefined> {
  const contract = { address: pool, abi: poolAbi } as const;
  const { owner } = view;
  const category = Number(
    await read(view, path, POOL, { ...contract, functionName: "getUserEMode", args: [owner] }),
  );
  if (category === 0) return undefined;
  const args = [category] as const;
  const [map, config] = await Promise.all([
    ask(view, { ...contract, functionName: "getEModeCategoryCollateralBitmap", args }),
    ask(view, { ...contract, functionName: "getEModeCategoryCollateralConfig", args }),
  ]);
  if (map !== undefined && config !== undefined) {
    const includes = (id: number): boolean => ((map >> BigInt(id)) & 1n) === 1n;
    return { threshold: BigInt(config.liquidationThreshold), includes };
  }
  const older = await read(view, path, POOL, { ...contract, functionName: "getEModeCategoryData", args });
  return {
    threshold: BigInt(older.liquidationThreshold),
    includes: (_, configuration) => categoryOf(configuration) === BigInt(category),
    ...(older.priceSource === zeroAddress ? {} : { priceSource: older.priceSource }),
  };
}

/**
 * Holds what was read against the pool's own sums of collateral, debt and threshold, at the pool's own prices. It catches a
 * pool that keeps its books in another way than Aave's.
 *
 * @throws KeelError `chain.reconcile`
 */
async function reconcile(
  view: ChainView,
  pool: Address,
  holdings: readonly Holding[],
  path: string,
): Promise<void> {
  const contract = { address: pool, abi: poolAbi } as const;
  const args = [view.owner] as const;
  const said = await read(view, path, POOL, { ...contract, functionName: "getUserAccountData", args });
  const used = holdings.filter(({ supplied, owed }) => supplied > 0n || owed > 0n);
  const values = await valuesOf(view, pool, used, path);
  const [collateral, debt, , threshold] = said;
  const found = { collateral: 0n, debt: 0n, weighted: 0n, slack: 1n };
  used.forEach(({ supplied, owed, counted }, i) => {
    const { price, unit } = values[i]!;
    // The pool rounds amounts and values by itself, and its newer versions in another direction than its older ones.
    found.slack += 2n + (2n * price) / unit;
    found.debt += (owed * price) / unit;
    if (counted === 0n) return;
    found.collateral += (supplied * price) / unit;
    found.weighted += ((supplied * price) / unit) * counted;
  });
  const near = (a: bigint, b: bigint, slack: bigint): boolean => {
    const difference = a > b ? a - b : b - a;
    return difference <= slack + (a > b ? a : b) / TOLERANCE;
  };
  const average = found.collateral === 0n ? 0n : found.weighted / found.collateral;
  const ok =
    near(collateral, found.collateral, found.slack) &&
    near(debt, found.debt, found.slack) &&
    (found.collateral <= found.slack * BPS || near(threshold, average, 2n));
  if (ok) return;
  const expected = "the pool's own sums of collateral and debt (getUserAccountData)";
  throw inputError("chain.reconcile", path, expected, "others: it keeps its books in another way");
}

async function valuesOf(view: ChainView, pool: Address, holdings: readonly Holding[], path: string) {
  if (holdings.length === 0) return [];
  const at = <name extends "ADDRESSES_PROVIDER" | "getPriceOracle">(address: Address, functionName: name) =>
    read(view, path, POOL, { address, abi: poolAbi, functionName });
  const oracle = (await at((await at(pool, "ADDRESSES_PROVIDER")) as Address, "getPriceOracle")) as Address;
  return await Promise.all(
    holdings.map(async ({ asset, priced }) => {
      const call = { address: oracle, abi: poolAbi, functionName: "getAssetPrice", args: [priced] } as const;
      const [price, decimals] = await Promise.all([
        read(view, path, POOL, call),
        decimalsOf(view, lowerCase(asset), path),
      ]);
      return { price, unit: 10n ** BigInt(decimals) };
    }),
  );
}
