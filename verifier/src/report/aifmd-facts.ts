// SPDX-License-Identifier: MIT
/**
 * What the filer of an AIFMD Annex IV report declares (aifmd-facts/1): names, codes, and everything that no proof speaks of. Rates are
 * percentages and amounts whole units of the base currency, as the filing has them.
 *
 * @module
 */

import { z } from "zod";
import { checkAll, inputError } from "../core/errors.js";
import { address, FORMATS, parseFile, refuse } from "../core/schema.js";
import {
  ALL_REGIONS,
  ASSETS,
  type FieldType,
  HEDGE_STRATEGIES,
  INVESTOR_GROUPS,
  LIQUIDITY_BUCKETS,
  OTHER_STRATEGIES,
  oneOf,
  SUB_ASSETS,
  TURNOVERS,
  TYPES,
} from "./aifmd-table.js";

/** Text of a field's type. No control characters, which XML has not. */
function field(type: FieldType): z.ZodType<string> {
  return z.string().transform((text, context) => {
    if (/\p{C}/u.test(text))
      return refuse(context, "input.text", "text without control characters", "other text");
    return type.test(text) ? text : refuse(context, "aifmd.field", type.words, "other text");
  });
}

const position = z.enum(["L", "S"]).optional();
const amount = field(TYPES.natural);
const percent = field(TYPES.percent);
const market = z.strictObject({
  code: z.enum(["MIC", "OTC", "XXX"]),
  mic: field({ words: "a MIC", test: (text) => /^[A-Z0-9]{4}$/.test(text) }).optional(),
});

const aifSchema = z.strictObject({
  /** Whose record; the policy where there are several. */
  ...{
    subject: address,
    policyId: z
      .string()
      .regex(/^0x[0-9a-f]{64}$/)
      .optional(),
  },
  ...{ nationalCode: field(TYPES.code30), name: field(TYPES.text300), lei: field(TYPES.lei).optional() },
  ...{ eea: z.boolean(), reportingCode: z.int().min(1).max(45), domicile: field(TYPES.country) },
  ...{ inception: field(TYPES.date), last: z.boolean().default(false), shareClasses: z.boolean() },
  masterFeeder: z.enum(["MASTER", "FEEDER", "NONE"]).default("NONE"),
  type: z.enum(["HFND", "OTHR", "NONE"]),
  strategies: z
    .array(
      z.strictObject({
        type: field(oneOf(...HEDGE_STRATEGIES, ...OTHER_STRATEGIES)),
        primary: z.boolean(),
        navRate: field(TYPES.rate).optional(),
        description: field(TYPES.text300).optional(),
      }),
    )
    .min(1),
  /** Assets under management by Articles 2 and 10 of Regulation 231/2013, USD. */
  aum: amount,
  /** Euros for a dollar. */
  fx: z.strictObject({
    type: z.enum(["ECB", "OTH"]),
    rate: field(TYPES.fine),
    source: field(TYPES.text30).optional(),
  }),
  mainInstruments: z
    .array(
      z.strictObject({
        ...{ subAssetType: field(oneOf(...SUB_ASSETS)), name: field(TYPES.text300) },
        ...{ value: amount, position: z.enum(["L", "S"]) },
      }),
    )
    .max(5),
  navByRegion: z.strictObject(Object.fromEntries(ALL_REGIONS.map((region) => [region, field(TYPES.rate)]))),
  principalExposures: z
    .array(
      z.strictObject({
        subAssetType: field(oneOf(...SUB_ASSETS)),
        ...{ position: z.enum(["L", "S"]), amount, rate: percent },
      }),
    )
    .max(10),
  concentrations: z
    .array(
      z.strictObject({
        ...{ assetType: field(oneOf(...ASSETS)), position, market: market.optional() },
        ...{ amount: amount.optional(), rate: percent.optional() },
      }),
    )
    .max(5),
  markets: z.array(z.strictObject({ market, amount: amount.optional() })).max(3),
  investors: z.strictObject({ largestFive: percent, professional: percent, retail: percent }),
  /** What Article 24(2) asks beside that; without it the filing is one under Article 24(1). */
  article24_2: z
    .strictObject({
      /** "disclosed": all gross exposure that the sums show. */
      exposures: z
        .array(
          z.strictObject({
            subAssetType: field(oneOf(...SUB_ASSETS)),
            gross: z.union([z.literal("disclosed"), amount]).optional(),
            ...{ long: amount.optional(), short: amount.optional() },
          }),
        )
        .min(1),
      turnovers: z
        .array(
          z.strictObject({
            type: field(oneOf(...TURNOVERS)),
            ...{ value: amount.optional(), notional: amount.optional() },
          }),
        )
        .min(1),
      expectedReturn: field(TYPES.rateOrNone),
      liquidity: z
        .strictObject({
          unencumberedCash: amount,
          investorGroups: z
            .array(z.strictObject({ type: field(oneOf(...INVESTOR_GROUPS)), rate: percent }))
            .min(1),
          /** A rate for each bucket; where the policy limits the days to unwind they are proven instead. */
          profile: z.array(field(TYPES.fine)).length(LIQUIDITY_BUCKETS.length).optional(),
        })
        .optional(),
      /** Liquidity stress tests under Article 16. */
      liquidityStress: field(TYPES.long),
      rehypothecated: z.boolean(),
      commitmentLeverage: field(TYPES.rate),
      /** Where no sums can be read. */
      grossLeverage: field(TYPES.rate).optional(),
    })
    .optional(),
});

