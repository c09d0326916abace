// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Makes a walk that breaks something short. Walks are slow, so that what a library tries, hundreds of walks with other
 * numbers in them, would take minutes: here actions are left out only, in parts that are halved each time.
 *
 * @module
 */

/**
 * Leaves out whatever is not needed for the break, at about twice as many walks as there are actions.
 *
 * @param breaks whether a walk of these actions still breaks something
 */
export async function shorten<A>(
  actions: readonly A[],
  breaks: (actions: readonly A[]) => Promise<boolean>,
): Promise<readonly A[]> {
  let left = actions;
  for (let part = Math.ceil(left.length / 2); part >= 1; part = part === 1 ? 0 : Math.ceil(part / 2)) {
    // From the end: what comes after the break goes first.
    for (let from = left.length - part; from > -part; from -= part) {
      const without = [...left.slice(0, Math.max(0, from)), ...left.slice(from + part)];
      if (without.length > 0 && (await breaks(without))) left = without;
    }
  }
  return left;
}
