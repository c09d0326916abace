// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * The risk model: the sums of circuits/SPEC.md section 5 in exact integers, without floats or rounding. This is what the circuit
 * proves, said once more in code that can be read in one sitting; property tests hold the two against each other.
 *
 * @module
 */

import {
  dollarDelta,
  dollarGamma,
  type Instrument,
  inputError,
  isFunded,
  type Market,
  type Policy,
  type Usd16,
  type Usd16Bps,
  unitPnl,
  usd16,
  usd16Bps,
} from "@keel/verifier";
import { type Held, quantities, type Snapshot } from "../book/snapshot.js";
import { measureTail, type TailMetrics } from "./tail.js";
import { measureUnwind, type UnwindPosition } from "./unwind.js";

/** Assets and gross exposure together have to be below 2^96 in USD 1e16, 7.92e12 USD. */
export const VALUE_BITS = 96;

const BPS = 10_000n;

/** What one account is worth: A, L, E and C over it alone. */
export interface AccountSums {
  readonly assets: Usd16;
  readonly liabilities: Usd16;
  readonly equity: Usd16;
  readonly collateral: Usd16Bps;
}

/** The sums of section 5. */
export interface Metrics {
  /** A: what is held, at market. */
  readonly assets: Usd16;
  /** L: what is owed, at market. */
  readonly liabilities: Usd16;
  /** E = A - L. */
  readonly equity: Usd16;
  /** C: assets weighed by their collateral factors. */
  readonly collateral: Usd16Bps;
  /** G: sum of the absolute dollar deltas, account by account. */
  readonly grossExposure: Usd16;
  /** Sum of the dollar deltas. */
  readonly netDelta: Usd16;
  /** D[u]: net dollar delta by underlying, in the market's order. */
  readonly underlyingDelta: ReadonlyMap<string, Usd16>;
  /** The same of each account by itself, by its id. */
  readonly accounts: ReadonlyMap<string, AccountSums>;
  /** V: equity by venue, which is all accounts whose source has the same key; by the source's name in the policy. */
  readonly venueEquity: ReadonlyMap<string, Usd16>;
  /** P&L of every stress scenario: exposures held still, or full revaluation where the tier has risk arrays. */
  readonly scenarioPnl: ReadonlyMap<string, Usd16Bps>;
  /** Sums of dollar gamma, vega and theta; tiers with options only. */
  readonly greeks?: { readonly gamma: Usd16; readonly vega: Usd16; readonly theta: Usd16 };
  /** Units of the fund, 1e8. */
  readonly units: bigint;
  /** Under policies with tail-risk limits. */
  readonly tail?: TailMetrics;
  /** Under policies that limit the days to unwind: what is held or owed, by instrument. */
  readonly unwind?: readonly UnwindPosition[];
}

/**
 * The sums of section 5.
 *
 * @throws KeelError `portfolio.size`
 */
export function measure(snapshot: Snapshot, market: Market, policy: Policy): Metrics {
  return measureHeld(quantities(snapshot, market, policy.circuit.shape), snapshot, market, policy);
}

/** {@link measure}, where the quantities are already in the market's order. */
export function measureHeld(held: Held, snapshot: Snapshot, market: Market, policy: Policy): Metrics {
  const accounts = new Map(
    snapshot.accounts.map(({ id }, s) => [id, accountSums(held[s]!, market)] as const),
  );
  const total = (name: keyof AccountSums): bigint => sum([...accounts.values()].map((sums) => sums[name]));
  const { grossExposure, underlyingDelta } = exposureSums(held, market);
  checkBookSize(total("assets") + grossExposure);
  const tail = measureTail(underlyingDelta, market, policy);
  const unwind = measureUnwind(held, market, policy);
  return {
    assets: usd16(total("assets")),
    liabilities: usd16(total("liabilities")),
    equity: usd16(total("equity")),
    collateral: usd16Bps(total("collateral")),
    grossExposure,
    netDelta: usd16(sum(underlyingDelta.values())),
    underlyingDelta,
    accounts,
    venueEquity: byVenue(snapshot, accounts),
    ...(policy.circuit.shape.options === 1
      ? sensitivities(held, market, policy)
      : { scenarioPnl: linearPnl(underlyingDelta, policy) }),
    units: snapshot.units,
    ...(tail === undefined ? {} : { tail }),
    ...(unwind === undefined ? {} : { unwind }),
  };
}

