// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Does `keel init` make a book that checks green from every template, and do `policy explain` and `policy fit` say and propose what
 * the book is?
 *
 * @module
 */

import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseRunConfig } from "../../cli/dist/run/config.js";
import {
  type Ended,
  errorOf,
  inFolder,
  keelHere,
  PACKAGE,
  publicArgs,
  strategyArgs,
} from "../support/cli.js";

const read = (folder: string, name: string) => JSON.parse(readFileSync(join(folder, `${name}.json`), "utf8"));
const TEMPLATES = Object.keys(read(join(PACKAGE, "cli"), "templates").templates);
const SEED = Number(process.env.KEEL_SEED ?? 20261130);

/** A draft's files as options. */
function bookOf(folder: string): string[] {
  return ["snapshot", "market", "policy", "returns"].flatMap((name) => {
    const file = join(folder, `${name}.json`);
    return existsSync(file) ? [`--${name}`, file] : [];
  });
}

async function inDraft<T>(
  args: readonly string[],
  work: (folder: string, ended: Ended) => Promise<T>,
  input = "",
): Promise<T> {
  return await inFolder(async (outer) => {
    const folder = join(outer, "fund");
    return await work(folder, await keelHere(["init", folder, ...args], { input }));
  });
}

describe("keel init", () => {
  it.each(TEMPLATES)("makes a book of %s that checks green, and that its sources can sign", async (name) => {
    await inDraft(["--template", name], async (folder, { code, stdout, stderr }) => {
      expect(code, stderr).toBe(0);
      expect(stdout).toContain("Healthy: every limit holds.");
      for (const file of readdirSync(join(folder, "keys"))) {
        const key = ["--key", join(folder, "keys", file), "--out", join(folder, "snapshot.json"), "--force"];
        const signed = await keelHere(["sign", ...bookOf(folder), ...key]);
        expect(signed.code, signed.stderr).toBe(0);
        expect(statSync(join(folder, "keys", file)).mode & 0o077).toBe(0);
      }
      const checked = await keelHere(["check", ...bookOf(folder)]);
      expect([checked.code, checked.stderr]).toEqual([0, ""]);
    });
  });

  it("takes the smallest tier that has room for the accounts", async () => {
    const list = "custody=Northgate Custody,perps=Halyard Prime,lend=Clearwater Reporting";
    const args = ["--template", "eth-hedged-vault", "--accounts", list, "--name", "Mine"];
    await inDraft(args, async (folder, { code, stderr }) => {
      expect(code, stderr).toBe(0);
      expect(stderr).toContain(
        "the tier that fits 3 accounts is portfolio-health/fund-64; the template's is",
      );
      expect(stderr).toContain("each account has an equal part of every position");
      expect(read(folder, "policy")).toMatchObject({ name: "Mine", circuit: "portfolio-health/fund-64" });
      expect(read(folder, "snapshot").accounts).toHaveLength(3);
    });
  });

  it("shows to a repository what is public, and nothing else that comes into the folder", async () => {
    await inDraft(["--template", "eth-hedged-vault"], async (folder) => {
      const git = (...args: string[]) => execFileSync("git", ["-C", folder, ...args], { encoding: "utf8" });
      git("init", "-q");
      for (const name of ["venue.csv", "perps.json", "state-1.json", "attestation-1.json"]) {
        writeFileSync(join(folder, name), "x");
      }
      const shown = git("ls-files", "--others", "--exclude-standard").trim().split("\n").sort();
      expect(shown).toEqual([".gitignore", "attestation-1.json", "market.json", "policy.json"]);
    });
  });

  it("limits a drawdown when somebody says the units, and leaves it out otherwise", async () => {
    const administrator = `0x${"ab".repeat(20)}`;
    const template = ["--template", "leveraged-lending"];
    await inDraft([...template, "--units-administrator", administrator], async (folder) => {
      expect(read(folder, "policy")).toMatchObject({
        units: { administrator },
        limits: { maxDrawdown: "0.4" },
      });
    });
    await inDraft(template, async (folder, { stderr }) => {
      expect(read(folder, "policy").limits).not.toHaveProperty("maxDrawdown");
      expect(stderr).toContain("maxDrawdown is left out");
    });
  });

  it("makes a keel.toml that lacks a registry, a vault and an enrolment, all told at once, and nothing else", async () => {
    const administrator = `0x${"ab".repeat(20)}`;
    const args = ["--template", "leveraged-lending", "--units-administrator", administrator];
    await inDraft(args, async (folder) => {
      const file = join(folder, "keel.toml");
      expect(parseRunConfig(readFileSync(file, "utf8"), "toml")).toMatchObject({
        subject: read(folder, "snapshot").subject,
        book: { snapshot: "snapshot.json", units: "units.json" },
        market: { file: "market.json" },
      });
      const env = { KEEL_RPC: "http://127.0.0.1:9", KEEL_PRIVATE_KEY: `0x${"11".repeat(32)}` };
      const ended = await keelHere(["run", "--config", file, "--once", "--json"], { env });
      const { code, also = [] } = errorOf(ended);
      expect([ended.code, code, ...also.map((one) => one.code)]).toEqual([
        ...[1, "states.missing", "file.missing", "run.registry"],
      ]);
      const shown = readFileSync(join(folder, ".gitignore"), "utf8").match(/^!.*$/gm);
      expect(shown!.filter((line) => /vault|rounds|snapshot|keel\.toml/.test(line))).toEqual([]);
    });
    await inDraft(["--template", "eth-hedged-vault"], async (folder) => {
      const { book } = parseRunConfig(readFileSync(join(folder, "keel.toml"), "utf8"), "toml");
      expect(book).toEqual({ snapshot: "snapshot.json" });
    });
  });

  it("asks for what no option says, again after an answer that is none", async () => {
    const answers = ["nonsense", "eth-hedged-vault", "", "", "a=One,b=Two", "USDC,ETH,ETH-PERP"];
    const input = `${answers.join("\n")}\n`;
    const work = async (folder: string, { code, stderr }: Ended): Promise<void> => {
      expect(code, stderr).toBe(0);
      expect(stderr).toContain("received another name (init.template)");
      const { accounts } = read(folder, "snapshot");
      expect(accounts).toMatchObject([
        { id: "a", source: "One" },
        { id: "b", source: "Two" },
      ]);
      expect(read(folder, "market").instruments).toHaveLength(3);
    };
    await inDraft([], work, input);
  });

  it("refuses what it does not know, and writes over nothing", async () => {
    await inFolder(async (folder) => {
      const run = async (...args: string[]) => await keelHere(["init", folder, ...args, "--json"]);
      const book = ["--template", "eth-hedged-vault"];
      expect(errorOf(await run("--template", "moon")).code).toBe("init.template");
      expect(errorOf(await run(...book, "--instruments", "MOON")).code).toBe("init.instrument");
      expect(errorOf(await run()).code).toBe("usage");
      expect(readdirSync(folder)).toEqual([]);
      expect((await run(...book)).code).toBe(0);
      const before = read(folder, "policy");
      expect(errorOf(await run("--template", "market-maker")).code).toBe("file.exists");
      expect(read(folder, "policy")).toEqual(before);
    });
  });
});

