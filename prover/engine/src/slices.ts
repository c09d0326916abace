// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * A proving key cut into one slice a worker, each worker keeping its own for good: per proof only scalars travel. One worker
 * says where the cuts are, and then each reads its own slice.
 *
 * Bases go round the workers one by one, because neighbouring wires tend to hold values of one kind (the bits of a
 * number, say) and contiguous ranges would make uneven work. Rows stay together, cut where the terms balance.
 *
 * @module
 */
import { isZero } from "./bytes.js";
import { eachPiece, type PartFile, type Section } from "./parts.js";
import {
  eachTerm,
  G1_BYTES,
  G2_BYTES,
  parseZkey,
  TERM_BYTES,
  TERM_WORDS,
  wordsOf,
  type Zkey,
} from "./zkey.js";

/** The queries that only the witness multiplies, each for a point of the proof of its own. */
export type Query = "a" | "b";

/** Which part of a key a worker keeps. */
export interface KeyPart {
  readonly worker: number;
  readonly workers: number;
  /** The constraints whose A·w, B·w and C·w this worker computes. */
  readonly firstRow: number;
  readonly rows: number;
  /** How many terms they have, */
  readonly terms: number;
  /** and where these are: keys list terms by row, so that few others are among them. */
  readonly place: Section;
}

/** A slice's terms, piece by piece. */
export interface SlicedTerms extends Pick<KeyPart, "firstRow" | "rows" | "terms"> {
  /** Of the whole circuit. */
  readonly circuitWires: number;
  /** Gives the terms as words of the file, in any order; the next piece overwrites one. */
  eachTerms(take: (words: Uint32Array) => void): void;
}

/** A slice's bases of a query, piece by piece. */
export interface SlicedBases {
  /** There are no more than this. */
  readonly most: number;
  /** Gives the wire whose value multiplies each base, and the bases; the next piece overwrites one. */
  each(take: (wires: Uint32Array, points: Uint8Array) => void): void;
}

/** What one worker keeps of a key, yet to be read. */
export interface KeySlice extends SlicedTerms {
  readonly domain: number;
  readonly queries: Readonly<Record<Query | "c", SlicedBases>>;
  /** A contiguous part of the H query; no wire stands for its bases. */
  readonly h: SlicedBases;
}

/** A key's header, and how it is cut. */
export interface CutKey {
  readonly zkey: Zkey;
  /** Boundaries of the workers' parts of H. */
  readonly cuts: readonly number[];
  readonly parts: readonly KeyPart[];
}

/** Parses a key and decides how to cut it. @throws as {@link parseZkey}, {@link eachTerm} */
export function cutZkey(file: PartFile, workers: number): CutKey {
  const zkey = parseZkey(file);
  const rows = surveyRows(file, zkey);
  const cuts = balancedCuts(rows.counts, workers);
  const parts = Array.from({ length: workers }, (_, worker) => {
    const [firstRow, end] = [cuts[worker]!, cuts[worker + 1]!];
    return { worker, workers, firstRow, rows: end - firstRow, ...termsOf(zkey, rows, firstRow, end) };
  });
  return { zkey, cuts: [...parts.map((part) => firstH(zkey, part)), zkey.domain], parts };
}

/** Of each row: how many terms it has, which is the first one, and which comes after the last. */
interface RowSurvey {
  readonly counts: Uint32Array;
  readonly firsts: Uint32Array;
  readonly ends: Uint32Array;
}

function surveyRows(file: PartFile, zkey: Zkey): RowSurvey {
  const list = (): Uint32Array => new Uint32Array(zkey.domain);
  const rows = { counts: list(), firsts: list(), ends: list() };
  eachTerm(file, zkey, (words, at, term) => {
    const row = words[at + 1]!;
    if (rows.counts[row]! === 0) rows.firsts[row] = term;
    rows.counts[row]! += 1;
    rows.ends[row] = term + 1;
  });
  return rows;
}

