// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Is one proof accepted by every member of a declared domain, on two chains, and by no other registry?
 *
 * @module
 */

import {
  type Attestation,
  type Domain,
  domainField,
  type PolicyTerms,
  policyId,
  sortMembers,
} from "@keel/verifier";
import {
  type AttestedEntry,
  declareDomain,
  enrol,
  historyOf,
  isHealthy,
  policyBookAbi,
  publishPolicy,
  type Registry,
  reverify,
  scopeIn,
  statementOf,
  submitAttestation,
  submitBatch,
  toKeelError,
} from "@keel/verifier/chain";
import type { Hex } from "viem";
import { beforeAll, describe, expect, it } from "vitest";
import {
  attestation,
  deployBeside,
  ENROLMENT,
  type Fixture,
  GENESIS,
  refused,
  rewindEachTest,
  START,
  startFixture,
  stepAfter,
  submitRaw,
  TERMS,
} from "./fixture.js";
import { statementArtifacts } from "./statement-circuit.js";

/** Seconds after START at which each test begins: the setting up of two chains is over then. */
const LATER = 120;

/** Two chains with the same deployment: every address is the same on both. */
let here: Fixture;
let there: Fixture;
/** A registry beside the first one, with books of its own. */
let outsider: Registry;
let members: readonly Domain[];
let terms: PolicyTerms;
let shared: Attestation;

const chains = () => [here, there];
const registryOf = ({ keel }: Fixture): Domain => ({ chainId: keel.chainId, registry: keel.registry });
const read = <T>(functionName: string, args: readonly unknown[], { chain, registry } = here) =>
  chain.client
    .readContract({ address: registry.policyBook, abi: policyBookAbi, functionName, args } as never)
    .then((value) => value as T)
    .catch((error: unknown) => {
      throw toKeelError(error);
    });

beforeAll(async () => {
  here = await startFixture();
  there = await startFixture(1337);
  members = sortMembers([registryOf(here), registryOf(there)], "members");
  terms = { ...TERMS, domain: domainField(members) };
  outsider = await deployBeside(here);
  await enrol(outsider, here.cast.subject, ENROLMENT);
  for (const { registry, cast } of [...chains(), { registry: outsider, cast: here.cast }]) {
    await declareDomain(registry, cast.stranger, members);
    await publishPolicy(registry, cast.stranger, terms);
  }
  shared = await attestation(here, { domain: members, terms });
});

rewindEachTest(chains, LATER);

describe("35 one proof for several chains", () => {
  it("is accepted by each member, and verified again from each one's logs", async () => {
    const { verificationKey } = await statementArtifacts();
    expect(here.keel.registry).toBe(there.keel.registry);
    for (const { registry, cast } of chains()) {
      await submitAttestation(registry, cast.stranger, shared);
      expect(await isHealthy(registry, shared.subject, policyId(terms))).toBe(true);
      expect(await scopeIn(registry, terms)).toEqual(members);
      const entries = await historyOf(registry, { fromBlock: 0n, policyId: policyId(terms) });
      const entry = entries.find((candidate): candidate is AttestedEntry => candidate.kind === "attested")!;
      expect(await reverify(registry, entry, verificationKey)).toBe(true);
    }
  });

  it("counts once at each: replayed, it is refused there as anywhere", async () => {
    for (const fixture of chains()) {
      await submitAttestation(fixture.registry, fixture.cast.stranger, shared);
      await refused(submitRaw(fixture, shared), "registry.notNewer");
    }
  });

  it("has the same policy id and domain at each", async () => {
    for (const fixture of chains()) {
      const domain = domainField(members);
      expect(await read("isMember", [domain, 31337n, here.keel.registry], fixture)).toBe(true);
      expect(await read("isMember", [domain, 1337n, here.keel.registry], fixture)).toBe(true);
      expect(await read("isMember", [domain, 1n, here.keel.registry], fixture)).toBe(false);
      expect(await read("isMember", [domain, 31337n, outsider.address], fixture)).toBe(false);
      expect(await read("exists", [policyId(terms)], fixture)).toBe(true);
    }
  });

  it("is refused by a registry that is no member, though it knows the policy and the domain", async () => {
    const { cast } = here;
    const error = await refused(submitAttestation(outsider, cast.stranger, shared), "registry.foreignDomain");
    expect(error).toMatchObject({ kind: "proof", path: "policy.domain" });
    await refused(submitBatch(outsider, cast.stranger, [shared]), "registry.foreignDomain");
    await refused(statementOf(outsider, shared), "registry.foreignDomain");
    await refused(scopeIn(outsider, terms), "registry.foreignDomain");
    const own = { chainId: 31337, registry: outsider.address };
    const bound = await attestation(here, { domain: own, terms });
    await refused(submitAttestation(outsider, cast.stranger, bound), "registry.foreignDomain");
  });

  it("is refused by the same address on a chain that the domain does not name", async () => {
    const elsewhere = [members[1]!, { ...members[1]!, chainId: 99_999 }];
    const foreign = { ...TERMS, domain: domainField(elsewhere) };
    await declareDomain(there.registry, there.cast.stranger, elsewhere);
    await publishPolicy(there.registry, there.cast.stranger, foreign);
    const att = await attestation(here, { domain: elsewhere, terms: foreign });
    await refused(submitAttestation(there.registry, there.cast.stranger, att), "registry.foreignDomain");
  });

  it("is not a proof under a policy of one registry, nor the other way round", async () => {
    const { registry, cast } = here;
    await refused(
      submitAttestation(registry, cast.stranger, { ...shared, policyId: policyId(TERMS) }),
      "registry.proofRefused",
    );
    const bound = await attestation(here);
    await refused(
      submitAttestation(registry, cast.stranger, { ...bound, policyId: policyId(terms) }),
      "registry.proofRefused",
    );
  });

  it("asks each member's own chain of states: a step taken at one alone parts them", async () => {
    await submitAttestation(here.registry, here.cast.stranger, shared);
    const next = { asOf: START + 5, domain: members, terms, drawdown: stepAfter(GENESIS) };
    const second = await attestation(here, next);
    await submitAttestation(here.registry, here.cast.stranger, second);
    await refused(submitAttestation(there.registry, there.cast.stranger, second), "registry.wrongState");
    await submitAttestation(there.registry, there.cast.stranger, shared);
    await submitAttestation(there.registry, there.cast.stranger, second);
  });
});

