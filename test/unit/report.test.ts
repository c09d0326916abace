// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Does a report say what its entries say, why health ended, and nothing that was put into it afterwards?
 *
 * @module
 */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { KeelError, parseMarket, parsePolicy, policyId, policyTerms } from "@keel/verifier";
import { type AttestedEntry, basisHash, basisOf, type HistoryEntry } from "@keel/verifier/chain";
import {
  buildReport,
  contentHashOf,
  csvCell,
  differences,
  formatReport,
  lapsesBetween,
  lineRuns,
  parseReport,
  placeKey,
  type Report,
  type ReportFacts,
  reportCsv,
  reportOf,
  runsOf,
  segmentsOf,
  shareOf,
} from "@keel/verifier/report";
import type { Hex } from "viem";
import { describe, expect, it } from "vitest";
import { shownText } from "../../cli/dist/report-page.js";
import { reportPdf } from "../../cli/dist/report-pdf.js";
import { EXAMPLES } from "../support/cli.js";

const read = (name: string): string => readFileSync(join(EXAMPLES, "delta-neutral-perps", name), "utf8");
const MARKET = parseMarket(read("market.json"));
const POLICY = parsePolicy(read("policy.json"));
const TERMS = { ...policyTerms(POLICY, MARKET), navStep: 10n ** 18n, maxAge: 3_600 };
const ID = policyId(TERMS);
const { validity } = TERMS;
const SUBJECT = `0x${"5".repeat(40)}` as const;
const GUARDIAN = `0x${"6".repeat(40)}` as const;
const START = 1_800_000_000;
const hashOf = (n: number): Hex => `0x${n.toString(16).padStart(64, "0")}`;

let block = 10;
const place = (blockTime: number) => {
  block += 1;
  return { blockNumber: BigInt(block), blockTime, transaction: hashOf(block), logIndex: 0 };
};

/** An attestation that came a second after its snapshot. */
function attested(asOf: number, nav = 5_000n, policy: Hex = ID): AttestedEntry {
  return {
    ...{
      kind: "attested",
      subject: SUBJECT,
      policyId: policy,
      asOf,
      expiry: asOf + validity,
      ...place(asOf + 1),
    },
    market: { root: 5n, asOf },
    enrolment: 7n,
    drawdown: { units: 2n * 10n ** 8n, previousState: 1n, newState: 2n },
    ...{
      portfolioCommitment: 1n,
      exposuresCommitment: 2n,
      digest: BigInt(asOf),
      proof: [],
      verifier: GUARDIAN,
    },
    version: 1,
    disclosure: { nav, sealedSums: [], digest: 1n, proof: [], version: 1 },
  };
}

const revoked = (blockTime: number, by: "subject" | "guardian", reason = "a key was lost"): HistoryEntry => ({
  ...{ kind: "revoked", subject: SUBJECT, policyId: ID, by: by === "subject" ? SUBJECT : GUARDIAN, reason },
  standing: by === "subject" ? "revokedBySubject" : "revokedByGuardian",
  ...place(blockTime),
});

const SUMS = {
  ...{ equity: 60n * 10n ** 16n, assets: 100n * 10n ** 16n, grossExposure: 90n * 10n ** 16n },
  ...{ collateral: 80n * 10n ** 20n, deltas: [0n, 30n * 10n ** 16n, -1n], accountEquity: [], bookSums: [] },
};

function factsOf(
  entries: readonly HistoryEntry[],
  time: number,
  more: Partial<ReportFacts> = {},
): ReportFacts {
  return {
    chain: {
      ...{ chainId: 31337, registry: GUARDIAN, fromBlock: 0, block: 99, blockHash: hashOf(99) },
      time,
    },
    keys: [{ circuit: "portfolio-health/spot-16", hash: hashOf(1), development: true }],
    ...{
      entries,
      terms: new Map([[ID, TERMS]]),
      names: new Map(),
      readings: new Map(),
      takenBack: new Map(),
    },
    records: [{ subject: SUBJECT, label: "Aurelia", under: { policyId: ID } }],
    ...more,
  };
}

const made = (...parts: Parameters<typeof factsOf>): Report => reportOf(buildReport(factsOf(...parts)));
const GAP = 1_000;
/** Two attestations, a gap, a third one. */
const LAPSED = [attested(START), attested(START + 100), attested(START + 100 + validity + GAP)];
const END = START + 100 + 2 * validity;

