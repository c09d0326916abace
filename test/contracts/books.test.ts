// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Do the books of policies, markets and verifiers take in only what they should, from whom they should?
 *
 * @module
 */
import { deployContract } from "@keel/contracts";
import {
  chainName,
  circuitHash,
  FIELD_ORDER,
  isTestChain,
  LOCAL_CHAINS,
  type PolicyTerms,
  policyId,
  SEQUENCED_CHAINS,
  TEST_NETWORKS,
} from "@keel/verifier";
import {
  declareDomain,
  isMarketAccepted,
  latestVersion,
  type MarketSignature,
  marketBookAbi,
  policyBookAbi,
  policyTermsOf,
  publishMarket,
  publishPolicy,
  signMarket,
  submitAttestation,
  toKeelError,
  verifierBookAbi,
  type Wallet,
} from "@keel/verifier/chain";
import { type Abi, type Address, encodeAbiParameters, type Hex, parseAbi, zeroAddress } from "viem";
import { beforeAll, describe, expect, it } from "vitest";
import { nextBlockAt, now, travelTo } from "../support/chain.js";
import {
  acceptMarket,
  attestation,
  type Fixture,
  MARKET,
  POLICY,
  PUBLISHERS,
  refused,
  rewindEachTest,
  START,
  startFixture,
  TERMS,
  tableOf,
  transact,
} from "./fixture.js";
import { CIRCUIT } from "./statement-circuit.js";

const WEEK = 7 * 86_400;

let fixture: Fixture;

beforeAll(async () => {
  fixture = await startFixture();
});

const rewind = rewindEachTest(() => [fixture]);

