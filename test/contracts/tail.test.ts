// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Does a policy that limits tail risk take a pair of proofs about the same exposures, and nothing less or other?
 *
 * @module
 */

import {
  type Attestation,
  circuitHash,
  type PolicyTerms,
  policyId,
  type Statement,
  type TailAttestation,
} from "@keel/verifier";
import {
  healthRegistryAbi,
  historyOf,
  isHealthy,
  policyBookAbi,
  publishPolicy,
  reverify,
  submissionOf,
  submitAttestation,
  submitBatch,
} from "@keel/verifier/chain";
import type { Hex } from "viem";
import { beforeAll, describe, expect, it } from "vitest";
import {
  acceptMarket,
  attestation,
  claimOf,
  type Fixture,
  RETURNS_SERIES,
  refused,
  rewindEachTest,
  SERIES,
  START,
  startFixture,
  stepAfter,
  TERMS,
  tableOf,
} from "./fixture.js";
import { statementArtifacts, TAIL_CIRCUIT, tailArtifacts, tailOf } from "./statement-circuit.js";

const ABSENT = 2 ** 32 - 1;
const TAIL_TERMS: PolicyTerms = {
  ...TERMS,
  returnsSeries: RETURNS_SERIES,
  maxVolatility: 6_000,
  maxReturnsSkew: 7_200,
  confidence: [9_500, 9_900, 0],
  maxExpectedShortfall: [800, 1_500, ABSENT],
  tailCircuit: circuitHash(TAIL_CIRCUIT),
};
const POLICY = policyId(TAIL_TERMS);
const RETURNS = tableOf({ series: RETURNS_SERIES, root: 777n, asOf: START - 600 });

let fixture: Fixture;
let claim: Statement;
let pair: Attestation;

beforeAll(async () => {
  fixture = await startFixture(31337, "StatementVerifier", [
    { circuit: TAIL_CIRCUIT, contractName: "TailVerifier" },
  ]);
  await publishPolicy(fixture.registry, fixture.cast.stranger, TAIL_TERMS);
  await acceptMarket(fixture, RETURNS);
  claim = claimOf(fixture, { terms: TAIL_TERMS });
  pair = await paired(claim);
});

rewindEachTest(() => [fixture]);

/** A true pair of proofs of a claim. */
async function paired(about: Statement, tail?: TailAttestation): Promise<Attestation> {
  return { ...(await attestation(fixture, about)), tail: tail ?? (await tailOf(about, RETURNS)) };
}

const submit = (attested: Attestation) =>
  submitAttestation(fixture.registry, fixture.cast.stranger, attested);
const healthy = () => isHealthy(fixture.registry, fixture.cast.subject.account.address, POLICY);

