// SPDX-License-Identifier: MIT
/**
 * The public policy (policy/2): limits, stress scenarios, approved sources, times; and the same policy as the terms that
 * contracts store and statements contain.
 *
 * @module
 */

import { z } from "zod";
import { formatDecimal, parseDecimal } from "../core/decimal.js";
import { checkAll, inputError, readEach } from "../core/errors.js";
import { FIELD_ORDER, KIND, keccakInteger, pack, taggedHash } from "../core/field.js";
import {
  address,
  decimal,
  duration,
  FORMATS,
  fieldElement,
  firm,
  identifier,
  parseFile,
  printable,
  refuse,
  title,
} from "../core/schema.js";
import { type Bps, bps, days, type Field, usd8 } from "../core/units.js";
import { abiWords, hex } from "../core/words.js";
import {
  type Circuit,
  type CircuitShape,
  checkRoom,
  circuitOf,
  type TailCircuit,
  tailCircuitOf,
} from "./circuits.js";
import { type Domain, domainField, sortMembers } from "./domain.js";
import { UNITS_KINDS, type UnitsSource } from "./fund-units.js";
import {
  ABSENT_MAX,
  BOOK_LIMITS,
  LIMITS,
  LIQUIDITY_LIMITS,
  type LimitName,
  type LimitRow,
  type Limits,
  type LimitTable,
  limitRow,
  limitsWhere,
  type POLICY_LIMITS,
  SHORTFALL_LEVELS,
  type ShortfallLimit,
  TAIL_LIMITS,
  type TermsOf,
} from "./limits.js";
import {
  type LiquidityPart,
  type LiquidityTerms,
  liquiditySection,
  liquidityWords,
  readLiquidityTerms,
} from "./liquidity.js";
import { checkUnique, type Instrument, type Market, underlyingsId } from "./market.js";
import { marketSeries, SERIES, type SeriesId, seriesKind } from "./series.js";
import { checkSourceKey, EVIDENCE, type Evidence, type SourceKey, sourceTable } from "./sources.js";
import { limitTerms, type TailLimitTerms } from "./terms.js";
import {
  type DisclosurePart,
  disclosureSchema,
  NO_DISCLOSURE,
  type PolicyDisclosure,
  readDisclosure,
  viewerPlaces,
} from "./viewers.js";

/** What a policy with tail-risk limits says beside them. */
export interface TailTerms {
  readonly circuit: TailCircuit;
  /** Seconds between a snapshot and its returns table, at most, in either direction. */
  readonly maxReturnsSkew: number;
  /** The series of returns tables by which the limits are judged. */
  readonly series: SeriesId;
}

/** A stress scenario: a relative price move of each underlying it names; the others do not move. */
export interface Scenario {
  readonly name: string;
  readonly shocks: ReadonlyMap<string, Bps>;
  /** Change of every implied volatility, in bps of annual volatility (2500 is 25 vol points); tiers with options only. */
  readonly volatility: Bps;
}

/** A custodian, venue, broker or auditor whose signature counts. */
export interface Source {
  readonly name: string;
  readonly key: SourceKey;
  /** What its accounts have to rest on, at least; no part of the terms. Absent: the policy does not say. */
  readonly evidence?: Evidence;
}

/** A parsed policy file. */
export interface Policy {
  readonly name: string;
  readonly circuit: Circuit;
  readonly limits: Limits;
  readonly scenarios: readonly Scenario[];
  readonly sources: readonly Source[];
  /** Seconds between a snapshot and its submission, at most. */
  readonly maxAge: number;
  /** Seconds for which an attestation counts, from the snapshot's time. */
  readonly validity: number;
  /** Seconds between a snapshot and its market, at most, in either direction. */
  readonly maxMarketSkew: number;
  /** Seconds from one attestation that counts for a record's streak to the next one that does, at least. */
  readonly minInterval: number;
  /** The market tables by which the policy judges. */
  readonly market: { readonly series: SeriesId };
  /** Who says how many units the fund has; absent: it has one. */
  readonly units?: UnitsSource;
  /** Set exactly when a tail-risk limit is. */
  readonly tail?: TailTerms;
  /** Set exactly when the days to unwind are limited. */
  readonly liquidity?: LiquidityTerms;
  /** What every attestation shows, and to whom; absent: nothing beyond health. */
  readonly disclosure?: PolicyDisclosure;
  /** Registries that all accept one proof, in their order; absent: each has a domain of its own. */
  readonly domain?: readonly Domain[];
}

