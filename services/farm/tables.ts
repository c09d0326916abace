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
  parseMarket,
  parsePolicy,
  parseReturns,
  withReturns,
} from "@keel/verifier";
import type { StoredBook } from "./store.js";

/** What a book is judged by. */
export interface Tables {
  readonly market: Market;
  readonly policy: Policy;
}

const KEPT = 16;

/** Reads the tables of books; the latest few are kept. Nothing secret is. */
export function createTables(): (book: Pick<StoredBook, "market" | "policy" | "returns">) => Tables {
  const known = new Map<string, Tables>();
  return ({ market, policy, returns }) => {
    const key = createHash("sha256")
      .update(JSON.stringify([market, policy, returns]))
      .digest("hex");
    const tables = known.get(key) ?? read({ market, policy, returns });
    known.delete(key);
    known.set(key, tables);
    const [oldest] = known.keys();
    if (known.size > KEPT) known.delete(oldest!);
    return tables;
  };
}

function read({
  market,
  policy,
  returns,
}: {
  market: string;
  policy: string;
  returns: string | undefined;
}): Tables {
  const table = parseMarket(market);
  return {
    market: returns === undefined ? table : withReturns(table, parseReturns(returns)),
    policy: parsePolicy(policy),
  };
}
