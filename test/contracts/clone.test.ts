// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Is a proof bound to the policy that it was made for, and to the chain as it is now?
 *
 * @module
 */
import { type Attestation, domainField, type PolicyTerms, policyDomainField } from "@keel/verifier";
import {
  healthRegistryAbi,
  isHealthy,
  publishPolicy,
  statementOf,
  submitAttestation,
} from "@keel/verifier/chain";
import { beforeAll, describe, expect, it } from "vitest";
import { travelTo } from "../support/chain.js";
import {
  acceptMarket,
  attestation,
  claimOf,
  type Fixture,
  POLICY,
  refused,
  rewindEachTest,
  START,
  startFixture,
  submitRaw,
  TERMS,
} from "./fixture.js";

let fixture: Fixture;
/** The same deployment on a chain of another id: every address is the same. */
let fork: Fixture;
let pending: Attestation;

beforeAll(async () => {
  fixture = await startFixture();
  fork = await startFixture(1337);
  pending = await attestation(fixture);
});

rewindEachTest(() => [fixture, fork]);

const publish = async (change: Partial<PolicyTerms>) =>
  (await publishPolicy(fixture.registry, fixture.cast.stranger, { ...TERMS, ...change })).policyId;

describe("54 a policy with the same limits", () => {
  it.each([
    ["validity", { validity: TERMS.validity + 1 }],
    ["maxAge", { maxAge: TERMS.maxAge + 1 }],
    ["maxMarketSkew", { maxMarketSkew: TERMS.maxMarketSkew + 1 }],
    ["minInterval", { minInterval: TERMS.minInterval + 1 }],
  ] as const)("and another %s neither takes a pending proof nor spoils it", async (_, change) => {
    const { registry, cast } = fixture;
    const clone = await publish(change);
    const copied = { ...pending, policyId: clone };
    const error = await refused(submitAttestation(registry, cast.stranger, copied), "registry.proofRefused");
    expect(error.kind).toBe("proof");
    await submitAttestation(registry, cast.subject, pending);
    expect(await isHealthy(registry, pending.subject, POLICY)).toBe(true);
    expect(await isHealthy(registry, pending.subject, clone)).toBe(false);
  });

  it("and laxer times does not bring a stale proof back", async () => {
    const { registry, cast, chain } = fixture;
    const lax = await publish({ maxAge: 7 * 86_400, validity: 92 * 86_400 });
    await travelTo(chain, START + 5_000);
    await refused(submitAttestation(registry, cast.stranger, pending), "registry.snapshotTooOld");
    const revived = { ...pending, policyId: lax };
    await refused(submitAttestation(registry, cast.stranger, revived), "registry.proofRefused");
  });

  it("has another place 1, on chain and off chain", async () => {
    const { registry } = fixture;
    const clone = await publish({ validity: TERMS.validity + 1 });
    const { domain } = claimOf(fixture);
    for (const id of [POLICY, clone]) {
      const { vector } = await statementOf(registry, { ...pending, policyId: id });
      expect(vector[1]).toBe(policyDomainField(domain, id));
    }
    expect(policyDomainField(domain, clone)).not.toBe(policyDomainField(domain, POLICY));
  });
});

describe("35 after a fork of the chain", () => {
  it("the registry and the market book follow the chain id that they find, not the one they were deployed under", async () => {
    const { registry, marketBook } = fixture.keel;
    expect([fork.keel.registry, fork.keel.marketBook]).toEqual([registry, marketBook]);
    // The code with whatever it remembers of chain 31337, where the chain id is 1337.
    for (const address of [registry, marketBook]) {
      const bytecode = await fixture.chain.client.getCode({ address });
      await fork.chain.test.setCode({ address, bytecode: bytecode! });
    }
    const call = { address: registry, abi: healthRegistryAbi, functionName: "domain" } as const;
    expect(await fork.chain.client.readContract(call)).toBe(domainField({ chainId: 1337, registry }));
    await refused(submitRaw(fork, pending), "registry.proofRefused");
    await acceptMarket(fork, { root: 334n, asOf: START });
    await submitRaw(fork, await attestation(fork, { marketRoot: 334n }));
    expect(await isHealthy(fork.registry, pending.subject, POLICY)).toBe(true);
  });
});
