// SPDX-License-Identifier: MIT
/**
 * The market as a circuit reads it, over the policy's scenarios, and the root that proofs bind to. Mirrors
 * circuits/src/lib/market-table.circom.
 *
 * @module
 */

import { floorDiv } from "../core/decimal.js";
import { inputError } from "../core/errors.js";
import { absorb, KIND, pack, tag } from "../core/field.js";
import type { Field } from "../core/units.js";
import {
  dollarDelta,
  dollarGamma,
  type Instrument,
  isExposed,
  isFunded,
  type Market,
  sensitivitiesOf,
  underlyingsId,
  universeId,
} from "./market.js";
import { checkFit, type Policy, scenarioTable } from "./policy.js";

/** Columns padded with empty rows to the tier's size. */
export interface MarketTable {
  readonly time: bigint;
  readonly underlyingsId: Field;
  readonly universe: Field;
  /** [instruments], USD 1e8. */
  readonly price: readonly bigint[];
  /** [instruments], bps. */
  readonly factor: readonly bigint[];
  /** [instruments], 0 or 1: the value is part of equity. */
  readonly funded: readonly bigint[];
  /**
   * [instruments], 0 or 1. Linear tiers: dollar delta per unit is the price. Tiers with options: dollar delta is below zero.
   */
  readonly flag: readonly bigint[];
  /** [instruments], index into the underlyings. */
  readonly underlying: readonly bigint[];
  /** Tiers with options only. */
  readonly options?: {
    readonly scenarioRoot: Field;
    /** [instruments][4 + scenarios], USD 1e8 per unit, signed: dollar delta, dollar gamma, vega, theta, P&L. */
    readonly sensitivity: readonly (readonly bigint[])[];
  };
  readonly root: Field;
}

const FACTOR_BITS = 14;
const ROW_BITS = 24; // factor 14, funded 1, flag 1, underlying 8
const SENSITIVITY_LIMIT = 2n ** 64n;

/**
 * The market as the policy's circuit reads it, with its root.
 *
 * @throws KeelError `circuit.size` when the tier has too few rows; `market.option` for options in a linear tier, options
 * without sensitivities, or P&L computed for other scenarios
 */
export function marketTable(market: Market, policy: Policy): MarketTable {
  checkFit(policy, market);
  const { shape } = policy.circuit;
  const { instruments, underlyings } = market;
  const empty = shape.instruments - instruments.length;
  const column = (value: (row: Instrument) => bigint): bigint[] => [
    ...instruments.map(value),
    ...new Array<bigint>(empty).fill(0n),
  ];
  const flag = (row: Instrument): boolean =>
    shape.options === 1 ? dollarDelta(market, row) < 0n : isExposed(row.kind);
  const table = {
    time: BigInt(market.asOf),
    underlyingsId: underlyingsId(underlyings),
    universe: universeId(market),
    price: column((row) => row.price),
    factor: column((row) => row.collateralFactor),
    funded: column((row) => BigInt(isFunded(row.kind))),
    flag: column((row) => BigInt(flag(row))),
    underlying: column((row) => BigInt(underlyings.indexOf(row.underlying))),
    ...(shape.options === 1 ? { options: optionColumns(market, policy) } : {}),
  };
  return { ...table, root: marketRoot(table) };
}

/** P&L of one unit long in every scenario of the policy, USD 1e8: an option's own, the linear one rounded down else. */
export function unitPnl(market: Market, policy: Policy, instrument: Instrument): bigint[] {
  if (instrument.kind === "option") return [...sensitivitiesOf(instrument).pnl];
  const delta = dollarDelta(market, instrument);
  return policy.scenarios.map(({ shocks }) =>
    floorDiv(delta * (shocks.get(instrument.underlying) ?? 0n), 10_000n),
  );
}

function optionColumns(market: Market, policy: Policy): NonNullable<MarketTable["options"]> {
  const { shape } = policy.circuit;
  const scenarioRoot = scenarioTable(policy, market).root;
  const sensitivity = market.instruments.map((row, i) => {
    const greeks =
      row.kind === "option"
        ? [
            dollarDelta(market, row),
            dollarGamma(market, row),
            sensitivitiesOf(row).vega,
            sensitivitiesOf(row).theta,
          ]
        : [dollarDelta(market, row), 0n, 0n, 0n];
    checkPnl(market, policy, row, i, scenarioRoot);
    const pnl = unitPnl(market, policy, row);
    const columns = [...greeks, ...pnl, ...new Array<bigint>(shape.scenarios - pnl.length).fill(0n)];
    for (const value of columns) {
      if (value < SENSITIVITY_LIMIT && value > -SENSITIVITY_LIMIT) continue;
      throw inputError(
        "market.option",
        `market.instruments[${i}]`,
        "sensitivities below 2^64 in USD 1e8",
        "more",
      );
    }
    return columns;
  });
  const zeros = new Array<bigint>(4 + shape.scenarios).fill(0n);
  const empty = new Array<readonly bigint[]>(shape.instruments - sensitivity.length).fill(zeros);
  return { scenarioRoot, sensitivity: [...sensitivity, ...empty] };
}

function checkPnl(market: Market, policy: Policy, row: Instrument, i: number, scenarioRoot: Field): void {
  if (row.kind !== "option" || policy.scenarios.length === 0) return;
  const path = `market.instruments[${i}].pnl`;
  const { length } = sensitivitiesOf(row).pnl;
  if (length !== policy.scenarios.length) {
    throw inputError("market.option", path, `${policy.scenarios.length}, one for each scenario`, `${length}`);
  }
  if (market.scenarioRoot !== scenarioRoot) {
    throw inputError("market.option", "market.scenarioRoot", "the root of the policy's scenarios", "another");
  }
}

/** Poseidon root of a table. */
export function marketRoot(table: Omit<MarketTable, "root">): Field {
  return absorb(marketVector(table));
}

/**
 * What is hashed into the root, in order: the tag, time, the two name lists, the root of the scenarios (options), the
 * prices, the other columns packed ten rows a word, the sensitivities row by row (options). Also the statement of a
 * market-root proof, whose digest is the root itself.
 */
export function marketVector(table: Omit<MarketTable, "root">): bigint[] {
  const { time, underlyingsId, universe, price, options } = table;
  const elements = [
    time,
    underlyingsId,
    universe,
    ...(options === undefined ? [] : [options.scenarioRoot]),
    ...price,
    ...marketRows(table),
    ...(options === undefined ? [] : options.sensitivity.flat()),
  ];
  return [tag(KIND.market, elements.length + 1), ...elements];
}

/** Factor, funded, flag and underlying of the rows, ten rows a word. */
export function marketRows(table: Omit<MarketTable, "root">): bigint[] {
  const rows = table.factor.map(
    (factor, i) =>
      factor +
      (table.funded[i]! << BigInt(FACTOR_BITS)) +
      (table.flag[i]! << BigInt(FACTOR_BITS + 1)) +
      (table.underlying[i]! << BigInt(FACTOR_BITS + 2)),
  );
  return pack(rows, ROW_BITS);
}
