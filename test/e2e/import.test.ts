// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Does an imported snapshot hold exactly what the file says, and is everything refused that cannot be placed?
 *
 * @module
 */
import { readdir, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { type Ended, errorOf, inFolder, keelHere, publicArgs, strategyFiles } from "../support/cli.js";

const FOLDER = "market-maker";
const HEADER = "account,source,instrument,quantity";
const SUBJECT = "0x70997970c51812dc3a010c7d01b50e0d17dc79c8";
const MAPPING = {
  keel: "mapping/1",
  columns: { instrument: "Coin", quantity: "Net Balance" },
  account: "venue-1",
  source: "Halyard Prime",
  instruments: { XETH: "ETH", "ETHUSD-SWAP": "ETH-PERP" },
};

/** Imports a text; `read` gives the snapshot that was written. */
async function imported(csv: string, mapping?: object): Promise<Ended & { file?: Record<string, unknown> }> {
  return await inFolder(async (folder) => {
    const out = join(folder, "snapshot.json");
    const args = ["--market", strategyFiles(FOLDER).market, "--subject", SUBJECT, "--as-of", "1767225600"];
    if (mapping !== undefined) {
      await writeFile(join(folder, "mapping.json"), JSON.stringify(mapping));
      args.push("--mapping", join(folder, "mapping.json"));
    }
    const command = ["import", "csv", "--csv", "-", ...args, "--out", out, "--json"];
    const ended = await keelHere(command, { input: csv });
    const names = (await readdir(folder)).filter((name) => name !== "mapping.json");
    expect(names).toEqual(ended.code === 0 ? ["snapshot.json"] : []);
    if (ended.code !== 0) return ended;
    expect((await stat(out)).mode & 0o777).toBe(0o600);
    return { ...ended, file: JSON.parse(await readFile(out, "utf8")) };
  });
}

const lines = (...rows: string[]): string => `${[HEADER, ...rows].join("\n")}\n`;

describe("import csv", () => {
  it("places every row, account by account", async () => {
    const rows = [
      "a,Northgate Custody,ETH,12.5",
      "b,Halyard Prime,ETH,-1",
      "a,Northgate Custody,USDC,-25000.5",
    ];
    const { file, stdout } = await imported(lines(...rows));
    expect(JSON.parse(stdout)).toMatchObject({ ok: true, accounts: 2, positions: 3 });
    expect(file).toEqual({
      keel: "snapshot/1",
      subject: SUBJECT,
      asOf: 1767225600,
      accounts: [
        { id: "a", source: "Northgate Custody", positions: { ETH: "12.5", USDC: "-25000.5" } },
        { id: "b", source: "Halyard Prime", positions: { ETH: "-1" } },
      ],
    });
  });

  it("takes columns in any order, quotes, CRLF, empty lines and no line break at the end", async () => {
    const text = 'quantity,"instrument",source,account\r\n\r\n"1.5",ETH,"Northgate Custody",a';
    expect((await imported(text)).file).toMatchObject({
      accounts: [{ id: "a", source: "Northgate Custody", positions: { ETH: "1.5" } }],
    });
  });

  it("rounds what is finer than a snapshot against the prover", async () => {
    const { file } = await imported(lines("a,V,ETH,0.123456789", "a,V,USDC,-0.123456781"));
    expect(file).toMatchObject({ accounts: [{ positions: { ETH: "0.12345678", USDC: "-0.12345679" } }] });
  });

  it("reads a venue's own export through a mapping", async () => {
    const text = 'Time,Coin,Net Balance,Note\n1,XETH,3,"a, ""b"""\n2,ETHUSD-SWAP,-3,\n';
    expect((await imported(text, MAPPING)).file).toMatchObject({
      accounts: [{ id: "venue-1", source: "Halyard Prime", positions: { ETH: "3", "ETH-PERP": "-3" } }],
    });
  });

  it.each([
    ["nothing", "", "csv.rows"],
    ["a header alone", lines(), "csv.rows"],
    ["another header", "account,instrument,amount\na,ETH,1\n", "csv.header"],
    ["a column too many", `${HEADER},note\na,V,ETH,1,x\n`, "csv.header"],
    ["a column twice", "account,source,quantity,quantity\na,V,1,1\n", "csv.header"],
    ["a row too short", lines("a,V,ETH"), "csv.row"],
    ["a row too long", lines("a,V,ETH,1,000"), "csv.row"],
    ["an unknown instrument", lines("a,V,LUNA,5"), "csv.instrument"],
    ["a position twice", lines("a,V,ETH,5", "a,V,ETH,5"), "csv.duplicate"],
    ["two sources of an account", lines("a,V,ETH,5", "a,W,USDC,5"), "csv.source"],
    ["31 a formula as instrument", lines('a,V,"=HYPERLINK(""x"")",5'), "csv.formula"],
    ["31 a formula as account", lines("@SUM(A1),V,ETH,5"), "csv.formula"],
    ["31 a formula as quantity", lines("a,V,ETH,=1+1"), "csv.quantity"],
    ["30 a thousands separator", lines('a,V,ETH,"1,000"'), "csv.quantity"],
    ["30 an exponent beyond an amount", lines("a,V,ETH,1e400"), "csv.quantity"],
    ["30 no number", lines("a,V,ETH,NaN"), "csv.quantity"],
    ["an account that is no name", lines("a b,V,ETH,1"), "csv.name"],
    ["markup in a source", lines("a,<b>,ETH,1"), "csv.name"],
    ["an open quote", lines('a,V,"ETH,1'), "csv.quotes"],
    ["a quote inside a cell", lines('a,V,E"TH,1'), "csv.quotes"],
    ["text after a quoted cell", lines('a,V,"ETH"x,1'), "csv.quotes"],
  ])("refuses %s, says the line, and repeats no amount", async (_, text, code) => {
    const ended = await imported(text.replaceAll("5", "51829364"));
    expect([ended.code, errorOf(ended).code]).toEqual([1, code]);
    expect(ended.stdout + ended.stderr).not.toContain("51829364");
  });

  it("31 tells columns that it does not use, and every fault at once", async () => {
    const { stdout, file } = await imported("Time,Coin,Net Balance,Note\n1,XETH,3,x\n", MAPPING);
    expect(JSON.parse(stdout)).toMatchObject({ ok: true, unused: ["Time", "Note"] });
    expect(file).toBeDefined();
    const rows = ["XETH,1,", "LUNA,2,", "ETHUSD-SWAP,x,Sell", "XETH,1,"];
    const ended = await imported(`Coin,Net Balance,Side\n${rows.join("\n")}\n`, MAPPING);
    const { code, also = [] } = errorOf(ended);
    expect([ended.code, code]).toEqual([1, "csv.instrument"]);
    expect(also.map((fault) => `${fault.code} ${fault.path}`)).toEqual([
      "csv.quantity csv line 4, quantity",
      "csv.duplicate csv line 5",
    ]);
  });

  it("31 says UTF-16 where it is", async () => {
    await inFolder(async (folder) => {
      const csv = join(folder, "in.csv");
      await writeFile(csv, Buffer.from(`\ufeff${lines("a,V,ETH,1")}`, "utf16le"));
      const args = ["--market", strategyFiles(FOLDER).market, "--subject", SUBJECT, "--as-of", "1767225600"];
      const ended = await keelHere([
        "import",
        "csv",
        "--csv",
        csv,
        ...args,
        "--out",
        join(folder, "s.json"),
        "--json",
      ]);
      expect(errorOf(ended)).toMatchObject({ code: "input.encoding", received: "UTF-16 text" });
    });
  });

  it("check refuses a source that the policy does not know", async () => {
    await inFolder(async (folder) => {
      const out = join(folder, "snapshot.json");
      const files = ["--market", strategyFiles(FOLDER).market, "--subject", SUBJECT, "--as-of", "1767225600"];
      const csv = lines("a,Nobody & Sons,ETH,1", "b,Nobody's,ETH,1");
      expect(
        (await keelHere(["import", "csv", "--csv", "-", ...files, "--out", out], { input: csv })).code,
      ).toBe(0);
      const checked = await keelHere(["check", "--snapshot", out, ...publicArgs(FOLDER), "--json"]);
      expect([checked.code, errorOf(checked)]).toMatchObject([
        1,
        {
          code: "source.unknown",
          path: "snapshot.accounts[0].source",
          also: [{ path: "snapshot.accounts[1].source" }],
        },
      ]);
    });
  });

  it.each([
    ["neither column nor constant", { ...MAPPING, account: undefined }, "csv.mapping"],
    ["both", { ...MAPPING, columns: { ...MAPPING.columns, account: "Sub" } }, "csv.mapping"],
    [
      "a column that is not there",
      { ...MAPPING, columns: { ...MAPPING.columns, quantity: "Total" } },
      "csv.header",
    ],
    [
      "two names of one instrument",
      { ...MAPPING, instruments: { XETH: "ETH", "ETHUSD-SWAP": "ETH" } },
      "csv.duplicate",
    ],
    ["an unknown key", { ...MAPPING, ignore: ["XETH"] }, "input.unknown-key"],
  ])("refuses a mapping with %s", async (_, mapping, code) => {
    const ended = await imported("Coin,Net Balance\nXETH,3\nETHUSD-SWAP,-3\n", mapping);
    expect([ended.code, errorOf(ended).code]).toEqual([1, code]);
  });
});
