// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Binance: `spot` (GET /api/v3/account) and `futures` (GET /fapi/v2/account or /fapi/v3/account). Field names as in Binance's
 * documentation and the types of the npm package `binance`.
 *
 * Cash is free and locked coins of the spot wallet, and of each futures asset the wallet with its unrealised P&L.
 *
 * @module
 */

import type { Json } from "@keel/verifier";
import { absolute, difference, type Exact, isAtMost, product, sum, ZERO } from "../exact.js";
import {
  type FieldTable,
  type Node,
  type VenueImport,
  VenueReader,
  type VenueRequest,
} from "../venue-reader.js";
import { linearPosition } from "./binance-portfolio-margin.js";

const PERMISSIONS = {
  canTrade: "a permission",
  canDeposit: "a permission",
  canWithdraw: "a permission",
  feeTier: "a fee",
};
const SPOT: FieldTable = {
  used: ["balances", "updateTime"],
  harmless: {
    ...PERMISSIONS,
    makerCommission: "a fee",
    takerCommission: "a fee",
    buyerCommission: "a fee",
    sellerCommission: "a fee",
    commissionRates: "fees",
    brokered: "a setting",
    requireSelfTradePrevention: "a setting",
    preventSor: "a setting",
    accountType: "a name",
    permissions: "permissions",
    uid: "the account's number",
  },
};
const COIN: FieldTable = { used: ["asset", "free", "locked"], harmless: {} };
const FUTURES: FieldTable = {
  used: ["assets", "positions", "totalMarginBalance", "totalUnrealizedProfit", "updateTime"],
  harmless: {
    ...PERMISSIONS,
    multiAssetsMargin: "a setting",
    tradeGroupId: "a setting",
    feeBurn: "a setting",
    totalInitialMargin: "a requirement",
    totalMaintMargin: "a requirement",
    totalWalletBalance: "the assets' wallets",
    totalPositionInitialMargin: "a requirement",
    totalOpenOrderInitialMargin: "a requirement",
    totalCrossWalletBalance: "a part of the wallets",
    totalCrossUnPnl: "a part of the P&L",
    availableBalance: "a part of the wallets",
    maxWithdrawAmount: "a part of the wallets",
  },
};
const ASSET: FieldTable = {
  used: ["asset", "walletBalance", "unrealizedProfit", "marginBalance", "updateTime"],
  harmless: {
    maintMargin: "a requirement",
    initialMargin: "a requirement",
    positionInitialMargin: "a requirement",
    openOrderInitialMargin: "a requirement",
    maxWithdrawAmount: "a part of the wallet",
    crossWalletBalance: "a part of the wallet",
    crossUnPnl: "a part of the P&L",
    availableBalance: "a part of the wallet",
    marginAvailable: "a setting",
  },
};
const POSITION: FieldTable = {
  used: ["symbol", "positionSide", "positionAmt", "unrealizedProfit", "notional", "updateTime"],
  harmless: {
    initialMargin: "a requirement",
    maintMargin: "a requirement",
    positionInitialMargin: "a requirement",
    openOrderInitialMargin: "a requirement",
    leverage: "a setting",
    isolated: "a setting",
    entryPrice: "the past",
    breakEvenPrice: "the past",
    maxNotional: "a limit",
    isolatedWallet: "a part of the wallet",
    isolatedMargin: "a part of the wallet",
    bidNotional: "orders",
    askNotional: "orders",
  },
};
const DRIFT: Exact = { value: 2n, places: 2 };
const DOLLAR: Exact = { value: 1n, places: 0 };

