// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Does a record say since when and how steadily a subject has been healthy, under a policy and through a line of policies, and
 * can neither be made of seconds?
 *
 * @module
 */
import { deployContract } from "@keel/contracts";
import { type Attestation, type DrawdownStep, type PolicyTerms, policyId } from "@keel/verifier";
import {
  isHealthy,
  isHealthyWithin,
  lineRecordOf,
  policyBookAbi,
  publishPolicy,
  revoke,
  statusOf,
  submitAttestation,
} from "@keel/verifier/chain";
import { encodeAbiParameters, type Hex, keccak256, parseAbiParameters } from "viem";
import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import { nextBlockAt, now, travelTo } from "../support/chain.js";
import {
  abiOf,
  acceptMarket,
  attestation,
  type Fixture,
  GENESIS,
  POLICY,
  refused,
  rewindEachTest,
  START,
  startFixture,
  stepAfter,
  TERMS,
  transact,
} from "./fixture.js";

const INTERVAL = 600;
const HOURLY: PolicyTerms = { ...TERMS, minInterval: INTERVAL };
const LINE = keccak256(encodeAbiParameters(parseAbiParameters("string, string"), ["keel/line/1", "main"]));
const WEEK = 7 * 86_400;

let fixture: Fixture;
/** The subject's next step. */
let step: DrawdownStep;

beforeAll(async () => {
  fixture = await startFixture();
  await publishPolicy(fixture.registry, fixture.cast.stranger, HOURLY);
});

rewindEachTest(() => [fixture]);

beforeEach(() => {
  step = GENESIS;
});

const subject = () => fixture.cast.subject.account.address;
const status = (terms = HOURLY) => statusOf(fixture.registry, subject(), policyId(terms));

/** Attests a snapshot of so many seconds after START, in the block of five seconds later, and goes on. */
async function attest(seconds: number, terms = HOURLY): Promise<Attestation> {
  const asOf = START + seconds;
  if ((await now(fixture.chain)) < asOf) await travelTo(fixture.chain, asOf);
  await acceptMarket(fixture, { root: BigInt(asOf), asOf });
  const about = { terms, asOf, marketRoot: BigInt(asOf), marketTime: asOf, drawdown: step };
  const att = await attestation(fixture, about);
  await nextBlockAt(fixture.chain, asOf + 5);
  await submitAttestation(fixture.registry, fixture.cast.stranger, att);
  step = stepAfter(step);
  return att;
}

describe("68 a streak", () => {
  it("of snapshots a second apart is one", async () => {
    for (let i = 0; i < 12; i++) await attest(20 + 6 * i);
    expect(await status()).toMatchObject({ count: 1, streak: 1, lapses: 0, asOf: START + 86 });
  });

  it("grows with a snapshot minInterval after the last one that counted, and not a second before", async () => {
    await attest(20);
    await attest(20 + INTERVAL - 1);
    expect(await status()).toMatchObject({ count: 1, streak: 1, countedAt: START + 20 });
    const att = await attest(20 + INTERVAL + 6);
    expect(await status()).toMatchObject({ count: 2, streak: 2, countedAt: att.asOf });
    await attest(20 + 2 * INTERVAL);
    expect(await status(), "since the last that counted, not since the last").toMatchObject({ count: 2 });
    await attest(26 + 2 * INTERVAL);
    expect(await status()).toMatchObject({ count: 3, streak: 3, since: START + 25, lapses: 0 });
  });

  it("begins anew with each run, whose first snapshot the next one has to be minInterval after", async () => {
    await attest(20);
    await nextBlockAt(fixture.chain, START + 30);
    await revoke(fixture.registry, fixture.cast.subject, policyId(HOURLY), "mistake");
    await attest(40);
    expect(await status()).toMatchObject({
      ...{ count: 1, streak: 1, lapses: 1, since: START + 45, countedAt: START + 40 },
    });
    await attest(20 + INTERVAL);
    expect(await status()).toMatchObject({ count: 1, streak: 1 });
    await attest(40 + INTERVAL);
    expect(await status()).toMatchObject({ count: 2, streak: 2, since: START + 45 });
  });

  it("goes on while each comes before the last one expires, and since says from when", async () => {
    await attest(20);
    const expiry = START + 20 + HOURLY.validity;
    await attest(20 + HOURLY.validity - 6); // in the block of the last second
    expect(await status()).toMatchObject({ streak: 2, lapses: 0, since: START + 25 });
    expect(await now(fixture.chain)).toBe(expiry - 1);
    await attest(20 + 2 * HOURLY.validity - 11); // in the block of the first second without health
    expect(await status()).toMatchObject({
      streak: 1,
      count: 3,
      lapses: 1,
      since: START + 14 + 2 * HOURLY.validity,
      firstAsOf: START + 20,
    });
  });
});

