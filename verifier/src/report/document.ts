// SPDX-License-Identifier: MIT
/**
 * A report as a file (report/2): plain data, amounts as integers in text, times in unix seconds. Its content hash is keccak256 over
 * the canonical text of everything but the hash itself and the signature: keys sorted, no blanks.
 *
 * A hash and a signature say who wrote what, and that nobody changed it since. Whether the chain says the same, only a registry can
 * tell: {@link differences} of a report that is built again.
 *
 * @module
 */

import { keccak_256 } from "@noble/hashes/sha3.js";
import { bytesToHex, utf8ToBytes } from "@noble/hashes/utils.js";
import { z } from "zod";
import { STANDINGS } from "../chain/registry.js";
import { allFaults, KeelError } from "../core/errors.js";
import type { Json } from "../core/json.js";
import { FORMATS, parseFile, time } from "../core/schema.js";
import type { DisclosedSums } from "../statement/disclosure.js";
import { DEVELOPMENT_KEY_WARNING } from "../text/policy-text.js";
import { type FigureBasis, reportFigures, reportRatios } from "./figures.js";
import { CAUSES } from "./runs.js";

const integer = z.string().regex(/^(0|-?[1-9][0-9]{0,79})$/);
const natural = z.string().regex(/^(0|[1-9][0-9]{0,79})$/);
const positive = z.string().regex(/^[1-9][0-9]{0,79}$/);
const decimal = z.string().regex(/^-?(0|[1-9][0-9]*)(\.[0-9]+)?$/);
const word = z.string().regex(/^0x[0-9a-f]{64}$/);
const account = z.string().regex(/^0x[0-9a-f]{40}$/);
/** Longest text of others. */
export const MAX_TEXT = 4_000;
/** Of others: whoever shows it makes it harmless. */
const text = z.string().max(MAX_TEXT);
/** A fund's name, as the command takes one. */
const label = text.refine((name) => /^[^\p{C}]{1,80}$/u.test(name), {
  params: {
    ...{ code: "input.text", expected: "1 to 80 characters without control characters" },
    received: "other text",
  },
});
const block = z.int().min(0);
const seconds = z.int().min(0);

const sumsSchema = z.strictObject({
  /** Every statement says that there is some. */
  equity: positive,
  assets: natural,
  grossExposure: natural,
  collateral: natural,
  deltas: z.array(integer).max(1_024),
  accountEquity: z.array(integer).max(1_024),
  bookSums: z.array(integer).max(1_024),
});

const attestationSchema = z.strictObject({
  policyId: word,
  /** Snapshot time; when the registry took it; the first second in which it no longer counts. */
  ...{ asOf: time, accepted: time, expiry: time },
  ...{ block, transaction: word, digest: natural },
  /** Who took it back before it expired, and when: from then on it does not count. */
  ended: z
    .strictObject({ at: time, cause: z.enum(["revokedBySubject", "revokedByGuardian", "voided"]) })
    .optional(),
  /** 1e-8. */
  units: natural,
  /** USD 1e-16, and cut off: what one unit is worth. */
  nav: z.strictObject({ value: natural, perUnit: natural }).optional(),
  sums: sumsSchema.optional(),
  /** How the sums were read: from what is sealed for a viewer, or from what the manager opened. */
  read: z.enum(["sealed", "opened"]).optional(),
  figures: z.array(z.strictObject({ name: text, usd: decimal })).optional(),
  ratios: z.array(z.strictObject({ name: text, value: decimal })).optional(),
});

const policySchema = z.strictObject({
  policyId: word,
  circuit: text,
  limits: z.array(text),
  basis: z.array(text),
  validity: seconds,
  /** Of a net asset value, USD 1e-16; 0: none is shown. */
  navStep: natural,
  /** Days within which everything can be unwound, 1e-4, where the policy limits them. */
  unwindDays: natural.optional(),
  /** From the policy's files; a registry does not know them. */
  names: z
    .strictObject({
      policy: text,
      underlyings: z.array(text),
      scenarios: z.array(text),
      shocks: z.array(z.array(z.int())),
    })
    .optional(),
});

const stretchSchema = z.strictObject({
  ...{ from: time, until: time, seconds, healthy: seconds },
  /** Of the seconds, cut off after six places. */
  share: decimal,
  attestations: z.int().min(0),
  lapses: z.int().min(0),
  longestLapse: seconds,
});

const lapseSchema = z.strictObject({
  from: time,
  /** Null: it goes on. */
  until: time.nullable(),
  cause: z.enum(CAUSES),
  words: text,
});

