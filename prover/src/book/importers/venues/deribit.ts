// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Deribit: `summaries` (private/get_account_summaries, or get_account_summary once for each currency) and `positions`
 * (private/get_positions). Field names as in Deribit's API documentation.
 *
 * Cash of a currency is balance + futures_session_upl, never equity: that has the options' value in it, and options have rows of
 * their own. Deribit's figures satisfy equity = balance + futures_session_upl + options_value, with futures_session_rpl beside it
 * until the session's settlement has moved it into the balance; which of the two holds is checked, and neither is refused.
 * Inverse futures are counted in dollars, options and linear futures in coins.
 *
 * @module
 */

import type { Json } from "@keel/verifier";
import { absolute, difference, type Exact, isAtMost, negated, product, sum, ZERO } from "../exact.js";
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
  used: ["result", "usOut", "error"],
  harmless: {
    jsonrpc: "the protocol",
    id: "a number",
    usIn: "a time",
    usDiff: "a time",
    testnet: "checked apart",
  },
};
const PROFILE = {
  id: "the account's number",
  email: "a name",
  username: "a name",
  system_name: "a name",
  type: "a name",
  account_type: "a name",
  creation_timestamp: "the past",
  login_enabled: "a setting",
  security_keys_enabled: "a setting",
  security_keys_assignments: "settings",
  mmp_enabled: "a setting",
  tfa_enabled: "a setting",
  interuser_transfers_enabled: "a setting",
  self_trading_reject_mode: "a setting",
  self_trading_extended_to_subaccounts: "a setting",
  referrer_id: "a name",
  disable_kyc_verification: "a setting",
  block_rfq_self_match_prevention: "a setting",
  trading_products_details: "settings",
  receive_notifications: "a setting",
};
const SUMMARIES: FieldTable = { used: ["summaries"], harmless: PROFILE };
const SUMMARY: FieldTable = {
  used: ["currency", "balance", "equity", "futures_session_upl", "futures_session_rpl", "options_value"],
  harmless: {
    ...PROFILE,
    session_upl: "the sum of futures' and options'",
    session_rpl: "the sum of futures' and options'",
    options_session_upl: "in options_value",
    options_session_rpl: "in balance",
    session_funding: "in futures_session_rpl",
    futures_pl: "the past",
    options_pl: "the past",
    total_pl: "the past",
    margin_balance: "equity without options",
    initial_margin: "a requirement",
    maintenance_margin: "a requirement",
    projected_initial_margin: "a requirement",
    projected_maintenance_margin: "a requirement",
    open_orders_margin: "a requirement",
    available_funds: "a part of equity",
    available_withdrawal_funds: "a part of equity",
    available_subaccount_transfer_funds: "a part of equity",
    spot_reserve: "a part of balance",
    additional_reserve: "a part of balance",
    locked_balance: "a part of balance",
    fee_balance: "a credit for fees, not counted",
    options_delta: "a risk figure",
    options_gamma: "a risk figure",
    options_vega: "a risk figure",
    options_theta: "a risk figure",
    options_gamma_map: "risk figures",
    options_vega_map: "risk figures",
    options_theta_map: "risk figures",
    delta_total: "a risk figure",
    delta_total_map: "risk figures",
    projected_delta_total: "a risk figure",
    estimated_liquidation_ratio: "a ratio",
    estimated_liquidation_ratio_map: "ratios",
    total_equity_usd: "of all currencies",
    total_delta_total_usd: "a risk figure",
    total_initial_margin_usd: "a requirement",
    total_maintenance_margin_usd: "a requirement",
    total_margin_balance_usd: "of all currencies",
    portfolio_margining_enabled: "a setting",
    cross_collateral_enabled: "a setting",
    margin_model: "a setting",
    has_non_block_chain_equity: "a setting",
    change_margin_model_api_limit: "a limit",
    limits: "limits",
    fees: "fees",
    deposit_address: "an address",
  },
};
const POSITION: FieldTable = {
  used: ["instrument_name", "kind", "direction", "size", "mark_price", "index_price"],
  harmless: {
    size_currency: "the size in another unit",
    average_price: "the past",
    average_price_usd: "the past",
    floating_profit_loss: "in futures_session_upl or options_value",
    floating_profit_loss_usd: "in futures_session_upl or options_value",
    realized_profit_loss: "in the balance or futures_session_rpl",
    realized_profit_loss_session: "in the balance or futures_session_rpl",
    realized_funding: "in the balance or futures_session_rpl",
    total_profit_loss: "the past",
    interest_value: "a price",
    settlement_price: "a price",
    estimated_liquidation_price: "a price",
    initial_margin: "a requirement",
    maintenance_margin: "a requirement",
    open_orders_margin: "a requirement",
    leverage: "a setting",
    delta: "a risk figure",
    gamma: "a risk figure",
    vega: "a risk figure",
    theta: "a risk figure",
  },
};
/** Deribit rounds coins to eight places, some figures to six; options' values may be of moments apart. */
const COIN_SHARE: Exact = { value: 1n, places: 6 };
const COIN_DUST: Exact = { value: 2n, places: 6 };
const VALUE_SHARE: Exact = { value: 2n, places: 2 };
const VALUE_DUST: Exact = { value: 1n, places: 3 };

