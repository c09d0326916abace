// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Everything that is wrong with an input, told at once.
 *
 * @module
 */

import { inputError, KeelError } from "../../../verifier/src/index.js";

const MOST_TOLD = 50;

/** Collects what is wrong. */
export class Problems {
  readonly #errors: KeelError[] = [];

  add(code: string, path: string, expected: string, received: string): void {
    this.#errors.push(inputError(code, path, expected, received));
  }

  /** Runs steps together and keeps what they find wrong, in their order; whatever else fails goes on up. */
  async during<T>(steps: readonly (() => T | Promise<T>)[]): Promise<T[]> {
    const ends = await Promise.all(
      steps.map(async (step) => {
        try {
          return { value: await step() };
        } catch (error) {
          if (!(error instanceof KeelError) || error.kind !== "input") throw error;
          return { error };
        }
      }),
    );
    return ends.flatMap((end) => {
      if ("value" in end) return [end.value as T];
      this.#errors.push(end.error);
      return [];
    });
  }

  /** @throws KeelError with the first one's code and path, and every one's words */
  throwIfAny(): void {
    const error = together(this.#errors);
    if (error !== undefined) throw error;
  }
}

/** One error for several; its message has a line for each. */
export function together(errors: readonly KeelError[]): KeelError | undefined {
  const [first] = errors;
  const lines = [...new Set(errors.map(({ message }) => message))];
  if (first === undefined || lines.length === 1) return first;
  const told = lines.slice(1, MOST_TOLD);
  const left = lines.length - 1 - told.length;
  const rest = [...told, ...(left === 0 ? [] : [`and ${left} more`])].join("\n");
  const { kind, code, path, expected, received } = first;
  return new KeelError({
    ...{ kind, code },
    ...(path === undefined ? {} : { path }),
    ...(expected === undefined ? {} : { expected }),
    received: `${received ?? ""}\n${rest}\n${lines.length} problems, the first`,
  });
}
