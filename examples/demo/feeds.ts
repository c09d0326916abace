// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * The demo's market: price feeds that the contract itself reads, and a proof that a root is the root of just those prices.
 *
 * @module
 */

import type { Address, Hex } from "viem";
import { deployContract, loadArtifact } from "../../contracts/index.js";
import type { Prover } from "../../prover/src/engine/node.js";
import { buildMarketRoot } from "../../prover/src/index.js";
import { feedMarketAbi } from "../../verifier/src/abi.js";
import { marketRootCircuit } from "../../verifier/src/circuits.js";
import {
  type PriceSource,
  publishFromFeeds,
  readFeeds,
  universeHash,
  universeOf,
} from "../../verifier/src/feeds.js";
import { type Market, marketTable, type Policy } from "../../verifier/src/index.js";
import type { Registry, Wallet } from "../../verifier/src/registry.js";
import { type Stage, transact } from "./stage.js";

/** Rows of the smallest tier's market table. */
const CAPACITY = 16;
export const MARKET_CIRCUIT = marketRootCircuit(CAPACITY);
export const MARKET_VERIFIER = "MarketRootVerifier";

const HEARTBEAT_S = 3600;
const DECIMALS = 8;

/** A universe of instruments with a feed each. */
export interface Feeds {
  readonly market: Address;
  readonly universe: Hex;
  readonly feedOf: ReadonlyMap<string, Address>;
}

/** Deploys a feed for each instrument, and opens the universe that reads them. @param owner may open universes */
export async function openFeeds(
  stage: Stage,
  owner: Wallet,
  feedMarket: Address,
  market: Market,
): Promise<Feeds> {
  const clients = { walletClient: owner, publicClient: stage.client };
  const feedOf = new Map<string, Address>();
  const sources = new Map<string, PriceSource>();
  for (const { id } of market.instruments) {
    const feed = await deployContract(clients, "TestFeed", [DECIMALS, 0n, 0n]);
    feedOf.set(id, feed);
    sources.set(id, { feed, heartbeat: HEARTBEAT_S });
  }
  const universe = universeOf(market, CAPACITY, sources);
  const call = { address: feedMarket, abi: feedMarketAbi, functionName: "open", args: [universe] } as const;
  await transact(stage, owner, call);
  return { market: feedMarket, universe: universeHash(universe), feedOf };
}

/** The feeds report a market's prices at its time. */
export async function quote(
  stage: Stage,
  reporter: Wallet,
  { feedOf }: Feeds,
  market: Market,
): Promise<void> {
  const { abi } = await loadArtifact("TestFeed");
  for (const { id, price } of market.instruments) {
    const args = [price, BigInt(market.asOf)];
    await transact(stage, reporter, { address: feedOf.get(id)!, abi, functionName: "set", args });
  }
}

/**
 * Proves the root of the prices that the contract reads now, and has it accepted. Anybody may: nothing in it is secret.
 *
 * @returns the market that was read
 */
export async function acceptFromFeeds(
  {
    registry,
    wallet,
    prover,
  }: { readonly registry: Registry; readonly wallet: Wallet; readonly prover: Prover },
  { market: feedMarket, universe }: Feeds,
  { market, policy }: { readonly market: Market; readonly policy: Policy },
): Promise<Market> {
  const found = await readFeeds(registry, feedMarket, universe, market, market.asOf);
  const { input, digest } = buildMarketRoot(marketTable(found, policy));
  const { proof } = await prover.prove(input);
  const table = { id: universe, root: digest.c, asOf: market.asOf, capacity: CAPACITY };
  await publishFromFeeds(registry, wallet, feedMarket, table, proof);
  return found;
}
