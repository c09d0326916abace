// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Does the registry hold a subject to the accounts that it declared, and to one drawdown chain without gap, fork or return?
 *
 * @module
 */
import { type Attestation, type DrawdownStep, FIELD_ORDER, policyId } from "@keel/verifier";
import {
  cancelRestart,
  enrol,
  enrolmentOf,
  healthRegistryAbi,
  publishPolicy,
  restartChain,
  revoke,
  stateOf,
  statusOf,
  submitAttestation,
  submitBatch,
  type Wallet,
} from "@keel/verifier/chain";
import type { Hex } from "viem";
import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import { nextBlockAt, now, travelTo } from "../support/chain.js";
import {
  acceptMarket,
  attestation,
  ENROLMENT,
  type Fixture,
  GENESIS,
  POLICY,
  refused,
  rewindEachTest,
  START,
  startFixture,
  stepAfter,
  submitRaw,
  TERMS,
} from "./fixture.js";

const DAY = 86_400;
const WEEK = 7 * DAY;
const SECOND = stepAfter(GENESIS);
const THIRD = stepAfter(SECOND);
/** Another list of accounts: a losing one left out. */
const SHORTER = 667n;

let fixture: Fixture;
let first: Attestation;
let second: Attestation;

beforeAll(async () => {
  fixture = await startFixture();
  first = await attestation(fixture);
  second = await attestation(fixture, { asOf: START + 50, drawdown: SECOND });
});

rewindEachTest(() => [fixture]);

/** A genesis after a state was lost. */
const FRESH = { ...GENESIS, newState: 2_001n };

const restartsAt = async () => (await status()).restartAt ?? 0;

/** An attestation of shortly before a time, whose market is published. */
async function later(time: number, drawdown: DrawdownStep): Promise<Attestation> {
  const asOf = time - 100;
  if ((await now(fixture.chain)) < asOf) await travelTo(fixture.chain, asOf);
  await acceptMarket(fixture, { root: BigInt(asOf), asOf });
  const about = { asOf, marketRoot: BigInt(asOf), marketTime: asOf, drawdown };
  return await attestation(fixture, about);
}

const subject = () => fixture.cast.subject.account.address;
const declare = (enrolment: bigint) => enrol(fixture.registry, fixture.cast.subject, enrolment);
const submit = (att: Attestation) => submitAttestation(fixture.registry, fixture.cast.stranger, att);
const status = () => statusOf(fixture.registry, subject(), POLICY);
const counts = () => enrolmentOf(fixture.registry, subject());
const state = () => stateOf(fixture.registry, subject());
const restart = (wallet = fixture.cast.guardian) =>
  restartChain(fixture.registry, wallet, subject(), "state file lost");

async function logsOf({ hash }: { readonly hash: Hex }): Promise<number> {
  return (await fixture.chain.client.getTransactionReceipt({ hash })).logs.length;
}

