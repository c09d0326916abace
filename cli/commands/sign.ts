// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * `keel sign`: a source signs its accounts of a snapshot, over the rows of a market file of its own.
 *
 * @module
 */

import {
  formatSnapshot,
  parseSnapshot,
  parseSourceKey,
  type Snapshot,
  type SourceKeyPair,
  signAccounts,
  signSnapshot,
} from "@keel/prover";
import {
  circuitOf,
  hex,
  inputError,
  type Market,
  marketSeries,
  parseMarket,
  type SeriesId,
  universeId,
} from "@keel/verifier";
import { utc } from "@keel/verifier/text";
import type { Context, Outcome } from "../context.js";
import { usageError } from "../errors.js";
import { checkDistinct, checkOutput, readSecret, readText, writeText } from "../files.js";
import { loadPublic } from "../load.js";

export interface SignOptions {
  readonly snapshot: string;
  readonly market: string;
  /** Somebody else's word of the source's name, the circuit and the series; or the source says them itself. */
  readonly policy?: string;
  readonly returns?: string;
  readonly liquidity?: string;
  readonly source?: string;
  readonly circuit?: string;
  /** Series that the source has pinned for itself. */
  readonly series?: SeriesId;
  readonly key: string;
  readonly out: string;
  readonly force?: true;
}

/**
 * Writes the snapshot with the signatures that this key can give; those of other sources stay. It may take the place of the
 * snapshot that was read.
 */
export async function sign(options: SignOptions, context: Context): Promise<Outcome> {
  const { out, force = false } = options;
  checkDistinct({
    "--key": options.key,
    "--market": options.market,
    "--policy": options.policy,
    "--out": out,
  });
  await checkOutput(out, force);
  const signWith = await signerOf(options, context);
  const snapshot = parseSnapshot(await readText(options.snapshot, "snapshot", context));
  const key = parseSourceKey(await readSecret(options.key, "key", context));
  const { market, result, signed } = signWith(snapshot, key);
  await writeText({ path: out, text: formatSnapshot(result), secret: true }, force, context.signal);
  const [series, universe] = [marketSeries(market), hex(universeId(market))];
  return {
    json: { ok: true, out, signed, subject: result.subject, asOf: result.asOf, series, universe },
    text: [
      `Signed ${signed.join(", ")} for ${result.subject} at ${utc(result.asOf)}; wrote ${out}.`,
      `The signature says how many units of each of ${market.instruments.length} rows there were: their ids, kinds, underlyings,`,
      `contracts, faces and multipliers are universe ${universe} (this market is of series ${series}). It names no price and no policy.`,
    ].join("\n"),
  };
}

type SignWith = (
  snapshot: Snapshot,
  key: SourceKeyPair,
) => { readonly market: Market; readonly result: Snapshot; readonly signed: readonly string[] };

/** Signs by the source's own word, or by a policy that somebody hands it. */
async function signerOf(options: SignOptions, context: Context): Promise<SignWith> {
  const { policy, source, circuit, returns, liquidity } = options;
  if (policy !== undefined && source === undefined && circuit === undefined) {
    const { market, policy: terms } = await loadPublic({ ...options, policy }, context);
    checkPinned(market, options.series);
    return (snapshot, key) => {
      const { snapshot: result, signed } = signSnapshot(snapshot, market, terms, key);
      return { market, result, signed };
    };
  }
  const tables = returns ?? liquidity;
  if (policy !== undefined || tables !== undefined || source === undefined || circuit === undefined) {
    throw usageError("--policy; or --source and --circuit", "another mix");
  }
  const own = { name: source, circuit: circuitOf(circuit, "--circuit") };
  const market = parseMarket(await readText(options.market, "market", context));
  checkPinned(market, options.series);
  return (snapshot, key) => {
    const { snapshot: result, signed } = signAccounts(snapshot, market, own, key);
    return { market, result, signed };
  };
}

/** The source's own pin, which nobody else's file replaces. */
function checkPinned(market: Market, series: SeriesId | undefined): void {
  const received = marketSeries(market);
  if (series === undefined || series === received) return;
  throw inputError("source.series", "market", `a market of series ${series}, which --series pins`, received);
}