const factsSchema = z.strictObject({
  keel: z.literal("aifmd-facts/1"),
  reportingMemberState: field(TYPES.country),
  filing: z.enum(["INIT", "AMND"]),
  period: z.strictObject({
    type: z.enum(["Q1", "Q2", "Q3", "Q4", "H1", "H2", "Y1"]),
    year: z.int().min(2013).max(9999),
  }),
  aifmNationalCode: field(TYPES.code30),
  aifs: z.array(aifSchema).min(1),
});
FORMATS.add(factsSchema, {
  id: "aifmd-facts/1",
  folder: "verifier",
  title: "What the filer of an AIFMD Annex IV report declares",
});

export type AifmdFacts = z.output<typeof factsSchema>;
export type AifFacts = z.output<typeof aifSchema>;

/** Reads an aifmd-facts/1 file; all that is wrong with it is told at once. @throws KeelError kind "input" */
export function parseAifmdFacts(text: string): AifmdFacts {
  const facts = parseFile(factsSchema, text, "facts");
  checkAll(...facts.aifs.flatMap((aif, i) => checksOf(aif, `facts.aifs[${i}]`)), () => checkOnce(facts));
  return facts;
}

function checkOnce({ aifs }: AifmdFacts): void {
  const names = aifs.map(({ subject, policyId = "" }) => `${subject} ${policyId}`);
  const again = names.findIndex((name, i) => names.indexOf(name) !== i);
  if (again < 0) return;
  throw inputError("report.twice", `facts.aifs[${again}].subject`, "each record once", names[again]!.trim());
}

/** What the type of one field alone does not say. */
function checksOf(aif: AifFacts, path: string): (() => void)[] {
  const { lei, type, strategies, fx, concentrations, markets } = aif;
  const refusal = (place: string, expected: string, received: string) =>
    inputError("aifmd.field", `${path}.${place}`, expected, received);
  const codes = type === "HFND" ? HEDGE_STRATEGIES : OTHER_STRATEGIES;
  const places = [
    ...concentrations.map((row, i) => [`concentrations[${i}].market`, row.market] as const),
    ...markets.map((row, i) => [`markets[${i}].market`, row.market] as const),
  ];
  return [
    () => {
      if (lei !== undefined && !hasLeiChecksum(lei))
        throw refusal("lei", "an LEI with its check digits (ISO 7064)", "one with a character mistyped");
    },
    () => {
      const wrong = strategies.find((one) => type !== "NONE" && !codes.includes(one.type));
      if (wrong !== undefined) throw refusal("strategies", `strategies of ${type}`, wrong.type);
    },
    () => {
      const primary = strategies.filter((one) => one.primary).length;
      if (primary !== 1) throw refusal("strategies", "one primary strategy", `${primary}`);
    },
    () => {
      if ((fx.type === "OTH") !== (fx.source !== undefined))
        throw refusal(
          "fx.source",
          "a source with OTH, none with ECB",
          fx.source === undefined ? "none" : "one",
        );
    },
    ...places.map(([place, found]) => () => {
      if (found !== undefined && (found.code === "MIC") !== (found.mic !== undefined))
        throw refusal(
          `${place}.mic`,
          "a MIC with the code MIC, else none",
          found.mic === undefined ? "none" : "one",
        );
    }),
  ];
}

/** Letters as 10 to 35, and the whole number is 1 modulo 97 (ISO 17442, ISO 7064). */
function hasLeiChecksum(lei: string): boolean {
  const digits = [...lei.toUpperCase()].map((sign) => Number.parseInt(sign, 36)).join("");
  return BigInt(digits) % 97n === 1n;
}
