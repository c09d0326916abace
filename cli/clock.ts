// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * What time it is: this machine's time, or the time of a local chain, whose clock is moved to rehearse weeks. What an attestation is
 * judged by there is the chain's clock, so a snapshot of the chain's present is not from the future.
 *
 * @module
 */

import { LOCAL_CHAINS } from "@keel/verifier";
import type { Context } from "./context.js";

/** What may say that a local chain is meant. */
export interface ClockOptions {
  /** A node: its clock counts when its chain is a local one. */
  readonly rpc?: string;
  /** Where an attestation shall count; the clock of a running `keel dev` counts for its own registry. */
  readonly chainId?: number;
  readonly registry?: `0x${string}`;
}

/** The same context with the clock that counts. */
export async function withClock<T extends ClockOptions>(options: T, context: Context): Promise<Context> {
  const time = await localTime(options);
  return time === undefined ? context : { ...context, now: () => time };
}

/** Seconds of the latest block of the local chain that the options mean; nothing when they mean none. */
async function localTime({ rpc, chainId, registry }: ClockOptions): Promise<number | undefined> {
  if (rpc !== undefined) return await blockTime(rpc);
  if (registry === undefined || chainId === undefined || !LOCAL_CHAINS.includes(chainId)) return undefined;
  // Loaded here: most proofs are for no local chain.
  const { devStateFile, runningDev } = await import("./dev-state.js");
  const running = await runningDev(devStateFile());
  return running?.registry === registry.toLowerCase() ? await blockTime(running.rpc) : undefined;
}

async function blockTime(rpc: string): Promise<number | undefined> {
  const { createPublicClient, http } = await import("viem");
  const { toKeelError } = await import("@keel/verifier/chain");
  const client = createPublicClient({ transport: http(rpc) });
  try {
    if (!LOCAL_CHAINS.includes(await client.getChainId())) return undefined;
    return Number((await client.getBlock()).timestamp);
  } catch (error) {
    throw toKeelError(error);
  }
}