function accountSums(held: readonly bigint[], market: Market): AccountSums {
  let [assets, liabilities, collateral] = [0n, 0n, 0n];
  for (const [i, instrument] of market.instruments.entries()) {
    if (!isFunded(instrument.kind)) continue;
    const value = held[i]! * instrument.price;
    if (value > 0n) {
      assets += value;
      collateral += value * instrument.collateralFactor;
    } else {
      liabilities -= value;
    }
  }
  return {
    assets: usd16(assets),
    liabilities: usd16(liabilities),
    equity: usd16(assets - liabilities),
    collateral: usd16Bps(collateral),
  };
}

function exposureSums(
  held: readonly (readonly bigint[])[],
  market: Market,
): Pick<Metrics, "grossExposure" | "underlyingDelta"> {
  let grossExposure = 0n;
  const underlyingDelta = new Map(market.underlyings.map((name) => [name, usd16(0n)]));
  for (const [i, instrument] of market.instruments.entries()) {
    const delta = dollarDelta(market, instrument);
    for (const account of held) {
      const exposure = account[i]! * delta;
      grossExposure += exposure < 0n ? -exposure : exposure;
      const before = underlyingDelta.get(instrument.underlying)!;
      underlyingDelta.set(instrument.underlying, usd16(before + exposure));
    }
  }
  return { grossExposure: usd16(grossExposure), underlyingDelta };
}

/** Equity of accounts, summed by the source that signs for them: a policy has each source's key once. */
export function byVenue(
  { accounts }: Snapshot,
  sums: ReadonlyMap<string, Pick<AccountSums, "equity">>,
): Map<string, Usd16> {
  const venues = new Map<string, Usd16>();
  for (const { id, source } of accounts) {
    venues.set(source, usd16((venues.get(source) ?? 0n) + sums.get(id)!.equity));
  }
  return venues;
}

/** Linear P&L: sum over the underlyings of dollar delta times shock. */
function linearPnl(
  underlyingDelta: ReadonlyMap<string, Usd16>,
  { scenarios }: Policy,
): Map<string, Usd16Bps> {
  return new Map(
    scenarios.map(({ name, shocks }) => [
      name,
      usd16Bps(sum([...shocks].map(([underlying, shock]) => shock * underlyingDelta.get(underlying)!))),
    ]),
  );
}

/** Greeks and P&L of a tier with options: sum over the book of quantity times the instrument's own. */
function sensitivities(
  held: readonly (readonly bigint[])[],
  market: Market,
  policy: Policy,
): Required<Pick<Metrics, "greeks" | "scenarioPnl">> {
  const net = market.instruments.map((_, i) => sum(held.map((account) => account[i]!)));
  const total = (unit: (instrument: Instrument) => bigint): Usd16 =>
    usd16(sum(market.instruments.map((instrument, i) => net[i]! * unit(instrument))));
  const pnl = market.instruments.map((instrument) => unitPnl(market, policy, instrument));
  return {
    greeks: {
      gamma: total((instrument) => dollarGamma(market, instrument)),
      vega: total(({ sensitivities: greeks }) => greeks?.vega ?? 0n),
      theta: total(({ sensitivities: greeks }) => greeks?.theta ?? 0n),
    },
    scenarioPnl: new Map(
      policy.scenarios.map(({ name }, k) => [
        name,
        usd16Bps(sum(net.map((quantity, i) => quantity * pnl[i]![k]!)) * BPS),
      ]),
    ),
  };
}

/** The largest |D[u]|, the bound that the circuit is given. */
export function underlyingDeltaBound(metrics: Metrics): bigint {
  return [...metrics.underlyingDelta.values()].reduce(
    (most, d) => (d > most ? d : -d > most ? -d : most),
    0n,
  );
}

function sum(values: Iterable<bigint>): bigint {
  let total = 0n;
  for (const value of values) total += value;
  return total;
}

function checkBookSize(value: bigint): void {
  if (value >> BigInt(VALUE_BITS) === 0n) return;
  const expected = `assets and gross exposure together below 2^${VALUE_BITS} in USD 1e16 (7.92e12 USD)`;
  throw inputError("portfolio.size", "snapshot", expected, "more");
}
