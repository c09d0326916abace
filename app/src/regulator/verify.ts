// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Verifying one attestation in the page: against a policy and a market file, or against the terms and the accepted markets of
 * the registry where it counts.
 *
 * @module
 */

import { checkContracts } from "@keel/prover";
import {
  type Attestation,
  checkDevelopmentKey,
  checkFit,
  type Domain,
  type Expectations,
  encodeProof,
  inputError,
  isDevelopmentKey,
  isWithin,
  KeelError,
  limitsOf,
  type Market,
  type NotCompared,
  type Policy,
  type PolicyTerms,
  parseAttestation,
  parseJson,
  parseMarket,
  parsePolicy,
  policyTerms,
  registriesOf,
  UNITS_KINDS,
  type Verified,
} from "@keel/verifier";
import {
  connectRegistry,
  disclosureEntryOf,
  enrolmentOf,
  isMarketAccepted,
  policyTermsOf,
  type Registry,
  reverify,
  stateOf,
  toKeelError,
  tokenUnits,
} from "@keel/verifier/chain";
import {
  domainText,
  EVIDENCE_NOT_ON_CHAIN,
  evidenceLines,
  expiryText,
  leadLines,
  limitLines,
  utc,
} from "@keel/verifier/text";
import type { PublicClient } from "viem";
import type { Basis } from "../basis.js";
import {
  isTableKind,
  TABLE_KINDS,
  TABLES,
  type TableFiles,
  type TableKind,
  tablesOf,
  withTables,
} from "../beside.js";
import { blockTime } from "../chain.js";
import { circuitKeys, circuitNames } from "../circuits.js";
import { verifyAtDesk } from "../desk.js";
import { laterTime } from "../freshness.js";
import { type NamedText, readFiles } from "../named.js";
import { circuitsOf } from "./look.js";

/** What has been opened. */
export interface Evidence extends TableFiles {
  readonly attestation?: Attestation;
  readonly policy?: Policy;
  readonly market?: Market;
  /** What each file is called. */
  readonly names?: Readonly<Partial<Record<EvidenceKind, string>>>;
}

/** What a file of it can be. */
export type EvidenceKind = "attestation" | "policy" | "market" | TableKind;

/** In the order in which they are listed. */
export const EVIDENCE_KINDS: readonly EvidenceKind[] = ["attestation", "policy", "market", ...TABLE_KINDS];

/** An attestation whose proof holds, in words. */
export interface Finding {
  readonly verified: Verified;
  /** The registry's market book accepted its tables; false where no chain could be asked. */
  readonly published: boolean;
  /** Of whom it speaks, when, and by whose policy and market. */
  readonly lead: string;
  /** Each limit as a sentence. */
  readonly limits: readonly string[];
  /** What the sources' words rest on. */
  readonly evidence: readonly string[];
  readonly where: string;
  readonly until: string;
  readonly expired: boolean;
  /** What the policy takes from others than the manager. */
  readonly basis: Basis;
}

/**
 * Adds files, each known by its own mark; what has another mark, or none, is taken for an attestation that is invalid.
 *
 * @throws KeelError of every file that cannot be read
 */
export function openEvidence(before: Evidence, texts: readonly NamedText[]): Evidence {
  const read = readFiles(texts, readEvidence);
  const named = read.map(({ kind, name }) => [kind, name]);
  const names = { ...before.names, ...Object.fromEntries(named) };
  return Object.assign({ ...before, names }, ...read.map(({ file }) => file)) as Evidence;
}

/** Without the file of this kind. */
export function closeEvidence(evidence: Evidence, kind: EvidenceKind): Evidence {
  const { [kind]: _, ...rest } = evidence;
  return rest;
}

function readEvidence(text: string): { readonly kind: EvidenceKind; readonly file: Evidence } {
  const kind = kindOf(text);
  if (kind === "policy") return { kind, file: { policy: parsePolicy(text) } };
  if (kind === "market") return { kind, file: { market: parseMarket(text) } };
  if (isTableKind(kind)) return { kind, file: TABLES[kind].parse(text) };
  return { kind: "attestation", file: { attestation: parseAttestation(text) } };
}

/** What stands before the version in a file's mark. */
function kindOf(text: string): string | undefined {
  try {
    const json = parseJson(text, "file");
    const mark = typeof json === "object" && json !== null && !Array.isArray(json) ? json.keel : undefined;
    return typeof mark === "string" ? mark.split("/")[0] : undefined;
  } catch {
    return undefined;
  }
}

