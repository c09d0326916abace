// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Can an administrator say from the command line how many units a fund has, for one subject at one time, and nobody else?
 *
 * @module
 */
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { parseUnits, unitsSigner } from "@keel/verifier";
import { describe, expect, it } from "vitest";
import { exampleAdministrator } from "../../dist/examples/generate.js";
import {
  type Ended,
  EXAMPLES,
  errorOf,
  inFolder,
  keelHere,
  publicArgs,
  strategyArgs,
} from "../support/cli.js";

const FOLDER = "delta-neutral-perps";
const SUBJECT = "0x15d34aaf54267db7d7c367839aaf71a00a2c6a65";
const { address, privateKey } = exampleAdministrator;
const ADMINISTRATOR = address.toLowerCase();
const STATEMENT = ["--subject", SUBJECT, "--as-of", "1767225600", "--units", "7500000"];

const sign = (out: string, ...more: string[]): Promise<Ended> =>
  keelHere(["sign-units", ...STATEMENT, "--out", out, "--json", ...more]);

describe("keel sign-units", () => {
  it("signs the example's units, byte for byte, by whichever way the key comes", async () => {
    const expected = await readFile(join(EXAMPLES, FOLDER, "units.json"), "utf8");
    await inFolder(async (folder) => {
      const [out, key] = [join(folder, "units.json"), join(folder, "key")];
      await writeFile(key, `${privateKey}\n`, { mode: 0o600 });
      const ways = [
        sign(join(folder, "a.json"), "--account", "19"),
        sign(join(folder, "b.json"), "--key-file", key),
        keelHere(["sign-units", ...STATEMENT, "--out", out], { env: { KEEL_PRIVATE_KEY: privateKey } }),
      ];
      for (const { code, stderr, stdout } of await Promise.all(ways)) {
        expect(code, stderr).toBe(0);
        expect(stdout + stderr).not.toContain(privateKey.slice(2, 40));
      }
      for (const name of ["a.json", "b.json", "units.json"]) {
        expect(await readFile(join(folder, name), "utf8")).toBe(expected);
      }
      const told = JSON.parse((await ways[1]!).stdout);
      expect(told).toMatchObject({
        ok: true,
        administrator: ADMINISTRATOR,
        subject: SUBJECT,
        units: "7500000",
      });
      expect((await ways[0]!).stderr).toContain("everybody has the key");
      expect((await ways[2]!).stdout).toContain("has 7500000 units at 2026-01-01 00:00:00 UTC");
    });
  });

  it.each([
    ["no units", ["--units", "0"]],
    ["nine places", ["--units", "1.000000001"]],
    ["a negative number", ["--units=-1"]],
    ["no key", []],
    ["two keys", ["--account", "19", "--key-file", "/nowhere"]],
  ])("refuses %s, and writes nothing", async (_, more) => {
    await inFolder(async (folder) => {
      const refused = await sign(join(folder, "units.json"), ...more);
      expect([refused.code, errorOf(refused).code]).toEqual([1, "usage"]);
      expect(await readdir(folder)).toEqual([]);
    });
  });
});

describe("55 units", () => {
  const BOOK = strategyArgs(FOLDER).slice(0, -2);
  const [SUBJECT_IS, TIME_IS, UNITS_ARE] = [STATEMENT.slice(0, 2), STATEMENT.slice(2, 4), STATEMENT.slice(4)];

  it.each<[string, readonly string[], string, string]>([
    ["for another time", [...SUBJECT_IS, "--as-of", "1767225601", ...UNITS_ARE], "19", "units.mismatch"],
    ["for another subject", ["--subject", ADMINISTRATOR, ...TIME_IS, ...UNITS_ARE], "19", "units.mismatch"],
    ["with another number", [...SUBJECT_IS, ...TIME_IS, "--units", "3000000"], "19", "units.mismatch"],
    ["by another key", STATEMENT, "18", "units.signature"],
  ])(
    "signed %s are refused by check and prove, and nothing is written",
    async (_, statement, account, code) => {
      await inFolder(async (folder) => {
        const units = join(folder, "units.json");
        const signed = await keelHere(["sign-units", ...statement, "--account", account, "--out", units]);
        expect(signed.code, signed.stderr).toBe(0);
        for (const command of [["check"], ["prove", "--insecure", "--out", join(folder, "a.json")]]) {
          const refused = await keelHere([...command, ...BOOK, "--units", units, "--json"]);
          expect([refused.code, errorOf(refused).code]).toEqual([1, code]);
        }
        expect(await readdir(folder)).toEqual(["units.json"]);
      });
    },
  );

  it("are asked for where the policy names an administrator, and refused where it names none", async () => {
    await inFolder(async (folder) => {
      const prove = ["prove", "--insecure", "--out", join(folder, "a.json"), "--json"];
      const missing = await keelHere([...prove, ...BOOK]);
      expect([missing.code, errorOf(missing).code]).toEqual([1, "units.missing"]);
      expect(missing.stderr).toContain("keel sign-units");
      const units = ["--units", join(EXAMPLES, FOLDER, "units.json")];
      const unused = await keelHere([...prove, ...strategyArgs("eth-hedged-vault"), ...units]);
      expect([unused.code, errorOf(unused).code]).toEqual([1, "units.unused"]);
    });
  });

  it("are not the manager's to choose where nobody says them: the fund has one", async () => {
    const snapshot = JSON.parse(await readFile(join(EXAMPLES, "eth-hedged-vault/snapshot.json"), "utf8"));
    const input = JSON.stringify({ ...snapshot, units: "2" });
    const args = ["check", "--snapshot", "-", ...publicArgs("eth-hedged-vault"), "--json"];
    const refused = await keelHere(args, { input });
    expect([refused.code, errorOf(refused).code]).toEqual([1, "snapshot.units"]);
  });

  it("may be missing from a draft that is only checked, with a warning", async () => {
    const { code, stderr } = await keelHere(["check", ...BOOK]);
    expect(code).toBe(0);
    expect(stderr).toContain("nobody has signed the fund's units");
  });

  it("have a signature that says nothing of another statement", async () => {
    const signed = parseUnits(await readFile(join(EXAMPLES, FOLDER, "units.json"), "utf8"));
    expect(unitsSigner(signed)).toBe(ADMINISTRATOR);
    for (const change of [{ units: 1n }, { asOf: 0 }, { subject: address }]) {
      expect(unitsSigner({ ...signed, ...change })).not.toBe(ADMINISTRATOR);
    }
  });
});
