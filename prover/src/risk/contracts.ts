// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Options by their contracts: what the model makes of them, and whether a market's prices and greeks can be right.
 *
 * A market file is public, but whoever wrote it may have mistaken a unit: percent for a fraction, a price in coin, the spot
 * price for the forward of a later expiry. Each of these moves the model's value away from the price, so the two are
 * compared, here and by every command that judges a portfolio.
 *
 * @module
 */

import {
  allFaults,
  asKeelError,
  type Bps,
  type Instrument,
  inputError,
  type KeelError,
  type Market,
  type OptionContract,
  type OptionSensitivities,
  type Policy,
  referencePrice,
} from "@keel/verifier";
import { type OptionTerms, type OptionValue, valueOption } from "./pricing.js";

const YEAR_SECONDS = 365 * 86_400;
const DAYS_OF_YEAR = 365;
const VOL_POINTS = 100;
const ONE = 1e8;
const BPS = 1e4;

/** A model value may differ from its price by this share of the price and, beside it, of the forward. */
const MODEL_TOLERANCE = { price: 0.05, forward: 0.0002 } as const;
/** A given delta may differ by this; gamma by as much over a move of a twentieth. */
const DELTA_TOLERANCE = 0.02;
const GAMMA_MOVE = 0.05;
/** Vega and theta may differ by this share, and of the forward. */
const GREEK_TOLERANCE = { share: 0.1, forward: 0.00001 } as const;
/** P&L may differ by this share, and of the forward. */
const PNL_TOLERANCE = { share: 0.05, forward: 0.005 } as const;
/** From here on a volatility is more likely percent than a fraction. */
const PERCENT_VOLATILITY = 5;

/**
 * Refuses a market in which a contract has expired, or where price, greeks or P&L contradict what the contract says. All
 * faults at once.
 *
 * @param policy whose scenarios the P&L was made for; without one P&L is not looked at
 * @throws KeelError `market.expired`, `market.model`, `market.option`
 */
export function checkContracts(market: Market, policy?: Policy): void {
  const faults = market.instruments.flatMap((instrument, i) =>
    contractFaults(market, instrument, policy, `market.instruments[${i}]`),
  );
  if (faults.length > 0) throw allFaults(faults);
}

/**
 * What an option is worth by its contract and how that changes, in the units of the market table.
 *
 * @throws KeelError as {@link checkContracts}, greeks that are given aside: these are computed anew
 */
export function revalue(
  market: Market,
  instrument: Instrument,
  contract: OptionContract,
  policy: Policy,
  path: string,
): OptionSensitivities {
  const terms = termsOf(market, instrument, contract, path);
  const now = valueOption(terms);
  const fault = priceFault(instrument, terms, now, path);
  if (fault !== undefined) throw fault;
  return sensitivitiesAt(instrument, terms, now, policy);
}

function contractFaults(
  market: Market,
  instrument: Instrument,
  policy: Policy | undefined,
  path: string,
): KeelError[] {
  const { contract, sensitivities } = instrument;
  if (contract === undefined) return [];
  try {
    const terms = termsOf(market, instrument, contract, path);
    const now = valueOption(terms);
    const fault = priceFault(instrument, terms, now, path);
    if (fault !== undefined) return [fault];
    if (sensitivities === undefined) return [];
    return staleFaults(instrument, sensitivities, terms, now, policy, path);
  } catch (error) {
    return [asKeelError(error)];
  }
}

/** What the model needs to know of an option. */
function termsOf(
  market: Market,
  instrument: Instrument,
  contract: OptionContract,
  path: string,
): OptionTerms {
  const { type, strike, expiry, impliedVolatility } = contract;
  if (expiry <= market.asOf) {
    const expected = `a time after market.asOf, ${market.asOf}`;
    throw inputError("market.expired", `${path}.contract.expiry`, expected, `${expiry}`);
  }
  if (strike === 0n || impliedVolatility === 0n) {
    throw inputError("market.option", `${path}.contract`, "a strike and a volatility above zero", "zero");
  }
  return {
    type,
    forward: Number(forwardOf(market, instrument, contract)) / ONE,
    strike: Number(strike) / ONE,
    years: (expiry - market.asOf) / YEAR_SECONDS,
    volatility: Number(impliedVolatility) / ONE,
  };
}

/**
 * Price that an option's model starts from, USD 1e8: the contract's own forward, else the future of its underlying whose name
 * carries the option's day of expiry, else the underlying's reference price.
 */
export function forwardOf(market: Market, instrument: Instrument, contract: OptionContract): bigint {
  if (contract.forward !== undefined) return contract.forward;
  const day = new Date(contract.expiry * 1000).toISOString().slice(0, 10);
  const future = market.instruments.find(
    ({ id, kind, underlying, face }) =>
      kind === "future" && underlying === instrument.underlying && face === undefined && dayIn(id) === day,
  );
  return future === undefined ? referencePrice(market, instrument) : future.price;
}

const MONTHS = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"];

