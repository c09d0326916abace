// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Accounts on an EVM chain, read from the operator's own node.
 *
 * An account at a time is the account after the last block at or before that time. The block has to have others after it, and
 * to be deep enough never to be replaced: what is signed cannot be taken back. So every reader finds the same block.
 *
 * @module
 */

import { accountsFromChain, type ChainMapping, parseChainMapping } from "@keel/prover/chain";
import { inputError, KeelError } from "@keel/verifier";
import { type Block, createPublicClient, http, type PublicClient } from "viem";
import type { Driver, Question } from "../reading.js";

export interface ChainOptions {
  /** Whose positions. */
  readonly owner: `0x${string}`;
  /** Account of what the owner holds itself; the mapping names the pools'. */
  readonly account: string;
  readonly mapping: ChainMapping;
  /** Blocks that have to be on top of the one that is read. */
  readonly confirmations: number;
}

const NODE_MS = 30_000;

/** A driver over the chain behind a node. */
export function openChain(rpc: string, options: Omit<ChainOptions, "mapping">, mapping: string): Driver {
  const client = createPublicClient({ transport: http(rpc, { timeout: NODE_MS }) }) as PublicClient;
  return chainDriver(client, { ...options, mapping: parseChainMapping(mapping) });
}

/** A driver over a chain. */
export function chainDriver(client: PublicClient, options: ChainOptions): Driver {
  const { owner, account, mapping, confirmations } = options;
  return {
    evidence: "chain-read",
    name: `chain ${mapping.chainId}`,
    repeats: false,
    read: async (question: Question) => {
      const blockNumber = await blockAt(client, question.asOf, confirmations);
      const request = { owner, account, source: "source", blockNumber };
      const { accounts } = await accountsFromChain(client, request, mapping, question.market);
      const found = accounts.find(({ id }) => id === question.account);
      if (found === undefined) {
        throw inputError("source.account", "account", "an account of the chain mapping", "another");
      }
      return { positions: found.positions, leftOut: [], read: Math.floor(Date.now() / 1000) };
    },
  };
}

/**
 * The last block at or before a time.
 *
 * @throws KeelError `source.young` while that block could still change, `source.stale` before the first block
 */
export async function blockAt(client: PublicClient, asOf: number, confirmations: number): Promise<bigint> {
  const head = await blockOf(client);
  let high = head.number! - BigInt(confirmations);
  const top = high < 1n ? undefined : await blockOf(client, high);
  // The block after the one that is read shows that no other follows at this time.
  if (top === undefined || Number(top.timestamp) <= asOf) {
    throw inputError("source.young", "asOf", `a time with ${confirmations} blocks after it`, "a later one");
  }
  let low = 0n;
  if (Number((await blockOf(client, low)).timestamp) > asOf) {
    throw inputError("source.stale", "asOf", "a time since the chain's first block", "an earlier one");
  }
  while (high - low > 1n) {
    const middle = (low + high) / 2n;
    if (Number((await blockOf(client, middle)).timestamp) <= asOf) low = middle;
    else high = middle;
  }
  return low;
}

async function blockOf(client: PublicClient, blockNumber?: bigint): Promise<Block> {
  try {
    return await client.getBlock(blockNumber === undefined ? { blockTag: "latest" } : { blockNumber });
  } catch {
    throw new KeelError({
      kind: "environment",
      code: "chain.failed",
      path: "chain",
      expected: "a block from the node",
      received: "a failure",
    });
  }
}
