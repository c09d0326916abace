// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * How far values reach.
 *
 * @module
 */

/** From least to most, apart by so much at least. */
export function extent(values: readonly number[], least: number): readonly [number, number] {
  const [low, high] = [Math.min(...values), Math.max(...values)];
  return high - low >= least ? [low, high] : [low - least / 2, high + least / 2];
}
