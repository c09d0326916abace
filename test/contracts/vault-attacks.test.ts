// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * What somebody with fresh eyes tried on the strategy vault and the gates, and must not get: a price of another's making, a fee on no
 * gain, an end before its time, a way out that is shut.
 *
 * @module
 */
import { loadArtifact } from "@keel/contracts";
import { type Address, encodeFunctionData, type Hex, parseAbi, toFunctionSelector, zeroAddress } from "viem";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { now, startTestChain, type TestChain, travelTo } from "../support/chain.js";
import {
  act,
  ask,
  COIN,
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
  SHARE,
  START,
  send,
  settleAt,
  setupOf,
  USD,
  type VaultWorld,
} from "../support/strategy-vault.js";

const GRACE = 7 * DAY;
const OTHER: Hex = `0x${"33".repeat(32)}`;

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

const { at, shares, requestDeposit, requestRedeem, open, aliceIn } = movesIn(() => world);
const windDown = (w = world) => act(w, w.people.mallory, "windDown");
const registry = (method: string, args: readonly unknown[], w = world) =>
  send(chain, w.people.owner, w.registry, "MockHealthRegistry", method, args);

describe("76 a price of somebody's making", () => {
  /** Alice has half a million shares of a dollar; each hour, and then some, what moved has surely come. */
  async function inTransit() {
    const w = await makeWorld(chain, { terms: { transit: HOUR } });
    const held = await aliceIn(500_000n * COIN, w);
    await travelTo(chain, (await now(chain)) + 2 * HOUR);
    await open(MILLION, w);
    const settleLater = async (dollars: bigint) => {
      await travelTo(chain, (await now(chain)) + 2 * HOUR);
      await settleAt(w, dollars);
    };
    type Nav = { readonly value: bigint };
    const nav = async () => (await ask<Nav>(w, "navOf", w.subject, POLICY)).value;
    return { w, held, settleLater, nav };
  }

  it("is not had by sending the same money to custody and back, time and again, while it may be on its way", async () => {
    const { bob, manager, custody } = world.people;
    const { w, settleLater, nav } = await inTransit();
    await requestDeposit(bob, 100_000n * COIN, w);
    for (let i = 0; i < 10; i++) {
      await act(w, manager, "allocate", at(custody), 500_000n * COIN);
      await act(w, custody, "returnAssets", 500_000n * COIN);
    }
    await refusedAs(settleAt(w, MILLION), "TooMuchOnItsWay", [MILLION * COIN, 6_500_000n * COIN]);
    expect(await nav(), "no lender's price either").toBe(0n);
    expect(await ask<boolean>(w, "canSettle")).toBe(false);
    await settleLater(MILLION);
    expect(await ask(w, "maxMint", at(bob)), "a dollar a share").toBe(100_000n * SHARE);
    expect(await nav()).toBe(1_500_000n * USD);
  });

  it("is not had by bringing all back just before a snapshot, for who leaves to be paid by what is left", async () => {
    const { alice, custody } = world.people;
    const { w, held, settleLater } = await inTransit();
    await act(w, custody, "returnAssets", 900_000n * COIN);
    await requestRedeem(alice, held, w);
    await refusedAs(settleAt(w, 100_000n), "TooMuchOnItsWay");
    await settleLater(100_000n);
    expect(await ask(w, "maxWithdraw", at(alice))).toBe(500_000n * COIN);
  });

  it("is not chosen among the rounds of a feed's old aggregator, which goes on beside the new one", async () => {
    const { owner, alice } = world.people;
    const feed = await deploy(chain, "RoundFeed", [8]);
    const w = await makeWorld(chain, { terms: { assetFeed: feed, feedStaleness: HOUR } });
    await open(MILLION, w);
    await requestDeposit(alice, 100n * COIN, w);
    const asOf = await nextPeriod(w);
    await prove(w, MILLION, asOf);
    const [old, next] = [1n << 64n, 2n << 64n];
    for (const [id, dollars, time] of [
      [old + 7n, 1n, asOf - 100],
      [old + 8n, 1n, asOf + 1],
      [next + 1n, 2n, asOf - 50],
    ] as const) {
      await send(chain, owner, feed, "RoundFeed", "push", [id, dollars * 10n ** 8n, time]);
    }
    await refusedAs(act(w, alice, "settle", old + 7n), "WrongRound");
    await act(w, alice, "settle", next + 1n);
  });
});

