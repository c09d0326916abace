// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Linear equations over the field between unknown values, up to what is known: each solved for one value that no other
 * equation has, so that a value is known as soon as its equation has nothing else in it.
 *
 * @module
 */

import { FIELD_ORDER, toField } from "@keel/verifier";

/** A linear form: coefficient by value, value 0 being the constant one; no coefficient is 0. */
export type Form = ReadonlyMap<number, bigint>;

export interface Equations {
  readonly known: Set<number>;
  /** What a value is equal to, up to what is known: unknown values that are not solved for. */
  readonly solved: Map<number, Form>;
  /** Solved values in whose equation a value stands. */
  readonly users: Map<number, Set<number>>;
  /** An equation is solved for the value of lowest rank, which is 0 when absent. */
  readonly ranks: ReadonlyMap<number, number>;
}

/** No equations yet. */
export function equations(known: Iterable<number>, ranks: ReadonlyMap<number, number>): Equations {
  return { known: new Set(known), solved: new Map(), users: new Map(), ranks };
}

/** A form with every known value left out and every solved one replaced; empty when the form is known. */
export function reduced(system: Equations, form: Form): Form {
  const result = new Map<number, bigint>();
  for (const [value, coefficient] of form) {
    if (system.known.has(value)) continue;
    const equal = system.solved.get(value);
    if (equal === undefined) addTo(result, value, coefficient);
    else for (const [other, factor] of equal) addTo(result, other, coefficient * factor);
  }
  return result;
}

/** Says that a form is 0, up to what is known. */
export function learnZero(system: Equations, form: Form): void {
  const left = reduced(system, form);
  if (left.size === 0) return;
  const rank = (value: number): number => system.ranks.get(value) ?? 0;
  const value = [...left.keys()].reduce((lowest, key) => (rank(key) < rank(lowest) ? key : lowest));
  const equal = new Map(scaled(left, -inverse(left.get(value)!)));
  equal.delete(value);
  for (const user of take(system, value)) {
    const row = new Map(system.solved.get(user)!);
    const factor = row.get(value)!;
    row.delete(value);
    for (const [other, coefficient] of equal) addTo(row, other, coefficient * factor);
    solve(system, user, row);
  }
  solve(system, value, equal);
}

/** Says that a value is known. */
export function learnKnown(system: Equations, value: number): void {
  if (system.known.has(value)) return;
  system.known.add(value);
  const equal = system.solved.get(value);
  if (equal === undefined) {
    for (const user of take(system, value)) {
      const row = new Map(system.solved.get(user)!);
      row.delete(value);
      solve(system, user, row);
    }
  } else {
    unlist(system, value);
    system.solved.delete(value);
    learnZero(system, equal);
  }
}

/** The users of a value, which then has none. */
function take({ users }: Equations, value: number): readonly number[] {
  const taken = [...(users.get(value) ?? [])];
  users.delete(value);
  return taken;
}

function solve(system: Equations, value: number, equal: Form): void {
  unlist(system, value);
  if (equal.size === 0) {
    system.solved.delete(value);
    system.known.add(value);
    return;
  }
  system.solved.set(value, equal);
  for (const other of equal.keys()) {
    const users = system.users.get(other);
    if (users === undefined) system.users.set(other, new Set([value]));
    else users.add(value);
  }
}

function unlist(system: Equations, value: number): void {
  for (const other of system.solved.get(value)?.keys() ?? []) system.users.get(other)?.delete(value);
}

/** The sum of a form and a multiple of another. */
export function plus(left: Form, right: Form, by: bigint): Form {
  const sum = new Map(left);
  for (const [value, coefficient] of right) addTo(sum, value, coefficient * by);
  return sum;
}

export function scaled(form: Form, by: bigint): Form {
  return plus(new Map(), form, by);
}

/** What a form has to be multiplied by to give another; undefined when nothing does. */
export function ratio(from: Form, to: Form): bigint | undefined {
  const [first] = from;
  const other = first === undefined || from.size !== to.size ? undefined : to.get(first[0]);
  if (first === undefined || other === undefined) return undefined;
  const by = toField(other * inverse(first[1]));
  return plus(to, from, -by).size === 0 ? by : undefined;
}

/** Adds a term to a form that is being made. */
export function addTo(form: Map<number, bigint>, value: number, coefficient: bigint): void {
  const sum = toField((form.get(value) ?? 0n) + coefficient);
  if (sum === 0n) form.delete(value);
  else form.set(value, sum);
}

/** By Euclid's algorithm; of 0 it is 0. */
export function inverse(value: bigint): bigint {
  let [rest, next] = [FIELD_ORDER, toField(value) as bigint];
  let [factor, other] = [0n, 1n];
  while (next > 1n) {
    const quotient = rest / next;
    [rest, next] = [next, rest - quotient * next];
    [factor, other] = [other, factor - quotient * other];
  }
  return next === 0n ? 0n : toField(other);
}
