// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Files by the names that people know them by.
 *
 * @module
 */

import { allFaults, inputError, KeelError } from "@keel/verifier/errors";

/** A file as it was opened; without a name what was pasted. */
export interface NamedText {
  readonly name: string;
  readonly text: string;
}

/** A file that was read. */
export interface ReadFile<Kind extends string, File> {
  readonly name: string;
  readonly kind: Kind;
  readonly file: File;
}

/**
 * Reads files of which there can be one of each kind.
 *
 * @throws KeelError of every file that cannot be read and of every kind that is there twice, each with its file's name
 */
export function readFiles<Kind extends string, File>(
  texts: readonly NamedText[],
  read: (text: string) => { readonly kind: Kind; readonly file: File },
): ReadFile<Kind, File>[] {
  const faults: KeelError[] = [];
  const found: ReadFile<Kind, File>[] = [];
  for (const { name, text } of texts) {
    try {
      found.push({ name, ...read(text) });
    } catch (error) {
      if (!(error instanceof KeelError)) throw error;
      faults.push(inFile(name, error));
    }
  }
  const kinds = [...new Set(found.map(({ kind }) => kind))];
  faults.push(...kinds.flatMap((kind) => twice(found.filter((file) => file.kind === kind))));
  if (faults.length > 0) throw allFaults(faults);
  return found;
}

/** Which of two snapshots is meant, nobody can tell. */
function twice(alike: readonly ReadFile<string, unknown>[]): KeelError[] {
  if (alike.length < 2) return [];
  const { kind, name } = alike[0]!;
  const received = `${alike.length}: ${alike.map((file) => file.name).join(", ")}`;
  return [inputError("file.twice", name, `one ${kind} at a time`, received)];
}

/** Says in which file it was. */
function inFile(name: string, error: KeelError): KeelError {
  if (name === "") return error;
  const { message: _, ...details } = error.toJSON();
  const path = `${name}: ${details.path ?? "file"}`;
  const also = details.also?.map((other) => ({ ...other, path: `${name}: ${other.path ?? "file"}` }));
  return new KeelError({ ...details, path, ...(also === undefined ? {} : { also }) });
}

/** A file that the browser was given and does not read. */
export function unreadable(name: string, error: unknown): KeelError {
  const why = error instanceof Error ? (UNREADABLE[error.name] ?? error.name) : "another failure";
  return new KeelError(
    { kind: "input", code: "file.read", path: name, expected: "a file that can be read", received: why },
    { cause: error },
  );
}

/** As browsers name it. */
const UNREADABLE: Readonly<Record<string, string>> = {
  NotFoundError: "a folder, or a file that is gone",
  NotReadableError: "one that this browser may not read",
};
