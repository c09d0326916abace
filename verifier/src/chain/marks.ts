// SPDX-License-Identifier: MIT
/**
 * Blocks that were looked at, by hash: which of them still stand after a reorganisation.
 *
 * @module
 */

import type { Hex } from "viem";
import { KeelError } from "../core/errors.js";
import { type Registry, toKeelError } from "./registry.js";

/** A block that was looked at. */
export interface Mark {
  readonly number: bigint;
  readonly hash: Hex;
  /** Unix seconds. */
  readonly time: number;
}

/** The block of this number as the node has it now. @throws KeelError `chain.call` when it has none */
export async function markAt({ client }: Registry, blockNumber: bigint): Promise<Mark> {
  const block = await client.getBlock({ blockNumber }).catch((error: unknown) => {
    throw toKeelError(error);
  });
  return { number: blockNumber, hash: block.hash!, time: Number(block.timestamp) };
}

/** How much of what was looked at still stands. */
export interface Standing {
  /** The last marked block that does; absent when none does, or none is marked. */
  readonly base?: Mark;
  /** A marked block that the node should have was replaced. */
  readonly replaced: boolean;
}

/** Goes back from `toBlock` to the last marked block that the node still has. */
export async function lastStanding(
  registry: Registry,
  marks: readonly Mark[],
  toBlock: bigint,
): Promise<Standing> {
  let replaced = false;
  for (const mark of [...marks].reverse()) {
    if (mark.number > toBlock) continue;
    if ((await markAt(registry, mark.number)).hash === mark.hash) return { base: mark, replaced };
    replaced = true;
  }
  return { replaced };
}

/**
 * Marks the blocks of some numbers and, closer and closer together, those before the last one.
 *
 * @param after nothing at or before this block
 * @param depth so many blocks back at most
 */
export async function marksUpTo(
  registry: Registry,
  end: Mark,
  numbers: readonly bigint[],
  { after, depth }: { readonly after: bigint; readonly depth: bigint },
): Promise<Mark[]> {
  const wanted = new Set(numbers.filter((number) => end.number - number < depth));
  for (let back = 1n; back < depth; back *= 2n) wanted.add(end.number - back);
  wanted.add(end.number - depth);
  const sorted = [...wanted].filter((number) => number > after && number >= 0n && number < end.number);
  const marks = await Promise.all(sorted.map((number) => markAt(registry, number)));
  return [...marks.sort((a, b) => Number(a.number - b.number)), end];
}

/** The marks of the last `depth` blocks, and the last one before them. */
export function recentMarks(marks: readonly Mark[], depth: bigint): Mark[] {
  const end = marks.at(-1);
  if (end === undefined) return [];
  const first = marks.findIndex(({ number }) => end.number - number < depth);
  return marks.slice(first > 0 ? first - 1 : 0);
}

/** Blocks were replaced while they were read, again and again. */
export function unsteady(path: string): KeelError {
  return new KeelError({
    kind: "environment",
    code: "chain.block",
    path,
    expected: "blocks that stay while they are read",
    received: "others, three times",
  });
}
