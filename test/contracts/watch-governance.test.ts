// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Does a watch tell whatever changes who may do what, and does it keep to the chain when blocks are replaced: what is gone is taken
 * back, what is new is told, nothing twice and nothing missed, within one run and across runs?
 *
 * @module
 */
import { deployKeel, type KeelDeployment, ROLE } from "@keel/contracts";
import { circuitHash } from "@keel/verifier";
import {
  authorityAbi,
  connectRegistry,
  feedMarketAbi,
  healthRegistryAbi,
  latestBlock,
  look,
  marketBookAbi,
  memoryOf,
  type Notice,
  type Registry,
  revoke,
  send,
  startWatch,
  type Wallet,
  type Watch,
} from "@keel/verifier/chain";
import { sentence } from "@keel/verifier/text";
import { encodeFunctionData, getAddress, type Hex, zeroAddress } from "viem";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { memoryText, parseMemory } from "../../cli/dist/watch-memory.js";
import { now, startTestChain, type TestChain, travelTo, write } from "../support/chain.js";
import { refused } from "./fixture.js";

const START = 2_000_000_000;
const DAY = 86_400;
const POLICY = `0x${"1a".repeat(32)}` as const;

let chain: TestChain;
let keel: KeelDeployment;
let registry: Registry;
let snapshot: Hex;
let admin: Wallet;
let guardian: Wallet;

const wallet = (i: number): Wallet => chain.wallets[i]!;
const addressOf = (i: number): Hex => wallet(i).account.address;

beforeAll(async () => {
  chain = await startTestChain();
  [admin, guardian] = [wallet(0), wallet(3)];
  await travelTo(chain, START);
  keel = await deployKeel({
    ...{ walletClient: admin, publicClient: chain.client, verifiers: [] },
    ...{ publishers: [addressOf(5), addressOf(6)], threshold: 2 },
    ...{ roles: { guardian: guardian.account.address }, receivers: [guardian] },
  });
  registry = await connectRegistry(chain.client, keel.registry);
  // From then on the authority's own delays count.
  await travelTo(chain, START + 6 * DAY);
});

beforeEach(async () => {
  snapshot = await chain.test.snapshot();
});

afterEach(async () => {
  await chain.test.revert({ id: snapshot });
});

afterAll(async () => {
  await chain?.stop();
});

const authority = (from: Wallet, name: string, ...args: unknown[]) =>
  write(chain, from, keel.authority, authorityAbi, name, args);
const book = (from: Wallet, name: string, ...args: unknown[]) =>
  write(chain, from, keel.marketBook, marketBookAbi, name, args);

/** A revocation, the cheapest thing that is told: anybody may make one of its own. */
const say = (reason: string, from = 1) => revoke(registry, wallet(from), POLICY, reason);

const revocation = (reason: string): Hex =>
  encodeFunctionData({ abi: healthRegistryAbi, functionName: "revoke", args: [POLICY, reason] });

const query = () => ({ fromBlock: BigInt(keel.fromBlock) });

async function startHere(depth?: number): Promise<Watch> {
  const next = (await latestBlock(registry)) + 1n;
  return await startWatch(registry, { ...query(), ...(depth === undefined ? {} : { depth }) }, next);
}

const lookNow = async (watch: Watch) => await look(registry, watch, await latestBlock(registry));

/** "reason", or "-reason" of what is taken back. */
const said = (notices: readonly Notice[]): string[] =>
  notices.map((notice) => {
    if (notice.kind === "revoked") return notice.reason;
    if (notice.kind === "takenBack" && notice.notice.kind === "revoked") return `-${notice.notice.reason}`;
    return notice.kind;
  });

