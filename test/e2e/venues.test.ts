// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Does the command line see through accounts that are split, and accounts that hide behind others?
 *
 * @module
 */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { exampleTexts } from "../../dist/examples/generate.js";
import { STRATEGIES } from "../../dist/examples/strategies.js";
import type { Strategy } from "../../dist/examples/strategy.js";
import { type Ended, errorOf, inFolder, keelHere, strategyArgs } from "../support/cli.js";

interface Limit {
  readonly name: string;
  readonly ok: boolean;
  readonly worst?: string;
}

/** What check says of a strategy's book, with some files replaced. */
async function check(strategy: Strategy, files: Readonly<Record<string, string>> = {}): Promise<Ended> {
  return await inFolder(async (folder) => {
    const args: string[] = [];
    for (const [role, text] of Object.entries({ ...exampleTexts(strategy), ...files })) {
      const file = join(folder, `${role}.json`);
      await writeFile(file, text);
      args.push(`--${role}`, file);
    }
    return await keelHere(["check", ...args, "--json"]);
  });
}

const limitOf = (limits: readonly Limit[], name: string) => limits.find((limit) => limit.name === name);

describe("57 one venue", () => {
  const strategy = STRATEGIES.find(({ folder }) => folder === "yield-optimiser")!;

  it("is what one source signs, however many sub-accounts it is split into", async () => {
    const [source] = strategy.sources;
    const otherAccounts = strategy.otherAccounts!.map((account) => ({ ...account, source: source! }));
    const { code, stdout } = await check({ ...strategy, sources: [source!], otherAccounts });
    const { metrics, limits } = JSON.parse(stdout);
    // No account alone is beyond the 40 %.
    const equities = Object.values(metrics.accountEquity).map(Number);
    expect(equities).toHaveLength(4);
    expect(Math.max(...equities) / Number(metrics.equity)).toBeLessThan(0.4);
    expect(metrics.venueEquity).toEqual({ [source!]: metrics.equity });
    expect([code, limitOf(limits, "maxVenue")]).toMatchObject([2, { ok: false, worst: source }]);
  });

  it("is no two sources of one key: a policy cannot name a key twice", async () => {
    const policy = JSON.parse(exampleTexts(strategy).policy);
    policy.sources[1].key = policy.sources[0].key;
    const refused = await check(strategy, { policy: JSON.stringify(policy) });
    expect([refused.code, errorOf(refused).code]).toEqual([1, "input.duplicate"]);
  });
});

describe("58 an account that is about to be liquidated", () => {
  it("does not hide behind coins that lie elsewhere", async () => {
    const args = strategyArgs("market-maker", "snapshot-one-sided.json");
    const { code, stdout } = await keelHere(["check", ...args, "--json"]);
    const { limits } = JSON.parse(stdout);
    expect(code).toBe(2);
    expect(limitOf(limits, "minHealthFactor")).toMatchObject({ ok: true });
    expect(limitOf(limits, "minAccountHealthFactor")).toMatchObject({ ok: false, worst: "venue-1-cross" });
  });
});
