// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Responses of venues as they have them, and a market to place them in. Shapes follow the venues' documentation; every amount is
 * made up.
 *
 * @module
 */

import { accountsFromVenue, type Venue, type VenueImport } from "@keel/prover";
import { type Market, parseMarket } from "@keel/verifier";
import { AS_OF } from "./book.js";

export const MILLISECONDS = AS_OF * 1000;
/** 26 June 2026, 08:00 UTC. */
export const JUNE = 1782460800;

const cash = (id: string, price = "1") => ({ id, kind: "cash", underlying: "USD", price });
const spot = (id: string, price: string) => ({ id, kind: "spot", underlying: id, price });
const perp = (underlying: string, price: string) => ({
  id: `${underlying}-PERP`,
  kind: "perp",
  underlying,
  price,
});
const inverse = (id: string, face: string) => ({ id, kind: "perp", underlying: "BTC", price: "1", face });

export const ROWS: readonly object[] = [
  cash("USDC", "0.9998"),
  cash("USDT", "0.9987"),
  spot("BTC", "80000"),
  spot("ETH", "3000"),
  spot("SOL", "125"),
  { ...spot("kSHIB", "0.007"), underlying: "SHIB", multiplier: 1000 },
  perp("BTC", "80050"),
  perp("ETH", "3001"),
  { ...perp("kSHIB", "0.00701"), underlying: "SHIB", multiplier: 1000 },
  inverse("BTC-PERPETUAL", "10"),
  inverse("BTCUSD_PERP", "100"),
  { id: "BTC-USD-SWAP", kind: "perp", underlying: "BTC", price: "1", face: "100" },
  {
    id: "BTC-26JUN26-90000-C",
    kind: "option",
    underlying: "BTC",
    price: "4000",
    contract: { type: "call", strike: "90000", expiry: JUNE, impliedVolatility: "0.4" },
  },
];

/** A market of these rows and others, or without some. */
export function venueMarket(more: readonly object[] = [], without: readonly string[] = []): Market {
  const instruments = [...ROWS.filter((row) => !without.includes((row as { id: string }).id)), ...more];
  const file = {
    keel: "market/1",
    asOf: AS_OF,
    underlyings: ["USD", "BTC", "ETH", "SOL", "SHIB"],
    instruments,
  };
  return parseMarket(JSON.stringify(file));
}

/** A response: text as it is, or data. */
export type Saved = readonly (readonly [string, string | object])[];

/** Imports responses as account "venue". */
export function imported(venue: Venue, saved: Saved, more: object = {}): VenueImport {
  const responses = saved.map(([name, data]) => ({
    name,
    text: typeof data === "string" ? data : JSON.stringify(data),
  }));
  const request = { responses, market: venueMarket(), account: "venue", source: "Venue One", asOf: AS_OF };
  return accountsFromVenue(venue, { ...request, ...more });
}

/** Quantities by account and instrument, as numbers of 1e-8. */
export function amounts({ accounts }: VenueImport): Record<string, Record<string, string>> {
  return Object.fromEntries(
    accounts.map(({ id, positions }) => [
      id,
      Object.fromEntries([...positions].map(([name, value]) => [name, decimal(value)])),
    ]),
  );
}

function decimal(value: bigint): string {
  const digits = (value < 0n ? -value : value).toString().padStart(9, "0");
  const fraction = digits.slice(-8).replace(/0+$/, "");
  return `${value < 0n ? "-" : ""}${digits.slice(0, -8)}${fraction === "" ? "" : `.${fraction}`}`;
}

/** The codes and paths of everything that is wrong. */
export function faultsOf(work: () => unknown): string[] {
  try {
    work();
  } catch (error) {
    const {
      code,
      path,
      also = [],
    } = error as { code: string; path: string; also?: { code: string; path: string }[] };
    return [{ code, path }, ...also].map((fault) => `${fault.code} ${fault.path}`);
  }
  return [];
}

