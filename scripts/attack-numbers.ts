// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Numbers of families of attacks, as titles of tests begin with them.
 *
 * @module
 */

/** Numbers of the families of attacks that are to be tried, ascending; those between belong to what is not built yet. */
export const ATTACKS: readonly number[] = [...upTo(1, 63), ...upTo(65, 79), 81];

/** Numbers of attacks at the start of a title: [13, 14] of "13, 14 are refused". */
export function attackNumbers(title: string): number[] {
  const [, numbers] = /^(\d{1,2}(?:, \d{1,2})*):? \S/.exec(title) ?? [];
  return (numbers?.split(", ") ?? []).map(Number).filter((number) => ATTACKS.includes(number));
}

function upTo(first: number, last: number): number[] {
  return Array.from({ length: last - first + 1 }, (_, i) => first + i);
}
