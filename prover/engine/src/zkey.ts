// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Reader of snarkjs's Groth16 proving keys (.zkey) on BN254: header and structure, with the places of terms and points.
 *
 * Sections: 1 protocol, 2 header, 3 IC, 4 coefficients of A and B, 5 A, 6 B in G1, 7 B in G2, 8 C, 9 H, 10
 * contributions. Points are affine in Montgomery form, little-endian, infinity all zero. Not read are B in G1, which proofs
 * here do without, and others, but for the mark that Keel's development keys carry.
 *
 * @module
 */
import { KeelError } from "@keel/verifier/errors";
import type { G1Json, G2Json, VerificationKey } from "@keel/verifier/groth16";
import { ELEMENT_BYTES, readElement } from "./bytes.js";
import { BASE_FIELD, invert, SCALAR_FIELD } from "./field.js";
import { eachPiece, type PartFile, readSection, type Section } from "./parts.js";

/** Bytes of an affine point. */
export const G1_BYTES = 2 * ELEMENT_BYTES;
export const G2_BYTES = 4 * ELEMENT_BYTES;

/** Bytes of a coefficient: matrix, row and wire (32 bits each), then the value times R^2. */
export const TERM_BYTES = 12 + ELEMENT_BYTES;
export const TERM_WORDS = TERM_BYTES / 4;

/** Type of the section that marks a development key; see circuits/setup. */
const INSECURE_SECTION = 0x4b45;
/** The scalar field's 2-adicity is 28, and the odd coset needs a root of twice the domain's order. */
const MAX_DOMAIN = 2 ** 27;
const HEADER_BYTES = 2 * (4 + ELEMENT_BYTES) + 3 * 4 + 3 * G1_BYTES + 3 * G2_BYTES;

/** A parsed key: what is large, by its place in the file. */
export interface Zkey {
  readonly wires: number;
  readonly publicSignals: number;
  readonly domain: number;
  /** snarkjs's JSON shape, with the mark of an insecure key. */
  readonly verificationKey: VerificationKey;
  /** Terms of {@link TERM_BYTES} each; {@link eachTerm} goes through them. */
  readonly terms: Section;
  readonly a: Section;
  /** In G2. */
  readonly b: Section;
  /** Starts with the first private wire. */
  readonly c: Section;
  readonly h: Section;
}

/**
 * Parses a proving key.
 *
 * @throws KeelError kind `environment`, code `zkey.format`, path of the section.
 */
export function parseZkey(file: PartFile): Zkey {
  const sections = readSections(file);
  const section = (type: number, name: string, length?: number): Section => {
    const content = sections.get(type);
    if (content === undefined) throw formatError(name, "a section", "none");
    if (length !== undefined && content.length !== length) {
      throw formatError(name, `${length} bytes`, `${content.length} bytes`);
    }
    return content;
  };
  const protocol = readSection(file, section(1, "protocol", 4));
  if (uint32(protocol, 0) !== 1) throw formatError("protocol", "Groth16", `protocol ${uint32(protocol, 0)}`);
  const header = readHeader(readSection(file, section(2, "header", HEADER_BYTES)));
  const { wires, publicSignals, domain, points } = header;
  const ic = readSection(file, section(3, "IC", (publicSignals + 1) * G1_BYTES));
  return {
    wires,
    publicSignals,
    domain,
    verificationKey: {
      protocol: "groth16",
      curve: "bn128",
      nPublic: publicSignals,
      vk_alpha_1: g1Json(points, 0),
      vk_beta_2: g2Json(points, 2 * G1_BYTES),
      vk_gamma_2: g2Json(points, 2 * G1_BYTES + G2_BYTES),
      vk_delta_2: g2Json(points, 3 * G1_BYTES + 2 * G2_BYTES),
      IC: Array.from({ length: publicSignals + 1 }, (_, i) => g1Json(ic, i * G1_BYTES)),
      ...(sections.has(INSECURE_SECTION) ? { insecure: true as const } : {}),
    },
    terms: termsOf(file, section(4, "coefficients")),
    a: section(5, "A", wires * G1_BYTES),
    b: section(7, "B", wires * G2_BYTES),
    c: section(8, "C", (wires - publicSignals - 1) * G1_BYTES),
    h: section(9, "H", domain * G1_BYTES),
  };
}

/**
 * Goes through all of a key's terms, by the place of each in words of a piece, which the next one overwrites, and in the file.
 *
 * @throws KeelError code `zkey.format`, for a matrix, row or wire out of range
 */
