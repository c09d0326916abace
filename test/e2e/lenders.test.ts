// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Does an import from a chain hold what the lenders' own contracts say, count as collateral only what they count, and refuse
 * every debt that the mapping leaves out? Aave v3, Morpho Blue, Uniswap and an ERC-4626 vault are the published contracts;
 * Compound's markets, newer e-modes and pools that keep other books are stand-ins.
 *
 * @module
 */
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import {
  accountsFromChain,
  type ChainRequest,
  type KnownLender,
  parseChainMapping,
} from "@keel/prover/chain";
import { formatDecimal, type KeelError, parseMarket } from "@keel/verifier";
import {
  type AbiParameter,
  type Address,
  createPublicClient,
  custom,
  encodeAbiParameters,
  encodeFunctionData,
  type Hex,
  type PublicClient,
  parseEther,
} from "viem";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Aave, borrow, type Deployed, deployAave, mint, supply } from "../support/aave.js";
import { startTestChain, type TestChain, undone, write } from "../support/chain.js";
import { inFolder, keelHere } from "../support/cli.js";
import {
  deployMorpho,
  deployPair,
  deployUniswap,
  type Morpho,
  marketId,
  type Uniswap,
} from "../support/lenders.js";
import { type Compiled, deployCompiled, standIns } from "../support/solidity.js";

const OWNER = 5;
const LENDER = 6;
const TOKENS = [
  ["USDC", 6, "1"],
  ["WETH", 18, "3000"],
  ["WBTC", 8, "87000"],
] as const;

let chain: TestChain;
let aave: Aave;
let tokens: Readonly<Record<(typeof TOKENS)[number][0], Deployed>>;
let compiled: ReadonlyMap<string, Compiled>;
let owner: Address;

beforeAll(async () => {
  chain = await startTestChain();
  owner = chain.signers[OWNER]!.address;
  compiled = await standIns();
  aave = await deployAave(chain);
  const [USDC, WETH, WBTC] = [
    await aave.addReserve(...TOKENS[0]),
    await aave.addReserve(...TOKENS[1]),
    await aave.addReserve(...TOKENS[2]),
  ];
  tokens = { USDC: USDC!, WETH: WETH!, WBTC: WBTC! };
  await supply(chain, aave, LENDER, tokens.USDC, 50_000_000_000_000n);
  await supply(chain, aave, OWNER, tokens.WETH, parseEther("100"));
  await supply(chain, aave, OWNER, tokens.WBTC, 10n * 10n ** 8n);
  await borrow(chain, aave, OWNER, tokens.USDC, 224_000_000_000n, "variable");
});
afterAll(async () => await chain?.stop());

const row = (id: string, underlying: string, price: string, collateralFactor: string) => ({
  ...{ id, kind: underlying === "USD" ? "cash" : "spot", underlying, price, collateralFactor },
});

/** A market; rows of a lender's own are added. */
const market = (...rows: object[]) =>
  parseMarket(
    JSON.stringify({
      ...{ keel: "market/1", asOf: 1767225600, underlyings: ["USD", "ETH", "BTC"] },
      instruments: [
        row("USDC", "USD", "1", "0.8"),
        row("ETH", "ETH", "3000", "0.85"),
        row("BTC", "BTC", "87000", "0.8"),
        ...rows,
      ],
    }),
  );

const listed = () => ({
  [tokens.USDC.address]: "USDC",
  [tokens.WETH.address]: "ETH",
  [tokens.WBTC.address]: "BTC",
});

const mapping = (changes: object = {}) => ({
  ...{ keel: "chain-mapping/1", chainId: 31337, tokens: listed(), pools: { [aave.pool.address]: "aave" } },
  ...changes,
});

interface Options {
  readonly rows?: readonly object[];
  readonly request?: Partial<ChainRequest>;
  readonly known?: readonly KnownLender[];
  /** Of another node than the test chain's. */
  readonly client?: PublicClient;
}

async function imported(map: object, { rows = [], request = {}, known = [], client }: Options = {}) {
  const parsed = parseChainMapping(JSON.stringify(map));
  const asked = { owner, account: "wallet", source: "Node", ...request };
  const found = await accountsFromChain(client ?? chain.client, asked, parsed, market(...rows), known);
  const places = found.accounts.map(({ id, positions }) => [
    id,
    Object.fromEntries([...positions].map(([name, quantity]) => [name, formatDecimal(quantity, 8)])),
  ]);
  return { ...found, positions: Object.fromEntries(places) as Record<string, Record<string, string>> };
}

/** The error of an import that is refused. */
async function refusal(map: object, options?: Options): Promise<KeelError> {
  return await imported(map, options).then(
    () => {
      throw new Error("the import was not refused");
    },
    (error: KeelError) => error,
  );
}

const own = async (address: Address, abi: Deployed["abi"], name: string, ...args: unknown[]) =>
  await write(chain, chain.wallets[OWNER]!, address, abi, name, args);

const asCollateral = async (token: Deployed, counts: boolean) =>
  await own(aave.pool.address, aave.pool.abi, "setUserUseReserveAsCollateral", token.address, counts);

const deploy = async (name: string, ...args: unknown[]) =>
  await deployCompiled(chain, compiled.get(name)!, args);