/** The terms of the rows before `end`: how many there are, and the part of the file that has them. */
function termsOf(
  { terms }: Zkey,
  { counts, firsts, ends }: RowSurvey,
  firstRow: number,
  end: number,
): Pick<KeyPart, "terms" | "place"> {
  let [count, first, last] = [0, Number.POSITIVE_INFINITY, 0];
  for (let row = firstRow; row < end; row++) {
    if (counts[row] === 0) continue;
    count += counts[row]!;
    first = Math.min(first, firsts[row]!);
    last = Math.max(last, ends[row]!);
  }
  const length = count === 0 ? 0 : (last - first) * TERM_BYTES;
  return { terms: count, place: { start: terms.start + (count === 0 ? 0 : first * TERM_BYTES), length } };
}

/** Opens a part of a parsed key. */
export function openSlice(file: PartFile, zkey: Zkey, part: KeyPart): KeySlice {
  const dealt = (section: Section, size: number, firstWire: number): SlicedBases =>
    dealBases(file, section, size, firstWire, part);
  const { firstRow, rows, terms } = part;
  return {
    ...{ firstRow, rows, terms, circuitWires: zkey.wires, domain: zkey.domain },
    eachTerms: (take) =>
      eachPiece(file, part.place, TERM_BYTES, (piece) => take(ownTerms(wordsOf(piece), part))),
    queries: {
      a: dealt(zkey.a, G1_BYTES, 0),
      b: dealt(zkey.b, G2_BYTES, 0),
      c: dealt(zkey.c, G1_BYTES, zkey.publicSignals + 1),
    },
    h: contiguousBases(file, zkey, part),
  };
}

/** Row boundaries, workers + 1 of them, with about equally many terms in between. */
function balancedCuts(weights: Uint32Array, workers: number): number[] {
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const cuts = [0];
  let sum = 0;
  for (let row = 0; row < weights.length && cuts.length < workers; row++) {
    sum += weights[row]!;
    if (sum >= (total * cuts.length) / workers) cuts.push(row + 1);
  }
  while (cuts.length <= workers) cuts.push(weights.length);
  return cuts;
}

/** Moves the terms of a part's rows to the front, and returns them. */
function ownTerms(words: Uint32Array, { firstRow, rows }: KeyPart): Uint32Array {
  let end = 0;
  for (let at = 0; at < words.length; at += TERM_WORDS) {
    const row = words[at + 1]!;
    if (row < firstRow || row >= firstRow + rows) continue;
    if (end !== at) words.copyWithin(end, at, at + TERM_WORDS);
    end += TERM_WORDS;
  }
  return words.subarray(0, end);
}

function firstH({ domain }: Pick<Zkey, "domain">, { worker, workers }: KeyPart): number {
  return Math.floor((domain * worker) / workers);
}

function contiguousBases(file: PartFile, { h, domain }: Zkey, part: KeyPart): SlicedBases {
  const first = firstH({ domain }, part);
  const most = firstH({ domain }, { ...part, worker: part.worker + 1 }) - first;
  const section = { start: h.start + first * G1_BYTES, length: most * G1_BYTES };
  const none = new Uint32Array();
  return { most, each: (take) => eachPiece(file, section, G1_BYTES, (points) => take(none, points)) };
}

/** Deals the finite points of a query out in turn; points at infinity add nothing to any sum. */
function dealBases(
  file: PartFile,
  section: Section,
  size: number,
  firstWire: number,
  { worker, workers }: KeyPart,
): SlicedBases {
  return {
    most: Math.ceil(section.length / size / workers),
    each(take) {
      let finite = 0;
      eachPiece(file, section, size, (piece, first) => {
        const wires = new Uint32Array(piece.length / size);
        let count = 0;
        for (let at = 0; at < piece.length; at += size) {
          if (isZero(piece, at, size) || finite++ % workers !== worker) continue;
          wires[count] = firstWire + first + at / size;
          piece.copyWithin(count * size, at, at + size);
          count += 1;
        }
        take(wires.subarray(0, count), piece.subarray(0, count * size));
      });
    },
  };
}
