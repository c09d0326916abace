// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * OKX: `balance` (GET /api/v5/account/balance), `positions` (/api/v5/account/positions) and `instruments`
 * (/api/v5/public/instruments, once for each type). Field names as in OKX's documentation and the types of `okx-api`.
 *
 * Cash of a coin is eq, which has the unrealised P&L in it and, of options, their value: that is taken out, since options have
 * rows of their own. A coin that is owed is a negative row. Positions are contracts of ctVal times ctMult.
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
  used: ["code", "data"],
  harmless: { msg: "a message", inTime: "a time", outTime: "a time" },
};
const ACCOUNT: FieldTable = {
  used: ["details", "totalEq", "uTime"],
  harmless: {
    adjEq: "equity after haircuts",
    availEq: "a part",
    isoEq: "a part of equity",
    imr: "a requirement",
    mmr: "a requirement",
    mgnRatio: "a ratio",
    borrowFroz: "a requirement",
    ordFroz: "a part",
    notionalUsd: "size of the positions",
    notionalUsdForBorrow: "size of the debts, which the details have",
    notionalUsdForFutures: "size of the positions",
    notionalUsdForOption: "size of the positions",
    notionalUsdForSwap: "size of the positions",
    upl: "a part of equity",
    spotCopyTradingEq: "lent to copy trading, a part of equity",
    frpType: "a risk flag",
    delta: "a risk figure",
    deltaLever: "a ratio",
    deltaNeutralStatus: "a risk flag",
  },
};
const DETAIL: FieldTable = {
  used: ["ccy", "eq", "eqUsd", "liab", "upl", "uTime"],
  harmless: {
    cashBal: "a part of eq",
    availBal: "a part of eq",
    availEq: "a part of eq",
    frozenBal: "a part of eq",
    ordFrozen: "a part of eq",
    fixedBal: "a part of eq",
    spotBal: "a part of eq",
    spotInUseAmt: "a part of eq",
    clSpotInUseAmt: "a part of eq",
    maxSpotInUse: "a limit",
    maxSpotInUseAmt: "a limit",
    spotIsoBal: "a part of eq",
    spotCopyTradingEq: "a part of eq",
    stgyEq: "a part of eq",
    smtSyncEq: "a part of eq",
    isoEq: "a part of eq",
    isoUpl: "a part of upl",
    disEq: "value after a haircut",
    crossLiab: "a part of liab",
    isoLiab: "a part of liab",
    uplLiab: "a debt by losses, which eq has in it",
    interest: "charged to eq within the hour",
    rewardBal: "trial funds, not the account's own",
    borrowFroz: "a requirement",
    imr: "a requirement",
    mmr: "a requirement",
    mgnRatio: "a ratio",
    maxLoan: "a limit",
    notionalLever: "a ratio",
    twap: "a risk flag",
    frpType: "a risk flag",
    openAvgPx: "the past",
    accAvgPx: "the past",
    spotUpl: "the coins' gain since they were bought",
    spotUplRatio: "a ratio",
    totalPnl: "the past",
    totalPnlRatio: "a ratio",
    coinUsdPrice: "a price",
    colRes: "a setting",
    collateralEnabled: "a setting",
    collateralRestrict: "a setting",
    colBorrAutoConversion: "a risk flag",
    autoLendStatus: "a setting",
    autoLendMtAmt: "lent out, a part of eq",
    autoLendAmt: "lent out, a part of eq",
  },
};
const POSITION: FieldTable = {
  used: [
    "instId",
    "instType",
    "pos",
    "posSide",
    "notionalUsd",
    "optVal",
    "ccy",
    "upl",
    "uTime",
    "cTime",
    "pTime",
  ],
  harmless: {
    adl: "a rank",
    availPos: "a part of pos",
    avgPx: "the past",
    nonSettleAvgPx: "the past",
    bePx: "a price",
    deltaBS: "a risk figure",
    deltaPA: "a risk figure",
    gammaBS: "a risk figure",
    gammaPA: "a risk figure",
    thetaBS: "a risk figure",
    thetaPA: "a risk figure",
    vegaBS: "a risk figure",
    vegaPA: "a risk figure",
    imr: "a requirement",
    mmr: "a requirement",
    margin: "a part of eq",
    mgnMode: "a setting",
    mgnRatio: "a ratio",
    lever: "a setting",
    liqPx: "a price",
    markPx: "a price",
    last: "a price",
    idxPx: "a price",
    usdPx: "a price",
    posId: "a number",
    tradeId: "a number",
    uplRatio: "a ratio",
    uplLastPx: "P&L by another price",
    uplRatioLastPx: "a ratio",
    realizedPnl: "the past",
    settledPnl: "the past",
    pnl: "the past",
    fee: "the past",
    fundingFee: "the past",
    liqPenalty: "the past",
    bizRefId: "a number",
    bizRefType: "a name",
    closeOrderAlgo: "orders",
    spotInUseAmt: "a part of eq",
    spotInUseCcy: "a name",
    clSpotInUseAmt: "a part of eq",
    maxSpotInUseAmt: "a limit",
    hedgedPos: "a part of pos",
    interest: "charged to eq within the hour",
    liab: "of margin positions, which are refused",
    liabCcy: "of margin positions, which are refused",
    posCcy: "of margin positions, which are refused",
    baseBal: "of margin positions, which are refused",
    quoteBal: "of margin positions, which are refused",
    baseBorrowed: "of margin positions, which are refused",
    quoteBorrowed: "of margin positions, which are refused",
    baseInterest: "of margin positions, which are refused",
    quoteInterest: "of margin positions, which are refused",
    pendingCloseOrdLiabVal: "of margin positions, which are refused",
  },
};