describe("health within", () => {
  it("so many seconds is health by a snapshot no older, to the second", async () => {
    const { registry, chain } = fixture;
    const within = (seconds: number) => isHealthyWithin(registry, subject(), policyId(HOURLY), seconds);
    expect(await within(2 ** 32 - 1)).toBe(false);
    await attest(20);
    await travelTo(chain, START + 120);
    expect([await within(100), await within(99), await within(0)]).toEqual([true, false, false]);
    await travelTo(chain, START + 20 + HOURLY.validity);
    expect(await within(2 ** 32 - 1), "expired").toBe(false);
  });

  it("is what a gate can ask for", async () => {
    const { chain, cast, registry } = fixture;
    const abi = await abiOf("FreshGate");
    const clients = { walletClient: cast.deployer, publicClient: chain.client };
    const gateOf = (maxStaleness: number) =>
      deployContract(clients, "FreshGate", [registry.address, subject(), policyId(HOURLY), maxStaleness]);
    const [fresh, any] = [await gateOf(100), await gateOf(2 ** 32 - 1)];
    const ask = (address: Hex, functionName: string) =>
      chain.client.readContract({ address, abi, functionName });
    await attest(20);
    await travelTo(chain, START + 120);
    expect([await ask(fresh, "isHealthy"), await ask(any, "isHealthy")]).toEqual([true, true]);
    await travelTo(chain, START + 121);
    expect([await ask(fresh, "isHealthy"), await ask(any, "isHealthy")]).toEqual([false, true]);
    expect([await ask(fresh, "unwindOnly"), await ask(any, "unwindOnly")]).toEqual([true, false]);
    expect([await ask(fresh, "maxStaleness"), await ask(any, "maxStaleness")]).toEqual([100, 2 ** 32 - 1]);
  });
});

