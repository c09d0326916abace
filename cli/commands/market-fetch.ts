// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * `keel market fetch`: a market file from public data, saved or read from a chain's feeds, with where each price is from.
 *
 * @module
 */

import { hostedNode } from "@keel/prover/chain";
import {
  type FetchRequest,
  feedAnswer,
  feedView,
  fetchMarket,
  type MarketSources,
  type Origin,
  parseMarketSources,
} from "@keel/prover/market-data";
import { parseMarket } from "@keel/verifier";
import { jsonText, table, utc } from "@keel/verifier/text";
import { createPublicClient, type PublicClient } from "viem";
import type { Context, Outcome } from "../context.js";
import { checkDistinct, checkOutput, readText, writeFiles } from "../files.js";
import { type ResponseOptions, readResponses, responseFiles } from "../responses.js";

export interface MarketFetchOptions extends ResponseOptions {
  readonly sources: string;
  readonly rpc?: string;
  readonly block?: number;
  /** Unix seconds. */
  readonly asOf: number;
  readonly out: string;
  /** Where each price is from is written here as well. */
  readonly origins?: string;
  readonly force?: true;
}

/** Writes the market; options in it have their contracts, and `market build` completes them. */
export async function fetchMarketFile(options: MarketFetchOptions, context: Context): Promise<Outcome> {
  const { out, asOf, force = false } = options;
  const paths = { "--sources": options.sources, "--out": out, "--origins": options.origins };
  checkDistinct({ ...paths, ...responseFiles(options) });
  for (const path of [out, options.origins]) if (path !== undefined) await checkOutput(path, force);
  const sources = parseMarketSources(await readText(options.sources, "sources", context));
  const responses = await readResponses(options, context);
  const found = await fetchMarket({ sources, responses, asOf, ...(await feedOf(options, sources)) });
  parseMarket(found.text);
  const files = [{ path: out, text: found.text, secret: false }];
  if (options.origins !== undefined) {
    const text = `${jsonText({ keel: "market-origins/1", asOf, instruments: found.origins })}\n`;
    files.push({ path: options.origins, text, secret: false });
  }
  await writeFiles(files, force, context.signal);
  const { origins } = found;
  return {
    json: { ok: true, out, asOf, instruments: origins.length, origins },
    text: `${table([["instrument", "from", "of"], ...origins.map(line)])}\nWrote ${origins.length} instruments to ${out}.`,
  };
}

function line({ id, from, time, timeIsTold }: Origin): string[] {
  return [id, from, time === undefined ? "" : `${utc(time)}${timeIsTold ? " (as told)" : ""}`];
}

/** Reads feeds at one block, where there is a node. */
async function feedOf(
  { rpc, block }: MarketFetchOptions,
  { chainId }: MarketSources,
): Promise<Pick<FetchRequest, "feed">> {
  if (rpc === undefined) return {};
  const client = createPublicClient({ transport: hostedNode(rpc) }) as PublicClient;
  const view = await feedView(client, chainId, block === undefined ? undefined : BigInt(block));
  return { feed: (address, path) => feedAnswer(view, address, path) };
}
