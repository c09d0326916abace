// SPDX-License-Identifier: MIT
/**
 * The public market: a price table over the policy's instrument universe (market/1), and the root that proofs bind to.
 *
 * @module
 */

import { z } from "zod";
import { floorDiv } from "../core/decimal.js";
import { checkAll, inputError, readEach } from "../core/errors.js";
import { FIELD_ORDER, nameField } from "../core/field.js";
import { decimal, FORMATS, fieldElement, identifier, parseFile, time } from "../core/schema.js";
import { type Bps, bps, type Field, type Usd8, usd8 } from "../core/units.js";

/** What an instrument is; decides whether its value is part of equity and whether it has dollar delta. */
export type InstrumentKind = "cash" | "spot" | "perp" | "future" | "option";

/** What an option is worth when something moves; all per unit, signed. */
export interface OptionSensitivities {
  /** d(value)/dS, 1e8. */
  readonly delta: bigint;
  /** d2(value)/dS2, 1e8. */
  readonly gamma: bigint;
  /** USD 1e8 per vol point (one percent of annual volatility). */
  readonly vega: bigint;
  /** USD 1e8 per day. */
  readonly theta: bigint;
  /** P&L of one unit long in each scenario of the policy, in order, USD 1e8: full revaluation. */
  readonly pnl: readonly bigint[];
}

/** The contract behind an option, from which its sensitivities can be computed. */
export interface OptionContract {
  readonly type: "call" | "put";
  /** USD 1e8. */
  readonly strike: bigint;
  /** Unix seconds. */
  readonly expiry: number;
  /** Annual, 1e8: 0.65 is 65%. */
  readonly impliedVolatility: bigint;
  /** Price of the forward of the option's own expiry, USD 1e8, when the table names it. */
  readonly forward?: bigint;
}

/** One row of the market table. */
export interface Instrument {
  readonly id: string;
  readonly kind: InstrumentKind;
  readonly underlying: string;
  /** USD 1e8 per unit; above zero. A perpetual's or future's mark. */
  readonly price: Usd8;
  /** Share of the value that counts as collateral; at most 10000. Zero for what is not part of equity. */
  readonly collateralFactor: Bps;
  /** Options only; absent until `keel market build` has computed them from the contract. */
  readonly sensitivities?: OptionSensitivities;
  /** Options only. */
  readonly contract?: OptionContract;
  /** Inverse perpetuals and futures only: USD of one of the venue's contracts, 1e8. The row's price is 1: a unit is a dollar. */
  readonly face?: bigint;
  /** Coins in one unit, when that is not one coin: 1000 for kSHIB. */
  readonly multiplier?: number;
}

/** A parsed returns file; read by `returns.ts`. */
export interface Returns {
  /** Unix seconds. */
  readonly asOf: number;
  /** Those of the market, in its order. */
  readonly underlyings: readonly string[];
  /** [days][underlyings], relative change of the price over a day, oldest first; at least -10000. */
  readonly daily: readonly (readonly Bps[])[];
  /** [underlyings][0..row], lower triangle of the annual covariances of returns, 1e12, signed. */
  readonly covariance: readonly (readonly bigint[])[];
}

/** A parsed liquidity file; read by `liquidity.ts`. */
export interface Liquidity {
  /** Unix seconds. */
  readonly asOf: number;
  /** Share of what is traded that the depths count on. */
  readonly participation: Bps;
  /** The loss that an orderly exit accepts, 1e-8. */
  readonly band: bigint;
  /** How often a day what stands in the books is taken to come again. */
  readonly refills: number;
  /** What a day takes of each instrument, 1e8 units: those of the market, in its order. */
  readonly depths: readonly { readonly id: string; readonly depth: bigint }[];
}

/** A parsed market file. */
export interface Market {
  /** Unix seconds. */
  readonly asOf: number;
  /** Ordered; a scenario's shocks and the exposures follow this order. */
  readonly underlyings: readonly string[];
  /** Ordered; an account's quantities follow this order. */
  readonly instruments: readonly Instrument[];
  /** Root of the scenarios that the options' P&L was computed for; markets with options only. */
  readonly scenarioRoot?: Field;
  /** What tail-risk limits are judged by; joined by `withReturns` under a policy that has such limits. */
  readonly returns?: Returns;
  /** What a limit on the days to unwind is judged by; joined by `withLiquidity` under a policy that has one. */
  readonly liquidity?: Liquidity;
}

const ONE = 10n ** 8n;

const KINDS: Record<InstrumentKind, { readonly funded: boolean; readonly exposed: boolean }> = {
  cash: { funded: true, exposed: false },
  spot: { funded: true, exposed: true },
  perp: { funded: false, exposed: true },
  future: { funded: false, exposed: true },
  option: { funded: true, exposed: true },
};

