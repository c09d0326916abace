// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Is what a report gives of an AIFMD Annex IV filing in the schema's order, of its types, and does each field say on what it stands?
 *
 * ESMA's schema is not kept here: its order, codes and widths stand in verifier/src/report/aifmd-table.ts, by which the text is read
 * again below.
 *
 * @module
 */
import { KeelError } from "@keel/verifier";
import {
  AIF_REPORT,
  type AifmdFacts,
  aifmdFiling,
  escaped,
  type FieldElement,
  faultsIn,
  parseAifmdFacts,
  type Report,
  type ReportAttestation,
  SUB_ASSETS,
  TYPES,
  type XmlNode,
} from "@keel/verifier/report";
import { describe, expect, it } from "vitest";
import { formatExamples } from "../../dist/scripts/format-examples.js";

const SUBJECT = `0x${"1".repeat(40)}`;
const hashOf = (n: number): string => `0x${n.toString(16).padStart(64, "0")}`;
const day = (text: string): number => Date.parse(`${text}T00:00:00Z`) / 1000;
const END = day("2027-01-02");
const DOLLAR = 10n ** 16n;

function attestation(date: string, value: bigint, sums = true): ReportAttestation {
  const asOf = day(date);
  return {
    ...{ policyId: hashOf(1), asOf, accepted: asOf + 5, expiry: asOf + 90 * 86_400, block: 7 },
    ...{ transaction: hashOf(asOf), digest: `${asOf}`, units: "100000000" },
    nav: { value: `${value * DOLLAR}`, perUnit: `${value * DOLLAR}` },
    ...(sums
      ? {
          sums: {
            ...{ equity: `${value * DOLLAR + 7n}`, assets: `${2n * value * DOLLAR}`, deltas: ["0"] },
            ...{
              grossExposure: `${2n * value * DOLLAR + 1n}`,
              collateral: "0",
              accountEquity: [],
              bookSums: [],
            },
          },
          read: "sealed" as const,
          figures: [{ name: "P&L Ether down 40%", usd: "-1234.567" }],
          ratios: [],
        }
      : {}),
  };
}

const STRETCH = {
  ...{ from: day("2026-01-05"), until: END, seconds: 1, healthy: 1, share: "1", attestations: 3, lapses: 0 },
  longestLapse: 0,
};

function reportOf(attestations: readonly ReportAttestation[], more: object = {}): Report {
  return {
    keel: "report/2",
    chain: { chainId: 1, registry: SUBJECT, fromBlock: 0, block: 9, blockHash: hashOf(9), time: END },
    span: { from: day("2026-01-01"), until: END },
    proofs: { verified: 3, keys: [] },
    policies: [
      {
        ...{
          policyId: hashOf(1),
          circuit: "portfolio-health/spot-16",
          limits: ["gross exposure was at most 200 % of equity"],
        },
        ...{ basis: [], validity: 86_400, navStep: "1" },
        ...more,
      },
    ],
    records: [
      {
        ...{ subject: SUBJECT, under: { kind: "policy", policyId: hashOf(1) } },
        now: { healthy: true, standing: "open", expiry: END },
        ...{
          whole: STRETCH,
          span: STRETCH,
          attestations: [...attestations],
          lapses: [],
          events: [],
          elsewhere: [],
        },
      },
    ],
    contentHash: hashOf(5),
  };
}

const ATTESTED = [
  attestation("2026-02-20", 1_000n),
  attestation("2026-03-20", 900n),
  attestation("2026-12-20", 950n),
];
const EXAMPLE = formatExamples()["aifmd-facts/1"]!;
const facts = (change: (copy: AifmdFacts) => void = () => {}): AifmdFacts => {
  const copy = structuredClone(EXAMPLE) as AifmdFacts;
  change(copy);
  return parseAifmdFacts(JSON.stringify(copy));
};
const filed = (report = reportOf(ATTESTED), declared = facts()): string => aifmdFiling(report, declared).xml;

/** The text of the first element of a name. */
const textOf = (xml: string, name: string): string | undefined =>
  new RegExp(`<${name}>(.*?)</${name}>`).exec(xml)?.[1];
const groundOf = (xml: string, name: string): string | undefined =>
  new RegExp(`</${name}> <!-- (.*?) -->`).exec(xml)?.[1];

/** A reader of its own: elements, texts, comments, and the five entities. */
function parsed(xml: string): XmlNode {
  const tokens = xml.matchAll(/<\?.*?\?>|<!--(.*?)-->|<(\/?)([\w-]+)([^>]*)>([^<]*)/gs);
  const stack: { name: string; text: string; parts: XmlNode[] }[] = [{ name: "", text: "", parts: [] }];
  for (const [, , closes, name, , text] of tokens) {
    if (name === undefined) continue;
    if (closes === "/") {
      const { parts, text: own, ...done } = stack.pop()!;
      expect(done.name).toBe(name);
      stack.at(-1)!.parts.push(parts.length > 0 ? { ...done, parts } : { ...done, text: plain(own) });
    } else stack.push({ name, text: text!, parts: [] });
  }
  return stack[0]!.parts[0]!;
}

