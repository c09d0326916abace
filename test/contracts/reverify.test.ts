// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Does whoever reads a history find units that nobody outside said, tables of another series, and voidings of what stood?
 *
 * @module
 */
import { deployContract } from "@keel/contracts";
import { encodeProof, type PolicyTerms, signUnits } from "@keel/verifier";
import {
  type AttestedEntry,
  basisOf,
  checkedRecord,
  type HistoryEntry,
  historyOf,
  latestBlock,
  marketBookAbi,
  publishPolicy,
  reverify,
  submitAttestation,
  type VoidedEntry,
  voidAttestation,
} from "@keel/verifier/chain";
import { type Address, type Hex, hexToBytes, toFunctionSelector } from "viem";
import { beforeAll, expect, it } from "vitest";
import { nextBlockAt, write } from "../support/chain.js";
import {
  abiOf,
  attestation,
  type Fixture,
  GENESIS,
  refused,
  rewindEachTest,
  START,
  startFixture,
  TERMS,
} from "./fixture.js";
import { statementArtifacts } from "./statement-circuit.js";

const LATER = 100;
const SNAPSHOT = START + 90;

let fixture: Fixture;

beforeAll(async () => {
  fixture = await startFixture();
});

rewindEachTest(() => [fixture], LATER);

const subject = () => fixture.cast.subject.account.address;
const administrator = () => fixture.chain.accounts[11]!;
const history = () => historyOf(fixture.registry, { fromBlock: 0n });

/** A deployed contract, and a call to it. */
async function deploy(name: string, args: readonly unknown[] = []) {
  const { cast, chain } = fixture;
  const address = await deployContract(
    { walletClient: cast.deployer, publicClient: chain.client },
    name,
    args,
  );
  const abi = await abiOf(name);
  const call = (functionName: string, values: readonly unknown[]) =>
    write(chain, cast.deployer, address, abi, functionName, values);
  return { address: address.toLowerCase() as Address, call };
}

/** The entry of an attestation under a policy with a source of units. */
async function entryUnder(change: Partial<PolicyTerms>, units: bigint, unitsSignature?: Hex) {
  const { registry, cast } = fixture;
  const terms = { ...TERMS, ...change };
  await publishPolicy(registry, cast.stranger, terms);
  const att = await attestation(fixture, { asOf: SNAPSHOT, drawdown: { ...GENESIS, units }, terms });
  await submitAttestation(registry, cast.stranger, { ...att, ...(unitsSignature && { unitsSignature }) });
  return { entry: (await history()).at(-1) as AttestedEntry, terms };
}

/** The entry with other units, and a true proof of them. */
async function claiming(units: bigint, entry: AttestedEntry, terms = TERMS): Promise<AttestedEntry> {
  const drawdown = { ...entry.drawdown, units };
  const { digest, proof } = await attestation(fixture, { asOf: entry.asOf, drawdown, terms });
  return { ...entry, drawdown, digest, proof: encodeProof(proof) };
}

const verify = async (entry: AttestedEntry) =>
  await reverify(fixture.registry, entry, (await statementArtifacts()).verificationKey);

it("55 an administrator's signature is checked again", async () => {
  const key = hexToBytes(administrator().privateKey);
  const said = { subject: subject(), asOf: SNAPSHOT, units: 5n };
  const { signature } = signUnits(said, key);
  const unitsSource = administrator().address.toLowerCase() as Address;
  const { entry, terms } = await entryUnder({ unitsKind: 2, unitsSource }, 5n, signature);
  expect(entry.unitsSignature).toBe(signature);
  expect(await verify(entry)).toBe(true);
  await refused(verify(await claiming(4n, entry, terms)), "history.units");
  const other = signUnits({ ...said, units: 4n }, key).signature;
  await refused(verify({ ...entry, unitsSignature: other }), "history.units");
  const { unitsSignature: _, ...bare } = entry;
  const error = await refused(verify(bare), "history.units");
  expect(error).toMatchObject({ kind: "proof", received: "signed by nobody" });
});