const price = decimal({ places: 8, bits: 64, signed: false, excess: "refuse" });
const sensitivity = decimal({ places: 8, bits: 64, signed: true, excess: "refuse" });

const instrumentSchema = z.strictObject({
  id: identifier,
  kind: z.enum(["cash", "spot", "perp", "future", "option"]),
  underlying: identifier,
  price,
  collateralFactor: decimal({ places: 4, bits: 32, signed: false, excess: "refuse" }).optional(),
  delta: sensitivity.optional(),
  gamma: sensitivity.optional(),
  vega: sensitivity.optional(),
  theta: sensitivity.optional(),
  pnl: z.array(sensitivity).max(256).optional(),
  contract: z
    .strictObject({
      type: z.enum(["call", "put"]),
      strike: price,
      expiry: time,
      impliedVolatility: decimal({ places: 8, bits: 40, signed: false, excess: "refuse" }),
      forward: price.optional(),
    })
    .transform(({ forward, ...contract }) => (forward === undefined ? contract : { ...contract, forward }))
    .optional(),
  face: price.optional(),
  multiplier: z.int().min(2).max(1_000_000_000).optional(),
});

const marketSchema = z.strictObject({
  keel: z.literal("market/1"),
  asOf: time,
  underlyings: z.array(identifier).min(1).max(256),
  instruments: z.array(instrumentSchema).min(1).max(4096),
  scenarioRoot: fieldElement(FIELD_ORDER).optional(),
});
FORMATS.add(marketSchema, { id: "market/1", folder: "verifier", title: "A market table" });

const SENSITIVITIES = ["delta", "gamma", "vega", "theta", "pnl"] as const;

/**
 * Reads a market/1 file.
 *
 * @throws KeelError kind "input", all faults at once: bad text, a duplicate or unknown name, a price of zero, a factor above 1 or on an
 * instrument whose value is not part of equity, an option's fields on something else or only some of them
 */
export function parseMarket(text: string): Market {
  const file = parseFile(marketSchema, text, "market");
  const { asOf, underlyings, scenarioRoot } = file;
  let instruments: readonly Instrument[] = [];
  checkAll(
    () => checkUnique(underlyings, "market.underlyings"),
    () =>
      checkUnique(
        file.instruments.map((row) => row.id),
        "market.instruments",
      ),
    () => {
      instruments = readEach(file.instruments, (row, i) =>
        readInstrument(row, `market.instruments[${i}]`, underlyings),
      );
    },
  );
  return {
    asOf,
    underlyings,
    instruments,
    ...(scenarioRoot === undefined ? {} : { scenarioRoot: scenarioRoot as Field }),
  };
}

type Row = z.output<typeof instrumentSchema>;

function readInstrument(row: Row, path: string, underlyings: readonly string[]): Instrument {
  const { id, kind, underlying, contract } = row;
  let sensitivities: OptionSensitivities | undefined;
  checkAll(
    () => {
      if (underlyings.includes(underlying)) return;
      throw inputError("market.underlying", `${path}.underlying`, "one of market.underlyings", underlying);
    },
    () => checkPrice(row, path),
    () => checkFace(row, path),
    () => checkFactor(row, path),
    () => {
      sensitivities = readSensitivities(row, path);
    },
  );
  return {
    id,
    kind,
    underlying,
    price: usd8(row.price),
    collateralFactor: bps(row.collateralFactor ?? 0n),
    ...(sensitivities === undefined ? {} : { sensitivities }),
    ...(contract === undefined ? {} : { contract }),
    ...(row.face === undefined ? {} : { face: row.face }),
    ...(row.multiplier === undefined ? {} : { multiplier: row.multiplier }),
  };
}

function checkPrice({ kind, price }: Row, path: string): void {
  if (price !== 0n) return;
  const worthless = kind === "option" ? " (of a worthless option 0.00000001)" : "";
  throw inputError("market.price", `${path}.price`, `a price above zero${worthless}`, "zero");
}

function checkFactor({ kind, collateralFactor = 0n }: Row, path: string): void {
  const refused = (expected: string, received: string) =>
    inputError("market.factor", `${path}.collateralFactor`, expected, received);
  if (collateralFactor > 10_000n) throw refused("at most 1", "more");
  if (collateralFactor === 0n || KINDS[kind].funded) return;
  throw refused(`none for a ${kind}`, "a factor above zero");
}

/** A contract of so many dollars is counted in dollars: its price is 1, whatever the coin costs. */
function checkFace({ kind, price, face }: Row, path: string): void {
  if (face === undefined) return;
  if (kind !== "perp" && kind !== "future") {
    throw inputError("market.face", `${path}.face`, "a face on a perp or future", `one on a ${kind}`);
  }
  if (face === 0n) throw inputError("market.face", `${path}.face`, "a face above zero", "zero");
  if (price !== ONE) throw inputError("market.face", `${path}.price`, "1 beside a face", "another price");
}

