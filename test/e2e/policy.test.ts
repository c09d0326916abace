// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Does the command line write into a policy which tables it is judged by, convert files of version 1 where that is honest, and
 * say what to do where it is not?
 *
 * @module
 */
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { marketSeries, parseMarket, parsePolicy } from "@keel/verifier";
import { describe, expect, it } from "vitest";
import { STRATEGIES } from "../../dist/examples/strategies.js";
import { type Ended, EXAMPLES, errorOf, inFolder, keelHere, strategyFiles } from "../support/cli.js";

const ADDRESS = `0x${"ab".repeat(20)}`;
const FEEDS = `0x02${"cd".repeat(31)}`;

type Tree = Record<string, unknown>;

const text = (...names: string[]): Promise<string> => readFile(join(EXAMPLES, ...names), "utf8");
const tree = async (...names: string[]): Promise<Tree> => JSON.parse(await text(...names));

/** A policy as somebody writes it who does not know of series yet. */
async function draftOf(folder: string): Promise<Tree> {
  const { market: _, tail, ...draft } = await tree(folder, "policy.json");
  if (tail === undefined) return draft;
  const { series: _series, ...rest } = tail as Tree;
  return { ...draft, tail: rest };
}

/** The same policy as version 1 had it. */
async function formerOf(folder: string): Promise<Tree> {
  const { minInterval: _, units: _units, ...draft } = await draftOf(folder);
  return { ...draft, keel: "policy/1" };
}

/** Runs a command on a file of this content; tells how it ended and what is in the folder then. */
async function run(
  args: (file: string, out: string) => readonly string[],
  content: object | string,
): Promise<Ended & { readonly written?: Tree }> {
  return await inFolder(async (folder) => {
    const [file, out] = [join(folder, "in.json"), join(folder, "out.json")];
    await writeFile(file, typeof content === "string" ? content : JSON.stringify(content));
    const ended = await keelHere([...args(file, out), "--json"]);
    const isWritten = (await readdir(folder)).includes("out.json");
    expect(isWritten).toBe(ended.code === 0);
    return isWritten ? { ...ended, written: JSON.parse(await readFile(out, "utf8")) } : ended;
  });
}

const tables = (folder: string): string[] => {
  const { market, returns } = strategyFiles(folder);
  return ["--market", market, ...(returns === undefined ? [] : ["--returns", returns])];
};
const pin = (folder: string, draft: object, ...more: string[]) =>
  run((file, out) => ["policy", "pin", "--policy", file, ...tables(folder), "--out", out, ...more], draft);
const migrate = (folder: string, former: object, ...more: string[]) =>
  run((file, out) => ["migrate", "--policy", file, ...tables(folder), "--out", out, ...more], former);