/** How an attestation is verified. */
export interface VerifyOptions {
  /** Of the chain where the attestation counts, needed where policy and market are not at hand. */
  readonly client?: PublicClient | undefined;
  /** Where the reader expects it to count: the registry that this page is about. Elsewhere nobody named where it counts. */
  readonly home?: Domain | undefined;
  /** Accept a development key though no registry on a local test chain is named. */
  readonly allowInsecure: boolean;
}

/**
 * Verifies.
 *
 * @throws KeelError kind `proof` that says what does not fit; a table that nobody published does not
 */
export async function verifyEvidence(evidence: Evidence, options: VerifyOptions): Promise<Finding> {
  const { attestation, policy, market } = evidence;
  if (attestation === undefined) throw inputError("verify.missing", "attestation", "an attestation", "none");
  const { client, allowInsecure, home } = options;
  const registry = client === undefined ? undefined : await registryOf(attestation, client);
  const isHome = home !== undefined && isWithin(attestation.domain, home);
  const reader = { allowInsecure, ...(isHome ? { domain: home } : {}) };
  if (policy !== undefined && market !== undefined) {
    return await verifyByFiles({ ...evidence, attestation, policy, market }, registry, reader);
  }
  if (registry !== undefined) return await verifyByChain(attestation, registry, reader);
  const missing = policy === undefined ? "policy" : "market";
  const expected = "policy and market files, or the chain where it counts";
  throw inputError("verify.missing", missing, expected, "none");
}

/** What the reader said. */
type Reader = Pick<VerifyOptions, "allowInsecure"> & Pick<Expectations, "domain">;

/** The registry on the client's chain where an attestation counts; nothing where it counts on other chains. */
async function registryOf({ domain }: Attestation, client: PublicClient): Promise<Registry | undefined> {
  const chainId = await client.getChainId().catch((error: unknown) => {
    throw toKeelError(error);
  });
  const member = registriesOf(domain).find((candidate) => candidate.chainId === chainId);
  return member === undefined ? undefined : await connectRegistry(client, member.registry);
}

async function verifyByFiles(
  evidence: Evidence & Required<Pick<Evidence, "attestation" | "policy" | "market">>,
  registry: Registry | undefined,
  { allowInsecure, ...named }: Reader,
): Promise<Finding> {
  const { attestation, policy, market } = evidence;
  const known = registry === undefined ? {} : await expectedAt(registry, attestation, policy);
  const expected = { ...known, ...named };
  const verified = await verifyAtDesk({ ...verificationOf(evidence), allowInsecure, expected });
  const says = {
    lead: leadLines(verified, policy).join(" "),
    limits: limitLines(policy),
    evidence: evidenceLines(policy),
    basis: policyTerms(policy, market),
  };
  if (registry === undefined) return finding(verified, says, false, Date.now() / 1000);
  const terms = await policyTermsOf(registry, attestation.policyId);
  await checkTables(registry, attestation, terms);
  const notCompared = await openAt(registry, attestation, verified.notCompared);
  return finding({ ...verified, notCompared }, says, true, await timeAt(registry));
}

/** By the chain's clock, or the page's where a node may be behind. */
async function timeAt(registry: Registry): Promise<number> {
  return laterTime(registry.chainId, await blockTime(registry), Date.now() / 1000);
}

/** What the chain of the registry knows of the snapshot's time. */
async function expectedAt(
  registry: Registry,
  { asOf }: Attestation,
  { units }: Policy,
): Promise<Expectations> {
  return units?.kind === "token" ? { units: await tokenUnits(registry, units.address, asOf) } : {};
}

function verificationOf({
  attestation,
  policy,
  market,
  ...tables
}: Evidence & Required<Pick<Evidence, "attestation" | "policy" | "market">>) {
  checkFit(policy, market);
  checkContracts(market, policy);
  const keys = circuitKeys(circuitNames(policy));
  return { attestation, policy, market: withTables(market, policy, tables), ...keys };
}

