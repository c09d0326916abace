// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Everything that is wrong with an input, told at once.
 *
 * @module
 */

import { allFaults, inputError, KeelError } from "@keel/verifier";

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
      this.#keep(end.error);
      return [];
    });
  }

  /** An error that tells several counts as several; the same twice as one. */
  #keep(error: KeelError): void {
    const { also = [], message: _, ...first } = error.toJSON();
    for (const fault of [first, ...also]) {
      const one = new KeelError(fault);
      if (!this.#errors.some(({ message }) => message === one.message)) this.#errors.push(one);
    }
  }

  /** @throws KeelError for all of them at once */
  throwIfAny(): void {
    if (this.#errors.length > 0) throw allFaults(this.#errors);
  }
}
