// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Positions from EVM chains, as `@keel/prover/chain`. Apart from `@keel/prover`, so that a page which proves does not carry a
 * chain client.
 *
 * @module
 */

export {
  accountsFromChain,
  type ChainBalances,
  type ChainRequest,
  type NotLookedFor,
} from "./chain/accounts.js";
export type { KnownLender } from "./chain/lenders.js";
export { knownLenders } from "./chain/lenders.js";
export type { LenderKind } from "./chain/lenders-data.js";
export { type ChainMapping, type LenderPlace, parseChainMapping, type TokenPlace } from "./chain/mapping.js";
export { hostedNode, type NodeOptions } from "./chain/node.js";
