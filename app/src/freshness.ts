// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Whether what a node says is of now: a node that is behind its chain knows nothing of what was revoked since.
 *
 * @module
 */

import { LOCAL_CHAINS } from "@keel/verifier";
import { span } from "@keel/verifier/text";

/** Blocks of a chain that lives are younger; another clock may be so much off. Seconds. */
export const BLOCK_PATIENCE = 900;

/**
 * Why a block says nothing of now; undefined while it does. A local chain makes no blocks while nobody uses it.
 *
 * @param clock unix seconds, by the visitor's own clock
 */
export function behindText(chainId: number, blockTime: number, clock: number): string | undefined {
  const behind = LOCAL_CHAINS.includes(chainId) ? 0 : Math.floor(clock - blockTime);
  if (behind <= BLOCK_PATIENCE) return undefined;
  return `The node's latest block is ${span(behind)} old: it may be behind the chain. Choose another node above.`;
}

/** What time it is for an attestation: the chain's or, where a node may be behind, the later one of two clocks. */
export function laterTime(chainId: number, blockTime: number, clock: number): number {
  return LOCAL_CHAINS.includes(chainId) ? blockTime : Math.max(blockTime, clock);
}

/**
 * Whether a record that was looked at a while ago may still be called healthy.
 *
 * @param age seconds since it was looked at
 */
export function isStillTrue(
  { expiry, healthy }: { readonly expiry: number; readonly healthy: boolean },
  blockTime: number,
  age: number,
): boolean {
  return healthy && age <= BLOCK_PATIENCE && blockTime + age < expiry;
}