const SHOCK_BITS = 16;
const SHOCK_BIAS = 1n << BigInt(SHOCK_BITS - 1);
const RATIO_PLACES = 4;

const ratio = decimal({ places: RATIO_PLACES, bits: 32, signed: false, excess: "refuse" }).transform(
  (value, context) =>
    value < ABSENT_MAX
      ? bps(value)
      : refuse(context, "policy.limit", "less than 429496.7295", "the value for no limit"),
);
const dayCount = decimal({ places: RATIO_PLACES, bits: 32, signed: false, excess: "refuse" }).transform(days);
const signedRatio = decimal({ places: RATIO_PLACES, bits: 31, signed: true, excess: "refuse" }).transform(
  bps,
);
const shock = decimal({
  places: RATIO_PLACES,
  bits: SHOCK_BITS - 1,
  signed: true,
  excess: "refuse",
}).transform(bps);
/** The circuit gives equity 96 bits in USD 1e16. */
const equityFloor = decimal({ places: 8, bits: 96, signed: false, excess: "refuse" }).transform(
  (value, context) =>
    value * 10n ** 8n < 1n << 96n
      ? usd8(value)
      : refuse(
          context,
          "policy.limit",
          "at most 7922816251426.43375935, as no proof has room for more",
          "more",
        ),
);

/** Limits that some circuit proves or will prove; which of them this one does is checked afterwards. */
const limitsSchema = z.strictObject(
  Object.fromEntries(Object.entries(LIMITS).map(([name, row]) => [name, limitSchema(row).optional()])),
);

function limitSchema({ kind, unit, below }: LimitRow): z.ZodType {
  if (unit === "usd8") return equityFloor;
  if (kind === "band") return z.tuple([signedRatio, signedRatio]);
  if (kind === "levels") return z.record(z.string(), ratio);
  if (below === undefined) return ratio;
  const number: z.ZodType<bigint> = unit === "days" ? dayCount : ratio;
  return number.refine((value) => value < below, {
    params: {
      code: "policy.limit",
      expected: `below ${formatDecimal(below, RATIO_PLACES)}`,
      received: "more",
    },
  });
}

const coordinate = fieldElement(FIELD_ORDER);

const seriesId = z
  .string()
  .regex(/^0x[0-9a-f]{64}$/)
  .transform((text) => text as SeriesId);

const unitsSource = z.union([
  z.strictObject({ token: address }).transform(({ token }) => ({ kind: "token" as const, address: token })),
  z
    .strictObject({ administrator: address })
    .transform(({ administrator }) => ({ kind: "signer" as const, address: administrator })),
  z.strictObject({ administratorContract: address }).transform(({ administratorContract }) => ({
    kind: "contract" as const,
    address: administratorContract,
  })),
]);

const source = z.strictObject({
  name: firm,
  key: z.tuple([coordinate, coordinate]),
  evidence: z.enum(EVIDENCE).optional(),
});

const policySchema = z.strictObject({
  keel: z.literal("policy/2"),
  name: title,
  circuit: identifier,
  limits: limitsSchema,
  scenarios: z
    .array(z.strictObject({ name: title, shocks: z.record(z.string(), shock), volatility: shock.optional() }))
    .default([]),
  sources: z.array(source).min(1),
  maxAge: duration,
  validity: duration.min(1),
  maxMarketSkew: duration,
  minInterval: duration.min(1),
  market: z.strictObject({ series: seriesId }),
  units: unitsSource.optional(),
  tail: z.strictObject({ circuit: identifier, maxReturnsSkew: duration, series: seriesId }).optional(),
  liquidity: liquiditySection.optional(),
  domain: z.array(z.strictObject({ chainId: z.int().min(0), registry: address })).optional(),
  disclosure: disclosureSchema.optional(),
});
FORMATS.add(policySchema, { id: "policy/2", folder: "verifier", title: "A risk policy" });

