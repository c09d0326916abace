// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Does the strategy vault settle what was asked for at one proven price, keep the money of each apart, and give everything back when
 * proofs end? Attacks of family 76.
 *
 * @module
 */
import { loadArtifact } from "@keel/contracts";
import type { Wallet } from "@keel/verifier/chain";
import { encodeFunctionData, type Hex, toFunctionSelector, zeroAddress } from "viem";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { nextBlockAt, now, startTestChain, type TestChain, travelTo } from "../support/chain.js";
import {
  act,
  ask,
  COIN,
  coins,
  DAY,
  deploy,
  HOUR,
  LINE,
  lapse,
  MILLION,
  makeWorld,
  movesIn,
  nextPeriod,
  PERIOD,
  POLICY,
  prove,
  refusedAs,
  SEED,
  SHARE,
  START,
  send,
  settleAt,
  setupOf,
  shortString,
  USD,
  type VaultWorld,
} from "../support/strategy-vault.js";

let chain: TestChain;
let world: VaultWorld;
let snapshot: Hex;

beforeAll(async () => {
  chain = await startTestChain();
  world = await makeWorld(chain);
});
afterAll(async () => chain?.stop());
beforeEach(async () => {
  snapshot = await chain.test.snapshot();
  await travelTo(chain, START + PERIOD);
});
afterEach(async () => chain.test.revert({ id: snapshot }));

const people = () => world.people;
const { at, shares, requestDeposit, requestRedeem, claimAll, open, aliceIn } = movesIn(() => world);
const period = () => ask(world, "currentPeriod");

describe("a settlement", () => {
  it("prices all of a period at once, at what a proof says of a later time; each claims a part", async () => {
    const { alice, bob } = people();
    await open();
    await requestDeposit(alice, 100_000n * COIN);
    await requestDeposit(bob, 300_000n * COIN);
    const id = await period();
    expect(await ask(world, "pendingDepositRequest", id, at(alice))).toBe(100_000n * COIN);
    expect(await ask(world, "totalSupply")).toBe(SEED);
    // A share is worth two dollars.
    await settleAt(world, 2n * MILLION);
    expect(await ask(world, "pendingDepositRequest", id, at(alice))).toBe(0n);
    expect(await ask(world, "claimableDepositRequest", id, at(alice))).toBe(100_000n * COIN);
    expect(await ask(world, "maxMint", at(bob))).toBe(150_000n * SHARE);
    expect(await claimAll(alice)).toBe(50_000n * SHARE);
    await act(world, bob, "mint", 150_000n * SHARE, at(bob));
    expect(await shares(bob)).toBe(150_000n * SHARE);
    expect(await ask(world, "totalAssets")).toBe(2_400_000n * COIN);
    expect(await ask(world, "idle")).toBe(400_000n * COIN);
  });

  it("counts what lay idle at the snapshot's time, and custody's proof, each once, whatever moved since", async () => {
    const { manager, custody, bob } = people();
    await aliceIn(500_000n * COIN);
    await act(world, manager, "allocate", at(custody), 300_000n * COIN);
    const asOf = await nextPeriod(world);
    // Custody holds 1,300,000 then; the vault 200,000. Afterwards both change.
    await requestDeposit(bob, 150_000n * COIN);
    await prove(world, 1_300_000n, asOf);
    await act(world, manager, "allocate", at(custody), 100_000n * COIN);
    await act(world, custody, "returnAssets", 250_000n * COIN);
    await act(world, bob, "settle", 0n);
    expect(await ask(world, "totalAssets")).toBe(1_500_000n * COIN);
    await settleAt(world, 1_150_000n);
    expect(await claimAll(bob), "at a dollar").toBe(150_000n * SHARE);
  });

  it("pays redemptions from what is idle, and burns the shares", async () => {
    const { alice } = people();
    const held = await aliceIn(500_000n * COIN);
    await requestRedeem(alice, held / 2n);
    const id = await period();
    expect(await ask(world, "pendingRedeemRequest", id, at(alice))).toBe(held / 2n);
    const supply = await ask(world, "totalSupply");
    await settleAt(world, MILLION);
    expect(supply - (await ask(world, "totalSupply"))).toBe(held / 2n);
    expect(await ask(world, "claimableRedeemRequest", id, at(alice))).toBe(held / 2n);
    expect(await ask(world, "maxWithdraw", at(alice))).toBe(250_000n * COIN);
    const before = await coins(world, at(alice));
    await act(world, alice, "withdraw", 100_000n * COIN, at(alice), at(alice));
    await act(world, alice, "redeem", await ask(world, "maxRedeem", at(alice)), at(alice), at(alice));
    expect((await coins(world, at(alice))) - before).toBe(250_000n * COIN);
    for (const method of ["withdraw", "redeem"]) {
      await refusedAs(act(world, alice, method, 1n, at(alice), at(alice)), "MoreThanClaimable", [1n, 0n]);
    }
  });

  it("leaves redemptions waiting that the vault cannot pay, settles deposits, and pays when assets came back", async () => {
    const { alice, bob, manager, custody } = people();
    const held = await aliceIn(500_000n * COIN);
    await act(world, manager, "allocate", at(custody), 500_000n * COIN);
    await requestRedeem(alice, held);
    await requestDeposit(bob, 100n * COIN);
    await settleAt(world, 1_500_000n);
    expect(await ask(world, "maxRedeem", at(alice))).toBe(0n);
    expect(await ask(world, "maxDeposit", at(bob))).toBe(100n * COIN);
    await act(world, custody, "returnAssets", 500_000n * COIN);
    await settleAt(world, MILLION);
    expect(await ask(world, "maxWithdraw", at(alice))).toBe(500_000n * COIN);
  });

  it("is refused without a proof, by one that lapsed, of other units, too old, or from before the last settlement", async () => {
    const { alice, mallory } = people();
    const settle = () => act(world, mallory, "settle", 0n);
    await refusedAs(settle(), "NoProvenValue");
    await open();
    await requestDeposit(alice, COIN);
    const asOf = await nextPeriod(world);
    await prove(world, MILLION, asOf, { units: SEED - 1n });
    await refusedAs(settle(), "ForeignUnits", [SEED, SEED - 1n]);
    await prove(world, 0n, asOf);
    await refusedAs(settle(), "NoProvenValue");
    await prove(world, MILLION, asOf);
    await travelTo(chain, asOf + HOUR + 1);
    await refusedAs(settle(), "UnfitSnapshot");
    await nextBlockAt(chain, asOf + HOUR + 2);
    await prove(world, MILLION, asOf + HOUR + 1);
    await settle();
    await refusedAs(settle(), "UnfitSnapshot");
    await lapse(world);
    await refusedAs(settle(), "NoProvenValue");
  });

  it("tells a feed of the shares what a share is worth with what is idle, before and after it", async () => {
    const { alice } = people();
    const nav = (subject = world.subject, policy: Hex = POLICY) =>
      ask<{ value: bigint; units: bigint; asOf: number; live: boolean }>(world, "navOf", subject, policy);
    expect(await nav()).toMatchObject({ value: 0n, units: 0n });
    await aliceIn(500_000n * COIN);
    expect(await nav()).toMatchObject({ value: MILLION * USD, units: SEED, live: true });
    await open(2n * MILLION);
    expect(await nav()).toMatchObject({ value: 2_500_000n * USD, units: SEED + 500_000n * SHARE });
    expect(await nav(at(alice))).toMatchObject({ value: 0n });
    expect(await nav(world.subject, LINE)).toMatchObject({ value: 0n });
    await prove(world, 2n * MILLION, await now(chain), { units: 5n });
    expect(await nav(), "units of something else").toMatchObject({ value: 0n });
    await lapse(world);
    expect(await nav()).toMatchObject({ live: false });
  });

  it("remembers the supply of each second, for a policy to name it", async () => {
    expect(await ask(world, "getPastTotalSupply", BigInt(START - 1))).toBe(0n);
    expect(await ask(world, "getPastTotalSupply", BigInt(START))).toBe(SEED);
    await aliceIn(100n * COIN);
    const settled = BigInt(await now(chain));
    await travelTo(chain, Number(settled) + 50);
    expect(await ask(world, "getPastTotalSupply", settled + 49n)).toBe(SEED + 100n * SHARE);
    expect(await ask(world, "getPastTotalSupply", BigInt(START + PERIOD))).toBe(SEED);
    await refusedAs(ask(world, "getPastTotalSupply", settled + 50n), "ERC5805FutureLookup");
    expect(await ask<string>(world, "CLOCK_MODE")).toBe("mode=timestamp");
    expect(await ask<number>(world, "clock")).toBe(Number(settled) + 50);
    expect([await ask(world, "name"), await ask(world, "symbol")]).toEqual(["Keel Strategy", "KEEL"]);
    expect(await ask<number>(world, "decimals")).toBe(8);
  });
});