describe("the policy book", () => {
  const publish = (terms: PolicyTerms) => publishPolicy(fixture.registry, fixture.cast.stranger, terms);

  it("gives every policy the id that off-chain code computes", async () => {
    const variants: PolicyTerms[] = [
      { ...TERMS, netDeltaLo: -(2 ** 31), netDeltaHi: 2 ** 31 - 1, minEquity: (2n ** 96n - 1n) / 10n ** 8n },
      { ...TERMS, maxAge: 0, maxMarketSkew: 0, validity: 1, minInterval: 1 },
      { ...TERMS, maxDrawdown: 0, unitsKind: 1, unitsSource: `0x${"0a".repeat(20)}` },
      { ...TERMS, maxDrawdown: 1, unitsKind: 2, unitsSource: `0x${"0b".repeat(20)}` },
      { ...TERMS, unitsKind: 3, unitsSource: `0x${"0c".repeat(20)}`, minInterval: TERMS.validity },
      { ...TERMS, maxVega: 1, maxTheta: 2, maxVenue: 3, minAccountHealthFactor: 4 },
      { ...TERMS, marketSeries: `0x02${"0d".repeat(31)}` },
    ];
    for (const terms of variants) {
      await publish(terms);
      expect(await policyTermsOf(fixture.registry, policyId(terms))).toEqual(terms);
    }
  });

  it("43 never changes what an id means: publishing again is silent and changes nothing", async () => {
    const { hash } = await publish(TERMS);
    expect((await fixture.chain.client.getTransactionReceipt({ hash })).logs).toEqual([]);
    expect(await policyTermsOf(fixture.registry, POLICY)).toEqual(TERMS);
  });

  it("43 a policy changed between proof and submission is another policy, and the proof does not fit it", async () => {
    const att = await attestation(fixture);
    const loosened = { ...TERMS, maxLeverage: 40_000 };
    await publish(loosened);
    await refused(
      submitAttestation(fixture.registry, fixture.cast.stranger, { ...att, policyId: policyId(loosened) }),
      "registry.proofRefused",
    );
  });

  describe("67 bounds what a policy can leave open", () => {
    const ZERO = `0x${"00".repeat(32)}` as const;
    const TOKEN = `0x${"0a".repeat(20)}` as const;

    it.each([
      ["maxAge", 7 * 86_400],
      ["validity", 92 * 86_400],
      ["maxMarketSkew", 86_400],
      ["maxReturnsSkew", 35 * 86_400],
    ] as const)("%s: %i seconds and not one more", async (name, ceiling) => {
      for (const value of [ceiling + 1, 2 ** 32 - 1]) {
        const error = await refused(publish({ ...TERMS, [name]: value }), "registry.aboveCeiling");
        expect(error).toMatchObject({
          ...{
            kind: "input",
            path: `policy.${name}`,
            expected: `at most ${ceiling} s`,
            received: `${value}`,
          },
        });
      }
      await publish({ ...TERMS, [name]: ceiling });
    });

    it("maxVolatility: below 2^20 or not set, since no proof exists between", async () => {
      const tail = { returnsSeries: `0x03${"5e".repeat(31)}`, tailCircuit: TERMS.circuit } as const;
      for (const maxVolatility of [2 ** 20, 2 ** 32 - 2]) {
        const error = await refused(publish({ ...TERMS, ...tail, maxVolatility }), "registry.aboveCeiling");
        expect(error).toMatchObject({ path: "policy.maxVolatility", received: `${maxVolatility}` });
      }
      await publish({ ...TERMS, ...tail, maxVolatility: 2 ** 20 - 1 });
      const shortfall: Partial<PolicyTerms> = {
        confidence: [9_500, 0, 0],
        maxExpectedShortfall: [500, 2 ** 32 - 1, 2 ** 32 - 1],
      };
      await publish({ ...TERMS, ...tail, ...shortfall });
    });

    it("minEquity: at most the equity that a proof has room for", async () => {
      const most = (2n ** 96n - 1n) / 10n ** 8n;
      for (const minEquity of [most + 1n, 2n ** 96n - 1n]) {
        const error = await refused(publish({ ...TERMS, minEquity }), "registry.aboveCeiling");
        expect(error).toMatchObject({ path: "policy.minEquity", received: `${minEquity}` });
      }
      await publish({ ...TERMS, minEquity: most });
    });

    it("maxVenue: above zero, since equity is at some venue", async () => {
      const error = await refused(publish({ ...TERMS, maxVenue: 0 }), "registry.noVenue");
      expect(error).toMatchObject({ kind: "input", path: "policy.maxVenue" });
      await publish({ ...TERMS, maxVenue: 1 });
    });

    it("55 maxAge: above zero with a token, whose supply is known a second later", async () => {
      const token = { ...TERMS, unitsKind: 1, unitsSource: TOKEN };
      const error = await refused(publish({ ...token, maxAge: 0 }), "registry.tokenWithoutAge");
      expect(error).toMatchObject({ kind: "input", path: "policy.maxAge" });
      await publish({ ...token, maxAge: 1 });
      await publish({ ...TERMS, maxAge: 0 });
    });

    it("minInterval: from one second to the validity", async () => {
      for (const minInterval of [0, TERMS.validity + 1]) {
        const error = await refused(publish({ ...TERMS, minInterval }), "registry.badInterval");
        expect(error).toMatchObject({ kind: "input", path: "policy.minInterval" });
      }
      await publish({ ...TERMS, minInterval: TERMS.validity });
    });

    it("56 the market's series: one of a market, by publishers or from feeds", async () => {
      for (const kind of ["00", "03", "04", "ff"]) {
        const marketSeries = `0x${kind}${"5e".repeat(31)}` as Hex;
        const error = await refused(publish({ ...TERMS, marketSeries }), "registry.wrongSeries");
        expect(error).toMatchObject({ kind: "input", received: marketSeries });
      }
      await publish({ ...TERMS, marketSeries: `0x02${"5e".repeat(31)}` });
    });

    it("56 the returns' series: one of returns, exactly with tail-risk limits", async () => {
      const tail = { maxVolatility: 1, tailCircuit: TERMS.circuit, maxReturnsSkew: 1 };
      for (const returnsSeries of [ZERO, TERMS.marketSeries, `0x02${"5e".repeat(31)}`] as const) {
        await refused(publish({ ...TERMS, ...tail, returnsSeries }), "registry.wrongSeries");
      }
      const returnsSeries = `0x03${"5e".repeat(31)}` as const;
      await refused(publish({ ...TERMS, returnsSeries }), "registry.wrongSeries");
      await publish({ ...TERMS, ...tail, returnsSeries });
    });

    it("55 the drawdown: by a source of units only; from 100% on it bounds nothing", async () => {
      for (const maxDrawdown of [0, 9_999]) {
        const error = await refused(publish({ ...TERMS, maxDrawdown }), "registry.drawdownWithoutUnits");
        expect(error).toMatchObject({ kind: "input", path: "policy.units" });
        await publish({ ...TERMS, maxDrawdown, unitsKind: 1, unitsSource: TOKEN });
      }
      await publish({ ...TERMS, maxDrawdown: 10_000 });
    });

    it("55 the source of units: a kind and an address, or neither", async () => {
      for (const change of [{ unitsKind: 0, unitsSource: TOKEN }, { unitsKind: 1 }, { unitsKind: 3 }]) {
        const error = await refused(publish({ ...TERMS, ...change }), "registry.unitsSourceMismatch");
        expect(error).toMatchObject({ kind: "input", path: "policy.units" });
      }
      await expect(publish({ ...TERMS, unitsKind: 4, unitsSource: TOKEN })).rejects.toThrow();
    });

    it("55 units under a declared domain, which has several chains: by an administrator's key only", async () => {
      const { registry, cast } = fixture;
      const members = [1, 2].map((chainId) => ({ chainId, registry: TOKEN }));
      const { domain } = await declareDomain(registry, cast.stranger, members);
      const terms = { ...TERMS, domain, unitsSource: TOKEN };
      for (const unitsKind of [1, 3]) {
        const error = await refused(publish({ ...terms, unitsKind }), "registry.contractWithDomain");
        expect(error).toMatchObject({ kind: "input", path: "policy.units" });
      }
      await publish({ ...terms, unitsKind: 2 });
    });
  });

  it.each([
    ["no circuit", { circuit: `0x${"00".repeat(32)}` }, "registry.noCircuit"],
    ["a zero scenario root", { scenarioRoot: 0n }, "registry.notInField"],
    ["a scenario root of r", { scenarioRoot: FIELD_ORDER }, "registry.notInField"],
    ["a zero sources root", { sourcesRoot: 0n }, "registry.notInField"],
    ["a sources root of r", { sourcesRoot: FIELD_ORDER }, "registry.notInField"],
    ["an empty delta band", { netDeltaLo: 2, netDeltaHi: 1 }, "registry.emptyDeltaBand"],
    ["no validity", { validity: 0 }, "registry.zeroValidity"],
  ] as const)("refuses %s", async (_, change, code) => {
    const error = await refused(publish({ ...TERMS, ...change }), code);
    expect(error.kind).toBe("input");
  });

  it("knows nothing that was not published", async () => {
    const address = fixture.registry.policyBook;
    const id = policyId({ ...TERMS, validity: 7 });
    const read = fixture.chain.client.readContract({
      address,
      abi: policyBookAbi,
      functionName: "exists",
      args: [id],
    });
    expect(await read).toBe(false);
    await refused(policyTermsOf(fixture.registry, id), "registry.unknownPolicy");
  });
});

