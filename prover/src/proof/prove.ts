// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * The manager's main job: from a snapshot to an attestation.
 *
 * @module
 */

import type { ProofProgress, ProofResult, ProveOptions, Prover } from "@keel/engine";
import {
  type Attestation,
  attestationOf,
  checkDevelopmentKey,
  type DisclosureAttestation,
  type Domain,
  type Exposures,
  type Field,
  inputError,
  isDevelopmentKey,
  KeelError,
  type LiquidityAttestation,
  type Policy,
  type StatementDigest,
  scopeOf,
  type TailAttestation,
  verifyAttestation,
} from "@keel/verifier";
import { checkUnitsCounter, type DrawdownState, unitsCounter } from "../book/drawdown.js";
import { declaredAccounts, type Enrolment, newEnrolment } from "../book/enrolment.js";
import { memoOf, type SaltSource, type Seed, seededSalts } from "../book/seed.js";
import { eitherOf } from "../book/signals.js";
import { checkTimes, withUnits } from "../book/snapshot.js";
import { type Book, type BookFiles, type Draft, judgeBook, openDraft, signedBook } from "../risk/book.js";
import type { Assessment } from "../risk/judge.js";
import type { DisclosureWitness } from "./disclosure.js";
import { type CircuitInput, randomSalt } from "./input.js";
import { buildWitness, type LiquidityWitness, type TailWitness } from "./witness.js";

/** What a proof adds to a book. */
interface ProofParts {
  /** Of the policy's circuit. */
  readonly prover: Pick<Prover, "prove" | "verificationKey">;
  /** Of the policy's tail-risk circuit, when it has tail-risk limits: works at the same time, on workers of its own. */
  readonly tailProver?: Pick<Prover, "prove" | "verificationKey">;
  /** Of the policy's disclosure circuit, when it wants something shown: likewise. */
  readonly disclosureProver?: Pick<Prover, "prove" | "verificationKey">;
  /** Of the policy's liquidity circuit, when it limits the days to unwind: likewise. */
  readonly liquidityProver?: Pick<Prover, "prove" | "verificationKey">;
  /** The registry where it shall count, or any member of the domain that the policy declares. */
  readonly domain: Domain;
  /** Use a development key outside local test chains. */
  readonly allowInsecure?: boolean;
  /** What all secrets of the proof are derived from; random ones without it. */
  readonly seed?: Seed;
  /**
   * Whether the attestation is verified as a stranger would, in JavaScript, after the prover has verified its proof: true when
   * absent. Who submits at once leaves that to the contract, which simulates before anything is paid.
   */
  readonly isVerifiedAgain?: boolean;
  /** Handed to the prover: cancel, time limit, progress. */
  readonly options?: ProveOptions;
}

/** What an attestation is made from, by its files. */
export interface ProofRequest extends ProofParts, BookFiles {}

/** What an attestation is made from, where the book is open already: nothing of it is checked again. */
export interface BookProofRequest extends ProofParts {
  readonly book: Book;
}

/** An attestation, and the secrets that belong to it. */
export interface ProvenAttestation {
  readonly attestation: Attestation;
  readonly enrolment: Enrolment;
  /** What the next proof starts from. */
  readonly state: DrawdownState;
  /** Secret: with it and a guess of the accounts, the portfolio commitment can be checked. */
  readonly portfolioSalt: Field;
  /** Secret: with it and a guess of the book's sums, the exposures commitment can be checked. */
  readonly exposuresSalt: Field;
  /** Secret: what the exposures commitment is to, as `keel open` shows it to one reader. */
  readonly exposures: Exposures;
}

/**
 * Checks the portfolio, proves, and verifies the proof as a stranger would before it is returned. Give files, or a book that is
 * open already: then only its limits are judged anew, from its metrics.
 *
 * @throws KeelError kind "policy" code `policy.broken` with the names of the broken limits, before any proving; kind
 * "input" for a state of other units (`state.units`), for files that do not go together; else as `Prover.prove`
 */
export async function proveHealth(request: ProofRequest | BookProofRequest): Promise<ProvenAttestation> {
  const draft = "book" in request ? request.book : draftOf(request);
  requireReady(draft, request);
  return await proveBook("book" in request ? request.book : bookOf(draft, request), request);
}

