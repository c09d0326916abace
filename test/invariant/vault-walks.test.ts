// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Does the strategy vault keep its properties over some hundreds of random calls? (Over a hundred thousand: vault-walks.slow.test.ts.)
 *
 * @module
 */
import { expect, it } from "vitest";
import { SEED_OF_WALKS, walkVault } from "./vault-walk.js";

const TIMEOUT_MS = 120_000;

it(
  "76: no property of the vault breaks in 600 calls",
  async () => {
    console.info(`seed ${SEED_OF_WALKS}`);
    const { broken, calls } = await walkVault(600);
    expect(broken, JSON.stringify(broken, null, 1)).toBeUndefined();
    expect(calls).toBeGreaterThanOrEqual(600);
  },
  TIMEOUT_MS,
);
