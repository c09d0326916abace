// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Are the examples of the large tiers proven and verified, as examples/expected.json promises?
 *
 * @module
 */
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { ExpectedRow } from "../../dist/examples/expected.js";
import { EXAMPLES, keel } from "../support/cli.js";

const all: readonly ExpectedRow[] = JSON.parse(await readFile(join(EXAMPLES, "expected.json"), "utf8"));
const rows = all.filter((row) => row.slow && row.prove === 0).map((row, i) => ({ ...row, i }));
const MINUTES = 60_000;

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "keel-slow-examples-"));
});

afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

describe("large examples", () => {
  it.each(rows)(
    "prove and verify $snapshot",
    async ({ i, snapshot, market, policy, returns, units, prove, verify }) => {
      const file = (name: string): string => join(EXAMPLES, name);
      const data = returns === undefined ? [] : ["--returns", file(returns)];
      const shared = ["--market", file(market), "--policy", file(policy), ...data, "--json"];
      const out = ["--insecure", "--out", join(folder, `${i}.json`)];
      const signed = units === undefined ? [] : ["--units", file(units)];
      const proven = await keel(["prove", "--snapshot", file(snapshot!), ...shared, ...signed, ...out]);
      expect(proven.code, proven.stderr).toBe(prove);
      const verified = await keel(["verify", "--attestation", out.at(-1)!, "--insecure", ...shared]);
      expect(verified.code, verified.stderr).toBe(verify);
    },
    8 * MINUTES,
  );
});