describe("runs of health", () => {
  it("go on while the next attestation comes in time, and end when none does", () => {
    const runs = runsOf(LAPSED);
    expect(runs.map(({ from, until }) => [from, until])).toEqual([
      [START + 1, START + 100 + validity],
      [START + 100 + validity + GAP + 1, START + 100 + 2 * validity + GAP],
    ]);
    const [lapse, ...others] = lapsesBetween(runs, END);
    expect(others).toEqual([]);
    expect(lapse).toMatchObject({ ended: { cause: "expired" }, until: START + 100 + validity + GAP + 1 });
  });

  it("end with what ended them: the subject, a guardian, a voiding", () => {
    const first = attested(START);
    const voided: HistoryEntry = {
      ...{ kind: "voided", subject: SUBJECT, policyId: ID, by: GUARDIAN, basis: basisOf(first) },
      ...place(START + 50),
    };
    const cases = [
      [revoked(START + 50, "subject"), "revokedBySubject", 'a key was lost"'],
      [revoked(START + 50, "guardian"), "revokedByGuardian", `guardian ${GUARDIAN} closed`],
      [voided, "voided", "market table was withdrawn"],
    ] as const;
    expect(basisHash(basisOf(first))).toMatch(/^0x/);
    for (const [entry, cause, words] of cases) {
      const takenBack = new Map([[placeKey(entry), ["the market table was withdrawn"]]]);
      const { records } = buildReport(factsOf([first, entry], START + 200, { takenBack }));
      expect(records[0]!.lapses).toMatchObject([{ from: START + 50, until: null, cause }]);
      expect(records[0]!.lapses[0]!.words).toContain(words);
      expect(records[0]!.now.healthy).toBe(false);
    }
  });

  it("count a lapse of no second, as the registry does", () => {
    const entries = [attested(START), attested(START + validity - 1)];
    const { records } = buildReport(factsOf(entries, START + validity + 10));
    expect(records[0]!.whole).toMatchObject({ lapses: 1, longestLapse: 0, share: "1" });
  });

  it("follow a line from policy to policy, each for its validity after the line left it", () => {
    const [a, b] = [hashOf(1), hashOf(2)];
    const at = (from: number, until: number) =>
      [{ from, until, ended: { cause: "expired", last: LAPSED[0]! } }] as const;
    const segments = segmentsOf(
      [
        { kind: "opened", to: a, time: 0 },
        { kind: "announced", to: b, time: 50, liveAt: 100 },
        { kind: "announced", to: hashOf(3), time: 120, liveAt: 300 },
        { kind: "cancelled", time: 200 },
      ],
      1_000,
    );
    expect(segments.map(({ policyId, from }) => [policyId, from])).toEqual([
      [a, 0],
      [b, 100],
    ]);
    const parts = new Map<Hex, { runs: ReturnType<typeof runsOf>; validity: number }>([
      [a, { runs: [...at(10, 500)], validity: 40 }],
      [b, { runs: [...at(160, 400)], validity: 40 }],
    ]);
    const runs = lineRuns(segments, parts);
    expect(runs.map(({ from, until, ended }) => [from, until, ended.cause])).toEqual([
      [10, 140, "policyChanged"],
      [160, 400, "expired"],
    ]);
  });
});

describe("runs under a line", () => {
  const [a, b] = [hashOf(1), hashOf(2)];
  const run = (from: number, until: number) =>
    ({ from, until, ended: { cause: "expired", last: LAPSED[0]! } }) as const;
  const of = (
    theirs: readonly (readonly [number, number])[],
    others: readonly (readonly [number, number])[],
  ) => {
    const parts = new Map([
      [a, { runs: theirs.map((one) => run(...one)), validity: 50 }],
      [b, { runs: others.map((one) => run(...one)), validity: 50 }],
    ]);
    const segments = [
      { policyId: a, from: 0, until: 100 },
      { policyId: b, from: 100, until: 1_000 },
    ];
    return lineRuns(segments, parts).map(({ from, until, ended }) => [from, until, ended.cause]);
  };

  it("go on as one while the next policy's run begins before the last one's is over, or just then", () => {
    expect(of([[10, 400]], [[120, 300]])).toEqual([[10, 300, "expired"]]);
    expect(of([[10, 400]], [[150, 300]])).toEqual([[10, 300, "expired"]]);
    expect(of([[10, 400]], [[151, 300]])).toEqual([
      [10, 150, "policyChanged"],
      [151, 300, "expired"],
    ]);
  });

  it("end as the one that reaches furthest does", () => {
    expect(of([[10, 400]], [[110, 130]])).toEqual([[10, 150, "policyChanged"]]);
    expect(of([[10, 400]], [[110, 150]])).toEqual([[10, 150, "policyChanged"]]);
    expect(of([[100, 400]], [[20, 90]])).toEqual([]);
  });
});

