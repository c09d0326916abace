// SPDX-License-Identifier: MIT
/**
 * When a contract was made, from the states that a node remembers.
 *
 * @module
 */

import type { Address, PublicClient } from "viem";

/**
 * The first block with code at an address, at or before a block that has some.
 *
 * @returns undefined where the node has no states of the past, or the block has no code there
 */
export async function creationBlock(
  client: PublicClient,
  address: Address,
  latest: bigint,
): Promise<bigint | undefined> {
  try {
    if (!(await hasCode(client, address, latest))) return undefined;
    let [without, having] = [-1n, latest];
    while (having - without > 1n) {
      const middle = (without + having) / 2n;
      if (await hasCode(client, address, middle)) having = middle;
      else without = middle;
    }
    return having;
  } catch {
    return undefined;
  }
}

async function hasCode(client: PublicClient, address: Address, blockNumber: bigint): Promise<boolean> {
  const code = await client.getCode({ address, blockNumber });
  return code !== undefined && code !== "0x";
}
