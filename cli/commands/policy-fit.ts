// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * `keel policy fit`: limits that a book keeps with a margin, beside those that the policy has.
 *
 * @module
 */

import { fitLimits, judgeBook, limitText, openUnfinished, type Proposal, withProposals } from "@keel/prover";
import { formatDecimal, parsePolicy } from "@keel/verifier";
import { percent, table } from "@keel/verifier/text";
import { type Context, note, type Outcome } from "../context.js";
import { checkDistinct, readText, writeText } from "../files.js";
import { layOut } from "../layout.js";
import { type BookFiles, loadBook, loadState, loadUnits } from "../load.js";
import { CONVERT_POLICY, readDraft } from "../policy-file.js";

export interface PolicyFitOptions extends BookFiles {
  /** In bps of each value. */
  readonly margin: bigint;
  readonly units?: string;
  readonly state?: string;
  readonly out?: string;
  readonly force?: true;
}

/** Proposes; with `--out` writes the policy with what is proposed. */
export async function fitPolicy(options: PolicyFitOptions, context: Context): Promise<Outcome> {
  const { out, margin, force = false } = options;
  checkDistinct({ "--market": options.market, "--snapshot": options.snapshot, "--out": out });
  const files = {
    ...(await loadBook(options, context)),
    ...(await loadUnits(options.units, context)),
    ...(await loadState(options.state, context)),
    now: context.now(),
  };
  const { limits } = judgeBook(openUnfinished(files));
  const proposals = fitLimits(limits, margin);
  const draft = readDraft(await readText(options.policy, "policy", context), "policy/2", CONVERT_POLICY);
  const next = layOut({ ...draft, limits: withProposals((draft.limits ?? {}) as Limits, proposals) });
  parsePolicy(next);
  if (out !== undefined) await writeText({ path: out, text: next, secret: false }, force, context.signal);
  note(context, "limits that fit one day's book are a start; what the fund may do is for its owners to say");
  return {
    json: { ok: true, ...(out === undefined ? {} : { out }), limits: proposals.map(proposalJson) },
    text: [fitText(proposals), ...(out === undefined ? [] : [`Wrote ${out}.`])].join("\n\n"),
  };
}

type Limits = Readonly<Record<string, unknown>>;

function proposalJson({ name, confidence, value, now, proposed }: Proposal) {
  return {
    name,
    ...(confidence === undefined ? {} : { confidence: formatDecimal(confidence, 4) }),
    value: value === undefined ? null : limitText(name, value),
    now: limitText(name, now),
    proposed: proposed === undefined ? null : limitText(name, proposed),
  };
}

function fitText(proposals: readonly Proposal[]): string {
  const rows = proposals.map((proposal) => {
    const { name, confidence, value, now, proposed } = proposalJson(proposal);
    const level = confidence === undefined ? "" : ` at ${percent(confidence)}`;
    return [
      `${name}${level}`,
      value === null ? "–" : shown(value),
      shown(now),
      proposed === null ? "as it is" : shown(proposed),
    ];
  });
  return table([["limit", "the book", "now", "proposed"], ...rows], [1, 2, 3]);
}

function shown(text: string | readonly [string, string]): string {
  return typeof text === "string" ? text : text.join(" to ");
}
