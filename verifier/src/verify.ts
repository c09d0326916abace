// SPDX-License-Identifier: MIT
/**
 * Off-chain verification of an attestation, from public files only: the verifier rebuilds the statement from the policy
 * and the market it holds, never from what the attestation says about them.
 *
 * @module
 */

import type { Attestation } from "./attestation.js";
import { type Domain, domainField, isWithin, registriesOf, type Scope } from "./domain.js";
import { inputError, KeelError } from "./errors.js";
import { type VerificationKey, verifyGroth16 } from "./groth16.js";
import type { Market } from "./market.js";
import { marketTable } from "./market-table.js";
import { type Policy, type PolicyTerms, policyId, policyTerms } from "./policy.js";
import { type Statement, statementInputs, statementVector } from "./statement.js";
import { hex } from "./words.js";

/** Chain ids of local test chains (Hardhat, Ganache and Geth's dev mode), where development keys may be used. */
export const LOCAL_CHAINS: readonly number[] = [31337, 1337];

/** The domain of an attestation that is bound to no registry: a local test chain, the zero address. */
export const UNBOUND_DOMAIN: Domain = { chainId: 31337, registry: `0x${"0".repeat(40)}` };

/** What a verifier brings. */
export interface Verification {
  readonly attestation: Attestation;
  readonly policy: Policy;
  readonly market: Market;
  /** Of the policy's circuit; from the artifact set, or a published one. */
  readonly verificationKey: VerificationKey;
  /** Accept a development key outside local test chains. */
  readonly allowInsecure?: boolean;
}

/** What a valid attestation says. */
export interface Verified {
  readonly subject: `0x${string}`;
  /** Unix seconds. */
  readonly asOf: number;
  /** Unix seconds; the attestation counts before this time. */
  readonly expiresAt: number;
  readonly policyId: `0x${string}`;
  /** Where it counts. */
  readonly domain: Scope;
  readonly insecure: boolean;
}

/**
 * Verifies an attestation.
 *
 * @throws KeelError kind "proof" that says what does not fit; kind "input" when policy and market do not go together
 */
export function verifyAttestation(verification: Verification): Verified {
  const { attestation, policy, market, verificationKey } = verification;
  const statement = claimedStatement(attestation, policy, market);
  const insecure = verificationKey.insecure === true;
  expectSame("attestation.insecure", insecure, attestation.insecure);
  checkDevelopmentKey(insecure, attestation.domain, verification.allowInsecure === true);

  const { c, x, y } = statementInputs(attestation.digest, statementVector(statement));
  if (!verifyGroth16(verificationKey, [c, x, y], attestation.proof)) {
    throw refused(
      "proof.invalid",
      "attestation.proof",
      "a proof of this statement",
      "a proof that does not verify",
    );
  }
  return {
    subject: attestation.subject,
    asOf: attestation.asOf,
    expiresAt: attestation.asOf + policy.validity,
    policyId: attestation.policyId,
    domain: attestation.domain,
    insecure,
  };
}

/**
 * The statement that an attestation has to prove, rebuilt from the verifier's own policy and market. Does not look at the
 * proof.
 *
 * @throws KeelError `proof.mismatch`, `proof.skew`: the attestation is about something else
 */
export function claimedStatement(attestation: Attestation, policy: Policy, market: Market): Statement {
  const terms = policyTerms(policy, market);
  const table = marketTable(market, policy);
  expectSame("attestation.circuit", policy.circuit.id, attestation.circuit);
  checkScope(attestation.domain, policy, terms);
  expectSame("attestation.policyId", policyId(terms), attestation.policyId);
  expectSame("attestation.market.root", hex(table.root), hex(attestation.market.root));
  expectSame("attestation.market.asOf", market.asOf, attestation.market.asOf);
  const skew = Math.abs(attestation.asOf - market.asOf);
  if (skew > policy.maxMarketSkew) {
    throw refused(
      "proof.skew",
      "attestation.asOf",
      `within ${policy.maxMarketSkew} s of the market`,
      `${skew} s`,
    );
  }
  return {
    domain: attestation.domain,
    subject: attestation.subject,
    marketRoot: table.root,
    marketTime: market.asOf,
    asOf: attestation.asOf,
    enrolment: attestation.enrolment,
    chain: attestation.chain,
    portfolioCommitment: attestation.portfolioCommitment,
    exposuresCommitment: attestation.exposuresCommitment,
    terms,
  };
}

/**
 * Where an attestation under a policy counts: the domain that the policy declares, or else the named registry.
 *
 * @throws KeelError `policy.domain` when the policy declares a domain that the named registry is no member of
 */
export function scopeOf(policy: Policy, registry: Domain = UNBOUND_DOMAIN): Scope {
  if (policy.domain === undefined) return registry;
  const isUnbound = isWithin(UNBOUND_DOMAIN, registry);
  if (isUnbound || isWithin(policy.domain, registry)) return policy.domain;
  const received = `${registry.registry} on chain ${registry.chainId}`;
  throw inputError("policy.domain", "registry", "a member of the policy's declared domain", received);
}

/** The attestation names the domain that the policy declares, or one registry when it declares none. */
function checkScope(scope: Scope, policy: Policy, terms: PolicyTerms): void {
  const isDeclared = !("chainId" in scope);
  if (policy.domain === undefined) {
    expectSame("attestation.domain", "one registry", isDeclared ? "several registries" : "one registry");
  } else {
    expectSame("attestation.domain", hex(terms.domain), hex(domainField(scope)));
  }
}

/**
 * Refuses a development key outside local test chains.
 *
 * @throws KeelError `key.insecure`, kind "environment"
 */
export function checkDevelopmentKey(insecure: boolean, scope: Scope, allowInsecure: boolean): void {
  const foreign = registriesOf(scope).find(({ chainId }) => !LOCAL_CHAINS.includes(chainId));
  if (!insecure || allowInsecure || foreign === undefined) return;
  throw new KeelError({
    kind: "environment",
    code: "key.insecure",
    path: "verificationKey",
    expected: "a key from a ceremony, a local test chain, or --insecure",
    received: `a development key on chain ${foreign.chainId}`,
  });
}

function expectSame(
  path: string,
  expected: string | number | boolean,
  received: string | number | boolean,
): void {
  if (expected !== received) throw refused("proof.mismatch", path, String(expected), String(received));
}

function refused(code: string, path: string, expected: string, received: string): KeelError {
  return new KeelError({ kind: "proof", code, path, expected, received });
}
