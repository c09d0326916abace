// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * One day's market, from which every example takes its rows: 1 January 2026, 00:00 UTC. Prices are set to look like that day's;
 * collateral factors like those of a prime broker (coins) and of a lending market (dollars, tokens that stand for coins).
 *
 * @module
 */

/** Every example's time: 1 January 2026, 00:00 UTC, in unix seconds. */
export const AS_OF = 1767225600;

/** A row of a market/1 file. */
export interface MarketRow {
  readonly id: string;
  readonly kind: "cash" | "spot" | "perp" | "future" | "option";
  readonly underlying: string;
  readonly price: string;
  readonly collateralFactor?: string;
  /** Options only; greeks and P&L are computed from it. */
  readonly contract?: {
    readonly type: "call" | "put";
    readonly strike: string;
    readonly expiry: number;
    readonly impliedVolatility: string;
  };
}

/** Price and collateral factor. */
const DOLLARS = {
  USD: ["1", "1"],
  USDC: ["0.9998", "0.78"],
  USDT: ["0.9987", "0.78"],
  DAI: ["0.9996", "0.77"],
  USDS: ["0.9997", "0.75"],
  PYUSD: ["0.9995", "0.75"],
  FDUSD: ["0.9979", "0.6"],
  BUIDL: ["1", "0.9"],
  USYC: ["1.1127", "0.9"],
  OUSG: ["113.84", "0.88"],
} as const;

/** Price, collateral factor, and the perpetual's mark. kSHIB and kPEPE are a thousand of theirs, as exchanges list them. */
const QUOTED = {
  BTC: ["87438.2", "0.9", "87455"],
  ETH: ["2967.52", "0.85", "2968.35"],
  SOL: ["124.63", "0.7", "124.6"],
  XRP: ["1.841", "0.6", "1.8414"],
  BNB: ["863.2", "0.7", "863.5"],
  DOGE: ["0.1176", "0.5", "0.11762"],
  ADA: ["0.3331", "0.5", "0.33318"],
  TRX: ["0.2842", "0.5", "0.28415"],
  LINK: ["12.31", "0.6", "12.313"],
  LTC: ["76.9", "0.6", "76.92"],
  AVAX: ["12.28", "0.5", "12.279"],
  DOT: ["1.787", "0.5", "1.7866"],
  HYPE: ["25.4", "0.4", "25.41"],
  BCH: ["595.4", "0.6", "595.7"],
  XLM: ["0.2034", "0.5", "0.20345"],
  HBAR: ["0.1072", "0.45", "0.10718"],
  SUI: ["1.402", "0.5", "1.4018"],
  TON: ["1.628", "0.45", "1.6275"],
  NEAR: ["1.512", "0.45", "1.5124"],
  UNI: ["5.688", "0.5", "5.6895"],
  AAVE: ["146.9", "0.55", "146.95"],
  APT: ["1.658", "0.4", "1.6574"],
  ARB: ["0.1869", "0.4", "0.18685"],
  OP: ["0.2641", "0.4", "0.26405"],
  ATOM: ["1.934", "0.45", "1.9345"],
  kSHIB: ["0.006904", "0.4", "0.006905"],
  kPEPE: ["0.004032", "0.3", "0.004033"],
  ENA: ["0.1973", "0.3", "0.19725"],
  TAO: ["219.6", "0.35", "219.7"],
  ZEC: ["508.3", "0.3", "508.1"],
  XMR: ["431.7", "0.3", "431.5"],
} as const;

/** Price and collateral factor, by the coin that they stand for. */
const WRAPPED = {
  WBTC: ["BTC", "87412.6", "0.78"],
  cbBTC: ["BTC", "87421", "0.78"],
  wstETH: ["ETH", "3632.41", "0.79"],
  rETH: ["ETH", "3421.86", "0.77"],
  cbETH: ["ETH", "3318.9", "0.77"],
  weETH: ["ETH", "3214.7", "0.75"],
  JitoSOL: ["SOL", "155.92", "0.6"],
  mSOL: ["SOL", "168.41", "0.55"],
} as const;

/** Marks of futures, by coin and day of expiry. */
const FUTURES = {
  "BTC-30JAN26": "87835",
  "BTC-27FEB26": "88222.5",
  "BTC-27MAR26": "88590.5",
  "BTC-26JUN26": "89905",
  "ETH-30JAN26": "2981.4",
  "ETH-27FEB26": "2994.6",
  "ETH-27MAR26": "3007.9",
  "ETH-26JUN26": "3053.2",
  "SOL-30JAN26": "125.1",
  "SOL-27MAR26": "125.98",
  "SOL-26JUN26": "127.3",
  "XRP-30JAN26": "1.847",
  "XRP-27MAR26": "1.858",
  "XRP-26JUN26": "1.875",
  "BNB-27MAR26": "871.8",
  "LTC-27MAR26": "77.6",
  "BCH-27MAR26": "600.9",
  "LINK-27MAR26": "12.43",
  "ADA-27MAR26": "0.3359",
  "DOGE-27MAR26": "0.1186",
  "AVAX-27MAR26": "12.37",
  "DOT-27MAR26": "1.799",
} as const;

/** A coin's name. */
export type Coin = keyof typeof QUOTED;

/** Every coin, in the table's order. */
export const COINS: readonly Coin[] = keys(QUOTED);

/** A dollar, or what is as good as one: without exposure. */
export function cash(id: keyof typeof DOLLARS): MarketRow {
  const [price, collateralFactor] = DOLLARS[id];
  return { id, kind: "cash", underlying: "USD", price, collateralFactor };
}

/** A coin; with the collateral factor of whoever holds it, if that is not the table's. */
export function spot(id: Coin, collateralFactor: string = QUOTED[id][1]): MarketRow {
  return { id, kind: "spot", underlying: id, price: QUOTED[id][0], collateralFactor };
}

/** A token that stands for a coin. */
export function wrapped(id: keyof typeof WRAPPED): MarketRow {
  const [underlying, price, collateralFactor] = WRAPPED[id];
  return { id, kind: "spot", underlying, price, collateralFactor };
}

/** A coin's perpetual. */
export function perp(coin: Coin): MarketRow {
  return { id: `${coin}-PERP`, kind: "perp", underlying: coin, price: QUOTED[coin][2] };
}

/** A future by its name, such as BTC-27MAR26. */
export function future(id: keyof typeof FUTURES): MarketRow {
  return { id, kind: "future", underlying: id.split("-")[0]!, price: FUTURES[id] };
}

/** Every row of the day but options: dollars, coins, tokens that stand for coins, perpetuals, futures. */
export function allRows(): MarketRow[] {
  return [
    ...keys(DOLLARS).map(cash),
    ...COINS.map((coin) => spot(coin)),
    ...keys(WRAPPED).map(wrapped),
    ...COINS.map(perp),
    ...keys(FUTURES).map(future),
  ];
}

function keys<K extends string>(table: Readonly<Record<K, unknown>>): K[] {
  return Object.keys(table) as K[];
}