describe("76 stale-price requests", () => {
  it("of the snapshot's own period or later wait for the next proof", async () => {
    const { alice, bob } = people();
    await open();
    await requestDeposit(alice, 100n * COIN);
    const asOf = await nextPeriod(world);
    // Bob sees that custody doubled, and asks before anybody settles.
    await requestDeposit(bob, 100n * COIN);
    await prove(world, 2n * MILLION, asOf);
    await act(world, bob, "settle", 0n);
    expect(await ask(world, "maxMint", at(alice))).toBe(50n * SHARE);
    expect(await ask(world, "maxMint", at(bob))).toBe(0n);
    await settleAt(world, 4n * MILLION);
    expect(await ask(world, "maxMint", at(bob)), "at the price of a later time").toBeLessThan(26n * SHARE);
  });

  it("of a period that has not ended at the snapshot's time wait as well", async () => {
    const { alice } = people();
    await open();
    await requestDeposit(alice, 100n * COIN);
    await prove(world, 2n * MILLION, (await now(chain)) + 0);
    await travelTo(chain, (await now(chain)) + 5);
    await act(world, alice, "settle", 0n);
    expect(await ask(world, "maxMint", at(alice))).toBe(0n);
  });

  it("cannot be taken back once their period is over, when the price can be guessed; before, they can", async () => {
    const { alice, bob } = people();
    await open();
    await requestDeposit(alice, 100n * COIN);
    await requestDeposit(alice, 50n * COIN);
    const id = await period();
    await refusedAs(act(world, bob, "cancelDeposit", id, at(alice), at(bob)), "NotAuthorized");
    await refusedAs(act(world, alice, "cancelDeposit", id + 1n, at(alice), at(alice)), "TooLateToCancel");
    const before = await coins(world, at(alice));
    await act(world, alice, "cancelDeposit", id, at(alice), at(alice));
    expect((await coins(world, at(alice))) - before).toBe(150n * COIN);
    await refusedAs(act(world, alice, "cancelDeposit", id, at(alice), at(alice)), "NothingPending");
    await requestDeposit(bob, 100n * COIN);
    await nextPeriod(world);
    await refusedAs(act(world, bob, "cancelDeposit", id, at(bob), at(bob)), "TooLateToCancel", [id, id + 1n]);
  });

  it("can be taken back later while health has lapsed, and then no snapshot from before counts", async () => {
    const { alice, bob, manager } = people();
    await open();
    await requestDeposit(alice, 100n * COIN);
    await requestDeposit(bob, 100n * COIN);
    await requestRedeem(manager, 10n * SHARE);
    const id = await period();
    const asOf = await nextPeriod(world);
    await lapse(world);
    await act(world, alice, "cancelDeposit", id, at(alice), at(alice));
    await act(world, manager, "cancelRedeem", id, at(manager), at(manager));
    await travelTo(chain, asOf + 10);
    await prove(world, MILLION, asOf + 10);
    await refusedAs(act(world, bob, "settle", 0n), "UnfitSnapshot");
    await settleAt(world, MILLION);
    expect(await ask(world, "maxMint", at(bob))).toBe(100n * SHARE);
    expect(await ask(world, "maxMint", at(alice))).toBe(0n);
    expect(await shares(manager)).toBe(SEED - 10n ** 6n);
    expect(await coins(world, world.vault)).toBe(100n * COIN);
  });

  it("of assets whose own price moves are priced by the feed's round at the snapshot's time, which nobody chooses", async () => {
    const { owner, alice } = people();
    const feed = await deploy(chain, "RoundFeed", [8]);
    const push = async (id: number, dollars: bigint, time: number) =>
      await send(chain, owner, feed, "RoundFeed", "push", [id, dollars * 10n ** 8n, time]);
    const w = await makeWorld(chain, { terms: { assetFeed: feed, feedStaleness: HOUR } });
    await open(MILLION, w);
    await requestDeposit(alice, 100n * COIN, w);
    const asOf = await nextPeriod(w);
    await prove(w, MILLION, asOf);
    await push(7, 1n, asOf - HOUR - 1);
    await refusedAs(
      act(w, alice, "settle", 7n),
      "WrongRound",
      [7n, asOf].map((value, i) => (i === 0 ? value : asOf)),
    );
    await push(8, 2n, asOf - 10);
    await push(9, 4n, asOf);
    await push(10, 8n, asOf + 1);
    for (const round of [8n, 10n]) await refusedAs(act(w, alice, "settle", round), "WrongRound");
    await act(w, alice, "settle", 9n);
    // 100 coins at 4 dollars, for shares of a dollar.
    expect(await ask(w, "maxMint", at(alice))).toBe(400n * SHARE);
    await travelTo(chain, asOf + 60);
    await prove(w, MILLION, asOf + 60);
    const nav = await ask<{ value: bigint }>(w, "navOf", w.subject, POLICY);
    expect(nav.value).toBe((MILLION + 800n) * USD);
    for (const [id, answer, time] of [
      [11, 0n, asOf + 61],
      [12, 5n, asOf + 10 * DAY],
      [13, 5n, asOf - HOUR],
    ] as const) {
      await push(id, answer, time);
      expect((await ask<{ value: bigint }>(w, "navOf", w.subject, POLICY)).value, "no price").toBe(0n);
    }
    await push(14, 1n, asOf + 55);
    await act(w, alice, "settle", 14n);
  });
});

