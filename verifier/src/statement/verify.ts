// SPDX-License-Identifier: MIT
/**
 * Off-chain verification of an attestation, from public files only: the verifier rebuilds the statement from the policy
 * and the market it holds, never from what the attestation says about them.
 *
 * @module
 */

import { LOCAL_CHAINS } from "../core/chains.js";
import { isDevelopmentKey } from "../core/development-key.js";
import { inputError, KeelError } from "../core/errors.js";
import { type VerificationKey, verifyGroth16 } from "../core/groth16.js";
import { hex } from "../core/words.js";
import { type Domain, domainField, isWithin, registriesOf, type Scope } from "../files/domain.js";
import { ONE_UNIT, unitsSigner } from "../files/fund-units.js";
import type { Market } from "../files/market.js";
import { marketTable } from "../files/market-table.js";
import { formerPolicyId, type Policy, type PolicyTerms, policyId, policyTerms } from "../files/policy.js";
import { SERIES, seriesKind } from "../files/series.js";
import { viewerPlaces } from "../files/viewers.js";
import type { Attestation } from "./attestation.js";
import { type DisclosureStatement, disclosureVector, wordCount } from "./disclosure.js";
import { depthTable, type LiquidityStatement, liquidityBasis, liquidityVector } from "./liquidity.js";
import { type Statement, statementInputs, statementVector } from "./statement.js";
import { type TailStatement, tailBasis, tailTable, tailVector } from "./tail-risk.js";

/** The domain of an attestation that is bound to no registry: no chain has id 0. */
export const UNBOUND_DOMAIN: Domain = { chainId: 0, registry: `0x${"0".repeat(40)}` };

/** What a verifier brings. */
export interface Verification {
  readonly attestation: Attestation;
  readonly policy: Policy;
  readonly market: Market;
  /** Of the policy's circuit; from the artifact set, or a published one. */
  readonly verificationKey: VerificationKey;
  /** Of the policy's tail-risk circuit, when it has tail-risk limits; the market then carries its returns. */
  readonly tailKey?: VerificationKey;
  /** Of the policy's liquidity circuit, when it limits the days to unwind; the market then carries its depths. */
  readonly liquidityKey?: VerificationKey;
  /** Of the policy's disclosure circuit, when it wants something shown. */
  readonly disclosureKey?: VerificationKey;
  /** Accept a development key though no local test chain is expected. */
  readonly allowInsecure?: boolean;
  /** What else the verifier knows; compared where it is given. */
  readonly expected?: Expectations;
}

/** What a verifier may know from elsewhere, such as the registry. */
export interface Expectations {
  /**
   * Where it has to count: a registry, which may be one of several that the policy declares to be one domain, or all of those.
   * Only who names one on local test chains takes a development key without `allowInsecure`: the attestation's own word is
   * whatever its maker wrote.
   */
  readonly domain?: Scope;
  readonly subject?: `0x${string}`;
  /** The subject's enrolment that counts. */
  readonly enrolment?: bigint;
  /** State of the subject's drawdown chain; 0: none. */
  readonly previousState?: bigint;
  /** Units of the fund at the snapshot's time, 1e8. */
  readonly units?: bigint;
  /** The present in unix seconds: the snapshot is not later, and at most the policy's maxAge older. */
  readonly now?: number;
}

/**
 * What a verification did not look at, because nothing to compare it with was given: where it counts, whose book it is, which
 * accounts were declared, where the drawdown chain stands, how many units there are, how old the snapshot is, and whether the
 * market is of a series that only a contract knows. The last two only a chain can say: whether the tables were accepted there,
 * and whether the record still stands, neither revoked, voided nor followed by another.
 */
export type NotCompared =
  | "domain"
  | "subject"
  | "enrolment"
  | "previousState"
  | "units"
  | "age"
  | "marketSeries"
  | "tableAccepted"
  | "standing";

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
  /** Under policies that want it shown. */
  readonly nav?: {
    /** USD 1e16, rounded down to the policy's step. */
    readonly value: bigint;
    /** USD 1e16. */
    readonly step: bigint;
    /** Of the fund, 1e8. */
    readonly units: bigint;
  };
  /** Made, wholly or in part, with a development key. */
  readonly insecure: boolean;
  /** In a fixed order; a registry on chain compares all of it. */
  readonly notCompared: readonly NotCompared[];
}

/**
 * Verifies an attestation.
 *
 * @throws KeelError kind "proof" that says what does not fit; kind "input" when policy and market do not go together
 */
