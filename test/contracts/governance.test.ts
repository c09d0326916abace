// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Can those in power only do what the delays and roles let them, in public? Do gates follow a policy line, and unwind when health
 * lapses?
 *
 * @module
 */
import { deployContract, deployKeel, ROLE } from "@keel/contracts";
import { type PolicyTerms, policyId } from "@keel/verifier";
import {
  policyBookAbi,
  publishPolicy,
  submitAttestation,
  verifierBookAbi,
  type Wallet,
} from "@keel/verifier/chain";
import {
  type Abi,
  type Address,
  encodeAbiParameters,
  encodeFunctionData,
  type Hex,
  keccak256,
  maxUint256,
  parseAbiParameters,
  zeroAddress,
} from "viem";
import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import { now, travelTo } from "../support/chain.js";
import {
  abiOf,
  attestation,
  type Fixture,
  GENESIS,
  POLICY,
  refused,
  rewindEachTest,
  SERIES,
  START,
  startFixture,
  stepAfter,
  TERMS,
  transact,
} from "./fixture.js";
import { CIRCUIT } from "./statement-circuit.js";

const WEEK = 7 * 86_400;
const LINE = keccak256(
  encodeAbiParameters(parseAbiParameters("string, string"), ["keel/line/1", "vault one"]),
);

let fixture: Fixture;
let authorityAbi: Abi;

beforeAll(async () => {
  fixture = await startFixture();
  authorityAbi = await abiOf("Authority");
});

rewindEachTest(() => [fixture]);

const book = (wallet: Wallet, name: string, ...args: unknown[]) =>
  transact(fixture.chain, wallet, fixture.registry.policyBook, policyBookAbi, name, args);

async function read<T>(name: string, args: readonly unknown[]): Promise<T> {
  const { client } = fixture.chain;
  const contract = { address: fixture.registry.policyBook, abi: policyBookAbi as Abi };
  return (await client.readContract({ ...contract, functionName: name, args })) as T;
}

const current = () => read<Hex>("currentOf", [LINE]);

async function publish(change: Partial<PolicyTerms>): Promise<Hex> {
  return (await publishPolicy(fixture.registry, fixture.cast.stranger, { ...TERMS, ...change })).policyId;
}

const tighter = () => publish({ maxLeverage: TERMS.maxLeverage - 1 });
const looser = () => publish({ maxLeverage: TERMS.maxLeverage + 1 });

