// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * What a policy takes from others than the manager, beside the accounts: the series of its tables, and who says how many
 * units the fund has.
 *
 * @module
 */

import type { ComponentChildren } from "preact";
import { NO_TAIL, type Policy, type PolicyTerms, UNITS_KINDS } from "../../verifier/src/index.js";
import { Hash } from "./parts.js";
import { seriesText, unitsSourceText } from "./words.js";

/** The terms that name it. */
export type Basis = Pick<PolicyTerms, "marketSeries" | "returnsSeries" | "unitsKind" | "unitsSource">;

/** Rows of facts. */
export function basisRows(basis: Basis): [string, ComponentChildren][] {
  const { marketSeries, returnsSeries, unitsKind, unitsSource } = basis;
  const kind = UNITS_KINDS[unitsKind]!;
  const series = (name: string, id: Basis["marketSeries"]): [string, ComponentChildren] => [
    name,
    <span key={name}>
      {seriesText(id)} <Hash value={id} />
    </span>,
  ];
  return [
    series("Market series", marketSeries),
    ...(returnsSeries === NO_TAIL.returnsSeries ? [] : [series("Returns series", returnsSeries)]),
    [
      "Units",
      <span key="units">
        {unitsSourceText(kind)} {kind === "none" ? null : <Hash value={unitsSource} />}
      </span>,
    ],
  ];
}

/** The terms' source of units, as a policy file has it. */
export function unitsSourceOf({ unitsKind, unitsSource }: Basis): Pick<Policy, "units"> {
  const kind = UNITS_KINDS[unitsKind]!;
  return kind === "none" ? {} : { units: { kind, address: unitsSource } };
}
