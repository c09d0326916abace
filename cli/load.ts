// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * The files that commands share, read and parsed.
 *
 * @module
 */

import {
  type DrawdownState,
  type Enrolment,
  parseEnrolment,
  parseSnapshot,
  parseState,
  type Snapshot,
} from "../prover/src/index.js";
import {
  checkFit,
  type Market,
  type Policy,
  parseMarket,
  parsePolicy,
  parseReturns,
  tailBasis,
  withReturns,
} from "../verifier/src/index.js";
import type { Context } from "./context.js";
import { readSecret, readText } from "./files.js";

/** Files that everybody may see. */
export interface PublicFiles {
  readonly market: string;
  readonly policy: string;
  /** Under policies with tail-risk limits. */
  readonly returns?: string;
}

/** Files of a manager. */
export interface BookFiles extends PublicFiles {
  readonly snapshot: string;
}

/** Reads market, policy and returns, and makes sure that they go together: tables of the policy's series. */
export async function loadPublic(
  files: PublicFiles,
  context: Context,
): Promise<{ readonly market: Market; readonly policy: Policy }> {
  const market = parseMarket(await readText(files.market, "market", context));
  const policy = parsePolicy(await readText(files.policy, "policy", context));
  checkFit(policy, market);
  if (files.returns === undefined) return { market, policy };
  const returns = parseReturns(await readText(files.returns, "returns", context));
  const complete = withReturns(market, returns);
  tailBasis(policy, complete);
  return { market: complete, policy };
}

/** Reads market, policy and snapshot. */
export async function loadBook(
  files: BookFiles,
  context: Context,
): Promise<{ readonly market: Market; readonly policy: Policy; readonly snapshot: Snapshot }> {
  const shared = await loadPublic(files, context);
  return { ...shared, snapshot: parseSnapshot(await readText(files.snapshot, "snapshot", context)) };
}

/** Reads the latest state of a drawdown chain; nothing at its genesis. */
export async function loadState(
  file: string | undefined,
  context: Context,
): Promise<{ readonly state?: DrawdownState }> {
  if (file === undefined) return {};
  return { state: parseState(await readSecret(file, "state", context)) };
}

/** Reads the declared accounts; nothing when no file is named. */
export async function loadEnrolment(
  file: string | undefined,
  context: Context,
): Promise<{ readonly enrolment?: Enrolment }> {
  if (file === undefined) return {};
  return { enrolment: parseEnrolment(await readSecret(file, "enrolment", context)) };
}