/** The day in a future's name, as 2026-06-26: BTC-26JUN26, BTC-USD-260626, BTCUSDT_260626 or BTC-20260626. */
function dayIn(id: string): string | undefined {
  const named = /(?:^|[-_])([0-9]{1,2})([A-Z]{3})([0-9]{2})$/.exec(id.toUpperCase());
  if (named !== null) {
    const month = MONTHS.indexOf(named[2]!) + 1;
    return `20${named[3]}-${String(month).padStart(2, "0")}-${named[1]!.padStart(2, "0")}`;
  }
  const digits = /[-_](?:20)?([0-9]{2})([0-9]{2})([0-9]{2})$/.exec(id);
  return digits === null ? undefined : `20${digits[1]}-${digits[2]}-${digits[3]}`;
}

/** What is wrong with a price that the model cannot explain. */
function priceFault(
  instrument: Instrument,
  terms: OptionTerms,
  now: OptionValue,
  path: string,
): KeelError | undefined {
  const price = Number(instrument.price) / ONE;
  const { forward } = terms;
  const allowed = MODEL_TOLERANCE.price * price + MODEL_TOLERANCE.forward * forward;
  if (Math.abs(now.price - price) <= allowed) return undefined;
  const expected = `the contract's model value of ${shown(now.price)}, at a forward of ${shown(forward)}, within ${shown(allowed)}`;
  return inputError(
    "market.model",
    `${path}.price`,
    expected,
    `${shown(price)}; ${likelyCause(price, terms, now)}`,
  );
}

function likelyCause(price: number, terms: OptionTerms, now: OptionValue): string {
  const { type, forward, strike, volatility } = terms;
  const exercise = Math.max(0, (type === "call" ? 1 : -1) * (forward - strike));
  if (volatility >= PERCENT_VOLATILITY) {
    return `a volatility of ${volatility} is ${shown(volatility * 100)} %: is it in percent?`;
  }
  if (Math.abs(price * forward - now.price) <= 0.2 * now.price) return "is it in coin?";
  if (strike > 50 * forward || forward > 50 * strike) return "is the underlying's price a dollar row's?";
  if (price < exercise) return `it is below what exercise brings, ${shown(exercise)}`;
  return "are volatility, price and contract.forward of one time and this expiry?";
}

/** Greeks and P&L that were made for other prices, another time or another contract. */
function staleFaults(
  instrument: Instrument,
  given: OptionSensitivities,
  terms: OptionTerms,
  now: OptionValue,
  policy: Policy | undefined,
  path: string,
): KeelError[] {
  const { forward } = terms;
  const greek = (expected: number) =>
    GREEK_TOLERANCE.share * Math.abs(expected) + GREEK_TOLERANCE.forward * forward;
  const vega = now.vega / VOL_POINTS;
  const theta = now.theta / DAYS_OF_YEAR;
  const compared: (readonly [string, bigint, number, number])[] = [
    ["delta", given.delta, now.delta, DELTA_TOLERANCE],
    ["gamma", given.gamma, now.gamma, DELTA_TOLERANCE / (GAMMA_MOVE * forward)],
    ["vega", given.vega, vega, greek(vega)],
    ["theta", given.theta, theta, greek(theta)],
  ];
  if (policy !== undefined && given.pnl.length === policy.scenarios.length) {
    const { pnl } = sensitivitiesAt(instrument, terms, now, policy);
    for (const [k, value] of pnl.entries()) {
      const expected = Number(value) / ONE;
      const allowed = PNL_TOLERANCE.share * Math.abs(expected) + PNL_TOLERANCE.forward * forward;
      compared.push([`pnl[${k}]`, given.pnl[k]!, expected, allowed]);
    }
  }
  return compared.flatMap(([name, value, expected, allowed]) => {
    const received = Number(value) / ONE;
    if (Math.abs(received - expected) <= allowed) return [];
    const wanted = `about ${shown(expected)}, by the contract at these prices (keel market build computes it)`;
    return [inputError("market.model", `${path}.${name}`, wanted, shown(received))];
  });
}

function sensitivitiesAt(
  instrument: Instrument,
  terms: OptionTerms,
  now: OptionValue,
  policy: Policy,
): OptionSensitivities {
  const pnl = policy.scenarios.map(({ shocks, volatility }) => {
    const after = valueOption(shocked(terms, shocks.get(instrument.underlying), volatility));
    return rounded(Math.max(after.price - now.price, -Number(instrument.price) / ONE));
  });
  return {
    delta: rounded(now.delta),
    gamma: rounded(now.gamma),
    vega: rounded(now.vega / VOL_POINTS),
    theta: rounded(now.theta / DAYS_OF_YEAR),
    pnl,
  };
}

function shocked(terms: OptionTerms, shock: Bps | undefined, volatilityChange: Bps): OptionTerms {
  const { forward, volatility } = terms;
  return {
    ...terms,
    forward: forward * (1 + Number(shock ?? 0n) / BPS),
    volatility: Math.max(0, volatility + Number(volatilityChange) / BPS),
  };
}

/** Nearest multiple of 1e-8, halves away from zero. */
function rounded(value: number): bigint {
  const magnitude = BigInt(Math.round(Math.abs(value) * ONE));
  return value < 0 ? -magnitude : magnitude;
}

/** Public numbers of a market, short. */
function shown(value: number): string {
  return String(Number(value.toPrecision(6)));
}
