// SPDX-License-Identifier: MIT
/**
 * The BN254 scalar field and the hashes of the statement: Poseidon as the circuits absorb it, and keccak256 reduced into
 * the field for names. Mirrors circuits/src/lib/absorb.circom and constants.circom.
 *
 * @module
 */

import { keccak_256 } from "@noble/hashes/sha3.js";
import { utf8ToBytes } from "@noble/hashes/utils.js";
import { FIELD_ORDER, poseidon } from "./poseidon.js";
import type { Field } from "./units.js";

export { FIELD_ORDER } from "./poseidon.js";

/** What a tagged hash is about; the same numbers as KIND_ in the circuits. */
export const KIND = {
  statement: 1n,
  market: 2n,
  scenarios: 3n,
  sources: 4n,
  account: 6n,
  portfolio: 7n,
  exposures: 8n,
  enrolment: 9n,
  state: 10n,
  returns: 11n,
  tail: 12n,
  rest: 13n,
  disclosure: 14n,
  wrapping: 15n,
  stream: 16n,
  liquidity: 17n,
  unwind: 18n,
} as const;

const KEEL = 0x6b65656cn; // ascii "keel"
/** Kinds whose message changed with version 2 of the statement; all others are as they were. */
const SECOND_VERSION: ReadonlySet<bigint> = new Set([KIND.statement, KIND.exposures, KIND.enrolment]);
const POSEIDON_WIDTH = 16;

/** The canonical representative of an integer in the field; a negative value x becomes r - |x|. */
export function toField(value: bigint): Field {
  const rest = value % FIELD_ORDER;
  return (rest < 0n ? rest + FIELD_ORDER : rest) as Field;
}

/** Whether a value is a canonical field element. */
export function isField(value: bigint): value is Field {
  return value >= 0n && value < FIELD_ORDER;
}

/** Domain tag of a hash over `length` elements, the tag itself included. */
export function tag(kind: bigint, length: number): Field {
  const version = SECOND_VERSION.has(kind) ? 2n : 1n;
  return ((KEEL << 64n) | (kind << 48n) | (version << 32n) | BigInt(length)) as Field;
}

/** Poseidon over any number of elements: 16 first, then the digest so far and 15 more until none is left. */
export function absorb(elements: readonly bigint[]): Field {
  if (elements.length === 0) throw new RangeError("absorb needs at least one element");
  let digest = poseidon(elements.slice(0, POSEIDON_WIDTH));
  for (let at = POSEIDON_WIDTH; at < elements.length; at += POSEIDON_WIDTH - 1) {
    digest = poseidon([digest, ...elements.slice(at, at + POSEIDON_WIDTH - 1)]);
  }
  return digest;
}

/** {@link absorb} with the domain tag of `kind` in front. */
export function taggedHash(kind: bigint, elements: readonly bigint[]): Field {
  return absorb([tag(kind, elements.length + 1), ...elements]);
}

/**
 * Packs values into words of at most 252 bits, the first value lowest, as pack.circom does.
 *
 * @param values each in [0, 2^bits)
 */
export function pack(values: readonly bigint[], bits: number): bigint[] {
  const perWord = Math.floor(252 / bits);
  const words: bigint[] = [];
  for (let at = 0; at < values.length; at += perWord) {
    words.push(
      values.slice(at, at + perWord).reduce((word, value, i) => word + (value << BigInt(bits * i)), 0n),
    );
  }
  return words;
}

/** {@link pack} without a gap: the values' bits in words of 252, so that a value may lie across two words. */
export function packBits(values: readonly bigint[], bits: number): bigint[] {
  const all = values.reduce((sum, value, i) => sum + (value << BigInt(bits * i)), 0n);
  const words = Math.ceil((values.length * bits) / 252);
  return Array.from({ length: words }, (_, w) => BigInt.asUintN(252, all >> BigInt(252 * w)));
}

/** keccak256 of bytes, as an integer reduced into the field. */
export function keccakField(bytes: Uint8Array): Field {
  return toField(keccakInteger(bytes));
}

/**
 * Field element that stands for a list of names: keccak256 of the list's JSON text, reduced. The names have to be checked
 * to need no escapes, so that the text is the same everywhere.
 */
export function nameField(label: string, names: readonly unknown[]): Field {
  return keccakField(utf8ToBytes(JSON.stringify([label, ...names])));
}

/** keccak256 as a 256-bit integer. */
export function keccakInteger(bytes: Uint8Array): bigint {
  return bytesToInteger(keccak_256(bytes));
}

function bytesToInteger(bytes: Uint8Array): bigint {
  return bytes.reduce((value, byte) => (value << 8n) | BigInt(byte), 0n);
}
