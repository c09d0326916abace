// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Binance portfolio margin: `balance` (GET /papi/v1/balance), `um` and `cm` (GET /papi/v1/um/positionRisk, /papi/v1/cm/positionRisk)
 * and, to be compared with, `account` (GET /papi/v1/account).
 * Field names as in Binance's documentation and the types of the npm package `binance`.
 *
 * Cash of a coin is crossMarginAsset - crossMarginBorrowed - crossMarginInterest + um and cm wallets with their unrealised P&L.
 * totalWalletBalance has the borrowed coins in it and the losses not.
 *
 * @module
 */

import type { Json } from "@keel/verifier";
import {
  absolute,
  difference,
  type Exact,
  isAtMost,
  negated,
  product,
  scaledExact,
  sum,
  ZERO,
} from "../exact.js";
import {
  type FieldTable,
  type Node,
  perpNames,
  type VenueImport,
  VenueReader,
  type VenueRequest,
} from "../venue-reader.js";

const BALANCE: FieldTable = {
  used: [
    "asset",
    "totalWalletBalance",
    "crossMarginAsset",
    "crossMarginBorrowed",
    "crossMarginInterest",
    "umWalletBalance",
    "umUnrealizedPNL",
    "cmWalletBalance",
    "cmUnrealizedPNL",
    "negativeBalance",
    "updateTime",
  ],
  harmless: {
    crossMarginFree: "a part of crossMarginAsset",
    crossMarginLocked: "a part of crossMarginAsset",
  },
};

/** Fields of position risk that change nothing, of both kinds of futures. */
const RISK = {
  entryPrice: "the past",
  breakEvenPrice: "the past",
  liquidationPrice: "a price",
  leverage: "a setting",
  maxNotionalValue: "a limit",
  maxQty: "a limit",
  marginType: "a setting",
  isolatedMargin: "a part of the wallet",
  isolatedWallet: "a part of the wallet",
  isAutoAddMargin: "a setting",
  marginAsset: "a coin's name",
  adl: "a rank",
  adlQuantile: "a rank",
};
const UM: FieldTable = {
  used: ["symbol", "positionAmt", "positionSide", "notional", "markPrice", "unRealizedProfit", "updateTime"],
  harmless: RISK,
};
const CM: FieldTable = {
  used: [
    "symbol",
    "positionAmt",
    "positionSide",
    "notionalValue",
    "markPrice",
    "unRealizedProfit",
    "updateTime",
  ],
  harmless: RISK,
};
const ACCOUNT: FieldTable = {
  used: ["actualEquity", "updateTime"],
  harmless: {
    uniMMR: "a ratio",
    accountEquity: "equity after haircuts",
    accountInitialMargin: "a requirement",
    accountMaintMargin: "a requirement",
    accountStatus: "a word",
    virtualMaxWithdrawAmount: "a part of equity",
    totalAvailableBalance: "a part of equity",
    totalMarginOpenLoss: "orders",
  },
};
/** Unrealised P&L of balances and of positions may be of moments apart. */
const DRIFT: Exact = { value: 2n, places: 2 };

/** Reads saved responses of a portfolio margin account. */
export function fromBinancePortfolioMargin(request: VenueRequest): VenueImport {
  const reader = new VenueReader(request, ["balance", "um", "cm", "account"], ["balance"]);
  reader.checkSingle("balance", "um", "cm", "account");
  const balances = reader.all("balance").flatMap(({ json, path }) => {
    const list = Array.isArray(json) ? json : [json];
    return list.map((entry, i) => readBalance(reader, entry, Array.isArray(json) ? `${path}[${i}]` : path));
  });
  reader.demand(balances.length > 0, "balance", "at least one asset");
  checkOnce(reader, balances);
  const um = positions(reader, "um", UM, (node) => linearPosition(reader, node));
  const cm = positions(reader, "cm", CM, (node) => inversePosition(reader, node));
  checkProfit(reader, "um", sum(...balances.map(({ um: profit }) => absolute(profit))), um);
  checkProfit(reader, "cm", sum(...balances.map(({ cm: profit }) => absolute(profit))), cm);
  checkDollarProfit(reader, balances, um);
  if (!reader.has("account")) {
    reader.warn(
      "account: not given, so each coin's totalWalletBalance was compared and the account's equity was not",
    );
  }
  for (const { json, path } of reader.all("account")) {
    const account = reader.node(json, path, ACCOUNT);
    reader.checkNotAfter(account, "updateTime");
    reader.reconcile(reader.optional(account, "actualEquity"), `${path}.actualEquity`);
  }
  return reader.result();
}

