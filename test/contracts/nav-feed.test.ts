// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Is a proven net asset value a price that lending markets read: rounded down, with rounds, gone when it no longer counts? On the real
 * Morpho Blue.
 *
 * @module
 */
import { loadArtifact } from "@keel/contracts";
import type { Wallet } from "@keel/verifier/chain";
import { type Abi, type Address, type Hex, maxUint256, parseEther, zeroAddress } from "viem";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { Deployed } from "../support/aave.js";
import { now, startTestChain, type TestChain, travelTo, write } from "../support/chain.js";
import { compilePublished, deployCompiled } from "../support/solidity.js";
import {
  act,
  ask,
  COIN,
  coins,
  DAY,
  deploy,
  LINE,
  lapse,
  makeWorld,
  PERIOD,
  POLICY,
  prove,
  refusedAs,
  SEED,
  SHARE,
  START,
  send,
  settleAt,
  type VaultWorld,
} from "../support/strategy-vault.js";

const MILLION = 1_000_000n;
type Round = readonly [bigint, bigint, bigint, bigint, bigint];

let chain: TestChain;
let world: VaultWorld;
let feedAbi: Abi;
let morpho: Deployed;
let snapshot: Hex;

beforeAll(async () => {
  chain = await startTestChain();
  world = await makeWorld(chain);
  feedAbi = (await loadArtifact("NavFeed")).abi;
  const source = "@morpho-org/morpho-blue/src/Morpho.sol";
  const compiled = await compilePublished(source);
  morpho = await deployCompiled(chain, compiled.get("Morpho")!, [at(world.people.owner)]);
});
afterAll(async () => chain?.stop());
beforeEach(async () => {
  snapshot = await chain.test.snapshot();
  await travelTo(chain, START + PERIOD);
});
afterEach(async () => chain.test.revert({ id: snapshot }));

const at = (wallet: Wallet) => wallet.account.address;
const feedOf = (source: Address, reverts = true) =>
  deploy(chain, "NavFeed", [source, world.gate, "KEEL / USD", reverts]);
const read = <T>(address: Address, functionName: string, args: readonly unknown[] = []) =>
  chain.client.readContract({ address, abi: feedAbi, functionName, args }) as Promise<T>;
const latest = (feed: Address) => read<Round>(feed, "latestRoundData");

describe("the feed", () => {
  it("answers value over units with 8 decimals, rounded down, of the snapshot's time", async () => {
    const feed = await feedOf(world.registry);
    await expect(latest(feed), "nothing is proven").rejects.toThrow("Stale");
    const asOf = START + PERIOD;
    await prove(world, MILLION, asOf, { units: 3n * 10n ** 14n });
    const id = BigInt(asOf);
    expect(await latest(feed)).toEqual([id, 33_333_333n, id, id, id]);
    expect(await read(feed, "decimals")).toBe(8);
    expect(await read(feed, "version")).toBe(1n);
    expect(await read(feed, "description")).toBe("KEEL / USD");
  });

  it("keeps rounds, each once, while they count", async () => {
    const feed = await feedOf(world.registry);
    const keep = () => send(chain, world.people.mallory, feed, "NavFeed", "keep");
    const round = (id: number) => read<Round>(feed, "getRoundData", [id]);
    await refusedAs(keep(), "Stale");
    const asOf = START + PERIOD;
    await prove(world, MILLION, asOf);
    await expect(round(asOf)).rejects.toThrow("NoRound");
    await keep();
    await prove(world, 2n * MILLION, asOf);
    await keep();
    expect((await round(asOf))[1], "as it was first").toBe(SHARE);
    await prove(world, 2n * MILLION, asOf + 1);
    await keep();
    expect((await round(asOf + 1))[1]).toBe(2n * SHARE);
    expect((await round(asOf))[1]).toBe(SHARE);
  });

  it("reverts, or says that it is stale, from the second at which health lapses", async () => {
    const [strict, mild] = [await feedOf(world.registry), await feedOf(world.registry, false)];
    expect(await latest(mild)).toEqual([0n, 0n, 0n, 0n, 0n]);
    const asOf = START + PERIOD;
    await prove(world, MILLION, asOf, { validity: 100 });
    await travelTo(chain, asOf + 99);
    expect((await latest(mild))[3]).toBe(BigInt(asOf));
    await travelTo(chain, asOf + 100);
    await expect(latest(strict)).rejects.toThrow("Stale");
    expect(await latest(mild)).toEqual([BigInt(asOf), SHARE, BigInt(asOf), 0n, BigInt(asOf)]);
  });
});

