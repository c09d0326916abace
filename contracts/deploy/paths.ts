// SPDX-License-Identifier: MIT
/**
 * Where the Solidity project lies: the package's contracts/ folder, found from this module upwards, so that it is the
 * same from source and from dist/.
 *
 * @module
 */

import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { KeelError } from "@keel/verifier/errors";

const CONFIG = "hardhat.config.cjs";

/** The folder that holds hardhat.config.cjs and src/. KEEL_CONTRACTS names another one: coverage has instrumented sources. */
export const contractsFolder: string =
  process.env.KEEL_CONTRACTS ?? find(dirname(fileURLToPath(import.meta.url)));
export const hardhatConfig: string = join(contractsFolder, CONFIG);
export const soliditySettings: string = join(contractsFolder, "solidity.cjs");
export const sourcesFolder: string = join(contractsFolder, "src");
export const generatedFolder: string = join(sourcesFolder, "generated");
export const artifactsFolder: string = join(contractsFolder, "artifacts");
export const cacheFolder: string = join(contractsFolder, "cache");

function find(start: string): string {
  for (let folder = start; ; folder = dirname(folder)) {
    const candidate = join(folder, "contracts");
    if (existsSync(join(candidate, CONFIG))) return candidate;
    if (folder === dirname(folder)) break;
  }
  throw new KeelError({
    kind: "environment",
    code: "contracts.missing",
    expected: `contracts/${CONFIG} in the package`,
    received: "no such file",
  });
}
