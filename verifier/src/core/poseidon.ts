// SPDX-License-Identifier: MIT
/**
 * Poseidon over the BN254 scalar field with circomlib's parameters, for 1 to 16 inputs.
 *
 * The constants are not listed but made as their authors made them: by a Grain generator seeded with the parameters (Poseidon,
 * eprint 2019/458, appendices E and F). All sixteen tables would be 600 kB of every page that verifies; making one takes
 * milliseconds, once. Tests hold the hashes to poseidon-lite and circomlibjs.
 *
 * Partial rounds are computed in the equivalent form of the same paper's appendix B: only the first element passes the S-box,
 * so whatever acts on the others alone can be moved to another round. Constants move forwards, into the full rounds after;
 * of the matrix M = [m, v; w, N], the part diag(1, N) moves backwards, into the full round before. What is left of M in a
 * round is one row and one column.
 *
 * @module
 */

import { Field as PrimeField } from "@noble/curves/abstract/modular.js";
import type { Field } from "./units.js";

/** Order r of the BN254 scalar field (EIP-196). */
export const FIELD_ORDER = 0x30644e72e131a029b85045b68181585d2833e84879b9709143e1f593f0000001n;

const ORDER = FIELD_ORDER;
const FIELD = PrimeField(ORDER);
const ORDER_BITS = 254;
const FULL_ROUNDS = 8;
/** Partial rounds by number of inputs, from 1: circomlib's poseidon.circom. */
const PARTIAL_ROUNDS = [56, 57, 56, 60, 60, 63, 64, 63, 60, 66, 60, 65, 70, 60, 64, 68] as const;

type Row = readonly bigint[];
type Matrix = readonly Row[];

/** Constants first, then the S-box on every element, then the matrix. */
interface FullRound {
  readonly constants: Row;
  readonly matrix: Matrix;
}

/** A constant and the S-box on the first element; then `row` gives the new first one, and `column` of it goes to the others. */
interface PartialRound {
  readonly constant: bigint;
  readonly row: Row;
  readonly column: Row;
}

/** What a number of inputs needs. */
interface Parameters {
  readonly before: readonly FullRound[];
  readonly partial: readonly PartialRound[];
  readonly after: readonly FullRound[];
}

const known = new Map<number, Parameters>();

/**
 * Poseidon of 1 to 16 field elements.
 *
 * @param inputs each in [0, r)
 * @throws RangeError for another number of inputs
 */
export function poseidon(inputs: readonly bigint[]): Field {
  return permute(inputs)[0]!;
}

/**
 * As many words as there are inputs, from the same permutation: the state without its capacity, of which {@link poseidon}
 * gives the digest. circomlib's PoseidonEx from output 1 on.
 *
 * @param inputs 1 to 16, each in [0, r)
 * @throws RangeError for another number of inputs
 */
export function poseidonWords(inputs: readonly bigint[]): Field[] {
  return permute(inputs).slice(1);
}

function permute(inputs: readonly bigint[]): Field[] {
  const { before, partial, after } = parametersOf(inputs.length);
  const first = before.reduce<Row>(fullRound, [0n, ...inputs]);
  return after.reduce<Row>(fullRound, partialRounds(first, partial)) as Field[];
}

function fullRound(state: Row, { constants, matrix }: FullRound): Row {
  const powers = state.map((x, i) => fifthPower(x + constants[i]!));
  return matrix.map((row) => dot(row, powers) % ORDER);
}

/** All of them; sums are reduced only where they are multiplied by one another, as a reduction costs more than a product. */
function partialRounds(before: Row, rounds: readonly PartialRound[]): Row {
  const state = [...before];
  for (const { constant, row, column } of rounds) {
    const power = fifthPower(state[0]! + constant);
    let sum = row[0]! * power;
    for (let i = 1; i < state.length; i++) {
      sum += row[i]! * state[i]!;
      state[i] = state[i]! + column[i - 1]! * power;
    }
    state[0] = sum % ORDER;
  }
  return state.map((x) => x % ORDER);
}

function fifthPower(x: bigint): bigint {
  const square = (x * x) % ORDER;
  return (((square * square) % ORDER) * x) % ORDER;
}

function parametersOf(inputs: number): Parameters {
  const rounds = PARTIAL_ROUNDS[inputs - 1];
  if (rounds === undefined) throw new RangeError(`Poseidon takes 1 to 16 inputs, not ${inputs}`);
  const made = known.get(inputs) ?? makeParameters(inputs + 1, rounds);
  known.set(inputs, made);
  return made;
}

function makeParameters(width: number, partialCount: number): Parameters {
  const { constants, matrix } = published(width, partialCount);
  const half = FULL_ROUNDS / 2;
  const moved = moveConstants(constants.slice(half, -half + 1), matrix);
  const { rounds, rest } = splitMatrix(matrix, moved.partial);
  const full = (list: Matrix): FullRound[] => list.map((constants) => ({ constants, matrix }));
  const before = full(constants.slice(0, half));
  before[half - 1] = { constants: constants[half - 1]!, matrix: times(rest, matrix) };
  return { before, partial: rounds, after: full([moved.after, ...constants.slice(-half + 1)]) };
}

