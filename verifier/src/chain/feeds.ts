// SPDX-License-Identifier: MIT
/**
 * Market tables from price feeds: the universe that a feed market reads, the market it would accept now, and the
 * submission of a proven root.
 *
 * @module
 */

import {
  type Address,
  encodeAbiParameters,
  encodeFunctionData,
  getAbiItem,
  type Hex,
  keccak256,
  zeroAddress,
} from "viem";
import { inputError, KeelError } from "../core/errors.js";
import { encodeProof, type Groth16Proof } from "../core/groth16.js";
import { usd8 } from "../core/units.js";
import { marketRootCircuit } from "../files/circuits.js";
import { isExposed, isFunded, type Market, underlyingsId, universeId } from "../files/market.js";
import { circuitHash } from "../files/policy.js";
import { feedMarketAbi } from "./abi.js";
import { latestVersion, type Receipt, type Registry, send, toKeelError, type Wallet } from "./registry.js";

/**
 * Where an instrument's price comes from: an AggregatorV3 feed with an age and bounds beyond which its answer is no price, or the
 * market file's price for good. The bounds are USD with 8 decimals, neither included: the aggregator's least and greatest answer,
 * or closer.
 */
export type PriceSource =
  | {
      readonly feed: Address;
      readonly heartbeat: number;
      readonly minPrice: bigint;
      readonly maxPrice: bigint;
    }
  | "fixed";

/** The feed market's `Universe` struct. */
export type Universe = ReturnType<typeof universeOf>;

/**
 * The universe of a market file's instruments, in their order.
 *
 * @param capacity rows of the tier's circuit, for instance 16
 * @param sources by instrument id; every instrument must have one
 * @throws KeelError `feeds.source`; `feeds.option` for an option, which no feed gives sensitivities for
 */
export function universeOf(market: Market, capacity: number, sources: ReadonlyMap<string, PriceSource>) {
  return {
    circuit: circuitHash(marketRootCircuit(capacity)),
    capacity,
    underlyingsId: underlyingsId(market.underlyings),
    universeId: universeId(market),
    instruments: market.instruments.map((row) => {
      const source = sources.get(row.id);
      if (source === undefined) throw inputError("feeds.source", row.id, "a feed or a fixed price", "none");
      if (row.kind === "option")
        throw inputError("feeds.option", row.id, "a kind that has no greeks", "option");
      return {
        feed: source === "fixed" ? zeroAddress : source.feed,
        heartbeat: source === "fixed" ? 0 : source.heartbeat,
        fixedPrice: source === "fixed" ? row.price : 0n,
        minPrice: source === "fixed" ? 0n : source.minPrice,
        maxPrice: source === "fixed" ? 0n : source.maxPrice,
        collateralFactor: Number(row.collateralFactor),
        funded: isFunded(row.kind),
        exposed: isExposed(row.kind),
        underlying: market.underlyings.indexOf(row.underlying),
      };
    }),
  };
}

/** A universe's id: keccak256 of its ABI encoding. */
export function universeHash(universe: Universe): Hex {
  const { inputs } = getAbiItem({ abi: feedMarketAbi, name: "open" });
  return keccak256(encodeAbiParameters(inputs, [universe]));
}

/**
 * The market with the prices that a feed market reads now, as of `asOf`: what a `market-root` proof has to be about.
 *
 * @param market gives names and order; its prices and time are replaced
 * @throws KeelError `registry.feed*` when a feed is not fit for this time; `feeds.universe` when the universe is another
 */
export async function readFeeds(
  registry: Registry,
  feedMarket: Address,
  id: Hex,
  market: Market,
  asOf: number,
): Promise<Market> {
  const args = [id, BigInt(asOf)] as const;
  const call = { address: feedMarket, abi: feedMarketAbi, functionName: "vectorOf", args } as const;
  const vector = await registry.client
    .readContract({ ...call, blockTag: "pending" })
    .catch((error: unknown) => {
      throw toKeelError(error);
    });
  const [, , underlyings, universe] = vector;
  if (underlyings !== underlyingsId(market.underlyings) || universe !== universeId(market)) {
    throw new KeelError({
      kind: "input",
      code: "feeds.universe",
      path: "market.instruments",
      expected: `the instruments of universe ${id}`,
      received: "others, or in another order",
    });
  }
  const instruments = market.instruments.map((row, i) => ({ ...row, price: usd8(vector[4 + i]!) }));
  return { ...market, asOf, instruments };
}

/**
 * Hands a proven root to the feed market; any account may. The feeds are read again on chain: when one has moved on
 * since the proof was made, the call is refused and the proof has to be made again.
 *
 * @param version of the market-root verifier; the newest live one when absent
 * @throws KeelError `registry.rootRefused` or `registry.feed*`
 */
export async function publishFromFeeds(
  registry: Registry,
  wallet: Wallet,
  feedMarket: Address,
  table: { readonly id: Hex; readonly root: bigint; readonly asOf: number; readonly capacity: number },
  proof: Groth16Proof,
  version?: number,
): Promise<Receipt> {
  const live = version ?? (await latestVersion(registry, marketRootCircuit(table.capacity)));
  const args = [table.id, table.root, BigInt(table.asOf), live, encodeProof(proof)] as const;
  const data = encodeFunctionData({ abi: feedMarketAbi, functionName: "publish", args });
  return await send(registry, wallet, feedMarket, data);
}