/** A change somewhere deep in data: the path's last key gets the value, or is taken away with undefined. */
export function changed<T extends object>(data: T, path: readonly (string | number)[], value: unknown): T {
  const copy = structuredClone(data) as Record<string | number, unknown>;
  let node = copy;
  for (const key of path.slice(0, -1)) node = node[key] as Record<string | number, unknown>;
  const last = path[path.length - 1]!;
  if (value === undefined) delete node[last];
  else node[last] = value;
  return copy as T;
}

const hyperliquidPosition = (coin: string, szi: string, positionValue: string, unrealizedPnl = "0.0") => ({
  type: "oneWay",
  position: {
    coin,
    szi,
    leverage: { type: "cross", value: 5 },
    entryPx: "2900.1",
    positionValue,
    unrealizedPnl,
    returnOnEquity: "0.1",
    liquidationPx: "4100.5",
    marginUsed: "12000.0",
    maxLeverage: 25,
    cumFunding: { allTime: "12.5", sinceOpen: "1.5", sinceChange: "0.5" },
  },
});

/** A short of 20 ETH: accountValue has its value taken off totalRawUsd. */
export const HYPERLIQUID_PERP = {
  marginSummary: {
    accountValue: "99980.0",
    totalNtlPos: "60020.0",
    totalRawUsd: "160000.0",
    totalMarginUsed: "12000.0",
  },
  crossMarginSummary: {
    accountValue: "99980.0",
    totalNtlPos: "60020.0",
    totalRawUsd: "160000.0",
    totalMarginUsed: "12000.0",
  },
  crossMaintenanceMarginUsed: "600.0",
  withdrawable: "80000.0",
  assetPositions: [hyperliquidPosition("ETH", "-20.0", "60020.0", "-2020.0")],
  time: MILLISECONDS,
};
export const HYPERLIQUID_SPOT = {
  balances: [
    { coin: "USDC", token: 0, total: "500.25", hold: "0.0", entryNtl: "0.0" },
    { coin: "UBTC", token: 197, total: "0.5", hold: "0.1", entryNtl: "30000.0" },
  ],
};

const deribitSummary = (currency: string, change: object = {}) => ({
  currency,
  balance: 0,
  equity: 0,
  futures_session_upl: 0,
  futures_session_rpl: 0,
  options_value: 0,
  options_session_upl: 0,
  session_upl: 0,
  session_rpl: 0,
  margin_balance: 0,
  initial_margin: 0,
  maintenance_margin: 0,
  available_funds: 0,
  delta_total: 0,
  portfolio_margining_enabled: false,
  ...change,
});
const deribitPosition = (
  instrument_name: string,
  kind: string,
  direction: string,
  size: number,
  mark_price: number,
) => ({
  instrument_name,
  kind,
  direction,
  size,
  mark_price,
  average_price: 1,
  floating_profit_loss: -2e-8,
  index_price: 80000,
  total_profit_loss: 0.1,
  delta: 0.4,
  initial_margin: 0.2,
});

/** 9 BTC and 0.1 of futures P&L; ten calls worth 0.5 BTC; 250,000 dollars of perpetuals sold. */
export const DERIBIT_SUMMARIES = {
  jsonrpc: "2.0",
  result: {
    id: 10,
    username: "fund",
    summaries: [
      deribitSummary("BTC", {
        balance: 9.0,
        futures_session_upl: 0.1,
        options_value: 0.5,
        equity: 9.6,
        margin_balance: 9.1,
      }),
      deribitSummary("ETH"),
    ],
  },
  usIn: AS_OF * 1e6,
  usOut: AS_OF * 1e6 + 500,
  usDiff: 500,
  testnet: false,
};
export const DERIBIT_POSITIONS = {
  jsonrpc: "2.0",
  result: [
    deribitPosition("BTC-26JUN26-90000-C", "option", "buy", 10.0, 0.05),
    { ...deribitPosition("BTC-PERPETUAL", "future", "sell", -250000.0, 80050), size_currency: -3.123 },
  ],
  usOut: AS_OF * 1e6,
};

