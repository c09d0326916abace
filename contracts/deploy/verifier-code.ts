// SPDX-License-Identifier: MIT
/**
 * The code that a verifier for a key must have on chain, to compare with what is there.
 *
 * @module
 */

import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";
import type { Hex } from "viem";
import { KeelError } from "@keel/verifier/errors";
import type { VerifierSource } from "./compile.js";
import { soliditySettings, sourcesFolder } from "./paths.js";
import { generateVerifier } from "./verifier-template.js";

const require = createRequire(import.meta.url);
const FILE = "src/generated/Verifier.sol";
const INTERFACE = "src/interfaces/IGroth16Verifier.sol";

/** What is read of the compiler's answer. */
interface Compiled {
  readonly contracts?: Readonly<
    Record<
      string,
      Readonly<Record<string, { readonly evm: { readonly deployedBytecode: { object: string } } }>>
    >
  >;
}

/**
 * Runtime code of a key's verifier as it is compiled here, without metadata. Takes about a second.
 *
 * @throws KeelError code `contracts.compile`; kind `input` for a key that fits no verifier
 */
export async function verifierCode({ verificationKey, ...options }: VerifierSource): Promise<Hex> {
  // Loaded here: the compiler is heavy.
  const { compile } = require("solc") as { compile(input: string): string };
  const { settings } = require(soliditySettings) as { settings: object };
  const promise = await readFile(join(sourcesFolder, "interfaces", "IGroth16Verifier.sol"), "utf8");
  const input = {
    language: "Solidity",
    sources: {
      [FILE]: { content: generateVerifier(verificationKey, options) },
      [INTERFACE]: { content: promise },
    },
    settings: { ...settings, outputSelection: { "*": { "*": ["evm.deployedBytecode.object"] } } },
  };
  const output = JSON.parse(compile(JSON.stringify(input))) as Compiled;
  const code = output.contracts?.[FILE]?.[options.contractName]?.evm.deployedBytecode.object;
  if (code === undefined) {
    const details = { kind: "environment", code: "contracts.compile", path: options.contractName } as const;
    throw new KeelError({ ...details, expected: "a verifier that compiles", received: "none" });
  }
  return withoutMetadata(`0x${code}`);
}

/** Code without what the compiler appends about its sources, names among them; the last two bytes are its length. */
export function withoutMetadata(code: Hex): Hex {
  const length = Number.parseInt(code.slice(-4), 16) + 2;
  return code.slice(0, -2 * length) as Hex;
}
