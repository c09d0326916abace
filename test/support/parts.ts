// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Where a circuit's constraints go: the rows of the table in circuits/SPEC.md section 9, counted.
 *
 * @module
 */

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { constraintAt } from "@keel/circuits";
import type { Circuit } from "./circuit.js";
import { PACKAGE } from "./cli.js";

/** Signals of portfolio-health, by the part that they belong to; inputs belong to none. */
const PARTS: readonly (readonly [string, RegExp])[] = [
  ["EdDSA signatures", /^held\.account\[\d+\]\.(signature|keyOnCurve|r8OnCurve)\b/],
  ["quantities: range and sign", /^held\.account\[\d+\]\.(holding|long|short)\b/],
  ["account messages", /^held\.account\[\d+\]\.(hash|quantities)\b/],
  ["market table and root", /^market\b/],
  ["scenario table and root (in options tiers only hashed)", /^stress\b/],
  ["sums", /^(values|moves)\b/],
  ["sums of greeks and P&L", /^(book|linearLimits\.linear)\b/],
  ["maxUnderlyingDelta", /^limits\.ofUnderlying\b/],
  ["maxStressLoss", /^(linearLimits|optionLimits)\.stressLoss\b/],
  ["maxGamma, maxVega, maxTheta", /^optionLimits\.(gamma|vega|theta)\b/],
  ["maxVenue, with the sums by venue", /^limits\.(venue|byVenue)\b/],
  ["minAccountHealthFactor", /^limits\.accountHealthFactor\b/],
  ["drawdown chain", /^drawdown\b/],
  [
    "the other limits and the book's size",
    /^limits\.(size|collateralRatio|healthFactor|leverage|deltaBand)\b/,
  ],
  ["portfolio and exposures commitments", /^(held\.commitment|exposures)\b/],
  ["enrolment", /^held\.enrolment\b/],
  ["approved sources: root, membership", /^held\.(sourceRoot\b|account\[\d+\]\.approved\b)/],
  ["statement digest", /^statement\b/],
];
const REST = "the rest";

/** Constraints by part, in the table's order. One that touches several parts counts for the one with most of its terms. */
export function constraintsByPart({ r1cs, names }: Circuit): Map<string, number> {
  const partOf = new Map<number, string>();
  for (const [wire, known] of names) {
    const part = known.map(partOfSignal).find((found) => found !== undefined);
    if (part !== undefined) partOf.set(wire, part);
  }
  const counts = new Map([...PARTS.map(([name]) => name), REST].map((name) => [name, 0]));
  for (let row = 0; row < r1cs.constraints; row++) {
    const { a, b, c } = constraintAt(r1cs, row);
    const part = mostOf([...a, ...b, ...c].flatMap(({ wire }) => partOf.get(wire) ?? []));
    counts.set(part, counts.get(part)! + 1);
  }
  return counts.set("all", r1cs.constraints);
}

/** What the table of SPEC.md says of a tier, such as "spot-16". */
export function statedConstraints(tier: string): Map<string, number> {
  const text = readFileSync(join(PACKAGE, "circuits/SPEC.md"), "utf8");
  const [head, , ...rows] = /^\| part \|.*\n(?:\|.*\n)+/m.exec(text)![0].trim().split("\n").map(cellsOf);
  const column = head!.indexOf(tier);
  return new Map(rows.map((cells) => [cells[0]!, Number(cells[column]!.replaceAll(",", ""))]));
}

function cellsOf(line: string): string[] {
  return line
    .split("|")
    .slice(1, -1)
    .map((cell) => cell.replaceAll("**", "").trim());
}

function partOfSignal(name: string): string | undefined {
  const local = name.replace(/^main\./, "");
  return PARTS.find(([, pattern]) => pattern.test(local))?.[0];
}

/** The most frequent; the first of several that are. */
function mostOf(parts: readonly string[]): string {
  const counts = new Map<string, number>();
  for (const part of parts) counts.set(part, (counts.get(part) ?? 0) + 1);
  return [...counts].reduce((most, entry) => (entry[1] > most[1] ? entry : most), [REST, 0] as const)[0];
}
