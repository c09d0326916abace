// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * The error codes in the source: every text that is given for a `code`, to an error or to a function that makes one.
 *
 * A function makes errors when a parameter of it is called `code` and is a string. Codes that are put together from parts are
 * named here; a new one of that kind is refused until it is, too.
 *
 * @module
 */

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type ESTree, parseAst } from "vite";
import { contractRefusals } from "./contract-refusals.js";
import { ROOT } from "./generated.js";

/** A code, and what is said with it. */
export interface ErrorCode {
  readonly code: string;
  /** What was expected, where the source says it as text; … stands for a value. */
  readonly expected: readonly string[];
  /** Source files that give it. */
  readonly files: readonly string[];
}

const FOLDERS = [
  "verifier/src",
  "contracts/deploy",
  "prover/engine/src",
  "prover/src",
  "circuits/setup",
  "cli",
  "services/source",
  "services/farm",
  "app",
];

/** Codes that no text gives as a whole, by the file that puts them together. */
const PUT_TOGETHER: Readonly<Record<string, readonly string[]>> = {
  "ceremony.${part}": ["ceremony.powersOfTau", "ceremony.r1cs"],
  "trades.${given}": ["trades.cash", "trades.price"],
  // Of keys and proofs: their texts are told with a subject.
  "${subject}.${code}": [],
};
/** Contract errors become codes by their names. */
const CONTRACT_ERRORS = /^registry\.\$\{errorName\.replace/;
/** Texts of codes in tables, where nothing says that they are. */
const IN_TABLES = ["http.size", "http.type", "quorum.account", "quorum.session"];
/** Codes of others, which the schemas' library turns into an error. */
const OTHERS = ["custom"];
const SUBJECTS = ["key", "proof"];
/** A code, or one that is put together. Other texts in the same place are for functions that happen to have the same name. */
const FORM = /^[a-z$][\w${}]*(\.[\w${}-]+)*$/;

type Node = ESTree.Node;

interface Source {
  readonly file: string;
  readonly text: string;
  readonly program: Node;
}

/** Every code in the source, sorted. */
export function errorCodes(): ErrorCode[] {
  const sources = FOLDERS.flatMap(sourcesIn);
  const own = new Map(sources.map((source) => [source, makersIn(source)] as const));
  const all: Makers = new Map([...own.values()].flatMap((makers) => [...makers].filter(([, at]) => at >= 0)));
  const refusals = new Map(contractRefusals().map(({ code, kind, text }) => [code, `${text} (${kind})`]));
  const found = new Map<string, { readonly expected: Set<string>; readonly files: Set<string> }>();
  const add = (code: string, file: string, expected?: string): void => {
    const entry = found.get(code) ?? { expected: new Set(), files: new Set() };
    found.set(code, entry);
    entry.files.add(file);
    if (expected !== undefined) entry.expected.add(expected);
  };
  for (const source of sources) {
    // A function of the file itself comes before one of the same name elsewhere.
    const makers = new Map([...all, ...own.get(source)!]);
    visit(source.program, [], (node, ancestors) => {
      for (const [code, expected] of codesAt(node, ancestors, makers, source))
        add(code, source.file, expected);
    });
    for (const code of IN_TABLES) if (source.text.includes(`"${code}"`)) add(code, source.file);
    for (const [, name] of source.text.matchAll(/^ {2}"error (\w+)\(/gm)) {
      const code = `registry.${lowerFirst(name!)}`;
      add(code, source.file, refusals.get(code));
    }
  }
  return [...found]
    .map(([code, { expected, files }]) => ({ code, expected: [...expected], files: [...files].sort() }))
    .sort((a, b) => (a.code < b.code ? -1 : 1));
}

function sourcesIn(folder: string): Source[] {
  return readdirSync(join(ROOT, folder), { recursive: true, encoding: "utf8" })
    .filter((name) => /\.tsx?$/.test(name) && !name.endsWith(".d.ts"))
    .filter((name) => !/(^|\/)(dist|node_modules)\//.test(name))
    .sort()
    .map((name) => {
      const file = `${folder}/${name}`;
      const text = readFileSync(join(ROOT, file), "utf8");
      return {
        file,
        text,
        program: parseAst(text, { lang: name.endsWith("x") ? "tsx" : "ts" }, file) as Node,
      };
    });
}

function visit(
  node: Node,
  ancestors: readonly Node[],
  each: (node: Node, ancestors: readonly Node[]) => void,
): void {
  each(node, ancestors);
  const below = [...ancestors, node];
  for (const value of Object.values(node)) {
    for (const child of Array.isArray(value) ? value : [value]) {
      if (typeof child?.type === "string") visit(child as Node, below, each);
    }
  }
}

/** Functions of a source that have a name, each with the place of its code; -1 where it takes none. */
type Makers = ReadonlyMap<string, number>;

function makersIn({ program }: Source): Makers {
  const makers = new Map<string, number>();
  visit(program, [], (node, ancestors) => {
    if (!("params" in node) || !Array.isArray(node.params)) return;
    const own = "id" in node ? nameOf(node.id as Node | null) : undefined;
    const name = own ?? nameOfHolder(ancestors.at(-1));
    if (name === undefined) return;
    const at = node.params.findIndex((parameter) => isCode(parameter as Node));
    makers.set(name, Math.max(at, makers.get(name) ?? -1));
  });
  return makers;
}

function isCode(parameter: Node): boolean {
  const target = parameter.type === "AssignmentPattern" ? parameter.left : parameter;
  if (target.type !== "Identifier" || target.name !== "code") return false;
  const { typeAnnotation: annotation } = target as { typeAnnotation?: { typeAnnotation: Node } | null };
  return annotation?.typeAnnotation.type === "TSStringKeyword" || parameter.type === "AssignmentPattern";
}

const nameOf = (node: Node | null | undefined): string | undefined =>
  node?.type === "Identifier" ? node.name : undefined;

/** Of a function without a name: of the variable or the method that it is. */
function nameOfHolder(node: Node | undefined): string | undefined {
  if (node?.type === "VariableDeclarator") return nameOf(node.id as Node);
  return node !== undefined && "key" in node ? nameOf(node.key as Node) : undefined;
}

/** Codes that a node gives, each with what is expected. */
function codesAt(
  node: Node,
  ancestors: readonly Node[],
  makers: Makers,
  { file, text }: Source,
): (readonly [code: string, expected: string | undefined])[] {
  const given = textOf(node, text);
  if (given === undefined || OTHERS.includes(given) || !(FORM.test(given) || CONTRACT_ERRORS.test(given)))
    return [];
  const place = placeOf(node, ancestors);
  if (place === undefined || !isCodePlace(place, makers)) return [];
  if (given.includes("${")) return putTogether(given, file).map((code) => [code, undefined] as const);
  const expected = expectedAt(place, text);
  if (given.includes(".") || place.at === 0 || place.at === undefined) return [[given, expected]];
  const [subject] = place.args as readonly Node[];
  const named = subject?.type === "Literal" ? [String(subject.value)] : SUBJECTS;
  return named.map((name) => [`${name}.${given}`, expected] as const);
}

/** A text, or a template as it stands in the source. */
function textOf(node: Node, source: string): string | undefined {
  if (node.type === "Literal" && typeof node.value === "string") return node.value;
  return node.type === "TemplateLiteral" ? source.slice(node.start + 1, node.end - 1) : undefined;
}

interface Place {
  /** Name of the property, variable or function. */
  readonly name: string | undefined;
  readonly at?: number;
  readonly args?: readonly Node[];
  /** The object that it is a property of. */
  readonly object?: Node | undefined;
}

/** What a text is given for: a property, a variable, an argument; also as one of two choices. */
function placeOf(node: Node, ancestors: readonly Node[]): Place | undefined {
  let [child, depth] = [node, ancestors.length - 1];
  const choices = ["ConditionalExpression", "LogicalExpression", "TSAsExpression"];
  while (depth >= 0 && choices.includes(ancestors[depth]!.type)) child = ancestors[depth--]!;
  const parent = ancestors[depth];
  switch (parent?.type) {
    case "Property":
      return parent.value === child
        ? { name: nameOf(parent.key as Node), object: ancestors[depth - 1] }
        : undefined;
    case "VariableDeclarator":
      return { name: nameOf(parent.id as Node) };
    case "AssignmentPattern":
      return { name: nameOf(parent.left as Node) };
    case "CallExpression":
    case "NewExpression": {
      const { callee } = parent;
      const name =
        callee.type === "MemberExpression" ? nameOf(callee.property as Node) : nameOf(callee as Node);
      const args = parent.arguments as readonly Node[];
      return { name, at: args.indexOf(child), args };
    }
    default:
      return undefined;
  }
}

const isCodePlace = ({ name, at }: Place, makers: Makers): boolean =>
  at === undefined ? name === "code" : name !== undefined && makers.get(name) === at;

/** What follows a code: after `path` in calls, a property of its own in objects. */
function expectedAt({ at, args, object }: Place, source: string): string | undefined {
  const shown = (node: Node | undefined): string | undefined =>
    node === undefined ? undefined : textOf(node, source)?.replace(/\$\{[^{}]*\}/g, "…");
  if (args !== undefined) return shown(args.length - at! >= 4 ? args[at! + 2] : args[at! + 1]);
  if (object?.type !== "ObjectExpression") return undefined;
  const own = object.properties.find(
    (one) => one.type === "Property" && nameOf(one.key as Node) === "expected",
  );
  return own?.type === "Property" ? shown(own.value as Node) : undefined;
}

function putTogether(template: string, file: string): readonly string[] {
  if (CONTRACT_ERRORS.test(template)) return [];
  const codes = PUT_TOGETHER[template];
  if (codes === undefined)
    throw new Error(`${file} puts a code together (${template}): name its codes in scripts/error-codes.ts`);
  return codes;
}

/** As verifier/src makes codes of contract errors. */
function lowerFirst(name: string): string {
  return name.replace(/^[A-Z]+(?=[A-Z])|^[A-Z]/, (letters) => letters.toLowerCase());
}
