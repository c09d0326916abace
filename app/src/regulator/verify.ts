// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Verifying one attestation in the page: against a policy and a market file, or against the terms and the accepted markets of
 * the registry where it counts.
 *
 * @module
 */

import type { PublicClient } from "viem";
import { circuitName } from "../../../cli/event-text.js";
import { domainText, expiryText, limitLines, saysText } from "../../../cli/policy-text.js";
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
  NO_TAIL,
  type Policy,
  parseAttestation,
  parseJson,
  parseMarket,
  parsePolicy,
  type VerificationKey,
  type Verified,
} from "../../../verifier/src/index.js";
import { connectRegistry, isMarketAccepted, policyTermsOf } from "../../../verifier/src/registry.js";
import { verifyAtDesk } from "../desk.js";
import { keyOf } from "./look.js";

/** What has been opened. */
export interface Evidence {
  readonly attestation?: Attestation;
  readonly policy?: Policy;
  readonly market?: Market;
}

/** A valid attestation, in words. */
export interface Finding {
  readonly verified: Verified;
  /** What it says, and by whose policy and market. */
  readonly says: string;
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
    checkFit(policy, market);
    const verificationKey = needKey(policy.tail?.circuit.id ?? policy.circuit.id);
    const verified = await verifyAtDesk({ attestation, policy, market, verificationKey });
    return finding(verified, saysText(verified, policy), Date.now() / 1000);
  }
  if (client !== undefined) return await verifyByChain(attestation, client);
  const missing = policy === undefined ? "policy" : "market";
  throw inputError("verify.missing", missing, "policy and market files, or a chain to ask", "none");
}

async function verifyByChain(attestation: Attestation, client: PublicClient): Promise<Finding> {
  const { domain, policyId, market } = attestation;
  const address = "chainId" in domain ? domain.registry : domain[0]!.registry;
  const registry = await connectRegistry(client, address);
  if (!isWithin(domain, { chainId: registry.chainId, registry: address })) {
    throw refused("attestation.domain", `a registry on chain ${registry.chainId}`, "another chain's");
  }
  const terms = await policyTermsOf(registry, policyId);
  if (!(await isMarketAccepted(registry, market))) {
    throw refused("attestation.market", "a market table that the market book accepted", "another one");
  }
  const skew = Math.abs(attestation.asOf - market.asOf);
  if (skew > terms.maxMarketSkew) {
    throw refused("attestation.asOf", `within ${terms.maxMarketSkew} s of the market`, `${skew} s`);
  }
  const hasTail = terms.tailCircuit !== NO_TAIL.tailCircuit;
  const key = needKey(circuitName(hasTail ? terms.tailCircuit : terms.circuit));
  checkDevelopmentKey(key.insecure === true, domain, false);
  const { tail: _, ...health } = attestation;
  const claim = { ...health, proof: encodeProof(attestation.proof) };
  if (!(await reverify(registry, claim, key))) {
    throw refused("attestation.proof", "a proof of this statement", "a proof that does not verify");
  }
  const { subject, asOf } = attestation;
  const expiresAt = asOf + terms.validity;
  const verified = { subject, asOf, expiresAt, policyId, domain, insecure: key.insecure === true };
  const says = [
    `At ${utc(asOf)}, by a market table that the registry's publishers signed, the accounts that ${subject} declared`,
    "and that were signed by sources which the policy approves respected the published policy:",
    ...limitLines({ limits: limitsOf(terms) }).map((line) => `  - ${line}`),
    `Policy id ${policyId}.`,
  ].join("\n");
  const { timestamp } = await client.getBlock();
  return finding(verified, says, Number(timestamp));
}

function finding(verified: Verified, says: string, now: number): Finding {
  const seconds = Math.floor(now);
  return {
    verified,
    says,
    where: domainText(verified),
    until: expiryText(verified, seconds),
    expired: seconds >= verified.expiresAt,
  };
}

function needKey(circuit: string): VerificationKey {
  const key = keyOf(circuit);
  if (key !== undefined) return key;
  throw inputError("verify.key", "policy.circuit", "a circuit whose key this page was built with", circuit);
}

function refused(path: string, expected: string, received: string): KeelError {
  const code = path === "attestation.proof" ? "proof.invalid" : "proof.mismatch";
  return new KeelError({ kind: "proof", code, path, expected, received });
}
