// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Verifier contracts of artifacts, compiled: a ceremony's, or the development keys that were built here.
 *
 * @module
 */

import { createHash } from "node:crypto";
import type { ArtifactSet } from "@keel/circuits";
import { compileVerifiers, type VerifierSource } from "@keel/contracts";
import { allFaults, circuitOf, isDevelopmentKey, type KeelError } from "@keel/verifier";
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
  const sources: VerifierSource[] = [];
  const faults: KeelError[] = [];
  // One after the other: building large circuits takes gigabytes.
  for (const { circuit, artifacts } of wanted) {
    try {
      circuitOf(circuit);
      sources.push(verifierSource(await artifactsOf(circuit, artifacts, context)));
    } catch (error) {
      faults.push(asKeelError(error));
    }
  }
  if (faults.length > 0) throw allFaults(faults);
  await compileVerifiers(sources);
  return sources.map(({ circuit, contractName, insecure }) => ({ circuit, contractName, insecure }));
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
