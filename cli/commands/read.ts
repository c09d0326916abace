// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * `keel read`: what a record's attestations seal for a viewer, as figures, CSV and a trend. Every proof is verified before anything
 * is read: words that no proof stands behind could say anything.
 *
 * @module
 */

import {
  type DisclosedSums,
  disclosureCircuitOf,
  inputError,
  type KeelError,
  readSums,
  type ViewerKeyPair,
} from "@keel/verifier";
import {
  type AttestedEntry,
  disclosureOf,
  historyOf,
  policyTermsOf,
  type Registry,
} from "@keel/verifier/chain";
import {
  circuitName,
  type Figure,
  type FigureNames,
  figureLines,
  figuresOf,
  table,
  utc,
} from "@keel/verifier/text";
import type { Address, Hex } from "viem";
import { connect, type RegistryOptions } from "../chain.js";
import type { Context, Outcome } from "../context.js";
import { writeText } from "../files.js";
import { loadNamedPolicy, loadPublic, type PolicyName } from "../load.js";
import { loadViewerKey } from "../viewer-key.js";
import { verifyProofs } from "./history.js";

export interface ReadOptions extends RegistryOptions, PolicyName {
  readonly subject?: Address;
  readonly fromBlock?: number;
  readonly viewerKey?: string;
  /** Verification keys as `circuit=file`; the built circuits' when absent. */
  readonly key?: readonly string[];
  readonly csv?: string;
  readonly force?: true;
}

/** An attestation's figures. */
interface Reading {
  readonly subject: Address;
  readonly policyId: Hex;
  /** Snapshot time, unix seconds. */
  readonly asOf: number;
  /** 1e8. */
  readonly units: bigint;
  readonly sums: DisclosedSums;
  readonly figures: readonly Figure[];
}

/** Reads; a false proof is an error of kind "proof", a key that no policy of the record names one of kind "input". */
export async function read(options: ReadOptions, context: Context): Promise<Outcome> {
  const viewer = await loadViewerKey(options.viewerKey, context);
  const named = await namesOf(options, context);
  const registry = await connect(options);
  const { subject, fromBlock = 0 } = options;
  const query = { ...(subject === undefined ? {} : { subject }), fromBlock: BigInt(fromBlock) };
  const entries = (await historyOf(registry, query)).filter(
    (entry) => entry.kind === "attested" && (named.policyId ?? entry.policyId) === entry.policyId,
  ) as AttestedEntry[];
  const sealed = entries.filter(({ disclosure }) => disclosure !== undefined);
  await verifyProofs(registry, sealed, options.key ?? [], context);
  const readings: Reading[] = [];
  for (const entry of sealed) {
    const reading = await readEntry(registry, entry, viewer, named);
    if (reading !== undefined) readings.push(reading);
  }
  if (readings.length === 0) throw nothing(entries.length, sealed.length);
  if (options.csv !== undefined) {
    const file = { path: options.csv, text: csvOf(readings), secret: true };
    await writeText(file, options.force === true, context.signal);
  }
  return {
    json: { ok: true, readings: readings.map(({ sums: _, ...shown }) => shown), trend: trendOf(readings) },
    text: textOf(readings, options.csv),
  };
}

interface Named extends FigureNames {
  readonly policyId?: Hex;
}

/** Names of places, from the policy's files where they are given. */
async function namesOf(options: ReadOptions, context: Context): Promise<Named> {
  const { policyId, market, policy } = options;
  if (policyId === undefined && market === undefined && policy === undefined) return {};
  const { policyId: id } = await loadNamedPolicy(options, context);
  if (market === undefined || policy === undefined) return { policyId: id };
  const files = await loadPublic({ market, policy }, context);
  const scenarios = files.policy.scenarios.map(({ name }) => name);
  return { policyId: id, underlyings: files.market.underlyings, scenarios };
}

/** Undefined where the policy names other viewers. */
async function readEntry(
  registry: Registry,
  entry: AttestedEntry,
  { secret, publicKey }: ViewerKeyPair,
  names: Named,
): Promise<Reading | undefined> {
  const { subject, policyId, asOf, drawdown } = entry;
  const terms = await policyTermsOf(registry, policyId);
  if (!terms.viewers.some((key) => key.join() === publicKey.join())) return undefined;
  const { shape } = disclosureCircuitOf(circuitName(terms.disclosureCircuit));
  const sums = readSums(disclosureOf(entry, terms)!, shape, secret);
  return { subject, policyId, asOf, units: drawdown.units, sums, figures: figuresOf(sums, names) };
}

function nothing(attested: number, sealed: number): KeelError {
  const received =
    attested === 0 ? "no attestation" : sealed === 0 ? "none that seals anything" : "none for this key";
  return inputError("disclosure.viewer", "--viewer-key", "attestations that seal something for it", received);
}

/** First and last of each subject under a policy. */
interface Trend {
  readonly subject: Address;
  readonly policyId: Hex;
  readonly from: number;
  readonly to: number;
  /** Change of equity per unit, in percent. */
  readonly equityPerUnit: string;
}

function trendOf(readings: readonly Reading[]): Trend[] {
  const pairs = new Map<string, Reading[]>();
  for (const reading of readings) {
    const key = `${reading.subject} ${reading.policyId}`;
    pairs.set(key, [...(pairs.get(key) ?? []), reading]);
  }
  return [...pairs.values()].map((list) => {
    const [first, last] = [list[0]!, list.at(-1)!];
    const { subject, policyId } = first;
    return { subject, policyId, from: first.asOf, to: last.asOf, equityPerUnit: changeOf(first, last) };
  });
}

/** Of value per unit, in percent to two places, cut off. */
function changeOf(first: Reading, last: Reading): string {
  const [before, after] = [first.sums.equity * last.units, last.sums.equity * first.units];
  const hundredths = ((after - before) * 10_000n) / before;
  const sign = hundredths < 0n ? "-" : "+";
  const digits = `${hundredths < 0n ? -hundredths : hundredths}`.padStart(3, "0");
  return `${sign}${digits.slice(0, -2)}.${digits.slice(-2)} %`;
}

function csvOf(readings: readonly Reading[]): string {
  const names = [...new Set(readings.flatMap(({ figures }) => figures.map(({ name }) => name)))];
  const head = ["subject", "policy", "asOf", "units", ...names];
  const lines = readings.map(({ subject, policyId, asOf, units, figures }) => {
    const usd = new Map(figures.map((figure) => [figure.name, figure.usd]));
    return [subject, policyId, `${asOf}`, `${units}`, ...names.map((name) => usd.get(name) ?? "")];
  });
  return [head, ...lines].map((line) => `${line.map(cell).join(",")}\n`).join("");
}

/** Names are a policy's: quoted, and with nothing that a spreadsheet would calculate. */
function cell(text: string): string {
  const safe = /^[=+@\t\r]/.test(text) || /^-(?!\d)/.test(text) ? `'${text}` : text;
  return /[",\n\r]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

function textOf(readings: readonly Reading[], csv: string | undefined): string {
  const parts = readings.map(({ subject, asOf, figures }) =>
    [`${subject} at ${utc(asOf)}:`, figureLines(figures)].join("\n"),
  );
  const rows = trendOf(readings).map(({ subject, from, to, equityPerUnit }) => [
    ...[subject, utc(from), utc(to), equityPerUnit],
  ]);
  const trend = table([["subject", "from", "to", "equity per unit"], ...rows], [3]);
  const wrote = csv === undefined ? [] : [`Wrote ${csv}; it is as secret as what it was read from.`];
  return [...parts, trend, "Every proof was verified before it was read.", ...wrote].join("\n\n");
}
