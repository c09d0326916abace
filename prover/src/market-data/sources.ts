// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * market-sources/1: the rows of a market, and where each price comes from.
 *
 * @module
 */

import { address, checkUnique, FORMATS, identifier, parseFile } from "@keel/verifier";
import { z } from "zod";
import { QUOTE_VENUES } from "./responses.js";

const MAX_AGE = 7 * 86_400;

const text = z.string().min(1).max(80);
const age = z.int().min(1).max(MAX_AGE);
/** Checked with everything else of the market that comes out. */
const number = z.string().max(40);

const origin = z.union([
  /** A price that is set, such as 1 for a coin that stands for a dollar. */
  z.strictObject({ fixed: number }),
  /** Price feeds with Chainlink's interface on one chain; of several the product: wstETH / ETH and ETH / USD. */
  z.strictObject({ feeds: z.array(address).min(1).max(3) }),
  /** A venue's mark for a contract, its index for a coin. */
  z.strictObject({ venue: z.enum(QUOTE_VENUES), name: text }),
]);

const row = z.strictObject({
  id: identifier,
  kind: z.enum(["cash", "spot", "perp", "future", "option"]),
  underlying: identifier,
  collateralFactor: number.optional(),
  /** Coins in one unit: the price of one is multiplied. */
  multiplier: z.int().min(2).max(1_000_000_000).optional(),
  face: number.optional(),
  from: origin,
  /** Seconds; the file's when absent. */
  maxAge: age.optional(),
});

const sourcesSchema = z.strictObject({
  keel: z.literal("market-sources/1"),
  underlyings: z.array(identifier).min(1).max(256),
  instruments: z.array(row).min(1).max(4096),
  maxAge: age,
  /** The chain of the feeds. */
  chainId: z.int().min(1).optional(),
});
FORMATS.add(sourcesSchema, {
  id: "market-sources/1",
  folder: "prover",
  title: "Where each price of a market comes from",
});

/** A market-sources/1 file, parsed. */
export type MarketSources = z.output<typeof sourcesSchema>;
/** Where one instrument's price comes from. */
export type SourceRow = z.output<typeof row>;

/**
 * Reads a market-sources/1 file.
 *
 * @throws KeelError kind "input"
 */
export function parseMarketSources(file: string): MarketSources {
  const sources = parseFile(sourcesSchema, file, "sources");
  checkUnique(
    sources.instruments.map(({ id }) => id),
    "sources.instruments",
  );
  return sources;
}
