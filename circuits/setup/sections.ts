// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * The container that circom and snarkjs share (.r1cs, .zkey, .ptau): a magic word, a version, then sections, each with its
 * type (32 bits) and size (64 bits), little-endian.
 *
 * @module
 */
import type { KeelError } from "@keel/verifier/errors";

/** Makes the error for a file that is not what it should be. */
export type FormatError = (expected: string, received: string) => KeelError;

const HEADER_BYTES = 12;

/**
 * The sections of a whole file, by type.
 *
 * @throws whatever `fault` makes, for another magic word or version, a truncated file, more bytes, or a type seen twice
 */
export function readSections(bytes: Uint8Array, magic: string, fault: FormatError): Map<number, DataView> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < HEADER_BYTES || new TextDecoder().decode(bytes.subarray(0, 4)) !== magic) {
    throw fault(`a ${magic} file`, `${bytes.length} bytes of something else`);
  }
  if (view.getUint32(4, true) !== 1) throw fault("version 1", `version ${view.getUint32(4, true)}`);
  const sections = new Map<number, DataView>();
  let position = HEADER_BYTES;
  for (let left = view.getUint32(8, true); left > 0; left--) {
    if (position + HEADER_BYTES > bytes.length) throw fault("a section header", "the end of the file");
    const type = view.getUint32(position, true);
    const size = Number(view.getBigUint64(position + 4, true));
    position += HEADER_BYTES;
    if (position + size > bytes.length)
      throw fault(`${size} bytes of section ${type}`, "the end of the file");
    if (sections.has(type)) throw fault(`one section ${type}`, "two of them");
    sections.set(type, new DataView(bytes.buffer, bytes.byteOffset + position, size));
    position += size;
  }
  if (position !== bytes.length) throw fault("the end of the file", `${bytes.length - position} more bytes`);
  return sections;
}

/** A file of version 1 with these sections. */
export function writeSections(
  magic: string,
  sections: readonly (readonly [type: number, content: Uint8Array])[],
): Uint8Array {
  const size = sections.reduce((sum, [, content]) => sum + HEADER_BYTES + content.length, HEADER_BYTES);
  const bytes = new Uint8Array(size);
  const view = new DataView(bytes.buffer);
  bytes.set(new TextEncoder().encode(magic));
  view.setUint32(4, 1, true);
  view.setUint32(8, sections.length, true);
  let position = HEADER_BYTES;
  for (const [type, content] of sections) {
    view.setUint32(position, type, true);
    view.setBigUint64(position + 4, BigInt(content.length), true);
    bytes.set(content, position + HEADER_BYTES);
    position += HEADER_BYTES + content.length;
  }
  return bytes;
}

/** A section's bytes. */
export function bytesOf(section: DataView): Uint8Array {
  return new Uint8Array(section.buffer, section.byteOffset, section.byteLength);
}
