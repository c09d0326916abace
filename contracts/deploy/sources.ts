// SPDX-License-Identifier: MIT
/**
 * The package's Solidity as files: sources in, artifacts out.
 *
 * @module
 */

import { existsSync } from "node:fs";
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { contractsFolder } from "./paths.js";
import type { Artifact } from "./solidity.js";

const FOLDERS = ["", "gates", "interfaces", "lib", "mocks", "test", "vault"] as const;

/** Every Solidity source of the package, by its path from there. */
export async function readSources(): Promise<Record<string, string>> {
  const sources: Record<string, string> = {};
  for (const folder of FOLDERS) {
    const path = join(contractsFolder, folder);
    const names = existsSync(path) ? await readdir(path) : [];
    for (const name of names.filter((file) => file.endsWith(".sol")).sort()) {
      sources[folder === "" ? name : `${folder}/${name}`] = await readFile(join(path, name), "utf8");
    }
  }
  return sources;
}

/** Writes artifacts: one JSON file a contract, in the folder of its source. */
export async function writeArtifacts(target: string, artifacts: readonly Artifact[]): Promise<void> {
  for (const artifact of artifacts) {
    const file = join(target, dirname(artifact.sourceName), `${artifact.contractName}.json`);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, `${JSON.stringify(artifact, null, 1)}\n`);
  }
}
