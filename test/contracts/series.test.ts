// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Can an attestation only be about tables of the series that its policy names, and can nobody put a table into a series that
 * is not theirs?
 *
 * @module
 */
import { feedSeries, type PolicyTerms, policyId } from "@keel/verifier";
import {
  isHealthy,
  isMarketAccepted,
  marketBookAbi,
  publishPolicy,
  submitAttestation,
  tableStandingOf,
} from "@keel/verifier/chain";
import type { Hex } from "viem";
import { beforeAll, describe, expect, it } from "vitest";
import {
  abiOf,
  acceptMarket,
  attestation,
  type Fixture,
  MARKET,
  POLICY,
  RETURNS_SERIES,
  refused,
  rewindEachTest,
  SERIES,
  START,
  startFixture,
  TERMS,
  tableOf,
  transact,
} from "./fixture.js";

/** The same instruments at factor 1: a kinder table. */
const KINDER = `0x01${"aa".repeat(31)}` as const;
const UNIVERSE = `0x${"0f".repeat(32)}` as const;
const CONTENT = `0x${"c1".repeat(32)}` as const;

let fixture: Fixture;

beforeAll(async () => {
  fixture = await startFixture();
});

rewindEachTest(() => [fixture]);

async function submit(marketRoot: bigint, terms: PolicyTerms = TERMS): Promise<void> {
  const att = await attestation(fixture, { marketRoot, terms });
  await submitAttestation(fixture.registry, fixture.cast.stranger, att);
}

const healthy = (terms: PolicyTerms) =>
  isHealthy(fixture.registry, fixture.cast.subject.account.address, policyId(terms));

describe("56 a market table of another series", () => {
  it("is not taken, though publishers signed it, and is where a policy names its series", async () => {
    const kinder = tableOf({ series: KINDER, root: 9n, asOf: START });
    await acceptMarket(fixture, kinder);
    const error = await refused(submit(9n), "registry.marketNotAccepted");
    expect(error).toMatchObject({ kind: "proof", path: "market", received: `root 9 at ${START}` });
    expect(error.expected).toContain(SERIES);
    const terms = { ...TERMS, marketSeries: KINDER };
    await publishPolicy(fixture.registry, fixture.cast.stranger, terms);
    await refused(submit(MARKET.root, terms), "registry.marketNotAccepted");
    await submit(9n, terms);
    expect(await healthy(terms)).toBe(true);
  });

  it("is another table, even with the same root: withdrawn in one, it stands in the other", async () => {
    const { chain, cast, registry } = fixture;
    const twin = { ...MARKET, series: KINDER };
    expect(await tableStandingOf(registry, twin)).toBe("unknown");
    await acceptMarket(fixture, twin);
    const args = [KINDER, MARKET.root, BigInt(START), "wrong factors"];
    await transact(chain, cast.guardian, registry.marketBook, marketBookAbi, "withdraw", args);
    expect(await tableStandingOf(registry, twin)).toBe("withdrawn");
    expect(await tableStandingOf(registry, MARKET)).toBe("accepted");
    await submit(MARKET.root);
    expect(await healthy(TERMS)).toBe(true);
  });

  it("of feeds' or of no known kind is not for publishers to sign", async () => {
    for (const kind of ["00", "02", "05", "ff"]) {
      const series = `0x${kind}${SERIES.slice(4)}` as Hex;
      const error = await refused(acceptMarket(fixture, { ...MARKET, series }), "registry.notPublishable");
      expect(error).toMatchObject({ kind: "input", path: "series", received: series });
    }
    await acceptMarket(fixture, { ...MARKET, series: RETURNS_SERIES });
  });

  it("of a market source is that source's own: it cannot write into another's, nor into publishers'", async () => {
    const { chain, cast, registry, keel } = fixture;
    const authority = await abiOf("Authority");
    const source = cast.stranger.account.address;
    const grant = [5n, source, 0];
    await transact(chain, cast.deployer, keel.authority, authority, "grantRole", grant);
    for (const [id, root] of [
      [UNIVERSE, 10n],
      [SERIES, 11n],
    ] as const) {
      const args = [id, root, BigInt(START), CONTENT];
      await transact(chain, cast.stranger, registry.marketBook, marketBookAbi, "accept", args);
      const table = { root, asOf: START };
      expect(await isMarketAccepted(registry, { ...table, series: feedSeries(source, id) })).toBe(true);
      expect(await isMarketAccepted(registry, { ...table, series: feedSeries(keel.feedMarket, id) })).toBe(
        false,
      );
      expect(await isMarketAccepted(registry, { ...table, series: SERIES })).toBe(false);
      await refused(submit(root), "registry.marketNotAccepted");
    }
  });
});

describe("a series of feeds", () => {
  it("has the same id on chain and off chain", async () => {
    const { chain, registry, keel } = fixture;
    for (const [source, id] of [
      [keel.feedMarket, UNIVERSE],
      [`0x${"ff".repeat(20)}`, `0x${"ff".repeat(32)}`],
      [`0x${"00".repeat(20)}`, `0x${"00".repeat(32)}`],
    ] as const) {
      const call = { address: registry.marketBook, abi: marketBookAbi, functionName: "seriesOf" } as const;
      expect(await chain.client.readContract({ ...call, args: [source, id] })).toBe(feedSeries(source, id));
    }
  });
});

describe("the log of an accepted table", () => {
  it("names its series and the hash of its content", async () => {
    const { chain, registry, keel } = fixture;
    const call = { address: registry.marketBook, abi: marketBookAbi, strict: true } as const;
    const range = { fromBlock: BigInt(keel.fromBlock) };
    const logs = await chain.client.getContractEvents({ ...call, ...range, eventName: "MarketAccepted" });
    expect(logs.map(({ args }) => args)).toMatchObject([
      { series: SERIES, root: MARKET.root, asOf: BigInt(START), contentHash: MARKET.contentHash },
    ]);
    expect(POLICY).toBe(policyId(TERMS));
  });
});
