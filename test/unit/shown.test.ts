// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Does a policy say what is shown without room for misreading, and do viewers' keys and openings come back from their files as
 * they went in, and nothing else?
 *
 * @module
 */

import { disclosureWitness } from "@keel/prover";
import {
  type Attestation,
  areSums,
  attestationOf,
  BASE_POINT,
  checkExposuresOpening,
  circuitOf,
  claimedDisclosure,
  claimedStatement,
  disclosureVector,
  type ExposuresOpening,
  FIELD_ORDER,
  formatAttestation,
  formatExposuresOpening,
  formatViewerKey,
  formerPolicyId,
  generateViewerKey,
  type KeelError,
  NO_DISCLOSURE,
  type Policy,
  parseAttestation,
  parseExposuresOpening,
  parseViewerKey,
  policyId,
  policyTerms,
  viewerKeyOf,
  viewerPlaces,
  wordCount,
} from "@keel/verifier";
import { changeLine, figuresOf, navText, policyChanges } from "@keel/verifier/text";
import { describe, expect, it } from "vitest";
import { ADMINISTRATOR, book, SALTS, witnessOf } from "../support/book.js";
import { policyOf } from "../support/policies.js";

const KEYS = [31, 32, 33].map((byte) => viewerKeyOf(new Uint8Array(32).fill(byte)));
const viewers = KEYS.map((key, i) => ({ name: `Viewer ${i + 1}`, key: key.map(String) }));
const UNITS = { units: { administrator: ADMINISTRATOR } };
const SECTION = { circuit: "disclosure/spot-16x1", navStep: "1000", viewers: viewers.slice(0, 1) };

const policyWith = (disclosure: object | undefined, more: object = UNITS): Policy =>
  policyOf([], "portfolio-health/spot-16", { ...more, ...(disclosure === undefined ? {} : { disclosure }) });

/** Code and path of a refusal. */
function refusal(work: () => unknown): readonly [string, string | undefined] | undefined {
  try {
    work();
    return undefined;
  } catch (error) {
    const { code, path } = error as KeelError;
    return [code, path];
  }
}

