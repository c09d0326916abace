// SPDX-License-Identifier: MIT
/**
 * What a day takes of each instrument (liquidity/1), the root that proofs bind to, and what a policy says beside its limit on the
 * days to unwind. Mirrors circuits/src/lib/liquidity-table.circom.
 *
 * @module
 */

import { z } from "zod";
import { parseDecimal } from "../core/decimal.js";
import { inputError, readEach } from "../core/errors.js";
import { KIND, taggedHash } from "../core/field.js";
import { decimal, duration, FORMATS, identifier, parseFile, refuse, time } from "../core/schema.js";
import { type Bps, bps, type Field } from "../core/units.js";
import { type Circuit, type LiquidityCircuit, type LiquidityShape, liquidityCircuitOf } from "./circuits.js";
import { LIQUIDITY_LIMITS, type TermsOf } from "./limits.js";
import { checkUnique, type Liquidity, type Market, universeId } from "./market.js";
import { SERIES, type SeriesId, seriesKind } from "./series.js";

/** Depth of what needs no limit, cash: the largest number that a depth can be. */
export const UNLIMITED_DEPTH = 2n ** 64n - 1n;

/** Decimal places of a participation. */
export const PARTICIPATION_PLACES = 4;

const UNLIMITED = "unlimited";
const DEPTH_FORMAT = { places: 8, bits: 64, signed: false, excess: "refuse" } as const;

/** Above 0 and at most 1. */
export function share(places: number): z.ZodType<bigint> {
  return decimal({ places, bits: 40, signed: false, excess: "refuse" }).refine(
    (value) => value > 0n && value <= 10n ** BigInt(places),
    { params: { code: "liquidity.share", expected: "a share above 0 and at most 1", received: "another" } },
  );
}

const participation = share(PARTICIPATION_PLACES).transform(bps);

/** A word for what needs no limit, so that no depth of a book is taken for it. */
const depth = z
  .string()
  .regex(/^(?:unlimited|(?:0|[1-9][0-9]*)(?:\.[0-9]+)?)$/)
  .transform((text, context) => {
    if (text === UNLIMITED) return UNLIMITED_DEPTH;
    const read = parseDecimal(text, DEPTH_FORMAT);
    if (!read.ok) return refuse(context, "input.decimal", read.expected, read.received);
    if (read.value < UNLIMITED_DEPTH) return read.value;
    return refuse(context, "liquidity.depth", 'a depth, or the word "unlimited"', "the number it stands for");
  });

const liquiditySchema = z.strictObject({
  keel: z.literal("liquidity/1"),
  asOf: time,
  participation,
  band: share(8),
  refills: z.int().min(1).max(1_440),
  instruments: z
    .array(z.strictObject({ id: identifier, depth }))
    .min(1)
    .max(4096),
});
FORMATS.add(liquiditySchema, {
  id: "liquidity/1",
  folder: "verifier",
  title: "What a day takes of each instrument",
});

/**
 * Reads a liquidity/1 file.
 *
 * @throws KeelError kind "input": bad text, an instrument named twice, a share that is none, the number that "unlimited" stands for
 */
export function parseLiquidity(text: string): Liquidity {
  const { keel: _, asOf, instruments, ...method } = parseFile(liquiditySchema, text, "liquidity");
  checkUnique(
    instruments.map(({ id }) => id),
    "liquidity.instruments",
  );
  return { asOf, ...method, depths: instruments };
}

/**
 * A market with the depths that a policy's limit on the days to unwind is judged by: its instruments in its order, and without limit
 * only what is cash.
 *
 * @throws KeelError `liquidity.instruments`, `liquidity.unlimited`
 */
export function withLiquidity<M extends Market>(
  market: M,
  liquidity: Liquidity,
): M & { readonly liquidity: Liquidity } {
  const expected = market.instruments.map(({ id }) => id).join(", ");
  const received = liquidity.depths.map(({ id }) => id).join(", ");
  if (received !== expected) {
    throw inputError("liquidity.instruments", "liquidity.instruments", expected, received);
  }
  readEach(market.instruments, ({ kind, id }, i) => {
    if (kind === "cash" || liquidity.depths[i]!.depth !== UNLIMITED_DEPTH) return;
    const path = `liquidity.instruments[${i}].depth`;
    throw inputError("liquidity.unlimited", path, `a depth of ${id}, which is no cash`, UNLIMITED);
  });
  return { ...market, liquidity };
}

/** Depths as the circuit reads them, with zeros in rows without instrument: those take nothing. */
export interface LiquidityTable {
  readonly time: bigint;
  readonly universe: Field;
  readonly participation: bigint;
  /** [instruments], 1e8 units a day. */
  readonly depth: readonly bigint[];
  readonly root: Field;
}

