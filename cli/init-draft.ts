// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * The first files of a new book, from a strategy's template: what somebody keeps of its instruments, accounts and limits, brought
 * to the present. Nothing here is anybody's holding: the positions are the template's, there to be replaced.
 *
 * @module
 */

import { readFileSync } from "node:fs";
import { buildMarket, formatMarket } from "@keel/prover";
import {
  type CircuitShape,
  formatDecimal,
  inputError,
  limitsWhere,
  parseDecimal,
  parseMarket,
  parseReturns,
  type SourceKey,
  smallestCircuit,
  TAIL_CIRCUITS,
  TAIL_LIMITS,
} from "@keel/verifier";
import type { NamedAccount } from "./arguments.js";
import { layOut } from "./layout.js";
import { type Pinned, pin } from "./policy-file.js";

interface Row {
  readonly id: string;
  readonly kind: string;
  readonly underlying: string;
  readonly contract?: { readonly expiry: number };
}

interface Scenario {
  readonly name: string;
  readonly shocks: Readonly<Record<string, string>>;
  readonly volatility?: string;
}

interface TemplatePolicy {
  readonly name: string;
  readonly circuit: string;
  readonly limits: Readonly<Record<string, unknown>>;
  readonly scenarios?: readonly Scenario[];
  readonly tail?: { readonly circuit: string };
  readonly units?: object;
}

interface TemplateAccount extends NamedAccount {
  readonly positions: Readonly<Record<string, string>>;
}

/** A strategy as `npm run templates` writes it. */
export interface Template {
  readonly about: string;
  readonly policy: TemplatePolicy;
  readonly sources: readonly string[];
  readonly underlyings: readonly string[];
  readonly instruments: readonly Row[];
  readonly accounts: readonly TemplateAccount[];
  readonly returns?: { readonly daily: readonly string[][]; readonly covariance: readonly string[][] };
}

/** The templates, and the time at which their prices stand. */
export interface Templates {
  readonly asOf: number;
  readonly templates: Readonly<Record<string, Template>>;
}

/** What somebody chose; what is absent stays the template's. */
export interface Choices {
  readonly name?: string;
  readonly subject: `0x${string}`;
  readonly accounts?: readonly NamedAccount[];
  readonly instruments?: readonly string[];
  /** Who says the fund's units, as a policy has it; without one no drawdown is limited. */
  readonly units?: object;
}

/** A draft's files, and what was left out of the template. */
export interface BookDraft {
  readonly market: string;
  readonly policy: string;
  readonly snapshot: string;
  readonly returns?: string;
  readonly circuit: string;
  /** The template's tier, when the draft fits another. */
  readonly instead?: string;
  readonly sources: readonly string[];
  readonly leftOut: readonly string[];
}

/** Reads the templates that the package ships. */
export function readTemplates(): Templates {
  return JSON.parse(readFileSync(new URL("../templates.json", import.meta.url), "utf8")) as Templates;
}

/**
 * Makes the draft.
 *
 * @param keyOf public keys of the sources, by name
 * @param now unix seconds
 * @throws KeelError `init.instrument`, `circuit.size`; as the parsers, for a draft that is no market or policy
 */
