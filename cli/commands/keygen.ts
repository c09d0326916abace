// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * `keel keygen`: a source's key pair.
 *
 * @module
 */

import { formatSourceKey, generateSourceKey } from "@keel/prover";
import type { Context, Outcome } from "../context.js";
import { writeText } from "../files.js";

export interface KeygenOptions {
  readonly out: string;
  readonly force?: true;
}

/** Writes a new key pair and shows its public half, which goes into a policy's list of sources. */
export async function keygen({ out, force }: KeygenOptions, context: Context): Promise<Outcome> {
  const pair = generateSourceKey();
  await writeText({ path: out, text: formatSourceKey(pair), secret: true }, force === true, context.signal);
  const publicKey = pair.publicKey.map(String);
  return {
    json: { ok: true, out, publicKey },
    text: `Wrote the key pair to ${out}; keep it secret. The public key, for a policy's sources:\n${JSON.stringify(publicKey, null, 2)}`,
  };
}
