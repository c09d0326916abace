// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Products that are zero, and the constraint that says what their wire is when the known factor is zero itself. Two
 * shapes are known: circomlib's IsZero (in out = 0, in inv = 1 - out), and one value among many zeros (out[i] (index - i) = 0, the
 * sum of all, one of which the compiler has replaced by the others).
 *
 * @module
 */

import { SIDES, type Side, type SideName } from "./forms.js";
import { type Plan, splitTerms, unknownOf } from "./known.js";
import type { Sum } from "./program.js";

/** A constraint with a known factor and one unknown wire in the other. */
export interface ZeroProduct {
  readonly row: number;
  readonly factor: Side;
  readonly other: Side;
  readonly wire: number;
  /** Whether the product is zero. */
  readonly zero: boolean;
}

/** Wires that are found together. */
export interface Group {
  readonly products: readonly ZeroProduct[];
  /** What is zero when one of the known factors is: a sum over all wires. */
  readonly closing: Sum;
  coefficientOf(wire: number): bigint;
}

/** By their wires; there may be several for one. */
export type ZeroProducts = ReadonlyMap<number, readonly ZeroProduct[]>;

/** The group of a product, if there is one. */
export function findGroup(plan: Plan, zeros: ZeroProducts, own: ZeroProduct): Group | undefined {
  const { ofWire, constraintsOf, sides } = plan.forms;
  const { factor, wire } = own;
  for (let i = ofWire.starts[wire]!; i < ofWire.starts[wire + 1]!; i++) {
    const form = ofWire.items[i]!;
    for (let j = constraintsOf.starts[form]!; j < constraintsOf.starts[form + 1]!; j++) {
      const row = constraintsOf.items[j]!;
      if (plan.done[row] === 1) continue;
      const name = SIDES.find((side) => sides[side][row]!.form === form)!;
      const products =
        name === "c" && saysIfZero(plan, factor, row) ? [own] : sumsUp(plan, zeros, row, name, factor.form);
      if (products !== undefined) return groupOf(plan, products, sides[name][row]!);
    }
  }
  return undefined;
}

function groupOf(plan: Plan, products: readonly ZeroProduct[], side: Side): Group {
  const { wires, coefficients } = plan.forms.list[side.form]!;
  return {
    products,
    closing: { elements: wires, coefficients, constant: side.sign * side.constant },
    coefficientOf: (wire) => coefficients[wires.indexOf(wire)]!,
  };
}

/** in inv = C with the same known factor: where it is zero, C is. */
function saysIfZero(plan: Plan, factor: Side, row: number): boolean {
  if (unknownOf(plan, "c", row) !== 1) return false;
  return (["a", "b"] as const).some(
    (name) => unknownOf(plan, name, row) === 0 && isMultiple(plan.forms.sides[name][row]!, factor),
  );
}

/** The same form with the same zero. */
function isMultiple(side: Side, other: Side): boolean {
  return side.form === other.form && side.sign * side.constant === other.sign * other.constant;
}

/** The products of wires whose sum is zero, where the same form plus a constant is the factor of each. */
function sumsUp(
  plan: Plan,
  zeros: ZeroProducts,
  row: number,
  name: SideName,
  factor: number,
): ZeroProduct[] | undefined {
  const { sides } = plan.forms;
  const isZero = (side: SideName): boolean => sides[side][row]!.form < 0 && sides[side][row]!.constant === 0n;
  const others = SIDES.filter((side) => side !== name);
  // Either it is C and one factor is 0, or it is a factor, C is 0 and the other factor is known.
  const isKnown = (side: SideName): boolean => unknownOf(plan, side, row) === 0;
  if (name === "c" ? !others.some(isZero) : !isZero("c") || !others.every(isKnown)) return undefined;
  const { wires } = splitTerms(plan, sides[name][row]!.form);
  const products = wires.flatMap((wire) => {
    const fitting = zeros
      .get(wire)
      ?.filter((product) => product.factor.form === factor && product.row !== row);
    return fitting?.slice(0, 1) ?? [];
  });
  return wires.length > 1 && products.length === wires.length ? products : undefined;
}
