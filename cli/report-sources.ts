// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * What a report is made of: records that are read and verified again, and what its reader may see beside them.
 *
 * @module
 */

import {
  checkExposuresOpening,
  disclosureCircuitOf,
  type ExposuresOpening,
  inputError,
  isDevelopmentKey,
  type PolicyTerms,
  parseExposuresOpening,
  policyId,
  policyTerms,
  readSums,
  scenarioTable,
  type ViewerKeyPair,
} from "@keel/verifier";
import { type AttestedEntry, disclosureOf, type Registry } from "@keel/verifier/chain";
import type { VerificationKey } from "@keel/verifier/groth16";
import {
  attestedIn,
  buildReport,
  type Collected,
  canonical,
  collectReport,
  type PolicyNames,
  type Reading,
  type ReportContent,
  type ReportFacts,
  type ReportQuery,
} from "@keel/verifier/report";
import { circuitName } from "@keel/verifier/text";
import { type Hex, keccak256, stringToHex } from "viem";
import { verifyProofs } from "./commands/history.js";
import type { Context } from "./context.js";
import { usageError } from "./errors.js";
import { readSecret } from "./files.js";
import { loadPublic, together } from "./load.js";
import { loadViewerKey } from "./viewer-key.js";

/** Options that let a reader see more. */
export interface ReaderOptions {
  readonly policy?: string;
  readonly market?: string;
  /** A file; true: the variable. */
  readonly viewerKey?: string | true;
  readonly opening?: readonly string[];
  /** Verification keys as `circuit=file`. */
  readonly key?: readonly string[];
}

/** The same, read. */
export interface Readers {
  readonly viewer?: ViewerKeyPair;
  readonly openings: readonly ExposuresOpening[];
  readonly names: ReadonlyMap<Hex, PolicyNames>;
  readonly keys: readonly string[];
}

/** Reads the files; all that is wrong with them is told at once. */
export async function loadReaders(options: ReaderOptions, context: Context): Promise<Readers> {
  const { viewerKey, opening = [], key = [] } = options;
  const [viewer, openings, names] = await together(
    async () =>
      viewerKey === undefined
        ? undefined
        : await loadViewerKey(viewerKey === true ? undefined : viewerKey, context),
    async () =>
      (await together(
        ...opening.map(
          (file) => async () => parseExposuresOpening(await readSecret(file, "opening", context)),
        ),
      )) as ExposuresOpening[],
    async () => await namesOf(options, context),
  );
  return { ...(viewer === undefined ? {} : { viewer }), openings, names, keys: key };
}

/** What a policy's files say that the chain does not. */
async function namesOf(
  { policy, market }: ReaderOptions,
  context: Context,
): Promise<ReadonlyMap<Hex, PolicyNames>> {
  if (policy === undefined && market === undefined) return new Map();
  if (policy === undefined || market === undefined) {
    throw usageError(
      "--policy and --market together",
      "one alone",
      policy === undefined ? "--policy" : "--market",
    );
  }
  const files = await loadPublic({ policy, market }, context);
  const { scenarios, name } = files.policy;
  const { shock } = scenarioTable(files.policy, files.market);
  const { underlyings } = files.market;
  const names: PolicyNames = {
    policy: name,
    underlyings: [...underlyings],
    scenarios: scenarios.map((scenario) => scenario.name),
    shocks: scenarios.map((_, k) => underlyings.map((__, u) => Number(shock[k]![u]))),
  };
  return new Map([[policyId(policyTerms(files.policy, files.market)), names]]);
}

/** What was read of the chain, with the proofs verified again and the sums that the readers may see. */
export async function readFacts(
  registry: Registry,
  query: ReportQuery,
  readers: Readers,
  context: Context,
): Promise<Omit<ReportFacts, "span">> {
  const collected = await collectReport(registry, query);
  const attested = attestedIn(collected.entries);
  const keys = await verifyProofs(registry, attested, readers.keys, context);
  return {
    ...collected,
    keys: [...keys].map(([hash, key]) => keyRow(hash, key)).sort((a, b) => (a.circuit < b.circuit ? -1 : 1)),
    names: readers.names,
    readings: readingsOf(attested, collected, readers),
  };
}

/** {@link readFacts}, as a report. */
export function contentOf(facts: Omit<ReportFacts, "span">, span: ReportFacts["span"]): ReportContent {
  return buildReport(span === undefined ? facts : { ...facts, span });
}

function keyRow(hash: Hex, key: VerificationKey): ReportContent["proofs"]["keys"][number] {
  const { insecure: _, ...points } = key;
  return {
    circuit: circuitName(hash),
    hash: keccak256(stringToHex(canonical(points))),
    development: isDevelopmentKey(key),
  };
}

/**
 * The sums that a viewer's key or an opening shows.
 *
 * @throws KeelError `disclosure.viewer` for a key that none of the records' policies names; `report.opening` for an opening of none of
 * their attestations; `opening.mismatch`
 */
function readingsOf(
  attested: readonly AttestedEntry[],
  { terms }: Pick<Collected, "terms">,
  { viewer, openings }: Readers,
): ReadonlyMap<bigint, Reading> {
  const readings = new Map<bigint, Reading>();
  for (const opening of openings) {
    const entry = attested.find(({ digest }) => digest === opening.digest);
    if (entry === undefined) {
      const expected = "an opening of one of the records' attestations";
      throw inputError(
        "report.opening",
        "opening.digest",
        expected,
        `one of ${opening.subject} at ${opening.asOf}`,
      );
    }
    const circuit = circuitName(terms.get(entry.policyId)!.circuit);
    checkExposuresOpening(opening, { ...entry, circuit } as Parameters<typeof checkExposuresOpening>[1]);
    readings.set(entry.digest, { sums: opening.sums, read: "opened" });
  }
  if (viewer === undefined) return readings;
  for (const entry of attested) {
    const sums = sealedSums(entry, terms.get(entry.policyId)!, viewer);
    if (sums !== undefined) readings.set(entry.digest, { sums, read: "sealed" });
  }
  if ([...readings.values()].some(({ read }) => read === "sealed")) return readings;
  const expected = "attestations that seal something for it";
  throw inputError("disclosure.viewer", "--viewer-key", expected, "none for this key");
}

/** Nothing where the policy names other viewers. */
function sealedSums(entry: AttestedEntry, terms: PolicyTerms, { secret, publicKey }: ViewerKeyPair) {
  if (!terms.viewers.some((key) => key.join() === publicKey.join())) return undefined;
  const { shape } = disclosureCircuitOf(circuitName(terms.disclosureCircuit));
  const statement = disclosureOf(entry, terms);
  return statement === undefined ? undefined : readSums(statement, shape, secret);
}
