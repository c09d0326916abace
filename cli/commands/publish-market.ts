// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * `keel publish-market`: brings publishers' signatures of a market table to the registry's market book.
 *
 * @module
 */

import { type MarketSignature, publishMarket } from "@keel/verifier/chain";
import { connectSender, type SenderOptions } from "../chain.js";
import type { Context, Outcome } from "../context.js";
import { readText } from "../files.js";
import { checkModel, loadPublic, type PublicFiles } from "../load.js";
import { commitmentOf, parseMarketSignature, type TableName } from "../market-signature.js";
import { receiptJson } from "../receipts.js";

export interface PublishMarketOptions extends SenderOptions, PublicFiles {
  /** Which of the policy's tables. */
  readonly table: TableName;
  /** Files from sign-market. */
  readonly signature: readonly string[];
}

/** Publishes the table with the signatures, in any order. */
export async function publishMarketTable(options: PublishMarketOptions, context: Context): Promise<Outcome> {
  const tables = await loadPublic(options, context);
  await checkModel(tables.market, tables.policy);
  const commitment = commitmentOf(tables, options.table);
  const { registry, wallet } = await connectSender(options, context);
  const signatures: MarketSignature[] = [];
  for (const [i, file] of options.signature.entries()) {
    const name = `signature[${i}]`;
    signatures.push(parseMarketSignature(await readText(file, name, context), name, registry, commitment));
  }
  // A file that was named twice is one signature: the registry says how many are missing.
  const distinct = [...new Map(signatures.map((one) => [one.signer.toLowerCase(), one])).values()];
  const receipt = await publishMarket(registry, wallet, commitment, distinct);
  return {
    json: { ok: true, ...commitment, ...receiptJson(receipt) },
    text: `Published the table of ${options.table}, ${commitment.root} of ${commitment.asOf} in series ${commitment.series} (${receipt.gasUsed} gas).`,
  };
}
