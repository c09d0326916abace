// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * `keel ceremony`: makes a key together with strangers, and verifies how one was made. circuits/setup/README.md is the
 * runbook.
 *
 * @module
 */

import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import {
  applyBeacon,
  contribute,
  exportCeremony,
  newCeremony,
  parseTranscript,
  readTranscript,
  type Transcript,
  transcriptDigest,
  type VerifyCeremony,
  verifyCeremony,
  verifyProgress,
} from "@keel/circuits";
import { generateVerifier } from "@keel/contracts";
import { printable, table } from "@keel/verifier/text";
import { type Context, note, type Outcome } from "../context.js";
import { readText } from "../files.js";
import { createProgress } from "../progress.js";

interface Folder {
  readonly dir: string;
}

interface PowersOfTau {
  readonly ptau: string;
  readonly insecurePtau?: true;
}

export interface CeremonyNewOptions extends Folder, PowersOfTau {
  readonly circuit: string;
  readonly beaconSource: string;
  readonly beaconExponent: number;
}

export interface CeremonyContributeOptions extends Folder {
  readonly name: string;
  readonly typed?: true;
}

export interface CeremonyBeaconOptions extends Folder {
  readonly value: string;
}

export interface CeremonyVerifyOptions extends Folder, PowersOfTau {
  readonly inProgress?: true;
  readonly since?: string;
}

export interface CeremonyExportOptions extends Folder, PowersOfTau {
  readonly out: string;
}

/** Loud, because whoever made the file can forge. */
const INSECURE_WARNING =
  "warning: made from a powers-of-tau file that nobody vouches for; the key is marked and good for tests only";

/** Starts a ceremony. */
export async function ceremonyNew(options: CeremonyNewOptions, context: Context): Promise<Outcome> {
  const { dir, circuit, ptau, beaconSource: source, beaconExponent: exponent } = options;
  const request = { dir, circuit, powersOfTau: ptau, beacon: { source, exponent }, ...allowed(options) };
  const transcript = await withProgress("making the first key", context, (steps) =>
    newCeremony(request, steps),
  );
  warnOfMark(transcript, context);
  return {
    json: { ok: true, dir, ...summary(transcript) },
    text: [
      `Started a ceremony for ${circuit} in ${dir}. The beacon will be: ${source}.`,
      "Publish the folder's transcript.json now; then pass the folder to the first contributor.",
    ].join("\n"),
  };
}

/** Contributes; the secret never leaves the process that makes it. */
export async function ceremonyContribute(
  { dir, name, typed }: CeremonyContributeOptions,
  context: Context,
): Promise<Outcome> {
  const text = typed === true ? await typedText(context) : "";
  const transcript = await withProgress("contributing", context, (steps) =>
    contribute(dir, name, text, steps),
  );
  const number = transcript.contributions.length;
  const { hash } = transcript.contributions.at(-1)!;
  return {
    json: { ok: true, dir, number, name, hash, ...summary(transcript) },
    text: [
      `Contribution ${number}, ${name}. Publish this hash, and keep transcript.json:`,
      hash,
      `Pass transcript.json and ${String(number).padStart(4, "0")}.zkey back.`,
    ].join("\n"),
  };
}

/** Closes the ceremony. */
export async function ceremonyBeacon(
  { dir, value }: CeremonyBeaconOptions,
  context: Context,
): Promise<Outcome> {
  const transcript = await withProgress("applying the beacon", context, (steps) =>
    applyBeacon(dir, value, steps),
  );
  return {
    json: { ok: true, dir, ...summary(transcript) },
    text: `Closed the ceremony. Its digest is ${transcriptDigest(transcript)}.`,
  };
}

/** Verifies everything; exit code 3 when something is not as the transcript claims. */
export async function ceremonyVerify(options: CeremonyVerifyOptions, context: Context): Promise<Outcome> {
  const request = await requestOf(options, context);
  const transcript = await withProgress("verifying the ceremony", context, async (steps) =>
    options.inProgress === true
      ? await verifyProgress(request, steps)
      : (await verifyCeremony(request, steps)).transcript,
  );
  warnOfMark(transcript, context);
  return {
    json: { ok: true, valid: true, ...summary(transcript), contributions: transcript.contributions },
    text: [
      options.inProgress === true ? "VALID so far; the key is not fit for use." : "VALID.",
      contributionsText(transcript),
      "The key is sound if at least one of these people kept their secret to themselves.",
      `Digest ${transcriptDigest(transcript)}`,
    ].join("\n\n"),
  };
}

