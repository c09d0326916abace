// SPDX-License-Identifier: MIT
/**
 * Reading terms back: the limits of a policy on chain, where its file is not at hand.
 *
 * @module
 */

import { bps, usd8 } from "../core/units.js";
import {
  ABSENT_MAX,
  ABSENT_NET_DELTA_HIGH,
  ABSENT_NET_DELTA_LOW,
  type Limits,
  type PolicyTerms,
} from "./policy.js";

/** The limits that terms set; what always holds is absent, as in a policy file. */
export function limitsOf(terms: PolicyTerms): Limits {
  const minima = ["minCollateralRatio", "minHealthFactor", "minAccountHealthFactor"] as const;
  const maxima = [
    "maxLeverage",
    "maxUnderlyingDelta",
    "maxVenue",
    "maxGamma",
    "maxVega",
    "maxTheta",
    "maxStressLoss",
    "maxDrawdown",
    "maxVolatility",
  ] as const;
  const { netDeltaLo, netDeltaHi, minEquity } = terms;
  const hasBand = BigInt(netDeltaLo) !== ABSENT_NET_DELTA_LOW || BigInt(netDeltaHi) !== ABSENT_NET_DELTA_HIGH;
  // A level at confidence 0 limits the mean loss: it counts as any other does.
  const levels = terms.maxExpectedShortfall
    .map((limit, j) => ({
      confidence: bps(BigInt(terms.confidence[j]!)),
      limit: bps(BigInt(limit)),
    }))
    .filter(({ limit }) => limit !== ABSENT_MAX);
  const ratios = [
    ...minima.filter((name) => terms[name] !== 0),
    ...maxima.filter((name) => BigInt(terms[name]) !== ABSENT_MAX),
  ].map((name) => [name, bps(BigInt(terms[name]))]);
  return {
    ...Object.fromEntries(ratios),
    ...(hasBand ? { netDelta: [bps(BigInt(netDeltaLo)), bps(BigInt(netDeltaHi))] as const } : {}),
    ...(levels.length === 0 ? {} : { maxExpectedShortfall: levels }),
    ...(minEquity === 0n ? {} : { minEquity: usd8(minEquity) }),
  };
}