describe("76 what is on its way between vault and custody", () => {
  it("counts against whoever acts, for as long as it may be", async () => {
    const { alice, bob, manager, custody } = people();
    const w = await makeWorld(chain, { terms: { transit: 100 } });
    await aliceIn(1_000n * COIN, w);
    const held = await shares(alice, w);
    await requestDeposit(bob, 1_000n * COIN, w);
    await requestRedeem(alice, held / 2n, w);
    const asOf = await nextPeriod(w);
    await act(w, manager, "allocate", at(custody), 200n * COIN);
    await act(w, custody, "returnAssets", 100n * COIN);
    await travelTo(chain, asOf + 50);
    await prove(w, MILLION, asOf + 50);
    await act(w, bob, "settle", 0n);
    const [low, high] = [1_000_000n + 800n, 1_000_000n + 1_100n];
    const supply = SEED + 1_000n * SHARE;
    expect(await ask(w, "maxWithdraw", at(alice))).toBe(((held / 2n) * low * COIN) / supply);
    expect(await ask(w, "maxMint", at(bob))).toBe((1_000n * supply) / high);
  });

  it("is never less than nothing", async () => {
    const { manager, mallory } = people();
    const w = await makeWorld(chain, { terms: { transit: HOUR } });
    await open(MILLION, w);
    // What came just now pays a redemption, and is not surely in the vault by the next snapshot either.
    await act(w, mallory, "returnAssets", 100n * COIN);
    await requestRedeem(manager, 100n * SHARE, w);
    await settleAt(w, MILLION);
    expect(await ask(w, "maxWithdraw", at(manager))).toBe(100n * COIN);
    await settleAt(w, MILLION);
    expect(Number(await ask(w, "totalAssets")) / 1e6).toBeCloseTo(1_000_000, 5);
  });
});