function readSensitivities(row: Row, path: string): OptionSensitivities | undefined {
  const given = SENSITIVITIES.filter((name) => row[name] !== undefined);
  if (row.kind !== "option") {
    const first = row.contract === undefined ? given[0] : "contract";
    if (first === undefined) return undefined;
    throw inputError("market.option", `${path}.${first}`, `nothing of an option on a ${row.kind}`, first);
  }
  if (given.length === 0 && row.contract !== undefined) return undefined;
  const { delta, gamma, vega, theta, pnl = [] } = row;
  if (delta === undefined || gamma === undefined || vega === undefined || theta === undefined) {
    const missing = SENSITIVITIES.find((name) => row[name] === undefined)!;
    throw inputError(
      "market.option",
      `${path}.${missing}`,
      "delta, gamma, vega and theta, or a contract",
      "nothing",
    );
  }
  return { delta, gamma, vega, theta, pnl };
}

/** Whether a kind moves with its underlying. */
export function isExposed(kind: InstrumentKind): boolean {
  return KINDS[kind].exposed;
}

/** Whether a kind's value is part of equity. */
export function isFunded(kind: InstrumentKind): boolean {
  return KINDS[kind].funded;
}

/**
 * Dollar delta per unit, d(value)/d(ln S), USD 1e8, signed: the price for what moves with its underlying, zero for cash, and
 * delta times the underlying's price for an option (rounded down).
 *
 * @throws KeelError `market.option` for an option without sensitivities or reference price
 */
export function dollarDelta(market: Market, instrument: Instrument): bigint {
  if (instrument.kind !== "option") return KINDS[instrument.kind].exposed ? instrument.price : 0n;
  return floorDiv(sensitivitiesOf(instrument).delta * referencePrice(market, instrument), ONE);
}

/** Dollar gamma per unit, d2(value)/d(ln S)2 as Gamma * S^2, USD 1e8, signed, rounded down. */
export function dollarGamma(market: Market, instrument: Instrument): bigint {
  if (instrument.kind !== "option") return 0n;
  const spot = referencePrice(market, instrument);
  return floorDiv(sensitivitiesOf(instrument).gamma * spot * spot, ONE * ONE);
}

/**
 * Price of an instrument's underlying, USD 1e8: the first spot instrument of the underlying in the market's order, else its
 * first perpetual or future. Never that of a row with a face, whose unit is a dollar.
 *
 * @throws KeelError `market.option` when there is none
 */
export function referencePrice(market: Market, { id, underlying }: Instrument): Usd8 {
  const first = (...kinds: InstrumentKind[]): Instrument | undefined =>
    market.instruments.find(
      (row) => row.underlying === underlying && row.face === undefined && kinds.includes(row.kind),
    );
  const reference = first("spot") ?? first("perp", "future");
  if (reference !== undefined) return reference.price;
  const path = `market.instruments.${id}`;
  throw inputError("market.option", path, `a spot, perp or future of ${underlying} as reference`, "none");
}

/**
 * An option's sensitivities.
 *
 * @throws KeelError `market.option` when they have not been computed yet
 */
export function sensitivitiesOf({ id, sensitivities }: Instrument): OptionSensitivities {
  if (sensitivities !== undefined) return sensitivities;
  const path = `market.instruments.${id}`;
  throw inputError(
    "market.option",
    path,
    "greeks and P&L (keel market build computes them)",
    "a contract only",
  );
}

/** What the ordered underlyings are called in the statement. */
export function underlyingsId(underlyings: readonly string[]): Field {
  return nameField("keel/underlyings/1", underlyings);
}

/**
 * What the ordered instruments are called in the statement; a source signs it beside the quantities. It says what one unit of
 * each row is: a row with a contract, a face or a multiplier is another instrument than one of the same name without.
 */
export function universeId(market: Market): Field {
  return nameField(
    "keel/universe/1",
    market.instruments.map(({ id, kind, underlying, contract, face, multiplier }) => [
      id,
      kind,
      underlying,
      ...presentColumns({
        contract:
          contract === undefined ? undefined : `${contract.type} ${contract.strike} ${contract.expiry}`,
        face,
        multiplier,
      }),
    ]),
  );
}

/** Columns that few rows have, by name: a row without them has the same text as before there were any. */
export function presentColumns(
  columns: Readonly<Record<string, bigint | number | string | undefined>>,
): object[] {
  const found = Object.entries(columns).filter(([, value]) => value !== undefined);
  return found.length === 0 ? [] : [Object.fromEntries(found.map(([name, value]) => [name, `${value}`]))];
}

/** Refuses a list of names that has one twice. */
export function checkUnique(names: readonly string[], path: string): void {
  const seen = new Set<string>();
  readEach(names, (name, i) => {
    if (seen.has(name))
      throw inputError("input.duplicate", `${path}[${i}]`, "each name once", `${name} again`);
    seen.add(name);
  });
}
