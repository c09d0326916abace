// SPDX-License-Identifier: MIT
/**
 * What changes from one policy to another, in words: which limit becomes tighter, which looser, from what to what.
 *
 * @module
 */

import { formatDecimal } from "../core/decimal.js";
import { UNITS_KINDS } from "../files/fund-units.js";
import { LIMITS, type LimitName, type LimitRow, type Limits } from "../files/limits.js";
import type { PolicyTerms } from "../files/policy.js";
import { limitNumbers, limitsOf } from "../files/terms.js";
import { circuitName } from "./circuit-name.js";
import { dollars, percent, ratioText, span } from "./tables.js";

/** One term that is another. */
export interface TermChange {
  /** Its name for people. */
  readonly term: string;
  readonly from: string;
  readonly to: string;
  /** "other" where neither says more than the other, which the policy book counts as looser. */
  readonly direction: "tighter" | "looser" | "other";
}

/** Every term that differs, limits first. */
export function policyChanges(from: PolicyTerms, to: PolicyTerms): TermChange[] {
  return [
    ...limitChanges(limitsOf(from), limitsOf(to)),
    ...timeChanges(from, to),
    ...groundChanges(from, to),
  ];
}

/** "Leverage becomes looser: from 300 % to 350 %." */
export function changeLine({ term, from, to, direction }: TermChange): string {
  const becomes = direction === "other" ? "becomes another" : `becomes ${direction}`;
  return `${term} ${becomes}: from ${from} to ${to}.`;
}

function limitChanges(from: Limits, to: Limits): TermChange[] {
  return (Object.keys(LIMITS) as LimitName[]).flatMap((name) => {
    const row: LimitRow = LIMITS[name];
    const [before, after] = [limitText(row, from[name]), limitText(row, to[name])];
    if (before === after) return [];
    return [{ term: row.title, from: before, to: after, direction: directionOf(row, from[name], to[name]) }];
  });
}

function limitText(row: LimitRow, value: Limits[LimitName]): string {
  if (value === undefined) return "no limit";
  const amount = (bps: bigint): string =>
    row.unit === "usd8"
      ? `${dollars(formatDecimal(bps, 8))} USD`
      : ratioText(row.unit, formatDecimal(bps, 4));
  const lines = limitNumbers(value).map((numbers) => {
    if (row.kind === "band") return numbers.map(amount).join(" to ");
    if (row.kind === "levels") return `${amount(numbers[1]!)} at confidence ${amount(numbers[0]!)}`;
    return amount(numbers[0]!);
  });
  return lines.join(", ");
}

/** By each number: of a floor more is tighter, of a ceiling less; nothing set is as loose as can be. */
function directionOf(row: LimitRow, from: Limits[LimitName], to: Limits[LimitName]): TermChange["direction"] {
  if (from === undefined) return "tighter";
  if (to === undefined) return "looser";
  const [before, after] = [limitNumbers(from).flat(), limitNumbers(to).flat()];
  // A level that is not limited is as loose as can be: more levels are tighter where those before are no looser.
  const isTighter = before.every((number, i) => isNoLooser(row, i, number, after[i]));
  return isTighter ? "tighter" : "looser";
}

function isNoLooser({ kind }: LimitRow, place: number, before: bigint, after: bigint | undefined): boolean {
  if (after === undefined) return false;
  const isFloor = kind === "min" || (kind !== "max" && place % 2 === 0);
  return isFloor ? after >= before : after <= before;
}

const TIMES = [
  ["maxAge", "Greatest age of a snapshot", "ceiling"],
  ["validity", "Validity of an attestation", "ceiling"],
  ["maxMarketSkew", "Distance of the market table in time", "ceiling"],
  ["maxReturnsSkew", "Distance of the returns table in time", "ceiling"],
  ["minInterval", "Least interval of a streak", "floor"],
] as const;

function timeChanges(from: PolicyTerms, to: PolicyTerms): TermChange[] {
  return [...structTimes(from, to), ...liquidityTimes(from, to)];
}

/** Compared where both policies limit the days to unwind. */
function liquidityTimes({ liquidity: from }: PolicyTerms, { liquidity: to }: PolicyTerms): TermChange[] {
  if (from === undefined || to === undefined || from.maxLiquiditySkew === to.maxLiquiditySkew) return [];
  const direction = to.maxLiquiditySkew > from.maxLiquiditySkew ? "looser" : "tighter";
  const term = "Distance of the liquidity table in time";
  return [{ term, from: span(from.maxLiquiditySkew), to: span(to.maxLiquiditySkew), direction }];
}

