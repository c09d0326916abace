// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Questions on the error stream, answers from standard input, a line each.
 *
 * @module
 */

import type { Context } from "./context.js";
import { usageError } from "./errors.js";

/** Asks until an answer can be read. */
export type AskFor = <T>(question: string, offered: string, read: (text: string) => T) => Promise<T>;

/** Whoever asks reads standard input until it has been answered. */
export function asking(context: Pick<Context, "readInput" | "writeError">): AskFor {
  const lines = linesOf(context.readInput());
  return async (question, offered, read) => {
    for (;;) {
      context.writeError(`${question}${offered === "" ? "" : ` [${offered}]`}: `);
      const { done, value } = await lines.next();
      if (done === true) throw usageError("an answer, or --template and what else is asked", "no more input");
      const text = value.trim() === "" ? offered : value.trim();
      try {
        return read(text);
      } catch (error) {
        context.writeError(`${(error as Error).message}\n`);
      }
    }
  };
}

async function* linesOf(chunks: AsyncIterable<Uint8Array | string>): AsyncGenerator<string, undefined> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const chunk of chunks) {
    rest += typeof chunk === "string" ? chunk : decoder.decode(chunk, { stream: true });
    const lines = rest.split("\n");
    rest = lines.pop()!;
    yield* lines;
  }
  if (rest !== "") yield rest;
  return undefined;
}