/**
 * Reads a policy/2 file.
 *
 * @throws KeelError kind "input", all faults at once: bad text, a limit that the circuit does not prove, an empty delta band, a stress limit
 * without scenarios or scenarios without it, a duplicate name, a key that is none, a domain of fewer than two registries,
 * a time beyond its ceiling, a drawdown limit or a net asset value without a source of units, a disclosure of another tier's
 * sums, a liquidity circuit of another tier's places; `file.version` for a policy/1 file
 */
export function parsePolicy(text: string): Policy {
  const file = parseFile(policySchema, text, "policy", {
    command: "`keel migrate --policy FILE --market FILE --out FILE` converts it",
  });
  const circuit = circuitOf(file.circuit, "policy.circuit");
  let tail: TailTerms | undefined;
  let liquidity: LiquidityTerms | undefined;
  let limits: Limits = {};
  let disclosure: PolicyDisclosure | undefined;
  checkAll(
    () => {
      tail = readTail(file.tail, circuit, Object.keys(file.limits));
    },
    () => {
      liquidity = readLiquidityTerms(file.liquidity, circuit, Object.keys(file.limits));
    },
    () => checkProven(file, circuit, tail),
    () => {
      limits = readLimits(file.limits);
    },
    () => checkBands(limits),
    () => checkScenarios(file),
    () => checkShares(limits),
    () => checkNonzero(limits),
    () => checkTimes(file),
    () => checkSeriesKinds(file),
    () => checkUnitsSource(file),
    () => {
      if (file.disclosure === undefined) return;
      disclosure = readDisclosure(file.disclosure, circuit, file.units !== undefined);
    },
    () => checkVolatilities(file, circuit),
    () => checkPolicyRoom(file, circuit),
    () => checkNames(file),
    () => {
      readEach(file.sources, ({ key }, i) => checkSourceKey(key, `policy.sources[${i}].key`));
    },
  );
  const scenarios = file.scenarios.map(({ name, shocks, volatility = bps(0n) }) => ({
    name,
    shocks: new Map(Object.entries(shocks)),
    volatility,
  }));
  const { domain, units, tail: _, sources, disclosure: __, liquidity: ___, ...rest } = file;
  return {
    ...rest,
    sources: sources.map(({ evidence, ...source }) => ({
      ...source,
      ...(evidence === undefined ? {} : { evidence }),
    })),
    ...(units === undefined ? {} : { units }),
    circuit,
    limits,
    scenarios,
    ...(tail === undefined ? {} : { tail }),
    ...(liquidity === undefined ? {} : { liquidity }),
    ...(disclosure === undefined ? {} : { disclosure }),
    ...(domain === undefined ? {} : { domain: sortMembers(domain, "policy.domain") }),
  };
}

type PolicyFile = z.output<typeof policySchema>;

/** A limit of a circuit beside that is not known is no second fault. */
function checkProven(
  { limits, tail: named, liquidity }: PolicyFile,
  circuit: Circuit,
  tail?: TailTerms,
): void {
  const byTail = tail?.circuit.limits ?? (named === undefined ? [] : Object.keys(TAIL_LIMITS));
  const proven = [
    ...circuit.limits,
    ...byTail,
    ...(liquidity === undefined ? [] : Object.keys(LIQUIDITY_LIMITS)),
  ];
  readEach(Object.keys(limits), (name) => {
    if (proven.includes(name)) return;
    const by =
      name in TAIL_LIMITS
        ? "the circuit of policy.tail"
        : name in LIQUIDITY_LIMITS
          ? "the circuit of policy.liquidity"
          : circuit.id;
    throw inputError("policy.limit", `policy.limits.${name}`, `a limit that ${by} proves`, name);
  });
}

