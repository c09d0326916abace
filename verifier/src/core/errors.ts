// SPDX-License-Identifier: MIT
/**
 * The one error type of Keel: what went wrong, where, what was expected and what was received.
 *
 * The message is complete by itself, the fields let programs react. A `KeelError` never carries a secret:
 * `received` is for public or structural values only (a key name, a length, a type), never for a holding,
 * a salt or a key.
 *
 * @module
 */

/** What kind of failure this is; decides the command line's exit code (see {@link exitCode}). */
export type ErrorKind =
  /** Bad input or usage. */
  | "input"
  /** The portfolio breaks the policy. */
  | "policy"
  /** The proof or attestation is invalid. */
  | "proof"
  /** Artifacts, chain, file system, workers. */
  | "environment"
  /** The caller cancelled or a time limit passed. */
  | "cancelled";

/** Structured part of a {@link KeelError}; plain data, survives a worker border and JSON. */
export interface ErrorDetails {
  readonly kind: ErrorKind;
  /** Stable, dotted, lower case: `input.decimal`, `artifact.hash`, `worker.died`. */
  readonly code: string;
  /** Where: `accounts[1].positions.ETH`; absent when there is no place to point to. */
  readonly path?: string;
  readonly expected?: string;
  readonly received?: string;
  /** What else is wrong with the same input, when all of it is told at once. */
  readonly also?: readonly ErrorDetails[];
}

/** Any failure that Keel itself detects. */
export class KeelError extends Error {
  override readonly name = "KeelError";
  readonly kind: ErrorKind;
  readonly code: string;
  readonly path?: string;
  readonly expected?: string;
  readonly received?: string;
  readonly also?: readonly ErrorDetails[];

  constructor(details: ErrorDetails, options?: { readonly cause?: unknown }) {
    super(describe(details), options);
    this.kind = details.kind;
    this.code = details.code;
    if (details.path !== undefined) this.path = details.path;
    if (details.expected !== undefined) this.expected = details.expected;
    if (details.received !== undefined) this.received = details.received;
    if (details.also !== undefined) this.also = details.also;
  }

  /** The fields as plain data, for JSON output and for crossing a worker border. */
  toJSON(): ErrorDetails & { readonly message: string } {
    return {
      kind: this.kind,
      code: this.code,
      ...(this.path === undefined ? {} : { path: this.path }),
      ...(this.expected === undefined ? {} : { expected: this.expected }),
      ...(this.received === undefined ? {} : { received: this.received }),
      ...(this.also === undefined ? {} : { also: this.also }),
      message: this.message,
    };
  }
}

/** The command line's exit code for an error kind. */
export function exitCode(kind: ErrorKind): 1 | 2 | 3 | 4 {
  switch (kind) {
    case "input":
      return 1;
    case "policy":
      return 2;
    case "proof":
      return 3;
    default:
      return 4;
  }
}

/** A bad-input error; the most common kind by far. */
export function inputError(code: string, path: string, expected: string, received: string): KeelError {
  return new KeelError({ kind: "input", code, path, expected, received });
}

/** Faults told at once, at most; of more the number is told. */
const MOST_FAULTS = 100;

/**
 * One error for all that is wrong with an input: the first fault, and the others under `also`.
 *
 * @param faults at least one
 */
export function allFaults(faults: readonly KeelError[]): KeelError {
  const all = faults.flatMap(faultsOf);
  const [first, ...others] = all;
  if (others.length === 0) return first!;
  const also: ErrorDetails[] = others.slice(0, MOST_FAULTS - 1).map(plain);
  if (all.length > MOST_FAULTS) {
    also.push({ kind: "input", code: "input.more", received: `${all.length - MOST_FAULTS} more faults` });
  }
  return new KeelError({ ...plain(first!), also });
}

/**
 * What `read` makes of each item. When it refuses some, all that it refuses is told at once.
 *
 * @throws KeelError kind "input", of every item that was refused; any other failure as it is
 */
export function readEach<T, R>(items: readonly T[], read: (item: T, i: number) => R): R[] {
  const faults: KeelError[] = [];
  const results: R[] = [];
  items.forEach((item, i) => {
    try {
      results.push(read(item, i));
    } catch (error) {
      if (!(error instanceof KeelError) || error.kind !== "input") throw error;
      faults.push(error);
    }
  });
  if (faults.length > 0) throw allFaults(faults);
  return results;
}

/** {@link readEach} for checks that are of one input and do not stand on each other. */
export function checkAll(...checks: readonly (() => void)[]): void {
  readEach(checks, (check) => check());
}

/** An error and those told with it, each by itself. */
export function faultsOf(error: KeelError): KeelError[] {
  const { also = [], ...first } = plain(error);
  if (also.length === 0) return [error];
  return [new KeelError(first), ...also.flatMap((details) => faultsOf(new KeelError(details)))];
}

function plain(error: KeelError): ErrorDetails {
  const { message: _, ...details } = error.toJSON();
  return details;
}

/** Any failure as a `KeelError`. Of one that Keel did not make, the class alone: its text might quote a secret. */
export function asKeelError(error: unknown): KeelError {
  if (error instanceof KeelError) return error;
  return new KeelError({
    kind: "environment",
    code: "internal",
    expected: "no failure of Keel itself",
    received: error instanceof Error ? error.constructor.name : typeof error,
  });
}

function describe(details: ErrorDetails): string {
  const where = details.path === undefined ? "" : `${details.path}: `;
  const expected = details.expected === undefined ? "" : `expected ${details.expected}`;
  const received = details.received === undefined ? "" : `received ${details.received}`;
  const what = [expected, received].filter((part) => part !== "").join(", ");
  const own = `${where}${what === "" ? details.code : what} (${details.code})`;
  return [own, ...(details.also ?? []).map(describe)].join("\n");
}