const ascending = (signatures: readonly MarketSignature[]): MarketSignature[] =>
  signatures.toSorted((a, b) => (BigInt(a.signer) < BigInt(b.signer) ? -1 : 1));

describe("39 the market book", () => {
  const table = tableOf({ root: 777n, asOf: START });
  const sign = (i: number, market = table, book = fixture.registry) =>
    signMarket(book, fixture.chain.signers[i]!, market);
  const publish = (market: typeof table, signatures: Awaited<ReturnType<typeof sign>>[]) =>
    publishMarket(fixture.registry, fixture.cast.stranger, market, signatures);
  /** In the order given, and unchecked. */
  const publishRaw = (market: typeof table, signatures: readonly MarketSignature[]) =>
    transact(fixture.chain, fixture.cast.stranger, fixture.registry.marketBook, marketBookAbi, "publish", [
      market.series,
      market.root,
      BigInt(market.asOf),
      market.contentHash,
      signatures,
    ]);

  it("accepts any two of the three publishers, and all three, from anybody", async () => {
    const [a, b, c] = await Promise.all(PUBLISHERS.map((i) => sign(i)));
    for (const signatures of [
      [a!, b!],
      [c!, a!],
      [b!, c!],
      [c!, b!, a!],
    ]) {
      const market = { ...table };
      await publish(market, signatures);
      expect(await isMarketAccepted(fixture.registry, market)).toBe(true);
      await rewind();
    }
  });

  it("accepts a root at the signed time only, and the same root at several times", async () => {
    await acceptMarket(fixture, table);
    expect(await isMarketAccepted(fixture.registry, { ...table, asOf: START - 1 })).toBe(false);
    await acceptMarket(fixture, { ...table, asOf: START - 1 });
    expect(await isMarketAccepted(fixture.registry, table)).toBe(true);
  });

  it("stays silent when a table is accepted again", async () => {
    const signatures = [await sign(5), await sign(6)];
    await publish(MARKET, [await sign(5, MARKET), await sign(7, MARKET)]);
    await publish(table, signatures);
    const { hash } = await publish(table, signatures);
    expect((await fixture.chain.client.getTransactionReceipt({ hash })).logs).toEqual([]);
  });

  it("refuses unknown markets in attestations", async () => {
    const att = await attestation(fixture, { marketRoot: table.root });
    await refused(
      submitAttestation(fixture.registry, fixture.cast.stranger, att),
      "registry.marketNotAccepted",
    );
  });

  it("takes a table maxDelay old and not a second more", async () => {
    const signatures = [await sign(5), await sign(6)];
    await nextBlockAt(fixture.chain, START + 3_601);
    await refused(publish(table, signatures), "registry.marketStale");
    await nextBlockAt(fixture.chain, START + 3_600);
    await publish(table, signatures);
  });

  it("refuses a table from the future, by as little as a second", async () => {
    const market = { ...table, asOf: START + 100 };
    const signatures = [await sign(5, market), await sign(6, market)];
    await nextBlockAt(fixture.chain, START + 99);
    await refused(publish(market, signatures), "registry.marketInFuture");
    await nextBlockAt(fixture.chain, START + 100);
    await publish(market, signatures);
  });

  it("refuses too few publishers", async () => {
    await refused(publish(table, [await sign(5)]), "registry.tooFewSignatures");
    await refused(publish(table, []), "registry.tooFewSignatures");
  });

  it("refuses duplicated and unsorted publishers", async () => {
    const [a, b] = ascending([await sign(5), await sign(6)]);
    await refused(publish(table, [a!, a!]), "registry.signersNotAscending");
    await refused(publishRaw(table, [b!, a!]), "registry.signersNotAscending");
    await publishRaw(table, [a!, b!]);
  });

  it("refuses one stranger among enough publishers", async () => {
    const error = await refused(
      publish(table, [await sign(5), await sign(6), await sign(9)]),
      "registry.notPublisher",
    );
    expect(error.received).toContain(fixture.chain.signers[9]!.address);
  });

  it("refuses signatures of another domain: chain, book, series, table, time, content", async () => {
    const { registry } = fixture;
    const others = [
      await sign(5, table, { ...registry, chainId: 1 }),
      await sign(5, table, { ...registry, marketBook: registry.policyBook }),
      await sign(5, { ...table, root: 778n }),
      await sign(5, { ...table, series: `0x01${"aa".repeat(31)}` }),
      await sign(5, { ...table, contentHash: `0x${"bb".repeat(32)}` }),
      await sign(5, { ...table, asOf: START - 1 }),
    ];
    for (const other of others) {
      await refused(publishRaw(table, ascending([other, await sign(6)])), "registry.wrongSignature");
      await refused(publish(table, [other, await sign(6)]), "market.signature");
    }
  });

  it("refuses malformed signatures and roots outside the field", async () => {
    const { signer, signature } = await sign(5);
    const highS = `${signature.slice(0, 66)}${"f".repeat(64)}${signature.slice(-2)}` as Hex;
    const oddRecovery = `${signature.slice(0, -2)}ff` as Hex;
    for (const malformed of ["0x", highS, oddRecovery, `${signature}00`] as const) {
      const signatures = ascending([{ signer, signature: malformed }, await sign(6)]);
      await refused(publishRaw(table, signatures), "registry.wrongSignature");
    }
    for (const root of [0n, FIELD_ORDER, FIELD_ORDER + table.root]) {
      const market = { ...table, root };
      await refused(publish(market, [await sign(5, market), await sign(6, market)]), "registry.notInField");
    }
  });

  it("a guardian withdraws a table, before or after, and it never comes back", async () => {
    const { registry, cast } = fixture;
    const withdraw = (wallet: Wallet, market = table) =>
      transact(fixture.chain, wallet, registry.marketBook, marketBookAbi, "withdraw", [
        market.series,
        market.root,
        BigInt(market.asOf),
        "bad tick",
      ]);
    await refused(withdraw(cast.stranger), "registry.accessManagedUnauthorized");
    await acceptMarket(fixture, table);
    await withdraw(cast.guardian);
    expect(await isMarketAccepted(registry, table)).toBe(false);
    await refused(acceptMarket(fixture, table), "registry.marketAlreadyWithdrawn");
    await withdraw(cast.guardian, { ...table, root: 778n });
    await refused(acceptMarket(fixture, { ...table, root: 778n }), "registry.marketAlreadyWithdrawn");
  });

  it("withdraws only what could be a table: a root of the field, a series of a known kind", async () => {
    const { chain, cast, registry } = fixture;
    const withdraw = (series: Hex, root: bigint) =>
      transact(chain, cast.guardian, registry.marketBook, marketBookAbi, "withdraw", [series, root, 1n, "x"]);
    for (const root of [0n, FIELD_ORDER]) {
      await refused(withdraw(table.series, root), "registry.notInField");
    }
    for (const kind of ["00", "05", "ff"] as const) {
      const error = await refused(withdraw(`0x${kind}${"5e".repeat(31)}`, 1n), "registry.unknownSeries");
      expect(error).toMatchObject({ kind: "input", path: "series" });
    }
    for (const kind of ["01", "02", "03", "04"] as const) await withdraw(`0x${kind}${"5e".repeat(31)}`, 1n);
  });

  describe("62 other publishers", () => {
    const call = (wallet: Wallet, name: string, ...args: unknown[]) =>
      transact(fixture.chain, wallet, fixture.registry.marketBook, marketBookAbi, name, args);
    const announce = (publishers: readonly Address[], threshold: number, wallet = fixture.cast.deployer) =>
      call(wallet, "announcePublishers", publishers, threshold);
    const cancel = (wallet = fixture.cast.guardian) => call(wallet, "cancelPublishers");
    const says = async (functionName: string, ...args: unknown[]): Promise<unknown> => {
      const contract = { address: fixture.registry.marketBook, abi: marketBookAbi as Abi };
      return await fixture.chain.client.readContract({ ...contract, functionName, args });
    };
    const sorted = (...accounts: number[]) =>
      accounts.map((i) => fixture.chain.signers[i]!.address).sort((a, b) => (BigInt(a) < BigInt(b) ? -1 : 1));
    /** A table of a moment, and its signature by one account alone. */
    const publishAt = async (asOf: number, account: number) => {
      const late = { ...table, root: 4_444n, asOf };
      const signature = await signMarket(fixture.registry, fixture.chain.signers[account]!, late);
      await publishMarket(fixture.registry, fixture.cast.stranger, late, [signature]);
    };

    it("are announced by the market administrator, as a whole and in order", async () => {
      const { cast } = fixture;
      const [low, high] = sorted(8, 9) as [Address, Address];
      await refused(announce([low], 1, cast.stranger), "registry.accessManagedUnauthorized");
      await refused(announce([low, high], 0), "registry.badThreshold");
      await refused(announce([low, high], 3), "registry.badThreshold");
      await refused(announce([], 0), "registry.badThreshold");
      await refused(announce([high, low], 1), "registry.publishersNotAscending");
      await refused(announce([low, low], 1), "registry.publishersNotAscending");
      await refused(announce([zeroAddress, low], 1), "registry.publishersNotAscending");
    });

    it("count after the delay, to the second, in public all the while; the old ones until then", async () => {
      const { chain } = fixture;
      const next = sorted(8, 9);
      await announce(next, 1);
      const liveAt = (await now(chain)) + WEEK;
      expect(await says("pendingPublishers")).toEqual([next, 1n, liveAt]);
      expect(await says("publishers")).toEqual(sorted(5, 6, 7));
      await nextBlockAt(chain, liveAt - 1);
      await refused(publishAt(liveAt - 1, 9), "registry.tooFewSignatures");
      await nextBlockAt(chain, liveAt);
      await publishAt(liveAt - 1, 9);
      expect(await says("publishers")).toEqual(next);
      expect(await says("threshold")).toBe(1n);
      expect(await says("isPublisher", next[0])).toBe(true);
      expect(await says("isPublisher", chain.signers[5]!.address)).toBe(false);
      expect(await says("pendingPublishers")).toEqual([[], 0n, 0]);
      await refused(publishAt(liveAt - 2, 5), "registry.notPublisher");
    });

    it("are called off by a guardian until they count, and by nobody else", async () => {
      const { cast, chain } = fixture;
      await refused(cancel(), "registry.noPublishersAnnounced");
      await announce(sorted(8), 1);
      for (const wallet of [cast.deployer, cast.stranger]) {
        await refused(cancel(wallet), "registry.accessManagedUnauthorized");
      }
      await cancel();
      await refused(cancel(), "registry.noPublishersAnnounced");
      await travelTo(chain, (await now(chain)) + WEEK);
      expect(await says("publishers")).toEqual(sorted(5, 6, 7));
      await announce(sorted(8), 1);
      await travelTo(chain, (await now(chain)) + WEEK);
      await refused(cancel(), "registry.noPublishersAnnounced");
      expect(await says("publishers")).toEqual(sorted(8));
    });

    it("that are announced again wait in full, and stand on those that came unseen", async () => {
      const { chain } = fixture;
      await announce(sorted(8), 1);
      await travelTo(chain, (await now(chain)) + WEEK - 10);
      await announce(sorted(9), 1);
      await travelTo(chain, (await now(chain)) + WEEK - 10);
      expect(await says("publishers"), "neither").toEqual(sorted(5, 6, 7));
      await travelTo(chain, (await now(chain)) + 10);
      expect(await says("publishers")).toEqual(sorted(9));
      await announce(sorted(8), 1);
      expect(await says("publishers"), "not those before").toEqual(sorted(9));
      await cancel();
      expect(await says("publishers")).toEqual(sorted(9));
    });
  });

  it("takes a contract's signature in its own form, and no other's for it", async () => {
    const { chain, cast, registry } = fixture;
    const clients = { walletClient: cast.deployer, publicClient: chain.client };
    const signers = [11, 12].map((i) => chain.signers[i]!);
    const owners = signers.map(({ address }) => address);
    const administrator = await deployContract(clients, "Administrator", [owners, 2n]);
    const announced = [[administrator], 1];
    await transact(chain, cast.deployer, registry.marketBook, marketBookAbi, "announcePublishers", announced);
    await travelTo(chain, (await now(chain)) + WEEK);
    const late = { ...table, asOf: await now(chain) };
    const parts = await Promise.all(signers.map((signer) => signMarket(registry, signer, late)));
    const signature = encodeAbiParameters(
      [{ type: "bytes[]" }, { type: "bytes[]" }],
      [parts.map(({ signer }) => signer), parts.map((part) => part.signature)],
    );
    const bring = (by: Address, signed: Hex) =>
      publishMarket(registry, cast.stranger, late, [{ signer: by, signature: signed }]);
    await refused(bring(administrator, parts[0]!.signature), "registry.wrongSignature");
    await refused(bring(administrator, "0x"), "registry.wrongSignature");
    await refused(bring(registry.address, signature), "registry.notPublisher");
    await bring(administrator, signature);
    expect(await isMarketAccepted(registry, late)).toBe(true);
  });

  it("takes the signature of a key that delegates to code (EIP-7702)", async () => {
    const { chain, registry } = fixture;
    const publisher = chain.signers[5]!.address;
    await chain.test.setCode({
      address: publisher,
      bytecode: `0xef0100${registry.marketBook.slice(2).toLowerCase()}`,
    });
    await acceptMarket(fixture, table);
    expect(await isMarketAccepted(registry, table)).toBe(true);
  });

  it("refuses to be deployed without a bound on age", async () => {
    const args = [fixture.keel.authority, 0, [fixture.chain.signers[5]!.address], 1, WEEK];
    const deployment = deployContract(clients(), "MarketBook", args);
    expect(toKeelError(await deployment.catch((error) => error)).code).toBe("registry.zeroMaxDelay");
  });
});