describe("68 a line's record", () => {
  const TIGHTER: PolicyTerms = { ...HOURLY, maxLeverage: HOURLY.maxLeverage - 1 };
  const TIGHTEST: PolicyTerms = { ...HOURLY, maxLeverage: HOURLY.maxLeverage - 2 };
  const record = () => lineRecordOf(fixture.registry, subject(), LINE);
  const NONE = { healthy: false, asOf: 0, expiry: 0, since: 0, streak: 0 };

  const book = (name: string, ...args: unknown[]) =>
    transact(fixture.chain, fixture.cast.deployer, fixture.registry.policyBook, policyBookAbi, name, args);
  const move = (terms: PolicyTerms) => book("moveLine", LINE, policyId(terms));
  const moveAt = async (seconds: number, terms: PolicyTerms) => {
    await nextBlockAt(fixture.chain, START + seconds);
    await move(terms);
  };
  const policies = () =>
    fixture.chain.client.readContract({
      address: fixture.registry.policyBook,
      abi: policyBookAbi,
      functionName: "policiesOf",
      args: [LINE],
    });
  /** The line's policies, without the times at which it left them. */
  const ids = async () => (await policies()).map(({ policyId: id }) => id);

  beforeEach(async () => {
    for (const terms of [TIGHTER, TIGHTEST])
      await publishPolicy(fixture.registry, fixture.cast.stranger, terms);
    await book("openLine", "main", policyId(HOURLY));
  });

  it("is that of its policy while it has one, and nothing without health", async () => {
    expect(await record()).toEqual({ policyId: policyId(HOURLY), ...NONE });
    await attest(20);
    await attest(20 + INTERVAL);
    const asOf = START + 20 + INTERVAL;
    expect(await record()).toEqual({
      policyId: policyId(HOURLY),
      healthy: true,
      ...{ asOf, expiry: asOf + HOURLY.validity, since: START + 25, streak: 2 },
    });
    await travelTo(fixture.chain, asOf + HOURLY.validity);
    expect(await record()).toEqual({ policyId: policyId(HOURLY), ...NONE });
  });

  it("goes on through a tightening, and ends with the first policy that does not lead on", async () => {
    await attest(20);
    await attest(20 + INTERVAL);
    await move(TIGHTER);
    expect(await record(), "nothing under the new policy yet").toEqual({
      policyId: policyId(TIGHTER),
      ...NONE,
    });
    await attest(20 + 2 * INTERVAL, TIGHTER);
    expect(await record()).toMatchObject({ policyId: policyId(TIGHTER), since: START + 25, streak: 3 });
    await attest(20 + 3 * INTERVAL, TIGHTER);
    await move(TIGHTEST);
    await attest(20 + 4 * INTERVAL, TIGHTEST);
    expect(await record()).toMatchObject({ policyId: policyId(TIGHTEST), since: START + 25, streak: 5 });
    await revoke(fixture.registry, fixture.cast.subject, policyId(TIGHTER), "mistake");
    expect(await record(), "the run under the policy before was ended").toMatchObject({
      since: START + 25 + 4 * INTERVAL,
      streak: 1,
    });
  });

  it.each([
    ["in the second at which the one before expires", 0, { since: START + 25, streak: 2 }],
    ["a second later", 1, { since: START + 21 + HOURLY.validity, streak: 1 }],
  ] as const)("has no gap: an attestation under the next policy %s", async (_, late, expected) => {
    await attest(20);
    await move(TIGHTER);
    await attest(15 + HOURLY.validity + late, TIGHTER);
    expect(await record()).toMatchObject(expected);
  });

  it("does not count twice what two policies of the line had at one time", async () => {
    await publishPolicy(fixture.registry, fixture.cast.stranger, TIGHTER);
    await attest(20);
    await move(TIGHTER);
    await attest(30, TIGHTER);
    await attest(20 + INTERVAL);
    await attest(30 + INTERVAL, TIGHTER);
    expect(await status()).toMatchObject({ streak: 2 });
    expect(await record()).toMatchObject({ since: START + 25, streak: 2 });
  });

  it("does not count time in which the line had another policy than the one that was kept", async () => {
    await attest(20, TIGHTER);
    await attest(20 + INTERVAL, TIGHTER);
    await moveAt(1_000, TIGHTER);
    expect(await record(), "kept before it was the line's").toMatchObject({
      ...{ policyId: policyId(TIGHTER), since: START + 1_000, streak: 1 },
    });
    await attest(20 + 2 * INTERVAL, TIGHTER);
    expect(await record(), "no more than fit the time").toMatchObject({ since: START + 1_000, streak: 1 });
    await attest(1_000 + INTERVAL, TIGHTER);
    expect(await record()).toMatchObject({ since: START + 1_000, streak: 2 });
  });

  it("begins with the line's policy of that time where both were kept", async () => {
    await attest(20, TIGHTER);
    await attest(30);
    await moveAt(100, TIGHTER);
    expect(await record()).toMatchObject({ policyId: policyId(TIGHTER), since: START + 35, streak: 1 });
  });

  it("is not carried through a time in which only the policy that the line had left was kept", async () => {
    for (let i = 0; i < 3; i++) await attest(20 + i * INTERVAL);
    await moveAt(1_500, TIGHTER);
    for (let i = 3; i < 9; i++) await attest(20 + i * INTERVAL);
    await attest(20 + 9 * INTERVAL, TIGHTER); // in the block of START + 5425, later than 1500 + 3600
    expect(await record()).toMatchObject({ since: START + 25 + 9 * INTERVAL, streak: 1 });
  });

  it.each([
    ["in the last second of what the one before could last", 0, { since: START + 25 }],
    ["a second later", 1, { since: START + 5_101, streak: 1 }],
  ] as const)("leads on from a policy that the line left %s", async (_, late, expected) => {
    for (let i = 0; i < 3; i++) await attest(20 + i * INTERVAL);
    await moveAt(1_500, TIGHTER);
    for (let i = 3; i < 8; i++) await attest(20 + i * INTERVAL);
    await attest(1_500 + HOURLY.validity - 5 + late, TIGHTER);
    expect(await record()).toMatchObject(expected);
  });

  it("does not begin with what was only kept after the line had left it", async () => {
    await moveAt(100, TIGHTER);
    await attest(200);
    await attest(300, TIGHTER);
    expect(await record()).toMatchObject({ since: START + 305, streak: 1 });
  });

  it.each([
    ["overlap", 0, 0, 1],
    ["are of one second", 0, 1, 1],
    ["follow each other", 1, 2, 2],
  ] as const)(
    "68 adds up two streaks only where their snapshots cannot overlap: these %s",
    async (_, newer, by, streak) => {
      await attest(1_000);
      await moveAt(1_100, TIGHTER);
      // Its snapshot is older than its block by all that the policy lets it be.
      const asOf = START + 1_000 + newer;
      await acceptMarket(fixture, { root: 9n, asOf: asOf + 1 });
      const about = { terms: TIGHTER, asOf, marketRoot: 9n, marketTime: asOf + 1, drawdown: step };
      const att = await attestation(fixture, about);
      await nextBlockAt(fixture.chain, START + 1_000 + TIGHTER.maxAge - 1 + by);
      await submitAttestation(fixture.registry, fixture.cast.stranger, att);
      expect(await record()).toMatchObject({ since: START + 1_005, streak });
    },
  );

  it("goes on through two moves within what the first policy's attestation lasts", async () => {
    await attest(20);
    await moveAt(100, TIGHTER);
    await moveAt(200, TIGHTEST);
    await attest(1_000, TIGHTEST);
    expect(await record()).toMatchObject({ policyId: policyId(TIGHTEST), since: START + 25, streak: 2 });
  });

  describe("of a policy that the line came back to", () => {
    const DAY = 86_400;
    const LASTING: PolicyTerms = { ...HOURLY, validity: 6 * DAY };
    const BETWEEN: PolicyTerms = { ...LASTING, maxLeverage: LASTING.maxLeverage - 1 };
    const OTHER = keccak256(
      encodeAbiParameters(parseAbiParameters("string, string"), ["keel/line/1", "other"]),
    );
    const back = () => lineRecordOf(fixture.registry, subject(), OTHER);

    /** A line that leaves a policy at START + 100, and comes back to it a week later. @returns when */
    async function thereAndBack(): Promise<number> {
      for (const terms of [LASTING, BETWEEN])
        await publishPolicy(fixture.registry, fixture.cast.stranger, terms);
      await book("openLine", "other", policyId(LASTING));
      await attest(20, LASTING);
      await nextBlockAt(fixture.chain, START + 100);
      for (const terms of [BETWEEN, LASTING]) await book("moveLine", OTHER, policyId(terms));
      return (await now(fixture.chain)) + WEEK;
    }

    it("does not count twice an attestation by the oldest snapshot that it takes", async () => {
      const old: PolicyTerms = { ...LASTING, validity: 9 * DAY };
      const between: PolicyTerms = { ...old, maxLeverage: old.maxLeverage - 1 };
      for (const terms of [old, between]) await publishPolicy(fixture.registry, fixture.cast.stranger, terms);
      await book("openLine", "other", policyId(old));
      const asOf = START + 20;
      const att = await attestation(fixture, { terms: old, asOf, drawdown: step });
      await nextBlockAt(fixture.chain, asOf + old.maxAge);
      await submitAttestation(fixture.registry, fixture.cast.stranger, att);
      for (const terms of [between, old]) await book("moveLine", OTHER, policyId(terms));
      await travelTo(fixture.chain, (await now(fixture.chain)) + WEEK);
      expect(await back()).toMatchObject({ since: asOf + old.maxAge, streak: 1 });
    });

    it("leaves out a time in which the one between was not kept", async () => {
      const liveAt = await thereAndBack();
      await attest(5 * DAY, LASTING);
      await travelTo(fixture.chain, liveAt);
      expect(await back()).toMatchObject({ policyId: policyId(LASTING), since: liveAt, streak: 1 });
    });

    it("goes on where the one between was kept", async () => {
      const liveAt = await thereAndBack();
      await attest(2 * DAY, BETWEEN);
      await attest(5 * DAY, LASTING);
      await travelTo(fixture.chain, liveAt);
      const since = START + 25;
      expect(await back()).toMatchObject({ policyId: policyId(LASTING), since, streak: 1 });
    });

    it("does not go on where the one between came too late", async () => {
      const liveAt = await thereAndBack();
      await attest(5 * DAY, LASTING);
      await attest(6 * DAY + 200, BETWEEN);
      await travelTo(fixture.chain, liveAt);
      expect(await back()).toMatchObject({ since: START + 6 * DAY + 205, streak: 1 });
    });
  });

  it("knows an announced policy from its time on, and none that was called off or came back to", async () => {
    const { chain, registry, cast } = fixture;
    const [loose, tight, tightest] = [HOURLY, TIGHTER, TIGHTEST].map(policyId);
    expect(await policies()).toEqual([{ policyId: loose, leftAt: 0, how: 0 }]);
    await move(TIGHTEST);
    await move(TIGHTEST);
    expect(await ids()).toEqual([loose, tightest]);
    await move(TIGHTER);
    expect(await ids(), "announced").toEqual([loose, tightest]);
    await transact(chain, cast.guardian, registry.policyBook, policyBookAbi, "cancelMove", [LINE]);
    await move(HOURLY);
    await move(TIGHTER);
    const liveAt = (await now(chain)) + WEEK;
    await travelTo(chain, liveAt - 1);
    expect(await ids(), "replaced").toEqual([loose, tightest]);
    await travelTo(chain, liveAt);
    expect(await policies()).toMatchObject([
      { policyId: loose },
      { policyId: tightest, leftAt: liveAt },
      { policyId: tight, leftAt: 0 },
    ]);
    await nextBlockAt(chain, liveAt + 50);
    await move(TIGHTEST);
    expect(await policies(), "written down with the next move, at their own times").toMatchObject([
      { policyId: loose },
      { policyId: tightest, leftAt: liveAt },
      { policyId: tight, leftAt: liveAt + 50 },
      { policyId: tightest, leftAt: 0 },
    ]);
    await move(HOURLY);
    await travelTo(chain, (await now(chain)) + WEEK);
    const cancel = transact(chain, cast.guardian, registry.policyBook, policyBookAbi, "cancelMove", [LINE]);
    await refused(cancel, "registry.nothingAnnounced");
    expect(await ids()).toEqual([loose, tightest, tight, tightest, loose]);
    await move(TIGHTER);
    expect(await ids()).toEqual([loose, tightest, tight, tightest, loose, tight]);
  });

  it("of a line that nobody opened is refused", async () => {
    await refused(lineRecordOf(fixture.registry, subject(), POLICY), "registry.unknownLine");
    expect(await isHealthy(fixture.registry, subject(), POLICY)).toBe(false);
  });
});
