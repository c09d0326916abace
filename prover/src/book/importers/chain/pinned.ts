// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Does a node of HyperEVM answer for the block that it is asked for? Its default nodes answer calls for the latest state,
 * whatever block is named (Hyperliquid's documentation of HyperEVM's JSON-RPC); and one that knows old blocks of the EVM may still have
 * the precompiles read Hyperliquid's latest state.
 *
 * @module
 */

import { KeelError } from "@keel/verifier";
import type { Hex } from "viem";
import { coreBlock } from "./hypercore.js";
import type { ChainMapping } from "./mapping.js";
import { type ChainView, callAt } from "./read.js";

/** Mainnet and testnet. */
const HYPEREVM: readonly number[] = [999, 998];
/** Creation code that answers NUMBER: a call of it says for which block it is made. */
const NUMBER_CODE: Hex = "0x4360005260206000f3";
/** Blocks back; by then Hyperliquid itself, which makes several blocks a second, is further for sure. */
const BACK = 16n;

/** Whether the node has to prove it. */
export function isPinnedByProof({ chainId, hyperliquid }: ChainMapping): boolean {
  return hyperliquid !== undefined || HYPEREVM.includes(chainId);
}

/**
 * Asks for the block's number at the block and at an earlier one, and for Hyperliquid's own number at both.
 *
 * @param before what it was when reading began
 * @returns Hyperliquid's block number at the view's block
 * @throws KeelError `chain.archive`
 */
export async function provePinned(view: ChainView, before?: bigint): Promise<bigint> {
  const { blockNumber } = view;
  const earlier: ChainView = { ...view, blockNumber: blockNumber > BACK ? blockNumber - BACK : 0n };
  await proveNumber(view);
  await proveNumber(earlier);
  // In this order: of a node that has the latest alone, the second number is never lower.
  const now = await coreBlock(view);
  const then = await coreBlock(earlier);
  if (then >= now) throw notPinned(blockNumber, "Hyperliquid's state of another block");
  if (before === undefined || before === now) return now;
  throw notPinned(blockNumber, "Hyperliquid's state of several blocks");
}

async function proveNumber(view: ChainView): Promise<void> {
  const answer = await callAt(view, { data: NUMBER_CODE });
  if (answer !== undefined && answer.length === 66 && BigInt(answer) === view.blockNumber) return;
  throw notPinned(view.blockNumber, "the state of another block");
}

function notPinned(blockNumber: bigint, received: string): KeelError {
  const expected = `an archive node, which answers calls for block ${blockNumber}`;
  return new KeelError({ kind: "environment", code: "chain.archive", expected, received });
}
