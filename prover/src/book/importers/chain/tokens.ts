// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * ERC-20 tokens: what the owner has of each, and whether it is a coin at all. A lender's debt is often a token too, and a
 * lender's receipt is worth what its book says; both would pass for coins.
 *
 * @module
 */

import { inputError } from "@keel/verifier";
import { type Address, parseAbi } from "viem";
import { type ChainMapping, type TokenPlace, tokenPath } from "./mapping.js";
import { ask, type ChainView, read } from "./read.js";

const MAX_DECIMALS = 255;

/** What was found of a token, for an account. */
export interface Amount {
  readonly account: string;
  /** Absent for the chain's own coin. */
  readonly token?: Address;
  /** What it is here, where the mapping says something else than for the token. */
  readonly place?: TokenPlace;
  /** In the token's smallest unit, negative when owed. */
  readonly raw: bigint;
  /** Where in the mapping, for errors. */
  readonly path: string;
  /** Supplies alone: the share of its value that the lender counts as collateral for this owner, bps. */
  readonly counted?: bigint;
}

export const tokenAbi = parseAbi([
  "function balanceOf(address owner) view returns (uint256)",
  "function decimals() view returns (uint8)",
]);

/** Functions that no coin has, by which lenders' tokens are told from coins. */
const traitsAbi = parseAbi([
  // Aave's supply and debt tokens, and its debt tokens alone.
  "function POOL() view returns (address)",
  "function DEBT_TOKEN_REVISION() view returns (uint256)",
  "function borrowAllowance(address from, address to) view returns (uint256)",
  // What an account owes: Compound III, Compound v2, Euler v2, Fraxlend.
  "function borrowBalanceOf(address account) view returns (uint256)",
  "function borrowBalanceStored(address account) view returns (uint256)",
  "function debtOf(address account) view returns (uint256)",
  "function userBorrowShares(address account) view returns (uint256)",
  // Shares: ERC-4626 and Compound v2, and pairs of Uniswap v2.
  "function asset() view returns (address)",
  "function convertToAssets(uint256 shares) view returns (uint256)",
  "function exchangeRateStored() view returns (uint256)",
  "function getReserves() view returns (uint112 reserve0, uint112 reserve1, uint32 time)",
]);

const DEBTS = ["borrowBalanceStored", "debtOf", "userBorrowShares"] as const;

/** What a token's contract says of itself. */
export interface Traits {
  /** A debt: its balance is owed. */
  readonly isDebt: boolean;
  /** The pool of Aave's kind that it belongs to. */
  readonly pool?: Address;
  /** A market of Compound III. */
  readonly isComet: boolean;
  /** The owner owes something to it. */
  readonly isOwed: boolean;
  /** Of an ERC-4626 vault. */
  readonly asset?: Address;
  readonly isPair: boolean;
  /** A share of something by a rate that only its contract knows. */
  readonly isShare: boolean;
}

/** Asks a token's contract what it is. */
export async function traitsOf(view: ChainView, address: Address): Promise<Traits> {
  const { owner } = view;
  const trait = <name extends (typeof traitsAbi)[number]["name"]>(functionName: name, args: unknown[] = []) =>
    ask(view, { address, abi: traitsAbi, functionName, args: args as never });
  const [pool, revision, allowance, comet, asset, worth, rate, reserves, ...owed] = await Promise.all([
    trait("POOL"),
    trait("DEBT_TOKEN_REVISION"),
    trait("borrowAllowance", [owner, owner]),
    trait("borrowBalanceOf", [owner]),
    trait("asset"),
    trait("convertToAssets", [1n]),
    trait("exchangeRateStored"),
    trait("getReserves"),
    ...DEBTS.map((name) => trait(name, [owner])),
  ]);
  const vault = asset !== undefined && worth !== undefined ? (asset as Address) : undefined;
  return {
    isDebt: revision !== undefined || allowance !== undefined,
    ...(pool === undefined ? {} : { pool: lowerCase(pool as Address) }),
    isComet: comet !== undefined,
    isOwed: owed.some((debt) => debt !== undefined && debt !== 0n),
    ...(vault === undefined ? {} : { asset: lowerCase(vault) }),
    isPair: reserves !== undefined,
    isShare: vault !== undefined || rate !== undefined,
  };
}

/**
 * Refuses a token that is a debt, a part of a lender that is not read, or a share that the mapping takes for a coin.
 *
 * @param isPools whether a pool that is read has it as one of its own
 */
