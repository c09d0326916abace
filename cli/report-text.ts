// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * A report as a manager reads it. Amounts are cut to cents; `--json` has every digit.
 *
 * @module
 */

import type { LimitReport, MetricsReport, Report } from "../prover/src/index.js";
import { dollars, percent, table } from "./tables.js";

/** Metrics, then limits, then the verdict. */
export function reportText({ healthy, metrics, limits }: Report): string {
  const broken = limits.filter((limit) => !limit.ok).map((limit) => limit.name);
  const verdict = healthy ? "Healthy: every limit holds." : `NOT healthy: breaks ${broken.join(", ")}.`;
  return [metricsText(metrics), limitsText(limits), verdict].join("\n\n");
}

/** What the sums of a tier with options are measured in. */
const LABELS: Readonly<Record<string, string>> = {
  gamma: "gamma (change of delta for a move of 100 %)",
  vega: "vega (a vol point)",
  theta: "theta (a day)",
};

function metricsText(metrics: MetricsReport): string {
  const { underlyingDelta, venueEquity, scenarioPnl, ...sums } = metrics;
  const each = (label: string, entries: Readonly<Record<string, string>>): string[][] =>
    Object.entries(entries).map(([name, value]) => [`${label} ${name}`, dollars(value)]);
  const rows = [
    ["metric", "USD"],
    ...Object.entries(sums).map(([name, value]) => [LABELS[name] ?? name, dollars(value)]),
    ...each("delta", underlyingDelta),
    ...each("equity", venueEquity),
    ...each("P&L", scenarioPnl),
  ];
  return table(rows, [1]);
}

function limitsText(limits: readonly LimitReport[]): string {
  const head = ["limit", "value", "", "allowed", "headroom", "", ""];
  return table([head, ...limits.map(limitRow)], [1, 3, 4]);
}

function limitRow({ name, value, limit, headroom, ok, worst }: LimitReport): string[] {
  const show = name === "minEquity" ? dollars : percent;
  const showOr = (number: string | null, otherwise: string): string =>
    number === null ? otherwise : show(number);
  const sign = typeof limit === "string" ? (name.startsWith("min") ? "≥" : "≤") : "in";
  return [
    name,
    // Nothing is owed, or there is no equity to divide by.
    showOr(value, ok ? "no debt" : "no equity"),
    sign,
    typeof limit === "string" ? show(limit) : `${show(limit[0])} … ${show(limit[1])}`,
    showOr(headroom, "–"),
    ok ? "ok" : "BROKEN",
    worst ?? "",
  ];
}
