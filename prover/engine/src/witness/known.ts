// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * What is known of a circuit's wires while its constraints are put in order.
 *
 * @module
 */
import type { ConstraintSystem, Forms, SideName } from "./forms.js";
import type { ProgramWriter, Sum } from "./program.js";

/** What is known so far. */
export interface Plan {
  readonly system: ConstraintSystem;
  readonly forms: Forms;
  readonly writer: ProgramWriter;
  readonly known: Uint8Array;
  /** Unknown wires of each form, and those among them that are not bits. */
  readonly unknown: Int32Array;
  readonly unknownNumbers: Int32Array;
  /** Wires that a constraint of their own makes bits, and those of them that were found as bits. */
  readonly isBit: Uint8Array;
  readonly foundAsBit: Uint8Array;
  /** The element that has a form's value, or -1. */
  readonly elements: Int32Array;
  elementCount: number;
  batch: number;
  /** Constraints that need not be looked at again. */
  readonly done: Uint8Array;
  /** Constraints to look at. */
  readonly queue: number[];
  /** Constraints that are left to a quotient or to a zero product. */
  readonly late: Set<number>;
}

/** Marks a wire as known. */
export function learn(plan: Plan, wire: number): void {
  if (plan.known[wire] === 1) return;
  plan.known[wire] = 1;
  const { ofWire, constraintsOf } = plan.forms;
  for (let i = ofWire.starts[wire]!; i < ofWire.starts[wire + 1]!; i++) {
    const form = ofWire.items[i]!;
    plan.unknown[form]! -= 1;
    if (plan.isBit[wire] === 0) plan.unknownNumbers[form]! -= 1;
    if (plan.unknown[form]! > 1 && plan.unknownNumbers[form]! > 0) continue;
    for (let j = constraintsOf.starts[form]!; j < constraintsOf.starts[form + 1]!; j++)
      if (plan.done[constraintsOf.items[j]!] === 0) plan.queue.push(constraintsOf.items[j]!);
  }
}

/** How many wires of a side are unknown. */
export function unknownOf({ forms, unknown }: Plan, name: SideName, row: number): number {
  const { form } = forms.sides[name][row]!;
  return form < 0 ? 0 : unknown[form]!;
}

/** A form's terms, known and unknown. */
export interface Split {
  /** The known ones, times a sign; the constant is the caller's. */
  rest(sign: 1n | -1n, constant: bigint): Sum;
  readonly wires: readonly number[];
  readonly coefficients: readonly bigint[];
}

export function splitTerms({ forms, known }: Plan, form: number): Split {
  const { wires, coefficients } = forms.list[form]!;
  const places = wires.map((_, i) => i);
  const old = places.filter((i) => known[wires[i]!] === 1);
  const open = places.filter((i) => known[wires[i]!] === 0);
  return {
    rest: (sign, constant) => ({
      elements: old.map((i) => wires[i]!),
      coefficients: old.map((i) => sign * coefficients[i]!),
      constant,
    }),
    wires: open.map((i) => wires[i]!),
    coefficients: open.map((i) => coefficients[i]!),
  };
}