export async function checkToken(
  view: ChainView,
  token: Address,
  { as }: TokenPlace,
  mapping: ChainMapping,
): Promise<Traits> {
  const traits = await traitsOf(view, token);
  const path = tokenPath(token);
  if (traits.isDebt && traits.pool !== undefined && mapping.pools.has(traits.pool)) {
    throw inputError("chain.twice", path, "no token of a pool", `a debt token of ${traits.pool}`);
  }
  if (traits.isDebt) {
    const pool =
      traits.pool === undefined ? "the lender in the mapping" : `pool ${traits.pool} in mapping.pools`;
    throw inputError("chain.debt", path, `a coin; for what is owed, ${pool}`, "a debt token");
  }
  if (traits.pool !== undefined && !mapping.pools.has(traits.pool)) {
    const expected = `its pool ${traits.pool} in mapping.pools, where debts may be`;
    throw inputError("chain.pool", path, expected, "a token of a pool that is not read");
  }
  if (traits.isComet) {
    throw inputError(
      "chain.lender",
      path,
      "a coin; the market in mapping.comets",
      "a market of Compound III",
    );
  }
  if (traits.isOwed) {
    throw inputError(
      "chain.lender",
      path,
      "a coin that nothing is owed to",
      "a lender, to which something is",
    );
  }
  checkShares(traits, as, path);
  if (as === "assets") await checkAsset(view, token, traits.asset!, mapping);
  return traits;
}

/** Refuses a vault whose asset is no coin, or one that the mapping calls another instrument. */
async function checkAsset(
  view: ChainView,
  token: Address,
  asset: Address,
  mapping: ChainMapping,
): Promise<void> {
  const path = tokenPath(token);
  const { isShare, isPair, isDebt } = await traitsOf(view, asset);
  if (isShare || isPair || isDebt) {
    throw inputError("chain.vault", path, "a vault of a coin", "one of shares or debts: take it as shares");
  }
  const known = mapping.tokens.get(asset)?.instrument;
  const { instrument } = mapping.tokens.get(token)!;
  if (known === undefined || known === instrument) return;
  throw inputError("chain.vault", path, `the instrument of its asset ${asset}, ${known}`, instrument);
}

function checkShares({ asset, isPair, isShare }: Traits, as: TokenPlace["as"], path: string): void {
  if (as === "assets" && asset === undefined) {
    throw inputError("chain.vault", path, 'an ERC-4626 vault, for "as": "assets"', "another token");
  }
  if (as !== undefined) return;
  if (isShare) {
    const expected =
      '"as": "assets" (what the shares are worth of the vault\'s asset) or "as": "shares" (a coin with a price of its own)';
    throw inputError("chain.vault", path, expected, "neither, for shares of a vault");
  }
  if (isPair) {
    const expected = 'the pair in mapping.pairs, or "as": "shares" (a coin with a price of its own)';
    throw inputError("chain.vault", path, expected, "neither, for shares of a pair");
  }
}

/** What the owner has of a token; of a vault's, what it is worth in the vault's asset when the mapping says so. */
export async function tokenAmount(
  view: ChainView,
  account: string,
  token: Address,
  place: TokenPlace,
  { asset }: Traits,
): Promise<Amount> {
  const path = tokenPath(token);
  const raw = await balanceOf(view, token, path);
  if (place.as !== "assets" || asset === undefined) return { account, token, place, raw, path };
  const call = { address: token, abi: traitsAbi, functionName: "convertToAssets", args: [raw] } as const;
  return { account, token: asset, place, raw: await read(view, path, "an ERC-4626 vault", call), path };
}

export async function balanceOf(view: ChainView, token: Address, path: string): Promise<bigint> {
  const call = { address: token, abi: tokenAbi, functionName: "balanceOf", args: [view.owner] } as const;
  return await read(view, path, "an ERC-20 token", call);
}

export async function decimalsOf(view: ChainView, token: Address, path: string): Promise<number> {
  const call = { address: token, abi: tokenAbi, functionName: "decimals" } as const;
  const decimals = await read(view, path, "an ERC-20 token with decimals", call);
  if (decimals <= MAX_DECIMALS) return decimals;
  throw inputError("chain.contract", path, `at most ${MAX_DECIMALS} decimals`, "more");
}

export const lowerCase = (name: Address): Address => name.toLowerCase() as Address;
