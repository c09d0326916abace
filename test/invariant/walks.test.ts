// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Do the contracts keep their properties over some thousands of random calls? (Over a hundred thousand: walks.slow.test.ts.)
 *
 * @module
 */
import { expect, it } from "vitest";
import { SEED, walk } from "./walks.js";

/** Measured: 27 s on two cores that others share. */
const TIMEOUT_MS = 120_000;

it(
  "45: no property breaks in 2,000 calls",
  async () => {
    console.info(`seed ${SEED}`);
    const { broken, calls } = await walk(2_000);
    expect(broken, JSON.stringify(broken, null, 1)).toBeUndefined();
    expect(calls).toBeGreaterThanOrEqual(2_000);
  },
  TIMEOUT_MS,
);