/** As far as a broken limit can be told; signatures come after. */
function draftOf({ market, policy, state, units, sameUnits, ...request }: ProofRequest): Draft {
  if (sameUnits !== true) checkUnitsCounter(state, policy);
  const snapshot = withUnits(request.snapshot, policy, units);
  checkTimes(snapshot, market, policy, request.now ?? Math.floor(Date.now() / 1000));
  return openDraft({ snapshot, market, policy, ...(state === undefined ? {} : { state }) });
}

function bookOf(draft: Draft, { units, enrolment }: ProofRequest): Book {
  const { snapshot, policy } = draft;
  const declared = enrolment ?? newEnrolment(snapshot, policy, randomSalt());
  declaredAccounts(snapshot, declared, policy);
  return signedBook(draft, { enrolment: declared, ...(units === undefined ? {} : { units }) });
}

async function proveBook(book: Book, request: ProofParts): Promise<ProvenAttestation> {
  const { snapshot, market, policy, units, enrolment = newEnrolment(snapshot, policy, randomSalt()) } = book;
  const { prover, tailProver, disclosureProver, liquidityProver } = request;
  const { domain, seed, allowInsecure = false } = request;
  const witness = buildWitness({ book, domain, enrolment, salts: saltSource(seed) });
  const { input, statement, digest, newState, exposures, tail, liquidity, disclosure } = witness;
  const beside = [
    ...(tail === undefined ? [] : [{ prover: tailProver!, input: tail.input }]),
    ...(liquidity === undefined ? [] : [{ prover: liquidityProver!, input: liquidity.input }]),
    ...(disclosure === undefined ? [] : [{ prover: disclosureProver!, input: disclosure.input }]),
  ];
  const [health, ...others] = await proveTogether([{ prover, input }, ...beside], request.options ?? {});
  // In the order in which they were asked for.
  const next = others.values();
  const proofOf = <T>(wanted: T | undefined): ProofResult | undefined =>
    wanted === undefined ? undefined : next.next().value;
  const [tailProof, unwound, shown] = [proofOf(tail), proofOf(liquidity), proofOf(disclosure)];
  const attestation = attestationOf(statement, {
    circuit: policy.circuit.id,
    digest: digest.c,
    proof: health!.proof,
    insecure: hasDevelopmentKey(prover),
    ...(seed === undefined ? {} : { memo: memoOf(seed, newState) }),
    ...(units === undefined ? {} : { unitsSignature: units.signature }),
    ...(tail === undefined ? {} : { tail: tailAttestation(policy, tail, tailProof!, tailProver!) }),
    ...(liquidity === undefined
      ? {}
      : { liquidity: liquidityAttestation(policy, liquidity, unwound!, liquidityProver!) }),
    ...(disclosure === undefined
      ? {}
      : { disclosure: disclosureAttestation(policy, disclosure, shown!, disclosureProver!) }),
  });
  if (request.isVerifiedAgain === false) {
    checkStatements(
      [health!, digest],
      [tailProof, tail?.digest],
      [unwound, liquidity?.digest],
      [shown, disclosure?.digest],
    );
  } else {
    verifyAttestation({
      attestation,
      policy,
      market,
      verificationKey: prover.verificationKey,
      ...(tailProver === undefined ? {} : { tailKey: tailProver.verificationKey }),
      ...(disclosureProver === undefined ? {} : { disclosureKey: disclosureProver.verificationKey }),
      ...(liquidityProver === undefined ? {} : { liquidityKey: liquidityProver.verificationKey }),
      allowInsecure,
      expected: { domain: scopeOf(policy, domain) },
    });
  }
  const state = { ...newState, unitsSource: unitsCounter(policy) };
  const { portfolioSalt, exposuresSalt } = witness.salts;
  return { attestation, enrolment, state, portfolioSalt, exposuresSalt, exposures };
}

/** That each proof, which its prover has verified, is of the statement that it was asked for. */
function checkStatements(
  ...proven: readonly (readonly [ProofResult | undefined, StatementDigest | undefined])[]
): void {
  for (const [proof, digest] of proven) {
    if (proof === undefined || digest === undefined) continue;
    const { c, x, y } = digest;
    if (proof.publicSignals.join() === [c, x, y].join()) continue;
    const [expected, received] = ["a proof of this statement", "a proof of another one"];
    throw new KeelError({
      kind: "proof",
      code: "proof.invalid",
      path: "attestation.proof",
      expected,
      received,
    });
  }
}

