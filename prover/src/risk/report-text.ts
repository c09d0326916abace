// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * A report as a manager reads it. Amounts are cut to cents; `--json` has every digit.
 *
 * @module
 */

import { LIMITS } from "@keel/verifier";
import { dayText, dollars, percent, ratioText, table } from "@keel/verifier/text";
import type { RoomReport } from "./headroom.js";
import type { LimitReport, MetricsReport, Report, UnwindReport } from "./report.js";

/** A report, with the room to each limit where it has been measured. */
export interface CheckReport extends Report {
  readonly limits: readonly CheckedLimit[];
}

type CheckedLimit = LimitReport & Partial<RoomReport>;

/** Metrics, limits, the room to each, then the verdict. */
export function reportText(report: CheckReport): string {
  const { metrics, limits, unwind = [] } = report;
  const parts = [
    ...[metricsText(metrics), limitsText(limits), unwindText(unwind, limits), roomsText(limits)],
    verdictText(report),
  ];
  return parts.filter((part) => part !== "").join("\n\n");
}

/** What trades would change: each sum and limit before and after, the room that would be left, then the verdict. */
export function comparisonText(before: CheckReport, after: CheckReport): string {
  const sums = [
    ["metric", "before", "after"],
    ...metricRows(after.metrics).map(([name, value], i) => [
      name!,
      metricRows(before.metrics)[i]![1]!,
      value!,
    ]),
  ];
  const head = ["limit", "before", "after", "", "allowed", "headroom", "", ""];
  const limits = after.limits.map((limit, i) => {
    const [name, value, ...rest] = limitRow(limit);
    return [name!, limitRow(before.limits[i]!)[1]!, value!, ...rest];
  });
  const verdict = `Before: ${verdictText(before)}\nAfter:  ${verdictText(after)}`;
  return [table(sums, [1, 2]), table([head, ...limits], [1, 2, 4, 5]), roomsText(after.limits), verdict].join(
    "\n\n",
  );
}

function verdictText({ healthy, limits }: CheckReport): string {
  const broken = new Set(limits.filter((limit) => !limit.ok).map((limit) => limit.name));
  return healthy ? "Healthy: every limit holds." : `NOT healthy: breaks ${[...broken].join(", ")}.`;
}

/** What can be added until a limit is met. */
export const ADDITIONS: Readonly<Record<NonNullable<RoomReport["room"]["add"]>["of"], string>> = {
  debt: "debt",
  grossExposure: "gross exposure",
  delta: "delta",
  venueEquity: "equity there",
  gamma: "gamma",
  vega: "vega",
  theta: "theta",
  scenarioLoss: "loss there",
  volatility: "volatility",
  expectedShortfall: "mean loss then",
};

function roomsText(limits: readonly CheckedLimit[]): string {
  const rows = limits.flatMap(({ name, room, consumers }) => {
    if (room === undefined || consumers === undefined) return [];
    const { add, lose, move } = room;
    const names = [consumers.scenarios, consumers.accounts, consumers.instruments].map((parts) =>
      parts.map((part) => part.name).join(", "),
    );
    const users = names.filter((list) => list !== "").join("; ");
    const price = move === undefined ? "–" : `${move.underlying} ${percent(move.change)}`;
    const added = add === undefined ? ["–", ""] : [dollars(add.usd), ADDITIONS[add.of]];
    return [[name, ...added, lose === undefined ? "–" : dollars(lose), price, users]];
  });
  if (rows.length === 0) return "";
  return table(
    [["room, USD", "can add", "", "can lose", "a price can move", "used most by"], ...rows],
    [1, 3],
  );
}

/** What the sums of a tier with options are measured in. */
const LABELS: Readonly<Record<string, string>> = {
  gamma: "gamma (change of delta for a move of 100 %)",
  vega: "vega (a vol point)",
  theta: "theta (a day)",
  volatility: "volatility (a year)",
};

function metricsText(metrics: MetricsReport): string {
  return table([["metric", "USD"], ...metricRows(metrics)], [1]);
}

function metricRows(metrics: MetricsReport): string[][] {
  const {
    underlyingDelta,
    accountEquity,
    venueEquity,
    scenarioPnl,
    expectedShortfall = {},
    ...sums
  } = metrics;
  const each = (label: string, entries: Readonly<Record<string, string>>): string[][] =>
    Object.entries(entries).map(([name, value]) => [`${label} ${name}`, dollars(value)]);
  return [
    ...Object.entries(sums).map(([name, value]) => [LABELS[name] ?? name, dollars(value)]),
    ...each("delta", underlyingDelta),
    ...each("equity", accountEquity),
    ...each("equity at", venueEquity),
    ...each("P&L", scenarioPnl),
    ...each("expected shortfall", expectedShortfall),
  ];
}

function limitsText(limits: readonly LimitReport[]): string {
  const head = ["limit", "value", "", "allowed", "headroom", "", ""];
  return table([head, ...limits.map(limitRow)], [1, 3, 4]);
}

/** Cells of a bar, of which the limit fills all. */
const BAR = 20;

/** Each instrument's days, with a bar that is full at the limit. */
function unwindText(positions: readonly UnwindReport[], limits: readonly LimitReport[]): string {
  const limit = limits.find(({ name }) => LIMITS[name].unit === "days")?.limit;
  if (positions.length === 0 || typeof limit !== "string") return "";
  const head = ["to unwind", "units", "a day", "days", `of ${dayText(limit)}`];
  const rows = positions.map(({ instrument, units, perDay, days }) => [
    ...[instrument, units, perDay ?? "no limit", days ?? "never"],
    bar(days, limit),
  ]);
  return table([head, ...rows], [1, 2, 3]);
}

/** Rounded up, so that what takes any time shows; beyond the limit a word stands behind the full bar. */
function bar(days: string | null, limit: string): string {
  const used = days === null ? Number.POSITIVE_INFINITY : Number(days);
  const most = Number(limit);
  if (used > most) return `${"#".repeat(BAR)} BEYOND`;
  const cells = most === 0 ? 0 : Math.ceil((used / most) * BAR);
  return `${"#".repeat(cells)}${".".repeat(BAR - cells)}`;
}

function limitRow({ name, value, limit, headroom, ok, confidence, worst }: LimitReport): string[] {
  const { unit } = LIMITS[name];
  const show = (number: string): string => (unit === "usd8" ? dollars(number) : ratioText(unit, number));
  const showOr = (number: string | null, otherwise: string): string =>
    number === null ? otherwise : show(number);
  const sign = typeof limit === "string" ? (name.startsWith("min") ? "≥" : "≤") : "in";
  return [
    name,
    // Nothing is owed, there is no equity to divide by, or nobody takes what is held.
    showOr(value, unit === "days" ? "never" : ok ? "no debt" : "no equity"),
    sign,
    typeof limit === "string" ? show(limit) : `${show(limit[0])} … ${show(limit[1])}`,
    showOr(headroom, "–"),
    ok ? "ok" : "BROKEN",
    confidence === undefined ? (worst ?? "") : percent(confidence),
  ];
}
