// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * What all venue importers share: saved responses read as text, every field accounted for, names placed in the market, positions
 * summed exactly, and the result held against the venue's own figure.
 *
 * A response's numbers are never doubles. A field is used, or known to change nothing (with the reason beside its name), or has
 * to be zero or empty. All faults are told at once, with their path.
 *
 * @module
 */

import {
  allFaults,
  asKeelError,
  type Instrument,
  type InstrumentKind,
  inputError,
  type Json,
  type KeelError,
  type Market,
  parseJson,
  printable,
  type Quantity,
  quantity,
} from "@keel/verifier";
import type { Account } from "../snapshot.js";
import { shortAccount } from "./csv.js";
import {
  absolute,
  difference,
  type Exact,
  isAtMost,
  parseExact,
  product,
  scaledExact,
  sum,
  toQuantity,
  ZERO,
} from "./exact.js";
import { unitsApart } from "./names.js";
import type { VenueMapping } from "./venue-mapping.js";

/** A saved response. */
export interface VenueResponse {
  /** The importer's name for it: balance, positions. */
  readonly name: string;
  readonly text: string;
}

/** What is imported, and as what. */
export interface VenueRequest {
  readonly responses: readonly VenueResponse[];
  readonly market: Market;
  readonly account: string;
  readonly source: string;
  /** Unix seconds. */
  readonly asOf: number;
  readonly mapping?: VenueMapping;
  /** Share by which Keel's equity and a venue's figure may differ; {@link TOLERANCE} when absent. */
  readonly tolerance?: Exact;
}

/** What an import gives. */
export interface VenueImport {
  /** Unsigned. */
  readonly accounts: readonly Account[];
  /** What was not looked for or not counted. */
  readonly warnings: readonly string[];
  /** Which of the venue's figures agree with Keel's. */
  readonly reconciled: readonly string[];
}

/** Fields of one kind of object: read, or known to change nothing and why. */
export interface FieldTable {
  readonly used: readonly string[];
  readonly harmless: Readonly<Record<string, string>>;
}

/** An object of a response whose fields have been accounted for. */
export interface Node {
  readonly path: string;
  readonly fields: Readonly<Record<string, Json>>;
}

/** A contract as a venue lists it. */
export interface Contract {
  /** Names that the market may have for it, the venue's own first. */
  readonly names: readonly string[];
  readonly kinds: readonly InstrumentKind[];
  /** In coins, or in dollars when inverse; signed. */
  readonly amount: Exact;
  /** Counted in dollars. */
  readonly inverse?: boolean;
  /** The venue's value of the position, USD, if it says one. */
  readonly notional?: Exact;
  readonly path: string;
}

/** One percent of what is held and owed, whatever its sign. */
export const TOLERANCE: Exact = { value: 1n, places: 2 };
/** A single position's value may differ more: venue and market have prices of their own. */
const VALUE_TOLERANCE: Exact = { value: 5n, places: 2 };
/** Seconds between the snapshot's time and a response's own. */
const TIME_TOLERANCE = 300;
const CENT: Exact = { value: 1n, places: 2 };
const DOLLAR: Exact = { value: 1n, places: 0 };
const MAX_RESPONSES = 64;

interface Legs {
  long: Exact;
  short: Exact;
}

/** Reads the responses of one venue into one account. */
export class VenueReader {
  private readonly faults: KeelError[] = [];
  private readonly notes: string[] = [];
  private readonly broken = new Set<string>();
  private readonly agreed: string[] = [];
  private readonly rows = new Map<string, Instrument>();
  private readonly legs = new Map<string, Legs>();
  private readonly debts = new Map<string, Exact>();

  constructor(
    readonly request: VenueRequest,
    allowed: readonly string[],
    required: readonly string[],
  ) {
    for (const row of request.market.instruments) this.rows.set(row.id, row);
    if (request.responses.length > MAX_RESPONSES) {
      throw inputError("venue.response", "--response", `at most ${MAX_RESPONSES}`, "more");
    }
    for (const { name } of request.responses) {
      if (allowed.includes(name)) continue;
      this.fault("venue.response", "--response", allowed.join(", "), printable(name));
    }
    for (const name of required) {
      if (request.responses.some((response) => response.name === name)) continue;
      this.fault("venue.response", "--response", `${name}=FILE`, "none");
    }
  }

  fault(code: string, path: string, expected: string, received: string): void {
    this.faults.push(inputError(code, path, expected, received));
  }

  warn(text: string): void {
    this.notes.push(text);
  }

  /** Refuses a second response of a name that has one for the whole account. */
  checkSingle(...names: readonly string[]): void {
    for (const name of names) {
      if (this.request.responses.filter((response) => response.name === name).length < 2) continue;
      this.fault("venue.response", "--response", `${name} once`, "it again");
    }
  }