export function verifyAttestation(verification: Verification): Verified {
  const { attestation, policy, market } = verification;
  const statement = claimedStatement(attestation, policy, market);
  const tail = claimedTail(attestation, policy, market);
  const liquidity = claimedLiquidity(attestation, policy, market);
  const disclosure = claimedDisclosure(attestation, policy);
  const notCompared = compareExpected(verification);
  const insecure = checkProof(verification, "attestation", verification.verificationKey, {
    ...attestation,
    vector: statementVector(statement),
  });
  const tailInsecure =
    tail !== undefined &&
    checkProof(verification, "attestation.tail", verification.tailKey, {
      ...attestation.tail!,
      vector: tailVector(tail),
    });
  const liquidityInsecure =
    liquidity !== undefined &&
    checkProof(verification, "attestation.liquidity", verification.liquidityKey, {
      ...attestation.liquidity!,
      vector: liquidityVector(liquidity),
    });
  const disclosureInsecure =
    disclosure !== undefined &&
    checkProof(verification, "attestation.disclosure", verification.disclosureKey, {
      ...attestation.disclosure!,
      vector: disclosureVector(disclosure),
    });
  return {
    subject: attestation.subject,
    asOf: attestation.asOf,
    expiresAt: attestation.asOf + policy.validity,
    policyId: attestation.policyId,
    domain: attestation.domain,
    ...shownBy(attestation, disclosure),
    insecure: insecure || tailInsecure || liquidityInsecure || disclosureInsecure,
    notCompared,
  };
}

function shownBy(
  { drawdown: { units } }: Attestation,
  disclosure: DisclosureStatement | undefined,
): Pick<Verified, "nav"> {
  if (disclosure === undefined || disclosure.navStep === 0n) return {};
  const { nav, navStep: step } = disclosure;
  return { nav: { value: nav * step, step, units } };
}

/** @returns what nothing was given for */
function compareExpected({ attestation, policy, expected = {} }: Verification): NotCompared[] {
  const { domain, subject, enrolment, previousState, units, now } = expected;
  const { drawdown } = attestation;
  if (domain !== undefined) checkDomain(attestation.domain, domain);
  if (subject !== undefined) expectSame("attestation.subject", subject.toLowerCase(), attestation.subject);
  if (enrolment !== undefined)
    expectSame("attestation.enrolment", hex(enrolment), hex(attestation.enrolment));
  if (previousState !== undefined) {
    expectSame("attestation.drawdown.previousState", hex(previousState), hex(drawdown.previousState));
  }
  if (units !== undefined) expectSame("attestation.drawdown.units", `${units}`, `${drawdown.units}`);
  if (now !== undefined) checkAge(attestation.asOf, policy.maxAge, now);
  const isCompared: Record<NotCompared, boolean> = {
    // The policy is the verifier's own, and the members that it declares were compared with it.
    domain: domain !== undefined || policy.domain !== undefined,
    subject: subject !== undefined,
    enrolment: enrolment !== undefined,
    previousState: previousState !== undefined,
    units: units !== undefined || policy.units === undefined || policy.units.kind === "signer",
    age: now !== undefined,
    marketSeries: seriesKind(policy.market.series) === SERIES.market,
    tableAccepted: false,
    standing: false,
  };
  return (Object.keys(isCompared) as NotCompared[]).filter((name) => !isCompared[name]);
}

/** One registry may be a member of what is declared; several have to be all of it. */
function checkDomain(received: Scope, expected: Scope): void {
  const fits =
    "chainId" in expected ? isWithin(received, expected) : domainField(expected) === domainField(received);
  if (fits) return;
  throw refused("proof.mismatch", "attestation.domain", scopeText(expected), scopeText(received));
}

function scopeText(scope: Scope): string {
  const names = registriesOf(scope).map(({ chainId, registry }) => `${registry} on chain ${chainId}`);
  return names.join(" and ");
}

function checkAge(asOf: number, maxAge: number, now: number): void {
  const fresh = now - maxAge;
  if (asOf <= now && asOf >= fresh) return;
  throw refused("proof.age", "attestation.asOf", `from ${fresh} to ${now}`, `${asOf}`);
}

/**
 * Holds an attestation's units against the policy's source: one without a source, an administrator's signature by its key.
 * A token's units, and a contract's signature, only the chain can check.
 *
 * @throws KeelError `units.mismatch`, `units.signature`
 */
