// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * What a job has to know of the registry before it proves, in as few questions as there are answers.
 *
 * @module
 */

import { healthRegistryAbi, type Registry, stateOf, toKeelError } from "@keel/verifier/chain";
import type { JobId } from "./store.js";

/** A subject at the latest block. */
export interface Standing {
  /** Snapshot time of its latest attestation under the policy; absent before the first. */
  readonly asOf?: number;
  /** State of its drawdown chain; 0 at the genesis. */
  readonly state: bigint;
  /** The chain's time, unix seconds. */
  readonly time: number;
}

/**
 * Asks the registry.
 *
 * @throws KeelError kind `environment` for the chain
 */
export async function standingOf(
  registry: Registry,
  { subject, policyId }: Pick<JobId, "subject" | "policyId">,
): Promise<Standing> {
  const { client, address } = registry;
  const call = { address, abi: healthRegistryAbi } as const;
  try {
    const [{ asOf, count }, state, { timestamp }] = await Promise.all([
      client.readContract({ ...call, functionName: "recordOf", args: [subject, policyId] }),
      stateOf(registry, subject),
      client.getBlock(),
    ]);
    return { ...(count === 0 ? {} : { asOf }), state, time: Number(timestamp) };
  } catch (cause) {
    throw toKeelError(cause);
  }
}