/** What the paper lists: a row of constants for each round, and the matrix of all. */
function published(width: number, partialCount: number): { constants: Matrix; matrix: Matrix } {
  const next = grain(width, partialCount);
  const constants = Array.from({ length: FULL_ROUNDS + partialCount }, () =>
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
  const matrix = rows.map((x) => FIELD.invertBatch(columns.map((y) => FIELD.add(x, y))));
  return { constants, matrix };
}

/** One constant for each partial round; what the others add arrives in the full round after them, the last of `constants`. */
function moveConstants(constants: Matrix, matrix: Matrix): { partial: Row; after: Row } {
  const partial: bigint[] = [];
  const after = constants.reduce((row, next) => {
    partial.push(row[0]!);
    const others = apply(matrix, [0n, ...row.slice(1)]);
    return next.map((x, i) => (x + others[i]!) % ORDER);
  });
  return { partial, after };
}

/**
 * M = [m, v N^-1; w, I] diag(1, N), and diag(1, N) M = [m, v; N w, N N] stands in the round before: so the k-th round from
 * the end has the row v N^-k and the column N^(k-1) w, and diag(1, N^rounds) is left.
 */
function splitMatrix(matrix: Matrix, constants: Row): { rounds: PartialRound[]; rest: Matrix } {
  const [[m, ...v], ...others] = matrix as [Row, ...Row[]];
  const inner = others.map((row) => row.slice(1));
  const inverse = transpose(inverseOf(inner));
  let row: Row = v;
  let column: Row = others.map(([w]) => w!);
  const rounds = [...constants].reverse().map((constant) => {
    row = apply(inverse, row);
    const round = { constant, row: [m!, ...row], column };
    column = apply(inner, column);
    return round;
  });
  const rest = power(inner, constants.length);
  const outer = [[1n, ...inner.map(() => 0n)], ...rest.map((line) => [0n, ...line])];
  return { rounds: rounds.reverse(), rest: outer };
}

function dot(a: Row, b: Row): bigint {
  let sum = 0n;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}

const apply = (matrix: Matrix, vector: Row): Row => matrix.map((row) => dot(row, vector) % ORDER);
const transpose = (matrix: Matrix): Matrix => matrix[0]!.map((_, j) => matrix.map((row) => row[j]!));
const times = (a: Matrix, b: Matrix): Matrix => transpose(transpose(b).map((column) => apply(a, column)));

/** A matrix times itself, from 1 time on: by squares, as there are some sixty factors. */
function power(matrix: Matrix, exponent: number): Matrix {
  if (exponent === 1) return matrix;
  const half = power(matrix, exponent >> 1);
  const even = times(half, half);
  return exponent % 2 === 0 ? even : times(even, matrix);
}

/** By Gauss and Jordan's elimination. A Cauchy matrix needs no exchange of rows: no leading minor of it is 0. */
function inverseOf(matrix: Matrix): Matrix {
  const size = matrix.length;
  const rows: Row[] = matrix.map((row, i) => [...row, ...row.map((_, j) => (i === j ? 1n : 0n))]);
  for (let k = 0; k < size; k++) {
    const scale = FIELD.inv(rows[k]![k]!);
    const pivot = rows[k]!.map((x) => (x * scale) % ORDER);
    rows.forEach((row, i) => {
      const factor = ORDER - row[k]!;
      rows[i] = i === k ? pivot : row.map((x, j) => (x + factor * pivot[j]!) % ORDER);
    });
  }
  return rows.map((row) => row.slice(size));
}

/** Numbers of 254 bits from the Grain generator in its self-shrinking mode. */
function grain(width: number, partialRounds: number): () => bigint {
  // One for a prime field, nought for the S-box x^5, then the parameters, then ones up to 80 bits.
  const seed = [bits(1, 2), bits(0, 4), bits(ORDER_BITS, 12), bits(width, 12)];
  seed.push(bits(FULL_ROUNDS, 10), bits(partialRounds, 10), bits(2 ** 30 - 1, 30));
  const next = register(seed.join(""));
  // 160 bits warm it up.
  for (let word = 0; word < 10; word++) next();
  let [value, length] = [0n, 0];
  return () => {
    while (length < ORDER_BITS) {
      let [chosen, count] = [0, 0];
      while (count < 24) {
        const word = next();
        for (const byte of [word >> 8, word & 255]) {
          const choice = CHOICES[byte]!;
          chosen = (chosen << choice.count) | choice.bits;
          count += choice.count;
        }
      }
      value = (value << BigInt(count)) | BigInt(chosen >>> 0);
      length += count;
    }
    length -= ORDER_BITS;
    const number = value >> BigInt(length);
    value &= (1n << BigInt(length)) - 1n;
    return number;
  };
}

/** Of each pair of a byte's bits, the first one decides whether the second counts: how many do, and which. */
const CHOICES = Array.from({ length: 256 }, (_, byte) => {
  let [chosen, count] = [0, 0];
  for (const shift of [6, 4, 2, 0]) {
    if (((byte >> shift) & 2) === 0) continue;
    chosen = (chosen << 1) | ((byte >> shift) & 1);
    count += 1;
  }
  return { bits: chosen, count };
});

/** The shift register's next 16 bits at each call; all that they are made from are older. */
function register(seed: string): () => number {
  let [a, b, c, d, e] = [0, 16, 32, 48, 64].map((at) => Number(`0b${seed.slice(at, at + 16)}`)) as [
    number,
    number,
    number,
    number,
    number,
  ];
  // 16 bits that begin within a word.
  const from = (first: number, second: number, at: number): number => (first << at) | (second >> (16 - at));
  return () => {
    // The bits 80, 67, 57, 42, 29 and 18 before.
    const next = a ^ from(a, b, 13) ^ from(b, c, 7) ^ from(c, d, 6) ^ from(d, e, 3) ^ from(d, e, 14);
    [a, b, c, d, e] = [b, c, d, e, next & 0xffff];
    return e;
  };
}

const bits = (value: number, length: number): string => value.toString(2).padStart(length, "0");
