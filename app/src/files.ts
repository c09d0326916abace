// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Files beside the page, as its worker fetches them: with progress, cancel, and no more bytes than the page was told of. Their
 * hashes are the engine's to check.
 *
 * @module
 */

import type { PinnedFile } from "virtual:keel-circuits";
import { KeelError } from "@keel/verifier/errors";

/**
 * A pinned file's bytes.
 *
 * @param base what its path is relative to
 * @param onBytes told of each part that came
 * @throws KeelError `artifact.missing`, `artifact.hash` for another length, or the signal's reason
 */
export async function fetchPinned(
  file: PinnedFile,
  base: string,
  signal: AbortSignal,
  onBytes: (count: number) => void,
): Promise<Uint8Array> {
  const lost = (): never => {
    signal.throwIfAborted();
    throw missingFile(file.path, undefined);
  };
  const response = await fetch(new URL(file.path, base), { signal }).catch(lost);
  if (!response.ok || response.body === null) throw missingFile(file.path, response);
  const content = new Uint8Array(file.bytes);
  let length = 0;
  for (const reader = response.body.getReader(); ; ) {
    const { done, value } = await reader.read().catch(lost);
    if (done) break;
    if (length + value.length > content.length) throw wrongLength(file);
    content.set(value, length);
    length += value.length;
    onBytes(value.length);
  }
  if (length !== file.bytes) throw wrongLength(file);
  return content;
}

/** @param response undefined when none came */
export function missingFile(path: string, response: Response | undefined): KeelError {
  const received = response === undefined ? "no answer" : `HTTP status ${response.status}`;
  const details = { kind: "environment", code: "artifact.missing", path } as const;
  return new KeelError({ ...details, expected: "a readable file", received });
}

function wrongLength({ path, bytes }: PinnedFile): KeelError {
  const details = { kind: "environment", code: "artifact.hash", path } as const;
  return new KeelError({ ...details, expected: `${bytes} bytes`, received: "another length" });
}
