// SPDX-License-Identifier: MIT
/**
 * The public statement, version 2: what a proof says, as a vector of field elements, and its digest (c, x, y), the proof's
 * only public inputs. circuits/SPEC.md section 6 gives the reason why three numbers are enough.
 *
 * @module
 */

import { absorb, FIELD_ORDER, KIND, keccakField, tag } from "../core/field.js";
import type { Field } from "../core/units.js";
import { abiWords } from "../core/words.js";
import { policyDomainField, type Scope } from "../files/domain.js";
import { BOOK_LIMITS, type LimitPlace, type LimitRow } from "../files/limits.js";
import { type PolicyTerms, policyId } from "../files/policy.js";
import { limitPlaces } from "../files/terms.js";

/** Names of the places before the limits', in order. */
const FACTS = [
  "tag",
  "domain",
  "subject",
  "marketRoot",
  "marketTime",
  "scenarioRoot",
  "sourcesRoot",
  "enrolment",
  "asOf",
  "units",
  "previousState",
  "newState",
  "portfolioCommitment",
  "exposuresCommitment",
] as const;

/** Name of one of the statement's places. */
export type StatementPlace = (typeof FACTS)[number] | LimitPlace;

/** Names of the statement's places, in order; the order never changes within a version. */
export const STATEMENT: readonly StatementPlace[] = [
  ...FACTS,
  ...Object.values<LimitRow>(BOOK_LIMITS)
    .flatMap(({ places }) => Object.entries(places))
    .sort(([, a], [, b]) => a - b)
    .map(([name]) => name as LimitPlace),
];

/** Elements of the statement vector. */
export const STATEMENT_LENGTH = STATEMENT.length;

/** One step of the drawdown chain. */
export interface DrawdownStep {
  /** Units of the fund outstanding, 1e8; at least 1. */
  readonly units: bigint;
  /** 0: the genesis. */
  readonly previousState: bigint;
  readonly newState: bigint;
}

/** Everything that a proof is about, as a verifier knows it. */
export interface Statement {
  readonly domain: Scope;
  readonly subject: `0x${string}`;
  readonly marketRoot: bigint;
  /** Unix seconds. */
  readonly marketTime: number;
  /** Unix seconds. */
  readonly asOf: number;
  /** Hiding commitment to the declared accounts and their sources. */
  readonly enrolment: bigint;
  readonly drawdown: DrawdownStep;
  readonly portfolioCommitment: bigint;
  readonly exposuresCommitment: bigint;
  readonly terms: PolicyTerms;
}

/** The proof's public inputs, in order. */
export interface StatementDigest {
  /** Poseidon digest of the vector. */
  readonly c: Field;
  /** keccak256 of c and the vector, reduced. */
  readonly x: Field;
  /** The vector as a polynomial, at x. */
  readonly y: Field;
}

/** The statement's field elements by the names of their places. */
export function statementPlaces(statement: Statement): Readonly<Record<StatementPlace, bigint>> {
  const { terms, drawdown } = statement;
  return {
    tag: tag(KIND.statement, STATEMENT_LENGTH),
    domain: policyDomainField(statement.domain, policyId(terms)),
    subject: BigInt(statement.subject),
    marketRoot: statement.marketRoot,
    marketTime: BigInt(statement.marketTime),
    scenarioRoot: terms.scenarioRoot,
    sourcesRoot: terms.sourcesRoot,
    enrolment: statement.enrolment,
    asOf: BigInt(statement.asOf),
    units: drawdown.units,
    previousState: drawdown.previousState,
    newState: drawdown.newState,
    portfolioCommitment: statement.portfolioCommitment,
    exposuresCommitment: statement.exposuresCommitment,
    ...limitPlaces(terms),
  };
}

/** The statement vector, 28 field elements in the order of {@link STATEMENT}. */
export function statementVector(statement: Statement): bigint[] {
  const places = statementPlaces(statement);
  return STATEMENT.map((name) => places[name]);
}

/** Poseidon digest of a vector; what the prover commits to before x is known. */
export function commitStatement(vector: readonly bigint[]): Field {
  return absorb(vector);
}

/** The public inputs for a vector and the prover's c, as the contract computes them. */
export function statementInputs(c: bigint, vector: readonly bigint[]): StatementDigest {
  const x = keccakField(abiWords([c, ...vector]));
  const y = vector.reduceRight((sum, value) => (sum * x + value) % FIELD_ORDER, 0n);
  return { c: c as Field, x, y: y as Field };
}