function saltSource(seed: Seed | undefined): SaltSource {
  if (seed !== undefined) return seededSalts(seed);
  return { portfolio: randomSalt, exposures: randomSalt, state: randomSalt };
}

/** Refuses to prove what breaks a limit, and keys that do not do. */
function requireReady(draft: Draft, parts: ProofParts): void {
  const { prover, tailProver, disclosureProver, liquidityProver, domain, allowInsecure = false } = parts;
  const { policy } = draft;
  requireHealthy(judgeBook(draft));
  checkDevelopmentKey(hasDevelopmentKey(prover), scopeOf(policy, domain), allowInsecure);
  if (policy.tail !== undefined && tailProver === undefined) {
    throw inputError("key.missing", "tailProver", `a prover of ${policy.tail.circuit.id}`, "none");
  }
  if (policy.liquidity !== undefined && liquidityProver === undefined) {
    throw inputError("key.missing", "liquidityProver", `a prover of ${policy.liquidity.circuit.id}`, "none");
  }
  if (policy.disclosure !== undefined && disclosureProver === undefined) {
    const expected = `a prover of ${policy.disclosure.circuit.id}`;
    throw inputError("key.missing", "disclosureProver", expected, "none");
  }
}

function hasDevelopmentKey({ verificationKey }: Pick<Prover, "verificationKey">): boolean {
  return isDevelopmentKey(verificationKey);
}

function tailAttestation(
  policy: Policy,
  { statement, digest }: TailWitness,
  { proof }: ProofResult,
  prover: Pick<Prover, "verificationKey">,
): TailAttestation {
  const { returnsRoot: root, returnsTime: asOf } = statement;
  const insecure = hasDevelopmentKey(prover);
  return { circuit: policy.tail!.circuit.id, returns: { root, asOf }, digest: digest.c, proof, insecure };
}

function liquidityAttestation(
  policy: Policy,
  { statement: { liquidityRoot: root, liquidityTime: asOf }, digest }: LiquidityWitness,
  { proof }: ProofResult,
  prover: Pick<Prover, "verificationKey">,
): LiquidityAttestation {
  const insecure = hasDevelopmentKey(prover);
  return {
    circuit: policy.liquidity!.circuit.id,
    depths: { root, asOf },
    digest: digest.c,
    ...{ proof, insecure },
  };
}

function disclosureAttestation(
  policy: Policy,
  { statement: { nav, sealed }, digest }: DisclosureWitness,
  { proof }: ProofResult,
  prover: Pick<Prover, "verificationKey">,
): DisclosureAttestation {
  return {
    circuit: policy.disclosure!.circuit.id,
    nav,
    ...(sealed === undefined ? {} : { sealed }),
    digest: digest.c,
    proof,
    insecure: hasDevelopmentKey(prover),
  };
}

interface Task {
  readonly prover: Pick<Prover, "prove">;
  readonly input: CircuitInput;
}

/** Proves at the same time; when one proof fails, the others are given up. Progress is that of the slowest. */
async function proveTogether(tasks: readonly Task[], options: ProveOptions): Promise<ProofResult[]> {
  const failure = new AbortController();
  const { signal, release } = eitherOf(failure.signal, options.signal);
  const latest: (ProofProgress | undefined)[] = tasks.map(() => undefined);
  const prove = async ({ prover, input }: Task, i: number): Promise<ProofResult> => {
    const onProgress = (progress: ProofProgress): void => {
      latest[i] = progress;
      const slowest = latest.reduce((a, b) => ((a?.fraction ?? 0) <= (b?.fraction ?? 0) ? a : b));
      if (slowest !== undefined) options.onProgress?.(slowest);
    };
    return await prover.prove(input, { ...options, signal, onProgress });
  };
  const proofs = tasks.map(prove);
  try {
    return await Promise.all(proofs);
  } catch (error) {
    failure.abort();
    await Promise.allSettled(proofs);
    throw error;
  } finally {
    release();
  }
}

/**
 * Refuses a portfolio that breaks a limit.
 *
 * @throws KeelError `policy.broken` that names the limits; never a value
 */
export function requireHealthy({ healthy, limits }: Assessment): void {
  if (healthy) return;
  const broken = new Set(limits.filter((limit) => !limit.ok).map((limit) => limit.name));
  throw new KeelError({
    kind: "policy",
    code: "policy.broken",
    path: "snapshot",
    expected: "every limit of the policy to hold",
    received: `broken: ${[...broken].join(", ")}`,
  });
}
