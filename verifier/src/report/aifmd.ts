// SPDX-License-Identifier: MIT
/**
 * A report as a subset of an AIFMD Annex IV filing: the AIF file of ESMA's schema, version 1.2. What Keel proves or a reader was shown is
 * taken from the report, everything else from what the filer declares, and each field says which: in a comment behind it, and for what
 * was proven or disclosed as an assumption too, the schema's own place for how a figure was made.
 *
 * @module
 */

import { ceilDiv, floorDiv, formatDecimal } from "../core/decimal.js";
import { allFaults, inputError, KeelError } from "../core/errors.js";
import { dollars, utc } from "../text/tables.js";
import type { AifFacts, AifmdFacts } from "./aifmd-facts.js";
import {
  AIF_REPORT,
  ALL_REGIONS,
  type FieldElement,
  faultsIn,
  HEDGE_STRATEGIES,
  LIQUIDITY_BUCKETS,
  MONTHS,
  type Standing,
  type XmlNode,
} from "./aifmd-table.js";
import {
  type Report,
  type ReportAttestation,
  type ReportPolicy,
  type ReportRecord,
  sumsIn,
} from "./document.js";

/** A written filing, and how many of its fields stand on what. */
export interface AifmdFiling {
  readonly xml: string;
  readonly fields: Readonly<Record<Standing, number>>;
}

const DOLLAR = 10n ** 16n;
const VERSION = "1.2";

/**
 * Writes the filing.
 *
 * @throws KeelError `aifmd.record` for a fund that is no record of the report, or several; `aifmd.period` for a report that does not
 * reach over the period, or has no attestation in it; `aifmd.nav`; `aifmd.leverage`, `aifmd.exposures` where nothing can be read; `aifmd.liquidity`
 */
export function aifmdFiling(report: Report, facts: AifmdFacts): AifmdFiling {
  const faults: KeelError[] = [];
  const records = facts.aifs.flatMap((aif, i) => {
    try {
      return [aifRecord(report, facts, aif, `facts.aifs[${i}]`)];
    } catch (error) {
      if (!(error instanceof KeelError)) throw error;
      faults.push(error);
      return [];
    }
  });
  const root: XmlNode = { name: "AIFReportingInfo", parts: records };
  if (faults.length === 0) faults.push(...faultsIn(root, AIF_REPORT));
  if (faults.length > 0) throw allFaults(faults);
  return { xml: xmlOf(report, facts, root), fields: countOf(root) };
}

/** First and last day of the period, and the seconds from its begin to the begin of the next. */
function periodOf({ period: { type, year } }: AifmdFacts) {
  const [first, months] = type === "Y1" ? [0, 12] : quarterOrHalf(type);
  const from = Date.UTC(year, first, 1) / 1000;
  const until = Date.UTC(year, first + months, 1) / 1000;
  const day = (seconds: number): string => new Date(seconds * 1000).toISOString().slice(0, 10);
  return { from, until, start: day(from), end: day(until - 1), first, months };
}

function quarterOrHalf(type: string): readonly [first: number, months: number] {
  const months = type.startsWith("Q") ? 3 : 6;
  return [(Number(type.slice(1)) - 1) * months, months];
}

type Period = ReturnType<typeof periodOf>;

/** What a fund's fields are made of. */
interface Basis {
  readonly report: Report;
  readonly record: ReportRecord;
  readonly aif: AifFacts;
  readonly period: Period;
  /** Of the period, the latest last; none that was voided, since what it rested on was taken back. */
  readonly attestations: readonly ReportAttestation[];
  readonly voided: readonly ReportAttestation[];
  readonly last: ReportAttestation;
  readonly policy: ReportPolicy;
  readonly path: string;
}

