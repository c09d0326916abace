// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * A market's options made complete: greeks and risk arrays from their contracts, for one policy's scenarios, so that a
 * publisher who knows implied volatilities does not have to invent the rest. What is built is public and becomes part of
 * the market root; nobody has to trust it who runs the same command on the same two files.
 *
 * - Model: Black (1976) at rate 0 on the underlying's reference price (see `referencePrice`), pricing.ts; a year is 365 days.
 * - delta, gamma: per unit of the underlying's price. vega: USD per vol point. theta: USD per calendar day.
 * - pnl: model value after the scenario's price move and change of volatility (not below zero), less model value before;
 *   at least minus the option's price, which is all that can be lost by holding it. No time passes.
 * - Rounding: to the nearest 1e-8, halves away from zero. Nothing is known here of who holds the option, so no direction
 *   would be against the prover; each number is off by at most 5e-9.
 *
 * @module
 */

import {
  type Bps,
  checkFit,
  type Field,
  formatDecimal,
  type Instrument,
  inputError,
  type Market,
  type OptionContract,
  type OptionSensitivities,
  type Policy,
  referencePrice,
  scenarioTable,
  sensitivitiesOf,
} from "../../verifier/src/index.js";
import { type OptionTerms, valueOption } from "./pricing.js";

const YEAR_SECONDS = 365 * 86_400;
const DAYS_OF_YEAR = 365;
const VOL_POINTS = 100;
const ONE = 1e8;
const BPS = 1e4;

/**
 * The market with the sensitivities of every option that gives a contract, computed anew, and the root of the scenarios
 * they were computed for. Options without a contract keep what their publisher gave.
 *
 * @throws KeelError `market.option` for a policy whose circuit has no options, an option that has expired or has no
 * volatility or reference price, or one without a contract whose P&L was made for other scenarios; as `checkFit`
 */
export function buildMarket(market: Market, policy: Policy): Market {
  checkFit(policy, market);
  if (policy.circuit.shape.options !== 1) {
    throw inputError("market.option", "policy.circuit", "a circuit with options", policy.circuit.id);
  }
  const scenarioRoot = scenarioTable(policy, market).root;
  const instruments = market.instruments.map((instrument, i): Instrument => {
    if (instrument.kind !== "option") return instrument;
    const path = `market.instruments[${i}]`;
    if (instrument.contract === undefined) {
      checkGiven(instrument, market, scenarioRoot, policy.scenarios.length, path);
      return instrument;
    }
    const sensitivities = revalue(instrument, instrument.contract, market, policy, path);
    return { ...instrument, sensitivities };
  });
  return { ...market, instruments, scenarioRoot };
}

/** P&L that was given, not computed, holds for the scenarios it was given for only. */
function checkGiven(
  instrument: Instrument,
  market: Market,
  scenarioRoot: Field,
  scenarios: number,
  path: string,
): void {
  const { length } = sensitivitiesOf(instrument).pnl;
  if (length !== scenarios) {
    throw inputError("market.option", `${path}.pnl`, `${scenarios}, one for each scenario`, `${length}`);
  }
  if (scenarios > 0 && market.scenarioRoot !== scenarioRoot) {
    const expected = "a contract, or P&L for this policy's scenarios (market.scenarioRoot)";
    throw inputError("market.option", path, expected, "P&L for others");
  }
}

function revalue(
  instrument: Instrument,
  contract: OptionContract,
  market: Market,
  policy: Policy,
  path: string,
): OptionSensitivities {
  if (contract.expiry <= market.asOf) {
    throw inputError(
      "market.option",
      `${path}.contract.expiry`,
      "a time after market.asOf",
      "an earlier one",
    );
  }
  if (contract.strike === 0n || contract.impliedVolatility === 0n) {
    throw inputError("market.option", `${path}.contract`, "a strike and a volatility above zero", "zero");
  }
  const terms: OptionTerms = {
    type: contract.type,
    forward: Number(referencePrice(market, instrument)) / ONE,
    strike: Number(contract.strike) / ONE,
    years: (contract.expiry - market.asOf) / YEAR_SECONDS,
    volatility: Number(contract.impliedVolatility) / ONE,
  };
  const now = valueOption(terms);
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

/** Writes a market/1 file, an instrument a line. */
export function formatMarket({ asOf, underlyings, instruments, scenarioRoot }: Market): string {
  const rows = instruments.map((instrument) => `    ${JSON.stringify(instrumentRow(instrument))}`);
  const root = scenarioRoot === undefined ? "" : `,\n  "scenarioRoot": "${scenarioRoot}"`;
  return [
    `{\n  "keel": "market/1",\n  "asOf": ${asOf},\n  "underlyings": ${JSON.stringify(underlyings)},`,
    `  "instruments": [\n${rows.join(",\n")}\n  ]${root}\n}\n`,
  ].join("\n");
}

function instrumentRow({
  id,
  kind,
  underlying,
  price,
  collateralFactor,
  contract,
  sensitivities,
}: Instrument) {
  const usd = (value: bigint): string => formatDecimal(value, 8);
  return {
    id,
    kind,
    underlying,
    price: usd(price),
    ...(collateralFactor === 0n ? {} : { collateralFactor: formatDecimal(collateralFactor, 4) }),
    ...(contract === undefined
      ? {}
      : {
          contract: {
            type: contract.type,
            strike: usd(contract.strike),
            expiry: contract.expiry,
            impliedVolatility: usd(contract.impliedVolatility),
          },
        }),
    ...(sensitivities === undefined
      ? {}
      : {
          delta: usd(sensitivities.delta),
          gamma: usd(sensitivities.gamma),
          vega: usd(sensitivities.vega),
          theta: usd(sensitivities.theta),
          pnl: sensitivities.pnl.map(usd),
        }),
  };
}
