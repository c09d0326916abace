// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Reader of circom's binary constraint systems (.r1cs): each constraint is (A·w) * (B·w) = C·w for the witness w,
 * with w[0] = 1 followed by the public outputs, the public inputs and everything private.
 *
 * Rows are kept as compressed sparse rows over an interned table of coefficients, since a circuit has hundreds of
 * thousands of terms and far fewer different constants.
 *
 * @module
 */
import { KeelError } from "@keel/verifier/errors";
import { readSections } from "./sections.js";

/** Order r of BN254's scalar field, the only field read here. */
export const FIELD = 21888242871839275222246405745257275088548364400416034343698204186575808495617n;

/** One matrix: the terms of row i are those from `rows[i]` (included) to `rows[i + 1]` (excluded). */
export interface SparseMatrix {
  readonly rows: Uint32Array;
  readonly wires: Uint32Array;
  /** Index of each term's coefficient in the system's table. */
  readonly coefficients: Uint32Array;
}

/** A parsed constraint system. */
export interface R1cs {
  readonly wires: number;
  readonly publicOutputs: number;
  readonly publicInputs: number;
  readonly privateInputs: number;
  readonly constraints: number;
  readonly a: SparseMatrix;
  readonly b: SparseMatrix;
  readonly c: SparseMatrix;
  /** The different coefficients as signed numbers of least magnitude, so that -1 stays short. */
  readonly coefficients: readonly bigint[];
}

/** One linear combination: wire index and signed coefficient of each term. */
export type LinearCombination = readonly { readonly wire: number; readonly coefficient: bigint }[];

/** Number of public signals (outputs, then inputs), without the constant one. */
export function publicCount(r1cs: R1cs): number {
  return r1cs.publicOutputs + r1cs.publicInputs;
}

/** The three linear combinations of one constraint, for tests and tools. */
export function constraintAt(
  r1cs: R1cs,
  index: number,
): { readonly a: LinearCombination; readonly b: LinearCombination; readonly c: LinearCombination } {
  const combination = (matrix: SparseMatrix): LinearCombination => {
    const terms = [];
    for (let t = matrix.rows[index]!; t < matrix.rows[index + 1]!; t++) {
      const coefficient = r1cs.coefficients[matrix.coefficients[t]!]!;
      terms.push({ wire: matrix.wires[t]!, coefficient });
    }
    return terms;
  };
  return { a: combination(r1cs.a), b: combination(r1cs.b), c: combination(r1cs.c) };
}

/**
 * Index of the first constraint that a witness breaks, or undefined when it satisfies them all.
 *
 * @param witness one value in [0, r) for each wire, `witness[0]` being 1
 * @throws KeelError kind `input`, code `witness.length`, when the number of values is another.
 */
export function firstUnsatisfied(r1cs: R1cs, witness: readonly bigint[]): number | undefined {
  if (witness.length !== r1cs.wires) {
    throw new KeelError({
      kind: "input",
      code: "witness.length",
      expected: `${r1cs.wires} values`,
      received: `${witness.length} values`,
    });
  }
  if (witness[0] !== 1n) return 0;
  for (let row = 0; row < r1cs.constraints; row++) {
    if (!holds(r1cs, row, witness)) return row;
  }
  return undefined;
}

/**
 * Like {@link firstUnsatisfied}, looking only at the constraints in which one wire has a part: all that a change of
 * this wire alone can break in a satisfying witness, found in microseconds.
 */
export function firstUnsatisfiedWith(
  r1cs: R1cs,
  witness: readonly bigint[],
  wire: number,
): number | undefined {
  if (wire === 0 && witness[0] !== 1n) return 0;
  const { starts, rows } = rowsByWire(r1cs);
  for (let i = starts[wire]!; i < starts[wire + 1]!; i++) {
    if (!holds(r1cs, rows[i]!, witness)) return rows[i]!;
  }
  return undefined;
}

function holds({ a, b, c, coefficients }: R1cs, row: number, witness: readonly bigint[]): boolean {
  const left = evaluateRow(a, row, coefficients, witness);
  const right = evaluateRow(b, row, coefficients, witness);
  const product = left === 0n || right === 0n ? 0n : left * right;
  return (product - evaluateRow(c, row, coefficients, witness)) % FIELD === 0n;
}

interface WireIndex {
  /** The rows of wire w are those from `starts[w]` to `starts[w + 1]`, ascending, some of them repeated. */
  readonly starts: Uint32Array;
  readonly rows: Uint32Array;
}

const wireIndexes = new WeakMap<R1cs, WireIndex>();

function rowsByWire(r1cs: R1cs): WireIndex {
  const known = wireIndexes.get(r1cs);
  if (known !== undefined) return known;
  const matrices = [r1cs.a, r1cs.b, r1cs.c];
  const starts = new Uint32Array(r1cs.wires + 1);
  for (const { wires } of matrices) for (const wire of wires) starts[wire + 1]! += 1;
  for (let wire = 0; wire < r1cs.wires; wire++) starts[wire + 1]! += starts[wire]!;
  const next = starts.slice();
  const rows = new Uint32Array(starts[r1cs.wires]!);
  for (let row = 0; row < r1cs.constraints; row++) {
    for (const matrix of matrices) {
      for (let t = matrix.rows[row]!; t < matrix.rows[row + 1]!; t++) {
        const wire = matrix.wires[t]!;
        rows[next[wire]!] = row;
        next[wire]! += 1;
      }
    }
  }
  const index = { starts, rows };
  wireIndexes.set(r1cs, index);
  return index;
}

