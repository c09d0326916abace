// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Does every parser answer any file with its value or a typed error, in linear time? Valid files, made wrong, for a bounded
 * number of runs: `KEEL_FUZZ_RUNS` and `KEEL_SEED` change them.
 *
 * @module
 */

import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { ensureCircuit, parseR1cs } from "@keel/circuits";
import {
  accountsFromCsv,
  assess,
  parseEnrolment,
  parseMapping,
  parseSnapshot,
  parseSourceKey,
  parseState,
  parseTrades,
} from "@keel/prover";
import {
  KeelError,
  marketTable,
  parseAttestation,
  parseLiquidity,
  parseMarket,
  parsePolicy,
  parseReturns,
  policyTerms,
} from "@keel/verifier";
import {
  aifmdFiling,
  contentHashOf,
  derived,
  formatReport,
  parseAifmdFacts,
  parseReport,
  type Report,
  reportCsv,
  reportOf,
  shareOf,
} from "@keel/verifier/report";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { formatExamples } from "../../dist/scripts/format-examples.js";
import { fileOfBytes } from "../../prover/engine/dist/parts.js";
import { eachTerm, parseZkey } from "../../prover/engine/dist/zkey.js";
import { SMALL } from "../engine/small-circuit.js";
import { INSTRUMENTS, liquidityText, SOURCE } from "../support/book.js";
import { EXAMPLES } from "../support/cli.js";
import { growsLinearly, SPAN } from "../support/growth.js";
import { mangledBytes, mangledJson, mangledText } from "../support/mangle.js";

const SEED = Number(process.env.KEEL_SEED ?? 20261121);
const RUNS = Number(process.env.KEEL_FUZZ_RUNS ?? 300);

const example = (name: string): Promise<string> => readFile(join(EXAMPLES, name), "utf8");
const [market, policy, snapshot, attestation, options, returns] = (await Promise.all(
  [
    "eth-hedged-vault/market.json",
    "eth-hedged-vault/policy.json",
    "eth-hedged-vault/snapshot.json",
    "invalid/attestation-forged.json",
    "options-volatility/market.json",
    "trend-follower/returns.json",
  ].map(example),
)) as [string, string, string, string, string, string];

const known = { market: parseMarket(market), policy: parsePolicy(policy), snapshot: parseSnapshot(snapshot) };
const field = "1".repeat(70);
const TRADE = { account: "main", instrument: "ETH", quantity: "10", price: "2970", cash: "USDC" };

/** The example's report until its year has ended, with sums, a policy's names and an attestation that was taken back. */
function fullReport(): Report {
  const { contentHash: _, ...content } = structuredClone(formatExamples()["report/2"]) as Report;
  const [record, policy] = [content.records[0]!, content.policies[0]!];
  const [, last] = record.attestations;
  const until = Date.UTC(2027, 0, 2) / 1000;
  const ended = last!.expiry - 9;
  policy.names = { policy: "P", underlyings: ["USD", "ETH"], scenarios: ["down"], shocks: [[0, -4_000]] };
  const sums = {
    ...{ equity: `${6n * 10n ** 20n}`, assets: `${9n * 10n ** 20n}`, grossExposure: "5", collateral: "5" },
    ...{ deltas: ["0", "-5"], accountEquity: ["5"], bookSums: [] },
  };
  const taken = { ended: { at: ended, cause: "revokedBySubject" as const }, sums, read: "opened" as const };
  record.attestations[1] = derived({ ...last!, ...taken }, policy);
  record.lapses.push({ from: ended, until: null, cause: "revokedBySubject", words: "the subject revoked" });
  record.now = { healthy: false, standing: "revokedBySubject", expiry: last!.expiry };
  const seconds = until - content.span.from;
  const healthy = record.span.healthy + (ended - 1_767_830_400);
  const stretch = { until, seconds, healthy, share: shareOf({ seconds, healthy }), lapses: 2 };
  for (const one of [record.span, record.whole]) Object.assign(one, stretch, { longestLapse: until - ended });
  Object.assign(content.span, { until });
  Object.assign(content.chain, { time: until });
  return reportOf(content);
}

const FACTS = parseAifmdFacts(JSON.stringify(formatExamples()["aifmd-facts/1"]));

/** Under a hash that is right, so that what stands behind it is reached; and in its forms. */
function readReport(text: string): unknown {
  const report = parseReport(rehashed(text));
  expect(parseReport(formatReport(report))).toEqual(report);
  reportCsv(report);
  return aifmdFiling(report, FACTS);
}

function rehashed(text: string): string {
  try {
    const file = JSON.parse(text) as Report;
    return JSON.stringify({ ...file, contentHash: contentHashOf(file) });
  } catch {
    return text;
  }
}

