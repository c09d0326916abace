// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Does a policy that limits the days to unwind take a health proof with a liquidity proof about the same holdings, by a table of its
 * series, and nothing less or other; and has every policy without the limit the id that it had before?
 *
 * @module
 */

import {
  type Attestation,
  BASE_FIELD,
  circuitHash,
  type LiquidityAttestation,
  type PolicyTerms,
  policyId,
  type Statement,
} from "@keel/verifier";
import {
  basisOf,
  healthRegistryAbi,
  historyOf,
  isHealthy,
  marketBookAbi,
  policyBookAbi,
  policyTermsOf,
  publishPolicy,
  reverify,
  submissionOf,
  submitAttestation,
  submitBatch,
  verifierBookAbi,
  voidAttestation,
} from "@keel/verifier/chain";
import { encodeAbiParameters, getAbiItem, type Hex, keccak256 } from "viem";
import { beforeAll, describe, expect, it } from "vitest";
import { travelTo } from "../support/chain.js";
import {
  acceptMarket,
  attestation,
  claimOf,
  type Fixture,
  POLICY as PLAIN,
  RETURNS_SERIES,
  refused,
  rewindEachTest,
  SERIES,
  START,
  startFixture,
  stepAfter,
  TERMS,
  tableOf,
  transact,
} from "./fixture.js";
import {
  LIQUIDITY_CIRCUIT,
  liquidityArtifacts,
  liquidityOf,
  statementArtifacts,
  TAIL_CIRCUIT,
  tailArtifacts,
  tailOf,
} from "./statement-circuit.js";

const DEPTH_SERIES: Hex = `0x04${"5e".repeat(31)}`;
const LIQUIDITY = {
  circuit: circuitHash(LIQUIDITY_CIRCUIT),
  series: DEPTH_SERIES,
  maxDaysToUnwind: 50_000,
  participation: 1_000,
  maxLiquiditySkew: 3_600,
} as const;
const DEEP: PolicyTerms = { ...TERMS, liquidity: LIQUIDITY };
const ABSENT = 2 ** 32 - 1;
const NOTHING: Hex = `0x${"00".repeat(32)}`;
/** With tail-risk limits too. */
const BOTH: PolicyTerms = {
  ...DEEP,
  returnsSeries: RETURNS_SERIES,
  maxVolatility: 6_000,
  maxReturnsSkew: 7_200,
  confidence: [0, 0, 0],
  maxExpectedShortfall: [ABSENT, ABSENT, ABSENT],
  tailCircuit: circuitHash(TAIL_CIRCUIT),
};
const POLICY = policyId(DEEP);
const DEPTHS = tableOf({ series: DEPTH_SERIES, root: 888n, asOf: START - 600 });
const RETURNS = tableOf({ series: RETURNS_SERIES, root: 777n, asOf: START - 600 });

let fixture: Fixture;
let claim: Statement;
let pair: Attestation;

beforeAll(async () => {
  fixture = await startFixture(31337, "StatementVerifier", [
    { circuit: TAIL_CIRCUIT, contractName: "TailVerifier" },
    { circuit: LIQUIDITY_CIRCUIT, contractName: "LiquidityVerifier" },
  ]);
  for (const terms of [DEEP, BOTH]) await publishPolicy(fixture.registry, fixture.cast.stranger, terms);
  await acceptMarket(fixture, DEPTHS);
  await acceptMarket(fixture, RETURNS);
  claim = claimOf(fixture, { terms: DEEP });
  pair = await paired(claim);
});

rewindEachTest(() => [fixture]);

/** A true pair of proofs of a claim. */
async function paired(about: Statement, liquidity?: LiquidityAttestation): Promise<Attestation> {
  return {
    ...(await attestation(fixture, about)),
    liquidity: liquidity ?? (await liquidityOf(about, DEPTHS)),
  };
}

const submit = (attested: Attestation) =>
  submitAttestation(fixture.registry, fixture.cast.stranger, attested);
