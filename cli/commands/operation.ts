// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * `keel operation cancel`: calls off a call that waits in the authority.
 *
 * @module
 */

import { authorityAbi, waitingOperations } from "@keel/verifier/chain";
import { inputError } from "@keel/verifier/errors";
import { operationText, utc } from "@keel/verifier/text";
import { encodeFunctionData, type Hex } from "viem";
import type { Context, Outcome } from "../context.js";
import { type Deed, type OperateOptions, operate } from "../operate.js";

export interface OperationCancelOptions extends OperateOptions {
  readonly operation: Hex;
}

/** Calls off what somebody scheduled, whoever it was. */
export async function cancelOperation(options: OperationCancelOptions, context: Context): Promise<Outcome> {
  const { operation: id } = options;
  return await operate(options, context, async ({ authority }): Promise<Deed> => {
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