describe("43 a policy line", () => {
  beforeEach(async () => {
    await book(fixture.cast.deployer, "openLine", "vault one", POLICY);
  });

  it("tightens at once", async () => {
    const id = await tighter();
    await book(fixture.cast.deployer, "moveLine", LINE, id);
    expect(await current()).toBe(id);
  });

  it("loosens after the delay, to the second, and shows it all the while", async () => {
    const id = await looser();
    await book(fixture.cast.deployer, "moveLine", LINE, id);
    const liveAt = (await now(fixture.chain)) + WEEK;
    expect(await read("lineOf", [LINE])).toEqual({ current: POLICY, next: id, nextLiveAt: liveAt });
    await travelTo(fixture.chain, liveAt - 1);
    expect(await current()).toBe(POLICY);
    await travelTo(fixture.chain, liveAt);
    expect(await current()).toBe(id);
    expect(await read("lineOf", [LINE])).toEqual({
      current: id,
      next: `0x${"00".repeat(32)}`,
      nextLiveAt: 0,
    });
    await refused(book(fixture.cast.guardian, "cancelMove", LINE), "registry.nothingAnnounced");
  });

  it.each([
    ["circuit", { circuit: `0x${"12".repeat(32)}` as Hex }],
    ["scenarios", { scenarioRoot: 9n }],
    ["sources", { sourcesRoot: 9n }],
    ["market series", { marketSeries: `0x01${"9a".repeat(31)}` as Hex }],
    ["kind of market series", { marketSeries: `0x02${SERIES.slice(4)}` as Hex }],
    ["units", { unitsKind: 1, unitsSource: `0x${"0a".repeat(20)}` as Hex }],
    ["minCollateralRatio", { minCollateralRatio: TERMS.minCollateralRatio - 1 }],
    ["minHealthFactor", { minHealthFactor: TERMS.minHealthFactor - 1 }],
    ["minAccountHealthFactor", { minAccountHealthFactor: TERMS.minAccountHealthFactor - 1 }],
    ["maxLeverage", { maxLeverage: TERMS.maxLeverage + 1 }],
    ["netDeltaLo", { netDeltaLo: TERMS.netDeltaLo - 1 }],
    ["netDeltaHi", { netDeltaHi: TERMS.netDeltaHi + 1 }],
    ["maxUnderlyingDelta", { maxUnderlyingDelta: TERMS.maxUnderlyingDelta + 1 }],
    ["maxStressLoss", { maxStressLoss: TERMS.maxStressLoss + 1 }],
    ["minEquity", { minEquity: TERMS.minEquity - 1n }],
    ["maxAge", { maxAge: TERMS.maxAge + 1 }],
    ["validity", { validity: TERMS.validity + 1 }],
    ["maxMarketSkew", { maxMarketSkew: TERMS.maxMarketSkew + 1 }],
  ] as const)("counts another %s as loosening even when all else is tighter", async (name, change) => {
    const id = await publish({ maxVenue: 1, maxGamma: 1, minAccountHealthFactor: 20_000, ...change });
    expect(await read("isTighter", [id, POLICY]), name).toBe(false);
    await book(fixture.cast.deployer, "moveLine", LINE, id);
    expect(await current()).toBe(POLICY);
  });

  it.each([
    ["maxVenue", { maxVenue: 5_000 }],
    ["maxGamma", { maxGamma: 5_000 }],
    ["maxVega", { maxVega: 5_000 }],
    ["maxTheta", { maxTheta: 5_000 }],
    ["maxDrawdown", { maxDrawdown: 5_000 }],
    ["minAccountHealthFactor", { minAccountHealthFactor: TERMS.minAccountHealthFactor + 1 }],
    ["minInterval", { minInterval: TERMS.minInterval + 1 }],
  ] as const)("tightens %s at once and loosens it after the delay", async (_, change) => {
    const ground = { unitsKind: 2, unitsSource: `0x${"0b".repeat(20)}` } as const;
    const [before, id] = [await publish(ground), await publish({ ...ground, ...change })];
    expect(await read("isTighter", [id, before])).toBe(true);
    expect(await read("isTighter", [before, id])).toBe(false);
    expect(await read("isTighter", [id, id])).toBe(true);
  });

  it.each([
    ["another token", { unitsSource: `0x${"0c".repeat(20)}` as Hex }],
    ["an administrator for a token", { unitsKind: 2 }],
    ["nobody", { unitsKind: 0, unitsSource: zeroAddress, maxDrawdown: 2 ** 32 - 1 }],
  ] as const)("55 %s is not tighter, in either direction", async (_, change) => {
    const terms = { unitsKind: 1, unitsSource: `0x${"0a".repeat(20)}`, maxDrawdown: 5_000 } as const;
    const [before, id] = [await publish(terms), await publish({ ...terms, ...change })];
    expect(await read("isTighter", [id, before])).toBe(false);
    expect(await read("isTighter", [before, id])).toBe(false);
  });

  it("cannot be loosened by going round: tighter and back takes the delay, and restarts it", async () => {
    const { cast, chain } = fixture;
    const [tight, loose] = [await tighter(), await looser()];
    await book(cast.deployer, "moveLine", LINE, loose);
    await travelTo(chain, (await now(chain)) + WEEK - 100);
    await book(cast.deployer, "moveLine", LINE, tight);
    await travelTo(chain, (await now(chain)) + 200);
    expect(await current(), "the announced loosening was replaced").toBe(tight);
    await book(cast.deployer, "moveLine", LINE, POLICY);
    expect(await current()).toBe(tight);
    await travelTo(chain, (await now(chain)) + WEEK);
    expect(await current()).toBe(POLICY);
  });

  it("is called off by a guardian, and by nobody else", async () => {
    const { cast, chain } = fixture;
    await book(cast.deployer, "moveLine", LINE, await looser());
    await refused(book(cast.stranger, "cancelMove", LINE), "registry.accessManagedUnauthorized");
    await book(cast.guardian, "cancelMove", LINE);
    await refused(book(cast.guardian, "cancelMove", LINE), "registry.nothingAnnounced");
    await travelTo(chain, (await now(chain)) + 2 * WEEK);
    expect(await current()).toBe(POLICY);
  });

  it("is opened and moved by the curator only, once, to published policies only", async () => {
    const { cast } = fixture;
    const unknown = policyId({ ...TERMS, validity: 5 });
    for (const wallet of [cast.stranger, cast.guardian, cast.subject]) {
      await refused(book(wallet, "openLine", "other", POLICY), "registry.accessManagedUnauthorized");
      await refused(book(wallet, "moveLine", LINE, POLICY), "registry.accessManagedUnauthorized");
    }
    await refused(book(cast.deployer, "openLine", "vault one", POLICY), "registry.lineExists");
    await refused(book(cast.deployer, "openLine", "other", unknown), "registry.unknownPolicy");
    await refused(book(cast.deployer, "moveLine", LINE, unknown), "registry.unknownPolicy");
    await refused(book(cast.deployer, "moveLine", POLICY, POLICY), "registry.unknownLine");
  });
});

