// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * The hiding commitment that a proof publishes about the accounts. The one about the book's sums is the verifier's too, since readers
 * open it. Each has a salt of its own: who is shown what one of them commits to learns nothing of the other.
 *
 * @module
 */

import { type Field, KIND, taggedHash } from "@keel/verifier";

/** Commits to the messages that the sources signed, in the order of the accounts. */
export function portfolioCommitment(messages: readonly Field[], salt: Field): Field {
  return taggedHash(KIND.portfolio, [...messages, salt]);
}
