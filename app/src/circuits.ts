// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * The circuits that this page was built with: the files that prove, and the keys that verify.
 *
 * @module
 */

import { CIRCUIT_FILES, type CircuitFiles } from "virtual:keel-circuits";
import { KeelError, type Policy } from "@keel/verifier";

/** A policy's circuits by name. */
export interface CircuitNames {
  readonly circuit: string;
  /** Of its tail-risk limits, when it has some. */
  readonly tailCircuit?: string;
}

/** Of a policy file. */
export function circuitNames({ circuit, tail }: Policy): CircuitNames {
  return { circuit: circuit.id, ...(tail === undefined ? {} : { tailCircuit: tail.circuit.id }) };
}

/** Why a policy can be neither proven nor verified here; undefined when it can. */
export function missingCircuit({ circuit, tailCircuit }: CircuitNames): KeelError | undefined {
  if (find(circuit) === undefined) return missing("policy.circuit", circuit);
  if (tailCircuit === undefined || find(tailCircuit) !== undefined) return undefined;
  return missing("policy.tail.circuit", tailCircuit);
}

/**
 * The files of a policy's circuits: one, or a pair where it limits tail risk.
 *
 * @throws KeelError `artifact.missing` for a circuit that this page was built without
 */
export function circuitFiles(names: CircuitNames): readonly CircuitFiles[] {
  const error = missingCircuit(names);
  if (error !== undefined) throw error;
  const { circuit, tailCircuit } = names;
  return tailCircuit === undefined ? [find(circuit)!] : [find(circuit)!, find(tailCircuit)!];
}

/**
 * The keys under which a policy's attestations are verified.
 *
 * @throws KeelError as {@link circuitFiles}
 */
export function circuitKeys(names: CircuitNames) {
  const [health, tail] = circuitFiles(names);
  return {
    verificationKey: health!.verificationKey,
    ...(tail === undefined ? {} : { tailKey: tail.verificationKey }),
  };
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
