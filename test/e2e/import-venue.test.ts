// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Does `keel import` VENUE write what saved responses show, tell every fault at once with exit code 1 and no file, and does
 * `keel merge` put snapshots together with their signatures?
 *
 * @module
 */
import { readdir, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { VENUE_NAMES, type Venue } from "@keel/prover";
import { BASE_POINT } from "@keel/verifier";
import { describe, expect, it } from "vitest";
import { AS_OF } from "../support/book.js";
import { errorOf, inFolder, keelHere } from "../support/cli.js";
import { changed, HYPERLIQUID_PERP, RIGHT, ROWS, type Saved } from "../support/venues.js";

const SUBJECT = "0x70997970c51812dc3a010c7d01b50e0d17dc79c8";
const SECRET = "51829364";

/** Writes responses and a market, and imports them. */
async function run(venue: string, saved: Saved, more: readonly string[] = []) {
  return await inFolder(async (folder) => {
    const out = join(folder, "snapshot.json");
    const market = join(folder, "market.json");
    const underlyings = ["USD", "BTC", "ETH", "SOL", "SHIB"];
    await writeFile(
      market,
      JSON.stringify({ keel: "market/1", asOf: AS_OF, underlyings, instruments: ROWS }),
    );
    const responses: string[] = [];
    for (const [i, [name, data]] of saved.entries()) {
      const file = join(folder, `${name}-${i}.json`);
      await writeFile(file, typeof data === "string" ? data : JSON.stringify(data));
      responses.push("--response", `${name}=${file}`);
    }
    const own = [
      "--market",
      market,
      "--subject",
      SUBJECT,
      "--account",
      "venue",
      "--source",
      "Bank & Trust's",
    ];
    const args = [
      "import",
      venue,
      ...responses,
      ...own,
      "--as-of",
      `${AS_OF}`,
      "--out",
      out,
      "--json",
      ...more,
    ];
    const ended = await keelHere(args);
    const isWritten = (await readdir(folder)).includes("snapshot.json");
    expect(isWritten).toBe(ended.code === 0);
    if (!isWritten) return { ...ended, file: undefined };
    expect((await stat(out)).mode & 0o777).toBe(0o600);
    return { ...ended, file: JSON.parse(await readFile(out, "utf8")) as { accounts: object[] } };
  });
}

describe("keel import VENUE", () => {
  it.each(VENUE_NAMES)("71 %s: one account, unsigned, and what was compared", async (venue) => {
    const { code, stdout, stderr, file } = await run(venue, RIGHT[venue]);
    expect(code, stderr).toBe(0);
    expect(file).toMatchObject({ subject: SUBJECT, asOf: AS_OF });
    expect(file!.accounts[0]).toMatchObject({ id: "venue", source: "Bank & Trust's" });
    expect(JSON.parse(stdout)).toMatchObject({ ok: true, reconciled: expect.any(Array) });
  });

  it("71 every fault at once, with its path, no amount and no file", async () => {
    const wrong = changed(
      changed(HYPERLIQUID_PERP, ["time"], 5),
      ["assetPositions", 0, "position", "szi"],
      `${SECRET}x`,
    );
    const { code, stdout, stderr } = await run("hyperliquid", [
      ["perp", { ...wrong, newDebt: SECRET }],
      ["spot", `{"balances":[`],
    ]);
    const error = errorOf({ code, stdout, stderr });
    expect(code).toBe(1);
    expect([error, ...(error.also ?? [])].map((fault) => `${fault.code} ${fault.path}`)).toEqual([
      "venue.field perp.newDebt",
      "venue.time perp.time",
      "venue.number perp.assetPositions[0].position.szi",
      "input.json spot.balances[0]",
    ]);
    expect(stdout + stderr).not.toContain(SECRET);
    const lines = stderr.split("\n").filter((line) => line.startsWith("keel: "));
    expect(lines.filter((line) => !line.startsWith("keel: hint")).length).toBe(4);
  });

  it("31 a response of 17 MB is refused before it is read to the end", async () => {
    const { code, stdout, stderr } = await run("fireblocks", [["vault", " ".repeat(17 << 20)]]);
    expect([code, errorOf({ code, stdout, stderr }).code]).toEqual([1, "input.size"]);
  });

  it.each([
    ["a response without a name", ["--response", "perp.json"]],
    ["a tolerance of a hundred percent", ["--tolerance", "1"]],
    ["a tolerance that is none", ["--tolerance", "5%"]],
    ["an account that is no id", ["--account", "a b"]],
  ])("refuses %s", async (_, args) => {
    expect((await run("hyperliquid", RIGHT.hyperliquid, args)).code).toBe(1);
  });

  it("knows no other venue", async () => {
    expect((await run("mtgox" as Venue, RIGHT.hyperliquid)).code).toBe(1);
  });

  it("the tolerance decides how far equity and the venue's figure may differ", async () => {
    const off = changed(RIGHT.okx[0]![1] as object, ["data", 0, "totalEq"], "362000");
    const saved: Saved = [["balance", off], ...RIGHT.okx.slice(1)];
    expect((await run("okx", saved)).code).toBe(0);
    const tight = await run("okx", saved, ["--tolerance", "0.0001"]);
    expect([tight.code, errorOf(tight)]).toMatchObject([
      1,
      { code: "venue.reconcile", path: "balance.data[0].totalEq" },
    ]);
  });
});

const part = (
  change: object = {},
  accounts: object[] = [{ id: "a", source: "S", positions: { BTC: "1" } }],
) => ({
  keel: "snapshot/1",
  subject: SUBJECT,
  asOf: AS_OF,
  accounts,
  ...change,
});

async function merged(...parts: (object | string)[]) {
  return await inFolder(async (folder) => {
    const out = join(folder, "out.json");
    const args: string[] = [];
    for (const [i, data] of parts.entries()) {
      await writeFile(join(folder, `${i}.json`), typeof data === "string" ? data : JSON.stringify(data));
      args.push("--snapshot", join(folder, `${i}.json`));
    }
    const ended = await keelHere(["merge", ...args, "--out", out, "--json"]);
    const isWritten = (await readdir(folder)).includes("out.json");
    expect(isWritten).toBe(ended.code === 0);
    return { ...ended, file: isWritten ? JSON.parse(await readFile(out, "utf8")) : undefined };
  });
}

describe("keel merge", () => {
  const example = async () =>
    JSON.parse(await readFile(join("examples", "eth-hedged-vault", "snapshot.json"), "utf8"));

  it("71 keeps signatures, whichever part has them", async () => {
    const whole = await example();
    const bare = whole.accounts.map(({ signature: _, ...account }: Record<string, unknown>) => account);
    const { code, stderr, stdout, file } = await merged(
      { ...whole, accounts: bare },
      { ...whole, accounts: whole.accounts.slice(0, 1) },
      { ...whole, accounts: [...whole.accounts.slice(1), { id: "extra", source: "S", positions: {} }] },
    );
    expect(code, stderr).toBe(0);
    expect(file.accounts).toEqual([...whole.accounts, { id: "extra", source: "S", positions: {} }]);
    expect(JSON.parse(stdout)).toMatchObject({
      accounts: whole.accounts.length + 1,
      signed: whole.accounts.length,
    });
  });

  it.each([
    ["another subject", part({ subject: `0x${"1".repeat(40)}` }, []), "merge.subject"],
    ["another time", part({ asOf: AS_OF + 1 }), "merge.time"],
    ["other units", part({ units: "5" }), "merge.units"],
    [
      "another source of an account",
      part({}, [{ id: "a", source: "T", positions: { BTC: "1" } }]),
      "merge.source",
    ],
    [
      "other positions of an account",
      part({}, [{ id: "a", source: "S", positions: { BTC: "1", ETH: "-1" } }]),
      "merge.account",
    ],
    ["fewer positions of an account", part({}, [{ id: "a", source: "S", positions: {} }]), "merge.account"],
  ])("refuses %s", async (_, other, code) => {
    const accounts =
      (other as { accounts: object[] }).accounts.length > 0
        ? {}
        : { accounts: [{ id: "b", source: "S", positions: {} }] };
    const ended = await merged(part(), { ...other, ...accounts });
    expect([ended.code, errorOf(ended).code]).toEqual([1, code]);
  });

  it("71 takes the same signature of an account twice, and refuses another one of it", async () => {
    const whole = await example();
    const [account] = whole.accounts;
    const again = await merged(whole, { ...whole, accounts: [account] });
    expect(again.code, again.stderr).toBe(0);
    expect(again.file.accounts).toEqual(whole.accounts);
    const { S, R8 } = account.signature;
    for (const other of [
      { S: `${BigInt(S) + 1n}`, R8 },
      { S, R8: BASE_POINT.map(String) },
    ]) {
      const accounts = [{ ...account, signature: { ...account.signature, ...other } }];
      const ended = await merged(whole, { ...whole, accounts });
      expect([ended.code, errorOf(ended).code]).toEqual([1, "merge.signature"]);
    }
  });

  it("tells all conflicts at once, and what cannot be read", async () => {
    const ended = await merged(part(), part({ asOf: AS_OF + 1 }, [{ id: "a", source: "T", positions: {} }]));
    expect(errorOf(ended)).toMatchObject({ code: "merge.time", also: [{ code: "merge.source" }] });
    const broken = await merged("{", part(), part({ accounts: [] }));
    expect(errorOf(broken)).toMatchObject({
      code: "input.json",
      path: "snapshot#1",
      also: [{ path: "snapshot#3.accounts" }],
    });
  });

  it("one snapshot alone is none to merge", async () => {
    expect(errorOf(await merged(part())).code).toBe("merge.parts");
  });
});