describe("a report", () => {
  it("tells what happened in the first and in the last second of its span", () => {
    const at = [START + 10, START + 20, START + 30, START + 40];
    const entries = [attested(START), ...at.map((time) => revoked(time, "subject"))];
    const [record] = buildReport(
      factsOf(entries, START + 50, { span: { from: at[1]!, until: at[2]! } }),
    ).records;
    expect(record!.events.map(({ time }) => time)).toEqual([at[1], at[2]]);
  });

  it("has a lapse that begins in its last second", () => {
    const { records } = buildReport(factsOf([attested(START), revoked(START + 50, "subject")], START + 50));
    expect(records[0]).toMatchObject({
      now: { healthy: false },
      lapses: [{ until: null }],
      span: { lapses: 1 },
    });
    const expired = buildReport(factsOf([attested(START)], START + validity));
    expect(expired.records[0]).toMatchObject({ now: { healthy: false }, whole: { lapses: 1 } });
  });

  it("tells the span and the whole record, so that no span hides a lapse", () => {
    const from = START + 100 + validity + GAP + 10;
    const { records } = buildReport(factsOf(LAPSED, END, { span: { from, until: END } }));
    expect(records[0]!.span).toMatchObject({ lapses: 0, share: "1" });
    expect(records[0]!.lapses).toEqual([]);
    expect(records[0]!.whole).toMatchObject({ lapses: 1, longestLapse: GAP + 1, from: START + 1 });
  });

  it("names other policies under which the subject attested", () => {
    const other = { ...TERMS, validity: validity + 1 };
    const id = policyId(other);
    const foreign = { ...attested(START + 5, 1n, id), expiry: START + 5 + validity + 1 };
    const terms = new Map([
      [ID, TERMS],
      [id, other],
    ]);
    const { records } = buildReport(factsOf([...LAPSED, foreign], END + 10 * validity, { terms }));
    expect(records[0]!.elsewhere).toEqual([{ policyId: id, attestations: 1, lapses: 1, healthy: false }]);
  });

  it("has values and figures as exact integers", () => {
    const readings = new Map([[BigInt(START), { sums: SUMS, read: "sealed" as const }]]);
    const [one] = made(LAPSED, END, { readings }).records[0]!.attestations;
    expect(one).toMatchObject({
      nav: { value: `${5_000n * 10n ** 18n}`, perUnit: `${2_500n * 10n ** 18n}` },
    });
    const ratios = new Map(one!.ratios!.map(({ name, value }) => [name, value]));
    expect(ratios.get("gross exposure over equity")).toBe("1.5");
    expect(ratios.get("assets over liabilities")).toBe("2.5");
    expect(ratios.get("collateral by its factors over liabilities")).toBe("2");
    // A part of a cent less than a half, cut off.
    expect(ratios.get("net delta over equity")).toBe("0.4999");
  });

  it("says a linear book's result in each scenario, where the policy's files are there", () => {
    const names = {
      policy: "P",
      underlyings: ["USD", "ETH", "BTC"],
      scenarios: ["down"],
      shocks: [[0, -4_000, 0]],
    };
    const readings = new Map([[BigInt(START), { sums: SUMS, read: "opened" as const }]]);
    const [one] = made(LAPSED, END, { readings, names: new Map([[ID, names]]) }).records[0]!.attestations;
    expect(one!.figures!.at(-1)).toEqual({ name: "P&L down", usd: "-12" });
    expect(one!.ratios!.find(({ name }) => name.startsWith("worst"))).toMatchObject({ value: "-0.2" });
  });

  it("warns of a development key before any word", () => {
    const report = made(LAPSED, END);
    expect(report.warning).toContain("DEVELOPMENT KEY");
    expect(reportCsv(report).split("\r\n")[1]).toContain("DEVELOPMENT KEY");
    const keys = [{ circuit: "c", hash: hashOf(1), development: false }];
    expect(made(LAPSED, END, { keys }).warning).toBeUndefined();
  });

  it.each([
    ["that ends before it begins", { from: END, until: START }, "report.span"],
    ["that has not passed", { until: END + 1 }, "report.span"],
  ])("refuses a span %s", (_, span, code) => {
    expect(() => buildReport(factsOf(LAPSED, END, { span }))).toThrow(code);
  });

  it("refuses a record without an attestation", () => {
    const records = [{ subject: GUARDIAN, under: { policyId: ID } }];
    expect(() => buildReport(factsOf(LAPSED, END, { records }))).toThrow("report.empty");
  });

  it("never says all of a time of which a second is missing", () => {
    expect(shareOf({ seconds: 10 ** 9, healthy: 10 ** 9 - 1 })).toBe("0.999999");
    expect(shareOf({ seconds: 3, healthy: 3 })).toBe("1");
  });
});