const portfolioBalance = (asset: string, change: object) => ({
  asset,
  totalWalletBalance: "0",
  crossMarginAsset: "0",
  crossMarginBorrowed: "0",
  crossMarginFree: "0",
  crossMarginInterest: "0",
  crossMarginLocked: "0",
  umWalletBalance: "0",
  umUnrealizedPNL: "0",
  cmWalletBalance: "0",
  cmUnrealizedPNL: "0",
  updateTime: MILLISECONDS - 86_400_000,
  negativeBalance: "0",
  ...change,
});
export const PORTFOLIO_BALANCE = [
  portfolioBalance("USDT", {
    totalWalletBalance: "800000",
    crossMarginAsset: "500000",
    crossMarginBorrowed: "200000",
    crossMarginFree: "500000",
    crossMarginInterest: "20.5",
    umWalletBalance: "300000",
    umUnrealizedPNL: "-50000",
  }),
  portfolioBalance("BTC", {
    totalWalletBalance: "12",
    crossMarginAsset: "10",
    crossMarginFree: "10",
    cmWalletBalance: "2",
    cmUnrealizedPNL: "-0.5",
  }),
];
const risk = (symbol: string, positionAmt: string, unRealizedProfit: string, change: object) => ({
  symbol,
  positionAmt,
  entryPrice: "85000",
  markPrice: "80050",
  unRealizedProfit,
  liquidationPrice: "0",
  leverage: "10",
  positionSide: "BOTH",
  updateTime: MILLISECONDS - 1000,
  ...change,
});
export const PORTFOLIO_UM = [
  risk("BTCUSDT", "10", "-50000", { notional: "800500", maxNotionalValue: "100000000" }),
  risk("ETHUSDT", "0.000", "0", { notional: "0", maxNotionalValue: "1000" }),
];
/** 4,000 contracts of 100 dollars. */
export const PORTFOLIO_CM = [
  risk("BTCUSD_PERP", "4000", "-0.5", { notionalValue: "4.99687695", maxQty: "1000" }),
];

export const BINANCE_SPOT = {
  makerCommission: 10,
  commissionRates: { maker: "0.001", taker: "0.001", buyer: "0", seller: "0" },
  canTrade: true,
  canWithdraw: true,
  canDeposit: true,
  brokered: false,
  accountType: "SPOT",
  updateTime: MILLISECONDS - 60_000,
  balances: [
    { asset: "BTC", free: "1.25000000", locked: "0.25000000" },
    { asset: "USDT", free: "1000.00000000", locked: "0.00000000" },
    { asset: "ETHW", free: "0.00000000", locked: "0.00000000" },
  ],
  permissions: ["SPOT"],
  uid: 354937868,
};
export const BINANCE_FUTURES = {
  totalInitialMargin: "100",
  totalWalletBalance: "100000.5",
  totalUnrealizedProfit: "-2500",
  totalMarginBalance: "97500.5",
  availableBalance: "90000",
  assets: [
    {
      asset: "USDT",
      walletBalance: "100000.5",
      unrealizedProfit: "-2500",
      marginBalance: "97500.5",
      maintMargin: "10",
      crossWalletBalance: "100000.5",
      crossUnPnl: "-2500",
      availableBalance: "90000",
      updateTime: MILLISECONDS - 5000,
    },
  ],
  positions: [
    {
      symbol: "BTCUSDT",
      positionSide: "LONG",
      positionAmt: "2.5",
      unrealizedProfit: "-3000",
      notional: "200125",
      leverage: "10",
    },
    {
      symbol: "BTCUSDT",
      positionSide: "SHORT",
      positionAmt: "-1",
      unrealizedProfit: "500",
      notional: "-80050",
      leverage: "10",
    },
    {
      symbol: "1000SHIBUSDT",
      positionSide: "BOTH",
      positionAmt: "1000000",
      unrealizedProfit: "0",
      notional: "7010",
    },
  ],
};