describe("a gate on a line", () => {
  it("asks for the line's policy of the moment: tightening shuts it, an attestation under the new policy opens it", async () => {
    const { cast, chain, registry } = fixture;
    await book(cast.deployer, "openLine", "vault one", POLICY);
    const { vault } = await openVault(LINE);
    const abi = await abiOf("GatedVault");
    const deposit = () =>
      transact(fixture.chain, cast.deployer, vault, abi, "deposit", [1_000n, cast.deployer.account.address]);
    await submitAttestation(registry, cast.stranger, await attestation(fixture));
    await deposit();
    const terms = { ...TERMS, maxLeverage: TERMS.maxLeverage - 1 };
    await book(cast.deployer, "moveLine", LINE, await tighter());
    const error = await refused(deposit(), "registry.notHealthy");
    expect(error.expected).toContain(policyId(terms));
    await submitAttestation(
      registry,
      cast.stranger,
      await attestation(fixture, { terms, drawdown: stepAfter(GENESIS) }),
    );
    await deposit();
    expect(await chain.client.readContract({ address: vault, abi, functionName: "policy" })).toBe(LINE);
    await transact(fixture.chain, cast.deployer, vault, abi, "withdraw", [
      1_000n,
      ...Array(2).fill(cast.deployer.account.address),
    ]);
  });
});

describe("a strategy behind the gate", () => {
  it("allocates while healthy; once health lapses anybody unwinds, the manager at all times", async () => {
    const { cast, chain, registry } = fixture;
    const [abi, tokenAbi] = [await abiOf("GatedStrategy"), await abiOf("TestToken")];
    const token = await deploy("TestToken", ["T", "T", 18]);
    const venue = cast.guardian;
    const subject = cast.subject.account.address;
    const args = [token, venue.account.address, registry.address, subject, POLICY];
    const strategy = await deploy("GatedStrategy", args);
    const act = (wallet: Wallet, name: string, ...rest: unknown[]) =>
      transact(fixture.chain, wallet, strategy, abi, name, rest);
    const atVenue = () =>
      chain.client.readContract({
        address: token,
        abi: tokenAbi,
        functionName: "balanceOf",
        args: [venue.account.address],
      });
    await transact(fixture.chain, cast.deployer, token, tokenAbi, "mint", [strategy, 1_000n]);
    await transact(fixture.chain, venue, token, tokenAbi, "approve", [strategy, maxUint256]);

    await refused(act(cast.deployer, "allocate", 600n), "registry.notHealthy");
    await submitAttestation(registry, cast.stranger, await attestation(fixture));
    await act(cast.deployer, "allocate", 600n);
    await refused(act(cast.stranger, "unwindAll"), "registry.stillHealthy");
    await act(cast.deployer, "unwind", 100n);
    expect(await atVenue()).toBe(500n);

    await travelTo(chain, START + TERMS.validity);
    await refused(act(cast.deployer, "allocate", 1n), "registry.notHealthy");
    await act(cast.deployer, "unwind", 100n);
    await act(cast.stranger, "unwindAll");
    expect(await atVenue()).toBe(0n);
  });
});

