// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Does what explorers are given compile to the very code that is deployed, for every contract of a deployment?
 *
 * @module
 */
import { describe, it } from "vitest";
import { expectVeryCode } from "../support/recompile.js";

describe("an explorer's standard JSON input", () => {
  it.each([
    "Authority",
    "PolicyBook",
    "MarketBook",
    "FeedMarket",
    "VerifierBook",
    "HealthRegistry",
    "HealthResolver",
  ])("of %s gives the very code, metadata included, from the sources that it needs alone", async (name) => {
    await expectVeryCode(name);
  });
});
