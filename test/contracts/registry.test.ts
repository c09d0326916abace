// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Does the registry accept exactly the true, fresh, new attestations of enrolled subjects, and remember them as it says?
 *
 * @module
 */

import { deployContract } from "@keel/contracts";
import {
  type Attestation,
  BASE_FIELD,
  decodeProof,
  domainField,
  encodeProof,
  FIELD_ORDER,
  policyId,
  statementInputs,
  statementVector,
} from "@keel/verifier";
import {
  enrol,
  healthRegistryAbi,
  isHealthy,
  publishPolicy,
  reopen,
  revoke,
  revokeFor,
  statementOf,
  statusOf,
  submissionOf,
  submitAttestation,
  toKeelError,
  verifierBookAbi,
} from "@keel/verifier/chain";
import { decodeEventLog } from "viem";
import { beforeAll, describe, expect, it } from "vitest";
import { nextBlockAt, now, travelTo, write } from "../support/chain.js";
import {
  acceptMarket,
  attestation,
  claimOf,
  deployBeside,
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
import { attestationOf, statementArtifacts } from "./statement-circuit.js";

const SECOND = stepAfter(GENESIS);

let fixture: Fixture;
let first: Attestation;

beforeAll(async () => {
  fixture = await startFixture();
  first = await attestation(fixture);
});

const rewind = rewindEachTest(() => [fixture]);

const subject = () => fixture.cast.subject.account.address;
const healthy = () => isHealthy(fixture.registry, subject(), POLICY);
const submit = (att: Attestation, version?: number) =>
  submitAttestation(fixture.registry, fixture.cast.stranger, att, version);
const status = () => statusOf(fixture.registry, subject(), POLICY);

describe("an attestation", () => {
  it("makes its subject healthy, from the account of anybody", async () => {
    expect(await healthy()).toBe(false);
    await submit(first);
    expect(await healthy()).toBe(true);
    expect(await status()).toMatchObject({
      healthy: true,
      enrolled: true,
      enrolment: ENROLMENT,
      state: GENESIS.newState,
      standing: "open",
      asOf: START,
      expiry: START + TERMS.validity,
      floor: START,
      firstAsOf: START,
      count: 1,
      streak: 1,
      lapses: 0,
    });
  });

  it("counts for its own policy and subject only", async () => {
    await submit(first);
    const other = { ...TERMS, minCollateralRatio: 14_999 };
    await publishPolicy(fixture.registry, fixture.cast.stranger, other);
    expect(await isHealthy(fixture.registry, subject(), policyId(other))).toBe(false);
    expect(await isHealthy(fixture.registry, fixture.cast.stranger.account.address, POLICY)).toBe(false);
  });

  it("has the same statement, point and value on chain and off chain [C1, C2]", async () => {
    const vector = statementVector(claimOf(fixture));
    const { x, y } = statementInputs(first.digest, vector);
    expect(await statementOf(fixture.registry, first)).toEqual({ vector, x, y });
  });

  it("encodes every signed and absent limit as the off-chain statement does", async () => {
    const terms = {
      ...TERMS,
      netDeltaLo: -(2 ** 31),
      netDeltaHi: 2 ** 31 - 1,
      minEquity: (2n ** 96n - 1n) / 10n ** 8n,
      maxGamma: 0,
    };
    await publishPolicy(fixture.registry, fixture.cast.stranger, terms);
    const vector = statementVector(claimOf(fixture, { terms }));
    const onChain = await statementOf(fixture.registry, { ...first, policyId: policyId(terms) });
    expect(onChain.vector).toEqual(vector);
  });

  it("leaves a log from which the submission can be rebuilt and verified again", async () => {
    const { hash } = await submit(first);
    const receipt = await fixture.chain.client.getTransactionReceipt({ hash });
    const event = decodeEventLog({ abi: healthRegistryAbi, ...receipt.logs[0]! });
    expect(event).toMatchObject({
      eventName: "Attested",
      args: {
        subject: subject(),
        policyId: POLICY,
        expiry: START + TERMS.validity,
        verifier: expect.stringMatching(new RegExp(fixture.keel.verifiers[0]!.address, "i")),
        submission: submissionOf(first, 1),
      },
    });
  });

  it("is refused when the subject never enrolled", async () => {
    const stranger = fixture.cast.stranger.account.address;
    const att = await attestation(fixture, { subject: stranger });
    const error = await refused(submit(att), "registry.notEnrolled");
    expect(error).toMatchObject({ kind: "proof", received: stranger });
    await enrol(fixture.registry, fixture.cast.stranger, ENROLMENT);
    await submit(att);
  });

  it("is refused under a policy that nobody published", async () => {
    const att = await attestation(fixture, { terms: { ...TERMS, maxLeverage: 1 } });
    await refused(submit(att), "registry.unknownPolicy");
    await refused(statementOf(fixture.registry, att), "registry.unknownPolicy");
  });

  it("is refused with a proof of something else", async () => {
    const other = await attestation(fixture, { portfolioCommitment: 445n });
    const error = await refused(submit({ ...first, proof: other.proof }), "registry.proofRefused");
    expect(error.kind).toBe("proof");
    expect(await healthy()).toBe(false);
  });

  it.each([
    ["subject", { subject: "0x00000000000000000000000000000000000000aa" }, "registry.notEnrolled"],
    ["market", { market: { root: 334n, asOf: START } }, "registry.marketNotAccepted"],
    ["market time", { market: { root: 333n, asOf: START - 1 } }, "registry.marketNotAccepted"],
    ["snapshot time", { asOf: START - 1 }, "registry.proofRefused"],
    ["portfolio", { portfolioCommitment: 1n }, "registry.proofRefused"],
    ["exposures", { exposuresCommitment: 1n }, "registry.proofRefused"],
    ["commitment", { digest: 1n }, "registry.proofRefused"],
    ["enrolment", { enrolment: 667n }, "registry.wrongEnrolment"],
    ["units", { drawdown: { ...GENESIS, units: GENESIS.units + 1n } }, "registry.wrongUnits"],
    ["previous state", { drawdown: { ...GENESIS, previousState: 1n } }, "registry.wrongState"],
    ["new state", { drawdown: { ...GENESIS, newState: 1n } }, "registry.proofRefused"],
  ] as const)("is refused when its %s was changed after proving", async (_, change, code) => {
    await refused(submit({ ...first, ...change }), code);
  });

  it("keeps one record an account: enrolling twice changes nothing", async () => {
    const { registry, cast, chain } = fixture;
    const { hash } = await enrol(registry, cast.subject, ENROLMENT);
    expect((await chain.client.getTransactionReceipt({ hash })).logs).toEqual([]);
  });
});

describe("freshness", () => {
  it("takes a snapshot of age maxAge and not a second more", async () => {
    await nextBlockAt(fixture.chain, START + TERMS.maxAge);
    await submit(first);
    await rewind();
    await nextBlockAt(fixture.chain, START + TERMS.maxAge + 1);
    const error = await refused(submit(first), "registry.snapshotTooOld");
    expect(error).toMatchObject({ expected: `a snapshot at most ${TERMS.maxAge} s old` });
  });

  it("refuses a snapshot from the future, by as little as a second", async () => {
    const att = await attestation(fixture, { asOf: START + 100 });
    await nextBlockAt(fixture.chain, START + 99);
    await refused(submit(att), "registry.snapshotInFuture");
    await nextBlockAt(fixture.chain, START + 100);
    await submit(att);
  });

  it("takes a market maxMarketSkew away on either side and not a second more", async () => {
    const skew = TERMS.maxMarketSkew;
    await travelTo(fixture.chain, START + 2 * skew);
    const later = { root: 334n, asOf: START + 2 * skew };
    await acceptMarket(fixture, later);
    await refused(submit(await attestation(fixture, { asOf: START + skew + 1 })), "registry.marketTooFar");
    const market = { marketRoot: later.root, marketTime: later.asOf };
    await refused(
      submit(await attestation(fixture, { asOf: START + skew - 1, ...market })),
      "registry.marketTooFar",
    );
    await submit(await attestation(fixture, { asOf: START + skew }));
    await submit(await attestation(fixture, { asOf: START + skew + 1, ...market, drawdown: SECOND }));
  });

  it("refuses an attestation that is born expired", async () => {
    const terms = { ...TERMS, validity: 100 };
    await publishPolicy(fixture.registry, fixture.cast.stranger, terms);
    const att = await attestation(fixture, { terms });
    await nextBlockAt(fixture.chain, START + 100);
    await refused(submit(att), "registry.alreadyExpired");
    await rewind();
    await publishPolicy(fixture.registry, fixture.cast.stranger, terms);
    await nextBlockAt(fixture.chain, START + 99);
    await submit(att);
  });
});

describe("34 statement values of r and above", () => {
  it.each([
    ["marketRoot", "registry.marketNotAccepted"],
    ["enrolment", "registry.wrongEnrolment"],
    ["previousState", "registry.wrongState"],
    ["newState", "registry.notInField"],
    ["portfolioCommitment", "registry.notInField"],
    ["exposuresCommitment", "registry.notInField"],
    ["commitment", "registry.notInField"],
  ] as const)("are refused: %s + r", async (name, code) => {
    const value = submissionOf(first, 1)[name] + FIELD_ORDER;
    await refused(submitRaw(fixture, first, { [name]: value }), code);
    const call = {
      address: fixture.registry.address,
      abi: healthRegistryAbi,
      functionName: "statementOf",
    } as const;
    const preview = fixture.chain.client.readContract({
      ...call,
      args: [{ ...submissionOf(first, 1), [name]: value }],
    });
    await refused(
      preview.catch((error) => Promise.reject(toKeelError(error))),
      "registry.notInField",
    );
  });

  it("are refused for every proof coordinate + q, A.y included", async () => {
    const words = submissionOf(first, 1).proof;
    for (const i of words.keys()) {
      const alias = words.map((word, j) => (i === j ? word + BASE_FIELD : word)) as never;
      await refused(submitRaw(fixture, first, { proof: alias }), "registry.proofRefused");
    }
  });
});

describe("35 replay", () => {
  it("of the same attestation is refused: same epoch", async () => {
    await submit(first);
    const error = await refused(submitRaw(fixture, first), "registry.notNewer");
    expect(error).toMatchObject({ expected: `a snapshot newer than ${START}`, received: `${START}` });
  });

  it("in a later epoch is refused", async () => {
    await submit(first);
    await travelTo(fixture.chain, START + 100);
    await submit(await attestation(fixture, { asOf: START + 50, drawdown: SECOND }));
    await refused(submit(first), "registry.notNewer");
    await refused(submit({ ...first, asOf: START + 60 }), "registry.wrongState");
    const later = { asOf: START + 60, drawdown: stepAfter(SECOND) };
    await refused(submit({ ...first, ...later }), "registry.proofRefused");
  });

  it("under another policy is refused", async () => {
    const looser = { ...TERMS, minCollateralRatio: 14_000 };
    await publishPolicy(fixture.registry, fixture.cast.stranger, looser);
    await refused(submit({ ...first, policyId: policyId(looser) }), "registry.proofRefused");
  });

  it("at another registry of the same chain is refused, which takes a proof made for it", async () => {
    const { chain, cast } = fixture;
    const twin = await deployBeside(fixture);
    await publishPolicy(twin, cast.stranger, TERMS);
    await enrol(twin, cast.subject, ENROLMENT);
    await refused(submitAttestation(twin, cast.stranger, first), "registry.proofRefused");
    const own = await attestation(fixture, { domain: { chainId: chain.chainId, registry: twin.address } });
    await submitAttestation(twin, cast.stranger, own);
    await refused(submit(own), "registry.proofRefused");
  });

  it("on another chain is refused, though every address is the same there", async () => {
    const other = await startFixture(1337);
    try {
      expect(other.keel.registry).toBe(fixture.keel.registry);
      await refused(submitAttestation(other.registry, other.cast.stranger, first), "registry.proofRefused");
    } finally {
      await other.chain.stop();
    }
  });

  it("after a verifier upgrade is refused: old proofs do not fit new keys, nor old epochs anything", async () => {
    const { chain, registry, cast } = fixture;
    const later = await attestation(fixture, { asOf: START + 1, drawdown: SECOND });
    await submit(first);
    const deployer = { walletClient: cast.deployer, publicClient: chain.client };
    const address = await deployContract(deployer, "StatementVerifierSecond");
    await write(chain, cast.deployer, registry.verifierBook, verifierBookAbi, "add", [
      TERMS.circuit,
      address,
    ]);
    await travelTo(chain, START + 500);
    await refused(submitRaw(fixture, first, { version: 2 }), "registry.notNewer");
    await refused(submit(later, 2), "registry.notLiveYet");
    await travelTo(chain, (await now(chain)) + 7 * 86_400);
    const asOf = await now(chain);
    await acceptMarket(fixture, { root: 335n, asOf });
    const claim = claimOf(fixture, { asOf, marketRoot: 335n, marketTime: asOf, drawdown: SECOND });
    await refused(submit(await attestationOf(claim), 2), "registry.proofRefused");
    await submit(await attestationOf(claim, await statementArtifacts("second")));
  });
});

describe("36 somebody else submits", () => {
  it("and it counts for the subject: relaying is harmless", async () => {
    await submitAttestation(fixture.registry, fixture.cast.guardian, first);
    expect(await healthy()).toBe(true);
    expect(await isHealthy(fixture.registry, fixture.cast.guardian.account.address, POLICY)).toBe(false);
  });

  it("first, and the subject's own copy finds the work done", async () => {
    const { registry, cast } = fixture;
    const theirs = await submit(first);
    const before = await status();
    const own = await submitAttestation(registry, cast.subject, first);
    expect(own).toEqual({ ...theirs, already: true });
    expect({ ...(await status()), timeLeft: 0, blockTime: 0 }).toEqual({
      ...before,
      timeLeft: 0,
      blockTime: 0,
    });
  });

  it("under their own name, and it is refused", async () => {
    await enrol(fixture.registry, fixture.cast.stranger, ENROLMENT);
    const stolen = { ...first, subject: fixture.cast.stranger.account.address };
    await refused(submit(stolen), "registry.proofRefused");
  });
});

describe("37 a malleated proof", () => {
  const malleated = (): Attestation => {
    const [ax, ay, bx1, bx0, by1, by0, cx, cy] = encodeProof(first.proof);
    const minus = (y: bigint) => BASE_FIELD - y;
    return { ...first, proof: decodeProof([ax, minus(ay), bx1, bx0, minus(by1), minus(by0), cx, cy]) };
  };

  it("after the original is refused", async () => {
    await submit(first);
    await refused(submitRaw(fixture, malleated()), "registry.notNewer");
  });

  it("before the original says the same and changes nothing else", async () => {
    await submit(malleated());
    expect(await status()).toMatchObject({ healthy: true, asOf: START, count: 1 });
    await refused(submitRaw(fixture, first), "registry.notNewer");
  });
});

describe("41 time and revocation", () => {
  it("healthy at expiry - 1, no longer at expiry, nor after", async () => {
    await submit(first);
    const expiry = START + TERMS.validity;
    const answers: boolean[] = [];
    for (const time of [expiry - 1, expiry, expiry + 1]) {
      await travelTo(fixture.chain, time);
      answers.push(await healthy());
    }
    expect(answers).toEqual([true, false, false]);
    expect((await status()).timeLeft).toBe(0);
  });

  it("an older attestation after a newer one is refused", async () => {
    await travelTo(fixture.chain, START + 100);
    await submit(await attestation(fixture, { asOf: START + 100 }));
    const error = await refused(
      submit(await attestation(fixture, { asOf: START + 99 })),
      "registry.notNewer",
    );
    expect(error.received).toBe(`${START + 99}`);
  });

  it("revoked by its subject: unhealthy at once, snapshots up to then are void, a newer one counts", async () => {
    await submit(first);
    await nextBlockAt(fixture.chain, START + 60);
    await revoke(fixture.registry, fixture.cast.subject, POLICY, "key lost");
    expect(await status()).toMatchObject({
      healthy: false,
      standing: "revokedBySubject",
      floor: START + 60,
      asOf: START,
    });
    await travelTo(fixture.chain, START + 61);
    await refused(submit(await attestation(fixture, { asOf: START + 60 })), "registry.notNewer");
    await submit(await attestation(fixture, { asOf: START + 61, drawdown: SECOND }));
    expect(await status()).toMatchObject({ healthy: true, standing: "open", count: 2, streak: 1, lapses: 1 });
  });

  it("revoked by somebody else's own call: nothing happens to the subject", async () => {
    await submit(first);
    await revoke(fixture.registry, fixture.cast.stranger, POLICY, "mine");
    expect(await healthy()).toBe(true);
  });

  it("closed by a guardian: nothing counts until reopened, and then only newer snapshots", async () => {
    const { registry, cast, chain } = fixture;
    await submit(first);
    await revokeFor(registry, cast.guardian, subject(), POLICY, "source compromised");
    expect(await status()).toMatchObject({ healthy: false, standing: "revokedByGuardian" });
    await travelTo(chain, START + 100);
    const later = await attestation(fixture, { asOf: START + 100 });
    await refused(submit(later), "registry.closedByGuardian");
    await refused(revoke(registry, cast.subject, POLICY, "to get out"), "registry.closedByGuardian");
    await nextBlockAt(chain, START + 110);
    await reopen(registry, cast.guardian, subject(), POLICY);
    expect(await healthy()).toBe(false);
    await refused(submit(later), "registry.notNewer");
    await travelTo(chain, START + 111);
    await submit(await attestation(fixture, { asOf: START + 111, drawdown: SECOND }));
    expect(await healthy()).toBe(true);
    await refused(reopen(registry, cast.guardian, subject(), POLICY), "registry.notClosed");
  });

  it("only a guardian closes and reopens", async () => {
    const { registry, cast } = fixture;
    for (const wallet of [cast.stranger, cast.subject, cast.deployer]) {
      await refused(
        revokeFor(registry, wallet, subject(), POLICY, "no"),
        "registry.accessManagedUnauthorized",
      );
      await refused(reopen(registry, wallet, subject(), POLICY), "registry.accessManagedUnauthorized");
    }
  });
});

describe("the record", () => {
  it("counts a streak while each attestation comes before the last one expires, and lapses otherwise", async () => {
    const { chain } = fixture;
    await submit(first);
    const expiry = START + TERMS.validity;
    const history: unknown[] = [];
    let step = GENESIS;
    for (const time of [START + 500, START + 495 + TERMS.validity - 1, expiry + 20_000]) {
      await travelTo(chain, time - 5);
      await acceptMarket(fixture, { root: BigInt(time), asOf: time - 5 });
      await nextBlockAt(chain, time);
      step = stepAfter(step);
      const market = { marketRoot: BigInt(time), marketTime: time - 5 };
      await submit(await attestation(fixture, { asOf: time - 5, ...market, drawdown: step }));
      const { count, streak, lapses, firstAsOf } = await status();
      history.push([count, streak, lapses, firstAsOf]);
    }
    expect(history).toEqual([
      [2, 2, 0, START],
      [3, 3, 0, START],
      [4, 1, 1, START],
    ]);
  });
});

describe("the domain", () => {
  it("is that of the chain id and the registry", async () => {
    const { chain, registry } = fixture;
    const call = { address: registry.address, abi: healthRegistryAbi, functionName: "domain" } as const;
    expect(await chain.client.readContract(call)).toBe(domainField(claimOf(fixture).domain));
  });
});
