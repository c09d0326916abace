// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Is a declared domain the same to every verifier: in its order, in its field element, in the policy and in the attestation?
 *
 * @module
 */

import {
  attestationOf,
  checkDevelopmentKey,
  claimedStatement,
  type Domain,
  domainField,
  FIELD_ORDER,
  formatAttestation,
  isWithin,
  marketSeries,
  type Policy,
  parseAttestation,
  parsePolicy,
  parseProof,
  policyDomainField,
  policyId,
  policyTerms,
  type Scope,
  scopeOf,
  statementVector,
  UNBOUND_DOMAIN,
} from "@keel/verifier";
import { encodeAbiParameters, keccak256, parseAbiParameters } from "viem";
import { describe, expect, it } from "vitest";
import { book, DOMAIN, SOURCE, witnessOf } from "../support/book.js";
import { codeOf } from "../support/refusal.js";

const REGISTRY = "0x00000000000000000000000000000000000000a1";
const FIRST: Domain = { chainId: 1337, registry: REGISTRY };
const SECOND: Domain = DOMAIN;
const MEMBERS = [FIRST, SECOND];

/** A policy file with this domain. */
function policyWith(domain?: readonly Domain[]): Policy {
  const sources = [{ name: "Venue One", key: SOURCE.publicKey.map(String) }];
  const times = { maxAge: 3600, validity: 86_400, maxMarketSkew: 300, minInterval: 3600 };
  const market = { series: marketSeries(parts.market) };
  const head = { keel: "policy/2", name: "test", circuit: "portfolio-health/spot-16" };
  return parsePolicy(JSON.stringify({ ...head, limits: {}, sources, ...times, market, domain }));
}

const { units: _, ...parts } = book();
const declared = policyWith(MEMBERS);
const plain = policyWith();

/** A well-formed proof; nothing here looks whether it holds. */
const PROOF = parseProof({
  pi_a: ["1", "2", "1"],
  pi_b: [
    [
      "10857046999023057135944570762232829481370756359578518086990519993285655852781",
      "11559732032986387107991004021392285783925812861821192530917403151452391805634",
    ],
    [
      "8495653923123431417604973247489272438418190587263600148770280649306958101930",
      "4082367875863433681332203403145435568316851327593401208105741076214120093531",
    ],
    ["1", "0"],
  ],
  pi_c: ["1", "2", "1"],
  protocol: "groth16",
  curve: "bn128",
});

const attestationFor = (policy: Policy, scope?: Scope) => {
  const { statement, digest } = witnessOf({ ...parts, policy });
  const about = scope === undefined ? statement : { ...statement, domain: scope };
  return attestationOf(about, { circuit: policy.circuit.id, digest: digest.c, proof: PROOF, insecure: true });
};

describe("a declared domain", () => {
  it("is keccak256(abi.encode(label, members)) mod r, and no single registry's domain", () => {
    const encoded = encodeAbiParameters(parseAbiParameters("string, (uint64 chainId, address registry)[]"), [
      "keel/domain/2",
      MEMBERS.map((member) => ({ ...member, chainId: BigInt(member.chainId) })),
    ]);
    expect(domainField(MEMBERS)).toBe(BigInt(keccak256(encoded)) % FIELD_ORDER);
    expect(domainField([FIRST])).not.toBe(domainField(FIRST));
  });

  it("is the same whatever the order in the file, and is what the policy's terms and statements have", () => {
    const reversed = policyWith([SECOND, FIRST]);
    expect(reversed.domain).toEqual(MEMBERS);
    const terms = policyTerms(reversed, parts.market);
    expect(terms.domain).toBe(domainField(MEMBERS));
    expect(policyTerms(plain, parts.market).domain).toBe(0n);
    const { statement } = witnessOf({ ...parts, policy: reversed });
    expect(statementVector(statement)[1]).toBe(policyDomainField(MEMBERS, policyId(terms)));
  });

  it.each([
    ["no member", []],
    ["one member", [FIRST]],
    ["one member twice", [FIRST, SECOND, FIRST]],
    ["one member in two spellings", [FIRST, { ...FIRST, registry: REGISTRY.replace("a1", "A1") as never }]],
  ] as const)("is refused with %s", (_, members) => {
    expect(codeOf(() => policyWith(members))).toBe("policy.domain");
  });

  it("takes an attestation for any member, or for none in particular, and for no other registry", () => {
    for (const registry of [FIRST, SECOND, UNBOUND_DOMAIN]) {
      expect(scopeOf(declared, registry)).toEqual(MEMBERS);
      expect(scopeOf(plain, registry)).toEqual(registry);
    }
    expect(codeOf(() => scopeOf(declared, { ...FIRST, chainId: 1 }))).toBe("policy.domain");
    expect(
      isWithin(MEMBERS, { ...FIRST, registry: REGISTRY.toUpperCase().replace("0X", "0x") as never }),
    ).toBe(true);
  });
});

describe("an attestation under a declared domain", () => {
  it("names the members in its file, from which anybody rebuilds the statement", () => {
    const attestation = attestationFor(declared);
    const parsed = parseAttestation(formatAttestation(attestation));
    expect(parsed).toMatchObject(attestation);
    expect(parsed.domain).toEqual(MEMBERS);
    const { statement } = witnessOf({ ...parts, policy: declared });
    expect(claimedStatement(parsed, declared, parts.market)).toEqual(statement);
  });

  it.each([
    ["one of the members alone", FIRST],
    ["the members in another order", [SECOND, FIRST]],
    ["another member", [FIRST, { ...SECOND, chainId: 1 }]],
    ["one member more", [...MEMBERS, { ...SECOND, chainId: 99_999 }]],
  ] as const)("is refused when it names %s", (_, scope) => {
    const attestation = attestationFor(declared, scope);
    expect(codeOf(() => claimedStatement(attestation, declared, parts.market))).toBe("proof.mismatch");
  });

  it("does not stand in for one under a policy without, nor the other way round", () => {
    expect(codeOf(() => claimedStatement(attestationFor(plain, MEMBERS), plain, parts.market))).toBe(
      "proof.mismatch",
    );
    expect(codeOf(() => claimedStatement(attestationFor(plain), declared, parts.market))).toBe(
      "proof.mismatch",
    );
  });

  it("is refused as a file that names fewer than two members", () => {
    const text = formatAttestation(attestationFor(declared, [FIRST]));
    expect(codeOf(() => parseAttestation(text))).toBe("input.range");
  });

  it("made with a development key counts only when every member is on a local test chain", () => {
    expect(codeOf(() => checkDevelopmentKey(true, MEMBERS, false))).toBe("none");
    const mixed = [...MEMBERS, { ...FIRST, chainId: 99_999 }];
    expect(codeOf(() => checkDevelopmentKey(true, mixed, false))).toBe("key.insecure");
    expect(codeOf(() => checkDevelopmentKey(true, mixed, true))).toBe("none");
    expect(codeOf(() => checkDevelopmentKey(true, "unnamed", false))).toBe("key.insecure");
    expect(codeOf(() => checkDevelopmentKey(true, "unnamed", true))).toBe("none");
    expect(codeOf(() => checkDevelopmentKey(false, "unnamed", false))).toBe("none");
  });
});
