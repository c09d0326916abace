// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * `keel import csv`: a snapshot from a CSV file. It is not signed: its sources do that.
 *
 * @module
 */

import { parseMapping, readCsv } from "@keel/prover";
import { parseMarket } from "@keel/verifier";
import type { Context, Outcome } from "../context.js";
import { checkDistinct, checkOutput, readText } from "../files.js";
import { writeImport } from "../write-import.js";

export interface ImportCsvOptions {
  readonly csv: string;
  readonly mapping?: string;
  readonly market: string;
  readonly subject: `0x${string}`;
  /** Unix seconds. */
  readonly asOf: number;
  readonly out: string;
  readonly force?: true;
}

/** Writes the snapshot. */
export async function importCsv(options: ImportCsvOptions, context: Context): Promise<Outcome> {
  const { out, subject, asOf, force = false } = options;
  checkDistinct({
    "--csv": options.csv,
    "--mapping": options.mapping,
    "--market": options.market,
    "--out": out,
  });
  await checkOutput(out, force);
  const market = parseMarket(await readText(options.market, "market", context));
  const mapping =
    options.mapping === undefined
      ? undefined
      : parseMapping(await readText(options.mapping, "mapping", context));
  const { accounts, unused, ignoredRows } = readCsv(
    await readText(options.csv, "csv", context),
    market,
    mapping,
  );
  return await writeImport({ subject, asOf, accounts }, out, force, context, {
    unused,
    json: { ignoredRows },
  });
}
