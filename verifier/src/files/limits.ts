// SPDX-License-Identifier: MIT
/**
 * Every limit that a policy can set, a row each (circuits/SPEC.md section 5). The policy file's schema, its terms and their
 * order, the statement's places and the words for people follow from the rows. Solidity and circom say the same by hand; a
 * test holds them to this table.
 *
 * @module
 */

import type { Bps, Days, Usd8 } from "../core/units.js";

/** A maximum that is not set. */
export const ABSENT_MAX = 2n ** 32n - 1n;
/** Confidence levels of expected shortfall that a policy has room for. */
export const SHORTFALL_LEVELS = 3;
/** Lower end of netDelta that is not set; the upper end is {@link ABSENT_NET_DELTA_HIGH}. */
export const ABSENT_NET_DELTA_LOW = -(2n ** 31n);
/** Upper end of netDelta that is not set. */
export const ABSENT_NET_DELTA_HIGH = 2n ** 31n - 1n;

/** TypeScript's types of the Solidity types that limits have on chain. */
interface FieldTypes {
  readonly uint32: number;
  readonly int32: number;
  readonly uint96: bigint;
  readonly "uint16[3]": readonly [number, number, number];
  readonly "uint32[3]": readonly [number, number, number];
}

/** What a limit's integer counts: 1e-4, USD 1e-8, or 1e-4 days. */
export type LimitUnit = "bps" | "usd8" | "days";

/** One limit. The lists of fields, absent values and places go together. */
export interface LimitRow {
  /** A floor, a ceiling, both ends of a band, or a ceiling at each of several levels. */
  readonly kind: "min" | "max" | "band" | "levels";
  readonly unit: LimitUnit;
  /** Fields of the policy on chain. */
  readonly fields: Readonly<Record<string, keyof FieldTypes>>;
  /** What the fields have where the limit is not set: values that always hold. */
  readonly absent: readonly bigint[];
  /** Places in the statement by name; of levels the first one's, each level's come after those before. */
  readonly places: Readonly<Record<string, number>>;
  /** A policy file's value is below this. */
  readonly below?: bigint;
  /** A policy file's value is at most one: 10000 bps. */
  readonly isShare?: true;
  /** Why a policy file's value is not 0. */
  readonly nonzero?: string;
  /** What a policy that sets it has beside it. */
  readonly needs?: "scenarios" | "units";
  /** The name for people, and which ratio it is. */
  readonly title: string;
  readonly ratio: string;
  /** What an attestation says of it: {limit}, {low}, {high}, {days} beyond a level, so many {scenarios}. */
  readonly sentence: string;
  /** What it says where the limit is not set. */
  readonly unset?: string;
  /** What the same limit said in policy/1, where that was something else. */
  readonly changed?: string;
}

/** Limits by their names in a policy file. */
export type LimitTable = Readonly<Record<string, LimitRow>>;