describe("62 publishers, universes and roles that change", () => {
  const toldBy = async (work: () => Promise<unknown>): Promise<readonly Notice[]> => {
    const watch = await startHere();
    await work();
    return (await lookNow(watch)).notices;
  };

  it("are told from the offer of a role to its end, by name", async () => {
    const other = addressOf(8);
    const notices = await toldBy(async () => {
      await authority(admin, "offerRole", ROLE.curator, other, DAY);
      await authority(wallet(8), "acceptRole", ROLE.curator);
      await authority(admin, "revokeRole", ROLE.curator, other);
      await authority(admin, "offerRole", ROLE.guardian, other, 0);
      await authority(guardian, "withdrawOffer", ROLE.guardian, other);
    });
    expect(notices).toMatchObject([
      { kind: "roleOffered", role: 4n, account: other, executionDelay: DAY, by: admin.account.address },
      { kind: "roleGranted", role: 4n, account: other, executionDelay: DAY, newMember: true },
      { kind: "roleRevoked", role: 4n, account: other },
      { kind: "roleOffered", role: 1n, account: other },
      { kind: "roleOfferWithdrawn", role: 1n, account: other, by: guardian.account.address },
    ]);
    expect(sentence(notices[0]!)).toBe(
      `ROLE OFFERED: curator to ${other}, with an execution delay of 1 d, by ${admin.account.address}`,
    );
  });

  it("are told of delays, guardians, functions and contracts that nobody may call", async () => {
    const [target, data] = [keel.policyBook, closing(keel.policyBook)];
    const notices = await toldBy(async () => {
      await authority(admin, "setGrantDelay", ROLE.curator, 9 * DAY);
      await authority(admin, "setRoleGuardian", ROLE.curator, ROLE.admin);
      await authority(admin, "setTargetAdminDelay", target, 20 * DAY);
      await authority(admin, "schedule", keel.authority, data, 0);
    });
    expect(notices.map(({ kind }) => kind)).toEqual([
      "grantDelayChanged",
      "roleGuardianChanged",
      "adminDelayChanged",
      "operationScheduled",
    ]);
    expect(notices[2]).toMatchObject({ contract: "PolicyBook", delay: 20 * DAY });
    expect(sentence(notices[3]!)).toContain(
      `SCHEDULED: set contract ${getAddress(target)} closed: true, by ${admin.account.address}`,
    );
  });

  it("are told of what waits: scheduled, then called off or executed, in words though it was scheduled long before", async () => {
    const data = closing(keel.policyBook);
    const other = closing(keel.marketBook);
    await authority(admin, "schedule", keel.authority, data, 0);
    await authority(admin, "schedule", keel.authority, other, 0);
    await travelTo(chain, (await now(chain)) + 8 * DAY);
    const notices = await toldBy(async () => {
      await authority(guardian, "cancel", admin.account.address, keel.authority, other);
      await authority(admin, "setTargetClosed", keel.policyBook, true);
    });
    expect(notices.map(({ kind }) => kind)).toEqual([
      "operationCancelled",
      "operationExecuted",
      "targetClosed",
    ]);
    expect(sentence(notices[0]!)).toContain(
      `CALLED OFF: set contract ${getAddress(keel.marketBook)} closed: true`,
    );
    expect(sentence(notices[1]!)).toContain(
      `EXECUTED: set contract ${getAddress(keel.policyBook)} closed: true`,
    );
  });

  const another = () =>
    deployKeel({
      ...{ walletClient: wallet(9), publicClient: chain.client, verifiers: [] },
      ...{ publishers: [addressOf(9)], threshold: 1 },
    });
  const there = (from: Wallet, second: KeelDeployment, name: string, ...args: unknown[]) =>
    write(chain, from, second.authority, authorityAbi, name, args);
  /** What was in place already, in short. */
  const found = (notices: readonly Notice[]): string[] =>
    notices.flatMap((one) => {
      if (one.kind !== "foundThere") return [];
      const { notice } = one;
      if (notice.kind === "universeOpened") return [`universe ${notice.universeId}`];
      if (notice.kind !== "roleGranted" && notice.kind !== "roleOffered") return [];
      const who = chain.signers.findIndex(({ address }) => address === notice.account);
      // Whoever deployed it kept every role.
      if (who === 9 && notice.role !== ROLE.admin) return [];
      return [`${notice.kind} ${notice.role} ${who}`];
    });

  it("are told when a contract asks another authority: who has a role there already, and from then on what changes", async () => {
    const second = await another();
    await there(wallet(9), second, "offerRole", ROLE.marketAdmin, addressOf(8), 0);
    await there(wallet(8), second, "acceptRole", ROLE.marketAdmin);
    await there(wallet(9), second, "offerRole", ROLE.guardian, addressOf(2), 0);
    await there(wallet(9), second, "offerRole", ROLE.curator, addressOf(2), 0);
    await there(wallet(9), second, "withdrawOffer", ROLE.curator, addressOf(2));
    const data = encodeFunctionData({
      abi: authorityAbi,
      functionName: "updateAuthority",
      args: [keel.marketBook, second.authority],
    });
    await authority(admin, "schedule", keel.authority, data, 0);
    await travelTo(chain, (await now(chain)) + 8 * DAY);
    const since = (await latestBlock(registry)) + 1n;
    const notices = await toldBy(async () => {
      await there(wallet(9), second, "offerRole", ROLE.admin, addressOf(7), 0);
      await authority(admin, "updateAuthority", keel.marketBook, second.authority);
      await there(wallet(9), second, "offerRole", ROLE.marketAdmin, addressOf(2), 0);
    });
    const logged = notices.filter(({ kind }) => kind !== "foundThere");
    expect(logged.map(({ kind }) => kind)).toEqual(["operationExecuted", "authorityChanged", "roleOffered"]);
    expect(logged[1]).toMatchObject({ contract: "MarketBook", authority: getAddress(second.authority) });
    expect(logged[2]).toMatchObject({ at: second.authority });
    expect(found(notices)).toEqual([
      "roleGranted 0 9",
      "roleGranted 5 -1",
      "roleGranted 3 8",
      "roleOffered 1 2",
      "roleOffered 0 7",
    ]);
    const holder = notices.find((one) => one.kind === "foundThere" && one.notice.kind === "roleGranted")!;
    expect(sentence(holder)).toMatch(/^IN PLACE ALREADY at 0x\w+, since .* UTC: ROLE GRANTED: admin to /);
    await sameInPieces(since, notices);
  });

  it("are told of the authority of a contract that is let in as a source of tables, and of what it has already", async () => {
    const second = await another();
    const instrument = {
      ...{ feed: zeroAddress, heartbeat: 0, fixedPrice: 100_000_000n, minPrice: 0n, maxPrice: 0n },
      ...{ collateralFactor: 10_000, funded: true, exposed: false, underlying: 0 },
    };
    const universe = {
      ...{ circuit: circuitHash("market-root/16"), capacity: 16, underlyingsId: 1n, universeId: 7n },
      instruments: [instrument],
    };
    await write(chain, wallet(9), second.feedMarket, feedMarketAbi, "open", [universe]);
    const since = (await latestBlock(registry)) + 1n;
    const notices = await toldBy(async () => {
      await authority(admin, "grantRole", 5n, second.feedMarket, 0);
      await there(wallet(9), second, "offerRole", ROLE.marketAdmin, addressOf(2), 0);
    });
    expect(found(notices)).toEqual(["universe 7", "roleGranted 0 9", "roleGranted 5 -1"].sort());
    const last = notices.at(-1)!;
    expect(last).toMatchObject({ kind: "roleOffered", account: addressOf(2), at: second.authority });
    expect(sentence(last)).toContain(`, at authority ${second.authority}`);
    await sameInPieces(since, notices);
  });

  /** The same, each block looked at alone, by a watch that remembers only what the last one printed. */
  async function sameInPieces(since: bigint, whole: readonly Notice[]): Promise<void> {
    const end = await latestBlock(registry);
    let watch = await startWatch(registry, query(), since);
    const pieces: Notice[] = [];
    for (let block = since; block <= end; block++) {
      const seen = await look(registry, watch, block);
      pieces.push(...seen.notices);
      const printed = JSON.stringify({ memory: memoryText(memoryOf(registry, seen.watch)) });
      watch = await startWatch(registry, query(), parseMemory(printed));
    }
    expect(pieces).toEqual(whole);
  }

  it("are told when what waits may be executed, and when it and an offer have lapsed, once", async () => {
    let watch = await startHere();
    const told: string[] = [];
    const step = async () => {
      const seen = await lookNow(watch);
      watch = seen.watch;
      told.push(
        ...seen.notices.map((one) => ("notice" in one ? `${one.kind} ${one.notice.kind}` : one.kind)),
      );
    };
    await authority(admin, "schedule", keel.authority, closing(keel.policyBook), 0);
    await authority(admin, "offerRole", ROLE.curator, addressOf(8), 0);
    await authority(admin, "offerRole", ROLE.curator, addressOf(7), 0);
    await write(chain, wallet(7), keel.authority, authorityAbi, "acceptRole", [ROLE.curator]);
    await authority(admin, "offerRole", ROLE.guardian, addressOf(8), 0);
    await authority(guardian, "withdrawOffer", ROLE.guardian, addressOf(8));
    const from = await now(chain);
    await step();
    const logged = told.splice(0);
    expect(logged).toHaveLength(6);
    await travelTo(chain, from + 7 * DAY);
    await step();
    // The grant counts in this very second; the first call was scheduled some seconds earlier.
    expect(told.splice(0).sort()).toEqual(["inForce operationScheduled", "inForce roleGranted"]);
    await travelTo(chain, from + 14 * DAY);
    await step();
    expect(told.splice(0)).toEqual(["expired operationScheduled"]);
    await travelTo(chain, from + 40 * DAY);
    await step();
    await step();
    expect(told.splice(0)).toEqual(["expired roleOffered"]);
  });

  it("are told of publishers: announced, called off, announced again and in force, each once", async () => {
    const list = [addressOf(7)];
    const watch = await startHere();
    await book(admin, "announcePublishers", list, 1n);
    await book(guardian, "cancelPublishers");
    await book(admin, "announcePublishers", list, 1n);
    const first = await lookNow(watch);
    expect(first.notices.map(({ kind }) => kind)).toEqual([
      "publishersAnnounced",
      "publishersCancelled",
      "publishersAnnounced",
    ]);
    const { liveAt } = first.notices[2] as Extract<Notice, { kind: "publishersAnnounced" }>;
    await travelTo(chain, liveAt - 1);
    const before = await lookNow(first.watch);
    expect(before.notices).toEqual([]);
    await travelTo(chain, liveAt);
    const after = await lookNow(before.watch);
    expect(after.notices).toEqual([
      { kind: "publishersInForce", publishers: list, threshold: 1n, blockTime: liveAt },
    ]);
    expect((await lookNow(after.watch)).notices).toEqual([]);
  });

  it("are told of publishers that others took the place of before their time", async () => {
    const notices = await toldBy(async () => {
      await book(admin, "announcePublishers", [addressOf(7)], 1n);
      await book(admin, "announcePublishers", [addressOf(8)], 1n);
    });
    expect(notices.map(({ kind }) => kind)).toEqual([
      "publishersAnnounced",
      "publishersAnnounced",
      "dropped",
    ]);
    expect(notices[2]).toMatchObject({
      notice: { kind: "publishersAnnounced", publishers: [addressOf(7)] },
    });
    expect(sentence(notices[2]!)).toMatch(/^DROPPED, .*: PUBLISHERS ANNOUNCED: 1 of /);
  });

  it("are told of universes that a source of tables opens and a guardian closes", async () => {
    const instrument = {
      ...{ feed: zeroAddress, heartbeat: 0, fixedPrice: 100_000_000n, minPrice: 0n, maxPrice: 0n },
      ...{ collateralFactor: 10_000, funded: true, exposed: false, underlying: 0 },
    };
    const universe = {
      ...{ circuit: circuitHash("market-root/16"), capacity: 16, underlyingsId: 1n, universeId: 2n },
      instruments: [instrument],
    };
    const open = (universeId: bigint) =>
      write(chain, admin, keel.feedMarket, feedMarketAbi, "open", [{ ...universe, universeId }]);
    const notices = await toldBy(async () => {
      await open(2n);
      await open(3n);
    });
    expect(notices).toMatchObject([
      { kind: "universeOpened", source: keel.feedMarket, universeId: 2n, instruments: 1 },
      { kind: "universeOpened", universeId: 3n },
    ]);
    const { id, liveAt, blockTime } = notices[1] as Extract<Notice, { kind: "universeOpened" }>;
    expect(liveAt).toBe(blockTime + 7 * DAY);
    const later = await toldBy(() => travelTo(chain, liveAt));
    expect(later).toMatchObject([
      { kind: "inForce", notice: { kind: "universeOpened", universeId: 3n }, blockTime: liveAt },
    ]);
    expect(sentence(later[0]!)).toMatch(/^IN FORCE: UNIVERSE OPENED: /);
    const closed = await toldBy(() =>
      write(chain, guardian, keel.feedMarket, feedMarketAbi, "close", [id, "thin"]),
    );
    expect(closed).toMatchObject([
      { kind: "universeClosed", id, by: guardian.account.address, reason: "thin" },
    ]);
  });

  function closing(target: Hex): Hex {
    return encodeFunctionData({ abi: authorityAbi, functionName: "setTargetClosed", args: [target, true] });
  }
});

