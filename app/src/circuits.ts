// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * The circuits that this page was built with: the files that prove, and the keys that verify.
 *
 * @module
 */

import { CIRCUIT_FILES, type CircuitFiles } from "virtual:keel-circuits";
import { circuitHash, KeelError, type Policy, type VerificationKey } from "@keel/verifier";
import { BESIDE, besideAs, type OfProofs, ofBeside } from "./beside.js";

/** A policy's circuits by name: of the limits on the book, and of each proof that it wants beside. */
export type CircuitNames = OfProofs<string>;

/** Of a policy file. */
export function circuitNames(policy: Policy): CircuitNames {
  return { health: policy.circuit.id, ...ofBeside((name) => policy[name]?.circuit.id) };
}

/** Where a policy file names a circuit. */
const pathOf = (proof: keyof CircuitNames): string =>
  proof === "health" ? "policy.circuit" : `policy.${proof}.circuit`;

/** Why a policy can be neither proven nor verified here; undefined when it can. */
export function missingCircuit(names: CircuitNames): KeelError | undefined {
  for (const proof of ["health", ...BESIDE] as const) {
    const name = names[proof];
    if (name !== undefined && find(name) === undefined) return missing(pathOf(proof), name);
  }
  return undefined;
}

/** The files of a policy's circuits, by what each proves. */
export type PolicyFiles = OfProofs<CircuitFiles>;

/**
 * The files of a policy's circuits: one, and one for each proof that it wants beside.
 *
 * @throws KeelError `artifact.missing` for a circuit that this page was built without
 */
export function circuitFiles(names: CircuitNames): PolicyFiles {
  const error = missingCircuit(names);
  if (error !== undefined) throw error;
  const beside = ofBeside((proof) => (names[proof] === undefined ? undefined : find(names[proof])));
  return { health: find(names.health)!, ...beside };
}

/**
 * The keys under which a policy's attestations are verified.
 *
 * @throws KeelError as {@link circuitFiles}
 */
export function circuitKeys(names: CircuitNames) {
  const files = circuitFiles(names);
  const beside = ofBeside((proof) => files[proof]?.verificationKey);
  return { verificationKey: files.health.verificationKey, ...besideAs(beside, "Key") };
}

/** The key of a circuit by the hash that is on chain. @throws KeelError `artifact.missing` where this page has none */
export function keyByHash(hash: string): VerificationKey {
  const found = CIRCUIT_FILES.find(({ id }) => circuitHash(id) === hash);
  if (found === undefined) throw missing("policy.circuit", hash);
  return found.verificationKey;
}

/** Whether this page has keys whose secret is public, of these circuits or of any. */
export function hasDevelopmentKeys(names?: CircuitNames): boolean {
  const wanted = names === undefined ? undefined : Object.values(names);
  return CIRCUIT_FILES.some(
    ({ id, verificationKey }) => verificationKey.insecure === true && (wanted?.includes(id) ?? true),
  );
}

function find(name: string): CircuitFiles | undefined {
  return CIRCUIT_FILES.find(({ id }) => id === name);
}

function missing(path: string, received: string): KeelError {
  const expected = `a circuit that this page was built with: ${CIRCUIT_FILES.map(({ id }) => id).join(", ")}`;
  return new KeelError({ kind: "environment", code: "artifact.missing", path, expected, received });
}
