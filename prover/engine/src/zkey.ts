// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Reader of snarkjs's Groth16 proving keys (.zkey) on BN254: structure checked, points left as bytes.
 *
 * Sections: 1 protocol, 2 header, 3 IC, 4 coefficients of A and B, 5 A, 6 B in G1, 7 B in G2, 8 C, 9 H, 10
 * contributions. Points are affine in Montgomery form, little-endian, infinity all zero. Not read are B in G1, which proofs
 * here do without, and others, but for the mark that Keel's development keys carry.
 *
 * @module
 */
import { KeelError } from "@keel/verifier/errors";
import {
  BASE_FIELD,
  type G1Json,
  type G2Json,
  SCALAR_FIELD,
  type VerificationKey,
} from "@keel/verifier/groth16";
import { ELEMENT_BYTES, readElement } from "./bytes.js";

/** Bytes of an affine point. */
export const G1_BYTES = 2 * ELEMENT_BYTES;
export const G2_BYTES = 4 * ELEMENT_BYTES;

/** Bytes of a coefficient: matrix, row and wire (32 bits each), then the value times R^2. */
export const TERM_BYTES = 12 + ELEMENT_BYTES;

/** Type of the section that marks a development key; see circuits/setup. */
const INSECURE_SECTION = 0x4b45;
/** The scalar field's 2-adicity is 28, and the odd coset needs a root of twice the domain's order. */
const MAX_DOMAIN = 2 ** 27;
const HEADER_BYTES = 2 * (4 + ELEMENT_BYTES) + 3 * 4 + 3 * G1_BYTES + 3 * G2_BYTES;

/** A parsed key; all byte arrays are views of the file. */
export interface Zkey {
  readonly wires: number;
  readonly publicSignals: number;
  readonly domain: number;
  /** snarkjs's JSON shape, with the mark of an insecure key. */
  readonly verificationKey: VerificationKey;
  /** Terms of {@link TERM_BYTES} each. */
  readonly terms: Uint8Array;
  readonly a: Uint8Array;
  /** In G2. */
  readonly b: Uint8Array;
  /** Starts with the first private wire. */
  readonly c: Uint8Array;
  readonly h: Uint8Array;
}

/**
 * Parses a proving key.
 *
 * @throws KeelError kind `environment`, code `zkey.format`, path of the section.
 */
export function parseZkey(bytes: Uint8Array): Zkey {
  const sections = readSections(bytes);
  const section = (type: number, name: string, length?: number): Uint8Array => {
    const content = sections.get(type);
    if (content === undefined) throw formatError(name, "a section", "none");
    if (length !== undefined && content.length !== length) {
      throw formatError(name, `${length} bytes`, `${content.length} bytes`);
    }
    return content;
  };
  const protocol = section(1, "protocol", 4);
  if (uint32(protocol, 0) !== 1) throw formatError("protocol", "Groth16", `protocol ${uint32(protocol, 0)}`);
  const header = readHeader(section(2, "header", HEADER_BYTES));
  const { wires, publicSignals, domain, points } = header;
  const ic = section(3, "IC", (publicSignals + 1) * G1_BYTES);
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
    terms: readTerms(section(4, "coefficients"), wires, domain),
    a: section(5, "A", wires * G1_BYTES),
    b: section(7, "B", wires * G2_BYTES),
    c: section(8, "C", (wires - publicSignals - 1) * G1_BYTES),
    h: section(9, "H", domain * G1_BYTES),
  };
}

function readSections(bytes: Uint8Array): Map<number, Uint8Array> {
  if (bytes.length < 12 || new TextDecoder().decode(bytes.subarray(0, 4)) !== "zkey") {
    throw formatError("file", "a zkey file", `${bytes.length} bytes of something else`);
  }
  if (uint32(bytes, 4) !== 1) throw formatError("file", "version 1", `version ${uint32(bytes, 4)}`);
  const sections = new Map<number, Uint8Array>();
  let position = 12;
  for (let left = uint32(bytes, 8); left > 0; left--) {
    if (position + 12 > bytes.length) throw formatError("file", "a section header", "the end of the file");
    const type = uint32(bytes, position);
    const size = uint32(bytes, position + 4) + uint32(bytes, position + 8) * 2 ** 32;
    position += 12;
    if (position + size > bytes.length) {
      throw formatError("file", `${size} bytes of section ${type}`, `${bytes.length - position} bytes`);
    }
    if (sections.has(type)) throw formatError("file", `one section ${type}`, "two of them");
    sections.set(type, bytes.subarray(position, position + size));
    position += size;
  }
  if (position !== bytes.length)
    throw formatError("file", "its end", `${bytes.length - position} more bytes`);
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

function readTerms(section: Uint8Array, wires: number, domain: number): Uint8Array {
  const count = section.length < 4 ? 0 : uint32(section, 0);
  if (section.length !== 4 + count * TERM_BYTES) {
    throw formatError("coefficients", `${count} terms`, `${section.length} bytes`);
  }
  const terms = section.subarray(4);
  const view = new DataView(terms.buffer, terms.byteOffset, terms.length);
  for (let at = 0; at < terms.length; at += TERM_BYTES) {
    const inside =
      view.getUint32(at, true) < 2 &&
      view.getUint32(at + 4, true) < domain &&
      view.getUint32(at + 8, true) < wires;
    if (!inside)
      throw formatError("coefficients", "matrix, row and wire in range", `term ${at / TERM_BYTES}`);
  }
  return terms;
}

function uint32(bytes: Uint8Array, offset: number): number {
  return new DataView(bytes.buffer, bytes.byteOffset + offset, 4).getUint32(0, true);
}

const MONTGOMERY_INVERSE = inverseOfRadix();

function inverseOfRadix(): bigint {
  let [result, square] = [1n, 2n ** 256n % BASE_FIELD];
  for (let rest = BASE_FIELD - 2n; rest > 0n; rest >>= 1n) {
    if (rest & 1n) result = (result * square) % BASE_FIELD;
    square = (square * square) % BASE_FIELD;
  }
  return result;
}

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
