// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * An error as a depositor reads it: what it means first, what exactly was said below.
 *
 * @module
 */

import { asKeelError } from "@keel/verifier";
import type { JSX } from "preact";
import { depositorWords } from "./words.js";

/** Says what went wrong, at once to a screen reader. */
export function Trouble({ error }: { readonly error: unknown }): JSX.Element | null {
  if (error === undefined) return null;
  const words = depositorWords(error);
  const { message } = asKeelError(error);
  return (
    <div class="problem" role="alert">
      {words === undefined ? null : <p class="trouble-words">{words}</p>}
      {words === undefined ? message : <small>{message}</small>}
    </div>
  );
}
