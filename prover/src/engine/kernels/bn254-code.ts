// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * The engine's WebAssembly for BN254: `fp_`, `fp2_`, `fr_` fields, `g1_`, `g2_` curves.
 *
 * @module
 */
import { BASE_FIELD, SCALAR_FIELD } from "../../../../verifier/src/groth16.js";
import { defineCurve, defineExtension } from "./curve-code.js";
import { defineField, elementBytes, RADIX_BITS } from "./field-code.js";
import { FIELD_BYTES, toLimbs } from "./limb-code.js";
import { defineTransform } from "./transform-code.js";
import { createModuleWriter } from "./wasm-writer.js";

/** The module's code and the addresses of what it holds. */
export interface Bn254Code {
  readonly code: Uint8Array<ArrayBuffer>;
  /** First free byte of the memory. */
  readonly heap: number;
  /** 2^266 mod p: one multiplication by it turns snarkjs's Montgomery form (2^256) into ours (2^261). */
  readonly fromSnarkjs: number;
  /** 1, not in Montgomery form: one multiplication by it leaves Montgomery form. */
  readonly plainOne: number;
}

/** Writes the module. Each worker does it once: in a new process it takes about a tenth of a second. */
export function writeBn254(): Bn254Code {
  const writer = createModuleWriter();
  const p = BASE_FIELD;
  const montgomery = (value: bigint): bigint => (value << RADIX_BITS) % p;
  const constant = (...values: bigint[]): number => {
    const bytes = new Uint8Array(values.length * FIELD_BYTES);
    for (const [i, value] of values.entries()) bytes.set(elementBytes(value), i * FIELD_BYTES);
    return writer.data(bytes);
  };
  const zeroWords = [1n, 2n, 3n].map((multiple) => Number(toLimbs(multiple * p)[0]!));
  defineField(writer, "fp", p);
  defineExtension(writer, "fp2", "fp", p);
  defineCurve(writer, "g1", {
    prefix: "fp",
    bytes: FIELD_BYTES,
    zeroWords,
    one: constant(montgomery(1n)),
    b: constant(montgomery(3n)),
  });
  defineField(writer, "fr", SCALAR_FIELD);
  defineTransform(writer, "fr");
  // The twist's constant 3 / (9 + u) = 3 (9 - u) / 82.
  const inverse82 = power(82n, p - 2n, p);
  const b2 = constant(montgomery((27n * inverse82) % p), montgomery(((p - 3n) * inverse82) % p));
  defineCurve(writer, "g2", {
    prefix: "fp2",
    bytes: 2 * FIELD_BYTES,
    zeroWords,
    one: constant(montgomery(1n), 0n),
    b: b2,
  });
  const fromSnarkjs = constant(2n ** 266n % p);
  const plainOne = constant(1n);
  return { ...writer.finish(), fromSnarkjs, plainOne };
}

function power(base: bigint, exponent: bigint, modulus: bigint): bigint {
  let [result, square] = [1n, base];
  for (let rest = exponent; rest > 0n; rest >>= 1n) {
    if (rest & 1n) result = (result * square) % modulus;
    square = (square * square) % modulus;
  }
  return result;
}
