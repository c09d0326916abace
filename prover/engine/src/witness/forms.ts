// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * The linear forms of a constraint system, each once: a Poseidon permutation's rows have the same one as A, as B and, negated, in
 * the next row.
 *
 * @module
 */
import { SCALAR_FIELD } from "../field.js";

/** One matrix: the terms of row i are those from `rows[i]` (included) to `rows[i + 1]` (excluded). */
export interface Matrix {
  readonly rows: Uint32Array;
  readonly wires: Uint32Array;
  /** Index of each term's coefficient in the system's table. */
  readonly coefficients: Uint32Array;
}

/** A value of an input signal: a wire, or what it must be when the constraints do not have it, or nothing for what is not used. */
export type InputValue = { readonly wire: number } | { readonly constant: bigint } | undefined;

/** A signal of the circuit's inputs, its values in row-major order. */
export interface InputSignal {
  readonly name: string;
  readonly values: readonly InputValue[];
}

/** Constraints (A w)(B w) = C w on wires of which the first is 1, then come outputs, then public inputs. */
export interface ConstraintSystem {
  readonly wires: number;
  readonly publicOutputs: number;
  readonly publicInputs: number;
  readonly constraints: number;
  readonly a: Matrix;
  readonly b: Matrix;
  readonly c: Matrix;
  /** Signed numbers of least magnitude. */
  readonly coefficients: readonly bigint[];
  readonly inputs: readonly InputSignal[];
}

/** What a witness program is made from: constraints as they are written, and which of their wires each wire of the witness is. */
export interface WitnessSource {
  readonly system: ConstraintSystem;
  readonly outputs: Uint32Array;
}

/** A sum of wires, each times its coefficient; the first of these is positive, and a constant is not part of it. */
export interface Form {
  readonly wires: readonly number[];
  readonly coefficients: readonly bigint[];
}

/** One of a constraint's three: a form, perhaps negated, and a constant. */
export interface Side {
  /** Place of the form, or -1 for none. */
  readonly form: number;
  readonly sign: 1n | -1n;
  readonly constant: bigint;
}

export type SideName = "a" | "b" | "c";
export const SIDES: readonly SideName[] = ["a", "b", "c"];

/** Lists, one for each of so many things. */
export interface Lists {
  readonly starts: Uint32Array;
  readonly items: Uint32Array;
}

/** All forms of a system, and where they are. */
export interface Forms {
  readonly list: readonly Form[];
  readonly sides: Readonly<Record<SideName, readonly Side[]>>;
  /** The forms that a wire is in. */
  readonly ofWire: Lists;
  /** The constraints that a form is in. */
  readonly constraintsOf: Lists;
}

/** The signed number of least magnitude. */
export function toSigned(value: bigint): bigint {
  const rest = ((value % SCALAR_FIELD) + SCALAR_FIELD) % SCALAR_FIELD;
  return rest > SCALAR_FIELD >> 1n ? rest - SCALAR_FIELD : rest;
}

/** Finds the forms of a system. */
export function findForms(system: ConstraintSystem): Forms {
  const list: Form[] = [];
  const known = new Map<string, number>();
  const intern = createInterner(system.coefficients);
  const sidesOf = (matrix: Matrix): Side[] =>
    Array.from({ length: system.constraints }, (_, row) => {
      const { form, key, ...side } = readSide(system, matrix, row, intern);
      if (form.wires.length === 0) return { form: -1, ...side };
      let place = known.get(key);
      if (place === undefined) {
        place = list.push(form) - 1;
        known.set(key, place);
      }
      return { form: place, ...side };
    });
  const sides = { a: sidesOf(system.a), b: sidesOf(system.b), c: sidesOf(system.c) };
  const ofWire = lists(system.wires, (add) => {
    for (const [place, { wires }] of list.entries()) for (const wire of wires) add(wire, place);
  });
  const constraintsOf = lists(list.length, (add) => {
    for (let row = 0; row < system.constraints; row++)
      for (const name of SIDES) if (sides[name][row]!.form >= 0) add(sides[name][row]!.form, row);
  });
  return { list, sides, ofWire, constraintsOf };
}

/** Numbers coefficients by their magnitude. */
function createInterner(coefficients: readonly bigint[]): Uint32Array {
  const known = new Map<bigint, number>();
  return Uint32Array.from(coefficients, (value) => {
    const magnitude = value < 0n ? -value : value;
    const place = known.get(magnitude) ?? known.size;
    known.set(magnitude, place);
    return place;
  });
}

function readSide(system: ConstraintSystem, matrix: Matrix, row: number, magnitudes: Uint32Array) {
  const wires: number[] = [];
  const coefficients: bigint[] = [];
  let constant = 0n;
  let sign: Side["sign"] = 1n;
  let key = "";
  for (let term = matrix.rows[row]!; term < matrix.rows[row + 1]!; term++) {
    const [wire, index] = [matrix.wires[term]!, matrix.coefficients[term]!];
    const coefficient = system.coefficients[index]!;
    if (wire === 0) {
      constant += coefficient;
      continue;
    }
    if (coefficient === 0n) continue;
    if (wires.length === 0) sign = coefficient < 0n ? -1n : 1n;
    wires.push(wire);
    coefficients.push(sign * coefficient);
    key += `${wire}${coefficients.at(-1)! < 0n ? "-" : "+"}${magnitudes[index]} `;
  }
  return { form: { wires, coefficients }, key, sign, constant: toSigned(constant) };
}

/** Makes lists from a walk over what is in them, which is done twice. */
function lists(count: number, walk: (add: (list: number, item: number) => void) => void): Lists {
  const starts = new Uint32Array(count + 1);
  walk((list) => {
    starts[list + 1]! += 1;
  });
  for (let i = 0; i < count; i++) starts[i + 1]! += starts[i]!;
  const next = starts.slice();
  const items = new Uint32Array(starts[count]!);
  walk((list, item) => {
    items[next[list]!] = item;
    next[list]! += 1;
  });
  return { starts, items };
}