describe("76 rounding", () => {
  it("of requests, claims in parts and odd prices never gives more than there is", async () => {
    const { alice, bob, mallory } = people();
    await open();
    const odd = [1n, 3n, 7n * COIN + 1n];
    for (const [i, who] of [alice, bob, mallory].entries()) await requestDeposit(who, odd[i]!);
    await settleAt(world, 1_234_567n);
    for (const who of [alice, bob, mallory]) {
      for (let i = 0; i < 3 && (await ask(world, "maxDeposit", at(who))) > 9n; i++) {
        await act(world, who, "mint", 3n, at(who));
        await act(world, who, "deposit", 1n, at(who));
      }
      for (const [method, most] of [
        ["mint", "maxMint"],
        ["deposit", "maxDeposit"],
      ] as const) {
        const claimable = await ask(world, most, at(who));
        const asked = claimable + 5n;
        await refusedAs(act(world, who, method, asked, at(who)), "MoreThanClaimable", [asked, claimable]);
      }
      await claimAll(who);
      for (const method of ["mint", "deposit"])
        await refusedAs(act(world, who, method, 1n, at(who)), "MoreThanClaimable");
    }
    const given = (await shares(alice)) + (await shares(bob)) + (await shares(mallory));
    expect(given * 1_234_567n * COIN).toBeLessThanOrEqual((7n * COIN + 5n) * SEED);
    expect(await ask(world, "balanceOf", world.vault)).toBeGreaterThanOrEqual(10n ** 6n);
  });

  it("leaves what is worth nothing out of claims of exact amounts", async () => {
    const { alice } = people();
    await open();
    // A share's smallest part is worth more than a coin's.
    await requestDeposit(alice, 1n);
    await settleAt(world, 200_000_000n);
    await requestDeposit(alice, 1_000n * COIN);
    await settleAt(world, 200_000_000n);
    await act(world, alice, "mint", await ask(world, "maxMint", at(alice)), at(alice));
    expect(await shares(alice)).toBe(5n * SHARE - 1n);
    expect(await ask(world, "maxDeposit", at(alice))).toBe(1n);
    await act(world, alice, "deposit", 1n, at(alice));
    expect(await ask(world, "maxDeposit", at(alice))).toBe(0n);
  });

  it("gives claims of many requests, of which one may have only so many open", async () => {
    const { alice, bob } = people();
    await open();
    for (let i = 0; i < 16; i++) {
      await prove(world, MILLION, await now(chain));
      await requestDeposit(alice, 10n * COIN);
      await nextPeriod(world);
    }
    await prove(world, MILLION, await now(chain));
    await refusedAs(requestDeposit(alice, COIN), "TooManyRequests");
    await requestDeposit(bob, COIN);
    await settleAt(world, MILLION);
    await act(world, alice, "mint", 15n * SHARE, at(alice));
    await act(world, alice, "deposit", 135n * COIN, at(alice));
    expect(await ask(world, "maxDeposit", at(alice))).toBe(10n * COIN);
    await claimAll(alice);
    expect(await shares(alice)).toBe(160n * SHARE);
  });
});

describe("76 the first depositor, and gifts", () => {
  it("a gift to a vault of few shares takes little from who deposits next", async () => {
    const w = await makeWorld(chain, { seedShares: SHARE });
    const { alice, mallory } = people();
    await open(1n, w);
    // Nearly all shares are gone but those that nobody can redeem; then a gift of a million dollars.
    await act(w, mallory, "returnAssets", MILLION * COIN);
    await requestDeposit(alice, 1_000n * COIN, w);
    await settleAt(w, 1n);
    const held = await claimAll(alice, w);
    const worth = await ask(w, "convertToAssets", held);
    expect(worth).toBeGreaterThan(999n * COIN);
    expect(worth).toBeLessThanOrEqual(1_000n * COIN);
  });

  it("assets that come by plain transfer belong to nobody's request, and count once somebody says so", async () => {
    const { alice, mallory } = people();
    await open();
    await requestDeposit(alice, 100n * COIN);
    await refusedAs(act(world, mallory, "collect"), "NothingReturned");
    await send(chain, mallory, world.token, "TestToken", "transfer", [world.vault, 40n * COIN]);
    expect(await ask(world, "idle")).toBe(0n);
    await act(world, mallory, "collect");
    expect(await ask(world, "idle")).toBe(40n * COIN);
    await refusedAs(act(world, mallory, "returnAssets", 0n), "NothingAsked");
    await settleAt(world, MILLION);
    expect(await ask(world, "idle")).toBe(140n * COIN);
    expect(await claimAll(alice), "what was given is everybody's").toBeLessThan(100n * SHARE);
  });
});

describe("76 reentrancy and odd tokens", () => {
  it("nothing that moves assets or shares is entered in the middle of a deposit", async () => {
    const w = await makeWorld(chain, {}, { name: "HookToken", args: [] });
    const { owner, alice } = people();
    await open(MILLION, w);
    const { abi } = await loadArtifact("HookToken");
    const [nobody, amount] = [zeroAddress, 1n];
    const claim = [amount, nobody, nobody];
    const calls: Readonly<Record<string, readonly unknown[]>> = {
      requestDeposit: claim,
      requestRedeem: claim,
      cancelDeposit: claim,
      cancelRedeem: claim,
      deposit: claim,
      mint: claim,
      withdraw: claim,
      redeem: claim,
      settle: [0n],
      windDown: [],
      allocate: [nobody, amount],
      returnAssets: [amount],
      collect: [],
      surrender: [amount, nobody],
    };
    for (const [functionName, args] of Object.entries(calls)) {
      const data = encodeFunctionData({ abi: w.abi, functionName, args: [...args] });
      await send(chain, owner, w.token, "HookToken", "arm", [w.vault, data]);
      await requestDeposit(alice, 100n * COIN, w);
      const answer = await chain.client.readContract({ address: w.token, abi, functionName: "answer" });
      expect(answer, functionName).toBe(toFunctionSelector("ReentrancyGuardReentrantCall()"));
    }
    const asked = BigInt(Object.keys(calls).length) * 100n * COIN;
    expect(await ask(w, "pendingDepositRequest", await ask(w, "currentPeriod"), at(alice))).toBe(asked);
  });

  it("assets that arrive short are refused", async () => {
    const w = await makeWorld(chain, {}, { name: "FeeToken", args: [] });
    await open(MILLION, w);
    await refusedAs(requestDeposit(people().alice, 1_000n, w), "AssetShortfall");
  });
});

