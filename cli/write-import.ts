// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * The end of every import: the accounts as a snapshot that its sources have yet to sign.
 *
 * @module
 */

import { formatSnapshot, parseSnapshot, type Snapshot } from "@keel/prover";
import { type Context, note, type Outcome } from "./context.js";
import { writeText } from "./files.js";

/** What an import has to tell beside what it wrote. */
export interface ImportNotes {
  /** Columns that nothing read. */
  readonly unused?: readonly string[];
  /** What was not looked for, or could not be compared. */
  readonly warnings?: readonly string[];
  /** More for the JSON object. */
  readonly json?: object;
}

/** Writes the snapshot, of one unit, and says what it holds. */
export async function writeImport(
  found: Omit<Snapshot, "units">,
  out: string,
  force: boolean,
  context: Context,
  { unused, warnings = [], json = {} }: ImportNotes = {},
): Promise<Outcome> {
  const text = formatSnapshot({ ...found, units: 10n ** 8n });
  parseSnapshot(text);
  await writeText({ path: out, text, secret: true }, force, context.signal);
  const accounts = found.accounts.length;
  const positions = found.accounts.reduce((count, account) => count + account.positions.size, 0);
  for (const warning of warnings) note(context, `warning: ${warning}`);
  return {
    json: {
      ok: true,
      out,
      accounts,
      positions,
      ...(unused === undefined ? {} : { unused }),
      ...(warnings.length === 0 ? {} : { warnings }),
      ...json,
    },
    text: [
      `Imported ${counted(positions, "position")} in ${counted(accounts, "account")} to ${out}; its sources sign it with \`keel sign\`.`,
      ...(unused === undefined || unused.length === 0 ? [] : [`Columns not used: ${unused.join(", ")}.`]),
    ].join("\n"),
  };
}

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? "" : "s"}`;
}
