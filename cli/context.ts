// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * What a command is given and what it gives back. Commands never print a result themselves: they return both forms of it,
 * and only one of them reaches standard output.
 *
 * @module
 */

import type { Prover, ProverOptions } from "@keel/engine";

/** Opens a circuit and its key. */
export type OpenProver = (options: ProverOptions<string>) => Promise<Prover>;

/** The world around a command. */
export interface Context {
  readonly writeOut: (text: string) => void;
  /** Progress, warnings and errors. */
  readonly writeError: (text: string) => void;
  readonly readInput: () => AsyncIterable<Uint8Array>;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Whether the error stream is a terminal, where a line can be drawn again. */
  readonly interactive: boolean;
  /** Aborts when the user interrupts. */
  readonly signal: AbortSignal;
  /** Unix seconds. */
  readonly now: () => number;
  /** Provers that outlive the command, for who proves often: without it a command opens its own and closes them. */
  readonly prover?: OpenProver;
}

/** A command's result. */
export interface Outcome {
  /** 0 when absent; see README.md for the others. */
  readonly exitCode?: 0 | 2 | 3 | 4;
  /** What `--json` prints; bigints as decimal strings. */
  readonly json: object;
  /** What is printed otherwise, without a final line break. */
  readonly text: string;
  /** The command has printed lines as they came and ends when it is interrupted: its result is one more line. */
  readonly streamed?: true;
}

/** A line for the user that is not part of the result. */
export function note(context: Pick<Context, "writeError">, text: string): void {
  context.writeError(`keel: ${text}\n`);
}
