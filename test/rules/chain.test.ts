// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * On one chain: does a record run on, lapse and count at the same second by the registry and by its logs? And does the client
 * see the latest block, allow a vault no more than it takes, and warn of any development key?
 *
 * @module
 */

import { deployContract } from "@keel/contracts";
import {
  circuitHash,
  encodeProof,
  FIELD_ORDER,
  policyId,
  statementInputs,
  statementVector,
} from "@keel/verifier";
import {
  checkedRecord,
  connectRegistry,
  connectVault,
  depositAssets,
  groth16VerifierAbi,
  historyOf,
  latestBlock,
  publishPolicy,
  submitAttestation,
  verifierBookAbi,
} from "@keel/verifier/chain";
import {
  type Abi,
  type Address,
  concatHex,
  createPublicClient,
  erc20Abi,
  type Hex,
  http,
  keccak256,
  numberToHex,
  type PublicClient,
} from "viem";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { lookAt } from "../../app/src/regulator/look.js";
import { loadArtifact } from "../../contracts/dist/compile.js";
import { nextBlockAt, travelTo, undone, write } from "../support/chain.js";
import { AS_OF, BASE, type Case, SHORT } from "./vectors.js";
import { CLEAN, STEP, startWorld, type World } from "./world.js";

vi.setConfig({ testTimeout: 60_000, hookTimeout: 300_000 });

/** One attestation under the policy of short validity, and those that may follow it. */
const BEGIN: Case = { ...BASE, policy: "short", now: AS_OF + 400 };
const AFTER: Case = { ...BEGIN, state: STEP };
const EXPIRY = AS_OF + SHORT.validity;
const COUNTS = AS_OF + SHORT.minInterval;
const LATE = EXPIRY - 200;

let world: World;

beforeAll(async () => {
  world = await startWorld();
  const { chain, registry, stranger } = world;
  await travelTo(chain, AS_OF + 100);
  await world.publish([BEGIN]);
  await travelTo(chain, BEGIN.now);
  await submitAttestation(registry, stranger, world.attest(BEGIN));
});

afterAll(async () => {
  await world?.chain.stop();
});

/** The record that the logs give and the registry confirms. */
async function record(policy: Case["policy"]) {
  const { registry, subject } = world;
  const history = await historyOf(registry, { fromBlock: 0n });
  const id = policyId(world.termsOf({ policy }));
  return await checkedRecord(registry, history, subject.account.address, id, await latestBlock(registry));
}

/** Attests in a block of a time. */
async function follow(asOf: number, now: number): Promise<void> {
  const { chain, registry, stranger } = world;
  const a = { ...AFTER, asOf, marketTime: asOf, now };
  await travelTo(chain, now - 60);
  await world.publish([a]);
  const attestation = world.attest(a);
  await nextBlockAt(chain, now);
  await submitAttestation(registry, stranger, attestation);
}

describe.each([
  ["one second before", -1],
  ["at", 0],
  ["one second after", 1],
])("%s", (_, by) => {
  it("its expiry an attestation counts, or does not", async () => {
    await undone(world.chain, async () => {
      await travelTo(world.chain, EXPIRY + by);
      expect((await record("short")).healthy).toBe(by < 0);
    });
  });

  it("the expiry of the one before it an attestation goes on with the run, or begins another", async () => {
    await undone(world.chain, async () => {
      await follow(LATE, EXPIRY + by);
      const since = by < 0 ? expect.closeTo(BEGIN.now, -1) : EXPIRY + by;
      const runs = by < 0 ? { streak: 2, lapses: 0 } : { streak: 1, lapses: 1 };
      expect(await record("short")).toMatchObject({ healthy: true, count: 2, ...runs, since });
    });
  });

  it("the policy's interval another attestation counts, or does not", async () => {
    await undone(world.chain, async () => {
      await follow(COUNTS + by, COUNTS + 100);
      const counts = by < 0 ? { count: 1, streak: 1, countedAt: AS_OF } : { count: 2, streak: 2 };
      expect(await record("short")).toMatchObject({ ...counts, asOf: COUNTS + by, lapses: 0 });
    });
  });
});

it("65 an attestation that somebody brought in the latest block is found, whatever block number the client remembers", async () => {
  const { chain, stranger, registry } = world;
  await undone(chain, async () => {
    const client = createPublicClient({ transport: http(chain.rpcUrl), cacheTime: 60_000 }) as PublicClient;
    const forgetful = await connectRegistry(client, registry.address);
    await client.getBlockNumber();
    const a = { ...AFTER, asOf: AS_OF + 500, marketTime: AS_OF + 500 };
    await travelTo(chain, a.asOf + 10);
    await world.publish([a]);
    const attestation = world.attest(a);
    const theirs = await submitAttestation(registry, stranger, attestation);
    expect(await submitAttestation(forgetful, stranger, attestation)).toEqual({ ...theirs, already: true });
  });
});