function basisOf(report: Report, facts: AifmdFacts, aif: AifFacts, path: string): Basis {
  const { subject, policyId } = aif;
  const found = report.records.filter(
    ({ under, ...one }) =>
      one.subject === subject &&
      (policyId === undefined || (under.kind === "policy" && under.policyId === policyId)),
  );
  const [record, ...others] = found;
  if (record === undefined || others.length > 0) {
    const expected = "one record of the report, by its subject, and its policy where there are several";
    throw inputError("aifmd.record", `${path}.subject`, expected, `${found.length}`);
  }
  const period = periodOf(facts);
  const { from, until } = report.span;
  const begins = Math.max(period.from, Math.min(record.whole.from, period.until));
  if (from > begins || until < period.until) {
    const expected = `a report from ${utc(begins)} or before until ${utc(period.until)}, the period's end, or later`;
    throw inputError("aifmd.period", "facts.period", expected, `${utc(from)} to ${utc(until)}`);
  }
  const all = record.attestations.filter(({ asOf }) => asOf >= period.from && asOf < period.until);
  const [attestations, voided] = [all.filter((one) => !isVoided(one)), all.filter(isVoided)];
  const last = attestations.at(-1);
  if (last === undefined) {
    const received = voided.length === 0 ? "none" : `${voided.length} that were voided`;
    throw inputError("aifmd.period", "facts.period", "an attestation in the period", received);
  }
  const policy = policyOf(report, last.policyId);
  return { ...{ report, record, aif, period, attestations, voided, last, policy }, path };
}

function isVoided({ ended }: ReportAttestation): boolean {
  return ended?.cause === "voided";
}

function policyOf({ policies }: Report, id: string): ReportPolicy {
  return policies.find(({ policyId }) => policyId === id)!;
}

function aifRecord(report: Report, facts: AifmdFacts, aif: AifFacts, path: string): XmlNode {
  const basis = basisOf(report, facts, aif, path);
  const { period } = basis;
  const description = group("AIFCompleteDescription", [
    principal(basis),
    ...(aif.article24_2 === undefined
      ? []
      : [individual(basis, aif.article24_2), leverage(basis, aif.article24_2)]),
  ]);
  return group("AIFRecordInfo", [
    said("FilingType", facts.filing),
    said("AIFContentType", aif.article24_2 === undefined ? "1" : "2"),
    said("ReportingPeriodStartDate", period.start),
    said("ReportingPeriodEndDate", period.end),
    said("ReportingPeriodType", facts.period.type),
    said("ReportingPeriodYear", `${facts.period.year}`),
    said("LastReportingFlag", `${aif.last}`),
    assumptions(description, report),
    said("AIFMNationalCode", facts.aifmNationalCode),
    said("AIFNationalCode", aif.nationalCode),
    said("AIFName", aif.name),
    said("AIFEEAFlag", `${aif.eea}`),
    said("AIFReportingCode", `${aif.reportingCode}`),
    said("AIFDomicile", aif.domicile),
    said("InceptionDate", aif.inception),
    said("AIFNoReportingFlag", "false"),
    description,
  ]);
}

function group(name: string, parts: readonly XmlNode[]): XmlNode {
  return { name, parts };
}

/** Of the filer. */
function said(name: string, text: string): XmlNode {
  return { name, text, standing: "declared" };
}

function maybe(name: string, text: string | undefined): XmlNode[] {
  return text === undefined ? [] : [said(name, text)];
}

/** A standing in words: of a proof under a development key that is said with it. */
function standingWords(standing: Standing, { warning }: Report): string {
  return standing === "declared" || warning === undefined ? standing : `${standing}, by a DEVELOPMENT KEY`;
}

function shown(name: string, text: string, standing: "proven" | "disclosed", ground: string): XmlNode {
  return { name, text, standing, ground };
}

const WORDS = 300;

/** One for each field that the filer did not declare, by the number of its question. */
function assumptions(description: XmlNode, report: Report): XmlNode {
  const lines = grounds(description, AIF_REPORT.parts![0]!.parts!.at(-1)!, report);
  return group(
    "Assumptions",
    // Keel's own words of how a figure was made: no field of the filer's.
    lines.map(({ item, words }) =>
      group("Assumption", [
        { name: "QuestionNumber", text: `${item}` },
        { name: "AssumptionDescription", text: words.slice(0, WORDS) },
      ]),
    ),
  );
}

function grounds(node: XmlNode, element: FieldElement, report: Report): { item: number; words: string }[] {
  const { standing, ground, parts = [] } = node;
  if (ground !== undefined && element.item !== undefined) {
    return [{ item: element.item, words: `${standingWords(standing!, report)}: ${ground}` }];
  }
  return parts.flatMap((part) => {
    const own = element.parts?.find(({ name }) => name === part.name);
    return own === undefined ? [] : grounds(part, own, report);
  });
}

