// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Files that are read part by part: a key of tens of megabytes never lies in memory whole.
 *
 * @module
 */

/** A file, wherever it is. */
export interface PartFile {
  readonly length: number;
  /** Fills a target with the bytes from a position on, which the file must have. */
  read(start: number, target: Uint8Array): void;
}

/** A range of a file. */
export interface Section {
  readonly start: number;
  readonly length: number;
}

/**
 * A file as it is told to workers: a path with what shows that it was not changed meanwhile, bytes that all threads share, or a
 * page's blob.
 */
export type SharedFile = StampedPath | SharedArrayBuffer | Blob;

/** A path, and what a file's state showed when it was told. */
export interface StampedPath {
  readonly path: string;
  readonly length: number;
  /** Which file it is, and when it last changed. */
  readonly stamp: string;
}

const PIECE_BYTES = 1 << 20;

/** Bytes in memory as a file. */
export function fileOfBytes(bytes: Uint8Array): PartFile {
  return {
    length: bytes.length,
    read: (start, target) => target.set(bytes.subarray(start, start + target.length)),
  };
}

/** A section's bytes, for small ones. */
export function readSection(file: PartFile, { start, length }: Section): Uint8Array {
  const bytes = new Uint8Array(length);
  file.read(start, bytes);
  return bytes;
}

/**
 * Goes through a section by pieces of whole records of so many bytes.
 *
 * @param take gets a piece, which the next one overwrites, and the index of its first record
 */
export function eachPiece(
  file: PartFile,
  { start, length }: Section,
  recordBytes: number,
  take: (piece: Uint8Array, first: number) => void,
): void {
  const most = recordBytes * Math.max(1, Math.floor(PIECE_BYTES / recordBytes));
  const room = new Uint8Array(Math.min(most, length));
  for (let at = 0; at < length; at += most) {
    const piece = room.subarray(0, Math.min(most, length - at));
    file.read(start + at, piece);
    take(piece, at / recordBytes);
  }
}
