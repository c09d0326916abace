// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * `keel market build`: completes a market's options for one policy.
 *
 * @module
 */

import { buildMarket, formatMarket } from "@keel/prover";
import { marketTable } from "@keel/verifier";
import type { Context, Outcome } from "../context.js";
import { checkDistinct, checkOutput, writeText } from "../files.js";
import { loadPublic, type PublicFiles } from "../load.js";

export interface MarketBuildOptions extends PublicFiles {
  readonly out: string;
  readonly force?: true;
}

/** Writes the market with greeks, P&L and the scenarios' root. */
export async function buildMarketFile(options: MarketBuildOptions, context: Context): Promise<Outcome> {
  const { out, force = false } = options;
  checkDistinct({ "--market": options.market, "--policy": options.policy, "--out": out });
  await checkOutput(out, force);
  const { market, policy } = await loadPublic(options, context);
  const built = buildMarket(market, policy);
  const { root } = marketTable(built, policy);
  await writeText({ path: out, text: formatMarket(built), secret: false }, force, context.signal);
  const priced = built.instruments.filter(({ contract }) => contract !== undefined).length;
  const scenarios = policy.scenarios.length;
  return {
    json: { ok: true, out, root: root.toString(), asOf: built.asOf, priced, scenarios },
    text: `Priced ${priced} options under ${scenarios} scenarios; wrote ${out}, market root ${root}.`,
  };
}