describe("76 a free option", () => {
  it("is not had where the gate wants a fresher snapshot than a settlement does", async () => {
    const { alice, bob } = world.people;
    const gate = await deploy(chain, "FreshGate", [world.registry, world.subject, POLICY, 120]);
    const vault = await deploy(chain, "StrategyVault", [setupOf({ ...world, gate })]);
    const strict = { ...world, gate, vault };
    await send(chain, alice, world.token, "TestToken", "approve", [vault, 10n ** 15n]);
    await open(MILLION, strict);
    await requestDeposit(alice, 100n * COIN, strict);
    const id = await ask(strict, "currentPeriod");
    const asOf = await nextPeriod(strict);
    // Custody lost half: whoever asked before would like to have its money back.
    await prove(strict, MILLION / 2n, asOf);
    await travelTo(chain, asOf + 200);
    expect(await ask<boolean>(strict, "isHealthy"), "too old for the gate").toBe(false);
    const cancel = () => act(strict, alice, "cancelDeposit", id, at(alice), at(alice));
    await refusedAs(cancel(), "TooLateToCancel");
    await act(strict, bob, "settle", 0n);
    expect(await ask(strict, "maxMint", at(alice))).toBe(200n * SHARE);
  });
});

describe("76 a fee", () => {
  it("is taken on the same gain once, though the asset's smallest part is a hundredth of a share", async () => {
    const token = { name: "TestToken", args: ["Whole", "W", 0] };
    const w = await makeWorld(chain, { terms: { performanceFee: 2_000 } }, token);
    const { owner } = w.people;
    await settleAt(w, MILLION);
    for (let i = 1n; i <= 16n; i++) await settleAt(w, MILLION + 2_500n * i);
    const fee = ((await shares(owner, w)) * 1_040_000n) / (await ask(w, "totalSupply"));
    // A fifth of what was gained, and what earlier fees gained with the others.
    expect(fee).toBeLessThanOrEqual(8_200n);
    expect(fee).toBeGreaterThan(7_900n);
  });

  it("is taken on no gain of who paid more, as what was on its way was counted against deposits", async () => {
    const w = await makeWorld(chain, { terms: { performanceFee: 3_000, transit: HOUR } });
    const { owner, custody, bob } = w.people;
    await open(MILLION, w);
    await act(w, custody, "returnAssets", 8_000n * COIN);
    await requestDeposit(bob, 100_000n * COIN, w);
    await settleAt(w, 992_000n);
    expect(await ask(w, "maxMint", at(bob)), "at a dollar").toBe(100_000n * SHARE);
    await travelTo(chain, (await now(chain)) + 2 * HOUR);
    await settleAt(w, 992_000n);
    expect(await ask(w, "totalAssets")).toBe(1_100_000n * COIN);
    expect(await shares(owner, w), "as at the beginning").toBe(1n);
  });

  it("that is due at the next settlement is in no lender's price", async () => {
    const w = await makeWorld(chain, { terms: { managementFee: 200, performanceFee: 3_000 } });
    type Nav = { readonly value: bigint; readonly units: bigint };
    const price = async () => {
      const { value, units } = await ask<Nav>(w, "navOf", w.subject, POLICY);
      return value / units;
    };
    await settleAt(w, MILLION);
    await travelTo(chain, (await now(chain)) + 30 * DAY);
    await prove(w, 2n * MILLION, await now(chain), { validity: 10 * DAY });
    const before = await price();
    await act(w, w.people.mallory, "settle", 0n);
    const after = await price();
    expect(Number(before - after) / Number(after)).toBeCloseTo(0, 9);
    expect(Number(after) / 1e8).toBeLessThan(1.7);
  });
});

