// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * `keel policy explain`: each limit of a policy in words, with the book's value, values that others use and where that is said.
 *
 * @module
 */

import { type CheckReport, judgeBook, openUnfinished, report } from "@keel/prover";
import { formatDecimal, LIMITS, type LimitName, type Policy } from "@keel/verifier";
import { dollars, LIMIT_NOTES, limitSentences, ratioText } from "@keel/verifier/text";
import type { Context, Outcome } from "../context.js";
import { readTemplates } from "../init-draft.js";
import { type BookFiles, loadBook, loadPublic, loadState, loadUnits, type PublicFiles } from "../load.js";

export interface PolicyExplainOptions extends PublicFiles {
  readonly snapshot?: string;
  readonly units?: string;
  readonly state?: string;
}

type Judged = CheckReport["limits"];

/** Explains what the policy limits, and names what it does not. */
export async function explainPolicy(options: PolicyExplainOptions, context: Context): Promise<Outcome> {
  const { snapshot } = options;
  const judged = snapshot === undefined ? undefined : await judge({ ...options, snapshot }, context);
  const { policy } = await loadPublic(options, context);
  const names = Object.keys(policy.limits) as LimitName[];
  const parts = names.map((name) => explained(name, policy, judged));
  const open = policy.circuit.limits.filter((name) => !(name in policy.limits)) as LimitName[];
  const shows = shownBy(policy);
  return {
    json: {
      ...{ ok: true, name: policy.name, limits: parts, notLimited: open },
      ...(shows === undefined ? {} : { shows }),
    },
    text: [
      ...parts.map(partText),
      ...(open.length === 0 ? [] : [openText(open)]),
      ...(shows === undefined ? [] : [shownText(shows)]),
    ].join("\n\n"),
  };
}

/** What every attestation under the policy shows beyond health, and to whom. */
interface Shown {
  readonly circuit: string;
  /** USD; absent where no value is shown. */
  readonly navStep?: string;
  readonly viewers: readonly string[];
}

function shownBy({ disclosure }: Policy): Shown | undefined {
  if (disclosure === undefined) return undefined;
  const { circuit, navStep, viewers } = disclosure;
  return {
    circuit: circuit.id,
    ...(navStep === 0n ? {} : { navStep: formatDecimal(navStep, USD_PLACES) }),
    viewers: viewers.map(({ name }) => name),
  };
}

/** USD has 16 places. */
const USD_PLACES = 16;

function shownText({ circuit, navStep, viewers }: Shown): string {
  const lines = [
    `Each attestation carries a proof of ${circuit} about the same book, and none is accepted without it.`,
    ...(navStep === undefined
      ? []
      : [`To everybody: the net asset value, rounded down to steps of ${dollars(navStep)} USD.`]),
    ...(viewers.length === 0
      ? []
      : [
          `To ${viewers.join(" and ")}, sealed: equity, assets, exposures, and what else the circuit sums up.`,
        ]),
    "To nobody: a position, an account, or a source's signature.",
  ];
  return ["Shown (disclosure)", ...lines.map((line) => `  ${line}`)].join("\n");
}

async function judge(options: BookFiles & PolicyExplainOptions, context: Context): Promise<Judged> {
  const files = {
    ...(await loadBook(options, context)),
    ...(await loadUnits(options.units, context)),
    ...(await loadState(options.state, context)),
    now: context.now(),
  };
  return report(judgeBook(openUnfinished(files))).limits;
}

function explained(name: LimitName, policy: Policy, judged: Judged | undefined) {
  const { meaning, misses, typical, rules } = LIMIT_NOTES[name];
  return {
    name,
    title: LIMITS[name].title,
    says: limitSentences(name, policy),
    meaning,
    book: (judged ?? []).filter((limit) => limit.name === name),
    misses,
    typical,
    rules,
    examples: examplesOf(name),
  };
}

/** What the examples' policies set, by strategy. */
function examplesOf(name: LimitName): readonly string[] {
  return Object.entries(readTemplates().templates).flatMap(([folder, { policy }]) => {
    const value = policy.limits[name];
    return value === undefined ? [] : [`${folder} ${valueText(value)}`];
  });
}

function valueText(value: unknown): string {
  if (typeof value === "string") return value;
  if (Array.isArray(value)) return value.join(" to ");
  return Object.entries(value as object)
    .map(([level, limit]) => `${limit} at ${level}`)
    .join(", ");
}

function partText({
  name,
  title,
  says,
  meaning,
  book,
  misses,
  typical,
  rules,
  examples,
}: ReturnType<typeof explained>) {
  const lines = [
    ...says.map((line) => `It says: ${line}.`),
    ...book.map(bookLine),
    ...typical.map(({ value, who, source }) => `Others: ${value}. ${who} (${source.title}, ${source.url}).`),
    `Examples: ${examples.join("; ")}.`,
    ...rules.map(({ rule, how, source }) => `Rule: ${rule} (${source.title}). ${how}`),
    `Does not catch: ${misses.join(" ")}`,
  ];
  return [`${title} (${name})`, ...[meaning, ...lines].map((line) => `  ${line}`)].join("\n");
}

function bookLine({ name, value, ok, worst, confidence }: Judged[number]): string {
  const shown =
    value === null
      ? "nothing to divide by"
      : LIMITS[name].unit === "usd8"
        ? `${value} USD`
        : ratioText(LIMITS[name].unit, value);
  const level = confidence === undefined ? "" : ` at ${confidence}`;
  return `The book${level}: ${shown}${worst === undefined ? "" : `, of ${worst}`}${ok ? "" : ", which BREAKS it"}.`;
}

function openText(names: readonly LimitName[]): string {
  return `Not limited, though the circuit could: ${names.map((name) => `${name} (${LIMITS[name].title.toLowerCase()})`).join(", ")}.`;
}