const healthy = (policy = POLICY) =>
  isHealthy(fixture.registry, fixture.cast.subject.account.address, policy);

describe("a policy that limits the days to unwind", () => {
  it("takes the pair, and reads back as it was published", async () => {
    await submit(pair);
    expect(await healthy()).toBe(true);
    expect(await policyTermsOf(fixture.registry, POLICY)).toEqual(DEEP);
  });

  it("refuses the health proof alone, and a liquidity proof where none is asked for", async () => {
    const { liquidity, ...alone } = pair;
    await refused(submit(alone), "registry.wrongTableProofs");
    const plain = await attestation(fixture);
    await refused(submit({ ...plain, liquidity: liquidity! }), "registry.wrongTableProofs");
    // In the other's place: a proof is of what it says that it is.
    const submission = submissionOf(pair, 1, 0, 0, 1);
    const tables = [{ ...submission.tables[0]!, kind: 1 }];
    const call = fixture.chain.client.simulateContract({
      address: fixture.registry.address,
      abi: healthRegistryAbi,
      functionName: "attest",
      args: [{ ...submission, tables }],
      account: fixture.cast.stranger.account,
    });
    await expect(call).rejects.toThrow(/WrongTableProofs/);
  });

  it("81 refuses a true liquidity proof about other holdings, a longer time or another participation", async () => {
    for (const about of [
      { ...claim, portfolioCommitment: claim.portfolioCommitment + 1n },
      { ...claim, terms: { ...DEEP, liquidity: { ...LIQUIDITY, maxDaysToUnwind: 50_001 } } },
      { ...claim, terms: { ...DEEP, liquidity: { ...LIQUIDITY, participation: 1_001 } } },
    ]) {
      const liquidity = await liquidityOf(about, DEPTHS);
      await refused(submit({ ...pair, liquidity }), "registry.proofRefused");
    }
    expect(await healthy()).toBe(false);
  });

  it("39, 56, 81 refuses depths that are not accepted, of another series or universe's time, or too old", async () => {
    const submitWith = async (depths: typeof DEPTHS) =>
      await submit(await paired(claim, await liquidityOf(claim, depths)));
    await refused(submitWith({ ...DEPTHS, root: 889n }), "registry.marketNotAccepted");
    await refused(submitWith({ ...DEPTHS, asOf: DEPTHS.asOf + 1 }), "registry.marketNotAccepted");
    await refused(submitWith({ ...DEPTHS, asOf: START - 3_601 }), "registry.marketTooFar");
    const kinder = tableOf({ series: `0x04${"aa".repeat(31)}`, root: 890n, asOf: DEPTHS.asOf });
    for (const series of [kinder.series, SERIES, RETURNS_SERIES]) {
      await acceptMarket(fixture, { ...kinder, series });
    }
    const error = await refused(submitWith(kinder), "registry.marketNotAccepted");
    expect(error.expected).toContain(DEPTH_SERIES);
  });

  it("35 binds the pair: the next epoch needs a liquidity proof of its own", async () => {
    await submit(pair);
    const next = {
      ...claim,
      asOf: START + 5,
      drawdown: stepAfter(claim.drawdown),
      portfolioCommitment: claim.portfolioCommitment + 2n,
    };
    await refused(submit(await paired(next, pair.liquidity!)), "registry.proofRefused");
    await submit(await paired(next));
    expect(await healthy()).toBe(true);
  });

  it("41 stops counting when the policy's validity is over", async () => {
    await submit(pair);
    await travelTo(fixture.chain, START + DEEP.validity);
    expect(await healthy()).toBe(false);
  });

  it("takes three proofs where tail risk is limited too, in that order only, and in a batch", async () => {
    const about = { ...claim, terms: BOTH };
    const three = { ...(await paired(about)), tail: await tailOf(about, RETURNS) };
    const submission = submissionOf(three, 1, 1, 0, 1);
    const swapped = { ...submission, tables: submission.tables.toReversed() };
    const attest = { address: fixture.registry.address, abi: healthRegistryAbi } as const;
    const call = fixture.chain.client.simulateContract({
      ...{ ...attest, functionName: "attest", args: [swapped], account: fixture.cast.stranger.account },
    });
    await expect(call).rejects.toThrow(/MarketNotAccepted/);
    const { tail: _, ...without } = three;
    await refused(submit(without), "registry.wrongTableProofs");
    const first = await attestation(fixture);
    const second = { ...about, asOf: START + 1, drawdown: stepAfter(claim.drawdown) };
    const batch = [first, { ...(await paired(second)), tail: await tailOf(second, RETURNS) }];
    const false_ = await liquidityOf({ ...second, portfolioCommitment: 1n }, DEPTHS);
    const bad = [first, { ...batch[1]!, liquidity: false_ }];
    const send = (list: readonly Attestation[]) => submitBatch(fixture.registry, fixture.cast.stranger, list);
    const error = await refused(send(bad), "registry.batchRefused");
    expect(error.path).toBe("attestations[1]");
    await send(batch);
    expect(await healthy(policyId(BOTH))).toBe(true);
  });

  it("leaves a log from which every proof can be verified again", async () => {
    const about = { ...claim, terms: BOTH };
    await submit({ ...(await paired(about)), tail: await tailOf(about, RETURNS) });
    const query = { fromBlock: 0n, policyId: policyId(BOTH) };
    const entry = (await historyOf(fixture.registry, query)).find(({ kind }) => kind === "attested");
    if (entry?.kind !== "attested") throw new Error("no attestation in the log");
    const [key, tailKey, liquidityKey] = (
      await Promise.all([statementArtifacts(), tailArtifacts(), liquidityArtifacts()])
    ).map(({ verificationKey }) => verificationKey);
    const again = (of: typeof entry) =>
      reverify(fixture.registry, of, key!, tailKey, undefined, liquidityKey);
    expect(await again(entry)).toBe(true);
    await refused(reverify(fixture.registry, entry, key!, tailKey), "key.missing");
    const { liquidity, ...alone } = entry;
    expect(await again(alone)).toBe(false);
    const depths = { ...liquidity!.depths, asOf: DEPTHS.asOf + 1 };
    expect(await again({ ...entry, liquidity: { ...liquidity!, depths } })).toBe(false);
    expect(basisOf(entry)).toMatchObject({ liquidityVersion: 1, liquidityRoot: 888n, tailVersion: 1 });
  });

  it.each([
    ["the depths that it rests on are withdrawn", "withdrawn"],
    ["the circuit's version that it rests on is retired", "retired"],
  ] as const)("66 ends when %s, and not before", async (_, how) => {
    await submit(pair);
    const query = { fromBlock: 0n, policyId: POLICY };
    const entry = (await historyOf(fixture.registry, query)).find(({ kind }) => kind === "attested");
    if (entry?.kind !== "attested") throw new Error("no attestation in the log");
    const subject = fixture.cast.subject.account.address;
    const end = () =>
      voidAttestation(fixture.registry, fixture.cast.stranger, subject, POLICY, basisOf(entry));
    await refused(end(), "registry.nothingToVoid");
    const { chain, cast, registry } = fixture;
    const table = [DEPTHS.series, DEPTHS.root, BigInt(DEPTHS.asOf), "wrong"];
    const version = [LIQUIDITY.circuit, 1, "its key leaked"];
    await (how === "withdrawn"
      ? transact(chain, cast.guardian, registry.marketBook, marketBookAbi, "withdraw", table)
      : transact(chain, cast.guardian, registry.verifierBook, verifierBookAbi, "retire", version));
    await end();
    expect(await healthy()).toBe(false);
  });

  it("34 refuses a liquidity proof whose numbers are no point and no element, as any other false one", async () => {
    const { chain, cast, registry } = fixture;
    const submission = submissionOf(pair, 1, 0, 0, 1);
    const table = submission.tables[0]!;
    const lies = [
      [1n, 1n, ...table.proof.slice(2)],
      table.proof.map((word, i) => (i === 6 ? word + BASE_FIELD : word)),
    ];
    for (const proof of lies) {
      const args = [{ ...submission, tables: [{ ...table, proof }] }];
      const sent = transact(chain, cast.stranger, registry.address, healthRegistryAbi, "attest", args);
      await refused(sent, "registry.proofRefused");
    }
  });
});

