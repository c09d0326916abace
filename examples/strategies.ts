// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * The example strategies as data: market, policy, healthy positions and an unhealthy twin. The firms are invented.
 *
 * @module
 */

import { primeBroker } from "./prime-broker.js";
import { cash, future, type MarketRow, perp, spot, wrapped } from "./quotes.js";
import type { Strategy } from "./strategy.js";

/** Long ether and staked ether, a USDC loan against it, the price risk sold through a perpetual. */
const ethHedgedVault: Strategy = {
  folder: "eth-hedged-vault",
  // Account 1 of a local Hardhat chain, so that the example can be attested there.
  subject: "0x70997970c51812dc3a010c7d01b50e0d17dc79c8",
  accountId: "main",
  sources: ["Northgate Custody", "Halyard Prime"],
  underlyings: ["USD", "ETH", "BTC"],
  instruments: [
    cash("USDC"),
    cash("USDT"),
    cash("DAI"),
    spot("ETH", "0.83"),
    wrapped("wstETH"),
    wrapped("rETH"),
    wrapped("WBTC"),
    perp("ETH"),
    future("ETH-27MAR26"),
    perp("BTC"),
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
    changes: { main: { ETH: "4253", USDC: "-9300000", "ETH-PERP": "-5250" } },
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
    cash("USDC"),
    cash("USDT"),
    spot("ETH", "0.83"),
    { id: "stETH", kind: "spot", underlying: "STETH", price: "2966.1", collateralFactor: "0.93" },
    { ...wrapped("wstETH"), underlying: "STETH", collateralFactor: "0.95" },
    perp("ETH"),
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
    changes: { "lending-1": { wstETH: "9400", ETH: "-10100" } },
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
    cash("USDC"),
    cash("USDT"),
    spot("BTC"),
    spot("ETH"),
    spot("SOL"),
    future("BTC-27MAR26"),
    future("ETH-27MAR26"),
    perp("BTC"),
    perp("ETH"),
    perp("SOL"),
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
    changes: { "carry-book": { "BTC-27MAR26": "0" } },
    breaks: ["netDelta", "maxUnderlyingDelta", "maxStressLoss"],
  },
};

/** Coins that earn staking rewards, their price sold through perpetuals that pay funding: no view on any price. */
const deltaNeutralPerps: Strategy = {
  folder: "delta-neutral-perps",
  subject: "0x15d34aaf54267db7d7c367839aaf71a00a2c6a65",
  accountId: "margin-1",
  sources: ["Halyard Prime"],
  underlyings: ["USD", "ETH", "SOL"],
  instruments: [cash("USDC"), cash("USDT"), spot("ETH"), spot("SOL"), perp("ETH"), perp("SOL")],
  policyName: "Delta-neutral perpetuals",
  limits: {
    minCollateralRatio: "4",
    maxLeverage: "2",
    netDelta: ["-0.02", "0.02"],
    maxUnderlyingDelta: "0.02",
    maxVenue: "1",
    maxStressLoss: "0.02",
    maxDrawdown: "0.05",
    minEquity: "5000000",
  },
  scenarios: [
    { name: "Everything down 40%", shocks: { ETH: "-0.4", SOL: "-0.4" } },
    { name: "Everything up 40%", shocks: { ETH: "0.4", SOL: "0.4" } },
    { name: "10 October 2025", shocks: { ETH: "-0.21", SOL: "-0.32" } },
    { name: "Solana alone up 60%", shocks: { SOL: "0.6" } },
  ],
  shown: {
    circuit: "disclosure/spot-16x1",
    navStep: "1000",
    viewers: ["Fjord Fund Supervision"],
  },
  units: "7500000",
  positions: { USDC: "1800000", ETH: "1000", SOL: "24000", "ETH-PERP": "-1001.5", "SOL-PERP": "-23950" },
  twin: {
    // The venue closed most of the profitable short to pay losing longs, as on 10 October 2025.
    file: "snapshot-auto-deleveraged.json",
    changes: { "margin-1": { "SOL-PERP": "-9000" } },
    breaks: ["netDelta", "maxUnderlyingDelta", "maxStressLoss"],
  },
};

