// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * The rows of a key's slice as a program: every linear form once, whether it stands in A or in B, negated or with another
 * constant, and every coefficient once. In circom's circuits that is a third of the products.
 *
 * @module
 */

import { ELEMENT_BYTES, writeElement } from "./bytes.js";
import { SCALAR_FIELD } from "./field.js";
import type { SlicedTerms } from "./slices.js";
import { CODES } from "./witness/codes.js";
import { TERM_WORDS } from "./zkey.js";

/** log2 of what coefficients are multiplied by in a key. */
export const KEY_RADIX_BITS = 512n;
/** Numbers of a row in {@link RowPlan.factors}. */
export const FACTOR_WORDS = 4;

/** Forms to calculate, and what A and B of each row are made from; as in witness/program.ts. */
export interface RowPlan {
  /** The wires that stand in them, in order, the constant one first: elements 0 to their number are these. */
  readonly wires: Uint32Array;
  /** Elements in all. Behind the wires comes 0, and then the forms. */
  readonly elements: number;
  /** As in the key, the first one 0. */
  readonly constants: Uint8Array;
  readonly code: Uint32Array;
  readonly factors: Uint32Array;
}

const ELEMENT_WORDS = ELEMENT_BYTES / 4;
/** Words of a term before its coefficient: matrix, row, wire. */
const HEAD_WORDS = TERM_WORDS - ELEMENT_WORDS;

/** Plans a slice's rows. Terms may stand in any order. */
export function planRows(slice: SlicedTerms): RowPlan {
  const { terms, constants, signs } = internTerms(slice);
  const { rows } = slice;
  const wires = renumber(terms.wires, slice.circuitWires);
  const forms = createForms(sortTerms(terms, rows), signs, wires.length);
  const factors = new Uint32Array(FACTOR_WORDS * rows);
  for (let side = 0; side < 2 * rows; side++) forms.writeFactor(side, factors, 2 * side);
  return { wires, elements: forms.count(), constants, code: new Uint32Array(forms.code), factors };
}

/** Numbers the wires that occur from 0 on, in order, the constant one in any case; returns them. */
function renumber(wires: Uint32Array, circuitWires: number): Uint32Array {
  const numbers = new Uint32Array(circuitWires);
  numbers[0] = 1;
  for (const wire of wires) numbers[wire] = 1;
  const used = new Uint32Array(numbers.reduce((sum, one) => sum + one, 0));
  let count = 0;
  for (let wire = 0; wire < circuitWires; wire++) {
    if (numbers[wire] === 0) continue;
    numbers[wire] = count;
    used[count++] = wire;
  }
  for (let i = 0; i < wires.length; i++) wires[i] = numbers[wires[i]!]!;
  return used;
}

/** Terms with their coefficients by number: side i is A or B of row i / 2. */
interface InternedTerms {
  readonly sides: Uint32Array;
  readonly wires: Uint32Array;
  readonly coefficients: Uint32Array;
}

/** Terms by row, A before B: those of side i begin at `starts[i]`. */
interface SortedTerms extends Omit<InternedTerms, "sides"> {
  readonly starts: Uint32Array;
}

function sortTerms({ sides, wires, coefficients }: InternedTerms, rows: number): SortedTerms {
  const starts = new Uint32Array(2 * rows + 1);
  for (const side of sides) starts[side + 1]! += 1;
  for (let side = 0; side < 2 * rows; side++) starts[side + 1]! += starts[side]!;
  const next = starts.slice();
  const sorted = { wires: new Uint32Array(sides.length), coefficients: new Uint32Array(sides.length) };
  for (let term = 0; term < sides.length; term++) {
    const side = sides[term]!;
    const at = next[side]!;
    sorted.wires[at] = wires[term]!;
    sorted.coefficients[at] = coefficients[term]!;
    next[side] = at + 1;
  }
  return { starts, ...sorted };
}

/** Numbers things from 0 by their hash: `same` says whether a number is of the thing that is looked for, else it gets the next one. */
function createTable() {
  let places = new Int32Array(2 ** 12).fill(-1);
  const hashes: number[] = [];
  const insert = (hash: number, number: number): void => {
    let at = (hash ^ (hash >>> 15)) & (places.length - 1);
    while (places[at]! >= 0) at = (at + 1) & (places.length - 1);
    places[at] = number;
  };
  return (hash: number, same: (known: number) => boolean): number => {
    for (let at = (hash ^ (hash >>> 15)) & (places.length - 1); ; at = (at + 1) & (places.length - 1)) {
      const known = places[at]!;
      if (known < 0) break;
      if (hashes[known] === hash && same(known)) return known;
    }
    const number = hashes.push(hash) - 1;
    if (2 * hashes.length > places.length) {
      places = new Int32Array(2 * places.length).fill(-1);
      for (const [old, oldHash] of hashes.entries()) insert(oldHash, old);
    } else insert(hash, number);
    return number;
  };
}

const mix = (hash: number, word: number): number => (Math.imul(hash ^ word, 0x9e3779b1) + (hash >>> 13)) | 0;

/** Signs of coefficients: 1 and -1 need no product, and one that is another's negative is known by that one. */
interface Signs {
  readonly one: number;
  readonly minusOne: number;
  /** The place of each coefficient's negative, itself included: 0 is its own. */
  readonly negative: Uint32Array;
}