const recordSchema = z.strictObject({
  subject: account,
  /** The word of whoever made the report. */
  label: label.optional(),
  under: z.discriminatedUnion("kind", [
    z.strictObject({ kind: z.literal("policy"), policyId: word }),
    z.strictObject({
      ...{ kind: z.literal("line"), line: word, name: text },
      policies: z.array(z.strictObject({ policyId: word, from: time, until: time.nullable() })).min(1),
    }),
  ]),
  now: z.strictObject({
    ...{ healthy: z.boolean(), standing: z.enum(STANDINGS), expiry: time },
    /** Of a line: it is healthy under this policy alone, which the line left by no more than the policy's validity. */
    leftPolicy: word.optional(),
  }),
  /** From the first attestation to the report's block; the span that was asked for. */
  ...{ whole: stretchSchema, span: stretchSchema },
  attestations: z.array(attestationSchema),
  lapses: z.array(lapseSchema),
  events: z.array(z.strictObject({ time, block, transaction: word, words: text })),
  /** Other policies under which the subject attested. */
  elsewhere: z.array(
    z.strictObject({ policyId: word, attestations: z.int(), lapses: z.int(), healthy: z.boolean() }),
  ),
});

const contentSchema = z.strictObject({
  keel: z.literal("report/2"),
  chain: z.strictObject({
    ...{ chainId: z.int().min(1), registry: account },
    ...{ fromBlock: block, block, blockHash: word, time },
  }),
  span: z.strictObject({ from: time, until: time }),
  proofs: z.strictObject({
    verified: z.int().min(0),
    keys: z.array(z.strictObject({ circuit: z.string().max(100), hash: word, development: z.boolean() })),
  }),
  /** Said where a key is a development key. */
  warning: text.optional(),
  policies: z.array(policySchema),
  records: z.array(recordSchema).min(1),
});

const reportSchema = z.strictObject({
  ...contentSchema.shape,
  contentHash: word,
  /** 65 bytes of a key, or what a contract takes for its own (ERC-1271). */
  signature: z
    .strictObject({ signer: account, signature: z.string().regex(/^0x([0-9a-fA-F]{2}){0,4096}$/) })
    .optional(),
});
FORMATS.add(reportSchema, {
  id: "report/2",
  folder: "verifier",
  title: "A report of records; with figures of a book it is secret",
});

/** What a report says. */
export type ReportContent = z.infer<typeof contentSchema>;
export type ReportRecord = z.infer<typeof recordSchema>;
export type ReportAttestation = z.infer<typeof attestationSchema>;
export type ReportPolicy = z.infer<typeof policySchema>;
export type ReportLapse = z.infer<typeof lapseSchema>;
export type Stretch = z.infer<typeof stretchSchema>;

/** Sums as a report has them. */
export type ReportSums = z.infer<typeof sumsSchema>;

/** A report with its hash, and whose signature it has. */
export type Report = z.infer<typeof reportSchema>;

/** Canonical JSON: keys sorted, nothing between the signs. */
export function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const entries = Object.entries(value).filter(([, part]) => part !== undefined);
  return `{${entries
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, part]) => `${JSON.stringify(key)}:${canonical(part)}`)
    .join(",")}}`;
}

/** keccak256 of a report's canonical text, without hash and signature. */
export function contentHashOf(report: ReportContent | Report): `0x${string}` {
  const { contentHash: _, signature: __, ...content } = report as Report;
  return `0x${bytesToHex(keccak_256(utf8ToBytes(canonical(content))))}`;
}

/** The report of a content: with its hash, not yet signed. */
export function reportOf(content: ReportContent): Report {
  return { ...content, contentHash: contentHashOf(content) };
}

/** What is signed (EIP-712): the hash names everything else, the chain too. */
export function reportTypedData(contentHash: `0x${string}`) {
  return {
    domain: { name: "Keel Report", version: "1" },
    types: { Report: [{ name: "contentHash", type: "bytes32" }] },
    primaryType: "Report",
    message: { contentHash },
  } as const;
}

/** Writes a report/2 file. */
export function formatReport(report: Report): string {
  return `${JSON.stringify(report, null, 2)}\n`;
}

/**
 * Reads a report/2 file: its hash is that of its content, and what follows from other parts of it follows.
 *
 * @throws KeelError kind "input" for a file that is none, `file.version` for report/1; kind "proof", code `report.hash`, or
 * `report.derived` for each place that its own parts contradict
 */
export function parseReport(text: string): Report {
  const report = parseFile(reportSchema, text, "report", {
    command:
      "`keel report` makes it again, from the same record and span; report/1 did not say what was taken back",
  });
  const expected = contentHashOf(report);
  if (report.contentHash !== expected) {
    throw refused("report.hash", "report.contentHash", `${expected}, of the content`, report.contentHash);
  }
  const found = contradictions(report);
  if (found.length === 0) return report;
  throw allFaults(
    found.map((one) =>
      refused("report.derived", one.path, `${one.expected}, from the report's own parts`, one.received),
    ),
  );
}