function checkVolatilities({ scenarios }: PolicyFile, circuit: Circuit): void {
  readEach(scenarios, ({ volatility }, k) => {
    if (volatility === undefined || circuit.shape.options === 1) return;
    throw inputError("policy.shock", `policy.scenarios[${k}].volatility`, `none in ${circuit.id}`, "a shock");
  });
}

function checkPolicyRoom({ scenarios, sources, limits }: PolicyFile, { shape, limits: proven }: Circuit) {
  const set = Object.keys(limits).filter((name) => proven.includes(name));
  checkRoom(
    shape,
    [
      { part: "scenarios", path: "policy.scenarios", count: scenarios.length },
      { part: "sources", path: "policy.sources", count: sources.length },
    ],
    { limits: set },
  );
}

function checkNames({ scenarios, sources }: PolicyFile): void {
  const names = [scenarios, sources].map((list) => list.map(({ name }) => name));
  checkAll(
    () => checkUnique(names[0]!, "policy.scenarios"),
    () => checkUnique(names[1]!, "policy.sources"),
    () =>
      checkUnique(
        sources.map(({ key }) => key.join()),
        "policy.sources",
      ),
  );
}

function checkBands(limits: Limits): void {
  readEach(
    limitsWhere(({ kind }) => kind === "band"),
    (name) => {
      const [low, high] = (limits[name] ?? []) as readonly bigint[];
      if (low === undefined || high === undefined || low <= high) return;
      throw inputError("policy.band", `policy.limits.${name}`, "the lower end first", "an empty band");
    },
  );
}

function checkScenarios({ limits, scenarios }: PolicyFile): void {
  const names = limitsWhere(({ needs }) => needs === "scenarios");
  if (names.some((name) => limits[name] !== undefined) === scenarios.length > 0) return;
  const expected = `scenarios exactly when ${names.join(" or ")} is set`;
  throw inputError("policy.scenarios", "policy.scenarios", expected, "one alone");
}

function checkShares(limits: Limits): void {
  readEach(
    limitsWhere(({ isShare }) => isShare === true),
    (name) => {
      const limit = limits[name];
      if (typeof limit !== "bigint" || limit <= 10_000n) return;
      throw inputError("policy.limit", `policy.limits.${name}`, "at most 1", "more");
    },
  );
}

function checkNonzero(limits: Limits): void {
  readEach(
    limitsWhere(({ nonzero }) => nonzero !== undefined),
    (name) => {
      if (limits[name] !== 0n) return;
      const expected = `above 0, ${limitRow(name).nonzero}`;
      throw inputError("policy.limit", `policy.limits.${name}`, expected, "0");
    },
  );
}

/** Longest times that a policy may allow, in seconds; the policy book has the same. */
export const CEILINGS = {
  maxAge: 7 * 86_400,
  validity: 92 * 86_400,
  maxMarketSkew: 86_400,
  maxReturnsSkew: 35 * 86_400,
  maxLiquiditySkew: 7 * 86_400,
} as const;

/** Ceilings of times that stand in a section of their own. */
const SECTIONS: Readonly<Record<string, string>> = { maxReturnsSkew: "tail", maxLiquiditySkew: "liquidity" };

function checkTimes({ maxAge, validity, maxMarketSkew, minInterval, tail, liquidity }: PolicyFile): void {
  const times = {
    ...{ maxAge, validity, maxMarketSkew },
    maxReturnsSkew: tail?.maxReturnsSkew ?? 0,
    maxLiquiditySkew: liquidity?.maxLiquiditySkew ?? 0,
  };
  const ceilings = Object.entries(times).map(([name, value]) => () => {
    const most = CEILINGS[name as keyof typeof CEILINGS];
    if (value <= most) return;
    const path = ["policy", ...(name in SECTIONS ? [SECTIONS[name]] : []), name].join(".");
    throw inputError("policy.ceiling", path, `at most ${most} s`, `${value} s`);
  });
  checkAll(...ceilings, () => {
    if (minInterval <= validity) return;
    throw inputError(
      "policy.interval",
      "policy.minInterval",
      `at most the validity, ${validity} s`,
      `${minInterval} s`,
    );
  });
}