describe("a policy's disclosure", () => {
  it("is a step in USD 1e16 and keys, one for each of the circuit's places", () => {
    const { disclosure } = policyWith(SECTION);
    expect(disclosure).toMatchObject({ navStep: 10n ** 19n, circuit: { id: "disclosure/spot-16x1" } });
    const four = policyWith({ ...SECTION, circuit: "disclosure/spot-16x4", viewers: viewers.slice(0, 2) });
    expect(viewerPlaces(four.disclosure!)).toEqual([KEYS[0], KEYS[1], KEYS[1], KEYS[1]]);
    const bare = policyWith({ circuit: "disclosure/spot-16x0", navStep: "0.01" }).disclosure!;
    expect([bare.navStep, viewerPlaces(bare)]).toEqual([10n ** 14n, []]);
    const { navStep: _, ...sealed } = SECTION;
    expect(policyWith(sealed, {}).disclosure!.navStep).toBe(0n);
  });

  it("61 is refused where it means nothing, or something else", () => {
    const at = (name: string) => `policy.disclosure.${name}`;
    const rows: readonly (readonly [object, string, string])[] = [
      [{ ...SECTION, circuit: "disclosure/fund-64x1" }, "policy.disclosure", at("circuit")],
      [{ ...SECTION, circuit: "disclosure/spot-16x2" }, "circuit.unknown", at("circuit")],
      [{ ...SECTION, navStep: "5000" }, "policy.disclosure", at("navStep")],
      [{ ...SECTION, navStep: "0.05" }, "policy.disclosure", at("navStep")],
      [{ ...SECTION, navStep: "10000000000000" }, "policy.disclosure", at("navStep")],
      [{ circuit: "disclosure/spot-16x0" }, "policy.disclosure", at("navStep")],
      [{ ...SECTION, viewers: [] }, "policy.disclosure", at("viewers")],
      [{ ...SECTION, viewers: viewers.slice(0, 2) }, "circuit.size", at("viewers")],
      [{ ...SECTION, circuit: "disclosure/spot-16x0" }, "circuit.size", at("viewers")],
    ];
    for (const [section, code, path] of rows)
      expect(refusal(() => policyWith(section))).toEqual([code, path]);
    const step = refusal(() => policyWith({ ...SECTION, navStep: "0.001" }));
    expect(step?.[1]).toBe(at("navStep"));
    expect(refusal(() => policyWith(SECTION, {}))).toEqual(["policy.units", "policy.units"]);
    const twice = [viewers[0], { ...viewers[0], name: "Another" }];
    const many = { ...SECTION, circuit: "disclosure/spot-16x4", viewers: twice };
    expect(refusal(() => policyWith(many))).toBeDefined();
  });

  it("61 is refused with a key of low order, off the curve, or outside the subgroup", () => {
    const low = ["0", "21888242871839275222246405745257275088548364400416034343698204186575808495616"];
    for (const key of [low, ["0", "1"], ["1", "1"]]) {
      const section = { ...SECTION, viewers: [{ name: "Viewer", key }] };
      expect(refusal(() => policyWith(section))).toEqual(["source.key", "policy.disclosure.viewers[0].key"]);
    }
  });

  it.each([
    [{ accounts: 1, underlyings: 2, scenarios: 3, options: 0, viewers: 1 }, 3],
    [{ accounts: 2, underlyings: 2, scenarios: 3, options: 0, viewers: 1 }, 4],
    [{ accounts: 3, underlyings: 3, scenarios: 3, options: 0, viewers: 2 }, 6],
    [{ accounts: 1, underlyings: 2, scenarios: 3, options: 1, viewers: 1 }, 10],
    [{ accounts: 2, underlyings: 1, scenarios: 1, options: 1, viewers: 1 }, 8],
  ])(
    "is sealed two by two, equity by account where there are several or options: %j in %i words",
    (shape, words) => {
      expect(wordCount(shape)).toBe(words);
    },
  );

  it("without viewers is four elements, and none of them sealed", () => {
    const plain = { exposuresCommitment: 5n, navStep: 10n, nav: 3n, viewers: [] };
    expect(disclosureVector(plain).slice(1)).toEqual([5n, 10n, 3n]);
    expect(refusal(() => disclosureVector({ ...plain, viewers: KEYS.slice(0, 1) }))).toEqual([
      "disclosure.sealed",
      "sealed",
    ]);
  });

  it("changes the id with every part of it but names, and a policy without one says its former id", () => {
    const { market } = book();
    const idOf = (section?: object): string => policyId(policyTerms(policyWith(section), market));
    const ids = [
      idOf(),
      idOf(SECTION),
      idOf({ ...SECTION, navStep: "100" }),
      idOf({ ...SECTION, viewers: viewers.slice(1, 2) }),
      idOf({ ...SECTION, circuit: "disclosure/spot-16x4" }),
    ];
    expect(new Set(ids).size).toBe(ids.length);
    expect(idOf({ ...SECTION, viewers: [{ ...viewers[0], name: "Renamed" }] })).toBe(ids[1]);
    expect(formerPolicyId(policyTerms(policyWith(SECTION), market))).toBeUndefined();
    expect(policyTerms(policyWith(undefined), market)).toMatchObject(NO_DISCLOSURE);
  });

  it("is told when a line moves: none to one is tighter, another step or viewer is another thing", () => {
    const { market } = book();
    const terms = (section?: object) => policyTerms(policyWith(section), market);
    const lines = (from?: object, to?: object) => policyChanges(terms(from), terms(to));
    expect(lines(undefined, SECTION)).toMatchObject([{ term: "Disclosure circuit", direction: "tighter" }]);
    expect(lines(SECTION, undefined)).toMatchObject([{ direction: "looser" }]);
    const other = { ...SECTION, navStep: "100", viewers: viewers.slice(1, 2) };
    expect(lines(SECTION, other).map(({ direction }) => direction)).toEqual(["other", "other"]);
    expect(lines(SECTION, other).map(changeLine).join()).toContain("net asset value becomes another");
  });
});