const okxDetail = (ccy: string, eq: string, eqUsd: string, change: object = {}) => ({
  ccy,
  eq,
  eqUsd,
  cashBal: eq,
  availBal: eq,
  liab: "",
  upl: "0",
  crossLiab: "",
  interest: "",
  uTime: String(MILLISECONDS - 1000),
  ...change,
});
const okxPosition = (instId: string, instType: string, pos: string, change: object = {}) => ({
  instId,
  instType,
  pos,
  posSide: "net",
  mgnMode: "cross",
  ccy: "USDT",
  upl: "0",
  optVal: "",
  lever: "5",
  avgPx: "79000",
  markPx: "80050",
  uTime: String(MILLISECONDS - 2000),
  ...change,
});
/** 50 contracts of 0.01 BTC long; 1,000 of 100 dollars short; a debt in USDC. */
export const OKX_BALANCE = {
  code: "0",
  msg: "",
  data: [
    {
      totalEq: "359724.94",
      adjEq: "350000",
      uTime: String(MILLISECONDS),
      details: [
        okxDetail("USDT", "200000", "199740", { upl: "525" }),
        okxDetail("BTC", "2.25", "180000"),
        okxDetail("USDC", "-20000", "-19996", { liab: "20000", crossLiab: "20000" }),
      ],
    },
  ],
};
export const OKX_POSITIONS = {
  code: "0",
  msg: "",
  data: [
    okxPosition("BTC-USDT-SWAP", "SWAP", "50", { notionalUsd: "40025", upl: "525" }),
    okxPosition("BTC-USD-SWAP", "SWAP", "-1000", { ccy: "BTC", notionalUsd: "100000" }),
    okxPosition("ETH-USDT-SWAP", "SWAP", "0", { notionalUsd: "" }),
  ],
};
const okxInstrument = (instId: string, ctVal: string, ctValCcy: string, change: object = {}) => ({
  instId,
  instType: "SWAP",
  ctVal,
  ctMult: "1",
  ctValCcy,
  ctType: ctValCcy === "USD" ? "inverse" : "linear",
  state: "live",
  lotSz: "1",
  ...change,
});
export const OKX_INSTRUMENTS = {
  code: "0",
  msg: "",
  data: [
    okxInstrument("BTC-USDT-SWAP", "0.01", "BTC"),
    okxInstrument("ETH-USDT-SWAP", "0.1", "ETH"),
    okxInstrument("BTC-USD-SWAP", "100", "USD"),
    okxInstrument("SHIB-USDT-SWAP", "1000000", "SHIB"),
    okxInstrument("BTC-USDT", "", "", { instType: "SPOT" }),
  ],
};