function checkSeriesKinds({ market, tail }: PolicyFile): void {
  const kind = seriesKind(market.series);
  if (kind !== SERIES.market && kind !== SERIES.feeds) {
    throw inputError(
      "policy.series",
      "policy.market.series",
      "a series of markets (0x01… or 0x02…)",
      "another kind",
    );
  }
  if (tail === undefined || seriesKind(tail.series) === SERIES.returns) return;
  throw inputError("policy.series", "policy.tail.series", "a series of returns (0x03…)", "another kind");
}

/** A drawdown compares equity per unit, so somebody other than the manager has to say how many units there are. */
function checkUnitsSource({ units, domain, maxAge, limits }: PolicyFile): void {
  if (units?.kind === "token" && maxAge === 0) {
    const expected = "at least 1 s with a token, whose supply is known a second after the snapshot";
    throw inputError("policy.units", "policy.maxAge", expected, "0 s");
  }
  const named = limitsWhere(({ needs }) => needs === "units");
  if (units === undefined && named.some((name) => limits[name] !== undefined)) {
    const expected = `a share token or an administrator, where ${named.join(" or ")} is set`;
    throw inputError("policy.units", "policy.units", expected, "none");
  }
  if (units === undefined || units.kind === "signer" || domain === undefined) return;
  // A signature by a key says the same everywhere. What an address is on another chain, nobody knows who reads the policy.
  const [name, received] =
    units.kind === "token"
      ? ["token", "a token, which is on one chain"]
      : ["administratorContract", "a contract, whose address may be somebody else's on another chain"];
  throw inputError(
    "policy.units",
    `policy.units.${name}`,
    "an administrator with a key under a declared domain",
    received,
  );
}

/** Set exactly when a tail-risk limit is, and for a circuit with the tier's underlyings. */
function readTail(
  file: PolicyFile["tail"],
  circuit: Circuit,
  limits: readonly string[],
): TailTerms | undefined {
  if (file === undefined) return undefined;
  if (!limits.some((name) => name in TAIL_LIMITS)) {
    const expected = `one of the limits ${Object.keys(TAIL_LIMITS).join(", ")}`;
    throw inputError("policy.tail", "policy.tail", expected, "none");
  }
  const tail = tailCircuitOf(file.circuit, "policy.tail.circuit");
  if (tail.shape.underlyings !== circuit.shape.underlyings) {
    const expected = `a circuit for ${circuit.shape.underlyings} underlyings, as ${circuit.id} has`;
    throw inputError("policy.tail", "policy.tail.circuit", expected, `${tail.shape.underlyings}`);
  }
  const { accounts, options } = circuit.shape;
  const rest = accounts > 1 || options === 1 ? 1 : 0;
  if (tail.shape.rest !== rest) {
    throw inputError(
      "policy.tail",
      "policy.tail.circuit",
      `a circuit for the exposures of ${circuit.id}`,
      tail.id,
    );
  }
  return { circuit: tail, maxReturnsSkew: file.maxReturnsSkew, series: file.series };
}

function readLimits(file: z.output<typeof limitsSchema>): Limits {
  const limits = Object.entries(file).map(([name, value]) => {
    if (LIMITS[name as LimitName].kind !== "levels") return [name, value] as const;
    return [name, readLevels(value as Readonly<Record<string, Bps>>, `policy.limits.${name}`)] as const;
  });
  return Object.fromEntries(limits) as Limits;
}

