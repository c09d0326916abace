// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * What to do about an error, by its code: cures.json, which `npm run errors` writes from scripts/error-cures.ts.
 *
 * @module
 */

import { faultsOf, type KeelError } from "@keel/verifier/errors";
import cures from "./cures.json" with { type: "json" };

/** Cures by code. */
export type Cures = Readonly<Record<string, string>>;

/**
 * What to do about each of an error's codes.
 *
 * @param instead cures that are said in place of a command line's
 */
export function curesOf(error: KeelError, instead: Cures = {}): Cures {
  const table: Cures = { ...cures, ...instead };
  const codes = faultsOf(error).map(({ code }) => code);
  return Object.fromEntries(
    codes.flatMap((code) => (Object.hasOwn(table, code) ? [[code, table[code]!]] : [])),
  );
}
