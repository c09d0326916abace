// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Mutants of the circuits: copies of circuits/src in which one check is missing or weaker. The list is derived from the
 * sources, so that a new check is mutated without being named here.
 *
 * @module
 */

import { cp, mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join, relative } from "node:path";
import { compileCircuit, firstUnsatisfied } from "@keel/circuits";
import { cachedFolder, sha256 } from "../../circuits/dist/cache.js";
import { type Circuit, compiled, type Input, openCircuit } from "./circuit.js";
import { PACKAGE } from "./cli.js";

const SOURCES = join(PACKAGE, "circuits/src");
const TWIN_FILE = join(PACKAGE, "test/support/loose.circom");

/** A witness made by hand: that of an input, with some wires replaced. */
export interface Forgery {
  readonly input: Input;
  readonly wires: Readonly<Record<string, bigint>>;
}

/** A circuit around one source file, and what has to be true of it. */
export interface Host {
  /** Relative to circuits/src. */
  readonly file: string;
  /** The main component, such as `InRange(8)`. */
  readonly main: string;
  /** Its inputs that are public, so that the compiler keeps a wire for each. */
  readonly pinned: string;
  readonly accepts: readonly Input[];
  readonly refuses: readonly Input[];
  readonly forged?: readonly Forgery[];
}

export interface Mutation {
  /** Relative to circuits/src. */
  readonly file: string;
  /** What was done, and to what: `drop: leverage.holds`. */
  readonly name: string;
  /** The file's text with the check gone; several where a hint that nothing checks may lie in several ways. */
  readonly variants: readonly string[];
}

/** The text of a source file. */
export async function sourceOf(file: string): Promise<string> {
  return await readFile(join(SOURCES, file), "utf8");
}

/** A template's inputs; made public, each keeps a wire, else the compiler puts what it is equal to in its place. */
export async function inputsOf(file: string, main: string): Promise<string> {
  const [template] = main.split("(");
  const [, body] = new RegExp(`template ${template}\\([^]*?\\{([^]*?)\\n\\}`).exec(await sourceOf(file))!;
  return Array.from(body!.matchAll(/signal input (\w+)/g), ([, name]) => name).join(", ");
}

/** Every mutation of a source file. */
export async function mutationsOf(file: string): Promise<Mutation[]> {
  const text = await sourceOf(file);
  return [
    ...droppedEqualities(text),
    ...looseComponents(text),
    ...widerRanges(text),
    ...(file.startsWith("lib/limits/") ? oneBeyond(text) : []),
    ...droppedLimits(text),
  ].map(({ name, variants }) => ({ file, name, variants: variants.map((changed) => linked(file, changed)) }));
}

/** Source files with something to mutate. */
export async function mutableFiles(): Promise<string[]> {
  const names = (await readdir(SOURCES, { recursive: true })).filter((name) => name.endsWith(".circom"));
  const found = await Promise.all(
    names.map(async (file) => ((await mutationsOf(file)).length > 0 ? [file] : [])),
  );
  return found.flat().sort();
}

type Change = Omit<Mutation, "file">;

/** Replaces what stands at an index. */
const splice = (text: string, at: number, length: number, by: string): string =>
  text.slice(0, at) + by + text.slice(at + length);

/** `a === b;` gone. */
function droppedEqualities(text: string): Change[] {
  return Array.from(text.matchAll(/^ *([^/\n]*===[^;\n]*);/gm), (match) => ({
    name: `drop ${match[1]!.trim()}`,
    variants: [splice(text, match.index, match[0].length, "")],
  }));
}

