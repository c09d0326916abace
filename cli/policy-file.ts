// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Policy files as text that is changed and written again: the series of the tables that they name.
 *
 * @module
 */

import {
  checkFit,
  inputError,
  type Liquidity,
  liquidityBasis,
  liquiditySeries,
  type Market,
  marketSeries,
  type Policy,
  parseFile,
  parseLiquidity,
  parseMarket,
  parsePolicy,
  parseReturns,
  policyId,
  policyTerms,
  type Returns,
  returnsSeries,
  type SeriesId,
  tailBasis,
  withLiquidity,
  withReturns,
} from "@keel/verifier";
import { evidenceJson, evidenceLines } from "@keel/verifier/text";
import { z } from "zod";
import type { Context, Outcome } from "./context.js";
import { readText, writeText } from "./files.js";
import type { PublicFiles } from "./load.js";

/** What makes a policy/2 of a policy/1 file. */
export const CONVERT_POLICY = "`keel migrate --policy FILE --market FILE --out FILE` converts it";

/** A policy file with whatever keys it has; those that it lacks are told when it is complete. */
export type Draft = Readonly<Record<string, unknown>>;

/** Tables that a policy is to name. */
export interface Tables {
  readonly market: Market;
  /** Series of a market that a contract reads from feeds; else the market's own. */
  readonly series?: SeriesId;
  readonly returns?: Returns;
  readonly liquidity?: Liquidity;
}

/** Reads the tables of a policy that does not name them yet. */
export async function loadTables(
  { market, returns, liquidity, series }: Omit<PublicFiles, "policy"> & Pick<Tables, "series">,
  context: Context,
): Promise<Tables> {
  return {
    market: parseMarket(await readText(market, "market", context)),
    ...(series === undefined ? {} : { series }),
    ...(returns === undefined ? {} : { returns: parseReturns(await readText(returns, "returns", context)) }),
    ...(liquidity === undefined
      ? {}
      : { liquidity: parseLiquidity(await readText(liquidity, "liquidity", context)) }),
  };
}

/** Reads a policy file of one version, without asking whether it is complete. */
export function readDraft(text: string, version: "policy/1" | "policy/2", command: string): Draft {
  return parseFile(z.looseObject({ keel: z.literal(version) }), text, "policy", { command });
}

/** A policy that names its tables' series. */
export interface Pinned {
  readonly policy: Policy;
  readonly policyId: `0x${string}`;
  readonly text: string;
}

/**
 * Writes the tables' series into a draft, and makes sure that it is a policy to which they belong.
 *
 * @throws KeelError `returns.missing`, `returns.unused`, `liquidity.missing`, `liquidity.unused`; as `parsePolicy` and `checkFit`
 */
export function pin(draft: Draft, { market, series, returns, liquidity }: Tables): Pinned {
  const text = `${JSON.stringify(
    {
      ...draft,
      market: { series: series ?? marketSeries(market) },
      ...tailOf(draft, returns),
      ...liquidityOf(draft, liquidity),
    },
    null,
    2,
  )}\n`;
  const policy = parsePolicy(text);
  checkFit(policy, market);
  tailBasis(policy, returns === undefined ? market : withReturns(market, returns));
  liquidityBasis(policy, liquidity === undefined ? market : withLiquidity(market, liquidity));
  return { policy, policyId: policyId(policyTerms(policy, market)), text };
}

function tailOf({ tail }: Draft, returns: Returns | undefined): object {
  if (tail === undefined && returns === undefined) return {};
  if (tail === undefined) {
    throw inputError("returns.unused", "--returns", "a policy with tail-risk limits", "one without");
  }
  if (returns === undefined) {
    throw inputError("returns.missing", "--returns", "a table, by which the policy limits tail risk", "none");
  }
  const isObject = typeof tail === "object" && tail !== null && !Array.isArray(tail);
  return isObject ? { tail: { ...tail, series: returnsSeries(returns) } } : { tail };
}

/** With the series of the depths. */
function liquidityOf({ liquidity }: Draft, depths: Liquidity | undefined): object {
  if (liquidity === undefined && depths === undefined) return {};
  if (liquidity === undefined) {
    const expected = "a policy that limits the days to unwind";
    throw inputError("liquidity.unused", "--liquidity", expected, "one that does not");
  }
  if (depths === undefined) {
    const expected = "a table, by which the policy limits the days to unwind";
    throw inputError("liquidity.missing", "--liquidity", expected, "none");
  }
  const isObject = typeof liquidity === "object" && liquidity !== null && !Array.isArray(liquidity);
  return isObject ? { liquidity: { ...liquidity, series: liquiditySeries(depths) } } : { liquidity };
}

/** Writes a policy, and says which series it names. @param what "Pinned" */
export async function writePolicy(
  { policy, policyId, text }: Pinned,
  { out, force = false }: { readonly out: string; readonly force?: boolean },
  what: string,
  context: Context,
): Promise<Outcome> {
  await writeText({ path: out, text, secret: false }, force, context.signal);
  const { market, tail, liquidity } = policy;
  const returns = tail === undefined ? "" : `, returns of series ${tail.series}`;
  const depths = liquidity === undefined ? "" : `, liquidity of series ${liquidity.series}`;
  return {
    json: {
      ...{ ok: true, out, policyId, marketSeries: market.series },
      ...(tail === undefined ? {} : { returnsSeries: tail.series }),
      ...(liquidity === undefined ? {} : { liquiditySeries: liquidity.series }),
      sources: evidenceJson(policy),
    },
    text: [
      `${what} "${policy.name}": markets of series ${market.series}${returns}${depths}. Its id is ${policyId}; wrote ${out}.`,
      ...evidenceLines(policy),
    ].join("\n"),
  };
}