describe("76 fees", () => {
  const withFees = (managementFee: number, performanceFee: number) =>
    makeWorld(chain, { terms: { managementFee, performanceFee } });

  it("of management are a part of all shares by the time that was proven, a year at most", async () => {
    const w = await withFees(200, 0);
    const { owner } = people();
    await travelTo(chain, (await now(chain)) + 365 * DAY);
    await settleAt(w, MILLION);
    const supply = await ask(w, "totalSupply");
    const fee = await shares(owner, w);
    expect(Number((fee * 1_000_000n) / supply) / 1e6).toBeCloseTo(0.02, 4);
    await travelTo(chain, (await now(chain)) + 3 * 365 * DAY);
    await settleAt(w, MILLION);
    const later = (await shares(owner, w)) - fee;
    expect(Number((later * 1_000_000n) / (await ask(w, "totalSupply"))) / 1e6).toBeLessThanOrEqual(0.02);
  });

  it("of performance are of what a share gains above its highest price, and not twice", async () => {
    const w = await withFees(0, 2_000);
    const { owner } = people();
    await settleAt(w, MILLION);
    expect(await shares(owner, w), "the first price is where it starts").toBe(1n);
    await settleAt(w, 1_500_000n);
    const fee = await shares(owner, w);
    const worth = (fee * 1_500_000n * COIN) / (await ask(w, "totalSupply"));
    expect(Number(worth) / 1e6).toBeCloseTo(100_000, 0);
    for (const dollars of [900_000n, 1_400_000n]) await settleAt(w, dollars);
    expect(await shares(owner, w)).toBe(fee);
  });

  it("only fall, and never exceed their bounds", async () => {
    const { owner, alice } = people();
    const w = await withFees(200, 1_000);
    await refusedAs(act(w, alice, "lowerFees", 0, 0), "NotOwner");
    await refusedAs(act(w, owner, "lowerFees", 201, 0), "FeesNotLower");
    await refusedAs(act(w, owner, "lowerFees", 0, 1_001), "FeesNotLower");
    await act(w, owner, "lowerFees", 100, 1_000);
    expect(await ask(w, "terms")).toMatchObject({ managementFee: 100, performanceFee: 1_000 });
  });
});

describe("allocation", () => {
  it("is the manager's, to the list, while healthy, of what is idle and not asked back", async () => {
    const { alice, manager, custody, mallory } = people();
    const held = await aliceIn(1_000n * COIN);
    const allocate = (to: Wallet, assets: bigint, from = manager) =>
      act(world, from, "allocate", at(to), assets);
    await refusedAs(allocate(custody, 1n, mallory), "NotManager");
    await refusedAs(allocate(mallory, 1n), "NotCustody");
    await refusedAs(allocate(custody, 1_000n * COIN + 1n), "MoreThanIdle", [
      1_000n * COIN + 1n,
      1_000n * COIN,
    ]);
    await requestRedeem(alice, held / 4n);
    await refusedAs(allocate(custody, 750n * COIN + 1n), "MoreThanIdle");
    await allocate(custody, 750n * COIN);
    await requestRedeem(alice, held / 2n);
    await refusedAs(allocate(custody, 1n), "MoreThanIdle", [1n, 0n]);
    await lapse(world);
    await refusedAs(allocate(custody, 0n), "NoProvenValue");
  });

  it("asks for nothing to be kept back before there is a price", async () => {
    const { manager, custody, mallory } = people();
    await open();
    await requestRedeem(manager, SHARE);
    await act(world, mallory, "returnAssets", 5n);
    await act(world, manager, "allocate", at(custody), 5n);
  });
});

describe("deposits", () => {
  it("are closed by the gate and by a pause; redemptions and claims by neither", async () => {
    const { alice, manager, mallory } = people();
    await refusedAs(requestDeposit(alice, COIN), "DepositsClosed");
    const held = await aliceIn(1_000n * COIN);
    await refusedAs(act(world, mallory, "pauseDeposits", true), "NotManager");
    await act(world, manager, "pauseDeposits", true);
    await refusedAs(requestDeposit(alice, COIN), "DepositsClosed");
    await requestRedeem(alice, held / 2n);
    await settleAt(world, MILLION);
    await lapse(world);
    await requestRedeem(alice, held / 2n);
    await act(world, alice, "redeem", held / 2n, at(alice), at(alice));
    await act(world, manager, "pauseDeposits", false);
    await refusedAs(requestDeposit(alice, COIN), "DepositsClosed");
  });

  it("and redemptions are of something, by the owner or who may act for it", async () => {
    const { alice, bob, mallory } = people();
    await open();
    await refusedAs(requestDeposit(alice, 0n), "NothingAsked");
    await refusedAs(requestRedeem(alice, 0n), "NothingAsked");
    await refusedAs(act(world, mallory, "requestDeposit", COIN, at(mallory), at(alice)), "NotAuthorized");
    // Nobody fills another one's list of requests.
    await refusedAs(act(world, mallory, "requestDeposit", COIN, at(alice), at(mallory)), "NotAuthorized");
    await act(world, alice, "setOperator", at(bob), true);
    expect(await ask<boolean>(world, "isOperator", at(alice), at(bob))).toBe(true);
    await act(world, bob, "requestDeposit", 100n * COIN, at(alice), at(alice));
    await act(world, bob, "requestDeposit", 100n * COIN, at(alice), at(bob));
    await settleAt(world, MILLION);
    await refusedAs(act(world, mallory, "deposit", 1n, at(mallory), at(alice)), "NotAuthorized");
    await act(world, bob, "deposit", 200n * COIN, at(alice), at(alice));
    await act(world, bob, "requestRedeem", 50n * SHARE, at(bob), at(alice));
    await refusedAs(
      act(world, mallory, "requestRedeem", SHARE, at(mallory), at(alice)),
      "ERC20InsufficientAllowance",
    );
    await act(world, alice, "approve", at(mallory), SHARE);
    await act(world, mallory, "requestRedeem", SHARE, at(mallory), at(alice));
    expect(await ask(world, "pendingRedeemRequest", await period(), at(bob))).toBe(50n * SHARE);
  });
});

