// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Compiles circuits with circom (its WebAssembly build from npm), always with --O2, into the build cache.
 *
 * circom runs as a child process: it would block this process for seconds, and it can be stopped that way. It sees
 * only the folder it runs in, so every file that is included is copied there first.
 *
 * @module
 */
import { spawn } from "node:child_process";
import { mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join, relative, sep } from "node:path";
import table from "@keel/verifier/circuits.json" with { type: "json" };
import { KeelError } from "@keel/verifier/errors";
import { cancelled, onAbort, throwIfCancelled } from "./abort.js";
import { cachedFolder, packageFolder, sha256 } from "./cache.js";

/** What to compile. */
export interface CircuitDefinition {
  /** Stable name such as `portfolio-health/spot-16`. */
  readonly id: string;
  /** Source of the main file, with its `component main`. */
  readonly source: string;
  /** Folders in which includes are looked up, besides the circuits' own sources and circomlib. */
  readonly includeFolders?: readonly string[];
}

/** A compiled circuit in the cache. */
export interface CompiledCircuit {
  readonly id: string;
  readonly definition: CircuitDefinition;
  /** Hash over every input of the compilation, 64 hex digits. */
  readonly hash: string;
  readonly r1csPath: string;
  readonly wasmPath: string;
  /** Names of the wires, as circom writes them. */
  readonly symPath: string;
}

/** A row of circuits.json, as far as compiling needs it. */
interface CircuitRow {
  readonly template: string;
  readonly file: string;
  /** Template arguments in the template's order. */
  readonly parameters: Readonly<Record<string, number>> | readonly number[];
  readonly public: readonly string[];
}

/** Folder of the circuits' sources. */
export const SOURCE_FOLDER: string = join(packageFolder, "src");
const FLAGS = ["--O2", "--r1cs", "--wasm", "--sym"] as const;
const CONSTRAINT_FLAGS = ["--O2", "--r1cs", "--sym"] as const;
/** Without the elimination of linear constraints: they stay as they are written. */
const WRITTEN_FLAGS = ["--O1", "--r1cs", "--sym", "--simplification_substitution"] as const;
type Flags = typeof FLAGS | typeof CONSTRAINT_FLAGS | typeof WRITTEN_FLAGS;
/** Version of what this module does with circom's output; part of the cache key. */
const COMPILE_VERSION = "2";

/**
 * The definition of a circuit listed in circuits.json.
 *
 * @throws KeelError kind `input`, code `circuit.unknown`.
 */
export async function circuitDefinition(id: string): Promise<CircuitDefinition> {
  const rows: Readonly<Record<string, CircuitRow>> = table;
  if (!Object.hasOwn(rows, id)) {
    const expected = `one of ${Object.keys(rows).join(", ")}`;
    throw new KeelError({ kind: "input", code: "circuit.unknown", path: "circuit", expected, received: id });
  }
  const row = rows[id]!;
  const publics = row.public.length === 0 ? "" : ` {public [${row.public.join(", ")}]}`;
  const source = [
    "pragma circom 2.1.6;",
    `include "${row.file}";`,
    `component main${publics} = ${row.template}(${Object.values(row.parameters).join(", ")});`,
    "",
  ].join("\n");
  return { id, source };
}

/**
 * Compiles a circuit unless the cache has it.
 *
 * @throws KeelError kind `environment`, code `circuit.compile`, with circom's own message as `received`; kind
 *   `cancelled` on abort.
 */
export async function compileCircuit(
  definition: CircuitDefinition,
  signal?: AbortSignal,
): Promise<CompiledCircuit> {
  const { folder, hash } = await compile(definition, FLAGS, signal);
  return { id: definition.id, definition, hash, wasmPath: join(folder, WASM), ...constraintPaths(folder) };
}

/**
 * The constraints and names of a circuit without its witness program, which takes half the compiler's time.
 *
 * @throws KeelError as {@link compileCircuit}
 */
export async function compileConstraints(
  definition: CircuitDefinition,
  signal?: AbortSignal,
): Promise<Pick<CompiledCircuit, "r1csPath" | "symPath">> {
  return constraintPaths((await compile(definition, CONSTRAINT_FLAGS, signal)).folder);
}

/** Constraints as they are written, and what each signal without a wire equals. */
export interface WrittenConstraints {
  readonly r1csPath: string;
  readonly symPath: string;
  readonly substitutionsPath: string;
}

/**
 * The constraints as they are written, linear ones included: more of them, and each with fewer terms.
 *
 * @param folder gets them; they are large and needed once
 * @throws KeelError as {@link compileCircuit}
 */
export async function compileWritten(
  definition: CircuitDefinition,
  folder: string,
  signal?: AbortSignal,
): Promise<WrittenConstraints> {
  await runCompiler(definition, WRITTEN_FLAGS, await includedFiles(definition), folder, signal);
  return { ...constraintPaths(folder), substitutionsPath: join(folder, "circuit_substitutions.json") };
}

const WASM = "circuit.wasm";

const constraintPaths = (folder: string) => ({
  r1csPath: join(folder, "circuit.r1cs"),
  symPath: join(folder, "circuit.sym"),
});

async function compile(definition: CircuitDefinition, flags: Flags, signal: AbortSignal | undefined) {
  const files = await includedFiles(definition);
  const hash = await compilationHash(definition, files, flags);
  const name = `compiled-${fileName(definition.id)}-${hash.slice(0, 20)}`;
  const build = (target: string) => runCompiler(definition, flags, files, target, signal);
  return { hash, folder: await cachedFolder(name, build, signal) };
}

