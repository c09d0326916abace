// SPDX-License-Identifier: MIT
/**
 * The disclosure statement: that a public net asset value, and what is encrypted for named viewers, are of the sums behind an
 * exposures commitment. circuits/SPEC.md section 13 says it in English.
 *
 * Like tail risk it is true or false of the commitment by itself: the portfolio-health proof that publishes the same
 * commitment says whose book it is, and when.
 *
 * @module
 */

import { babyjubjub } from "@noble/curves/misc.js";
import { sha512 } from "@noble/hashes/sha2.js";
import { concatBytes, utf8ToBytes } from "@noble/hashes/utils.js";
import { inputError, type KeelError } from "../core/errors.js";
import { FIELD_ORDER, isField, KIND, tag, taggedHash, toField } from "../core/field.js";
import { poseidonWords } from "../core/poseidon.js";
import type { Field } from "../core/units.js";
import type { DisclosureShape } from "../files/circuits.js";
import { checkSourceKey, type SourceKey, SUBGROUP_ORDER } from "../files/sources.js";

/** Sums of a book as the exposures commitment has them: circuits/SPEC.md section 5, amounts in USD 1e16. */
export interface DisclosedSums {
  /** E, below 2^96. */
  readonly equity: bigint;
  /** A, below 2^96; liabilities are A - E. */
  readonly assets: bigint;
  /** G, below 2^96. */
  readonly grossExposure: bigint;
  /** C, USD 1e16 times bps. */
  readonly collateral: bigint;
  /** D[u], signed, one for each of the circuit's underlyings. */
  readonly deltas: readonly bigint[];
  /** E[s], signed, one for each of the circuit's accounts; empty in a linear tier of one account, where it is E. */
  readonly accountEquity: readonly bigint[];
  /** Gamma, vega, theta, then the P&L in each of the circuit's scenarios, signed; empty in linear tiers. */
  readonly bookSums: readonly bigint[];
}

/** Sums that viewers can read and nobody else. */
export interface SealedSums {
  /** R, from which each viewer finds the point that it shares with whoever made the proof. */
  readonly point: SourceKey;
  /** The key of the words, once for each viewer. */
  readonly wrappedKeys: readonly Field[];
  readonly words: readonly Field[];
}

/** Everything that a disclosure proof is about. */
export interface DisclosureStatement {
  /** Of the portfolio-health proof beside it. */
  readonly exposuresCommitment: bigint;
  /** USD 1e16; 0 where no net asset value is shown. */
  readonly navStep: bigint;
  /** In steps, rounded down; 0 where none is shown. */
  readonly nav: bigint;
  /** Who can read the sums; as many as the circuit has places. */
  readonly viewers: readonly SourceKey[];
  /** Absent without viewers. */
  readonly sealed?: SealedSums;
}

const VALUE_BITS = 96n;
const PART_BITS = 98n;
const VALUE = 1n << VALUE_BITS;
/** Words that one permutation gives: STREAM_RATE of key-stream.circom. */
const STREAM_RATE = 16;
/** A collateral factor: FACTOR_BITS of constants.circom. */
const FACTOR_BITS = 14n;
/** Greeks and P&L of a whole book, circuits/SPEC.md section 7. */
const SUM_BOUND = 1n << 153n;
/** Elements that each block of the stream absorbs at least. */
const STREAM_INPUTS = 3;

/**
 * The disclosure vector, 4 elements without viewers, else 6, 3 a viewer and one a word.
 *
 * @throws KeelError `source.key` for a viewer's key that is none; `disclosure.sealed` for a number that is no element of the
 * field, or a wrapped key too many or too few
 */
export function disclosureVector(statement: DisclosureStatement): Field[] {
  const { exposuresCommitment, navStep, nav, viewers, sealed } = statement;
  for (const [v, key] of viewers.entries()) checkSourceKey(key, `viewers[${v}]`);
  const wrapped = sealed?.wrappedKeys.length ?? 0;
  if (wrapped !== viewers.length) throw notSealed(`${viewers.length} wrapped keys`, `${wrapped}`);
  const places =
    sealed === undefined
      ? []
      : [...sealed.point, ...viewers.flatMap((key, v) => [...key, sealed.wrappedKeys[v]!]), ...sealed.words];
  const vector = [exposuresCommitment, navStep, nav, ...places];
  if (!vector.every(isField)) throw notSealed("elements of the field", "a larger or negative number");
  return [tag(KIND.disclosure, vector.length + 1), ...vector.map(toField)];
}