describe("a policy with tail-risk limits", () => {
  it("takes the pair", async () => {
    await submit(pair);
    expect(await healthy()).toBe(true);
  });

  it("refuses the health proof alone, and a tail-risk proof where none is asked for", async () => {
    const { tail, ...alone } = pair;
    await refused(submit(alone), "registry.wrongTableProofs");
    const plain = await attestation(fixture);
    await refused(submit({ ...plain, tail: tail! }), "registry.wrongTableProofs");
    const first = {
      address: fixture.registry.address,
      abi: healthRegistryAbi,
      functionName: "firstRefused",
    } as const;
    const { client } = fixture.chain;
    expect(await client.readContract({ ...first, args: [[submissionOf(pair, 1, 1)]] })).toBe(1n);
    expect(await client.readContract({ ...first, args: [[submissionOf(alone, 1)]] })).toBe(0n);
  });

  it("refuses a tail-risk proof about other exposures, though it is true", async () => {
    const other = await tailOf({ ...claim, exposuresCommitment: 556n }, RETURNS);
    await refused(submit({ ...pair, tail: other }), "registry.proofRefused");
    expect(await healthy()).toBe(false);
  });

  it("refuses a tail-risk proof of looser limits, though it is true", async () => {
    for (const change of [
      { maxVolatility: 6_001 },
      { confidence: [9_400, 9_900, 0] },
      { maxExpectedShortfall: [801, 1_500, ABSENT] },
    ] as const) {
      const tail = await tailOf({ ...claim, terms: { ...TAIL_TERMS, ...change } }, RETURNS);
      await refused(submit({ ...pair, tail }), "registry.proofRefused");
    }
  });

  it("39 refuses returns that the market book does not know, at any other time, or too far away", async () => {
    const submitWith = async (returns: typeof RETURNS) =>
      await submit(await paired(claim, await tailOf(claim, returns)));
    await refused(submitWith({ ...RETURNS, root: 778n }), "registry.marketNotAccepted");
    await refused(submitWith({ ...RETURNS, asOf: RETURNS.asOf + 1 }), "registry.marketNotAccepted");
    await refused(submitWith({ ...RETURNS, asOf: START - 7_201 }), "registry.marketTooFar");
  });

  it("56 refuses returns of another series, though publishers signed them", async () => {
    const kinder = tableOf({ series: `0x03${"aa".repeat(31)}`, root: 779n, asOf: RETURNS.asOf });
    await acceptMarket(fixture, kinder);
    const about = await paired(claim, await tailOf(claim, kinder));
    const error = await refused(submit(about), "registry.marketNotAccepted");
    expect(error.expected).toContain(RETURNS_SERIES);
    await acceptMarket(fixture, { ...kinder, series: SERIES });
    await refused(submit(about), "registry.marketNotAccepted");
  });

  it("34 refuses values of the tail-risk proof that are not in the field", async () => {
    const submission = submissionOf(pair, 1, 1);
    for (const name of ["commitment", "root"] as const) {
      const tables = [{ ...submission.tables[0]!, [name]: 2n ** 256n - 1n }];
      const read = fixture.chain.client.readContract({
        address: fixture.registry.address,
        abi: healthRegistryAbi,
        functionName: "firstRefused",
        args: [[{ ...submission, tables }]],
      });
      await expect(read).rejects.toThrow(/NotInField/);
    }
  });

  it("35 binds the pair: the next epoch needs a tail-risk proof of its own", async () => {
    await submit(pair);
    const next = {
      ...claim,
      asOf: START + 5,
      drawdown: stepAfter(claim.drawdown),
      exposuresCommitment: 557n,
    };
    await refused(submit(await paired(next, pair.tail!)), "registry.proofRefused");
    await submit(await paired(next));
    expect(await healthy()).toBe(true);
  });

  it("44 goes into a batch with submissions that need none, and a false one is named", async () => {
    const first = await attestation(fixture);
    const second = { ...claim, asOf: START + 1, drawdown: stepAfter(claim.drawdown) };
    const third = {
      ...claim,
      asOf: START + 2,
      drawdown: stepAfter(second.drawdown),
      exposuresCommitment: 558n,
    };
    const good = [first, await paired(second), await paired(third)];
    const bad = [first, good[1]!, { ...good[2]!, tail: good[1]!.tail! }];
    const send = (batch: readonly Attestation[]) =>
      submitBatch(fixture.registry, fixture.cast.stranger, batch);
    const error = await refused(send(bad), "registry.batchRefused");
    expect(error.path).toBe("attestations[2]");
    await send(good);
    expect(await healthy()).toBe(true);
  });

  it("leaves a log from which both proofs can be verified again", async () => {
    await submit(pair);
    const entries = await historyOf(fixture.registry, { fromBlock: 0n, policyId: POLICY });
    const entry = entries.find((candidate) => candidate.kind === "attested")!;
    const key = (await statementArtifacts()).verificationKey;
    const tailKey = (await tailArtifacts()).verificationKey;
    expect(await reverify(fixture.registry, entry, key, tailKey)).toBe(true);
    await refused(reverify(fixture.registry, entry, key), "key.missing");
    const { tail, ...alone } = entry;
    expect(await reverify(fixture.registry, alone, key, tailKey)).toBe(false);
    const forged = { ...entry, tail: { ...tail!, returns: { ...tail!.returns, asOf: RETURNS.asOf + 1 } } };
    expect(await reverify(fixture.registry, forged, key, tailKey)).toBe(false);
  });
});

describe("the policy book", () => {
  const publish = async (change: Partial<PolicyTerms>): Promise<Hex> =>
    (await publishPolicy(fixture.registry, fixture.cast.stranger, { ...TAIL_TERMS, ...change })).policyId;
  const isTighter = async (id: Hex, than: Hex): Promise<boolean> =>
    await fixture.chain.client.readContract({
      address: fixture.registry.policyBook,
      abi: policyBookAbi,
      functionName: "isTighter",
      args: [id, than],
    });

  it("refuses a tail-risk limit without a circuit, a circuit without a limit, and a confidence of one", async () => {
    const zero = `0x${"00".repeat(32)}` as const;
    const none = { tailCircuit: zero, returnsSeries: zero };
    const absent = { maxVolatility: ABSENT, maxExpectedShortfall: [ABSENT, ABSENT, ABSENT] } as const;
    await refused(publish(none), "registry.tailCircuitMismatch");
    await refused(publish({ ...none, maxVolatility: ABSENT }), "registry.tailCircuitMismatch");
    await refused(publish(absent), "registry.tailCircuitMismatch");
    await refused(publish({ confidence: [9_500, 10_000, 0] }), "registry.confidenceTooHigh");
    await publish({ ...absent, maxVolatility: 1 });
  });

  it("43 calls a policy tighter when it asks for more, and never when anything is looser", async () => {
    const plain = policyId(TERMS);
    expect(await isTighter(POLICY, plain)).toBe(true);
    expect(await isTighter(plain, POLICY)).toBe(false);
    for (const [change, tighter] of [
      [{ maxVolatility: 5_999 }, true],
      [{ maxReturnsSkew: 7_199 }, true],
      [{ confidence: [9_501, 9_900, 0] }, true],
      [{ maxExpectedShortfall: [800, 1_499, ABSENT] }, true],
      [{ confidence: [9_500, 9_900, 9_950], maxExpectedShortfall: [800, 1_500, 9_000] }, true],
      [{ tailCircuit: circuitHash("test/other-tail") }, undefined],
      [{ returnsSeries: `0x03${"aa".repeat(31)}` }, undefined],
    ] as const satisfies readonly (readonly [Partial<PolicyTerms>, boolean | undefined])[]) {
      const id = await publish(change);
      expect(await isTighter(id, POLICY), JSON.stringify(change)).toBe(tighter ?? false);
      expect(await isTighter(POLICY, id), JSON.stringify(change)).toBe(false);
    }
  });
});
