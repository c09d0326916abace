// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Is the statement what circuits/SPEC.md section 6 says, place by place? Does every public fact change it?
 *
 * @module
 */

import {
  BASE_POINT,
  domainField,
  FIELD_ORDER,
  formerPolicyId,
  hex,
  isField,
  KIND,
  marketTable,
  type PolicyTerms,
  policyDomainField,
  policyId,
  policyTerms,
  STATEMENT,
  statementInputs,
  statementVector,
  tag,
} from "@keel/verifier";
import { encodeAbiParameters, keccak256, toHex } from "viem";
import { describe, expect, it } from "vitest";
import { AS_OF, book, DOMAIN, INSTRUMENTS, SUBJECT, witnessOf } from "../support/book.js";

const { market, policy } = book();
const { statement, digest } = witnessOf(book());
const vector = statementVector(statement);

describe("the statement vector", () => {
  it("has 28 field elements in the order of SPEC.md [C2]", () => {
    const { terms } = statement;
    const absent = 2n ** 32n - 1n;
    expect(vector).toHaveLength(28);
    expect(vector.every(isField)).toBe(true);
    expect(STATEMENT).toHaveLength(28);
    expect(vector[0]).toBe((0x6b65656cn << 64n) | (1n << 48n) | (2n << 32n) | 28n);
    expect(vector.slice(1, 9)).toEqual([
      policyDomainField(DOMAIN, policyId(terms)),
      BigInt(SUBJECT),
      marketTable(market, policy).root,
      BigInt(AS_OF),
      terms.scenarioRoot,
      terms.sourcesRoot,
      statement.enrolment,
      BigInt(AS_OF),
    ]);
    const { units, previousState, newState } = statement.drawdown;
    expect(vector.slice(9, 12)).toEqual([units, previousState, newState]);
    expect([units, previousState]).toEqual([10n ** 8n, 0n]);
    expect(vector[14]).toBe(0n); // minAccountHealthFactor, which this tier does not prove
    expect(vector.slice(15)).toEqual([
      15_000n,
      12_000n,
      40_000n,
      2n ** 31n - 2_500n,
      2n ** 31n + 2_500n,
      2_500n,
      10_000n,
      absent,
      absent,
      absent,
      2_000n,
      1_000n,
      10_000n * 10n ** 8n,
    ]);
  });

  it("has a domain that is keccak256(abi.encode(label, chain id, registry)) mod r", () => {
    const encoded = encodeAbiParameters(
      [{ type: "string" }, { type: "uint256" }, { type: "address" }],
      ["keel/domain/1", BigInt(DOMAIN.chainId), DOMAIN.registry],
    );
    expect(domainField(DOMAIN)).toBe(BigInt(keccak256(encoded)) % FIELD_ORDER);
  });

  it("54 names the policy beside the domain: keccak256(abi.encode(label, domain, policy id)) mod r", () => {
    const id = policyId(statement.terms);
    const encoded = encodeAbiParameters(
      [{ type: "string" }, { type: "uint256" }, { type: "bytes32" }],
      ["keel/domain/3", domainField(DOMAIN), id],
    );
    expect(policyDomainField(DOMAIN, id)).toBe(BigInt(keccak256(encoded)) % FIELD_ORDER);
    // A clone of the policy that takes older snapshots, and is else the same.
    const lax = { ...statement, terms: { ...statement.terms, maxAge: statement.terms.maxAge + 1 } };
    expect(statementVector(lax)[1]).not.toBe(vector[1]);
    expect(statementVector(lax).slice(2)).toEqual(vector.slice(2));
  });

  it("has x = keccak256(c, v) mod r and y = sum v[i] x^i mod r [C1]", () => {
    const words = [digest.c, ...vector];
    const x = BigInt(keccak256(`0x${words.map((word) => hex(word).slice(2)).join("")}`)) % FIELD_ORDER;
    let y = 0n;
    vector.forEach((value, i) => {
      let term = value;
      for (let n = 0; n < i; n++) term = (term * x) % FIELD_ORDER;
      y = (y + term) % FIELD_ORDER;
    });
    expect(statementInputs(digest.c, vector)).toEqual({ c: digest.c, x, y });
  });

  it("has tags that differ by kind and length, of version 2 where version 2 changed the message", () => {
    expect(new Set([tag(1n, 28), tag(2n, 28), tag(1n, 29)]).size).toBe(3);
    const version = (kind: bigint) => (tag(kind, 1) >> 32n) & 0xffffn;
    const second = Object.entries(KIND).filter(([, kind]) => version(kind) === 2n);
    expect(second.map(([name]) => name)).toEqual(["statement", "exposures", "enrolment"]);
    expect(version(KIND.account)).toBe(1n);
  });
});

