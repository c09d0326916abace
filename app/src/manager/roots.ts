// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * What stands for a book's files on chain: hashes that the desk calculates, since they take a while.
 *
 * @module
 */

import { type DrawdownState, type Enrolment, enrolmentCommitment, stateCommitment } from "@keel/prover";
import { type Market, marketTable, type Policy } from "@keel/verifier";
import { neededTables, TABLES, type TableKind } from "../beside.js";

/** Files that have a hash on chain. */
export interface RootFiles {
  readonly market: Market;
  readonly policy: Policy;
  readonly enrolment?: Enrolment;
  readonly state?: DrawdownState;
}

/** Their hashes; absent for what is not open, or what the policy does not need. */
export interface BookRoots extends Partial<Readonly<Record<TableKind, bigint>>> {
  readonly market: bigint;
  readonly enrolment?: bigint;
  readonly state?: bigint;
}

/** Calculates them. @throws KeelError as `marketTable`, `tailBasis` and `liquidityBasis` */
export function rootsOf({ market, policy, enrolment, state }: RootFiles): BookRoots {
  const tables = neededTables(policy).map((kind) => [kind, TABLES[kind].placeOf(policy, market)!.root]);
  return {
    market: marketTable(market, policy).root,
    ...Object.fromEntries(tables),
    ...(enrolment === undefined ? {} : { enrolment: enrolmentCommitment(enrolment) }),
    ...(state === undefined ? {} : { state: stateCommitment(state) }),
  };
}