/** What is said before everything else where a key is a development key. */
export function warningOf(keys: Report["proofs"]["keys"]): string | undefined {
  return keys.some(({ development }) => development)
    ? DEVELOPMENT_KEY_WARNING.replaceAll("\n", " ")
    : undefined;
}

/** Places where a report says what other parts of it do not. */
function contradictions(report: Report): Difference[] {
  const { policies, records, span, chain } = report;
  return [
    ...differences(warningOf(report.proofs.keys), report.warning, "report.warning"),
    ...(span.from < span.until && span.until <= chain.time
      ? []
      : [contradiction("report.span", "a span that begins before it ends, and has passed", spanText(span))]),
    ...onceEach(
      policies.map(({ policyId }) => policyId),
      "report.policies",
    ),
    ...onceEach(
      records.map(
        ({ subject, under }) => `${subject} ${under.kind === "policy" ? under.policyId : under.line}`,
      ),
      "report.records",
    ),
    ...namesOnce(records),
    ...records.flatMap((record, r) => inRecord(report, record, `report.records[${r}]`)),
  ];
}

const spanText = ({ from, until }: { readonly from: number; readonly until: number }): string =>
  `${from} to ${until}`;

function contradiction(path: string, expected: string, received: string): Difference {
  return { path, expected, received };
}

function onceEach(list: readonly string[], path: string): Difference[] {
  return list.flatMap((one, i) =>
    list.indexOf(one) === i ? [] : [contradiction(`${path}[${i}]`, "each once", one)],
  );
}

/** A subject has one name, and a name one subject: else one fund could pass for two. */
function namesOnce(records: readonly ReportRecord[]): Difference[] {
  return records.flatMap(({ subject, label }, r) => {
    const clashes = records
      .slice(0, r)
      .some((one) =>
        one.subject === subject ? one.label !== label : label !== undefined && one.label === label,
      );
    return clashes
      ? [contradiction(`report.records[${r}].label`, "one name for each subject", label ?? "none")]
      : [];
  });
}

function inRecord(report: Report, record: ReportRecord, path: string): Difference[] {
  const { policies, chain } = report;
  const { under, attestations } = record;
  const own = under.kind === "policy" ? [under.policyId] : under.policies.map(({ policyId }) => policyId);
  const known = new Set(policies.map(({ policyId }) => policyId));
  return [
    ...own
      .filter((id) => !known.has(id))
      .map((id) => contradiction(`${path}.under`, "a policy that the report describes", id)),
    ...attestations.flatMap((attestation, a) => {
      const at = `${path}.attestations[${a}]`;
      const { policyId, accepted, expiry, ended, sums, read } = attestation;
      const policy = policies.find((one) => one.policyId === policyId);
      const isEarly = ended === undefined || (accepted <= ended.at && ended.at < expiry);
      return [
        ...(own.includes(policyId)
          ? []
          : [contradiction(`${at}.policyId`, "a policy of the record", policyId)]),
        ...(isEarly
          ? []
          : [contradiction(`${at}.ended.at`, `a time from ${accepted} to before ${expiry}`, `${ended.at}`)]),
        ...((sums === undefined) === (read === undefined)
          ? []
          : [contradiction(`${at}.read`, "how sums were read, where there are some", read ?? "nothing")]),
        ...differences(derived(attestation, policy), attestation, at),
      ];
    }),
    ...differences({ ...record.span, ...spanFrom(report, record) }, record.span, `${path}.span`),
    ...differences({ ...record.whole, ...wholeFrom(chain.time, record) }, record.whole, `${path}.whole`),
    ...differences(nowFrom(report, record), record.now.healthy, `${path}.now.healthy`),
  ];
}

/** What a record says of the span, as its lapses and attestations have it. */
function spanFrom({ span: { from, until }, chain }: Report, record: ReportRecord): Partial<Stretch> {
  const { lapses, attestations, under, whole } = record;
  const lengths = lapses.map((lapse) =>
    Math.max(0, Math.min(lapse.until ?? chain.time, until) - Math.max(lapse.from, from)),
  );
  const since = Math.max(0, until - Math.max(from, whole.from));
  const healthy = since - lengths.reduce((sum, length) => sum + length, 0);
  const seconds = until - from;
  return {
    ...{ from, until, seconds, healthy, share: shareOf({ seconds, healthy }), lapses: lapses.length },
    longestLapse: Math.max(0, ...lengths),
    // Under a line an attestation counts from when the line came to its policy, which stands elsewhere.
    ...(under.kind === "line"
      ? {}
      : {
          attestations: attestations.filter(({ accepted }) => accepted >= from && accepted <= until).length,
        }),
  };
}