/** Limits that a portfolio-health circuit proves, in the order of their fields on chain. */
export const BOOK_LIMITS = {
  minCollateralRatio: {
    kind: "min",
    unit: "bps",
    fields: { minCollateralRatio: "uint32" },
    absent: [0n],
    places: { minCollateralRatio: 15 },
    title: "Collateral ratio",
    ratio: "assets over liabilities",
    sentence: "assets were at least {limit} of liabilities",
  },
  minHealthFactor: {
    kind: "min",
    unit: "bps",
    fields: { minHealthFactor: "uint32" },
    absent: [0n],
    places: { minHealthFactor: 16 },
    title: "Health factor",
    ratio: "weighed collateral over liabilities",
    sentence: "assets weighed by their collateral factors were at least {limit} of liabilities",
  },
  /** Of every account by itself. */
  minAccountHealthFactor: {
    kind: "min",
    unit: "bps",
    fields: { minAccountHealthFactor: "uint32" },
    absent: [0n],
    places: { minAccountHealthFactor: 14 },
    title: "Health factor of the weakest account",
    ratio: "weighed collateral over liabilities",
    sentence:
      "in each account, assets weighed by their collateral factors were at least {limit} of liabilities",
  },
  maxLeverage: {
    kind: "max",
    unit: "bps",
    fields: { maxLeverage: "uint32" },
    absent: [ABSENT_MAX],
    places: { maxLeverage: 17 },
    title: "Leverage",
    ratio: "gross exposure over equity",
    sentence: "gross exposure was at most {limit} of equity",
  },
  /** Both ends signed. */
  netDelta: {
    kind: "band",
    unit: "bps",
    fields: { netDeltaLo: "int32", netDeltaHi: "int32" },
    absent: [ABSENT_NET_DELTA_LOW, ABSENT_NET_DELTA_HIGH],
    places: { netDeltaLow: 18, netDeltaHigh: 19 },
    title: "Net delta",
    ratio: "of equity",
    sentence: "net dollar delta was between {low} and {high} of equity",
  },
  maxUnderlyingDelta: {
    kind: "max",
    unit: "bps",
    fields: { maxUnderlyingDelta: "uint32" },
    absent: [ABSENT_MAX],
    places: { maxUnderlyingDelta: 20 },
    title: "Largest single delta",
    ratio: "of equity",
    sentence: "dollar delta in each underlying was at most {limit} of equity",
  },
  maxVenue: {
    kind: "max",
    unit: "bps",
    fields: { maxVenue: "uint32" },
    absent: [ABSENT_MAX],
    places: { maxVenue: 21 },
    nonzero: "since equity is at some venue",
    title: "Largest venue",
    ratio: "equity at one source, over all equity",
    sentence: "equity in all accounts of one source together was at most {limit} of equity",
    changed:
      "version 1 held each account's equity against the limit by itself, version 2 the sum over all accounts that one source signs. " +
      "Several accounts at one venue that passed before can fail now; a gain and a loss at one venue, such as 60 % and -30 % of equity, " +
      "failed before at a limit of 50 % and pass now. Look at the number anew.",
  },
  maxGamma: {
    kind: "max",
    unit: "bps",
    fields: { maxGamma: "uint32" },
    absent: [ABSENT_MAX],
    places: { maxGamma: 22 },
    title: "Gamma",
    ratio: "delta change for a 1 % move, of equity",
    sentence: "a move of 1 % in every underlying changed dollar delta by at most {limit} of equity",
  },
  maxVega: {
    kind: "max",
    unit: "bps",
    fields: { maxVega: "uint32" },
    absent: [ABSENT_MAX],
    places: { maxVega: 23 },
    title: "Vega",
    ratio: "a vol point, of equity",
    sentence: "a vol point was worth at most {limit} of equity",
  },
  maxTheta: {
    kind: "max",
    unit: "bps",
    fields: { maxTheta: "uint32" },
    absent: [ABSENT_MAX],
    places: { maxTheta: 24 },
    title: "Theta",
    ratio: "a day, of equity",
    sentence: "a day's passing was worth at most {limit} of equity",
  },
  maxStressLoss: {
    kind: "max",
    unit: "bps",
    fields: { maxStressLoss: "uint32" },
    absent: [ABSENT_MAX],
    places: { maxStressLoss: 25 },
    needs: "scenarios",
    title: "Worst stress loss",
    ratio: "of equity",
    sentence: "the loss in each of {scenarios} stress scenarios was at most {limit} of equity",
  },
  /** At most 10000. */
  maxDrawdown: {
    kind: "max",
    unit: "bps",
    fields: { maxDrawdown: "uint32" },
    absent: [ABSENT_MAX],
    places: { maxDrawdown: 26 },
    isShare: true,
    needs: "units",
    title: "Drawdown",
    ratio: "below the high-water mark",
    sentence: "equity per unit was at most {limit} below its high-water mark since the genesis",
  },
  minEquity: {
    kind: "min",
    unit: "usd8",
    fields: { minEquity: "uint96" },
    absent: [0n],
    places: { minEquity: 27 },
    title: "Equity",
    ratio: "USD",
    sentence: "equity was at least {limit} USD",
    unset: "equity was above zero",
  },
} as const satisfies LimitTable;

