// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * The drawdown chain: a state commits to the high-water mark and the epoch, each proof proves the step to the next state,
 * and the registry keeps the latest. The file (state/1) is secret; without it the chain cannot go on.
 *
 * @module
 */

import {
  decimal,
  FIELD_ORDER,
  type Field,
  FORMATS,
  fieldElement,
  formatDecimal,
  inputError,
  KIND,
  type Policy,
  parseFile,
  taggedHash,
} from "@keel/verifier";
import { z } from "zod";

/** The high-water mark: equity per unit, as a pair, so that nothing is divided. */
export interface HighWaterMark {
  /** USD 1e16, above zero. */
  readonly equity: bigint;
  /** 1e8, above zero. */
  readonly units: bigint;
}

/** A state of the chain. */
export interface DrawdownState extends HighWaterMark {
  /** Steps since the genesis. */
  readonly epoch: bigint;
  /** Secret; uniform in the field. */
  readonly salt: Field;
  /** Who counted the units of the proof that made it, by {@link unitsCounter}; not committed to. Older files do not say. */
  readonly unitsSource?: string;
}

const amount = (places: number, bits: number) => decimal({ places, bits, signed: false, excess: "refuse" });

const stateSchema = z.strictObject({
  keel: z.literal("state/1"),
  equity: amount(16, 96),
  units: amount(8, 96),
  epoch: z.int().min(0),
  salt: fieldElement(FIELD_ORDER),
  unitsSource: z
    .string()
    .regex(/^(none|(token|signer|contract) 0x[0-9a-f]{40})$/)
    .optional(),
});
FORMATS.add(stateSchema, { id: "state/1", folder: "prover", title: "A state of the drawdown chain. Secret" });

/**
 * Reads a state/1 file.
 *
 * @throws KeelError kind "input"
 */
export function parseState(text: string): DrawdownState {
  const { equity, units, epoch, salt, unitsSource } = parseFile(stateSchema, text, "state");
  return {
    ...{ equity, units, epoch: BigInt(epoch), salt: salt as Field },
    ...(unitsSource === undefined ? {} : { unitsSource }),
  };
}

/** Writes a state/1 file; its content is secret. */
export function formatState({ equity, units, epoch, salt, unitsSource }: DrawdownState): string {
  const file = {
    keel: "state/1",
    equity: formatDecimal(equity, 16),
    units: formatDecimal(units, 8),
    epoch: Number(epoch),
    salt: salt.toString(),
    ...(unitsSource === undefined ? {} : { unitsSource }),
  };
  return `${JSON.stringify(file, null, 2)}\n`;
}

/** Who counts the units under a policy: `none`, or the source's kind and address. */
export function unitsCounter({ units }: Pick<Policy, "units">): string {
  return units === undefined ? "none" : `${units.kind} ${units.address}`;
}

/**
 * Refuses to go on from a state whose units somebody else counted: equity per unit of two scales is no one mark, and a mark of
 * one unit is never reached by shares again. A registry keeps one chain for each subject, whatever its policies.
 *
 * @throws KeelError `state.units`
 */
export function checkUnitsCounter(state: DrawdownState | undefined, policy: Pick<Policy, "units">): void {
  const counter = unitsCounter(policy);
  if (state?.unitsSource === undefined || state.unitsSource === counter) return;
  const expected = `units counted as before, by ${state.unitsSource}`;
  throw inputError("state.units", "state.unitsSource", expected, counter);
}

/** Hiding commitment to a state. */
export function stateCommitment({ equity, units, epoch, salt }: DrawdownState): Field {
  return taggedHash(KIND.state, [equity, units, epoch, salt]);
}

/** Whether today's equity per unit is the new high-water mark; at a tie it is. */
export function isNewMark(today: HighWaterMark, mark: HighWaterMark | undefined): boolean {
  return mark === undefined || today.equity * mark.units >= mark.equity * today.units;
}

/** The state after today. */
export function nextState(
  today: HighWaterMark,
  previous: DrawdownState | undefined,
  salt: Field,
): DrawdownState {
  const { equity, units } = previous === undefined || isNewMark(today, previous) ? today : previous;
  return { equity, units, epoch: previous === undefined ? 0n : previous.epoch + 1n, salt };
}
