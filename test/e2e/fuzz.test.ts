// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Does the command line answer any arguments and any file with an exit code and one object, never with a stack trace?
 *
 * @module
 */

import { readFile } from "node:fs/promises";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  type Ended,
  EXAMPLES,
  inFolder,
  keelHere,
  publicArgs,
  strategyArgs,
  strategyFiles,
} from "../support/cli.js";
import { mangledJson, mangledText } from "../support/mangle.js";

const SEED = Number(process.env.KEEL_SEED ?? 20261121);
const RUNS = Number(process.env.KEEL_FUZZ_RUNS ?? 150);

/** What every answer is: a known exit code, no trace, and under --json one object that says the same. */
function expectAnswer({ code, stdout, stderr }: Ended): void {
  expect([0, 1, 2, 3, 4]).toContain(code);
  expect(stdout + stderr).not.toMatch(/\n {4}at |\binternal\b|undefined/);
  const answer = JSON.parse(stdout);
  expect(answer.ok === false).toBe(code !== 0 && code !== 2);
}

const files = strategyFiles("eth-hedged-vault");
const PUBLIC = publicArgs("eth-hedged-vault");

describe("30, 31, 47 the command line withstands", () => {
  it("snapshots, trades, attestations and units that were valid", { timeout: 120_000 }, async () => {
    console.info(`fuzzing: seed ${SEED}, ${RUNS} runs each`);
    const snapshot = await readFile(files.snapshot, "utf8");
    const attestation = await readFile(join(EXAMPLES, "invalid/attestation-forged.json"), "utf8");
    const units = await readFile(strategyFiles("delta-neutral-perps").units!, "utf8");
    const trade = { account: "main", instrument: "ETH", quantity: "10", cash: "USDC" };
    const trades = JSON.stringify({ keel: "trades/1", trades: [trade] });
    const cases = [
      [snapshot, ["check", "--snapshot", "-", ...PUBLIC]],
      [trades, ["check", "--snapshot", files.snapshot, "--after", "-", ...PUBLIC]],
      [attestation, ["verify", "--attestation", "-", ...PUBLIC]],
      [units, ["check", ...strategyArgs("delta-neutral-perps").slice(0, -1), "-"]],
    ] as const;
    for (const [text, args] of cases) {
      const inputs = fc.oneof(mangledJson(text), mangledText(text));
      const property = fc.asyncProperty(inputs, async (input) => {
        expectAnswer(await keelHere([...args, "--json"], { input }));
      });
      await fc.assert(property, { seed: SEED, numRuns: RUNS });
    }
  });

  it("any arguments of commands that read", { timeout: 120_000 }, async () => {
    await inFolder(async (folder) => {
      const words = fc.oneof(
        fc.constantFrom(
          "--snapshot",
          "--market",
          "--policy",
          "--attestation",
          "--after",
          "--state",
          "--live",
        ),
        fc.constantFrom(...Object.values(files), "-", "--", "", "\u0000", folder, "../../etc/passwd"),
        fc.constantFrom(
          "--snapshot=",
          "--bogus",
          "-x",
          "--JSON",
          "--help=1",
          "--timeout",
          "-1",
          "1e9",
          "NaN",
        ),
        fc.string({ maxLength: 12 }),
      );
      const command = fc.constantFrom("check", "verify", "chek", "");
      const property = fc.asyncProperty(command, fc.array(words, { maxLength: 8 }), async (name, rest) => {
        expectAnswer(await keelHere([name, ...rest, "--json"]));
      });
      await fc.assert(property, { seed: SEED, numRuns: 2 * RUNS });
    });
  });
});