function principal(basis: Basis): XmlNode {
  const { aif } = basis;
  const { lei, shareClasses, investors } = aif;
  return group("AIFPrincipalInfo", [
    ...(lei === undefined ? [] : [group("AIFIdentification", [said("AIFIdentifierLEI", lei)])]),
    said("ShareClassFlag", `${shareClasses}`),
    descriptionOf(basis),
    group("MainInstrumentsTraded", padded(aif.mainInstruments, 5).map(mainInstrument)),
    group(
      "NAVGeographicalFocus",
      ALL_REGIONS.map((region) => said(`${region}NAVRate`, aif.navByRegion[region]!)),
    ),
    group("PrincipalExposures", padded(aif.principalExposures, 10).map(principalExposure)),
    group("MostImportantConcentration", [
      group("PortfolioConcentrations", padded(aif.concentrations, 5).map(concentration)),
      group("AIFPrincipalMarkets", padded(aif.markets, 3).map(principalMarket)),
      group("InvestorConcentration", [
        said("MainBeneficialOwnersRate", investors.largestFive),
        said("ProfessionalInvestorConcentrationRate", investors.professional),
        said("RetailInvestorConcentrationRate", investors.retail),
      ]),
    ]),
  ]);
}

/** As many places as the schema has; those that are left say that there is nothing. */
function padded<T>(list: readonly T[], size: number): (T | undefined)[] {
  return Array.from({ length: size }, (_, i) => list[i]);
}

function descriptionOf(basis: Basis): XmlNode {
  const { aif } = basis;
  const kind = HEDGE_STRATEGIES.includes(aif.strategies[0]!.type) ? "HedgeFund" : "OtherFund";
  const ones = aif.strategies.map(({ type, primary, navRate, description }) =>
    group(`${kind}Strategy`, [
      said(`${kind}StrategyType`, type),
      said("PrimaryStrategyFlag", `${primary}`),
      ...maybe("StrategyNAVRate", navRate),
      ...maybe("StrategyTypeOtherDescription", description),
    ]),
  );
  return group("AIFDescription", [
    said("AIFMasterFeederStatus", aif.masterFeeder),
    group("AIFBaseCurrencyDescription", [
      // Keel counts in dollars, and its proofs speak of no other currency.
      shown(
        "BaseCurrency",
        "USD",
        "proven",
        `the currency of every statement under policy ${basis.policy.policyId}`,
      ),
      said("AUMAmountInBaseCurrency", aif.aum),
      said("FXEURReferenceRateType", aif.fx.type),
      said("FXEURRate", aif.fx.rate),
      ...maybe("FXEUROtherReferenceRateDescription", aif.fx.source),
    ]),
    netAssetValue(basis),
    said("PredominantAIFType", aif.type),
    ...(aif.type === "NONE" ? [] : [group(`${kind}InvestmentStrategies`, ones)]),
  ]);
}

/** Public and proven; else what the sums say. */
function netAssetValue({ last, policy, path }: Basis): XmlNode {
  const name = "AIFNetAssetValue";
  const at = `at ${utc(last.asOf)}${revokedText(last)}, transaction ${last.transaction}`;
  if (last.nav !== undefined) {
    const whole = BigInt(last.nav.value) / DOLLAR;
    return shown(
      name,
      `${whole}`,
      "proven",
      `disclosure statement of the last attestation, ${at}, rounded down to steps of ${dollars(formatDecimal(BigInt(policy.navStep), 16))} USD`,
    );
  }
  if (last.sums !== undefined) {
    const whole = BigInt(last.sums.equity) / DOLLAR;
    return shown(name, `${whole}`, "disclosed", `equity in the sums ${readHow(last)}, ${at}, rounded down`);
  }
  throw inputError(
    "aifmd.nav",
    path,
    "a net asset value that the last attestation shows, or sums of it",
    "neither",
  );
}

/** Its proof holds all the same; that somebody took it back is said. */
function revokedText({ ended }: ReportAttestation): string {
  if (ended === undefined) return "";
  const who = ended.cause === "revokedBySubject" ? "the subject" : "a guardian";
  return ` (revoked by ${who} at ${utc(ended.at)})`;
}

function readHow({ read }: ReportAttestation): string {
  return read === "opened" ? "that the manager opened" : "that the attestation seals for a viewer";
}

