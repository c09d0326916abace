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
  checkContracts,
  checkSignature,
  checkTimes,
  comparisonText,
  contentOf,
  type Draft,
  type DrawdownState,
  headroom,
  judgeBook,
  openDraft,
  parseTrades,
  report,
  reportRoom,
  reportText,
  type Snapshot,
  unitsCounter,
  withUnits,
} from "@keel/prover";
import { allFaults, inputError, type Policy, type SignedUnits } from "@keel/verifier";
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
  const files = await loadBook(options, context);
  const { market, policy } = files;
  checkTimes(files.snapshot, market, policy, context.now());
  checkContracts(market, policy);
  checkSources(files.snapshot, policy);
  const { units } = await loadUnits(options.units, context);
  const snapshot = withUnitsOfDraft(files, units, context);
  const content = contentOf(snapshot, market, policy.circuit.shape);
  const unsigned = snapshot.accounts.flatMap(({ id, signature }, s) => {
    if (signature === undefined) return [id];
    checkSignature(snapshot, s, market, policy, content);
    return [];
  });
  const state = await loadState(options.state, context);
  warnOfUnits(state.state, policy, context);
  const now = judged(openDraft({ snapshot, market, policy, ...state }, content));
  if (unsigned.length > 0)
    note(context, `warning: no source has signed ${unsigned.join(", ")}; prove needs it`);
  if (options.after === undefined) {
    return outcome(now, now, [reportText(now), ...evidenceLines(policy)].join("\n"));
  }
  const trades = parseTrades(await readText(options.after, "trades", context));
  const after = afterTrades(snapshot, market, trades);
  const later = judged(openDraft({ snapshot: after, market, policy, ...state }));
  return outcome({ ...later, before: now }, later, comparisonText(now, later));
}

/** A source that the policy does not know can never sign, so the snapshot could never be proven. All of them at once. */
function checkSources(snapshot: Snapshot, policy: Policy): void {
  const known = new Set(policy.sources.map(({ name }) => name));
  const faults = snapshot.accounts.flatMap(({ source }, s) =>
    known.has(source)
      ? []
      : [
          inputError(
            "source.unknown",
            `snapshot.accounts[${s}].source`,
            "one of policy.sources",
            "another name",
          ),
        ],
  );
  if (faults.length > 0) throw allFaults(faults);
}

/** The fund's units; the snapshot's own when the administrator has not signed yet. */
function withUnitsOfDraft(
  { snapshot, policy }: { readonly snapshot: Snapshot; readonly policy: Policy },
  signed: SignedUnits | undefined,
  context: Context,
): Snapshot {
  const isSigned = policy.units?.kind === "signer" || policy.units?.kind === "contract";
  if (!isSigned || signed !== undefined) return withUnits(snapshot, policy, signed);
  note(context, "warning: nobody has signed the fund's units; prove needs it");
  return snapshot;
}

/** Equity per unit of two scales is no drawdown. */
function warnOfUnits(state: DrawdownState | undefined, policy: Policy, context: Context): void {
  const before = state?.unitsSource;
  const now = unitsCounter(policy);
  if (before === undefined || before === now) return;
  note(
    context,
    `warning: the state's units were counted by ${before}, this policy's are by ${now}: prove refuses`,
  );
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
