// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * `keel returns build`: daily returns and their covariance from a history of prices.
 *
 * @module
 */

import { buildReturns } from "@keel/prover/market-data";
import { parseMarket, parseReturns } from "@keel/verifier";
import { type Context, note, type Outcome } from "../context.js";
import { checkDistinct, checkOutput, readText, writeText } from "../files.js";

export interface ReturnsBuildOptions {
  readonly prices: string;
  readonly market: string;
  readonly days: number;
  /** Unix seconds. */
  readonly asOf: number;
  readonly shrinkage: string;
  readonly spanGaps?: true;
  readonly out: string;
  readonly force?: true;
}

/** Writes the returns table; says which days are missing. */
export async function buildReturnsFile(options: ReturnsBuildOptions, context: Context): Promise<Outcome> {
  const { out, asOf, days, shrinkage, force = false } = options;
  checkDistinct({ "--prices": options.prices, "--market": options.market, "--out": out });
  await checkOutput(out, force);
  const { underlyings } = parseMarket(await readText(options.market, "market", context));
  const text = await readText(options.prices, "prices", context);
  const built = buildReturns({
    ...{ text, underlyings, days, asOf, shrinkage },
    spanGaps: options.spanGaps === true,
  });
  parseReturns(built.text);
  await writeText({ path: out, text: built.text, secret: false }, force, context.signal);
  const { notes, from, to, shrunk } = built;
  for (const line of notes) note(context, `note: ${line}`);
  return {
    json: { ok: true, out, asOf, days, from, to, shrinkage, shrunk, notes },
    text: `Wrote ${days} daily returns from ${from} to ${to} to ${out}; covariance shrunk by ${shrunk} (${shrinkage}).`,
  };
}
