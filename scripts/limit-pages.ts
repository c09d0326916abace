// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * docs/limits/: a page for each limit, from the tables of limits and notes, SPEC.md's rows and the examples' policies.
 *
 * @module
 */

import { readFileSync } from "node:fs";
import { join } from "node:path";
import {
  CIRCUITS,
  LIMITS,
  LIQUIDITY_CIRCUITS,
  LIQUIDITY_LIMITS,
  type LimitName,
  limitRow,
  TAIL_CIRCUITS,
  TAIL_LIMITS,
} from "@keel/verifier";
import { type Citation, LIMIT_NOTES } from "@keel/verifier/text";
import { STRATEGIES } from "../examples/strategies.js";
import { type Generated, ROOT, writeAsProgram } from "./generated.js";

const NAMES = Object.keys(LIMITS) as LimitName[];
const MADE = "This page is written by `npm run docs:pages`.";

/** Every page by its path. */
export async function limitPages(): Promise<Generated> {
  const clauses = clausesOf(readFileSync(join(ROOT, "circuits/SPEC.md"), "utf8"));
  const pages = NAMES.map((name) => [`docs/limits/${name}.md`, page(name, clauses)] as const);
  return new Map([["docs/limits/README.md", index()], ...pages]);
}

interface Clause {
  readonly id: string;
  readonly holds: string;
  readonly file: string;
}

/** SPEC.md's rows: limits, clause, what holds, circom file. */
function clausesOf(spec: string): ReadonlyMap<LimitName, Clause> {
  const rows = spec.matchAll(
    /^\| ([a-zA-Z, ]+?)(?: \[lo, hi\])? \[(L\d+)\][^|]*\| ((?:\\\||[^|])+) \| `([^`]+)` \|$/gm,
  );
  const found = [...rows].flatMap(([, names, id, holds, file]) =>
    names!.split(", ").map((name) => [name as LimitName, { id: id!, holds: holds!, file: file! }] as const),
  );
  const clauses = new Map(found);
  const missing = NAMES.filter((name) => !clauses.has(name));
  if (missing.length > 0) throw new Error(`SPEC.md has no row for ${missing.join(", ")}`);
  return clauses;
}

function page(name: LimitName, clauses: ReadonlyMap<LimitName, Clause>): string {
  const { title, ratio, sentence, needs, unset } = limitRow(name);
  const { meaning, formula, misses, typical, rules } = LIMIT_NOTES[name];
  const { id, holds, file } = clauses.get(name)!;
  const unless = unset === undefined ? "" : ` Where it is not set: "${unset}".`;
  const others = typical.map(({ value, who, source }) => `* ${value}: ${who}. ${cited(source)}`);
  const law = rules.map(({ rule, how, source }) => `* **${rule}.** ${how} ${cited(source)}`);
  return [
    `# ${title} (\`${name}\`)`,
    `${meaning} In a report: ${ratio}.`,
    `An attestation says: "${sentence}".${unless}`,
    "## Definition",
    `${formula} In the circuit, clause [${id}](../../circuits/SPEC.md${sectionOf(name)}):`,
    `    ${holds.replaceAll("\\|", "|")}`,
    `Letters are those of SPEC.md; amounts are exact integers, ratios are in 1/10,000, nothing is divided, and equal passes. The check stands in [\`${file.split("/").at(-1)}\`](../../circuits/src/lib/${file}). Proven by ${provers(name)}.`,
    "## In a policy",
    `\`\`\`json\n${snippet(name)}\n\`\`\``,
    ...(needs === undefined ? [] : [NEEDS[needs]]),
    ...(name in LIQUIDITY_LIMITS ? [LIQUIDITY_SECTION] : []),
    "## Values",
    others.length === 0 ? "No published value is named here." : others.join("\n"),
    `The examples: ${examples(name)}.`,
    "## What it does not catch",
    misses.map((miss) => `* ${miss}`).join("\n"),
    "## Rules that speak of it",
    law.length === 0 ? "None is named here." : law.join("\n"),
    law.length === 0
      ? ""
      : "A proof is evidence for whoever has to keep a rule. It is no statement of law, and whether it suffices is for a lawyer to say.",
    MADE,
    "",
  ]
    .filter((part, i, all) => part !== "" || i === all.length - 1)
    .join("\n\n")
    .replace(/\n\n$/, "\n");
}

const NEEDS = {
  scenarios: "The policy also lists `scenarios`.",
  units: "The policy also says who counts the fund's `units`: a share token or an administrator.",
} as const;

const LIQUIDITY_SECTION =
  "The policy also has `liquidity`: its `circuit`, with the places of the policy's own, the `participation`, `maxLiquiditySkew`, and the `series` of its tables, which `keel policy pin --liquidity` writes. `keel market depth` makes a table.";

function sectionOf(name: LimitName): string {
  if (name in LIQUIDITY_LIMITS) return "#14-the-liquidity-statement";
  return name in TAIL_LIMITS ? "#11-the-tail-risk-statement" : "#5-sums-and-limits";
}

function provers(name: LimitName): string {
  const all = [...CIRCUITS, ...TAIL_CIRCUITS, ...LIQUIDITY_CIRCUITS].filter(({ limits }) =>
    limits.includes(name),
  );
  return all.map(({ id }) => `\`${id}\``).join(", ");
}

function cited({ title, url }: Citation): string {
  return `([${title}](${url}))`;
}

/** As the first example that sets it has it. */
function snippet(name: LimitName): string {
  const set = STRATEGIES.find(({ limits }) => name in limits)?.limits[name] ?? "1.1";
  return JSON.stringify({ limits: { [name]: set } }, null, 2);
}

function examples(name: LimitName): string {
  const all = STRATEGIES.filter(({ limits }) => name in limits);
  if (all.length === 0) return "none sets it";
  return all.map(({ folder, limits }) => `${folder} ${text(limits[name])}`).join("; ");
}

function text(value: unknown): string {
  if (typeof value === "string") return value;
  if (Array.isArray(value)) return value.join(" to ");
  return Object.entries(value as object)
    .map(([level, limit]) => `${limit} at ${level}`)
    .join(", ");
}

function index(): string {
  const rows = NAMES.map(
    (name) => `| [\`${name}\`](${name}.md) | ${limitRow(name).title} | ${LIMIT_NOTES[name].meaning} |`,
  );
  return [
    "# Limits",
    "What a policy can limit. Each page has the definition with its source, the circuit's clause, what the limit does not catch, values that others use, and rules that speak of the same thing. `keel policy explain` shows the same for a policy and a book.",
    `| limit | name | what it says |\n|---|---|---|\n${rows.join("\n")}`,
    MADE,
    "",
  ]
    .join("\n\n")
    .replace(/\n\n$/, "\n");
}

await writeAsProgram(import.meta.url, limitPages);