describe("pools with Aave v3's interface", () => {
  it("refuse a supply that is not collateral as an instrument that is, and take it as one with factor 0", async () => {
    await undone(chain, async () => {
      await asCollateral(tokens.WBTC, false);
      const error = await refusal(mapping());
      expect([error.code, error.message]).toEqual([
        "chain.collateral",
        expect.stringContaining(`for ${tokens.WBTC.address.toLowerCase()}`),
      ]);
      const supplied = { [tokens.WBTC.address]: "aave:WBTC" };
      const places = { pools: { [aave.pool.address]: { account: "aave", supplied } } };
      const rows = [row("aave:WBTC", "BTC", "87000", "0")];
      const { positions } = await imported(mapping(places), { rows });
      expect(positions.aave).toMatchObject({ "aave:WBTC": "10", ETH: "100" });
      expect(Object.keys(positions.aave!)).not.toContain("BTC");
      // The same instrument with the factor that the pool would give, were it collateral.
      const counted = await refusal(mapping(places), { rows: [row("aave:WBTC", "BTC", "87000", "0.8")] });
      expect(counted.code).toBe("chain.collateral");
    });
  });

  it("hold an instrument of their own to their own factor, and tell of one that is shared", async () => {
    const supplied = { [tokens.WETH.address]: "aave:WETH" };
    const places = { pools: { [aave.pool.address]: { account: "aave", supplied } } };
    const error = await refusal(mapping(places), { rows: [row("aave:WETH", "ETH", "3000", "0.8001")] });
    expect([error.code, error.path]).toEqual(["chain.factor", "market.instruments.aave:WETH"]);
    const rows = [row("aave:WETH", "ETH", "3000", "0.8")];
    const exact = await imported(mapping(places), { rows });
    expect([exact.positions.aave?.["aave:WETH"], exact.notes]).toEqual(["100", []]);
    const shared = await imported(mapping());
    expect(shared.notes).toEqual([expect.stringContaining("counts 0.8 as collateral there and 0.85 as ETH")]);
  });

  it("take what is supplied and owed of one coin, when the supply is an instrument of its own", async () => {
    await undone(chain, async () => {
      await supply(chain, aave, OWNER, tokens.USDC, 1_000_000_000n);
      const error = await refusal(mapping());
      expect([error.code, error.message]).toEqual(["chain.netting", expect.stringContaining('"supplied"')]);
      const supplied = { [tokens.USDC.address]: "aave:USDC" };
      const places = { pools: { [aave.pool.address]: { account: "aave", supplied } } };
      const { positions } = await imported(mapping(places), { rows: [row("aave:USDC", "USD", "1", "0.8")] });
      expect(positions.aave).toMatchObject({ "aave:USDC": "1000" });
      expect(positions.aave?.USDC).toMatch(/^-224000/);
    });
  });

  it("count by the owner's e-mode", async () => {
    await undone(chain, async () => {
      await aave.configure(
        "setEModeCategory",
        1,
        9_000,
        9_300,
        10_100,
        `0x${"0".repeat(40)}`,
        "like dollars",
      );
      await aave.configure("setAssetEModeCategory", tokens.USDC.address, 1);
      await aave.configure("setAssetEModeCategory", tokens.WETH.address, 1);
      await own(aave.pool.address, aave.pool.abi, "setUserEMode", 1);
      const supplied = { [tokens.WETH.address]: "aave:WETH", [tokens.WBTC.address]: "aave:WBTC" };
      const places = { pools: { [aave.pool.address]: { account: "aave", supplied } } };
      const rows = (eth: string, btc: string) => [
        row("aave:WETH", "ETH", "3000", eth),
        row("aave:WBTC", "BTC", "87000", btc),
      ];
      expect((await imported(mapping(places), { rows: rows("0.93", "0.8") })).positions.aave).toMatchObject({
        "aave:WETH": "100",
      });
      const error = await refusal(mapping(places), { rows: rows("0.9301", "0.8001") });
      expect(error.message.match(/chain\.factor/g)).toHaveLength(2);
    });
  });

  it("count by e-modes of version 3.2, and refuse sums that are not their own", async () => {
    await undone(chain, async () => {
      // WETH is the second reserve: bit 1. Threshold of 300,000 at 0.95 and 870,000 at 0.8.
      const average = (300_000n * 9_500n + 870_000n * 8_000n) / 1_170_000n;
      const modern = await deploy("PoolStandIn", aave.pool.address, 9_500, 2n, average, 100n);
      const supplied = { [tokens.WETH.address]: "aave:WETH" };
      const places = { pools: { [modern.address]: { account: "aave", supplied } } };
      const rows = (factor: string) => [row("aave:WETH", "ETH", "3000", factor)];
      expect((await imported(mapping(places), { rows: rows("0.95") })).positions.aave).toMatchObject({
        "aave:WETH": "100",
      });
      expect((await refusal(mapping(places), { rows: rows("0.951") })).code).toBe("chain.factor");
      const others: [bigint, bigint][] = [
        [average + 50n, 100n],
        [average, 101n],
      ];
      for (const [told, debt] of others) {
        const liar = await deploy("PoolStandIn", aave.pool.address, 9_500, 2n, told, debt);
        const map = mapping({ pools: { [liar.address]: { account: "aave", supplied } } });
        expect((await refusal(map, { rows: rows("0.8") })).code).toBe("chain.reconcile");
      }
    });
  });
});

