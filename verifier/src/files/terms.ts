// SPDX-License-Identifier: MIT
/**
 * Limits as numbers: those of a policy file as contracts store them and as the statement has them, and read back from a
 * policy on chain, where its file is not at hand.
 *
 * @module
 */

import {
  BOOK_LIMITS,
  LIMITS,
  LIQUIDITY_LIMITS,
  type LimitName,
  type LimitPlace,
  type LimitRow,
  type Limits,
  type LimitTable,
  type POLICY_LIMITS,
  SHORTFALL_LEVELS,
  type ShortfallLimit,
  TAIL_LIMITS,
  type TermsOf,
} from "./limits.js";

/** Makes signed ratios non-negative before they enter the field. */
const SIGNED_RATIO_BIAS = 1n << 31n;

/** The numbers of a limit that is set, in the order of its fields: one line, or one for each level. */
export function limitNumbers(value: NonNullable<Limits[LimitName]>): readonly (readonly bigint[])[] {
  if (typeof value === "bigint") return [[value]];
  if (isBand(value)) return [value];
  return value.map(({ confidence, limit }) => [confidence, limit]);
}

function isBand(value: readonly bigint[] | readonly ShortfallLimit[]): value is readonly bigint[] {
  return typeof value[0] === "bigint";
}

/** A table's limits as contracts store them. */
export function limitTerms<Table extends LimitTable>(table: Table, limits: Limits): TermsOf<Table> {
  const terms = Object.entries(table).flatMap(([name, row]) => {
    const value = limits[name as LimitName];
    const lines = value === undefined ? [] : limitNumbers(value);
    return Object.entries(row.fields).map(([field, type], i) => {
      const number = (j: number): bigint => lines[j]?.[i] ?? row.absent[i]!;
      const list = Array.from({ length: linesOf(row) }, (_, j) => Number(number(j)));
      return [field, row.kind === "levels" ? list : type === "uint96" ? number(0) : list[0]] as const;
    });
  });
  return Object.fromEntries(terms) as TermsOf<Table>;
}

/** A limit's numbers as terms have them, set or not. */
function numbersIn(row: LimitRow, terms: TermsOf<LimitTable>): bigint[][] {
  const fields = Object.keys(row.fields).map((field) => [terms[field]!].flat().map(BigInt));
  return Array.from({ length: linesOf(row) }, (_, j) => fields.map((field) => field[j]!));
}

function linesOf({ kind }: LimitRow): number {
  return kind === "levels" ? SHORTFALL_LEVELS : 1;
}

/** What the limits of a policy on chain are read from: its struct, and what stands beside it. */
export type StoredLimits = TermsOf<typeof POLICY_LIMITS> & {
  readonly liquidity?: TermsOf<typeof LIQUIDITY_LIMITS>;
};

/** The limits that terms set; what always holds is absent, as in a policy file. */
export function limitsOf({ liquidity, ...struct }: StoredLimits): Limits {
  const terms = { ...limitTerms(LIQUIDITY_LIMITS, {}), ...liquidity, ...struct };
  const limits = Object.entries<LimitRow>(LIMITS).map(([name, row]) => {
    const lines = numbersIn(row, terms).filter((line) => isSet(row, line));
    return [name, lines.length === 0 ? undefined : limitIn(row, lines)] as const;
  });
  return Object.fromEntries(limits.filter(([, value]) => value !== undefined)) as Limits;
}

/** A level at confidence 0 limits the mean loss: it counts as any other does. */
function isSet({ kind, absent }: LimitRow, line: readonly bigint[]): boolean {
  if (kind === "levels") return line.at(-1) !== absent.at(-1);
  return line.some((number, i) => number !== absent[i]);
}

function limitIn({ kind }: LimitRow, lines: readonly (readonly bigint[])[]): unknown {
  if (kind === "levels") return lines.map(([confidence, limit]) => ({ confidence, limit }));
  return kind === "band" ? lines[0] : lines[0]![0];
}

/** The limits' numbers by the names of their places in the statement; signed ones with a bias of 2^31. */
export function limitPlaces(terms: TermsOf<typeof BOOK_LIMITS>): Readonly<Record<LimitPlace, bigint>> {
  const places = Object.values<LimitRow>(BOOK_LIMITS).flatMap((row) => {
    const [line] = numbersIn(row, terms);
    const bias = row.kind === "band" ? SIGNED_RATIO_BIAS : 0n;
    return Object.keys(row.places).map((place, i) => [place, line![i]! + bias] as const);
  });
  return Object.fromEntries(places) as Record<LimitPlace, bigint>;
}

/** Terms of the limits that tail-risk circuits prove. */
export type TailLimitTerms = TermsOf<typeof TAIL_LIMITS>;

/** Their numbers in the order of the tail-risk statement. */
export function tailLimitPlaces(terms: TailLimitTerms): bigint[] {
  return Object.values<LimitRow>(TAIL_LIMITS).flatMap((row) => numbersIn(row, terms).flat());
}

/** Their numbers by field, as the tail-risk circuit takes them. */
export function tailLimitInputs(terms: TailLimitTerms): Readonly<Record<string, bigint | readonly bigint[]>> {
  const fields = Object.values<LimitRow>(TAIL_LIMITS).flatMap((row) => Object.keys(row.fields));
  return Object.fromEntries(
    fields.map((field) => {
      const value = (terms as TermsOf<LimitTable>)[field]!;
      return [field, typeof value === "object" ? value.map(BigInt) : BigInt(value)];
    }),
  );
}
