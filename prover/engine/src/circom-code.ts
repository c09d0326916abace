// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Faster bodies for two functions of the WebAssembly that circom writes: its inversion modulo r, which divides long
 * numbers step by step, and its field product. Circuits that check signatures do little else.
 *
 * A body takes the place of one with exactly the known code, which circom 2 gives to every circuit over BN254; other
 * modules stay as they are. Both give the same results on the numbers below r that circom calls them with. Wrong ones
 * could not make a false proof, since each is verified.
 *
 * @module
 */

import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex } from "@noble/hashes/utils.js";
import { concatenate } from "./bytes.js";
import { SCALAR_FIELD } from "./field.js";
import { invertLimbs } from "./kernels/integer/inverse.js";
import {
  columnwise,
  liftNegative,
  loadBits,
  moveCarries,
  multiplyLimbs,
  reduceColumns,
  storeBits,
  toLimbs,
} from "./kernels/integer/limbs.js";
import { unsigned } from "./kernels/wasm/leb128.js";
import { functionBodies, readSections, writeSection } from "./kernels/wasm/reader.js";
import { type Body, i32, type Locals, type Steps, writeFunction } from "./kernels/wasm/writer.js";

/** A function of circom's, known by its code. */
interface Known {
  readonly length: number;
  readonly sha256: string;
  /** What to put in its place; it takes three pointers. */
  readonly body: Body<Operands>;
}

const KNOWN: readonly Known[] = [
  {
    length: 289,
    sha256: "202c0013a4a494344cb0cb8abd4fb87787b5114807bf3b9716fcf98a5e281d2c",
    body: inverse,
  },
  {
    length: 3962,
    sha256: "69b5cdc0399b475b67821eed6c5fe31076b8794ae4343dea47d420f181223e80",
    body: product,
  },
];

const CODE_SECTION = 10;

/** A circuit's WebAssembly with the functions that are known replaced. Invalid modules stay invalid. */
export function replaceKnownFunctions(wasm: Uint8Array): Uint8Array {
  const section = readSections(wasm)?.find(({ id }) => id === CODE_SECTION);
  if (section === undefined) return wasm;
  const bodies = functionBodies(wasm, section).map(([start, end]) => {
    const body = wasm.subarray(start, end);
    const known = KNOWN.find(
      ({ length, sha256: hash }) => length === body.length && hash === bytesToHex(sha256(body)),
    );
    return known === undefined ? body : writeFunction({ x: i32, y: i32, r: i32 }, known.body);
  });
  const code = bodies.flatMap((body) => [Uint8Array.from(unsigned(body.length)), body]);
  const content = concatenate([Uint8Array.from(unsigned(bodies.length)), ...code]);
  return concatenate([
    wasm.subarray(0, section.at),
    writeSection(section.id, content),
    wasm.subarray(section.end),
  ]);
}

type Operands = Readonly<Record<"x" | "y" | "r", typeof i32>>;

/** r = x y / 2^256 modulo the field's order. */
function product({ x, y, r }: Locals<Operands>, steps: Steps): void {
  // The reduction divides by 2^261.
  const columns = multiplyLimbs(steps, loadBits(steps, x, 0), loadBits(steps, y, 5));
  const reduced = reduceColumns(steps, columns, SCALAR_FIELD);
  const difference = columnwise(steps).sub(reduced, toLimbs(SCALAR_FIELD));
  storeBits(steps, moveCarries(steps, liftNegative(steps, difference, SCALAR_FIELD)), r);
}

/** r = 1/x modulo the field's order, 0 for 0; circom gives the modulus for y. */
function inverse({ x, r }: Locals<Operands>, steps: Steps): void {
  storeBits(steps, invertLimbs(steps, loadBits(steps, x, 0), SCALAR_FIELD, 1n), r);
}
