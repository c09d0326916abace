// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Custodians: Fireblocks' `vault` (GET /v1/vault/accounts/{id} or a page of accounts_paged) and Coinbase Prime's `balances`
 * (GET /v1/portfolios/{id}/balances). Field names as in their documentation and the types of @fireblocks/ts-sdk and
 * prime-sdk-ts.
 *
 * What counts is the total of what is held. What is staked, pending or unvested beside it is told and not counted, unless the
 * market has a row for what is staked.
 *
 * @module
 */

import type { Json } from "@keel/verifier";
import { difference, type Exact, isAtMost, sum, ZERO } from "../exact.js";
import {
  type FieldTable,
  isObject,
  type Node,
  type VenueImport,
  VenueReader,
  type VenueRequest,
} from "../venue-reader.js";

const PAGE: FieldTable = {
  used: ["accounts", "paging"],
  harmless: { previousUrl: "an address", nextUrl: "an address" },
};
const PAGING: FieldTable = { used: ["after"], harmless: { before: "the page before" } };
const VAULT: FieldTable = {
  used: ["id", "assets"],
  harmless: {
    name: "a name",
    hiddenOnUI: "a setting",
    customerRefId: "a name",
    autoFuel: "a setting",
    tags: "names",
  },
};
const ASSET: FieldTable = {
  used: ["id", "total", "balance", "available", "staked", "pending", "lockedAmount", "frozen"],
  harmless: {
    totalStakedCPU: "a part of total",
    totalStakedNetwork: "a part of total",
    selfStakedCPU: "a part of total",
    selfStakedNetwork: "a part of total",
    pendingRefundCPU: "a part of total",
    pendingRefundNetwork: "a part of total",
    blockHeight: "a block",
    blockHash: "a block",
    rewardsInfo: "rewards to come, not counted",
  },
};
const PORTFOLIO: FieldTable = {
  used: ["balances", "type", "pagination"],
  harmless: {
    trading_balances: "sums in fiat",
    vault_balances: "sums in fiat",
    prime_custody_balances: "sums in fiat",
  },
};
const BALANCE: FieldTable = {
  used: ["symbol", "amount", "fiat_amount", "bonded_amount", "unvested_amount", "pending_rewards_amount"],
  harmless: {
    holds: "a part of amount",
    reserved_amount: "a part of amount",
    unbonding_amount: "a part of amount",
    bondable_amount: "a part of amount",
    unbondable_amount: "a part of amount",
    withdrawable_amount: "a part of amount",
    past_rewards_amount: "the past",
  },
};
/** Fireblocks' name of a token says on which chain it is. */
const CHAIN =
  /_(?:ERC20|TRC20|POLYGON|ARB|ARBITRUM|OP|OPTIMISM|BASE|BASECHAIN|AVAX|AVALANCHE|SOL|BSC|ETH5?|BASECHAIN_ETH5?)(?:_[A-Z0-9]{4})?$/;

/** Reads saved responses of a Fireblocks workspace. */
export function fromFireblocks(request: VenueRequest): VenueImport {
  const reader = new VenueReader(request, ["vault"], ["vault"]);
  const seen = new Set<string>();
  for (const { json, path } of reader
    .all("vault")
    .flatMap((response) => vaultsOf(reader, response.json, response.path))) {
    const vault = reader.node(json, path, VAULT);
    const id = reader.text(vault, "id");
    if (seen.has(id)) reader.fault("venue.twice", `${path}.id`, "each vault account once", "one again");
    seen.add(id);
    for (const [i, entry] of reader.list(vault, "assets").entries())
      readAsset(reader, entry, `${path}.assets[${i}]`);
  }
  reader.demand(seen.size > 0, "vault", "at least one vault account");
  reader.warn("vault: Fireblocks gives no value of its own, so the import was not compared with one");
  return reader.result();
}

function vaultsOf(
  reader: VenueReader,
  json: Json,
  path: string,
): { readonly json: Json; readonly path: string }[] {
  if (Array.isArray(json)) return json.map((entry, i) => ({ json: entry, path: `${path}[${i}]` }));
  if (!isObject(json) || json.accounts === undefined) return [{ json, path }];
  const page = reader.node(json, path, PAGE);
  if (isObject(json.paging)) {
    const paging = reader.node(json.paging, `${path}.paging`, PAGING);
    if ((paging.fields.after ?? "") !== "" && paging.fields.after !== null) {
      reader.fault("venue.incomplete", `${path}.paging.after`, "the last page", "one with another after it");
    }
  }
  return reader.list(page, "accounts").map((entry, i) => ({ json: entry, path: `${path}.accounts[${i}]` }));
}