describe("38 the verifier book", () => {
  const circuit = circuitHash(CIRCUIT);
  const add = (verifier: Address, wallet = fixture.cast.deployer, name = circuit) =>
    transact(fixture.chain, wallet, fixture.registry.verifierBook, verifierBookAbi, "add", [name, verifier]);
  const retire = (version: number, wallet = fixture.cast.guardian) =>
    transact(fixture.chain, wallet, fixture.registry.verifierBook, verifierBookAbi, "retire", [
      circuit,
      version,
      "bug found",
    ]);
  const deploy = (name: string, args: readonly unknown[] = []) => deployContract(clients(), name, args);
  const latest = () => latestVersion(fixture.registry, CIRCUIT);
  /** Asks for the verifier of a version, as the registry does. */
  const use = (version: number) => {
    const { client } = fixture.chain;
    const contract = { address: fixture.registry.verifierBook, abi: verifierBookAbi } as const;
    return client
      .readContract({ ...contract, functionName: "verifierOf", args: [circuit, version] })
      .catch((error: unknown) => Promise.reject(toKeelError(error)));
  };
  const submit = async (version: number, change = {}) =>
    submitAttestation(fixture.registry, fixture.cast.stranger, await attestation(fixture, change), version);

  it("refuses an account without code", async () => {
    await refused(add(fixture.chain.signers[3]!.address), "registry.noCode");
  });

  it("refuses a contract that is no verifier", async () => {
    const error = await add(fixture.registry.policyBook).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(Error);
  });

  it("refuses the verifier of another circuit", async () => {
    await refused(add(await deploy("StatementVerifierOtherCircuit")), "registry.wrongCircuit");
  });

  it("refuses a key with gamma = delta", async () => {
    await refused(add(await deploy("StatementVerifierGammaDelta")), "registry.keyWithoutContribution");
  });

  it("refuses a verifier that accepts the empty proof", async () => {
    await refused(add(await deploy("YesVerifier", [circuit])), "registry.acceptsAnything");
  });

  it("refuses development keys outside the test chains, and only those", async () => {
    const error = await startFixture(99_999).catch((reason: unknown) => reason);
    expect(toKeelError(error).code).toBe("registry.insecureVerifier");
    // The mark decides, and nothing else could: a key of a seed that only some know looks like any other.
    const other = await startFixture(99_999, "StatementVerifierUnmarked");
    await other.chain.stop();
  });

  it("takes verifiers from the verifier administrator only; only guardians retire", async () => {
    const verifier = await deploy("StatementVerifierSecond");
    await refused(add(verifier, fixture.cast.stranger), "registry.accessManagedUnauthorized");
    await refused(add(verifier, fixture.cast.guardian), "registry.accessManagedUnauthorized");
    await refused(retire(1, fixture.cast.stranger), "registry.accessManagedUnauthorized");
    await refused(retire(1, fixture.cast.deployer), "registry.accessManagedUnauthorized");
  });

  it("makes the first version live at once and later ones after the delay, to the second", async () => {
    expect(await latest()).toBe(1);
    await add(await deploy("StatementVerifierSecond"));
    const liveAt = (await now(fixture.chain)) + 7 * 86_400;
    await travelTo(fixture.chain, liveAt - 1);
    expect(await latest()).toBe(1);
    await travelTo(fixture.chain, liveAt);
    expect(await latest()).toBe(2);
  });

  it("62 makes the first version of a new circuit wait as well, once the book is set up, to the second", async () => {
    const { chain, registry, cast } = fixture;
    const book = { address: registry.verifierBook, abi: verifierBookAbi } as const;
    const other = circuitHash("test/truth");
    const verifier = await deploy("TruthVerifier");
    const setUpUntil = await chain.client.readContract({ ...book, functionName: "setUpUntil" });
    const liveAtAddedAt = async (at: number): Promise<number> => {
      const before = await chain.test.snapshot();
      await nextBlockAt(chain, at);
      await transact(chain, cast.deployer, registry.verifierBook, verifierBookAbi, "add", [other, verifier]);
      const found = await chain.client.readContract({ ...book, functionName: "versionOf", args: [other, 1] });
      await chain.test.revert({ id: before });
      return found.liveAt;
    };
    expect(await liveAtAddedAt(setUpUntil - 1)).toBe(setUpUntil - 1);
    expect(await liveAtAddedAt(setUpUntil)).toBe(setUpUntil + 7 * 86_400);
  });

  it("retires at once and for ever; the version before serves on", async () => {
    await add(await deploy("StatementVerifierSecond"));
    await travelTo(fixture.chain, (await now(fixture.chain)) + 7 * 86_400);
    await retire(2);
    expect(await latest()).toBe(1);
    await retire(1);
    expect(await latest()).toBe(0);
    await refused(retire(1), "registry.retired");
    await refused(retire(3), "registry.unknownVersion");
    await refused(retire(0), "registry.unknownVersion");
  });

  describe("66 a standby version", () => {
    const standBy = async (name: string, wallet = fixture.cast.deployer) => {
      const args = [circuit, await deploy(name)];
      const { verifierBook } = fixture.registry;
      await transact(fixture.chain, wallet, verifierBook, verifierBookAbi, "addStandby", args);
    };

    it("verifies nothing while another stands, and takes over in the second in which that is retired", async () => {
      const { cast, chain } = fixture;
      await refused(standBy("StatementVerifierSecond", cast.stranger), "registry.accessManagedUnauthorized");
      await standBy("StatementVerifierSecond");
      await refused(submit(2), "registry.notLiveYet");
      await travelTo(chain, (await now(chain)) + WEEK);
      expect(await latest()).toBe(1);
      await refused(use(2), "registry.standsBy");
      await retire(1);
      expect(await latest()).toBe(2);
      await use(2);
      await retire(2);
      await refused(use(2), "registry.retired");
      expect(await latest()).toBe(0);
    });

    it("waits its delay though nothing else stands, to the second", async () => {
      const { chain } = fixture;
      await standBy("StatementVerifierSecond");
      const liveAt = (await now(chain)) + WEEK;
      await retire(1);
      await travelTo(chain, liveAt - 1);
      await refused(use(2), "registry.notLiveYet");
      expect(await latest()).toBe(0);
      await travelTo(chain, liveAt);
      expect(await latest()).toBe(2);
      await use(2);
    });

    it("stands by in its turn, and again behind a newer version that is none", async () => {
      const { chain } = fixture;
      await standBy("StatementVerifierSecond");
      await standBy("StatementVerifierSecond");
      await travelTo(chain, (await now(chain)) + WEEK);
      await retire(1);
      await use(2);
      await refused(use(3), "registry.standsBy");
      await add(await deploy("StatementVerifier"));
      await use(2);
      await travelTo(chain, (await now(chain)) + WEEK);
      expect(await latest()).toBe(4);
      await use(4);
      await refused(use(2), "registry.standsBy");
      await retire(4);
      await retire(2);
      await use(3);
      expect(await latest()).toBe(3);
    });

    it("stands by for something", async () => {
      const { cast, chain, registry } = fixture;
      const args = [circuitHash("no/circuit"), fixture.keel.verifiers[0]!.address];
      const alone = transact(
        chain,
        cast.deployer,
        registry.verifierBook,
        verifierBookAbi,
        "addStandby",
        args,
      );
      await refused(alone, "registry.nothingToStandBy");
    });
  });

  it("says which version rests on a development key", async () => {
    const { chain, registry } = fixture;
    const contract = { address: registry.verifierBook, abi: verifierBookAbi } as const;
    const says = (version: number) =>
      chain.client.readContract({ ...contract, functionName: "insecure", args: [circuit, version] });
    expect(await says(1)).toBe(true);
    await refused(
      says(2).catch((error: unknown) => Promise.reject(toKeelError(error))),
      "registry.unknownVersion",
    );
  });

  it("takes a development key on a named test network", async () => {
    const { chain } = await startFixture(11_155_111);
    await chain.stop();
  });

  it("refuses attestations against retired and unknown versions", async () => {
    await refused(submit(0), "registry.unknownVersion");
    await refused(submit(2), "registry.unknownVersion");
    await retire(1);
    await refused(submit(1), "registry.retired");
  });

  it("records the code and refuses a verifier whose code changed", async () => {
    const { chain, keel, registry } = fixture;
    const read = { address: registry.verifierBook, abi: verifierBookAbi } as const;
    const version = (n: number) =>
      chain.client.readContract({ ...read, functionName: "versionOf", args: [circuit, n] });
    const { verifier, codeHash, retiredAt } = await version(1);
    expect(verifier.toLowerCase()).toBe(keel.verifiers[0]!.address.toLowerCase());
    expect(codeHash).not.toBe(`0x${"00".repeat(32)}`);
    expect(retiredAt).toBe(0);
    expect((await version(2)).verifier).toBe(zeroAddress);
    const other = await chain.client.getCode({ address: await deploy("StatementVerifierSecond") });
    await chain.test.setCode({ address: verifier, bytecode: other! });
    await refused(submit(1), "registry.codeChanged");
  });
});

