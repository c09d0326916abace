// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * `keel import VENUE`: a snapshot from what a venue or custodian answered, saved in files. It is not signed: its source, who asks
 * the venue for itself, does that.
 *
 * @module
 */

import {
  accountsFromVenue,
  parseExact,
  parseVenueMapping,
  type Venue,
  type VenueResponse,
} from "@keel/prover";
import {
  allFaults,
  asKeelError,
  firm,
  identifier,
  type KeelError,
  parseData,
  parseMarket,
} from "@keel/verifier";
import type { Context, Outcome } from "../context.js";
import { usageError } from "../errors.js";
import { checkDistinct, checkOutput, readText } from "../files.js";
import { writeImport } from "../write-import.js";

export interface ImportVenueOptions {
  /** NAME=FILE, each. */
  readonly response: readonly string[];
  readonly market: string;
  readonly mapping?: string;
  readonly subject: `0x${string}`;
  readonly account: string;
  readonly source: string;
  /** Unix seconds. */
  readonly asOf: number;
  /** A share, as text. */
  readonly tolerance?: string;
  readonly out: string;
  readonly force?: true;
}

/** Writes the snapshot. */
export async function importVenue(
  venue: Venue,
  options: ImportVenueOptions,
  context: Context,
): Promise<Outcome> {
  const { subject, asOf, out, force = false } = options;
  const account = parseData(identifier, options.account, "--account");
  const source = parseData(firm, options.source, "--source");
  const files = options.response.map(namedFile);
  checkDistinct({
    "--market": options.market,
    "--mapping": options.mapping,
    "--out": out,
    ...Object.fromEntries(files.map(({ name, file }, i) => [`--response ${name} (${i + 1})`, file])),
  });
  await checkOutput(out, force);
  const market = parseMarket(await readText(options.market, "market", context));
  const mapping =
    options.mapping === undefined
      ? {}
      : { mapping: parseVenueMapping(await readText(options.mapping, "mapping", context)) };
  const responses = await readResponses(files, context);
  const found = accountsFromVenue(venue, {
    responses,
    market,
    account,
    source,
    asOf,
    ...mapping,
    ...toleranceOf(options.tolerance),
  });
  const { accounts, warnings, reconciled } = found;
  return await writeImport({ subject, asOf, accounts }, out, force, context, {
    warnings,
    json: { reconciled },
  });
}

interface NamedFile {
  readonly name: string;
  readonly file: string;
}

function namedFile(text: string): NamedFile {
  const [, name, file] = /^([a-z]{1,20})=(.+)$/s.exec(text) ?? [];
  if (name === undefined || file === undefined) throw usageError("NAME=FILE", "other text", "--response");
  return { name, file };
}

/** All files; those that cannot be read are told at once. */
async function readResponses(files: readonly NamedFile[], context: Context): Promise<VenueResponse[]> {
  const faults: KeelError[] = [];
  const responses: VenueResponse[] = [];
  for (const { name, file } of files) {
    try {
      responses.push({ name, text: await readText(file, name, context) });
    } catch (error) {
      faults.push(asKeelError(error));
    }
  }
  if (faults.length > 0) throw allFaults(faults);
  return responses;
}

function toleranceOf(text: string | undefined) {
  if (text === undefined) return {};
  const tolerance = /^0(?:\.[0-9]{1,6})?$/.test(text) ? parseExact(text) : undefined;
  if (tolerance === undefined) throw usageError("a share below 1, such as 0.01", "other text", "--tolerance");
  return { tolerance };
}