export function checkUnits(
  {
    subject,
    asOf,
    drawdown: { units },
    unitsSignature,
  }: Pick<Attestation, "subject" | "asOf" | "drawdown" | "unitsSignature">,
  { units: source }: Pick<Policy, "units">,
): void {
  const isSigned = source?.kind === "signer" || source?.kind === "contract";
  if (isSigned !== (unitsSignature !== undefined)) {
    const expected = isSigned ? `a signature by ${source.address}` : "none under this policy";
    throw refused("units.signature", "attestation.unitsSignature", expected, isSigned ? "none" : "one");
  }
  if (source === undefined && units !== ONE_UNIT) {
    throw refused("units.mismatch", "attestation.drawdown.units", `${ONE_UNIT}, one unit`, `${units}`);
  }
  if (source?.kind !== "signer") return;
  const signer = unitsSigner({ subject, asOf, units, signature: unitsSignature! });
  if (signer === source.address) return;
  const expected = `${source.address}'s signature of the subject, the time and these units`;
  throw refused("units.signature", "attestation.unitsSignature", expected, "one that is not");
}

/** Keys of proofs beside the health proof, by where the proof stands. */
const BESIDE_KEYS: Readonly<Record<string, readonly [name: string, circuit: string]>> = {
  "attestation.tail": ["tailKey", "tail-risk"],
  "attestation.liquidity": ["liquidityKey", "liquidity"],
  "attestation.disclosure": ["disclosureKey", "disclosure"],
};

/** @returns whether the key is a development key */
function checkProof(
  { attestation, allowInsecure = false, expected: known }: Verification,
  path: string,
  key: VerificationKey | undefined,
  proven: Pick<Attestation, "digest" | "proof" | "insecure"> & { readonly vector: readonly bigint[] },
): boolean {
  if (key === undefined) {
    const [name, circuit] = BESIDE_KEYS[path] ?? ["verificationKey", "portfolio-health"];
    throw inputError("key.missing", name, `the key of the ${circuit} circuit`, "none");
  }
  const insecure = isDevelopmentKey(key);
  expectSame(`${path}.insecure`, insecure, proven.insecure);
  const scope = known?.domain === undefined ? "unnamed" : attestation.domain;
  checkDevelopmentKey(insecure, scope, allowInsecure);
  const { c, x, y } = statementInputs(proven.digest, proven.vector);
  if (verifyGroth16(key, [c, x, y], proven.proof)) return insecure;
  const expected = "a proof of this statement";
  throw refused("proof.invalid", `${path}.proof`, expected, "a proof that does not verify");
}

/**
 * The tail-risk statement that an attestation has to prove beside it, rebuilt from the verifier's own policy and returns;
 * undefined under a policy without tail-risk limits. Does not look at the proof.
 *
 * @throws KeelError `proof.mismatch`, `proof.skew`; `returns.missing`, kind "input"
 */
export function claimedTail(
  attestation: Attestation,
  policy: Policy,
  market: Market,
): TailStatement | undefined {
  const basis = tailBasis(policy, market);
  const { tail } = attestation;
  expectSame("attestation.tail", basis === undefined ? "none" : "one", tail === undefined ? "none" : "one");
  if (basis === undefined || tail === undefined) return undefined;
  const { asOf } = basis.returns;
  const { root } = tailTable(basis);
  expectSame("attestation.tail.circuit", basis.tail.circuit.id, tail.circuit);
  expectSame("attestation.tail.returns.root", hex(root), hex(tail.returns.root));
  expectSame("attestation.tail.returns.asOf", asOf, tail.returns.asOf);
  checkSkew(attestation.asOf, asOf, basis.tail.maxReturnsSkew, "the returns");
  return {
    exposuresCommitment: attestation.exposuresCommitment,
    returnsRoot: root,
    returnsTime: asOf,
    terms: policyTerms(policy, market),
  };
}

/**
 * The liquidity statement that an attestation has to prove beside it, rebuilt from the verifier's own policy and depths; undefined
 * under a policy that does not limit the days to unwind. Does not look at the proof.
 *
 * @throws KeelError `proof.mismatch`, `proof.skew`; `liquidity.missing`, kind "input"
 */
export function claimedLiquidity(
  attestation: Attestation,
  policy: Policy,
  market: Market,
): LiquidityStatement | undefined {
  const basis = liquidityBasis(policy, market);
  const { liquidity: found } = attestation;
  const one = (part: unknown): string => (part === undefined ? "none" : "one");
  expectSame("attestation.liquidity", one(basis), one(found));
  if (basis === undefined || found === undefined) return undefined;
  const { asOf } = basis.market.liquidity;
  const { root } = depthTable(basis);
  expectSame("attestation.liquidity.circuit", basis.terms.circuit.id, found.circuit);
  expectSame("attestation.liquidity.depths.root", hex(root), hex(found.depths.root));
  expectSame("attestation.liquidity.depths.asOf", asOf, found.depths.asOf);
  checkSkew(attestation.asOf, asOf, basis.terms.maxLiquiditySkew, "the depths");
  return {
    portfolioCommitment: attestation.portfolioCommitment,
    liquidityRoot: root,
    liquidityTime: asOf,
    terms: policyTerms(policy, market).liquidity!,
  };
}

