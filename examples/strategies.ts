// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * The example strategies as data: market, policy, healthy positions and an unhealthy twin. Prices, collateral factors
 * and shocks are set to look like 1 January 2026, 00:00 UTC; the firms are invented.
 *
 * @module
 */

/** Every example's time: 1 January 2026, 00:00 UTC, in unix seconds. */
export const AS_OF = 1767225600;

/** A row of a market/1 file. */
export interface MarketRow {
  readonly id: string;
  readonly kind: "cash" | "spot" | "perp" | "future";
  readonly underlying: string;
  readonly price: string;
  readonly collateralFactor?: string;
}

/** Amounts by instrument, decimal strings. */
export type Positions = Readonly<Record<string, string>>;

/** One strategy, from which a folder of files is made. */
export interface Strategy {
  /** The folder's name. */
  readonly folder: string;
  readonly subject: `0x${string}`;
  readonly accountId: string;
  /** Approved sources by name; the first one signs. */
  readonly sources: readonly string[];
  readonly underlyings: readonly string[];
  readonly instruments: readonly MarketRow[];
  readonly policyName: string;
  readonly limits: Readonly<Record<string, string | readonly [string, string]>>;
  readonly scenarios: readonly { readonly name: string; readonly shocks: Readonly<Record<string, string>> }[];
  readonly positions: Positions;
  /** A snapshot that breaks the policy, and the limits that it breaks, in the order of a report. */
  readonly twin: { readonly file: string; readonly positions: Positions; readonly breaks: readonly string[] };
}

const CASH = {
  USDC: { id: "USDC", kind: "cash", underlying: "USD", price: "0.9998", collateralFactor: "0.78" },
  USDT: { id: "USDT", kind: "cash", underlying: "USD", price: "0.9987", collateralFactor: "0.78" },
  DAI: { id: "DAI", kind: "cash", underlying: "USD", price: "0.9996", collateralFactor: "0.77" },
} as const satisfies Record<string, MarketRow>;

/** Long ether and staked ether, a USDC loan against it, the price risk sold through a perpetual. */
const ethHedgedVault: Strategy = {
  folder: "eth-hedged-vault",
  // Account 1 of a local Hardhat chain, so that the example can be attested there.
  subject: "0x70997970c51812dc3a010c7d01b50e0d17dc79c8",
  accountId: "main",
  sources: ["Northgate Custody", "Halyard Prime"],
  underlyings: ["USD", "ETH", "BTC"],
  instruments: [
    CASH.USDC,
    CASH.USDT,
    CASH.DAI,
    { id: "ETH", kind: "spot", underlying: "ETH", price: "2967.52", collateralFactor: "0.83" },
    { id: "wstETH", kind: "spot", underlying: "ETH", price: "3632.41", collateralFactor: "0.79" },
    { id: "rETH", kind: "spot", underlying: "ETH", price: "3421.86", collateralFactor: "0.77" },
    { id: "WBTC", kind: "spot", underlying: "BTC", price: "87412.6", collateralFactor: "0.78" },
    { id: "ETH-PERP", kind: "perp", underlying: "ETH", price: "2968.35" },
    { id: "ETH-27MAR26", kind: "future", underlying: "ETH", price: "3007.9" },
    { id: "BTC-PERP", kind: "perp", underlying: "BTC", price: "87455" },
  ],
  policyName: "ETH hedged vault",
  limits: {
    minCollateralRatio: "2",
    minHealthFactor: "1.6",
    maxLeverage: "3",
    netDelta: ["-0.1", "0.1"],
    maxUnderlyingDelta: "0.1",
    maxStressLoss: "0.05",
    minEquity: "5000000",
  },
  scenarios: [
    { name: "Ether down 30%", shocks: { ETH: "-0.3" } },
    { name: "Ether up 30%", shocks: { ETH: "0.3" } },
    { name: "Everything down 50%", shocks: { ETH: "-0.5", BTC: "-0.5" } },
    { name: "12 March 2020", shocks: { ETH: "-0.43", BTC: "-0.39" } },
    { name: "8 November 2022", shocks: { ETH: "-0.26", BTC: "-0.21" } },
    { name: "Short squeeze", shocks: { ETH: "0.4", BTC: "0.25" } },
    { name: "Ether decouples", shocks: { ETH: "-0.2", BTC: "0.1" } },
    { name: "5 August 2024", shocks: { ETH: "-0.22", BTC: "-0.15" } },
  ],
  positions: {
    ETH: "2400",
    wstETH: "900",
    USDC: "-3800000",
    USDT: "450000",
    DAI: "250000",
    "ETH-PERP": "-3400",
  },
  twin: {
    // The loan grew from 3.8 to 9.3 million and bought ether, hedged like the rest.
    file: "snapshot-overlevered.json",
    positions: {
      ETH: "4253",
      wstETH: "900",
      USDC: "-9300000",
      USDT: "450000",
      DAI: "250000",
      "ETH-PERP": "-5250",
    },
    breaks: ["minCollateralRatio", "minHealthFactor", "maxLeverage"],
  },
};

