// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Which features of a script or a stylesheet are younger than the oldest browsers that we say we run in? By MDN's tables
 * (@mdn/browser-compat-data). A member of an object whose type nobody knows here is judged by its name: it is young when
 * nothing that has such a member is old enough.
 *
 * @module
 */

import bcd from "@mdn/browser-compat-data" with { type: "json" };
import type { CompatData, Identifier, SupportStatement } from "@mdn/browser-compat-data";
import postcss, { type Container } from "postcss";
import { parseSync } from "vite";
import { OLDEST } from "../../dist/app/host/oldest.js";

/** What is too young, and where. */
export interface Young {
  readonly feature: string;
  readonly line: number;
}

const data = bcd as unknown as CompatData;
const BROWSERS = Object.entries({ ...OLDEST, safari_ios: OLDEST.safari });

function isOld(entry: Identifier | undefined): boolean {
  const support = entry?.__compat?.support;
  if (support === undefined) return true;
  return BROWSERS.every(([browser, oldest]) => {
    const statement = support[browser as keyof typeof support];
    if (statement === undefined) return true;
    const statements: readonly SupportStatement[] = Array.isArray(statement) ? statement : [statement];
    return statements.some((one) => isSupported(one as Plain, oldest));
  });
}

interface Plain {
  readonly version_added?: string | false | null;
  readonly version_removed?: string | false;
  readonly partial_implementation?: boolean;
  readonly flags?: readonly unknown[];
  readonly prefix?: string;
  readonly alternative_name?: string;
}

function isSupported(one: Plain, oldest: string): boolean {
  if (one.flags !== undefined || one.prefix !== undefined || one.alternative_name !== undefined) return false;
  if (typeof one.version_added !== "string") return false;
  // What was there in part and then became whole was never gone.
  if (typeof one.version_removed === "string" && one.partial_implementation !== true) return false;
  const [added, floor] = [numberOf(one.version_added), numberOf(oldest)];
  return added !== undefined && floor !== undefined && added <= floor;
}

function numberOf(version: string): number | undefined {
  const [, major, minor = "0"] = /^≤?(\d+)(?:\.(\d+))?/.exec(version) ?? [];
  return major === undefined ? undefined : Number(major) * 1000 + Number(minor);
}

const SCRIPT_TABLES = [data.api, data.javascript.builtins, data.webassembly.api!] as const;
/**
 * Whose members are looked for by name: all of the language's own, and of a page's those that code here meets. Others have names
 * that mean something else everywhere ("address", "subject").
 */
const MET =
  /^(Abort|Blob|File|Response|Request|Headers|Body|Document|Element|HTML|Node|Navigator|Window|Readable|URL|.*Crypto|Worker|Message|DataTransfer|Canvas|Performance|Event|Custom|Mutation|Resize|Storage|Text|CSSStyle|DOM|MediaQuery|Clipboard|Selection|Range)/;
const isMember = (name: string): boolean => name !== "__compat" && !name.endsWith("_event");

/** "AbortSignal.any", "Promise.withResolvers" to whether it is old enough. */
const statics = new Map<string, boolean>();
/** Global names. */
const globals = new Map<string, boolean>();
/** Names of members; old enough when one of those that have it is. */
const members = new Map<string, boolean>();
for (const table of SCRIPT_TABLES) {
  const isMet = (owner: string): boolean => table !== data.api || MET.test(owner);
  for (const [owner, entry] of Object.entries(table)) {
    if (owner === "__compat") continue;
    globals.set(owner, (globals.get(owner) ?? false) || isOld(entry as Identifier));
    for (const [key, member] of Object.entries(entry as Identifier)) {
      if (!isMember(key)) continue;
      const name = key.replace(/_static$/, "");
      const old = isOld(member as Identifier);
      statics.set(`${owner}.${name}`, old);
      if (!key.endsWith("_static") && isMet(owner)) members.set(name, (members.get(name) ?? false) || old);
    }
  }
}

/** Members of our own that are called as young ones are: readers, a pool's worker, a kernel's difference. */
const OURS = new Set(["bytes", "take", "difference"]);

interface Node {
  readonly type: string;
  readonly start: number;
  readonly [key: string]: unknown;
}

const isNode = (value: unknown): value is Node =>
  typeof value === "object" && value !== null && typeof (value as Node).type === "string";

/** Types are gone when the code runs; what stands around an expression is not. */
const KEPT_TYPES = new Set(["TSAsExpression", "TSSatisfiesExpression", "TSNonNullExpression"]);

function* childrenOf(node: Node): Generator<Node> {
  for (const [key, value] of Object.entries(node)) {
    if (key === "typeAnnotation" || key === "typeArguments" || key === "returnType") continue;
    for (const child of Array.isArray(value) ? value : [value]) {
      if (isNode(child) && (!child.type.startsWith("TS") || KEPT_TYPES.has(child.type))) yield child;
    }
  }
}

function* walk(node: Node, parent?: Node): Generator<{ readonly node: Node; readonly parent?: Node }> {
  yield parent === undefined ? { node } : { node, parent };
  for (const child of childrenOf(node)) yield* walk(child, node);
}