function readLevels(file: Readonly<Record<string, Bps>>, path: string): readonly ShortfallLimit[] {
  const levels = Object.entries(file).map(([text, limit]) => {
    const confidence = parseDecimal(text, {
      places: RATIO_PLACES,
      bits: 14,
      signed: false,
      excess: "refuse",
    });
    if (confidence.ok && confidence.value > 0n && confidence.value < 10_000n) {
      return { confidence: bps(confidence.value), limit };
    }
    throw inputError(
      "policy.confidence",
      `${path}.${printable(text)}`,
      "a level above 0 and below 1",
      "another",
    );
  });
  levels.sort((a, b) => Number(a.confidence - b.confidence));
  if (levels.length === 0) throw inputError("policy.confidence", path, "at least one level", "none");
  if (levels.length > SHORTFALL_LEVELS) {
    throw inputError("circuit.size", path, `at most ${SHORTFALL_LEVELS} levels`, `${levels.length}`);
  }
  checkUnique(
    levels.map(({ confidence }) => `${confidence}`),
    path,
  );
  return levels;
}

/** Stress scenarios as the circuit reads them, over the market's underlyings. */
export interface ScenarioTable {
  /** [scenarios][underlyings], bps, signed; zero where a scenario is silent and in places without scenario. */
  readonly shock: readonly (readonly bigint[])[];
  readonly root: Field;
}

/**
 * Refuses a policy and a market that do not go together: a market of another series, too many rows for the circuit, a
 * scenario that names an underlying which the market does not have, a price that would fall below zero.
 *
 * A series of feeds is known to the contract that reads them only: there the market is not compared.
 *
 * @throws KeelError `policy.series`, `circuit.size`, `market.option`, `policy.underlying`, `policy.shock`; all at once
 */
export function checkFit(policy: Policy, market: Market): void {
  checkAll(
    () => checkMarketSeries(policy, market),
    () => checkMarketRoom(policy, market),
    () => checkOptions(policy, market),
    () => checkShocks(policy, market),
  );
}

function checkMarketRoom({ circuit, limits, scenarios, sources }: Policy, market: Market): void {
  const { instruments, underlyings } = market;
  const needs = [
    { part: "instruments", path: "market.instruments", count: instruments.length },
    { part: "underlyings", path: "market.underlyings", count: underlyings.length },
    { part: "scenarios", path: "policy.scenarios", count: scenarios.length },
    { part: "sources", path: "policy.sources", count: sources.length },
  ] as const;
  const options = instruments.some(isOption) ? 1 : circuit.shape.options;
  const set = Object.keys(limits).filter((name) => name in BOOK_LIMITS);
  checkRoom(circuit.shape, needs, { options, limits: set });
}

function checkOptions({ circuit }: Policy, { instruments }: Market): void {
  readEach(instruments, (row, i) => {
    if (!isOption(row) || circuit.shape.options === 1) return;
    const expected = `no options in ${circuit.id}`;
    throw inputError("market.option", `market.instruments[${i}].kind`, expected, "an option");
  });
}

const isOption = ({ kind }: Pick<Instrument, "kind">): boolean => kind === "option";

function checkShocks({ scenarios }: Policy, { underlyings }: Market): void {
  const shocks = scenarios.flatMap(({ shocks }, k) =>
    [...shocks].map(([name, value]) => ({ k, name, value })),
  );
  readEach(shocks, ({ k, name, value }) => {
    const path = `policy.scenarios[${k}].shocks.${printable(name)}`;
    if (!underlyings.includes(name)) {
      throw inputError("policy.underlying", path, "an underlying of the market", "another name");
    }
    if (value < -10_000n) throw inputError("policy.shock", path, "at least -1", "less");
  });
}

function checkMarketSeries({ market: { series } }: Policy, market: Market): void {
  const received = marketSeries(market);
  if (seriesKind(series) !== SERIES.market || series === received) return;
  throw inputError("policy.series", "market", `a market of the policy's series ${series}`, received);
}

/**
 * Puts the policy's scenarios into the order of the market's underlyings.
 *
 * @throws KeelError as {@link checkFit}
 */
