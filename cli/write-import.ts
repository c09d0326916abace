// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * The end of every import: the accounts as a snapshot that its sources have yet to sign.
 *
 * @module
 */

import { formatSnapshot, parseSnapshot, type Snapshot } from "../prover/src/index.js";
import type { Context, Outcome } from "./context.js";
import { writeText } from "./files.js";

/** Writes the snapshot, of one unit, and says what it holds. */
export async function writeImport(
  found: Omit<Snapshot, "units">,
  out: string,
  force: boolean,
  context: Context,
): Promise<Outcome> {
  const text = formatSnapshot({ ...found, units: 10n ** 8n });
  parseSnapshot(text);
  await writeText({ path: out, text, secret: true }, force, context.signal);
  const accounts = found.accounts.length;
  const positions = found.accounts.reduce((count, account) => count + account.positions.size, 0);
  return {
    json: { ok: true, out, accounts, positions },
    text: `Imported ${positions} positions in ${accounts} accounts to ${out}; its sources sign it with \`keel sign\`.`,
  };
}
