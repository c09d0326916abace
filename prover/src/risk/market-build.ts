// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * A market's options made complete: greeks and risk arrays from their contracts, for one policy's scenarios, so that a
 * publisher who knows implied volatilities does not have to invent the rest. What is built is public and becomes part of
 * the market root; nobody has to trust it who runs the same command on the same two files.
 *
 * - Model: Black (1976) at rate 0, pricing.ts; a year is 365 days. The forward is the contract's own, else that of the future of
 *   the same underlying whose name carries the day of expiry, else the underlying's reference price (see `referencePrice`).
 * - A price that the model's value contradicts is refused (contracts.ts): one of the two has another unit.
 * - delta, gamma: per unit of the forward's price. vega: USD per vol point. theta: USD per calendar day.
 * - pnl: model value after the scenario's price move and change of volatility (not below zero), less model value before;
 *   at least minus the option's price, which is all that can be lost by holding it. No time passes.
 * - Rounding: to the nearest 1e-8, halves away from zero. Nothing is known here of who holds the option, so no direction
 *   would be against the prover; each number is off by at most 5e-9.
 *
 * @module
 */

import {
  allFaults,
  asKeelError,
  checkFit,
  type Field,
  formatDecimal,
  type Instrument,
  inputError,
  type KeelError,
  type Market,
  type Policy,
  scenarioTable,
  sensitivitiesOf,
} from "@keel/verifier";
import { revalue } from "./contracts.js";

/**
 * The market with the sensitivities of every option that gives a contract, computed anew, and the root of the scenarios
 * they were computed for. Options without a contract keep what their publisher gave.
 *
 * @throws KeelError, for all rows at once: `market.expired`; `market.model` for a price that the contract contradicts;
 * `market.option` for a policy whose circuit has no options, an option without volatility or reference price, or one
 * without a contract whose P&L was made for other scenarios; as `checkFit`
 */
export function buildMarket(market: Market, policy: Policy): Market {
  checkFit(policy, market);
  if (policy.circuit.shape.options !== 1) {
    throw inputError("market.option", "policy.circuit", "a circuit with options", policy.circuit.id);
  }
  const scenarioRoot = scenarioTable(policy, market).root;
  const faults: KeelError[] = [];
  const instruments = market.instruments.map((instrument, i): Instrument => {
    try {
      return completed(instrument, market, policy, scenarioRoot, `market.instruments[${i}]`);
    } catch (error) {
      faults.push(asKeelError(error));
      return instrument;
    }
  });
  if (faults.length > 0) throw allFaults(faults);
  return { ...market, instruments, scenarioRoot };
}

function completed(
  instrument: Instrument,
  market: Market,
  policy: Policy,
  scenarioRoot: Field,
  path: string,
): Instrument {
  const { kind, contract } = instrument;
  if (kind !== "option") return instrument;
  if (contract !== undefined) {
    return { ...instrument, sensitivities: revalue(market, instrument, contract, policy, path) };
  }
  checkGiven(instrument, market, scenarioRoot, policy.scenarios.length, path);
  return instrument;
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
    const expected = `a contract, or P&L for this policy's scenarios (market.scenarioRoot "${scenarioRoot}")`;
    throw inputError("market.option", path, expected, "P&L for others");
  }
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
  face,
  multiplier,
}: Instrument) {
  const usd = (value: bigint): string => formatDecimal(value, 8);
  return {
    id,
    kind,
    underlying,
    price: usd(price),
    ...(collateralFactor === 0n ? {} : { collateralFactor: formatDecimal(collateralFactor, 4) }),
    ...(face === undefined ? {} : { face: usd(face) }),
    ...(multiplier === undefined ? {} : { multiplier }),
    ...(contract === undefined
      ? {}
      : {
          contract: {
            type: contract.type,
            strike: usd(contract.strike),
            expiry: contract.expiry,
            impliedVolatility: usd(contract.impliedVolatility),
            ...(contract.forward === undefined ? {} : { forward: usd(contract.forward) }),
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
