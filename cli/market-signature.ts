// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * One publisher's signature of a market or returns table as a file (market-signature/1). Public.
 *
 * @module
 */

import { z } from "zod";
import { inputError } from "../verifier/src/errors.js";
import { FIELD_ORDER } from "../verifier/src/field.js";
import type { Market } from "../verifier/src/market.js";
import { marketTable } from "../verifier/src/market-table.js";
import type { Policy } from "../verifier/src/policy.js";
import type { MarketCommitment, MarketSignature, Registry } from "../verifier/src/registry.js";
import { address, fieldElement, parseFile, time } from "../verifier/src/schema.js";
import { tailBasis, tailTable } from "../verifier/src/tail-risk.js";

type Book = Pick<Registry, "chainId" | "marketBook">;

const schema = z.strictObject({
  keel: z.literal("market-signature/1"),
  chainId: z.int().min(0),
  marketBook: address,
  root: fieldElement(FIELD_ORDER),
  asOf: time,
  signer: address,
  signature: z.string().regex(/^0x[0-9a-f]{130}$/),
});

/** What a publisher signs: the market table of the policy's tier or, when returns were named, their table. */
export function commitmentOf(
  { market, policy }: { readonly market: Market; readonly policy: Policy },
  ofReturns: boolean,
): MarketCommitment {
  if (!ofReturns) return { root: marketTable(market, policy).root, asOf: market.asOf };
  const basis = tailBasis(policy, market);
  if (basis !== undefined) return { root: tailTable(basis).root, asOf: basis.returns.asOf };
  throw inputError("returns.unused", "--returns", "a policy with tail-risk limits", "one without");
}

/** Writes a signature file. */
export function formatMarketSignature(
  { chainId, marketBook }: Book,
  { root, asOf }: MarketCommitment,
  { signer, signature }: MarketSignature,
): string {
  const file = {
    keel: "market-signature/1",
    chainId,
    marketBook,
    root: root.toString(),
    asOf,
    signer,
    signature,
  };
  return `${JSON.stringify(file, null, 2)}\n`;
}

/**
 * Reads a signature file of this table for this market book.
 *
 * @throws KeelError kind "input"; `market.signature` for a signature of something else
 */
export function parseMarketSignature(
  text: string,
  name: string,
  book: Book,
  market: MarketCommitment,
): MarketSignature {
  const file = parseFile(schema, text, name);
  const expectSame = (path: string, expected: unknown, received: unknown): void => {
    if (expected === received) return;
    throw inputError("market.signature", `${name}.${path}`, String(expected), String(received));
  };
  expectSame("chainId", book.chainId, file.chainId);
  expectSame("marketBook", book.marketBook.toLowerCase(), file.marketBook);
  expectSame("root", market.root, file.root);
  expectSame("asOf", market.asOf, file.asOf);
  return { signer: file.signer, signature: file.signature as `0x${string}` };
}
