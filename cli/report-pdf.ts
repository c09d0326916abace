// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * A report as PDF: what report/2 says, and nothing else. Whoever has the report makes the same bytes again.
 *
 * @module
 */

import { formatDecimal } from "@keel/verifier";
import type { Report, ReportAttestation, ReportPolicy, ReportRecord, Stretch } from "@keel/verifier/report";
import { DOES_NOT_SAY, dollars, EVIDENCE_NOT_ON_CHAIN, span as spanText, utc } from "@keel/verifier/text";
import { type Column, type Curve, createPages, type Pages, type Shade } from "./report-page.js";

const USD_PLACES = 16;
const UNIT_PLACES = 8;
/** Figures beside each other in one table. */
const FIGURES_WIDE = 6;

/** The file's bytes. */
export async function reportPdf(report: Report): Promise<Uint8Array> {
  const pages = createPages({
    ...{ title: "Report of records", time: report.chain.time },
    foot: `report/2  content hash ${report.contentHash}`,
    ...(report.warning === undefined ? {} : { warning: report.warning }),
  });
  pages.heading("Report of records", 1);
  pages.pairs(identityRows(report));
  pages.heading("All records", 2);
  pages.table(SUMMARY, report.records.map(summaryRow));
  drawValues(pages, report);
  for (const policy of report.policies) drawPolicy(pages, policy);
  for (const record of report.records) drawRecord(pages, record);
  drawEnd(pages, report);
  return await pages.end();
}

function identityRows({ chain, span, proofs, contentHash, signature }: Report): [string, string][] {
  const keys = proofs.keys.map(
    ({ circuit, hash, development }) => `${circuit}: key ${hash}${development ? ", a DEVELOPMENT KEY" : ""}`,
  );
  return [
    ["span", `${utc(span.from)} to ${utc(span.until)}`],
    ["chain and registry", `${chain.chainId}, ${chain.registry}`],
    ["as of", `block ${chain.block} of ${utc(chain.time)}, ${chain.blockHash}`],
    ["read from", `block ${chain.fromBlock} on`],
    ["proofs", `${proofs.verified} attestations, every proof verified again`],
    ...keys.map((text, i): [string, string] => [i === 0 ? "under keys" : "", text]),
    ["content hash", contentHash],
    ["signature", signature === undefined ? "none" : `by ${signature.signer}: ${signature.signature}`],
  ];
}

const SUMMARY: readonly Column[] = [
  { title: "fund", width: 20 },
  { title: "under", width: 15 },
  { title: "at the end", width: 11 },
  { title: "attestations in the span", width: 9, align: "right" },
  { title: "lapses in the span", width: 8, align: "right" },
  { title: "time healthy in the span", width: 10, align: "right" },
  { title: "of the whole record", width: 10, align: "right" },
  { title: "lapses of the whole record", width: 9, align: "right" },
  { title: "record since", width: 13 },
];

function summaryRow(record: ReportRecord): string[] {
  const { span, whole } = record;
  return [
    ...[nameOf(record), underText(record), nowText(record)],
    ...[
      `${span.attestations}`,
      `${span.lapses}`,
      share(span),
      share(whole),
      `${whole.lapses}`,
      utc(whole.from),
    ],
  ];
}

/** The record may be open and its latest attestation have expired. */
function nowText({ now }: ReportRecord): string {
  if (now.healthy)
    return now.leftPolicy === undefined ? "healthy" : "healthy, under a policy that the line left";
  const cause = now.standing === "open" ? "expired" : now.standing;
  return `NOT healthy: ${CAUSES[cause]}`;
}

const nameOf = ({ label, subject }: ReportRecord): string =>
  label === undefined ? subject : `${label} (${subject})`;

function underText({ under }: ReportRecord): string {
  return under.kind === "policy" ? `policy ${under.policyId}` : `line "${under.name}"`;
}

/** "0.987654" as "98.7654 %". */
function share({ share: text }: Stretch): string {
  const [whole, fraction = ""] = text.split(".") as [string, string?];
  return `${formatDecimal(BigInt(whole + fraction.padEnd(6, "0")), 4)} %`;
}