describe("76 a wind-down", () => {
  const GRACE = 7 * DAY;

  it("begins for ever when no proof came in the grace, and not a second before", async () => {
    const { alice, mallory } = people();
    const held = await aliceIn(1_000n * COIN);
    await open();
    const proven = await now(chain);
    await refusedAs(act(world, mallory, "windDown"), "NoReasonToWindDown");
    await refusedAs(act(world, alice, "surrender", 0n, at(alice)), "NotWindingDown");
    await nextBlockAt(chain, proven - 1 + GRACE);
    await refusedAs(act(world, mallory, "windDown"), "NoReasonToWindDown");
    await travelTo(chain, proven + GRACE);
    await act(world, mallory, "windDown");
    expect(await ask<boolean>(world, "isWindingDown")).toBe(true);
    await open(2n * MILLION);
    for (const [who, method, args] of [
      [mallory, "windDown", []],
      [mallory, "settle", [0n]],
      [people().manager, "allocate", [at(people().custody), 1n]],
      [alice, "requestRedeem", [held, at(alice), at(alice)]],
    ] as const) {
      await refusedAs(act(world, who, method, ...args), "WindingDown");
    }
    await refusedAs(requestDeposit(alice, COIN), "DepositsClosed");
  });

  it("gives each the same part of all that comes back, early or late, and takes nothing that was settled", async () => {
    const { alice, bob, manager, custody } = people();
    await open();
    await requestDeposit(alice, 600_000n * COIN);
    await requestDeposit(bob, 400_000n * COIN);
    await settleAt(world, MILLION);
    await claimAll(alice);
    await requestRedeem(alice, 100_000n * SHARE);
    await settleAt(world, MILLION);
    await act(world, manager, "allocate", at(custody), 700_000n * COIN);
    // Asked for after the last proof: a redemption that waits, and a deposit.
    await requestRedeem(alice, 10n * SHARE);
    await requestDeposit(bob, 77n * COIN);
    const id = await period();
    await travelTo(chain, (await now(chain)) + GRACE + DAY);
    await act(world, bob, "windDown");
    const [bobHad, aliceHad] = [await coins(world, at(bob)), await coins(world, at(alice))];
    await act(world, bob, "cancelDeposit", id, at(bob), at(bob));
    expect((await coins(world, at(bob))) - bobHad).toBe(77n * COIN);
    await act(world, alice, "cancelRedeem", id, at(alice), at(alice));
    await act(world, alice, "redeem", 100_000n * SHARE, at(alice), at(alice));
    expect((await coins(world, at(alice))) - aliceHad, "what was reserved").toBe(100_000n * COIN);
    await claimAll(bob);
    // 200,000 are idle; 1,900,000 shares. Alice goes at once, Bob in two parts, and half of custody comes back between.
    await act(world, alice, "surrender", await shares(alice), at(alice));
    await act(world, bob, "surrender", 100_000n * SHARE, at(bob));
    await act(world, custody, "returnAssets", 850_000n * COIN);
    await act(world, bob, "surrender", 300_000n * SHARE, at(bob));
    await act(world, alice, "surrender", 0n, at(alice));
    const got = async (who: Wallet, before: bigint) => (await coins(world, at(who))) - before;
    const all = 1_050_000n * COIN;
    expect((await got(alice, aliceHad)) - 100_000n * COIN).toBe((all * 500_000n) / 1_900_000n);
    expect((await got(bob, bobHad)) - 77n * COIN).toBe((all * 400_000n) / 1_900_000n);
    await refusedAs(act(world, alice, "surrender", 1n, at(alice)), "ERC20InsufficientBalance");
  });

  it("begins when a redemption was not paid in the grace, though proofs go on", async () => {
    const { alice, manager, custody, mallory } = people();
    const held = await aliceIn(1_000n * COIN);
    await act(world, manager, "allocate", at(custody), 1_000n * COIN);
    await requestRedeem(alice, held);
    for (let i = 0; i < 8; i++) {
      await settleAt(world, MILLION + 1_000n);
      await refusedAs(act(world, mallory, "windDown"), "NoReasonToWindDown");
      await travelTo(chain, (await now(chain)) + DAY - PERIOD);
      await prove(world, MILLION + 1_000n, await now(chain));
      if (i === 6) break;
    }
    await travelTo(chain, (await now(chain)) + HOUR);
    await act(world, custody, "returnAssets", 1_000n * COIN);
    await prove(world, MILLION, await now(chain));
    await refusedAs(act(world, mallory, "windDown"), "NoReasonToWindDown");
    await travelTo(chain, (await now(chain)) + DAY);
    await act(world, mallory, "windDown");
  });

  it("begins when proofs come that nothing can be settled by, and when the gate answers nothing", async () => {
    const { alice, mallory, owner } = people();
    const held = await aliceIn(1_000n * COIN);
    await requestRedeem(alice, held);
    await travelTo(chain, (await now(chain)) + 8 * DAY);
    // Too old to settle by, and new enough to be a proof.
    await prove(world, MILLION, (await now(chain)) - 2 * HOUR);
    const id = await chain.test.snapshot();
    await act(world, mallory, "windDown");
    await chain.test.revert({ id });
    await act(world, owner, "announceGate", world.token);
    await travelTo(chain, (await now(chain)) + 2 * DAY);
    await act(world, mallory, "windDown");
  });
});

