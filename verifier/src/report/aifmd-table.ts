// SPDX-License-Identifier: MIT
/**
 * The part of an AIF's report under AIFMD Annex IV that is written here: elements in their order, how often each stands, and what it may
 * hold. The order and the codes are those of ESMA's schema, version 1.2 (AIFMD_DATAIF_V1.2.xsd with
 * AIFMD_REPORTING_DataTypes_V1.2.xsd, of ESMA/2013/1358); `item` is its number of the question. What the schema has beside these is
 * optional there and left out here.
 *
 * @module
 */

import { inputError, type KeelError } from "../core/errors.js";

/** What an element may hold. */
export interface FieldType {
  readonly words: string;
  test(text: string): boolean;
}

/** An element: text of a type, or other elements in their order. */
export interface FieldElement {
  readonly name: string;
  readonly item?: number;
  /** How often it stands at least and at most; once when absent. */
  readonly least?: number;
  readonly most?: number;
  readonly type?: FieldType;
  readonly parts?: readonly FieldElement[];
}

const matching = (words: string, pattern: RegExp): FieldType => ({
  words,
  test: (text) => pattern.test(text),
});

/** One of some codes. */
export function oneOf(...codes: readonly string[]): FieldType {
  return { words: `one of ${codes.join(", ")}`, test: (text) => codes.includes(text) };
}

const spread = (prefix: string, codes: string): string[] =>
  codes.split(" ").map((code) => `${prefix}_${code}`);

export const SUB_ASSETS: readonly string[] = [
  ...spread(
    "SEC",
    "CSH_CODP CSH_COMP CSH_OTHD CSH_OTHC LEQ_IFIN LEQ_OTHR UEQ_UEQY CPN_INVG CPN_NIVG CPI_INVG",
  ),
  ...spread(
    "SEC",
    "CPI_NIVG SBD_EUBY SBD_EUBM SBD_NOGY SBD_NOGM SBD_EUGY SBD_EUGM MBN_MNPL CBN_INVG CBN_NIVG",
  ),
  ...spread(
    "SEC",
    "CBI_INVG CBI_NIVG LON_LEVL LON_OTHL SSP_SABS SSP_RMBS SSP_CMBS SSP_AMBS SSP_ABCP SSP_CDOC",
  ),
  ...spread("SEC", "SSP_STRC SSP_SETP SSP_OTHS"),
  ...spread(
    "DER",
    "EQD_FINI EQD_OTHD FID_FIXI CDS_SNFI CDS_SNSO CDS_SNOT CDS_INDX CDS_EXOT CDS_OTHR FEX_INVT",
  ),
  ...spread(
    "DER",
    "FEX_HEDG IRD_INTR CTY_ECOL CTY_ENNG CTY_ENPW CTY_ENOT CTY_PMGD CTY_PMOT CTY_OTIM CTY_OTLS",
  ),
  ...spread("DER", "CTY_OTAP CTY_OTHR OTH_OTHR"),
  ...spread("PHY", "RES_RESL RES_COML RES_OTHR CTY_PCTY TIM_PTIM ART_PART TPT_PTPT OTH_OTHR"),
  ...spread("CIU", "OAM_MMFC OAM_AETF OAM_OTHR NAM_MMFC NAM_AETF NAM_OTHR"),
  ...["OTH_OTH_OTHR", "NTA_NTA_NOTA"],
];

export const TURNOVERS: readonly string[] = [
  ...spread("SEC", "CSH_CSH LEQ_LEQ UEQ_UEQ CPN_IVG CPN_NIG CPI_CPI SBD_EUB SBD_NEU MUN_MUN CBD_CBD LON_LON"),
  ...spread("SEC", "SSP_SSP"),
  ...spread("DER", "EQD_EQD FID_FID CDS_CDS FEX_INV FEX_HED IRD_IRD CTY_CTY OTH_OTH"),
  ...spread("PHY", "RES_RES CTY_CTY TIM_TIM ART_ART TPT_TPT OTH_OTH"),
  ...["CIU_CIU_CIU", "OTH_OTH_OTH"],
];

/** Of a concentration: the first two parts of a sub-asset type. */
export const ASSETS: readonly string[] = [...new Set(SUB_ASSETS.map((code) => code.slice(0, 7)))];

export const HEDGE_STRATEGIES: readonly string[] = [
  ...["EQTY_LGBS", "EQTY_LGST", "EQTY_MTNL", "EQTY_STBS", "RELV_FXIA", "RELV_CBAR", "RELV_VLAR", "EVDR_DSRS"],
  ...["EVDR_RAMA", "EVDR_EYSS", "CRED_LGST", "CRED_ABLG", "MACR_MACR", "MANF_CTAF", "MANF_CTAQ", "MULT_HFND"],
  "OTHR_HFND",
];
export const OTHER_STRATEGIES: readonly string[] = spread("OTHR", "COMF EQYF FXIF INFF OTHF");
export const INVESTOR_GROUPS: readonly string[] = "NFCO BANK INSC OFIN PFND GENG OCIU HHLD UNKN NONE".split(
  " ",
);
export const MONTHS: readonly string[] =
  "January February March April May June July August September October November December".split(" ");
