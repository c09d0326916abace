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
      const book = JSON.parse(await readFile(snapshot, "utf8"));
      const at = file.instruments.findIndex(({ contract }: { contract?: object }) => contract !== undefined);
      const { expiry } = file.instruments[at].contract;
      const instruments = file.instruments.map((row: object, i: number) =>
        i === at ? { ...row, delta: "0.9" } : row,
      );
      // Without a drawdown nobody has to sign the fund's units.
      const { units: _, limits, ...rest } = JSON.parse(await readFile(policy, "utf8"));
      const plain = join(folder, "policy.json");
      await writeFile(plain, JSON.stringify({ ...rest, limits: { ...limits, maxDrawdown: undefined } }));
      const cases = [
        ["market.expired", `market.instruments[${at}].contract.expiry`, { ...file, asOf: expiry }, expiry],
        ["market.model", `market.instruments[${at}].delta`, { ...file, instruments }, file.asOf],
      ] as const;
      for (const [code, path, wrong, now] of cases) {
        const [wrongMarket, later] = [join(folder, `${code}.json`), join(folder, `${code}.book.json`)];
        await writeFile(wrongMarket, JSON.stringify(wrong));
        await writeFile(later, JSON.stringify({ ...book, asOf: now }));
        const args = ["--snapshot", later, "--market", wrongMarket, "--policy", plain, "--json"];
        for (const command of [
          ["check", ...args],
          ["prove", ...args, "--out", join(folder, "a.json")],
        ]) {
          const ended = await keelHere(command, { now });
          expect([ended.code, errorOf(ended)]).toMatchObject([1, { code, path }]);
        }
      }
    });
  });
});