describe("keel policy pin", () => {
  it.each(["eth-hedged-vault", "options-volatility", "trend-follower"])(
    "writes the series of %s's tables into a draft",
    async (folder) => {
      const { code, stderr, stdout, written } = await pin(folder, await draftOf(folder));
      expect(code, stderr).toBe(0);
      expect(written).toEqual(await tree(folder, "policy.json"));
      const { market, tail } = parsePolicy(await text(folder, "policy.json"));
      const { ok, policyId, marketSeries: series, returnsSeries } = JSON.parse(stdout);
      expect([ok, series, returnsSeries]).toEqual([true, market.series, tail?.series]);
      expect(policyId).toMatch(/^0x[0-9a-f]{64}$/);
    },
  );

  it("pins a policy that is pinned already anew, in its place when --force is said", async () => {
    await inFolder(async (folder) => {
      const file = join(folder, "policy.json");
      const before = await text("eth-hedged-vault", "policy.json");
      await writeFile(file, before);
      const kinder = join(EXAMPLES, "invalid/market-kinder-factor.json");
      const args = ["policy", "pin", "--policy", file, "--market", kinder, "--out", file, "--json"];
      expect(errorOf(await keelHere(args)).code).toBe("file.exists");
      expect(await readFile(file, "utf8")).toBe(before);
      expect((await keelHere([...args, "--force"])).code).toBe(0);
      const series = marketSeries(parseMarket(await readFile(kinder, "utf8")));
      expect(JSON.parse(await readFile(file, "utf8")).market).toEqual({ series });
    });
  });

  it("takes the series of feeds by name, and no other that is not the market's own", async () => {
    const draft = await draftOf("eth-hedged-vault");
    const { written } = await pin("eth-hedged-vault", draft, "--series", FEEDS);
    expect(written?.market).toEqual({ series: FEEDS });
    for (const series of [`0x01${"cd".repeat(31)}`, `0x03${"cd".repeat(31)}`]) {
      const refused = await pin("eth-hedged-vault", draft, "--series", series);
      expect([refused.code, errorOf(refused).code]).toEqual([1, "policy.series"]);
    }
    expect(errorOf(await pin("eth-hedged-vault", draft, "--series", "0x02")).code).toBe("usage");
  });

  it.each<[string, string, (draft: Tree) => Tree | string, string]>([
    [
      "a limit that is none",
      "eth-hedged-vault",
      (draft) => ({ ...draft, limits: { maxLuck: "1" } }),
      "input.unknown-key",
    ],
    [
      "a policy of version 1",
      "eth-hedged-vault",
      (draft) => ({ ...draft, keel: "policy/1" }),
      "file.version",
    ],
    ["another file", "eth-hedged-vault", (draft) => ({ ...draft, keel: "market/1" }), "file.format"],
    ["no object", "eth-hedged-vault", () => "[]", "input.type"],
    ["returns that no limit asks for", "trend-follower", ({ tail: _, ...draft }) => draft, "returns.unused"],
  ])("refuses %s, and writes nothing", async (_, folder, change, code) => {
    const refused = await pin(folder, change(await draftOf(folder)) as object);
    expect([refused.code, errorOf(refused).code]).toEqual([1, code]);
  });

  it("asks for returns when the policy limits tail risk", async () => {
    const { market } = strategyFiles("trend-follower");
    const args = (file: string, out: string) => [
      "policy",
      "pin",
      "--policy",
      file,
      "--market",
      market,
      "--out",
      out,
    ];
    expect(errorOf(await run(args, await draftOf("trend-follower"))).code).toBe("returns.missing");
  });
});

describe("56 a kinder table", () => {
  it("is of another series: check and prove refuse it before anything is proven", async () => {
    const { snapshot, policy } = strategyFiles("eth-hedged-vault");
    await inFolder(async (folder) => {
      for (const name of ["market-kinder-factor", "market-ether-as-cash"]) {
        const market = join(EXAMPLES, `invalid/${name}.json`);
        const book = ["--snapshot", snapshot, "--market", market, "--policy", policy, "--json"];
        for (const command of [["check"], ["prove", "--insecure", "--out", join(folder, "a.json")]]) {
          const refused = await keelHere([...command, ...book]);
          expect([refused.code, errorOf(refused).code]).toEqual([1, "policy.series"]);
        }
      }
      expect(await readdir(folder)).toEqual([]);
    });
  });
});

