// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * A book of the local chain whose policy needs every table beside the market's.
 *
 * @module
 */

import { STRATEGIES } from "./strategies.js";
import type { Strategy } from "./strategy.js";

const trendFollower = STRATEGIES.find(({ folder }) => folder === "trend-follower")!;

/** A strategy whose policy limits tail risk and the days to unwind: an attestation of it is three proofs. */
export const TABLES_STRATEGY: Strategy = {
  ...trendFollower,
  policyName: "Trend follower, tail risk and days to unwind",
  limits: { ...trendFollower.limits, maxDaysToUnwind: "2" },
  liquidity: {
    circuit: "liquidity/16x1",
    depths: { "BTC-PERP": "96", "ETH-PERP": "1240", "SOL-PERP": "5600", "BTC-27MAR26": "8" },
  },
};