describe("71 tokens that are no coins", () => {
  const reserve = async (token: Deployed) =>
    (await chain.client.readContract({
      ...{
        address: aave.pool.address,
        abi: aave.pool.abi,
        functionName: "getReserveData",
        args: [token.address],
      },
    })) as { aTokenAddress: Address; variableDebtTokenAddress: Address };

  it("a debt token is never an asset, whether its pool is listed or not", async () => {
    const { variableDebtTokenAddress: debt } = await reserve(tokens.USDC);
    for (const pools of [{}, mapping().pools]) {
      const error = await refusal(mapping({ pools, tokens: { ...listed(), [debt]: "USDC" } }));
      expect(error.code).toBe(Object.keys(pools).length === 0 ? "chain.debt" : "chain.twice");
      expect(error.message.toLowerCase()).toContain(aave.pool.address.toLowerCase());
    }
  });

  it("a receipt needs its pool, where the debts are", async () => {
    const { aTokenAddress } = await reserve(tokens.WETH);
    const error = await refusal(mapping({ pools: {}, tokens: { [aTokenAddress]: "ETH" } }));
    expect([error.code, error.message]).toEqual([
      "chain.pool",
      expect.stringContaining(aave.pool.address.toLowerCase()),
    ]);
  });

  it("a market of Compound III or v2 is no coin, whatever it is owed", async () => {
    const comet = await deploy("CometStandIn", tokens.USDC.address, tokens.WETH.address, parseEther("0.9"));
    const older = await deploy("CompoundStandIn", 5n);
    for (const { address } of [comet, older]) {
      expect((await refusal(mapping({ tokens: { ...listed(), [address]: "USDC" } }))).code).toBe(
        "chain.lender",
      );
    }
    const owedNothing = await deploy("CompoundStandIn", 0n);
    const map = mapping({ tokens: { ...listed(), [owedNothing.address]: "USDC" } });
    expect((await refusal(map)).code).toBe("chain.vault");
  });

  it("shares of a vault are assets or shares, as the mapping says, and never guessed", async () => {
    await undone(chain, async () => {
      const vault = await deploy("Vault", tokens.USDC.address);
      await mint(chain, tokens.USDC, owner, 1_000_000_000n);
      await own(tokens.USDC.address, tokens.USDC.abi, "approve", vault.address, 1_000_000_000n);
      await own(vault.address, vault.abi, "deposit", 1_000_000_000n, owner);
      await mint(chain, tokens.USDC, vault.address, 250_000_000n);
      const map = (place: unknown, rest: object = {}) =>
        mapping({ pools: {}, tokens: { ...rest, [vault.address]: place } });
      expect((await refusal(map("USDC"))).code).toBe("chain.vault");
      const args = [1_000_000_000n];
      const call = { address: vault.address, abi: vault.abi, functionName: "convertToAssets", args };
      const worth = (await chain.client.readContract(call)) as bigint;
      const assets = await imported(map({ instrument: "USDC", as: "assets" }));
      expect(assets.positions.wallet).toEqual({ USDC: formatDecimal(worth, 6) });
      expect(worth).toBeGreaterThan(1_249_999_000n);
      const shares = await imported(map({ instrument: "USDC", as: "shares" }));
      expect(shares.positions.wallet).toEqual({ USDC: "1000" });
      const other = await refusal(map({ instrument: "ETH", as: "assets" }, listed()));
      expect(other.code).toBe("chain.vault");
      expect(
        (await refusal(mapping({ tokens: { [tokens.USDC.address]: { instrument: "USDC", as: "assets" } } })))
          .code,
      ).toBe("chain.vault");
    });
  });

  it("all of them are told at once, with a line each", async () => {
    const { variableDebtTokenAddress: debt } = await reserve(tokens.USDC);
    const { aTokenAddress } = await reserve(tokens.WETH);
    const nobody = chain.signers[3]!.address;
    const bad = { [debt]: "USDC", [aTokenAddress]: "ETH", [nobody]: "BTC" };
    const { message } = await refusal(mapping({ pools: {}, tokens: bad }));
    for (const code of ["chain.debt", "chain.pool", "chain.contract"]) expect(message).toContain(code);
    expect(message.split("\n").length).toBeGreaterThanOrEqual(3);
  });
});

describe("Compound III", () => {
  it("has the debt with its interest, the collateral by its own factor, and what is lent as no collateral", async () => {
    await undone(chain, compoundIII);
  });

  it("is refused where no such market is", async () => {
    const map = mapping({ comets: { [aave.pool.address]: "comet" }, pools: {} });
    expect((await refusal(map)).code).toBe("chain.contract");
  });

  async function compoundIII(): Promise<void> {
    const comet = await deploy("CometStandIn", tokens.USDC.address, tokens.WETH.address, parseEther("0.9"));
    await own(comet.address, comet.abi, "set", owner, 0n, 500_000_000_000n, parseEther("250"));
    await chain.test.increaseTime({ seconds: 86_400 });
    await chain.test.mine({ blocks: 1 });
    const map = mapping({ pools: {}, comets: { [comet.address]: "comet" } });
    const call = { address: comet.address, abi: comet.abi, functionName: "borrowBalanceOf", args: [owner] };
    const { positions, blockNumber } = await imported(map);
    const owed = (await chain.client.readContract({ ...call, blockNumber })) as bigint;
    expect(positions.comet).toEqual({ USDC: formatDecimal(-owed, 6), ETH: "250" });
    expect(owed).toBeGreaterThan(500_000_000_000n);
    const supplied = { [tokens.WETH.address]: "comet:WETH", [tokens.USDC.address]: "comet:USDC" };
    const places = mapping({ pools: {}, comets: { [comet.address]: { account: "comet", supplied } } });
    const rows = (factor: string, base: string) => [
      row("comet:WETH", "ETH", "3000", factor),
      row("comet:USDC", "USD", "1", base),
    ];
    expect((await refusal(places, { rows: rows("0.91", "0") })).code).toBe("chain.factor");
    await own(comet.address, comet.abi, "set", owner, 7_000_000n, 0n, 0n);
    expect((await refusal(map)).code).toBe("chain.collateral");
    const lent = await imported(places, { rows: rows("0.9", "0") });
    expect(lent.positions.comet).toEqual({ "comet:USDC": "7" });
    // Found in the logs, unless the operator knows it to be something else.
    await own(comet.address, comet.abi, "set", owner, 0n, 5n, 0n);
    const request = { scanFrom: 0n };
    const left = await refusal(mapping(), { request });
    expect([left.code, left.message]).toEqual([
      "chain.lender",
      expect.stringContaining(comet.address.toLowerCase()),
    ]);
    const { notLookedFor } = await imported(mapping({ unrelated: [comet.address] }), { request });
    expect(notLookedFor.join("\n")).toContain(`unrelated: ${comet.address.toLowerCase()}`);
  }
});