/** An attestation without proofs that hold, of a book whose policy wants everything shown. */
function shown(): {
  readonly policy: Policy;
  readonly attestation: Attestation;
  readonly opening: ExposuresOpening;
} {
  const made = book();
  const policy = { ...made.policy, disclosure: policyWith(SECTION).disclosure! };
  const { statement, digest, exposures } = witnessOf({ ...made, policy });
  const proof = {
    pi_a: ["1", "2", "1"],
    pi_b: BASE_G2,
    pi_c: ["1", "2", "1"],
    protocol: "groth16",
    curve: "bn128",
  };
  const terms = {
    shape: policy.disclosure.circuit.shape,
    navStep: policy.disclosure.navStep,
    viewers: [KEYS[0]!],
  };
  const { statement: said } = disclosureWitness(exposures, SALTS.exposuresSalt, terms);
  const common = { digest: digest.c, proof: proof as never, insecure: true };
  const disclosure = {
    ...common,
    circuit: policy.disclosure.circuit.id,
    nav: said.nav,
    sealed: said.sealed!,
  };
  const attestation = attestationOf(statement, {
    ...{ ...common, circuit: policy.circuit.id, disclosure },
    memo: MEMO,
  });
  const { underlyingsId: _, ...sums } = exposures;
  const { subject, asOf } = statement;
  const opening = {
    ...{ subject, asOf, policyId: attestation.policyId, digest: digest.c },
    ...{ exposuresSalt: SALTS.exposuresSalt, underlyings: made.market.underlyings, sums },
  };
  return { policy, attestation, opening };
}

const MEMO = `0x${"5a".repeat(48)}` as const;
const BASE_G2 = [
  [
    "10857046999023057135944570762232829481370756359578518086990519993285655852781",
    "11559732032986387107991004021392285783925812861821192530917403151452391805634",
  ],
  [
    "8495653923123431417604973247489272438418190587263600148770280649306958101930",
    "4082367875863433681332203403145435568316851327593401208105741076214120093531",
  ],
  ["1", "0"],
];

describe("61 an attestation file with a disclosure", () => {
  const { policy, attestation } = shown();

  it("comes back as it went in, and without one when it has none", () => {
    expect(attestation.memo).toBe(MEMO);
    expect(parseAttestation(formatAttestation(attestation))).toEqual(attestation);
    const { disclosure: _, ...plain } = attestation;
    expect(parseAttestation(formatAttestation(plain))).toEqual(plain);
  });

  it("claims what the reader's policy wants shown, and nothing less, more or other", () => {
    expect(claimedDisclosure(attestation, policy)).toMatchObject({ nav: 17n, viewers: [KEYS[0]] });
    const { disclosure, ...plain } = attestation;
    const { disclosure: _, ...silent } = policy;
    expect(claimedDisclosure(plain, silent)).toBeUndefined();
    const given = disclosure!;
    const { sealed, ...open } = given;
    const rows: readonly (readonly [object, string])[] = [
      [plain, ""],
      [{ ...attestation, disclosure: { ...given, circuit: "disclosure/spot-16x4" } }, ".circuit"],
      [{ ...attestation, disclosure: open }, ".sealed"],
      [{ ...attestation, disclosure: { ...given, sealed: { ...sealed!, words: [] } } }, ".sealed.words"],
      [
        { ...attestation, disclosure: { ...given, sealed: { ...sealed!, wrappedKeys: [] } } },
        ".sealed.wrappedKeys",
      ],
    ];
    for (const [other, path] of rows) {
      expect(refusal(() => claimedDisclosure(other as Attestation, policy))).toEqual([
        "proof.mismatch",
        `attestation.disclosure${path}`,
      ]);
    }
    expect(refusal(() => claimedDisclosure(attestation, silent))?.[0]).toBe("proof.mismatch");
  });

  it("says so when its policy's id is the one from before policies could ask for any", () => {
    const { market, policy: plain } = book();
    const { statement, digest } = witnessOf(book());
    const common = { circuit: plain.circuit.id, digest: digest.c, proof: attestation.proof, insecure: true };
    const old = {
      ...attestationOf(statement, common),
      policyId: formerPolicyId(policyTerms(plain, market))!,
    };
    expect(refusal(() => claimedStatement(old, plain, market))?.[0]).toBe("proof.formerPolicyId");
    expect(
      refusal(() => claimedStatement({ ...old, policyId: `0x${"11".repeat(32)}` }, plain, market))?.[0],
    ).toBe("proof.mismatch");
  });
});