// Unreduced: sums of a few thousand 508-bit products are cheaper than a remainder for each term.
function evaluateRow(
  matrix: SparseMatrix,
  row: number,
  coefficients: readonly bigint[],
  witness: readonly bigint[],
): bigint {
  let sum = 0n;
  const end = matrix.rows[row + 1]!;
  for (let t = matrix.rows[row]!; t < end; t++) {
    const value = witness[matrix.wires[t]!]!;
    if (value !== 0n) sum += coefficients[matrix.coefficients[t]!]! * value;
  }
  return sum;
}

const HEADER_SECTION = 1;
const CONSTRAINTS_SECTION = 2;
const CUSTOM_GATES_SECTION = 4;
const FIELD_BYTES = 32;
const TERM_BYTES = 4 + FIELD_BYTES;

/**
 * Parses a .r1cs file.
 *
 * @throws KeelError kind `environment`, code `r1cs.format`, for anything but a whole, sound BN254 system without
 *   custom gates.
 */
export function parseR1cs(bytes: Uint8Array): R1cs {
  const sections = readSections(bytes, "r1cs", formatError);
  const header = readHeader(requireSection(sections, HEADER_SECTION));
  if ((sections.get(CUSTOM_GATES_SECTION)?.getUint32(0, true) ?? 0) !== 0) {
    throw formatError("no custom gates", "custom gates");
  }
  const constraints = requireSection(sections, CONSTRAINTS_SECTION);
  const intern = createInterner();
  const matrices = readConstraints(constraints, header.constraints, header.wires, intern);
  return { ...header, ...matrices, coefficients: intern.values().map(toSigned) };
}

type Header = Pick<R1cs, "wires" | "publicOutputs" | "publicInputs" | "privateInputs" | "constraints">;

function requireSection(sections: Map<number, DataView>, type: number): DataView {
  const section = sections.get(type);
  if (section === undefined) throw formatError(`section ${type}`, "no such section");
  return section;
}

function readHeader(view: DataView): Header {
  if (view.byteLength !== 4 + FIELD_BYTES + 4 * 4 + 8 + 4)
    throw formatError("a BN254 header", "another size");
  if (view.getUint32(0, true) !== FIELD_BYTES || readNumber(view, 4) !== FIELD) {
    throw formatError("the BN254 scalar field", "another field");
  }
  const word = (index: number): number => view.getUint32(4 + FIELD_BYTES + 4 * index, true);
  const header = {
    wires: word(0),
    publicOutputs: word(1),
    publicInputs: word(2),
    privateInputs: word(3),
    constraints: word(6),
  };
  if (header.wires < 1 + header.publicOutputs + header.publicInputs + header.privateInputs) {
    throw formatError("a wire for each signal", `${header.wires} wires`);
  }
  return header;
}

function readConstraints(
  view: DataView,
  count: number,
  wires: number,
  intern: Interner,
): { a: SparseMatrix; b: SparseMatrix; c: SparseMatrix } {
  const builders = [createBuilder(count), createBuilder(count), createBuilder(count)] as const;
  let position = 0;
  for (let row = 0; row < count; row++) {
    for (const builder of builders) {
      if (position + 4 > view.byteLength) throw formatError(`${count} constraints`, `${row} whole ones`);
      const terms = view.getUint32(position, true);
      position += 4;
      if (position + terms * TERM_BYTES > view.byteLength) {
        throw formatError(`${count} constraints`, `${row} whole ones`);
      }
      for (let t = 0; t < terms; t++, position += TERM_BYTES) {
        const wire = view.getUint32(position, true);
        if (wire >= wires) throw formatError(`a wire below ${wires}`, `wire ${wire}`);
        builder.wires.push(wire);
        builder.coefficients.push(intern.index(view, position + 4));
      }
      builder.rows[row + 1] = builder.wires.length;
    }
  }
  if (position !== view.byteLength) throw formatError(`${count} constraints`, "more bytes");
  const [a, b, c] = builders.map(finish) as [SparseMatrix, SparseMatrix, SparseMatrix];
  return { a, b, c };
}

interface MatrixBuilder {
  readonly rows: Uint32Array;
  readonly wires: number[];
  readonly coefficients: number[];
}

function createBuilder(rows: number): MatrixBuilder {
  return { rows: new Uint32Array(rows + 1), wires: [], coefficients: [] };
}

function finish(builder: MatrixBuilder): SparseMatrix {
  return {
    rows: builder.rows,
    wires: Uint32Array.from(builder.wires),
    coefficients: Uint32Array.from(builder.coefficients),
  };
}

interface Interner {
  /** Index of the 32-byte number at a position. */
  index(view: DataView, position: number): number;
  values(): bigint[];
}

function createInterner(): Interner {
  const known = new Map<bigint, number>();
  const small = new Map<number, number>();
  const values: bigint[] = [];
  const add = (value: bigint): number => {
    if (value >= FIELD) throw formatError("a coefficient below r", "a larger one");
    return values.push(value) - 1;
  };
  return {
    index(view, position) {
      const low = view.getUint32(position, true);
      const rest = readNumber(view, position);
      // Most coefficients are tiny; a map of numbers is several times faster than one of bigints.
      if (rest === BigInt(low)) {
        const seen = small.get(low);
        if (seen !== undefined) return seen;
        const index = add(rest);
        small.set(low, index);
        return index;
      }
      const seen = known.get(rest);
      if (seen !== undefined) return seen;
      const index = add(rest);
      known.set(rest, index);
      return index;
    },
    values: () => values,
  };
}

function readNumber(view: DataView, position: number): bigint {
  let value = view.getBigUint64(position + 24, true);
  for (const offset of [16, 8, 0]) value = (value << 64n) | view.getBigUint64(position + offset, true);
  return value;
}

function toSigned(value: bigint): bigint {
  return value > FIELD >> 1n ? value - FIELD : value;
}

function formatError(expected: string, received: string): KeelError {
  return new KeelError({ kind: "environment", code: "r1cs.format", expected, received });
}
