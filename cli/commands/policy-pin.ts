// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * `keel policy pin`: writes into a policy which series of tables it is judged by, so that nobody can prove by kinder ones.
 *
 * @module
 */

import type { SeriesId } from "@keel/verifier";
import type { Context, Outcome } from "../context.js";
import { checkDistinct, checkOutput, readText } from "../files.js";
import type { PublicFiles } from "../load.js";
import { CONVERT_POLICY, loadTables, pin, readDraft, writePolicy } from "../policy-file.js";

export interface PolicyPinOptions extends PublicFiles {
  /** Series of a market that a contract reads from feeds; without it the market file's own. */
  readonly series?: SeriesId;
  readonly out: string;
  readonly force?: true;
}

/** Takes a policy/2 file or a draft of one without series. It may take the place of the file that was read. */
export async function pinPolicy(options: PolicyPinOptions, context: Context): Promise<Outcome> {
  const { policy, market, returns, liquidity, out, force = false } = options;
  checkDistinct({ "--market": market, "--returns": returns, "--liquidity": liquidity, "--out": out });
  await checkOutput(out, force);
  const draft = readDraft(await readText(policy, "policy", context), "policy/2", CONVERT_POLICY);
  const pinned = pin(draft, await loadTables(options, context));
  return await writePolicy(pinned, { out, force }, "Pinned", context);
}
