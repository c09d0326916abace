// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * `keel sign-market`: a publisher signs a market table for one registry's market book.
 *
 * @module
 */

import { publishersOf, type Registry, signMarket } from "@keel/verifier/chain";
import { connectSender, type SenderOptions } from "../chain.js";
import { type Context, note, type Outcome } from "../context.js";
import { checkDistinct, checkOutput, writeText } from "../files.js";
import { checkModel, loadPublic, type PublicFiles } from "../load.js";
import { commitmentOf, formatMarketSignature, type TableName } from "../market-signature.js";

export interface SignMarketOptions extends SenderOptions, PublicFiles {
  /** Which of the policy's tables. */
  readonly table: TableName;
  readonly out: string;
  readonly force?: true;
}

/** Writes the signature; the policy names the circuit, whose size is part of the table. */
export async function signMarketTable(options: SignMarketOptions, context: Context): Promise<Outcome> {
  const { out, force = false } = options;
  checkDistinct({
    ...{ "--market": options.market, "--policy": options.policy },
    ...{ "--key-file": options.keyFile, "--out": out },
  });
  await checkOutput(out, force);
  const tables = await loadPublic(options, context);
  await checkModel(tables.market, tables.policy);
  const commitment = commitmentOf(tables, options.table);
  const { registry, account } = await connectSender(options, context);
  const signature = await signMarket(registry, account, commitment);
  const text = formatMarketSignature(registry, commitment, signature);
  await writeText({ path: out, text, secret: false }, force, context.signal);
  await noteStranger(registry, signature.signer, context);
  return {
    json: {
      ok: true,
      out,
      signer: signature.signer,
      ...commitment,
    },
    text: `${signature.signer} signed the table of ${options.table}, ${commitment.root} of ${commitment.asOf} in series ${commitment.series}; wrote ${out}.`,
  };
}

/** Says that a signer is no publisher, before the registry refuses the signature. One that is announced may sign already. */
async function noteStranger(registry: Registry, signer: string, context: Context): Promise<void> {
  const { publishers, pending } = await publishersOf(registry);
  const known = [...publishers, ...(pending?.publishers ?? [])].map((one) => one.toLowerCase());
  if (known.includes(signer.toLowerCase())) return;
  note(
    context,
    `warning: ${signer} is no publisher of this registry, which will refuse it; \`keel publishers list\``,
  );
}
