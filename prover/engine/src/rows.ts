// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * The rows of a key's slice as a program: every linear form once, whether it stands in A or in B, negated or with another
 * constant, and every coefficient once. In circom's circuits that is a third of the products.
 *
 * @module
 */
import { SCALAR_FIELD } from "@keel/verifier/groth16";
import { ELEMENT_BYTES, writeElement } from "./bytes.js";
import type { KeySlice } from "./slices.js";
import { CODES } from "./witness/codes.js";
import { TERM_BYTES } from "./zkey.js";

/** log2 of what coefficients are multiplied by in a key. */
export const KEY_RADIX_BITS = 512n;
/** Numbers of a row in {@link RowPlan.factors}. */
export const FACTOR_WORDS = 4;

/** Forms to calculate, and what A and B of each row are made from; as in witness/program.ts. */
export interface RowPlan {
  readonly elements: number;
  /** As in the key, the first one 0. */
  readonly constants: Uint8Array;
  readonly code: Uint32Array;
  readonly factors: Uint32Array;
}

const TERM_WORDS = TERM_BYTES / 4;
const ELEMENT_WORDS = ELEMENT_BYTES / 4;
/** Words of a term before its coefficient: matrix, row, wire. */
const HEAD_WORDS = TERM_WORDS - ELEMENT_WORDS;

/** Plans a slice's rows. Terms may stand in any order. */
export function planRows({ terms, firstRow, rows, circuitWires }: KeySlice): RowPlan {
  const words = new Uint32Array(terms.buffer, terms.byteOffset, terms.length / 4);
  const { coefficients, constants, signs } = internCoefficients(words);
  const { starts, order } = sortTerms(words, firstRow, rows);
  const forms = createForms(words, coefficients, signs, circuitWires);
  const factors = new Uint32Array(FACTOR_WORDS * rows);
  for (let side = 0; side < 2 * rows; side++) {
    const [element, constant] = forms.factor(order.subarray(starts[side]!, starts[side + 1]!));
    factors[2 * side] = element;
    factors[2 * side + 1] = constant;
  }
  const code = Uint32Array.from(forms.code);
  return { elements: forms.count(), constants, code, factors };
}

/** Places of terms by row, first A then B of each. */
function sortTerms(words: Uint32Array, firstRow: number, rows: number) {
  const count = words.length / TERM_WORDS;
  const sideOf = (term: number): number =>
    2 * (words[term * TERM_WORDS + 1]! - firstRow) + words[term * TERM_WORDS]!;
  const starts = new Uint32Array(2 * rows + 1);
  for (let term = 0; term < count; term++) starts[sideOf(term) + 1]! += 1;
  for (let side = 0; side < 2 * rows; side++) starts[side + 1]! += starts[side]!;
  const next = starts.slice();
  const order = new Uint32Array(count);
  for (let term = 0; term < count; term++) {
    const side = sideOf(term);
    order[next[side]!] = term;
    next[side]! += 1;
  }
  return { starts, order };
}

/** A table of numbers by hash: `same` says whether a number is the one that is looked for. */
function createTable(capacity: number) {
  const size = 2 ** Math.ceil(Math.log2(2 * capacity + 2));
  const places = new Int32Array(size).fill(-1);
  return (hash: number, same: (known: number) => boolean, fresh: () => number): number => {
    for (let at = (hash ^ (hash >>> 15)) & (size - 1); ; at = (at + 1) & (size - 1)) {
      const known = places[at]!;
      if (known < 0) {
        places[at] = fresh();
        return places[at]!;
      }
      if (same(known)) return known;
    }
  };
}

const mix = (hash: number, word: number): number => Math.imul(hash ^ word, 0x9e3779b1) + (hash >>> 13);

/** Signs of coefficients: 1 and -1 need no product, and one that is another's negative is known by that one. */
interface Signs {
  readonly one: number;
  readonly minusOne: number;
  /** The place of each coefficient's negative, itself included: 0 is its own. */
  readonly negative: Uint32Array;
}

