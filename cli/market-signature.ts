// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * One publisher's signature of a market, returns or liquidity table as a file (market-signature/2). Public.
 *
 * @module
 */

import {
  address,
  depthTable,
  FIELD_ORDER,
  FORMATS,
  fieldElement,
  liquidityBasis,
  liquidityContentHash,
  type Market,
  marketContentHash,
  marketTable,
  type Policy,
  parseFile,
  returnsContentHash,
  SERIES,
  seriesKind,
  tailBasis,
  tailTable,
  time,
} from "@keel/verifier";
import type { MarketCommitment, MarketSignature, Registry } from "@keel/verifier/chain";
import { inputError } from "@keel/verifier/errors";
import { z } from "zod";

type Book = Pick<Registry, "chainId" | "marketBook">;

/** Instead of converting a signature of version 1. */
export const SIGN_AGAIN = "`keel sign-market` signs the series and the file's content too";

const hash = z.string().regex(/^0x[0-9a-f]{64}$/);

const schema = z.strictObject({
  keel: z.literal("market-signature/2"),
  chainId: z.int().min(0),
  marketBook: address,
  series: hash,
  root: fieldElement(FIELD_ORDER),
  asOf: time,
  contentHash: hash,
  signer: address,
  signature: z.string().regex(/^0x[0-9a-f]{130}$/),
});
FORMATS.add(schema, { id: "market-signature/2", folder: "cli", title: "A publisher's signature of a table" });

/** A policy's tables. */
export type TableName = "prices" | "returns" | "liquidity";

/**
 * What a publisher signs: the market table of the policy's tier, its table of returns or that of depths; with the series that the
 * policy names and the hash of the file's content.
 *
 * @throws KeelError `policy.series` for a market that a contract reads from feeds; `returns.missing`, `returns.unused`,
 * `liquidity.missing`, `liquidity.unused`
 */
export function commitmentOf(
  { market, policy }: { readonly market: Market; readonly policy: Policy },
  table: TableName,
): MarketCommitment {
  if (table === "prices") return marketCommitment(market, policy);
  if (table === "liquidity") return liquidityCommitment(market, policy);
  const basis = tailBasis(policy, market);
  if (basis === undefined) {
    throw inputError("returns.unused", "--returns", "a policy with tail-risk limits", "one without");
  }
  const { returns, tail } = basis;
  const { root } = tailTable(basis);
  return { series: tail.series, root, asOf: returns.asOf, contentHash: returnsContentHash(returns) };
}

function marketCommitment(market: Market, policy: Policy): MarketCommitment {
  const { series } = policy.market;
  if (seriesKind(series) !== SERIES.market) {
    const path = "policy.market.series";
    throw inputError("policy.series", path, "a series that publishers sign (0x01…)", "a series of feeds");
  }
  const { root } = marketTable(market, policy);
  return { series, root, asOf: market.asOf, contentHash: marketContentHash(market) };
}

function liquidityCommitment(market: Market, policy: Policy): MarketCommitment {
  const basis = liquidityBasis(policy, market);
  if (basis === undefined) {
    const expected = "a policy that limits the days to unwind";
    throw inputError("liquidity.unused", "--liquidity", expected, "one that does not");
  }
  const { liquidity } = basis.market;
  const { root, universe } = depthTable(basis);
  const contentHash = liquidityContentHash(liquidity, universe);
  return { series: basis.terms.series, root, asOf: liquidity.asOf, contentHash };
}

/** Writes a signature file. */
export function formatMarketSignature(
  { chainId, marketBook }: Book,
  { series, root, asOf, contentHash }: MarketCommitment,
  { signer, signature }: MarketSignature,
): string {
  const file = {
    keel: "market-signature/2",
    ...{ chainId, marketBook },
    ...{ series, root: root.toString(), asOf, contentHash },
    ...{ signer, signature },
  };
  return `${JSON.stringify(file, null, 2)}\n`;
}

/**
 * Reads a signature file of this table for this market book.
 *
 * @throws KeelError kind "input"; `market.signature` for a signature of something else, `file.version` for one of version 1
 */
export function parseMarketSignature(
  text: string,
  name: string,
  book: Book,
  market: MarketCommitment,
): MarketSignature {
  const file = parseFile(schema, text, name, { command: `${SIGN_AGAIN}: no command converts it` });
  const expectSame = (path: string, expected: unknown, received: unknown): void => {
    if (expected === received) return;
    throw inputError("market.signature", `${name}.${path}`, String(expected), String(received));
  };
  expectSame("chainId", book.chainId, file.chainId);
  expectSame("marketBook", book.marketBook.toLowerCase(), file.marketBook);
  expectSame("series", market.series, file.series);
  expectSame("root", market.root, file.root);
  expectSame("asOf", market.asOf, file.asOf);
  expectSame("contentHash", market.contentHash, file.contentHash);
  return { signer: file.signer, signature: file.signature as `0x${string}` };
}
