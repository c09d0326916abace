// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * The market-root statement: that a Poseidon root is the root of prices which a contract read from feeds. Nothing in it is
 * secret, and anybody may prove it.
 *
 * @module
 */

import {
  type Field,
  type MarketTable,
  marketRoot,
  marketRows,
  marketVector,
  type StatementDigest,
  statementInputs,
} from "@keel/verifier";
import type { CircuitInput } from "./input.js";

/** Inputs of the market-root circuit for a table, and its public inputs, of which c is the root. */
export function buildMarketRoot(table: Omit<MarketTable, "root">): {
  readonly input: CircuitInput;
  readonly digest: StatementDigest;
} {
  const root: Field = marketRoot(table);
  const digest = statementInputs(root, marketVector(table));
  const { time, underlyingsId, universe, price } = table;
  return { input: { ...digest, time, underlyingsId, universe, price, rows: marketRows(table) }, digest };
}
