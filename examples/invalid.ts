// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Bad files that a user would make, each a strategy's good file with one mistake, and the error it must get.
 *
 * @module
 */

import {
  FIELD_ORDER,
  formatAttestation,
  marketSeries,
  marketTable,
  parseMarket,
  parsePolicy,
  policyId,
  policyTerms,
  UNBOUND_DOMAIN,
} from "@keel/verifier";
import type { ExpectedRow } from "./expected.js";
import { AS_OF } from "./quotes.js";

const BASE = "eth-hedged-vault";
/** Limits drawdown, so its policy names an administrator of units. */
const WITH_UNITS = "delta-neutral-perps";
/** Limits tail risk, so its policy names a series of returns. */
const WITH_RETURNS = "trend-follower";
/** Has options with contracts. */
const WITH_OPTIONS = "options-volatility";
const ROLES = ["snapshot", "market", "policy", "returns", "units"] as const;
type Role = (typeof ROLES)[number];

/** A mistake: what the text becomes, and the code of the error; commands that do not mind it are named with exit code 0. */
interface Mistake {
  readonly role: Role;
  readonly name: string;
  /** The strategy whose files it was made of; the first one when absent. */
  readonly base?: string;
  readonly text: (good: string) => string;
  readonly code: string;
  /** Exit code of `check` where it is not 1. */
  readonly check?: 0;
  /** True for mistakes that a verifier cannot see, because they are about now or about private data. */
  readonly hiddenFromVerifier?: true;
  /** For a market that is wrong for its policy: the policy names its series, so that nothing else is wrong. */
  readonly pinned?: true;
}

/** Replaces text that has to be there. */
function replace(from: string | RegExp, to: string): (good: string) => string {
  return (good) => {
    const bad = good.replace(from, to);
    if (bad === good) throw new Error(`nothing to replace: ${from}`);
    return bad;
  };
}

/** Replaces the amount of ether held. */
const amount = (written: string) => replace('"ETH": "2400"', `"ETH": ${written}`);

const INSTRUMENT = '{ "id": "USDC", "kind": "cash", "underlying": "USD", "price": "0.9998"';
const IDENTITY_KEY = `"key": ["0", "1"]`;
const LATER = "4102444800"; // 1 January 2100

const SNAPSHOT_MISTAKES: readonly Mistake[] = [
  // A manager may check a draft before the source signs it.
  {
    role: "snapshot",
    name: "unsigned",
    text: replace(/,\s*"signature": \{[\s\S]*?\n {6}\}/, ""),
    code: "snapshot.signature",
    check: 0,
  },
  ...snapshot("snapshot.signature", {
    "edited-after-signing": amount('"2500"'),
    "other-subject": replace("0x7099", "0x7098"),
    "other-account": replace('"id": "main"', '"id": "reserve"'),
  }),
  ...snapshot("source.unknown", {
    "unapproved-source": replace("Northgate Custody", "Southgate Custody"),
  }),
  ...snapshot("snapshot.instrument", {
    "unknown-instrument": replace('"DAI"', '"USDE"'),
    "formula-as-instrument": replace('"DAI"', '"=HYPERLINK(1)"'),
  }),
  ...snapshot("input.decimal", {
    "whole-number": amount("2400"),
    exponent: amount('"2.4e3"'),
    "plus-sign": amount('"+2400"'),
    "leading-zero": amount('"02400"'),
    "thousands-separator": amount('"2,400"'),
    "empty-amount": amount('""'),
    "unicode-digits": amount('"２４００"'),
    "not-a-number": amount('"NaN"'),
    "minus-zero": amount('"-0"'),
    "beyond-64-bits": amount('"184467440737.09551616"'),
  }),
  ...snapshot("input.json", {
    float: amount("2400.5"),
    "unsafe-integer": amount("9007199254740993"),
    "duplicate-key": replace('"ETH": "2400"', '"ETH": "2400",\n        "ETH": "240"'),
    "prototype-key": replace('"DAI"', '"__proto__"'),
    "byte-order-mark": (good) => `\ufeff${good}`,
    truncated: (good) => good.slice(0, good.length / 2),
    "deep-nesting": amount(`${"[".repeat(40)}${"]".repeat(40)}`),
    "comma-separated": () => "account,instrument,amount\nmain,ETH,2400\n",
  }),
  ...snapshot("input.unknown-key", { "unknown-key": replace('"asOf"', '"comment": "draft",\n  "asOf"') }),
  ...snapshot("input.future", { future: replace(/"asOf": \d+/, `"asOf": ${LATER}`) }),
  ...snapshot("input.skew", { "another-day": replace(/"asOf": 17672/, '"asOf": 17671') }),
  ...snapshot("input.duplicate", {
    "account-twice": replace(
      /\n {2}\]\n\}\n$/,
      ',\n    { "id": "main", "source": "Halyard Prime", "positions": {} }\n  ]\n}\n',
    ),
  }),
  ...snapshot("circuit.size", {
    "second-account": replace(
      /\n {2}\]\n\}\n$/,
      ',\n    { "id": "second", "source": "Halyard Prime", "positions": {} }\n  ]\n}\n',
    ),
  }),
];