/** Ends of the buckets of days in which a portfolio can be liquidated, and their names; the last has none. */
export const LIQUIDITY_BUCKETS: readonly (readonly [name: string, days: number])[] = [
  ...([
    ["0to1", 1],
    ["2to7", 7],
    ["8to30", 30],
    ["31to90", 90],
    ["91to180", 180],
    ["181to365", 365],
  ] as const),
  ["365More", Number.POSITIVE_INFINITY],
];
const REGIONS = ["Africa", "AsiaPacific", "Europe", "EEA", "MiddleEast", "NorthAmerica", "SouthAmerica"];
export const ALL_REGIONS: readonly string[] = [...REGIONS, "SupraNational"];

/** Last day of each month of a year that is none of 366 days, and the 29th of February. */
const isDate = (text: string): boolean => {
  const date = new Date(`${text}T00:00:00Z`);
  return (
    /^\d{4}-\d{2}-\d{2}$/.test(text) && !Number.isNaN(date.getTime()) && date.toISOString().startsWith(text)
  );
};

export const TYPES = {
  code30: matching("1 to 30 characters", /^.{1,30}$/su),
  text300: matching("at most 300 characters", /^.{1,300}$/su),
  text30: matching("at most 30 characters", /^.{1,30}$/su),
  long: matching("at most 32000 characters", /^.{0,32000}$/su),
  natural: matching("a whole number of at most 15 digits", /^(0|[1-9]\d{0,14})$/),
  whole: matching("a whole number of at most 15 digits", /^-?(0|[1-9]\d{0,14})$/),
  rate: matching("a decimal of at most 15 digits and 2 places", /^-?(0|[1-9]\d{0,14})(\.\d{1,2})?$/),
  rateOrNone: matching("a decimal of at most 2 places, or NA", /^(-?(0|[1-9]\d{0,14})(\.\d{1,2})?|NA)$/),
  fine: matching("a decimal of at most 4 places, not negative", /^(0|[1-9]\d{0,14})(\.\d{1,4})?$/),
  percent: matching("0 to 100 with at most 2 places", /^(100(\.0{1,2})?|\d{1,2}(\.\d{1,2})?)$/),
  date: { words: "a day, as 2026-12-31", test: isDate },
  year: matching("a year", /^\d{4}$/),
  flag: oneOf("true", "false"),
  country: matching("two capital letters (ISO 3166-1)", /^[A-Z]{2}$/),
  currency: matching("three capital letters (ISO 4217)", /^[A-Z]{3}$/),
  lei: matching("an LEI: 18 letters or digits and 2 digits", /^[0-9A-Za-z]{18}[0-9]{2}$/),
  version: matching("a version", /^\d+\.\d+$/),
} as const satisfies Record<string, FieldType>;

const { natural, percent, rate, flag, text300 } = TYPES;
const leaf = (name: string, type: FieldType, item?: number): FieldElement => ({
  ...{ name, type },
  ...(item === undefined ? {} : { item }),
});
const group = (name: string, ...parts: readonly FieldElement[]): FieldElement => ({ name, parts });
const maybe = (element: FieldElement): FieldElement => ({ ...element, least: 0 });
const times = (element: FieldElement, least: number, most: number): FieldElement => ({
  ...element,
  least,
  most,
});
const ranking = (most: number): FieldType => oneOf(...Array.from({ length: most }, (_, i) => `${i + 1}`));
const position = oneOf("L", "S");
const ANY = 1_000;

function market(types: readonly string[], item: number): FieldElement {
  return group(
    "MarketIdentification",
    leaf("MarketCodeType", oneOf(...types), item),
    maybe(leaf("MarketCode", matching("a MIC", /^[A-Z0-9]{4}$/), item + 1)),
  );
}

function strategies(kind: string, codes: readonly string[]): FieldElement {
  const one = group(
    `${kind}Strategy`,
    leaf(`${kind}StrategyType`, oneOf(...codes), 58),
    leaf("PrimaryStrategyFlag", flag, 59),
    maybe(leaf("StrategyNAVRate", rate, 60)),
    maybe(leaf("StrategyTypeOtherDescription", text300, 61)),
  );
  return maybe(group(`${kind}InvestmentStrategies`, times(one, 1, ANY)));
}