/**
 * Puts a market's depths into a circuit's places, and hashes them.
 *
 * @throws KeelError `circuit.size`
 */
export function liquidityTable(
  market: Market & { readonly liquidity: Liquidity },
  { instruments }: LiquidityShape,
): LiquidityTable {
  const { asOf, participation, depths } = market.liquidity;
  if (depths.length > instruments) {
    const expected = `at most ${instruments} in this circuit`;
    throw inputError("circuit.size", "liquidity.instruments", expected, `${depths.length}`);
  }
  const table = {
    time: BigInt(asOf),
    universe: universeId(market),
    participation,
    depth: Array.from({ length: instruments }, (_, i) => depths[i]?.depth ?? 0n),
  };
  const head = [table.time, table.universe, table.participation];
  return { ...table, root: taggedHash(KIND.liquidity, [...head, ...table.depth]) };
}

/** What a policy with a limit on the days to unwind says beside it. */
export interface LiquidityTerms {
  readonly circuit: LiquidityCircuit;
  /** Share of what is traded that the limit counts on. */
  readonly participation: Bps;
  /** Seconds between a snapshot and its liquidity table, at most, in either direction. */
  readonly maxLiquiditySkew: number;
  /** The series of liquidity tables by which the limit is judged. */
  readonly series: SeriesId;
}

/** The policy file's section. */
export const liquiditySection = z.strictObject({
  circuit: identifier,
  participation,
  maxLiquiditySkew: duration,
  series: z
    .string()
    .regex(/^0x[0-9a-f]{64}$/)
    .transform((text) => text as SeriesId),
});

/**
 * Reads the section: there exactly when a limit of a liquidity circuit is, and for a circuit with the tier's places.
 *
 * @param limits names of those that are set
 * @throws KeelError `policy.liquidity`, `policy.series`, `circuit.unknown`
 */
export function readLiquidityTerms(
  file: z.output<typeof liquiditySection> | undefined,
  { id, shape }: Circuit,
  limits: readonly string[],
): LiquidityTerms | undefined {
  if (file === undefined) return undefined;
  const path = "policy.liquidity";
  if (!limits.some((name) => name in LIQUIDITY_LIMITS)) {
    const expected = `the limit ${Object.keys(LIQUIDITY_LIMITS).join(", ")}`;
    throw inputError("policy.liquidity", path, expected, "none");
  }
  const circuit = liquidityCircuitOf(file.circuit, `${path}.circuit`);
  const { instruments, accounts } = circuit.shape;
  if (instruments !== shape.instruments || accounts !== shape.accounts) {
    const expected = `a circuit for ${shape.instruments} instruments in ${shape.accounts} accounts, as ${id} has`;
    throw inputError("policy.liquidity", `${path}.circuit`, expected, circuit.id);
  }
  if (seriesKind(file.series) !== SERIES.liquidity) {
    throw inputError("policy.series", `${path}.series`, "a series of liquidity (0x04…)", "another kind");
  }
  return { ...file, circuit };
}

/** Terms of the limits that liquidity circuits prove. */
export type LiquidityLimitTerms = TermsOf<typeof LIQUIDITY_LIMITS>;

/** Fields of those terms, in order. */
const LIMIT_FIELDS = Object.values(LIQUIDITY_LIMITS).flatMap(({ fields }) =>
  Object.keys(fields),
) as (keyof LiquidityLimitTerms)[];

/** The limits' numbers in the order of the liquidity statement. */
export function liquidityLimitPlaces(terms: LiquidityLimitTerms): bigint[] {
  return LIMIT_FIELDS.map((field) => BigInt(terms[field]));
}

/** The same by field, as the liquidity circuit takes them. */
export function liquidityLimitInputs(terms: LiquidityLimitTerms): Readonly<Record<string, bigint>> {
  return Object.fromEntries(LIMIT_FIELDS.map((field) => [field, BigInt(terms[field])]));
}

/** The same as contracts store it, beside the policy's struct and in this order. */
export interface LiquidityPart extends LiquidityLimitTerms {
  /** keccak256 of the liquidity circuit's id. */
  readonly circuit: `0x${string}`;
  readonly series: SeriesId;
  /** bps. */
  readonly participation: number;
  /** Seconds. */
  readonly maxLiquiditySkew: number;
}

/** Words of {@link LiquidityPart} in the contracts' ABI encoding. */
export function liquidityWords(part: LiquidityPart): bigint[] {
  const { circuit, series, participation, maxLiquiditySkew } = part;
  const [head, end] = [
    [circuit, series],
    [participation, maxLiquiditySkew],
  ];
  return [...head!.map(BigInt), ...liquidityLimitPlaces(part), ...end!.map(BigInt)];
}