/** Bitcoin and ether supplied to a lending market, stablecoins borrowed against them. */
const leveragedLending: Strategy = {
  folder: "leveraged-lending",
  subject: "0x9965507d1a55bcc2695c58ba16fb37d819b0a4dc",
  accountId: "lending-market",
  sources: ["Clearwater Reporting"],
  underlyings: ["USD", "BTC", "ETH"],
  instruments: [cash("USDC"), cash("USDT"), cash("DAI"), wrapped("WBTC"), spot("ETH", "0.83")],
  policyName: "Collateralised debt",
  limits: {
    minCollateralRatio: "1.5",
    minHealthFactor: "1.25",
    maxLeverage: "2.2",
    netDelta: ["0", "2.2"],
    maxStressLoss: "0.5",
    maxDrawdown: "0.4",
    minEquity: "2000000",
  },
  scenarios: [
    { name: "Everything down 25%", shocks: { BTC: "-0.25", ETH: "-0.25" } },
    { name: "5 August 2024", shocks: { BTC: "-0.15", ETH: "-0.22" } },
    { name: "Bitcoin alone down 25%", shocks: { BTC: "-0.25" } },
  ],
  positions: { WBTC: "60", ETH: "500", USDC: "-2600000", USDT: "-600000" },
  twin: {
    // Another 1.1 million was borrowed and paid out.
    file: "snapshot-overborrowed.json",
    changes: { "lending-market": { USDC: "-3700000" } },
    breaks: ["minHealthFactor", "maxLeverage", "netDelta", "maxStressLoss"],
  },
};

/** 30 January and 27 March 2026, 08:00 UTC. */
const [JANUARY, MARCH] = [1769760000, 1774598400];

function option(
  id: string,
  underlying: string,
  price: string,
  expiry: number,
  impliedVolatility: string,
): MarketRow {
  const [, strike, letter] = /-([0-9]+)([CP])$/.exec(id)!;
  const contract = {
    type: letter === "C" ? "call" : "put",
    strike: strike!,
    expiry,
    impliedVolatility,
  } as const;
  return { id, kind: "option", underlying, price, contract };
}

/** Short strangles on bitcoin and ether, cheaper wings bought, delta hedged with perpetuals. */
const optionsVolatility: Strategy = {
  folder: "options-volatility",
  circuit: "portfolio-health/options-64",
  subject: "0x976ea74026e726554db657fa54763abd0c3a0aa9",
  accountId: "options-venue",
  sources: ["Meridian Options", "Northgate Custody"],
  underlyings: ["USD", "BTC", "ETH"],
  instruments: [
    cash("USDC"),
    cash("USDT"),
    spot("BTC"),
    spot("ETH"),
    perp("BTC"),
    perp("ETH"),
    option("BTC-30JAN26-80000P", "BTC", "1680", JANUARY, "0.47"),
    option("BTC-30JAN26-95000C", "BTC", "1398", JANUARY, "0.4"),
    option("BTC-27MAR26-75000P", "BTC", "3107", MARCH, "0.5"),
    option("BTC-27MAR26-110000C", "BTC", "1383", MARCH, "0.43"),
    option("ETH-30JAN26-2600P", "ETH", "88.2", JANUARY, "0.72"),
    option("ETH-30JAN26-3400C", "ETH", "80.9", JANUARY, "0.66"),
    option("ETH-27MAR26-2200P", "ETH", "105.5", MARCH, "0.75"),
    option("ETH-27MAR26-4000C", "ETH", "115.5", MARCH, "0.69"),
  ],
  policyName: "Options volatility selling",
  limits: {
    minCollateralRatio: "3",
    maxLeverage: "3",
    netDelta: ["-0.1", "0.1"],
    maxUnderlyingDelta: "0.1",
    maxVenue: "0.8",
    maxGamma: "0.05",
    maxVega: "0.004",
    maxTheta: "0.004",
    maxStressLoss: "0.25",
    maxDrawdown: "0.2",
    minEquity: "5000000",
  },
  scenarios: [
    { name: "Still, vol up 15 points", shocks: {}, volatility: "0.15" },
    { name: "Still, vol down 15 points", shocks: {}, volatility: "-0.15" },
    { name: "Down 10%, vol up 10 points", shocks: { BTC: "-0.1", ETH: "-0.1" }, volatility: "0.1" },
    { name: "Up 10%", shocks: { BTC: "0.1", ETH: "0.1" } },
    { name: "Down 20%, vol up 25 points", shocks: { BTC: "-0.2", ETH: "-0.25" }, volatility: "0.25" },
    { name: "Up 20%, vol up 5 points", shocks: { BTC: "0.2", ETH: "0.25" }, volatility: "0.05" },
    { name: "12 March 2020", shocks: { BTC: "-0.39", ETH: "-0.43" }, volatility: "0.9" },
  ],
  positions: {
    ...{ USDC: "5200000", "BTC-PERP": "0.5", "ETH-PERP": "10" },
    ...{ "BTC-30JAN26-80000P": "-60", "BTC-30JAN26-95000C": "-60" },
    ...{ "BTC-27MAR26-75000P": "35", "BTC-27MAR26-110000C": "35" },
    ...{
      "ETH-30JAN26-2600P": "-500",
      "ETH-30JAN26-3400C": "-500",
      "ETH-27MAR26-2200P": "300",
      "ETH-27MAR26-4000C": "300",
    },
  },
  otherAccounts: [{ id: "custody", source: "Northgate Custody", positions: { USDC: "3500000" } }],
  twin: {
    // The wings expired and were not bought again, and the strangles doubled.
    file: "snapshot-naked.json",
    changes: {
      "options-venue": {
        ...{ "BTC-30JAN26-80000P": "-120", "BTC-30JAN26-95000C": "-120" },
        ...{ "BTC-27MAR26-75000P": "0", "BTC-27MAR26-110000C": "0" },
        ...{ "ETH-30JAN26-2600P": "-1000", "ETH-30JAN26-3400C": "-1000" },
        ...{ "ETH-27MAR26-2200P": "0", "ETH-27MAR26-4000C": "0" },
      },
    },
    breaks: ["maxGamma", "maxStressLoss"],
  },
};

