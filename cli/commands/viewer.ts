// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * `keel viewer new`: a viewer's key pair.
 *
 * @module
 */

import { formatViewerKey, generateViewerKey } from "@keel/verifier";
import type { Context, Outcome } from "../context.js";
import { writeText } from "../files.js";

export interface ViewerNewOptions {
  readonly out: string;
  readonly force?: true;
}

/** Writes a new key pair and shows its public half, which goes into a policy's list of viewers. */
export async function newViewer({ out, force }: ViewerNewOptions, context: Context): Promise<Outcome> {
  const pair = generateViewerKey();
  await writeText({ path: out, text: formatViewerKey(pair), secret: true }, force === true, context.signal);
  const publicKey = pair.publicKey.map(String);
  return {
    json: { ok: true, out, publicKey },
    text: `Wrote the key pair to ${out}; keep it secret: it reads whatever is sealed for it, for ever. The public key, for a policy's viewers:\n${JSON.stringify(publicKey, null, 2)}`,
  };
}
