// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Do the drivers read what is there, at the time that is asked for, and refuse what is stale, foreign, torn or does not add up?
 *
 * @module
 */

import { createHmac } from "node:crypto";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { parseMarket } from "@keel/verifier";
import { privateKeyToAccount } from "viem/accounts";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { binance } from "../../services/source/dist/drivers/binance.js";
import { blockAt, openChain } from "../../services/source/dist/drivers/chain.js";
import { claimIdentifier, notarisedDriver } from "../../services/source/dist/drivers/notarised.js";
import { loadSdk, venueDriver } from "../../services/source/dist/drivers/venue.js";
import { SUBJECT } from "../support/book.js";
import { startTestChain, type TestChain } from "../support/chain.js";
import { inFolder } from "../support/cli.js";
import {
  account,
  askAccount,
  CLOSED,
  home,
  marketText,
  type StandInAnswer,
  standIn,
  startSource,
} from "./support.js";

// biome-ignore lint/suspicious/noExplicitAny: built types and sources' are two to the compiler
const market: any = parseMarket(marketText());
const places = (names: Readonly<Record<string, string>>) =>
  new Map(Object.entries(names).map(([name, instrument]) => [name, { instrument, per: 1 }]));
const positions = (reading: { positions: ReadonlyMap<string, bigint> }) =>
  Object.fromEntries(reading.positions);
const now = () => Math.floor(Date.now() / 1000);

