// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Does EAS itself, as its package ships it, accept an attestation of Keel's schema exactly while the registry says healthy?
 *
 * @module
 */
import { createRequire } from "node:module";
import { deployContract, deployKeel, loadArtifact } from "@keel/contracts";
import {
  type AttestedEntry,
  basisOf,
  type EasRequest,
  easRequestOf,
  healthResolverAbi,
  historyOf,
  isEasLive,
  marketBookAbi,
  reopen,
  revoke,
  revokeFor,
  submitAttestation,
  voidAttestation,
  type Wallet,
} from "@keel/verifier/chain";
import {
  type Abi,
  type Address,
  encodeAbiParameters,
  encodePacked,
  getAddress,
  getContractAddress,
  type Hex,
  keccak256,
  parseEventLogs,
} from "viem";
import { beforeAll, describe, expect, it } from "vitest";
import { travelTo, write } from "../support/chain.js";
import {
  acceptMarket,
  attestation,
  type Fixture,
  GENESIS,
  MARKET,
  POLICY,
  PUBLISHERS,
  refused,
  rewindEachTest,
  START,
  startFixture,
  stepAfter,
  TERMS,
  transact,
} from "./fixture.js";

const require = createRequire(import.meta.url);
const shipped = (name: string): { readonly abi: Abi; readonly bytecode: Hex } =>
  require(`@ethereum-attestation-service/eas-contracts/artifacts/contracts/${name}.sol/${name}.json`);
const EAS = shipped("EAS");
const SCHEMAS = shipped("SchemaRegistry");
const EXPIRY = START + TERMS.validity;
const SCHEMA = "bytes32 policyId,uint64 asOf";

let fixture: Fixture;
let eas: Address;
let schemas: Address;
let resolver: Address;

beforeAll(async () => {
  fixture = await startFixture();
  schemas = await deployShipped(SCHEMAS, []);
  eas = await deployShipped(EAS, [schemas]);
  resolver = await deployResolver();
});

const rewind = rewindEachTest(() => [fixture]);

const clients = () => ({ walletClient: fixture.cast.deployer, publicClient: fixture.chain.client });
const deployResolver = () => deployContract(clients(), "HealthResolver", [eas, fixture.registry.address]);
const subject = () => fixture.cast.subject.account.address;
const request = () => easRequestOf(fixture.registry, resolver, subject(), POLICY);
const isLive = (uid: Hex) => isEasLive(fixture.registry, resolver, uid);

async function deployShipped({ abi, bytecode }: typeof EAS, args: readonly unknown[]): Promise<Address> {
  const hash = await fixture.cast.deployer.deployContract({ abi, bytecode, args });
  const { contractAddress } = await fixture.chain.client.waitForTransactionReceipt({ hash });
  return contractAddress!;
}

async function callEas(name: string, args: readonly unknown[], wallet: Wallet = fixture.cast.stranger) {
  return await transact(fixture.chain, wallet, eas, EAS.abi, name, args);
}

/** The ids of the EAS attestations that a transaction made. */
async function made({ hash }: { readonly hash: Hex }): Promise<Hex[]> {
  const { logs } = await fixture.chain.client.getTransactionReceipt({ hash });
  return parseEventLogs({ abi: EAS.abi, eventName: "Attested", logs }).map(
    ({ args }) => (args as unknown as { uid: Hex }).uid,
  );
}

const attestEas = async (asked: EasRequest) => (await made(await callEas("attest", [asked])))[0]!;
const changed = async (change: Partial<EasRequest["data"]>): Promise<EasRequest> => {
  const asked = await request();
  return { ...asked, data: { ...asked.data, ...change } };
};

/** Attests at the registry, at START or later. */
async function attest(asOf = START, drawdown = GENESIS): Promise<void> {
  const market = { root: 333n + BigInt(asOf - START), asOf };
  if (asOf !== START) await acceptMarket(fixture, market);
  const att = await attestation(fixture, { asOf, drawdown, marketRoot: market.root, marketTime: asOf });
  await submitAttestation(fixture.registry, fixture.cast.stranger, att);
}

