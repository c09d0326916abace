// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Bybit's unified account: `wallet` (GET /v5/account/wallet-balance) and `positions` (GET /v5/position/list, once for each
 * category). Field names as in Bybit's documentation and the types of `bybit-api`.
 *
 * Cash of a coin is equity, which has debts and the unrealised P&L in it and, of options, their value: that is taken out, since
 * options have rows of their own. Sizes have no sign: `side` has it. Inverse contracts are counted in dollars.
 *
 * @module
 */

import type { Json } from "@keel/verifier";
import { absolute, difference, type Exact, negated, product, sum, ZERO } from "../exact.js";
import {
  type FieldTable,
  isObject,
  type Node,
  perpNames,
  type VenueImport,
  VenueReader,
  type VenueRequest,
} from "../venue-reader.js";

const ENVELOPE: FieldTable = {
  used: ["retCode", "result", "time"],
  harmless: { retMsg: "a message", retExtInfo: "a message" },
};
const RESULT: FieldTable = { used: ["list", "category", "nextPageCursor"], harmless: {} };
const ACCOUNT: FieldTable = {
  used: ["accountType", "coin", "totalEquity", "totalPerpUPL"],
  harmless: {
    accountLTV: "a ratio",
    accountIMRate: "a ratio",
    accountMMRate: "a ratio",
    accountIMRateByMp: "a ratio",
    accountMMRateByMp: "a ratio",
    totalInitialMargin: "a requirement",
    totalMaintenanceMargin: "a requirement",
    totalInitialMarginByMp: "a requirement",
    totalMaintenanceMarginByMp: "a requirement",
    totalWalletBalance: "a part of totalEquity",
    totalMarginBalance: "a part of totalEquity",
    totalAvailableBalance: "a part of totalEquity",
  },
};
const COIN: FieldTable = {
  used: ["coin", "equity", "usdValue", "unrealisedPnl"],
  harmless: {
    walletBalance: "a part of equity",
    free: "a part of equity",
    locked: "a part of equity",
    spotHedgingQty: "a part of equity",
    borrowAmount: "a debt that equity has in it",
    spotBorrow: "a debt that equity has in it",
    accruedInterest: "charged to equity within the hour",
    availableToBorrow: "a limit",
    availableToWithdraw: "a part of equity",
    totalOrderIM: "a requirement",
    totalPositionIM: "a requirement",
    totalPositionMM: "a requirement",
    cumRealisedPnl: "the past",
    bonus: "trial funds, not the account's own",
    marginCollateral: "a setting",
    collateralSwitch: "a setting",
    colRes: "a setting",
  },
};
const POSITION: FieldTable = {
  used: [
    "symbol",
    "side",
    "size",
    "positionIdx",
    "positionValue",
    "markPrice",
    "unrealisedPnl",
    "updatedTime",
  ],
  harmless: {
    riskId: "a setting",
    riskLimitValue: "a limit",
    avgPrice: "the past",
    tradeMode: "a setting",
    autoAddMargin: "a setting",
    positionStatus: "a word",
    leverage: "a setting",
    breakEvenPrice: "a price",
    liqPrice: "a price",
    bustPrice: "a price",
    positionIM: "a requirement",
    positionMM: "a requirement",
    positionIMByMp: "a requirement",
    positionMMByMp: "a requirement",
    positionBalance: "a part of equity",
    tpslMode: "a setting",
    takeProfit: "orders",
    stopLoss: "orders",
    trailingStop: "orders",
    sessionAvgPrice: "the past",
    delta: "a risk figure",
    gamma: "a risk figure",
    vega: "a risk figure",
    theta: "a risk figure",
    curRealisedPnl: "the past",
    cumRealisedPnl: "the past",
    adlRankIndicator: "a rank",
    isReduceOnly: "a setting",
    mmrSysUpdatedTime: "a time",
    leverageSysUpdatedTime: "a time",
    createdTime: "a time",
    openTime: "a time",
    seq: "a number",
  },
};
const DRIFT: Exact = { value: 2n, places: 2 };
const DOLLAR: Exact = { value: 1n, places: 0 };
/** How many positions a page can hold. */
const PAGES: readonly number[] = [20, 50, 100, 200];

