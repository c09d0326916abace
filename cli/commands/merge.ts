// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * `keel merge`: snapshots of one subject and time as one.
 *
 * @module
 */

import { formatSnapshot, mergeSnapshots, type NamedSnapshot, parseSnapshot } from "@keel/prover";
import { allFaults, asKeelError, KeelError } from "@keel/verifier";
import type { Context, Outcome } from "../context.js";
import { checkDistinct, checkOutput, readText, writeText } from "../files.js";

export interface MergeOptions {
  readonly snapshot: readonly string[];
  readonly out: string;
  readonly force?: true;
}

/** Writes the snapshot of all accounts. */
export async function merge(options: MergeOptions, context: Context): Promise<Outcome> {
  const { out, force = false } = options;
  checkDistinct({
    "--out": out,
    ...Object.fromEntries(options.snapshot.map((file, i) => [`--snapshot (${i + 1})`, file])),
  });
  await checkOutput(out, force);
  const parts: NamedSnapshot[] = [];
  const faults: KeelError[] = [];
  for (const [i, file] of options.snapshot.entries()) {
    const name = `snapshot#${i + 1}`;
    try {
      parts.push({ name, snapshot: parseSnapshot(await readText(file, name, context)) });
    } catch (error) {
      faults.push(renamed(asKeelError(error), name));
    }
  }
  if (faults.length > 0) throw allFaults(faults);
  const snapshot = mergeSnapshots(parts);
  await writeText({ path: out, text: formatSnapshot(snapshot), secret: true }, force, context.signal);
  const accounts = snapshot.accounts.length;
  const signed = snapshot.accounts.filter(({ signature }) => signature !== undefined).length;
  return {
    json: { ok: true, out, accounts, signed },
    text: `Merged ${parts.length} snapshots: ${accounts} accounts, ${signed} of them signed; wrote ${out}.`,
  };
}

/** The error of one of several snapshots, under the name of that one. */
function renamed(error: KeelError, name: string): KeelError {
  const { message: _, ...details } = error.toJSON();
  return new KeelError(
    { ...details, path: (error.path ?? "").replace(/^snapshot(?:#[0-9]+)?/, name) },
    { cause: error },
  );
}
