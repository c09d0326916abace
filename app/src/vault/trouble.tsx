// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * An error as a depositor reads it: what it means first, what exactly was said below.
 *
 * @module
 */

import { asKeelError } from "@keel/verifier/errors";
import type { JSX } from "preact";
import { Faults } from "../basics.js";
import { depositorWords } from "./words.js";

/** Says what went wrong, at once to a screen reader; of what has no words of its own, what to do about it as everywhere. */
export function Trouble({ error }: { readonly error: unknown }): JSX.Element | null {
  if (error === undefined) return null;
  const { says, isWhole } = depositorWords(error);
  return (
    <div class="problem" role="alert">
      {says === undefined ? null : <p class="trouble-words">{says}</p>}
      {isWhole ? <small>{asKeelError(error).message}</small> : <Faults error={error} />}
    </div>
  );
}