/** Reads saved responses of a Deribit account. */
export function fromDeribit(request: VenueRequest): VenueImport {
  const reader = new VenueReader(request, ["summaries", "positions"], ["summaries"]);
  const values = readPositions(reader);
  const seen = new Set<string>();
  const accounts = new Set<string>();
  for (const { json, path } of reader
    .all("summaries")
    .flatMap((response) => summariesOf(reader, response, accounts))) {
    const summary = reader.node(json, path, SUMMARY);
    const currency = reader.text(summary, "currency");
    if (seen.has(currency)) reader.fault("venue.twice", path, "each currency once", "one again");
    seen.add(currency);
    readSummary(reader, summary, currency, values.get(currency));
  }
  reader.demand(seen.size > 0, "summaries", "at least one currency");
  if (accounts.size > 1) reader.fault("venue.account", "summaries", "one account", "responses of several");
  for (const currency of values.keys()) {
    if (!seen.has(currency))
      reader.fault("venue.incomplete", "summaries", "the currency of every option", "not all");
  }
  return reader.result();
}

/** The result of a JSON-RPC answer, or what stands in for one. */
function resultOf(
  reader: VenueReader,
  json: Json,
  path: string,
): { readonly json: Json; readonly path: string } {
  if (!isObject(json) || (json.result === undefined && json.error === undefined)) return { json, path };
  const envelope = reader.node(json, path, ENVELOPE);
  if (json.error !== undefined)
    reader.fault("venue.answer", `${path}.error`, "a result", "an error of the venue");
  if (json.testnet === true)
    reader.fault("venue.answer", `${path}.testnet`, "the venue itself", "its test network");
  const moment = reader.optional(envelope, "usOut");
  if (moment !== undefined) {
    const milliseconds = String(moment.value / 1000n);
    reader.checkMoment({ path, fields: { usOut: milliseconds } }, "usOut");
  }
  return { json: json.result ?? null, path: `${path}.result` };
}

function summariesOf(
  reader: VenueReader,
  response: { readonly json: Json; readonly path: string },
  accounts: Set<string>,
): { readonly json: Json; readonly path: string }[] {
  const { json, path } = resultOf(reader, response.json, response.path);
  if (isObject(json) && typeof json.id === "string") accounts.add(json.id);
  if (isObject(json) && json.summaries === undefined) return [{ json, path }];
  const place = Array.isArray(json) ? path : `${path}.summaries`;
  const list = Array.isArray(json) ? json : reader.list(reader.node(json, path, SUMMARIES), "summaries");
  return list.map((entry, i) => ({ json: entry, path: `${place}[${i}]` }));
}

