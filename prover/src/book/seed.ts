// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * One seed for all secrets of a subject's proofs: the salts of each proof and of each state of the drawdown chain are keyed hashes
 * of what they hide and where. Whoever has the seed and reads the chain has every state again; whoever has not learns nothing.
 *
 * A salt never hides two secrets: it is derived from all that the secret is made of, so that another snapshot at the same step has
 * another salt, and the same one has the same salt, the same commitments and the same digest. A state's salt is derived from
 * what its own log says and from the state itself. The state is sealed into a memo beside the attestation, under a key that
 * is used for this one state: docs/decisions/states-from-a-seed.md.
 *
 * @module
 */

import { type Field, FORMATS, inputError, parseFile, toField } from "@keel/verifier";
import { hmac } from "@noble/hashes/hmac.js";
import { sha512 } from "@noble/hashes/sha2.js";
import { bytesToHex, concatBytes, hexToBytes, utf8ToBytes } from "@noble/hashes/utils.js";
import { z } from "zod";
import { type DrawdownState, type HighWaterMark, stateCommitment } from "./drawdown.js";

/** 32 secret bytes. */
export type Seed = Uint8Array;

const SEED_BYTES = 32;
const WORD_BYTES = 32;

const seedSchema = z.strictObject({
  keel: z.literal("seed/1"),
  seed: z.string().regex(/^[0-9a-f]{64}$/),
});
FORMATS.add(seedSchema, {
  id: "seed/1",
  folder: "prover",
  title: "What a subject's states follow from. Secret",
});

/** A new seed from the platform's secure random numbers. */
export function newSeed(): Seed {
  return crypto.getRandomValues(new Uint8Array(SEED_BYTES));
}

/**
 * Reads a seed/1 file.
 *
 * @throws KeelError kind "input"
 */
export function parseSeed(text: string): Seed {
  const seed = hexToBytes(parseFile(seedSchema, text, "seed").seed);
  if (seed.some((byte) => byte !== seed[0])) return seed;
  throw inputError("seed.weak", "seed.seed", "random bytes", "one byte over and over");
}

/** Writes a seed/1 file; its content is secret. */
export function formatSeed(seed: Seed): string {
  return `${JSON.stringify({ keel: "seed/1", seed: bytesToHex(seed) }, null, 2)}\n`;
}

/** HMAC-SHA-512 under the seed of a label and numbers below 2^256: labels have no zero byte, numbers one length. */
function keyed(seed: Seed, label: string, parts: readonly bigint[]): Uint8Array {
  return hmac(sha512, seed, concatBytes(utf8ToBytes(label), Uint8Array.of(0), ...parts.map(wordOf)));
}

function wordOf(value: bigint): Uint8Array {
  return hexToBytes(value.toString(16).padStart(2 * WORD_BYTES, "0"));
}

/** Uniform in the field: 512 bits, reduced. */
function saltOf(seed: Seed, label: string, parts: readonly bigint[]): Field {
  return toField(numberOf(keyed(seed, label, parts)));
}

function numberOf(bytes: Uint8Array): bigint {
  return BigInt(`0x${bytesToHex(bytes)}`);
}

/** All that a proof speaks of: everything that its commitments hide follows from it. */
export interface ProofContent {
  /** Place 1 of the statement: registry and policy. */
  readonly domain: bigint;
  readonly subject: `0x${string}`;
  readonly asOf: number;
  readonly marketRoot: bigint;
  readonly enrolment: bigint;
  readonly previousState: bigint;
  readonly units: bigint;
  /** What the sources signed, in the declared order. Secret: quantities can be guessed from it. */
  readonly messages: readonly Field[];
}

/** A step of the drawdown chain, as everybody sees it. */
export interface PublicStep {
  readonly subject: `0x${string}`;
  readonly previousState: bigint;
  readonly portfolioCommitment: bigint;
}

/** Where the salts of a proof come from. */
export interface SaltSource {
  portfolio(content: ProofContent): Field;
  exposures(content: ProofContent): Field;
  state(step: PublicStep, next: HighWaterMark & { readonly epoch: bigint }): Field;
}

/** Salts that follow from a seed. */
export function seededSalts(seed: Seed): SaltSource {
  return {
    portfolio: (content) => saltOf(seed, "keel/portfolio-salt/1", contentParts(content)),
    exposures: (content) => saltOf(seed, "keel/exposures-salt/1", contentParts(content)),
    state: (step, next) => stateSalt(seed, step, next),
  };
}

