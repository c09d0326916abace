// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * A program that asks for a lock again and again, and now and then dies while it has it. Prints a line for each time that it had it
 * together with another one.
 *
 *   node lock-worker.mjs PLACE SEED UNTIL [LOCK MODULE]
 */
import { open, rm } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";

const [place, seed, until, module = "../../cli/dist/lock.js"] = process.argv.slice(2);
const { locked } = await import(module);

let state = Number(seed);
const below = (n) => {
  state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff;
  return (state >> 8) % n;
};

/** What only one at a time may do. */
async function work() {
  const inside = `${place}.inside`;
  const handle = await open(inside, "wx").catch(() => undefined);
  if (handle === undefined) process.stdout.write("together\n");
  await handle?.close();
  await sleep(below(4));
  await rm(inside, { force: true });
  process.stdout.write("had it\n");
  if (below(3) === 0) process.kill(process.pid, "SIGKILL");
}

while (Date.now() < Number(until)) {
  await locked(place, work).catch((error) => {
    if (error.code !== "file.busy") throw error;
  });
  await sleep(below(3));
}
