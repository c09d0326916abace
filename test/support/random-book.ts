// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Random books of any tier, with limits so close to the book's own ratios that about half break one.
 *
 * @module
 */

import { assess, type DrawdownState, type LimitResult, measure } from "@keel/prover";
import { ABSENT_MAX, type Circuit, type CircuitShape, formatDecimal, toField } from "@keel/verifier";
import { type Book, type BookParts, book, LIMITS, type MarketRow } from "./book.js";

/** A net delta beyond that of any random book, in bps. */
const FAR = 2_000_000_000n;

export type Random = (below: number) => number;

function randomDecimal(random: Random, whole: number, places: number): string {
  const fraction = Array.from({ length: places }, () => random(10)).join("");
  return formatDecimal(BigInt(`${random(whole)}${fraction}`), places);
}

/** Everything of a book but limits that are near its ratios: as wide as the tier has room for. */
function randomParts(random: Random, { id: circuit, shape }: Circuit): BookParts {
  const underlyings = Array.from({ length: 2 + random(shape.underlyings - 1) }, (_, u) => `U${u}`);
  const kinds = [
    "cash",
    "spot",
    "spot",
    "perp",
    "future",
    ...(shape.options === 1 ? ["option", "option"] : []),
  ];
  const scenarios = randomScenarios(random, shape.scenarios, underlyings);
  const instruments: MarketRow[] = Array.from({ length: 3 + random(shape.instruments - 2) }, (_, i) => {
    const kind = i === 0 ? "cash" : i === 1 ? "spot" : kinds[random(kinds.length)]!;
    const funded = kind === "cash" || kind === "spot";
    return {
      id: `I${i}`,
      kind,
      // Every option's underlying has a spot price: the second row's.
      underlying: i === 1 || kind === "option" ? underlyings[1]! : underlyings[random(underlyings.length)]!,
      price:
        i === 0
          ? "1"
          : `${randomDecimal(random, 10 ** random(6), 8)}1`.slice(0, 18).replace(/(\.\d{8})\d*/, "$1"),
      ...(funded ? { collateralFactor: formatDecimal(BigInt(random(10_001)), 4) } : {}),
      ...(kind === "option" ? randomSensitivities(random, scenarios.length) : {}),
    };
  });
  const accounts = Array.from({ length: 1 + random(shape.accounts) }, (_, s) => {
    const positions: Record<string, string> = s === 0 ? { I0: randomDecimal(random, 10_000_000, 8) } : {};
    for (const { id } of instruments.slice(1)) {
      if (random(3) === 0) continue;
      const size = randomDecimal(random, 10 ** random(5), 8);
      positions[id] = size !== "0" && random(2) === 0 ? `-${size}` : size;
    }
    return positions;
  });
  return { circuit, underlyings, instruments, accounts, scenarios, limits: allLimits(shape) };
}

function randomScenarios(random: Random, room: number, underlyings: readonly string[]) {
  return Array.from({ length: 1 + random(room) }, (_, k) => ({
    name: `S${k}`,
    shocks: Object.fromEntries(
      underlyings
        .slice(random(underlyings.length))
        .map((name) => [name, formatDecimal(BigInt(random(20_000) - 9_999), 4)]),
    ),
  }));
}

function randomSensitivities(random: Random, scenarios: number) {
  const signed = (whole: number, places: number): string => {
    const size = randomDecimal(random, whole, places);
    return size !== "0" && random(2) === 0 ? `-${size}` : size;
  };
  return {
    delta: signed(1, 8),
    gamma: signed(1, 8),
    vega: signed(100, 8),
    theta: signed(100, 8),
    pnl: Array.from({ length: scenarios }, () => signed(10_000, 8)),
  };
}

/** Every limit of a tier, so that its value is measured. */
function allLimits({ options, accountHealth }: CircuitShape): Readonly<Record<string, unknown>> {
  return {
    ...LIMITS,
    ...(accountHealth === 1 ? { minAccountHealthFactor: "1" } : {}),
    ...(options === 1 ? { maxGamma: "1", maxVega: "1", maxTheta: "1" } : {}),
  };
}

/** Limits at the book's own ratios, or one unit to either side. */
function limitsNear(results: readonly LimitResult[], random: Random): Record<string, unknown> {
  const near = (value: bigint): bigint => value + BigInt(random(8) === 0 ? 1 : random(8) === 0 ? -1 : 0);
  const ratio = (value: bigint): string =>
    formatDecimal(value < 0n ? 0n : value > 4_000_000_000n ? 4_000_000_000n : value, 4);
  const limits: Record<string, unknown> = {};
  for (const { name, value } of results) {
    if (value === undefined || (random(4) === 0 && name !== "maxStressLoss")) continue;
    if (name === "minEquity") limits[name] = formatDecimal(value < 0n ? 0n : near(value / 10n ** 8n), 8);
    else if (name === "netDelta") {
      const clamp = (end: bigint): bigint =>
        end > 2_000_000_000n ? 2_000_000_000n : end < -2_000_000_000n ? -2_000_000_000n : end;
      const low = clamp(near(value) - BigInt(random(2)));
      limits[name] = [formatDecimal(low, 4), formatDecimal(clamp(low + BigInt(random(3))), 4)];
    } else limits[name] = name === "maxDrawdown" ? "0.1" : ratio(near(value));
  }
  return limits;
}

/** A random book of a tier, whose limits lie at its own ratios or a unit to either side. */
export function randomBook(random: Random, circuit: Circuit): Book {
  const parts = randomParts(random, circuit);
  const { snapshot, market, policy } = book(parts);
  const limits = limitsNear(assess(snapshot, market, policy).limits, random);
  const { scenarios, ...rest } = parts;
  return book({ ...rest, limits, ...("maxStressLoss" in limits ? { scenarios: scenarios! } : {}) });
}

/** A book and the state before it. */
export interface Case {
  readonly label: string;
  readonly parts: Book;
  readonly state: DrawdownState;
}

/** A random book under one limit at a time: each limit a unit below what the book measures, there, and a unit above. */
export function casesAtLimits(random: Random, circuit: Circuit): Case[] {
  const parts = solventBook(random, circuit);
  const { snapshot, market, policy } = parts;
  const { equity } = measure(snapshot, market, policy);
  const state = {
    ...{ equity: equity + equity / BigInt(2 + random(20)), units: snapshot.units },
    ...{ epoch: 3n, salt: toField(5n) },
  };
  return assess(snapshot, market, policy, state).limits.flatMap((result) =>
    [-1n, 0n, 1n].flatMap((units) =>
      limitsBeside(result, units).map((limit) => ({
        label: `${result.name} ${units}`,
        parts: { ...parts, policy: { ...policy, limits: { [result.name]: limit } } },
        state,
      })),
    ),
  );
}

function solventBook(random: Random, circuit: Circuit): Book {
  for (;;) {
    const parts = book(randomParts(random, circuit));
    if (measure(parts.snapshot, parts.market, parts.policy).equity > 0n) return parts;
  }
}

/** The limit, both ends of a band one after the other, or nothing when the value is none that a limit can have. */
function limitsBeside({ name, value }: LimitResult, units: bigint): (bigint | readonly [bigint, bigint])[] {
  if (value === undefined) return [];
  const limit = (name === "minEquity" ? value / 10n ** 8n : value) + units;
  if (name === "netDelta") return [[limit, FAR] as const, [-FAR, limit] as const];
  const most = name === "maxDrawdown" ? 10_000n : name === "minEquity" ? limit : ABSENT_MAX - 1n;
  return limit >= 0n && limit <= most ? [limit] : [];
}
