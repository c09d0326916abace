// SPDX-License-Identifier: MIT
/**
 * What an attestation under a policy says, in plain words, and what it does not.
 *
 * @module
 */

import { formatDecimal } from "../core/decimal.js";
import { isWithin, registriesOf } from "../files/domain.js";
import type { UnitsSource } from "../files/fund-units.js";
import { LIMITS, type LimitName, type LimitRow, type Limits, limitsWhere } from "../files/limits.js";
import type { LiquidityTerms } from "../files/liquidity.js";
import type { Policy, Source, TailTerms } from "../files/policy.js";
import { SERIES, seriesKind } from "../files/series.js";
import type { Evidence } from "../files/sources.js";
import { limitNumbers } from "../files/terms.js";
import { type NotCompared, UNBOUND_DOMAIN, type Verified } from "../statement/verify.js";
import { disclosureLines } from "./figures.js";
import { dollars, percent, ratioText, span, utc } from "./tables.js";

/** What a valid attestation says. */
export function saysText(verified: Verified, policy: Policy): string {
  const lines = limitLines(policy).map((line) => `  - ${line}`);
  const shown = disclosureLines(verified, policy);
  const after = [
    ...shown,
    ...evidenceLines(policy),
    ...basisLines(policy),
    `Policy id ${verified.policyId}.`,
  ];
  return [...leadLines(verified, policy), ...lines, ...after].join("\n");
}

/** What comes before the limits: of whom, when, and by whose word. */
export function leadLines({ subject, asOf }: Verified, policy: Policy): string[] {
  const sources = policy.sources.map(sourceText).join(" or ");
  return [
    `At ${utc(asOf)}, by the market you gave, the accounts that ${subject} declared`,
    `and that were signed by ${sources} respected policy "${policy.name}":`,
  ];
}

/** A source, with the tier of its evidence where the policy says one. */
export function sourceText({ name, evidence }: Pick<Source, "name" | "evidence">): string {
  return evidence === undefined ? sourceName(name) : `${sourceName(name)} (${evidence})`;
}

/** A name with brackets in quotes, which no name can have: what stands in it is not taken for a tier. */
function sourceName(name: string): string {
  return /[\p{Ps}\p{Pe}\p{Pi}\p{Pf}]/u.test(name) ? `"${name}"` : name;
}

const EVIDENCE_WORDS: Readonly<Record<Evidence, string>> = {
  ledger: "its own books",
  "operator-read": "a venue, read with a key that can only read",
  "chain-read": "a chain, read at a node of its own",
  notarised: "a venue's pages, signed by an attestor",
  quorum: "the readings of several parties, whatever each of them reads",
};

/** What each source's word rests on, by the policy; of whom it says nothing. */
export function evidenceLines({ sources }: Pick<Policy, "sources">): string[] {
  if (sources.every(({ evidence }) => evidence === undefined)) {
    return ["The policy does not say what its sources' words rest on."];
  }
  const lines = sources.map(({ name, evidence }) =>
    evidence === undefined
      ? `What ${sourceName(name)} signs rests on something that the policy does not say.`
      : `What ${sourceName(name)} signs rests at least on ${EVIDENCE_WORDS[evidence]} (${evidence}).`,
  );
  return [
    ...lines,
    "That is the word of the policy's file: neither a signature nor the policy's id contains it.",
  ];
}

/** What a registry can say of it. */
export const EVIDENCE_NOT_ON_CHAIN =
  "What the sources' words rest on is not on chain: it stands in the policy's file, and the policy's id does not contain it.";

/** Sources as JSON has them: null where the policy says nothing. */
export function evidenceJson({ sources }: Pick<Policy, "sources">) {
  return sources.map(({ name, evidence = null }) => ({ name, evidence }));
}

/** What a policy takes from others than the manager. */
export type PolicyBasis = Pick<Policy, "market" | "units"> & {
  readonly tail?: Pick<TailTerms, "series">;
  readonly liquidity?: Pick<LiquidityTerms, "series" | "participation">;
};

/** By which tables it was judged, and by whose word on the fund's units. */
export function basisLines({ market, tail, liquidity, units }: PolicyBasis): string[] {
  const fromFeeds = seriesKind(market.series) === SERIES.feeds;
  const whose = fromFeeds ? "read from price feeds" : "signed by publishers";
  return [
    `The policy takes tables ${whose}, market series ${market.series}.`,
    ...(tail === undefined
      ? []
      : [`The policy takes tables signed by publishers, returns series ${tail.series}.`]),
    ...liquidityLines(liquidity),
    unitsLine(units),
  ];
}

/** How depths are made, and by whose word. */
function liquidityLines(liquidity: PolicyBasis["liquidity"]): string[] {
  if (liquidity === undefined) return [];
  const share = percent(formatDecimal(liquidity.participation, 4));
  return [
    `Days to unwind are by tables signed by publishers, liquidity series ${liquidity.series}: a day takes ${share} of what is traded there.`,
  ];
}

