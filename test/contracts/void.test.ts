// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Can anybody end an attestation that rests on a retired verifier or a withdrawn table, and nobody any other?
 *
 * @module
 */
import { type Attestation, circuitHash, type PolicyTerms, policyId } from "@keel/verifier";
import {
  type Basis,
  basisHash,
  basisOf,
  historyOf,
  isHealthy,
  type MarketTableId,
  marketBookAbi,
  publishPolicy,
  reopen,
  revoke,
  revokeFor,
  statusOf,
  submitAttestation,
  verifierBookAbi,
  voidAttestation,
} from "@keel/verifier/chain";
import { beforeAll, describe, expect, it } from "vitest";
import { nextBlockAt, travelTo } from "../support/chain.js";
import {
  acceptMarket,
  attestation,
  claimOf,
  type Fixture,
  GENESIS,
  MARKET,
  POLICY,
  RETURNS_SERIES,
  refused,
  rewindEachTest,
  SERIES,
  START,
  startFixture,
  stepAfter,
  TERMS,
  tableOf,
  transact,
} from "./fixture.js";
import { CIRCUIT, TAIL_CIRCUIT, tailOf } from "./statement-circuit.js";

const EXPIRY = START + TERMS.validity;
const BASIS: Basis = {
  version: 1,
  marketRoot: MARKET.root,
  marketTime: START,
  tailVersion: 0,
  returnsRoot: 0n,
  returnsTime: 0,
  disclosureVersion: 0,
  ...{ liquidityVersion: 0, liquidityRoot: 0n, liquidityTime: 0 },
};
const RETURNS = tableOf({ series: RETURNS_SERIES, root: 777n, asOf: START - 600 });
const TAIL_TERMS: PolicyTerms = {
  ...TERMS,
  returnsSeries: RETURNS_SERIES,
  maxVolatility: 6_000,
  maxReturnsSkew: 7_200,
  tailCircuit: circuitHash(TAIL_CIRCUIT),
};
const TAIL_BASIS: Basis = { ...BASIS, tailVersion: 1, returnsRoot: RETURNS.root, returnsTime: RETURNS.asOf };

let fixture: Fixture;
let first: Attestation;

beforeAll(async () => {
  fixture = await startFixture(31337, "StatementVerifier", [
    { circuit: TAIL_CIRCUIT, contractName: "TailVerifier" },
  ]);
  first = await attestation(fixture);
});

const rewind = rewindEachTest(() => [fixture]);

const subject = () => fixture.cast.subject.account.address;
const healthy = (policy = POLICY) => isHealthy(fixture.registry, subject(), policy);
const submit = (att = first) => submitAttestation(fixture.registry, fixture.cast.stranger, att);
const voidIt = (basis = BASIS, policy = POLICY) =>
  voidAttestation(fixture.registry, fixture.cast.stranger, subject(), policy, basis);

async function withdraw({ series, root, asOf }: MarketTableId): Promise<void> {
  const { chain, cast, registry } = fixture;
  const args = [series, root, BigInt(asOf), "wrong"];
  await transact(chain, cast.guardian, registry.marketBook, marketBookAbi, "withdraw", args);
}

async function retire(circuit: string): Promise<void> {
  const { chain, cast, registry } = fixture;
  const args = [circuitHash(circuit), 1, "key leaked"];
  await transact(chain, cast.guardian, registry.verifierBook, verifierBookAbi, "retire", args);
}