describe("EAS, with Keel's resolver", () => {
  it("knows the schema by its text, the resolver, and that it can be revoked", async () => {
    const uid = keccak256(encodePacked(["string", "address", "bool"], [SCHEMA, resolver, true]));
    const read = { address: resolver, abi: healthResolverAbi } as const;
    expect(await fixture.chain.client.readContract({ ...read, functionName: "schemaUid" })).toBe(uid);
    const args = [uid];
    const found = { address: schemas, abi: SCHEMAS.abi, functionName: "getSchema", args } as const;
    expect(await fixture.chain.client.readContract(found)).toMatchObject({
      uid,
      schema: SCHEMA,
      resolver: getAddress(resolver),
      revocable: true,
    });
  });

  it("accepts an attestation from anybody while the registry says healthy, until the registry's expires", async () => {
    await attest();
    const asked = await request();
    expect(asked.data).toMatchObject({ recipient: subject(), expirationTime: BigInt(EXPIRY) });
    const uid = await attestEas(asked);
    expect(await isLive(uid)).toBe(true);
    await travelTo(fixture.chain, EXPIRY - 1);
    expect(await isLive(uid)).toBe(true);
    await travelTo(fixture.chain, EXPIRY);
    expect(await isLive(uid)).toBe(false);
  });

  it("accepts several at once, all or none", async () => {
    await attest();
    const { schema, data } = await request();
    const both = await made(await callEas("multiAttest", [[{ schema, data: [data, data] }]]));
    expect(await Promise.all(both.map(isLive))).toEqual([true, true]);
    const stranger = { ...data, recipient: fixture.cast.stranger.account.address };
    await refused(callEas("multiAttest", [[{ schema, data: [data, stranger] }]]), "registry.notHealthy");
  });

  it("refuses when there never was an attestation, when it expired, and when it was revoked", async () => {
    await refused(request(), "registry.notHealthy");
    await attest();
    const asked = await request();
    await revoke(fixture.registry, fixture.cast.subject, POLICY, "mistake");
    await refused(callEas("attest", [asked]), "registry.notHealthy");
    await revokeFor(fixture.registry, fixture.cast.guardian, subject(), POLICY, "fraud");
    await refused(callEas("attest", [asked]), "registry.notHealthy");
    await rewind();
    await attest();
    await travelTo(fixture.chain, EXPIRY);
    const later = { ...asked, data: { ...asked.data, expirationTime: BigInt(EXPIRY + 1) } };
    await refused(callEas("attest", [later]), "registry.notHealthy");
  });

  it.each([
    [
      "another subject",
      async () => changed({ recipient: fixture.cast.stranger.account.address }),
      "notHealthy",
    ],
    ["another policy", async () => changed({ data: dataOf(`0x${"11".repeat(32)}`, START) }), "notHealthy"],
    ["an earlier time", async () => changed({ data: dataOf(POLICY, START - 1) }), "notLatest"],
    ["a later time", async () => changed({ data: dataOf(POLICY, START + 1) }), "notLatest"],
    ["no end", async () => changed({ expirationTime: 0n }), "outlivesHealth"],
    [
      "an end after the registry's",
      async () => changed({ expirationTime: BigInt(EXPIRY + 1) }),
      "outlivesHealth",
    ],
    ["data that is too short", async () => changed({ data: POLICY }), "badData"],
    ["data that is too long", async () => changed({ data: `${dataOf(POLICY, START)}00` }), "badData"],
    ["nobody's way to take it back", async () => changed({ revocable: false as true }), "notRevocable"],
  ] as const)("refuses %s", async (_, make, code) => {
    await attest();
    await refused(callEas("attest", [await make()]), `registry.${code}`);
  });

  it("takes an earlier end", async () => {
    await attest();
    const uid = await attestEas(await changed({ expirationTime: BigInt(START + 100) }));
    expect(await isLive(uid)).toBe(true);
    await travelTo(fixture.chain, START + 100);
    expect(await isLive(uid)).toBe(false);
  });

  it("refuses other schemas that somebody registered with the resolver", async () => {
    const lie = "bytes32 solventForever,uint64 since";
    const args = [lie, resolver, true];
    await write(fixture.chain, fixture.cast.stranger, schemas, SCHEMAS.abi, "register", args);
    const schema = keccak256(encodePacked(["string", "address", "bool"], [lie, resolver, true]));
    await attest();
    const asked = await request();
    await refused(callEas("attest", [{ ...asked, schema }]), "registry.wrongSchema");
  });

  it("takes no money, and no calls that are not EAS's", async () => {
    await attest();
    const asked = await request();
    await expect(callEas("attest", [await changed({ value: 1n as 0n })])).rejects.toThrow();
    const stored = { ...asked.data, uid: POLICY, schema: asked.schema, time: 0n, revocationTime: 0n };
    const call = { address: resolver, abi: (await loadArtifact("HealthResolver")).abi };
    const one = { ...stored, attester: subject() };
    await fixture.chain.test.setBalance({ address: eas, value: 1n });
    for (const [functionName, args] of Object.entries({
      attest: [one],
      revoke: [one],
      multiAttest: [[one], [0n]],
      multiRevoke: [[one], [0n]],
    })) {
      const asked = { ...call, functionName, args, value: 1n };
      const answer = (account: Address, value: bigint) =>
        fixture.chain.client.simulateContract({ ...asked, account, value });
      await expect(answer(subject(), 0n), functionName).rejects.toThrow("AccessDenied");
      await expect(answer(eas, 1n), functionName).rejects.toThrow("NotPayable");
    }
  });
});

