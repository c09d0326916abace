// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * `keel publishers announce`, `cancel`, `list`: who signs market and returns tables.
 *
 * @module
 */

import { delaysOf, marketBookAbi, type PublisherList, publishersOf } from "@keel/verifier/chain";
import { allFaults, inputError, type KeelError } from "@keel/verifier/errors";
import { span, utc } from "@keel/verifier/text";
import { type Address, encodeFunctionData, isAddressEqual } from "viem";
import { connect, type RegistryOptions } from "../chain.js";
import type { Context, Outcome } from "../context.js";
import { type Deed, type OperateOptions, operate } from "../operate.js";

export interface PublishersAnnounceOptions extends OperateOptions {
  readonly publisher: readonly Address[];
  readonly threshold: number;
}

const abi = marketBookAbi;

/** Announces other publishers, in any order; they count after the delay. */
export async function announcePublishers(
  options: PublishersAnnounceOptions,
  context: Context,
): Promise<Outcome> {
  const { threshold } = options;
  const publishers = checkedList(options);
  return await operate(options, context, "marketBook", async ({ registry }): Promise<Deed> => {
    const [{ publishers: present, threshold: before, pending }, delays] = await Promise.all([
      publishersOf(registry),
      delaysOf(registry),
    ]);
    const delay = delays.publishers;
    const is = (list: readonly Address[], account: Address) =>
      list.some((found) => isAddressEqual(found, account));
    const joining = publishers.filter((account) => !is(present, account));
    const leaving = present.filter((account) => !is(publishers, account));
    return {
      ...{ command: "publishers announce", to: registry.marketBook, access: "restricted" },
      data: encodeFunctionData({
        abi,
        functionName: "announcePublishers",
        args: [publishers, BigInt(threshold)],
      }),
      words: `announce that ${threshold} of ${publishers.length} publishers sign tables, instead of ${before} of ${present.length}`,
      effects: (at) => [
        ...(joining.length === 0 ? [] : [`New: ${joining.join(", ")}.`]),
        ...(leaving.length === 0 ? [] : [`No longer: ${leaving.join(", ")}.`]),
        ...(pending === undefined
          ? []
          : [`What is announced for ${utc(pending.liveAt)} is dropped: ${listText(pending)}.`]),
        `It counts from ${utc(at + delay)}, ${span(delay)} after the announcement. A guardian may call it off with \`keel publishers cancel\` until then.`,
      ],
      json: { publishers, threshold },
    };
  });
}

/** @throws KeelError `publishers.list`, every fault at once */
function checkedList({ publisher, threshold }: PublishersAnnounceOptions): Address[] {
  const sorted = [...publisher].sort((a, b) => (BigInt(a) < BigInt(b) ? -1 : 1));
  const faults: KeelError[] = [];
  for (const [i, account] of sorted.entries()) {
    const isTwice = i > 0 && isAddressEqual(account, sorted[i - 1]!);
    if (!isTwice && BigInt(account) !== 0n) continue;
    faults.push(inputError("publishers.list", "--publisher", "accounts, each once and none zero", account));
  }
  if (threshold > sorted.length) {
    faults.push(inputError("publishers.list", "--threshold", `at most ${sorted.length}`, String(threshold)));
  }
  if (faults.length > 0) throw allFaults(faults);
  return sorted;
}

/** Calls off the announced publishers. */
export async function cancelPublishers(options: OperateOptions, context: Context): Promise<Outcome> {
  return await operate(options, context, "marketBook", async ({ registry }): Promise<Deed> => {
    const { pending, ...present } = await publishersOf(registry);
    if (pending === undefined)
      throw inputError("publishers.idle", "publishers", "announced publishers", "none");
    return {
      ...{ command: "publishers cancel", to: registry.marketBook, access: "restricted" },
      data: encodeFunctionData({ abi, functionName: "cancelPublishers" }),
      words: `call off the announced publishers, ${listText(pending)}`,
      effects: () => [
        `Tables are signed by ${listText(present)}, as now. Calls off nothing once ${utc(pending.liveAt)} has come.`,
      ],
    };
  });
}

/** Who signs tables, and who is announced. */
export async function listPublishers(options: RegistryOptions): Promise<Outcome> {
  const state = await publishersOf(await connect(options));
  const { pending } = state;
  return {
    json: { ok: true, ...state },
    text: [
      `Tables are signed by ${listText(state)}.`,
      pending === undefined
        ? "Nobody else is announced."
        : `From ${utc(pending.liveAt)}: ${listText(pending)}.`,
    ].join("\n"),
  };
}

function listText({ publishers, threshold }: PublisherList): string {
  return `${threshold} of ${publishers.join(", ")}`;
}
