// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Mutants that no test finds out, each with the reason why that is right: what it changes is nothing that anybody could see,
 * or nothing that anybody was promised. Listed by the title that `npm run mutate:code` prints.
 *
 * @module
 */

/** Reasons by title. */
export const SURVIVORS: Readonly<Record<string, string>> = {
  "verifier/src/statement/disclosure.ts: digest.fill(0);: 0 -> 1":
    "The bytes of a secret are overwritten; by which number, nobody can see.",
  'verifier/src/text/policy-change.ts: const direction = to.maxLiquiditySkew > from.maxLiquiditySkew ? "looser" : "tighter";: > -> >=':
    "Two that are the same have no direction: the line before has returned.",
  "prover/engine/src/slices.ts: most: Math.ceil(section.length / size / workers),: / -> *, place 2":
    "How many points a worker has at most, for which memory is kept: more of it changes no sum.",
};
