// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * The files that commands share, read and parsed.
 *
 * @module
 */

import { parseSnapshot, type Snapshot } from "../prover/src/index.js";
import { checkFit, type Market, type Policy, parseMarket, parsePolicy } from "../verifier/src/index.js";
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

/** Reads market and policy, and makes sure that they go together. */
export async function loadPublic(
  files: PublicFiles,
  context: Context,
): Promise<{ readonly market: Market; readonly policy: Policy }> {
  const market = parseMarket(await readText(files.market, "market", context));
  const policy = parsePolicy(await readText(files.policy, "policy", context));
  checkFit(policy, market);
  return { market, policy };
}

/** Reads market, policy and snapshot. */
export async function loadBook(
  files: BookFiles,
  context: Context,
): Promise<{ readonly market: Market; readonly policy: Policy; readonly snapshot: Snapshot }> {
  const shared = await loadPublic(files, context);
  return { ...shared, snapshot: parseSnapshot(await readText(files.snapshot, "snapshot", context)) };
}
