// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Does a batch say yes exactly when each of its proofs would, and name the one that is false?
 *
 * @module
 */

import { deployContract } from "@keel/contracts";
import {
  type Attestation,
  BASE_FIELD,
  encodeProof,
  FIELD_ORDER,
  type ProofWords,
  policyId,
  type Statement,
  statementInputs,
  statementVector,
} from "@keel/verifier";
import {
  enrol,
  groth16VerifierAbi,
  healthRegistryAbi,
  isHealthy,
  publishPolicy,
  restartChain,
  revoke,
  statusOf,
  submissionOf,
  submitAttestation,
  submitBatch,
  verifierBookAbi,
  type Wallet,
} from "@keel/verifier/chain";
import { bn254 } from "@noble/curves/bn254.js";
import type { Address, Hex } from "viem";
import { beforeAll, describe, expect, it } from "vitest";
import { nextBlockAt, now, travelTo, write } from "../support/chain.js";
import {
  acceptMarket,
  attestation,
  claimOf,
  ENROLMENT,
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
import { attestationOf, statementArtifacts } from "./statement-circuit.js";

/** Ten claims: five subjects, each under two policies. */
const SIZE = 10;
const DAY = 86_400;
const OTHER_TERMS = { ...TERMS, maxLeverage: 20_000 };

/** What a status says of the present, which moves on. */
const TIMES = { blockTime: 0, timeLeft: 0 };

type Inputs = readonly [bigint, bigint, bigint];

let fixture: Fixture;
let verifier: Address;
let claims: Statement[];
let batch: Attestation[];
let proofs: ProofWords[];
let inputs: Inputs[];

beforeAll(async () => {
  fixture = await startFixture();
  verifier = fixture.keel.verifiers[0]!.address;
  await publishPolicy(fixture.registry, fixture.cast.stranger, OTHER_TERMS);
  const subjects = fixture.chain.wallets.slice(10, 15);
  for (const wallet of subjects) await enrol(fixture.registry, wallet, ENROLMENT);
  claims = Array.from({ length: SIZE }, (_, i) =>
    claimOf(fixture, {
      subject: subjects[i >> 1]!.account.address,
      terms: i % 2 === 0 ? TERMS : OTHER_TERMS,
      portfolioCommitment: BigInt(1_000 + i),
      drawdown: i % 2 === 0 ? GENESIS : stepAfter(GENESIS),
    }),
  );
  batch = [];
  for (const claim of claims) batch.push(await attestationOf(claim));
  proofs = batch.map(({ proof }) => encodeProof(proof));
  inputs = batch.map(({ digest }, i) => {
    const { c, x, y } = statementInputs(digest, statementVector(claims[i]!));
    return [c, x, y];
  });
});

rewindEachTest(() => [fixture]);

const verifyBatch = (p: readonly ProofWords[], i: readonly Inputs[], gas?: bigint) =>
  fixture.chain.client.readContract({
    address: verifier,
    abi: groth16VerifierAbi,
    functionName: "verifyBatch",
    args: [p, i],
    ...(gas === undefined ? {} : { gas }),
  });

const submit = (attestations: readonly Attestation[], version?: number) =>
  submitBatch(fixture.registry, fixture.cast.stranger, attestations, version);

const replaced = <T>(list: readonly T[], i: number, value: T): T[] =>
  list.map((item, j) => (i === j ? value : item));

describe("44 the batch verifier", () => {
  it.each([1, 2, 3, SIZE])("accepts %i true proofs", async (n) => {
    expect(await verifyBatch(proofs.slice(0, n), inputs.slice(0, n))).toBe(true);
  });

  it("refuses one false proof among true ones, at every place", async () => {
    for (let i = 0; i < SIZE; i++) {
      const [c, x, y] = inputs[i]!;
      expect(await verifyBatch(proofs, replaced(inputs, i, [c, x, (y + 1n) % FIELD_ORDER]))).toBe(false);
      expect(await verifyBatch(replaced(proofs, i, proofs[(i + 1) % SIZE]!), inputs)).toBe(false);
    }
  });

  it("refuses two falsehoods that cancel in a plain sum: coefficients differ", async () => {
    const shifted = (i: number, by: bigint): Inputs => {
      const [c, x, y] = inputs[i]!;
      return [c, x, (y + by + FIELD_ORDER) % FIELD_ORDER];
    };
    for (const [a, b] of [
      [0, 1],
      [1, 2],
      [0, SIZE - 1],
    ] as const) {
      expect(
        await verifyBatch(proofs, replaced(replaced(inputs, a, shifted(a, 5n)), b, shifted(b, -5n))),
      ).toBe(false);
    }
    const swapped = replaced(replaced(inputs, 3, inputs[4]!), 4, inputs[3]!);
    expect(await verifyBatch(proofs, swapped)).toBe(false);
  });

  it("refuses points that cancel between proofs: C moved from one to another", async () => {
    const point = (x: bigint, y: bigint) => bn254.G1.Point.fromAffine({ x, y });
    const move = (i: number, by: (p: ReturnType<typeof point>) => ReturnType<typeof point>): ProofWords => {
      const w = proofs[i]!;
      const { x, y } = by(point(w[6], w[7])).toAffine();
      return [w[0], w[1], w[2], w[3], w[4], w[5], x, y];
    };
    const g = bn254.G1.Point.BASE;
    const forged = replaced(
      replaced(
        proofs,
        0,
        move(0, (p) => p.add(g)),
      ),
      1,
      move(1, (p) => p.subtract(g)),
    );
    expect(await verifyBatch(forged, inputs)).toBe(false);
  });

  it("lets no coefficient be used again: each depends on every proof and input, so order changes nothing else", async () => {
    expect(await verifyBatch([...proofs].reverse(), [...inputs].reverse())).toBe(true);
    expect(await verifyBatch([...proofs].reverse(), inputs)).toBe(false);
    expect(await verifyBatch([proofs[0]!, proofs[0]!], [inputs[0]!, inputs[0]!])).toBe(true);
    expect(await verifyBatch([proofs[0]!, proofs[0]!], [inputs[0]!, inputs[1]!])).toBe(false);
  });

  it("refuses an empty batch and lists of different lengths", async () => {
    expect(await verifyBatch([], [])).toBe(false);
    expect(await verifyBatch(proofs, inputs.slice(1))).toBe(false);
    expect(await verifyBatch(proofs.slice(1), inputs)).toBe(false);
  });

  it("34 refuses aliased inputs and coordinates at every place, cheaply", async () => {
    for (let i = 0; i < 3; i++) {
      const high = inputs[2]!.map((value, j) => (i === j ? value + FIELD_ORDER : value)) as unknown as Inputs;
      expect(await verifyBatch(proofs, replaced(inputs, 2, high), 300_000n)).toBe(false);
    }
    for (let i = 0; i < 8; i++) {
      const high = proofs[2]!.map((word, j) => (i === j ? word + BASE_FIELD : word)) as unknown as ProofWords;
      expect(await verifyBatch(replaced(proofs, 2, high), inputs, 300_000n)).toBe(false);
    }
  });

  it("refuses points off the curve at every place", async () => {
    for (let i = 0; i < 8; i++) {
      for (const place of [0, 2]) {
        const off = proofs[place]!.map((word, j) => (i === j ? word ^ 1n : word)) as unknown as ProofWords;
        expect(await verifyBatch(replaced(proofs, place, off), inputs)).toBe(false);
      }
    }
  });

  it("accepts re-randomised proofs, as singly", async () => {
    const [ax, ay, bx1, bx0, by1, by0, cx, cy] = proofs[4]!;
    const other: ProofWords = [ax, BASE_FIELD - ay, bx1, bx0, BASE_FIELD - by1, BASE_FIELD - by0, cx, cy];
    expect(await verifyBatch(replaced(proofs, 4, other), inputs)).toBe(true);
  });
});

describe("44 attestBatch", () => {
  it("stores attestations of mixed subjects and policies, as one by one", async () => {
    const { registry } = fixture;
    const at = START + 100;
    await nextBlockAt(fixture.chain, at);
    await submit(batch);
    for (const { subject, policyId: policy } of batch) {
      expect(await isHealthy(registry, subject, policy)).toBe(true);
      expect(await statusOf(registry, subject, policy)).toMatchObject({ asOf: START, count: 1, streak: 1 });
    }
  });

  it("with one bad proof among good ones stores nothing and names the culprit", async () => {
    for (const culprit of [0, 4, SIZE - 1]) {
      const bad = replaced(batch, culprit, { ...batch[culprit]!, proof: batch[(culprit + 1) % SIZE]!.proof });
      const error = await refused(submit(bad), "registry.batchRefused");
      expect(error).toMatchObject({ kind: "proof", path: `attestations[${culprit}]` });
      for (const { subject, policyId: policy } of batch) {
        expect(await isHealthy(fixture.registry, subject, policy)).toBe(false);
      }
    }
  });

  it("refuses an empty batch", async () => {
    await refused(submit([], 1), "registry.emptyBatch");
  });

  it("refuses two snapshots of one time; two times in order are two epochs", async () => {
    const first = await attestation(fixture);
    const twin = { ...stepAfter(GENESIS), newState: 5_000n };
    const other = await attestation(fixture, { drawdown: twin });
    await refused(submit([first, batch[0]!, other]), "registry.notNewer");
    await travelTo(fixture.chain, START + 100);
    const second = await attestation(fixture, { asOf: START + 50, drawdown: stepAfter(GENESIS) });
    await refused(submit([second, first]), "registry.wrongState");
    await submit([first, second]);
    const status = await statusOf(fixture.registry, fixture.cast.subject.account.address, POLICY);
    expect(status).toMatchObject({ asOf: START + 50, count: 2, streak: 2 });
  });

  it("applies every rule of attest to every member", async () => {
    await refused(
      submit([batch[0]!, { ...batch[1]!, market: { root: 5n, asOf: START } }]),
      "registry.marketNotAccepted",
    );
    await refused(submit([{ ...batch[0]!, asOf: START + 9_999 }, batch[1]!]), "registry.snapshotInFuture");
  });

  it("refuses a batch for two verifiers", async () => {
    const { chain, cast, registry, keel } = fixture;
    const clients = { walletClient: cast.deployer, publicClient: chain.client };
    const circuit = `0x${"34".repeat(32)}` as const;
    const terms = { ...TERMS, circuit };
    await publishPolicy(registry, cast.stranger, terms);
    const error = await refused(
      submit([batch[0]!, { ...batch[1]!, policyId: policyId(terms) }]),
      "registry.unknownVersion",
    );
    expect(error.kind).toBe("proof");
    const second = await deployContract(clients, "StatementVerifierSecond");
    await write(chain, cast.deployer, keel.verifierBook, verifierBookAbi, "add", [TERMS.circuit, second]);
    const other = await deployContract(clients, "StatementVerifierOtherCircuit");
    const otherTerms = { ...TERMS, circuit: await circuitOf(other) };
    await publishPolicy(registry, cast.stranger, otherTerms);
    await write(chain, cast.deployer, keel.verifierBook, verifierBookAbi, "add", [otherTerms.circuit, other]);
    const foreign = await attestationOf({ ...claims[2]!, terms: otherTerms });
    const mixed = await refused(submit([batch[0]!, foreign], 1), "registry.mixedVerifiers");
    expect(mixed.path).toBe("attestations[1]");
    await submit([foreign], 1);
  });

  it("refuses a batch against another version than the one it was proven for", async () => {
    const { chain, cast, keel } = fixture;
    const clients = { walletClient: cast.deployer, publicClient: chain.client };
    const second = await deployContract(clients, "StatementVerifierSecond");
    await write(chain, cast.deployer, keel.verifierBook, verifierBookAbi, "add", [TERMS.circuit, second]);
    const artifacts = await statementArtifacts("second");
    const renewed = [await attestationOf(claims[0]!, artifacts), await attestationOf(claims[1]!, artifacts)];
    await refused(submit(renewed, 1), "registry.batchRefused");
    await refused(submit(renewed, 2), "registry.notLiveYet");
  });
});

describe("65 a batch of which somebody submitted a part before", () => {
  const other = () => fixture.cast.guardian;
  const healthyAll = async () =>
    await Promise.all(
      batch.map(({ subject, policyId: policy }) => isHealthy(fixture.registry, subject, policy)),
    );
  const raw = async (attestations: readonly Attestation[]) => {
    const { chain, cast, registry } = fixture;
    const args = [attestations.map((attested) => submissionOf(attested, 1))];
    const call = [cast.stranger, registry.address, healthRegistryAbi, "attestBatch", args] as const;
    return await transact(chain, ...call);
  };
  const logsOf = async ({ hash }: { readonly hash: Hex }) =>
    (await fixture.chain.client.getTransactionReceipt({ hash })).logs.length;

  it.each([
    ["its first entry", [0]],
    ["an entry in its middle", [4]],
    ["both steps of one subject", [2, 3]],
    ["some of several subjects", [0, 1, 4, 8, 9]],
  ] as const)("counts all the same: %s", async (_, copied) => {
    for (const i of copied) await submitAttestation(fixture.registry, other(), batch[i]!);
    expect(await logsOf(await raw(batch))).toBe(SIZE - copied.length);
    expect(await healthyAll()).toEqual(batch.map(() => true));
    const { subject, policyId: policy } = batch[copied[0]]!;
    expect(await statusOf(fixture.registry, subject, policy)).toMatchObject({ count: 1, streak: 1 });
  });

  it("counts all the same when it is of two epochs and the copy of both", async () => {
    await travelTo(fixture.chain, START + 100);
    const first = await attestation(fixture);
    const second = await attestation(fixture, { asOf: START + 50, drawdown: stepAfter(GENESIS) });
    for (const copied of [first, second]) await submitAttestation(fixture.registry, other(), copied);
    const fresh = batch.filter(({ subject }) => subject !== first.subject);
    // Whatever stands between the two.
    const [one, another] = [fresh[0]!, fresh[1]!];
    expect(await logsOf(await raw([first, one, second, another]))).toBe(2);
  });

  it("is success to the client, and empty on chain, when it was copied whole", async () => {
    const theirs = await submit(batch);
    expect(await submit(batch)).toEqual({ ...theirs, already: true });
    expect(await logsOf(await raw(batch))).toBe(0);
  });

  it("skips what is there twice", async () => {
    expect(await logsOf(await raw([batch[0]!, batch[4]!, batch[0]!]))).toBe(2);
  });

  it("changes nothing by what it skips, whatever stands beside its state and time", async () => {
    await submitAttestation(fixture.registry, other(), batch[0]!);
    const before = await statusOf(fixture.registry, batch[0]!.subject, POLICY);
    const lie = {
      ...batch[0]!,
      proof: batch[1]!.proof,
      portfolioCommitment: 1n,
      market: { root: 1n, asOf: 1 },
    };
    expect(await logsOf(await raw([lie, batch[2]!]))).toBe(1);
    const after = await statusOf(fixture.registry, batch[0]!.subject, POLICY);
    expect({ ...after, ...TIMES }).toEqual({ ...before, ...TIMES });
  });

  it("names the first false proof behind what it skips", async () => {
    await submitAttestation(fixture.registry, other(), batch[0]!);
    const bad = replaced(batch, 4, { ...batch[4]!, proof: batch[5]!.proof });
    const error = await refused(submit(bad), "registry.batchRefused");
    expect(error.path).toBe("attestations[4]");
  });

  it.each([
    ["revoked", (wallet: Wallet) => revoke(fixture.registry, wallet, POLICY, "mistake")],
    ["expired", () => travelTo(fixture.chain, START + TERMS.validity)],
  ] as const)("skips nothing that is not in force any more: %s", async (_, end) => {
    await submitAttestation(fixture.registry, other(), batch[0]!);
    await end(fixture.chain.wallets[10]!);
    await refused(raw(batch), "registry.notNewer");
    await refused(submit(batch), "registry.notNewer");
  });

  it("does not skip another step of the same time; a restart that is announced takes nothing back", async () => {
    await submitAttestation(fixture.registry, other(), batch[0]!);
    const fork = { ...claims[0]!, drawdown: { ...GENESIS, newState: 9_999n } };
    await refused(raw([await attestationOf(fork)]), "registry.notNewer");
    await restartChain(fixture.registry, other(), batch[0]!.subject, "state lost");
    await raw([batch[0]!]);
  });

  it("does not skip a step from before a chain started over: it does not lead to the present state", async () => {
    const { chain, registry } = fixture;
    const { subject } = batch[0]!;
    await submitAttestation(registry, other(), batch[0]!);
    await restartChain(registry, other(), subject, "state lost");
    const asOf = (await now(chain)) + DAY;
    await travelTo(chain, asOf + 10);
    await acceptMarket(fixture, { root: 77n, asOf });
    const renewed = { asOf, marketRoot: 77n, marketTime: asOf, drawdown: { ...GENESIS, newState: 5_000n } };
    const fresh = await attestationOf({ ...claims[0]!, ...renewed });
    await submitAttestation(registry, other(), fresh);
    expect(await isHealthy(registry, subject, POLICY)).toBe(true);
    await refused(raw([batch[0]!]), "registry.notNewer");
    expect(await logsOf(await raw([fresh]))).toBe(0);
  });

  it("does not skip a newer snapshot that claims to lead to the present state", async () => {
    await submitAttestation(fixture.registry, other(), batch[0]!);
    const { newState } = GENESIS;
    const claim = { ...claims[0]!, asOf: START + 1, drawdown: { ...GENESIS, previousState: newState } };
    await refused(
      raw([{ ...(await attestationOf(claim)), proof: batch[0]!.proof }]),
      "registry.batchRefused",
    );
  });
});

async function circuitOf(address: Address): Promise<Hex> {
  const call = { address, abi: groth16VerifierAbi, functionName: "circuit" } as const;
  return await fixture.chain.client.readContract(call);
}
