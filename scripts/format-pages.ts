// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * docs/formats/: a page for each file format, from the schema that its parser uses, with an example.
 *
 * @module
 */

import { layOut } from "keel/layout";
import { formatExamples } from "./format-examples.js";
import { type Generated, writeAsProgram } from "./generated.js";
import { jsonSchemas } from "./schemas.js";

const MADE = "This page is written by `npm run docs:pages`.";

interface Schema {
  readonly title?: string;
  readonly type?: string;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly pattern?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly items?: Schema;
  readonly prefixItems?: readonly Schema[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: Schema | boolean;
  readonly required?: readonly string[];
  readonly anyOf?: readonly Schema[];
}

/** Every page by its path. */
export async function formatPages(): Promise<Generated> {
  const schemas = await jsonSchemas();
  const examples = formatExamples();
  const pages: (readonly [string, string])[] = [];
  const rows: string[] = [];
  for (const [path, text] of [...schemas].sort(([a], [b]) => baseOf(a).localeCompare(baseOf(b)))) {
    const schema = JSON.parse(text) as Schema;
    const [id, base] = [idOf(path), baseOf(path)];
    pages.push([`docs/formats/${base}.md`, page(id, path, schema, examples[id])]);
    rows.push(`| [\`${id}\`](${base}.md) | ${schema.title} |`);
  }
  return new Map([["docs/formats/README.md", index(rows)], ...pages]);
}

/** `verifier/schemas/policy-2.json` is that of policy/2. */
const baseOf = (path: string): string => path.replace(/^.*\//, "").replace(/\.json$/, "");
const idOf = (path: string): string => baseOf(path).replace(/-(\d+)$/, "/$1");

function page(id: string, path: string, schema: Schema, example: object | undefined): string {
  const rows = fieldRows(schema, "", true);
  return `${[
    `# ${id}`,
    `${schema.title}. Its schema is [\`${path}\`](../../${path}); a file may name it by \`"$schema"\`. A parser checks more than a schema can say.`,
    `| field | what it is | has to be there |\n|---|---|---|\n${rows.join("\n")}`,
    example === undefined
      ? "A program writes it and a program reads it; nobody writes it by hand."
      : `## Example\n\n\`\`\`json\n${layOut(example)}\`\`\``,
    MADE,
  ].join("\n\n")}\n`;
}

function fieldRows(schema: Schema, path: string, isTop: boolean): string[] {
  const { properties = {}, required = [], anyOf } = schema;
  if (isTop && anyOf !== undefined) return anyOf.flatMap((one) => fieldRows(one, path, true)).filter(unique);
  return Object.entries(properties).flatMap(([name, field]) => {
    if (name === "$schema") return [];
    const place = path === "" ? name : `${path}.${name}`;
    const own = `| \`${place}\` | ${words(field)} | ${required.includes(name) ? "yes" : "no"} |`;
    return [own, ...innerRows(field, place)];
  });
}

function innerRows(field: Schema, place: string): string[] {
  if (field.properties !== undefined) return fieldRows(field, place, false);
  if (field.items !== undefined) return innerRows(field.items, `${place}[]`);
  const { additionalProperties: other } = field;
  if (typeof other === "object" && other.properties !== undefined)
    return fieldRows(other, `${place}.*`, false);
  return (field.anyOf ?? []).flatMap((one) => innerRows(one, place)).filter(unique);
}

const unique = (row: string, i: number, all: readonly string[]): boolean => all.indexOf(row) === i;

/** A type in words. */
function words(field: Schema): string {
  const { type, items, prefixItems, additionalProperties: other, anyOf } = field;
  if (field.const !== undefined) return `\`${JSON.stringify(field.const)}\``;
  if (field.enum !== undefined) return field.enum.map((value) => `\`${value}\``).join(", ");
  if (anyOf !== undefined) return anyOf.map(words).filter(unique).join(" or ");
  if (prefixItems !== undefined) return `list of ${prefixItems.length}: ${words(prefixItems[0]!)}`;
  if (items !== undefined) return `list of ${words(items)}`;
  if (type === "object") {
    return typeof other === "object" ? `object, each value ${words(other)}` : "object";
  }
  if (type === "integer") return rangeWords(field);
  if (field.pattern !== undefined) return `text, \`${field.pattern.replaceAll("|", "\\|")}\``;
  return type === "string" ? "text" : (type ?? "anything");
}

function rangeWords({ minimum, maximum }: Schema): string {
  const from = minimum === undefined || minimum === Number.MIN_SAFE_INTEGER ? "" : ` from ${minimum}`;
  const to = maximum === undefined || maximum === Number.MAX_SAFE_INTEGER ? "" : ` to ${maximum}`;
  return `whole number${from}${to}`;
}

function index(rows: readonly string[]): string {
  return [
    "# File formats",
    "Every file of Keel is JSON whose first key is `keel`: format and version. Amounts, prices and ratios are decimal numbers in quotes, times are unix seconds, a ratio of 1 is 100 %. Numbers with a point, duplicate and unknown keys are refused.",
    `| format | what it is |\n|---|---|\n${rows.join("\n")}`,
    MADE,
    "",
  ]
    .join("\n\n")
    .replace(/\n\n$/, "\n");
}

await writeAsProgram(import.meta.url, formatPages);
