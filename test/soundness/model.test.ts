// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Does the circuit accept exactly when the integer model says healthy? Random books with limits set close to the book's
 * own ratios, so that about half break one.
 *
 * @module
 */

import { assess, type LimitResult } from "keel/prover";
import { formatDecimal } from "keel/verifier";
import { beforeAll, describe, expect, it } from "vitest";
import { type Book, type BookParts, book, LIMITS, seededRandom, witnessOf } from "../support/book.js";
import { type Circuit, knownCircuit } from "../support/circuit.js";

const SEED = Number(process.env.KEEL_SEED ?? 31337);
const BOOKS = Number(process.env.KEEL_BOOKS ?? 300);

let circuit: Circuit;

beforeAll(async () => {
  circuit = await knownCircuit("portfolio-health/spot-16");
});

type Random = (below: number) => number;

function randomDecimal(random: Random, whole: number, places: number): string {
  const fraction = Array.from({ length: places }, () => random(10)).join("");
  return formatDecimal(BigInt(`${random(whole)}${fraction}`), places);
}

function randomParts(random: Random): BookParts {
  const underlyings = ["USD", "ETH", "BTC", "SOL", "kSHIB", "XAU", "EUR", "DOGE"].slice(0, 2 + random(7));
  const kinds = ["cash", "spot", "spot", "perp", "future"];
  const instruments = Array.from({ length: 3 + random(14) }, (_, i) => {
    const kind = i === 0 ? "cash" : kinds[random(kinds.length)]!;
    const funded = kind === "cash" || kind === "spot";
    return {
      id: `I${i}`,
      kind,
      underlying: underlyings[random(underlyings.length)]!,
      price:
        i === 0
          ? "1"
          : `${randomDecimal(random, 10 ** random(6), 8)}1`.slice(0, 18).replace(/(\.\d{8})\d*/, "$1"),
      ...(funded ? { collateralFactor: formatDecimal(BigInt(random(10_001)), 4) } : {}),
    };
  });
  const positions: Record<string, string> = { I0: randomDecimal(random, 1_000_000, 8) };
  for (const { id } of instruments.slice(1)) {
    if (random(3) === 0) continue;
    const size = randomDecimal(random, 10 ** random(5), 8);
    positions[id] = size !== "0" && random(2) === 0 ? `-${size}` : size;
  }
  const scenarios = Array.from({ length: 1 + random(8) }, (_, k) => ({
    name: `S${k}`,
    shocks: Object.fromEntries(
      underlyings
        .slice(random(underlyings.length))
        .map((name) => [name, formatDecimal(BigInt(random(20_000) - 9_999), 4)]),
    ),
  }));
  return { underlyings, instruments, positions, scenarios, limits: LIMITS };
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
    } else limits[name] = ratio(near(value));
  }
  return limits;
}

function randomBook(random: Random): Book {
  const parts = randomParts(random);
  const { snapshot, market, policy } = book(parts);
  const limits = limitsNear(assess(snapshot, market, policy).limits, random);
  const { scenarios, ...rest } = parts;
  return book({ ...rest, limits, ...("maxStressLoss" in limits ? { scenarios: scenarios! } : {}) });
}

describe("the circuit and the model", () => {
  it(`agree on ${BOOKS} random books`, async () => {
    console.info(`random books: seed ${SEED}`);
    const random = seededRandom(SEED);
    const counts = { healthy: 0, broken: 0 };
    for (let n = 0; n < BOOKS; n++) {
      const parts = randomBook(random);
      const { healthy, limits } = assess(parts.snapshot, parts.market, parts.policy);
      const accepted = await circuit.accepts(witnessOf(parts).input);
      const broken = limits.filter((limit) => !limit.ok).map((limit) => limit.name);
      expect(accepted, `seed ${SEED}, book ${n}, broken by the model: ${broken}`).toBe(healthy);
      counts[healthy ? "healthy" : "broken"] += 1;
    }
    console.info(`${counts.healthy} healthy, ${counts.broken} broken`);
    expect(Math.min(counts.healthy, counts.broken)).toBeGreaterThan(BOOKS / 5);
  });
});