/** Reads terms and numbers their different coefficients, and these coefficients' negatives; 0 is the first one. */
function internTerms({ terms: count, firstRow, eachTerms }: SlicedTerms): {
  terms: InternedTerms;
  constants: Uint8Array;
  signs: Signs;
} {
  const found: number[] = [];
  const lookUp = createTable();
  let source: Uint32Array = new Uint32Array();
  let at = 0;
  const same = (known: number): boolean => {
    for (let i = 0; i < ELEMENT_WORDS; i++)
      if (found[known * ELEMENT_WORDS + i] !== source[at + i]) return false;
    return true;
  };
  const intern = (words: Uint32Array, start: number): number => {
    [source, at] = [words, start];
    const place = lookUp(mix(mix(source[at]!, source[at + 1]!), source[at + 2]!), same);
    if (place * ELEMENT_WORDS === found.length)
      for (let i = 0; i < ELEMENT_WORDS; i++) found.push(source[at + i]!);
    return place;
  };
  intern(wordsOf(0n), 0);
  const one = intern(wordsOf((1n << KEY_RADIX_BITS) % SCALAR_FIELD), 0);
  const list = (): Uint32Array => new Uint32Array(count);
  const terms = { sides: list(), wires: list(), coefficients: list() };
  let term = 0;
  eachTerms((words) => {
    for (let start = 0; start < words.length; start += TERM_WORDS, term++) {
      terms.sides[term] = 2 * (words[start + 1]! - firstRow) + words[start]!;
      terms.wires[term] = words[start + 2]!;
      terms.coefficients[term] = intern(words, start + HEAD_WORDS);
    }
  });
  const own = found.length / ELEMENT_WORDS;
  const negative = new Uint32Array(2 * own);
  for (let place = 0; place < own; place++) {
    negative[place] = intern(negated(found, place * ELEMENT_WORDS), 0);
    negative[negative[place]] = place;
  }
  const constants = new Uint8Array(new Uint32Array(found).buffer);
  return { terms, constants, signs: { one, minusOne: negative[one]!, negative } };
}

function wordsOf(value: bigint): Uint32Array {
  const words = new Uint32Array(ELEMENT_WORDS);
  writeElement(new Uint8Array(words.buffer), 0, value);
  return words;
}

const ORDER = wordsOf(SCALAR_FIELD);

/** r - x, and 0 for 0. */
function negated(source: readonly number[], at: number): Uint32Array {
  const target = new Uint32Array(ELEMENT_WORDS);
  let [borrow, any] = [0, 0];
  for (let i = 0; i < ELEMENT_WORDS; i++) {
    any |= source[at + i]!;
    const difference = ORDER[i]! - source[at + i]! - borrow;
    borrow = difference < 0 ? 1 : 0;
    target[i] = difference;
  }
  return any === 0 ? target.fill(0) : target;
}

/** Collects forms. */
function createForms({ starts, wires, coefficients }: SortedTerms, signs: Signs, zero: number) {
  const code: number[] = [];
  const first = zero + 1;
  /** Where each form's terms begin and end, and whether they are negated. */
  const known: { readonly start: number; readonly end: number; readonly negative: boolean }[] = [];
  const lookUp = createTable();
  let [start, end, negative] = [0, 0, false];
  const coefficientAt = (i: number, negated: boolean): number =>
    negated ? signs.negative[coefficients[i]!]! : coefficients[i]!;
  const same = (place: number): boolean => {
    const other = known[place]!;
    if (other.end - other.start !== end - start) return false;
    for (let i = start, j = other.start; i < end; i++, j++)
      if (wires[i] !== wires[j] || coefficientAt(i, negative) !== coefficientAt(j, other.negative))
        return false;
    return true;
  };
  const write = (element: number): void => {
    const [plus, minus, others]: [number[], number[], number[]] = [[], [], []];
    for (let i = start; i < end; i++) {
      const coefficient = coefficientAt(i, negative);
      if (coefficient === signs.one) plus.push(wires[i]!);
      else if (coefficient === signs.minusOne) minus.push(wires[i]!);
      else others.push(wires[i]!, coefficient);
    }
    code.push(CODES.set, element, 0, plus.length, minus.length, others.length / 2, 0);
    for (const list of [plus, minus, others]) for (const word of list) code.push(word);
  };
  const formOf = (): number => {
    let hash = end - start;
    for (let i = start; i < end; i++) hash = mix(mix(hash, wires[i]!), coefficientAt(i, negative));
    const place = lookUp(hash, same);
    if (place === known.length) {
      write(first + place);
      known.push({ start, end, negative });
    }
    return first + place;
  };
  return {
    code,
    count: () => first + known.length,
    /** Writes the numbers of one side: 2 times the element, and 1 if it is negated; the constant. */
    writeFactor(side: number, target: Uint32Array, at: number): void {
      [start, end] = [starts[side]!, starts[side + 1]!];
      // A constant that does not stand in front is rare: it becomes part of the form.
      const apart = start < end && wires[start] === 0;
      if (apart) target[at + 1] = coefficients[start++]!;
      negative = start < end && signs.negative[coefficients[start]!]! < coefficients[start]!;
      const only = end - start === 1 && coefficientAt(start, negative) === signs.one;
      const element = start === end ? zero : only ? wires[start]! : formOf();
      target[at] = 2 * element + (negative ? 1 : 0);
    },
  };
}