describe("the policy book", () => {
  const publish = async (change: Partial<typeof LIQUIDITY | object>): Promise<Hex> =>
    (
      await publishPolicy(fixture.registry, fixture.cast.stranger, {
        ...TERMS,
        liquidity: { ...LIQUIDITY, ...change },
      })
    ).policyId;
  const isTighter = async (id: Hex, than: Hex): Promise<boolean> =>
    await fixture.chain.client.readContract({
      address: fixture.registry.policyBook,
      abi: policyBookAbi,
      functionName: "isTighter",
      args: [id, than],
    });

  it("has the id of the policy alone without the limit, and another with it, as the verifier has", async () => {
    const { inputs } = getAbiItem({ abi: policyBookAbi, name: "publishWithLiquidity" });
    const { liquidity: _, ...struct } = DEEP;
    expect(keccak256(encodeAbiParameters([inputs[0]], [struct]))).toBe(PLAIN);
    expect(keccak256(encodeAbiParameters(inputs, [struct, LIQUIDITY]))).toBe(POLICY);
    expect(POLICY).not.toBe(PLAIN);
    expect((await policyTermsOf(fixture.registry, PLAIN)).liquidity).toBeUndefined();
    const asked = { address: fixture.registry.policyBook, abi: policyBookAbi } as const;
    const plain = { ...asked, functionName: "liquidityOf", args: [PLAIN] } as const;
    expect(await fixture.chain.client.readContract(plain)).toMatchObject({
      circuit: NOTHING,
      series: NOTHING,
    });
    // Once is enough: what is there is found again, and tells nothing anew.
    const { request } = await fixture.chain.client.simulateContract({
      ...asked,
      functionName: "publishWithLiquidity",
      args: [struct as never, LIQUIDITY],
      account: fixture.cast.stranger.account,
    });
    const hash = await fixture.cast.stranger.writeContract(request as never);
    expect((await fixture.chain.client.waitForTransactionReceipt({ hash })).logs).toEqual([]);
  });

  it("67 refuses a limit without bounds, without a circuit, of another kind of series, of no share", async () => {
    await refused(publish({ circuit: NOTHING }), "registry.noCircuit");
    await refused(publish({ series: RETURNS_SERIES }), "registry.wrongSeries");
    await refused(publish({ maxDaysToUnwind: 36_500_001 }), "registry.aboveCeiling");
    await refused(publish({ maxLiquiditySkew: 7 * 86_400 + 1 }), "registry.aboveCeiling");
    await refused(publish({ participation: 0 }), "registry.badParticipation");
    await refused(publish({ participation: 10_001 }), "registry.badParticipation");
    await publish({ maxDaysToUnwind: 36_500_000, maxLiquiditySkew: 7 * 86_400, participation: 10_000 });
  });

  it("43 calls a policy tighter when it asks for more, and never when anything is looser", async () => {
    expect(await isTighter(POLICY, PLAIN)).toBe(true);
    expect(await isTighter(PLAIN, POLICY)).toBe(false);
    for (const [change, tighter] of [
      [{ maxDaysToUnwind: 49_999 }, true],
      [{ maxLiquiditySkew: 3_599 }, true],
      [{ participation: 999 }, false],
      [{ series: `0x04${"aa".repeat(31)}` }, false],
      [{ circuit: circuitHash("test/other") }, false],
    ] as const) {
      const id = await publish(change);
      expect(await isTighter(id, POLICY), JSON.stringify(change)).toBe(tighter);
      expect(await isTighter(POLICY, id), JSON.stringify(change)).toBe(false);
    }
  });
});
