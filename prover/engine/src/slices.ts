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
import { parseVerificationKey, type VerificationKey } from "@keel/verifier/groth16";
import { isZero } from "./bytes.js";
import { eachPiece, type PartFile, type Section } from "./parts.js";
import { eachTerms, G1_BYTES, G2_BYTES, parseZkey, TERM_WORDS, type Zkey } from "./zkey.js";

/** The queries that only the witness multiplies, each for a point of the proof of its own. */
export type Query = "a" | "b";

/** Which part of a key a worker keeps. */
export interface KeyPart {
  readonly worker: number;
  readonly workers: number;
  /** The constraints whose A·w, B·w and C·w this worker computes. */
  readonly firstRow: number;
  readonly rows: number;
  /** How many terms they have. */
  readonly terms: number;
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
  /** Checked. */
  readonly verificationKey: VerificationKey;
  /** Boundaries of the workers' parts of H. */
  readonly cuts: readonly number[];
  readonly parts: readonly KeyPart[];
}

/** Parses a key and decides how to cut it. @throws as {@link parseZkey} and {@link parseVerificationKey} */
export function cutZkey(file: PartFile, workers: number): CutKey {
  const zkey = parseZkey(file);
  const weights = new Uint32Array(zkey.domain);
  eachTerms(file, zkey, (words) => {
    for (let at = 1; at < words.length; at += TERM_WORDS) weights[words[at]!]! += 1;
  });
  const rowCuts = balancedCuts(weights, workers);
  const parts = Array.from({ length: workers }, (_, worker) => {
    const [firstRow, end] = [rowCuts[worker]!, rowCuts[worker + 1]!];
    const terms = weights.subarray(firstRow, end).reduce((sum, count) => sum + count, 0);
    return { worker, workers, firstRow, rows: end - firstRow, terms };
  });
  const verificationKey = parseVerificationKey(zkey.verificationKey);
  return { zkey, verificationKey, cuts: [...parts.map((part) => firstH(zkey, part)), zkey.domain], parts };
}

/** Opens a part of a parsed key. */
export function openSlice(file: PartFile, zkey: Zkey, part: KeyPart): KeySlice {
  const dealt = (section: Section, size: number, firstWire: number): SlicedBases =>
    dealBases(file, section, size, firstWire, part);
  const { firstRow, rows, terms } = part;
  return {
    ...{ firstRow, rows, terms, circuitWires: zkey.wires, domain: zkey.domain },
    eachTerms: (take) => eachTerms(file, zkey, (words) => take(ownTerms(words, part))),
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
