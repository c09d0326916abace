// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * A real circuit with the statement's digest and nothing of the portfolio: whoever knows any vector can prove it. Contract
 * tests can so make a true proof of any statement in a tenth of a second, and every rule that lies outside the circuit is
 * tested against true proofs.
 *
 * @module
 */
import { type ArtifactSet, type CircuitDefinition, ensureCircuit } from "@keel/circuits";
import type { VerifierSource } from "@keel/contracts";
import { type CircuitInput, createProver, type Prover } from "@keel/engine";
import { randomSalt } from "@keel/prover";
import {
  type Attestation,
  BASE_POINT,
  commitStatement,
  type DisclosureAttestation,
  disclosureVector,
  type Groth16Proof,
  LIQUIDITY_LENGTH,
  type LiquidityAttestation,
  liquidityVector,
  policyId,
  STATEMENT_LENGTH,
  type Statement,
  type StatementDigest,
  statementInputs,
  statementVector,
  TAIL_LENGTH,
  type TailAttestation,
  tailVector,
  type VerificationKey,
} from "@keel/verifier";

export const CIRCUIT = "test/statement";
export const TAIL_CIRCUIT = "test/tail";
export const LIQUIDITY_CIRCUIT = "test/liquidity";
/** Disclosures: a net asset value alone; one with as many words for one viewer as fund-64 has. */
export const NAV_CIRCUIT = "test/nav";
export const VIEWER_CIRCUIT = "test/viewer";
const WORDS = 12;
export const MARKET_CIRCUIT = "market-root/16";

/** A circuit that proves a digest of so many elements. */
const definition = (id: string, length: number): CircuitDefinition => ({
  id,
  source: `pragma circom 2.1.6;
include "lib/statement-digest.circom";
template StatementOnly() {
    signal input c;
    signal input x;
    signal input y;
    signal input v[${length}];
    component digest = StatementDigest(${length});
    digest.v <== v;
    digest.x <== x;
    c === digest.c;
    y === digest.y;
}
component main {public [c, x, y]} = StatementOnly();
`,
});

/** The circuit with its dev key; another seed gives another key. */
export async function statementArtifacts(seed = "keel"): Promise<ArtifactSet> {
  return await ensureCircuit(definition(CIRCUIT, STATEMENT_LENGTH), { seed });
}

/** The same for tail-risk vectors. */
export async function tailArtifacts(): Promise<ArtifactSet> {
  return await ensureCircuit(definition(TAIL_CIRCUIT, TAIL_LENGTH));
}

/** The same for liquidity vectors. */
export async function liquidityArtifacts(): Promise<ArtifactSet> {
  return await ensureCircuit(definition(LIQUIDITY_CIRCUIT, LIQUIDITY_LENGTH));
}

/** The same for disclosure vectors, with so many viewers. */
export async function disclosureArtifacts(viewers: 0 | 1): Promise<ArtifactSet> {
  if (viewers === 0) return await ensureCircuit(definition(NAV_CIRCUIT, 4));
  return await ensureCircuit(definition(VIEWER_CIRCUIT, 6 + 3 * viewers + WORDS));
}

/** Every verifier contract that the contract tests deploy. All test files ask for the same, so one compilation serves all. */
export async function testVerifiers(): Promise<VerifierSource[]> {
  const [first, second] = [await statementArtifacts(), await statementArtifacts("second")];
  const key = first.verificationKey;
  const { insecure: _, ...unmarked } = second.verificationKey;
  const gammaDelta: VerificationKey = { ...key, vk_delta_2: key.vk_gamma_2 };
  const source = (
    contractName: string,
    verificationKey: VerificationKey,
    circuit = CIRCUIT,
    insecure = true,
  ) => ({
    contractName,
    circuit,
    insecure,
    verificationKey,
  });
  return [
    source("StatementVerifier", key),
    source("StatementVerifierSecond", second.verificationKey),
    source("StatementVerifierGammaDelta", gammaDelta),
    source("StatementVerifierOtherCircuit", key, "test/other"),
    source("StatementVerifierUnmarked", unmarked, CIRCUIT, false),
    source("TailVerifier", (await tailArtifacts()).verificationKey, TAIL_CIRCUIT),
    source("LiquidityVerifier", (await liquidityArtifacts()).verificationKey, LIQUIDITY_CIRCUIT),
    source("NavVerifier", (await disclosureArtifacts(0)).verificationKey, NAV_CIRCUIT),
    source("ViewerVerifier", (await disclosureArtifacts(1)).verificationKey, VIEWER_CIRCUIT),
    source("MarketRootVerifier", (await ensureCircuit(MARKET_CIRCUIT)).verificationKey, MARKET_CIRCUIT),
  ];
}