describe("Morpho Blue", () => {
  it("owes and lends what its own contract says after taking the interest, and counts by its LLTV", async () => {
    await undone(chain, morphoBlue);
  });

  async function morphoBlue(): Promise<void> {
    const morpho: Morpho = await deployMorpho(chain);
    const { address, abi } = morpho.contract;
    const lltv = parseEther("0.86");
    // 3000 USDC for a WETH: 1e36 x 3000 x 1e6 / 1e18.
    const market = await morpho.open(tokens.USDC.address, tokens.WETH.address, 3000n * 10n ** 24n, lltv);
    const id = marketId(market);
    const lender = chain.wallets[LENDER]!;
    for (const wallet of [lender, chain.wallets[OWNER]!]) {
      await mint(chain, tokens.USDC, wallet.account.address, 1_000_000_000_000n);
      await mint(chain, tokens.WETH, wallet.account.address, parseEther("50"));
      for (const token of [tokens.USDC, tokens.WETH]) {
        await write(chain, wallet, token.address, token.abi, "approve", [address, 2n ** 255n]);
      }
    }
    await write(chain, lender, address, abi, "supply", [
      market,
      900_000_000_000n,
      0n,
      lender.account.address,
      "0x",
    ]);
    await own(address, abi, "supply", market, 100_000_000_000n, 0n, owner, "0x");
    await own(address, abi, "supplyCollateral", market, parseEther("50"), owner, "0x");
    await own(address, abi, "borrow", market, 120_000_000_000n, 0n, owner, owner);
    const reader = await deploy("MorphoReader");
    await chain.test.increaseTime({ seconds: 90 * 86_400 });
    await chain.test.mine({ blocks: 1 });
    const supplied = { [tokens.USDC.address]: "morpho:USDC", [tokens.WETH.address]: "morpho:WETH" };
    const map = mapping({ pools: {}, morpho: { [address]: { [id]: { account: "morpho", supplied } } } });
    const rows = (factor: string) => [
      row("morpho:USDC", "USD", "1", "0"),
      row("morpho:WETH", "ETH", "3000", factor),
    ];
    const { positions, blockNumber, asOf } = await imported(map, { rows: rows("0.86") });
    const args = [address, market, owner] as const;
    const call = { ...reader, functionName: "assets", args, blockNumber };
    const [lent, owed, time] = (await chain.client.simulateContract(call)).result as [bigint, bigint, bigint];
    expect(Number(time)).toBe(asOf);
    expect(positions.morpho?.USDC).toBe(formatDecimal(-owed, 6));
    expect(positions.morpho?.["morpho:USDC"]).toBe(formatDecimal(lent, 6));
    expect(positions.morpho?.["morpho:WETH"]).toBe("50");
    // A month's interest is no rounding: 120,000 at 12 % utilisation is 12 % a year.
    expect(owed).toBeGreaterThan(123_000_000_000n);
    expect((await refusal(map, { rows: rows("0.87") })).code).toBe("chain.factor");
    // Nobody finds the market without its id, but the logs do.
    const without = mapping({ pools: { [aave.pool.address]: "aave" } });
    const scanned = await refusal(without, { request: { scanFrom: 0n } });
    expect([scanned.code, scanned.message]).toEqual(["chain.lender", expect.stringContaining(id)]);
    const noMarket = { [address]: { [`0x${"7".repeat(64)}`]: "morpho" } };
    expect((await refusal(mapping({ morpho: noMarket }))).code).toBe("chain.market");
  }
});

