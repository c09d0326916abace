// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * `keel import chain`: a snapshot of what an address holds and owes on an EVM chain at one block. It is not signed: its
 * source, who looks for itself, does that.
 *
 * @module
 */

import { createPublicClient, http, type PublicClient } from "viem";
import { accountsFromChain, parseChainMapping } from "../../prover/src/importers/chain.js";
import { firm, identifier, parseData, parseMarket } from "../../verifier/src/index.js";
import type { Context, Outcome } from "../context.js";
import { checkDistinct, checkOutput, readText } from "../files.js";
import { writeImport } from "../write-import.js";

export interface ImportChainOptions {
  readonly rpc: string;
  readonly mapping: string;
  readonly market: string;
  readonly subject: `0x${string}`;
  /** The subject when absent. */
  readonly owner?: `0x${string}`;
  readonly account: string;
  readonly source: string;
  readonly block?: number;
  readonly out: string;
  readonly force?: true;
}

/** Writes the snapshot; its time is the block's. */
export async function importChain(options: ImportChainOptions, context: Context): Promise<Outcome> {
  const { subject, owner = subject, block, out, force = false } = options;
  const account = parseData(identifier, options.account, "--account");
  const source = parseData(firm, options.source, "--source");
  checkDistinct({ "--mapping": options.mapping, "--market": options.market, "--out": out });
  await checkOutput(out, force);
  const market = parseMarket(await readText(options.market, "market", context));
  const mapping = parseChainMapping(await readText(options.mapping, "mapping", context));
  const client = createPublicClient({ transport: http(options.rpc, { batch: true }) }) as PublicClient;
  const request = { owner, account, source, ...(block === undefined ? {} : { blockNumber: BigInt(block) }) };
  const { accounts, asOf, blockNumber, blockHash } = await accountsFromChain(
    client,
    request,
    mapping,
    market,
  );
  const { json, text } = await writeImport({ subject, asOf, accounts }, out, force, context);
  return {
    json: { ...json, asOf, block: { number: Number(blockNumber), hash: blockHash } },
    text: `${text}\nAs of ${asOf}, block ${blockNumber} (${blockHash}).`,
  };
}