/** The salt of an enrolment, from the subject and the list that it hides. */
export function enrolmentSalt(
  seed: Seed,
  subject: `0x${string}`,
  accounts: readonly { readonly id: string; readonly key: readonly [bigint, bigint] }[],
): Field {
  // Ids are told apart by their own hash: their lengths differ.
  const parts = accounts.flatMap(({ id, key }) => [
    numberOf(keyed(seed, `keel/id/1 ${id}`, [])) >> 256n,
    key[0],
  ]);
  return saltOf(seed, "keel/enrolment-salt/1", [BigInt(subject), ...parts]);
}

function contentParts(content: ProofContent): bigint[] {
  const { domain, subject, asOf, marketRoot, enrolment, previousState, units, messages } = content;
  const fixed = [domain, BigInt(subject), BigInt(asOf), marketRoot, enrolment, previousState, units];
  return [...fixed, ...messages];
}

function stateSalt(
  seed: Seed,
  { subject, previousState, portfolioCommitment }: PublicStep,
  { equity, units, epoch }: HighWaterMark & { readonly epoch: bigint },
): Field {
  const parts = [BigInt(subject), previousState, portfolioCommitment, epoch, equity, units];
  return saltOf(seed, "keel/state-salt/1", parts);
}

/** Bytes of a mark's equity (below 2^96), its units (at most 2^96) and the epoch. */
const SEALED_BYTES = [12, 13, 8] as const;
const SEALED_LENGTH = SEALED_BYTES.reduce((sum: number, bytes) => sum + bytes, 0);
const PLACE_LENGTH = 16;

/**
 * What goes beside an attestation on chain, so that the seed finds the state again: a place that only the seed knows, and the mark
 * and the epoch under a key of this state alone. Without the seed both are random bytes.
 */
export function memoOf(seed: Seed, state: DrawdownState): `0x${string}` {
  const commitment = stateCommitment(state);
  const plain = concatBytes(
    ...[state.equity, state.units, state.epoch].map((value, i) => wordOf(value).slice(-SEALED_BYTES[i]!)),
  );
  const stream = streamOf(seed, commitment);
  const sealed = plain.map((byte, i) => byte ^ stream[i]!);
  return `0x${bytesToHex(placeOf(seed, commitment))}${bytesToHex(sealed)}`;
}

/** The mark and epoch of a state whose memo stands somewhere in calldata; nothing when it does not. Not yet checked. */
export function readMemo(
  seed: Seed,
  commitment: bigint,
  calldata: `0x${string}`,
): (HighWaterMark & { readonly epoch: bigint }) | undefined {
  const place = bytesToHex(placeOf(seed, commitment));
  const at = calldata.indexOf(place, 2);
  const end = at + 2 * (PLACE_LENGTH + SEALED_LENGTH);
  if (at < 0 || at % 2 !== 0 || calldata.length < end) return undefined;
  const stream = streamOf(seed, commitment);
  const plain = hexToBytes(calldata.slice(at + 2 * PLACE_LENGTH, end)).map((byte, i) => byte ^ stream[i]!);
  const [equity, units, epoch] = split(plain) as [bigint, bigint, bigint];
  return { equity, units, epoch };
}

/** The state of a step, when the mark and the epoch are the ones that its commitment hides. */
export function openStep(
  seed: Seed,
  step: PublicStep & { readonly newState: bigint },
  mark: HighWaterMark & { readonly epoch: bigint },
): DrawdownState | undefined {
  const { equity, units, epoch } = mark;
  const state = { equity, units, epoch, salt: stateSalt(seed, step, mark) };
  return stateCommitment(state) === step.newState ? state : undefined;
}

function placeOf(seed: Seed, commitment: bigint): Uint8Array {
  return keyed(seed, "keel/memo-place/1", [commitment]).slice(0, PLACE_LENGTH);
}

function streamOf(seed: Seed, commitment: bigint): Uint8Array {
  return keyed(seed, "keel/memo-key/1", [commitment]).slice(0, SEALED_LENGTH);
}

function split(plain: Uint8Array): bigint[] {
  return SEALED_BYTES.map((bytes, i) => {
    const at = SEALED_BYTES.slice(0, i).reduce((sum: number, before) => sum + before, 0);
    return numberOf(plain.slice(at, at + bytes));
  });
}