function unitsLine(units: UnitsSource | undefined): string {
  switch (units?.kind) {
    case undefined:
      return "The fund has one unit.";
    case "token":
      return `The fund's units are the supply of share token ${units.address} at that time.`;
    case "signer":
      return `The fund's units are what administrator ${units.address} signed.`;
    case "contract":
      return `The fund's units are what administrator ${units.address}, a contract, signed.`;
  }
}

/** Where it counts. */
export function domainText({ domain }: Verified): string {
  if (isWithin(domain, UNBOUND_DOMAIN)) return "It is bound to no registry, so it counts on no chain.";
  const names = registriesOf(domain).map(
    ({ registry, chainId }) => `registry ${registry} on chain ${chainId}`,
  );
  return `It counts at ${names.join(" and at ")} only.`;
}

/** Until when. @param now unix seconds */
export function expiryText({ expiresAt }: Verified, now: number): string {
  const left = expiresAt - now;
  if (left > 0) return `It expires at ${utc(expiresAt)}, in ${span(left)}.`;
  return `It expired at ${utc(expiresAt)}, ${span(-left)} ago.`;
}

/** What no attestation says. */
export const DOES_NOT_SAY = [
  "It does not say: that there is no other account or debt; anything about an earlier or later time;",
  "more than the sources' signatures and the market table are worth; more than the keys' ceremony is worth.",
].join("\n");

const NOT_COMPARED: Readonly<Record<NotCompared, string>> = {
  domain: "whether it counts at the registry that you have in mind",
  subject: "whose book it is",
  enrolment: "whether these are the accounts that the subject declared",
  previousState: "whether it goes on from the subject's drawdown state",
  units: "whether the fund had so many units",
  age: "how old the snapshot was when it came",
  marketSeries: "whether the market is of the policy's series",
  tableAccepted:
    "whether a market book accepted the tables, which is where publishers' signatures are checked",
  standing: "whether the record still stands, neither revoked, voided nor followed by another",
};

/** What this verification does not say. */
export function doesNotSay({ notCompared }: Pick<Verified, "notCompared">): string {
  if (notCompared.length === 0) return DOES_NOT_SAY;
  const open = notCompared.map((name) => NOT_COMPARED[name]).join("; ");
  return `${DOES_NOT_SAY}\nNothing was given to compare with, as a registry does: ${open}.`;
}

/** Loud, because such a proof convinces nobody. */
export const DEVELOPMENT_KEY_WARNING = [
  "WARNING: DEVELOPMENT KEY. Its secret is public, so anybody could have made this proof of anything.",
  "Good for tests, worth nothing else.",
].join("\n");

/** Each limit as a sentence. @param scenarios of the policy; how many they are is not said without them */
export function limitLines({
  limits,
  scenarios,
}: Pick<Policy, "limits"> & { readonly scenarios?: Policy["scenarios"] }): string[] {
  const names = limitsWhere(() => true);
  // What is said even where it is not set comes last.
  const always = names.filter((name) => isAlwaysSaid(LIMITS[name]));
  const others = names.filter((name) => !isAlwaysSaid(LIMITS[name]));
  return [...others, ...always].flatMap((name) =>
    sentences(LIMITS[name], limits[name], `${scenarios?.length ?? "the"}`),
  );
}

/** One limit as sentences, of expected shortfall one for each level. */
export function limitSentences(name: LimitName, { limits, scenarios }: Pick<Policy, "limits" | "scenarios">) {
  return sentences(LIMITS[name], limits[name], `${scenarios.length}`);
}

function isAlwaysSaid({ unset }: LimitRow): boolean {
  return unset !== undefined;
}

function sentences(row: LimitRow, value: Limits[LimitName], scenarios: string): readonly string[] {
  const { unset, sentence, absent } = row;
  if (unset !== undefined && (value ?? absent[0]) === absent[0]) return [unset];
  if (value === undefined) return [];
  return limitNumbers(value).map((numbers) => {
    const words = { ...amounts(row, numbers), scenarios };
    return sentence.replace(/\{(\w+)\}/g, (_, word) => words[word as keyof typeof words]);
  });
}

/** A limit's numbers as its sentence names them: {low} and {high}, {limit} alone or behind its level, the {days} beyond. */
function amounts({ unit }: LimitRow, numbers: readonly bigint[]) {
  const [first, last] = [numbers[0]!, numbers.at(-1)!];
  const share = (bps: bigint): string => percent(formatDecimal(bps, 4));
  const limit = unit === "usd8" ? dollars(formatDecimal(last, 8)) : ratioText(unit, formatDecimal(last, 4));
  return { limit, low: share(first), high: share(last), days: share(10_000n - first) };
}