describe("binance", () => {
  const SECRET = "b".repeat(64);
  // As the venue's documentation shows them, with the fields that matter and some that do not.
  const spot = (changes: object = {}) => ({
    makerCommission: 15,
    canTrade: true,
    commissionRates: { maker: "0.00150000", taker: "0.00150000" },
    updateTime: 123456789,
    accountType: "SPOT",
    balances: [
      { asset: "ETH", free: "4.00000000", locked: "6.00000000" },
      { asset: "DUST", free: "0.00000000", locked: "0.00000000" },
    ],
    permissions: ["SPOT"],
    uid: 354937868,
    ...changes,
  });
  const futures = (changes: object = {}) => ({
    totalWalletBalance: "103.12345678",
    assets: [
      {
        asset: "USDC",
        walletBalance: "103.12345678",
        unrealizedProfit: "-3.00000000",
        marginBalance: "100.12345678",
      },
    ],
    positions: [
      { symbol: "ETHUSDC", positionSide: "BOTH", positionAmt: "-9.000", unrealizedProfit: "-3.00000000" },
      { symbol: "BTCUSDC", positionSide: "BOTH", positionAmt: "-0.000", unrealizedProfit: "0.00000000" },
    ],
    ...changes,
  });
  const PERP = places({ ETH: "ETH", USDC: "USDC", "ETHUSDC perpetual": "ETH-PERP" });

  /** Reads from a stand-in that checks key and signature as the venue does. */
  async function read(answer: (path: string, call: number) => StandInAnswer, owner = "354937868") {
    let calls = 0;
    const venue = await standIn((path, { query, headers }) => {
      const [, body, signature] = /^(.*)&signature=([0-9a-f]{64})$/.exec(query) ?? [];
      const expected = createHmac("sha256", SECRET)
        .update(body ?? "")
        .digest("hex");
      if (headers["x-mbx-apikey"] !== "key" || signature !== expected)
        return { status: 401, json: { code: -2015 } };
      return answer(path, calls++);
    });
    try {
      const driver = venueDriver(
        binance({
          apiKey: "key",
          apiSecret: SECRET,
          futures: true,
          spotUrl: venue.url,
          futuresUrl: venue.url,
          timeoutMs: 2_000,
        }),
        { owner, window: 60, places: PERP },
      );
      return await driver.read({ subject: SUBJECT, account: "desk", asOf: now() - 5, market });
    } finally {
      await venue.stop();
    }
  }
  const both =
    (one: object = spot(), two: object = futures()) =>
    (path: string) => ({
      json: path.startsWith("/fapi") ? two : one,
    });

  it("reads wallet with unrealised profit, and positions with their sign", async () => {
    const reading = await read(both());
    expect(positions(reading)).toEqual({
      ETH: 1_000_000_000n,
      USDC: 10_012_345_678n,
      "ETH-PERP": -900_000_000n,
    });
    expect(reading.leftOut).toEqual([]);
  });

  it("71 refuses another account's answer, a stale one, and one without its time", async () => {
    await expect(read(both(spot({ uid: 1 })))).rejects.toThrow(/venue.account/);
    const old = { date: new Date(Date.now() - 600_000).toUTCString() };
    await expect(read((path) => ({ ...both()(path), headers: old }))).rejects.toThrow(/venue.stale/);
    await expect(read((path) => ({ ...both()(path), headers: { date: "soon" } }))).rejects.toThrow(
      /venue.stale/,
    );
  });

  it("71 refuses torn, foreign and failing answers, and never repeats what is in them", async () => {
    const text = JSON.stringify(spot());
    const cases: [StandInAnswer, RegExp][] = [
      [{ text: text.slice(0, -7) }, /venue.answer/],
      [{ text: text.replace('"4.00000000"', "4.5") }, /venue.answer/],
      [{ json: spot({ balances: [{ asset: "ETH", free: "4e3", locked: "0" }] }) }, /venue.amount/],
      [{ json: spot({ accountType: "MARGIN" }) }, /venue.answer/],
      [{ status: 418, text: "{}" }, /venue.failed.*418|418.*venue.failed/],
      [{ status: 302, headers: { location: "http://127.0.0.1:9/" }, text: "" }, /venue.failed/],
    ];
    for (const [answer, expected] of cases) {
      const failure = await read(() => answer).catch((error: Error) => error);
      expect(String(failure)).toMatch(expected);
      expect(String(failure)).not.toMatch(/4e3|354937868|4\.5/);
    }
  });

  it("71 reads again when a transfer runs through it, and gives up when they do not end", async () => {
    const moved = spot({ balances: [{ asset: "ETH", free: "3.00000000", locked: "6.00000000" }] });
    const reading = await read((path, call) => both(call < 1 ? spot() : moved)(path));
    expect(positions(reading).ETH).toBe(900_000_000n);
    const restless = (path: string, call: number) =>
      both(spot({ balances: [{ asset: "ETH", free: `${call}.00000000`, locked: "0.00000000" }] }))(path);
    await expect(read(restless)).rejects.toThrow(/venue.moving/);
  });

  it("71 refuses a contract without a row, and legs or debts that would cancel out", async () => {
    const leg = (symbol: string, positionSide: string, positionAmt: string) => ({
      symbol,
      positionSide,
      positionAmt,
    });
    const cases = [
      [[leg("BTCUSDC", "BOTH", "1.000")], /source.contract/],
      [[leg("ETHUSDC", "LONG", "5.000"), leg("ETHUSDC", "SHORT", "-5.000")], /source.cancels/],
    ] as const;
    for (const [legs, expected] of cases) {
      await expect(read(both(spot(), futures({ positions: legs })))).rejects.toThrow(expected);
    }
    const owed = futures({ assets: [{ asset: "ETH", walletBalance: "-1.0", unrealizedProfit: "0.0" }] });
    await expect(read(both(spot(), owed))).rejects.toThrow(/source.cancels/);
    const other = futures({ assets: [{ asset: "BNB", walletBalance: "-1.0", unrealizedProfit: "0.0" }] });
    await expect(read(both(spot(), other))).rejects.toThrow(/source.liability/);
  });

  it("71 signs the present only, behind the whole program", async () => {
    await inFolder(async (folder) => {
      const venue = await standIn((path) => both()(path));
      const driver = {
        kind: "venue",
        venue: "binance",
        credentials: "credentials.json",
        owner: "354937868",
        window: 30,
        spotUrl: venue.url,
        futuresUrl: venue.url,
        instruments: Object.fromEntries([...PERP].map(([name, { instrument }]) => [name, instrument])),
      };
      const files = await home(folder, { accounts: [account({ driver })] });
      await writeFile(join(folder, "credentials.json"), JSON.stringify({ apiKey: "key", apiSecret: SECRET }));
      const program = await startSource(files.config);
      const old = await askAccount(program, files, { asOf: CLOSED });
      expect([old.status, old.json.error.code]).toEqual([422, "source.stale"]);
      const asOf = now() - 3;
      const first = await askAccount(program, files, { asOf });
      expect(first.json.basis.evidence).toBe("operator-read");
      await venue.stop();
      expect((await askAccount(program, files, { asOf })).text).toBe(first.text);
      expect((await askAccount(program, files, { asOf: asOf - 1 })).status).toBe(502);
      expect(program.log()).not.toContain(SECRET);
      await program.stop();
    });
  });

  it("names the SDK that an operator has to install", async () => {
    await expect(loadSdk("okx-api-that-nobody-installed")).rejects.toThrow(/venue.sdk/);
  });
});

