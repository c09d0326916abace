// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * `keel revoke`, `keel reopen`, `keel restart`: a subject's record and drawdown chain.
 *
 * @module
 */

import { delaysOf, healthRegistryAbi, pendingRestartOf, statusOf } from "@keel/verifier/chain";
import { inputError } from "@keel/verifier/errors";
import { span, utc } from "@keel/verifier/text";
import { type Address, encodeFunctionData, isAddressEqual } from "viem";
import type { Context, Outcome } from "../context.js";
import { usageError } from "../errors.js";
import { loadPolicyId, type PolicyName } from "../load.js";
import { type Deed, type OperateOptions, operate } from "../operate.js";

export interface RevokeOptions extends OperateOptions, PolicyName {
  /** Another's record, as a guardian; the sender's own when absent. */
  readonly for?: Address;
  readonly reason: string;
}

export interface ReopenOptions extends OperateOptions, PolicyName {
  readonly subject: Address;
}

export interface RestartOptions extends OperateOptions {
  readonly subject: Address;
  readonly reason?: string;
  readonly cancel?: true;
}

const abi = healthRegistryAbi;

/** Ends a subject's latest attestation: one's own until a newer snapshot, another's until a guardian opens the record again. */
export async function revoke(options: RevokeOptions, context: Context): Promise<Outcome> {
  const { reason, for: subject } = options;
  const policyId = await loadPolicyId(options, context);
  return await operate(options, context, "address", async ({ registry, sender }): Promise<Deed> => {
    const { address: to } = registry;
    if (subject === undefined) {
      const args = [policyId, reason] as const;
      return {
        ...{ command: "revoke", to, access: "open", who: "the subject itself" },
        data: encodeFunctionData({ abi, functionName: "revoke", args }),
        words: `revoke the latest attestation of ${sender ?? "whoever sends it"} under policy ${policyId}`,
        effects: (at) => [
          `It counts from ${utc(at)}, with the block. A snapshot from after that brings health back.`,
        ],
      };
    }
    const { healthy } = await statusOf(registry, subject, policyId);
    const args = [subject, policyId, reason] as const;
    return {
      ...{ command: "revoke", to, access: "restricted" },
      data: encodeFunctionData({ abi, functionName: "revokeFor", args }),
      words: `close the record of ${subject} under policy ${policyId}`,
      effects: (at) => [
        `${subject} is ${healthy ? "healthy" : "not healthy"} there now, and not from ${utc(at)} on, with the block.`,
        "Nothing can be attested until a guardian opens it with `keel reopen`.",
      ],
    };
  });
}

/** Opens a record that a guardian closed. */
export async function reopen(options: ReopenOptions, context: Context): Promise<Outcome> {
  const { subject } = options;
  const policyId = await loadPolicyId(options, context);
  return await operate(options, context, "address", async ({ registry }): Promise<Deed> => {
    const args = [subject, policyId] as const;
    return {
      ...{ command: "reopen", to: registry.address, access: "restricted" },
      data: encodeFunctionData({ abi, functionName: "reopen", args }),
      words: `open the record of ${subject} under policy ${policyId} again`,
      effects: (at) => [`Snapshots from after ${utc(at)} can be attested; nothing older counts again.`],
    };
  });
}

/** Announces that a subject's drawdown chain may start over, or calls that off. */
export async function restart(options: RestartOptions, context: Context): Promise<Outcome> {
  const { subject, reason, cancel } = options;
  if (cancel && reason !== undefined) throw usageError("--reason or --cancel", "both");
  if (!cancel && reason === undefined)
    throw usageError("--reason, which everybody can read", "none", "--reason");
  return await operate(options, context, "address", async ({ registry, sender }): Promise<Deed> => {
    const { address: to } = registry;
    const pending = await pendingRestartOf(registry, subject);
    if (cancel) {
      if (pending === 0)
        throw inputError("restart.none", "--subject", "a subject whose restart is announced", subject);
      return {
        ...{ command: "restart", to, who: `${subject} itself` },
        // A guardian may have a delay; the subject has none.
        access: sender !== undefined && isAddressEqual(sender, subject) ? "open" : "restricted",
        data: encodeFunctionData({ abi, functionName: "cancelRestart", args: [subject] }),
        words: `call off the restart of the drawdown chain of ${subject}, announced for ${utc(pending)}`,
        effects: (at) => [
          `From ${utc(at)} on, with the block, only what goes on from the present state is accepted.`,
        ],
      };
    }
    const { restarts } = await delaysOf(registry);
    return {
      ...{ command: "restart", to, access: "restricted" },
      data: encodeFunctionData({ abi, functionName: "restartChain", args: [subject, reason!] }),
      words: `announce that the drawdown chain of ${subject} may start over, which gives up its high-water mark`,
      effects: (at) => [
        `It counts from ${utc(at + restarts)}, ${span(restarts)} after the announcement. A guardian or the subject may call it off until it is used,`,
        "and an attestation that goes on from the present state calls it off as well.",
      ],
    };
  });
}