describe("35 a branch of a forked chain, where the code is the same and the number is another", () => {
  it("accepts its own proofs and none of the other branch's", async () => {
    const forked = await here.chain.client.getCode({ address: here.keel.registry });
    await there.chain.test.setCode({ address: there.keel.registry, bytecode: forked! });
    const own = await attestation(there, { domain: registryOf(there) });
    await refused(
      submitAttestation(there.registry, there.cast.stranger, await attestation(here)),
      "registry.proofRefused",
    );
    await submitAttestation(there.registry, there.cast.stranger, own);
    expect(await isHealthy(there.registry, own.subject, policyId(TERMS))).toBe(true);
  });
});

describe("a domain", () => {
  const declare = (list: readonly Domain[]) => declareDomain(here.registry, here.cast.stranger, list);
  const at = (chainId: number, registry: Hex = here.keel.registry): Domain => ({ chainId, registry });

  it("is named by its members, which anybody can read and nobody change", async () => {
    const { domain, hash } = await declare([at(1), at(10)]);
    expect((await here.chain.client.getTransactionReceipt({ hash })).logs).toHaveLength(1);
    expect(await read<unknown[]>("membersOf", [domain])).toMatchObject([{ chainId: 1n }, { chainId: 10n }]);
    const again = await declare([at(1), at(10)]);
    expect((await here.chain.client.getTransactionReceipt({ hash: again.hash })).logs).toEqual([]);
    expect(await read<unknown[]>("membersOf", [domain])).toHaveLength(2);
  });

  it("may have two registries of one chain", async () => {
    const { domain } = await declare(sortMembers([at(31337), at(31337, outsider.address)], "members"));
    expect(await read("isMember", [domain, 31337n, outsider.address])).toBe(true);
  });

  it.each([
    ["no member", () => [], "registry.tooFewMembers"],
    ["one member", () => [at(1)], "registry.tooFewMembers"],
    ["one member twice", () => [at(1), at(1)], "registry.membersNotAscending"],
    ["chains out of order", () => [at(10), at(1)], "registry.membersNotAscending"],
    [
      "addresses out of order",
      () => [at(1, `0x${"02".repeat(20)}`), at(1, `0x${"01".repeat(20)}`)],
      "registry.membersNotAscending",
    ],
  ] as const)("is refused with %s", async (_, list, code) => {
    await refused(declare(list()), code);
  });

  it("is declared before a policy names it", async () => {
    const unknown = { ...TERMS, domain: domainField([at(5), at(6)]) };
    const publish = () => publishPolicy(here.registry, here.cast.stranger, unknown);
    await refused(publish(), "registry.unknownDomain");
    await refused(read("membersOf", [unknown.domain]), "registry.unknownDomain");
    await refused(scopeIn(here.registry, unknown), "registry.unknownDomain");
    await declare([at(5), at(6)]);
    await publish();
  });

  it("cannot be made up by a node: members are checked against the policy's terms", async () => {
    const { client } = here.registry;
    const lying = {
      ...client,
      readContract: async () => [{ chainId: 31337n, registry: here.keel.registry }],
    } as unknown as typeof client;
    await refused(scopeIn({ ...here.registry, client: lying }, terms), "chain.domain");
  });

  it("43 another one is not tighter, in either direction", async () => {
    const ids = [policyId(TERMS), policyId(terms)];
    expect(await read("isTighter", ids)).toBe(false);
    expect(await read("isTighter", ids.toReversed())).toBe(false);
    expect(await read("isTighter", [ids[1], ids[1]])).toBe(true);
  });
});