describe("Uniswap", () => {
  const sorted = (): [Deployed, Deployed] =>
    tokens.USDC.address.toLowerCase() < tokens.WETH.address.toLowerCase()
      ? [tokens.USDC, tokens.WETH]
      : [tokens.WETH, tokens.USDC];

  async function withCoins(spender: Address): Promise<void> {
    await mint(chain, tokens.USDC, owner, 10_000_000_000_000n);
    await mint(chain, tokens.WETH, owner, parseEther("5000"));
    for (const token of [tokens.USDC, tokens.WETH]) {
      await own(token.address, token.abi, "approve", spender, 2n ** 255n);
    }
  }

  it("v3 positions are the coins that they would pay out, with fees", async () => {
    await undone(chain, async () => {
      const uniswap: Uniswap = await deployUniswap(chain);
      const { address, abi } = uniswap.manager;
      await withCoins(address);
      const [token0, token1] = sorted();
      const isWeth0 = token0 === tokens.WETH;
      // 3000 USDC a WETH in the pool's units, as sqrt x 2^96.
      const price = isWeth0 ? 3000e6 / 1e18 : 1e18 / 3000e6;
      const sqrt = BigInt(Math.floor(Math.sqrt(price) * 2 ** 48)) * 2n ** 48n;
      await own(
        address,
        abi,
        "createAndInitializePoolIfNecessary",
        token0.address,
        token1.address,
        3_000,
        sqrt,
      );
      const deadline = 2n ** 40n;
      const [amount0, amount1] = isWeth0
        ? [parseEther("100"), 300_000_000_000n]
        : [300_000_000_000n, parseEther("100")];
      const position = {
        ...{
          token0: token0.address,
          token1: token1.address,
          fee: 3_000,
          tickLower: -887_220,
          tickUpper: 887_220,
        },
        ...{ amount0Desired: amount0, amount1Desired: amount1, amount0Min: 0n, amount1Min: 0n },
        ...{ recipient: owner, deadline },
      };
      await own(address, abi, "mint", position);
      // An empty position beside it, and one that only has fees left is the first after all is taken out.
      const map = mapping({ pools: {}, uniswap: { [address]: "uniswap" } });
      const { positions } = await imported(map);
      expect(Math.abs(Number(positions.uniswap?.ETH) - 100)).toBeLessThan(0.01);
      expect(Math.abs(Number(positions.uniswap?.USDC) - 300_000)).toBeLessThan(30);
      const taken = await paid(uniswap, 1n);
      const units = isWeth0 ? [18, 6] : [6, 18];
      const names = isWeth0 ? ["ETH", "USDC"] : ["USDC", "ETH"];
      taken.forEach((amount, i) => {
        const exact = (amount * 10n ** 8n) / 10n ** BigInt(units[i]!);
        expect(positions.uniswap?.[names[i]!]).toBe(formatDecimal(exact, 8));
      });
      const hidden = mapping({
        pools: {},
        uniswap: { [address]: "uniswap" },
        tokens: { [tokens.USDC.address]: "USDC" },
      });
      expect((await refusal(hidden)).code).toBe("chain.unmapped");
    });
  });

  /** What a position pays out when its owner takes all, sent for real and undone. */
  async function paid({ manager }: Uniswap, tokenId: bigint): Promise<bigint[]> {
    const [token0, token1] = sorted();
    const balances = async () =>
      await Promise.all(
        [token0, token1].map(async ({ address, abi }) => {
          const call = { address, abi, functionName: "balanceOf", args: [owner] };
          return (await chain.client.readContract(call)) as bigint;
        }),
      );
    const read = { ...manager, functionName: "positions", args: [tokenId] };
    const liquidity = ((await chain.client.readContract(read)) as readonly unknown[])[7] as bigint;
    const result: bigint[] = [];
    await undone(chain, async () => {
      const before = await balances();
      const leave = { tokenId, liquidity, amount0Min: 0n, amount1Min: 0n, deadline: 2n ** 40n };
      const take = { tokenId, recipient: owner, amount0Max: 2n ** 127n, amount1Max: 2n ** 127n };
      const calls: Hex[] = [
        encodeFunctionData({ abi: manager.abi, functionName: "decreaseLiquidity", args: [leave] }),
        encodeFunctionData({ abi: manager.abi, functionName: "collect", args: [take] }),
      ];
      await own(manager.address, manager.abi, "multicall", calls);
      result.push(...(await balances()).map((after, i) => after - before[i]!));
    });
    return result;
  }

  it("v2 shares are a part of the pair's two coins, and no coin themselves", async () => {
    await undone(chain, async () => {
      const pair = await deployPair(chain, tokens.USDC.address, tokens.WETH.address);
      await withCoins(owner);
      await own(tokens.USDC.address, tokens.USDC.abi, "transfer", pair.address, 300_000_000_000n);
      await own(tokens.WETH.address, tokens.WETH.abi, "transfer", pair.address, parseEther("100"));
      await own(pair.address, pair.abi, "mint", owner);
      const { positions } = await imported(mapping({ pools: {}, pairs: { [pair.address]: "pair" } }));
      expect(Number(positions.pair?.ETH)).toBeCloseTo(100, 6);
      expect(Number(positions.pair?.USDC)).toBeCloseTo(300_000, 3);
      const plain = mapping({ pools: {}, tokens: { ...listed(), [pair.address]: "ETH" } });
      expect((await refusal(plain)).code).toBe("chain.vault");
      const twice = { ...listed(), [pair.address]: { instrument: "ETH", as: "shares" } };
      const both = mapping({ pools: {}, pairs: { [pair.address]: "pair" }, tokens: twice });
      await expect(imported(both)).rejects.toMatchObject({ code: "input.duplicate" });
      await pairDepth(pair);
    });
  });
});

/** Depth of a pair of 100 ETH within 2 %: 100 x (1 - 1 / sqrt(1.02)), a tenth of it, once a day. */
async function pairDepth({ address: pair }: Deployed): Promise<void> {
  const asOf = Number((await chain.client.getBlock()).timestamp);
  const from = { pair: pair.toLowerCase(), token: tokens.WETH.address.toLowerCase() };
  const files = {
    sources: {
      ...{
        keel: "depth-sources/1",
        participation: "0.1",
        band: "0.02",
        refills: 1,
        maxAge: 60,
        chainId: 31337,
      },
      instruments: [
        { id: "USDC", from: "unlimited" },
        { id: "ETH", from },
      ],
    },
    market: {
      ...{ keel: "market/1", asOf, underlyings: ["USD", "ETH"] },
      instruments: [row("USDC", "USD", "1", "0"), row("ETH", "ETH", "3000", "0")],
    },
  };
  const eth = await inFolder(async (folder) => {
    const path = (name: string): string => join(folder, `${name}.json`);
    for (const [name, file] of Object.entries(files)) await writeFile(path(name), JSON.stringify(file));
    const places = ["--sources", path("sources"), "--market", path("market"), "--out", path("depth")];
    const ended = await keelHere([
      ...["market", "depth", "--rpc", chain.rpcUrl, "--as-of", `${asOf}`],
      ...places,
    ]);
    expect(ended.code, ended.stderr).toBe(0);
    return JSON.parse(await readFile(path("depth"), "utf8")).instruments[1];
  });
  expect(Number(eth.depth)).toBeCloseTo(10 * (1 - 1 / Math.sqrt(1.02)), 7);
  expect(Number(eth.depth)).toBeLessThanOrEqual(10 * (1 - 1 / Math.sqrt(1.02)));
}

