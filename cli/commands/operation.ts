// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * `keel operation cancel`: calls off a call that waits in the authority.
 *
 * @module
 */

import {
  authoritiesOf,
  authorityAbi,
  chosenAuthority,
  type Registry,
  readyAtOf,
  waitingOperations,
} from "@keel/verifier/chain";
import { inputError } from "@keel/verifier/errors";
import { operationText, utc } from "@keel/verifier/text";
import { type Address, encodeFunctionData, type Hex } from "viem";
import type { Context, Outcome } from "../context.js";
import { type Deed, type OperateOptions, operate } from "../operate.js";

export interface OperationCancelOptions extends OperateOptions {
  readonly operation: Hex;
}

/**
 * The authority in which a call waits; any where it waits in none.
 *
 * @throws KeelError `authority.split` where several say so
 */
async function authorityWith(registry: Registry, id: Hex, named?: Address): Promise<Address> {
  if (named !== undefined) return await chosenAuthority(registry, named);
  const all = [...(await authoritiesOf(registry)).keys()];
  // One that is none of Keel's may not answer, which is no reason not to look at the others.
  const readyAt = await Promise.all(
    all.map((address) => readyAtOf({ registry, address }, id).catch(() => 0)),
  );
  const found = all.filter((_, i) => readyAt[i] !== 0);
  // One that is none of Keel's may say of every call that it waits.
  return found.length > 1 ? await chosenAuthority(registry) : (found[0] ?? all[0]!);
}

/** Calls off what somebody scheduled, whoever it was. */
export async function cancelOperation(options: OperationCancelOptions, context: Context): Promise<Outcome> {
  const { operation: id } = options;
  const where = (registry: Registry) => authorityWith(registry, id, options.authority);
  return await operate(options, context, where, async ({ authority }): Promise<Deed> => {
    const found = (await waitingOperations(authority)).find(({ operation }) => operation === id);
    if (found === undefined) {
      throw inputError("operation.unknown", "operation", "the id of a call that waits", id);
    }
    const { caller, target, data, readyAt } = found;
    const args = [caller, target, data] as const;
    return {
      ...{ command: "operation cancel", to: authority.address, access: "open" },
      who: "who scheduled it, an administrator, or a guardian",
      data: encodeFunctionData({ abi: authorityAbi, functionName: "cancel", args }),
      words: `call off what was to be executed from ${utc(readyAt)} on: ${operationText(found)}`,
      effects: () => [
        "It counts with the block. Whoever scheduled it can schedule it again, and waits anew.",
      ],
      json: { cancelled: id, caller, target },
    };
  });
}