/** Value by the unit over time: of one fund in USD, of several against each one's first. */
function drawValues(pages: Pages, { records, span }: Report): void {
  const series = records
    .map((record) => ({ record, points: valuesOf(record) }))
    .filter(({ points }) => points.length > 1);
  if (series.length === 0) return;
  const alone = series.length === 1;
  const curves: Curve[] = series.map(({ record, points }) => {
    const first = points[0]![1];
    const scaled = points.map(([x, y]): [number, number] => [
      x,
      alone || first === 0 ? y : (100 * y) / first,
    ]);
    const gaps = record.lapses.map(({ from, until }): Shade => [from, until ?? span.until]);
    return { name: record.label ?? record.subject, points: scaled, gaps };
  });
  const title = alone
    ? "Net asset value by the unit, USD; without health where it is shaded and the line is broken"
    : "Net asset value by the unit, each one's first = 100; without health where its line is broken";
  const shade: Shade[] = alone
    ? series[0]!.record.lapses.map(({ from, until }) => [from, until ?? span.until])
    : [];
  const labels = { x: (time: number) => utc(time).slice(0, 10), y: (value: number) => value.toFixed(4) };
  pages.chart(title, curves, labels, shade);
}

/** For the picture alone: amounts in tables are exact. Of what was voided there is none. */
function valuesOf({ attestations }: ReportRecord): [number, number][] {
  return attestations.flatMap(({ asOf, nav, ended }): [number, number][] =>
    nav === undefined || ended?.cause === "voided"
      ? []
      : [[asOf, Number(BigInt(nav.perUnit) / 10n ** 8n) / 1e8]],
  );
}

function drawPolicy(pages: Pages, { policyId, names, circuit, limits, basis }: ReportPolicy): void {
  pages.heading(`Policy ${names === undefined ? "" : `"${names.policy}" `}${policyId}`, 2);
  pages.paragraph(`What each attestation under it says, proven by ${circuit}:`);
  pages.bullets(limits);
  pages.paragraph(basis.join(" "));
}

const STRETCHES: readonly Column[] = [
  { title: "", width: 14 },
  { title: "from", width: 16 },
  { title: "until", width: 16 },
  { title: "length", width: 12, align: "right" },
  { title: "healthy", width: 12, align: "right" },
  { title: "share", width: 10, align: "right" },
  { title: "attestations", width: 10, align: "right" },
  { title: "lapses", width: 8, align: "right" },
  { title: "longest lapse", width: 12, align: "right" },
];

const LAPSES: readonly Column[] = [
  { title: "from", width: 13 },
  { title: "until", width: 13 },
  { title: "length", width: 9 },
  { title: "cause", width: 10 },
  { title: "why", width: 55 },
];

const EVENTS: readonly Column[] = [
  { title: "when", width: 13 },
  { title: "block", width: 6, align: "right" },
  { title: "what", width: 55 },
  { title: "transaction", width: 26 },
];

const ATTESTATIONS: readonly Column[] = [
  { title: "snapshot", width: 12 },
  { title: "accepted", width: 12 },
  { title: "expires", width: 12 },
  { title: "taken back", width: 14 },
  { title: "block", width: 6, align: "right" },
  { title: "net asset value, USD", width: 12, align: "right" },
  { title: "units", width: 12, align: "right" },
  { title: "by the unit, USD", width: 10, align: "right" },
  { title: "transaction", width: 20 },
];

function drawRecord(pages: Pages, record: ReportRecord): void {
  pages.heading(`${nameOf(record)} under ${underText(record)}`, 2);
  pages.table(STRETCHES, [stretchRow("the span", record.span), stretchRow("the whole record", record.whole)]);
  if (record.under.kind === "line") {
    pages.heading("What the line had", 3);
    const columns = [
      { title: "from", width: 1 },
      { title: "until", width: 1 },
      { title: "policy", width: 3 },
    ];
    pages.table(
      columns,
      record.under.policies.map(({ policyId, from, until }) => [utc(from), untilText(until), policyId]),
    );
  }
  pages.heading("Lapses in the span, and why", 3);
  if (record.lapses.length === 0) pages.paragraph("None.");
  else
    pages.table(
      LAPSES,
      record.lapses.map(({ from, until, cause, words }) => [
        ...[
          utc(from),
          untilText(until),
          until === null ? "goes on" : spanText(until - from),
          CAUSES[cause],
          words,
        ],
      ]),
    );
  if (record.events.length > 0) {
    pages.heading("What else happened in the span", 3);
    pages.table(
      EVENTS,
      record.events.map(({ time, block, words, transaction }) => [utc(time), `${block}`, words, transaction]),
    );
  }
  drawElsewhere(pages, record);
  pages.heading("Attestations in force in the span", 3);
  pages.table(ATTESTATIONS, record.attestations.map(attestationRow));
  drawFigures(pages, record);
}

