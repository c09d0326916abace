// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Do the contracts keep their properties over a hundred thousand random calls, and would a broken one be found?
 *
 * @module
 */
import { describe, expect, it } from "vitest";
import { BUGS, plantOf } from "./planted.js";
import { INVARIANTS } from "./walk.js";
import { SEED, walk } from "./walks.js";

const CALLS = Number(process.env.KEEL_CALLS ?? 100_000);
const ENOUGH_FOR_A_BUG = 20_000;
/** So that they are soon made as short as possible. */
const SHORT_WALK = 100;
/** For one bug, and for all the calls. */
const [SHORT_MS, LONG_MS] = [600_000, 7_200_000];

describe("45: a bug that was planted", () => {
  it.each(BUGS)(
    "is found: $name",
    async (bug) => {
      const { broken, calls } = await walk(ENOUGH_FOR_A_BUG, plantOf(bug), SHORT_WALK);
      expect(broken, `not found in ${calls} calls, seed ${SEED}`).toBeDefined();
      const { actions, message } = broken!;
      console.info(`${bug.name}: ${message}\n${actions.map((action) => JSON.stringify(action)).join("\n")}`);
      expect(
        Object.values(INVARIANTS).some((sentence) => message.startsWith(sentence)),
        message,
      ).toBe(true);
      expect(actions.length).toBeLessThan(20);
    },
    SHORT_MS,
  );
});

describe("45: invariants", () => {
  it(
    `hold over ${CALLS} random calls`,
    async () => {
      const { broken, calls, outcomes } = await walk(CALLS);
      const table = [...outcomes]
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([what, count]) => `${count}\t${what}`);
      console.info(`seed ${SEED}, ${calls} calls\n${table.join("\n")}`);
      expect(broken, `seed ${SEED}\n${JSON.stringify(broken, null, 1)}`).toBeUndefined();
      expect(calls).toBeGreaterThanOrEqual(CALLS);
    },
    LONG_MS,
  );
});
