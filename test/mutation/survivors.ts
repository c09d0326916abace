// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Mutants that no test finds out, each with the reason why that is right: what it changes is nothing that anybody could see,
 * or nothing that anybody was promised. Listed by the title that `npm run mutate:code` prints.
 *
 * @module
 */

/** Reasons by title. */
export const SURVIVORS: Readonly<Record<string, string>> = {};