interface Open {
  readonly node: Node;
  readonly category: string;
  readonly amount: Exact;
}

/** Reads saved responses of a unified account. */
export function fromBybit(request: VenueRequest): VenueImport {
  const reader = new VenueReader(request, ["wallet", "positions"], ["wallet"]);
  reader.checkSingle("wallet");
  if (!reader.has("positions")) reader.warn("positions: not given, so they were not looked for");
  const open = reader.all("positions").flatMap(({ json, path }) => readPage(reader, json, path));
  const optionValues = new Map<string, Exact>();
  for (const position of open) place(reader, position, optionValues);
  for (const { json, path } of reader.all("wallet")) {
    const result = resultOf(reader, json, path);
    const accounts = reader.list(result, "list");
    if (accounts.length !== 1)
      reader.fault("venue.shape", `${result.path}.list`, "one account", `${accounts.length}`);
    for (const [i, entry] of accounts.entries()) {
      readAccount(reader, reader.node(entry, `${result.path}.list[${i}]`, ACCOUNT), open, optionValues);
    }
  }
  return reader.result();
}

function resultOf(reader: VenueReader, json: Json, path: string): Node {
  if (!isObject(json) || json.result === undefined) return reader.node(json, path, RESULT);
  const envelope = reader.node(json, path, ENVELOPE);
  if ((json.retCode ?? "0") !== "0")
    reader.fault("venue.answer", `${path}.retCode`, "0", "an error of the venue");
  reader.checkMoment(envelope, "time");
  return reader.node(json.result, `${path}.result`, RESULT);
}

function readPage(reader: VenueReader, json: Json, path: string): Open[] {
  const result = resultOf(reader, json, path);
  const list = reader.list(result, "list");
  if ((result.fields.nextPageCursor ?? "") !== "" && PAGES.includes(list.length)) {
    reader.fault(
      "venue.incomplete",
      `${result.path}.nextPageCursor`,
      "the last page of positions",
      "a full one with another after it (limit=200)",
    );
  }
  const stated = result.fields.category;
  return list.flatMap((entry, i): Open[] => {
    const node = reader.node(entry, `${result.path}.list[${i}]`, POSITION);
    reader.checkNotAfter(node, "updatedTime");
    const amount = signedSize(reader, node);
    if (amount.value === 0n) return [];
    const symbol = reader.text(node, "symbol");
    return [{ node, amount, category: typeof stated === "string" ? stated : categoryOf(symbol) }];
  });
}

function categoryOf(symbol: string): string {
  if (/-[CP](?:-USDT)?$/.test(symbol)) return "option";
  return /USD(?:[FGHJKMNQUVXZ][0-9]{2})?$/.test(symbol) ? "inverse" : "linear";
}

function signedSize(reader: VenueReader, node: Node): Exact {
  const size = reader.amount(node, "size");
  const { side, positionIdx } = node.fields;
  if (size.value === 0n) return ZERO;
  if (size.value < 0n)
    reader.fault("venue.side", `${node.path}.size`, "a size without sign", "a negative one");
  if (side !== "Buy" && side !== "Sell") {
    reader.fault("venue.side", `${node.path}.side`, "Buy or Sell", "another word");
  }
  const leg = side === "Buy" ? "1" : "2";
  if (positionIdx !== undefined && positionIdx !== "0" && positionIdx !== leg) {
    reader.fault(
      "venue.side",
      `${node.path}.positionIdx`,
      "1 of a Buy leg, 2 of a Sell leg, or 0",
      "another",
    );
  }
  return side === "Sell" ? negated(size) : size;
}