describe("18 the declared accounts [A2]", () => {
  it("an account left out, added or moved is another list, which is refused with both names", async () => {
    const att = await attestation(fixture, { enrolment: SHORTER });
    const error = await refused(submit(att), "registry.wrongEnrolment");
    expect(error).toMatchObject({
      kind: "proof",
      path: "enrolment",
      expected: `the declared accounts ${ENROLMENT}`,
      received: `${SHORTER}`,
    });
    await refused(submit({ ...att, enrolment: ENROLMENT }), "registry.proofRefused");
  });

  it("the first list counts at once", async () => {
    const { registry, cast, chain } = fixture;
    const args = [cast.guardian.account.address] as const;
    const call = { address: registry.address, abi: healthRegistryAbi, args } as const;
    const isEnrolled = () => chain.client.readContract({ ...call, functionName: "isEnrolled" });
    expect(await isEnrolled()).toBe(false);
    await enrol(registry, cast.guardian, SHORTER);
    expect(await isEnrolled()).toBe(true);
    expect(await statusOf(registry, cast.guardian.account.address, POLICY)).toMatchObject({
      enrolled: true,
      enrolment: SHORTER,
      state: 0n,
    });
  });

  it("every list counts at once until the first attestation: a mistyped one is put right", async () => {
    expect(await logsOf(await declare(SHORTER))).toBe(1);
    expect(await status()).toMatchObject({ enrolment: SHORTER });
    expect((await status()).pendingEnrolment).toBeUndefined();
    await refused(submit(first), "registry.wrongEnrolment");
    await declare(ENROLMENT);
    expect(await logsOf(await declare(ENROLMENT)), "the same again").toBe(0);
    await submit(first);
    await declare(SHORTER);
    expect(await counts(), "an account is not dropped overnight").toBe(ENROLMENT);
  });

  it("a revoked attestation was one, too: another list waits", async () => {
    await submit(first);
    await revoke(fixture.registry, fixture.cast.subject, POLICY, "mistake");
    await declare(SHORTER);
    expect(await counts()).toBe(ENROLMENT);
  });

  it("a chain that may start over does not let another list count at once", async () => {
    const { chain } = fixture;
    await submit(first);
    await restart();
    await travelTo(chain, (await now(chain)) + DAY);
    expect(await state()).toBe(0n);
    await declare(SHORTER);
    const liveAt = (await now(chain)) + WEEK;
    expect(await status()).toMatchObject({
      enrolment: ENROLMENT,
      pendingEnrolment: { enrolment: SHORTER, liveAt },
    });
    await travelTo(chain, liveAt);
    await declare(ENROLMENT);
    expect(await counts(), "nor after one that came into force").toBe(SHORTER);
  });

  describe("after the first attestation", () => {
    beforeEach(async () => {
      await submit(first);
    });

    it("another list counts after the delay, to the second, in public all the while; the old one until then", async () => {
      const { chain } = fixture;
      await declare(SHORTER);
      const liveAt = (await now(chain)) + WEEK;
      expect(await status()).toMatchObject({
        enrolment: ENROLMENT,
        pendingEnrolment: { enrolment: SHORTER, liveAt },
      });
      await travelTo(chain, liveAt - 1);
      expect(await counts()).toBe(ENROLMENT);
      await travelTo(chain, liveAt);
      expect(await counts()).toBe(SHORTER);
      expect((await status()).pendingEnrolment).toBeUndefined();
      await acceptMarket(fixture, { root: 334n, asOf: liveAt });
      const about = { asOf: liveAt, marketRoot: 334n, marketTime: liveAt, drawdown: SECOND };
      await refused(submit(await attestation(fixture, about)), "registry.wrongEnrolment");
      await submit(await attestation(fixture, { ...about, enrolment: SHORTER }));
    });

    it("announcing again replaces the announcement and restarts the delay", async () => {
      const { chain } = fixture;
      await declare(SHORTER);
      await travelTo(chain, (await now(chain)) + WEEK - 10);
      await declare(668n);
      const liveAt = (await now(chain)) + WEEK;
      await travelTo(chain, liveAt - 1);
      expect(await counts()).toBe(ENROLMENT);
      await travelTo(chain, liveAt);
      expect(await counts()).toBe(668n);
    });

    it("declaring the same again changes nothing, neither what counts nor what is announced", async () => {
      expect(await logsOf(await declare(ENROLMENT))).toBe(0);
      await declare(SHORTER);
      const { pendingEnrolment } = await status();
      expect(await logsOf(await declare(SHORTER))).toBe(0);
      expect((await status()).pendingEnrolment).toEqual(pendingEnrolment);
    });

    it("the list in force calls an announcement off; the next change waits in full", async () => {
      const { chain } = fixture;
      await declare(SHORTER);
      expect(await logsOf(await declare(ENROLMENT))).toBe(1);
      expect((await status()).pendingEnrolment).toBeUndefined();
      await travelTo(chain, (await now(chain)) + 2 * WEEK);
      expect(await counts()).toBe(ENROLMENT);
      await declare(SHORTER);
      expect((await status()).pendingEnrolment?.liveAt).toBe((await now(chain)) + WEEK);
    });

    it("a list that came into force unseen is what a third one waits behind", async () => {
      const { chain } = fixture;
      await declare(SHORTER);
      await travelTo(chain, (await now(chain)) + WEEK);
      await declare(ENROLMENT);
      expect(await status()).toMatchObject({
        enrolment: SHORTER,
        pendingEnrolment: { enrolment: ENROLMENT },
      });
    });
  });

  it("are the same for every policy", async () => {
    const terms = { ...TERMS, maxLeverage: 20_000 };
    await publishPolicy(fixture.registry, fixture.cast.stranger, terms);
    const att = await attestation(fixture, { terms, enrolment: SHORTER });
    await refused(submit(att), "registry.wrongEnrolment");
  });

  it.each([0n, FIELD_ORDER, FIELD_ORDER + ENROLMENT])("34 are never %s", async (value) => {
    await refused(declare(value), "registry.notInField");
  });
});