const CAUSES = {
  expired: "expired",
  revokedBySubject: "revoked by the subject",
  revokedByGuardian: "closed by a guardian",
  voided: "voided",
  policyChanged: "policy changed",
} as const;

const untilText = (until: number | null): string => (until === null ? "" : utc(until));

function stretchRow(name: string, stretch: Stretch): string[] {
  const { from, until, seconds, healthy, attestations, lapses, longestLapse } = stretch;
  return [
    ...[name, utc(from), utc(until), spanText(seconds), spanText(healthy), share(stretch)],
    ...[`${attestations}`, `${lapses}`, spanText(longestLapse)],
  ];
}

function drawElsewhere(pages: Pages, { elsewhere }: ReportRecord): void {
  if (elsewhere.length === 0) return;
  pages.heading("Other policies under which the subject attested", 3);
  pages.bullets(
    elsewhere.map(
      ({ policyId, attestations, lapses, healthy }) =>
        `${policyId}: ${attestations} attestations, ${lapses} lapses, at the end ${healthy ? "healthy" : "NOT healthy"}`,
    ),
  );
}

function attestationRow({
  asOf,
  accepted,
  expiry,
  ended,
  block,
  nav,
  units,
  transaction,
}: ReportAttestation): string[] {
  return [
    ...[utc(asOf), utc(accepted), utc(expiry)],
    ...[ended === undefined ? "" : `${CAUSES[ended.cause]} ${utc(ended.at)}`, `${block}`],
    nav === undefined ? "" : usd(nav.value),
    dollars(formatDecimal(BigInt(units), UNIT_PLACES)),
    nav === undefined ? "" : eightPlaces(nav.perUnit),
    transaction,
  ];
}

const usd = (value: string): string => dollars(formatDecimal(BigInt(value), USD_PLACES));

function eightPlaces(value: string): string {
  const cut = formatDecimal(BigInt(value) / 10n ** BigInt(USD_PLACES - UNIT_PLACES), UNIT_PLACES);
  const [whole, fraction = ""] = cut.split(".") as [string, string?];
  return `${whole}.${fraction.padEnd(UNIT_PLACES, "0")}`;
}

/** Sums and ratios over time: a column each, some beside each other. */
function drawFigures(pages: Pages, { attestations }: ReportRecord): void {
  const read = attestations.filter(({ sums }) => sums !== undefined);
  if (read.length === 0) return;
  const how = new Set(
    read.map((one) => (one.read === "opened" ? "opened by the manager" : "sealed for a viewer")),
  );
  pages.heading("Figures over time, USD to the cent; ratios, 1 is 100 %", 3);
  pages.paragraph(`Read from what was ${[...how].join(" and ")}, and proven to be of the same book.`);
  const of = `Of ${attestations.length} attestations in force in the span the sums of ${read.length} were read.`;
  pages.paragraph(read.length < attestations.length ? `${of} THE OTHERS ARE NOT SHOWN HERE.` : of);
  const names = [
    ...new Set(
      read.flatMap(({ figures = [], ratios = [] }) => [...figures, ...ratios].map(({ name }) => name)),
    ),
  ];
  for (let i = 0; i < names.length; i += FIGURES_WIDE) {
    const these = names.slice(i, i + FIGURES_WIDE);
    const columns: Column[] = [
      { title: "snapshot", width: 14 },
      ...these.map((title): Column => ({ title, width: 14, align: "right" })),
    ];
    pages.table(
      columns,
      attestations.map((one) => [utc(one.asOf), ...these.map((name, n) => figureText(one, name, n))]),
    );
  }
}

function figureText(
  { sums, figures = [], ratios = [] }: ReportAttestation,
  name: string,
  column: number,
): string {
  if (sums === undefined) return column === 0 ? "not read" : "";
  const figure = figures.find((one) => one.name === name);
  if (figure !== undefined) return dollars(figure.usd);
  return ratios.find((one) => one.name === name)?.value ?? "";
}

function drawEnd(pages: Pages, { warning }: Report): void {
  pages.heading("What this does not say", 2);
  pages.paragraph(DOES_NOT_SAY.replaceAll("\n", " "));
  pages.paragraph(EVIDENCE_NOT_ON_CHAIN);
  pages.paragraph(
    "Names of funds are the words of whoever made the report. With the report/2 file of this hash, `keel report verify` makes the same PDF again, and with a node and the registry says whether the chain says the same.",
  );
  if (warning !== undefined) pages.paragraph(warning);
}