const bybitCoin = (coin: string, equity: string, usdValue: string, change: object = {}) => ({
  coin,
  equity,
  usdValue,
  walletBalance: equity,
  borrowAmount: "0",
  accruedInterest: "0",
  unrealisedPnl: "0",
  cumRealisedPnl: "123",
  locked: "0",
  marginCollateral: true,
  collateralSwitch: true,
  ...change,
});
export const BYBIT_WALLET = {
  retCode: 0,
  retMsg: "OK",
  result: {
    list: [
      {
        accountType: "UNIFIED",
        totalEquity: "340589.2",
        totalWalletBalance: "340000",
        totalPerpUPL: "-3500",
        coin: [
          bybitCoin("USDT", "-299800", "-299410.26", {
            walletBalance: "-296300",
            borrowAmount: "296300",
            unrealisedPnl: "-3500",
          }),
          bybitCoin("BTC", "8", "640000"),
        ],
      },
    ],
  },
  retExtInfo: {},
  time: MILLISECONDS + 250,
};
const bybitPosition = (
  symbol: string,
  side: string,
  size: string,
  positionIdx: number,
  change: object = {},
) => ({
  symbol,
  side,
  size,
  positionIdx,
  markPrice: "80050",
  positionValue: "1",
  unrealisedPnl: "0",
  avgPrice: "81000",
  leverage: "10",
  positionStatus: "Normal",
  tradeMode: 0,
  createdTime: "1700000000000",
  updatedTime: String(MILLISECONDS - 3000),
  seq: 5,
  ...change,
});
/** A hedged account: 2.5 BTC long and 1 short; a side without a position. */
export const BYBIT_LINEAR = {
  retCode: 0,
  retMsg: "OK",
  result: {
    category: "linear",
    nextPageCursor: "",
    list: [
      bybitPosition("BTCUSDT", "Buy", "2.5", 1, { unrealisedPnl: "-4000" }),
      bybitPosition("BTCUSDT", "Sell", "1.0", 2, { unrealisedPnl: "500" }),
      bybitPosition("ETHUSDT", "", "0", 1, { markPrice: "3001" }),
    ],
  },
  time: MILLISECONDS,
};
export const BYBIT_INVERSE = {
  retCode: 0,
  retMsg: "OK",
  result: { category: "inverse", nextPageCursor: "", list: [bybitPosition("BTCUSD", "Sell", "8005", 0)] },
  time: MILLISECONDS,
};

export const FIREBLOCKS_VAULT = {
  accounts: [
    {
      id: "7",
      name: "Fund treasury",
      hiddenOnUI: false,
      autoFuel: false,
      assets: [
        {
          id: "BTC",
          total: "12.5",
          balance: "12.5",
          available: "12",
          pending: "0.3",
          frozen: "0",
          lockedAmount: "0.5",
          staked: "0",
          blockHeight: "870000",
        },
        {
          id: "USDC_POLYGON",
          total: "1000.5",
          balance: "1000.5",
          available: "1000.5",
          pending: "0",
          frozen: "0",
          lockedAmount: "0",
        },
        { id: "USDC", total: "99.5", available: "99.5", pending: "0" },
        { id: "SOL", total: "10", available: "10", staked: "40", pending: "0" },
      ],
    },
  ],
  paging: {},
};
export const PRIME_BALANCES = {
  balances: [
    {
      symbol: "btc",
      amount: "109.42",
      holds: "2",
      bonded_amount: "0",
      withdrawable_amount: "107.42",
      fiat_amount: "8753600.00",
    },
    {
      symbol: "eth",
      amount: "64",
      holds: "0",
      bonded_amount: "32",
      pending_rewards_amount: "0.4",
      fiat_amount: "192000.00",
    },
  ],
  type: "TOTAL_BALANCES",
  trading_balances: { total: "1", holds: "0" },
};

/** Everything that each venue needs, as it is right. */
export const RIGHT: Readonly<Record<Venue, Saved>> = {
  hyperliquid: [
    ["perp", HYPERLIQUID_PERP],
    ["spot", HYPERLIQUID_SPOT],
  ],
  deribit: [
    ["summaries", DERIBIT_SUMMARIES],
    ["positions", DERIBIT_POSITIONS],
  ],
  "binance-portfolio-margin": [
    ["balance", PORTFOLIO_BALANCE],
    ["um", PORTFOLIO_UM],
    ["cm", PORTFOLIO_CM],
  ],
  binance: [
    ["spot", BINANCE_SPOT],
    ["futures", BINANCE_FUTURES],
  ],
  okx: [
    ["balance", OKX_BALANCE],
    ["positions", OKX_POSITIONS],
    ["instruments", OKX_INSTRUMENTS],
  ],
  bybit: [
    ["wallet", BYBIT_WALLET],
    ["positions", BYBIT_LINEAR],
    ["positions", BYBIT_INVERSE],
  ],
  fireblocks: [["vault", FIREBLOCKS_VAULT]],
  "coinbase-prime": [["balances", PRIME_BALANCES]],
};