describe("76 a feed of the shares", () => {
  it("has no price that a newer proof took the place of", async () => {
    const { mallory } = world.people;
    type Nav = { readonly value: bigint };
    const value = async () => (await ask<Nav>(world, "navOf", world.subject, POLICY)).value;
    const asOf = await nextPeriod(world);
    await prove(world, MILLION, asOf);
    await travelTo(chain, asOf + 100);
    await act(world, mallory, "settle", 0n);
    expect(await value()).toBe(MILLION * USD);
    // Of before the settlement, so nothing can be settled by it; and it shows a loss.
    await prove(world, MILLION / 2n, asOf + 50);
    expect(await value()).toBe(0n);
    const later = await now(chain);
    await travelTo(chain, later + 10);
    await prove(world, MILLION / 2n, later + 5);
    expect(await value()).toBe((MILLION / 2n) * USD);
  });

  it("has a price in a wind-down, by proofs that go on, with what came back, and less no fees", async () => {
    const w = await makeWorld(chain, { terms: { managementFee: 500 } });
    const { custody, mallory, manager } = w.people;
    await settleAt(w, MILLION);
    await travelTo(chain, (await now(chain)) + GRACE + 1);
    await windDown(w);
    await act(w, custody, "returnAssets", 400_000n * COIN);
    await act(w, manager, "surrender", 100_000n * SHARE, at(mallory));
    const time = await now(chain);
    await travelTo(chain, time + 60);
    await prove(w, 600_000n, time + 30);
    const nav = await ask<{ readonly value: bigint; readonly units: bigint }>(w, "navOf", w.subject, POLICY);
    // What was paid out is of the shares that were given up, which are counted on.
    expect(nav).toMatchObject({ value: MILLION * USD, units: await ask(w, "totalSupply") });
  });
});

describe("76 an end before its time", () => {
  /** Days of proofs, and nobody who asks for anything: nothing is settled. */
  async function daysOfProofs(days: number): Promise<void> {
    for (let day = 0; day < days; day++) {
      await travelTo(chain, (await now(chain)) + DAY);
      await prove(world, MILLION, await now(chain));
    }
  }

  it("does not come with a line that moves to a policy without an attestation yet", async () => {
    const { manager, mallory } = world.people;
    await settleAt(world, MILLION);
    await daysOfProofs(8);
    await registry("tightenLine", [LINE, OTHER]);
    expect(await ask<boolean>(world, "isHealthy"), "the old one counts for now").toBe(true);
    await refusedAs(windDown(), "NoReasonToWindDown");
    await travelTo(chain, (await now(chain)) + DAY + 1);
    await refusedAs(windDown(), "NoReasonToWindDown");
    // Who holds a share is never locked in: it asks, and waits for the grace.
    await requestRedeem(manager, SHARE);
    await travelTo(chain, (await now(chain)) + PERIOD + GRACE);
    await act(world, mallory, "windDown");
  });

  it("does not come with another gate, whose subject is not attested yet", async () => {
    const { owner, mallory } = world.people;
    await settleAt(world, MILLION);
    const other = await deploy(chain, "LineGate", [world.registry, at(mallory), LINE]);
    await act(world, owner, "announceGate", other);
    await daysOfProofs(8);
    expect(await ask(world, "gate")).toBe(other);
    await refusedAs(windDown(), "NoReasonToWindDown");
  });

  it("does not come as a redemption that was asked for late could not be paid at once", async () => {
    const { alice, bob, manager, custody } = world.people;
    const held = await aliceIn(1_000n * COIN);
    await act(world, manager, "allocate", at(custody), 1_000n * COIN);
    await requestDeposit(bob, 1n);
    const asked = await now(chain);
    await travelTo(chain, asked + GRACE - HOUR);
    await requestRedeem(alice, held);
    await settleAt(world, MILLION + 1_000n);
    await travelTo(chain, asked + GRACE + 2 * PERIOD);
    await prove(world, MILLION + 1_000n, await now(chain));
    await refusedAs(windDown(), "NoReasonToWindDown");
    await travelTo(chain, (await now(chain)) + GRACE + PERIOD);
    await prove(world, MILLION + 1_000n, await now(chain));
    await windDown();
  });

  it("is not forced by who takes a crumb back late: the grace outlasts the period that has to end then", async () => {
    const terms = { dealingPeriod: 8 * DAY, maxLag: HOUR };
    await expect(makeWorld(chain, { terms: { ...terms, grace: 8 * DAY + HOUR - 1 } })).rejects.toThrow();
    const w = await makeWorld(chain, { terms: { ...terms, grace: 8 * DAY + HOUR } });
    const { alice, bob, mallory } = w.people;
    await open(MILLION, w);
    await requestDeposit(alice, 100n * COIN, w);
    await requestDeposit(bob, 1n, w);
    const id = await ask(w, "currentPeriod");
    const end = Number(id + 1n) * 8 * DAY;
    await travelTo(chain, end - 1);
    await prove(w, MILLION, end - 1);
    await travelTo(chain, end + DAY);
    await lapse(w);
    await act(w, bob, "cancelDeposit", id, at(bob), at(bob));
    await travelTo(chain, end + 8 * DAY + 10);
    await refusedAs(windDown(w), "NoReasonToWindDown");
    await prove(w, MILLION, end + 8 * DAY);
    await act(w, mallory, "settle", 0n);
    expect(await ask(w, "maxMint", at(alice))).toBe(100n * SHARE);
  });
});

