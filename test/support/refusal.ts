// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * What a call is refused for, as short text to compare.
 *
 * @module
 */
import { KeelError } from "@keel/verifier";

/** The error of a call; nothing where it is none. Whatever is no KeelError is thrown on. */
function errorOf(work: () => unknown): KeelError | undefined {
  try {
    work();
  } catch (error) {
    if (error instanceof KeelError) return error;
    throw error;
  }
  return undefined;
}

/** Its code; "none" where it is not refused. */
export function codeOf(work: () => unknown): string {
  return errorOf(work)?.code ?? "none";
}

/** Its code and path; "none" where it is not refused. */
export function refusalOf(work: () => unknown): string {
  const error = errorOf(work);
  return error === undefined ? "none" : `${error.code} ${error.path}`;
}
