// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * The files that commands share, read and parsed.
 *
 * @module
 */

import { parseSnapshot, type Snapshot } from "../prover/src/index.js";
import { type Market, type Policy, parseMarket, parsePolicy } from "../verifier/src/index.js";
import type { Context } from "./context.js";
import { readText } from "./files.js";

/** Files that everybody may see. */
export interface PublicFiles {
  readonly market: string;
  readonly policy: string;
}

/** Files of a manager. */
export interface BookFiles extends PublicFiles {
  readonly snapshot: string;
}

/** Reads market and policy. */
export async function loadPublic(
  files: PublicFiles,
  context: Context,
): Promise<{ readonly market: Market; readonly policy: Policy }> {
  return {
    market: parseMarket(await readText(files.market, "market", context)),
    policy: parsePolicy(await readText(files.policy, "policy", context)),
  };
}

/** Reads market, policy and snapshot. */
export async function loadBook(
  files: BookFiles,
  context: Context,
): Promise<{ readonly market: Market; readonly policy: Policy; readonly snapshot: Snapshot }> {
  const shared = await loadPublic(files, context);
  return { ...shared, snapshot: parseSnapshot(await readText(files.snapshot, "snapshot", context)) };
}