describe("76 an end that has to come", () => {
  /** Proofs of so many dollars go on for the grace, while a deposit waits. */
  async function waitFor(w: VaultWorld, dollars: bigint): Promise<void> {
    await open(MILLION, w);
    await requestDeposit(w.people.alice, 100n * COIN, w);
    await refusedAs(windDown(w), "NoReasonToWindDown");
    await travelTo(chain, (await now(chain)) + GRACE + 2 * PERIOD);
    await prove(w, dollars, await now(chain));
  }

  const takeBack = async (w: VaultWorld) => {
    const { alice } = w.people;
    const id = (await ask(w, "currentPeriod")) - BigInt((GRACE + 2 * PERIOD) / PERIOD);
    await act(w, alice, "cancelDeposit", id, at(alice), at(alice));
  };

  it("comes when the asset's feed died, though proofs of health go on", async () => {
    const feed = await deploy(chain, "RoundFeed", [8]);
    const w = await makeWorld(chain, { terms: { assetFeed: feed, feedStaleness: HOUR } });
    const push = async () =>
      await send(chain, w.people.owner, feed, "RoundFeed", "push", [1n, 10n ** 8n, await now(chain)]);
    await push();
    await waitFor(w, MILLION);
    expect(await ask<boolean>(w, "canSettle")).toBe(false);
    await windDown(w);
    await takeBack(w);
  });

  it("comes when the proven value is nothing, by which nobody can be priced", async () => {
    await waitFor(world, 0n);
    expect(await ask<boolean>(world, "canSettle")).toBe(false);
    await windDown();
    await takeBack(world);
  });
});

describe("76 a gate", () => {
  it("is not exchanged at once by taking it away first", async () => {
    const { owner } = world.people;
    await refusedAs(act(world, owner, "announceGate", zeroAddress), "BadSetup", ["gate", 0n]);
  });
});

describe("77 a gate whose registry fails, or whose line moved often", () => {
  const gateArgs = () => [world.registry, world.subject, LINE];

  async function breakRegistry(): Promise<void> {
    const { deployedBytecode } = await loadArtifact("OddSource");
    await chain.test.setCode({ address: world.registry, bytecode: deployedBytecode });
    for (const method of ["isHealthy(address,bytes32)", "currentOf(bytes32)"]) {
      await send(chain, world.people.owner, world.registry, "OddSource", "set", [
        toFunctionSelector(method),
        1,
        0n,
        0n,
      ]);
    }
  }

  const read = async <T>(address: Address, name: string, functionName: string, args: readonly unknown[]) => {
    const { abi } = await loadArtifact(name);
    return (await chain.client.readContract({ address, abi, functionName, args })) as T;
  };

  it("lets a Safe's owners and modules unwind, and an Euler vault be repaid", async () => {
    const { owner, mallory } = world.people;
    const close: Hex = "0x11223344";
    const [safe, target] = [at(owner), at(mallory)];
    const guard = await deploy(chain, "SafeGuard", [safe, [target], [close], ...gateArgs()]);
    const modules = await deploy(chain, "SafeModuleGuard", [safe, ...gateArgs()]);
    await send(chain, owner, modules, "SafeModuleGuard", "setUnwind", [target, close, true]);
    const hook = await deploy(chain, "EulerHook", [safe, ...gateArgs()]);
    await breakRegistry();
    const data = encodeFunctionData({ abi: parseAbi(["function repay(uint256,address)"]), args: [1n, safe] });
    await chain.client.call({ to: hook, data });
    const none = [0n, 0n, 0n, zeroAddress, zeroAddress, "0x", zeroAddress];
    await read(guard, "SafeGuard", "checkTransaction", [target, 0n, close, 0, ...none]);
    await read(modules, "SafeModuleGuard", "checkModuleTransaction", [target, 0n, close, 0, zeroAddress]);
  });
});