describe("43 a 2-of-3 multi-signature owner", () => {
  const owners = () => [10, 11, 12].map((i) => fixture.chain.wallets[i]!);

  async function govern() {
    const { cast, chain } = fixture;
    const safe = await deploy("MultiSig", [owners().map(({ account }) => account.address), 2]);
    const keel = await deployKeel({
      walletClient: cast.deployer,
      publicClient: chain.client,
      publishers: [cast.stranger.account.address],
      threshold: 1,
      verifiers: [{ circuit: CIRCUIT, contractName: "StatementVerifier" }],
      roles: {
        admin: safe,
        curator: safe,
        verifierAdmin: safe,
        marketAdmin: safe,
        guardian: cast.guardian.account.address,
      },
    });
    const abi = await abiOf("MultiSig");
    const confirm = (wallet: Wallet, target: Address, data: Hex, nonce: number) =>
      transact(fixture.chain, wallet, safe, abi, "confirm", [target, data, nonce]);
    const execute = (target: Address, data: Hex, nonce: number) =>
      transact(fixture.chain, cast.stranger, safe, abi, "execute", [target, data, nonce]);
    return { keel, safe, confirm, execute };
  }

  it("acts with two owners, not with one, nor with one twice, nor twice with two", async () => {
    const { keel, confirm, execute } = await govern();
    const [a, b] = owners();
    await publishTo(keel.policyBook);
    const data = encodeFunctionData({
      abi: policyBookAbi,
      functionName: "openLine",
      args: ["vault one", POLICY],
    });
    await confirm(a!, keel.policyBook, data, 1);
    await expect(execute(keel.policyBook, data, 1)).rejects.toThrow();
    await expect(confirm(a!, keel.policyBook, data, 1)).rejects.toThrow();
    await expect(confirm(fixture.cast.deployer, keel.policyBook, data, 1)).rejects.toThrow();
    await confirm(b!, keel.policyBook, data, 1);
    await execute(keel.policyBook, data, 1);
    await expect(execute(keel.policyBook, data, 1)).rejects.toThrow();
  });

  it("leaves the deployer with nothing: no role, no grant, no call", async () => {
    const { cast } = fixture;
    const { keel } = await govern();
    for (const role of Object.values(ROLE)) {
      await expect(
        transact(fixture.chain, cast.deployer, keel.authority, authorityAbi, "grantRole", [
          role,
          cast.deployer.account.address,
          0,
        ]),
      ).rejects.toThrow();
    }
    const open = transact(fixture.chain, cast.deployer, keel.policyBook, policyBookAbi, "openLine", [
      "x",
      POLICY,
    ]);
    await refused(open, "registry.accessManagedUnauthorized");
    const own = await deploy("Authority", [cast.deployer.account.address]);
    await expect(
      transact(fixture.chain, cast.deployer, keel.registry, await abiOf("HealthRegistry"), "setAuthority", [
        own,
      ]),
    ).rejects.toThrow();
  });

  it("role takeover: an execution delay on the administrator holds for owners too, and cannot be skipped", async () => {
    const { keel, safe, confirm, execute } = await govern();
    const { cast, chain } = fixture;
    const [a, b] = owners();
    let nonce = 0;
    const both = async (target: Address, data: Hex) => {
      nonce += 1;
      await confirm(a!, target, data, nonce);
      await confirm(b!, target, data, nonce);
      await execute(target, data, nonce);
    };
    const authority = (functionName: string, args: readonly unknown[]) =>
      encodeFunctionData({ abi: authorityAbi, functionName, args });
    const delay = 2 * 86_400;
    await both(keel.authority, authority("grantRole", [ROLE.admin, safe, delay]));
    const grant = authority("grantRole", [ROLE.verifierAdmin, cast.stranger.account.address, 0]);
    await expect(both(keel.authority, grant), "not without a schedule").rejects.toThrow();
    await both(keel.authority, authority("schedule", [keel.authority, grant, 0]));
    await travelTo(chain, (await now(chain)) + delay - 60);
    await expect(both(keel.authority, grant), "not before its time").rejects.toThrow();
    await travelTo(chain, (await now(chain)) + 120);
    await both(keel.authority, grant);
    const verifier = await deploy("StatementVerifierSecond");
    const add = [TERMS.circuit, verifier];
    await transact(fixture.chain, cast.stranger, keel.verifierBook, verifierBookAbi, "add", add);
  });

  async function publishTo(policyBook: Address) {
    await transact(fixture.chain, fixture.cast.stranger, policyBook, policyBookAbi, "publish", [TERMS]);
  }
});

async function deploy(name: string, args: readonly unknown[] = []): Promise<Address> {
  return await deployContract(
    { walletClient: fixture.cast.deployer, publicClient: fixture.chain.client },
    name,
    args,
  );
}

/** A vault on `policy`, with the deployer funded and the vault approved. */
async function openVault(policy: Hex) {
  const { cast, registry } = fixture;
  const tokenAbi = await abiOf("TestToken");
  const token = await deploy("TestToken", ["T", "T", 18]);
  const args = [token, "v", "v", registry.address, cast.subject.account.address, policy];
  const vault = await deploy("GatedVault", args);
  await transact(fixture.chain, cast.deployer, token, tokenAbi, "mint", [
    cast.deployer.account.address,
    10n ** 18n,
  ]);
  await transact(fixture.chain, cast.deployer, token, tokenAbi, "approve", [vault, maxUint256]);
  return { vault, token };
}
