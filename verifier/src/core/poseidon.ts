// SPDX-License-Identifier: MIT
/**
 * Poseidon over the BN254 scalar field with circomlib's parameters, for 1 to 16 inputs.
 *
 * The constants are not listed but made as their authors made them: by a Grain generator seeded with the parameters (Poseidon,
 * eprint 2019/458, appendices E and F). All sixteen tables would be 600 kB of every page that verifies; making one takes
 * milliseconds, once. Tests hold the hashes to poseidon-lite and circomlibjs.
 *
 * @module
 */

import { Field as PrimeField } from "@noble/curves/abstract/modular.js";
import type { Field } from "./units.js";

/** Order r of the BN254 scalar field (EIP-196). */
export const FIELD_ORDER = 0x30644e72e131a029b85045b68181585d2833e84879b9709143e1f593f0000001n;

const ORDER = FIELD_ORDER;
const ORDER_BITS = 254;
const FULL_ROUNDS = 8;
/** Partial rounds by number of inputs, from 1: circomlib's poseidon.circom. */
const PARTIAL_ROUNDS = [56, 57, 56, 60, 60, 63, 64, 63, 60, 66, 60, 65, 70, 60, 64, 68] as const;

/** What a number of inputs needs. */
interface Parameters {
  /** A row for each round, a constant for each element of the state. */
  readonly constants: readonly (readonly bigint[])[];
  readonly matrix: readonly (readonly bigint[])[];
}

const known = new Map<number, Parameters>();

/**
 * Poseidon of 1 to 16 field elements.
 *
 * @param inputs each in [0, r)
 * @throws RangeError for another number of inputs
 */
export function poseidon(inputs: readonly bigint[]): Field {
  const { constants, matrix } = parametersOf(inputs.length);
  let state = [0n, ...inputs];
  constants.forEach((row, round) => {
    const isFull = round < FULL_ROUNDS / 2 || round >= constants.length - FULL_ROUNDS / 2;
    for (let i = 0; i < state.length; i++) {
      const sum = state[i]! + row[i]!;
      state[i] = isFull || i === 0 ? fifthPower(sum) : sum;
    }
    // Products are added up as they are: one reduction a row is cheaper than one a product.
    state = matrix.map((factors) => {
      let sum = 0n;
      for (let j = 0; j < factors.length; j++) sum += factors[j]! * state[j]!;
      return sum % ORDER;
    });
  });
  return state[0] as Field;
}

function fifthPower(x: bigint): bigint {
  const square = (x * x) % ORDER;
  return (((square * square) % ORDER) * x) % ORDER;
}

function parametersOf(inputs: number): Parameters {
  const partialRounds = PARTIAL_ROUNDS[inputs - 1];
  if (partialRounds === undefined) throw new RangeError(`Poseidon takes 1 to 16 inputs, not ${inputs}`);
  const made = known.get(inputs) ?? makeParameters(inputs + 1, partialRounds);
  known.set(inputs, made);
  return made;
}

function makeParameters(width: number, partialRounds: number): Parameters {
  const next = grain(width, partialRounds);
  const constants = Array.from({ length: FULL_ROUNDS + partialRounds }, () =>
    Array.from({ length: width }, () => {
      for (;;) {
        const candidate = next();
        if (candidate < ORDER) return candidate;
      }
    }),
  );
  // A Cauchy matrix, so that every submatrix of it is invertible.
  const element = () => next() % ORDER;
  const [rows, columns] = [Array.from({ length: width }, element), Array.from({ length: width }, element)];
  const field = PrimeField(ORDER);
  const matrix = rows.map((x) => field.invertBatch(columns.map((y) => field.add(x, y))));
  return { constants, matrix };
}

/** Numbers of 254 bits from the Grain generator in its self-shrinking mode. */
function grain(width: number, partialRounds: number): () => bigint {
  // One for a prime field, nought for the S-box x^5, then the parameters, then ones up to 80 bits.
  const seed = [bits(1, 2), bits(0, 4), bits(ORDER_BITS, 12), bits(width, 12)];
  seed.push(bits(FULL_ROUNDS, 10), bits(partialRounds, 10), bits(2 ** 30 - 1, 30));
  let register = Uint8Array.from(seed.join(""), Number);
  let at = register.length;
  const bit = (): number => {
    if (at === register.length) {
      register = extended(register.subarray(at - 80));
      at = 80;
    }
    return register[at++]!;
  };
  for (let i = 0; i < 160; i++) bit();
  return () => {
    let text = "0b";
    while (text.length < ORDER_BITS + 2) {
      // Of each pair, the first bit decides whether the second counts.
      const [decides, value] = [bit(), bit()];
      if (decides === 1) text += value;
    }
    return BigInt(text);
  };
}

/** The register's 80 bits and the next ones after them. */
function extended(last: Uint8Array): Uint8Array<ArrayBuffer> {
  const sequence = new Uint8Array(16_384);
  sequence.set(last);
  for (let i = 80; i < sequence.length; i++) {
    const [a, b, c] = [sequence[i - 18]!, sequence[i - 29]!, sequence[i - 42]!];
    sequence[i] = a ^ b ^ c ^ sequence[i - 57]! ^ sequence[i - 67]! ^ sequence[i - 80]!;
  }
  return sequence;
}

const bits = (value: number, length: number): string => value.toString(2).padStart(length, "0");
