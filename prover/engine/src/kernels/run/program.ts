// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Runs witness programs.
 *
 * @module
 */
import { ELEMENT_BYTES, readElement, writeElement } from "../../bytes.js";
import type { FlatSignal } from "../../inputs.js";
import type { WitnessProgram } from "../../witness/program.js";
import { FIELD_BYTES } from "../integer/limbs.js";
import { type Arithmetic, allocate, bytesAt, scoped } from "./arithmetic.js";
import { loadElements, loadWords } from "./scalars.js";

/** A program in memory. */
export interface LoadedProgram {
  /**
   * The witness as plain 32-byte numbers; nothing when the signals are not those of the program or a constraint does not hold, for
   * which circom's own module has the words.
   */
  run(signals: readonly FlatSignal[]): Uint8Array | undefined;
}

/** Loads a program for good. */
export function loadProgram(arithmetic: Arithmetic, program: WitnessProgram): LoadedProgram {
  const { inputs, elements, batch, outputs } = program;
  const constants = loadElements(arithmetic, program.constants);
  arithmetic.program.enter(constants, program.constants.length / ELEMENT_BYTES);
  const code = loadWords(arithmetic, program.code);
  const end = code + program.code.byteLength;
  const places = loadWords(arithmetic, outputs);
  const given =
    1 + Math.max(0, ...inputs.flatMap(({ places }) => places.map((place) => (place & 1 ? 0 : place / 2))));
  return {
    run: (signals) =>
      scoped(arithmetic, () => {
        const plain = layOut(program, signals, given);
        if (plain === undefined) return undefined;
        const values = loadElements(arithmetic, plain);
        plain.fill(0);
        arithmetic.program.enter(values, given);
        allocate(arithmetic, (elements - given) * FIELD_BYTES);
        const scratch = allocate(arithmetic, 2 * batch * FIELD_BYTES);
        const target = allocate(arithmetic, outputs.length * ELEMENT_BYTES);
        if (arithmetic.program.run(code, end, values, constants, scratch) === 0) return undefined;
        arithmetic.program.leave(values, places, outputs.length, target);
        return bytesAt(arithmetic, target, outputs.length * ELEMENT_BYTES).slice();
      }),
  };
}

/** The given elements: 1, and each signal's values at its place. */
function layOut(
  { inputs, constants }: WitnessProgram,
  signals: readonly FlatSignal[],
  given: number,
): Uint8Array | undefined {
  const byName = new Map(signals.map(({ name, values }) => [name, values]));
  if (byName.size !== signals.length || signals.length !== inputs.length) return undefined;
  const plain = new Uint8Array(given * ELEMENT_BYTES);
  writeElement(plain, 0, 1n);
  for (const { name, places } of inputs) {
    const values = byName.get(name);
    if (values?.length !== places.length) return undefined;
    for (const [i, place] of places.entries()) {
      const at = (place >> 1) * ELEMENT_BYTES;
      if ((place & 1) === 1 && values[i] !== readElement(constants, at)) return undefined;
      if ((place & 1) === 0 && place > 0) writeElement(plain, at, values[i]!);
    }
  }
  return plain;
}