/** Circuits that this file's process proves with. Open, a proof takes a tenth of what opening its key takes. */
const provers = new Map<string, Promise<Prover>>();

/** A true proof of a circuit. */
export async function proofOf(
  { wasmPath, zkeyPath }: ArtifactSet,
  input: CircuitInput,
): Promise<Groth16Proof> {
  const open = provers.get(zkeyPath) ?? createProver({ wasm: wasmPath, zkey: zkeyPath, workers: 1 });
  provers.set(zkeyPath, open);
  return (await (await open).prove(input)).proof;
}

/** A true proof that somebody knows the statement vector behind `digest`. */
export async function proveVector(
  vector: readonly bigint[],
  digest: StatementDigest,
  artifacts?: ArtifactSet,
): Promise<Groth16Proof> {
  return await proofOf(artifacts ?? (await statementArtifacts()), { ...digest, v: vector });
}

/** An attestation with a true proof for a claim. */
export async function attestationOf(claim: Statement, artifacts?: ArtifactSet): Promise<Attestation> {
  const vector = statementVector(claim);
  const digest = statementInputs(commitStatement(vector), vector);
  return {
    circuit: CIRCUIT,
    policyId: policyId(claim.terms),
    domain: claim.domain,
    subject: claim.subject,
    asOf: claim.asOf,
    enrolment: claim.enrolment,
    drawdown: claim.drawdown,
    market: { root: claim.marketRoot, asOf: claim.marketTime },
    portfolioCommitment: claim.portfolioCommitment,
    exposuresCommitment: claim.exposuresCommitment,
    digest: digest.c,
    proof: await proveVector(vector, digest, artifacts),
    insecure: true,
  };
}

/** A tail-risk proof of a claim about a returns table, which commits to what the attestation commits to. */
export async function tailOf(
  { exposuresCommitment, terms }: Pick<Statement, "exposuresCommitment" | "terms">,
  returns: { readonly root: bigint; readonly asOf: number },
): Promise<TailAttestation> {
  const vector = tailVector({
    exposuresCommitment,
    returnsRoot: returns.root,
    returnsTime: returns.asOf,
    terms,
  });
  const digest = statementInputs(commitStatement(vector), vector);
  const proof = await proveVector(vector, digest, await tailArtifacts());
  return { circuit: TAIL_CIRCUIT, returns, digest: digest.c, proof, insecure: true };
}

/** A liquidity proof of a claim about a table of depths, which commits to what the attestation commits to. */
export async function liquidityOf(
  { portfolioCommitment, terms }: Pick<Statement, "portfolioCommitment" | "terms">,
  { root, asOf }: { readonly root: bigint; readonly asOf: number },
): Promise<LiquidityAttestation> {
  const table = { liquidityRoot: root, liquidityTime: asOf };
  const vector = liquidityVector({ portfolioCommitment, ...table, terms: terms.liquidity! });
  const digest = statementInputs(commitStatement(vector), vector);
  const proof = await proveVector(vector, digest, await liquidityArtifacts());
  return { circuit: LIQUIDITY_CIRCUIT, depths: { root, asOf }, digest: digest.c, proof, insecure: true };
}

/** A disclosure of a claim, whatever it says of the exposures; what is sealed is random. */
export async function disclosureOf(
  { exposuresCommitment, terms: { navStep, viewers } }: Pick<Statement, "exposuresCommitment" | "terms">,
  nav: bigint,
): Promise<DisclosureAttestation> {
  const isSealed = viewers.length > 0;
  const sealed = {
    point: BASE_POINT,
    wrappedKeys: viewers.map(() => randomSalt()),
    words: Array.from({ length: WORDS }, () => randomSalt()),
  };
  const shown = { nav, ...(isSealed ? { sealed } : {}) };
  const vector = disclosureVector({ exposuresCommitment, navStep, viewers, ...shown });
  const digest = statementInputs(commitStatement(vector), vector);
  const artifacts = await disclosureArtifacts(isSealed ? 1 : 0);
  const proof = await proveVector(vector, digest, artifacts);
  return { circuit: artifacts.id, ...shown, digest: digest.c, proof, insecure: true };
}

/** Ends the workers of every circuit that proved. */
export async function endProving(): Promise<void> {
  for (const prover of provers.values()) (await prover).close();
  provers.clear();
}