it("44 the batch's coefficients depend on the inputs: shifts that cancel by the proofs alone are refused", async () => {
  const { registry } = world;
  const attestations = [world.attest(BEGIN), world.attest({ ...AFTER, asOf: AS_OF + 1 })];
  const terms = world.termsOf(BEGIN);
  const { verifier } = await registry.client.readContract({
    ...{ address: registry.verifierBook, abi: verifierBookAbi, functionName: "versionOf" },
    args: [terms.circuit, 1],
  });
  const proofs = attestations.map(({ proof }) => encodeProof(proof));
  const inputs = attestations.map(({ digest, market, ...about }) => {
    const marks = { marketRoot: market.root, marketTime: market.asOf };
    const { c, x, y } = statementInputs(digest, statementVector({ ...about, ...marks, terms }));
    return [c, x, y] as const;
  });
  const holds = async (changed: readonly (readonly bigint[])[]): Promise<boolean> =>
    await registry.client.readContract({
      ...{ address: verifier, abi: groth16VerifierAbi, functionName: "verifyBatch" },
      args: [proofs, changed as typeof inputs],
    });
  expect(await holds(inputs)).toBe(true);
  const words = (values: readonly bigint[]): Hex =>
    concatHex(values.map((value) => numberToHex(value, { size: 32 })));
  const without = { proofs: words(proofs.flat()), first: words([...proofs[0]!, ...inputs[0]!]) };
  for (const [what, seed] of Object.entries(without)) {
    // The first coefficient is 1, the second one this.
    const r = BigInt(keccak256(concatHex([keccak256(seed), numberToHex(1, { size: 32 })]))) >> 128n;
    for (const place of [0, 1, 2]) {
      const shifted = inputs.map((row, i) => {
        const by = i === 0 ? r : FIELD_ORDER - 1n;
        return row.map((value, j) => (j === place ? (value + by) % FIELD_ORDER : value));
      });
      expect(await holds(shifted), `${what}, input ${place}`).toBe(false);
    }
  }
});

it("48 a deposit allows the vault what it takes, and leaves an allowance that is there as it is", async () => {
  const { chain, registry, subject, stranger } = world;
  await undone(chain, async () => {
    const clients = { walletClient: stranger, publicClient: chain.client };
    const token = await deployContract(clients, "TestToken", ["Asset", "A", 6]);
    const plain = policyId(world.termsOf({ policy: "plain" }));
    const args = [token, "Vault", "V", registry.address, subject.account.address, plain];
    const vault = await connectVault(chain.client, await deployContract(clients, "GatedVault", args));
    const owner = stranger.account.address;
    await write(chain, stranger, token, (await loadArtifact("TestToken")).abi as Abi, "mint", [owner, 100n]);
    const allowance = async (): Promise<bigint> =>
      await chain.client.readContract({
        ...{ address: token, abi: erc20Abi, functionName: "allowance" },
        args: [owner, vault.address as Address],
      });
    await depositAssets(vault, stranger, 30n);
    expect(await allowance()).toBe(0n);
    await write(chain, stranger, token, erc20Abi, "approve", [vault.address, 25n]);
    await depositAssets(vault, stranger, 20n);
    expect(await allowance()).toBe(5n);
    await depositAssets(vault, stranger, 6n);
    expect(await allowance()).toBe(0n);
  });
});

it("46 the record warns of a development key where any proof has one, not only the latest", async () => {
  const { chain, registry, subject, stranger } = world;
  await undone(chain, async () => {
    const a = { ...AFTER, policy: "plain", asOf: AS_OF + 300, marketTime: AS_OF + 300 } as const;
    await world.publish([a]);
    await publishPolicy(registry, stranger, { ...world.termsOf(a), circuit: circuitHash(CLEAN.id) });
    await submitAttestation(registry, stranger, world.attest(a, CLEAN));
    const told: string[] = [];
    const found = await lookAt(registry, subject.account.address, 0n, (i, of) => told.push(`${i}/${of}`));
    const keys = found.happenings.flatMap(({ checked }) => (checked === undefined ? [] : [checked]));
    expect(keys.map(({ insecure }) => insecure)).toEqual([true, true, false]);
    expect(keys.every(({ proof, withdrawn }) => proof === "verified" && !withdrawn)).toBe(true);
    expect(found.insecure).toBe(true);
    expect(told).toEqual(["0/3", "3/3"]);
    expect(found.policies.map(({ count }) => count)).toEqual([1, 1, 1]);
  });
});