const voidedAt = (first: AttestedEntry, blockTime: number): HistoryEntry => ({
  ...{ kind: "voided", subject: SUBJECT, policyId: ID, by: GUARDIAN, basis: basisOf(first) },
  ...place(blockTime),
});

describe("attestations in force", () => {
  it("say who took them back and when, and are none after that", () => {
    const [first, second] = [attested(START), attested(START + 100)];
    const entries = [first, second, voidedAt(second, START + 150)];
    const whole = buildReport(factsOf(entries, START + 300)).records[0]!;
    // The first one ran out by the second, not by the voiding.
    expect(whole.attestations.map(({ ended }) => ended)).toEqual([
      undefined,
      { at: START + 150, cause: "voided" },
    ]);
    const after = factsOf(entries, START + 300, { span: { from: START + 200, until: START + 300 } });
    expect(buildReport(after).records[0]).toMatchObject({ attestations: [], lapses: [{ cause: "voided" }] });
    const revoking = [first, revoked(START + 50, "guardian")];
    const [one] = buildReport(factsOf(revoking, START + 300)).records[0]!.attestations;
    expect(one!.ended).toEqual({ at: START + 50, cause: "revokedByGuardian" });
    // Revoked when it had expired already: that ended nothing.
    const late = [attested(START), revoked(START + validity + 5, "subject")];
    expect(made(late, START + validity + 9).records[0]!.attestations[0]!.ended).toBeUndefined();
  });

  it("are without those that another one had replaced before the span", () => {
    const entries = [attested(START), attested(START + 100), attested(START + 200)];
    const span = { from: START + 150, until: START + 300 };
    const { attestations } = buildReport(factsOf(entries, START + 300, { span })).records[0]!;
    expect(attestations.map(({ asOf }) => asOf)).toEqual([START + 100, START + 200]);
  });

  it("have one that came in the last second, as the count does", () => {
    const entries = [attested(START), attested(START + 100)];
    const [record] = made(entries, START + 101).records;
    expect(record!.attestations).toHaveLength(record!.span.attestations);
    expect(record!.attestations).toHaveLength(2);
  });

  it("say it in the CSV and the PDF", async () => {
    const entries = [attested(START), voidedAt(attested(START), START + 50)];
    const report = made(entries, START + 300);
    const rows = parsed(reportCsv(report));
    const [head, row] = [rows[0]!, rows.find(([kind]) => kind === "attestation")!];
    expect(row[head.indexOf("ended")]).toBe(`${START + 50}`);
    expect(row[head.indexOf("cause")]).toBe("voided");
    const words = shown(Buffer.from(await reportPdf(report)).toString("latin1"));
    expect(words).toContain("taken back");
    expect(words.filter((text) => text.startsWith("voided")).length).toBeGreaterThan(1);
  });
});

describe("a record under a line", () => {
  const TIGHT = { ...TERMS, minInterval: TERMS.minInterval + 1 };
  const TIGHT_ID = policyId(TIGHT);
  const terms = new Map([
    [ID, TERMS],
    [TIGHT_ID, TIGHT],
  ]);
  const MOVED = START + 1_000;
  const segments = [
    { policyId: ID, from: START - 10, until: MOVED },
    { policyId: TIGHT_ID, from: MOVED, until: Number.MAX_SAFE_INTEGER },
  ];
  const records = [{ subject: SUBJECT, under: { line: hashOf(7), name: "main", segments } }];
  const under = (entries: readonly HistoryEntry[], time: number) =>
    reportOf(buildReport(factsOf(entries, time, { terms, records }))).records[0]!;

  it("has no attestation under a policy that the line had left or did not have yet", () => {
    // Under the policy that the line comes to, expired before it did; and under the one that it left, begun after.
    const early = { ...attested(START - validity - 500, 1n, TIGHT_ID) };
    const [before, left] = [attested(START), attested(MOVED + validity + 500)];
    const record = under([early, before, left], MOVED + 2 * validity);
    expect(record.attestations.map(({ asOf }) => asOf)).toEqual([START]);
    expect(record.whole).toMatchObject({ from: START + 1, attestations: 1, lapses: 1 });
    // What did not count stands where the reader sees it.
    expect(record.elsewhere.map((one) => one.policyId).sort()).toEqual([ID, TIGHT_ID].sort());
    expect(record.now).toEqual({ healthy: false, standing: "open", expiry: START + validity });
  });

  it("is healthy under a policy that the line left, and says so", () => {
    const record = under([attested(START)], MOVED + 5);
    expect(record.now).toEqual({
      ...{ healthy: true, standing: "open", expiry: START + validity },
      leftPolicy: ID,
    });
    const both = under([attested(START), attested(MOVED + 1, 5n, TIGHT_ID)], MOVED + 5);
    expect(both.now).toEqual({ healthy: true, standing: "open", expiry: MOVED + 1 + validity });
    expect(both.attestations).toHaveLength(2);
  });

  it("is none where the subject attested only while the line had another policy", () => {
    expect(() => under([attested(MOVED + 5)], MOVED + 10)).toThrow("report.empty");
  });

  it("counts an attestation from when the line came to its policy", () => {
    const record = under([attested(MOVED - 50, 5n, TIGHT_ID)], MOVED + 10);
    expect(record.whole).toMatchObject({ from: MOVED, attestations: 1, share: "1" });
  });

  it("stays under a policy that it is moved to while it has it", () => {
    const moves = [
      { kind: "opened", to: ID, time: 5 },
      { kind: "at once", to: ID, time: 9 },
    ] as const;
    expect(segmentsOf(moves, 20)).toEqual([{ policyId: ID, from: 5, until: Number.MAX_SAFE_INTEGER }]);
  });
});

