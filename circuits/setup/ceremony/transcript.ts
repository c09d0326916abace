// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * The transcript of a ceremony (ceremony/1): what the key was made from, and everybody who took part, in order.
 *
 * Its digest, the SHA-256 of the file as it is written here, names the ceremony: exported artifacts and the verifier
 * contract carry it. File names are not in it; key number i is always `000i.zkey` beside it.
 *
 * @module
 */

import { FORMATS, identifier, parseData, parseFile, title } from "@keel/verifier";
import { KeelError } from "@keel/verifier/errors";
import { z } from "zod";
import { sha256 } from "../cache.js";
import { BEACON_EXPONENT, BEACON_VALUE } from "./beacon.js";

/** A contribution; the contributor publishes its hash. */
export interface Contribution {
  readonly name: string;
  /** BLAKE2b-512 of the contribution's public part, as snarkjs computes it. */
  readonly hash: string;
}

/** The last step: randomness that nobody could know or choose while contributions were made. */
export interface Beacon {
  /** Where the value will come from, stated before the first contribution: "drand round 9000000". */
  readonly source: string;
  /** The value is hashed 2^exponent times with SHA-256. */
  readonly exponent: number;
  /** Absent until it is applied. */
  readonly applied?: {
    /** Hex. */
    readonly value: string;
    readonly hash: string;
  };
}

/** A ceremony as far as it has come. */
export interface Transcript {
  /** Circuit id. */
  readonly circuit: string;
  /** SHA-256 of the compiled circuit, which anybody can compile again. */
  readonly r1cs: string;
  /** BLAKE2b-512 of the powers-of-tau file. */
  readonly powersOfTau: string;
  /** Present when that file is not a published one: whoever made it can forge proofs. */
  readonly insecure?: true;
  readonly contributions: readonly Contribution[];
  readonly beacon: Beacon;
  /** SHA-256 of the newest key. */
  readonly key: string;
}

const hash256 = z.string().regex(/^[0-9a-f]{64}$/);
const hash512 = z.string().regex(/^[0-9a-f]{128}$/);

const plan = z.strictObject({
  source: title,
  exponent: z.int().min(BEACON_EXPONENT.least).max(BEACON_EXPONENT.most),
});

const schema = z.strictObject({
  keel: z.literal("ceremony/1"),
  circuit: identifier,
  r1cs: hash256,
  powersOfTau: hash512,
  insecure: z.literal(true).optional(),
  contributions: z.array(z.strictObject({ name: title, hash: hash512 })).max(1000),
  beacon: plan.extend({
    applied: z.strictObject({ value: z.string().regex(BEACON_VALUE), hash: hash512 }).optional(),
  }),
  key: hash256,
});
FORMATS.add(schema, { id: "ceremony/1", folder: "circuits", title: "The transcript of a key ceremony" });

/**
 * Reads a transcript.
 *
 * @throws KeelError kind "input"
 */
export function parseTranscript(text: string): Transcript {
  const { keel: _, ...transcript } = parseFile(schema, text, "transcript");
  return transcript as Transcript;
}

/** Checks what is announced of a beacon. */
export function parseBeaconPlan(beacon: { readonly source: string; readonly exponent: number }) {
  return parseData(plan, { ...beacon }, "beacon");
}

/** Writes a transcript, always in the same form. */
export function formatTranscript(transcript: Transcript): string {
  const { circuit, r1cs, powersOfTau, insecure, contributions, beacon, key } = transcript;
  const { source, exponent, applied } = beacon;
  const marked = insecure === undefined ? {} : { insecure };
  const closed = applied === undefined ? {} : { applied: { value: applied.value, hash: applied.hash } };
  const file = {
    keel: "ceremony/1",
    circuit,
    r1cs,
    powersOfTau,
    ...marked,
    contributions: contributions.map(({ name, hash }) => ({ name, hash })),
    beacon: { source, exponent, ...closed },
    key,
  };
  return `${JSON.stringify(file, null, 2)}\n`;
}

/** SHA-256 of the transcript's file, in hex. */
export function transcriptDigest(transcript: Transcript): string {
  return sha256(formatTranscript(transcript));
}

/** Number of the newest key. */
export function latestNumber({ contributions, beacon }: Transcript): number {
  return contributions.length + (beacon.applied === undefined ? 0 : 1);
}

/** The error of a ceremony that is not what it claims to be. */
export function refused(code: string, path: string, expected: string, received: string): KeelError {
  return new KeelError({ kind: "proof", code, path, expected, received });
}