/** Twelve coins in the weights of a published index, at two custodians, topped up with a perpetual. */
const indexReplication: Strategy = {
  folder: "index-replication",
  circuit: "portfolio-health/fund-64",
  subject: "0x14dc79964da2c08b23698b3d3cc7ca32193d9955",
  accountId: "custody-a",
  sources: ["Northgate Custody", "Clearwater Reporting", "Halyard Prime"],
  underlyings: [
    "USD",
    ...["BTC", "ETH", "XRP", "BNB", "SOL", "TRX", "DOGE", "ADA", "LINK", "LTC", "AVAX", "DOT"],
  ],
  instruments: [
    cash("USDC"),
    spot("BTC"),
    spot("ETH"),
    spot("XRP"),
    spot("BNB"),
    spot("SOL"),
    spot("TRX"),
    spot("DOGE"),
    spot("ADA"),
    spot("LINK"),
    spot("LTC"),
    spot("AVAX"),
    spot("DOT"),
    perp("BTC"),
  ],
  policyName: "Index replication",
  limits: {
    maxLeverage: "1.05",
    netDelta: ["0.95", "1.02"],
    maxUnderlyingDelta: "0.7",
    maxVenue: "0.65",
    maxStressLoss: "0.6",
    maxDrawdown: "0.6",
    minEquity: "20000000",
    maxVolatility: "0.55",
    maxExpectedShortfall: { "0.95": "0.07", "0.99": "0.09" },
  },
  tailCircuit: "tail-risk/250",
  scenarios: [
    {
      name: "12 March 2020",
      shocks: { BTC: "-0.39", ETH: "-0.43", XRP: "-0.33", BNB: "-0.45", LINK: "-0.46", LTC: "-0.41" },
    },
    {
      name: "Alternatives halve",
      shocks: Object.fromEntries(
        ["ETH", "XRP", "BNB", "SOL", "TRX", "DOGE", "ADA", "LINK", "LTC", "AVAX", "DOT"].map((id) => [
          id,
          "-0.5",
        ]),
      ),
    },
    { name: "Bitcoin down 50%", shocks: { BTC: "-0.5", ETH: "-0.55", SOL: "-0.6" } },
  ],
  units: "250000",
  positions: { BTC: "118", ETH: "1420", USDC: "420000" },
  otherAccounts: [
    {
      id: "custody-b",
      source: "Clearwater Reporting",
      positions: {
        ...{ BTC: "92", XRP: "1135000", BNB: "1440", SOL: "6900", TRX: "1140000", DOGE: "1640000" },
        ...{ ADA: "440000", LINK: "7600", LTC: "810", AVAX: "4200", DOT: "17000" },
      },
    },
    { id: "futures", source: "Halyard Prime", positions: { USDC: "150000", "BTC-PERP": "5.5" } },
  ],
  twin: {
    // A rebalance bought the coins twice on margin of the perpetual.
    file: "snapshot-doubled-rebalance.json",
    changes: { futures: { "BTC-PERP": "55" } },
    breaks: [
      "maxLeverage",
      "netDelta",
      "maxUnderlyingDelta",
      "maxVolatility",
      "maxExpectedShortfall",
      "maxExpectedShortfall",
    ],
  },
};