/** Limits that a policy's tail-risk circuit proves, likewise. */
export const TAIL_LIMITS = {
  /** Annual; below 2^20. */
  maxVolatility: {
    kind: "max",
    unit: "bps",
    fields: { maxVolatility: "uint32" },
    absent: [ABSENT_MAX],
    places: { maxVolatility: 4 },
    below: 2n ** 20n,
    title: "Volatility",
    ratio: "a year, of equity",
    sentence: "annual volatility, by the table of returns, was at most {limit} of equity",
  },
  /** Of a day; at least one level, the confidence ascending. */
  maxExpectedShortfall: {
    kind: "levels",
    unit: "bps",
    fields: { confidence: "uint16[3]", maxExpectedShortfall: "uint32[3]" },
    absent: [0n, ABSENT_MAX],
    places: { confidence: 5, maxExpectedShortfall: 6 },
    title: "Expected shortfall",
    ratio: "of equity",
    sentence: "the mean loss on the worst {days} of those days was at most {limit} of equity",
  },
} as const satisfies LimitTable;

/** Limits that a policy's liquidity circuit proves, likewise. */
export const LIQUIDITY_LIMITS = {
  /** Of each instrument by itself; at most ten years. */
  maxDaysToUnwind: {
    kind: "max",
    unit: "days",
    fields: { maxDaysToUnwind: "uint32" },
    absent: [ABSENT_MAX],
    places: { maxDaysToUnwind: 5 },
    below: 3_650n * 10n ** 4n + 1n,
    title: "Days to unwind",
    ratio: "of the slowest instrument, by what a day takes of it",
    sentence: "every position, long and short added over all accounts, could be unwound within {limit}",
  },
} as const satisfies LimitTable;

/** Limits whose terms stand in the contracts' policy struct; the liquidity limit's are beside it. */
export const POLICY_LIMITS = { ...BOOK_LIMITS, ...TAIL_LIMITS } as const;

/** Every limit. */
export const LIMITS = { ...POLICY_LIMITS, ...LIQUIDITY_LIMITS } as const;

/** A limit's name. */
export type LimitName = keyof typeof LIMITS;

/** A limit on the mean loss of the worst days. */
export interface ShortfallLimit {
  /** In (0, 10000): 9750 speaks of the worst 2.5% of days. */
  readonly confidence: Bps;
  readonly limit: Bps;
}

interface Values<Unit> {
  readonly min: Unit;
  readonly max: Unit;
  readonly band: readonly [Unit, Unit];
  readonly levels: readonly ShortfallLimit[];
}

/** Limits of circuits/SPEC.md section 5 that a policy sets; an absent one always holds. */
export type Limits = {
  readonly [Name in LimitName]?: Values<
    UnitTypes[(typeof LIMITS)[Name]["unit"]]
  >[(typeof LIMITS)[Name]["kind"]];
};

interface UnitTypes {
  readonly bps: Bps;
  readonly usd8: Usd8;
  readonly days: Days;
}

/** A table's limits as contracts store them, what is not set with the value that always holds. */
export type TermsOf<Table extends LimitTable> = {
  readonly [Name in keyof Table as keyof Table[Name]["fields"]]: FieldTypes[Table[Name]["fields"][keyof Table[Name]["fields"]]];
};

/** Name of a limit's place in the statement. */
export type LimitPlace = {
  [Name in keyof typeof BOOK_LIMITS]: keyof (typeof BOOK_LIMITS)[Name]["places"];
}[keyof typeof BOOK_LIMITS];

/** A limit's row. */
export function limitRow(name: LimitName): LimitRow {
  return LIMITS[name];
}

/** The limits of which something is true, in the table's order. */
export function limitsWhere(test: (row: LimitRow) => boolean): LimitName[] {
  return (Object.keys(LIMITS) as LimitName[]).filter((name) => test(limitRow(name)));
}

/** Levels of expected shortfall that are limited. */
export function shortfallLevels({ maxExpectedShortfall }: Limits): readonly ShortfallLimit[] {
  return maxExpectedShortfall ?? [];
}
