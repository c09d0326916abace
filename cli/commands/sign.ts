// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * `keel sign`: a source signs its accounts of a snapshot.
 *
 * @module
 */

import { formatSnapshot, parseSourceKey, signSnapshot } from "@keel/prover";
import type { Context, Outcome } from "../context.js";
import { checkDistinct, checkOutput, readSecret, writeText } from "../files.js";
import { type BookFiles, loadBook } from "../load.js";

export interface SignOptions extends BookFiles {
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
  const { snapshot, market, policy } = await loadBook(options, context);
  const key = parseSourceKey(await readSecret(options.key, "key", context));
  const { snapshot: result, signed } = signSnapshot(snapshot, market, policy, key);
  await writeText({ path: out, text: formatSnapshot(result), secret: true }, force, context.signal);
  return {
    json: { ok: true, out, signed },
    text: `Signed ${signed.join(", ")} for ${result.subject}; wrote ${out}.`,
  };
}