/** Numbers the different coefficients and their negatives; 0 is the first one. */
function internCoefficients(words: Uint32Array): {
  coefficients: Uint32Array;
  constants: Uint8Array;
  signs: Signs;
} {
  const count = words.length / TERM_WORDS;
  const found = new Uint32Array(ELEMENT_WORDS * (2 * count + 4));
  let size = 0;
  const lookUp = createTable(2 * count + 4);
  const intern = (source: Uint32Array, at: number): number => {
    let hash = 0;
    for (let i = 0; i < ELEMENT_WORDS; i++) hash = mix(hash, source[at + i]!);
    const same = (known: number): boolean => {
      for (let i = 0; i < ELEMENT_WORDS; i++)
        if (found[known * ELEMENT_WORDS + i] !== source[at + i]) return false;
      return true;
    };
    return lookUp(hash, same, () => {
      for (let i = 0; i < ELEMENT_WORDS; i++) found[size * ELEMENT_WORDS + i] = source[at + i]!;
      size += 1;
      return size - 1;
    });
  };
  const room = new Uint32Array(ELEMENT_WORDS);
  const internNegative = (place: number): number => {
    negate(found, place * ELEMENT_WORDS, room);
    return intern(room, 0);
  };
  intern(room, 0);
  const one = intern(wordsOf((1n << KEY_RADIX_BITS) % SCALAR_FIELD), 0);
  const coefficients = new Uint32Array(count);
  for (let term = 0; term < count; term++) coefficients[term] = intern(words, term * TERM_WORDS + HEAD_WORDS);
  const own = size;
  const negative = new Uint32Array(2 * own);
  for (let place = 0; place < own; place++) {
    negative[place] = internNegative(place);
    negative[negative[place]] = place;
  }
  const constants = new Uint8Array(found.slice(0, size * ELEMENT_WORDS).buffer);
  return { coefficients, constants, signs: { one, minusOne: negative[one]!, negative } };
}

function wordsOf(value: bigint): Uint32Array {
  const words = new Uint32Array(ELEMENT_WORDS);
  writeElement(new Uint8Array(words.buffer), 0, value);
  return words;
}

const ORDER = wordsOf(SCALAR_FIELD);

/** r - x, and 0 for 0. */
function negate(source: Uint32Array, at: number, target: Uint32Array): void {
  let [borrow, any] = [0, 0];
  for (let i = 0; i < ELEMENT_WORDS; i++) {
    any |= source[at + i]!;
    const difference = ORDER[i]! - source[at + i]! - borrow;
    borrow = difference < 0 ? 1 : 0;
    target[i] = difference;
  }
  if (any === 0) target.fill(0);
}

/** Collects forms; `factor` gives the numbers of one side of a row. */
function createForms(words: Uint32Array, coefficients: Uint32Array, signs: Signs, wires: number) {
  const code: number[] = [];
  const [zero, first] = [wires, wires + 1];
  /** Terms of each form, and whether they are negated. */
  const known: { readonly terms: Uint32Array; readonly negated: boolean }[] = [];
  const lookUp = createTable(coefficients.length);
  const wireOf = (term: number): number => words[term * TERM_WORDS + HEAD_WORDS - 1]!;
  const coefficientOf = (term: number, negated: boolean): number =>
    negated ? signs.negative[coefficients[term]!]! : coefficients[term]!;
  const write = (terms: Uint32Array, negated: boolean): void => {
    const [plus, minus, others]: [number[], number[], number[]] = [[], [], []];
    for (const term of terms) {
      const coefficient = coefficientOf(term, negated);
      if (coefficient === signs.one) plus.push(wireOf(term));
      else if (coefficient === signs.minusOne) minus.push(wireOf(term));
      else others.push(wireOf(term), coefficient);
    }
    code.push(CODES.set, first + known.length, 0, plus.length, minus.length, others.length / 2, 0);
    code.push(...plus, ...minus, ...others);
  };
  const formOf = (terms: Uint32Array, negated: boolean): number => {
    let hash = terms.length;
    for (const term of terms) hash = mix(mix(hash, wireOf(term)), coefficientOf(term, negated));
    const same = (place: number): boolean => {
      const other = known[place]!;
      return (
        other.terms.length === terms.length &&
        terms.every(
          (term, i) =>
            wireOf(term) === wireOf(other.terms[i]!) &&
            coefficientOf(term, negated) === coefficientOf(other.terms[i]!, other.negated),
        )
      );
    };
    return lookUp(hash, same, () => {
      write(terms, negated);
      return known.push({ terms, negated }) - 1;
    });
  };
  return {
    code,
    count: () => first + known.length,
    /** 2 times the element, and 1 if it is negated; the constant. */
    factor(side: Uint32Array): [number, number] {
      const constants = side.filter((term) => wireOf(term) === 0);
      // A constant in several terms is rare: it becomes part of the form.
      const terms = constants.length === 1 ? side.filter((term) => wireOf(term) !== 0) : side;
      const constant = constants.length === 1 ? coefficients[constants[0]!]! : 0;
      if (terms.length === 0) return [2 * zero, constant];
      const head = coefficients[terms[0]!]!;
      const negated = signs.negative[head]! < head;
      const only = coefficientOf(terms[0]!, negated) === signs.one && terms.length === 1;
      const element = only ? wireOf(terms[0]!) : first + formOf(terms, negated);
      return [2 * element + (negated ? 1 : 0), constant];
    },
  };
}
