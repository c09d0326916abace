// SPDX-License-Identifier: MIT
/**
 * What an attestation under a policy says, in plain words, and what it does not.
 *
 * @module
 */

import { formatDecimal } from "../core/decimal.js";
import { isWithin, registriesOf } from "../files/domain.js";
import type { UnitsSource } from "../files/fund-units.js";
import type { Policy, TailTerms } from "../files/policy.js";
import { SERIES, seriesKind } from "../files/series.js";
import { type NotCompared, UNBOUND_DOMAIN, type Verified } from "../statement/verify.js";
import { dollars, percent, span, utc } from "./tables.js";

/** What a valid attestation says. */
export function saysText(verified: Verified, policy: Policy): string {
  const lines = limitLines(policy).map((line) => `  - ${line}`);
  const after = [...basisLines(policy), `Policy id ${verified.policyId}.`];
  return [...leadLines(verified, policy), ...lines, ...after].join("\n");
}

/** What comes before the limits: of whom, when, and by whose word. */
export function leadLines({ subject, asOf }: Verified, policy: Policy): string[] {
  const sources = policy.sources.map((source) => source.name).join(" or ");
  return [
    `At ${utc(asOf)}, by the market you gave, the accounts that ${subject} declared`,
    `and that were signed by ${sources} respected policy "${policy.name}":`,
  ];
}

/** What a policy takes from others than the manager. */
export type PolicyBasis = Pick<Policy, "market" | "units"> & { readonly tail?: Pick<TailTerms, "series"> };

/** By which tables it was judged, and by whose word on the fund's units. */
export function basisLines({ market, tail, units }: PolicyBasis): string[] {
  const fromFeeds = seriesKind(market.series) === SERIES.feeds;
  const whose = fromFeeds ? "read from price feeds" : "signed by publishers";
  return [
    `The policy takes tables ${whose}, market series ${market.series}.`,
    ...(tail === undefined
      ? []
      : [`The policy takes tables signed by publishers, returns series ${tail.series}.`]),
    unitsLine(units),
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
  const share = (bps: bigint): string => percent(formatDecimal(bps, 4));
  const lines: string[] = [];
  const say = <T>(limit: T | undefined, text: (limit: T) => string): void => {
    if (limit !== undefined) lines.push(text(limit));
  };
  say(limits.minCollateralRatio, (limit) => `assets were at least ${share(limit)} of liabilities`);
  say(
    limits.minHealthFactor,
    (limit) => `assets weighed by their collateral factors were at least ${share(limit)} of liabilities`,
  );
  say(
    limits.minAccountHealthFactor,
    (limit) =>
      `in each account, assets weighed by their collateral factors were at least ${share(limit)} of liabilities`,
  );
  say(limits.maxLeverage, (limit) => `gross exposure was at most ${share(limit)} of equity`);
  say(
    limits.netDelta,
    ([low, high]) => `net dollar delta was between ${share(low)} and ${share(high)} of equity`,
  );
  say(
    limits.maxUnderlyingDelta,
    (limit) => `dollar delta in each underlying was at most ${share(limit)} of equity`,
  );
  say(
    limits.maxVenue,
    (limit) => `equity in all accounts of one source together was at most ${share(limit)} of equity`,
  );
  say(
    limits.maxGamma,
    (limit) => `a move of 1 % in every underlying changed dollar delta by at most ${share(limit)} of equity`,
  );
  say(limits.maxVega, (limit) => `a vol point was worth at most ${share(limit)} of equity`);
  say(limits.maxTheta, (limit) => `a day's passing was worth at most ${share(limit)} of equity`);
  say(
    limits.maxStressLoss,
    (limit) =>
      `the loss in each of ${scenarios?.length ?? "the"} stress scenarios was at most ${share(limit)} of equity`,
  );
  say(
    limits.maxDrawdown,
    (limit) => `equity per unit was at most ${share(limit)} below its high-water mark since the genesis`,
  );
  say(
    limits.maxVolatility,
    (limit) => `annual volatility, by the table of returns, was at most ${share(limit)} of equity`,
  );
  for (const { confidence, limit } of limits.maxExpectedShortfall ?? []) {
    const days = share(10_000n - confidence);
    lines.push(`the mean loss on the worst ${days} of those days was at most ${share(limit)} of equity`);
  }
  const floor = limits.minEquity ?? 0n;
  lines.push(
    floor === 0n ? "equity was above zero" : `equity was at least ${dollars(formatDecimal(floor, 8))} USD`,
  );
  return lines;
}
