// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * The circuits that this page was built with: the files that prove, and the keys that verify.
 *
 * @module
 */

import { CIRCUIT_FILES, type CircuitFiles } from "virtual:keel-circuits";
import { circuitHash, KeelError, type Policy, type VerificationKey } from "@keel/verifier";

/** A policy's circuits by name. */
export interface CircuitNames {
  readonly circuit: string;
  /** Of its tail-risk limits, when it has some. */
  readonly tailCircuit?: string;
  /** Of its limit on the days to unwind, when it has one. */
  readonly liquidityCircuit?: string;
  /** Of what it wants shown, when it does. */
  readonly disclosureCircuit?: string;
}

/** Of a policy file. */
export function circuitNames({ circuit, tail, liquidity, disclosure }: Policy): CircuitNames {
  return {
    circuit: circuit.id,
    ...(tail === undefined ? {} : { tailCircuit: tail.circuit.id }),
    ...(liquidity === undefined ? {} : { liquidityCircuit: liquidity.circuit.id }),
    ...(disclosure === undefined ? {} : { disclosureCircuit: disclosure.circuit.id }),
  };
}

/** Where a policy file names each circuit. */
const PATHS = {
  circuit: "policy.circuit",
  tailCircuit: "policy.tail.circuit",
  liquidityCircuit: "policy.liquidity.circuit",
  disclosureCircuit: "policy.disclosure.circuit",
} as const;

/** Why a policy can be neither proven nor verified here; undefined when it can. */
export function missingCircuit(names: CircuitNames): KeelError | undefined {
  for (const key of Object.keys(PATHS) as (keyof typeof PATHS)[]) {
    const name = names[key];
    if (name !== undefined && find(name) === undefined) return missing(PATHS[key], name);
  }
  return undefined;
}

/** The files of a policy's circuits, by what each proves. */
export interface PolicyFiles {
  readonly health: CircuitFiles;
  readonly tail?: CircuitFiles;
  readonly liquidity?: CircuitFiles;
  readonly disclosure?: CircuitFiles;
}

/**
 * The files of a policy's circuits: one, and one for each proof that it wants beside.
 *
 * @throws KeelError `artifact.missing` for a circuit that this page was built without
 */
export function circuitFiles(names: CircuitNames): PolicyFiles {
  const error = missingCircuit(names);
  if (error !== undefined) throw error;
  const { circuit, tailCircuit, liquidityCircuit, disclosureCircuit } = names;
  return {
    health: find(circuit)!,
    ...(tailCircuit === undefined ? {} : { tail: find(tailCircuit)! }),
    ...(liquidityCircuit === undefined ? {} : { liquidity: find(liquidityCircuit)! }),
    ...(disclosureCircuit === undefined ? {} : { disclosure: find(disclosureCircuit)! }),
  };
}

/**
 * The keys under which a policy's attestations are verified.
 *
 * @throws KeelError as {@link circuitFiles}
 */
export function circuitKeys(names: CircuitNames) {
  const { health, tail, liquidity, disclosure } = circuitFiles(names);
  return {
    verificationKey: health.verificationKey,
    ...(tail === undefined ? {} : { tailKey: tail.verificationKey }),
    ...(liquidity === undefined ? {} : { liquidityKey: liquidity.verificationKey }),
    ...(disclosure === undefined ? {} : { disclosureKey: disclosure.verificationKey }),
  };
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