/** Whatever a parser gives is also used, so that nothing wrong gets past it and fails later. */
const FILES: readonly (readonly [string, string, (text: string) => unknown])[] = [
  ["policy/1", policy, (text) => policyTerms(parsePolicy(text), known.market)],
  ["market/1", market, (text) => marketTable(parseMarket(text), known.policy)],
  ["market/1 with options", options, (text) => marketTable(parseMarket(text), known.policy)],
  ["snapshot/1", snapshot, (text) => assess(parseSnapshot(text), known.market, known.policy)],
  ["attestation/1", attestation, parseAttestation],
  ["returns/1", returns, parseReturns],
  ["liquidity/1", liquidityText(INSTRUMENTS, 1_767_225_600), parseLiquidity],
  [
    "trades/1",
    JSON.stringify({ keel: "trades/1", trades: [TRADE, { ...TRADE, quantity: "-1" }] }),
    parseTrades,
  ],
  [
    "state/1",
    JSON.stringify({ keel: "state/1", equity: "5", units: "1", epoch: "1", salt: field }),
    parseState,
  ],
  [
    "enrolment/2",
    JSON.stringify({
      keel: "enrolment/2",
      accounts: ["a", "b"].map((id) => ({ id, source: "Venue", key: SOURCE.publicKey.map(String) })),
      salt: field,
    }),
    parseEnrolment,
  ],
  [
    "source-key/1",
    JSON.stringify({ keel: "source-key/1", privateKey: "7".repeat(64), publicKey: [field, field] }),
    parseSourceKey,
  ],
  ["report/2", formatReport(fullReport()), readReport],
  [
    "mapping/1",
    JSON.stringify({
      keel: "mapping/1",
      columns: { instrument: "Coin", quantity: "Net" },
      account: "venue-1",
      source: "Halyard Prime",
      instruments: { XETH: "ETH" },
    }),
    parseMapping,
  ],
];

const CSV = [
  "account,source,instrument,quantity",
  'main,"Halyard Prime",ETH,12.5',
  'main,Halyard Prime,"USDC",-25000.5',
  "second,Northgate Custody,ETH-PERP,0.00000001",
  "",
].join("\n");
const readCsv = (text: string): unknown => accountsFromCsv(text, known.market);

/** Runs a property that may fail with a KeelError only. */
function withstands<T>(inputs: fc.Arbitrary<T>, work: (input: T) => unknown, runs = RUNS): void {
  console.info(`fuzzing: seed ${SEED}, ${runs} runs`);
  const property = fc.property(inputs, (input) => {
    try {
      work(input);
    } catch (error) {
      if (!(error instanceof KeelError)) throw error;
      expect(error.code).toMatch(/^[a-z0-9]+\.[a-zA-Z0-9-]+$/);
      for (const line of error.message.split("\n")) expect(line.length).toBeLessThan(1_000);
    }
  });
  fc.assert(property, { seed: SEED, numRuns: runs });
}

describe("30, 31, 32 parsers withstand", () => {
  it.each(FILES)("%s with another structure", (_, text, parse) => {
    withstands(mangledJson(text), parse);
  });

  it.each(FILES)("%s with other text", (_, text, parse) => {
    withstands(mangledText(text), parse);
  });

  it("a report, which is one before it is made wrong", () => {
    expect(() => readReport(formatReport(fullReport()))).not.toThrow();
  });

  it("positions in CSV", () => {
    expect(() => readCsv(CSV)).not.toThrow();
    withstands(mangledText(CSV), readCsv, 3 * RUNS);
  });

  it("one file given as another", () => {
    for (const [name, text] of FILES) {
      for (const [other, , parse] of FILES) {
        if (name.split(" ")[0] !== other.split(" ")[0]) expect(() => parse(text)).toThrow(KeelError);
      }
    }
  });
});

describe("26 artifacts", () => {
  it("with changed or missing bytes are read or refused, never more", async () => {
    const { zkeyPath, r1csPath } = await ensureCircuit(SMALL);
    const [zkey, r1cs] = await Promise.all([readFile(zkeyPath), readFile(r1csPath)]);
    const read = (bytes: Uint8Array): void => {
      const file = fileOfBytes(bytes);
      eachTerm(file, parseZkey(file), () => {});
    };
    withstands(mangledBytes(zkey), read);
    withstands(mangledBytes(zkey.subarray(0, 400)), read);
    withstands(mangledBytes(r1cs), parseR1cs);
  });
});

describe("31 parsers are linear", () => {
  const rows = <T>(n: number, row: (i: number) => T): T[] => Array.from({ length: n }, (_, i) => row(i));
  const json = JSON.parse(market) as { instruments: object[] };
  const held = JSON.parse(snapshot) as { accounts: object[] };
  const sizes: readonly (readonly [string, (n: number) => string, (text: string) => unknown])[] = [
    [
      "market/1",
      (n) =>
        JSON.stringify({ ...json, instruments: rows(n, (i) => ({ ...json.instruments[0], id: `I${i}` })) }),
      parseMarket,
    ],
    [
      "snapshot/1",
      (n) => {
        const positions = Object.fromEntries(rows(n, (i) => [`I${i}`, `${i}.5`]));
        return JSON.stringify({ ...held, accounts: [{ ...held.accounts[0], positions }] });
      },
      parseSnapshot,
    ],
    ["trades/1", (n) => JSON.stringify({ keel: "trades/1", trades: rows(n, () => TRADE) }), parseTrades],
    [
      "csv",
      (n) => `account,source,instrument,quantity\n${rows(n, (i) => `a${i},Halyard Prime,ETH,1\n`).join("")}`,
      readCsv,
    ],
  ];

  it.each(sizes)("%s grows linearly", (_, file, parse) => {
    const read = (text: string): void => {
      try {
        parse(text);
      } catch (error) {
        if (!(error instanceof KeelError)) throw error;
      }
    };
    const large = file(1_000 * SPAN);
    expect(large.length).toBeLessThan(2 ** 24);
    expect(growsLinearly(read, file(1_000), large)).toBe(true);
  });

  it("and what is quadratic is found", () => {
    const pairs = (n: number): number => {
      let sum = 0;
      for (let i = 0; i < n; i++) for (let j = 0; j < n; j++) sum += i ^ j;
      return sum;
    };
    expect(growsLinearly(pairs, 200, 200 * SPAN)).toBe(false);
  });
});
