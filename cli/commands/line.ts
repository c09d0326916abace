// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * `keel line open`, `move`, `cancel`, `undo`: lines of policies, by name.
 *
 * @module
 */

import type { PolicyTerms } from "@keel/verifier";
import {
  delaysOf,
  isTighter,
  type LineState,
  lineId,
  lineOf,
  policyBookAbi,
  policyTermsOf,
  type Registry,
} from "@keel/verifier/chain";
import { inputError } from "@keel/verifier/errors";
import { changeLine, policyChanges, printable, span, utc } from "@keel/verifier/text";
import { encodeFunctionData, type Hex } from "viem";
import type { Context, Outcome } from "../context.js";
import { loadPolicyId, type PolicyName } from "../load.js";
import { type Deed, type OperateOptions, operate } from "../operate.js";

export interface LineOptions extends OperateOptions {
  readonly name: string;
}

export interface LineMoveOptions extends LineOptions, PolicyName {}

const abi = policyBookAbi;
const CANCEL = "A guardian may call it off with `keel line cancel` until then.";

/** Opens a line with a policy. */
export async function openLine(options: LineMoveOptions, context: Context): Promise<Outcome> {
  const { name } = options;
  const policyId = await loadPolicyId(options, context);
  return await operate(options, context, "policyBook", async ({ registry }): Promise<Deed> => {
    await policyTermsOf(registry, policyId);
    return {
      ...{ command: "line open", to: registry.policyBook, access: "restricted" },
      data: encodeFunctionData({ abi, functionName: "openLine", args: [name, policyId] }),
      words: `open line "${printable(name)}" with policy ${policyId}`,
      effects: (at) => [`It counts from ${utc(at)}, with the block. The line's id is ${lineId(name)}.`],
      json: { line: lineId(name), policyId },
    };
  });
}

/** Moves a line to another policy: at once when that is tighter, else after the delay. */
export async function moveLine(options: LineMoveOptions, context: Context): Promise<Outcome> {
  const { name } = options;
  const policyId = await loadPolicyId(options, context);
  return await operate(options, context, "policyBook", async ({ registry }): Promise<Deed> => {
    const { line, current, next } = await openedLine(registry, name);
    const [from, to] = await Promise.all([current, policyId].map((id) => policyTermsOf(registry, id)));
    const [tighter, { policies: delay }] = await Promise.all([
      isTighter(registry, policyId, current),
      delaysOf(registry),
    ]);
    const changes = policyChanges(from!, to!);
    return {
      ...{ command: "line move", to: registry.policyBook, access: "restricted" },
      data: encodeFunctionData({ abi, functionName: "moveLine", args: [line, policyId] }),
      words: `move line "${printable(name)}" from policy ${current} to ${policyId}`,
      effects: (at) => [
        ...(changes.length === 0 ? ["Nothing changes: it is the same policy."] : changes.map(changeLine)),
        ...(next === undefined
          ? []
          : [`What is announced, policy ${next.policyId} from ${utc(next.liveAt)}, is dropped.`]),
        tighter
          ? `All of it is at least as tight, so it counts from ${utc(at)}, with the block. A guardian may take it back with \`keel line undo\` for ${span(delay)}.${policyId === current ? "" : graceText(from!, delay)}`
          : `Not all of it is tighter, so it counts from ${utc(at + delay)}, ${span(delay)} after the announcement. ${CANCEL}`,
      ],
      json: { line, current, policyId, tighter, changes },
    };
  });
}

/** What a tightening leaves to who was healthy before. */
function graceText({ maxAge }: PolicyTerms, delay: number): string {
  return ` What was attested before counts at gates on the line until its own end, for ${span(delay)} at most; a snapshot from before may still be brought, at most ${span(maxAge)} after it was taken.`;
}

/** Calls off an announced move. */
export async function cancelMove(options: LineOptions, context: Context): Promise<Outcome> {
  const { name } = options;
  return await operate(options, context, "policyBook", async ({ registry }): Promise<Deed> => {
    const { line, current, next } = await openedLine(registry, name);
    if (next === undefined)
      throw inputError("line.idle", "name", "a line with an announced move", "one without");
    return {
      ...{ command: "line cancel", to: registry.policyBook, access: "restricted" },
      data: encodeFunctionData({ abi, functionName: "cancelMove", args: [line] }),
      words: `call off the move of line "${printable(name)}" to policy ${next.policyId}, announced for ${utc(next.liveAt)}`,
      effects: () => [
        `The line stays at policy ${current}. Calls off nothing once ${utc(next.liveAt)} has come.`,
      ],
      json: { line, current, next: next.policyId },
    };
  });
}

/** Takes back the latest tightening, at once. */
export async function undoTightening(options: LineOptions, context: Context): Promise<Outcome> {
  const { name } = options;
  return await operate(options, context, "policyBook", async ({ registry }): Promise<Deed> => {
    const { line, current, next, past } = await openedLine(registry, name);
    const { policies: delay } = await delaysOf(registry);
    // As the contract looks for it: the latest one that was not taken back. Without one the contract refuses.
    const left = past.findLast(({ tightened }) => tightened);
    const back = left === undefined ? [] : await backLines(registry, current, left.policyId);
    const what =
      left === undefined ? "" : ` of ${utc(left.leftAt)}, from policy ${current} to ${left.policyId}`;
    return {
      ...{ command: "line undo", to: registry.policyBook, access: "restricted" },
      data: encodeFunctionData({ abi, functionName: "undoTightening", args: [line] }),
      words: `take back the tightening of line "${printable(name)}"${what}`,
      effects: (at) => [
        ...back,
        `It counts from ${utc(at)}, with the block, and only for ${span(delay)} after the tightening.`,
        ...(next === undefined ? [] : [`What is announced, policy ${next.policyId}, is dropped.`]),
      ],
      json: { line, current, ...(left === undefined ? {} : { policyId: left.policyId }) },
    };
  });
}

async function backLines(registry: Registry, current: Hex, before: Hex): Promise<string[]> {
  const [from, to] = await Promise.all([current, before].map((id) => policyTermsOf(registry, id)));
  return policyChanges(from!, to!).map(changeLine);
}

async function openedLine(registry: Registry, name: string): Promise<LineState> {
  const found = await lineOf(registry, name);
  if (found !== undefined) return found;
  throw inputError("line.unknown", "name", "a line that was opened", `${lineId(name)}, which was not`);
}
