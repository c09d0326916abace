// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Prices from feeds with Chainlink's AggregatorV3Interface, read at one block.
 *
 * @module
 */

import { inputError } from "@keel/verifier";
import { type Address, type PublicClient, parseAbi } from "viem";
import { answered, type ChainView, read } from "../book/importers/chain/read.js";
import { PLACES } from "./numbers.js";

const feedAbi = parseAbi([
  "function decimals() view returns (uint8)",
  "function description() view returns (string)",
  "function latestRoundData() view returns (uint80 roundId, int256 answer, uint256 startedAt, uint256 updatedAt, uint80 answeredInRound)",
]);

const FEED = "a feed with Chainlink's interface";

/** A feed's answer. */
export interface FeedAnswer {
  readonly address: Address;
  /** What the feed says that it is: "ETH / USD". */
  readonly description: string;
  /** 1e36. */
  readonly price: bigint;
  /** Unix seconds. */
  readonly time: number;
}

/** A chain at a block, for feeds. */
export async function feedView(
  client: PublicClient,
  chainId: number | undefined,
  block?: bigint,
): Promise<ChainView> {
  const received = await answered(() => client.getChainId());
  if (received !== chainId) {
    throw inputError("chain.id", "sources.chainId", `the node's chain, ${received}`, `${chainId ?? "none"}`);
  }
  const latest = await answered(() => client.getBlockNumber({ cacheTime: 0 }));
  if (block !== undefined && block > latest) {
    throw inputError("chain.future", "--block", `at most the chain's latest block, ${latest}`, `${block}`);
  }
  const { number, timestamp } = await answered(() => client.getBlock({ blockNumber: block ?? latest }));
  return {
    client,
    owner: "0x0000000000000000000000000000000000000000",
    blockNumber: number,
    time: timestamp,
  };
}

/**
 * A feed's answer at the view's block.
 *
 * @throws KeelError `feed.answer` for one that is no price, or of a round that was never answered
 */
export async function feedAnswer(view: ChainView, address: Address, path: string): Promise<FeedAnswer> {
  const contract = { address, abi: feedAbi } as const;
  const [decimals, description, round] = await Promise.all([
    read(view, path, FEED, { ...contract, functionName: "decimals" }),
    read(view, path, FEED, { ...contract, functionName: "description" }),
    read(view, path, FEED, { ...contract, functionName: "latestRoundData" }),
  ]);
  const [roundId, answer, , updatedAt, answeredInRound] = round;
  const refused = (expected: string, received: string) => inputError("feed.answer", path, expected, received);
  if (decimals > PLACES) throw refused(`at most ${PLACES} decimals`, `${decimals}`);
  if (answer <= 0n) throw refused("an answer above zero", `${answer}`);
  if (updatedAt === 0n || updatedAt > view.time)
    throw refused("an answer of before the block", `${updatedAt}`);
  if (answeredInRound < roundId) throw refused(`an answer of round ${roundId}`, `one of ${answeredInRound}`);
  const price = answer * 10n ** BigInt(PLACES - decimals);
  return { address, description, price, time: Number(updatedAt) };
}
