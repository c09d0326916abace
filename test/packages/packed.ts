// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * The packages as users get them: packed, and installed in empty folders outside the checkout.
 *
 * @module
 */

import { execFile } from "node:child_process";
import { cp, mkdir, readdir, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { PACKAGE } from "../support/cli.js";

const run = promisify(execFile);

/** Folders of the packages that are published, by name. */
export const FOLDERS = {
  "@keel/verifier": "verifier",
  "@keel/contracts": "contracts",
  "@keel/engine": "prover/engine",
  "@keel/prover": "prover",
  "@keel/circuits": "circuits",
  keel: "cli",
  "@keel/source": "services/source",
} as const;

export type PackageName = keyof typeof FOLDERS;

/** Packs every package into a folder; paths of the tarballs by name. */
export async function packAll(folder: string): Promise<Record<PackageName, string>> {
  const packed = Object.entries(FOLDERS).map(async ([name, path]) => {
    const args = ["pack", "--json", "--ignore-scripts", "--pack-destination", folder];
    const { stdout } = await run("npm", args, { cwd: join(PACKAGE, path) });
    const [{ filename }] = JSON.parse(stdout) as [{ filename: string }];
    return [name, join(folder, filename)] as const;
  });
  return Object.fromEntries(await Promise.all(packed)) as Record<PackageName, string>;
}

/** A folder with nothing but a project of `projects/` and the packages it asks for. */
export async function install(
  folder: string,
  tarballs: Readonly<Record<PackageName, string>>,
  wanted: readonly PackageName[],
  others: Readonly<Record<string, string>> = {},
  manager: "npm" | "pnpm" = "npm",
): Promise<void> {
  await mkdir(folder, { recursive: true });
  const own = Object.fromEntries(wanted.map((name) => [name, `file:${tarballs[name]}`]));
  const manifest = { private: true, type: "module", dependencies: { ...own, ...others } };
  // Until they are published, what packages ask of each other is in their tarballs too.
  const pnpm = { overrides: own };
  await writeFile(
    join(folder, "package.json"),
    JSON.stringify(manager === "pnpm" ? { ...manifest, pnpm } : manifest),
  );
  const quiet = ["--no-audit", "--no-fund", "--prefer-offline"];
  if (manager === "npm") await run("npm", ["install", ...quiet], { cwd: folder });
  else await npx("pnpm@10.24.0", ["install", "--ignore-scripts"], folder);
}

/** Copies a project of `examples/` into a folder and installs what it asks for, Keel's packages from their tarballs. */
export async function installExample(
  name: string,
  folder: string,
  tarballs: Readonly<Record<PackageName, string>>,
): Promise<void> {
  const source = join(PACKAGE, "examples", name);
  await cp(source, folder, { recursive: true });
  const { dependencies, ...manifest } = JSON.parse(await readFile(join(source, "package.json"), "utf8"));
  const files = Object.entries(tarballs).map(([name, tarball]) => [name, `file:${tarball}`] as const);
  const own = files.filter(([name]) => name in dependencies);
  const others = files.filter(([name]) => !(name in dependencies));
  const complete = {
    ...manifest,
    dependencies: { ...dependencies, ...Object.fromEntries(own) },
    // Until they are published, what packages ask of each other is in their tarballs too.
    overrides: Object.fromEntries(others),
  };
  await writeFile(join(folder, "package.json"), JSON.stringify(complete));
  await run("npm", ["install", "--no-audit", "--no-fund", "--prefer-offline"], { cwd: folder });
}

/** Copies a project of `projects/` into a folder. */
export async function copyProject(name: string, folder: string): Promise<void> {
  await cp(join(import.meta.dirname, "projects", name), folder, { recursive: true });
}

/** Runs a program of an npm package of a stated version; what it prints. */
export async function npx(spec: string, args: readonly string[], folder: string): Promise<string> {
  const command = spec.replace(/(?<=.)@[^@]*$/, "").replace(/^@arethetypeswrong\/cli$/, "attw");
  const { stdout } = await run("npm", ["exec", "--yes", `--package=${spec}`, "--", command, ...args], {
    cwd: folder,
    env: { ...process.env, NO_COLOR: "1" },
  });
  return stdout;
}

/** A package that was installed. */
export interface Installed {
  readonly name: string;
  readonly license: string;
}

/** Every package below a folder's node_modules, and the bytes of all their files. */
export async function installed(folder: string): Promise<{ packages: Installed[]; bytes: number }> {
  const entries = await readdir(join(folder, "node_modules"), { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  const sizes = await Promise.all(files.map(async (file) => (await stat(file)).size));
  const manifests = files.filter((file) => /node_modules\/(@[^/]+\/)?[^/@]+\/package\.json$/.test(file));
  const packages = await Promise.all(
    manifests.map(async (file) => JSON.parse(await readFile(file, "utf8")) as Installed),
  );
  return { packages, bytes: sizes.reduce((sum, size) => sum + size, 0) };
}
