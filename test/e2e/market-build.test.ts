// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Does `keel market build` complete a market of contracts, as its publisher would, and refuse what it cannot price?
 *
 * @module
 */
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { errorOf, inFolder, keel, keelHere, publicArgs, strategyFiles } from "../support/cli.js";

const { market, policy, snapshot } = strategyFiles("options-volatility");

/** The example's market with nothing of its options but their contracts. */
async function contractsOnly(): Promise<string> {
  const { scenarioRoot: _, ...file } = JSON.parse(await readFile(market, "utf8"));
  const keep = new Set(["id", "kind", "underlying", "price", "collateralFactor", "contract"]);
  const instruments = file.instruments.map((row: object) =>
    Object.fromEntries(Object.entries(row).filter(([key]) => keep.has(key))),
  );
  return JSON.stringify({ ...file, instruments });
}

describe("market build", () => {
  it("gives the example's market from its contracts, digit by digit", async () => {
    await inFolder(async (folder) => {
      const [bare, out] = [join(folder, "contracts.json"), join(folder, "market.json")];
      await writeFile(bare, await contractsOnly());
      const args = ["--market", bare, "--policy", policy];
      const before = await keelHere(["check", "--snapshot", snapshot, ...args, "--json"]);
      expect(errorOf(before)).toMatchObject({ code: "market.option" });
      const built = await keel(["market", "build", ...args, "--out", out, "--json"]);
      expect(built.code, built.stderr).toBe(0);
      expect(JSON.parse(built.stdout)).toMatchObject({ ok: true, priced: 8, scenarios: 7 });
      expect(JSON.parse(await readFile(out, "utf8"))).toEqual(JSON.parse(await readFile(market, "utf8")));
      const refused = await keelHere(["market", "build", ...args, "--out", out, "--json"]);
      expect(errorOf(refused).code).toBe("file.exists");
    });
  });

  it("check shows the greeks of a tier with options", async () => {
    const { stdout } = await keelHere(["check", "--snapshot", snapshot, ...publicArgs("options-volatility")]);
    for (const label of ["gamma (", "vega (a vol point)", "theta (a day)", "maxGamma"]) {
      expect(stdout).toContain(label);
    }
  });

  it.each([
    ["a tier without options", publicArgs("eth-hedged-vault"), "market.option"],
    ["no output", publicArgs("options-volatility"), "usage"],
  ])("refuses %s, and writes nothing", async (_, args, code) => {
    await inFolder(async (folder) => {
      const out = code === "usage" ? [] : ["--out", join(folder, "m.json")];
      const ended = await keelHere(["market", "build", ...args, ...out, "--json"]);
      expect([ended.code, errorOf(ended).code]).toEqual([1, code]);
      expect(await readdir(folder)).toEqual([]);
    });
  });

  it("59, 72 check and prove refuse a contract that has expired, and greeks of another time", async () => {
    await inFolder(async (folder) => {
      const file = JSON.parse(await readFile(market, "utf8"));
      const at = file.instruments.findIndex(({ contract }: { contract?: object }) => contract !== undefined);
      const cases = [
        [
          "market.expired",
          `market.instruments[${at}].contract.expiry`,
          { contract: { ...file.instruments[at].contract, expiry: file.asOf } },
        ],
        ["market.model", `market.instruments[${at}].delta`, { delta: "0.9" }],
      ] as const;
      for (const [code, path, change] of cases) {
        const wrong = join(folder, `${code}.json`);
        const instruments = file.instruments.map((row: object, i: number) =>
          i === at ? { ...row, ...change } : row,
        );
        await writeFile(wrong, JSON.stringify({ ...file, instruments }));
        // Of the policy's series, so that nothing else is wrong with it.
        const pinned = join(folder, `${code}-policy.json`);
        await keelHere(["policy", "pin", "--policy", policy, "--market", wrong, "--out", pinned]);
        const args = ["--snapshot", snapshot, "--market", wrong, "--policy", pinned, "--json"];
        for (const command of [
          ["check", ...args],
          ["prove", ...args, "--out", join(folder, "a.json")],
        ]) {
          const ended = await keelHere(command);
          expect([ended.code, errorOf(ended)]).toMatchObject([1, { code, path }]);
        }
      }
    });
  });
});