/** Dollars spread over four protocols; a coin that leaves its peg or a protocol that fails must not take the rest along. */
const yieldOptimiser: Strategy = {
  folder: "yield-optimiser",
  circuit: "portfolio-health/fund-64",
  subject: "0x23618e81e3f5cdf7f54c3d65f7fbc0abf5b21e8f",
  accountId: "aave",
  // The reporter has a key for each protocol: maxVenue counts by key, so one key for all would be one venue.
  sources: ["Clearwater on Aave", "Clearwater on Morpho", "Clearwater on Compound", "Clearwater on Sky"],
  underlyings: ["USDC", "USDT", "USDS", "USDE"],
  instruments: [
    { id: "USDC", kind: "spot", underlying: "USDC", price: "0.9998", collateralFactor: "0.78" },
    { id: "USDT", kind: "spot", underlying: "USDT", price: "0.9987", collateralFactor: "0.78" },
    { id: "aUSDC", kind: "spot", underlying: "USDC", price: "0.9998", collateralFactor: "0.75" },
    { id: "aUSDT", kind: "spot", underlying: "USDT", price: "0.9987", collateralFactor: "0.75" },
    { id: "mUSDC-vault", kind: "spot", underlying: "USDC", price: "1.0614" },
    { id: "cUSDT", kind: "spot", underlying: "USDT", price: "0.9987" },
    { id: "sUSDS", kind: "spot", underlying: "USDS", price: "1.0851", collateralFactor: "0.75" },
    { id: "sUSDe", kind: "spot", underlying: "USDE", price: "1.2078", collateralFactor: "0.72" },
  ],
  policyName: "Yield optimiser",
  limits: {
    minCollateralRatio: "10",
    maxLeverage: "1.1",
    maxUnderlyingDelta: "0.6",
    maxVenue: "0.4",
    maxStressLoss: "0.08",
    maxDrawdown: "0.03",
    minEquity: "5000000",
  },
  scenarios: [
    { name: "11 March 2023, USDC at 0.88", shocks: { USDC: "-0.12", USDS: "-0.08" } },
    { name: "USDT at 0.95", shocks: { USDT: "-0.05" } },
    { name: "10 October 2025, USDe at 0.65 on a venue", shocks: { USDE: "-0.35" } },
  ],
  units: "9800000",
  positions: { aUSDC: "2150000", aUSDT: "1100000", USDC: "35000" },
  otherAccounts: [
    { id: "morpho", source: "Clearwater on Morpho", positions: { "mUSDC-vault": "1900000" } },
    { id: "compound", source: "Clearwater on Compound", positions: { cUSDT: "2400000" } },
    { id: "sky", source: "Clearwater on Sky", positions: { sUSDS: "1750000", sUSDe: "300000" } },
  ],
  twin: {
    // The highest yield got most of the money.
    file: "snapshot-concentrated.json",
    changes: {
      aave: { aUSDC: "700000", aUSDT: "300000" },
      morpho: { "mUSDC-vault": "4700000" },
      compound: { cUSDT: "1650000" },
    },
    breaks: ["maxVenue", "maxStressLoss"],
  },
};

