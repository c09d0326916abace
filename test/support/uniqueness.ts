// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Do a circuit's inputs determine its wires? Starting from the inputs, a wire is determined when one of these rules says so,
 * until none says anything new:
 *
 * - linear: it is the only one not determined in a constraint that is linear in it, with a constant factor;
 * - quotient: it is a factor, the other factor is determined, and the product is a constant that is not 0;
 * - bits: in a linear constraint, all that is not determined is 0 or 1 and no two choices of them give the same sum;
 * - zero test: F * G = 0 and F * hint = k G + m, with F and m determined, leave one value for G;
 * - one of many: F[i] * G[i] = 0, where at most one F[i] can be 0 since they differ by constants, and a sum is determined.
 *
 * Each rule is sound: what it calls determined has one value for given inputs. The list is not complete: a wire that no rule
 * reaches may be unique all the same. Constraints are taken one at a time, so wires that only several together determine
 * are not reached (the compiler's substitutions make such in hashes and where bits are summed twice), nor are quotients
 * whose divisor is not 0 for a deeper reason, as in the curve arithmetic of signatures.
 *
 * @module
 */

import { constraintAt, type LinearCombination } from "keel/circuits";
import { FIELD_ORDER, toField } from "keel/verifier";
import type { Circuit } from "./circuit.js";

/** A linear form: coefficient by wire, wire 0 being the constant one; no coefficient is 0. */
type Form = ReadonlyMap<number, bigint>;

interface Constraint {
  readonly a: Form;
  readonly b: Form;
  readonly c: Form;
}

/** Names of the wires that no rule determines, in a circuit whose inputs are all public. */
export function undetermined(circuit: Circuit): string[] {
  const { r1cs, names } = circuit;
  const constraints = Array.from({ length: r1cs.constraints }, (_, i) => {
    const { a, b, c } = constraintAt(r1cs, i);
    return { a: formOf(a), b: formOf(b), c: formOf(c) };
  });
  const inputs = Array.from({ length: r1cs.publicInputs }, (_, i) => 1 + r1cs.publicOutputs + i);
  const known = determined(constraints, [0, ...inputs]);
  const left: string[] = [];
  for (let wire = 0; wire < r1cs.wires; wire++) {
    if (!known.has(wire)) left.push(names.get(wire)?.[0] ?? `wire ${wire}`);
  }
  return left;
}

/** Everything that the rules look at. */
interface State {
  readonly known: Set<number>;
  /** Wires that some constraint holds at 0 or 1. */
  readonly bits: ReadonlySet<number>;
  /** Pairs F, G with F * G = 0, by the wires of G. */
  readonly products: ReadonlyMap<number, readonly (readonly [Form, Form])[]>;
}

function determined(constraints: readonly Constraint[], inputs: readonly number[]): Set<number> {
  const state: State = {
    known: new Set(inputs),
    bits: bitWires(constraints),
    products: products(constraints),
  };
  const using = new Map<number, number[]>();
  for (const [i, { a, b, c }] of constraints.entries()) {
    for (const wire of new Set([...a.keys(), ...b.keys(), ...c.keys()])) {
      const users = using.get(wire);
      if (users === undefined) using.set(wire, [i]);
      else users.push(i);
    }
  }
  const queue = constraints.map((_, i) => i);
  const waiting = new Set(queue);
  for (let at = 0; at < queue.length; at++) {
    const i = queue[at]!;
    waiting.delete(i);
    for (const wire of inferred(constraints[i]!, state)) {
      if (state.known.has(wire)) continue;
      state.known.add(wire);
      for (const user of using.get(wire) ?? []) {
        if (waiting.has(user)) continue;
        waiting.add(user);
        queue.push(user);
      }
    }
  }
  return state.known;
}

/** Wires that a constraint determines. */
function inferred(constraint: Constraint, state: State): readonly number[] {
  const linear = linearForm(constraint, state);
  if (linear !== undefined) return fromLinear(linear, state);
  return [
    ...fromQuotient(constraint, state),
    ...fromBit(constraint, state),
    ...fromZeroTest(constraint, state),
  ];
}

const unknowns = (form: Form, { known }: State): number[] =>
  [...form.keys()].filter((wire) => !known.has(wire));
const isConstant = (form: Form): boolean => form.size === 0 || (form.size === 1 && form.has(0));

/** A form that is 0 up to what is determined, if the constraint is linear in what is not. */
function linearForm({ a, b, c }: Constraint, state: State): Form | undefined {
  if (isConstant(a)) return minus(scaled(b, a.get(0) ?? 0n), c);
  if (isConstant(b)) return minus(scaled(a, b.get(0) ?? 0n), c);
  return unknowns(a, state).length + unknowns(b, state).length === 0 ? c : undefined;
}

function fromLinear(form: Form, state: State): readonly number[] {
  const left = unknowns(form, state);
  if (left.length <= 1) return left;
  const coefficients = left.map((wire) => form.get(wire)!);
  if (left.every((wire) => state.bits.has(wire)) && hasDistinctSums(coefficients)) return left;
  return areOneOfMany(left, [], state) ? left : [];
}

/** F * (u + known) = constant, which is not 0: then F is not 0. */
function fromQuotient({ a, b, c }: Constraint, state: State): readonly number[] {
  if (c.size !== 1 || !c.has(0)) return [];
  for (const [factor, other] of [
    [a, b],
    [b, a],
  ] as const) {
    const left = unknowns(other, state);
    if (unknowns(factor, state).length === 0 && left.length === 1) return left;
  }
  return [];
}

/** G * (G - k) = 0: G / k is a bit, and G may be what is left of a number when its other bits are taken off. */
function fromBit({ a, b, c }: Constraint, state: State): readonly number[] {
  if (c.size !== 0) return [];
  const gap = minus(a, b);
  const left = unknowns(a, state);
  if (isConstant(gap) && gap.size === 1 && left.length > 0 && left.every((wire) => state.bits.has(wire))) {
    if (hasDistinctSums([...left.map((wire) => a.get(wire)!), gap.get(0)!])) return left;
  }
  // One of many, whose sum the compiler has put in place of the last.
  for (const [factor, other] of [
    [a, b],
    [b, a],
  ] as const) {
    const many = unknowns(other, state);
    if (unknowns(factor, state).length === 0 && many.length > 1 && areOneOfMany(many, [factor], state))
      return many;
  }
  return [];
}

/** F * hint = k G + m beside F * G = 0. */
function fromZeroTest({ a, b, c }: Constraint, state: State): readonly number[] {
  const left = unknowns(c, state);
  if (left.length !== 1) return [];
  for (const factor of [a, b]) {
    if (unknowns(factor, state).length > 0) continue;
    for (const [other, product] of state.products.get(left[0]!) ?? []) {
      const single = unknowns(product, state);
      if (single.length === 1 && areProportional(factor, other)) return left;
    }
  }
  return [];
}

/** Whether each wire is 0 unless its own factor is, and no two of the factors, `more` included, can be 0 at once. */
function areOneOfMany(wires: readonly number[], more: readonly Form[], state: State): boolean {
  const factors = [...more];
  for (const wire of wires) {
    const found = (state.products.get(wire) ?? []).find(
      ([factor, product]) => unknowns(factor, state).length === 0 && product.size === 1,
    );
    if (found === undefined) return false;
    factors.push(found[0]);
  }
  const first = factors[0]!;
  const offsets = factors.map((factor) => minus(factor, first));
  if (!offsets.every(isConstant)) return false;
  return new Set(offsets.map((offset) => offset.get(0) ?? 0n)).size === factors.length;
}

/** Wires w of constraints w * (w - 1) = 0, in any scale. */
function bitWires(constraints: readonly Constraint[]): Set<number> {
  const bits = new Set<number>();
  for (const { a, b, c } of constraints) {
    const wire = [...a.keys()].find((key) => key !== 0);
    if (c.size !== 0 || wire === undefined) continue;
    const roots = [rootOf(a, wire), rootOf(b, wire)];
    if (roots.includes(0n) && roots.includes(1n)) bits.add(wire);
  }
  return bits;
}

/** The value of a wire that makes a form of it alone 0. */
function rootOf(form: Form, wire: number): bigint | undefined {
  const coefficient = form.get(wire);
  if (coefficient === undefined || form.size > (form.has(0) ? 2 : 1)) return undefined;
  return toField(-(form.get(0) ?? 0n) * inverse(coefficient));
}

function products(constraints: readonly Constraint[]): Map<number, [Form, Form][]> {
  const found = new Map<number, [Form, Form][]>();
  for (const { a, b, c } of constraints) {
    if (c.size !== 0) continue;
    for (const [factor, product] of [
      [a, b],
      [b, a],
    ] as const) {
      for (const wire of product.keys()) {
        if (wire !== 0) found.set(wire, [...(found.get(wire) ?? []), [factor, product]]);
      }
    }
  }
  return found;
}

/** Whether sums of any two subsets differ: in some scale each is larger than all smaller ones together, and all below r. */
function hasDistinctSums(coefficients: readonly bigint[]): boolean {
  return coefficients.some((unit) => {
    const scale = inverse(unit);
    const sizes = coefficients.map((value) => magnitude(value * scale)).sort((x, y) => (x < y ? -1 : 1));
    let sum = 0n;
    for (const size of sizes) {
      if (size <= sum) return false;
      sum += size;
    }
    return sum < FIELD_ORDER;
  });
}

/** Distance from 0 on the circle of the field. */
function magnitude(value: bigint): bigint {
  const reduced = toField(value);
  return reduced > FIELD_ORDER >> 1n ? FIELD_ORDER - reduced : reduced;
}

function formOf(terms: LinearCombination): Form {
  const form = new Map<number, bigint>();
  for (const { wire, coefficient } of terms) add(form, wire, coefficient);
  return form;
}

function add(form: Map<number, bigint>, wire: number, coefficient: bigint): void {
  const sum = toField((form.get(wire) ?? 0n) + coefficient);
  if (sum === 0n) form.delete(wire);
  else form.set(wire, sum);
}

function scaled(form: Form, by: bigint): Form {
  const product = new Map<number, bigint>();
  for (const [wire, coefficient] of form) add(product, wire, coefficient * by);
  return product;
}

function minus(left: Form, right: Form): Form {
  const difference = new Map(left);
  for (const [wire, coefficient] of right) add(difference, wire, -coefficient);
  return difference;
}

function areProportional(left: Form, right: Form): boolean {
  const [first] = left;
  const other = first === undefined ? undefined : right.get(first[0]);
  if (first === undefined || other === undefined) return false;
  return minus(scaled(left, other * inverse(first[1])), right).size === 0;
}

/** By Fermat's little theorem. */
function inverse(value: bigint): bigint {
  let [result, base] = [1n, toField(value) as bigint];
  for (let left = FIELD_ORDER - 2n; left > 0n; left >>= 1n) {
    if (left & 1n) result = (result * base) % FIELD_ORDER;
    base = (base * base) % FIELD_ORDER;
  }
  return result;
}