describe("19 the drawdown chain [D2]", () => {
  it("goes on from the registry's state, step by step", async () => {
    expect(await state()).toBe(0n);
    await submit(first);
    expect(await state()).toBe(GENESIS.newState);
    await travelTo(fixture.chain, START + 60);
    await submit(second);
    expect(await state()).toBe(SECOND.newState);
    expect((await status()).state).toBe(SECOND.newState);
  });

  it("a skipped state is refused with both names", async () => {
    await submit(first);
    await travelTo(fixture.chain, START + 60);
    const att = await attestation(fixture, { asOf: START + 50, drawdown: THIRD });
    const error = await refused(submit(att), "registry.wrongState");
    expect(error).toMatchObject({
      kind: "proof",
      path: "drawdown.previousState",
      expected: `the registry's state ${GENESIS.newState}`,
      received: `${SECOND.newState}`,
    });
    await refused(
      submit({ ...att, drawdown: { ...THIRD, previousState: GENESIS.newState } }),
      "registry.proofRefused",
    );
    expect(await state()).toBe(GENESIS.newState);
  });

  it("a chain cannot begin in the middle", async () => {
    await travelTo(fixture.chain, START + 60);
    await refused(submit(second), "registry.wrongState");
  });

  it("a replayed step is refused, the same snapshot or a newer one", async () => {
    await submit(first);
    await travelTo(fixture.chain, START + 60);
    await submit(second);
    await refused(submitRaw(fixture, second), "registry.notNewer");
    const again = await attestation(fixture, { asOf: START + 55, drawdown: SECOND });
    await refused(submit(again), "registry.wrongState");
  });

  it("a fork is refused: of two steps from one state only the first counts", async () => {
    await submit(first);
    await travelTo(fixture.chain, START + 60);
    const fork = { ...SECOND, newState: 9_999n };
    const kinder = await attestation(fixture, { asOf: START + 55, drawdown: fork });
    await submit(second);
    await refused(submit(kinder), "registry.wrongState");
    expect(await state()).toBe(SECOND.newState);
  });

  it("a second genesis is refused", async () => {
    await submit(first);
    await travelTo(fixture.chain, START + 60);
    const genesis = { ...GENESIS, newState: 9_999n };
    await refused(
      submit(await attestation(fixture, { asOf: START + 50, drawdown: genesis })),
      "registry.wrongState",
    );
  });

  it("two policies share one chain: a high-water mark is not shed with the policy", async () => {
    const terms = { ...TERMS, maxLeverage: 20_000 };
    await publishPolicy(fixture.registry, fixture.cast.stranger, terms);
    await submit(first);
    await refused(submit(await attestation(fixture, { terms })), "registry.wrongState");
    await submit(await attestation(fixture, { terms, drawdown: SECOND }));
    expect(await state()).toBe(SECOND.newState);
    const { count } = await statusOf(fixture.registry, subject(), policyId(terms));
    expect(count).toBe(1);
  });

  it("a batch of two epochs chains one after the other, and not the other way round", async () => {
    const { registry, cast } = fixture;
    await travelTo(fixture.chain, START + 60);
    await refused(submitBatch(registry, cast.stranger, [second, first]), "registry.wrongState");
    const fork = await attestation(fixture, { asOf: START + 50 });
    await refused(submitBatch(registry, cast.stranger, [first, fork]), "registry.wrongState");
    expect(await state()).toBe(0n);
    await submitBatch(registry, cast.stranger, [first, second]);
    expect(await state()).toBe(SECOND.newState);
  });

  it("a refused proof leaves the state where it was, singly and in a batch", async () => {
    const { registry, cast } = fixture;
    await submit(first);
    await travelTo(fixture.chain, START + 60);
    const forged = { ...second, proof: first.proof };
    await refused(submit(forged), "registry.proofRefused");
    await refused(submitBatch(registry, cast.stranger, [forged]), "registry.batchRefused");
    expect(await state()).toBe(GENESIS.newState);
    await submit(second);
  });

  it("is not moved by a revocation: the next epoch goes on from the revoked one", async () => {
    await submit(first);
    await nextBlockAt(fixture.chain, START + 30);
    await revoke(fixture.registry, fixture.cast.subject, POLICY, "wrong snapshot");
    expect(await state()).toBe(GENESIS.newState);
    await travelTo(fixture.chain, START + 60);
    await refused(submit(await attestation(fixture, { asOf: START + 50 })), "registry.wrongState");
    await submit(second);
  });

  it("starts over after a lost state by a guardian's act only, and after the delay, to the second", async () => {
    const { cast } = fixture;
    await submit(first);
    for (const wallet of [cast.subject, cast.stranger, cast.deployer]) {
      await refused(restart(wallet), "registry.accessManagedUnauthorized");
    }
    expect(await logsOf(await restart())).toBe(1);
    const liveAt = await restartsAt();
    expect(liveAt).toBe((await now(fixture.chain)) + DAY);
    const genesis = await later(liveAt, FRESH);
    await nextBlockAt(fixture.chain, liveAt - 1);
    await refused(submit(genesis), "registry.wrongState");
    expect(await state()).toBe(GENESIS.newState);
    await nextBlockAt(fixture.chain, liveAt);
    expect(await logsOf(await submit(genesis)), "the state that is given up, and the attestation").toBe(2);
    expect(await state()).toBe(FRESH.newState);
    expect(await restartsAt(), "once").toBe(0);
  });

  describe("62 that may start over", () => {
    let liveAt: number;

    beforeEach(async () => {
      await submit(first);
      await restart();
      liveAt = await restartsAt();
    });

    it("still takes a proof that was on its way, before its time and after, and then does not start over", async () => {
      await nextBlockAt(fixture.chain, START + 60);
      expect(await logsOf(await submit(second)), "a restart less, and the attestation").toBe(2);
      expect(await restartsAt()).toBe(0);
      await restart();
      const again = await restartsAt();
      const next = await later(again, THIRD);
      await nextBlockAt(fixture.chain, again + 1);
      await submit(next);
      expect(await state()).toBe(THIRD.newState);
      await refused(submit({ ...next, asOf: next.asOf + 1, drawdown: FRESH }), "registry.wrongState");
    });

    it("counts no second step from the state that was given up, nor a second genesis", async () => {
      const genesis = await later(liveAt, FRESH);
      await nextBlockAt(fixture.chain, liveAt + 10);
      await submit(genesis);
      for (const drawdown of [SECOND, { ...FRESH, newState: 3_001n }]) {
        const fork = { ...genesis, asOf: genesis.asOf + 1, drawdown };
        await refused(submit(fork), "registry.wrongState");
      }
    });

    it("is called off by the subject or a guardian, at any time, and by nobody else", async () => {
      const { cast, chain, registry } = fixture;
      const cancel = (wallet: Wallet) => cancelRestart(registry, wallet, subject());
      for (const wallet of [cast.stranger, cast.deployer]) {
        await refused(cancel(wallet), "registry.accessManagedUnauthorized");
      }
      await cancel(cast.subject);
      await refused(cancel(cast.subject), "registry.noRestartAnnounced");
      await restart();
      await cancel(cast.guardian);
      await restart();
      await travelTo(chain, (await restartsAt()) + 1);
      expect(await state()).toBe(0n);
      await cancel(cast.subject);
      expect(await state(), "what it was").toBe(GENESIS.newState);
    });

    it("is announced once: a guardian cannot put it off", async () => {
      const error = await refused(restart(), "registry.restartAnnounced");
      expect(error.received).toContain(subject());
      await travelTo(fixture.chain, liveAt);
      await refused(restart(), "registry.restartAnnounced");
      expect(await restartsAt()).toBe(liveAt);
    });
  });

  it("has nothing to restart before its first step", async () => {
    const error = await refused(restart(), "registry.chainNotStarted");
    expect(error).toMatchObject({ kind: "input", expected: "a subject with a state" });
  });

  it("has a next state that is none", async () => {
    for (const newState of [0n, FIELD_ORDER]) {
      await refused(submit({ ...first, drawdown: { ...GENESIS, newState } }), "registry.notInField");
    }
  });
});