describe("an EAS attestation", () => {
  it("stops counting when the registry's is revoked, and does not come back with a newer one", async () => {
    await attest();
    const uid = await attestEas(await request());
    await revokeFor(fixture.registry, fixture.cast.guardian, subject(), POLICY, "fraud");
    expect(await isLive(uid)).toBe(false);
    await reopen(fixture.registry, fixture.cast.guardian, subject(), POLICY);
    await travelTo(fixture.chain, START + 200);
    await attest(START + 190, stepAfter(GENESIS));
    expect(await isLive(uid)).toBe(false);
    expect(await isLive(await attestEas(await request()))).toBe(true);
  });

  it("66 stops counting when the registry's is voided", async () => {
    await attest();
    const uid = await attestEas(await request());
    const { chain, registry, cast } = fixture;
    const args = [MARKET.series, MARKET.root, BigInt(MARKET.asOf), "wrong"];
    await write(chain, cast.guardian, registry.marketBook, marketBookAbi, "withdraw", args);
    expect(await isLive(uid)).toBe(true);
    const [attested] = (await historyOf(registry, { fromBlock: 0n })).slice(-1) as [AttestedEntry];
    await voidAttestation(registry, cast.stranger, subject(), POLICY, basisOf(attested));
    expect(await isLive(uid)).toBe(false);
  });

  it("is taken back by its maker alone, and the registry stands", async () => {
    await attest();
    const { schema } = await request();
    const [first, second, third] = [
      await attestEas(await request()),
      await attestEas(await request()),
      await attestEas(await request()),
    ];
    const one = [{ schema, data: { uid: first, value: 0n } }];
    await expect(callEas("revoke", one, fixture.cast.subject)).rejects.toThrow();
    await callEas("revoke", one);
    const rest = [second, third].map((uid) => ({ uid, value: 0n }));
    await callEas("multiRevoke", [[{ schema, data: rest }]]);
    expect(await Promise.all([first, second, third].map(isLive))).toEqual([false, false, false]);
    expect((await request()).data.recipient).toBe(subject());
  });

  it("that EAS does not have does not count", async () => {
    expect(await isLive(`0x${"22".repeat(32)}`)).toBe(false);
  });
});

describe("a resolver", () => {
  it("is built even when somebody who foresaw its address registered the schema first", async () => {
    const { chain, cast } = fixture;
    const from = cast.deployer.account.address;
    const nonce = BigInt(await chain.client.getTransactionCount({ address: from }));
    const address = getContractAddress({ from, nonce });
    await write(chain, cast.stranger, schemas, SCHEMAS.abi, "register", [SCHEMA, address, true]);
    expect((await deployResolver()).toLowerCase()).toBe(address.toLowerCase());
  });

  it("comes with a deployment that names the chain's EAS", async () => {
    const { chain, cast } = fixture;
    const { healthResolver, registry } = await deployKeel({
      walletClient: cast.deployer,
      publicClient: chain.client,
      publishers: PUBLISHERS.map((i) => chain.signers[i]!.address),
      threshold: 2,
      verifiers: [],
      eas,
    });
    const call = { address: healthResolver!, abi: healthResolverAbi, functionName: "registry" } as const;
    expect(await chain.client.readContract(call)).toBe(getAddress(registry));
    expect(fixture.keel.healthResolver).toBeUndefined();
  });
});

function dataOf(policyId: Hex, asOf: number): Hex {
  return encodeAbiParameters([{ type: "bytes32" }, { type: "uint64" }], [policyId, BigInt(asOf)]);
}