describe("62 a reorganisation", () => {
  it("takes back what is gone and tells what is new, once", async () => {
    const watch = await startHere();
    await say("kept");
    const fork = await chain.test.snapshot();
    await say("gone");
    const first = await lookNow(watch);
    expect(said(first.notices)).toEqual(["kept", "gone"]);
    await chain.test.revert({ id: fork });
    await say("new");
    await say("newer");
    const second = await lookNow(first.watch);
    expect(said(second.notices)).toEqual(["-gone", "new", "newer"]);
    expect(sentence(second.notices[0]!)).toMatch(/^TAKEN BACK, no longer on the chain: REVOKED: .*"gone"/);
    expect((await lookNow(second.watch)).notices).toEqual([]);
  });

  it("is noticed though fewer blocks take the place of more", async () => {
    const watch = await startHere();
    const fork = await chain.test.snapshot();
    await chain.test.mine({ blocks: 3 });
    await say("gone");
    await chain.test.mine({ blocks: 7 });
    const first = await lookNow(watch);
    await chain.test.revert({ id: fork });
    await say("new");
    await chain.test.mine({ blocks: 3 });
    expect((await latestBlock(registry)) + 1n).toBeLessThan(first.watch.next);
    const second = await lookNow(first.watch);
    expect(said(second.notices)).toEqual(["-gone", "new"]);
  });

  it("while one look is under way is noticed, though the last block that it reads stays", async () => {
    const watch = await startHere();
    const fork = await chain.test.snapshot();
    await say("gone");
    const first = await lookNow(watch);
    await chain.test.mine({ blocks: 2 });
    const toBlock = await latestBlock(registry);
    let isReplaced = false;
    // The block that was looked at last stands when the look begins, and is gone when it reads its own last one.
    const getBlock = (async (args: { readonly blockNumber?: bigint }) => {
      if (!isReplaced && args.blockNumber === toBlock) {
        isReplaced = true;
        await chain.test.revert({ id: fork });
        await say("new");
        await chain.test.mine({ blocks: 2 });
      }
      return await chain.client.getBlock(args as never);
    }) as unknown as typeof chain.client.getBlock;
    const unsteady = { ...registry, client: { ...registry.client, getBlock } };
    const second = await look(unsteady, first.watch, toBlock);
    expect(isReplaced).toBe(true);
    expect(said(second.notices)).toEqual(["-gone", "new"]);
    expect((await lookNow(second.watch)).notices).toEqual([]);
  });

  it("is not what a node does that is only behind", async () => {
    const watch = await startHere();
    const fork = await chain.test.snapshot();
    await say("late");
    const first = await lookNow(watch);
    const head = await latestBlock(registry);
    const behind = await look(registry, first.watch, head - 1n);
    expect([behind.notices, behind.watch.next]).toEqual([[], head + 1n]);
    // Blocks that are gone and not replaced look the same, until another one comes.
    await chain.test.revert({ id: fork });
    const waiting = await lookNow(first.watch);
    expect(waiting.notices).toEqual([]);
    await say("instead");
    expect(said((await lookNow(waiting.watch)).notices)).toEqual(["-late", "instead"]);
  });

  it("of a transaction into another block is neither news nor the end of any", async () => {
    const raw = await signed("moved");
    const watch = await startHere();
    const fork = await chain.test.snapshot();
    await chain.client.sendRawTransaction({ serializedTransaction: raw });
    const first = await lookNow(watch);
    expect(said(first.notices)).toEqual(["moved"]);
    await chain.test.revert({ id: fork });
    await say("before it", 2);
    await chain.client.sendRawTransaction({ serializedTransaction: raw });
    const second = await lookNow(first.watch);
    expect(said(second.notices)).toEqual(["before it"]);
  });

  it("takes back publishers in force where the time has not come yet", async () => {
    await book(admin, "announcePublishers", [addressOf(7)], 1n);
    const watch = await startHere();
    const fork = await chain.test.snapshot();
    await travelTo(chain, (await now(chain)) + 8 * DAY);
    const first = await lookNow(watch);
    expect(said(first.notices)).toEqual(["publishersInForce"]);
    await chain.test.revert({ id: fork });
    await book(guardian, "cancelPublishers");
    await chain.test.mine({ blocks: 1 });
    const second = await lookNow(first.watch);
    expect(said(second.notices)).toEqual(["takenBack", "publishersCancelled"]);
  });

  it("is noticed by the next run, which has only what the last one printed", async () => {
    const watch = await startHere();
    const fork = await chain.test.snapshot();
    await say("gone");
    const first = await lookNow(watch);
    await chain.test.revert({ id: fork });
    await say("new");
    const printed = JSON.stringify({ next: 1, memory: memoryText(memoryOf(registry, first.watch)) });
    const resumed = await startWatch(registry, query(), parseMemory(printed));
    const second = await lookNow(resumed);
    expect(said(second.notices)).toEqual(["-gone", "new"]);
    expect(second.watch.entries.map(({ kind }) => kind)).toEqual(["revoked"]);
    const other = { ...query(), subject: addressOf(2) };
    await refused(startWatch(registry, other, parseMemory(printed)), "watch.memory");
  });

  it("deeper than is remembered is told loudly, and what can be compared is", async () => {
    const watch = await startHere(4);
    const fork = await chain.test.snapshot();
    await say("old");
    await chain.test.mine({ blocks: 10 });
    const first = await lookNow(watch);
    await say("gone");
    const second = await lookNow(first.watch);
    await chain.test.revert({ id: fork });
    await chain.test.mine({ blocks: 20 });
    await say("new");
    const third = await lookNow(second.watch);
    expect(said(third.notices)).toEqual(["blocksReplaced", "-gone", "new"]);
    expect((await lookNow(third.watch)).notices).toEqual([]);
  });

  it("leaves, after any walk, what a watch of the chain as it is would tell", async () => {
    const seed = Number(process.env.KEEL_SEED ?? Date.now() % 100_000);
    let state = seed;
    const below = (n: number): number => {
      state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff;
      return (state >> 8) % n;
    };
    const since = (await latestBlock(registry)) + 1n;
    let watch = await startHere(8);
    const standing = new Map<string, number>();
    const forks: { readonly id: Hex; readonly block: bigint }[] = [];
    const fork = async () => {
      forks.push({ id: await chain.test.snapshot(), block: await latestBlock(registry) });
    };
    for (let step = 0; step < 40; step++) {
      const move = below(5);
      const back = Math.min(1 + below(3), forks.length);
      // Deeper than is remembered is another test's.
      const isNear = back > 0 && watch.next - 1n - forks.at(-back)!.block < 7n;
      if (move < 2) {
        await fork();
        await say(`${step}`, 1 + below(2));
      } else if (move === 2) {
        await fork();
        await chain.test.mine({ blocks: 1 + below(2) });
      } else if (move === 3 && isNear) {
        await chain.test.revert({ id: forks.splice(-back)[0]!.id });
      } else {
        if (below(3) === 0) {
          const printed = JSON.stringify({ memory: memoryText(memoryOf(registry, watch)) });
          watch = await startWatch(registry, { ...query(), depth: 8 }, parseMemory(printed));
        }
        watch = await tell(watch, standing);
      }
    }
    // Longer than before, so that what was taken away and not replaced shows.
    await chain.test.mine({ blocks: 12 });
    await tell(watch, standing);
    const whole = await lookNow(await startWatch(registry, query(), since));
    const expected = said(whole.notices).sort();
    const left = [...standing]
      .flatMap(([reason, count]) => Array.from({ length: count }, () => reason))
      .sort();
    expect(left, `seed ${seed}`).toEqual(expected);
  });

  async function tell(watch: Watch, standing: Map<string, number>): Promise<Watch> {
    const seen = await lookNow(watch);
    for (const text of said(seen.notices)) {
      const [reason, change] = text.startsWith("-") ? [text.slice(1), -1] : [text, 1];
      const count = (standing.get(reason) ?? 0) + change;
      expect([0, 1], `${text} again`).toContain(count);
      standing.set(reason, count);
    }
    return seen.watch;
  }

  /** A signed revocation, to be sent more than once. */
  async function signed(reason: string): Promise<Hex> {
    const account = chain.signers[1]!;
    const call = { account, to: registry.address, data: revocation(reason), gas: 300_000n };
    const request = await wallet(1).prepareTransactionRequest(call);
    return await account.signTransaction({ ...request, maxFeePerGas: 10n ** 12n } as never);
  }
});

describe("62 a transaction that a reorganisation takes away", () => {
  it("is not taken for sent while the blocks on it are too few, and its going is noticed", async () => {
    const patient = { ...registry, confirmations: 3 };
    const data = revocation("confirmed");
    const before = await latestBlock(registry);
    let isDone = false;
    const sending = send(patient, wallet(1), registry.address, data).then((receipt) => {
      isDone = true;
      return receipt;
    });
    while ((await latestBlock(registry)) === before) await new Promise((done) => setTimeout(done, 10));
    await new Promise((done) => setTimeout(done, 150));
    expect(isDone).toBe(false);
    await chain.test.mine({ blocks: 2 });
    expect((await sending).blockNumber).toBe(before + 1n);
    const fork = await chain.test.snapshot();
    const head = await latestBlock(registry);
    const lost = refused(send(patient, wallet(1), registry.address, data), "chain.removed");
    while ((await latestBlock(registry)) === head) await new Promise((done) => setTimeout(done, 10));
    await new Promise((done) => setTimeout(done, 150));
    await chain.test.revert({ id: fork });
    await lost;
  });
});