describe("66 an attestation whose verifier was retired or whose table was withdrawn", () => {
  it.each([
    ["its verifier was retired", () => retire(CIRCUIT)],
    ["its market was withdrawn", () => withdraw(MARKET)],
  ] as const)("stands until anybody says so, when %s", async (_, takeBack) => {
    await submit();
    await takeBack();
    expect(await healthy()).toBe(true);
    await nextBlockAt(fixture.chain, START + 100);
    await voidIt();
    expect(await healthy()).toBe(false);
    expect(await statusOf(fixture.registry, subject(), POLICY)).toMatchObject({
      standing: "voided",
      floor: START,
      asOf: START,
      count: 1,
    });
  });

  it("is followed by a newer snapshot alone, be it from before the voiding, which begins a new run", async () => {
    await submit();
    await withdraw(MARKET);
    await nextBlockAt(fixture.chain, START + 100);
    await voidIt();
    await travelTo(fixture.chain, START + 110);
    await acceptMarket(fixture, { root: 334n, asOf: START + 90 });
    const about = { marketRoot: 334n, marketTime: START + 90, drawdown: stepAfter(GENESIS) };
    for (const asOf of [START - 1, START]) {
      await refused(submit(await attestation(fixture, { ...about, asOf })), "registry.notNewer");
    }
    await nextBlockAt(fixture.chain, START + 120);
    await submit(await attestation(fixture, { ...about, asOf: START + 1 }));
    expect(await statusOf(fixture.registry, subject(), POLICY)).toMatchObject({
      healthy: true,
      standing: "open",
      since: START + 120,
      streak: 1,
      lapses: 1,
    });
    await refused(voidIt(), "registry.wrongBasis");
  });

  it("leaves a log with what it rested on, and the record has its hash", async () => {
    await submit();
    const { basis } = await statusOf(fixture.registry, subject(), POLICY);
    expect(basis).toBe(basisHash(BASIS));
    await withdraw(MARKET);
    const { hash } = await voidIt();
    const entries = await historyOf(fixture.registry, { fromBlock: 0n, policyId: POLICY });
    const attested = entries.find((entry) => entry.kind === "attested")!;
    expect(basisOf(attested)).toEqual(BASIS);
    expect(entries.at(-1)).toMatchObject({
      kind: "voided",
      subject: subject(),
      policyId: POLICY,
      by: fixture.cast.stranger.account.address,
      basis: BASIS,
      transaction: hash,
    });
  });

  it("cannot be voided while nothing that it rests on was taken back", async () => {
    await submit();
    await withdraw({ series: SERIES, root: 334n, asOf: START });
    await withdraw({ ...MARKET, asOf: START - 1 });
    await withdraw({ ...MARKET, series: `0x01${"aa".repeat(31)}` });
    // What stands in the places of a tail-risk proof that there is none of is no table.
    const nothing: MarketTableId = { series: `0x${"00".repeat(32)}`, root: 0n, asOf: 0 };
    await refused(withdraw(nothing), "registry.unknownSeries");
    await retire(TAIL_CIRCUIT);
    const error = await refused(voidIt(), "registry.nothingToVoid");
    expect(error).toMatchObject({ kind: "input", path: "subject" });
    expect(await healthy()).toBe(true);
  });

  it("cannot be voided by what another one rests on", async () => {
    await submit();
    await retire(CIRCUIT);
    await withdraw(MARKET);
    const others: Partial<Basis>[] = [
      { version: 2 },
      { marketRoot: MARKET.root + 1n },
      { marketTime: START + 1 },
      { tailVersion: 1 },
      { returnsRoot: 1n },
      { returnsTime: 1 },
      { disclosureVersion: 1 },
      { liquidityVersion: 1 },
    ];
    for (const change of others) {
      const error = await refused(voidIt({ ...BASIS, ...change }), "registry.wrongBasis");
      expect(error).toMatchObject({ kind: "input", path: "basis" });
    }
    await voidIt();
  });

  it("is live to be voided: until the second before its expiry, not revoked, not voided before", async () => {
    const { registry, cast, chain } = fixture;
    await refused(voidIt(), "registry.nothingToVoid");
    await submit();
    await withdraw(MARKET);
    await nextBlockAt(chain, EXPIRY);
    await refused(voidIt(), "registry.nothingToVoid");
    await nextBlockAt(chain, EXPIRY - 1);
    await voidIt();
    await refused(voidIt(), "registry.nothingToVoid");
    await rewind();
    await submit();
    await withdraw(MARKET);
    await revoke(registry, cast.subject, POLICY, "mistake");
    await refused(voidIt(), "registry.nothingToVoid");
    expect((await statusOf(registry, subject(), POLICY)).standing).toBe("revokedBySubject");
  });

  it("can still be closed by a guardian, and then is not voided open", async () => {
    const { registry, cast } = fixture;
    await submit();
    await withdraw(MARKET);
    await voidIt();
    await revokeFor(registry, cast.guardian, subject(), POLICY, "fraud");
    await refused(voidIt(), "registry.nothingToVoid");
    await reopen(registry, cast.guardian, subject(), POLICY);
    expect(await healthy()).toBe(false);
  });

  it.each([
    ["its tail-risk verifier was retired", () => retire(TAIL_CIRCUIT)],
    ["its returns table was withdrawn", () => withdraw(RETURNS)],
    ["its verifier was retired", () => retire(CIRCUIT)],
    ["its market was withdrawn", () => withdraw(MARKET)],
  ] as const)("with a tail-risk proof is voided when %s", async (_, takeBack) => {
    await publishPolicy(fixture.registry, fixture.cast.stranger, TAIL_TERMS);
    await acceptMarket(fixture, RETURNS);
    const claim = claimOf(fixture, { terms: TAIL_TERMS });
    await submit({ ...(await attestation(fixture, claim)), tail: await tailOf(claim, RETURNS) });
    const id = policyId(TAIL_TERMS);
    await refused(voidIt(TAIL_BASIS, id), "registry.nothingToVoid");
    await takeBack();
    await voidIt(TAIL_BASIS, id);
    expect(await healthy(id)).toBe(false);
  });
});

describe("a guardian", () => {
  it("closes the record of a subject that enrolled only", async () => {
    const { registry, cast } = fixture;
    const stranger = cast.stranger.account.address;
    const error = await refused(
      revokeFor(registry, cast.guardian, stranger, POLICY, "never enrolled"),
      "registry.notEnrolled",
    );
    expect(error.received).toBe(stranger);
    expect((await statusOf(registry, stranger, POLICY)).standing).toBe("open");
    await revokeFor(registry, cast.guardian, subject(), POLICY, "enrolled, never attested");
    expect((await statusOf(registry, subject(), POLICY)).standing).toBe("revokedByGuardian");
  });
});
