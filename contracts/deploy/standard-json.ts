// SPDX-License-Identifier: MIT
/**
 * What explorers need to show a contract's source: the compiler's input with every source that the contract is made of and nothing
 * else. Compiled again it gives the very code that was deployed, metadata included, which a test holds.
 *
 * @module
 */

import { posix } from "node:path";
import { KeelError } from "@keel/verifier/errors";
import { loadArtifact, sourcesOf } from "./compile.js";
import { longCompilerVersion, packagedSource, SETTINGS } from "./solidity.js";

/** Input of the Solidity compiler, in its standard JSON. */
export interface StandardInput {
  readonly language: "Solidity";
  readonly sources: Readonly<Record<string, { readonly content: string }>>;
  readonly settings: object;
}

/** How a contract can be compiled again. */
export interface Recompilation {
  readonly input: StandardInput;
  /** With its commit. */
  readonly compilerVersion: string;
  /** Source and name: `HealthRegistry.sol:HealthRegistry`. */
  readonly contractIdentifier: string;
}

const OUTPUT = ["abi", "evm.bytecode.object", "evm.deployedBytecode.object", "metadata"];

/**
 * The compiler's input of a contract of the package, or of a verifier that this process compiled.
 *
 * @throws KeelError `contracts.artifact`, `contracts.source`
 */
export async function recompilationOf(contractName: string): Promise<Recompilation> {
  const { sourceName } = await loadArtifact(contractName);
  const own = await sourcesOf(contractName);
  const sources: Record<string, { content: string }> = {};
  const add = (path: string): void => {
    if (sources[path] !== undefined) return;
    const content = own[path] ?? packaged(path);
    sources[path] = { content };
    for (const target of importsOf(content)) {
      add(target.startsWith(".") ? posix.join(posix.dirname(path), target) : target);
    }
  };
  add(sourceName);
  return {
    input: {
      language: "Solidity",
      sources: Object.fromEntries(Object.entries(sources).sort(([a], [b]) => (a < b ? -1 : 1))),
      settings: { ...SETTINGS, outputSelection: { "*": { "*": OUTPUT } } },
    },
    compilerVersion: longCompilerVersion(),
    contractIdentifier: `${sourceName}:${contractName}`,
  };
}

function importsOf(source: string): string[] {
  const code = source.replace(/\/\*.*?\*\/|\/\/[^\n]*/gs, "");
  return [...code.matchAll(/\bimport\s+(?:[^"';]*?\bfrom\s+)?["']([^"']+)["']/g)].map(([, path]) => path!);
}

function packaged(path: string): string {
  try {
    return packagedSource(path);
  } catch (cause) {
    throw new KeelError(
      {
        kind: "environment",
        code: "contracts.source",
        path,
        expected: "a source of the package or below node_modules",
        received: "none",
      },
      { cause },
    );
  }
}
