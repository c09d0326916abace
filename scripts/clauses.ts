// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * `npm run clauses`: test/PROPERTIES.md, where it says which file holds what. Clauses are the ids in circuits/SPEC.md, such as
 * [L8]; circom files, contracts and tests carry them. Attacks are the numbers at the start of tests' titles.
 *
 * @module
 */

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { attackNumbers } from "./attack-numbers.js";
import { type Generated, ROOT, writeAsProgram } from "./generated.js";

/** Where a clause is said, proven, relied on and tried. */
export interface Clause {
  readonly id: string;
  /** What SPEC.md says beside the id, shortened. */
  readonly text: string;
  readonly circuits: readonly string[];
  readonly contracts: readonly string[];
  readonly tests: readonly string[];
}

const PAGE = "test/PROPERTIES.md";
/** Ids in brackets: [L8], [A1, A2], [L1 to L8, L13]. */
const IDS = /\[([A-Z]\d{1,2}(?:(?:, | to )[A-Z]\d{1,2})*)\]/g;
const MOST_WORDS = 14;

/** Ids in a text, each once, with those of a span. */
export function idsIn(text: string): string[] {
  const found = [...text.matchAll(IDS)].flatMap(([, list]) => list!.split(", ").flatMap(spanned));
  return [...new Set(found)];
}

function spanned(part: string): string[] {
  const [first, last = first] = part.split(" to ") as [string, string?];
  const [from, to] = [first, last].map((id) => Number(id.slice(1))) as [number, number];
  return Array.from({ length: to - from + 1 }, (_, i) => `${first[0]}${from + i}`);
}

/** Every clause of SPEC.md in its order, and ids elsewhere that it does not have. */
export function clauses(): { readonly clauses: readonly Clause[]; readonly unknown: readonly string[] } {
  const spec = read("circuits/SPEC.md").replace(/^[\s\S]*?\n## 1\. /, "");
  const circuits = idsByFile("circuits/src", /\.circom$/, commentsOf);
  const contracts = idsByFile("contracts", /^(?!artifacts|mocks|node_modules|dist).*\.sol$/, commentsOf);
  const tests = idsByFile("test", /\.test\.ts$/, titlesOf);
  const order = idsIn(spec);
  const all = [...circuits.values(), ...contracts.values(), ...tests.values()].flat();
  return {
    clauses: order.map((id) => ({
      id,
      text: textOf(spec, id),
      circuits: filesOf(circuits, id),
      contracts: filesOf(contracts, id),
      tests: filesOf(tests, id),
    })),
    unknown: [...new Set(all)].filter((id) => !order.includes(id)),
  };
}

const read = (path: string): string => readFileSync(join(ROOT, path), "utf8");

function idsByFile(folder: string, names: RegExp, part: (text: string) => string): Map<string, string[]> {
  const files = readdirSync(join(ROOT, folder), { recursive: true, encoding: "utf8" }).filter((name) =>
    names.test(name),
  );
  return new Map(files.sort().map((file) => [file, idsIn(part(read(`${folder}/${file}`)))]));
}

const filesOf = (files: ReadonlyMap<string, readonly string[]>, id: string): string[] =>
  [...files].flatMap(([file, ids]) => (ids.includes(id) ? [file] : []));

const commentsOf = (text: string): string =>
  text
    .split("\n")
    .filter((line) => /^\s*\/\//.test(line))
    .join("\n");

/** Texts in double quotes, of which titles are the ones with ids. */
const titlesOf = (text: string): string => [...text.matchAll(/"[^"\n]*"/g)].join("\n");

/** What follows an id, or the row that has it, shortened. */
function textOf(spec: string, id: string): string {
  const block = spec.split(/\n\n|\n(?=\|)/).find((one) => idsIn(one).includes(id))!;
  const row = block.startsWith("| ") ? block.slice(2).split(/ \|/).slice(0, 2).join(": ") : undefined;
  const places = [...block.matchAll(IDS)];
  const own = places.findIndex(([list]) => idsIn(list).includes(id));
  const said = row ?? block.slice(places[own]!.index, places[own + 1]?.index);
  const words = said
    .replace(IDS, "")
    .replace(/(?<! )\*|\*(?! )|[`\\]/g, "")
    .replace(/ +([:,])/g, "$1")
    .trim()
    .split(/\s+/);
  return words.length > MOST_WORDS ? `${words.slice(0, MOST_WORDS).join(" ")} …` : words.join(" ");
}

/** The page with its generated parts anew. */
export async function propertiesPage(): Promise<Generated> {
  const text = read(PAGE);
  const start = text.indexOf("## Clauses of SPEC.md\n");
  const before = start < 0 ? `${text.trimEnd()}\n\n` : text.slice(0, start);
  return new Map([[PAGE, withAttacks(before) + clauseSection()]]);
}

function clauseSection(): string {
  const rows = clauses().clauses.map(
    ({ id, text, circuits, contracts, tests }) =>
      `| ${id} | ${text.replaceAll("|", "\\|")} | ${code(circuits)} | ${code(contracts)} | ${code(tests)} |`,
  );
  return [
    "## Clauses of SPEC.md",
    "What a circuit has to hold, by the ids of [SPEC.md](../circuits/SPEC.md). This table and the column above are written by",
    "`npm run clauses`.",
    "",
    "| id | clause | circuits/src/ | contracts/ | where |",
    "|---|---|---|---|---|",
    ...rows,
    "",
  ].join("\n");
}

const code = (files: readonly string[]): string => files.map((file) => `\`${file}\``).join(", ");

/** The column "where" of the attacks, from the numbers at the start of titles. */
function withAttacks(page: string): string {
  const found = filesByNumber();
  return page.replace(/^\| (\d+) \| (.+?) \| .*\|$/gm, (_, number: string, what: string) => {
    const files = [...(found.get(Number(number)) ?? [])].sort();
    return `| ${number} | ${what} | ${code(files)}${files.length === 0 ? "" : " "}|`;
  });
}

/** Test files by the attacks that their titles name. */
export function filesByNumber(): Map<number, Set<string>> {
  const found = new Map<number, Set<string>>();
  const names = readdirSync(join(ROOT, "test"), { recursive: true, encoding: "utf8" });
  for (const file of names.filter((name) => name.endsWith(".test.ts"))) {
    for (const [, title] of read(`test/${file}`).matchAll(/(?:\b(?:describe|it)|\))\(\s*"(\d[^"]*)"/g)) {
      for (const number of attackNumbers(title!))
        found.set(number, (found.get(number) ?? new Set()).add(file));
    }
  }
  return found;
}

await writeAsProgram(import.meta.url, propertiesPage);
