// SPDX-License-Identifier: MIT
/**
 * A report as CSV (RFC 4180): a row for each attestation and each lapse, with every figure in a column of its own. What a spreadsheet
 * would calculate is written as text.
 *
 * @module
 */

import { formatDecimal } from "../core/decimal.js";
import { utc } from "../text/tables.js";
import type { Report, ReportAttestation, ReportLapse, ReportRecord } from "./document.js";

const USD_PLACES = 16;
const UNIT_PLACES = 8;

const HEAD = [
  ...["kind", "label", "subject", "chain", "registry", "policy", "from", "until", "from_utc", "until_utc"],
  ...["snapshot", "snapshot_utc", "ended", "ended_utc", "block", "transaction", "cause", "words"],
  ...["units", "nav_usd", "nav_per_unit_usd", "sums_read"],
];
const TAIL = ["development_key", "span_from", "span_until", "record_from", "record_lapses", "report_hash"];

/** The file's text. */
export function reportCsv(report: Report): string {
  const names = columnsOf(report);
  const lines = report.records.flatMap((record) => [
    ...rowsOf(record).map((row) => [
      ...[row.kind, record.label ?? "", record.subject, `${report.chain.chainId}`, report.chain.registry],
      ...("lapse" in row ? lapseCells(row.lapse, record) : attestationCells(row.attestation)),
      ...names.map((name) => ("lapse" in row ? "" : amountOf(row.attestation, name))),
      ...tailCells(report, record),
    ]),
  ]);
  return [[...HEAD, ...names, ...TAIL], ...lines]
    .map((line) => `${line.map(csvCell).join(",")}\r\n`)
    .join("");
}

type Row =
  | { readonly kind: "attestation"; readonly time: number; readonly attestation: ReportAttestation }
  | { readonly kind: "lapse"; readonly time: number; readonly lapse: ReportLapse };

function rowsOf({ attestations, lapses }: ReportRecord): Row[] {
  const rows: Row[] = [
    ...attestations.map((attestation) => ({
      ...{ kind: "attestation" as const, time: attestation.accepted, attestation },
    })),
    ...lapses.map((lapse) => ({ kind: "lapse" as const, time: lapse.from, lapse })),
  ];
  return rows.sort((a, b) => a.time - b.time);
}

/** What was taken back before it expired says when, and by what. */
function attestationCells(one: ReportAttestation): string[] {
  const { policyId, accepted, expiry, asOf, ended, block, transaction, units, nav, read } = one;
  const usd = (value: string): string => formatDecimal(BigInt(value), USD_PLACES);
  return [
    ...[policyId, `${accepted}`, `${expiry}`, utc(accepted), utc(expiry), `${asOf}`, utc(asOf)],
    ...(ended === undefined ? ["", ""] : [`${ended.at}`, utc(ended.at)]),
    ...[`${block}`, transaction, ended?.cause ?? "", "", formatDecimal(BigInt(units), UNIT_PLACES)],
    ...(nav === undefined ? ["", ""] : [usd(nav.value), usd(nav.perUnit)]),
    read ?? "",
  ];
}

function lapseCells({ from, until, cause, words }: ReportLapse, { under }: ReportRecord): string[] {
  const policy = under.kind === "policy" ? under.policyId : under.name;
  return [
    ...[policy, `${from}`, until === null ? "" : `${until}`, utc(from), until === null ? "" : utc(until)],
    ...["", "", "", "", "", "", cause, words],
    ...["", "", "", ""],
  ];
}

function tailCells(report: Report, { whole }: ReportRecord): string[] {
  const isDevelopment = report.proofs.keys.some(({ development }) => development);
  return [
    ...[isDevelopment ? "DEVELOPMENT KEY" : "no", `${report.span.from}`, `${report.span.until}`],
    ...[`${whole.from}`, `${whole.lapses}`, report.contentHash],
  ];
}

/** Figures in USD, then ratios: every name that any attestation has. */
function columnsOf({ records }: Report): string[] {
  const all = records.flatMap(({ attestations }) => attestations);
  const figures = all.flatMap((one) => (one.figures ?? []).map(({ name }) => name));
  const ratios = all.flatMap((one) => (one.ratios ?? []).map(({ name }) => name));
  return [...new Set([...figures, ...ratios])];
}

function amountOf({ figures = [], ratios = [] }: ReportAttestation, name: string): string {
  const figure = figures.find((one) => one.name === name);
  return figure?.usd ?? ratios.find((one) => one.name === name)?.value ?? "";
}

/** What spreadsheets take for the begin of a formula. */
const FORMULA = "=+\\-@|%＝＋－＠";
const AT_BEGIN = new RegExp(`^\\s*[${FORMULA}\\t\\r\\n]`, "u");
/** Where a spreadsheet of another country, or one that is asked to, begins another cell. */
const AFTER_SEPARATOR = new RegExp(`([;\\t\\r\\n]\\s*)(?=[${FORMULA}])`, "gu");

/** A cell: quoted where it has to be, and never a formula, also behind blanks and other separators; numbers stay numbers. */
export function csvCell(value: string): string {
  const isNumber = /^-?\d+(\.\d+)?$/.test(value);
  const inside = value.replace(AFTER_SEPARATOR, "$1'");
  const safe = !isNumber && AT_BEGIN.test(inside) ? `'${inside}` : inside;
  return /[",;\t\n\r]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
