// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Does the bundle from which the published command line starts say and do what the modules do that it was made from?
 *
 * @module
 */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { inFolder, keel, PACKAGE, strategyArgs } from "../support/cli.js";

const SAME: Readonly<Record<string, readonly string[]>> = {
  "a version, from the package's own file": ["--version"],
  "a check": ["check", ...strategyArgs("options-volatility"), "--json"],
  "a typed error of another package, with its cures": [
    "check",
    ...strategyArgs("options-volatility").map((word) =>
      word.endsWith("/snapshot.json") ? join(PACKAGE, "package.json") : word,
    ),
    "--json",
  ],
  "what a schema says of a wrong word": [
    "policy",
    "explain",
    join(PACKAGE, "examples/invalid/policy-misspelt-limit.json"),
    "--json",
  ],
  help: ["--help"],
};

describe("the bundle", () => {
  it.each(Object.entries(SAME))("gives %s as the modules do", async (_, args) => {
    const [whole, bundled] = await Promise.all([keel(args), keel(args, { bundled: true })]);
    expect(bundled).toEqual(whole);
  });

  it("finds what lies beside its packages: templates, and the circuits' files", async () => {
    await inFolder(async (folder) => {
      const args = ["init", "fund", "--template", "eth-hedged-vault", "--json"];
      const made = await keel(args.with(1, join(folder, "fund")), { bundled: true });
      expect(made.code, made.stderr).toBe(0);
      const unknown = await keel(["setup", "portfolio-health/none", "--json"], { bundled: true });
      expect(unknown).toEqual(await keel(["setup", "portfolio-health/none", "--json"]));
    });
  });

  it("names the licences of what it contains", async () => {
    const text = await readFile(join(PACKAGE, "cli/bundle/THIRD-PARTY-LICENSES"), "utf8");
    for (const name of ["zod", "viem", "commander", "@noble/curves"]) expect(text).toContain(`\n${name}\n`);
  });
});
