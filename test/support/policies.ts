// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * A policy for tests that are not about policies, in one place.
 *
 * @module
 */

import { type Policy, parsePolicy } from "@keel/verifier";
import { SOURCE } from "./book.js";

/** A series of feeds, which goes with any market. */
export const ANY_SERIES = `0x02${"0".repeat(62)}`;

/** A policy with these scenarios, for any market. */
export function policyOf(
  scenarios: readonly object[],
  circuit = "portfolio-health/options-64",
  more: object = {},
): Policy {
  return parsePolicy(
    JSON.stringify({
      keel: "policy/2",
      name: "test",
      circuit,
      limits: scenarios.length === 0 ? {} : { maxStressLoss: "0.5" },
      scenarios,
      sources: [{ name: "Venue One", key: SOURCE.publicKey.map(String) }],
      maxAge: 3600,
      validity: 86_400,
      maxMarketSkew: 300,
      minInterval: 3600,
      market: { series: ANY_SERIES },
      ...more,
    }),
  );
}
