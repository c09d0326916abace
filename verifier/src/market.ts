// SPDX-License-Identifier: MIT
/**
 * The public market: a price table over the policy's instrument universe (market/1), and the root that proofs bind to.
 *
 * @module
 */

import { z } from "zod";
import type { CircuitShape } from "./circuits.js";
import { inputError } from "./errors.js";
import { absorb, KIND, nameField, pack, tag } from "./field.js";
import { decimal, identifier, parseFile, time } from "./schema.js";
import { type Bps, bps, type Field, type Usd8, usd8 } from "./units.js";

/** What an instrument is; decides whether its value is part of equity and whether it has dollar delta. */
export type InstrumentKind = "cash" | "spot" | "perp" | "future";

/** One row of the market table. */
export interface Instrument {
  readonly id: string;
  readonly kind: InstrumentKind;
  readonly underlying: string;
  /** USD 1e8 per unit; above zero. A perpetual's or future's mark. */
  readonly price: Usd8;
  /** Share of the value that counts as collateral; at most 10000. Zero for what is not part of equity. */
  readonly collateralFactor: Bps;
}

/** A parsed market file. */
export interface Market {
  /** Unix seconds. */
  readonly asOf: number;
  /** Ordered; a scenario's shocks and the exposures follow this order. */
  readonly underlyings: readonly string[];
  /** Ordered; an account's quantities follow this order. */
  readonly instruments: readonly Instrument[];
}

/** The market as the circuit reads it: columns padded with empty rows to the tier's size. */
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
  /** [instruments], 0 or 1: dollar delta per unit is the price. */
  readonly exposed: readonly bigint[];
  /** [instruments], index into the underlyings. */
  readonly underlying: readonly bigint[];
  readonly root: Field;
}

const FACTOR_BITS = 14;
const ROW_BITS = 24; // factor 14, funded 1, exposed 1, underlying 8

const KINDS: Record<InstrumentKind, { readonly funded: boolean; readonly exposed: boolean }> = {
  cash: { funded: true, exposed: false },
  spot: { funded: true, exposed: true },
  perp: { funded: false, exposed: true },
  future: { funded: false, exposed: true },
};

const instrumentSchema = z.strictObject({
  id: identifier,
  kind: z.enum(["cash", "spot", "perp", "future"]),
  underlying: identifier,
  price: decimal({ places: 8, bits: 64, signed: false, excess: "refuse" }),
  collateralFactor: decimal({ places: 4, bits: 32, signed: false, excess: "refuse" }).optional(),
});

const marketSchema = z.strictObject({
  keel: z.literal("market/1"),
  asOf: time,
  underlyings: z.array(identifier).min(1).max(256),
  instruments: z.array(instrumentSchema).min(1).max(4096),
});

/**
 * Reads a market/1 file.
 *
 * @throws KeelError kind "input": bad text, a duplicate or unknown name, a price of zero, a factor above 1 or on an
 * instrument whose value is not part of equity
 */
export function parseMarket(text: string): Market {
  const file = parseFile(marketSchema, text, "market");
  checkUnique(file.underlyings, "market.underlyings");
  checkUnique(
    file.instruments.map((row) => row.id),
    "market.instruments",
  );
  const instruments = file.instruments.map((row, i): Instrument => {
    const path = `market.instruments[${i}]`;
    const factor = row.collateralFactor ?? 0n;
    if (!file.underlyings.includes(row.underlying)) {
      throw inputError(
        "market.underlying",
        `${path}.underlying`,
        "one of market.underlyings",
        row.underlying,
      );
    }
    if (row.price === 0n) throw inputError("market.price", `${path}.price`, "a price above zero", "zero");
    if (factor > 10_000n) {
      throw inputError("market.factor", `${path}.collateralFactor`, "at most 1", "more");
    }
    if (factor > 0n && !KINDS[row.kind].funded) {
      throw inputError(
        "market.factor",
        `${path}.collateralFactor`,
        `none for a ${row.kind}`,
        "a factor above zero",
      );
    }
    return { ...row, price: usd8(row.price), collateralFactor: bps(factor) };
  });
  return { asOf: file.asOf, underlyings: file.underlyings, instruments };
}