describe("the gate", () => {
  it("may come after the vault, at once, and changes after the delay only", async () => {
    const { owner, alice, mallory, manager } = people();
    const w = await makeWorld(chain, { gate: zeroAddress });
    expect(await ask<boolean>(w, "isHealthy")).toBe(false);
    await refusedAs(act(w, alice, "settle", 0n), "NoProvenValue");
    expect(await ask(w, "navOf", w.subject, POLICY)).toMatchObject({ value: 0n });
    const early = await chain.test.snapshot();
    await travelTo(chain, (await now(chain)) + 8 * DAY);
    await refusedAs(act(w, mallory, "windDown"), "NoReasonToWindDown");
    await requestRedeem(manager, SHARE, w);
    await travelTo(chain, (await now(chain)) + 8 * DAY);
    await act(w, mallory, "windDown");
    await chain.test.revert({ id: early });
    await refusedAs(act(w, mallory, "announceGate", w.gate), "NotOwner");
    await act(w, owner, "announceGate", w.gate);
    await open(MILLION, w);
    expect(await ask<boolean>(w, "isHealthy")).toBe(true);
    const other = await deploy(chain, "LineGate", [w.registry, at(mallory), LINE]);
    await act(w, owner, "announceGate", other);
    const announced = await now(chain);
    expect(await ask(w, "pendingGate")).toEqual([other, announced + 2 * DAY]);
    expect(await ask(w, "gate")).toBe(w.gate);
    // Called off by the gate that counts.
    await act(w, owner, "announceGate", w.gate);
    expect(await ask(w, "pendingGate")).toEqual([zeroAddress, 0]);
    await act(w, owner, "announceGate", other);
    await travelTo(chain, (await now(chain)) + 2 * DAY);
    expect(await ask(w, "gate")).toBe(other);
    await requestRedeem(manager, SHARE, w);
  });

  it("and custody have an owner, who hands over to who takes it", async () => {
    const { owner, alice, bob, manager, custody } = people();
    await refusedAs(act(world, alice, "setManager", at(alice)), "NotOwner");
    await act(world, owner, "setManager", at(bob));
    await refusedAs(act(world, manager, "pauseDeposits", true), "NotManager");
    await refusedAs(act(world, alice, "offerOwner", at(alice)), "NotOwner");
    await act(world, owner, "offerOwner", at(alice));
    await refusedAs(act(world, bob, "acceptOwner"), "NotOwner");
    await act(world, alice, "acceptOwner");
    await refusedAs(act(world, owner, "announceCustody", at(bob)), "NotOwner");
    for (const address of [zeroAddress, world.vault, at(custody)]) {
      await refusedAs(act(world, alice, "announceCustody", address), "BadCustody");
    }
    await act(world, alice, "announceCustody", at(owner));
    await aliceIn(100n * COIN);
    await refusedAs(act(world, bob, "allocate", at(owner), 1n), "NotCustody");
    await travelTo(chain, (await now(chain)) + 2 * DAY);
    await open();
    await act(world, bob, "allocate", at(owner), 1n);
    await refusedAs(act(world, bob, "removeCustody", at(owner)), "NotOwner");
    await act(world, alice, "removeCustody", at(owner));
    await refusedAs(act(world, alice, "removeCustody", at(owner)), "NotCustody");
    await refusedAs(act(world, bob, "allocate", at(owner), 1n), "NotCustody");
  });
});

describe("ERC-7540", () => {
  it("is said by ERC-165, and ERC-7575 with it", async () => {
    const ids = ["0x01ffc9a7", "0xe3bc4e65", "0xce3bbe50", "0x620ee8e4", "0x2f0a18c5"];
    for (const id of ids) expect(await ask<boolean>(world, "supportsInterface", id), id).toBe(true);
    for (const id of ["0xffffffff", "0x00000000"]) {
      expect(await ask<boolean>(world, "supportsInterface", id), id).toBe(false);
    }
    const erc7575 = [
      ...["asset()", "convertToAssets(uint256)", "convertToShares(uint256)", "totalAssets()", "share()"],
      ...["deposit(uint256,address)", "mint(uint256,address)"],
      ...["redeem(uint256,address,address)", "withdraw(uint256,address,address)"],
      ...["maxDeposit(address)", "maxMint(address)", "maxRedeem(address)", "maxWithdraw(address)"],
      ...[
        "previewDeposit(uint256)",
        "previewMint(uint256)",
        "previewRedeem(uint256)",
        "previewWithdraw(uint256)",
      ],
    ].reduce((id, signature) => id ^ BigInt(toFunctionSelector(signature)), 0n);
    expect(erc7575).toBe(0x2f0a18c5n);
    expect(await ask(world, "share")).toBe(world.vault);
    expect(await ask(world, "asset")).toBe(world.token);
  });

  it("has no previews, and converts by the last settled price", async () => {
    for (const name of ["Deposit", "Mint", "Withdraw", "Redeem"]) {
      await refusedAs(ask(world, `preview${name}`, 1n), "AsyncOnly");
    }
    expect(await ask(world, "convertToAssets", SHARE)).toBe(0n);
    expect(await ask(world, "convertToShares", COIN)).toBe(0n);
    await settleAt(world, 2n * MILLION);
    expect(await ask(world, "convertToAssets", SHARE)).toBe(2n * COIN);
    expect(await ask(world, "convertToShares", COIN)).toBe(SHARE / 2n);
  });
});