function mainInstrument(row: AifFacts["mainInstruments"][number] | undefined, i: number): XmlNode {
  const rank = said("Ranking", `${i + 1}`);
  if (row === undefined) return group("MainInstrumentTraded", [rank, said("SubAssetType", "NTA_NTA_NOTA")]);
  return group("MainInstrumentTraded", [
    ...[rank, said("SubAssetType", row.subAssetType), said("InstrumentCodeType", "NONE")],
    ...[
      said("InstrumentName", row.name),
      said("PositionValue", row.value),
      said("PositionType", row.position),
    ],
  ]);
}

function principalExposure(row: AifFacts["principalExposures"][number] | undefined, i: number): XmlNode {
  const rank = said("Ranking", `${i + 1}`);
  if (row === undefined) return group("PrincipalExposure", [rank, said("AssetMacroType", "NTA")]);
  return group("PrincipalExposure", [
    ...[rank, said("AssetMacroType", row.subAssetType.slice(0, 3)), said("SubAssetType", row.subAssetType)],
    ...[said("PositionType", row.position), said("AggregatedValueAmount", row.amount)],
    said("AggregatedValueRate", row.rate),
  ]);
}

function concentration(row: AifFacts["concentrations"][number] | undefined, i: number): XmlNode {
  const rank = said("Ranking", `${i + 1}`);
  if (row === undefined) return group("PortfolioConcentration", [rank, said("AssetType", "NTA_NTA")]);
  return group("PortfolioConcentration", [
    ...[rank, said("AssetType", row.assetType), ...maybe("PositionType", row.position)],
    ...(row.market === undefined ? [] : [marketOf(row.market)]),
    ...maybe("AggregatedValueAmount", row.amount),
    ...maybe("AggregatedValueRate", row.rate),
  ]);
}

function principalMarket(row: AifFacts["markets"][number] | undefined, i: number): XmlNode {
  const rank = said("Ranking", `${i + 1}`);
  if (row === undefined) {
    return group("AIFPrincipalMarket", [
      rank,
      group("MarketIdentification", [said("MarketCodeType", "NOT")]),
    ]);
  }
  return group("AIFPrincipalMarket", [
    ...[rank, marketOf(row.market)],
    ...maybe("AggregatedValueAmount", row.amount),
  ]);
}

function marketOf({ code, mic }: AifFacts["markets"][number]["market"]): XmlNode {
  return group("MarketIdentification", [said("MarketCodeType", code), ...maybe("MarketCode", mic)]);
}

type More = NonNullable<AifFacts["article24_2"]>;

function individual(basis: Basis, more: More): XmlNode {
  const { exposures, turnovers, expectedReturn, liquidity, liquidityStress } = more;
  const changes = navChanges(basis);
  const history = group("HistoricalRiskProfile", [group("NAVChangeRate", changes)]);
  return group("AIFIndividualInfo", [
    group("IndividualExposure", [
      group(
        "AssetTypeExposures",
        exposures.map(({ subAssetType, gross, long, short }, i) =>
          group("AssetTypeExposure", [
            said("SubAssetType", subAssetType),
            ...(gross === "disclosed" ? [grossExposure(basis, i)] : maybe("GrossValue", gross)),
            ...maybe("LongValue", long),
            ...maybe("ShortValue", short),
          ]),
        ),
      ),
      group(
        "AssetTypeTurnovers",
        turnovers.map(({ type, value, notional }) =>
          group("AssetTypeTurnover", [
            said("TurnoverSubAssetType", type),
            ...maybe("MarketValue", value),
            ...maybe("NotionalValue", notional),
          ]),
        ),
      ),
    ]),
    group("RiskProfile", [
      group("MarketRiskProfile", [said("AnnualInvestmentReturnRate", expectedReturn)]),
      ...(liquidity === undefined ? [] : [liquidityProfile(basis, liquidity)]),
      ...(changes.length === 0 ? [] : [group("OperationalRisk", [history])]),
    ]),
    group("StressTests", [
      shown(
        "StressTestsResultArticle15",
        stressText(basis),
        "proven",
        "limits that every attestation proves, in words",
      ),
      said("StressTestsResultArticle16", liquidityStress),
    ]),
  ]);
}

function grossExposure({ last, path }: Basis, i: number): XmlNode {
  if (last.sums === undefined) {
    const place = `${path}.article24_2.exposures[${i}].gross`;
    throw inputError(
      "aifmd.exposures",
      place,
      "sums of the last attestation, or an amount",
      '"disclosed", and no sums',
    );
  }
  const whole = ceilDiv(BigInt(last.sums.grossExposure), DOLLAR);
  const ground = `gross exposure in the sums ${readHow(last)}, at ${utc(last.asOf)}, rounded up`;
  return shown("GrossValue", `${whole}`, "disclosed", ground);
}