const plain = (text: string): string =>
  text.replace(
    /&(amp|lt|gt|quot|apos);/g,
    (_, name) => ({ amp: "&", lt: "<", gt: ">", quot: '"', apos: "'" })[name as "amp"],
  );

const codesOf = (work: () => unknown): string[] => {
  try {
    work();
  } catch (error) {
    const { code, path, also = [] } = error as KeelError;
    expect(error).toBeInstanceOf(KeelError);
    return [{ code, path }, ...also].map((one) => `${one.code} ${one.path}`);
  }
  return [];
};

describe("a filing", () => {
  it("has the elements of the schema's table in their order, each of its type", () => {
    expect(faultsIn(parsed(filed()), AIF_REPORT)).toEqual([]);
    const alone = facts((copy) => Reflect.deleteProperty(copy.aifs[0]!, "article24_2"));
    const xml = filed(reportOf(ATTESTED), alone);
    expect(faultsIn(parsed(xml), AIF_REPORT)).toEqual([]);
    expect([textOf(xml, "AIFContentType"), xml.includes("AIFIndividualInfo")]).toEqual(["1", false]);
    expect(filed()).toMatch(
      /<AIFReportingInfo ReportingMemberState="LU" Version="1.2" CreationDateAndTime="2027-01-02T00:00:00">/,
    );
  });

  it("is written as it was: whoever changes that looks at what changes in aifmd.snapshot.xml", async () => {
    await expect(filed()).toMatchFileSnapshot("aifmd.snapshot.xml");
  });

  it.each([
    ["Q1", "2026-01-01", "2026-03-31"],
    ["Q2", "2026-04-01", "2026-06-30"],
    ["Q4", "2026-10-01", "2026-12-31"],
    ["H1", "2026-01-01", "2026-06-30"],
    ["H2", "2026-07-01", "2026-12-31"],
  ] as const)("of %s is of the days from %s to %s", (type, start, end) => {
    const declared = facts((copy) => Object.assign(copy.period, { type }));
    const year = ["2026-01", "2026-02", "2026-04", "2026-07", "2026-10", "2026-12"];
    const xml = filed(
      reportOf(year.map((month, i) => attestation(`${month}-20`, 900n + BigInt(i)))),
      declared,
    );
    expect([textOf(xml, "ReportingPeriodStartDate"), textOf(xml, "ReportingPeriodEndDate")]).toEqual([
      start,
      end,
    ]);
    // The last attestation of the period, and none after it.
    const last = year.filter((month) => `${month}-20` <= end).length - 1;
    expect(groundOf(xml, "AIFNetAssetValue")).toContain(`${year[last]}-20`);
  });

  it("is of the record that the facts name where the report has several of the subject", () => {
    const report = reportOf(ATTESTED);
    const [record] = report.records;
    const other = { ...record!, under: { kind: "policy", policyId: hashOf(2) } } as const;
    const both = { ...report, records: [other, record!] };
    expect(() => filed(both)).toThrow("aifmd.record");
    const named = facts((copy) => Object.assign(copy.aifs[0]!, { policyId: hashOf(1) }));
    expect(filed(both, named)).toBe(filed(report, named));
    const neither = facts((copy) => Object.assign(copy.aifs[0]!, { policyId: hashOf(3) }));
    expect(() => filed(both, neither)).toThrow("aifmd.record");
  });

  it("is refused out of order, with something missing, and with another form", () => {
    const at = (root: XmlNode, change: (parts: XmlNode[]) => void): XmlNode => {
      const copy = structuredClone(root);
      change(copy.parts![0]!.parts as XmlNode[]);
      return copy;
    };
    const root = parsed(filed());
    const swapped = at(root, (parts) => parts.splice(0, 2, parts[1]!, parts[0]!));
    const short = at(root, (parts) => parts.pop());
    const other = at(root, (parts) => parts.splice(0, 1, { name: "FilingType", text: "LATE" }));
    for (const bad of [swapped, short, other]) expect(faultsIn(bad, AIF_REPORT).length).toBeGreaterThan(0);
  });

  it("takes from the report what is proven or disclosed, and says so behind it and as an assumption", () => {
    const xml = filed();
    expect(textOf(xml, "AIFNetAssetValue")).toBe("950");
    expect(groundOf(xml, "AIFNetAssetValue")).toContain("proven: disclosure statement");
    // 2 and a little more, rounded up: 200.01.
    expect(textOf(xml, "GrossMethodRate")).toBe("200.00");
    expect(groundOf(xml, "GrossMethodRate")).toMatch(/^disclosed: /);
    expect(textOf(xml, "GrossValue")).toBe("1901");
    expect(textOf(xml, "RateMarch")).toBe("-10.00");
    expect(xml).not.toContain("RateDecember");
    expect(textOf(xml, "StressTestsResultArticle15")).toContain("Ether down 40% -1,234.56 USD");
    expect(groundOf(xml, "CommitmentMethodRate")).toBe("declared");
    const questions = [...xml.matchAll(/<QuestionNumber>(\d+)</g)].map(([, number]) => number);
    expect(questions).toEqual(["49", "53", "122", "245", "279", "294"]);
    const { fields } = aifmdFiling(reportOf(ATTESTED), facts());
    expect(fields).toMatchObject({ proven: 4, disclosed: 2 });
    const total = fields.proven + fields.disclosed + fields.declared;
    expect([...xml.matchAll(/<\/\w[\w-]*> <!-- (?:proven|disclosed|declared)/g)]).toHaveLength(total);
    expect(xml).not.toMatch(/<\/AssumptionDescription> <!--/);
  });

  it("names a development key wherever it says proven or disclosed", () => {
    const xml = filed({ ...reportOf(ATTESTED), warning: "WARNING: DEVELOPMENT KEY. Its secret is public." });
    const words = [...xml.matchAll(/<(?:!--|AssumptionDescription>) ?((?:proven|disclosed).*?)(?:-->|<\/)/g)];
    expect(words.length).toBeGreaterThan(8);
    // The line that says what the words mean is none of a field.
    for (const [, text] of words.filter(([, text]) => !text!.startsWith("proven: a verified")))
      expect(text).toContain("by a DEVELOPMENT KEY");
  });

  it("takes nothing from an attestation that was voided, and says of a revoked one that it was", () => {
    const ended = (cause: "voided" | "revokedBySubject", index: number) =>
      ATTESTED.map((one, i) => (i === index ? { ...one, ended: { at: one.accepted + 9, cause } } : one));
    const xml = filed(reportOf(ended("voided", 2)));
    expect(textOf(xml, "AIFNetAssetValue")).toBe("900");
    expect(textOf(xml, "StressTestsResultArticle15")).toContain("Proven at each of 2 attestations");
    expect(textOf(xml, "StressTestsResultArticle15")).toContain("Not counted: 1 attestations");
    expect(filed(reportOf(ended("voided", 1)))).not.toContain("RateMarch");
    const revoked = filed(reportOf(ended("revokedBySubject", 2)));
    expect(textOf(revoked, "AIFNetAssetValue")).toBe("950");
    expect(groundOf(revoked, "AIFNetAssetValue")).toContain("revoked by the subject at 2026-12-20");
    const none = reportOf(
      ATTESTED.slice(2).map((one) => ({ ...one, ended: { at: END, cause: "voided" as const } })),
    );
    expect(codesOf(() => filed(none))).toEqual(["aifmd.period facts.period"]);
  });

  it("says of each policy of a line how many attestations are of it", () => {
    const report = reportOf(ATTESTED.map((one, i) => (i === 0 ? { ...one, policyId: hashOf(2) } : one)));
    const [policy] = report.policies;
    report.policies.push({
      ...policy!,
      policyId: hashOf(2),
      limits: ["gross exposure was at most 900 % of equity"],
    });
    const text = textOf(filed(report), "StressTestsResultArticle15")!;
    expect(text).toMatch(/each of 2 of 3 attestations [^:]* policy 0x0+1: gross exposure was at most 200 %/);
    expect(text).toMatch(/each of 1 of 3 attestations [^:]* policy 0x0+2: gross exposure was at most 900 %/);
  });

  it("puts everything into the bucket that a proven limit on the days to unwind reaches to", () => {
    const xml = filed(reportOf(ATTESTED, { unwindDays: "50000" }));
    expect(textOf(xml, "PortfolioLiquidityInDays0to1Rate")).toBe("0");
    expect(textOf(xml, "PortfolioLiquidityInDays2to7Rate")).toBe("100");
    expect(groundOf(xml, "PortfolioLiquidityInDays2to7Rate")).toContain("within 5 days");
    expect(groundOf(filed(), "PortfolioLiquidityInDays2to7Rate")).toBe("declared");
  });

  it("makes nothing of names but text", () => {
    const name = `A</AIFName><AIFNetAssetValue>9</AIFNetAssetValue><!-- --> & "B" -- 'C' ]]>`;
    const xml = filed(
      reportOf(ATTESTED),
      facts((copy) => Object.assign(copy.aifs[0]!, { name })),
    );
    const root = parsed(xml);
    expect(faultsIn(root, AIF_REPORT)).toEqual([]);
    expect(root.parts![0]!.parts!.find((part) => part.name === "AIFName")!.text).toBe(name);
    for (const [, text] of xml.matchAll(/<!--(.*?)-->/gs)) expect(text).not.toMatch(/--|-$/);
    expect(escaped("a\u0000b\ud800c")).toBe("a\ufffdb\ufffdc");
  });

  it.each<[string, Report, (copy: AifmdFacts) => void, string]>([
    [
      "of a fund without a record",
      reportOf(ATTESTED),
      (copy) => Object.assign(copy.aifs[0]!, { subject: `0x${"2".repeat(40)}` }),
      "aifmd.record",
    ],
    [
      "of a period that the report does not reach",
      reportOf(ATTESTED),
      (copy) => Object.assign(copy.period, { year: 2027 }),
      "aifmd.period",
    ],
    ["of a period without an attestation", reportOf([]), () => {}, "aifmd.period"],
    [
      "of leverage that nothing shows",
      reportOf([attestation("2026-12-20", 5n, false)]),
      () => {},
      "aifmd.exposures",
    ],
    [
      "without a liquidity profile",
      reportOf(ATTESTED),
      (copy) => Reflect.deleteProperty(copy.aifs[0]!.article24_2!.liquidity!, "profile"),
      "aifmd.liquidity",
    ],
  ])("is not made %s", (_, report, change, code) => {
    expect(codesOf(() => aifmdFiling(report, facts(change)))[0]).toContain(code);
  });
});

