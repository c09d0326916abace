// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Does the command line keep its form: one JSON object on standard output, messages elsewhere, usage errors, secrets
 * nowhere?
 *
 * @module
 */
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { EXAMPLES, errorOf, inFolder, keel, keelHere, publicArgs, strategyArgs } from "../support/cli.js";

const BOOK = strategyArgs("eth-hedged-vault");
const UNHEALTHY = strategyArgs("eth-hedged-vault", "snapshot-overlevered.json");
const PUBLIC = publicArgs("eth-hedged-vault");
const DECIMAL = /^-?(0|[1-9][0-9]*)(\.[0-9]*[1-9])?$/;

describe("check", () => {
  it("prints exactly healthy, metrics and limits under --json", async () => {
    const { code, stdout, stderr } = await keel(["check", ...BOOK, "--json"]);
    expect([code, stderr]).toEqual([0, ""]);
    const json = JSON.parse(stdout);
    expect(Object.keys(json)).toEqual(["healthy", "metrics", "limits"]);
    const { underlyingDelta, accountEquity, venueEquity, scenarioPnl, ...sums } = json.metrics;
    expect(Object.keys(sums)).toEqual([
      "assets",
      "liabilities",
      "equity",
      "grossExposure",
      "collateral",
      "netDelta",
    ]);
    expect(sums).toMatchObject({ assets: "11090532", liabilities: "3799240", collateral: "9036910.05" });
    expect(underlyingDelta).toEqual({ USD: "0", ETH: "298827", BTC: "0" });
    expect(accountEquity).toEqual({ main: "7291292" });
    expect(venueEquity).toEqual({ "Northgate Custody": "7291292" });
    expect(Object.keys(scenarioPnl)).toHaveLength(8);
    for (const value of Object.values({ ...sums, ...scenarioPnl })) expect(value).toMatch(DECIMAL);
    expect(json.limits.map(({ name }: { name: string }) => name)).toEqual([
      "minCollateralRatio",
      "minHealthFactor",
      "maxLeverage",
      "netDelta",
      "maxUnderlyingDelta",
      "maxStressLoss",
      "minEquity",
    ]);
    expect(json.limits[2]).toEqual({
      name: "maxLeverage",
      value: "2.8094",
      limit: "3",
      ok: true,
      headroom: "0.1906",
      room: {
        add: { of: "grossExposure", usd: "1390269" },
        lose: "463423",
        move: { underlying: "ETH", change: "0.0709" },
      },
      consumers: {
        instruments: [
          { name: "ETH-PERP", usd: "10092390" },
          { name: "ETH", usd: "7122048" },
          { name: "wstETH", usd: "3269169" },
        ],
        accounts: [{ name: "main", usd: "20483607" }],
        scenarios: [],
      },
    });
  });

  it("prints a table with every metric and limit otherwise, and names what is broken", async () => {
    const { code, stdout } = await keelHere(["check", ...UNHEALTHY]);
    expect(code).toBe(2);
    for (const name of ["assets", "netDelta", "P&L 12 March 2020", "maxStressLoss"])
      expect(stdout).toContain(name);
    expect(stdout).toContain("NOT healthy: breaks minCollateralRatio, minHealthFactor, maxLeverage.");
  });

  it("shows that nothing is owed, and that there is no equity to divide by", async () => {
    expect((await keelHere(["check", ...strategyArgs("cash-and-carry")])).stdout).toContain("no debt");
    await inFolder(async (folder) => {
      const { writeFile } = await import("node:fs/promises");
      const snapshot = JSON.parse(await readFile(join(EXAMPLES, "invalid/snapshot-unsigned.json"), "utf8"));
      snapshot.accounts[0].positions = { USDC: "-1" };
      const file = join(folder, "snapshot.json");
      await writeFile(file, JSON.stringify(snapshot));
      const { code, stdout } = await keelHere(["check", "--snapshot", file, ...PUBLIC]);
      expect(code).toBe(2);
      expect(stdout).toContain("no equity");
    });
  });

  it("reads the snapshot from standard input", async () => {
    const input = await readFile(join(EXAMPLES, "eth-hedged-vault/snapshot.json"), "utf8");
    expect((await keel(["check", "--snapshot", "-", ...PUBLIC], { input })).code).toBe(0);
  });

  it("takes an unsigned draft, with a warning", async () => {
    const draft = join(EXAMPLES, "invalid/snapshot-unsigned.json");
    const { code, stderr } = await keelHere(["check", "--snapshot", draft, ...PUBLIC]);
    expect(code).toBe(0);
    expect(stderr).toContain("no source has signed main");
  });

  it("starts fast: it loads no prover, no chain client", async () => {
    await inFolder(async (folder) => {
      await keel(["check", ...BOOK], { env: { NODE_V8_COVERAGE: folder } });
      const [report] = await readdir(folder);
      const { result } = JSON.parse(await readFile(join(folder, report!), "utf8")) as {
        result: { url: string }[];
      };
      const loaded = result.map(({ url }) => url).filter((url) => url.startsWith("file:"));
      expect(loaded.some((url) => url.endsWith("/cli/dist/commands/check.js"))).toBe(true);
      expect(loaded.filter((url) => /snarkjs|ffjavascript|viem|comlink|\/engine\//.test(url))).toEqual([]);
      // 212 files at the time of writing, 0.3 s on an idle machine.
      expect(loaded.length).toBeLessThan(300);
    });
  });
});

describe("usage", () => {
  it("takes options in any order", async () => {
    const [a, b, c, d, e, f] = BOOK as [string, string, string, string, string, string];
    expect((await keelHere(["check", "--json", e, f, c, d, a, b])).code).toBe(0);
    expect((await keelHere(["check", `${a}=${b}`, c, d, e, f])).code).toBe(0);
  });

  it.each([
    ["no command", []],
    ["an unknown command", ["frobnicate"]],
    ["an unknown option", ["check", ...BOOK, "--fast"]],
    ["a missing option", ["check", ...BOOK.slice(2)]],
    ["a missing value", ["check", ...BOOK.slice(0, -1)]],
    ["an extra argument", ["check", ...BOOK, "more"]],
    [
      "a number that is none",
      ["prove", ...BOOK, "--out", "x", "--chain-id", "1e3", "--registry", `0x${"1".repeat(40)}`],
    ],
    ["a negative number", ["prove", ...BOOK, "--out", "x", "--workers", "-1"]],
    ["a registry without a chain", ["prove", ...BOOK, "--out", "x", "--registry", `0x${"1".repeat(40)}`]],
    ["an address that is none", ["prove", ...BOOK, "--out", "x", "--chain-id", "1", "--registry", "0x12"]],
    ["a URL that is none", ["doctor", "--rpc", "file:///etc/passwd"]],
    [
      "status without a policy",
      [
        "status",
        "--rpc",
        "http://127.0.0.1:1",
        "--registry",
        `0x${"1".repeat(40)}`,
        "--subject",
        `0x${"1".repeat(40)}`,
      ],
    ],
    ["one file for two purposes", ["prove", ...BOOK, "--out", BOOK[1]!, "--force"]],
  ])("%s: exit code 1 and a hint", async (_, args) => {
    const { code, stdout, stderr } = await keelHere(args);
    expect([code, stdout]).toEqual([1, ""]);
    expect(stderr).toMatch(/^keel: .*\(usage\)\nkeel: hint: .*\n$/);
    expect(errorOf(await keelHere([args[0] ?? "--json", "--json", ...args.slice(1)])).code).toBe("usage");
  });

  it("a second source's key is refused, which would be the only one that signs", async () => {
    const { stderr } = await keelHere(["sign", ...BOOK, "--key", "a", "--key", "b", "--out", "c"]);
    expect(stderr).toContain("--key: expected it once, and the command again for another, received it twice");
  });

  it("all missing options are told at once, by the command that was meant", async () => {
    const { stderr } = await keelHere(["import", "csv", "--out", "x"]);
    expect(stderr).toContain("as in `keel import csv --help`");
    for (const name of ["--csv", "--market", "--subject", "--as-of"]) expect(stderr).toContain(`'${name} <`);
  });

  it("a value without its option is told what it wants", async () => {
    const { stderr } = await keelHere(["merge", "--snapshot", "a", "b", "--out", "c"]);
    expect(stderr).toContain("Each value needs its option before it");
  });

  it("suggests what was meant", async () => {
    expect((await keelHere(["chekc"])).stderr).toContain("Did you mean check?");
  });

  it("refuses an unknown circuit by name", async () => {
    const { code, stderr } = await keelHere(["setup", "portfolio-health/spot-17"]);
    expect(code).toBe(1);
    expect(stderr).toContain("circuit.unknown");
  });

  it("says what there is, and its version", async () => {
    const help = await keel(["--help"]);
    expect([help.code, help.stderr]).toEqual([0, ""]);
    for (const command of [
      "check",
      "prove",
      "verify",
      "sign",
      "sign-units",
      "keygen",
      "policy",
      "migrate",
      "void",
      "setup",
      "attest",
      "status",
      "doctor",
    ]) {
      expect(help.stdout).toContain(`\n  ${command} `);
      expect((await keelHere([command, "--help"])).stdout).toContain(`Usage: keel ${command}`);
    }
    expect((await keel(["--version"])).stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
  });
});

describe("48 secrets", () => {
  /** Whole amounts of the example, long enough not to turn up by chance. */
  const HOLDINGS = ["3800000", "3,800,000", "450000", "450,000", "250000", "250,000"];

  it("an option's value is not repeated when the option is none", async () => {
    const secret = "c0ffee".repeat(10);
    const { stderr, stdout } = await keelHere(["attest", `--private-key=${secret}`, "--json", ...PUBLIC]);
    expect(stderr + stdout).not.toContain(secret);
    const extra = await keelHere(["check", ...BOOK, secret]);
    expect(extra.stderr).not.toContain(secret);
  });

  it("holdings, salt and signature appear in no output and not in the attestation", async () => {
    await inFolder(async (folder) => {
      const [out, opening] = [join(folder, "a.json"), join(folder, "o.json")];
      const prove = ["prove", ...BOOK, "--insecure", "--out", out, "--opening", opening, "--json"];
      const proof = await keelHere(prove);
      expect(proof.code).toBe(0);
      const verified = await keelHere(["verify", "--attestation", out, "--insecure", ...PUBLIC]);
      const attestation = await readFile(out, "utf8");
      const { portfolioSalt, exposuresSalt } = JSON.parse(await readFile(opening, "utf8"));
      const salts = [portfolioSalt, exposuresSalt].flatMap((salt) => [salt, BigInt(salt).toString(16)]);
      const snapshot = JSON.parse(await readFile(BOOK[1]!, "utf8"));
      const { R8, S } = snapshot.accounts[0].signature;
      const secrets = [...salts, S, ...R8, ...HOLDINGS, '"main"'];
      for (const text of [proof.stdout, proof.stderr, verified.stdout, verified.stderr, attestation]) {
        for (const secret of secrets) expect(text.includes(secret), secret).toBe(false);
      }
    });
  });

  it("errors about a snapshot repeat none of its amounts, with KEEL_DEBUG neither", async () => {
    const { readdir } = await import("node:fs/promises");
    const files = (await readdir(join(EXAMPLES, "invalid"))).filter((name) => name.startsWith("snapshot-"));
    expect(files.length).toBeGreaterThan(20);
    for (const name of files) {
      const out = join(EXAMPLES, "invalid/never.json");
      const args = ["--snapshot", join(EXAMPLES, "invalid", name), ...PUBLIC, "--insecure", "--out", out];
      const { code, stderr, stdout } = await keelHere(["prove", ...args, "--json"], {
        env: { KEEL_DEBUG: "1" },
      });
      expect(code, name).toBe(1);
      for (const amount of [...HOLDINGS, "2400", "2500"]) {
        expect((stderr + stdout).includes(amount), `${name}: ${amount}`).toBe(false);
      }
    }
  });

  it("a key file's content appears nowhere, whatever is wrong with it", async () => {
    await inFolder(async (folder) => {
      const key = join(folder, "key.json");
      expect((await keelHere(["keygen", "--out", key])).code).toBe(0);
      const { privateKey } = JSON.parse(await readFile(key, "utf8"));
      const text = await readFile(key, "utf8");
      const { writeFile } = await import("node:fs/promises");
      for (const content of [
        text,
        text.slice(0, -20),
        text.replace(/"publicKey": \[\s*"[0-9]{5}/, '"publicKey": ["99999'),
      ]) {
        await writeFile(key, content);
        const out = join(folder, "signed.json");
        const args = ["sign", ...BOOK, "--key", key, "--out", out, "--json"];
        const { code, stderr, stdout } = await keelHere(args, { env: { KEEL_DEBUG: "1" } });
        expect(code).toBe(1);
        expect(stderr + stdout).not.toContain(privateKey);
        expect(stderr + stdout).not.toContain(privateKey.slice(0, 16));
      }
    });
  });
});
