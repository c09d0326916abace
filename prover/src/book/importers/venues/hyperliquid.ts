// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Hyperliquid: `perp` (clearinghouseState, once for each dex), `spot` (spotClearinghouseState), and, if known, `abstraction`
 * (userAbstraction). Field names as in Hyperliquid's info endpoint and the types of @nktkas/hyperliquid.
 *
 * Cash is accountValue, which has the unrealised P&L in it; totalRawUsd is without the notional of what is short. An account whose
 * margin is unified keeps its dollars in the spot state alone, so they count once.
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

const STATE: FieldTable = {
  used: ["marginSummary", "assetPositions", "time"],
  harmless: {
    crossMarginSummary: "the part of marginSummary that is cross margin",
    crossMaintenanceMarginUsed: "a requirement",
    withdrawable: "a part of accountValue",
  },
};
const SUMMARY: FieldTable = {
  used: ["accountValue", "totalNtlPos", "totalRawUsd", "totalMarginUsed"],
  harmless: {},
};
const ENTRY: FieldTable = { used: ["position"], harmless: { type: "always oneWay: sizes are signed" } };
const POSITION: FieldTable = {
  used: ["coin", "szi", "positionValue", "unrealizedPnl"],
  harmless: {
    leverage: "a setting; isolated margin is part of accountValue",
    entryPx: "the past",
    returnOnEquity: "a ratio",
    liquidationPx: "a price",
    marginUsed: "a part of accountValue",
    maxLeverage: "a setting",
    cumFunding: "paid into accountValue already",
  },
};
const SPOT: FieldTable = {
  used: ["balances", "tokenToAvailableAfterMaintenance", "portfolioMarginEnabled"],
  harmless: {
    evmEscrows: "coins on their way, not counted",
    portfolioMarginRatio: "a ratio",
    tokenToPortfolioBorrowRatio: "ratios",
    tokenToPortfolioSupplyRatio: "ratios",
  },
};
const BALANCE: FieldTable = {
  used: ["coin", "total", "hold", "borrowed", "supplied"],
  harmless: {
    token: "a number for the coin",
    entryNtl: "the past",
    spotHold: "a part of total",
    ltv: "a ratio",
  },
};
const UNIFIED = ["unifiedAccount", "portfolioMargin"];
const PERP_SHARE = { value: 1n, places: 3 };
const DOLLAR = { value: 1n, places: 0 };

/** One dex. */
interface Perps {
  readonly accountValue: Exact;
  readonly marginUsed: Exact;
  readonly unrealised: Exact;
  /** totalRawUsd with the positions' signed values, which is accountValue where the dex has money of its own. */
  readonly composed?: Exact;
  readonly room: Exact;
  readonly path: string;
}

/** Reads saved responses of Hyperliquid. */
export function fromHyperliquid(request: VenueRequest): VenueImport {
  const reader = new VenueReader(request, ["perp", "spot", "abstraction"], ["perp"]);
  const perps = reader.all("perp").map(({ json, path }) => readPerps(reader, json, path));
  const states = reader.all("spot").map(({ json, path }) => reader.node(json, path, SPOT));
  if (!reader.has("spot")) {
    reader.warn("spot: not given, so coins held there, and what is borrowed there, were not looked for");
  }
  const balances = states.flatMap((state) => readBalances(reader, state));
  for (const { coin, total, path } of balances) {
    if (coin !== "USDC") reader.cash([coin, ...unwrapped(coin)], total, path);
  }
  reader.cash(["USDC"], dollarsOf(reader, perps, states, balances), "perp.marginSummary.accountValue");
  return reader.result();
}

/** The account's dollars, once. */
function dollarsOf(
  reader: VenueReader,
  perps: readonly Perps[],
  states: readonly Node[],
  balances: readonly Balance[],
): Exact {
  const dollars = balances.filter(({ coin }) => coin === "USDC");
  const held = sum(...dollars.map(({ total }) => total));
  const hold = sum(...dollars.map((balance) => balance.hold));
  const accountValue = sum(...perps.map((perp) => perp.accountValue));
  const marginUsed = sum(...perps.map((perp) => perp.marginUsed));
  const looksOne =
    held.value !== 0n && (isSame(held, accountValue) || (hold.value !== 0n && isSame(hold, marginUsed)));
  if (isUnified(reader, states) ?? looksOne) {
    return unifiedCash(held, accountValue, sum(...perps.map(({ unrealised }) => unrealised)));
  }
  for (const { composed, accountValue: stated, room, path } of perps) {
    if (composed === undefined) continue;
    reader.agree(
      composed,
      stated,
      room,
      `${path}.marginSummary.accountValue`,
      "totalRawUsd with the positions",
    );
  }
  return sum(held, accountValue);
}

