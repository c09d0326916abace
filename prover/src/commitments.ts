// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Hiding commitments that a proof publishes about secret data: to the signed accounts, and to the exposures, so that
 * later statements (tail risk, disclosure) can speak of the same portfolio.
 *
 * @module
 */

import { type Field, KIND, taggedHash, toField } from "../../verifier/src/index.js";

/** Commits to the messages that the sources signed, in the order of the accounts. */
export function portfolioCommitment(messages: readonly Field[], salt: Field): Field {
  return taggedHash(KIND.portfolio, [...messages, salt]);
}

/** What statements beside portfolio-health may speak of; amounts in USD 1e16, signed. */
export interface Exposures {
  readonly underlyingsId: Field;
  readonly equity: bigint;
  /** D[u], padded to the circuit's underlyings. */
  readonly deltas: readonly bigint[];
}

/** Commits to equity and the dollar deltas. */
export function exposuresCommitment(exposures: Exposures, salt: Field): Field {
  return taggedHash(KIND.exposures, [
    exposures.underlyingsId,
    toField(exposures.equity),
    ...exposures.deltas.map(toField),
    salt,
  ]);
}