/** Whether a kind's value is part of equity. */
export function isFunded(kind: InstrumentKind): boolean {
  return KINDS[kind].funded;
}

/** Dollar delta per unit, d(value)/d(ln S), USD 1e8: the price, or zero for cash. */
export function dollarDelta(instrument: Instrument): Usd8 {
  return KINDS[instrument.kind].exposed ? instrument.price : usd8(0n);
}

/** What the ordered underlyings are called in the statement. */
export function underlyingsId(underlyings: readonly string[]): Field {
  return nameField("keel/underlyings/1", underlyings);
}

/** What the ordered instruments are called in the statement; a source signs it beside the quantities. */
export function universeId(market: Market): Field {
  return nameField(
    "keel/universe/1",
    market.instruments.map(({ id, kind, underlying }) => [id, kind, underlying]),
  );
}

/**
 * The market as a circuit of this shape reads it, with its root.
 *
 * @throws KeelError `market.size` when the tier has too few rows
 */
export function marketTable(market: Market, shape: CircuitShape): MarketTable {
  const { instruments, underlyings } = market;
  checkSize("market.instruments", instruments.length, shape.instruments);
  checkSize("market.underlyings", underlyings.length, shape.underlyings);
  const column = (value: (row: Instrument) => bigint): bigint[] => [
    ...instruments.map(value),
    ...new Array<bigint>(shape.instruments - instruments.length).fill(0n),
  ];
  const table = {
    time: BigInt(market.asOf),
    underlyingsId: underlyingsId(underlyings),
    universe: universeId(market),
    price: column((row) => row.price),
    factor: column((row) => row.collateralFactor),
    funded: column((row) => BigInt(KINDS[row.kind].funded)),
    exposed: column((row) => BigInt(KINDS[row.kind].exposed)),
    underlying: column((row) => BigInt(underlyings.indexOf(row.underlying))),
  };
  return { ...table, root: marketRoot(table) };
}

/** Poseidon root of a table. */
export function marketRoot(table: Omit<MarketTable, "root">): Field {
  return absorb(marketVector(table));
}

/**
 * What is hashed into the root, in order: the tag, time, the two name lists, the prices, then the other columns packed ten
 * rows a word. Also the statement of a market-root proof, whose digest is the root itself.
 */
export function marketVector(table: Omit<MarketTable, "root">): bigint[] {
  const elements = [table.time, table.underlyingsId, table.universe, ...table.price, ...marketRows(table)];
  return [tag(KIND.market, elements.length + 1), ...elements];
}

/** Factor, funded, exposed and underlying of the rows, ten rows a word. */
export function marketRows(table: Omit<MarketTable, "root">): bigint[] {
  const rows = table.factor.map(
    (factor, i) =>
      factor +
      (table.funded[i]! << BigInt(FACTOR_BITS)) +
      (table.exposed[i]! << BigInt(FACTOR_BITS + 1)) +
      (table.underlying[i]! << BigInt(FACTOR_BITS + 2)),
  );
  return pack(rows, ROW_BITS);
}

/** Refuses a list that a tier has no room for. */
export function checkSize(path: string, length: number, room: number): void {
  if (length > room) throw inputError("circuit.size", path, `at most ${room} in this circuit`, `${length}`);
}

/** Refuses a list of names that has one twice. */
export function checkUnique(names: readonly string[], path: string): void {
  const seen = new Set<string>();
  names.forEach((name, i) => {
    if (seen.has(name))
      throw inputError("input.duplicate", `${path}[${i}]`, "each name once", `${name} again`);
    seen.add(name);
  });
}