export function draftBook(
  { template, asOf }: { readonly template: Template; readonly asOf: number },
  choices: Choices,
  keyOf: (source: string) => SourceKey,
  now: number,
): BookDraft {
  const rows = rowsOf(template, choices.instruments).map((row) => rolled(row, asOf, now));
  const underlyings = template.underlyings.filter((name) => rows.some((row) => row.underlying === name));
  const accounts = accountsOf(template, choices.accounts, asOf, now, rows);
  const sources = [...new Set(accounts.map(({ source }) => source))];
  const scenarios = (template.policy.scenarios ?? []).flatMap((scenario) => narrowed(scenario, underlyings));
  const { limits, leftOut } = limitsOf(template, choices, scenarios);
  const circuit = circuitFor({ rows, accounts, underlyings, scenarios, sources, limits });
  const tail = tailOf(template, circuit.shape, limits);
  const kept = tail === undefined ? withoutTail(limits) : limits;
  const market = layOut({ keel: "market/1", asOf: now, underlyings, instruments: rows });
  const returns = tail === undefined ? undefined : returnsOf(template, underlyings, now, tail.days);
  const { units, tail: _, ...terms } = template.policy;
  const policy = pin(
    {
      ...terms,
      name: choices.name ?? terms.name,
      circuit: circuit.id,
      limits: kept,
      scenarios,
      sources: sources.map((name) => ({ name, key: keyOf(name).map(String) })),
      ...(tail === undefined ? {} : { tail: tail.tail }),
      ...(choices.units === undefined || units === undefined ? {} : { units: choices.units }),
    },
    { market: parseMarket(market), ...(returns === undefined ? {} : { returns: parseReturns(returns) }) },
  );
  return {
    market: rows.some(({ kind }) => kind === "option") ? built(market, policy) : market,
    policy: layOut(JSON.parse(policy.text)),
    snapshot: layOut({ keel: "snapshot/1", subject: choices.subject, asOf: now, accounts }),
    ...(returns === undefined ? {} : { returns }),
    circuit: circuit.id,
    ...(circuit.id === terms.circuit ? {} : { instead: terms.circuit }),
    sources,
    leftOut: [...leftOut, ...Object.keys(limits).filter((name) => !(name in kept))],
  };
}

function rowsOf({ instruments }: Template, chosen: readonly string[] | undefined): readonly Row[] {
  if (chosen === undefined) return instruments;
  const known = new Map(instruments.map((row) => [row.id, row]));
  return chosen.map((id) => {
    const row = known.get(id);
    if (row !== undefined) return row;
    throw inputError("init.instrument", "--instruments", [...known.keys()].join(", "), "another name");
  });
}

const DAY = 86_400;
const MONTHS = "JAN FEB MAR APR MAY JUN JUL AUG SEP OCT NOV DEC".split(" ");
/** A day in a contract's name, such as 27MAR26. */
const DAY_IN_NAME = /(\d{1,2})([A-Z]{3})(\d{2})(?=$|-)/;

/** The same contract as many days ahead as it was at the template's time. */
function rolled(row: Row, asOf: number, now: number): Row {
  const id = rolledId(row.id, asOf, now);
  if (row.contract === undefined) return { ...row, id };
  return { ...row, id, contract: { ...row.contract, expiry: row.contract.expiry + daysBetween(asOf, now) } };
}

function rolledId(id: string, asOf: number, now: number): string {
  return id.replace(DAY_IN_NAME, (text, day: string, month: string, year: string) => {
    const m = MONTHS.indexOf(month);
    if (m < 0) return text;
    const then = new Date(Date.UTC(2000 + Number(year), m, Number(day)) + daysBetween(asOf, now) * 1000);
    return `${then.getUTCDate()}${MONTHS[then.getUTCMonth()]}${String(then.getUTCFullYear()).slice(2)}`;
  });
}

/** Whole days, rounded down, in seconds. */
function daysBetween(asOf: number, now: number): number {
  return Math.floor((now - asOf) / DAY) * DAY;
}

/** The template's accounts, or its positions in equal parts in the accounts that somebody named. */
function accountsOf(
  { accounts }: Template,
  named: readonly NamedAccount[] | undefined,
  asOf: number,
  now: number,
  rows: readonly Row[],
): readonly TemplateAccount[] {
  const kept = (positions: TemplateAccount["positions"]): TemplateAccount["positions"] => {
    const entries = Object.entries(positions).map(
      ([id, amount]) => [rolledId(id, asOf, now), amount] as const,
    );
    return Object.fromEntries(entries.filter(([id]) => rows.some((row) => row.id === id)));
  };
  if (named === undefined)
    return accounts.map((account) => ({ ...account, positions: kept(account.positions) }));
  const totals = new Map<string, bigint>();
  for (const [id, amount] of accounts.flatMap(({ positions }) => Object.entries(kept(positions)))) {
    totals.set(id, (totals.get(id) ?? 0n) + scaled(amount));
  }
  const part = (total: bigint): string => formatDecimal(total / BigInt(named.length), 8);
  const positions = Object.fromEntries([...totals].map(([id, total]) => [id, part(total)]));
  return named.map((account) => ({ ...account, positions }));
}