/** What an instrument's contract is. */
interface ContractSize {
  readonly size: Exact;
  readonly inverse: boolean;
}

/** Reads saved responses of OKX's trading account. */
export function fromOkx(request: VenueRequest): VenueImport {
  const reader = new VenueReader(request, ["balance", "positions", "instruments"], ["balance"]);
  reader.checkSingle("balance");
  const sizes = contractSizes(reader);
  const open = dataOf(reader, "positions").flatMap(({ json, path }) => {
    const node = reader.node(json, path, POSITION);
    reader.checkNotAfter(node, "uTime");
    return reader.amount(node, "pos").value === 0n ? [] : [node];
  });
  for (const node of open) placePosition(reader, node, sizes);
  const optionValues = new Map<string, Exact>();
  for (const node of open.filter(({ fields }) => fields.instType === "OPTION")) {
    const coin = reader.text(node, "ccy");
    optionValues.set(coin, sum(optionValues.get(coin) ?? ZERO, reader.amount(node, "optVal")));
  }
  const accounts = dataOf(reader, "balance");
  reader.demand(accounts.length === 1, "balance", "one account");
  for (const { json, path } of accounts)
    readAccount(reader, reader.node(json, path, ACCOUNT), optionValues, open);
  return reader.result();
}

/** Entries of data of all responses of a name; a refusal of OKX's own is a fault. */
function dataOf(reader: VenueReader, name: string): { readonly json: Json; readonly path: string }[] {
  return reader.all(name).flatMap(({ json, path }) => {
    if (Array.isArray(json)) return json.map((entry, i) => ({ json: entry, path: `${path}[${i}]` }));
    if (isObject(json) && json.data === undefined) return [{ json, path }];
    const envelope = reader.node(json, path, ENVELOPE);
    if ((envelope.fields.code ?? "0") !== "0")
      reader.fault("venue.answer", `${path}.code`, "0", "an error of the venue");
    return reader.list(envelope, "data").map((entry, i) => ({ json: entry, path: `${path}.data[${i}]` }));
  });
}

function contractSizes(reader: VenueReader): Map<string, ContractSize> {
  const sizes = new Map<string, ContractSize>();
  for (const { json, path } of dataOf(reader, "instruments")) {
    if (!isObject(json) || json.ctVal === "" || json.ctVal === undefined) continue;
    const node: Node = { fields: json, path };
    const size = product(
      reader.amount(node, "ctVal"),
      reader.optional(node, "ctMult") ?? { value: 1n, places: 0 },
    );
    const inverse = json.ctValCcy === "USD" || json.ctType === "inverse";
    sizes.set(reader.text(node, "instId"), { size, inverse: inverse && json.instType !== "OPTION" });
  }
  return sizes;
}

