// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * The command line in a few files instead of some hundreds, which is most of what a short command waits for: `cli/bundle/`.
 * The published package starts from it; a checkout starts from what the compiler wrote, so that it is never behind.
 *
 * Every module that asks where it is, to find a worker, a kernel or a package beside it, goes on to be told the place from which
 * it was taken. So each file of the packages that such a module names is where it was, and only the asking moved.
 *
 * @module
 */

import { readdir, readFile, rm, writeFile } from "node:fs/promises";
import { dirname, join, relative, sep } from "node:path";
import { type OutputChunk, type Plugin, rolldown } from "rolldown";
import { ROOT } from "./generated.js";

const FOLDER = join(ROOT, "cli", "bundle");
/** What is loaded in pieces otherwise, and is a module from end to end. Other packages stay where npm puts them. */
const INLINED = /^(?:@keel\/|@noble\/|@scure\/|abitype|commander|croner|ox|smol-toml|viem|zod)/;

/** A package of this workspace. */
interface Workspace {
  readonly name: string;
  readonly folder: string;
}

async function workspaces(): Promise<Workspace[]> {
  const { workspaces } = JSON.parse(await readFile(join(ROOT, "package.json"), "utf8")) as {
    readonly workspaces: readonly string[];
  };
  return await Promise.all(
    workspaces.map(async (folder) => {
      const { name } = JSON.parse(await readFile(join(ROOT, folder, "package.json"), "utf8")) as Workspace;
      return { name, folder: join(ROOT, folder) };
    }),
  );
}

/** Tells each module of the workspace the place from which it was taken. */
function places(packages: readonly Workspace[]): Plugin {
  // The engine's folder is inside the prover's.
  const byDepth = packages.toSorted((a, b) => b.folder.length - a.folder.length);
  return {
    name: "keel-places",
    transform: (code, id) => {
      const owner = byDepth.find(({ folder }) => id.startsWith(folder + sep));
      if (owner === undefined || !/\bimport\.meta\b/.test(code)) return null;
      const path = relative(owner.folder, id).replaceAll(sep, "/");
      const url = `new URL(${JSON.stringify(path)}, import.meta.resolve("${owner.name}/package.json"))`;
      const file = (what: string): string => `process.getBuiltinModule("node:url").fileURLToPath(${what})`;
      return code
        .replace(/\bimport\.meta\.url\b/g, `${url}.href`)
        .replace(/\bimport\.meta\.filename\b/g, file(url))
        .replace(/\bimport\.meta\.dirname\b/g, file(`new URL(".", ${url})`));
    },
  };
}

/** The name of the package that a file belongs to, and its folder; nothing for a file of the checkout. */
function packageOf(id: string): Workspace | undefined {
  const found = /^(.*\/node_modules\/((?:@[^/]+\/)?[^/]+))\//.exec(id.replaceAll(sep, "/"));
  return found === null ? undefined : { name: found[2]!, folder: found[1]! };
}

/** The licences of other packages' code in the bundle. */
async function notices(chunks: readonly OutputChunk[]): Promise<string> {
  const owners = chunks.flatMap(({ moduleIds }) => moduleIds.flatMap((id) => packageOf(id) ?? []));
  const folders = new Map(owners.map(({ folder, name }) => [folder, name]));
  const texts = await Promise.all(
    [...folders]
      .toSorted(([, a], [, b]) => (a < b ? -1 : 1))
      .map(async ([folder, name]) => {
        const file = (await readdir(folder)).find((entry) => /^licen[cs]e/i.test(entry));
        if (file === undefined) throw new Error(`${name} has no licence in its folder`);
        return `${name}\n\n${(await readFile(join(folder, file), "utf8")).trim()}\n`;
      }),
  );
  return `The files beside this one contain code of these packages.\n\n${texts.join("\n----\n\n")}`;
}

const packages = await workspaces();
const build = await rolldown({
  input: { keel: join(ROOT, "cli", "dist", "keel.js") },
  platform: "node",
  external: (id) => !(id.startsWith(".") || id.startsWith("/") || INLINED.test(id)),
  plugins: [places(packages)],
  // Node reads modules as they were written; nothing is made shorter, so that what a stack names can be found.
  treeshake: { moduleSideEffects: (id) => id.startsWith(join(ROOT, "cli") + sep) },
  onLog: (level, log, take) => {
    if (level === "warn") throw new Error(log.message);
    take(level, log);
  },
});
await rm(FOLDER, { recursive: true, force: true });
const { output } = await build.write({
  dir: FOLDER,
  format: "esm",
  entryFileNames: "[name].js",
  chunkFileNames: "[name]-[hash].js",
});
await build.close();
const chunks = output.filter((entry) => entry.type === "chunk");
await writeFile(join(FOLDER, "THIRD-PARTY-LICENSES"), await notices(chunks));
const bytes = chunks.reduce((sum, { code }) => sum + Buffer.byteLength(code), 0);
process.stdout.write(
  `${relative(ROOT, dirname(join(FOLDER, "keel.js")))}: ${chunks.length} files, ${Math.round(bytes / 1024)} KiB\n`,
);
