// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * `keel sign`: a source signs its accounts of a snapshot.
 *
 * @module
 */

import { formatSnapshot, parseSourceKey, signSnapshot } from "../../prover/src/index.js";
import type { Context, Outcome } from "../context.js";
import { readSecret, writeText } from "../files.js";
import { type BookFiles, loadBook } from "../load.js";

export interface SignOptions extends BookFiles {
  readonly key: string;
  readonly out: string;
  readonly force?: true;
}

/** Writes the snapshot with the signatures that this key can give; those of other sources stay. */
export async function sign(options: SignOptions, context: Context): Promise<Outcome> {
  const { snapshot, market, policy } = await loadBook(options, context);
  const key = parseSourceKey(await readSecret(options.key, "key", context));
  const { snapshot: result, signed } = signSnapshot(snapshot, market, policy, key);
  const file = { path: options.out, text: formatSnapshot(result), secret: true };
  await writeText(file, options.force === true, context.signal);
  return {
    json: { ok: true, out: options.out, signed },
    text: `Signed ${signed.join(", ")} for ${result.subject}; wrote ${options.out}.`,
  };
}