/** What a record says of all its time, as far as the span tells. */
function wholeFrom(until: number, { whole, span }: ReportRecord): Partial<Stretch> {
  const seconds = until - whole.from;
  const healthy = Math.min(whole.healthy, seconds);
  return {
    ...{ until, seconds, healthy, share: shareOf({ seconds, healthy }) },
    lapses: Math.max(whole.lapses, span.lapses),
    longestLapse: Math.max(whole.longestLapse, span.longestLapse),
    attestations: Math.max(whole.attestations, span.attestations),
  };
}

/** A lapse that goes on is now; at a span's end that is the report's, one that does not go on is over. */
function nowFrom({ span, chain }: Report, { lapses, now }: ReportRecord): boolean {
  const goesOn = lapses.some(({ until }) => until === null);
  return span.until === chain.time ? !goesOn : now.healthy && !goesOn;
}

/** An attestation with what follows from its sums. */
export function derived(attestation: ReportAttestation, policy: ReportPolicy | undefined): ReportAttestation {
  const { figures: _, ratios: __, nav, sums, ...plain } = attestation;
  const units = BigInt(attestation.units);
  const basis = basisOfPolicy(policy);
  return {
    ...plain,
    ...(nav === undefined ? {} : { nav: { value: nav.value, perUnit: perUnit(BigInt(nav.value), units) } }),
    ...(sums === undefined
      ? {}
      : { sums, figures: reportFigures(sumsIn(sums), basis), ratios: reportRatios(sumsIn(sums), basis) }),
  };
}

const ONE_UNIT = 10n ** 8n;

function perUnit(value: bigint, units: bigint): string {
  return units === 0n ? "0" : `${(value * ONE_UNIT) / units}`;
}

function basisOfPolicy(policy: ReportPolicy | undefined): FigureBasis {
  const { underlyings, scenarios, shocks } = policy?.names ?? {};
  return underlyings === undefined ? {} : { underlyings, scenarios: scenarios!, shocks: shocks! };
}

/** Sums as numbers. */
export function sumsIn(sums: ReportSums): DisclosedSums {
  const { equity, assets, grossExposure, collateral, deltas, accountEquity, bookSums } = sums;
  return {
    ...{ equity: BigInt(equity), assets: BigInt(assets), grossExposure: BigInt(grossExposure) },
    collateral: BigInt(collateral),
    ...{
      deltas: deltas.map(BigInt),
      accountEquity: accountEquity.map(BigInt),
      bookSums: bookSums.map(BigInt),
    },
  };
}

/** Sums as text. */
export function sumsOut(sums: DisclosedSums): ReportSums {
  const { equity, assets, grossExposure, collateral, deltas, accountEquity, bookSums } = sums;
  return {
    ...{ equity: `${equity}`, assets: `${assets}`, grossExposure: `${grossExposure}` },
    collateral: `${collateral}`,
    ...{
      deltas: deltas.map(String),
      accountEquity: accountEquity.map(String),
      bookSums: bookSums.map(String),
    },
  };
}

const SHARE_PLACES = 6;

/** Healthy seconds over all, cut off: never 1 where a second is missing. */
export function shareOf({ seconds, healthy }: Pick<Stretch, "seconds" | "healthy">): string {
  if (seconds === 0) return "0";
  const scaled = (BigInt(healthy) * 10n ** BigInt(SHARE_PLACES)) / BigInt(seconds);
  const digits = `${scaled}`.padStart(SHARE_PLACES + 1, "0");
  const fraction = digits.slice(-SHARE_PLACES).replace(/0+$/, "");
  return `${digits.slice(0, -SHARE_PLACES)}${fraction === "" ? "" : `.${fraction}`}`;
}

/** A place where two reports say different things. */
export interface Difference {
  readonly path: string;
  readonly expected: string;
  readonly received: string;
}

/** Every place where data differs from other data. */
export function differences(expected: unknown, received: unknown, path: string): Difference[] {
  if (!isObject(expected) || !isObject(received)) {
    if (canonical(expected ?? null) === canonical(received ?? null)) return [];
    return [{ path, expected: shown(expected), received: shown(received) }];
  }
  const isList = Array.isArray(expected);
  if (isList !== Array.isArray(received)) {
    return [{ path, expected: shown(expected), received: shown(received) }];
  }
  const keys = [...new Set([...Object.keys(expected), ...Object.keys(received)])];
  return keys.flatMap((key) =>
    differences(expected[key], received[key], isList ? `${path}[${key}]` : `${path}.${key}`),
  );
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null;
}

const MOST_SHOWN = 100;

function shown(value: unknown): string {
  if (value === undefined) return "nothing";
  const words = typeof value === "string" ? value : canonical(value as Json);
  return words.length > MOST_SHOWN ? `${words.slice(0, MOST_SHOWN)}…` : words;
}

function refused(code: string, path: string, expected: string, received: string): KeelError {
  return new KeelError({ kind: "proof", code, path, expected, received });
}
