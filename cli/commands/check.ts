// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * `keel check`: the exact metrics and every limit with its room, without a proof; with `--after`, what trades would do.
 *
 * A draft that no source has signed yet can be checked; a signature that is there has to verify.
 *
 * @module
 */

import {
  afterTrades,
  type CheckReport,
  comparisonText,
  type Draft,
  headroom,
  judgeBook,
  type Lacks,
  openDraft,
  openUnfinished,
  parseTrades,
  report,
  reportRoom,
  reportText,
  unitsCounter,
} from "@keel/prover";
import { evidenceLines } from "@keel/verifier/text";
import { type Context, note, type Outcome } from "../context.js";
import { readText } from "../files.js";
import { type BookFiles, loadBook, loadState, loadUnits } from "../load.js";

export interface CheckOptions extends BookFiles {
  /** Latest state of the drawdown chain; today is the high-water mark without it. */
  readonly state?: string;
  /** Units that the fund's administrator signed. */
  readonly units?: string;
  /** Trades that are only thought of. */
  readonly after?: string;
}

/** Judges a snapshot, as it is or as trades would leave it; exit code 2 when a limit is broken. */
export async function check(options: CheckOptions, context: Context): Promise<Outcome> {
  const files = {
    ...(await loadBook(options, context)),
    ...(await loadUnits(options.units, context)),
    ...(await loadState(options.state, context)),
    now: context.now(),
  };
  const { lacks, ...draft } = openUnfinished(files);
  for (const warning of warningsOf(lacks, files)) note(context, `warning: ${warning}`);
  const now = judged(draft);
  if (options.after === undefined) {
    return outcome(now, now, [reportText(now), ...evidenceLines(draft.policy)].join("\n"));
  }
  const trades = parseTrades(await readText(options.after, "trades", context));
  const snapshot = afterTrades(draft.snapshot, draft.market, trades);
  const later = judged(openDraft({ ...draft, snapshot }));
  const text = [comparisonText(now, later), ...evidenceLines(draft.policy)].join("\n");
  return outcome({ ...later, before: now }, later, text);
}

/** What a proof would be refused for. */
function warningsOf(
  { accounts, units, counter }: Lacks,
  { policy, state }: Pick<Draft, "policy" | "state">,
): string[] {
  const [before, present] = [state?.unitsSource, unitsCounter(policy)];
  return [
    ...(units ? ["nobody has signed the fund's units; prove needs it"] : []),
    // Equity per unit of two scales is no drawdown.
    ...(counter
      ? [`the state's units were counted by ${before}, this policy's are by ${present}: prove refuses`]
      : []),
    ...(accounts.length > 0 ? [`no source has signed ${accounts.join(", ")}; prove needs it`] : []),
  ];
}

function outcome(json: object, { healthy }: CheckReport, text: string): Outcome {
  return { exitCode: healthy ? 0 : 2, json, text };
}

function judged(draft: Draft): CheckReport {
  const assessment = judgeBook(draft);
  const rooms = headroom(assessment, draft).map(reportRoom);
  const { limits, ...rest } = report(assessment);
  return { ...rest, limits: limits.map((limit, i) => ({ ...limit, ...rooms[i]! })) };
}
