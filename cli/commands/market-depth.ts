// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * `keel market depth`: units of each instrument that a day can take, from order books and pools.
 *
 * @module
 */

import { hostedNode } from "@keel/prover/chain";
import { marketDepth, parseDepthSources } from "@keel/prover/market-data";
import { parseMarket } from "@keel/verifier";
import { createPublicClient, type PublicClient } from "viem";
import type { Context, Outcome } from "../context.js";
import { checkDistinct, checkOutput, readText, writeText } from "../files.js";
import { type ResponseOptions, readResponses, responseFiles } from "../responses.js";

export interface MarketDepthOptions extends ResponseOptions {
  readonly sources: string;
  readonly market: string;
  readonly rpc?: string;
  readonly block?: number;
  /** Unix seconds. */
  readonly asOf: number;
  readonly out: string;
  readonly force?: true;
}

/** Writes the liquidity table. */
export async function marketDepthFile(options: MarketDepthOptions, context: Context): Promise<Outcome> {
  const { out, asOf, rpc, block, force = false } = options;
  const paths = { "--sources": options.sources, "--market": options.market, "--out": out };
  checkDistinct({ ...paths, ...responseFiles(options) });
  await checkOutput(out, force);
  const market = parseMarket(await readText(options.market, "market", context));
  const sources = parseDepthSources(await readText(options.sources, "sources", context));
  const books = await readResponses(options, context);
  const text = await marketDepth({
    ...{ sources, market, books, asOf },
    ...(rpc === undefined
      ? {}
      : { client: createPublicClient({ transport: hostedNode(rpc) }) as PublicClient }),
    ...(block === undefined ? {} : { block: BigInt(block) }),
  });
  await writeText({ path: out, text, secret: false }, force, context.signal);
  const instruments = market.instruments.length;
  return {
    json: { ok: true, out, asOf, instruments },
    text: `Wrote the depth of ${instruments} instruments to ${out}, at a participation of ${sources.participation}.`,
  };
}
