// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * What a ceremony reads from a key file by itself, before snarkjs sees it: its sections and the list of contributions.
 *
 * Section 10 holds the circuit's hash (64 bytes), the number of contributions, and for each one: delta after it, the
 * public half of its secret (two points in G1, one in G2), a hash of what came before (64 bytes), a type (1 for a beacon),
 * and parameters: 1 name, 2 exponent, 3 beacon value, each with its length but for the exponent.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { BASE_FIELD } from "@keel/verifier/groth16";
import { sha256 } from "../cache.js";
import { bytesOf, readSections, writeSections } from "../sections.js";
import { refused } from "./transcript.js";

/** A contribution as the key itself tells it. */
export interface KeyContribution {
  readonly name: string;
  /** BLAKE2b-512 of its public part, in hex. */
  readonly hash: string;
  /** Present on a beacon. */
  readonly beacon?: { readonly value: string; readonly exponent: number };
}

/** A key file, read. */
export interface KeyFile {
  readonly sha256: string;
  readonly contributions: readonly KeyContribution[];
}

/** The sections that snarkjs writes; nothing else belongs into a ceremony's key. */
const SECTIONS = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10];
const CONTRIBUTIONS = 10;
const HASH_BYTES = 64;
const COORDINATE_BYTES = 32;
/** Three points of two coordinates, then one of four. */
const PUBLIC_BYTES = 10 * COORDINATE_BYTES;
/** A name, an exponent and a beacon value of the greatest length. */
const MOST_PARAMETER_BYTES = 2 + 255 + 2 + 2 + 255;

/**
 * Reads a key file.
 *
 * @throws KeelError kind `proof`: `ceremony.keyFile` when it cannot be read, `ceremony.format` when it is no whole key
 */
export async function readKeyFile(path: string, name: string): Promise<KeyFile> {
  const bytes = await readFile(path).catch(() => {
    throw refused("ceremony.keyFile", name, "a readable file", "none");
  });
  return { sha256: sha256(bytes), contributions: parseContributions(bytes, name) };
}

/** The contributions of a key. */
export function parseContributions(bytes: Uint8Array, name: string): KeyContribution[] {
  const fault = (expected: string, received: string) => refused("ceremony.format", name, expected, received);
  const sections = readSections(bytes, "zkey", fault);
  const types = [...sections.keys()].sort((left, right) => left - right);
  if (types.join() !== SECTIONS.join()) throw fault("sections 1 to 10", `sections ${types.join(", ")}`);
  const section = bytesOf(sections.get(CONTRIBUTIONS)!);
  let position = 0;
  const take = (length: number): Uint8Array => {
    if (position + length > section.length) throw fault("whole contributions", "a part of one");
    position += length;
    return section.subarray(position - length, position);
  };
  const number = (): number => new DataView(take(4).slice().buffer).getUint32(0, true);
  take(HASH_BYTES);
  const contributions: KeyContribution[] = [];
  for (let left = number(); left > 0; left--) {
    const hash = contributionHash(take(PUBLIC_BYTES), take(HASH_BYTES));
    const type = number();
    const length = number();
    if (type > 1 || length > MOST_PARAMETER_BYTES)
      throw fault("a contribution or a beacon", "something else");
    const parameters = readParameters(take(length));
    if (parameters === undefined || (type === 1) !== (parameters.beacon !== undefined)) {
      throw fault("parameters of a contribution or a beacon", "others");
    }
    contributions.push({ ...parameters, hash });
  }
  if (position !== section.length) throw fault("the end of the contributions", "more bytes");
  return contributions;
}

/** A key of a ceremony that nobody may trust, with the mark of such keys. */
export function markKey(bytes: Uint8Array, type: number, text: string): Uint8Array {
  const sections = readSections(bytes, "zkey", (expected, received) =>
    refused("ceremony.format", "key", expected, received),
  );
  const contents = [...sections].map(([id, section]) => [id, bytesOf(section)] as const);
  return writeSections("zkey", [...contents, [type, new TextEncoder().encode(text)]]);
}

function readParameters(bytes: Uint8Array): Omit<KeyContribution, "hash"> | undefined {
  let name = "";
  let exponent: number | undefined;
  let value: string | undefined;
  let last = 0;
  for (let at = 0; at < bytes.length; ) {
    const type = bytes[at]!;
    const start = type === 2 ? at + 1 : at + 2;
    const end = start + (type === 2 ? 1 : (bytes[at + 1] ?? 0));
    if (type <= last || type > 3 || end > bytes.length) return undefined;
    if (type === 1) name = new TextDecoder().decode(bytes.subarray(start, end));
    if (type === 2) exponent = bytes[start];
    if (type === 3) value = Buffer.from(bytes.subarray(start, end)).toString("hex");
    last = type;
    at = end;
  }
  if (exponent === undefined && value === undefined) return { name };
  return exponent === undefined || value === undefined ? undefined : { name, beacon: { value, exponent } };
}

/** As snarkjs computes it: over coordinates as plain big-endian numbers, a G2 point's imaginary parts first. */
function contributionHash(points: Uint8Array, before: Uint8Array): string {
  const coordinates = Array.from({ length: PUBLIC_BYTES / COORDINATE_BYTES }, (_, i) =>
    plainCoordinate(points.subarray(i * COORDINATE_BYTES, (i + 1) * COORDINATE_BYTES)),
  );
  const [x0, x1, y0, y1] = coordinates.splice(6) as [Uint8Array, Uint8Array, Uint8Array, Uint8Array];
  const hash = createHash("blake2b512");
  for (const part of [...coordinates, x1, x0, y1, y0, before]) hash.update(part);
  return hash.digest("hex");
}

const MONTGOMERY_INVERSE = inverseOfMontgomery();

function plainCoordinate(bytes: Uint8Array): Uint8Array {
  const value = BigInt(`0x${Buffer.from(bytes).reverse().toString("hex")}`);
  const plain = (value * MONTGOMERY_INVERSE) % BASE_FIELD;
  return Buffer.from(plain.toString(16).padStart(2 * COORDINATE_BYTES, "0"), "hex");
}

/** 2^-256 modulo q: 256 times halved. */
function inverseOfMontgomery(): bigint {
  let value = 1n;
  for (let i = 0; i < 256; i++) value = (value % 2n === 0n ? value : value + BASE_FIELD) / 2n;
  return value;
}
