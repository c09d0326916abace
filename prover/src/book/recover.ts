// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * A lost state, found again from the seed and the chain: from the memo beside the attestation that made it, or, where somebody
 * submitted it without one, from the mark of an earlier state if no later proof raised it.
 *
 * @module
 */

import { KeelError } from "@keel/verifier";
import type { DrawdownState, HighWaterMark } from "./drawdown.js";
import { openStep, type PublicStep, readMemo, type Seed } from "./seed.js";

/** A step with the calldata that brought it. */
export interface BroughtStep extends PublicStep {
  readonly newState: bigint;
  readonly input: `0x${string}`;
}

/** A state, and the step that made it. */
export interface RecoveredState<Step extends BroughtStep = BroughtStep> {
  readonly state: DrawdownState;
  readonly step: Step;
}

/**
 * Finds a state. Whatever is found has the commitment that was asked for: a lying node can hide it, not change it.
 *
 * @param steps the subject's, latest first
 * @param marks other marks to try, such as those of older states that somebody still has
 * @throws KeelError `state.lost`
 */
export async function recoverState<Step extends BroughtStep>(
  seed: Seed,
  commitment: bigint,
  steps: AsyncIterable<Step>,
  marks: readonly HighWaterMark[] = [],
): Promise<RecoveredState<Step>> {
  let step: Step | undefined;
  let [looked, wanted] = [0n, commitment];
  for await (const candidate of steps) {
    // Steps of a chain that a restart gave up lead elsewhere.
    if (candidate.newState !== wanted) continue;
    step ??= candidate;
    const mark = readMemo(seed, candidate.newState, candidate.input);
    if (mark !== undefined && openStep(seed, candidate, mark) !== undefined) {
      return found(seed, step, [{ ...mark, epoch: mark.epoch + looked }]);
    }
    looked += 1n;
    wanted = candidate.previousState;
    if (wanted === 0n) break;
  }
  if (step === undefined) throw lost("no attestation that made it; perhaps --from-block is too late");
  if (wanted !== 0n) throw lost("no attestation before it; perhaps --from-block is too late");
  return found(
    seed,
    step,
    marks.map((mark) => ({ ...mark, epoch: looked - 1n })),
  );
}

function found<Step extends BroughtStep>(
  seed: Seed,
  step: Step,
  marks: readonly (HighWaterMark & { readonly epoch: bigint })[],
): RecoveredState<Step> {
  for (const mark of marks) {
    const state = openStep(seed, step, mark);
    if (state !== undefined) return { state, step };
  }
  throw lost("another seed's, or one whose attestation was submitted without its memo");
}

function lost(received: string): KeelError {
  return new KeelError({
    kind: "input",
    code: "state.lost",
    path: "vault",
    expected: "the state that the registry has, from this seed and the chain",
    received,
  });
}