/** Names that a pattern binds. */
function namesIn(pattern: unknown): string[] {
  if (!isNode(pattern)) return [];
  if (pattern.type === "Identifier") return [pattern.name as string];
  const parts = ["left", "argument", "value", "parameter"].flatMap((key) => namesIn(pattern[key]));
  const lists = ["elements", "properties"].flatMap((key) => (pattern[key] as unknown[] | undefined) ?? []);
  return [...parts, ...lists.flatMap(namesIn)];
}

function declaredIn(program: Node): Set<string> {
  const names = new Set<string>();
  const add = (pattern: unknown): void => namesIn(pattern).forEach((name) => void names.add(name));
  for (const { node } of walk(program)) {
    for (const key of ["id", "local", "param"]) add(node[key]);
    for (const param of (node.params as unknown[] | undefined) ?? []) add(param);
  }
  return names;
}

function importedName({ type, local }: Node): string[] {
  return type.startsWith("Import") && isNode(local) ? namesIn(local) : [];
}

/** Whether an identifier stands for a value: not a key, not a member's name, not `typeof` it. */
function isRead(node: Node, parent: Node | undefined): boolean {
  if (parent === undefined) return true;
  if (parent.type === "MemberExpression") return parent.object === node || parent.computed === true;
  if (parent.type === "UnaryExpression") return parent.operator !== "typeof";
  if (parent.type === "Property" || parent.type.endsWith("Definition")) return parent.value === node;
  return !parent.type.startsWith("JSX") && !/Import|Export|Label/.test(parent.type);
}

/** The young features of a script. @param name with its ending, which says what it is written in */
export function youngInScript(name: string, text: string): Young[] {
  const { program, errors } = parseSync(name, text);
  if (errors.length > 0) throw new Error(`${name}: ${errors[0]!.message}`);
  const root = program as unknown as Node;
  const own = declaredIn(root);
  const imported = new Set([...walk(root)].flatMap(({ node }) => importedName(node)));
  const found: Young[] = [];
  const say = (node: Node, feature: string): void =>
    void found.push({ feature, line: text.slice(0, node.start).split("\n").length });
  for (const { node, parent } of walk(root)) {
    if (node.type === "Identifier" && isRead(node, parent)) {
      const global = node.name as string;
      if (globals.get(global) === false && !own.has(global)) say(node, global);
    }
    if (node.type !== "MemberExpression" || node.computed === true) continue;
    const [object, property] = [node.object as Node, node.property as Node];
    const owner = object.type === "Identifier" ? (object.name as string) : undefined;
    const member = property.name as string;
    const known = owner === undefined || own.has(owner) ? undefined : statics.get(`${owner}.${member}`);
    if (known === false) say(property, `${owner}.${member}`);
    // By its name alone only what is called: data has any names. And not what a module that was imported calls so.
    const isCalled = parent?.type === "CallExpression" && parent.callee === node;
    if (known !== undefined || !isCalled || (owner !== undefined && imported.has(owner))) continue;
    if (members.get(member) === false && !OURS.has(member)) say(property, `.${member}`);
  }
  return found;
}

/** Functions of CSS by name, such as `light-dark`; old enough when one of that name is. */
const functions = new Map<string, boolean>();
const collect = (entry: Identifier): void => {
  for (const [name, inner] of Object.entries(entry)) {
    if (name === "__compat") continue;
    functions.set(name, (functions.get(name) ?? false) || isOld(inner as Identifier));
    collect(inner as Identifier);
  }
};
collect(data.css.types as unknown as Identifier);

/** The young features of a stylesheet. */
export function youngInStyles(text: string): Young[] {
  const found: Young[] = [];
  const properties = data.css.properties as unknown as Record<string, Identifier>;
  const selectors = data.css.selectors as unknown as Record<string, Identifier>;
  const rules = data.css["at-rules"] as unknown as Record<string, Identifier>;
  postcss.parse(text).walk((node) => {
    const line = node.source?.start?.line ?? 0;
    const check = (feature: string, entry: Identifier | undefined): void => {
      if (!isOld(entry)) found.push({ feature, line });
    };
    if (node.type === "atrule") check(`@${node.name}`, rules[node.name]);
    if (node.type === "rule") {
      for (const [, name] of node.selector.matchAll(/::?([a-z-]+)/g)) check(`:${name}`, selectors[name!]);
      if (/(^|[\s{])&/.test(node.selector)) check("& (nesting)", selectors.nesting);
    }
    if (node.type !== "decl" || node.prop.startsWith("--lightningcss")) return;
    const rule = node.parent as Container | undefined;
    const isPrefixed = rule?.some((other) => other.type === "decl" && other.prop === `-webkit-${node.prop}`);
    if (isPrefixed !== true) check(node.prop, properties[node.prop]);
    for (const [, name] of node.value.matchAll(/([a-z-]+)\(/g))
      if (functions.get(name!) === false) found.push({ feature: `${name}()`, line });
    const value = properties[node.prop]?.[node.value];
    check(`${node.prop}: ${node.value}`, value as Identifier | undefined);
  });
  return found;
}
