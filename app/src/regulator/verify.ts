// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Verifying one attestation in the page: against a policy and a market file, or against the terms and the accepted markets of
 * the registry where it counts.
 *
 * @module
 */

import type { PublicClient } from "viem";
import { domainText, expiryText, leadLines, limitLines } from "../../../cli/policy-text.js";
import { utc } from "../../../cli/tables.js";
import { reverify } from "../../../verifier/src/history.js";
import {
  type Attestation,
  checkDevelopmentKey,
  checkFit,
  encodeProof,
  inputError,
  isWithin,
  KeelError,
  limitsOf,
  type Market,
  type Policy,
  parseAttestation,
  parseJson,
  parseMarket,
  parsePolicy,
  parseReturns,
  type Returns,
  type Verified,
  withReturns,
} from "../../../verifier/src/index.js";
import {
  connectRegistry,
  isMarketAccepted,
  type MarketCommitment,
  policyTermsOf,
  type Registry,
} from "../../../verifier/src/registry.js";
import { circuitKeys, circuitNames } from "../circuits.js";
import { verifyAtDesk } from "../desk.js";
import { circuitsOf } from "./look.js";

/** What has been opened. */
export interface Evidence {
  readonly attestation?: Attestation;
  readonly policy?: Policy;
  readonly market?: Market;
  /** By which the policy limits tail risk, when it does. */
  readonly returns?: Returns;
}

/** A valid attestation, in words. */
export interface Finding {
  readonly verified: Verified;
  /** Of whom it speaks, when, and by whose policy and market. */
  readonly lead: string;
  /** Each limit as a sentence. */
  readonly limits: readonly string[];
  readonly where: string;
  readonly until: string;
  readonly expired: boolean;
}

/**
 * Adds files, each known by its own mark; what has another mark, or none, is taken for an attestation that is invalid.
 *
 * @throws KeelError
 */
export function openEvidence(before: Evidence, texts: readonly string[]): Evidence {
  return Object.assign({ ...before }, ...texts.map(readEvidence)) as Evidence;
}

function readEvidence(text: string): Evidence {
  switch (markOf(text)) {
    case "policy/1":
      return { policy: parsePolicy(text) };
    case "market/1":
      return { market: parseMarket(text) };
    case "returns/1":
      return { returns: parseReturns(text) };
    default:
      return { attestation: parseAttestation(text) };
  }
}

function markOf(text: string): unknown {
  try {
    const json = parseJson(text, "file");
    return typeof json === "object" && json !== null && !Array.isArray(json) ? json.keel : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Verifies.
 *
 * @param client of the chain where the attestation counts, needed where policy and market are not at hand
 * @throws KeelError kind `proof` that says what does not fit
 */
export async function verifyEvidence(evidence: Evidence, client: PublicClient | undefined): Promise<Finding> {
  const { attestation, policy, market } = evidence;
  if (attestation === undefined) throw inputError("verify.missing", "attestation", "an attestation", "none");
  if (policy !== undefined && market !== undefined) {
    const verified = await verifyAtDesk(verificationOf(attestation, policy, market, evidence.returns));
    const lead = leadLines(verified, policy).join(" ");
    return finding(verified, { lead, limits: limitLines(policy) }, Date.now() / 1000);
  }
  if (client !== undefined) return await verifyByChain(attestation, client);
  const missing = policy === undefined ? "policy" : "market";
  throw inputError("verify.missing", missing, "policy and market files, or a chain to ask", "none");
}

function verificationOf(attestation: Attestation, policy: Policy, market: Market, returns?: Returns) {
  checkFit(policy, market);
  const keys = circuitKeys(circuitNames(policy));
  const needsReturns = policy.tail !== undefined && returns !== undefined;
  const table = needsReturns ? withReturns(market, returns) : market;
  return { attestation, policy, market: table, ...keys };
}

async function verifyByChain(attestation: Attestation, client: PublicClient): Promise<Finding> {
  const { domain, policyId, market, tail } = attestation;
  const address = "chainId" in domain ? domain.registry : domain[0]!.registry;
  const registry = await connectRegistry(client, address);
  if (!isWithin(domain, { chainId: registry.chainId, registry: address })) {
    throw refused("attestation.domain", `a registry on chain ${registry.chainId}`, "another chain's");
  }
  const terms = await policyTermsOf(registry, policyId);
  await checkTable(registry, attestation, { ...market, path: "market", maxSkew: terms.maxMarketSkew });
  if (tail !== undefined) {
    const table = { ...tail.returns, path: "tail.returns", maxSkew: terms.maxReturnsSkew };
    await checkTable(registry, attestation, table);
  }
  const { verificationKey, tailKey } = circuitKeys(circuitsOf(terms));
  const insecure = verificationKey.insecure === true || tailKey?.insecure === true;
  checkDevelopmentKey(insecure, domain, false);
  if (!(await reverify(registry, claimOf(attestation), verificationKey, tailKey))) {
    throw refused("attestation.proof", "a proof of this statement", "a proof that does not verify");
  }
  const { subject, asOf } = attestation;
  const expiresAt = asOf + terms.validity;
  const verified = { subject, asOf, expiresAt, policyId, domain, insecure };
  const lead = [
    `At ${utc(asOf)}, by a market table that the registry's publishers signed, the accounts that ${subject} declared`,
    "and that were signed by sources which the policy approves respected the published policy:",
  ].join(" ");
  const { timestamp } = await client.getBlock();
  return finding(verified, { lead, limits: limitLines({ limits: limitsOf(terms) }) }, Number(timestamp));
}

/** The publishers signed the table, and its time is near enough to the snapshot's. */
async function checkTable(
  registry: Registry,
  attestation: Attestation,
  table: MarketCommitment & { readonly path: string; readonly maxSkew: number },
): Promise<void> {
  const { path, maxSkew, asOf } = table;
  if (!(await isMarketAccepted(registry, table)))
    throw refused(`attestation.${path}`, "a table that the market book accepted", "another one");
  const skew = Math.abs(attestation.asOf - asOf);
  if (skew > maxSkew) throw refused("attestation.asOf", `within ${maxSkew} s of ${path}`, `${skew} s`);
}

function finding(verified: Verified, says: Pick<Finding, "lead" | "limits">, now: number): Finding {
  const seconds = Math.floor(now);
  return {
    verified,
    ...says,
    where: domainText(verified),
    until: expiryText(verified, seconds),
    expired: seconds >= verified.expiresAt,
  };
}

/** What the registry's log would say of it. */
function claimOf(attestation: Attestation) {
  const { tail, ...health } = attestation;
  const claim = { ...health, proof: encodeProof(attestation.proof) };
  return tail === undefined
    ? claim
    : { ...claim, tail: { ...tail, version: 0, proof: encodeProof(tail.proof) } };
}

function refused(path: string, expected: string, received: string): KeelError {
  const code = path === "attestation.proof" ? "proof.invalid" : "proof.mismatch";
  return new KeelError({ kind: "proof", code, path, expected, received });
}
