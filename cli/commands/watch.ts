// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * `keel watch`: what happened to trust, as it happens or, with `--once`, since a block or since the last look. Exit code 2 when
 * something did.
 *
 * @module
 */

import { setTimeout as sleep } from "node:timers/promises";
import { LOCAL_CHAINS } from "@keel/verifier";
import {
  finalBlock,
  latestBlock,
  look,
  memoryOf,
  type Notice,
  type Registry,
  startWatch,
  type Watch,
  type WatchMemory,
} from "@keel/verifier/chain";
import { KeelError } from "@keel/verifier/errors";
import { eventLine, jsonText, printable } from "@keel/verifier/text";
import type { Address, Hex } from "viem";
import { wholeNumber } from "../arguments.js";
import { connect, type RegistryOptions } from "../chain.js";
import { type Context, note, type Outcome } from "../context.js";
import { usageError } from "../errors.js";
import { readText } from "../files.js";
import { memoryText, parseMemory } from "../watch-memory.js";
import { openWatchService, type WatchService, type WatchServiceOptions } from "../watch-service.js";

export interface WatchOptions extends RegistryOptions, WatchServiceOptions {
  readonly subject?: Address;
  readonly policyId?: Hex;
  readonly fromBlock?: number;
  /** First block to look at, or the file that has what the last look printed; the next block when absent. */
  readonly since?: string;
  readonly once?: true;
  readonly interval?: number;
  readonly confirmations?: number;
  readonly depth?: number;
  readonly json?: true;
}

const INTERVAL_S = 15;

/** Looks once, or until it is interrupted. */
export async function watch(options: WatchOptions, context: Context): Promise<Outcome> {
  const { subject, policyId, fromBlock = 0, depth } = options;
  if (options.once && options.since === undefined && options.memory === undefined) {
    throw usageError("--since or --memory with --once", "neither");
  }
  const service = await openWatchService(options, context);
  const told =
    service?.memory === undefined ? undefined : parseMemory(JSON.stringify({ memory: service.memory }));
  const since = told ?? (await sinceOf(options, context));
  const registry = await connect(options);
  const query = {
    fromBlock: BigInt(fromBlock),
    ...(subject === undefined ? {} : { subject }),
    ...(policyId === undefined ? {} : { policyId }),
    ...(depth === undefined ? {} : { depth }),
  };
  const leaveOut = await leftOut(registry, options, typeof since === "bigint");
  const started = await startWatch(registry, query, since ?? (await latestBlock(registry)) - leaveOut + 1n);
  return options.once
    ? await once(registry, started, leaveOut, service)
    : await stream(registry, options, started, leaveOut, context, service);
}

/** A block, or what the last look remembered. */
async function sinceOf({ since }: WatchOptions, context: Context): Promise<bigint | WatchMemory | undefined> {
  if (since === undefined) return undefined;
  if (/^[0-9]+$/.test(since)) return BigInt(wholeNumber("--since", 0, Number.MAX_SAFE_INTEGER)(since));
  return parseMemory(await readText(since, "since", context));
}

/**
 * Latest blocks that are not looked at. Who starts from a block and remembers nothing else would not notice that one was replaced,
 * so it is told what is final; who remembers is told everything at once.
 */
async function leftOut(registry: Registry, options: WatchOptions, forgets: boolean): Promise<bigint> {
  if (options.confirmations !== undefined) return BigInt(options.confirmations);
  if (!options.once || !forgets || LOCAL_CHAINS.includes(registry.chainId)) return 0n;
  const [latest, final] = await Promise.all([latestBlock(registry), finalBlock(registry)]);
  return latest > final ? latest - final : 0n;
}

async function once(
  registry: Registry,
  started: Watch,
  leaveOut: bigint,
  service: WatchService | undefined,
): Promise<Outcome> {
  const { notices, watch } = await look(registry, started, await head(registry, leaveOut));
  await service?.keep(notices.map(noticeJson), memoryText(memoryOf(registry, watch)));
  await service?.flush(present());
  return {
    exitCode: notices.length === 0 ? 0 : 2,
    json: {
      ok: notices.length === 0,
      notices: notices.map(noticeJson),
      next: Number(watch.next),
      memory: memoryText(memoryOf(registry, watch)),
    },
    text: [...notices.map(eventLine), onceText(started, notices.length, watch)].join("\n"),
  };
}

function onceText({ next: first }: Watch, count: number, { next }: Watch): string {
  const blocks =
    next > first ? `in blocks ${first} to ${next - 1n}` : `in blocks that were replaced, up to ${next - 1n}`;
  const found = `${count === 0 ? "Nothing" : count} ${blocks}`;
  return `${next === first && count === 0 ? "No new block" : found}; go on with --since ${next}.`;
}

async function stream(
  registry: Registry,
  options: WatchOptions,
  started: Watch,
  leaveOut: bigint,
  context: Context,
  service: WatchService | undefined,
): Promise<Outcome> {
  note(context, `watching from block ${started.next} on, until interrupted`);
  let current = started;
  let count = 0;
  while (!context.signal.aborted) {
    try {
      const { notices, watch } = await look(registry, current, await head(registry, leaveOut));
      current = watch;
      count += notices.length;
      for (const notice of notices) {
        context.writeOut(`${options.json ? jsonText(noticeJson(notice), 0) : eventLine(notice)}\n`);
      }
      await service?.keep(notices.map(noticeJson), memoryText(memoryOf(registry, watch)));
    } catch (error) {
      // A node that is away for a while is no reason to stop watching.
      if (!(error instanceof KeelError) || error.kind !== "environment") throw error;
      note(context, printable(error.message));
    }
    await service?.flush(present());
    await sleep((options.interval ?? INTERVAL_S) * 1000, undefined, { signal: context.signal }).catch(
      () => {},
    );
  }
  return {
    exitCode: count === 0 ? 0 : 2,
    streamed: true,
    json: {
      kind: "end",
      notices: count,
      next: Number(current.next),
      memory: memoryText(memoryOf(registry, current)),
    },
    text: `${count === 0 ? "Nothing" : count} until block ${current.next - 1n}; go on with --since ${current.next}.`,
  };
}

/** Receivers live in real time. */
function present(): number {
  return Math.floor(Date.now() / 1000);
}

/** The latest block that is buried deep enough. */
async function head(registry: Registry, leaveOut: bigint): Promise<bigint> {
  return (await latestBlock(registry)) - leaveOut;
}

function noticeJson(notice: Notice): object {
  if (notice.kind === "takenBack") return { ...notice, notice: noticeJson(notice.notice) };
  if (notice.kind === "blocksReplaced") return { ...notice, from: Number(notice.from) };
  return "blockNumber" in notice ? { ...notice, blockNumber: Number(notice.blockNumber) } : notice;
}
