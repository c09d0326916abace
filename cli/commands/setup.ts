// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * `keel setup`: compiles circuits and makes their development keys.
 *
 * @module
 */

import type { ArtifactSet } from "@keel/circuits";
import { CIRCUITS, circuitOf } from "@keel/verifier";
import { table } from "@keel/verifier/text";
import { buildCircuit } from "../artifacts.js";
import type { Context, Outcome } from "../context.js";

/** Built when no circuit is named: the larger tiers take minutes, so they are asked for by name. */
const DEFAULT = CIRCUITS[0]!.id;

/** Builds what is missing and checks the rest. */
export async function setup(circuits: readonly string[], context: Context): Promise<Outcome> {
  const ids = circuits.length === 0 ? [DEFAULT] : circuits;
  for (const id of ids) circuitOf(id);
  const sets: ArtifactSet[] = [];
  for (const id of ids) sets.push(await buildCircuit(id, context));
  const built = sets.map(({ id, dir, manifest }) => ({
    id,
    dir,
    constraints: manifest.constraints,
    insecure: manifest.insecure === true,
  }));
  const rows = built.map(({ id, dir, constraints, insecure }) => [
    id,
    `${constraints} constraints`,
    insecure ? "development key" : "ceremony key",
    dir,
  ]);
  return { json: { ok: true, circuits: built }, text: table(rows) };
}
