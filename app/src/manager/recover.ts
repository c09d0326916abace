// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * A state that nobody has as a file, found again from the seed and the chain, as `keel state recover` finds it.
 *
 * @module
 */

import { type DrawdownState, recoverState, type Seed } from "@keel/prover";
import { UNITS_KINDS } from "@keel/verifier";
import { policyTermsOf, type Registry, stateOf, stepsOf } from "@keel/verifier/chain";
import { hostRegistry } from "../chain.js";
import type { ConsoleConfig } from "../config.js";

/**
 * The registry's state of a subject. Whatever is found has the commitment that the registry has.
 *
 * @throws KeelError `state.lost`; kind "environment" where the chain does not answer
 */
export async function findState(
  config: ConsoleConfig,
  subject: `0x${string}`,
  seed: Seed,
): Promise<DrawdownState> {
  const registry = await hostRegistry(config);
  const steps = stepsOf(registry, subject, BigInt(config.fromBlock));
  const { state, step } = await recoverState(seed, await stateOf(registry, subject), steps);
  return { ...state, unitsSource: await counterOf(registry, step.policyId) };
}

/** Who counts units under a policy, as a state's file says it. */
async function counterOf(registry: Registry, policy: `0x${string}`): Promise<string> {
  const { unitsKind, unitsSource } = await policyTermsOf(registry, policy);
  const kind = UNITS_KINDS[unitsKind] ?? "none";
  return kind === "none" ? "none" : `${kind} ${unitsSource}`;
}