function scaled(amount: string): bigint {
  const result = parseDecimal(amount, { places: 8, bits: 64, signed: true, excess: "refuse" });
  return result.ok ? result.value : 0n;
}

/** A scenario of the underlyings that are left; none when nothing would move. */
function narrowed(scenario: Scenario, underlyings: readonly string[]): Scenario[] {
  const shocks = Object.entries(scenario.shocks).filter(([name]) => underlyings.includes(name));
  if (shocks.length === 0 && scenario.volatility === undefined) return [];
  return [{ ...scenario, shocks: Object.fromEntries(shocks) }];
}

/** The template's limits less those that need what is not there: somebody who says the units, scenarios. */
function limitsOf({ policy }: Template, { units }: Choices, scenarios: readonly Scenario[]) {
  const open = {
    units: policy.units !== undefined && units === undefined,
    scenarios: scenarios.length === 0,
  };
  const leftOut = limitsWhere(({ needs }) => needs !== undefined && open[needs]).filter(
    (name) => name in policy.limits,
  );
  const limits = Object.entries(policy.limits).filter(([name]) => !leftOut.some((left) => left === name));
  return { limits: Object.fromEntries(limits), leftOut };
}

interface Sizes {
  readonly rows: readonly Row[];
  readonly accounts: readonly unknown[];
  readonly underlyings: readonly string[];
  readonly scenarios: readonly Scenario[];
  readonly sources: readonly string[];
  readonly limits: Readonly<Record<string, unknown>>;
}

/** The smallest tier that fits. */
function circuitFor({ rows, accounts, underlyings, scenarios, sources, limits }: Sizes) {
  const options = rows.some(({ kind }) => kind === "option") ? 1 : 0;
  const circuit = smallestCircuit({
    ...{ instruments: rows.length, accounts: accounts.length, underlyings: underlyings.length },
    ...{ scenarios: scenarios.length, sources: sources.length, options },
    limits: Object.keys(limits).filter((name) => !(name in TAIL_LIMITS)),
  });
  if (circuit !== undefined) return circuit;
  const sizes = `${accounts.length} accounts, ${rows.length} instruments, ${sources.length} sources`;
  throw inputError("circuit.size", "init", "a book that some circuit has room for", sizes);
}

/** The tail-risk circuit beside a tier, for the template's days; none when the tier has none. */
function tailOf(
  { policy: { tail }, returns }: Template,
  { underlyings, accounts, options }: CircuitShape,
  limits: Readonly<Record<string, unknown>>,
): TailDraft | undefined {
  if (tail === undefined || !Object.keys(limits).some((name) => name in TAIL_LIMITS)) return undefined;
  const rest = accounts > 1 || options === 1 ? 1 : 0;
  const [circuit] = TAIL_CIRCUITS.filter(
    ({ shape }) =>
      shape.underlyings === underlyings && shape.rest === rest && shape.days <= returns!.daily.length,
  ).sort((a, b) => b.shape.days - a.shape.days);
  if (circuit === undefined) return undefined;
  return { tail: { ...tail, circuit: circuit.id }, days: circuit.shape.days };
}

interface TailDraft {
  readonly tail: object;
  readonly days: number;
}

/** The template's latest days and its covariances, of the underlyings that are left. */
function returnsOf(
  { underlyings: all, returns }: Template,
  underlyings: readonly string[],
  now: number,
  days: number,
): string {
  const kept = underlyings.map((name) => all.indexOf(name));
  const daily = returns!.daily.slice(-days).map((row) => kept.map((u) => row[u]!));
  const covariance = kept.map((u, i) => kept.slice(0, i + 1).map((v) => returns!.covariance[u]![v]!));
  return layOut({ keel: "returns/1", asOf: now, underlyings, daily, covariance });
}

/** The market with what its options are worth in the policy's scenarios. */
function built(market: string, { policy }: Pinned): string {
  return layOut(JSON.parse(formatMarket(buildMarket(parseMarket(market), policy))));
}

function withoutTail(limits: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(limits).filter(([name]) => !(name in TAIL_LIMITS)));
}