function placePosition(reader: VenueReader, node: Node, sizes: ReadonlyMap<string, ContractSize>): void {
  const { path, fields } = node;
  const id = reader.text(node, "instId");
  const type = reader.text(node, "instType");
  if (!["SWAP", "FUTURES", "OPTION"].includes(type)) {
    reader.fault("venue.unsupported", `${path}.instType`, "SWAP, FUTURES or OPTION", printableType(type));
    return;
  }
  const contract = sizes.get(id);
  if (contract === undefined) {
    reader.fault("venue.unit", `${path}.instId`, "its ctVal in the instruments response", "none");
    return;
  }
  const notional = type === "OPTION" ? undefined : reader.optional(node, "notionalUsd");
  reader.contract({
    names: namesOf(id, type),
    kinds: type === "SWAP" ? ["perp"] : type === "FUTURES" ? ["future"] : ["option"],
    amount: product(signedSize(reader, node), contract.size),
    inverse: contract.inverse,
    path,
    ...(notional === undefined ? {} : { notional }),
  });
  if (fields.posSide === undefined)
    reader.fault("venue.field", `${path}.posSide`, "net, long or short", "nothing");
}

/** Net positions have a sign, the legs of hedged accounts a side. */
function signedSize(reader: VenueReader, node: Node): Exact {
  const size = reader.amount(node, "pos");
  const { posSide } = node.fields;
  if (posSide === "short") return negated(absolute(size));
  if (posSide === "long" && size.value < 0n) {
    reader.fault("venue.side", `${node.path}.pos`, "a positive size of a long leg", "a negative one");
  }
  if (posSide !== "long" && posSide !== "net") {
    reader.fault("venue.side", `${node.path}.posSide`, "net, long or short", "another word");
  }
  return size;
}

function namesOf(id: string, type: string): string[] {
  const [base, quote, rest] = id.split("-");
  if (type === "SWAP") {
    return quote === "USD"
      ? [id, `${base}-USD-PERP`, `${base}USD-PERP`, `${base}-PERP`]
      : perpNames(id, base!, quote ?? "");
  }
  return type === "FUTURES" ? [id, `${base}-${rest}`] : [id];
}

function readAccount(
  reader: VenueReader,
  account: Node,
  optionValues: ReadonlyMap<string, Exact>,
  open: readonly Node[],
): void {
  reader.checkNotAfter(account, "uTime");
  const details = reader
    .list(account, "details")
    .map((entry, i) => reader.node(entry, `${account.path}.details[${i}]`, DETAIL));
  const seen = new Set<string>();
  let profits = ZERO;
  for (const detail of details) {
    const coin = reader.text(detail, "ccy");
    if (seen.has(coin)) reader.fault("venue.twice", detail.path, "each currency once", "one again");
    seen.add(coin);
    reader.checkNotAfter(detail, "uTime");
    profits = sum(profits, absolute(reader.optional(detail, "upl") ?? ZERO));
    readDetail(reader, detail, coin, optionValues.get(coin) ?? ZERO);
  }
  for (const coin of optionValues.keys()) {
    if (!seen.has(coin))
      reader.fault("venue.incomplete", `${account.path}.details`, "the currency of every option", "not all");
  }
  if (profits.value !== 0n && open.length === 0) {
    reader.fault("venue.incomplete", "positions", "the positions whose upl the balance has", "none");
  } else if (!reader.has("positions")) {
    reader.warn("positions: not given, so they were not looked for");
  }
  reader.reconcile(reader.optional(account, "totalEq"), `${account.path}.totalEq`);
}

function readDetail(reader: VenueReader, detail: Node, coin: string, optionValue: Exact): void {
  const { path } = detail;
  const equity = difference(reader.amount(detail, "eq"), optionValue);
  const owed = absolute(reader.optional(detail, "liab") ?? ZERO);
  const value = optionValue.value === 0n ? reader.optional(detail, "eqUsd") : undefined;
  if (owed.value === 0n || equity.value <= 0n) {
    reader.cash([coin], equity, path, value);
    return;
  }
  reader.cash([coin], sum(equity, owed), path);
  reader.debt([coin], owed, `${path}.liab`);
}

function printableType(type: string): string {
  return /^[A-Z]{1,20}$/.test(type) ? type : "another type";
}