describe("a report's file", () => {
  const readings = new Map([[BigInt(START), { sums: SUMS, read: "sealed" as const }]]);
  const report = made(LAPSED, END, { readings });

  it("is read as it was written, and has its content's hash", () => {
    expect(parseReport(formatReport(report))).toEqual(report);
    const { records, ...rest } = report;
    const otherOrder = JSON.stringify({ records, ...rest });
    expect(parseReport(otherOrder).contentHash).toBe(report.contentHash);
  });

  const altered = (change: (copy: Report) => void): Report => {
    const copy = structuredClone(report);
    change(copy);
    return copy;
  };
  const CHANGES: readonly [string, (copy: Report) => void][] = [
    ["a lapse left out", (copy) => copy.records[0]!.lapses.pop()],
    ["another value", (copy) => Object.assign(copy.records[0]!.attestations[0]!.nav!, { value: "9" })],
    ["another name", (copy) => Object.assign(copy.records[0]!, { label: "Borealis" })],
    ["a warning left out", (copy) => Reflect.deleteProperty(copy, "warning")],
  ];

  it.each(CHANGES)("is refused with %s", (_, change) => {
    expect(() => parseReport(formatReport(altered(change)))).toThrow("report.hash");
  });

  it("is refused with sums of a book without equity, which no statement says", () => {
    const empty = altered((copy) => Object.assign(copy.records[0]!.attestations[0]!.sums!, { equity: "0" }));
    const again = { ...empty, contentHash: contentHashOf(empty) };
    expect(() => parseReport(formatReport(again))).toThrow("report.records[0].attestations[0].sums.equity");
  });

  /** Codes and paths of all faults under a hash that is right. */
  const faultsOf = (change: (copy: Report) => void, from: Report = report): string[] => {
    const copy = structuredClone(from);
    change(copy);
    try {
      parseReport(formatReport({ ...copy, contentHash: contentHashOf(copy) }));
    } catch (error) {
      expect(error).toBeInstanceOf(KeelError);
      const { code, path, also = [] } = error as KeelError;
      return [{ code, path }, ...also].map((one) => `${one.code} ${one.path}`);
    }
    return [];
  };
  const at = "report.derived report.records[0]";

  it.each<[string, (copy: Report) => void, readonly string[]]>([
    [
      "figures that its sums do not give",
      (copy) => Object.assign(copy.records[0]!.attestations[0]!.figures![0]!, { usd: "61" }),
      [`${at}.attestations[0].figures[0].usd`],
    ],
    [
      "a share that its seconds do not give",
      (copy) => Object.assign(copy.records[0]!.span, { share: "1" }),
      [`${at}.span.share`],
    ],
    [
      "a lapse left out, and its count kept",
      (copy) => void copy.records[0]!.lapses.pop(),
      [`${at}.span.healthy`, `${at}.span.share`, `${at}.span.lapses`, `${at}.span.longestLapse`],
    ],
    [
      "more health than seconds",
      (copy) => Object.assign(copy.records[0]!.whole, { healthy: 10 ** 9, share: "9" }),
      [`${at}.whole.healthy`, `${at}.whole.share`],
    ],
    [
      "fewer lapses in all its time than in the span",
      (copy) => Object.assign(copy.records[0]!.whole, { lapses: 0 }),
      [`${at}.whole.lapses`],
    ],
    [
      "no warning of its development key",
      (copy) => Reflect.deleteProperty(copy, "warning"),
      ["report.derived report.warning"],
    ],
    [
      "another warning, to a terminal",
      (copy) => Object.assign(copy, { warning: "\u001b[2Jall is well" }),
      ["report.derived report.warning"],
    ],
    [
      "another span of a record than its own",
      (copy) => Object.assign(copy.span, { from: copy.span.from + 1 }),
      ["from", "seconds", "healthy", "attestations"].map((field) => `${at}.span.${field}`),
    ],
    [
      "an attestation left out, and its count kept",
      (copy) => void copy.records[0]!.attestations.pop(),
      [`${at}.span.attestations`],
    ],
    ["a policy that it does not describe", (copy) => Object.assign(copy, { policies: [] }), [`${at}.under`]],
    [
      "an attestation of another policy",
      (copy) => Object.assign(copy.records[0]!.attestations[0]!, { policyId: hashOf(9) }),
      [`${at}.attestations[0].policyId`],
    ],
    [
      "an attestation that was taken back after it expired",
      (copy) =>
        Object.assign(copy.records[0]!.attestations[0]!, { ended: { at: START * 2, cause: "voided" } }),
      [`${at}.attestations[0].ended.at`],
    ],
    [
      "a record twice, under two names",
      (copy) => void copy.records.push({ ...copy.records[0]!, label: "Borealis" }),
      ["report.derived report.records[1]", "report.derived report.records[1].label"],
    ],
    [
      "one name for two subjects",
      (copy) => void copy.records.push({ ...copy.records[0]!, subject: GUARDIAN }),
      ["report.derived report.records[1].label"],
    ],
    [
      "health now and a lapse that goes on",
      (copy) => Object.assign(copy.records[0]!.now, { healthy: false }),
      [`${at}.now.healthy`],
    ],
    [
      "a name that turns the reading direction",
      (copy) => Object.assign(copy.records[0]!, { label: "Aurelia\u202e" }),
      ["input.text report.records[0].label"],
    ],
    [
      "a word of how sums were read, and no sums",
      (copy) => Object.assign(copy.records[0]!.attestations[1]!, { read: "sealed" }),
      [`${at}.attestations[1].read`],
    ],
    [
      "a standing that there is not",
      (copy) => Object.assign(copy.records[0]!.now, { standing: "toString" }),
      ["input.value report.records[0].now.standing"],
    ],
  ])("is refused with %s, also under a new hash", (_, change, faults) => {
    expect(faultsOf(change)).toEqual(faults);
  });

  it.each([
    ["a key twice", (text: string) => text.replace('"span":', '"span": 5, "span":'), "input.json"],
    [
      "a number beyond 2^53",
      (text: string) => text.replace('"block": 99', `"block": ${2n ** 53n}`),
      "input.json",
    ],
    ["an unknown key", (text: string) => text.replace('"keel"', '"also": 5, "keel"'), "input.unknown-key"],
    [
      "an unknown key in a policy",
      (text: string) => text.replace('"circuit"', '"also": 5, "circuit"'),
      "input.",
    ],
  ])("is refused with %s", (_, change, code) => {
    const text = formatReport(report);
    expect(change(text)).not.toBe(text);
    expect(() => parseReport(change(text))).toThrow(code);
  });

  it("is one also where somebody wrote a long reason", () => {
    const entry = voidedAt(attested(START), START + 50);
    const takenBack = new Map([[placeKey(entry), ["x".repeat(3_000), "y".repeat(3_000)]]]);
    const long = made([attested(START), entry], START + 300, { takenBack });
    expect(parseReport(formatReport(long))).toEqual(long);
  });

  it("of the first version is refused, and the error says how to make it again", () => {
    const first = formatReport(report).replace('"report/2"', '"report/1"');
    expect(() => parseReport(first)).toThrow(
      expect.objectContaining({ code: "file.version", expected: expect.stringContaining("keel report") }),
    );
  });

  it("shows every place where two of them differ", () => {
    const other = altered((copy) => {
      copy.records[0]!.label = "Borealis";
      copy.records[0]!.lapses = [];
    });
    const found = differences(report, other, "report").map(({ path }) => path);
    expect(found).toEqual(["report.records[0].label", "report.records[0].lapses[0]"]);
  });
});

