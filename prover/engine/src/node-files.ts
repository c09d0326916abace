// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Files in Node, read part by part.
 *
 * @module
 */
import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { KeelError } from "@keel/verifier/errors";
import { fileOfBytes, type PartFile, type SharedFile, type StampedPath } from "./parts.js";

/** A path with its file's present state. */
export function stampOf(path: string): StampedPath {
  return withDescriptor(path, (descriptor) => ({ path, ...stateOf(descriptor) }));
}

/** Opens a file for an action, which fails when the file is not, or did not stay, as it was when it was told. */
export function withNodeFile<T>(file: SharedFile, action: (file: PartFile) => T): T {
  if (file instanceof SharedArrayBuffer) return action(fileOfBytes(new Uint8Array(file)));
  const { path, length, stamp } = file as StampedPath;
  return withDescriptor(path, (descriptor) => {
    const check = (): void => {
      if (stateOf(descriptor).stamp !== stamp) throw changed();
    };
    check();
    try {
      return action({ length, read: (start, target) => readWhole(descriptor, start, target) });
    } finally {
      // What failed in a file that changed meanwhile says nothing else.
      check();
    }
  });
}

function withDescriptor<T>(path: string, action: (descriptor: number) => T): T {
  const descriptor = openSync(path, "r");
  try {
    return action(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

function stateOf(descriptor: number): Pick<StampedPath, "length" | "stamp"> {
  const state = fstatSync(descriptor, { bigint: true });
  if (!state.isFile()) throw new Error("not a file");
  const { size, dev, ino, ctimeNs } = state;
  return { length: Number(size), stamp: [dev, ino, size, ctimeNs].join() };
}

function readWhole(descriptor: number, start: number, target: Uint8Array): void {
  for (let done = 0; done < target.length; ) {
    const bytes = readSync(descriptor, target, done, target.length - done, start + done);
    if (bytes === 0) throw changed();
    done += bytes;
  }
}

function changed(): KeelError {
  const details = { kind: "environment", code: "artifact.hash", path: "zkey" } as const;
  return new KeelError({ ...details, expected: "a file that stays as it is", received: "another one" });
}
