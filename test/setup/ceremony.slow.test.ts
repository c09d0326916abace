// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Does a ceremony for the statement's own circuit give a key that proves and verifies, from the command line alone?
 *
 * @module
 */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import { type Ended, inFolder, keelHere, publicArgs, strategyArgs } from "../support/cli.js";
import { writePowersOfTau } from "../support/powers-of-tau.js";

/** Enough rows for spot-16. */
const POWER = 15;
const HALF_AN_HOUR = 1_800_000;

async function succeeds(...args: string[]): Promise<Ended> {
  const ended = await keelHere(args);
  expect(ended.code, ended.stderr).toBe(0);
  return ended;
}

it(
  "46 spot-16: new, contribute, beacon, export, prove, verify",
  async () => {
    await inFolder(async (folder) => {
      const path = (name: string): string => join(folder, name);
      const [dir, out, attestation] = [path("ceremony"), path("keys"), path("attestation.json")];
      await writePowersOfTau(path("test.ptau"), POWER);
      const ptau = ["--ptau", path("test.ptau"), "--insecure-ptau"];
      const beacon = ["--beacon-source", "drand round 9000000", "--beacon-exponent", "12"];
      const circuit = ["--circuit", "portfolio-health/spot-16"];
      await succeeds("ceremony", "new", "--dir", dir, ...ptau, ...circuit, ...beacon);
      await succeeds("ceremony", "contribute", "--dir", dir, "--name", "Ada");
      await succeeds("ceremony", "beacon", "--dir", dir, "--value", "ab".repeat(32));
      await succeeds("ceremony", "export", "--dir", dir, ...ptau, "--out", out);

      const book = strategyArgs("eth-hedged-vault");
      const own = ["--artifacts", out, "--out", attestation, "--insecure"];
      const proven = await succeeds("prove", ...book, ...own, "--json");
      expect(JSON.parse(proven.stdout)).toMatchObject({ ok: true, insecure: true });
      const claim = ["--attestation", attestation, ...publicArgs("eth-hedged-vault"), "--insecure"];
      await succeeds("verify", ...claim, "--key", join(out, "verification_key.json"));
      // The development key of the same circuit is another one.
      expect((await keelHere(["verify", ...claim])).code).toBe(3);
      expect(await readFile(join(out, "PortfolioHealthSpot16Verifier.sol"), "utf8")).toMatch(
        /bytes32 public constant transcript = 0x[0-9a-f]{64};/,
      );
    });
  },
  HALF_AN_HOUR,
);
