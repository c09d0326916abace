// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * What a vault's money must come to, reckoned here from its rules (contracts/interfaces/IStrategyVault.sol) and from what people did,
 * without asking the vault. Whatever the chain says is held against it, to the last base unit.
 *
 * @module
 */

import { parseUnits } from "viem";

/** USD has 16 places, the asset 6, a share 8. */
export const USD_PLACES = 16;
export const COIN_PLACES = 6;
export const SHARE_PLACES = 8;
/** Base units of a coin that is a dollar, in USD 1e16. */
const USD_OF_COIN = 10n ** BigInt(USD_PLACES - COIN_PLACES);
const BPS = 10_000n;
const YEAR = 365n * 86_400n;
/** Scale of a price: base units of the asset for a base unit of shares. */
const PRICE = 10n ** 22n;

/** What of a vault's rules takes shares. */
export interface FeeTerms {
  /** Basis points a year. */
  readonly managementFee: number;
  /** Basis points of what a share gains above its highest price. */
  readonly performanceFee: number;
}

/** A vault between settlements. */
export interface Ledger {
  /** All shares, those that are locked included. */
  readonly supply: bigint;
  /** Coins in the vault that belong to all shares. */
  readonly idle: bigint;
  /** Highest price that was settled, scaled; 0 before the first. */
  readonly highest: bigint;
  /** Snapshot of the last settlement, at first the vault's beginning. */
  readonly asOf: number;
}

/** Who asked for what in the periods that are settled: coins to deposit, shares to redeem. */
export interface Asked {
  readonly deposits: ReadonlyMap<string, bigint>;
  readonly redemptions: ReadonlyMap<string, bigint>;
}

export const NOTHING_ASKED: Asked = { deposits: new Map(), redemptions: new Map() };

/** A settlement as it must be. */
export interface Settlement {
  /** Coins that all shares stood for. */
  readonly assets: bigint;
  /** Shares that they stood for, with the fees'. */
  readonly shares: bigint;
  readonly fees: bigint;
  /** Shares for each deposit, coins for each redemption. */
  readonly given: ReadonlyMap<string, bigint>;
  readonly paid: ReadonlyMap<string, bigint>;
  readonly after: Ledger;
}

/** Prices both sides at what is proven and what lies idle, over all shares. @param nav USD 1e16 */
export function settled(
  before: Ledger,
  terms: FeeTerms,
  nav: bigint,
  asOf: number,
  asked: Asked,
): Settlement {
  const assets = nav / USD_OF_COIN + before.idle;
  const { shares, price } = withFees(before, terms, assets, asOf);
  const given = each(asked.deposits, (coins) => (coins * shares) / assets);
  const paid = each(asked.redemptions, (burnt) => (burnt * assets) / shares);
  const [deposited, burnt] = [total(asked.deposits), total(asked.redemptions)];
  const owed = (burnt * assets) / shares;
  return {
    ...{ assets, shares, given, paid, fees: shares - before.supply },
    after: {
      supply: shares + (deposited * shares) / assets - burnt,
      idle: before.idle + deposited - owed,
      highest: price > before.highest ? price : before.highest,
      asOf,
    },
  };
}

/** What was paid for a share, rounded up: nobody pays a fee on what it did not gain. */
function priceUp(assets: bigint, shares: bigint): bigint {
  return (assets * PRICE + shares - 1n) / shares;
}

/** The fees are shares that are made: the receiver has its part of all afterwards, and nobody pays coins. */
function withFees(
  { supply, highest, asOf: last }: Ledger,
  { managementFee, performanceFee }: FeeTerms,
  assets: bigint,
  asOf: number,
): { readonly shares: bigint; readonly price: bigint } {
  const time = BigInt(asOf - last) < YEAR ? BigInt(asOf - last) : YEAR;
  const part = BigInt(managementFee) * time;
  const managed = supply + (supply * part) / (BPS * YEAR - part);
  const gross = (assets * PRICE) / managed;
  if (highest === 0n || gross <= highest) return { shares: managed, price: priceUp(assets, managed) };
  const gain = ((gross - highest) * managed) / PRICE;
  const fee = (gain * BigInt(performanceFee)) / BPS;
  const shares = managed + (managed * fee) / (assets - fee);
  return { shares, price: priceUp(assets, shares) };
}

/** USD 1e16 a share of 8 decimals has, rounded down: with 8 places. */
export function perShare(usd: bigint, shares: bigint): bigint {
  return usd / shares;
}

/** Coins as USD 1e16. */
export function usdOf(coins: bigint): bigint {
  return coins * USD_OF_COIN;
}

/** What a book is worth by its amounts and prices, decimals as its files have them; cut off at the cent, as its policy shows it. */
export function worth(
  amounts: Readonly<Record<string, string>>,
  prices: Readonly<Record<string, string>>,
): bigint {
  const exact = Object.entries(amounts).reduce(
    (sum, [name, amount]) => sum + parseUnits(amount, 8) * parseUnits(prices[name]!, 8),
    0n,
  );
  return exact - (exact % CENT);
}

const CENT = 10n ** 14n;

/** Sum of a map's amounts. */
export function total(amounts: ReadonlyMap<string, bigint>): bigint {
  return [...amounts.values()].reduce((sum, amount) => sum + amount, 0n);
}

function each(
  amounts: ReadonlyMap<string, bigint>,
  of: (amount: bigint) => bigint,
): ReadonlyMap<string, bigint> {
  return new Map([...amounts].map(([name, amount]) => [name, of(amount)]));
}