interface Balance {
  readonly asset: string;
  readonly um: Exact;
  readonly cm: Exact;
  readonly path: string;
}

function readBalance(reader: VenueReader, json: Json, path: string): Balance {
  const node = reader.node(json, path, BALANCE);
  const asset = reader.text(node, "asset");
  reader.checkNotAfter(node, "updateTime");
  const amount = (key: string): Exact => reader.amount(node, key);
  const margin = amount("crossMarginAsset");
  const wallets = sum(amount("umWalletBalance"), amount("cmWalletBalance"));
  const [um, cm] = [amount("umUnrealizedPNL"), amount("cmUnrealizedPNL")];
  const owed = sum(amount("crossMarginBorrowed"), amount("crossMarginInterest"));
  reader.agree(
    sum(margin, wallets),
    amount("totalWalletBalance"),
    scaledExact(2n, 8),
    `${path}.totalWalletBalance`,
    "crossMarginAsset with both futures wallets",
  );
  const negative = absolute(reader.optional(node, "negativeBalance") ?? ZERO);
  if (negative.value !== 0n && !isAtMost(wallets, negated(negative))) {
    reader.fault(
      "venue.field",
      `${path}.negativeBalance`,
      "zero, or a negative futures wallet of so much",
      "another debt",
    );
  }
  reader.cash([asset], difference(sum(margin, wallets, um, cm), owed), path);
  return { asset, um, cm, path };
}

function checkOnce(reader: VenueReader, balances: readonly Balance[]): void {
  const seen = new Set<string>();
  for (const { asset, path } of balances) {
    if (seen.has(asset)) reader.fault("venue.twice", path, "each asset once", "one again");
    seen.add(asset);
  }
}

/** What positions add up to. */
interface Found {
  readonly count: number;
  readonly profit: Exact;
  readonly gross: Exact;
}

function positions(
  reader: VenueReader,
  name: "um" | "cm",
  table: FieldTable,
  read: (node: Node) => Exact,
): Found {
  const nodes = reader
    .all(name)
    .flatMap(({ json, path }) =>
      reader.listOf(json, path).map((entry, i) => reader.node(entry, `${path}[${i}]`, table)),
    );
  const open = nodes.filter((node) => reader.amount(node, "positionAmt").value !== 0n);
  for (const node of nodes) reader.checkNotAfter(node, "updateTime");
  const gross = sum(...open.map((node) => absolute(read(node))));
  return {
    count: open.length,
    profit: sum(...open.map((node) => reader.amount(node, "unRealizedProfit"))),
    gross,
  };
}

/** Unrealised P&L without a position means that positions are missing: a delta unseen. */
function checkProfit(reader: VenueReader, name: "um" | "cm", profit: Exact, { count }: Found): void {
  if (!reader.has(name)) {
    if (profit.value === 0n) reader.warn(`${name}: not given, so its positions were not looked for`);
    else
      reader.fault(
        "venue.response",
        "--response",
        `${name}=FILE, since the balance has P&L of such positions`,
        "none",
      );
  } else if (profit.value !== 0n && count === 0) {
    reader.fault("venue.incomplete", name, "the positions whose P&L the balance has", "none");
  }
}