const MARKET_MISTAKES: readonly Mistake[] = [
  ...market("market.price", { "zero-price": replace('"2967.52"', '"0"') }),
  ...market("input.decimal", {
    "negative-price": replace('"2967.52"', '"-2967.52"'),
    "nine-decimals": replace('"2967.52"', '"2967.520000001"'),
  }),
  ...market("input.duplicate", { "duplicate-instrument": replace('"id": "USDT"', '"id": "USDC"') }),
  ...market("market.underlying", {
    "unknown-underlying": replace('"underlying": "BTC"', '"underlying": "XBT"'),
  }),
  ...market("market.factor", {
    "factor-above-one": replace('"collateralFactor": "0.83"', '"collateralFactor": "1.01"'),
    "factor-on-a-perpetual": replace('"price": "2968.35"', '"price": "2968.35", "collateralFactor": "0.5"'),
  }),
  ...market("market.option", { "option-without-greeks": replace('"kind": "future"', '"kind": "option"') }),
  ...market(
    "market.option",
    {
      "option-in-a-linear-circuit": replace(
        '"kind": "future"',
        '"kind": "option", "delta": "1", "gamma": "0", "vega": "0", "theta": "0"',
      ),
    },
    { pinned: true },
  ),
  ...market(
    "circuit.size",
    {
      "seventeen-instruments": replace(
        INSTRUMENT,
        `${Array.from({ length: 7 }, (_, i) => `${INSTRUMENT.replace("USDC", `USD-${i}`)} },\n    `).join("")}${INSTRUMENT}`,
      ),
    },
    { pinned: true },
  ),
  // The same prices, and kinder columns that the policy's series fixes.
  ...market("policy.series", {
    "kinder-factor": replace('"collateralFactor": "0.83"', '"collateralFactor": "1"'),
    "ether-as-cash": replace('"kind": "spot", "underlying": "ETH"', '"kind": "cash", "underlying": "USD"'),
    "another-order": replace(/("USD"), ("ETH")/, "$2, $1"),
  }),
  ...market(
    "market.expired",
    { "expired-contract": replace('"expiry": 1769760000', `"expiry": ${AS_OF}`) },
    { base: WITH_OPTIONS, pinned: true },
  ),
  ...market(
    "market.model",
    { "delta-of-another-contract": replace(/("delta": ")-?[0-9.]+/, "$10.9") },
    { base: WITH_OPTIONS },
  ),
  ...market(
    "input.future",
    { future: replace(/"asOf": \d+/, `"asOf": ${LATER}`) },
    { hiddenFromVerifier: true },
  ),
];

const POLICY_MISTAKES: readonly Mistake[] = [
  ...policy("input.unknown-key", { "misspelt-limit": replace('"maxLeverage"', '"maxLevrage"') }),
  ...policy("policy.limit", {
    "limit-not-proven": replace('"maxLeverage"', '"maxVega"'),
    "value-of-no-limit": replace('"maxLeverage": "3"', '"maxLeverage": "429496.7295"'),
  }),
  ...policy("input.json", { "float-limit": replace('"maxLeverage": "3"', '"maxLeverage": 3.5') }),
  ...policy("input.decimal", { "five-places": replace('"maxLeverage": "3"', '"maxLeverage": "3.00001"') }),
  ...policy("policy.band", { "empty-delta-band": replace('["-0.1", "0.1"]', '["0.1", "-0.1"]') }),
  ...policy("policy.scenarios", {
    "stress-limit-alone": replace(/"scenarios": \[[\s\S]*?\n {2}\],\n {2}/, ""),
  }),
  ...policy("policy.underlying", { "unknown-underlying": replace('"BTC": "-0.5"', '"XBT": "-0.5"') }),
  ...policy("policy.shock", { "shock-below-minus-one": replace('"BTC": "-0.5"', '"BTC": "-1.5"') }),
  ...policy("source.key", { "identity-as-source-key": replace(/"key": \[[^\]]*\]/, IDENTITY_KEY) }),
  ...policy("circuit.unknown", { "unknown-circuit": replace("spot-16", "spot-17") }),
  ...policy("file.format", { "market-as-policy": replace("policy/2", "market/1") }),
  ...policy("file.version", { "version-1": replace("policy/2", "policy/1") }),
  ...policy("policy.ceiling", {
    "valid-for-years": replace('"validity": 86400', '"validity": 315360000'),
    "month-old-snapshots": replace('"maxAge": 3600', '"maxAge": 2592000'),
  }),
  ...policy("policy.interval", {
    "interval-beyond-validity": replace('"minInterval": 43200', '"minInterval": 86401'),
  }),
  ...policy("policy.units", {
    "drawdown-by-the-managers-word": replace(
      '"minEquity": "5000000"',
      '"maxDrawdown": "0.1",\n    "minEquity": "5000000"',
    ),
  }),
  ...policy("policy.series", {
    "no-series-of-markets": replace(/("market": \{ "series": "0x)01/, "$103"),
    "another-series": replace(/("market": \{ "series": "0x)01[0-9a-f]{2}/, "$10100"),
  }),
];

const RETURNS_MISTAKES: readonly Mistake[] = [
  ...returns("returns.underlyings", {
    "another-order": replace('["USD", "BTC", "ETH", "SOL"]', '["USD", "ETH", "BTC", "SOL"]'),
  }),
  ...returns("returns.days", { "a-day-short": replace(/("daily": \[\n) .*\n/, "$1") }),
  {
    ...{ role: "policy", name: "another-series-of-returns", base: WITH_RETURNS, code: "policy.series" },
    text: replace(/("series": "0x)03[0-9a-f]{2}/, "$10300"),
  },
];

const UNITS_MISTAKES: readonly Mistake[] = [
  ...units("units.mismatch", {
    "another-time": replace(/"asOf": 17672/, '"asOf": 17671'),
    "another-subject": replace("0x15d3", "0x15d4"),
    "another-number": replace('"units": "7500000"', '"units": "3000000"'),
  }),
  ...units("units.signature", { "edited-signature": replace(/("signature": "0x)[0-9a-f]{4}/, "$10123") }),
  ...units("units.zero", { none: replace('"units": "7500000"', '"units": "0"') }),
];

/** The bad files by path, and their rows of the table. */
export function invalidExamples(good: ReadonlyMap<string, string>): {
  readonly files: ReadonlyMap<string, string>;
  readonly rows: readonly ExpectedRow[];
} {
  const files = new Map<string, string>();
  const paths = { market: `${BASE}/market.json`, policy: `${BASE}/policy.json` };
  const mistakes = [
    ...[SNAPSHOT_MISTAKES, MARKET_MISTAKES, POLICY_MISTAKES, RETURNS_MISTAKES, UNITS_MISTAKES].flat(),
  ];
  const rows = mistakes.map((mistake): ExpectedRow => {
    const { role, name, base = BASE, text, code, check = 1, hiddenFromVerifier, pinned } = mistake;
    const file = `invalid/${role}-${name}.json`;
    const bad = text(good.get(`${base}/${role}.json`)!);
    files.set(file, bad);
    const inputs = { ...inputsOf(base, good), [role]: file };
    if (pinned) {
      inputs.policy = `invalid/policy-of-${role}-${name}.json`;
      files.set(inputs.policy, pinnedPolicy(good.get(`${base}/policy.json`)!, bad));
    }
    const verify = role === "snapshot" || role === "units" || hiddenFromVerifier ? {} : { verify: 1 };
    return { ...inputs, check, prove: 1, ...verify, code };
  });
  const attestations = invalidAttestations(good);
  for (const [name, { text, code }] of Object.entries(attestations)) {
    const attestation = `invalid/attestation-${name}.json`;
    files.set(attestation, text);
    rows.push({ ...paths, attestation, verify: 3, code });
  }
  return { files, rows };
}

/** The files of a strategy. */
function inputsOf(base: string, good: ReadonlyMap<string, string>) {
  const names = ROLES.filter((role) => good.has(`${base}/${role}.json`));
  const files = names.map((role) => [role, `${base}/${role}.json`]);
  return Object.fromEntries(files) as Pick<ExpectedRow, Role> & { market: string; policy: string };
}

/** A policy that names the series of a market. */
function pinnedPolicy(policy: string, market: string): string {
  return policy.replace(/("market": \{ "series": ")0x[0-9a-f]+/, `$1${marketSeries(parseMarket(market))}`);
}

/** Attestations of the first strategy as somebody without a proof would write them. */
function invalidAttestations(
  good: ReadonlyMap<string, string>,
): Record<string, { text: string; code: string }> {
  const policy = parsePolicy(good.get(`${BASE}/policy.json`)!);
  const market = parseMarket(good.get(`${BASE}/market.json`)!);
  // The groups' generators: points that every check but the pairing lets through.
  const proof = {
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
  } as const;
  const text = formatAttestation({
    circuit: policy.circuit.id,
    policyId: policyId(policyTerms(policy, market)),
    domain: UNBOUND_DOMAIN,
    subject: "0x70997970c51812dc3a010c7d01b50e0d17dc79c8",
    asOf: market.asOf,
    market: { root: marketTable(market, policy).root, asOf: market.asOf },
    enrolment: 1n,
    drawdown: { units: 100_000_000n, previousState: 0n, newState: 1n },
    portfolioCommitment: 1n,
    exposuresCommitment: 1n,
    digest: 1n,
    proof,
    insecure: true,
  });
  const change = (from: string | RegExp, to: string, code: string) => ({
    text: replace(from, to)(text),
    code,
  });
  return {
    forged: { text, code: "proof.invalid" },
    truncated: { text: text.slice(0, text.length / 2), code: "input.json" },
    "other-policy": change(/("policyId": "0x)[0-9a-f]{8}/, "$100000000", "proof.mismatch"),
    "other-market": change(/("root": ")[0-9]+/, "$11", "proof.mismatch"),
    "mark-removed": change('"insecure": true', '"insecure": false', "proof.mismatch"),
    "digest-outside-the-field": change('"digest": "1"', `"digest": "${FIELD_ORDER + 1n}"`, "input.field"),
    "version-1": change("attestation/2", "attestation/1", "file.version"),
    "unknown-key": change('"digest"', '"note": "trust me",\n  "digest"', "input.unknown-key"),
  };
}

type Mistakes = Readonly<Record<string, (good: string) => string>>;

function snapshot(code: string, mistakes: Mistakes): Mistake[] {
  return Object.entries(mistakes).map(([name, text]) => ({ role: "snapshot", name, text, code }));
}

function market(
  code: string,
  mistakes: Mistakes,
  more: Pick<Mistake, "base" | "hiddenFromVerifier" | "pinned"> = {},
): Mistake[] {
  return Object.entries(mistakes).map(([name, text]) => ({ role: "market", name, text, code, ...more }));
}

function policy(code: string, mistakes: Mistakes): Mistake[] {
  return Object.entries(mistakes).map(([name, text]) => ({ role: "policy", name, text, code }));
}

function returns(code: string, mistakes: Mistakes): Mistake[] {
  return Object.entries(mistakes).map(([name, text]) => ({
    ...{ role: "returns", name, base: WITH_RETURNS },
    text,
    code,
  }));
}

function units(code: string, mistakes: Mistakes): Mistake[] {
  return Object.entries(mistakes).map(([name, text]) => ({
    ...{ role: "units", name, base: WITH_UNITS },
    text,
    code,
  }));
}