/** Verifies, then writes artifacts, transcript and verifier contract into a new folder. */
export async function ceremonyExport(options: CeremonyExportOptions, context: Context): Promise<Outcome> {
  const { out } = options;
  const request = await requestOf(options, context);
  const verified = await withProgress("verifying the ceremony", context, (steps) =>
    verifyCeremony(request, steps),
  );
  const { transcript, digest, verificationKey } = verified;
  warnOfMark(transcript, context);
  const { circuit } = transcript;
  const contractName = contractNameOf(circuit);
  const insecure = transcript.insecure === true;
  const source = generateVerifier(verificationKey, { circuit, insecure, contractName, transcript: digest });
  const contract = `${contractName}.sol`;
  await exportCeremony(out, verified, (folder) => writeFile(join(folder, contract), source));
  return {
    json: { ok: true, out, contract, ...summary(transcript) },
    text: [
      `Verified, and wrote the artifacts, transcript.json and ${contract} to ${out}.`,
      `Prove with \`keel prove --artifacts ${out}\`, verify with \`keel verify --key ${join(out, "verification_key.json")}\`.`,
    ].join("\n"),
  };
}

/** "portfolio-health/spot-16" becomes "PortfolioHealthSpot16Verifier". */
function contractNameOf(circuit: string): string {
  const words = circuit.split(/[^A-Za-z0-9]+/).map((word) => word.charAt(0).toUpperCase() + word.slice(1));
  return `${words.join("")}Verifier`;
}

function allowed({ insecurePtau }: PowersOfTau): { readonly allowInsecure: boolean } {
  return { allowInsecure: insecurePtau === true };
}

async function requestOf(
  options: PowersOfTau & Folder & { readonly since?: string },
  context: Context,
): Promise<VerifyCeremony> {
  const { dir, ptau, since } = options;
  // Read first, so that a folder which is none is said at once.
  await readTranscript(dir);
  return {
    dir,
    powersOfTau: ptau,
    ...allowed(options),
    ...(since === undefined ? {} : { since: parseTranscript(await readText(since, "since", context)) }),
  };
}

function summary(transcript: Transcript) {
  const { circuit, contributions, beacon, insecure } = transcript;
  return {
    circuit,
    contributors: contributions.length,
    beacon: { source: beacon.source, exponent: beacon.exponent, value: beacon.applied?.value ?? null },
    insecure: insecure === true,
    digest: transcriptDigest(transcript),
  };
}

function contributionsText({ circuit, contributions, beacon }: Transcript): string {
  const rows = contributions.map(({ name, hash }, i) => [`${i + 1}`, printable(name), hash]);
  const last = [
    `${contributions.length + 1}`,
    `beacon: ${printable(beacon.source)}`,
    beacon.applied?.value ?? "not yet",
  ];
  return `${circuit}\n${table([...rows, last], [0])}`;
}

function warnOfMark({ insecure }: Transcript, context: Context): void {
  if (insecure === true) note(context, INSECURE_WARNING);
}

/** One line of standard input. */
async function typedText(context: Context): Promise<string> {
  note(context, "type some random text, then Enter");
  let text = "";
  for await (const chunk of context.readInput()) {
    text += Buffer.from(chunk).toString("utf8");
    if (text.includes("\n") || text.length > MOST_TYPED) break;
  }
  return text;
}

const MOST_TYPED = 10_000;

type Steps = { readonly onProgress: (fraction: number) => void; readonly signal: AbortSignal };

async function withProgress<T>(
  what: string,
  context: Context,
  work: (steps: Steps) => Promise<T>,
): Promise<T> {
  const progress = createProgress(context);
  progress.update(what, 0);
  try {
    return await work({
      onProgress: (fraction) => progress.update(what, fraction),
      signal: context.signal,
    });
  } finally {
    progress.clear();
  }
}