function place(
  reader: VenueReader,
  { node, category, amount }: Open,
  optionValues: Map<string, Exact>,
): void {
  const symbol = reader.text(node, "symbol");
  const { path } = node;
  const mark = reader.optional(node, "markPrice");
  const value = mark === undefined ? undefined : product(amount, mark);
  const notional = value === undefined ? {} : { notional: value };
  if (category === "option") {
    const coin = symbol.endsWith("-USDT") ? "USDT" : "USDC";
    optionValues.set(coin, sum(optionValues.get(coin) ?? ZERO, value ?? reader.amount(node, "markPrice")));
    reader.contract({ names: [symbol], kinds: ["option"], amount, path, ...notional });
  } else if (category === "inverse") {
    const base = /^([A-Z0-9]+?)USD/.exec(symbol)?.[1] ?? symbol;
    const isPerpetual = symbol.endsWith("USD");
    const names = isPerpetual ? [symbol, `${base}-USD-PERP`, `${base}USD-PERP`, `${base}-PERP`] : [symbol];
    reader.contract({ names, kinds: isPerpetual ? ["perp"] : ["future"], amount, inverse: true, path });
  } else if (category === "linear") {
    const [, base, quote] = /^(.+?)(USDT|USDC|PERP)$/.exec(symbol) ?? [];
    const names = base === undefined ? [symbol] : perpNames(symbol, base, quote === "PERP" ? "USDC" : quote!);
    reader.contract({ names, kinds: base === undefined ? ["future"] : ["perp"], amount, path, ...notional });
  } else {
    reader.fault("venue.unsupported", path, "linear, inverse or option", "another category");
  }
}

function readAccount(
  reader: VenueReader,
  account: Node,
  open: readonly Open[],
  optionValues: ReadonlyMap<string, Exact>,
): void {
  const seen = new Set<string>();
  for (const [i, entry] of reader.list(account, "coin").entries()) {
    const coin = reader.node(entry, `${account.path}.coin[${i}]`, COIN);
    const name = reader.text(coin, "coin");
    if (seen.has(name)) reader.fault("venue.twice", coin.path, "each coin once", "one again");
    seen.add(name);
    const options = optionValues.get(name);
    const value = options === undefined ? reader.optional(coin, "usdValue") : undefined;
    reader.cash([name], difference(reader.amount(coin, "equity"), options ?? ZERO), coin.path, value);
  }
  for (const coin of optionValues.keys()) {
    if (!seen.has(coin))
      reader.fault("venue.incomplete", `${account.path}.coin`, "the coin that options settle in", "not all");
  }
  checkProfit(reader, account, open);
  reader.reconcile(reader.optional(account, "totalEquity"), `${account.path}.totalEquity`);
}

/** The account's P&L, in USD, is that of its perpetuals and futures; of inverse ones it is in coin. */
function checkProfit(reader: VenueReader, account: Node, open: readonly Open[]): void {
  const stated = reader.optional(account, "totalPerpUPL");
  const perps = open.filter(({ category }) => category !== "option");
  if (stated === undefined || (stated.value === 0n && perps.length === 0)) return;
  const path = `${account.path}.totalPerpUPL`;
  if (perps.length === 0) {
    reader.fault("venue.incomplete", "positions", "the positions whose P&L the wallet has", "none");
    return;
  }
  const inUsd = ({ node, category, amount }: Open): { readonly profit: Exact; readonly size: Exact } => {
    const mark = reader.optional(node, "markPrice") ?? ZERO;
    const profit = reader.amount(node, "unrealisedPnl");
    return category === "inverse"
      ? { profit: product(profit, mark), size: absolute(amount) }
      : { profit, size: absolute(product(amount, mark)) };
  };
  const all = perps.map(inUsd);
  const room = sum(product(sum(...all.map(({ size }) => size)), DRIFT), DOLLAR);
  reader.agree(sum(...all.map(({ profit }) => profit)), stated, room, path, "the positions' unrealisedPnl");
}
