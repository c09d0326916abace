// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * What a policy takes from others than the manager, beside the accounts: the series of its tables, and who says how many
 * units the fund has.
 *
 * @module
 */

import { bps, NO_TAIL, type Policy, type PolicyTerms, UNITS_KINDS } from "@keel/verifier";
import { basisLines } from "@keel/verifier/text";
import type { JSX } from "preact";
import { PolicyWords } from "./parts.js";

/** The terms that name it. */
export type Basis = Pick<
  PolicyTerms,
  "marketSeries" | "returnsSeries" | "liquidity" | "unitsKind" | "unitsSource"
>;

/** A sentence for each. */
export function BasisWords({ basis }: { readonly basis: Basis }): JSX.Element {
  const { marketSeries, returnsSeries, liquidity } = basis;
  const hasReturns = returnsSeries !== NO_TAIL.returnsSeries;
  const lines = basisLines({
    market: { series: marketSeries },
    ...(hasReturns ? { tail: { series: returnsSeries } } : {}),
    ...(liquidity === undefined
      ? {}
      : { liquidity: { series: liquidity.series, participation: bps(BigInt(liquidity.participation)) } }),
    ...unitsSourceOf(basis),
  });
  return <PolicyWords lines={lines} />;
}

/** The terms' source of units, as a policy file has it. */
function unitsSourceOf({ unitsKind, unitsSource }: Basis): Pick<Policy, "units"> {
  const kind = UNITS_KINDS[unitsKind]!;
  if (kind === "none") return {};
  // The chain's answer has capitals for a checksum, which files do not.
  return { units: { kind, address: unitsSource.toLowerCase() as Basis["unitsSource"] } };
}