describe("the oracle", () => {
  const oracleOf = (args: readonly unknown[]) => deploy(chain, "NavOracle", args);
  const price = async (address: Address) => {
    const { abi } = await loadArtifact("NavOracle");
    return (await chain.client.readContract({ address, abi, functionName: "price" })) as bigint;
  };

  it("scales by both tokens' decimals and the loan token's own price", async () => {
    const feed = await feedOf(world.registry);
    await prove(world, 3n * MILLION, START + PERIOD);
    const oracle = await oracleOf([feed, world.vault, zeroAddress, world.token, DAY]);
    // A share of 8 decimals is worth 3 coins of 6.
    expect(await price(oracle)).toBe((3n * COIN * 10n ** 36n) / SHARE);
    const loanFeed = await deploy(chain, "TestFeed", [6, 2_000_000n, BigInt(START)]);
    const other = await oracleOf([feed, world.vault, loanFeed, world.token, DAY]);
    expect(await price(other)).toBe((3n * COIN * 10n ** 36n) / SHARE / 2n);
    for (const [answer, updatedAt] of [
      [0n, START],
      [-1n, START],
      [1n, 0],
      [1n, START + 10 * PERIOD],
      [1n, START - DAY],
    ] as const) {
      await send(chain, world.people.owner, loanFeed, "TestFeed", "set", [answer, BigInt(updatedAt)]);
      await expect(price(other), `${answer} of ${updatedAt}`).rejects.toThrow("BadAnswer");
    }
  });
});

describe("a market of Morpho Blue", () => {
  const params = async (oracle: Address) => ({
    loanToken: world.token,
    collateralToken: world.vault,
    oracle,
    irm: zeroAddress,
    lltv: parseEther("0.8"),
  });
  const call = (from: Wallet, method: string, args: readonly unknown[]) =>
    write(chain, from, morpho.address, morpho.abi, method, args);

  /** Alice holds 1,000 shares of a dollar, and Bob lends against them. */
  async function lend() {
    const { owner, alice, bob, mallory } = world.people;
    await prove(world, MILLION, START + PERIOD);
    await act(world, alice, "requestDeposit", 1_000n * COIN, at(alice), at(alice));
    await settleAt(world, MILLION);
    await act(world, alice, "mint", 1_000n * SHARE, at(alice));
    const feed = await feedOf(world.vault);
    const market = await params(
      await deploy(chain, "NavOracle", [feed, world.vault, zeroAddress, world.token, DAY]),
    );
    await call(owner, "enableLltv", [market.lltv]);
    await call(owner, "enableIrm", [zeroAddress]);
    await call(owner, "createMarket", [market]);
    for (const who of [alice, bob, mallory]) {
      await send(chain, who, world.token, "TestToken", "approve", [morpho.address, maxUint256]);
    }
    await act(world, alice, "approve", morpho.address, maxUint256);
    await call(bob, "supply", [market, 10_000n * COIN, 0n, at(bob), "0x"]);
    await call(alice, "supplyCollateral", [market, 1_000n * SHARE, at(alice), "0x"]);
    return market;
  }

  it("lends by the proven value, liquidates when it falls, and does neither when it is stale", async () => {
    const { alice, mallory } = world.people;
    const market = await lend();
    const borrow = (assets: bigint) => call(alice, "borrow", [market, assets, 0n, at(alice), at(alice)]);
    const liquidate = (shares: bigint) => call(mallory, "liquidate", [market, at(alice), shares, 0n, "0x"]);
    await expect(borrow(801n * COIN)).rejects.toThrow("insufficient collateral");
    await borrow(790n * COIN);
    await expect(liquidate(SHARE)).rejects.toThrow("position is healthy");

    await chain.test.snapshot().then(async (id) => {
      await lapse(world);
      await expect(borrow(COIN), "stale").rejects.toThrow();
      await expect(liquidate(SHARE), "stale").rejects.toThrow();
      await chain.test.revert({ id });
    });

    // Custody loses a tenth.
    const time = (await now(chain)) + 60;
    await travelTo(chain, time);
    await prove(world, 900_000n, time);
    await expect(borrow(COIN)).rejects.toThrow("insufficient collateral");
    await liquidate(500n * SHARE);
    expect(await ask(world, "balanceOf", at(mallory))).toBe(500n * SHARE);
  });

  it("sees no fall when deposits are settled and lie idle: the vault's own value has them", async () => {
    const { alice, bob, mallory } = world.people;
    const market = await lend();
    await call(alice, "borrow", [market, 790n * COIN, 0n, at(alice), at(alice)]);
    await act(world, bob, "requestDeposit", MILLION * COIN, at(bob), at(bob));
    await settleAt(world, MILLION);
    const liquidate = call(mallory, "liquidate", [market, at(alice), SHARE, 0n, "0x"]);
    await expect(liquidate, "as it was settled").rejects.toThrow("position is healthy");
    const time = (await now(chain)) + 60;
    await travelTo(chain, time);
    await prove(world, MILLION, time);
    const again = call(mallory, "liquidate", [market, at(alice), SHARE, 0n, "0x"]);
    await expect(again, "of a snapshot after it").rejects.toThrow("position is healthy");
    // What custody alone is worth, over shares of which half are idle money.
    const [, answer] = await latest(await feedOf(world.registry));
    expect(Number(answer) / 1e8).toBeCloseTo(0.5, 2);
    expect(await coins(world, world.vault)).toBeGreaterThan(MILLION * COIN);
    expect(await ask(world, "totalSupply")).toBeGreaterThan(2n * SEED);
    expect(POLICY).not.toBe(LINE);
  });
});