describe("keel migrate", () => {
  const administrator = async (folder: string): Promise<string[]> => {
    const { units } = parsePolicy(await text(folder, "policy.json"));
    return units === undefined ? [] : ["--units-administrator", units.address];
  };

  it.each(STRATEGIES.map(({ folder }) => folder))(
    "makes the policy/2 of %s from its policy/1",
    async (folder) => {
      const { code, stderr, written } = await migrate(
        folder,
        await formerOf(folder),
        ...(await administrator(folder)),
      );
      expect(code, stderr).toBe(0);
      expect(written).toEqual(await tree(folder, "policy.json"));
    },
  );

  it("takes a share token or a contract as the source of units, one of them, and a least interval", async () => {
    const former = await formerOf("leveraged-lending");
    const token = await migrate(
      "leveraged-lending",
      former,
      "--units-token",
      ADDRESS,
      "--min-interval",
      "60",
    );
    expect(token.written).toMatchObject({ units: { token: ADDRESS }, minInterval: 60 });
    const contract = ["--units-administrator-contract", ADDRESS];
    expect((await migrate("leveraged-lending", former, ...contract)).written).toMatchObject({
      units: { administratorContract: ADDRESS },
    });
    const both = await migrate("leveraged-lending", former, ...contract, "--units-token", ADDRESS);
    expect([both.code, errorOf(both).code]).toEqual([1, "usage"]);
  });

  it("says that maxVenue has another meaning, in words and under --json, and of no policy without it", async () => {
    const former = await formerOf("eth-hedged-vault");
    const { maxVenue: _, ...others } = former.limits as Record<string, unknown>;
    const limited = { ...former, limits: { ...others, maxVenue: "0.5" } };
    const told = await migrate("eth-hedged-vault", limited);
    expect(JSON.parse(told.stdout).changed).toEqual([
      { limit: "maxVenue", meaning: expect.stringContaining("such as 60 % and -30 % of equity") },
    ]);
    const without = await migrate("eth-hedged-vault", { ...former, limits: others });
    expect(JSON.parse(without.stdout).changed).toEqual([]);
    await inFolder(async (folder) => {
      const [policy, out] = [join(folder, "former.json"), join(folder, "policy.json")];
      await writeFile(policy, JSON.stringify(limited));
      const { market } = strategyFiles("eth-hedged-vault");
      const { stdout } = await keelHere(["migrate", "--policy", policy, "--market", market, "--out", out]);
      expect(stdout).toContain("maxVenue has another meaning: version 1 held each account's equity");
    });
  });

  it("55 does not invent who says the units: a drawdown limit without a source is refused", async () => {
    const refused = await migrate("leveraged-lending", await formerOf("leveraged-lending"));
    expect([refused.code, errorOf(refused).code]).toEqual([1, "policy.units"]);
    expect(refused.stderr).toContain("keel sign-units");
  });

  it("67 does not cut a time that is beyond its ceiling", async () => {
    const former = await formerOf("eth-hedged-vault");
    for (const times of [{ validity: 93 * 86_400 }, { maxAge: 8 * 86_400 }, { maxMarketSkew: 86_401 }]) {
      const refused = await migrate("eth-hedged-vault", { ...former, ...times });
      expect([refused.code, errorOf(refused).code]).toEqual([1, "policy.ceiling"]);
    }
  });

  it.each([
    ["--attestation", "attestation/1", "keel prove"],
    ["--opening", "opening/1", "keel prove --opening"],
    ["--signature", "market-signature/1", "keel sign-market"],
  ])("converts no %s, and says what to do instead", async (option, keel, instead) => {
    const refused = await run((file) => ["migrate", option, file], { keel });
    expect([refused.code, errorOf(refused).code]).toEqual([1, "file.version"]);
    expect(refused.stderr).toContain(instead);
    const newer = await run((file) => ["migrate", option, file], { keel: keel.replace("/1", "/2") });
    expect([newer.code, newer.stderr]).toEqual([1, expect.stringContaining("nothing to convert")]);
  });

  it("has nothing to do with a policy/2, and is wrong usage without the files that it needs", async () => {
    const present = await tree("eth-hedged-vault", "policy.json");
    const refused = await migrate("eth-hedged-vault", present);
    expect([refused.code, refused.stderr]).toEqual([1, expect.stringContaining("nothing to convert")]);
    const { policy, market } = strategyFiles("eth-hedged-vault");
    for (const args of [
      [],
      ["--policy", policy],
      ["--policy", policy, "--market", market],
      ["--enrolment", policy],
    ]) {
      expect(errorOf(await keelHere(["migrate", ...args, "--json"])).code).toBe("usage");
    }
  });
});

describe("files of version 1", () => {
  it("are refused with the command that converts them, by whoever reads them", async () => {
    const { snapshot, market } = strategyFiles("eth-hedged-vault");
    const old = (name: string): string => join(EXAMPLES, `invalid/${name}-version-1.json`);
    const book = ["--market", market, "--policy", old("policy")];
    for (const args of [
      ["check", "--snapshot", snapshot],
      ["verify", "--attestation", old("attestation")],
    ]) {
      const refused = await keelHere([...args, ...book, "--json"]);
      expect([refused.code, errorOf(refused).code]).toEqual([1, "file.version"]);
      expect(refused.stderr).toContain("`keel migrate --policy FILE --market FILE --out FILE` converts it");
    }
    const { policy } = strategyFiles("eth-hedged-vault");
    const args = ["verify", "--attestation", old("attestation"), "--market", market, "--policy", policy];
    const refused = await keelHere([...args, "--json"]);
    expect([refused.code, errorOf(refused).code]).toEqual([3, "file.version"]);
    expect(refused.stderr).toContain("prove again");
  });
});
