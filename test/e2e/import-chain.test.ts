// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Does a snapshot imported from a chain hold exactly what Aave v3's own contracts and ERC-20 tokens say at its block, and is
 * everything refused that cannot be placed?
 *
 * @module
 */
import { readdir, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { accountsFromChain, parseChainMapping } from "@keel/prover/chain";
import { formatDecimal, parseMarket } from "@keel/verifier";
import type { Address, PublicClient } from "viem";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { type Aave, borrow, type Deployed, deployAave, mint, supply } from "../support/aave.js";
import { now, startTestChain, type TestChain, undone, write } from "../support/chain.js";
import { type Ended, errorOf, inFolder, keelHere, strategyFiles } from "../support/cli.js";

const FOLDER = "market-maker";
const OWNER = 5;
/** A holder of everything, so that pools have something to lend. */
const LENDER = 6;

let chain: TestChain;
let aave: Aave;
let tokens: Readonly<Record<"USDC" | "WBTC" | "WETH" | "LINK", Deployed>>;
let owner: Address;

beforeAll(async () => {
  chain = await startTestChain();
  aave = await deployAave(chain);
  owner = chain.signers[OWNER]!.address;
  tokens = {
    USDC: await aave.addReserve("USDC", 6, "1"),
    WBTC: await aave.addReserve("WBTC", 8, "87000"),
    WETH: await aave.addReserve("WETH", 18, "3000"),
    LINK: await aave.addReserve("LINK", 18, "13"),
  };
  await supply(chain, aave, LENDER, tokens.USDC, 50_000_000_000_000n);
  await supply(chain, aave, LENDER, tokens.LINK, 10n ** 24n);
  await supply(chain, aave, OWNER, tokens.WETH, 100n * 10n ** 18n);
  await supply(chain, aave, OWNER, tokens.WBTC, 2n * 10n ** 8n);
  await borrow(chain, aave, OWNER, tokens.USDC, 150_000_000_000n, "variable");
  // What was borrowed leaves the wallet; wei below the eighth place stay.
  await mint(chain, tokens.WETH, owner, 1_234_567_899_999_999_999n);
});
afterAll(async () => await chain?.stop());

const mapping = (changes: object = {}) => ({
  keel: "chain-mapping/1",
  chainId: 31337,
  tokens: { [tokens.WETH.address]: "ETH", [tokens.WBTC.address]: "BTC", [tokens.USDC.address]: "USDC" },
  pools: { [aave.pool.address]: "aave" },
  ...changes,
});

/** The mapping with one token more. */
const withToken = (address: Address, place: unknown) =>
  mapping({ tokens: { ...mapping().tokens, [address]: place } });

interface Imported extends Ended {
  /** The snapshot that was written. */
  readonly file?: { readonly asOf: number; readonly accounts: readonly ImportedAccount[] };
}

interface ImportedAccount {
  readonly id: string;
  readonly source: string;
  readonly positions: Readonly<Record<string, string>>;
}

/** Imports, and checks what was written as a draft. */
async function imported(map: object, options: readonly string[] = [], rpc = chain.rpcUrl): Promise<Imported> {
  return await inFolder(async (folder) => {
    const path = (name: string): string => join(folder, `${name}.json`);
    const market = JSON.parse(await readFile(strategyFiles(FOLDER).market, "utf8"));
    await writeFile(path("market"), JSON.stringify({ ...market, asOf: await now(chain) }));
    await writeFile(path("mapping"), JSON.stringify(map));
    const names = ["--account", "wallet", "--source", "Northgate Custody", "--subject", owner];
    const files = ["--mapping", path("mapping"), "--market", path("market"), "--out", path("snapshot")];
    const command = ["import", "chain", "--rpc", rpc, ...names, ...files, ...options, "--json"];
    const ended = await keelHere(command);
    const written = (await readdir(folder)).includes("snapshot.json");
    expect(written).toBe(ended.code === 0);
    if (!written) return ended;
    expect((await stat(path("snapshot"))).mode & 0o777).toBe(0o600);
    return { ...ended, file: JSON.parse(await readFile(path("snapshot"), "utf8")) };
  });
}

/** Positions by account. */
const positions = ({ file }: Imported) =>
  Object.fromEntries(file!.accounts.map((account) => [account.id, account.positions]));

async function read(contract: Deployed, functionName: string, args: readonly unknown[], blockNumber: bigint) {
  const { address, abi } = contract;
  return await chain.client.readContract({ address, abi, functionName, args, blockNumber });
}

/** A token of a reserve, and what it says the owner has of it. */
async function reserveToken(
  asset: Deployed,
  part: "aTokenAddress" | "variableDebtTokenAddress",
  block: bigint,
) {
  const reserve = await read(aave.pool, "getReserveData", [asset.address], block);
  const { [part]: address } = reserve as Record<typeof part, Address>;
  const balance = await read({ address, abi: asset.abi }, "balanceOf", [owner], block);
  return { address, balance: balance as bigint };
}

/** Requests whose last parameter is a block. */
const AT_A_BLOCK: readonly string[] = ["eth_call", "eth_getBalance", "eth_getCode", "eth_getStorageAt"];

describe("import chain", () => {
  it("places balances, supplies and debts, with the interest of the block and rounded against the prover", async () => {
    await chain.test.increaseTime({ seconds: 30 * 86_400 });
    await chain.test.mine({ blocks: 1 });
    const block = await chain.client.getBlock();
    const result = await imported(mapping());
    const supplied = await reserveToken(tokens.WETH, "aTokenAddress", block.number);
    const owed = await reserveToken(tokens.USDC, "variableDebtTokenAddress", block.number);
    expect(owed.balance).toBeGreaterThan(150_000_000_000n);
    const debt = formatDecimal(-owed.balance, 6);
    expect(positions(result)).toEqual({
      wallet: { ETH: "1.23456789", USDC: "150000" },
      aave: { ETH: formatDecimal(supplied.balance / 10n ** 10n, 8), BTC: "2", USDC: debt },
    });
    expect(result.file).toMatchObject({
      asOf: Number(block.timestamp),
      accounts: [{ source: "Northgate Custody" }, { source: "Northgate Custody" }],
    });
    expect(JSON.parse(result.stdout)).toMatchObject({
      ...{ accounts: 2, positions: 5, asOf: Number(block.timestamp) },
      block: { number: Number(block.number), hash: block.hash },
    });
  });

  it("rounds a debt finer than a snapshot up", async () => {
    await undone(chain, async () => {
      await borrow(chain, aave, OWNER, tokens.LINK, 10n ** 18n + 1n, "variable");
      const { number } = await chain.client.getBlock();
      const owed = (await reserveToken(tokens.LINK, "variableDebtTokenAddress", number)).balance;
      const result = await imported(withToken(tokens.LINK.address, "SOL"), ["--owner", owner]);
      // The wallet's own LINK is one wei above a whole number, the debt at least that.
      expect(positions(result)).toMatchObject({ wallet: { SOL: "1" }, aave: { SOL: "-1.00000001" } });
      expect(owed).toBeGreaterThan(10n ** 18n);
    });
  });

  it("reads everything at the block that it is told", async () => {
    const { number, timestamp } = await chain.client.getBlock();
    await undone(chain, async () => {
      await mint(chain, tokens.USDC, owner, 5_000_000n);
      const result = await imported(mapping(), ["--block", `${number}`]);
      expect(result.file?.asOf).toBe(Number(timestamp));
      expect(positions(result).wallet).toMatchObject({ USDC: "150000" });
      expect(positions(await imported(mapping())).wallet).toMatchObject({ USDC: "150005" });
    });
  });

  it("asks each contract at that block, decimals and all, though more blocks have come since", async () => {
    const { number } = await chain.client.getBlock();
    await undone(chain, async () => {
      await chain.test.mine({ blocks: 3 });
      const asked: { method: string; at: unknown }[] = [];
      const real = globalThis.fetch;
      const listening = vi.spyOn(globalThis, "fetch").mockImplementation(async (url, init) => {
        for (const { method, params } of [JSON.parse(String(init?.body))].flat()) {
          if (AT_A_BLOCK.includes(method)) asked.push({ method, at: params.at(-1) });
        }
        return await real(url, init);
      });
      try {
        await imported(mapping(), ["--block", `${number}`]);
      } finally {
        listening.mockRestore();
      }
      expect(asked.length).toBeGreaterThan(3);
      const block = `0x${number.toString(16)}`;
      expect(asked.filter(({ at }) => at !== block)).toEqual([]);
    });
  });

  it("takes the chain's coin, tokens by the thousand, several tokens of one instrument, and shared accounts", async () => {
    const { WETH, WBTC, LINK } = tokens;
    await undone(chain, async () => {
      await mint(chain, LINK, owner, 1_999_999n * 10n ** 18n);
      const spot = { [WETH.address]: "ETH", [WBTC.address]: "BTC", [tokens.USDC.address]: "USDT" };
      const many = { ...spot, [LINK.address]: { instrument: "SOL", per: 1000 } };
      const result = await imported(mapping({ tokens: many, native: "HYPE", pools: {} }));
      const coins = await chain.client.getBalance({ address: owner });
      const HYPE = formatDecimal(coins / 10n ** 10n, 8);
      expect(positions(result)).toEqual({
        wallet: { ETH: "1.23456789", USDT: "150000", SOL: "1999.999", HYPE },
      });
    });
    const repaid = { ...mapping().tokens, [tokens.USDC.address]: "USDC", [WBTC.address]: "ETH" };
    await undone(chain, async () => {
      await write(chain, chain.wallets[OWNER]!, tokens.USDC.address, tokens.USDC.abi, "transfer", [
        chain.signers[LENDER]!.address,
        150_000_000_000n,
      ]);
      const result = await imported(mapping({ tokens: repaid, pools: { [aave.pool.address]: "wallet" } }));
      const ids = Object.keys(positions(result));
      expect([ids, Object.keys(positions(result).wallet!)]).toEqual([["wallet"], ["ETH", "USDC"]]);
    });
  });

  it("gives an account to a pool in which nothing is", async () => {
    const nobody = chain.signers[9]!.address;
    expect(positions(await imported(mapping(), ["--owner", nobody]))).toEqual({ wallet: {}, aave: {} });
  });

  it.each<[string, string, () => object]>([
    ["a mapping for another chain", "chain.id", () => mapping({ chainId: 1 })],
    [
      "an instrument that the market has not",
      "chain.instrument",
      () => withToken(tokens.LINK.address, "LINK"),
    ],
    ["a token as a perpetual", "chain.instrument", () => withToken(tokens.LINK.address, "ETH-PERP")],
    ["an account instead of a token", "chain.contract", () => withToken(chain.signers[3]!.address, "SOL")],
    ["a contract that is no token", "chain.contract", () => withToken(aave.pool.address, "SOL")],
    [
      "an account instead of a pool",
      "chain.contract",
      () => mapping({ pools: { [chain.signers[3]!.address]: "aave" } }),
    ],
    [
      "a contract that is no pool",
      "chain.contract",
      () => mapping({ pools: { [tokens.USDC.address]: "aave" } }),
    ],
    [
      "a debt in a token that is not placed",
      "chain.unmapped",
      () => mapping({ tokens: { [tokens.WETH.address]: "ETH", [tokens.WBTC.address]: "BTC" } }),
    ],
    [
      "a supply of a token that is not placed",
      "chain.unmapped",
      () => mapping({ tokens: { [tokens.USDC.address]: "USDC", [tokens.WBTC.address]: "BTC" } }),
    ],
    [
      "coins and a debt that would cancel out",
      "chain.netting",
      () => mapping({ pools: { [aave.pool.address]: "wallet" } }),
    ],
    [
      "a token twice",
      "input.duplicate",
      () => withToken(`0x${tokens.USDC.address.slice(2).toUpperCase()}`, "USDC"),
    ],
    ["a token's address that is none", "input.text", () => withToken("0x12", "SOL")],
    ["a token by a part", "input.range", () => withToken(tokens.LINK.address, { instrument: "SOL", per: 0 })],
    ["an unknown key", "input.unknown-key", () => mapping({ ignore: [tokens.USDC.address] })],
  ])("refuses %s, and repeats no amount", async (_, code, map) => {
    const ended = await imported(map());
    expect([ended.code, errorOf(ended).code], ended.stdout).toEqual([1, code]);
    expect(ended.stdout + ended.stderr).not.toMatch(/15\d{4}|1\.23/);
  });

  it("refuses a pool's own token as a token: it would count twice, or a debt as coins", async () => {
    const { number } = await chain.client.getBlock();
    for (const part of ["aTokenAddress", "variableDebtTokenAddress"] as const) {
      const { address } = await reserveToken(tokens.USDC, part, number);
      expect(errorOf(await imported(withToken(address, "USDC"))).code).toBe("chain.twice");
    }
  });

  it("refuses a debt at a stable rate", async () => {
    await undone(chain, async () => {
      await borrow(chain, aave, OWNER, tokens.USDC, 1_000_000n, "stable");
      expect(errorOf(await imported(mapping())).code).toBe("chain.stable");
    });
  });

  it("refuses a balance beyond what a snapshot holds", async () => {
    await undone(chain, async () => {
      await mint(chain, tokens.WETH, owner, 2n ** 64n * 10n ** 10n);
      expect(errorOf(await imported(mapping())).code).toBe("chain.range");
    });
  });

  it("51 a node that is down, and a block that it has not", async () => {
    expect((await imported(mapping(), [], "http://127.0.0.1:9")).code).toBe(4);
    const ended = await imported(mapping(), ["--block", "99999999"]);
    expect([ended.code, errorOf(ended).code]).toEqual([1, "chain.future"]);
  });

  it("51 a block that was replaced while it was read", async () => {
    const market = parseMarket(await readFile(strategyFiles(FOLDER).market, "utf8"));
    const hashes = [`0x${"1".repeat(64)}`, `0x${"2".repeat(64)}`];
    const getBlock = async () => ({ ...(await chain.client.getBlock()), hash: hashes.shift()! });
    const client = { ...chain.client, getBlock } as unknown as PublicClient;
    const request = { owner, account: "wallet", source: "Northgate Custody" };
    const reading = accountsFromChain(client, request, parseChainMapping(JSON.stringify(mapping())), market);
    await expect(reading).rejects.toMatchObject({ code: "chain.block" });
  });
});