export function scenarioTable(policy: Policy, market: Market): ScenarioTable {
  checkFit(policy, market);
  const { shape } = policy.circuit;
  const shock = Array.from({ length: shape.scenarios }, (_, k) =>
    Array.from({ length: shape.underlyings }, (_, u) => shockOf(policy.scenarios[k], market.underlyings[u])),
  );
  const words = pack(
    shock.flat().map((value) => value + SHOCK_BIAS),
    SHOCK_BITS,
  );
  const volatility = policy.scenarios.map((scenario) => scenario.volatility + SHOCK_BIAS);
  const more = shape.options === 1 ? pack(volatility, SHOCK_BITS) : [];
  return { shock, root: taggedHash(KIND.scenarios, [underlyingsId(market.underlyings), ...words, ...more]) };
}

function shockOf(scenario: Scenario | undefined, underlying: string | undefined): bigint {
  return (underlying !== undefined && scenario?.shocks.get(underlying)) || 0n;
}

/**
 * A policy as contracts store it. Ratios in bps, minEquity in USD 1e8, times in seconds; what is not set has the value
 * that always holds. Field for field the `Policy` struct of contracts/.
 */
export interface PolicyTerms extends TermsOf<typeof POLICY_LIMITS>, DisclosurePart {
  /** keccak256 of the circuit's id. */
  readonly circuit: `0x${string}`;
  readonly scenarioRoot: bigint;
  readonly sourcesRoot: bigint;
  /** Of the market tables that count. */
  readonly marketSeries: SeriesId;
  /** Of the returns tables that count; 0 without tail-risk limits. */
  readonly returnsSeries: SeriesId;
  readonly maxAge: number;
  readonly validity: number;
  readonly maxMarketSkew: number;
  /** Seconds from one attestation that counts for a record's streak to the next one that does, at least. */
  readonly minInterval: number;
  readonly maxReturnsSkew: number;
  /** keccak256 of the tail-risk circuit's id; 0 without tail-risk limits. */
  readonly tailCircuit: `0x${string}`;
  /** Field element of a declared domain; 0: each registry's own. */
  readonly domain: bigint;
  /** Index into `UNITS_KINDS`. */
  readonly unitsKind: number;
  /** The share token or the administrator; 0 where there is none. */
  readonly unitsSource: `0x${string}`;
  /** Beside the struct; only where the days to unwind are limited. */
  readonly liquidity?: LiquidityPart;
}

/**
 * The policy as terms. The market gives the order of the underlyings only: any market with the same list will do.
 *
 * @throws KeelError as {@link checkFit}
 */
export function policyTerms(policy: Policy, market: Market): PolicyTerms {
  const { limits, circuit } = policy;
  return {
    circuit: circuitHash(circuit.id),
    scenarioRoot: scenarioTable(policy, market).root,
    sourcesRoot: approvedSources(policy, circuit.shape).root,
    marketSeries: policy.market.series,
    ...limitTerms(BOOK_LIMITS, limits),
    maxAge: policy.maxAge,
    validity: policy.validity,
    maxMarketSkew: policy.maxMarketSkew,
    minInterval: policy.minInterval,
    ...tailTerms(policy),
    domain: policy.domain === undefined ? 0n : domainField(policy.domain),
    unitsKind: UNITS_KINDS.indexOf(policy.units?.kind ?? "none"),
    unitsSource: policy.units?.address ?? `0x${"0".repeat(40)}`,
    ...disclosurePart(policy),
    ...liquidityPart(policy),
  };
}

function liquidityPart({ liquidity, limits }: Policy): Pick<PolicyTerms, "liquidity"> {
  if (liquidity === undefined) return {};
  const { circuit, series, participation, maxLiquiditySkew } = liquidity;
  return {
    liquidity: {
      circuit: circuitHash(circuit.id),
      series,
      ...limitTerms(LIQUIDITY_LIMITS, limits),
      participation: Number(participation),
      maxLiquiditySkew,
    },
  };
}

function disclosurePart({ disclosure }: Policy): DisclosurePart {
  if (disclosure === undefined) return NO_DISCLOSURE;
  const { circuit, navStep } = disclosure;
  return { disclosureCircuit: circuitHash(circuit.id), navStep, viewers: viewerPlaces(disclosure) };
}