  has(name: string): boolean {
    return this.request.responses.some((response) => response.name === name);
  }

  /** The responses of a name, parsed; those that are no JSON are faults. */
  all(name: string): { readonly json: Json; readonly path: string }[] {
    const texts = this.request.responses.filter((response) => response.name === name);
    return texts.flatMap(({ text }, i) => {
      const path = texts.length === 1 ? name : `${name}#${i + 1}`;
      try {
        return [{ json: parseJson(text.replace(/^\ufeff/, ""), path, (literal) => literal), path }];
      } catch (error) {
        this.faults.push(asKeelError(error));
        this.broken.add(name);
        return [];
      }
    });
  }

  /** A fault unless a response of the name could not be read at all, which is one already. */
  demand(holds: boolean, name: string, expected: string): void {
    if (!holds && !this.broken.has(name)) this.fault("venue.shape", name, expected, "none, or more");
  }

  /** An object with every field accounted for. */
  node(json: Json | undefined, path: string, { used, harmless }: FieldTable): Node {
    if (!isObject(json)) {
      this.fault("venue.shape", path, "an object", json === undefined ? "nothing" : "something else");
      return { path, fields: {} };
    }
    for (const [key, value] of Object.entries(json)) {
      if (used.includes(key) || Object.hasOwn(harmless, key) || isNothing(value)) continue;
      this.fault(
        "venue.field",
        `${path}.${printable(key)}`,
        "zero, or a field that Keel knows",
        "another field with a value",
      );
    }
    return { path, fields: json };
  }

  /** A list of the node. */
  list({ fields, path }: Node, key: string): readonly Json[] {
    return this.listOf(fields[key], `${path}.${key}`);
  }

  listOf(json: Json | undefined, path: string): readonly Json[] {
    if (Array.isArray(json)) return json;
    this.fault("venue.shape", path, "a list", json === undefined ? "nothing" : "something else");
    return [];
  }

  /** A number of the node; empty text is zero, as venues write what does not apply. */
  amount({ fields, path }: Node, key: string): Exact {
    const value = fields[key];
    if (value === undefined) this.fault("venue.field", `${path}.${key}`, "a number", "nothing");
    return this.optional({ fields, path }, key) ?? ZERO;
  }

  /** The same, undefined when the field is not there, empty or null. */
  optional({ fields, path }: Node, key: string): Exact | undefined {
    const value = fields[key];
    if (value === undefined || value === null || value === "") return undefined;
    const number = typeof value === "string" ? parseExact(value) : undefined;
    if (number === undefined)
      this.fault("venue.number", `${path}.${key}`, "a decimal number", "something else");
    return number;
  }

  text({ fields, path }: Node, key: string): string {
    const value = fields[key];
    if (typeof value === "string") return value;
    this.fault("venue.field", `${path}.${key}`, "text", value === undefined ? "nothing" : "something else");
    return "";
  }

  /** The moment that a response speaks of, in milliseconds. */
  checkMoment(node: Node, key: string): void {
    const moment = this.optional(node, key);
    if (moment === undefined) return;
    const { asOf } = this.request;
    const early = scaledExact(BigInt((asOf - TIME_TOLERANCE) * 1000), 0);
    const late = scaledExact(BigInt((asOf + TIME_TOLERANCE) * 1000), 0);
    if (isAtMost(early, moment) && isAtMost(moment, late)) return;
    const expected = `within ${TIME_TOLERANCE} s of --as-of ${asOf}`;
    this.fault("venue.time", `${node.path}.${key}`, expected, "another time");
  }

  /** When something last changed, in milliseconds: not after the snapshot's time. */
  checkNotAfter(node: Node, key: string): void {
    const moment = this.optional(node, key);
    const { asOf } = this.request;
    const late = scaledExact(BigInt((asOf + TIME_TOLERANCE) * 1000), 0);
    if (moment === undefined || isAtMost(moment, late)) return;
    this.fault("venue.time", `${node.path}.${key}`, `at most --as-of ${asOf}`, "a later time");
  }

  /**
   * Adds coins or dollars, negative when owed.
   *
   * @param value USD of it by the venue, if it says one
   */
  cash(names: readonly string[], amount: Exact, path: string, value?: Exact): void {
    if (amount.value === 0n) return;
    if (this.isIgnored(names, amount, path)) return;
    const row = this.place(names, ["cash", "spot"], path);
    if (row === undefined) return;
    const own = this.inUnits(row.name, row.instrument, amount, path);
    if (value !== undefined && value.value * own.value < 0n) {
      this.fault("venue.value", path, "the sign of the venue's value of it", "the other sign");
    }
    this.compare(row.instrument, own, value, path);
    this.put(row.instrument.id, own);
  }