describe("71 lenders that the mapping leaves out", () => {
  it("that are known of the chain are asked, and refused when something is owed to them", async () => {
    await undone(chain, knownLendersAsked);
  });

  async function knownLendersAsked(): Promise<void> {
    const older = await deploy("CompoundStandIn", 5n);
    const comet = await deploy("CometStandIn", tokens.USDC.address, tokens.WETH.address, parseEther("0.9"));
    await own(comet.address, comet.abi, "set", owner, 0n, 1n, 0n);
    const data = await deploy("AccountDataStandIn");
    const lender = (kind: KnownLender["kind"], { address }: Deployed): KnownLender => ({
      ...{ kind, name: `the ${kind} of the test`, address: address.toLowerCase() as Address },
    });
    const known = [
      lender("aave", aave.pool),
      lender("aave", data),
      lender("comet", comet),
      lender("compound-v2", older),
    ];
    const error = await refusal(mapping({ pools: {} }), { known });
    expect(error.message.match(/chain\.lender/g)).toHaveLength(4);
    const nobody = { owner: chain.signers[9]!.address };
    const free = known.filter(({ kind }) => kind === "comet").concat(known[0]!);
    const { notLookedFor } = await imported(mapping({ pools: {} }), { known: free, request: nobody });
    expect(notLookedFor.join("\n")).toContain(
      "asked of debts alone: the comet of the test, the aave of the test",
    );
    // One that is not there answers nothing, and nothing is owed to it.
    const absent = { kind: "aave", name: "not there", address: `0x${"12".repeat(20)}` } as const;
    await expect(imported(mapping(), { known: [absent] })).resolves.toBeDefined();
  }

  it("are found in the logs when these are scanned", async () => {
    await undone(chain, async () => {
      const other = await deployAave(chain);
      const USDC = await other.addReserve("USDC2", 6, "1");
      const WETH = await other.addReserve("WETH2", 18, "3000");
      await supply(chain, other, LENDER, USDC, 50_000_000_000_000n);
      await supply(chain, other, OWNER, WETH, parseEther("100"));
      await borrow(chain, other, OWNER, USDC, 200_000_000_000n, "variable");
      const unseen = await imported(mapping());
      expect(unseen.notLookedFor.join("\n")).toMatch(/debts to any other lender.*logs were not scanned/);
      const request = { scanFrom: 0n };
      const error = await refusal(mapping(), { request });
      expect([error.code, error.message]).toEqual([
        "chain.lender",
        expect.stringContaining(other.pool.address.toLowerCase()),
      ]);
      const places = { [aave.pool.address]: "aave", [other.pool.address]: "aave-2" };
      const all = { ...listed(), [USDC.address]: "USDC", [WETH.address]: "ETH" };
      const both = await imported(mapping({ pools: places, tokens: all }), { request });
      expect(both.positions["aave-2"]?.USDC).toMatch(/^-200000/);
    });
  });
});

