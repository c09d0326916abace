// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Loaded into a program that a test has started with --expose-gc: at SIGUSR2 it says on standard output what memory it has once
 * everything that nobody needs has been collected.
 *
 * @module
 */

const MEGABYTE = 2 ** 20;

process.on("SIGUSR2", () => {
  for (let i = 0; i < 3; i++) globalThis.gc();
  const { rss, heapUsed } = process.memoryUsage();
  process.stdout.write(`${JSON.stringify({ probe: { rss: rss / MEGABYTE, heap: heapUsed / MEGABYTE } })}\n`);
});
