// SPDX-License-Identifier: MIT
/**
 * The Solidity compiler from npm, in this process: nothing is downloaded and nothing is written.
 *
 * @module
 */

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { KeelError } from "@keel/verifier/errors";
import type { Abi, Hex } from "viem";

const require = createRequire(import.meta.url);

/** Settings of all that is deployed; doctor compares code on chain with what they give. */
export const SETTINGS = { optimizer: { enabled: true, runs: 1_000 }, evmVersion: "cancun" } as const;

/** Settings of contracts that are near the size that one may have: their code is made smaller, and a little dearer to run. */
export const SMALL_SETTINGS = { ...SETTINGS, optimizer: { enabled: true, runs: 100 } } as const;

/** A compiled contract. */
export interface Artifact {
  readonly contractName: string;
  /** Path of its source from the package's folder. */
  readonly sourceName: string;
  readonly abi: Abi;
  readonly bytecode: Hex;
  readonly deployedBytecode: Hex;
}

interface Code {
  readonly object: string;
}

interface Output {
  readonly errors?: readonly { readonly severity: string; readonly formattedMessage: string }[];
  readonly contracts?: Readonly<
    Record<
      string,
      Readonly<
        Record<
          string,
          { readonly abi: Abi; readonly evm: { readonly bytecode: Code; readonly deployedBytecode: Code } }
        >
      >
    >
  >;
}

interface Compiler {
  compile(
    input: string,
    callbacks: { import(path: string): { contents: string } | { error: string } },
  ): string;
}

/**
 * Compiles sources; what they import from packages is read from node_modules.
 *
 * @param sources text by path
 * @param wanted paths of those whose contracts are to come out; all when absent
 * @throws KeelError kind `environment`, code `contracts.compile` with the compiler's words
 */
export function compileSources(
  sources: Readonly<Record<string, string>>,
  settings: object = SETTINGS,
  wanted: readonly string[] = Object.keys(sources),
): Artifact[] {
  // Loaded here: the compiler is heavy.
  const solc = require("solc") as Compiler;
  const input = {
    language: "Solidity",
    sources: Object.fromEntries(Object.entries(sources).map(([path, content]) => [path, { content }])),
    settings: {
      ...settings,
      outputSelection: Object.fromEntries(wanted.map((path) => [path, { "*": OUTPUTS }])),
    },
  };
  const output = JSON.parse(solc.compile(JSON.stringify(input), { import: readPackaged })) as Output;
  const errors = (output.errors ?? []).filter(({ severity }) => severity === "error");
  if (errors.length > 0) {
    const received = errors.map(({ formattedMessage }) => formattedMessage).join("\n");
    throw failure(received.slice(0, 4000));
  }
  return Object.entries(output.contracts ?? {}).flatMap(([sourceName, contracts]) =>
    !wanted.includes(sourceName)
      ? []
      : Object.entries(contracts).map(([contractName, { abi, evm }]) => ({
          contractName,
          sourceName,
          abi,
          bytecode: `0x${evm.bytecode.object}` as const,
          deployedBytecode: `0x${evm.deployedBytecode.object}` as const,
        })),
  );
}

const OUTPUTS = ["abi", "evm.bytecode.object", "evm.deployedBytecode.object"];

/** The compiler's version, as its package says it. */
export function compilerVersion(): string {
  return (require("solc/package.json") as { version: string }).version;
}

/** The compiler's version with its commit, as explorers want it: "0.8.28+commit.7893614a". */
export function longCompilerVersion(): string {
  const solc = require("solc") as { version(): string };
  return solc.version().replace(/\.Emscripten.*$/, "");
}

function readPackaged(path: string): { contents: string } | { error: string } {
  try {
    return { contents: packagedSource(path) };
  } catch {
    return { error: `no ${path} below node_modules` };
  }
}

/** A source of a package, by the name that imports have for it. */
export function packagedSource(path: string): string {
  return readFileSync(require.resolve(path), "utf8");
}

function failure(received: string): KeelError {
  return new KeelError({
    kind: "environment",
    code: "contracts.compile",
    expected: "Solidity that compiles",
    received,
  });
}