  /** A debt beside coins of the same name: it keeps a row of its own, in an account of its own. */
  debt(names: readonly string[], amount: Exact, path: string): void {
    const row = this.place(names, ["cash", "spot"], path);
    if (row === undefined) return;
    const own = this.inUnits(row.name, row.instrument, amount, path);
    this.debts.set(row.instrument.id, difference(this.debts.get(row.instrument.id) ?? ZERO, own));
  }

  /** Adds a perpetual, future or option. */
  contract({ names, kinds, amount, inverse = false, notional, path }: Contract): void {
    if (amount.value === 0n) return;
    const row = this.place(names, kinds, path);
    if (row === undefined) return;
    const own = inverse
      ? this.inDollars(row.instrument, amount, path)
      : this.linear(row.name, row.instrument, amount, path);
    this.compare(row.instrument, own, notional, path);
    this.put(row.instrument.id, own);
  }

  /** USD of the cash and coins, and of the options, that were placed; what the venue calls equity. */
  equity(): { readonly equity: Exact; readonly gross: Exact } {
    const values = [
      ...this.legs,
      ...[...this.debts].map(([id, debt]) => [id, { long: ZERO, short: debt }] as const),
    ]
      .map(([id, { long, short }]) => ({ row: this.rows.get(id)!, amount: sum(long, short) }))
      .filter(({ row }) => row.kind !== "perp" && row.kind !== "future")
      .map(({ row, amount }) => product(amount, scaledExact(row.price, 8)));
    return { equity: sum(...values), gross: sum(...values.map(absolute)) };
  }

  /** Holds Keel's equity of the account against the venue's own figure in USD. */
  reconcile(figure: Exact | undefined, path: string): void {
    if (figure === undefined) {
      this.warn(
        `${path}: the venue gives no figure of its own here, so the import was not compared with one`,
      );
      return;
    }
    if (this.faults.length > 0) return;
    const { equity, gross } = this.equity();
    const share = this.request.tolerance ?? TOLERANCE;
    this.agree(
      equity,
      figure,
      sum(product(gross, share), DOLLAR),
      path,
      `within ${percent(share)} of what is held and owed`,
    );
  }

  /** Two figures that have to agree; not compared when what they are made of is faulty. */
  agree(own: Exact, venue: Exact, room: Exact, path: string, expected: string): void {
    if (this.faults.some(({ code }) => code !== "venue.reconcile")) return;
    if (isAtMost(absolute(difference(own, venue)), room)) this.agreed.push(path);
    else
      this.fault(
        "venue.reconcile",
        path,
        `the venue's own figure, ${expected}`,
        "another sum of what was imported",
      );
  }

  /** The accounts, or every fault. */
  result(): VenueImport {
    const { account, source } = this.request;
    const main = new Map<string, Quantity>();
    const short = new Map<string, Quantity>();
    const owed = new Map<string, Quantity>();
    for (const [id, legs] of this.legs) {
      const isHedged = legs.long.value !== 0n && legs.short.value !== 0n;
      const kind = this.rows.get(id)!.kind;
      const apart = isHedged && kind !== "cash" && kind !== "spot";
      this.write(main, id, apart ? legs.long : sum(legs.long, legs.short));
      if (apart) this.write(short, id, legs.short);
    }
    for (const [id, debt] of this.debts) this.write(owed, id, debt);
    const shortId = short.size === 0 ? "" : shortAccount(account, this.faults);
    if (this.faults.length > 0) throw allFaults(this.faults);
    const others = [
      ...(short.size === 0 ? [] : [{ id: shortId, source, positions: short }]),
      ...(owed.size === 0 ? [] : [{ id: `${account}-debt`, source, positions: owed }]),
    ];
    return {
      accounts: [{ id: account, source, positions: main }, ...others],
      warnings: this.notes,
      reconciled: this.agreed,
    };
  }

  private write(positions: Map<string, Quantity>, id: string, amount: Exact): void {
    const result = toQuantity(amount);
    if (result !== undefined) {
      if (result !== 0n) positions.set(id, quantity(result));
      return;
    }
    this.fault("venue.range", id, "a quantity below 2^64 when scaled by 1e8", "a larger one");
  }

  private isIgnored(names: readonly string[], amount: Exact, path: string): boolean {
    const { mapping } = this.request;
    if (mapping === undefined || !mapping.ignore.has(names[0]!)) return false;
    if (amount.value < 0n) this.fault("venue.ignore", path, "nothing owed under ignore", "a debt");
    return true;
  }

