// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Public tables, read once: the books of a round share market, policy and returns. What follows from them, such as the market's
 * root, the prover then makes once as well.
 *
 * @module
 */

import { createHash } from "node:crypto";
import {
  type Market,
  type Policy,
  parseLiquidity,
  parseMarket,
  parsePolicy,
  parseReturns,
  withLiquidity,
  withReturns,
} from "@keel/verifier";

/** What a book is judged by. */
export interface Tables {
  readonly market: Market;
  readonly policy: Policy;
}

/** The tables' files, as a book has them. */
interface Texts {
  readonly market: string;
  readonly policy: string;
  readonly returns?: string | undefined;
  readonly liquidity?: string | undefined;
}

const KEPT = 16;

/** Reads the tables of books; the latest few are kept. Nothing secret is. */
export function createTables(): (book: Texts) => Tables {
  const known = new Map<string, Tables>();
  return ({ market, policy, returns, liquidity }) => {
    const key = createHash("sha256")
      .update(JSON.stringify([market, policy, returns, liquidity]))
      .digest("hex");
    const tables = known.get(key) ?? read({ market, policy, returns, liquidity });
    known.delete(key);
    known.set(key, tables);
    const [oldest] = known.keys();
    if (known.size > KEPT) known.delete(oldest!);
    return tables;
  };
}

function read({ market, policy, returns, liquidity }: Texts): Tables {
  const prices = parseMarket(market);
  const table = returns === undefined ? prices : withReturns(prices, parseReturns(returns));
  return {
    market: liquidity === undefined ? table : withLiquidity(table, parseLiquidity(liquidity)),
    policy: parsePolicy(policy),
  };
}