const DESCRIPTION = group(
  "AIFDescription",
  leaf("AIFMasterFeederStatus", oneOf("MASTER", "FEEDER", "NONE"), 41),
  group(
    "AIFBaseCurrencyDescription",
    leaf("BaseCurrency", TYPES.currency, 49),
    leaf("AUMAmountInBaseCurrency", natural, 48),
    maybe(leaf("FXEURReferenceRateType", oneOf("ECB", "OTH"), 51)),
    maybe(leaf("FXEURRate", TYPES.fine, 50)),
    maybe(leaf("FXEUROtherReferenceRateDescription", TYPES.text30, 52)),
  ),
  leaf("AIFNetAssetValue", TYPES.whole, 53),
  leaf("PredominantAIFType", oneOf("HFND", "OTHR", "NONE"), 57),
  strategies("HedgeFund", HEDGE_STRATEGIES),
  strategies("OtherFund", OTHER_STRATEGIES),
);

const MAIN_INSTRUMENT = group(
  "MainInstrumentTraded",
  leaf("Ranking", ranking(5), 64),
  leaf("SubAssetType", oneOf(...SUB_ASSETS), 65),
  maybe(leaf("InstrumentCodeType", oneOf("NONE"), 66)),
  maybe(leaf("InstrumentName", text300, 67)),
  maybe(leaf("PositionValue", natural, 75)),
  maybe(leaf("PositionType", position, 76)),
);

const EXPOSURE = group(
  "PrincipalExposure",
  leaf("Ranking", ranking(10), 94),
  leaf("AssetMacroType", oneOf("SEC", "DER", "CIU", "PHY", "OTH", "NTA"), 95),
  maybe(leaf("SubAssetType", oneOf(...SUB_ASSETS), 96)),
  maybe(leaf("PositionType", position, 97)),
  maybe(leaf("AggregatedValueAmount", natural, 98)),
  maybe(leaf("AggregatedValueRate", percent, 99)),
);

const CONCENTRATION = group(
  "PortfolioConcentration",
  leaf("Ranking", ranking(5), 103),
  leaf("AssetType", oneOf(...ASSETS), 104),
  maybe(leaf("PositionType", position, 105)),
  maybe(market(["MIC", "OTC", "XXX"], 106)),
  maybe(leaf("AggregatedValueAmount", natural, 108)),
  maybe(leaf("AggregatedValueRate", percent, 109)),
);

const MARKET = group(
  "AIFPrincipalMarket",
  leaf("Ranking", ranking(3), 114),
  market(["NOT", "MIC", "OTC", "XXX"], 115),
  maybe(leaf("AggregatedValueAmount", natural, 117)),
);

const PRINCIPAL = group(
  "AIFPrincipalInfo",
  maybe(group("AIFIdentification", leaf("AIFIdentifierLEI", TYPES.lei, 24))),
  leaf("ShareClassFlag", flag, 33),
  DESCRIPTION,
  group("MainInstrumentsTraded", times(MAIN_INSTRUMENT, 5, 5)),
  group("NAVGeographicalFocus", ...ALL_REGIONS.map((region, i) => leaf(`${region}NAVRate`, rate, 78 + i))),
  group("PrincipalExposures", times(EXPOSURE, 10, 10)),
  group(
    "MostImportantConcentration",
    group("PortfolioConcentrations", times(CONCENTRATION, 5, 5)),
    group("AIFPrincipalMarkets", times(MARKET, 3, 3)),
    group(
      "InvestorConcentration",
      leaf("MainBeneficialOwnersRate", percent, 118),
      leaf("ProfessionalInvestorConcentrationRate", percent, 119),
      leaf("RetailInvestorConcentrationRate", percent, 120),
    ),
  ),
);

const LIQUIDITY = group(
  "LiquidityRiskProfile",
  maybe(
    group(
      "PortfolioLiquidityProfile",
      ...LIQUIDITY_BUCKETS.map(([name], i) =>
        leaf(`PortfolioLiquidityInDays${name}Rate`, TYPES.fine, 178 + i),
      ),
      leaf("UnencumberedCash", natural, 185),
    ),
  ),
  group(
    "InvestorGroups",
    times(
      group(
        "InvestorGroup",
        leaf("InvestorGroupType", oneOf(...INVESTOR_GROUPS), 208),
        leaf("InvestorGroupRate", percent, 209),
      ),
      1,
      ANY,
    ),
  ),
);