describe("a chain", () => {
  let chain: TestChain;
  const OWNER = 3;
  beforeAll(async () => {
    chain = await startTestChain();
    await chain.test.mine({ blocks: 3, interval: 10 });
  });
  afterAll(async () => await chain?.stop());

  it("is read at the last block of a time, once that is deep enough", async () => {
    const owner = chain.signers[OWNER]!.address.toLowerCase() as `0x${string}`;
    const before = await chain.client.getBlock();
    await chain.test.increaseTime({ seconds: 100 });
    await chain.test.mine({ blocks: 1 });
    await chain.test.setBalance({ address: owner, value: 7n * 10n ** 18n });
    await chain.test.mine({ blocks: 3, interval: 10 });
    const mapping = JSON.stringify({
      keel: "chain-mapping/1",
      chainId: 31337,
      native: "ETH",
      tokens: {},
      pools: {},
    });
    const driver = openChain(chain.rpcUrl, { owner, account: "wallet", confirmations: 2 }, mapping);
    const read = async (asOf: number) =>
      positions(await driver.read({ subject: SUBJECT, account: "wallet", asOf, market }));
    const head = await chain.client.getBlock();
    const at = Number(before.timestamp);
    expect(await read(at)).toEqual({ ETH: 1_000_000_000_000n });
    expect(await read(at + 50)).toEqual(await read(at));
    const later = Number((await chain.client.getBlock({ blockNumber: head.number - 3n })).timestamp);
    expect(await read(later)).toEqual({ ETH: 700_000_000n });
    await expect(read(Number(head.timestamp))).rejects.toThrow(/source.young/);
    await expect(read(5)).rejects.toThrow(/source.stale/);
    const client = chain.client as never;
    expect(await blockAt(client, at, 2)).toBe(before.number);
    expect(await blockAt(client, at - 1, 2)).toBe(before.number - 1n);
    await expect(driver.read({ subject: SUBJECT, account: "other", asOf: at, market })).rejects.toThrow(
      /source.account/,
    );
  });
});

describe("notarised claims", () => {
  const attestors = [1, 2, 3].map((i) => privateKeyToAccount(`0x${String(i).repeat(64)}`));
  const PARAMETERS = JSON.stringify({ method: "GET", url: "https://venue.example/balances" });
  const claimOf = (changes: object = {}) => {
    const body = {
      owner: SUBJECT as `0x${string}`,
      timestampS: CLOSED,
      epoch: 1,
      provider: "http",
      parameters: PARAMETERS,
      context: JSON.stringify({ extractedParameters: { eth: "10", usdc: "-13000" } }),
      ...changes,
    };
    return { ...body, identifier: claimIdentifier({ ...body, identifier: "0x" }) as `0x${string}` };
  };
  const signed = async (claim: ReturnType<typeof claimOf>, by = [0, 1]) => ({
    claim,
    signatures: await Promise.all(
      by.map((i) =>
        attestors[i]!.signMessage({
          message: [claim.identifier, claim.owner, claim.timestampS, claim.epoch].join("\n"),
        }),
      ),
    ),
  });

  async function read(file: object, asOf = CLOSED) {
    return await inFolder(async (folder) => {
      const name = `${Buffer.from("desk").toString("hex")}.${asOf}.json`;
      await mkdir(join(folder, "claims"));
      await writeFile(join(folder, "claims", name), JSON.stringify(file));
      const driver = notarisedDriver({
        folder: join(folder, "claims"),
        provider: "http",
        parameters: PARAMETERS,
        attestors: attestors.slice(0, 2).map(({ address }) => address),
        threshold: 2,
        epoch: 1,
        places: places({ eth: "ETH", usdc: "USDC" }),
      });
      return await driver.read({ subject: SUBJECT, account: "desk", asOf, market });
    });
  }

  it("count when enough attestors signed them for this subject, page and time", async () => {
    expect(positions(await read(await signed(claimOf())))).toEqual({
      ETH: 1_000_000_000n,
      USDC: -1_300_000_000_000n,
    });
  });

  it("73 are refused when anything in them is another", async () => {
    const good = await signed(claimOf());
    const eve = "0x00000000000000000000000000000000000000e7";
    const context = JSON.stringify({ extractedParameters: { eth: "1000", usdc: "0" } });
    const partial = JSON.stringify({ extractedParameters: { eth: "10" } });
    const extra = JSON.stringify({ extractedParameters: { eth: "10", usdc: "1", loan: "-5" } });
    const cases: [string, object, RegExp, number?][] = [
      ["values after signing", { ...good, claim: { ...good.claim, context } }, /claim.identifier/],
      ["a signature too few", await signed(claimOf(), [0]), /claim.signatures/],
      ["one attestor twice", await signed(claimOf(), [0, 0]), /claim.signatures/],
      ["a stranger's signature", await signed(claimOf(), [0, 2]), /claim.signatures/],
      ["bytes for a signature", { ...good, signatures: [`0x${"11".repeat(65)}`] }, /claim.signatures/],
      ["another time", await signed(claimOf()), /claim.timestampS/, CLOSED + 60],
      ["another owner", await signed(claimOf({ owner: eve })), /claim.owner/],
      ["another epoch", await signed(claimOf({ epoch: 2 })), /claim.epoch/],
      ["another page", await signed(claimOf({ parameters: "{}" })), /claim.parameters/],
      ["another provider", await signed(claimOf({ provider: "dns" })), /claim.provider/],
      ["a value left out", await signed(claimOf({ context: partial })), /claim.context/],
      ["a value without a row", await signed(claimOf({ context: extra })), /source.contract/],
    ];
    for (const [what, file, expected, asOf] of cases) {
      await expect(read(file, asOf), what).rejects.toThrow(expected);
    }
    await expect(read(good, CLOSED + 1).catch((error) => Promise.reject(error))).rejects.toThrow(
      /timestampS/,
    );
  });
});