describe("the set-up", () => {
  it.each([
    ["managementFee", { terms: { managementFee: 501 } }],
    ["performanceFee", { terms: { performanceFee: 3_001 } }],
    ["feeReceiver", { terms: { managementFee: 1, feeReceiver: zeroAddress } }],
    ["feeReceiver", { terms: { performanceFee: 1, feeReceiver: zeroAddress } }],
    ["dealingPeriod", { terms: { dealingPeriod: 59 } }],
    ["dealingPeriod", { terms: { dealingPeriod: 31 * DAY + 1 } }],
    ["transit", { terms: { transit: 7 * DAY + 1 } }],
    ["maxLag", { terms: { maxLag: 0 } }],
    ["maxLag", { terms: { maxLag: 7 * DAY + 1 } }],
    ["grace", { terms: { grace: DAY - 1 } }],
    ["grace", { terms: { maxLag: 3 * DAY, grace: 2 * DAY } }],
    ["grace", { terms: { grace: 180 * DAY + 1 } }],
    ["delay", { terms: { delay: DAY - 1 } }],
    ["delay", { terms: { delay: 60 * DAY + 1 } }],
    ["seedShares", { seedShares: SHARE - 1n }],
    ["seedShares", { seedShares: 2n ** 80n + 1n }],
    ["owner", { owner: zeroAddress }],
  ] as const)("has a %s within its bounds", async (what, change) => {
    const { abi, bytecode } = await loadArtifact("StrategyVault");
    const factory = await deploy(chain, "VaultFactory");
    const call = send(chain, people().owner, factory, "VaultFactory", "make", [
      setupOf(world, change),
      shortString("salt"),
    ]);
    await expect(call).rejects.toThrow(what);
    const args = [setupOf(world, change)];
    await expect(people().owner.deployContract({ abi, bytecode, args })).rejects.toThrow();
  });

  it("has an asset and a feed of few decimals", async () => {
    const [token, feed] = [
      await deploy(chain, "TestToken", ["T", "T", 19]),
      await deploy(chain, "RoundFeed", [19]),
    ];
    const factory = await deploy(chain, "VaultFactory");
    const make = (setup: ReturnType<typeof setupOf>) =>
      send(chain, people().owner, factory, "VaultFactory", "make", [setup, shortString("salt")]);
    await refusedAs(make(setupOf(world, { asset: token })), "BadSetup", ["asset", 19n]);
    await refusedAs(make(setupOf(world, { terms: { assetFeed: feed } })), "BadSetup", ["assetFeed", 19n]);
  });

  it("is a clone's as well, at an address that is known before, set up by the factory alone and once", async () => {
    const { owner, mallory } = people();
    const factory = await deploy(chain, "VaultFactory");
    const { abi } = await loadArtifact("VaultFactory");
    const read = (functionName: string, args: readonly unknown[] = []) =>
      chain.client.readContract({ address: factory, abi, functionName, args }) as Promise<Hex>;
    const salt = shortString("first");
    const vault = await read("addressOf", [at(owner), salt]);
    expect(await read("addressOf", [at(mallory), salt])).not.toBe(vault);
    await send(chain, owner, factory, "VaultFactory", "make", [setupOf(world), salt]);
    const clone = { ...world, vault };
    expect(await ask<string>(clone, "name")).toBe("Keel Strategy");
    expect(await ask(clone, "totalSupply")).toBe(SEED);
    const again = (to: Hex, from = mallory) =>
      send(chain, from, to, "CloneVault", "initialize", [setupOf(world)]);
    await refusedAs(again(vault), "NotOwner");
    await refusedAs(again(await read("implementation")), "NotOwner");
    await aliceIn(100n * COIN, clone as VaultWorld).catch(async () => {
      // A clone has its own allowance.
      await send(chain, people().alice, world.token, "TestToken", "approve", [vault, 10n ** 15n]);
      await aliceIn(100n * COIN, clone);
    });
    expect(await shares(people().alice, clone)).toBe(100n * SHARE);
  });
});

describe("a trace of what two sums were", () => {
  it("has what a plain list has, at every key and between them", async () => {
    const probe = await deploy(chain, "TraceProbe");
    const { abi } = await loadArtifact("TraceProbe");
    const upTo = async (key: number) => {
      const asked = { address: probe, abi, functionName: "upTo", args: [BigInt(key)] };
      const { left, right } = (await chain.client.readContract(asked)) as { left: bigint; right: bigint };
      return [left, right];
    };
    const list: { readonly key: number; readonly sums: readonly bigint[] }[] = [];
    const { owner } = people();
    expect(await upTo(5)).toEqual([0n, 0n]);
    for (const [i, key] of [3, 4, 4, 9, 9, 9, 12, 30, 31, 32, 40, 41, 55, 70, 71, 90, 91].entries()) {
      const sums = [BigInt(i + 1), BigInt(100 - i)] as const;
      await send(chain, owner, probe, "TraceProbe", "push", [BigInt(key), ...sums]);
      list.push({ key, sums });
    }
    const keys = Array.from({ length: 94 }, (_, key) => key);
    const expected = keys.map((key) => list.findLast((point) => point.key <= key)?.sums ?? [0n, 0n]);
    expect(await Promise.all(keys.map(upTo))).toEqual(expected);
  });
});
