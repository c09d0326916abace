// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Mutants of JavaScript and TypeScript: one small change each, of the kinds that slip in by hand. A check is dropped, a
 * comparison takes in or leaves out its limit, a condition is turned round, a sum becomes a difference.
 *
 * @module
 */

import { parseSync } from "vite";

/** One change of a text. */
export interface Change {
  /** Where it starts, and what it replaces. */
  readonly at: number;
  readonly from: string;
  readonly to: string;
}

/** What is used of a syntax tree's nodes. */
interface Node {
  readonly type: string;
  readonly start: number;
  readonly end: number;
  readonly [field: string]: unknown;
}

const BINARY: Readonly<Record<string, string>> = {
  "<": "<=",
  "<=": "<",
  ">": ">=",
  ">=": ">",
  "===": "!==",
  "!==": "===",
  "+": "-",
  "-": "+",
  "*": "/",
  "/": "*",
  "%": "*",
};
const LOGICAL: Readonly<Record<string, string>> = { "&&": "||", "||": "&&" };
const METHODS: Readonly<Record<string, string>> = {
  min: "max",
  max: "min",
  some: "every",
  every: "some",
  slice: "valueOf",
};
/** Methods whose call is left out: what they were called on stays. */
const OMITTED: readonly string[] = ["filter", "sort", "reverse", "toLowerCase", "trim"];
/** Calls that only make an error: its words are no rule. */
const ERRORS = /^(?:KeelError|\w*Error|refused?|liar|fault|missing\w*|busy|\w*Failed|wrong\w*)$/;

/** Every change of a module's text, in the text's order. */
export function changesOf(text: string, name: string): Change[] {
  const { program } = parseSync(name, text);
  const found: Change[] = [];
  visit(program as unknown as Node, (node) => {
    for (const [start, end, to] of replacements(node, text)) {
      found.push({ at: start, from: text.slice(start, end), to });
    }
  });
  return found.sort((a, b) => a.at - b.at || (a.to < b.to ? -1 : 1));
}

/** The text with a change made. */
export function changed(text: string, { at, from, to }: Change): string {
  if (text.slice(at, at + from.length) !== from) throw new Error("the change is of another text");
  return text.slice(0, at) + to + text.slice(at + from.length);
}

function visit(node: Node, see: (node: Node) => void): void {
  if (isOnlyWords(node)) return;
  see(node);
  for (const child of childrenOf(node)) visit(child, see);
}

/** What says how something failed, or is a type; and how long something waits, where a little more is nobody's bug. */
function isOnlyWords(node: Node): boolean {
  if (node.type === "VariableDeclarator") return /_MS$/.test(String((node.id as Node).name));
  if (/^TS|^ImportDecl|^ThrowStatement$/.test(node.type))
    return !/^TS(?:As|NonNull|Satisfies)/.test(node.type);
  if (node.type !== "CallExpression" && node.type !== "NewExpression") return false;
  const callee = node.callee as Node;
  return callee.type === "Identifier" && ERRORS.test(String(callee.name));
}

function childrenOf(node: Node): Node[] {
  return Object.values(node)
    .flat()
    .filter((value): value is Node => typeof (value as Node | null)?.type === "string");
}

type Replacement = readonly [start: number, end: number, to: string];

function replacements(node: Node, text: string): Replacement[] {
  const [left, right] = [node.left as Node | undefined, node.right as Node | undefined];
  switch (node.type) {
    case "BinaryExpression":
      return isText(left!) || isText(right!) ? [] : between(left!, right!, node, BINARY, text);
    case "LogicalExpression":
      return between(left!, right!, node, LOGICAL, text);
    case "IfStatement":
      return [whole(node.test as Node, "false")];
    case "ConditionalExpression":
      if (isText(node.consequent as Node) && isText(node.alternate as Node)) return [];
      if (isLeftOut(node, text)) return [whole(node.test as Node, "true")];
      return [whole(node.test as Node, "true"), whole(node.test as Node, "false")];
    case "UnaryExpression":
      return node.operator === "!" ? [[node.start, (node.argument as Node).start, ""]] : [];
    case "ExpressionStatement":
      return isCall(node.expression as Node) ? [whole(node, ";")] : [];
    case "Literal":
      return typeof node.value === "number" || typeof node.value === "bigint" ? oneMore(node) : [];
    case "CallExpression":
      return methodCalls(node, text);
    default:
      return [];
  }
}

function between(
  left: Node,
  right: Node,
  { operator }: Node,
  table: Readonly<Record<string, string>>,
  text: string,
): Replacement[] {
  const to = table[String(operator)];
  if (to === undefined) return [];
  const start = text.indexOf(String(operator), left.end);
  return start < right.start ? [[start, start + String(operator).length, to]] : [];
}

function whole({ start, end }: Node, to: string): Replacement {
  return [start, end, to];
}

function oneMore(node: Node): Replacement[] {
  return [whole(node, typeof node.value === "bigint" ? `${node.value + 1n}n` : `${Number(node.value) + 1}`)];
}

function methodCalls(node: Node, text: string): Replacement[] {
  const callee = node.callee as Node;
  if (callee.type !== "MemberExpression" || callee.computed === true) return [];
  const [object, property] = [callee.object as Node, callee.property as Node];
  const name = text.slice(property.start, property.end);
  const full = `${text.slice(object.start, object.end)}.${name}`;
  if (full === "Math.abs") return [[node.start, property.end, ""]];
  if (OMITTED.includes(name)) return [[object.end, node.end, ""]];
  return Object.hasOwn(METHODS, name) ? [whole(property, METHODS[name]!)] : [];
}

/**
 * `x === undefined ? {} : { x }`: without its test there is a member that is undefined instead of none, which no file, no JSON and no
 * comparison shows.
 */
function isLeftOut({ test, consequent, alternate }: Node, text: string): boolean {
  const { operator, left, right } = test as Node;
  const isAbsence = operator === "===" && textOf(right as Node, text) === "undefined";
  const none = consequent as Node;
  const one = alternate as Node;
  if (!isAbsence || none.type !== "ObjectExpression" || one.type !== "ObjectExpression") return false;
  const members = one.properties as readonly Node[];
  const isIt = ({ value }: Node): boolean => textOf(value as Node, text) === textOf(left as Node, text);
  return (
    (none.properties as readonly Node[]).length === 0 &&
    members.every((member) => member.type === "Property" && isIt(member))
  );
}

function textOf({ start, end }: Node, text: string): string {
  return text.slice(start, end);
}

function isText(node: Node): boolean {
  return node.type === "TemplateLiteral" || (node.type === "Literal" && typeof node.value === "string");
}

function isCall(node: Node): boolean {
  return node.type === "CallExpression" || (node.type === "AwaitExpression" && isCall(node.argument as Node));
}