function readSummary(
  reader: VenueReader,
  summary: Node,
  currency: string,
  found: OptionValue | undefined,
): void {
  const { path } = summary;
  const stated = reader.optional(summary, "options_value");
  const placed = found?.value ?? ZERO;
  const gross = found?.gross ?? ZERO;
  const balance = reader.amount(summary, "balance");
  const equity = reader.amount(summary, "equity");
  const futures = reader.amount(summary, "futures_session_upl");
  if (stated !== undefined) {
    const room = sum(product(sum(gross, absolute(stated)), VALUE_SHARE), VALUE_DUST);
    reader.agree(placed, stated, room, `${path}.options_value`, "the options among the positions");
  }
  const plain = sum(balance, futures);
  const own = difference(equity, stated ?? placed);
  const settling = sum(plain, reader.optional(summary, "futures_session_rpl") ?? ZERO);
  const room = sum(
    product(sum(absolute(balance), absolute(equity)), COIN_SHARE),
    COIN_DUST,
    stated === undefined ? product(gross, VALUE_SHARE) : ZERO,
  );
  const cash = isAtMost(absolute(difference(settling, own)), room) ? settling : plain;
  reader.agree(
    cash,
    own,
    room,
    `${path}.equity`,
    "balance with the futures' session P&L and the options' value",
  );
  reader.cash([currency], cash, path);
}

/** What options add up to, in the currency that they settle in. */
interface OptionValue {
  readonly value: Exact;
  readonly gross: Exact;
}

function readPositions(reader: VenueReader): Map<string, OptionValue> {
  const values = new Map<string, OptionValue>();
  if (!reader.has("positions"))
    reader.warn("positions: not given, so futures and options were not looked for");
  for (const response of reader.all("positions")) {
    const { json, path } = resultOf(reader, response.json, response.path);
    for (const [i, entry] of reader.listOf(json, path).entries()) {
      readPosition(reader, reader.node(entry, `${path}[${i}]`, POSITION), values);
    }
  }
  return values;
}

function readPosition(reader: VenueReader, position: Node, values: Map<string, OptionValue>): void {
  const size = reader.amount(position, "size");
  if (size.value === 0n) return;
  const name = reader.text(position, "instrument_name");
  const kind = reader.text(position, "kind");
  const amount = signedSize(reader, position, size);
  const [, base = "", quote] = /^([A-Z0-9]+)(?:_([A-Z0-9]+))?-/.exec(name) ?? [];
  if (kind === "option") {
    placeOption(reader, position, name, amount, quote ?? base, values);
  } else if (kind === "future") {
    placeFuture(reader, position, name, amount, base, quote);
  } else {
    reader.fault("venue.unsupported", `${position.path}.kind`, "future or option", "another kind");
  }
}

function signedSize(reader: VenueReader, position: Node, size: Exact): Exact {
  const direction = reader.text(position, "direction");
  if (direction === "sell") return negated(absolute(size));
  if (direction !== "buy" || size.value < 0n) {
    reader.fault("venue.side", `${position.path}.direction`, "buy, or sell of a negative size", "another");
  }
  return size;
}

function placeOption(
  reader: VenueReader,
  position: Node,
  name: string,
  amount: Exact,
  currency: string,
  values: Map<string, OptionValue>,
): void {
  const value = product(amount, reader.amount(position, "mark_price"));
  const before = values.get(currency) ?? { value: ZERO, gross: ZERO };
  values.set(currency, { value: sum(before.value, value), gross: sum(before.gross, absolute(value)) });
  const index = reader.optional(position, "index_price");
  const isLinear = currency === "USDC" || currency === "USDT";
  const notional = isLinear ? value : index === undefined ? undefined : product(value, index);
  reader.contract({
    names: [name, name.replace(/-([CP])$/, "$1")],
    kinds: ["option"],
    amount,
    path: position.path,
    ...(notional === undefined ? {} : { notional }),
  });
}

function placeFuture(
  reader: VenueReader,
  position: Node,
  name: string,
  amount: Exact,
  base: string,
  quote: string | undefined,
): void {
  const perpetual = name.endsWith("-PERPETUAL");
  const inverse = quote === undefined;
  const linear = [name, `${base}-PERPETUAL`, ...perpNames(name, base, quote ?? "USD").slice(1)];
  const mark = reader.optional(position, "mark_price");
  const notional = inverse ? amount : mark === undefined ? undefined : product(amount, mark);
  reader.contract({
    names: perpetual ? (inverse ? [name, `${base}-USD-PERP`, `${base}-PERP`] : linear) : [name],
    kinds: perpetual ? ["perp"] : ["future"],
    amount,
    inverse,
    path: position.path,
    ...(notional === undefined ? {} : { notional }),
  });
}