/**
 * The disclosure that an attestation has to prove beside it, rebuilt from the verifier's own policy; undefined under a policy
 * that wants nothing shown. Does not look at the proof.
 *
 * @throws KeelError `proof.mismatch`
 */
export function claimedDisclosure(
  attestation: Pick<Attestation, "disclosure" | "exposuresCommitment">,
  { disclosure: wanted }: Policy,
): DisclosureStatement | undefined {
  const { disclosure: found, exposuresCommitment } = attestation;
  const one = (part: unknown): string => (part === undefined ? "none" : "one");
  expectSame("attestation.disclosure", one(wanted), one(found));
  if (wanted === undefined || found === undefined) return undefined;
  const { circuit, navStep } = wanted;
  const { nav, sealed } = found;
  const viewers = viewerPlaces(wanted);
  expectSame("attestation.disclosure.circuit", circuit.id, found.circuit);
  expectSame("attestation.disclosure.sealed", viewers.length === 0 ? "none" : "one", one(sealed));
  if (sealed !== undefined) {
    const path = "attestation.disclosure.sealed";
    expectSame(`${path}.wrappedKeys`, `${viewers.length} keys`, `${sealed.wrappedKeys.length} keys`);
    expectSame(`${path}.words`, `${wordCount(circuit.shape)} words`, `${sealed.words.length} words`);
  }
  return { exposuresCommitment, navStep, nav, viewers, ...(sealed === undefined ? {} : { sealed }) };
}

function checkSkew(asOf: number, tableTime: number, most: number, what: string): void {
  const skew = Math.abs(asOf - tableTime);
  if (skew <= most) return;
  throw refused("proof.skew", "attestation.asOf", `within ${most} s of ${what}`, `${skew} s`);
}

/**
 * The statement that an attestation has to prove, rebuilt from the verifier's own policy and market. Does not look at the
 * proof.
 *
 * @throws KeelError `proof.mismatch`, `proof.skew`: the attestation is about something else; as {@link checkUnits}
 */
export function claimedStatement(attestation: Attestation, policy: Policy, market: Market): Statement {
  const terms = policyTerms(policy, market);
  const table = marketTable(market, policy);
  expectSame("attestation.circuit", policy.circuit.id, attestation.circuit);
  checkScope(attestation.domain, policy, terms);
  checkPolicyId(terms, attestation.policyId);
  expectSame("attestation.market.root", hex(table.root), hex(attestation.market.root));
  expectSame("attestation.market.asOf", market.asOf, attestation.market.asOf);
  checkSkew(attestation.asOf, market.asOf, policy.maxMarketSkew, "the market");
  checkUnits(attestation, policy);
  return {
    domain: attestation.domain,
    subject: attestation.subject,
    marketRoot: table.root,
    marketTime: market.asOf,
    asOf: attestation.asOf,
    enrolment: attestation.enrolment,
    drawdown: attestation.drawdown,
    portfolioCommitment: attestation.portfolioCommitment,
    exposuresCommitment: attestation.exposuresCommitment,
    terms,
  };
}

/** Says so when it is the id that the same terms had once: nothing is wrong with the policy then, and a new proof helps. */
function checkPolicyId(terms: PolicyTerms, received: string): void {
  const expected = policyId(terms);
  if (received === formerPolicyId(terms)) {
    throw refused("proof.formerPolicyId", "attestation.policyId", expected, `${received}, its id before`);
  }
  expectSame("attestation.policyId", expected, received);
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
 * @param scope where it has to count by the word of whoever proves or verifies; "unnamed" where nobody said
 * @throws KeelError `key.insecure`, kind "environment"
 */
export function checkDevelopmentKey(
  insecure: boolean,
  scope: Scope | "unnamed",
  allowInsecure: boolean,
): void {
  if (!insecure || allowInsecure) return;
  const members = scope === "unnamed" ? [] : registriesOf(scope);
  const foreign = members.find(({ chainId }) => !LOCAL_CHAINS.includes(chainId));
  if (scope !== "unnamed" && foreign === undefined) return;
  throw new KeelError({
    kind: "environment",
    code: "key.insecure",
    path: "verificationKey",
    expected: "a key from a ceremony, a registry that you name on a local test chain, or --insecure",
    received: foreign === undefined ? "a development key" : `a development key on chain ${foreign.chainId}`,
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
