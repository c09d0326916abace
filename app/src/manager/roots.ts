// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * What stands for a book's files on chain: hashes that the desk calculates, since they take a while.
 *
 * @module
 */

import { type DrawdownState, type Enrolment, enrolmentCommitment, stateCommitment } from "@keel/prover";
import { type Market, marketTable, type Policy, returnsTable } from "@keel/verifier";

/** Files that have a hash on chain. */
export interface RootFiles {
  readonly market: Market;
  readonly policy: Policy;
  readonly enrolment?: Enrolment;
  readonly state?: DrawdownState;
}

/** Their hashes; absent for what is not open, or what the policy does not need. */
export interface BookRoots {
  readonly market: bigint;
  readonly returns?: bigint;
  readonly enrolment?: bigint;
  readonly state?: bigint;
}

/** Calculates them. @throws KeelError as `marketTable` and `returnsTable` */
export function rootsOf({ market, policy, enrolment, state }: RootFiles): BookRoots {
  const { tail } = policy;
  const returns =
    tail === undefined || market.returns === undefined
      ? undefined
      : returnsTable(market.returns, tail.circuit.shape).root;
  return {
    market: marketTable(market, policy).root,
    ...(returns === undefined ? {} : { returns }),
    ...(enrolment === undefined ? {} : { enrolment: enrolmentCommitment(enrolment) }),
    ...(state === undefined ? {} : { state: stateCommitment(state) }),
  };
}