/** Reads saved responses of Binance's spot and USD-margined futures accounts. */
export function fromBinance(request: VenueRequest): VenueImport {
  const reader = new VenueReader(request, ["spot", "futures"], []);
  if (!reader.has("spot") && !reader.has("futures")) {
    reader.fault("venue.response", "--response", "spot=FILE or futures=FILE", "neither");
  }
  reader.checkSingle("spot", "futures");
  // Futures first: they are held against the venue's figure before the spot wallet's coins are added.
  for (const { json, path } of reader.all("futures")) readFutures(reader, json, path);
  for (const { json, path } of reader.all("spot")) readSpot(reader, json, path);
  for (const name of ["spot", "futures"]) {
    if (!reader.has(name))
      reader.warn(`${name}: not given, so what is held or owed there was not looked for`);
  }
  return reader.result();
}

function readSpot(reader: VenueReader, json: Json, path: string): void {
  const account = reader.node(json, path, SPOT);
  reader.checkNotAfter(account, "updateTime");
  for (const [i, entry] of reader.list(account, "balances").entries()) {
    const coin = reader.node(entry, `${path}.balances[${i}]`, COIN);
    const total = sum(reader.amount(coin, "free"), reader.amount(coin, "locked"));
    reader.cash([reader.text(coin, "asset")], total, coin.path);
  }
}

function readFutures(reader: VenueReader, json: Json, path: string): void {
  const account = reader.node(json, path, FUTURES);
  reader.checkNotAfter(account, "updateTime");
  const assets = reader
    .list(account, "assets")
    .map((entry, i) => readAsset(reader, entry, `${path}.assets[${i}]`));
  const nodes = reader
    .list(account, "positions")
    .map((entry, i) => reader.node(entry, `${path}.positions[${i}]`, POSITION));
  const open = nodes.filter((node) => reader.amount(node, "positionAmt").value !== 0n);
  const gross = sum(...open.map((node) => absolute(linearPosition(reader, node))));
  checkProfit(reader, account, assets, open, gross);
  reconcile(reader, account, assets);
}

/** Without multi-assets mode Binance's total is that of USDT alone. */
function reconcile(reader: VenueReader, account: Node, assets: readonly Asset[]): void {
  const figure = reader.optional(account, "totalMarginBalance");
  const path = `${account.path}.totalMarginBalance`;
  const tether = sum(...assets.filter(({ name }) => name === "USDT").map(({ balance }) => balance));
  const room = sum(product(absolute(tether), DRIFT), DOLLAR);
  const isTether = figure !== undefined && isAtMost(absolute(difference(figure, tether)), room);
  if (figure !== undefined && isTether)
    reader.agree(tether, figure, room, path, "the wallet of USDT with its P&L");
  else reader.reconcile(figure, path);
}

/** A futures asset. */
interface Asset {
  readonly name: string;
  readonly balance: Exact;
  readonly profit: Exact;
}

function readAsset(reader: VenueReader, json: Json, path: string): Asset {
  const asset = reader.node(json, path, ASSET);
  reader.checkNotAfter(asset, "updateTime");
  const profit = reader.amount(asset, "unrealizedProfit");
  const balance = sum(reader.amount(asset, "walletBalance"), profit);
  const margin = reader.optional(asset, "marginBalance");
  if (margin !== undefined) {
    reader.agree(
      balance,
      margin,
      { value: 2n, places: 8 },
      `${path}.marginBalance`,
      "the wallet with its P&L",
    );
  }
  const name = reader.text(asset, "asset");
  reader.cash([name], balance, path);
  return { name, balance, profit };
}

/** The assets' P&L is that of the positions. */
function checkProfit(
  reader: VenueReader,
  { path }: Node,
  assets: readonly Asset[],
  open: readonly Node[],
  gross: Exact,
): void {
  const stated = sum(...assets.map(({ profit }) => profit));
  if (open.length === 0 && assets.some(({ profit }) => profit.value !== 0n)) {
    reader.fault("venue.incomplete", `${path}.positions`, "the positions whose P&L the assets have", "none");
  }
  if (open.length === 0) return;
  const own = sum(ZERO, ...open.map((node) => reader.amount(node, "unrealizedProfit")));
  const room = sum(product(gross, DRIFT), DOLLAR);
  reader.agree(own, stated, room, `${path}.assets`, "the positions' unrealizedProfit");
}
