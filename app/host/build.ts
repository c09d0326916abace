// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Builds the console: `npm run app:build` writes `dist/console/`, a folder that any static host can serve. Circuits named
 * behind it, as in `npm run app:build -- portfolio-health/fund-64 tail-risk/64`, are served as well; `--connect https://node.example`
 * lets the page talk to a node there. It prints how much JavaScript each page takes.
 *
 * The hashes of the circuits' files and their verification keys are compiled into the page, so that a host that swaps a file
 * is found out before anything is proven or verified with it.
 *
 * @module
 */

import { copyFile, mkdir, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { type ArtifactSet, ensureCircuit } from "@keel/circuits";
import { pinnedCircuits, pinnedFiles, type ServedFile, virtualModules } from "@keel/circuits/vite";
import { inputError } from "@keel/verifier/errors";
import { build, type InlineConfig, type Plugin } from "vite";
import { headersFor, metaPolicy } from "./headers.js";
import { BUILD_TARGETS } from "./oldest.js";
import { PATHS } from "./paths.js";
import { type Chunk, type ConsoleSizes, sizesOf, sizesText } from "./sizes.js";

/** Those that a browser proves in seconds: the smallest tier, and the circuits of its tail risk and of its days to unwind. */
const CIRCUITS = ["portfolio-health/spot-16", "tail-risk/spot-64", "liquidity/16x1"] as const;

/** The checkout. */
export const ROOT: string = fileURLToPath(new URL("../../../", import.meta.url));
const EXAMPLES = join(ROOT, "examples");

/** The folder that `npm run app:build` writes. */
export const CONSOLE_FOLDER: string = join(ROOT, "dist", "console");

/** What the page is made of beside its sources. */
export interface ConsoleParts {
  /** Of the modules that the build writes itself. */
  readonly plugins: () => Plugin[];
  /** Circuits and examples. */
  readonly files: readonly ServedFile[];
}

/**
 * Circuits and examples of the page.
 *
 * @param more circuits than the smallest ones that the page shall prove and verify; compiled when they are not in the cache
 * @throws KeelError as `ensureCircuit`
 */
export async function consoleParts(more: readonly string[]): Promise<ConsoleParts> {
  const sets: ArtifactSet[] = [];
  // One after the other: compiling the large ones takes gigabytes.
  for (const id of new Set([...CIRCUITS, ...more]))
    sets.push(await ensureCircuit(id, { check: ["witness", "zkey"] }));
  const examples = await listExamples();
  return {
    plugins: () => [
      pinnedCircuits(sets),
      virtualModules({ "virtual:keel-examples": `export const EXAMPLES = ${JSON.stringify(examples)};` }),
    ],
    files: [...pinnedFiles(sets), ...examples.flatMap(exampleFiles)],
  };
}

/** How Vite reads the sources, to build them and to serve them as they are. */
export function consoleConfig({ plugins }: ConsoleParts): InlineConfig {
  return {
    root: join(ROOT, "app"),
    configFile: false,
    worker: { format: "es", plugins },
    plugins: plugins(),
    oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
  };
}

/** Modules that pages are loaded from, as app/src/pages.ts names them. */
const PAGES: Readonly<Record<string, string>> = {
  "manager-page.tsx": "manager",
  "vault.tsx": "vault",
  "regulator.tsx": "regulator",
  "subject.tsx": "subject",
  "policy.tsx": "policy",
};

/**
 * Writes the site into a folder, which is emptied first.
 *
 * @param more as {@link consoleParts}
 * @param connect addresses beside its own that the page may talk to, as `https://node.example`: a visitor may name a node there
 * @returns how much JavaScript its pages take
 * @throws KeelError as {@link consoleParts}
 */
export async function buildConsole(
  outDir: string,
  more: readonly string[] = [],
  connect: readonly string[] = [],
): Promise<ConsoleSizes> {
  const parts = await consoleParts(more);
  const config = consoleConfig(parts);
  const made = await build({
    ...config,
    base: "./",
    logLevel: "error",
    plugins: [...config.plugins!, metaElement(connect)],
    build: {
      ...{ outDir, emptyOutDir: true, assetsInlineLimit: 0 },
      ...{ modulePreload: { polyfill: false }, target: BUILD_TARGETS },
    },
  });
  for (const { path, from } of parts.files) {
    const target = join(outDir, path);
    await mkdir(dirname(target), { recursive: true });
    await copyFile(from, target);
  }
  const headers = Object.entries(headersFor(connect)).map(([name, value]) => `  ${name}: ${value}\n`);
  await writeFile(join(outDir, "_headers"), `/*\n${headers.join("")}`);
  const redirects = PATHS.map((name) => `/${name}/* /#/${name}/:splat 302\n`);
  await writeFile(join(outDir, "_redirects"), redirects.join(""));
  const outputs = "output" in made ? [made] : Array.isArray(made) ? made : [];
  const chunks = outputs.flatMap(({ output }) => output.filter((one) => one.type === "chunk"));
  return sizesOf(chunks as readonly Chunk[], PAGES);
}

/** What the page is made from, beside circuits and examples. */
const SOURCES = [
  "app/src",
  "app/host",
  "app/index.html",
  "verifier/dist",
  "prover/dist",
  "prover/engine/dist",
  "circuits/dist",
  "cli/dist",
  "package-lock.json",
];

/**
 * {@link buildConsole}, unless the folder has the page of the same sources, circuits and examples already.
 *
 * @returns how much JavaScript its pages take
 */
export async function refreshConsole(outDir: string, more: readonly string[] = []): Promise<ConsoleSizes> {
  const file = `${outDir}.stamp`;
  const { files } = await consoleParts(more);
  const stamp = await stampOf([...SOURCES.map((path) => join(ROOT, path)), ...files.map(({ from }) => from)]);
  const last = await lastBuild(file);
  const whole = await stat(join(outDir, "_headers")).catch(() => undefined);
  if (whole !== undefined && last.stamp === stamp && last.sizes !== undefined) return last.sizes;
  await rm(file, { force: true });
  const sizes = await buildConsole(outDir, more);
  await writeFile(file, JSON.stringify({ stamp, sizes } satisfies Stamp));
  return sizes;
}

/** What stands beside the page from its last build; nothing where there is none, or one of another version. */
async function lastBuild(file: string): Promise<Partial<Stamp>> {
  try {
    return JSON.parse(await readFile(file, "utf8")) as Partial<Stamp>;
  } catch {
    return {};
  }
}

/** What stands beside a page that was built. */
interface Stamp {
  /** Of all that it was made from. */
  readonly stamp: string;
  readonly sizes: ConsoleSizes;
}

/** Paths, sizes and times of files, and of all that is in folders. */
async function stampOf(paths: readonly string[]): Promise<string> {
  const found = await Promise.all(
    paths.map(async (path) => {
      if (!(await stat(path)).isDirectory()) return [path];
      const entries = await readdir(path, { recursive: true, withFileTypes: true });
      return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
    }),
  );
  const lines = await Promise.all(
    found.flat().map(async (path) => {
      const { size, mtimeMs } = await stat(path);
      return `${path} ${size} ${mtimeMs}`;
    }),
  );
  return lines.sort().join("\n");
}

interface Example {
  readonly folder: string;
  readonly title: string;
  readonly circuit: string;
  readonly snapshots: readonly string[];
  /** Names of the files that go with each snapshot. */
  readonly shared: readonly string[];
}

/** Files of an example that go with each of its snapshots. */
const SHARED = new Set(["market.json", "policy.json", "returns.json", "liquidity.json", "units.json"]);

/** Every folder of examples/ with a market, a policy and snapshots. */
async function listExamples(): Promise<Example[]> {
  const folders = await readdir(EXAMPLES, { withFileTypes: true });
  const found = await Promise.all(
    folders.filter((entry) => entry.isDirectory()).map((entry) => readExample(entry.name)),
  );
  return found.filter((example) => example !== undefined).sort((a, b) => (a.folder < b.folder ? -1 : 1));
}

async function readExample(folder: string): Promise<Example | undefined> {
  const names = await readdir(join(EXAMPLES, folder));
  if (!["market.json", "policy.json", "snapshot.json"].every((name) => names.includes(name)))
    return undefined;
  const policy = JSON.parse(await readFile(join(EXAMPLES, folder, "policy.json"), "utf8"));
  const snapshots = names.filter((name) => name.startsWith("snapshot")).sort((a, b) => a.length - b.length);
  const shared = names.filter((name) => SHARED.has(name));
  return { folder, title: policy.name, circuit: policy.circuit, snapshots, shared };
}

function exampleFiles({ folder, snapshots, shared }: Example): ServedFile[] {
  return [...shared, ...snapshots].map((name) => ({
    path: `examples/${folder}/${name}`,
    from: join(EXAMPLES, folder, name),
  }));
}

function metaElement(connect: readonly string[]): Plugin {
  const attrs = { "http-equiv": "Content-Security-Policy", content: metaPolicy(connect) };
  return {
    name: "keel-policy",
    transformIndexHtml: () => [{ tag: "meta", attrs, injectTo: "head-prepend" }],
  };
}

/** Circuits, and what stands behind each `--connect`. @throws KeelError `build.connect` */
export function readArguments(args: readonly string[]) {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: { connect: { type: "string", multiple: true } },
  });
  const connect = (values.connect ?? []).map((text) => {
    const url = URL.canParse(text) ? new URL(text) : undefined;
    const isLocal = url?.protocol === "http:" && ["localhost", "127.0.0.1"].includes(url.hostname);
    if (url !== undefined && (url.protocol === "https:" || isLocal) && /^[\w.:/[\]-]+$/.test(text))
      return url.origin;
    throw inputError("build.connect", "--connect", "an https address, or http on this machine", "other text");
  });
  return { more: positionals, connect };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { more, connect } = readArguments(process.argv.slice(2));
  const sizes = await buildConsole(CONSOLE_FOLDER, more, connect);
  process.stdout.write(`${sizesText(sizes)}\n`);
  process.stdout.write(`The console is in ${CONSOLE_FOLDER}; _headers has what it should be served with.\n`);
}