/** Staked ether as collateral for an ether loan, several times over: small net delta, large exposure to the peg. */
const leveragedStaking: Strategy = {
  folder: "leveraged-staking",
  subject: "0x3c44cdddb6a900fa2b585dd299e03d12fa4293bc",
  accountId: "lending-1",
  sources: ["Clearwater Reporting"],
  underlyings: ["USD", "ETH", "STETH"],
  instruments: [
    CASH.USDC,
    CASH.USDT,
    { id: "ETH", kind: "spot", underlying: "ETH", price: "2967.52", collateralFactor: "0.83" },
    { id: "stETH", kind: "spot", underlying: "STETH", price: "2966.1", collateralFactor: "0.93" },
    { id: "wstETH", kind: "spot", underlying: "STETH", price: "3632.41", collateralFactor: "0.95" },
    { id: "ETH-PERP", kind: "perp", underlying: "ETH", price: "2968.35" },
  ],
  policyName: "Leveraged staking",
  limits: {
    minCollateralRatio: "1.2",
    minHealthFactor: "1.1",
    maxLeverage: "10",
    netDelta: ["0", "1.1"],
    maxUnderlyingDelta: "5.5",
    maxStressLoss: "0.6",
    minEquity: "2500000",
  },
  scenarios: [
    { name: "Ether down 30%", shocks: { ETH: "-0.3", STETH: "-0.3" } },
    { name: "Ether up 30%", shocks: { ETH: "0.3", STETH: "0.3" } },
    { name: "Staked ether at a 3% discount", shocks: { STETH: "-0.03" } },
    { name: "June 2022, discount of 6.5%", shocks: { ETH: "-0.2", STETH: "-0.252" } },
    { name: "Staked ether at a 10% discount", shocks: { STETH: "-0.1" } },
  ],
  positions: { wstETH: "5200", ETH: "-5000", USDC: "120000.25" },
  twin: {
    file: "snapshot-overlooped.json",
    positions: { wstETH: "9400", ETH: "-10100", USDC: "120000.25" },
    breaks: ["minCollateralRatio", "minHealthFactor", "maxLeverage", "maxUnderlyingDelta", "maxStressLoss"],
  },
};

/** Coins held, futures and perpetuals sold against them: earns the basis, owes nothing. */
const cashAndCarry: Strategy = {
  folder: "cash-and-carry",
  subject: "0x90f79bf6eb2c4f870365e785982e1f101e93b906",
  accountId: "carry-book",
  sources: ["Halyard Prime", "Northgate Custody"],
  underlyings: ["USD", "BTC", "ETH", "SOL"],
  instruments: [
    CASH.USDC,
    CASH.USDT,
    { id: "BTC", kind: "spot", underlying: "BTC", price: "87438.2", collateralFactor: "0.9" },
    { id: "ETH", kind: "spot", underlying: "ETH", price: "2967.52", collateralFactor: "0.85" },
    { id: "SOL", kind: "spot", underlying: "SOL", price: "124.63", collateralFactor: "0.7" },
    { id: "BTC-27MAR26", kind: "future", underlying: "BTC", price: "88590.5" },
    { id: "ETH-27MAR26", kind: "future", underlying: "ETH", price: "3007.9" },
    { id: "BTC-PERP", kind: "perp", underlying: "BTC", price: "87455" },
    { id: "ETH-PERP", kind: "perp", underlying: "ETH", price: "2968.35" },
    { id: "SOL-PERP", kind: "perp", underlying: "SOL", price: "124.6" },
  ],
  policyName: "Cash and carry",
  limits: {
    minCollateralRatio: "5",
    minHealthFactor: "4",
    maxLeverage: "2",
    netDelta: ["-0.03", "0.03"],
    maxUnderlyingDelta: "0.03",
    maxStressLoss: "0.02",
    minEquity: "10000000",
  },
  scenarios: [
    { name: "Everything down 40%", shocks: { BTC: "-0.4", ETH: "-0.4", SOL: "-0.4" } },
    { name: "Everything up 40%", shocks: { BTC: "0.4", ETH: "0.4", SOL: "0.4" } },
    { name: "12 March 2020", shocks: { BTC: "-0.39", ETH: "-0.43", SOL: "-0.5" } },
    { name: "Bitcoin leads", shocks: { BTC: "0.25", ETH: "-0.05", SOL: "-0.1" } },
    { name: "Alternatives lead", shocks: { BTC: "-0.05", ETH: "0.2", SOL: "0.4" } },
  ],
  positions: {
    USDC: "4200000",
    BTC: "150.25",
    ETH: "2000",
    "BTC-27MAR26": "-149",
    "ETH-27MAR26": "-1200",
    "ETH-PERP": "-790.5",
  },
  twin: {
    // The quarterly contract expired and was not rolled.
    file: "snapshot-unhedged.json",
    positions: {
      USDC: "4200000",
      BTC: "150.25",
      ETH: "2000",
      "ETH-27MAR26": "-1200",
      "ETH-PERP": "-790.5",
    },
    breaks: ["netDelta", "maxUnderlyingDelta", "maxStressLoss"],
  },
};

/** Every strategy, in the order of the examples' table. */
export const STRATEGIES: readonly Strategy[] = [ethHedgedVault, leveragedStaking, cashAndCarry];
