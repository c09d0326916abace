// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * A witness program: what has to be calculated in which order, as numbers that kernels/integer/program.ts goes through, and as
 * bytes of a section in a circuit's WebAssembly.
 *
 * Elements are the wires of the system that it was made from, then 0, then forms that are more than a wire. Constants are
 * numbers below r; the first one is 0.
 *
 * | code     | numbers after it                                                                     |
 * |----------|--------------------------------------------------------------------------------------|
 * | set      | target, scale, source                                                                |
 * | multiply | the same, with a product in the source                                               |
 * | bits     | 1 if there is a product, source, scale, count, (shift, target) each                  |
 * | choose   | count, (factor, target, scale to close, scale, source) each, source to close         |
 * | divide   | count, divisor each, (dividend, target, scale, source) each                          |
 * | check    | a, b, c                                                                              |
 *
 * A source is a sum: how many terms with 1, with -1 and with others; its constant; elements, elements, pairs of element and
 * constant; then the two factors if there is a product. A factor, divisor and the like is an element's place times 2, plus
 * 1 when it is negated, and a constant to add. Scale 0 means none.
 *
 * @module
 */
import { concatenate, ELEMENT_BYTES, writeElement } from "../bytes.js";
import { createNumberReader, unsigned } from "../kernels/wasm/leb128.js";

/** An input signal: of each value 2 times its element, or 2 times the constant that it must be and 1, or 0 for any value. */
export interface ProgramInput {
  readonly name: string;
  readonly places: readonly number[];
}

/** A program; README.md says how it is made. */
export interface WitnessProgram {
  /** What is given besides the first element, which is 1. */
  readonly inputs: readonly ProgramInput[];
  /** Elements that it needs room for, and which of them is 0. */
  readonly elements: number;
  readonly zero: number;
  /** The most divisions at once. */
  readonly batch: number;
  /** Plain, {@link ELEMENT_BYTES} each. */
  readonly constants: Uint8Array;
  readonly code: PackedWords;
  /** The element that has the value of each wire of the witness. */
  readonly outputs: PackedWords;
}

/** Numbers of 32 bits as differences, each from the one so many places before, in as few bytes as they need. */
export interface PackedWords {
  readonly count: number;
  readonly stride: number;
  readonly bytes: Uint8Array;
}

/** Elements, each times its coefficient, and a constant. */
export interface Sum {
  readonly elements: readonly number[];
  readonly coefficients: readonly bigint[];
  readonly constant: bigint;
}

/** An element or its negative, and a constant. */
export interface Factor {
  readonly element: number;
  readonly negative: boolean;
  readonly constant: bigint;
}

/** The numbers of a program under way. */
export interface ProgramWriter {
  readonly code: number[];
  /** Place of a number modulo r among the constants. */
  constant(value: bigint): number;
  constants(): Uint8Array;
}

/** An empty program. @param modulo the number below r */
export function createProgramWriter(modulo: (value: bigint) => bigint): ProgramWriter {
  const places = new Map<bigint, number>([[0n, 0]]);
  return {
    code: [],
    constant(value) {
      const number = modulo(value);
      const place = places.get(number) ?? places.size;
      places.set(number, place);
      return place;
    },
    constants() {
      const bytes = new Uint8Array(places.size * ELEMENT_BYTES);
      for (const [value, place] of places) writeElement(bytes, place * ELEMENT_BYTES, value);
      return bytes;
    },
  };
}

/** Adds a step: there may be more numbers than a function can have arguments. */
export function writeStep(
  { code }: ProgramWriter,
  step: number,
  ...parts: readonly (readonly number[])[]
): void {
  code.push(step);
  for (const part of parts) for (const number of part) code.push(number);
}

/** The numbers of a factor. */
export function factorWords(writer: ProgramWriter, { element, negative, constant }: Factor): number[] {
  return [2 * element + (negative ? 1 : 0), writer.constant(constant)];
}

/** The numbers of a source. */
export function sourceWords(writer: ProgramWriter, sum: Sum, product: readonly Factor[] = []): number[] {
  const [plus, minus, others]: [number[], number[], number[]] = [[], [], []];
  for (const [i, element] of sum.elements.entries()) {
    const coefficient = sum.coefficients[i]!;
    if (coefficient === 1n) plus.push(element);
    else if (coefficient === -1n) minus.push(element);
    else others.push(element, writer.constant(coefficient));
  }
  const counts = [plus.length, minus.length, others.length / 2, writer.constant(sum.constant)];
  return [
    ...counts,
    ...plus,
    ...minus,
    ...others,
    ...product.flatMap((factor) => factorWords(writer, factor)),
  ];
}

/** Changes when the format or what is done with it does. */
const VERSION = 1;
/** How far apart numbers of one kind stand. */
const STRIDES = { code: 2, outputs: 1 } as const;

/** Packs numbers of a program. */
export function packWords(words: ArrayLike<number>, name: keyof typeof STRIDES): PackedWords {
  const stride = STRIDES[name];
  const bytes: number[] = [];
  for (let i = 0; i < words.length; i++) {
    const difference = (words[i]! - (i < stride ? 0 : words[i - stride]!)) | 0;
    bytes.push(...unsigned(((difference << 1) ^ (difference >> 31)) >>> 0));
  }
  return { count: words.length, stride, bytes: Uint8Array.from(bytes) };
}

/** A program as bytes. */
export function encodeProgram(program: WitnessProgram): Uint8Array {
  const { inputs, elements, zero, batch, constants, code, outputs } = program;
  const signals = inputs.flatMap(({ name, places }) => {
    const text = new TextEncoder().encode(name);
    return [text.length, ...text, places.length, ...places];
  });
  const sizes = [constants.length, code.count, code.bytes.length, outputs.count, outputs.bytes.length];
  const header = [VERSION, elements, zero, batch, inputs.length, ...signals, ...sizes];
  const numbers = Uint8Array.from(header.flatMap(unsigned));
  return concatenate([numbers, constants, code.bytes, outputs.bytes]);
}

/** The program in some bytes; nothing when they are of another version. */
export function decodeProgram(bytes: Uint8Array): WitnessProgram | undefined {
  const reader = createNumberReader(bytes, 0);
  const next = (): number => reader.unsigned();
  if (next() !== VERSION) return undefined;
  const [elements, zero, batch] = [next(), next(), next()];
  const inputs = Array.from({ length: next() }, () => {
    const text = Uint8Array.from({ length: next() }, next);
    return { name: new TextDecoder().decode(text), places: Array.from({ length: next() }, next) };
  });
  const [constantBytes, codeCount, codeBytes, wires, wireBytes] = [next(), next(), next(), next(), next()];
  const take = (length: number): Uint8Array => {
    reader.at += length;
    // A copy: slice() of a Buffer would be a view of the whole file.
    return new Uint8Array(bytes.subarray(reader.at - length, reader.at));
  };
  const constants = take(constantBytes);
  const code = { count: codeCount, stride: STRIDES.code, bytes: take(codeBytes) };
  const outputs = { count: wires, stride: STRIDES.outputs, bytes: take(wireBytes) };
  return { inputs, elements, zero, batch, constants, code, outputs };
}