/** What is sealed as contracts take it: the point, the wrapped keys, the words. */
export function sealedList({ point, wrappedKeys, words }: SealedSums): readonly bigint[] {
  return [...point, ...wrappedKeys, ...words];
}

/**
 * The same, read back.
 *
 * @throws KeelError `disclosure.sealed` for a list that is too short, or with a number that is no element of the field
 */
export function sealedOf(list: readonly bigint[], viewers: number): SealedSums {
  if (list.length <= 2 + viewers) throw notSealed(`more than ${2 + viewers} numbers`, `${list.length}`);
  if (!list.every(isField)) throw notSealed("elements of the field", "a larger or negative number");
  const [x, y, ...rest] = list as readonly Field[];
  return { point: [x!, y!], wrappedKeys: rest.slice(0, viewers), words: rest.slice(viewers) };
}

/** floor(E / step), and 0 for step 0. @param equity at least 0 */
export function navOf(equity: bigint, step: bigint): bigint {
  return step === 0n ? 0n : equity / step;
}

/**
 * A viewer's public key: 32 secret bytes, hashed to a multiple of the base point. The label differs from that of sources'
 * signing keys, so the same bytes never serve for both.
 */
export function viewerKeyOf(secret: Uint8Array): SourceKey {
  return affine(babyjubjub.Point.BASE.multiply(viewerScalar(secret)));
}

/**
 * Reads what was sealed for a viewer.
 *
 * The statement must be one that a proof was verified for: nothing here shows that the words are of the commitment.
 *
 * @param secret the 32 bytes behind one of the statement's viewer keys
 * @throws KeelError `disclosure.viewer` for a key that is none of them; `disclosure.sealed` for words that no proof has;
 * `source.key` for a point that is none
 */
export function readSums(
  statement: DisclosureStatement,
  shape: DisclosureShape,
  secret: Uint8Array,
): DisclosedSums {
  const { exposuresCommitment, viewers, sealed } = statement;
  const key = viewerKeyOf(secret);
  const place = viewers.findIndex(([x, y]) => x === key[0] && y === key[1]);
  const wrapped = sealed?.wrappedKeys[place];
  if (sealed === undefined || wrapped === undefined) {
    throw inputError("disclosure.viewer", "viewer", "one of the policy's viewers", "another key");
  }
  checkSourceKey(sealed.point, "disclosure.point");
  const shared = sharedPoint(sealed.point, viewerScalar(secret));
  const dataKey = toField(wrapped - wrappingOf(shared, exposuresCommitment));
  const stream = keyStream(dataKey, exposuresCommitment, sealed.words.length);
  return sumsOf(
    sealed.words.map((word, w) => toField(word - stream[w]!)),
    shape,
  );
}

/** What a viewer's copy of the data key is hidden by: lib/key-agreement.circom's shared point, hashed. */
export function wrappingOf(shared: SourceKey, exposuresCommitment: bigint): Field {
  return taggedHash(KIND.wrapping, [...shared, exposuresCommitment]);
}

/** A key times a secret number below the subgroup's order. */
export function sharedPoint([x, y]: SourceKey, scalar: bigint): SourceKey {
  return affine(babyjubjub.Point.fromAffine({ x, y }).multiply(scalar));
}

/** Words that hide as many others: lib/key-stream.circom. */
export function keyStream(key: bigint, context: bigint, words: number): Field[] {
  const stream: Field[] = [];
  for (let block = 0n; stream.length < words; block++) {
    const size = Math.min(words - stream.length, STREAM_RATE);
    const inputs = new Array<bigint>(Math.max(size, STREAM_INPUTS)).fill(0n);
    inputs.splice(0, STREAM_INPUTS, tag(KIND.stream, Number(block)), key, context);
    stream.push(...poseidonWords(inputs).slice(0, size));
  }
  return stream;
}

/** The sums as the circuit encrypts them: E with A, G with C, signed values two a word, the rest alone. */
export function sumWords(sums: DisclosedSums): Field[] {
  const { equity, assets, grossExposure, collateral, deltas, accountEquity, bookSums } = sums;
  const pairs = [...twoByTwo(deltas), ...twoByTwo(accountEquity)];
  return [
    toField(equity + (assets << VALUE_BITS)),
    toField(grossExposure + (collateral << VALUE_BITS)),
    ...pairs,
    ...bookSums.map(toField),
  ];
}