/** Spot dollars with the losses that are not settled yet; profits wait until they are. */
function unifiedCash(held: Exact, accountValue: Exact, unrealised: Exact): Exact {
  if (isSame(held, accountValue) || unrealised.value >= 0n) return held;
  return sum(held, unrealised);
}

function isUnified(reader: VenueReader, states: readonly Node[]): boolean | undefined {
  const [abstraction] = reader.all("abstraction");
  if (abstraction !== undefined) return UNIFIED.includes(String(abstraction.json));
  const says = states.some(
    ({ fields }) =>
      fields.portfolioMarginEnabled === true || fields.tokenToAvailableAfterMaintenance !== undefined,
  );
  return says ? true : undefined;
}

function readPerps(reader: VenueReader, json: Json, path: string): Perps {
  const state = reader.node(json, path, STATE);
  const summary = reader.node(state.fields.marginSummary, `${path}.marginSummary`, SUMMARY);
  reader.checkMoment(state, "time");
  const accountValue = reader.amount(summary, "accountValue");
  let [notional, signed, unrealised] = [ZERO, ZERO, ZERO];
  for (const [i, entry] of reader.list(state, "assetPositions").entries()) {
    const at = `${path}.assetPositions[${i}]`;
    const position = reader.node(reader.node(entry, at, ENTRY).fields.position, `${at}.position`, POSITION);
    const coin = reader.text(position, "coin");
    const size = reader.amount(position, "szi");
    const value = absolute(reader.amount(position, "positionValue"));
    notional = sum(notional, value);
    signed = size.value < 0n ? difference(signed, value) : sum(signed, value);
    unrealised = sum(unrealised, reader.optional(position, "unrealizedPnl") ?? ZERO);
    const base = coin.replace(/^.*:/, "");
    const names = [`${coin}-PERP`, `${base}-PERP`, ...thousands(base)];
    reader.contract({
      names: [coin, ...names],
      kinds: ["perp"],
      amount: size,
      notional: value,
      path: `${at}.position`,
    });
  }
  const room = sum(product(notional, PERP_SHARE), DOLLAR);
  reader.agree(
    notional,
    reader.amount(summary, "totalNtlPos"),
    room,
    `${path}.marginSummary.totalNtlPos`,
    "the sum of all positions",
  );
  const raw = reader.optional(summary, "totalRawUsd");
  return {
    accountValue,
    marginUsed: reader.optional(summary, "totalMarginUsed") ?? ZERO,
    unrealised,
    ...(raw === undefined ? {} : { composed: sum(raw, signed) }),
    room,
    path,
  };
}

interface Balance {
  readonly coin: string;
  readonly total: Exact;
  readonly hold: Exact;
  readonly path: string;
}

function readBalances(reader: VenueReader, state: Node): Balance[] {
  return reader.list(state, "balances").map((entry, i) => {
    const balance = reader.node(entry, `${state.path}.balances[${i}]`, BALANCE);
    const coin = reader.text(balance, "coin");
    const { path } = balance;
    const borrowed = reader.optional(balance, "borrowed") ?? ZERO;
    const supplied = reader.optional(balance, "supplied") ?? ZERO;
    const total = reader.amount(balance, "total");
    const hold = reader.optional(balance, "hold") ?? ZERO;
    if (borrowed.value === 0n) return { coin, total, hold, path };
    if (total.value <= 0n && isAtMost(total, { ...borrowed, value: -borrowed.value }))
      return { coin, total, hold, path };
    if (supplied.value !== 0n) {
      reader.fault("venue.unsupported", `${path}.borrowed`, "a coin that is supplied or borrowed", "both");
    }
    reader.debt([coin, ...unwrapped(coin)], borrowed, `${path}.borrowed`);
    return { coin, total, hold, path };
  });
}

/** Bridged coins have a letter before their name: UBTC, UETH, USOL. */
function unwrapped(coin: string): string[] {
  return /^U(?:BTC|ETH|SOL)$/.test(coin) ? [coin.slice(1)] : [];
}

/** Coins that Hyperliquid counts by the thousand are kNAME, elsewhere 1000NAME. */
function thousands(coin: string): string[] {
  return /^k[A-Z]/.test(coin) ? [`1000${coin.slice(1)}-PERP`] : [];
}

function isSame(a: Exact, b: Exact): boolean {
  return difference(a, b).value === 0n;
}