/** In the order of the contract's struct. */
function termValues(terms: PolicyTerms): unknown[] {
  const { circuit, scenarioRoot, sourcesRoot, marketSeries, returnsSeries, ...rest } = terms;
  const { tailCircuit, domain, unitsKind, unitsSource, confidence, maxExpectedShortfall, ...others } = rest;
  const { disclosureCircuit, navStep, viewers, ...limits } = others;
  return [
    ...[circuit, scenarioRoot, sourcesRoot, marketSeries, returnsSeries],
    ...LIMIT_ORDER.map((name) => limits[name]),
    ...[confidence, maxExpectedShortfall, tailCircuit, domain, unitsKind, unitsSource],
    ...[disclosureCircuit, navStep, viewers],
  ];
}

const LIMIT_ORDER = [
  ...(["minCollateralRatio", "minHealthFactor", "minAccountHealthFactor", "maxLeverage"] as const),
  ...(["netDeltaLo", "netDeltaHi", "maxUnderlyingDelta", "maxVenue", "maxGamma", "maxVega"] as const),
  ...(["maxTheta", "maxStressLoss", "maxDrawdown", "minEquity"] as const),
  ...(["maxAge", "validity", "maxMarketSkew", "minInterval", "maxVolatility", "maxReturnsSkew"] as const),
];

describe("the policy's id", () => {
  const terms = policyTerms(policy, market);

  it("is keccak256 of the ABI-encoded terms", () => {
    const types = [
      "bytes32",
      "uint256",
      "uint256",
      "bytes32",
      "bytes32",
      ...["uint32", "uint32", "uint32", "uint32"],
      ...["int32", "int32"],
      ...["uint32", "uint32", "uint32", "uint32", "uint32", "uint32", "uint32"],
      "uint96",
      ...["uint32", "uint32", "uint32", "uint32", "uint32", "uint32"],
      "uint16[3]",
      "uint32[3]",
      "bytes32",
      "uint256",
      "uint8",
      "address",
      "bytes32",
      "uint96",
      "uint256[2][]",
    ].map((type, i) => ({ type, name: `t${i}` }));
    const struct = [{ type: "tuple", components: types }];
    const named = (values: readonly unknown[]) => values.map((value, i) => [`t${i}`, value] as const);
    for (const disclosed of [
      terms,
      { ...terms, navStep: 10n ** 18n, viewers: [BASE_POINT, [5n, 6n]] as const },
    ]) {
      const encoded = encodeAbiParameters(struct, [Object.fromEntries(named(termValues(disclosed)))]);
      expect(policyId(disclosed)).toBe(keccak256(encoded));
    }
    const former = encodeAbiParameters(types.slice(0, -3), termValues(terms).slice(0, -3));
    expect(formerPolicyId(terms)).toBe(keccak256(former));
    expect(terms.circuit).toBe(keccak256(toHex("portfolio-health/spot-16")));
  });

  it("changes with every term", () => {
    const ids = (Object.keys(terms) as (keyof PolicyTerms)[]).map((name) => {
      const value = terms[name];
      const text = name === "viewers" ? [BASE_POINT] : hex(1n);
      const other = typeof value === "number" ? value - 1 : typeof value === "bigint" ? value + 1n : text;
      return policyId({ ...terms, [name]: other } as PolicyTerms);
    });
    expect(new Set([policyId(terms), ...ids]).size).toBe(ids.length + 1);
  });
});

describe("22 the market's root [M1]", () => {
  const root = (parts: Parameters<typeof book>[0]): bigint => {
    const changed = book(parts);
    return marketTable(changed.market, changed.policy).root;
  };
  const change = (i: number, part: object) => ({
    instruments: INSTRUMENTS.map((row, at) => (at === i ? { ...row, ...part } : row)),
  });

  it("changes with every public fact, and with the order", () => {
    const limits = { limits: {} };
    const roots = [
      root({ ...limits }),
      root({ ...limits, ...change(1, { price: "3000.00000001" }) }),
      root({ ...limits, ...change(1, { collateralFactor: "0.8001" }) }),
      root({ ...limits, ...change(1, { underlying: "BTC" }) }),
      root({ ...limits, ...change(2, { kind: "spot" }) }),
      root({ ...limits, ...change(2, { kind: "future" }) }),
      root({ ...limits, ...change(4, { id: "OTHER" }) }),
      root({ ...limits, asOf: AS_OF + 1 }),
      root({ ...limits, underlyings: ["ETH", "USD", "BTC"] }),
      root({ ...limits, instruments: [INSTRUMENTS[1]!, INSTRUMENTS[0]!, ...INSTRUMENTS.slice(2)] }),
      root({ ...limits, instruments: INSTRUMENTS.slice(0, 4) }),
    ];
    expect(new Set(roots).size).toBe(roots.length);
  });
});

describe("10 an instrument listed twice", () => {
  it("is refused by the market file, so concentration cannot be split over two rows", () => {
    expect(() => book({ limits: {}, instruments: [...INSTRUMENTS, INSTRUMENTS[1]!] })).toThrow(
      /input.duplicate/,
    );
  });
});