function clients() {
  return { walletClient: fixture.cast.deployer, publicClient: fixture.chain.client };
}

describe("a policy that is published", () => {
  it("is kept whole or not at all, however little gas there is", async () => {
    const { chain, cast, registry } = fixture;
    const asked = {
      ...{ address: registry.policyBook, abi: policyBookAbi, functionName: "publish" },
      ...{ args: [{ ...TERMS, maxAge: TERMS.maxAge - 1 }], account: cast.stranger.account },
    } as const;
    const enough = await chain.client.estimateContractGas(asked as never);
    const answers = new Set<string>();
    for (let gas = enough - 20_000n; gas > 60_000n; gas -= 20_000n) {
      const answer = await chain.client.simulateContract({ ...asked, gas } as never).then(
        () => "kept",
        (error: Error) => (error.message.includes("NotStored") ? "NotStored" : "no gas"),
      );
      answers.add(answer);
    }
    expect([...answers].sort()).toEqual(["NotStored", "no gas"]);
  });

  it("has a grace after a line was tightened that is the delay of what is not tighter", async () => {
    const book = { address: fixture.registry.policyBook, abi: policyBookAbi } as const;
    const [grace, delay] = await Promise.all([
      fixture.chain.client.readContract({ ...book, functionName: "grace" } as never),
      fixture.chain.client.readContract({ ...book, functionName: "delay" } as never),
    ]);
    expect([grace, delay]).toEqual([WEEK, WEEK]);
  });
});