describe("what a filer declares", () => {
  it("is refused with all its faults at once", () => {
    const found = codesOf(() =>
      facts((copy) => {
        Object.assign(copy, { reportingMemberState: "Luxembourg" });
        Object.assign(copy.aifs[0]!, { aum: "1.5", inception: "2026-02-30", name: "a\u0007b" });
        Object.assign(copy.aifs[0]!.investors, { retail: "101" });
      }),
    );
    const at = "facts.aifs[0]";
    expect(found.sort()).toEqual([
      ...[`aifmd.field ${at}.aum`, `aifmd.field ${at}.inception`, `aifmd.field ${at}.investors.retail`],
      ...["aifmd.field facts.reportingMemberState", `input.text ${at}.name`],
    ]);
  });

  it.each<[string, (copy: AifmdFacts) => void, string]>([
    [
      "an LEI with a digit mistyped",
      (copy) => Object.assign(copy.aifs[0]!, { lei: "KEELEXAMPLE000000003" }),
      "aifmd.field facts.aifs[0].lei",
    ],
    [
      "two primary strategies",
      (copy) => void copy.aifs[0]!.strategies.push({ ...copy.aifs[0]!.strategies[0]! }),
      "aifmd.field facts.aifs[0].strategies",
    ],
    [
      "strategies of another type",
      (copy) => Object.assign(copy.aifs[0]!, { type: "OTHR" }),
      "aifmd.field facts.aifs[0].strategies",
    ],
    [
      "a source of an ECB rate",
      (copy) => Object.assign(copy.aifs[0]!.fx, { source: "a bank" }),
      "aifmd.field facts.aifs[0].fx.source",
    ],
    [
      "a MIC without its code",
      (copy) => Object.assign(copy.aifs[0]!.markets[0]!.market, { mic: "XPAR" }),
      "aifmd.field facts.aifs[0].markets[0].market.mic",
    ],
    ["a fund twice", (copy) => void copy.aifs.push(copy.aifs[0]!), "report.twice facts.aifs[1].subject"],
  ])("is refused with %s", (_, change, fault) => {
    expect(codesOf(() => facts(change))).toContain(fault);
  });
});

describe("the table", () => {
  it("has every code once, and each element of one kind", () => {
    expect(SUB_ASSETS).toHaveLength(72);
    expect(new Set(SUB_ASSETS).size).toBe(72);
    const walk = (element: FieldElement): void => {
      expect([element.type === undefined, element.parts === undefined]).toContain(false);
      const names = (element.parts ?? []).map(({ name }) => name);
      expect(new Set(names).size, element.name).toBe(names.length);
      element.parts?.forEach(walk);
    };
    walk(AIF_REPORT);
  });

  it.each([
    [TYPES.rate, ["0", "-1.25", "123456789012345.99"], ["1.234", "01", "1e3", "+1", "1234567890123456"]],
    [TYPES.percent, ["0", "100", "100.00", "99.99"], ["100.01", "-1", "1.234"]],
    [TYPES.natural, ["0", "999999999999999"], ["1.0", "-1", "1000000000000000"]],
    [TYPES.date, ["2028-02-29"], ["2026-02-29", "2026-1-1", "20260101"]],
  ])("%#: knows its widths", (type, good, bad) => {
    expect(good.filter((text) => !type.test(text))).toEqual([]);
    expect(bad.filter((text) => type.test(text))).toEqual([]);
  });
});
