// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Inputs of a disclosure circuit: opens the exposures commitment of a portfolio-health proof, and seals its sums for viewers.
 *
 * @module
 */

import {
  BASE_POINT,
  checkSourceKey,
  commitStatement,
  type DisclosureShape,
  type DisclosureStatement,
  disclosureVector,
  type Exposures,
  exposuresCommitment,
  type Field,
  grossAndCollateral,
  keyStream,
  navOf,
  type SealedSums,
  type SourceKey,
  type StatementDigest,
  SUBGROUP_ORDER,
  sharedPoint,
  statementInputs,
  sumWords,
  toField,
  wrappingOf,
} from "@keel/verifier";
import { type CircuitInput, randomBelow, randomSalt } from "./input.js";

/** What a policy demands to be shown. */
export interface DisclosureTerms {
  readonly shape: DisclosureShape;
  /** USD 1e16; 0: no net asset value. */
  readonly navStep: bigint;
  /** As many as the circuit has places. */
  readonly viewers: readonly SourceKey[];
}

/** Everything a disclosure proof needs, and what it will say. */
export interface DisclosureWitness {
  /** Secret. */
  readonly input: CircuitInput;
  readonly statement: DisclosureStatement;
  readonly digest: StatementDigest;
}

/**
 * Builds the inputs from the same exposures and salt as the portfolio-health proof. What seals the sums is new for every call.
 *
 * @param exposures padded to the circuit's places
 * @throws KeelError `source.key` for a viewer's key that is none
 */
export function disclosureWitness(
  exposures: Exposures,
  exposuresSalt: Field,
  { shape, navStep, viewers }: DisclosureTerms,
): DisclosureWitness {
  const commitment = exposuresCommitment(exposures, exposuresSalt);
  // Before anything is sealed: with a key of low order everybody could read it.
  for (const [v, key] of viewers.entries()) checkSourceKey(key, `viewers[${v}]`);
  const seal = shape.viewers === 0 ? undefined : sealFor(exposures, commitment, viewers);
  const nav = navOf(exposures.equity, navStep);
  const statement = {
    ...{ exposuresCommitment: commitment, navStep, nav, viewers },
    ...(seal === undefined ? {} : { sealed: seal.sealed }),
  };
  const vector = disclosureVector(statement);
  const digest = statementInputs(commitStatement(vector), vector);
  const input = {
    ...digest,
    ...{ navStep, nav, viewerKey: viewers, exposuresSalt },
    underlyingsId: exposures.underlyingsId,
    equity: toField(exposures.equity),
    assets: toField(exposures.assets),
    grossAndCollateral: grossAndCollateral(exposures),
    delta: exposures.deltas.map(toField),
    accountEquity: exposures.accountEquity.map(toField),
    bookSum: exposures.bookSums.map(toField),
    secret: seal === undefined ? [] : [seal.secret],
    dataKey: seal === undefined ? [] : [seal.dataKey],
  };
  return { input, statement, digest };
}

interface Seal {
  readonly secret: bigint;
  readonly dataKey: Field;
  readonly sealed: SealedSums;
}

function sealFor(exposures: Exposures, commitment: Field, viewers: readonly SourceKey[]): Seal {
  const secret = randomBelow(SUBGROUP_ORDER - 1n) + 1n;
  const dataKey = randomSalt();
  const words = sumWords(exposures);
  const stream = keyStream(dataKey, commitment, words.length);
  const wrappedKeys = viewers.map((key) =>
    toField(dataKey + wrappingOf(sharedPoint(key, secret), commitment)),
  );
  const sealed = {
    point: sharedPoint(BASE_POINT, secret),
    wrappedKeys,
    words: words.map((word, w) => toField(word + stream[w]!)),
  };
  return { secret, dataKey, sealed };
}