describe("lists of chains", () => {
  /** Every id that either side has a word for, and those beside it. */
  const ids = [...LOCAL_CHAINS, ...keys(TEST_NETWORKS), ...keys(SEQUENCED_CHAINS), 1].flatMap((id) => [
    id - 1,
    id,
    id + 1,
  ]);
  const asked = async (functionName: "isTest" | "hasSequencer"): Promise<number[]> => {
    const { client, wallets } = fixture.chain;
    const clients = { publicClient: client, walletClient: wallets[0]! };
    const address = await deployContract(clients, "ChainLists", []);
    const abi = parseAbi([`function ${functionName}(uint256 id) pure returns (bool)`]);
    const answers = ids.map((id) =>
      client.readContract({ address, abi, functionName, args: [BigInt(id)] } as never),
    );
    const said = await Promise.all(answers);
    return ids.filter((_, i) => said[i]);
  };

  it("of tests are the same on chain and off", async () => {
    expect(await asked("isTest")).toEqual(ids.filter(isTestChain));
  });

  it("of sequencers are, too", async () => {
    expect(await asked("hasSequencer")).toEqual(ids.filter((id) => id in SEQUENCED_CHAINS));
  });

  it("have names for people", () => {
    expect([31337, 11155111, 7].map(chainName)).toEqual(["a local chain", "Sepolia", "chain 7"]);
  });
});

function keys(record: object): number[] {
  return Object.keys(record).map(Number);
}