async function verifyByChain(
  attestation: Attestation,
  registry: Registry,
  { allowInsecure, domain: named }: Reader,
): Promise<Finding> {
  const { domain, policyId, subject, asOf } = attestation;
  const terms = await policyTermsOf(registry, policyId);
  await checkTables(registry, attestation, terms);
  const { verificationKey, tailKey, liquidityKey, disclosureKey } = circuitKeys(circuitsOf(terms));
  const keys = [verificationKey, tailKey, liquidityKey, disclosureKey];
  const insecure = keys.some((key) => key !== undefined && isDevelopmentKey(key));
  checkDevelopmentKey(insecure, named === undefined ? "unnamed" : domain, allowInsecure);
  const beside = [tailKey, disclosureKey, liquidityKey] as const;
  if (!(await reverify(registry, claimOf(attestation), verificationKey, ...beside))) {
    throw refused("attestation.proof", "a proof of this statement", "a proof that does not verify");
  }
  const expiresAt = asOf + terms.validity;
  // What a contract signs with, only the chain knew then.
  const units = UNITS_KINDS[terms.unitsKind] === "contract" ? (["units"] as const) : [];
  const where = named === undefined ? (["domain"] as const) : [];
  const notCompared = await openAt(registry, attestation, [...where, ...ALL, ...units]);
  const verified = { subject, asOf, expiresAt, policyId, domain, insecure, notCompared };
  const lead = [
    `At ${utc(asOf)}, by a market table that the registry's market book accepted, the accounts that ${subject} declared`,
    "and that were signed by sources which the policy approves respected the published policy:",
  ].join(" ");
  const limits = limitLines({ limits: limitsOf(terms) });
  const says = { lead, limits, evidence: [EVIDENCE_NOT_ON_CHAIN], basis: terms };
  return finding(verified, says, true, await timeAt(registry));
}

/** The market book accepted the attestation's tables, in the policy's series, and their times are near enough. */
async function checkTables(registry: Registry, attestation: Attestation, terms: PolicyTerms): Promise<void> {
  for (const { path, maxSkew, ...table } of tablesOf(attestation, terms)) {
    if (!(await isMarketAccepted(registry, table))) {
      const expected = `a table that the market book accepted in series ${table.series}`;
      throw refused(`attestation.${path}`, expected, "one that it did not, or that was withdrawn");
    }
    const skew = Math.abs(attestation.asOf - table.asOf);
    if (skew > maxSkew) throw refused("attestation.asOf", `within ${maxSkew} s of ${path}`, `${skew} s`);
  }
}

const ALL: readonly NotCompared[] = ["subject", "enrolment", "previousState", "age", "standing"];

/** What is still open after the registry has been asked for what it knows of the subject now. */
async function openAt(
  registry: Registry,
  { subject, enrolment, drawdown }: Attestation,
  open: readonly NotCompared[],
): Promise<NotCompared[]> {
  const [declared, state] = await Promise.all([enrolmentOf(registry, subject), stateOf(registry, subject)]);
  const known: Partial<Record<NotCompared, boolean>> = {
    enrolment: declared === enrolment,
    // Before it is submitted, and after.
    previousState: [drawdown.previousState, drawdown.newState].includes(state),
    marketSeries: true,
    // By checkTables.
    tableAccepted: true,
  };
  return open.filter((name) => known[name] !== true);
}

function finding(
  verified: Verified,
  says: Pick<Finding, "lead" | "limits" | "evidence" | "basis">,
  published: boolean,
  now: number,
): Finding {
  const seconds = Math.floor(now);
  return {
    verified,
    published,
    ...says,
    where: domainText(verified),
    until: expiryText(verified, seconds),
    expired: seconds >= verified.expiresAt,
  };
}

/** What the registry's log would say of it. */
function claimOf(attestation: Attestation) {
  const { tail, liquidity, disclosure, ...health } = attestation;
  return {
    ...health,
    proof: encodeProof(attestation.proof),
    ...(tail === undefined ? {} : { tail: { ...tail, version: 0, proof: encodeProof(tail.proof) } }),
    ...(liquidity === undefined
      ? {}
      : { liquidity: { ...liquidity, version: 0, proof: encodeProof(liquidity.proof) } }),
    ...(disclosure === undefined ? {} : { disclosure: disclosureEntryOf(disclosure) }),
  };
}

function refused(path: string, expected: string, received: string): KeelError {
  const code = path === "attestation.proof" ? "proof.invalid" : "proof.mismatch";
  return new KeelError({ kind: "proof", code, path, expected, received });
}