/** From the last value of a month to that of the next, by what attestations show. */
function navChanges({ record, period }: Basis): XmlNode[] {
  const values = new Map<number, { readonly value: bigint; readonly asOf: number }>();
  for (const { asOf, nav } of record.attestations.filter((one) => !isVoided(one))) {
    if (nav !== undefined) values.set(monthOf(asOf), { value: BigInt(nav.value), asOf });
  }
  const first = monthOf(period.from);
  return Array.from({ length: period.months }, (_, i) => first + i).flatMap((month) => {
    const [before, after] = [values.get(month - 1), values.get(month)];
    if (before === undefined || after === undefined || before.value === 0n) return [];
    const hundredths = floorDiv((after.value - before.value) * 10_000n, before.value);
    const ground = `from the net asset value shown at ${utc(before.asOf)} to that at ${utc(after.asOf)}, cut off`;
    return [shown(`Rate${MONTHS[month % 12]}`, twoPlaces(hundredths), "proven", ground)];
  });
}

/** Months since the year 0. */
function monthOf(seconds: number): number {
  const date = new Date(seconds * 1000);
  return date.getUTCFullYear() * 12 + date.getUTCMonth();
}

function twoPlaces(hundredths: bigint): string {
  const [whole, fraction = ""] = formatDecimal(hundredths, 2).split(".") as [string, string?];
  return `${whole}.${fraction.padEnd(2, "0")}`;
}

const TEN_THOUSANDTHS = 10_000;

function liquidityProfile(basis: Basis, liquidity: NonNullable<More["liquidity"]>): XmlNode {
  const { unencumberedCash, investorGroups } = liquidity;
  return group("LiquidityRiskProfile", [
    group("PortfolioLiquidityProfile", [
      ...buckets(basis, liquidity),
      said("UnencumberedCash", unencumberedCash),
    ]),
    group(
      "InvestorGroups",
      investorGroups.map(({ type, rate }) =>
        group("InvestorGroup", [said("InvestorGroupType", type), said("InvestorGroupRate", rate)]),
      ),
    ),
  ]);
}

/** All in the bucket that the policy's limit reaches to: what is proven is that everything can be sold by then, not how much earlier. */
function buckets({ policy, path }: Basis, { profile }: NonNullable<More["liquidity"]>): XmlNode[] {
  const name = (bucket: string): string => `PortfolioLiquidityInDays${bucket}Rate`;
  const { unwindDays } = policy;
  if (unwindDays === undefined) {
    if (profile === undefined) {
      const expected = "a profile, since the policy does not limit the days to unwind";
      throw inputError("aifmd.liquidity", `${path}.article24_2.liquidity.profile`, expected, "none");
    }
    return LIQUIDITY_BUCKETS.map(([bucket], i) => said(name(bucket), profile[i]!));
  }
  const days = Number(unwindDays) / TEN_THOUSANDTHS;
  const reached = LIQUIDITY_BUCKETS.findIndex(([, end]) => days <= end);
  const ground = `the liquidity statement: every position could be unwound within ${formatDecimal(BigInt(unwindDays), 4)} days; earlier is not said`;
  return LIQUIDITY_BUCKETS.map(([bucket], i) =>
    shown(name(bucket), i === reached ? "100" : "0", "proven", ground),
  );
}

/** What was proven under each policy that the period's attestations are of; results where they can be read. */
function stressText({ report, record, attestations, voided, last }: Basis): string {
  const { chain } = report;
  const results = (last.figures ?? []).filter(({ name }) => name.startsWith("P&L "));
  const ids = [...new Set(attestations.map(({ policyId }) => policyId))];
  const lines = [
    ...(report.warning === undefined ? [] : [report.warning]),
    ...ids.map((id) => {
      const { length } = attestations.filter(({ policyId }) => policyId === id);
      const of = ids.length === 1 ? "" : ` of ${attestations.length}`;
      return `Proven at each of ${length}${of} attestations of the period by zero-knowledge proofs at registry ${chain.registry} on chain ${chain.chainId}, policy ${id}: ${policyOf(report, id).limits.join("; ")}.`;
    }),
    ...(voided.length === 0
      ? []
      : [
          `Not counted: ${voided.length} attestations of the period that were voided, since what they rested on was taken back.`,
        ]),
    `Over the whole record: ${record.whole.lapses} lapses, healthy ${record.whole.share} of the time.`,
    ...(results.length === 0
      ? []
      : [
          `Results at ${utc(last.asOf)}, from sums ${readHow(last)}: ${results.map(({ name, usd }) => `${name.slice(4)} ${dollars(usd)} USD`).join("; ")}.`,
        ]),
  ];
  return lines.join(" ").slice(0, 32_000);
}

