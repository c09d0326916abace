// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * The state that the registry has of a subject, opened: from the vault, or else from the chain and the seed.
 *
 * @module
 */

import { type DrawdownState, recoverState } from "@keel/prover";
import { UNITS_KINDS } from "@keel/verifier";
import { policyTermsOf, type Registry, stateOf, stepsOf } from "@keel/verifier/chain";
import type { Address, Hex } from "viem";
import type { Context } from "../context.js";
import { findState, keepState, listStates, type Vault, type VaultState } from "./vault.js";

/** How a state was found. */
export interface Confirmed {
  /** What the registry has; 0 before the first attestation, and while the chain may start over. */
  readonly commitment: bigint;
  /** Absent at the genesis. */
  readonly entry?: VaultState;
  /** Not in the vault before: found on chain. */
  readonly recovered: boolean;
}

/**
 * The registry's state of a subject. One that the vault does not have is recovered and kept.
 *
 * @throws KeelError `state.lost`; kind `environment` for the chain
 */
export async function confirmedState(
  vault: Vault,
  registry: Registry,
  subject: Address,
  context: Context,
  fromBlock = 0n,
): Promise<Confirmed> {
  const commitment = await stateOf(registry, subject);
  if (commitment === 0n) return { commitment, recovered: false };
  const known = await findState(vault, commitment, context);
  if (known !== undefined) return { commitment, entry: known, recovered: false };
  const marks = (await listStates(vault, context)).filter((other) => other.subject === subject);
  const { state, step } = await recoverState(
    vault.seed,
    commitment,
    stepsOf(registry, subject, fromBlock),
    marks.map((other) => other.state),
  );
  const unitsSource = await counterOf(registry, step.policyId);
  const entry = {
    ...{ subject, policyId: step.policyId, asOf: step.asOf },
    ...{ previousState: step.previousState, newState: commitment },
    state: { ...state, unitsSource } satisfies DrawdownState,
  };
  await keepState(vault, entry, context);
  return { commitment, entry, recovered: true };
}

/** Who counts units under a policy, as a state's file says it. */
async function counterOf(registry: Registry, policy: Hex): Promise<string> {
  const { unitsKind, unitsSource } = await policyTermsOf(registry, policy);
  const kind = UNITS_KINDS[unitsKind] ?? "none";
  return kind === "none" ? "none" : `${kind} ${unitsSource}`;
}
