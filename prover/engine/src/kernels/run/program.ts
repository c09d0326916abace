// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Runs witness programs.
 *
 * @module
 */
import { ELEMENT_BYTES, gatherElements, readElement, writeElement } from "../../bytes.js";
import type { FlatSignal } from "../../inputs.js";
import { FACTOR_WORDS, KEY_RADIX_BITS, type RowPlan } from "../../rows.js";
import type { PackedWords, ProgramInput, WitnessProgram } from "../../witness/program.js";
import { elementBytes, FIELD_BYTES, RADIX_BITS } from "../sizes.js";
import { type Arithmetic, allocate, bytesAt, scoped } from "./arithmetic.js";
import { loadBytes, loadElements, loadWords } from "./scalars.js";

const WORD = 4;

/** A program in memory. */
export interface LoadedProgram {
  /**
   * The witness as plain 32-byte numbers; nothing when the signals are not those of the program or a constraint does not hold, for
   * which circom's own module has the words.
   *
   * @param result where they are to be; new memory when absent
   */
  run(signals: readonly FlatSignal[], result?: Uint8Array): Uint8Array | undefined;
}

/** Loads a program for good. */
export function loadProgram(arithmetic: Arithmetic, program: WitnessProgram): LoadedProgram {
  const { inputs, elements, zero, batch, outputs } = program;
  const constants = loadElements(arithmetic, program.constants);
  arithmetic.program.enter(constants, program.constants.length / ELEMENT_BYTES);
  const code = unpack(arithmetic, program.code);
  const end = code + WORD * program.code.count;
  const places = unpack(arithmetic, outputs);
  const wires = outputs.count;
  const given = 1 + lastElement(inputs);
  return {
    run: (signals, result = new Uint8Array(wires * ELEMENT_BYTES)) =>
      scoped(arithmetic, () => {
        const plain = new Uint8Array(given * ELEMENT_BYTES);
        const fits = layOut(program, signals, plain);
        const values = loadElements(arithmetic, plain);
        plain.fill(0);
        if (!fits) return undefined;
        arithmetic.program.enter(values, given);
        allocate(arithmetic, (elements - given) * FIELD_BYTES);
        bytesAt(arithmetic, values + zero * FIELD_BYTES, FIELD_BYTES).fill(0);
        const scratch = allocate(arithmetic, 2 * batch * FIELD_BYTES);
        const target = allocate(arithmetic, wires * ELEMENT_BYTES);
        if (arithmetic.program.run(code, end, values, constants, scratch) === 0) return undefined;
        arithmetic.program.leave(values, places, wires, target);
        result.set(bytesAt(arithmetic, target, wires * ELEMENT_BYTES));
        return result;
      }),
  };
}

/** Rows of a constraint system in memory. */
export interface LoadedRows {
  /** Writes A and B times a plain witness, and their products, as elements in Montgomery form. */
  evaluate(witness: Uint8Array, results: Record<"a" | "b" | "c", Uint8Array>): void;
}

/** Loads rows for good. */
export function loadRows(arithmetic: Arithmetic, plan: RowPlan): LoadedRows {
  const count = plan.factors.length / FACTOR_WORDS;
  const constants = loadElements(arithmetic, plan.constants);
  const factor = loadBytes(arithmetic, elementBytes(1n << (2n * RADIX_BITS - KEY_RADIX_BITS)));
  for (let i = 0; i < plan.constants.length / ELEMENT_BYTES; i++)
    arithmetic.fr.mul(constants + i * FIELD_BYTES, factor, constants + i * FIELD_BYTES);
  const [code, factors] = [loadWords(arithmetic, plan.code), loadWords(arithmetic, plan.factors)];
  const end = code + plan.code.byteLength;
  const { program } = arithmetic;
  return {
    evaluate: (witness, results) =>
      scoped(arithmetic, () => {
        const wires = plan.wires.length;
        const values = allocate(arithmetic, wires * FIELD_BYTES);
        scoped(arithmetic, () => {
          const plain = allocate(arithmetic, wires * ELEMENT_BYTES);
          gatherElements(witness, plan.wires, bytesAt(arithmetic, plain, wires * ELEMENT_BYTES));
          arithmetic.fr.load(values, wires, plain);
        });
        program.enter(values, wires);
        allocate(arithmetic, (plan.elements - wires) * FIELD_BYTES);
        bytesAt(arithmetic, values + wires * FIELD_BYTES, FIELD_BYTES).fill(0);
        program.run(code, end, values, constants, 0);
        const targets = [0, 1, 2].map(() => allocate(arithmetic, count * ELEMENT_BYTES));
        const [a, b, c] = targets as [number, number, number];
        program.rows(factors, count, values, constants, a, b, c);
        const read = (target: number, result: Uint8Array): void =>
          result.set(bytesAt(arithmetic, target, count * ELEMENT_BYTES));
        read(a, results.a);
        read(b, results.b);
        read(c, results.c);
      }),
  };
}

/** Numbers in memory for good; returns their address. */
function unpack(arithmetic: Arithmetic, { count, stride, bytes }: PackedWords): number {
  const before = allocate(arithmetic, WORD * (stride + count));
  bytesAt(arithmetic, before, WORD * stride).fill(0);
  const target = before + WORD * stride;
  scoped(arithmetic, () => arithmetic.program.unpack(loadBytes(arithmetic, bytes), count, stride, target));
  return target;
}

function lastElement(inputs: readonly ProgramInput[]): number {
  const elements = inputs.flatMap(({ places }) => places.map((place) => (place & 1 ? 0 : place >> 1)));
  return elements.reduce((last, element) => Math.max(last, element), 0);
}

/** Writes the given elements: 1, and each signal's values at its places. False when the signals are not those of the program. */
function layOut(
  { inputs, constants }: WitnessProgram,
  signals: readonly FlatSignal[],
  target: Uint8Array,
): boolean {
  const byName = new Map(signals.map(({ name, values }) => [name, values]));
  if (byName.size !== signals.length || signals.length !== inputs.length) return false;
  writeElement(target, 0, 1n);
  return inputs.every(({ name, places }) => {
    const values = byName.get(name);
    if (values?.length !== places.length) return false;
    return places.every((place, i) => {
      const at = (place >> 1) * ELEMENT_BYTES;
      if ((place & 1) === 1) return values[i] === readElement(constants, at);
      if (place > 0) writeElement(target, at, values[i]!);
      return true;
    });
  });
}
