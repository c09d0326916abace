// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Runs once before all tests: compiles the circuits and makes the development keys that several suites need, so that no
 * two of them do it at the same time. Cached by content hash; seconds when nothing changed.
 *
 * @module
 */

import { ensureCircuit } from "@keel/circuits";

export async function setup(): Promise<void> {
  await ensureCircuit("portfolio-health/spot-16");
  await ensureCircuit("tail-risk/spot-64");
  await ensureCircuit("liquidity/16x1");
}
