// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * What explorers do with a standard JSON input: the compiler from npm, which can read nothing but the input.
 *
 * @module
 */

import { createRequire } from "node:module";
import { loadArtifact, recompilationOf, type StandardInput } from "@keel/contracts";
import { expect } from "vitest";

interface Compiler {
  version(): string;
  compile(input: string): string;
}

const solc = createRequire(import.meta.url)("solc") as Compiler;

/** Compiles what is given for a contract, and compares it with what is deployed. */
export async function expectVeryCode(name: string): Promise<void> {
  const { input, compilerVersion, contractIdentifier } = await recompilationOf(name);
  const { bytecode } = await loadArtifact(name);
  expect(compiled(input, contractIdentifier)).toBe(bytecode);
  expect(Object.keys(input.sources).filter((path) => /^(mocks|test)\//.test(path))).toEqual([]);
  expect(solc.version().startsWith(compilerVersion)).toBe(true);
  expect(compilerVersion).toMatch(/^0\.8\.\d+\+commit\.[0-9a-f]{8}$/);
}

function compiled(input: StandardInput, identifier: string): string {
  const output = JSON.parse(solc.compile(JSON.stringify(input)));
  const [source, name] = identifier.split(":") as [string, string];
  const errors = (output.errors ?? []).filter(({ severity }: { severity: string }) => severity === "error");
  expect(errors).toEqual([]);
  return `0x${output.contracts[source][name].evm.bytecode.object}`;
}