export function eachTerm(
  file: PartFile,
  { terms, wires, domain }: Pick<Zkey, "terms" | "wires" | "domain">,
  take: (words: Uint32Array, at: number, term: number) => void,
): void {
  eachPiece(file, terms, TERM_BYTES, (piece, first) => {
    const words = wordsOf(piece);
    for (let at = 0, term = first; at < words.length; at += TERM_WORDS, term++) {
      if (words[at]! >= 2 || words[at + 1]! >= domain || words[at + 2]! >= wires)
        throw formatError("coefficients", "matrix, row and wire in range", `term ${term}`);
      take(words, at, term);
    }
  });
}

/** A piece of terms as numbers. */
export function wordsOf(piece: Uint8Array): Uint32Array {
  return new Uint32Array(piece.buffer, piece.byteOffset, piece.length / 4);
}

function readSections(file: PartFile): Map<number, Section> {
  const head = readSection(file, { start: 0, length: Math.min(12, file.length) });
  if (head.length < 12 || new TextDecoder().decode(head.subarray(0, 4)) !== "zkey") {
    throw formatError("file", "a zkey file", `${file.length} bytes of something else`);
  }
  if (uint32(head, 4) !== 1) throw formatError("file", "version 1", `version ${uint32(head, 4)}`);
  const sections = new Map<number, Section>();
  let start = 12;
  for (let left = uint32(head, 8); left > 0; left--) {
    if (start + 12 > file.length) throw formatError("file", "a section header", "the end of the file");
    const header = readSection(file, { start, length: 12 });
    const type = uint32(header, 0);
    const length = uint32(header, 4) + uint32(header, 8) * 2 ** 32;
    start += 12;
    if (start + length > file.length) {
      throw formatError("file", `${length} bytes of section ${type}`, `${file.length - start} bytes`);
    }
    if (sections.has(type)) throw formatError("file", `one section ${type}`, "two of them");
    sections.set(type, { start, length });
    start += length;
  }
  if (start !== file.length) throw formatError("file", "its end", `${file.length - start} more bytes`);
  return sections;
}

function readHeader(header: Uint8Array): {
  wires: number;
  publicSignals: number;
  domain: number;
  points: Uint8Array;
} {
  const fields = [BASE_FIELD, SCALAR_FIELD];
  for (const [i, field] of fields.entries()) {
    const at = i * (4 + ELEMENT_BYTES);
    if (uint32(header, at) !== ELEMENT_BYTES || readElement(header, at + 4) !== field) {
      throw formatError("header", "the fields of BN254", "other fields");
    }
  }
  const start = 2 * (4 + ELEMENT_BYTES);
  const [wires, publicSignals, domain] = [0, 4, 8].map((at) => uint32(header, start + at)) as [
    number,
    number,
    number,
  ];
  if (wires < publicSignals + 1)
    throw formatError("header", "a wire for each public signal", `${wires} wires`);
  if (domain < 2 || domain > MAX_DOMAIN || (domain & (domain - 1)) !== 0) {
    throw formatError("header", "a power of two as domain", `${domain}`);
  }
  return { wires, publicSignals, domain, points: header.subarray(start + 12) };
}

/** The terms behind their number. */
function termsOf(file: PartFile, { start, length }: Section): Section {
  const count = length < 4 ? 0 : uint32(readSection(file, { start, length: 4 }), 0);
  if (length !== 4 + count * TERM_BYTES) {
    throw formatError("coefficients", `${count} terms`, `${length} bytes`);
  }
  return { start: start + 4, length: length - 4 };
}

function uint32(bytes: Uint8Array, offset: number): number {
  return new DataView(bytes.buffer, bytes.byteOffset + offset, 4).getUint32(0, true);
}

const MONTGOMERY_INVERSE = invert(2n ** 256n, BASE_FIELD);

function coordinate(bytes: Uint8Array, offset: number): string {
  const value = readElement(bytes, offset);
  if (value >= BASE_FIELD) throw formatError("header", "reduced coordinates", "a larger one");
  return ((value * MONTGOMERY_INVERSE) % BASE_FIELD).toString();
}

function g1Json(bytes: Uint8Array, offset: number): G1Json {
  return [coordinate(bytes, offset), coordinate(bytes, offset + ELEMENT_BYTES), "1"];
}

function g2Json(bytes: Uint8Array, offset: number): G2Json {
  const at = (index: number): string => coordinate(bytes, offset + index * ELEMENT_BYTES);
  return [
    [at(0), at(1)],
    [at(2), at(3)],
    ["1", "0"],
  ];
}

function formatError(path: string, expected: string, received: string): KeelError {
  return new KeelError({
    kind: "environment",
    code: "zkey.format",
    path: `zkey.${path}`,
    expected,
    received,
  });
}