/** Components that have a twin without constraints. */
const TWINS: Readonly<Record<string, (parameters: string) => readonly string[]>> = {
  InRange: (n) => [`LooseInRange(${n})`],
  Num2Bits: (n) => [`LooseNum2Bits(${n})`, `UnboundedNum2Bits(${n})`],
  IsZero: () => ["LooseIsZero(0)", "LooseIsZero(1)"],
  IsEqual: () => ["LooseIsEqual(0)", "LooseIsEqual(1)"],
  LimitIsSet: () => ["LooseLimitIsSet(0)", "LooseLimitIsSet(1)"],
  BabyCheck: () => ["LooseBabyCheck()"],
  ApprovedSource: (n) => [`LooseApprovedSource(${n})`],
  Distinct: (n) => [`LooseDistinct(${n})`],
  VenueEquity: (n) => [`LooseVenueEquity(${n})`],
  EdDSAPoseidonVerifier: () => ["LooseEdDSAPoseidonVerifier()"],
};

/** A component's name, template, parameters and where the template stands, for every instance. */
function* instances(text: string): Generator<{ label: string; template: string; of: string; at: number }> {
  for (const match of text.matchAll(/^ *(?:component )?([\w[\]]+) = (\w+)\(/gm)) {
    const at = match.index + match[0].length - match[2]!.length - 1;
    let end = match.index + match[0].length;
    for (let depth = 1; depth > 0; end++) depth += text[end] === "(" ? 1 : text[end] === ")" ? -1 : 0;
    const of = text.slice(match.index + match[0].length, end - 1);
    yield { label: match[1]!, template: match[2]!, of, at };
  }
}

function looseComponents(text: string): Change[] {
  return [...instances(text)].flatMap(({ label, template, of, at }) => {
    const twins = TWINS[template]?.(of);
    if (twins === undefined) return [];
    const length = `${template}(${of})`.length;
    return [
      { name: `drop ${template} ${label}`, variants: twins.map((twin) => splice(text, at, length, twin)) },
    ];
  });
}

/** One bit more than the source says. */
function widerRanges(text: string): Change[] {
  return [...instances(text)].flatMap(({ label, template, of, at }) => {
    const wider = { InRange: `InRange(${of} + 1)`, Num2Bits: `WiderNum2Bits(${of})` }[template];
    if (wider === undefined) return [];
    const length = `${template}(${of})`.length;
    return [{ name: `one bit wider: ${label}`, variants: [splice(text, at, length, wider)] }];
  });
}

/** A limit that also holds one unit beyond. */
function oneBeyond(text: string): Change[] {
  return Array.from(text.matchAll(/^ *([\w[\]]+)\.in <== ([^;]+);/gm), (match) => ({
    name: `one beyond: ${match[1]}`,
    variants: [splice(text, match.index, match[0].length, `${match[1]}.in <== ${match[2]} + 1;`)],
  }));
}

/** A template without one of the limits that it puts together: the component and all that leads to it. */
function droppedLimits(text: string): Change[] {
  const names = Array.from(text.matchAll(/include "(?:lib\/)?limits\/([\w-]+)\.circom"/g), ([, file]) =>
    file!.replaceAll(/(?:^|-)(\w)/g, (_, letter: string) => letter.toUpperCase()),
  );
  return [...instances(text)]
    .filter(({ template }) => names.includes(template))
    .map(({ label, template }) => {
      const name = label.replaceAll(/[[\]]/g, "\\$&");
      const lines = new RegExp(`^ *(?:(?:component )?${name} = |${name}\\.)[^;]*;`, "gm");
      return { name: `drop ${template} ${label}`, variants: [text.replaceAll(lines, "")] };
    });
}

/** The text with the twins included. */
function linked(file: string, text: string): string {
  const path = join(relative(dirname(file), "."), "loose.circom");
  return text.replace(
    /(pragma circom [^;]*;)/,
    `$1\ninclude "circomlib/circuits/bitify.circom";\ninclude "${path}";`,
  );
}

/** A host's circuit as the sources say. */
export async function hostCircuit({ file, main, pinned }: Host): Promise<Circuit> {
  return await compiled({ id: `test/${main}`, source: mainSource(file, main, pinned) });
}

function mainSource(file: string, main: string, pinned: string): string {
  return `pragma circom 2.1.6;\ninclude "${file}";\ncomponent main {public [${pinned}]} = ${main};\n`;
}

/** How a host finds a mutant out; undefined when it does not. Remembered by the hash of all that has a part in it. */
export async function killedBy(mutation: Mutation, host: Host): Promise<string | undefined> {
  const folder = await cachedFolder(`mutant-${await verdictKey(mutation, host)}`, async (target) => {
    await writeFile(join(target, "verdict.json"), JSON.stringify({ killedBy: await judge(mutation, host) }));
  });
  return JSON.parse(await readFile(join(folder, "verdict.json"), "utf8")).killedBy;
}

async function verdictKey(mutation: Mutation, host: Host): Promise<string> {
  const files = (await readdir(SOURCES, { recursive: true }))
    .filter((name) => name.endsWith(".circom"))
    .sort();
  const paths = [...files.map((name) => join(SOURCES, name)), TWIN_FILE, import.meta.filename];
  const texts = await Promise.all(paths.map((path) => readFile(path, "utf8")));
  const plain = (_: string, value: unknown): unknown => (typeof value === "bigint" ? `${value}n` : value);
  return sha256(JSON.stringify([texts, mutation, host], plain)).slice(0, 20);
}

async function judge(mutation: Mutation, host: Host): Promise<string | undefined> {
  for (const text of mutation.variants) {
    const found = await withMutant(mutation.file, text, host, (circuit) => judged(circuit, host, mutation));
    if (found !== undefined) return found;
  }
  return undefined;
}

async function judged(circuit: Circuit, host: Host, { variants }: Mutation): Promise<string | undefined> {
  for (const [i, input] of host.refuses.entries()) {
    if (await circuit.accepts(input)) return `accepts bad input ${i}`;
  }
  for (const [i, forgery] of (host.forged ?? []).entries()) {
    if (await isForged(circuit, forgery)) return `accepts forgery ${i}`;
  }
  // Of a hint that may lie in several ways, one that only locks the prover out proves nothing.
  if (variants.length > 1) return undefined;
  for (const [i, input] of host.accepts.entries()) {
    if (!(await circuit.accepts(input))) return `refuses good input ${i}`;
  }
  return undefined;
}

/** Whether a witness made by hand satisfies a circuit. */
export async function isForged(circuit: Circuit, { input, wires }: Forgery): Promise<boolean> {
  const witness = await circuit.witness(input);
  if (witness === undefined) return false;
  for (const [wire, names] of circuit.names) {
    for (const name of names) if (Object.hasOwn(wires, name)) witness[wire] = wires[name]!;
  }
  return firstUnsatisfied(circuit.r1cs, witness) === undefined;
}

/** Compiles a host in a copy of the sources with one file changed; nothing of it stays. */
export async function withMutant<T>(
  file: string,
  text: string,
  { file: mainFile, main, pinned }: Pick<Host, "file" | "main" | "pinned">,
  work: (circuit: Circuit) => Promise<T>,
): Promise<T> {
  const hash = sha256(JSON.stringify([file, text, main])).slice(0, 16);
  const name = `${hash}-${process.pid}`;
  const folder = join(tmpdir(), "keel-mutants");
  const target = join(folder, name);
  const trash = [target];
  try {
    await mkdir(target, { recursive: true });
    await cp(SOURCES, target, { recursive: true });
    await cp(TWIN_FILE, join(target, "loose.circom"));
    await writeFile(join(target, file), text);
    const source = mainSource(`${name}/${mainFile}`, main, pinned);
    const files = await compileCircuit({ id: `mutant/${hash}`, source, includeFolders: [folder] });
    trash.push(dirname(files.r1csPath));
    return await work(await openCircuit(files));
  } finally {
    for (const path of trash) await rm(path, { recursive: true, force: true });
  }
}
