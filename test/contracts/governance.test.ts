// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Can those in power only do what the delays and roles let them, in public? Do gates follow a policy line, and unwind when health
 * lapses?
 *
 * @module
 */
import { deployContract, deployKeel, handOver, ROLE } from "@keel/contracts";
import { type PolicyTerms, policyId } from "@keel/verifier";
import {
  authorityAbi,
  policyBookAbi,
  publishPolicy,
  revoke,
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
beforeAll(async () => {
  fixture = await startFixture();
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

describe("63 a tightening", () => {
  let tight: Hex;

  beforeEach(async () => {
    await book(fixture.cast.deployer, "openLine", "vault one", POLICY);
    tight = await tighter();
  });

  const move = (id: Hex) => book(fixture.cast.deployer, "moveLine", LINE, id);
  const undo = (wallet = fixture.cast.guardian) => book(wallet, "undoTightening", LINE);
  const kept = () => read<{ policyId: Hex; leftAt: number; how: number }[]>("policiesOf", [LINE]);

  it("is taken back by a guardian within the delay, to the second, and by nobody else", async () => {
    const { cast, chain } = fixture;
    await refused(undo(), "registry.nothingToUndo");
    await move(tight);
    const leftAt = await now(chain);
    for (const wallet of [cast.deployer, cast.stranger]) {
      await refused(undo(wallet), "registry.accessManagedUnauthorized");
    }
    await nextBlockAt(chain, leftAt + WEEK - 1);
    await undo();
    expect(await current()).toBe(POLICY);
    expect(await kept()).toEqual([
      { policyId: POLICY, leftAt, how: 4 },
      { policyId: tight, leftAt: leftAt + WEEK - 1, how: 3 },
      { policyId: POLICY, leftAt: 0, how: 0 },
    ]);
    await refused(undo(), "registry.nothingToUndo");
    await move(tight);
    await travelTo(chain, (await now(chain)) + WEEK);
    await refused(undo(), "registry.nothingToUndo");
    expect(await current()).toBe(tight);
  });

  it("is taken back one by one: two in a row do not hide the first", async () => {
    const { cast } = fixture;
    const tightest = await publish({ maxLeverage: TERMS.maxLeverage - 2 });
    await move(tight);
    await move(tightest);
    await undo();
    expect(await current()).toBe(tight);
    await undo();
    expect(await current()).toBe(POLICY);
    await refused(undo(), "registry.nothingToUndo");
    await move(tightest);
    await move(tightest);
    await undo();
    expect(await current(), "moving to where it is was no tightening").toBe(POLICY);
    expect(cast.guardian).toBeDefined();
  });

  it("that is taken back brings no loosening with it: neither one before it nor one after", async () => {
    const { chain } = fixture;
    const loose = await looser();
    await move(loose);
    await move(tight);
    await undo();
    expect(await read("lineOf", [LINE])).toMatchObject({ current: POLICY, nextLiveAt: 0 });
    await travelTo(chain, (await now(chain)) + WEEK);
    expect(await current()).toBe(POLICY);
    await move(tight);
    await move(loose);
    await undo();
    await travelTo(chain, (await now(chain)) + WEEK);
    expect(await current(), "announced from what was taken back").toBe(POLICY);
  });

  it("before a loosening that came into force is past: undoing does not reach behind it", async () => {
    const { chain } = fixture;
    const loose = await looser();
    await move(tight);
    await move(loose);
    await travelTo(chain, (await now(chain)) + WEEK);
    expect(await current()).toBe(loose);
    await refused(undo(), "registry.nothingToUndo");
    expect(await read("graceOf", [LINE])).toEqual([]);
    await move(POLICY);
    await undo();
    expect(await current()).toBe(loose);
  });
});

describe("a gate on a line", () => {
  let vault: Address;
  let abi: Abi;

  beforeEach(async () => {
    await book(fixture.cast.deployer, "openLine", "vault one", POLICY);
    ({ vault } = await openVault(LINE));
    abi = await abiOf("GatedVault");
  });

  const { maxLeverage } = TERMS;
  const TIGHT = { ...TERMS, maxLeverage: maxLeverage - 1 };
  const move = (id: Hex) => book(fixture.cast.deployer, "moveLine", LINE, id);
  const deposit = () => {
    const { deployer } = fixture.cast;
    return transact(fixture.chain, deployer, vault, abi, "deposit", [1_000n, deployer.account.address]);
  };
  const isOpen = async (at?: number) => {
    if (at !== undefined) await travelTo(fixture.chain, at);
    return await fixture.chain.client.readContract({ address: vault, abi, functionName: "isHealthy" });
  };
  const attest = async (change: Parameters<typeof attestation>[1] = {}) =>
    submitAttestation(fixture.registry, fixture.cast.stranger, await attestation(fixture, change));

  it("asks for the line's policy of the moment: an attestation under the new policy opens it", async () => {
    const { cast, chain } = fixture;
    const id = await tighter();
    await move(id);
    const error = await refused(deposit(), "registry.notHealthy");
    expect(error.expected).toContain(id);
    await attest({ terms: TIGHT });
    await deposit();
    expect(await chain.client.readContract({ address: vault, abi, functionName: "policy" })).toBe(LINE);
    const out = [1_000n, ...Array(2).fill(cast.deployer.account.address)];
    await transact(chain, cast.deployer, vault, abi, "withdraw", out);
  });

  it("63 stays open after a tightening for what was attested before, until its own end", async () => {
    await attest();
    await move(await tighter());
    await deposit();
    expect(await isOpen(START + TERMS.validity - 1)).toBe(true);
    expect(await isOpen(START + TERMS.validity)).toBe(false);
  });

  it("63 counts nothing that was attested after the tightening, nor renews what was before", async () => {
    await nextBlockAt(fixture.chain, START + 40);
    await move(await tighter());
    await travelTo(fixture.chain, START + 60);
    await attest({ asOf: START + 30 });
    expect(await isOpen(), "an old snapshot that came after").toBe(false);
    await attest({ asOf: START + 50, drawdown: stepAfter(GENESIS) });
    expect(await isOpen()).toBe(false);
  });

  it("63 ends the grace of an attestation that is renewed under the policy that was left", async () => {
    await attest();
    await nextBlockAt(fixture.chain, START + 40);
    await move(await tighter());
    expect(await isOpen(START + 60)).toBe(true);
    await attest({ asOf: START + 50, drawdown: stepAfter(GENESIS) });
    expect(await isOpen()).toBe(false);
  });

  it("63 keeps the grace no longer than the book's, to the second", async () => {
    const long = { ...TERMS, validity: 30 * 86_400 };
    const [before, after] = [await publish(long), await publish({ ...long, maxLeverage: maxLeverage - 1 })];
    await move(before);
    await travelTo(fixture.chain, (await now(fixture.chain)) + WEEK);
    const asOf = await now(fixture.chain);
    await acceptMarket(fixture, { root: 400n, asOf });
    await attest({ asOf, marketRoot: 400n, marketTime: asOf, terms: long });
    await move(after);
    const leftAt = await now(fixture.chain);
    expect(await isOpen(leftAt + WEEK - 1)).toBe(true);
    expect(await isOpen(leftAt + WEEK)).toBe(false);
  });

  it("63 has no grace for what was revoked", async () => {
    const { cast, registry } = fixture;
    await attest();
    const id = await tighter();
    await move(id);
    expect(await isOpen()).toBe(true);
    await revoke(registry, cast.subject, POLICY, "sold");
    expect(await isOpen()).toBe(false);
  });

  it("63 counts what was attested under a tightening that was taken back, which was tighter", async () => {
    const id = await tighter();
    await move(id);
    await attest({ terms: TIGHT });
    await book(fixture.cast.guardian, "undoTightening", LINE);
    expect(await isOpen()).toBe(true);
    expect(await isOpen(START + TERMS.validity)).toBe(false);
  });

  it("63 stays open whatever a curator does: the seventeenth tightening within the grace is refused", async () => {
    await attest();
    await move(await tighter());
    const possibleAt = (await now(fixture.chain)) + WEEK;
    for (let i = 2; i <= 16; i++) await move(await publish({ maxLeverage: maxLeverage - i }));
    expect(await isOpen()).toBe(true);
    const tightest = await publish({ maxLeverage: maxLeverage - 17 });
    const error = await refused(move(tightest), "registry.tooManyTightenings");
    expect(error.received).toContain(String(possibleAt));
    // Neither where it is nor a loosening is one.
    await move(await current());
    await move(await looser());
    await travelTo(fixture.chain, possibleAt - 1);
    await refused(move(tightest), "registry.tooManyTightenings");
    await travelTo(fixture.chain, possibleAt);
    await move(tightest);
    expect(await current()).toBe(tightest);
  });

  it("63 stays open when all of sixteen tightenings are taken back, which makes no room for more", async () => {
    await attest();
    for (let i = 1; i <= 16; i++) await move(await publish({ maxLeverage: maxLeverage - i }));
    const undo = () => book(fixture.cast.guardian, "undoTightening", LINE);
    const graces = async () => (await read<unknown[]>("graceOf", [LINE])).length;
    for (let left = 16; left > 0; left--) {
      expect([await graces(), await isOpen()]).toEqual([16, true]);
      await undo();
    }
    await refused(undo(), "registry.nothingToUndo");
    expect(await current()).toBe(POLICY);
    expect([await graces(), await isOpen()]).toEqual([16, true]);
    await refused(move(await tighter()), "registry.tooManyTightenings");
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
    const options = {
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
      receivers: [cast.guardian],
      roleDelays: { admin: 0 },
    };
    const keel = await deployKeel(options);
    const abi = await abiOf("MultiSig");
    const confirm = (wallet: Wallet, target: Address, data: Hex, nonce: number) =>
      transact(fixture.chain, wallet, safe, abi, "confirm", [target, data, nonce]);
    const execute = (target: Address, data: Hex, nonce: number) =>
      transact(fixture.chain, cast.stranger, safe, abi, "execute", [target, data, nonce]);
    for (const [i, role] of [2n, 3n, 4n, 0n].entries()) {
      const data = encodeFunctionData({ abi: authorityAbi, functionName: "acceptRole", args: [role] });
      for (const owner of owners().slice(1)) await confirm(owner, keel.authority, data, 100 + i);
      await execute(keel.authority, data, 100 + i);
    }
    await handOver(options, keel);
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
    const own = cast.deployer.account.address;
    for (const role of Object.values(ROLE)) {
      const take = (name: string, ...args: unknown[]) =>
        transact(fixture.chain, cast.deployer, keel.authority, authorityAbi, name, [role, ...args]);
      await refused(take("offerRole", own, 0), "registry.accessManagerUnauthorizedAccount");
      await refused(take("acceptRole"), "registry.nothingOffered");
    }
    const open = transact(fixture.chain, cast.deployer, keel.policyBook, policyBookAbi, "openLine", [
      "x",
      POLICY,
    ]);
    await refused(open, "registry.accessManagedUnauthorized");
    const another = await deploy("Authority", [own]);
    await expect(
      transact(fixture.chain, cast.deployer, keel.registry, await abiOf("HealthRegistry"), "setAuthority", [
        another,
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
      encodeFunctionData({ abi: authorityAbi as Abi, functionName, args });
    const delay = 2 * 86_400;
    await both(keel.authority, authority("offerRole", [ROLE.admin, safe, delay]));
    await both(keel.authority, authority("acceptRole", [ROLE.admin]));
    const grant = authority("offerRole", [ROLE.verifierAdmin, cast.stranger.account.address, 0]);
    await expect(both(keel.authority, grant), "not without a schedule").rejects.toThrow();
    await both(keel.authority, authority("schedule", [keel.authority, grant, 0]));
    await travelTo(chain, (await now(chain)) + delay - 60);
    await expect(both(keel.authority, grant), "not before its time").rejects.toThrow();
    await travelTo(chain, (await now(chain)) + 120);
    await both(keel.authority, grant);
    const verifier = await deploy("StatementVerifierSecond");
    const accept = [ROLE.verifierAdmin];
    await transact(fixture.chain, cast.stranger, keel.authority, authorityAbi, "acceptRole", accept);
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
