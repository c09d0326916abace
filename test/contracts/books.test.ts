// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Do the books of policies, markets and verifiers take in only what they should, from whom they should?
 *
 * @module
 */
import { deployContract } from "@keel/contracts";
import { circuitHash, FIELD_ORDER, type PolicyTerms, policyId } from "@keel/verifier";
import {
  declareDomain,
  isMarketAccepted,
  latestVersion,
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
import { type Address, type Hex, zeroAddress } from "viem";
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

describe("39 the market book", () => {
  const table = tableOf({ root: 777n, asOf: START });
  const sign = (i: number, market = table, book = fixture.registry) =>
    signMarket(book, fixture.chain.signers[i]!, market);
  const publish = (market: typeof table, signatures: Awaited<ReturnType<typeof sign>>[]) =>
    publishMarket(fixture.registry, fixture.cast.stranger, market, signatures);
  const publishRaw = (market: typeof table, signatures: readonly Hex[]) =>
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
    const [a, b] = [await sign(5), await sign(6)].sort((m, n) =>
      BigInt(m.signer) < BigInt(n.signer) ? -1 : 1,
    );
    await refused(publish(table, [a!, a!]), "registry.signersNotAscending");
    await refused(publishRaw(table, [b!.signature, a!.signature]), "registry.signersNotAscending");
    await publishRaw(table, [a!.signature, b!.signature]);
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
      await refused(publishRaw(table, [other.signature, (await sign(6)).signature]), "registry.notPublisher");
      await refused(publish(table, [other, await sign(6)]), "market.signature");
    }
  });

  it("refuses malformed signatures and roots outside the field", async () => {
    const { signature } = await sign(5);
    const highS = `${signature.slice(0, 66)}${"f".repeat(64)}${signature.slice(-2)}` as Hex;
    await refused(publishRaw(table, ["0x", signature]), "registry.ecdsaInvalidSignatureLength");
    await refused(publishRaw(table, [highS, signature]), "registry.ecdsaInvalidSignatureS");
    await refused(
      publishRaw(table, [`${signature.slice(0, -2)}ff` as Hex, signature]),
      "registry.ecdsaInvalidSignature",
    );
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
    for (const kind of ["00", "04", "ff"] as const) {
      const error = await refused(withdraw(`0x${kind}${"5e".repeat(31)}`, 1n), "registry.unknownSeries");
      expect(error).toMatchObject({ kind: "input", path: "series" });
    }
    for (const kind of ["01", "02", "03"] as const) await withdraw(`0x${kind}${"5e".repeat(31)}`, 1n);
  });

  it("replaces publishers as a whole, by the market administrator only", async () => {
    const { registry, cast, chain } = fixture;
    const set = (wallet: Wallet, publishers: readonly Address[], threshold: number) =>
      transact(fixture.chain, wallet, registry.marketBook, marketBookAbi, "setPublishers", [
        publishers,
        threshold,
      ]);
    const addresses = [8, 9]
      .map((i) => chain.signers[i]!.address)
      .sort((a, b) => (BigInt(a) < BigInt(b) ? -1 : 1));
    const [low, high] = addresses as [Address, Address];
    await refused(set(cast.stranger, [low], 1), "registry.accessManagedUnauthorized");
    await refused(set(cast.deployer, [low, high], 0), "registry.badThreshold");
    await refused(set(cast.deployer, [low, high], 3), "registry.badThreshold");
    await refused(set(cast.deployer, [], 0), "registry.badThreshold");
    await refused(set(cast.deployer, [high, low], 1), "registry.publishersNotAscending");
    await refused(set(cast.deployer, [low, low], 1), "registry.publishersNotAscending");
    await refused(set(cast.deployer, [zeroAddress, low], 1), "registry.publishersNotAscending");
    await set(cast.deployer, [low, high], 1);
    await refused(acceptMarket(fixture, table), "registry.notPublisher");
    await publish(table, [await sign(9)]);
    const read = { address: registry.marketBook, abi: marketBookAbi } as const;
    expect(await chain.client.readContract({ ...read, functionName: "publishers" })).toEqual([low, high]);
    expect(await chain.client.readContract({ ...read, functionName: "threshold" })).toBe(1n);
  });

  it("refuses to be deployed without a bound on age", async () => {
    const args = [fixture.keel.authority, 0, [fixture.chain.signers[5]!.address], 1];
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
