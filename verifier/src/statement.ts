// SPDX-License-Identifier: MIT
/**
 * The public statement: what a proof says, as a vector of field elements, and its digest (c, x, y), the proof's only
 * public inputs. circuits/SPEC.md section 6 gives the reason why three numbers are enough.
 *
 * @module
 */

import { domainField, type Scope } from "./domain.js";
import { absorb, FIELD_ORDER, KIND, keccakField, tag } from "./field.js";
import type { PolicyTerms } from "./policy.js";
import type { Field } from "./units.js";
import { abiWords } from "./words.js";

/** Elements of the statement vector; its order never changes. */
export const STATEMENT_LENGTH = 28;

const SIGNED_RATIO_BIAS = 1n << 31n;

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
  /** Hiding commitment to the declared accounts. */
  readonly enrolment: bigint;
  readonly chain: DrawdownStep;
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

/** The statement vector, 28 field elements. The disclosure, which no circuit proves yet, is 0. */
export function statementVector(statement: Statement): bigint[] {
  const { terms } = statement;
  return [
    tag(KIND.statement, STATEMENT_LENGTH),
    domainField(statement.domain),
    BigInt(statement.subject),
    statement.marketRoot,
    BigInt(statement.marketTime),
    terms.scenarioRoot,
    terms.sourcesRoot,
    statement.enrolment,
    BigInt(statement.asOf),
    statement.chain.units,
    statement.chain.previousState,
    statement.chain.newState,
    statement.portfolioCommitment,
    statement.exposuresCommitment,
    0n, // disclosure
    BigInt(terms.minCollateralRatio),
    BigInt(terms.minHealthFactor),
    BigInt(terms.maxLeverage),
    BigInt(terms.netDeltaLo) + SIGNED_RATIO_BIAS,
    BigInt(terms.netDeltaHi) + SIGNED_RATIO_BIAS,
    BigInt(terms.maxUnderlyingDelta),
    BigInt(terms.maxVenue),
    BigInt(terms.maxGamma),
    BigInt(terms.maxVega),
    BigInt(terms.maxTheta),
    BigInt(terms.maxStressLoss),
    BigInt(terms.maxDrawdown),
    terms.minEquity,
  ];
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