function readAsset(reader: VenueReader, json: Json, path: string): void {
  const asset = reader.node(json, path, ASSET);
  const id = reader.text(asset, "id");
  const total = reader.amount(asset, "total");
  const old = reader.optional(asset, "balance");
  if (old !== undefined && !(isAtMost(old, total) && isAtMost(total, old))) {
    reader.fault("venue.reconcile", `${path}.balance`, "total, whose old name it is", "another amount");
  }
  const available = reader.optional(asset, "available");
  if (available !== undefined && !isAtMost(available, total)) {
    reader.fault("venue.reconcile", `${path}.available`, "at most total", "more");
  }
  notOwed(reader, total, `${path}.total`);
  const staked = reader.optional(asset, "staked") ?? ZERO;
  const there = difference(total, notThere(reader, asset, total));
  // Staked coins are in the chain's balance of some coins and beside it in others: twice they never count.
  const free = isAtMost(staked, there) ? difference(there, staked) : there;
  reader.cash([id, id.replace(CHAIN, "")], free, path);
  placeStaked(reader, id.replace(CHAIN, ""), staked, `${path}.staked`);
}

/** What of the total is still to arrive: Fireblocks' total is available + pending + lockedAmount + frozen, and was without pending. */
function notThere(reader: VenueReader, asset: Node, total: Exact): Exact {
  const pending = reader.optional(asset, "pending") ?? ZERO;
  if (pending.value === 0n) return ZERO;
  notOwed(reader, pending, `${asset.path}.pending`);
  reader.warn(`${asset.path}.pending: not counted`);
  const others = ["available", "lockedAmount", "frozen"].map((key) => reader.amount(asset, key));
  const parts = sum(pending, ...others);
  return isAtMost(parts, total) ? pending : ZERO;
}

/** What is staked has a row of its own or none. */
function placeStaked(reader: VenueReader, id: string, staked: Exact, path: string): void {
  if (staked.value === 0n) return;
  notOwed(reader, staked, path);
  const names = [`${id}-STAKED`, `${id}.S`];
  const isListed = reader.request.market.instruments.some((row) => names.includes(row.id));
  if (isListed || reader.request.mapping?.instruments.has(names[0]!)) reader.cash(names, staked, path);
  else reader.warn(`${path}: not counted, since the market has no row ${names[0]}`);
}

function notOwed(reader: VenueReader, amount: Exact, path: string): void {
  if (amount.value < 0n) reader.fault("venue.number", path, "at least zero", "less");
}

/** Reads saved responses of a Coinbase Prime portfolio. */
export function fromCoinbasePrime(request: VenueRequest): VenueImport {
  const reader = new VenueReader(request, ["balances"], ["balances"]);
  reader.checkSingle("balances");
  for (const { json, path } of reader.all("balances")) {
    const portfolio = reader.node(json, path, PORTFOLIO);
    const { type, pagination } = portfolio.fields;
    if (isObject(pagination) && pagination.has_next === true) {
      reader.fault("venue.incomplete", `${path}.pagination`, "the last page", "one with another after it");
    }
    if (typeof type === "string" && type !== "TOTAL_BALANCES" && type !== "") {
      reader.warn(`${path}.type: balances of one kind alone; others were not looked for`);
    }
    for (const [i, entry] of reader.list(portfolio, "balances").entries())
      readBalance(reader, entry, `${path}.balances[${i}]`);
  }
  return reader.result();
}

function readBalance(reader: VenueReader, json: Json, path: string): void {
  const balance = reader.node(json, path, BALANCE);
  const symbol = reader.text(balance, "symbol");
  const value = reader.optional(balance, "fiat_amount");
  reader.cash([symbol, symbol.toUpperCase()], reader.amount(balance, "amount"), path, value);
  for (const key of ["unvested_amount", "pending_rewards_amount"]) {
    if ((reader.optional(balance, key) ?? ZERO).value !== 0n) reader.warn(`${path}.${key}: not counted`);
  }
  if (value === undefined)
    reader.warn(`${path}.fiat_amount: none, so this was not compared with a value of the venue's`);
}