/** The P&L of dollar coins is that of the positions, give or take a moment's move. */
function checkDollarProfit(
  reader: VenueReader,
  balances: readonly Balance[],
  { count, profit, gross }: Found,
): void {
  const dollars = balances.filter(({ um }) => um.value !== 0n);
  if (count === 0 || !dollars.every(({ asset }) => /^(?:USD|BUSD|BFUSD|FDUSD|RWUSD)/.test(asset))) return;
  const stated = sum(...dollars.map(({ um }) => um));
  const room = sum(product(gross, DRIFT), { value: 1n, places: 0 });
  reader.agree(profit, stated, room, "balance.umUnrealizedPNL", "the positions' unRealizedProfit");
}

/** Signed as Binance signs it: short legs of hedged accounts are negative. */
function signedAmount(reader: VenueReader, node: Node): Exact {
  const amount = reader.amount(node, "positionAmt");
  const side = node.fields.positionSide;
  if (side === "SHORT" && amount.value > 0n) {
    reader.fault(
      "venue.side",
      `${node.path}.positionAmt`,
      "a negative size of a SHORT leg",
      "a positive one",
    );
  }
  if (side === "LONG" && amount.value < 0n) {
    reader.fault("venue.side", `${node.path}.positionAmt`, "a positive size of a LONG leg", "a negative one");
  }
  return amount;
}

/** Places a USD-margined position; gives its value. */
export function linearPosition(reader: VenueReader, node: Node): Exact {
  const symbol = reader.text(node, "symbol");
  const amount = signedAmount(reader, node);
  const notional = reader.optional(node, "notional");
  const dated = /^(.+?)(USDT|USDC|BUSD|USD1)_([0-9]{6})$/.exec(symbol);
  const [, base, quote] = dated ?? /^(.+?)(USDT|USDC|BUSD|USD1)$/.exec(symbol) ?? [];
  const names = base === undefined ? [symbol] : perpNames(symbol, base, quote!);
  reader.contract({
    names: dated === null ? names : [symbol, `${base}-${dated[3]}`],
    kinds: dated === null ? ["perp"] : ["future"],
    amount,
    path: node.path,
    ...(notional === undefined ? {} : { notional }),
  });
  return notional ?? ZERO;
}

/** Places a coin-margined position, counted in contracts of so many dollars; gives its value. */
function inversePosition(reader: VenueReader, node: Node): Exact {
  const symbol = reader.text(node, "symbol");
  const contracts = signedAmount(reader, node);
  const [, base, expiry] = /^([A-Z0-9]+?)USD_(PERP|[0-9]{6})$/.exec(symbol) ?? [];
  const names = expiry === "PERP" ? [symbol, `${base}USD-PERP`, `${base}-USD-PERP`] : [symbol];
  const face = faceOf(reader, names, node, contracts, base);
  if (face === undefined) return ZERO;
  const dollars = product(contracts, face);
  reader.contract({
    names: expiry === "PERP" ? [...names, `${base}-PERP`] : names,
    kinds: expiry === "PERP" ? ["perp"] : ["future"],
    amount: dollars,
    inverse: true,
    path: node.path,
  });
  return dollars;
}

/** Dollars of a contract: the market row's face, else 100 of bitcoin and 10 of others; notionalValue in coin has to agree. */
function faceOf(
  reader: VenueReader,
  names: readonly string[],
  node: Node,
  contracts: Exact,
  base: string | undefined,
): Exact | undefined {
  const row = reader.request.market.instruments.find(({ id }) => names.includes(id));
  const face =
    row?.face === undefined ? scaledExact(base === "BTC" ? 100n : 10n, 0) : scaledExact(row.face, 8);
  const [coins, mark] = [reader.optional(node, "notionalValue"), reader.optional(node, "markPrice")];
  if (coins === undefined || mark === undefined || coins.value === 0n) {
    if (row?.face !== undefined) return face;
    reader.fault(
      "venue.unit",
      node.path,
      "notionalValue and markPrice, or a face in the market's row",
      "neither",
    );
    return undefined;
  }
  const value = absolute(product(coins, mark));
  const own = absolute(product(contracts, face));
  reader.agree(
    own,
    value,
    product(own, { value: 2n, places: 2 }),
    `${node.path}.notionalValue`,
    "contracts times their face",
  );
  return face;
}