/** How many words a circuit encrypts. */
export function wordCount({ accounts, underlyings, scenarios, options }: DisclosureShape): number {
  const places = Math.ceil(underlyings / 2) + Math.ceil(equityPlaces({ accounts, options }) / 2);
  return 2 + places + options * (3 + scenarios);
}

function equityPlaces({ accounts, options }: Pick<DisclosureShape, "accounts" | "options">): number {
  return accounts > 1 || options === 1 ? accounts : 0;
}

function twoByTwo(values: readonly bigint[]): Field[] {
  return Array.from({ length: Math.ceil(values.length / 2) }, (_, w) => {
    const pair = values.slice(2 * w, 2 * w + 2);
    return toField(
      pair.reduce((word, value, part) => word + ((value + VALUE) << (BigInt(part) * PART_BITS)), 0n),
    );
  });
}

function sumsOf(words: readonly Field[], shape: DisclosureShape): DisclosedSums {
  const accounts = equityPlaces(shape);
  const take = reader(words, shape);
  const [equity, assets] = halves(take(1)[0]!);
  const [grossExposure, collateral] = halves(take(1)[0]!);
  const deltas = values(take(Math.ceil(shape.underlyings / 2)), shape.underlyings);
  const accountEquity = values(take(Math.ceil(accounts / 2)), accounts);
  const bookSums = take(shape.options * (3 + shape.scenarios)).map(signed);
  const sums = { equity, assets, grossExposure, collateral, deltas, accountEquity, bookSums };
  const isPadded = sumWords(sums).every((word, w) => word === words[w]);
  if (!isPadded || !areSums(sums, shape))
    throw notSealed("sums that a proof can have", "another key's, or altered words");
  return sums;
}

/**
 * Whether sums are of a tier, and in every range that its health proof holds. Only then do packed words, and the digest of what the
 * tier has more, have one reading.
 */
export function areSums(sums: DisclosedSums, shape: SumsShape): boolean {
  const { equity, assets, grossExposure, collateral, deltas, accountEquity, bookSums } = sums;
  const within = (value: bigint, bound: bigint): boolean => value < bound && value >= -bound;
  const isOfTier =
    deltas.length === shape.underlyings &&
    accountEquity.length === equityPlaces(shape) &&
    bookSums.length === shape.options * (3 + shape.scenarios);
  return (
    isOfTier &&
    [equity - 1n, assets, grossExposure].every((value) => value >= 0n && value < VALUE) &&
    equity < VALUE &&
    collateral >= 0n &&
    collateral <= VALUE << FACTOR_BITS &&
    [...deltas, ...accountEquity].every((value) => within(value, VALUE)) &&
    bookSums.every((sum) => within(sum, SUM_BOUND))
  );
}

/** What says how many sums a tier has. */
export type SumsShape = Omit<DisclosureShape, "viewers">;

function notSealed(expected: string, received: string): KeelError {
  return inputError("disclosure.sealed", "sealed", expected, received);
}

function reader(words: readonly Field[], shape: DisclosureShape): (count: number) => readonly Field[] {
  const expected = wordCount(shape);
  if (words.length !== expected) {
    throw notSealed(`${expected} words`, `${words.length}`);
  }
  let at = 0;
  return (count) => {
    at += count;
    return words.slice(at - count, at);
  };
}

function halves(word: Field): readonly [bigint, bigint] {
  return [word % VALUE, word >> VALUE_BITS];
}

function values(words: readonly Field[], count: number): bigint[] {
  const parts = words.flatMap((word) => [word % (1n << PART_BITS), word >> PART_BITS]);
  return parts.slice(0, count).map((part) => {
    if (part < 2n * VALUE) return part - VALUE;
    throw inputError(
      "disclosure.sealed",
      "words",
      "sums that a proof can have",
      "another key's, or altered words",
    );
  });
}

function signed(word: Field): bigint {
  return word > FIELD_ORDER / 2n ? word - FIELD_ORDER : word;
}

/** 512 bits reduced by a 251-bit order: the bias is below 2^-256. */
function viewerScalar(secret: Uint8Array): bigint {
  const digest = sha512(concatBytes(utf8ToBytes("keel/viewer/scalar/1"), secret));
  const number = digest.reduce((value, byte) => (value << 8n) | BigInt(byte), 0n);
  digest.fill(0);
  // Never 0: chance aside, a number below the order has a point.
  return (number % (SUBGROUP_ORDER - 1n)) + 1n;
}

function affine(point: { toAffine(): { readonly x: bigint; readonly y: bigint } }): SourceKey {
  const { x, y } = point.toAffine();
  return [x, y];
}
