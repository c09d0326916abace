// SPDX-License-Identifier: MIT
/**
 * Compiled contracts: those of the package, compiled when it was built, and verifiers of keys, compiled in memory.
 *
 * @module
 */

import { existsSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { KeelError } from "@keel/verifier/errors";
import type { VerificationKey } from "@keel/verifier/groth16";
import { artifactsFolder, contractsFolder } from "./paths.js";
import { type Artifact, compileSources } from "./solidity.js";
import { readSources } from "./sources.js";
import { generateVerifier, type VerifierOptions } from "./verifier-template.js";

const INTERFACE = "interfaces/IGroth16Verifier.sol";

/** A verifier contract to generate and compile. */
export interface VerifierSource extends VerifierOptions {
  readonly verificationKey: VerificationKey;
}

/** Verifiers that this process compiled, by contract name: the latest of a name counts. */
const verifiers = new Map<string, { readonly source: string; readonly artifact: Artifact }>();

/**
 * Compiles the verifiers of keys, about a second for the first; {@link loadArtifact} then knows them by their names.
 *
 * @throws KeelError kind `environment`, code `contracts.compile`; kind `input` for a key that fits no verifier
 */
export async function compileVerifiers(sources: readonly VerifierSource[]): Promise<Artifact[]> {
  const wanted = sources.map(({ verificationKey, ...options }) => ({
    name: options.contractName,
    source: generateVerifier(verificationKey, options),
  }));
  const missing = wanted.filter(({ name, source }) => verifiers.get(name)?.source !== source);
  if (missing.length > 0) {
    const promise = await readFile(join(contractsFolder, INTERFACE), "utf8");
    const texts = missing.map(({ name, source }) => [`verifiers/${name}.sol`, source] as const);
    const artifacts = compileSources({ ...Object.fromEntries(texts), [INTERFACE]: promise });
    for (const { name, source } of missing) {
      const artifact = artifacts.find(({ contractName }) => contractName === name)!;
      verifiers.set(name, { source, artifact });
    }
  }
  return wanted.map(({ name }) => verifiers.get(name)!.artifact);
}

/** The Solidity that a contract of this name was compiled from: the package's, or a verifier's that this process made. */
export async function sourcesOf(name: string): Promise<Record<string, string>> {
  const known = verifiers.get(name);
  if (known === undefined) return await readSources();
  const promise = await readFile(join(contractsFolder, INTERFACE), "utf8");
  return { [known.artifact.sourceName]: known.source, [INTERFACE]: promise };
}

/**
 * A compiled contract, by name.
 *
 * @throws KeelError kind `environment`, code `contracts.artifact`
 */
export async function loadArtifact(name: string): Promise<Artifact> {
  const known = verifiers.get(name);
  if (known !== undefined) return known.artifact;
  const files = existsSync(artifactsFolder) ? await readdir(artifactsFolder, { recursive: true }) : [];
  const file = files.find((path) => path === `${name}.json` || path.endsWith(join("/", `${name}.json`)));
  if (file !== undefined) return JSON.parse(await readFile(join(artifactsFolder, file), "utf8")) as Artifact;
  throw new KeelError({
    kind: "environment",
    code: "contracts.artifact",
    path: name,
    expected: "a contract of the package, or a verifier that compileVerifiers made",
    received: "none of this name",
  });
}
