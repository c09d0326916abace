// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * `keel watch`: what happened to trust, as it happens or, with `--once`, since a block. Exit code 2 when something did.
 *
 * @module
 */

import { setTimeout as sleep } from "node:timers/promises";
import { latestBlock, look, type Notice, type Registry, startWatch, type Watch } from "@keel/verifier/chain";
import { KeelError } from "@keel/verifier/errors";
import { eventLine, jsonText, printable } from "@keel/verifier/text";
import type { Address, Hex } from "viem";
import { connect, type RegistryOptions } from "../chain.js";
import { type Context, note, type Outcome } from "../context.js";
import { usageError } from "../errors.js";

export interface WatchOptions extends RegistryOptions {
  readonly subject?: Address;
  readonly policyId?: Hex;
  readonly fromBlock?: number;
  /** First block to look at; the next one when absent. */
  readonly since?: number;
  readonly once?: true;
  readonly interval?: number;
  readonly confirmations?: number;
  readonly json?: true;
}

const INTERVAL_S = 15;

/** Looks once, or until it is interrupted. */
export async function watch(options: WatchOptions, context: Context): Promise<Outcome> {
  const { subject, policyId, fromBlock = 0, since } = options;
  if (options.once && since === undefined) throw usageError("--since with --once", "none");
  const registry = await connect(options);
  const query = {
    fromBlock: BigInt(fromBlock),
    ...(subject === undefined ? {} : { subject }),
    ...(policyId === undefined ? {} : { policyId }),
  };
  const first = since === undefined ? (await head(registry, options)) + 1n : BigInt(since);
  const started = await startWatch(registry, query, first);
  return options.once
    ? await once(registry, options, started)
    : await stream(registry, options, started, context);
}

async function once(registry: Registry, options: WatchOptions, started: Watch): Promise<Outcome> {
  const { notices, watch } = await look(registry, started, await head(registry, options));
  return {
    exitCode: notices.length === 0 ? 0 : 2,
    json: { ok: notices.length === 0, notices: notices.map(noticeJson), next: Number(watch.next) },
    text: [...notices.map(eventLine), onceText(started, notices.length, watch)].join("\n"),
  };
}

function onceText({ next: first }: Watch, count: number, { next }: Watch): string {
  const found = `${count === 0 ? "Nothing" : count} in blocks ${first} to ${next - 1n}`;
  return `${next === first ? "No new block" : found}; go on with --since ${next}.`;
}

async function stream(
  registry: Registry,
  options: WatchOptions,
  started: Watch,
  context: Context,
): Promise<Outcome> {
  note(context, `watching from block ${started.next} on, until interrupted`);
  let current = started;
  let count = 0;
  while (!context.signal.aborted) {
    try {
      const { notices, watch } = await look(registry, current, await head(registry, options));
      current = watch;
      count += notices.length;
      for (const notice of notices) {
        context.writeOut(`${options.json ? jsonText(noticeJson(notice), 0) : eventLine(notice)}\n`);
      }
    } catch (error) {
      // A node that is away for a while is no reason to stop watching.
      if (!(error instanceof KeelError) || error.kind !== "environment") throw error;
      note(context, printable(error.message));
    }
    await sleep((options.interval ?? INTERVAL_S) * 1000, undefined, { signal: context.signal }).catch(
      () => {},
    );
  }
  return {
    exitCode: count === 0 ? 0 : 2,
    streamed: true,
    json: { kind: "end", notices: count, next: Number(current.next) },
    text: `${count === 0 ? "Nothing" : count} until block ${current.next - 1n}; go on with --since ${current.next}.`,
  };
}

/** The latest block that is buried deep enough. */
async function head(registry: Registry, { confirmations = 0 }: WatchOptions): Promise<bigint> {
  return (await latestBlock(registry)) - BigInt(confirmations);
}

function noticeJson(notice: Notice) {
  return "blockNumber" in notice ? { ...notice, blockNumber: Number(notice.blockNumber) } : notice;
}