describe("keel policy explain", () => {
  it("says each limit in words, with the book's value, others' values and where they are said", async () => {
    const { code, stdout } = await keelHere(["policy", "explain", ...strategyArgs("eth-hedged-vault")]);
    expect(code).toBe(0);
    expect(stdout).toContain("It says: gross exposure was at most 300 % of equity.");
    expect(stdout).toMatch(/The book: [0-9.]+ %/);
    expect(stdout).toContain("https://aave.com/docs");
    expect(stdout).toContain("Does not catch: ");
    expect(stdout).toContain("Not limited, though the circuit could: ");
  });

  it("names what the book breaks", async () => {
    const book = strategyArgs("eth-hedged-vault", "snapshot-overlevered.json");
    expect((await keelHere(["policy", "explain", ...book])).stdout).toContain("which BREAKS it");
  });

  it("says what the policy wants shown and to whom, and nothing of it where that is nothing", async () => {
    const plain = publicArgs("delta-neutral-perps");
    const shown = plain.map((word) => word.replace("policy.json", "policy-shown.json"));
    const explain = ["policy", "explain"];
    const { code, stdout } = await keelHere([...explain, ...shown]);
    expect(code).toBe(0);
    expect(stdout).toContain("To everybody: the net asset value, rounded down to steps of 1,000.00 USD.");
    expect(stdout).toContain("To Fjord Fund Supervision, sealed: ");
    expect(JSON.parse((await keelHere([...explain, ...shown, "--json"])).stdout).shows).toEqual({
      circuit: "disclosure/spot-16x1",
      navStep: "1000",
      viewers: ["Fjord Fund Supervision"],
    });
    expect((await keelHere([...explain, ...plain])).stdout).not.toContain("Shown");
    expect(JSON.parse((await keelHere([...explain, ...plain, "--json"])).stdout)).not.toHaveProperty("shows");
  });
});

describe("keel policy fit", () => {
  it("proposes limits that the book keeps, whatever the margin", async () => {
    console.info(`fit: seed ${SEED}`);
    const cases = fc.tuple(fc.constantFrom(...TEMPLATES), fc.integer({ min: 1, max: 9999 }));
    const keeps = fc.asyncProperty(cases, async ([strategy, margin]) => {
      await inFolder(async (folder) => {
        const out = join(folder, "policy.json");
        const book = strategyArgs(strategy);
        const share = (margin / 10_000).toString();
        const fitted = await keelHere(["policy", "fit", ...book, "--margin", share, "--out", out]);
        expect(fitted.code, fitted.stderr).toBe(0);
        const refitted = book.map((word, i) => (book[i - 1] === "--policy" ? out : word));
        const checked = await keelHere(["check", ...refitted]);
        expect(checked.code, `${strategy} ${share}\n${checked.stdout}`).toBe(0);
      });
    });
    await fc.assert(keeps, { seed: SEED, numRuns: 25 });
  });

  it("shows what is and what could be, and writes nothing unless told", async () => {
    const { code, stdout } = await keelHere(["policy", "fit", ...strategyArgs("eth-hedged-vault")]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/maxLeverage +[0-9.]+ +3 +[0-9.]+/);
    expect(stdout).not.toContain("Wrote");
  });
});