type TailPart = Pick<PolicyTerms, "returnsSeries" | "maxReturnsSkew" | "tailCircuit"> & TailLimitTerms;

/** The tail-risk terms of a policy without tail-risk limits. */
export const NO_TAIL: TailPart = {
  returnsSeries: `0x${"0".repeat(64)}`,
  ...limitTerms(TAIL_LIMITS, {}),
  maxReturnsSkew: 0,
  tailCircuit: `0x${"0".repeat(64)}`,
};

function tailTerms({ limits, tail }: Policy): TailPart {
  if (tail === undefined) return NO_TAIL;
  return {
    returnsSeries: tail.series,
    ...limitTerms(TAIL_LIMITS, limits),
    maxReturnsSkew: tail.maxReturnsSkew,
    tailCircuit: circuitHash(tail.circuit.id),
  };
}

/** The approved keys as the circuit reads them. */
export function approvedSources(policy: Policy, shape: CircuitShape) {
  return sourceTable(
    policy.sources.map((source) => source.key),
    shape.sources,
  );
}

/** keccak256 of a circuit's id, the circuit's name on chain. */
export function circuitHash(id: string): `0x${string}` {
  return hex(keccakInteger(new TextEncoder().encode(id)));
}

/**
 * Content address of a policy: keccak256 of the ABI encoding of its terms, in the struct's order; viewers come last. With a limit on
 * the days to unwind the encoding is of two structs, so the id of a policy without one is what it was before there was any.
 */
export function policyId(terms: PolicyTerms): `0x${string}` {
  const fixed = [...wordsOf(terms, TERM_ORDER), ...wordsOf(terms, ["disclosureCircuit", "navStep"])];
  const list = [BigInt(terms.viewers.length), ...terms.viewers.flat()];
  const beside = terms.liquidity === undefined ? [] : liquidityWords(terms.liquidity);
  // Where the struct begins, and from there where its list does, in bytes.
  const head = [32n * BigInt(1 + beside.length), ...beside];
  const words = [...head, ...fixed, 32n * BigInt(fixed.length + 1), ...list];
  return hex(keccakInteger(abiWords(words)));
}

/**
 * The id that terms had before policies could ask for a disclosure; undefined for terms that do. No registry takes it any more:
 * whoever meets it is told so.
 */
export function formerPolicyId(terms: PolicyTerms): `0x${string}` | undefined {
  if (terms.disclosureCircuit !== NO_DISCLOSURE.disclosureCircuit || terms.liquidity !== undefined)
    return undefined;
  return hex(keccakInteger(abiWords(wordsOf(terms, TERM_ORDER))));
}

function wordsOf(terms: PolicyTerms, names: readonly StructField[]): bigint[] {
  return names.flatMap((name) => [terms[name]].flat(2).map(BigInt));
}

type StructField = Exclude<keyof PolicyTerms, "liquidity">;

/** The fields of the contracts' struct before the disclosure's, in order; between the tail-risk limits stands the skew of their table. */
const TERM_ORDER: readonly StructField[] = [
  "circuit",
  "scenarioRoot",
  "sourcesRoot",
  "marketSeries",
  "returnsSeries",
  ...fieldsOf(BOOK_LIMITS),
  "maxAge",
  "validity",
  "maxMarketSkew",
  "minInterval",
  ...fieldsOf(TAIL_LIMITS, ({ kind }) => kind !== "levels"),
  "maxReturnsSkew",
  ...fieldsOf(TAIL_LIMITS, ({ kind }) => kind === "levels"),
  "tailCircuit",
  "domain",
  "unitsKind",
  "unitsSource",
];

function fieldsOf<Table extends LimitTable>(
  table: Table,
  counts: (row: LimitRow) => boolean = () => true,
): (keyof TermsOf<Table>)[] {
  const rows = Object.values<LimitRow>(table).filter(counts);
  return rows.flatMap(({ fields }) => Object.keys(fields) as (keyof TermsOf<Table>)[]);
}