describe("Hyperliquid by HyperEVM's read precompiles", () => {
  const PERPS = [
    { id: "BTC-PERP", kind: "perp", underlying: "BTC", price: "87000" },
    { id: "ETH-PERP", kind: "perp", underlying: "ETH", price: "3000" },
  ];
  const place = (changes: object = {}) => ({
    ...{ account: "hl", perps: { 0: "BTC-PERP", 1: "ETH-PERP" }, coins: { 0: "USDC", 2: "BTC" } },
    ...changes,
  });
  const core = (changes: object = {}) => mapping({ pools: {}, tokens: {}, hyperliquid: place(changes) });
  const rows = { rows: PERPS };

  /** As L1Read.sol declares what they take and give. */
  const types = (text: string): AbiParameter[] => text.split(",").map((type) => ({ type }));
  const tell = async (
    at: number,
    takes: string,
    args: unknown[],
    gives: AbiParameter[],
    values: unknown[],
  ) => {
    const address: Address = `0x${at.toString(16).padStart(40, "0")}`;
    const put = [encodeAbiParameters(types(takes), args), encodeAbiParameters(gives, values)];
    await write(chain, chain.wallets[0]!, address, compiled.get("AnswerStandIn")!.abi, "put", put);
  };
  const struct = (text: string): AbiParameter[] => [
    { type: "tuple", components: types(text).map((one, i) => ({ ...one, name: `f${i}` })) } as AbiParameter,
  ];
  const fields = (...values: unknown[]) => [Object.fromEntries(values.map((value, i) => [`f${i}`, value]))];

  const position = async (index: number, size: bigint, entry: bigint) =>
    await tell(
      0x800,
      "address,uint16",
      [owner, index],
      struct("int64,uint64,int64,uint32,bool"),
      fields(size, entry, 0n, 5, false),
    );
  const perp = async (index: number, coin: string, places: number, price: bigint) => {
    await tell(
      0x80a,
      "uint32",
      [index],
      struct("string,uint32,uint8,uint8,bool"),
      fields(coin, 1, places, 40, false),
    );
    await tell(0x806, "uint32", [index], types("uint64"), [price]);
    await position(index, 0n, 0n);
  };
  const coin = async (
    index: number,
    name: string,
    places: number,
    total: bigint,
    owed: bigint,
    hold = 0n,
  ) => {
    const nobody = "0x0000000000000000000000000000000000000000";
    await tell(
      0x80c,
      "uint32",
      [index],
      struct("string,uint64[],uint64,address,address,uint8,uint8,int8"),
      fields(name, [], 0n, nobody, nobody, 2, places, 0),
    );
    await tell(
      0x801,
      "address,uint64",
      [owner, BigInt(index)],
      struct("uint64,uint64,uint64"),
      fields(total, hold, 0n),
    );
    await tell(0x811, "address,uint64", [owner, BigInt(index)], types("uint64,uint64,uint64,uint64"), [
      ...[owed, owed, 0n, 0n],
    ]);
    await reserve(index, owed);
  };
  const reserve = async (index: number, borrowed: bigint) =>
    await tell(
      0x812,
      "uint64",
      [BigInt(index)],
      struct("uint64,uint64,uint64,uint64,uint64,uint64,uint64,uint64"),
      fields(0n, 0n, 0n, 0n, 0n, 0n, 0n, borrowed),
    );
  /** Makes a call fail, as those do that were never told. */
  const fail = async (at: number, takes: string, args: unknown[]) => {
    const address: Address = `0x${at.toString(16).padStart(40, "0")}`;
    const put = [encodeAbiParameters(types(takes), args), "0x"];
    await write(chain, chain.wallets[0]!, address, compiled.get("AnswerStandIn")!.abi, "put", put);
  };
  const summary = async (dex: number, value: bigint, notional: bigint, raw: bigint, used = 0n) =>
    await tell(
      0x80f,
      "uint32,address",
      [dex, owner],
      struct("int64,uint64,uint64,int64"),
      fields(value, used, notional, raw),
    );

  /** 0.5 BTC long at 87,000, 20 ETH short at 3,001; 160,020 raw dollars less what the long cost. */
  const told = async (work: () => Promise<void>): Promise<void> =>
    await undone(chain, async () => {
      const { address } = await deploy("AnswerStandIn");
      const bytecode = (await chain.client.getCode({ address }))!;
      for (const at of [0x800, 0x801, 0x806, 0x80a, 0x80c, 0x80f, 0x811, 0x812]) {
        await chain.test.setCode({ address: `0x${at.toString(16).padStart(40, "0")}`, bytecode });
      }
      // Hyperliquid's own block number stands in as the chain's: it answers NUMBER.
      const number = "0x4360005260206000f3";
      await chain.test.setCode({ address: `0x${(0x809).toString(16).padStart(40, "0")}`, bytecode: number });
      await perp(0, "BTC", 5, 870_000n);
      await perp(1, "ETH", 4, 300_100n);
      await position(0, 50_000n, 43_000_000_000n);
      await position(1, -200_000n, 60_000_000_000n);
      await coin(0, "USDC", 8, 0n, 0n);
      await coin(1, "HYPE", 8, 0n, 0n);
      await coin(2, "UBTC", 10, 12_345_678_999n, 0n);
      await summary(0, 99_980_000_000n, 103_520_000_000n, 116_500_000_000n);
      await work();
    });

  it("are sizes with their sign, the account's value as dollars, and coins, each rounded down", async () => {
    await told(async () => {
      const { positions, notLookedFor } = await imported(core(), rows);
      expect(positions.hl).toEqual({
        "BTC-PERP": "0.5",
        "ETH-PERP": "-20",
        USDC: "99980",
        BTC: "1.23456789",
      });
      expect(Object.keys(positions)).toEqual(["wallet", "hl"]);
      expect(notLookedFor.join()).toContain("staked or in vaults there");
    });
  });

  it("71 refuse a position that the mapping leaves out, and one under an instrument that is no perpetual", async () => {
    await told(async () => {
      const left = await refusal(core({ perps: { 0: "BTC-PERP" } }), rows);
      expect([left.code, left.path]).toEqual(["chain.unmapped", "mapping.hyperliquid.perps"]);
      expect(left.message).toContain("not 1, ETH");
      expect((await refusal(core({ perps: { 0: "BTC-PERP", 1: "ETH" } }), rows)).code).toBe(
        "chain.instrument",
      );
      expect(
        (await refusal(core({ perps: { 0: "BTC-PERP", 1: "ETH-PERP", 7: "ETH-PERP" } }), rows)).code,
      ).toBe("chain.contract");
    });
  });

  it("71 have what is borrowed in an account of its own, of whatever coin, and refuse one that is not mapped", async () => {
    await told(async () => {
      await coin(2, "UBTC", 10, 12_345_678_999n, 10_000_000_001n);
      const { code, path } = await refusal(core(), rows);
      expect([code, path]).toEqual(["chain.unmapped", "mapping.hyperliquid.debts"]);
      const { positions } = await imported(core({ debts: "hl-debt" }), rows);
      expect(positions["hl-debt"]).toEqual({ BTC: "-1.00000001" });
      await coin(1, "HYPE", 8, 0n, 5n);
      expect((await refusal(core({ debts: "hl-debt" }), rows)).path).toBe("mapping.hyperliquid.coins");
    });
  });

  it("71 count dollars once: whether margin is unified has to be said where both states have some", async () => {
    await told(async () => {
      await coin(0, "USDC", 8, 5_000_000_000_000n, 0n);
      expect((await refusal(core(), rows)).code).toBe("chain.unified");
      expect((await imported(core({ unified: false }), rows)).positions.hl?.USDC).toBe("149980");
      // 500 gained on the long, 20 lost on the short: gains wait until they are settled.
      expect((await imported(core({ unified: true }), rows)).positions.hl?.USDC).toBe("50000");
      await position(0, 50_000n, 44_500_000_000n);
      expect((await imported(core({ unified: true }), rows)).positions.hl?.USDC).toBe("48980");
    });
  });

  it("71 refuse a position that the mapping leaves out whatever it is worth, with unified margin or without", async () => {
    await told(async () => {
      await perp(7, "DOGE", 0, 0n);
      await position(7, 1_000_000n, 1_000_000_000_000n);
      await coin(0, "USDC", 8, 200_000_000_000_000n, 0n);
      for (const unified of [true, false]) {
        const { code, message } = await refusal(core({ unified }), rows);
        expect([code, message]).toEqual(["chain.unmapped", expect.stringContaining("not 7, DOGE")]);
      }
      await fail(0x800, "address,uint16", [owner, 7]);
      expect((await refusal(core({ unified: true }), rows)).message).toContain("the position of perpetual 7");
    });
  });

  it("71 refuse that margin is not unified where the dollars of both states look the same", async () => {
    await told(async () => {
      const both = async () => (await refusal(core({ unified: false }), rows)).code;
      await coin(0, "USDC", 8, 9_998_000_000_000n, 0n);
      expect(await both()).toBe("chain.unified");
      await coin(0, "USDC", 8, 20_000_000_000_000n, 0n, 1_234_567_899n);
      await summary(0, 99_980_000_000n, 103_520_000_000n, 116_500_000_000n, 12_345_678n);
      expect(await both()).toBe("chain.unified");
      await summary(0, 99_980_000_000n, 103_520_000_000n, 116_500_000_000n, 12_345_680n);
      expect((await imported(core({ unified: false }), rows)).positions.hl?.USDC).toBe("299980");
    });
  });

  it("71 have what the perpetuals' state is short of as owed where margin is unified, and ask where its value is 0", async () => {
    await told(async () => {
      await coin(0, "USDC", 8, 500_000_000_000n, 0n);
      await summary(0, -10_000_000_000n, 103_520_000_000n, 6_520_000_000n);
      expect((await imported(core({ unified: true }), rows)).positions.hl?.USDC).toBe("-5000");
      await summary(0, 0n, 103_520_000_000n, 16_520_000_000n);
      expect((await refusal(core(), rows)).code).toBe("chain.unified");
    });
  });

  it("71 refuse indices that were swapped, each with its name, and take a name that the mapping gives", async () => {
    await told(async () => {
      const perps = { 0: "ETH-PERP", 1: "BTC-PERP" };
      const { code, also, path } = await refusal(core({ perps, coins: { 0: "USDC", 1: "BTC" } }), rows);
      expect([code, path]).toEqual(["chain.name", "mapping.hyperliquid.perps.0"]);
      expect(also?.map(({ path }) => path)).toEqual([
        "mapping.hyperliquid.perps.1",
        "mapping.hyperliquid.coins.1",
      ]);
      const named = (name: string) => core({ coins: { 0: "USDC", 1: { instrument: "ETH", name } } });
      await coin(1, "HYPE", 8, 100_000_000n, 0n);
      expect((await imported(named("HYPE"), rows)).positions.hl?.ETH).toBe("1");
      expect((await refusal(named("PURR"), rows)).code).toBe("chain.name");
    });
  });

  it("71 never take a call that fails for no debt, unless the coin has no reserve or nobody owes anything of it", async () => {
    await told(async () => {
      await fail(0x811, "address,uint64", [owner, 2n]);
      expect((await imported(core(), rows)).positions.hl?.USDC).toBe("99980");
      await reserve(2, 5n);
      const { code, message } = await refusal(core(), rows);
      expect([code, message]).toEqual(["chain.contract", expect.stringContaining("what is owed of coin 2")]);
      await fail(0x812, "uint64", [2n]);
      expect((await imported(core(), rows)).positions.hl?.USDC).toBe("99980");
      // An answer of another kind is none.
      await tell(0x811, "address,uint64", [owner, 2n], types("uint64"), [0n]);
      expect((await refusal(core(), rows)).code).toBe("chain.contract");
    });
  });

  it("71 look for a place at every dex, also behind one that fails, and refuse an index that no call takes", async () => {
    await told(async () => {
      await summary(2, 0n, 0n, 5n);
      expect((await refusal(core(), rows)).message).toContain("an account at dex 2");
    });
    const perps = { 0: "BTC-PERP", 70000: "ETH-PERP" };
    expect((await refusal(core({ perps }), rows)).message).toContain("70000");
  });

  it("71 refuse a node that answers for the latest state whatever block is named, of the chain or of Hyperliquid", async () => {
    const ahead = (isAhead: (call: { to?: string }) => boolean): PublicClient =>
      createPublicClient({
        transport: custom({
          request: async ({ method, params }: { method: string; params: [{ to?: string }, string] }) => {
            const asked = method === "eth_call" && isAhead(params[0]) ? [params[0], "latest"] : params;
            return await chain.client.request({ method, params: asked } as never);
          },
        }),
      }) as PublicClient;
    await told(async () => {
      const every = await refusal(core(), { ...rows, client: ahead(() => true) });
      expect([every.code, every.kind]).toEqual(["chain.archive", "environment"]);
      const core800 = ahead(({ to }) => to?.startsWith("0x00000000000000000000000000000000000008") === true);
      const own = await refusal(core(), { ...rows, client: core800 });
      expect([own.code, own.message]).toEqual([
        "chain.archive",
        expect.stringContaining("Hyperliquid's state of another block"),
      ]);
      expect((await imported(core(), { ...rows, client: ahead(() => false) })).positions.hl?.USDC).toBe(
        "99980",
      );
    });
  });

  it("71 refuse an account at perpetuals that others list, and a chain that has no such precompiles", async () => {
    await told(async () => {
      await summary(1, 0n, 0n, 0n);
      await summary(2, -5n, 0n, 0n);
      expect((await refusal(core(), rows)).message).toContain("an account at dex 2");
    });
    expect((await refusal(core(), rows)).code).toBe("chain.contract");
  });
});