  /** The market's row of the first of the names that it has. */
  private place(
    names: readonly string[],
    kinds: readonly InstrumentKind[],
    path: string,
  ): { readonly instrument: Instrument; readonly name: string } | undefined {
    const mapped = this.request.mapping?.instruments.get(names[0]!);
    const wanted = mapped === undefined ? names : [mapped.instrument];
    const found = wanted.map((name) => ({ instrument: this.rows.get(name), name }));
    const first = found.find(({ instrument }) => instrument !== undefined && kinds.includes(instrument.kind));
    if (first?.instrument !== undefined) return { instrument: first.instrument, name: names[0]! };
    const other = found.find(({ instrument }) => instrument !== undefined)?.instrument;
    const received = other === undefined ? "one that the market lacks" : `a ${other.kind} of that name`;
    this.fault(
      "venue.instrument",
      path,
      `a ${kinds.join(" or ")} of the market, by the venue's name or a mapping's`,
      received,
    );
    return undefined;
  }

  /** From the venue's unit to the row's. */
  private inUnits(name: string, instrument: Instrument, amount: Exact, path: string): Exact {
    const per = this.request.mapping?.instruments.get(name)?.per;
    if (per !== undefined) return this.divided(amount, per, path);
    const apart = unitsApart(name, instrument);
    if (apart === undefined) return amount;
    if (instrument.multiplier === undefined) {
      const expected = `${instrument.id} with its multiplier in the market, or per in the mapping`;
      this.fault("venue.unit", path, expected, "names of different units");
      return amount;
    }
    return apart >= 1
      ? this.divided(amount, scaledExact(BigInt(apart), 0), path)
      : product(amount, scaledExact(BigInt(Math.round(1 / apart)), 0));
  }

  private linear(name: string, instrument: Instrument, amount: Exact, path: string): Exact {
    if (instrument.face === undefined) return this.inUnits(name, instrument, amount, path);
    this.fault(
      "venue.unit",
      path,
      "a row without a face for a contract counted in coins",
      `${instrument.id}, which has one`,
    );
    return amount;
  }

  /** Dollars of an inverse contract as a row of price 1 has them; of another row as many units as are worth so much. */
  private inDollars(instrument: Instrument, dollars: Exact, path: string): Exact {
    return instrument.price === 100_000_000n
      ? dollars
      : this.divided(dollars, scaledExact(instrument.price, 8), path);
  }

  private divided(amount: Exact, per: Exact, path: string): Exact {
    const result = toQuantity(amount, per);
    if (result !== undefined) return scaledExact(result, 8);
    this.fault("venue.range", path, "a quantity below 2^64 when scaled by 1e8", "a larger one");
    return ZERO;
  }

  /** A position's value by the market against the venue's: another unit shows here. */
  private compare(instrument: Instrument, amount: Exact, value: Exact | undefined, path: string): void {
    if (value === undefined || value.value === 0n) return;
    const own = absolute(product(amount, scaledExact(instrument.price, 8)));
    const stated = absolute(value);
    const room = sum(product(sum(own, stated), VALUE_TOLERANCE), CENT);
    if (isAtMost(absolute(difference(own, stated)), room)) return;
    this.fault(
      "venue.value",
      path,
      "the venue's value of it, within 10 %",
      "another one at the market's price",
    );
  }

  private put(id: string, amount: Exact): void {
    const legs = this.legs.get(id) ?? { long: ZERO, short: ZERO };
    const side = amount.value < 0n ? "short" : "long";
    this.legs.set(id, { ...legs, [side]: sum(legs[side], amount) });
  }
}

/** Whether a value says nothing: zero, empty, false, or made of such. */
function isNothing(json: Json): boolean {
  if (json === null || json === false || json === "") return true;
  if (typeof json === "string") return parseExact(json)?.value === 0n;
  if (Array.isArray(json)) return json.every(isNothing);
  return isObject(json) && Object.values(json).every(isNothing);
}

export function isObject(json: Json | undefined): json is { [key: string]: Json } {
  return typeof json === "object" && json !== null && !Array.isArray(json);
}

/** Names under which a market may have a linear perpetual. */
export function perpNames(own: string, base: string, quote: string): string[] {
  const names = [own, `${base}-PERP`, `${base}-${quote}-PERP`, `${base}${quote}-PERP`];
  const thousand = /^1000([A-Z].*)$/.exec(base)?.[1] ?? /^([A-Z]+)1000$/.exec(base)?.[1];
  return thousand === undefined
    ? [...names, `k${base}-PERP`]
    : [...names, `k${thousand}-PERP`, `1000${thousand}-PERP`];
}

function percent({ value, places }: Exact): string {
  return `${(Number(value) * 100) / 10 ** places} %`;
}