function structTimes(from: PolicyTerms, to: PolicyTerms): TermChange[] {
  return TIMES.flatMap(([name, term, kind]) => {
    const [before, after] = [from[name], to[name]];
    const isOfTail = name === "maxReturnsSkew" && (!hasTail(from) || !hasTail(to));
    if (before === after || isOfTail) return [];
    const isMore = after > before;
    const direction = isMore === (kind === "floor") ? ("tighter" as const) : ("looser" as const);
    return [{ term, from: span(before), to: span(after), direction }];
  });
}

/** What cannot be compared: another circuit, other scenarios, sources, tables, units or domain. */
function groundChanges(from: PolicyTerms, to: PolicyTerms): TermChange[] {
  const units = ({ unitsKind, unitsSource }: PolicyTerms): string =>
    UNITS_KINDS[unitsKind] === "none" ? "one unit" : `${UNITS_KINDS[unitsKind]} ${unitsSource}`;
  const rows: readonly (readonly [string, string, string])[] = [
    ["Circuit", circuitName(from.circuit), circuitName(to.circuit)],
    ["Tail-risk circuit", optionalName(from.tailCircuit), optionalName(to.tailCircuit)],
    ["List of scenarios", `root ${from.scenarioRoot}`, `root ${to.scenarioRoot}`],
    ["List of approved sources", `root ${from.sourcesRoot}`, `root ${to.sourcesRoot}`],
    ["Series of market tables", from.marketSeries, to.marketSeries],
    ["Series of returns tables", seriesName(from.returnsSeries), seriesName(to.returnsSeries)],
    ...liquidityRows(from, to),
    ["Where the units come from", units(from), units(to)],
    ["Where it counts", domainName(from.domain), domainName(to.domain)],
    ...disclosureRows(from, to),
  ];
  return rows
    .filter(([, before, after]) => before !== after)
    .map(([term, before, after]) => ({
      ...{ term, from: before, to: after },
      direction: before === NONE ? "tighter" : after === NONE ? "looser" : "other",
    }));
}

/** Tables and participation are compared where both policies limit the days to unwind. */
function liquidityRows(
  { liquidity: from }: PolicyTerms,
  { liquidity: to }: PolicyTerms,
): readonly (readonly [string, string, string])[] {
  const name = (part: PolicyTerms["liquidity"]): string =>
    part === undefined ? NONE : circuitName(part.circuit);
  const circuits = ["Liquidity circuit", name(from), name(to)] as const;
  if (from === undefined || to === undefined) return [circuits];
  const share = ({ participation }: { readonly participation: number }): string =>
    percent(formatDecimal(BigInt(participation), 4));
  return [
    circuits,
    ["Series of liquidity tables", from.series, to.series],
    ["Share of what is traded", share(from), share(to)],
  ];
}

/** Step and viewers are compared where both policies want something shown. */
function disclosureRows(from: PolicyTerms, to: PolicyTerms): readonly (readonly [string, string, string])[] {
  const [before, after] = [optionalName(from.disclosureCircuit), optionalName(to.disclosureCircuit)];
  const circuits = ["Disclosure circuit", before, after] as const;
  if (before === NONE || after === NONE) return [circuits];
  const step = ({ navStep }: PolicyTerms): string => (navStep === 0n ? "not shown" : `${navStep} USD 1e-16`);
  const keys = ({ viewers }: PolicyTerms): string =>
    viewers.length === 0 ? "nobody" : viewers.map((key) => `(${key.join(", ")})`).join(" and ");
  return [
    circuits,
    ["Step of the net asset value", step(from), step(to)],
    ["Who reads the sums", keys(from), keys(to)],
  ];
}

/** What a policy without limits on tail risk has in their place, or one that wants nothing shown. */
const NONE = "none";

function hasTail({ tailCircuit }: PolicyTerms): boolean {
  return optionalName(tailCircuit) !== NONE;
}

function optionalName(hash: string): string {
  return /^0x0+$/.test(hash) ? NONE : circuitName(hash);
}

function seriesName(id: string): string {
  return /^0x0+$/.test(id) ? NONE : id;
}

function domainName(domain: bigint): string {
  return domain === 0n ? "each registry's own domain" : `declared domain ${domain}`;
}