const INDIVIDUAL = group(
  "AIFIndividualInfo",
  group(
    "IndividualExposure",
    group(
      "AssetTypeExposures",
      times(
        group(
          "AssetTypeExposure",
          leaf("SubAssetType", oneOf(...SUB_ASSETS), 121),
          maybe(leaf("GrossValue", natural, 122)),
          maybe(leaf("LongValue", natural, 123)),
          maybe(leaf("ShortValue", natural, 124)),
        ),
        1,
        ANY,
      ),
    ),
    group(
      "AssetTypeTurnovers",
      times(
        group(
          "AssetTypeTurnover",
          leaf("TurnoverSubAssetType", oneOf(...TURNOVERS), 125),
          maybe(leaf("MarketValue", natural, 126)),
          maybe(leaf("NotionalValue", natural, 127)),
        ),
        1,
        ANY,
      ),
    ),
  ),
  group(
    "RiskProfile",
    group("MarketRiskProfile", leaf("AnnualInvestmentReturnRate", TYPES.rateOrNone, 137)),
    maybe(LIQUIDITY),
    maybe(
      group(
        "OperationalRisk",
        group(
          "HistoricalRiskProfile",
          group("NAVChangeRate", ...MONTHS.map((month, i) => maybe(leaf(`Rate${month}`, rate, 243 + i)))),
        ),
      ),
    ),
  ),
  group(
    "StressTests",
    leaf("StressTestsResultArticle15", TYPES.long, 279),
    leaf("StressTestsResultArticle16", TYPES.long, 280),
  ),
);

const LEVERAGE = group(
  "AIFLeverageInfo",
  group(
    "AIFLeverageArticle24-2",
    leaf("AllCounterpartyCollateralRehypothecationFlag", flag, 281),
    group("LeverageAIF", leaf("GrossMethodRate", rate, 294), leaf("CommitmentMethodRate", rate, 295)),
  ),
);

/** The root; its attributes are checked beside it. */
export const AIF_REPORT: FieldElement = group(
  "AIFReportingInfo",
  times(
    group(
      "AIFRecordInfo",
      leaf("FilingType", oneOf("AMND", "INIT"), 4),
      leaf("AIFContentType", oneOf("1", "2"), 5),
      leaf("ReportingPeriodStartDate", TYPES.date, 6),
      leaf("ReportingPeriodEndDate", TYPES.date, 7),
      leaf("ReportingPeriodType", oneOf("Q1", "Q2", "Q3", "Q4", "H1", "H2", "Y1", "X1", "X2"), 8),
      leaf("ReportingPeriodYear", TYPES.year, 9),
      leaf("LastReportingFlag", flag, 13),
      maybe(
        group(
          "Assumptions",
          times(
            group(
              "Assumption",
              leaf("QuestionNumber", matching("1 to 999", /^[1-9]\d{0,2}$/), 14),
              leaf("AssumptionDescription", text300, 15),
            ),
            0,
            ANY,
          ),
        ),
      ),
      leaf("AIFMNationalCode", TYPES.code30, 16),
      leaf("AIFNationalCode", TYPES.code30, 17),
      leaf("AIFName", text300, 18),
      leaf("AIFEEAFlag", flag, 19),
      leaf("AIFReportingCode", oneOf(...Array.from({ length: 45 }, (_, i) => `${i + 1}`)), 20),
      leaf("AIFDomicile", TYPES.country, 21),
      leaf("InceptionDate", TYPES.date, 22),
      leaf("AIFNoReportingFlag", flag, 23),
      group("AIFCompleteDescription", PRINCIPAL, maybe(INDIVIDUAL), maybe(LEVERAGE)),
    ),
    1,
    ANY,
  ),
);

/** On what a field stands: a proof, sums that a proof seals and a reader opened, or the filer's word. */
export type Standing = "proven" | "disclosed" | "declared";

/** A written element. */
export interface XmlNode {
  readonly name: string;
  readonly text?: string;
  readonly parts?: readonly XmlNode[];
  readonly standing?: Standing;
  /** What the standing rests on, or how it was made. */
  readonly ground?: string;
}

/** All that is wrong with a written element by the table. */
export function faultsIn(node: XmlNode, element: FieldElement, path = element.name): KeelError[] {
  if (element.type !== undefined) {
    if (node.text !== undefined && element.type.test(node.text)) return [];
    return [
      inputError("aifmd.field", path, element.type.words, node.text === undefined ? "none" : "other text"),
    ];
  }
  const { parts = [] } = node;
  const faults: KeelError[] = [];
  let at = 0;
  for (const part of element.parts ?? []) {
    const { least = 1, most = 1, name } = part;
    let count = 0;
    for (; parts[at]?.name === name && count < most; at++, count++) {
      faults.push(...faultsIn(parts[at]!, part, `${path}.${name}${most > 1 ? `[${count}]` : ""}`));
    }
    if (count < least)
      faults.push(inputError("aifmd.field", `${path}.${name}`, `at least ${least}`, `${count}`));
  }
  if (at < parts.length) {
    faults.push(
      inputError("aifmd.field", `${path}.${parts[at]!.name}`, "elements in the schema's order", "another"),
    );
  }
  return faults;
}
