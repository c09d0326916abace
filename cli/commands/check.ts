// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * `keel check`: the exact metrics and every limit, without a proof.
 *
 * A draft that no source has signed yet can be checked; a signature that is there has to verify.
 *
 * @module
 */

import { assess, checkSignature, checkTimes, report } from "../../prover/src/index.js";
import { type Context, note, type Outcome } from "../context.js";
import { type BookFiles, loadBook, loadState } from "../load.js";
import { reportText } from "../report-text.js";

export interface CheckOptions extends BookFiles {
  /** Latest state of the drawdown chain; today is the high-water mark without it. */
  readonly state?: string;
}

/** Judges a snapshot; exit code 2 when a limit is broken. */
export async function check(options: CheckOptions, context: Context): Promise<Outcome> {
  const { snapshot, market, policy } = await loadBook(options, context);
  checkTimes(snapshot, market, policy, context.now());
  const unsigned: string[] = [];
  for (const [s, account] of snapshot.accounts.entries()) {
    if (account.signature === undefined) unsigned.push(account.id);
    else checkSignature(snapshot, s, market, policy);
  }
  const { state } = await loadState(options.state, context);
  const json = report(assess(snapshot, market, policy, state));
  if (unsigned.length > 0)
    note(context, `warning: no source has signed ${unsigned.join(", ")}; prove needs it`);
  return { exitCode: json.healthy ? 0 : 2, json, text: reportText(json) };
}