/** Quotes on three venues: cross margin where inventory and futures share one pool, an isolated sub-account for a thin coin. */
const marketMaker: Strategy = {
  folder: "market-maker",
  circuit: "portfolio-health/fund-64",
  subject: "0xa0ee7a142d267c1f36714e4a8f75612f20a79720",
  accountId: "venue-1-cross",
  sources: ["Halyard Prime", "Meridian Options", "Northgate Custody"],
  underlyings: ["USD", "BTC", "ETH", "SOL", "HYPE"],
  instruments: [
    cash("USDC"),
    cash("USDT"),
    spot("BTC"),
    spot("ETH"),
    spot("SOL"),
    spot("HYPE"),
    perp("BTC"),
    perp("ETH"),
    perp("SOL"),
    perp("HYPE"),
    future("BTC-27MAR26"),
  ],
  policyName: "Multi-venue market maker",
  limits: {
    minCollateralRatio: "2",
    minHealthFactor: "1.5",
    minAccountHealthFactor: "1.5",
    maxLeverage: "4",
    netDelta: ["-0.05", "0.05"],
    maxUnderlyingDelta: "0.05",
    maxVenue: "0.5",
    maxStressLoss: "0.05",
    maxDrawdown: "0.1",
    minEquity: "4000000",
    maxVolatility: "0.1",
    maxExpectedShortfall: { "0.975": "0.01" },
  },
  tailCircuit: "tail-risk/64",
  scenarios: [
    { name: "Everything down 30%", shocks: { BTC: "-0.3", ETH: "-0.35", SOL: "-0.4", HYPE: "-0.5" } },
    { name: "Everything up 30%", shocks: { BTC: "0.3", ETH: "0.35", SOL: "0.4", HYPE: "0.5" } },
    { name: "The thin coin triples", shocks: { HYPE: "2" } },
    { name: "10 October 2025", shocks: { BTC: "-0.14", ETH: "-0.21", SOL: "-0.32", HYPE: "-0.45" } },
  ],
  positions: {
    USDC: "900000",
    BTC: "14",
    ETH: "-120",
    "BTC-PERP": "-31",
    "ETH-PERP": "310",
    "SOL-PERP": "-2200",
  },
  otherAccounts: [
    {
      id: "venue-2",
      source: "Meridian Options",
      positions: {
        USDT: "1450000",
        SOL: "9800",
        "SOL-PERP": "-7700",
        "ETH-PERP": "-190",
        "BTC-27MAR26": "17",
      },
    },
    {
      id: "venue-1-isolated",
      source: "Halyard Prime",
      positions: { USDC: "250000", HYPE: "4100", "HYPE-PERP": "-4050" },
    },
    { id: "reserve", source: "Northgate Custody", positions: { USDC: "700000" } },
  ],
  twin: {
    // A quoting error filled the isolated sub-account with one side, and cross margin was lent out to fund it: the whole book
    // still has collateral enough, that account no more.
    file: "snapshot-one-sided.json",
    changes: {
      "venue-1-cross": { USDC: "-900000" },
      "venue-1-isolated": { USDC: "2050000", "HYPE-PERP": "-44050" },
    },
    breaks: [
      ...["minAccountHealthFactor", "netDelta", "maxUnderlyingDelta", "maxStressLoss"],
      ...["maxVolatility", "maxExpectedShortfall"],
    ],
  },
};

/** Futures bought and sold by their trend, sized by how much the book would have moved: limits on the tail, not on legs. */
const trendFollower: Strategy = {
  folder: "trend-follower",
  subject: "0xbcd4042de499d14e55001ccbb24a551f3b954096",
  accountId: "cta-1",
  sources: ["Halyard Prime"],
  underlyings: ["USD", "BTC", "ETH", "SOL"],
  instruments: [cash("USDC"), cash("USDT"), perp("BTC"), perp("ETH"), perp("SOL"), future("BTC-27MAR26")],
  policyName: "Trend follower, tail risk",
  limits: {
    maxLeverage: "2",
    maxVolatility: "0.25",
    maxExpectedShortfall: { "0.95": "0.04", "0.975": "0.05", "0.99": "0.06" },
    minEquity: "3000000",
  },
  tailCircuit: "tail-risk/spot-64",
  scenarios: [],
  positions: {
    USDC: "4200000",
    USDT: "650000",
    "BTC-PERP": "24",
    "BTC-27MAR26": "12",
    "ETH-PERP": "-310",
    "SOL-PERP": "-4200",
  },
  twin: {
    // The same gross exposure, but the shorts became longs: nothing is offset any more.
    file: "snapshot-all-long.json",
    changes: { "cta-1": { "ETH-PERP": "310", "SOL-PERP": "4200" } },
    breaks: ["maxVolatility", "maxExpectedShortfall", "maxExpectedShortfall", "maxExpectedShortfall"],
  },
};

/** Every strategy, in the order of the examples' table. */
export const STRATEGIES: readonly Strategy[] = [
  ethHedgedVault,
  leveragedStaking,
  cashAndCarry,
  deltaNeutralPerps,
  leveragedLending,
  optionsVolatility,
  indexReplication,
  yieldOptimiser,
  marketMaker,
  primeBroker,
  trendFollower,
];
