// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Transactions in JSON output.
 *
 * @module
 */

import type { Receipt } from "@keel/verifier/chain";

/** A receipt without bigints. */
export function receiptJson({ hash, gasUsed, blockNumber }: Receipt) {
  return { transaction: hash, block: Number(blockNumber), gas: Number(gasUsed) };
}