describe("61 an opening to one reader", () => {
  const { attestation, opening } = shown();

  it("comes back from its file and holds for its attestation, without the portfolio's salt", () => {
    const text = formatExposuresOpening(opening);
    expect(text).not.toContain(`${SALTS.portfolioSalt}`);
    const again = parseExposuresOpening(text);
    expect(again).toEqual(opening);
    checkExposuresOpening(again, attestation);
  });

  it("is refused for another sum, salt, list of underlyings, or attestation", () => {
    const { sums } = opening;
    const rows: readonly (readonly [object, string])[] = [
      ...Object.entries(sums).flatMap(([name, value]) => {
        const other = typeof value === "bigint" ? value + 1n : value.length === 0 ? [1n] : value.with(0, 7n);
        return [[{ sums: { ...sums, [name]: other } }, "sums"] as const];
      }),
      [{ exposuresSalt: 5n }, "sums"],
      [{ underlyings: ["USD", "BTC", "ETH"] }, "sums"],
      [{ digest: 5n }, "digest"],
      [{ asOf: opening.asOf + 1 }, "asOf"],
      [{ subject: `0x${"22".repeat(20)}` }, "subject"],
      [{ policyId: `0x${"33".repeat(32)}` }, "policyId"],
    ];
    for (const [change, path] of rows) {
      const other = { ...opening, ...change } as ExposuresOpening;
      expect(refusal(() => checkExposuresOpening(other, attestation))).toEqual([
        "opening.mismatch",
        `opening.${path}`,
      ]);
    }
  });

  it("is refused for another reading of the same words, or of the same digest", () => {
    const { sums } = opening;
    const two = 1n << 96n;
    for (const other of [
      { ...sums, equity: sums.equity + two, assets: sums.assets - 1n },
      { ...sums, grossExposure: sums.grossExposure + two, collateral: sums.collateral - 1n },
      { ...sums, assets: sums.assets + FIELD_ORDER, equity: sums.equity },
      { ...sums, bookSums: [5n] },
      { ...sums, deltas: sums.deltas.with(0, sums.deltas[0]! + FIELD_ORDER) },
    ]) {
      const refused = refusal(() => checkExposuresOpening({ ...opening, sums: other }, attestation));
      expect(refused).toEqual(["opening.mismatch", "opening.sums"]);
    }
    // Equity by account and further sums are hashed one after the other: the tier says where one ends.
    const fund = { ...sums, deltas: new Array(16).fill(0n), accountEquity: [1n, 2n, 3n, 4n], bookSums: [] };
    expect(areSums(fund, circuitOf("portfolio-health/fund-64").shape)).toBe(true);
    const shifted = { ...fund, accountEquity: [1n, 2n, 3n], bookSums: [4n] };
    expect(areSums(shifted, circuitOf("portfolio-health/fund-64").shape)).toBe(false);
  });

  it("names its figures: equity, liabilities, deltas of the market's underlyings alone", () => {
    const figures = new Map(figuresOf(opening.sums, opening).map(({ name, usd }) => [name, usd]));
    expect(figures.get("equity")).toBe("17000");
    expect(figures.get("liabilities")).toBe("13000");
    expect([...figures.keys()].filter((name) => name.startsWith("delta"))).toEqual([
      ...["delta USD", "delta ETH", "delta BTC"],
    ]);
  });
});

describe("a viewer's key", () => {
  it("comes back from its file, or from its secret alone", () => {
    const pair = generateViewerKey();
    expect(parseViewerKey(formatViewerKey(pair))).toEqual(pair);
    expect(parseViewerKey(`${Buffer.from(pair.secret).toString("hex")}\n`)).toEqual(pair);
  });

  it("is refused with another public half, and no part of it is shown", () => {
    const pair = generateViewerKey();
    const secret = Buffer.from(pair.secret).toString("hex");
    const mixed = formatViewerKey({ ...pair, publicKey: BASE_POINT });
    for (const text of [mixed, `${secret}0`, `{"keel":"viewer-key/1","secret":"${secret}"}`]) {
      try {
        parseViewerKey(text);
        expect.unreachable();
      } catch (error) {
        expect(String(error) + JSON.stringify(error)).not.toContain(secret);
      }
    }
  });
});

it("says a net asset value by the unit, cut off", () => {
  expect(navText({ value: 10n ** 22n, units: 3n * 10n ** 8n })).toBe(
    "1,000,000.00 USD, 333333.33333333 USD a unit of 3.00",
  );
  expect(navText({ value: 10n ** 22n, units: 10n ** 8n })).toBe("1,000,000.00 USD");
});