/** Hash over every input of a listed circuit's compilation, as an artifact set's manifest has it. */
export async function currentCompilation(id: string): Promise<string> {
  const definition = await circuitDefinition(id);
  return await compilationHash(definition, await includedFiles(definition), FLAGS);
}

/** A circuit id as a file name. */
export function fileName(id: string): string {
  return id.replaceAll(/[^A-Za-z0-9.-]+/g, "-");
}

/** Where includes are looked up, in order; the last holds `circomlib/`. */
function libraryFolders({ includeFolders = [] }: CircuitDefinition): string[] {
  const circomlib = dirname(createRequire(import.meta.url).resolve("circomlib/package.json"));
  return [SOURCE_FOLDER, ...includeFolders, dirname(circomlib)];
}

async function runCompiler(
  definition: CircuitDefinition,
  flags: Flags,
  files: readonly IncludedFile[],
  target: string,
  signal: AbortSignal | undefined,
): Promise<void> {
  await writeFile(join(target, "circuit.circom"), definition.source);
  for (const { library, path, content } of files) {
    const copy = join(target, "include", String(library), path);
    await mkdir(dirname(copy), { recursive: true });
    await writeFile(copy, content);
  }
  const libraries = libraryFolders(definition).flatMap((_, i) => ["-l", join("include", String(i))]);
  await runCircom(target, ["circuit.circom", ...flags, ...libraries, "-o", "."], definition.id, signal);
  if (flags === FLAGS) await rename(join(target, "circuit_js", WASM), join(target, WASM));
  // The generated witness calculator is not used: the engine has its own.
  for (const folder of ["circuit_js", "include"])
    await rm(join(target, folder), { recursive: true, force: true });
}

async function runCircom(
  folder: string,
  args: readonly string[],
  id: string,
  signal: AbortSignal | undefined,
): Promise<void> {
  throwIfCancelled(signal);
  const cli = createRequire(import.meta.url).resolve("circom2/cli.js");
  const child = spawn(process.execPath, [cli, ...args], { cwd: folder, stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  child.stdout.on("data", (chunk) => (output += String(chunk)));
  child.stderr.on("data", (chunk) => (output += String(chunk)));
  const stopListening = onAbort(signal, () => child.kill("SIGKILL"));
  const code = await new Promise<number | null>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", resolve);
  }).finally(stopListening);
  if (signal?.aborted === true) throw cancelled();
  if (code !== 0) {
    const details = { kind: "environment", code: "circuit.compile", path: id } as const;
    throw new KeelError({ ...details, expected: "a circuit that compiles", received: readable(output) });
  }
}

/** circom's messages without colours, and no longer than an error should be. */
function readable(output: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: terminal colours begin with the escape character
  const text = output.replaceAll(/\u001b\[[0-9;]*m/g, "").trim();
  return text.length > 4000 ? `${text.slice(0, 4000)}...` : text;
}

/** Hash over the source, every file it includes, circom's version, the flags and this module's version. */
async function compilationHash(
  definition: CircuitDefinition,
  files: readonly IncludedFile[],
  flags: Flags,
): Promise<string> {
  const inputs = {
    version: COMPILE_VERSION,
    circom: await packageVersion("circom2"),
    flags,
    source: sha256(definition.source),
    files: files.map(({ library, path, content }) => [library, path, sha256(content)]),
  };
  return sha256(JSON.stringify(inputs));
}

/** A file that a circuit includes, directly or not. */
interface IncludedFile {
  /** Index of the library folder that it lies in. */
  readonly library: number;
  /** From there. */
  readonly path: string;
  readonly content: string;
}

/** Sorted by library and path. */
async function includedFiles(definition: CircuitDefinition): Promise<IncludedFile[]> {
  const libraries = libraryFolders(definition);
  const found = new Map<string, IncludedFile>();
  const visit = async (source: string, folder: string | undefined): Promise<void> => {
    for (const name of includesOf(source)) {
      const places = folder === undefined ? libraries : [folder, ...libraries];
      const file = await firstReadable(places.map((place) => join(place, name)));
      // Left to circom, which says where it looked.
      if (file === undefined || found.has(file.path)) continue;
      const library = libraries.findIndex((place) => file.path.startsWith(place + sep));
      if (library < 0) continue;
      const path = relative(libraries[library]!, file.path);
      found.set(file.path, { library, path, content: file.content });
      await visit(file.content, dirname(file.path));
    }
  };
  await visit(definition.source, undefined);
  return [...found.values()].sort((a, b) => a.library - b.library || (a.path < b.path ? -1 : 1));
}

// A commented-out include costs a needless hash at worst.
function includesOf(source: string): string[] {
  return Array.from(source.matchAll(/\binclude\s+"([^"]+)"/g), (match) => match[1]!);
}

async function firstReadable(
  paths: readonly string[],
): Promise<{ path: string; content: string } | undefined> {
  for (const path of paths) {
    const content = await readFile(path, "utf8").catch(() => undefined);
    if (content !== undefined) return { path, content };
  }
  return undefined;
}

/** Version of an installed package. */
export async function packageVersion(name: string): Promise<string> {
  const path = createRequire(import.meta.url).resolve(`${name}/package.json`);
  return JSON.parse(await readFile(path, "utf8")).version;
}
