// SPDX-License-Identifier: MIT
/**
 * Part of `npm run build`: compiles the package's Solidity into artifacts/, and writes the ABIs as typed constants. Does nothing
 * when neither sources nor compiler changed.
 *
 * @module
 */

import { createHash } from "node:crypto";
import { readFile, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";
import { contractsFolder } from "./paths.js";
import { type Artifact, compilerVersion, compileSources, SETTINGS, SMALL_SETTINGS } from "./solidity.js";
import { readSources, writeArtifacts } from "./sources.js";

const STAMP = ".inputs";
/** Contracts that would not fit otherwise, and the one that has one of them inside. */
const SMALL = ["StrategyVault.sol", "CloneVault.sol", "VaultFactory.sol"];

async function build(): Promise<void> {
  const target = join(contractsFolder, "artifacts");
  const sources = await readSources();
  const stamp = await inputsHash(sources);
  if ((await readFile(join(target, STAMP), "utf8").catch(() => undefined)) === stamp) return;
  await rm(target, { recursive: true, force: true });
  const others = Object.keys(sources).filter((path) => !SMALL.includes(path));
  const artifacts = [
    ...compileSources(sources, SETTINGS, others),
    ...compileSources(sources, SMALL_SETTINGS, SMALL),
  ];
  await writeArtifacts(target, artifacts);
  await writeAbis(artifacts);
  // Last: a build that was interrupted is done again.
  await writeFile(join(target, STAMP), stamp);
}

async function inputsHash(sources: Readonly<Record<string, string>>): Promise<string> {
  const require = createRequire(import.meta.url);
  const packages = ["@openzeppelin/contracts"].map((name) => require(`${name}/package.json`).version);
  const writer = await readFile(import.meta.filename, "utf8");
  const inputs = [SETTINGS, SMALL_SETTINGS, compilerVersion(), packages, sources, writer];
  return createHash("sha256").update(JSON.stringify(inputs)).digest("hex");
}

/** `import { healthRegistryAbi } from "@keel/contracts/abi"`: the types are the ABIs themselves, as viem wants them. */
async function writeAbis(artifacts: readonly Artifact[]): Promise<void> {
  const shipped = artifacts.filter(({ sourceName }) => !/^(mocks|lib)\//.test(sourceName));
  const lines = shipped.map(({ contractName, abi, sourceName }) => {
    const name = `${contractName.replace(/^[A-Z]+(?=[A-Z][a-z])|^[A-Z]/, (start) => start.toLowerCase())}Abi`;
    return { name, json: JSON.stringify(abi), source: sourceName };
  });
  const head = "// SPDX-License-Identifier: MIT\n";
  const js = lines.map(({ name, json }) => `export const ${name} = ${json};\n`).join("");
  const types = lines
    .map(({ name, json, source }) => `/** ABI of ${source}. */\nexport declare const ${name}: ${json};\n`)
    .join("");
  await writeFile(join(contractsFolder, "dist", "abi.js"), head + js);
  await writeFile(join(contractsFolder, "dist", "abi.d.ts"), head + types);
}

await build();