/** Cells of RFC 4180. */
function parsed(csv: string): string[][] {
  const rows: string[][] = [[]];
  const cells = /(?:"((?:[^"]|"")*)"|([^,\r\n"]*))(,|\r\n)/gy;
  for (const [, quoted, plain, end] of csv.matchAll(cells)) {
    rows.at(-1)!.push(quoted === undefined ? plain! : quoted.replaceAll('""', '"'));
    if (end === "\r\n") rows.push([]);
  }
  return rows.slice(0, -1);
}

describe("a report as CSV", () => {
  const HOSTILE = '=HYPERLINK("https://example.org","pay, now")';
  const records = [{ subject: SUBJECT, label: HOSTILE, under: { policyId: ID } }];
  const entries = [attested(START), revoked(START + 9, "subject", '=1+1\n@cmd,"')];

  it("has as many cells in each row, and nothing that a spreadsheet calculates", () => {
    const report = made(entries, START + 100, { records });
    const rows = parsed(reportCsv(report));
    expect(new Set(rows.map(({ length }) => length)).size).toBe(1);
    expect(rows).toHaveLength(3);
    const column = (name: string): string[] => rows.slice(1).map((row) => row[rows[0]!.indexOf(name)]!);
    expect(column("kind")).toEqual(["attestation", "lapse"]);
    expect(column("label")).toEqual([`'${HOSTILE}`, `'${HOSTILE}`]);
    expect(column("cause")).toEqual(["revokedBySubject", "revokedBySubject"]);
    expect(column("nav_usd")[0]).toBe("500000");
    expect(column("report_hash")).toEqual([report.contentHash, report.contentHash]);
    expect(rows.flat().filter((cell) => /^[=+@\t\r]/.test(cell))).toEqual([]);
  });

  it.each(["=1", "+1", "-x", "@x", "\t=1", "\r1", " =1", "|x", "%x", "＝1"])("takes %j for text", (text) => {
    expect(csvCell(text).replace(/^"/, "")).toMatch(/^'/);
  });

  it.each(["lost;=1+1", "lost; @x", "lost\t=1", "lost\n+1", "a;b;-x"])(
    "has no cell in %j for whoever splits elsewhere",
    (text) => {
      const cells = csvCell(text).split(/[;\t\n]/);
      expect(cells.filter((cell) => /^\s*[=+\-@]/.test(cell))).toEqual([]);
    },
  );

  it.each(["-1.5", "0", "12"])("leaves the number %s a number", (text) => {
    expect(csvCell(text)).toBe(text);
  });
});

/** The texts of a PDF that compresses nothing: hexadecimal pieces with kerning between them. */
function shown(pdf: string): string[] {
  return [...pdf.matchAll(/\[(.*?)\] TJ/g)].map(([, list]) =>
    [...list!.matchAll(/<([0-9a-f]*)>/g)]
      .map(([, hex]) => Buffer.from(hex!, "hex").toString("latin1"))
      .join(""),
  );
}

/** Two funds, one under a line; lapses of every cause, events, figures, values and another policy. */
function fullReport(isAlone: boolean): Report {
  // Places of its own, whatever other tests have made.
  block = 1_000;
  const other = { ...TERMS, validity: validity + 1 };
  const otherId = policyId(other);
  const second = GUARDIAN;
  const theirs = [0, 40, 95].map((at, i) => ({
    ...attested(START + at, BigInt(7_000 - i), otherId),
    ...{ subject: second, expiry: START + at + validity + 1, disclosure: undefined as never },
  }));
  const own = [
    attested(START, 5_000n),
    revoked(START + 50, "subject"),
    attested(START + 60, 4_700n),
    attested(START + 60 + validity + GAP, 5_100n),
    attested(START + 70 + validity + GAP, 0n),
    { ...attested(START + 80 + validity + GAP, 9n, otherId), expiry: START + 81 + 2 * validity + GAP },
    revoked(START + 90 + validity + GAP, "guardian", "a source =withdrew\n its word"),
  ];
  const readings = new Map([
    [BigInt(START), { sums: SUMS, read: "sealed" as const }],
    [BigInt(START + 60), { sums: { ...SUMS, equity: 50n * 10n ** 16n }, read: "opened" as const }],
  ]);
  const policyNames = {
    ...{ policy: "Aurelia's policy", underlyings: ["USD", "ETH", "BTC"], scenarios: ["down", "up"] },
    shocks: [
      [0, -4_000, 0],
      [0, 4_000, 100],
    ],
  };
  const line = {
    line: hashOf(77),
    name: "senior",
    segments: [{ policyId: otherId, from: START, until: Number.POSITIVE_INFINITY }],
  };
  const alone = { subject: SUBJECT, label: "Aurelia", under: { policyId: ID } };
  const terms = new Map([
    [ID, TERMS],
    [otherId, other],
  ]);
  return made([...theirs.slice(0, 1), ...own, ...theirs.slice(1)], START + 200 + validity + GAP, {
    ...{ readings, terms, names: new Map([[ID, policyNames]]) },
    records: isAlone ? [alone] : [alone, { subject: second, under: line }],
  });
}

describe("a report as PDF", () => {
  it.each([true, false])("says what it said, and looks as it looked: of one fund, %s", async (isAlone) => {
    const report = fullReport(isAlone);
    const bytes = await reportPdf(report);
    const words = shown(Buffer.from(bytes).toString("latin1"));
    const hash = createHash("sha256").update(bytes).digest("hex");
    const text = [
      ...words,
      `SHA-256 of the bytes: ${hash}`,
      "",
      formatReport(report),
      reportCsv(report),
    ].join("\n");
    await expect(text).toMatchFileSnapshot(`report-${isAlone ? "alone" : "several"}.snapshot.txt`);
  });

  it("has the same bytes each time, and its hash on each page", async () => {
    const many = Array.from({ length: 80 }, (_, i) => attested(START + 100 * i, BigInt(5_000 + i)));
    const report = made(many, START + 8_000);
    const [first, second] = [await reportPdf(report), await reportPdf(report)];
    expect(Buffer.from(first).equals(Buffer.from(second))).toBe(true);
    const text = Buffer.from(first).toString("latin1");
    const pages = text.match(/\/Type \/Page\b(?!s)/g)!.length;
    expect(pages).toBeGreaterThan(2);
    const words = shown(text);
    expect(words.filter((line) => line.includes(`content hash ${report.contentHash}`))).toHaveLength(pages);
    expect(words).toContain(`page ${pages} of ${pages}`);
    expect(words.join(" ")).not.toMatch(/undefined|NaN|\[object/);
    // The head of a table stands on each page that it goes on to, and the warning on each page.
    expect(words.filter((line) => line === "by the unit, USD").length).toBeGreaterThan(1);
    expect(words.filter((line) => line.startsWith("WARNING: DEVELOPMENT KEY")).length).toBeGreaterThanOrEqual(
      pages,
    );
  });

  it("shows for which attestations no sums were read", async () => {
    const readings = new Map([[BigInt(START), { sums: SUMS, read: "opened" as const }]]);
    const report = made(LAPSED, END, { readings });
    const words = shown(Buffer.from(await reportPdf(report)).toString("latin1")).join(" ");
    expect(words).toContain("Of 3 attestations in force in the span the sums of 1 were read.");
    expect(words.match(/not read/g)!.length).toBeGreaterThanOrEqual(2);
  });

  it("draws no line over a lapse, also of several funds", async () => {
    const other = `0x${"8".repeat(40)}` as const;
    const drawn = async (entries: readonly AttestedEntry[]): Promise<number> => {
      const both = entries.flatMap((one) => [one, { ...one, subject: other }]);
      const records = [SUBJECT, other].map((subject) => ({ subject, under: { policyId: ID } }));
      const report = made(both, END, { records });
      const text = Buffer.from(await reportPdf(report)).toString("latin1");
      // The second curve alone is dashed.
      const [, path] = /((?:[-\d. ]+ [ml]\n)+)\[5 2\] 0 d/.exec(text)!;
      return path!.match(/ l\n/g)?.length ?? 0;
    };
    const last = START + 100 + validity;
    const whole = [attested(START), attested(START + 100), attested(last - 10)];
    expect(await drawn(whole)).toBe(2);
    expect(await drawn(LAPSED)).toBe(1);
  });

  it("has its warning on each page, however long others made a reason or a line's name", async () => {
    const reason = "😀".repeat(1_000);
    const entries = [attested(START), revoked(START + 50, "subject", reason)];
    const segments = [{ policyId: ID, from: START, until: Number.MAX_SAFE_INTEGER }];
    const line = { line: hashOf(7), name: "ABC😀".repeat(900), segments };
    const records = [{ subject: SUBJECT, under: line }];
    const text = Buffer.from(await reportPdf(made(entries, START + 100, { records }))).toString("latin1");
    const pages = text.match(/\/Type \/Page\b(?!s)/g)!.length;
    const warnings = shown(text).filter((words) => words.startsWith("WARNING: DEVELOPMENT KEY"));
    // Once more at the end.
    expect(warnings).toHaveLength(pages + 1);
  });

  it("shows letters that its fonts lack as their numbers, and no control character", () => {
    expect(shownText("Ægir – Ω\u202e\u0007")).toBe("Ægir – \\u{3a9}\\u{202e}\\u{7}");
  });
});
