// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Verifier contracts of artifacts, compiled: a ceremony's, or the development keys that were built here.
 *
 * @module
 */

import { createHash } from "node:crypto";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { type ArtifactSet, currentCompilation, fileName, loadArtifacts } from "@keel/circuits";
import { cacheRoot } from "@keel/circuits/cache";
import { compileVerifiers, type VerifierSource } from "@keel/contracts";
import {
  allFaults,
  BESIDE_CIRCUITS,
  CIRCUITS,
  circuitOf,
  isDevelopmentKey,
  type KeelError,
} from "@keel/verifier";
import { asKeelError } from "@keel/verifier/errors";
import { artifactsOf } from "./artifacts.js";
import type { Context } from "./context.js";

/** A circuit, and the folder of its artifacts; the built ones without it. */
export interface WantedVerifier {
  readonly circuit: string;
  readonly artifacts?: string | undefined;
}

/** A verifier that is ready to be deployed. */
export interface ReadyVerifier {
  readonly circuit: string;
  readonly contractName: string;
  /** Whether everybody can forge its proofs. */
  readonly insecure: boolean;
}

/**
 * Compiles the verifiers of circuits.
 *
 * @throws KeelError with every fault of every folder
 */
export async function readyVerifiers(
  wanted: readonly WantedVerifier[],
  context: Context,
): Promise<ReadyVerifier[]> {
  const sets: ArtifactSet[] = [];
  const faults: KeelError[] = [];
  // One after the other: building large circuits takes gigabytes.
  for (const { circuit, artifacts } of wanted) {
    try {
      checkKnown(circuit);
      sets.push(await artifactsOf(circuit, artifacts, context));
    } catch (error) {
      faults.push(asKeelError(error));
    }
  }
  if (faults.length > 0) throw allFaults(faults);
  return await verifiersOf(sets);
}

/** Whatever a registry verifies: health, and what stands beside it. */
function checkKnown(id: string): void {
  if (!BESIDE_CIRCUITS.some((circuit) => circuit.id === id)) circuitOf(id);
}

/** The same of artifacts that are loaded. */
export async function verifiersOf(sets: readonly ArtifactSet[]): Promise<ReadyVerifier[]> {
  const sources = sets.map(verifierSource);
  await compileVerifiers(sources);
  return sources.map(({ circuit, contractName, insecure }) => ({ circuit, contractName, insecure }));
}

/** Circuits whose artifacts are in the cache, made from the present sources. */
export async function builtCircuits(): Promise<string[]> {
  const cache = cacheRoot();
  const names = await readdir(cache).catch(() => []);
  const built: string[] = [];
  for (const { id } of [...CIRCUITS, ...BESIDE_CIRCUITS]) {
    const pattern = new RegExp(`^artifacts-${fileName(id)}-[0-9a-f]+$`);
    const own = names.filter((one) => pattern.test(one));
    const compilation = own.length === 0 ? undefined : await currentCompilation(id);
    for (const name of own) {
      const set = await loadArtifacts(join(cache, name)).catch(() => undefined);
      if (set?.manifest.compilation === compilation && !built.includes(id)) built.push(id);
    }
  }
  return built;
}

/** What the verifier contract of an artifact set is made from. */
export function verifierSource({ id: circuit, verificationKey, manifest }: ArtifactSet): VerifierSource {
  const { key } = manifest;
  const transcript = key.kind === "ceremony" ? { transcript: key.transcript } : {};
  const insecure = manifest.insecure === true || isDevelopmentKey(verificationKey);
  return {
    circuit,
    verificationKey,
    insecure,
    contractName: contractName(circuit, verificationKey),
    ...transcript,
  };
}

/** A name of its own for each key: another key of a circuit is another contract beside the first. */
function contractName(circuit: string, key: object): string {
  const words = circuit.split(/[^a-z0-9]+/).map((word) => word.charAt(0).toUpperCase() + word.slice(1));
  const mark = createHash("sha256").update(JSON.stringify(key)).digest("hex").slice(0, 8);
  return `${words.join("")}Verifier${mark}`;
}
