// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Does a depositor read from the chain's terms just the limits that hold?
 *
 * @module
 */

import { readdir, readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import {
  ABSENT_MAX,
  limitsOf,
  NO_TAIL,
  type PolicyTerms,
  parseMarket,
  parsePolicy,
  policyTerms,
} from "@keel/verifier";
import { describe, expect, it } from "vitest";
import { book } from "../support/book.js";
import { EXAMPLES } from "../support/cli.js";

const ABSENT = Number(ABSENT_MAX);
const { policy, market } = book({ limits: {} });
const plain = policyTerms(policy, market);
const withLevels = (change: Partial<PolicyTerms>) => limitsOf({ ...plain, ...change });

const strategies = (await readdir(EXAMPLES, { recursive: true }))
  .filter((path) => path.endsWith("/policy.json"))
  .map((path) => dirname(path))
  .filter((name) => !["demo", "invalid"].includes(name));

describe("the limits of terms", () => {
  it.each(strategies)("are those of the policy file: %s", async (folder) => {
    const read = (name: string) => readFile(join(EXAMPLES, folder, name), "utf8");
    const parsed = parsePolicy(await read("policy.json"));
    expect(limitsOf(policyTerms(parsed, parseMarket(await read("market.json"))))).toEqual(parsed.limits);
  });

  it("are none when nothing is set", () => {
    expect(limitsOf({ ...plain, ...NO_TAIL })).toEqual({});
  });

  it("have a level of expected shortfall where its limit is set, whatever the confidence", () => {
    const limits = withLevels({ confidence: [0, 9_500, 9_900], maxExpectedShortfall: [300, ABSENT, 500] });
    expect(limits.maxExpectedShortfall).toEqual([
      { confidence: 0n, limit: 300n },
      { confidence: 9_900n, limit: 500n },
    ]);
  });

  it("have a band of which one end alone is set", () => {
    const { netDeltaLo, netDeltaHi } = { ...plain, ...NO_TAIL };
    expect(withLevels({ netDeltaLo: -1_000 }).netDelta).toEqual([-1_000n, BigInt(netDeltaHi)]);
    expect(withLevels({ netDeltaHi: 1_000 }).netDelta).toEqual([BigInt(netDeltaLo), 1_000n]);
  });
});
