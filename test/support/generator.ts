// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Random numbers for tests that must be the same in every run.
 *
 * @module
 */

/** Numbers below a bound, from a linear congruential generator. */
export function generator(seed: bigint): (below: bigint) => bigint {
  let state = seed;
  return (below) => {
    let value = 0n;
    for (let i = 0; i < 5; i++) {
      state = (state * 6364136223846793005n + 1442695040888963407n) % (1n << 64n);
      value = (value << 64n) | (state ^ (state >> 31n));
    }
    return value % below;
  };
}