it("55 a token is asked again", async () => {
  const { address, call } = await deploy("ShareToken", [8]);
  const { deployer } = fixture.cast;
  for (const [time, amount] of [
    [START + 110, 7n],
    [START + 120, 1n],
  ] as const) {
    await nextBlockAt(fixture.chain, time);
    await call("mint", [deployer.account.address, amount]);
  }
  const { registry, cast } = fixture;
  const terms = { ...TERMS, unitsKind: 1, unitsSource: address };
  await publishPolicy(registry, cast.stranger, terms);
  const about = { asOf: START + 119, drawdown: { ...GENESIS, units: 7n }, terms };
  await submitAttestation(registry, cast.stranger, await attestation(fixture, about));
  const entry = (await history()).at(-1) as AttestedEntry;
  expect(entry.unitsSignature).toBeUndefined();
  expect(await verify(entry)).toBe(true);
  const error = await refused(verify(await claiming(8n, entry, terms)), "history.units");
  expect(error).toMatchObject({ expected: "7, as the token says", received: "8" });
});

it("55 there is one unit where nobody says what they are", async () => {
  const { entry } = await entryUnder({}, GENESIS.units);
  expect(await verify(entry)).toBe(true);
  await refused(verify(await claiming(99_999_999n, entry)), "history.units");
});

it("55 what an administrator's contract said then is taken on the chain's word", async () => {
  const { address, call } = await deploy("OddSource");
  const magic = toFunctionSelector("isValidSignature(bytes32,bytes)");
  await call("set", [magic, 0, 32, BigInt(magic) << 224n]);
  const { entry } = await entryUnder({ unitsKind: 3, unitsSource: address }, 5n, "0x01");
  expect(await verify(entry)).toBe(true);
});

it("56 a table that the market book does not know in the policy's series is found", async () => {
  const { registry } = fixture;
  const { entry } = await entryUnder({}, GENESIS.units);
  const { client } = registry;
  const lying = {
    ...client,
    readContract: async (call: Parameters<typeof client.readContract>[0]) =>
      call.functionName === "standingOf" ? 0 : await client.readContract(call),
  } as unknown as typeof client;
  const { verificationKey } = await statementArtifacts();
  const lie = reverify({ ...registry, client: lying }, entry, verificationKey);
  const error = await refused(lie, "history.table");
  expect(error).toMatchObject({ kind: "proof", path: `root ${entry.market.root} at ${entry.market.asOf}` });
});

it("a true proof by a table of another time, which the registry would have refused, is found", async () => {
  const { entry } = await entryUnder({}, GENESIS.units);
  for (const by of [TERMS.maxMarketSkew, TERMS.maxMarketSkew + 1]) {
    const [asOf, marketRoot] = [entry.market.asOf + by, entry.market.root];
    const about = { asOf, marketTime: entry.market.asOf, marketRoot };
    const { digest, proof } = await attestation(fixture, about);
    const told = { ...entry, asOf, digest, proof: encodeProof(proof) };
    if (by === TERMS.maxMarketSkew) expect(await verify(told)).toBe(true);
    else expect((await refused(verify(told), "history.skew")).kind).toBe("proof");
  }
});

it("66 a voided record follows from its log, and a voiding of something else is found", async () => {
  const { registry, cast, chain } = fixture;
  const { entry } = await entryUnder({}, GENESIS.units);
  const { policyId, market } = entry;
  const withdrawal = [TERMS.marketSeries, market.root, BigInt(market.asOf), "wrong"];
  await write(chain, cast.guardian, registry.marketBook, marketBookAbi, "withdraw", withdrawal);
  expect(await verify(entry), "a withdrawn table was one").toBe(true);
  await voidAttestation(registry, cast.stranger, subject(), policyId, basisOf(entry));
  const told = await history();
  const before = told.slice(0, -1);
  const block = await latestBlock(registry);
  const check = (list: readonly HistoryEntry[]) => checkedRecord(registry, list, subject(), policyId, block);
  expect(await check(told)).toMatchObject({ healthy: false, standing: "voided", count: 1 });
  await refused(check(before), "history.record");
  const last = told.at(-1) as VoidedEntry;
  await refused(check([...before, { ...last, basis: { ...last.basis, version: 2 } }]), "history.void");
  await refused(check([...told, last]), "history.void");
  await refused(check([...before, { ...last, blockTime: entry.expiry }]), "history.void");
});
