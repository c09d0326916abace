// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Contracts for tests alone, compiled when they are needed: published sources, and small stand-ins.
 *
 * @module
 */

import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Abi, Address, Hex } from "viem";
import type { Deployed } from "./aave.js";
import type { TestChain } from "./chain.js";
import { PACKAGE } from "./cli.js";

/** A compiled contract. */
export interface Compiled {
  readonly abi: Abi;
  readonly bytecode: Hex;
}

interface Output {
  readonly errors?: readonly { readonly severity: string; readonly formattedMessage: string }[];
  readonly contracts?: Readonly<
    Record<
      string,
      Readonly<
        Record<
          string,
          { readonly abi: Abi; readonly evm: { readonly bytecode: { readonly object: string } } }
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
 * Compiles a source and what it imports.
 *
 * @param resolve the text of an imported file
 * @returns its contracts by name
 */
export async function compileSolidity(
  path: string,
  content: string,
  resolve: (path: string) => string,
): Promise<ReadonlyMap<string, Compiled>> {
  const solc = createRequire(import.meta.url)("solc") as Compiler;
  const outputSelection = { "*": { "*": ["abi", "evm.bytecode.object"] } };
  const settings = { optimizer: { enabled: true, runs: 200 }, evmVersion: "cancun", outputSelection };
  const input = { language: "Solidity", sources: { [path]: { content } }, settings };
  const find = (name: string) => ({ contents: resolve(name) });
  const output = JSON.parse(solc.compile(JSON.stringify(input), { import: find })) as Output;
  // The compiler blocks this process for seconds; connections that ended meanwhile have to be seen before the next request.
  await sleep(50);
  const errors = (output.errors ?? []).filter(({ severity }) => severity === "error");
  if (errors.length > 0) throw new Error(errors.map(({ formattedMessage }) => formattedMessage).join("\n"));
  const contracts = Object.values(output.contracts ?? {}).flatMap((file) => Object.entries(file));
  return new Map(
    contracts.map(([name, { abi, evm }]) => [name, { abi, bytecode: `0x${evm.bytecode.object}` as Hex }]),
  );
}

/** Deploys as the chain's first account. */
export async function deployCompiled(
  chain: TestChain,
  { abi, bytecode }: Compiled,
  args: readonly unknown[] = [],
): Promise<Deployed> {
  const hash = await chain.wallets[0]!.deployContract({ abi, bytecode, args });
  const receipt = await chain.client.waitForTransactionReceipt({ hash });
  return { abi, address: receipt.contractAddress as Address };
}

/** The stand-ins of `stand-ins.sol`, by name. */
export async function standIns(): Promise<ReadonlyMap<string, Compiled>> {
  const { readFileSync } = await import("node:fs");
  const content = await readFile(join(PACKAGE, "test/support/stand-ins.sol"), "utf8");
  return await compileSolidity("stand-ins.sol", content, (path) =>
    readFileSync(join(PACKAGE, "node_modules", path), "utf8"),
  );
}

/** Sources of a folder of a package or of the tests, whose compiler's version is let be any. */
export async function compilePublished(path: string): Promise<ReadonlyMap<string, Compiled>> {
  const { readFileSync } = await import("node:fs");
  const read = (name: string): string =>
    readFileSync(join(PACKAGE, name.startsWith("test/") ? name : join("node_modules", name)), "utf8").replace(
      /^pragma solidity 0\.8\.\d+;/m,
      "pragma solidity ^0.8.0;",
    );
  return await compileSolidity(path, read(path), read);
}
