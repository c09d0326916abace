// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * How does work grow with its input? From times, and still sure on a busy machine.
 *
 * @module
 */

/** Inputs `SPAN` times as large: linear work takes about 32 times as long, quadratic work 1,024 times. */
export const SPAN = 32;
/** The first rounds only warm up: code not yet compiled would flatter the small input. */
const [WARM, ROUNDS] = [3, 15];

/**
 * Whether work on an input `SPAN` times as large takes less than `SPAN`^1.5 times as long, by the shortest times of up to
 * fifteen rounds. What disturbs a round makes it longer, so it can cost rounds, not the answer.
 */
export function growsLinearly<T>(work: (input: T) => unknown, small: T, large: T): boolean {
  const time = (input: T): number => {
    const start = performance.now();
    work(input);
    return performance.now() - start;
  };
  let [least, most] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
  for (let round = 0; round < ROUNDS; round++) {
    least = Math.min(least, time(small));
    most = Math.min(most, time(large));
    if (round >= WARM && most < least * SPAN ** 1.5) return true;
  }
  return false;
}