function leverage(basis: Basis, more: More): XmlNode {
  return group("AIFLeverageInfo", [
    group("AIFLeverageArticle24-2", [
      said("AllCounterpartyCollateralRehypothecationFlag", `${more.rehypothecated}`),
      group("LeverageAIF", [
        grossLeverage(basis, more),
        said("CommitmentMethodRate", more.commitmentLeverage),
      ]),
    ]),
  ]);
}

/** Gross exposure over equity, in percent, rounded up; declared where no sums can be read. */
function grossLeverage({ last, path }: Basis, { grossLeverage: declared }: More): XmlNode {
  const name = "GrossMethodRate";
  if (last.sums !== undefined) {
    const { grossExposure, equity } = sumsIn(last.sums);
    const ground = `gross exposure over equity in the sums ${readHow(last)}, at ${utc(last.asOf)}, rounded up`;
    return shown(name, twoPlaces(ceilDiv(grossExposure * 10_000n, equity)), "disclosed", ground);
  }
  if (declared !== undefined) return said(name, declared);
  const expected = "sums of the last attestation (a viewer's key, an opening), or a declared grossLeverage";
  throw inputError("aifmd.leverage", `${path}.article24_2.grossLeverage`, expected, "neither");
}

function countOf(node: XmlNode): Record<Standing, number> {
  const counts = { proven: 0, disclosed: 0, declared: 0 };
  const walk = ({ standing, parts = [] }: XmlNode): void => {
    if (standing !== undefined) counts[standing] += 1;
    parts.forEach(walk);
  };
  walk(node);
  return counts;
}

function xmlOf(report: Report, { reportingMemberState }: AifmdFacts, root: XmlNode): string {
  const attributes = [
    ["ReportingMemberState", reportingMemberState],
    ["Version", VERSION],
    ["CreationDateAndTime", new Date(report.chain.time * 1000).toISOString().slice(0, 19)],
  ].map(([name, value]) => `${name}="${escaped(value!)}"`);
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    comment(
      `A subset of an AIF's report under AIFMD Annex IV, of the report with content hash ${report.contentHash}.`,
    ),
    comment(
      "proven: a verified proof says it. disclosed: read from sums that a verified proof is of. declared: the filer's word.",
    ),
    ...(report.warning === undefined ? [] : [comment(report.warning)]),
    `<AIFReportingInfo ${attributes.join(" ")}>`,
    ...(root.parts ?? []).flatMap((part) => linesOf(part, "  ", report)),
    "</AIFReportingInfo>",
    "",
  ].join("\n");
}

function linesOf(
  { name, text, parts = [], standing, ground }: XmlNode,
  indent: string,
  report: Report,
): string[] {
  if (text === undefined) {
    const inner = parts.flatMap((part) => linesOf(part, `${indent}  `, report));
    return [`${indent}<${name}>`, ...inner, `${indent}</${name}>`];
  }
  const element = `${indent}<${name}>${escaped(text)}</${name}>`;
  if (standing === undefined) return [element];
  const own = standingWords(standing, report);
  return [`${element} ${comment(ground === undefined ? own : `${own}: ${ground}`)}`];
}

const ENTITIES: Readonly<Record<string, string>> = {
  ...{ "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&apos;" },
};

/** Text as XML has it; what XML has no room for, a control character or half of a pair, becomes a replacement character. */
export function escaped(text: string): string {
  return text
    .replace(/[&<>"']/g, (sign) => ENTITIES[sign]!)
    .replace(/[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu, "\ufffd");
}

/** A comment: two dashes would end it. */
function comment(text: string): string {
  return `<!-- ${escaped(text)
    .replace(/-(?=-)/g, "- ")
    .replace(/-$/, "- ")} -->`;
}
